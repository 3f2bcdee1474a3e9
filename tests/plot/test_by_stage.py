"""The open pipeline by month and stage: bars are the numbers of the frame, stacked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.forecast.result import Forecast
from tests.plot.forecasts_by_hand import by_hand

DEALS = pd.DataFrame(
    {
        "period": ["2026-12", "2026-11", "2026-11", "2026-12"],
        "stage": ["demo", "demo", "offer", "offer"],
        "expected": [3.0, 10.0, 30.0, 8.0],
        "weighted": [5.0, 20.0, 40.0, np.nan],
    }
)


class Open(Forecast):
    """A forecast of open deals, as far as stages go."""

    def by_stage(self) -> pd.DataFrame:
        return DEALS


class Whole(Forecast):
    """A forecast of open deals with the classical pipeline beside it."""

    def methods(self) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "method": ["stage weights"] * 2 + ["another"],
                "period": ["2026-11", "later", "2026-11"],
                "won": [20.0, 3.0, 99.0],
                "total_value": 0.0,
            }
        )


def title(ax: Axes) -> str:
    return ax.get_title(loc="left").replace("\u202f", " ").replace("\n", " ")


def spans(ax: Axes) -> dict[str, list[tuple[float, float]]]:
    return {
        str(bars.get_label()): [(bar.get_y(), bar.get_y() + bar.get_height()) for bar in bars]
        for bars in ax.containers
    }


def lines(ax: Axes, label: str) -> list[list[list[float]]]:
    return [
        segment.tolist()
        for one in ax.collections
        if isinstance(one, LineCollection) and one.get_label() == label
        for segment in one.get_segments()
        if len(segment)
    ]


def test_months_are_in_order_and_the_last_stage_is_at_the_bottom() -> None:
    ax = fk.plot.pipeline(DEALS)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["2026-11", "2026-12"]
    assert spans(ax) == {"_0": [(30, 40), (8, 11)], "_1": [(0, 30), (0, 8)]}
    assert [segment[0][1] for segment in lines(ax, "weighted")] == [60, 5]
    assert title(ax) == (
        "Open deals should bring about 51 wins by December 2026, 40 of them in November 2026"
    )
    assert "2026-11: 40; demo 10, offer 30; classical 60." in fk.plot.describe(ax)


def test_a_forecast_brings_its_intervals() -> None:
    ax = fk.plot.pipeline(by_hand(kind=Open))
    assert [[y for _, y in segment] for segment in lines(ax, "interval")] == [[6, 9], [4, 11]]
    with pytest.raises(ArgumentError, match="this forecast is of won deals"):
        fk.plot.pipeline(by_hand())


def test_a_forecast_without_stages_is_one_bar_a_month() -> None:
    ax = fk.plot.pipeline(by_hand(kind=Whole))
    assert spans(ax) == {"_0": [(0, 7.5), (0, 6.75), (0, 3.5)]}
    assert [segment[0][1] for segment in lines(ax, "weighted")] == [20]
    assert "2026-11: 7.5 (6 to 9); classical 20." in fk.plot.describe(ax)


def test_many_stages_are_taken_together() -> None:
    many = pd.DataFrame(
        {"period": "2026-11", "stage": [f"s{k}" for k in range(9)], "expected": range(1, 10)}
    )
    ax = fk.plot.pipeline(many)
    # 1 + 2 + 3 + 4 of the smallest four
    heights = {name: top - low for name, [(low, top)] in spans(ax).items()}
    assert heights == {"_0": 10, "_1": 5, "_2": 6, "_3": 7, "_4": 8, "_5": 9}
    assert title(ax) == "Open deals should bring about 45 wins in November 2026"


def test_money_and_hostile_names() -> None:
    money = pd.DataFrame(
        {"period": ["2026-11", "x$_1$"], "stage": ["$a$", None], "expected_value": [1000.0, 0.0]}
    )
    ax = fk.plot.pipeline(money, currency="EUR")
    FigureCanvasAgg(ax.figure).draw()
    assert title(ax).startswith("Open deals should bring about EUR 1,000 of bookings")
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == ["$a$", "(blank)"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (DEALS.assign(expected=-1), "cannot be below 0"),
        (DEALS.assign(expected="x"), "must hold numbers; 4 rows not"),
        (DEALS.drop(columns="stage"), "lacks the column `stage`"),
        (DEALS.head(0), "has no row"),
        ([1], "`pipeline` must be a frame"),
    ],
)
def test_wrong_frames_are_refused(given: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        fk.plot.pipeline(given)
