"""Waterfalls: the parts stand one after the other, and the total has an interval of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.forecast.result import Forecast
from tests.plot.forecasts_by_hand import by_hand

PARTS = pd.DataFrame(
    {
        "part": ["won", "in flight", "not yet created", "without a lead", "total"],
        "expected": [40, 75.2, 44.1, 12.0, 171.3],
        "low": [40, 43, 20, 4, 110],
        "high": [40, 116, 80, 22, 250],
    }
)


class Booked(Forecast):
    """A forecast of bookings, as far as a waterfall goes."""

    def waterfall(self) -> pd.DataFrame:
        return pd.DataFrame(
            {"part": ["won", "in flight"], "expected": [0.0, 17.75], "low": 0.0, "high": [0, 23]}
        )


def title(ax: Axes) -> str:
    return ax.get_title(loc="left").replace("\u202f", " ").replace("\n", " ")


def bars(ax: Axes) -> list[tuple[float, float]]:
    return [
        (one.get_x(), one.get_x() + one.get_width())
        for one in ax.patches
        if isinstance(one, Rectangle)
    ]


def interval(ax: Axes) -> list[list[float]]:
    return [
        segment[:, 0].tolist()
        for one in ax.collections
        if isinstance(one, LineCollection) and one.get_label() == "interval"
        for segment in one.get_segments()
    ]


def test_parts_stand_one_after_the_other_and_add_up() -> None:
    ax = fk.plot.waterfall(PARTS, what="wins")
    # 40, 40 + 75.2 = 115.2, + 44.1 = 159.3, + 12 = 171.3
    wanted = [(0, 40), (40, 115.2), (115.2, 159.3), (159.3, 171.3), (0, 171.3)]
    assert np.allclose(bars(ax), wanted)
    assert interval(ax) == [[110, 250]]
    assert title(ax) == "About 171 wins (110 to 250): 40 already won, 75 in flight"
    assert "not yet created: 44 (20 to 80)." in fk.plot.describe(ax)


def test_money_is_read_from_its_columns() -> None:
    money = PARTS.rename(columns=lambda name: name if name == "part" else f"{name}_value")
    both = money.assign(expected=1.0)
    assert title(fk.plot.waterfall(money)).startswith("About 171 of deals (110 to 250)")
    assert np.allclose(bars(fk.plot.waterfall(both, unit="value")), bars(fk.plot.waterfall(money)))


def test_without_a_total_there_is_no_interval_of_it() -> None:
    ax = fk.plot.waterfall(PARTS.head(4).rename(columns={"part": "step"}).drop(columns=["low"]))
    assert interval(ax) == []
    assert title(ax) == "About 171 deals: 40 already won, 75 in flight"


def test_a_forecast_brings_the_interval_of_its_sum() -> None:
    # Sums of three months: 15, 16, 17 and 23, 17.75 on average.
    ax = fk.plot.waterfall(by_hand(kind=Booked))
    assert interval(ax) == [[15, 23]]
    assert title(ax) == "About 18 won deals by January 2027 (15 to 23): 18 in flight"
    assert "Method: counting." in ax.get_xlabel().replace("\n", " ")


def test_names_are_drawn_as_they_are() -> None:
    nasty = PARTS.assign(part=["won", "$x_1$", None, "<b>\n\\frac{1}", "total"])
    ax = fk.plot.waterfall(nasty, what="$y$")
    FigureCanvasAgg(ax.figure).draw()
    written = [text.get_text() for text in ax.texts]
    assert {"$x_1$", "(blank)", "<b> \\frac{1}"} <= set(written)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (PARTS.assign(expected=[40, 75, 44, 12, 300]), "add up to 171, and the total is 300"),
        (PARTS.assign(expected=["a", 75, 44, 12, 131]), "must hold numbers; 1 row not: 'a'"),
        (PARTS.drop(columns="expected").assign(expcted=1), "Did you mean `expcted`"),
        (PARTS.head(0), "`steps` has no row"),
        (PARTS.tail(1), "must hold the parts"),
        ("PARTS", "`steps` must be a frame"),
        (by_hand(), "has no `waterfall\\(\\)`"),
    ],
)
def test_what_cannot_be_added_up_is_refused(given: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        fk.plot.waterfall(given)


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(ArgumentError, match="`unit` must be one of"):
        fk.plot.waterfall(PARTS, unit="money")  # type: ignore[arg-type]
