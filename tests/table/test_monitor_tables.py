"""Tables of metrics, changes and peers."""

from __future__ import annotations

import math

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit._core.measure import Measure, Measures


def plain(cell: str) -> str:
    return cell.replace("\u202f", " ").replace("\u2013", "-").replace("\u2212", "-")


COUNTS = pd.DataFrame(
    {
        "cohort": ["2026-01"] * 3 + ["2026-02"] * 3,
        "source": ["webinar", "<b>ads</b>", None] * 2,
        "entered": [500, 500, 10, 200, 800, 12],
        "converted": [100, 25, 1, 40, 40, 2],
    }
)


def measure(**changed: object) -> Measure:
    given: dict[str, object] = {
        "name": "close rate",
        "definition": "won / leads",
        "unit": "share",
        "numerator": [[40.0], [3.0], [0.0]],
        "denominator": [[500.0], [10.0], [0.0]],
        "numerator_name": "won deals",
        "denominator_name": "leads",
        "by": ("source",),
        "segments": (("a",), (None,), ("<i>c</i>",)),
    }
    return Measure(**(given | changed))  # type: ignore[arg-type]


def test_few_and_none_have_no_percentage_but_their_counts() -> None:
    table = fk.table.metrics(measure())
    assert [plain(row[2]) for row in table.rows] == ["8.0 % (5.9-10.7)", "-", "-"]  # Wilson
    assert [plain(row[3]) for row in table.rows] == ["40 of 500", "3 of 10", "0 of 0"]
    assert table.rows[1][1] == "(blank)" or "blank" in table.rows[1][1]
    assert "<i>" not in table.to_html()


def test_units_are_written_as_units() -> None:
    money = measure(
        name="CAC", unit="money", currency="EUR", numerator=[[12_000], [1], [1]],
        denominator=[[30], [4], [0]],
    )  # fmt: skip
    days = measure(
        name="median cycle", unit="days", numerator=[[math.nan]] * 3, given=[[51.8], [3], [0]],
        denominator=[[4238], [2], [0]], low=[[50], [1], [0]], high=[[54], [9], [0]],
    )  # fmt: skip
    rows = fk.table.metrics(Measures(measures=(money, days))).rows
    assert plain(rows[0][2]) == "EUR 400"
    assert plain(rows[0][3]) == "12,000 / 30"
    assert plain(rows[3][2]) == "51.8 days (50.0 days to 54.0 days)"
    assert plain(rows[3][3]) == "4,238 leads"
    assert plain(rows[5][2]) == "-"


def test_periods_have_a_column() -> None:
    one = measure(
        segments=((),), by=(), periods=("2026-01", "2026-02"), numerator=[[1, 30]],
        denominator=[[40, 50]],
    )  # fmt: skip
    rows = fk.table.metrics(one).rows
    assert [row[1] for row in rows] == ["2026-01", "2026-02"]


def test_what_is_no_metric_is_refused() -> None:
    with pytest.raises(ArgumentError, match="got str"):
        fk.table.metrics(["close rate"])  # type: ignore[list-item]
    with pytest.raises(ArgumentError, match="got none"):
        fk.table.metrics([])
    with pytest.raises(ArgumentError, match="same segments"):
        fk.table.metrics([measure(), measure(name="x", by=("region",))])


def test_effects_add_up_in_the_last_row() -> None:
    change = fk.monitor.decompose(COUNTS, "2026-01", "2026-02", by="source")
    table = fk.table.change(change)
    assert [row[0] for row in table.rows][:2] == ["<b>ads</b>", "webinar"]
    assert "<b>ads" not in table.to_html()
    effects = [[float(plain(cell).replace("+", "")) for cell in row[-2:]] for row in table.rows]
    # 126 of 1,010 and 82 of 1,012, by hand: 12.475 % and 8.103 %, less 4.4 points.
    assert sum(effects[-1]) == pytest.approx(-4.4, abs=0.11)
    assert [plain(cell) for cell in table.rows[2][3:5]] == ["-", "-"]  # 10 and 12 leads
    with pytest.raises(ArgumentError, match="decompose"):
        fk.table.change(COUNTS)  # type: ignore[arg-type]


def test_peers_with_few_records_have_no_rate_as_it_stands() -> None:
    counts = pd.DataFrame(
        {"rep": ["ann", None, "=1+1"], "entered": [300, 5, 100], "converted": [60, 2, 15]}
    )
    table = fk.table.peers(fk.monitor.compare_peers(counts, "rep"))
    assert [plain(row[3]) for row in table.rows] == ["20.0 %", "15.0 %", "-"]
    assert [row[1] for row in table.rows] == ["300", "100", "5"]
    assert "no measure of effort" in table.notes[0]
    with pytest.raises(ArgumentError, match="compare_peers"):
        fk.table.peers(COUNTS)  # type: ignore[arg-type]
