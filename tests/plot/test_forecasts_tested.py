"""Back-tests of forecasts as pictures and tables: what is shown is what they hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.forecast.rolling.backtests import backtest
from tests.forecast.rolling.made import forecast_of, leads_of

WINS = [7, 5, 8, 9, 6, 7, 10, 8, 6, 7, 9, 8, 7, 8, 6, 9]


def always(*drawn: float) -> Any:
    """A method that says the same of every month."""

    def method(leads: Any, periods: Any, *, rng: Any) -> Any:
        draws = np.repeat(np.asarray(drawn, float)[:, None], len(periods), axis=1)
        return forecast_of(draws, periods=periods, as_of=leads.as_of)

    return method


@pytest.fixture(scope="module")
def tested() -> Any:
    methods = {"about": always(5, 6, 7, 8, 9, 10), "off$x$": always(20, 21, 22)}
    return backtest(leads_of(WINS), horizon=2, origins=4, methods=methods)


def title(ax: Axes) -> str:
    return ax.get_title(loc="left").replace("\u202f", " ").replace("\n", " ")


def test_scores_are_those_of_the_back_test(tested: Any) -> None:
    scores = tested.scores().set_index(["target", "method"])
    for measure in ("crps", "mase", "mae", "pinball"):
        words = fk.plot.describe(fk.plot.backtest(tested, measure=measure))
        lines = words.splitlines()[-4:]
        for line, key in zip(
            lines,
            [("total", "about"), ("total", "off$x$"), ("period", "about"), ("period", "off$x$")],
            strict=True,
        ):
            name, told = line.split(f"{key[1]}: ")
            assert ("the sum over 2 months" in name) == (key[0] == "total")
            said = float(told.split(" ")[0].rstrip("."))
            assert said == pytest.approx(scores.loc[key, measure], abs=0.0051)
    assert title(fk.plot.backtest(tested)).startswith("about errs least in CRPS, the sum over")


def test_coverage_is_that_of_the_back_test(tested: Any) -> None:
    ax = fk.plot.calibration(tested)
    frame = tested.calibration()
    frame = frame[frame["method"] == "about"]
    for panel, target in zip(ax.child_axes, ["period", "total"], strict=False):
        (dots,) = [line for line in panel.lines if line.get_label() == "found"]
        rows = frame[frame["target"] == target]
        assert np.allclose(dots.get_xdata(), rows["level"])
        assert np.allclose(dots.get_ydata(), rows["covered_rate"])
    pit = tested.pit()
    pit = pit[(pit["method"] == "about") & (pit["target"] == "period")]
    heights = [bar.get_height() for bar in ax.child_axes[-1].containers[0]]
    assert np.allclose(heights, pit["share"])
    other = fk.plot.calibration(tested, method="off$x$")
    assert title(other).startswith("single periods: ")
    assert "too narrow: they held 0 of 8" in title(other)


def test_the_table_has_all_methods(tested: Any) -> None:
    table = fk.table.backtest(tested)
    assert [row[:3] for row in table.rows] == [
        ("single periods", "about", "8"),
        ("single periods", "off$x$", "8"),
        ("sum over the horizon", "about", "4"),
        ("sum over the horizon", "off$x$", "4"),
    ]
    assert table.rows[1][-1] == "0 of 8"
    assert table.summary == tested.summary()


def test_an_unknown_measure_is_refused(tested: Any) -> None:
    with pytest.raises(ArgumentError, match="`measure` must be one of"):
        fk.plot.backtest(tested, measure="bias")
    with pytest.raises(ArgumentError, match="`method`"):
        fk.plot.calibration(tested, method="x")
