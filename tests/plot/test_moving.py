"""Movements and retention as pictures: what is drawn is what the results hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

import funnelkit as fk

ROWS = pd.DataFrame(
    [
        ("a", "2026-01", 100),
        ("a", "2026-02", 130),
        ("a", "2026-03", 90),
        ("b", "2026-01", 50),
        ("c", "2026-02", 20),
        ("c", "2026-03", 20),
        ("b", "2026-03", 10),
    ],
    columns=["account", "month", "mrr"],
)


def title(ax: Axes) -> str:
    return ax.get_title(loc="left").replace("\u202f", " ").replace("\n", " ")


def spans(ax: Axes) -> dict[str, list[tuple[float, float]]]:
    """Bottom and top of the bars of each movement."""
    found = {}
    for bars in ax.containers:
        name = bars.get_label().lstrip("_")
        found[name] = [
            (bar.get_y(), bar.get_y() + bar.get_height()) for bar in bars if bar.get_height()
        ]
    return found


def test_bars_are_the_movements_stacked() -> None:
    ax = fk.plot.movements(fk.metrics.mrr_movements(ROWS))
    assert spans(ax) == {
        "new": [(0, 20)],
        "reactivation": [(0, 10)],
        "expansion": [(20, 50)],
        "churn": [(0, -50)],
        "contraction": [(0, -40)],
    }
    (net,) = [line for line in ax.lines if line.get_label() == "_net"]
    assert np.asarray(net.get_ydata()).tolist() == [0, -30]
    assert title(ax) == "MRR fell by 30 to 120 in 2026-03: +10 gained, \u221240 lost"
    assert "Net new by month: 2026-02 0, 2026-03 \u221230." in fk.plot.describe(ax)


def test_segments_are_taken_together() -> None:
    split = ROWS.assign(region=["$n$"] * 3 + ["s"] * 4)
    one = spans(fk.plot.movements(fk.metrics.mrr_movements(ROWS)))
    assert spans(fk.plot.movements(fk.metrics.mrr_movements(split, by="region"))) == one


def test_long_histories_show_the_last_three_years() -> None:
    months = [str(month) for month in pd.period_range("2020-01", periods=60, freq="M")]
    rows = pd.DataFrame({"account": "a", "month": months, "mrr": range(1, 61)})
    ax = fk.plot.movements(fk.metrics.mrr_movements(rows))
    assert len(spans(ax)["expansion"]) == 36
    assert "23 earlier months not shown" in ax.get_xlabel().replace("\n", " ")


def test_movements_of_one_month_or_of_something_else_are_refused() -> None:
    with pytest.raises(fk.FunnelError, match="nothing has moved yet"):
        fk.plot.movements(fk.metrics.mrr_movements(ROWS.iloc[[0]]))
    for view in (fk.plot.movements, fk.table.movements):
        with pytest.raises(fk.FunnelError, match="`movements` must be what"):
            view(ROWS)  # type: ignore[arg-type]
    for other in (fk.plot.retention, fk.table.retention):
        with pytest.raises(fk.FunnelError, match="`retention` must be what"):
            other(ROWS)  # type: ignore[arg-type]


def kept() -> fk.metrics.LogoRetention:
    """Forty accounts of January, of which ten leave in February, and three of February."""
    rows = pd.DataFrame(
        {
            "account": [f"a{k}" for k in range(43)],
            "start": ["2026-01-05"] * 40 + ["2026-02-01"] * 3,
            "end": ["2026-02-10"] * 10 + [None] * 33,
            "mrr": 5,
        }
    )
    return fk.metrics.logo_retention(rows, as_of="2026-03-31")


def test_cells_are_shares_and_small_cohorts_numbers() -> None:
    ax = fk.plot.retention(kept())
    cells = [text.get_text() for text in ax.texts if text.get_label() == "_cell"]
    # January after one and two months 30 of 40; February after one month 3 of 3; all 33 of 43.
    assert cells == ["75", "75", "3 of 3", "77", "75"]
    kinds = [patch.get_label() for patch in ax.patches if isinstance(patch, Rectangle)]
    assert kinds == ["_share", "_share", "_few", "_share", "_share"]
    # Wilson (1927) for 30 of 40: .598 to .858.
    assert title(ax) == "After 2 months 75.0 % (59.8 to 85.8 %) of 40 accounts still pay"
    assert "2026-02 (3 accounts): month 1 3 of 3." in fk.plot.describe(ax)


def test_ages_that_cannot_be_are_refused() -> None:
    assert [t for t in fk.plot.retention(kept(), ages=[2]).texts if t.get_label() == "_cell"]
    for ages in ([], [3], [-1], [1.5]):
        with pytest.raises(fk.FunnelError, match="`ages` must be whole months from 0 to 2"):
            fk.plot.retention(kept(), ages=ages)  # type: ignore[arg-type]


def test_nobody_followed_is_said() -> None:
    rows = pd.DataFrame({"account": ["a"], "start": ["2026-01-05"], "end": [None], "mrr": 5})
    ax = fk.plot.retention(fk.metrics.logo_retention(rows, as_of="2026-01-31"))
    assert title(ax).startswith("Too few accounts have been followed")


def test_tables_write_what_the_results_hold() -> None:
    table = fk.table.movements(fk.metrics.mrr_movements(ROWS))
    assert [cell.replace("\u2212", "-") for cell in table.rows[0]] == [
        *("2026-03", "150", "", "+10 (1)", "", "-40 (1)", "", "-30", "120"),
    ]
    assert table.rows[1][2] == "+20 (1)"
    retained = fk.table.retention(kept())
    text = [cell.replace("\u202f", " ").replace("\u2013", "-") for cell in retained.rows[0]]
    assert text == ["2026-01", "40", "75.0 % (59.8-85.8)", "75.0 % (59.8-85.8)"]
    assert retained.rows[1] == ("2026-02", "3", "3 of 3", "")


def test_names_from_the_data_are_escaped_in_tables() -> None:
    rows = ROWS.assign(region="<script>alert(1)</script>")
    html = fk.table.movements(fk.metrics.mrr_movements(rows, by="region")).to_html()
    assert "<script>" not in html
