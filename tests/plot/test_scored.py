"""Errors of methods as rows: what is drawn stands in the frame."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

import funnelkit as fk
from funnelkit._core.errors import ArgumentError

SCORES = pd.DataFrame(
    {
        "method": ["bookings", "ensemble", "naive <b>$x$"],
        "score": [12.0, 16.0, 20.0],
        "low": [10.0, 14.5, 18.0],
        "high": [14.0, 18.0, 22.0],
    }
)


def title(ax: Axes) -> str:
    return ax.get_title(loc="left").replace("\u202f", " ").replace("\n", " ")


def dots(ax: Axes, label: str) -> list[tuple[float, float]]:
    return [
        (float(one.get_xdata()[0]), float(one.get_ydata()[0]))
        for one in ax.lines
        if one.get_label() == label
    ]


def test_each_method_is_a_row_in_the_order_given() -> None:
    ax = fk.plot.backtest(SCORES)
    assert dots(ax, "tested") == [(12, 0)]
    assert dots(ax, "others") == [(16, 1), (20, 2)]
    spans = [
        segment[:, 0].tolist()
        for one in ax.collections
        if isinstance(one, LineCollection) and one.get_label() == "interval"
        for segment in one.get_segments()
    ]
    assert spans == [[10, 14], [14.5, 18], [18, 22]]
    # 1 - 12 / 16
    assert title(ax) == "bookings errs least, 25 % below ensemble"
    assert "naive <b>$x$: 20.0 (18.0 to 22.0)." in fk.plot.describe(ax)


def test_overlap_and_defeat_are_said() -> None:
    near = SCORES.assign(low=[10, 13, 18])
    assert title(fk.plot.backtest(near)).endswith("; their intervals overlap")
    worse = SCORES.assign(score=[17.0, 16.0, 20.0], low=np.nan)
    words = title(fk.plot.backtest(worse))
    assert words == "ensemble errs less than bookings (no intervals)"
    alike = title(fk.plot.backtest(SCORES.assign(score=12.0)[["method", "score"]]))
    assert alike == "bookings and ensemble err alike"


def test_several_measures_have_scales_of_their_own() -> None:
    both = pd.concat(
        [
            SCORES.assign(measure="CRPS"),
            SCORES.assign(measure="MASE", score=SCORES["score"] / 20, low=np.nan, high=np.nan),
        ]
    )
    ax = fk.plot.backtest(both)
    # Over the largest end of each: 22 and 1; rows 0 and 4 are headings.
    found = dots(ax, "tested")
    assert found == [pytest.approx((12 / 22, 1)), pytest.approx((0.6, 5))]
    assert list(ax.get_xticks()) == []
    assert "scale of its own" in ax.get_xlabel().replace("\n", " ")
    assert dots(fk.plot.backtest(both, measure="MASE"), "tested") == [(0.6, 0)]


def test_unknown_scores_have_no_dot() -> None:
    ax = fk.plot.backtest(SCORES.assign(score=[12.0, np.nan, 20.0]))
    assert len(dots(ax, "others")) == 1
    assert title(ax).startswith("bookings errs least, 40 % below naive")


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ArgumentError, match="`measure` must be one of none"):
        fk.plot.backtest(SCORES, measure="CRPS")
    with pytest.raises(ArgumentError, match="`score`"):
        fk.plot.backtest(SCORES[["method"]])
    with pytest.raises(ArgumentError, match="must hold numbers; 3 rows not"):
        fk.plot.backtest(SCORES.assign(score="low"))
    with pytest.raises(ArgumentError, match=r"fk\.forecast\.backtest"):
        fk.plot.backtest(3)  # type: ignore[arg-type]
