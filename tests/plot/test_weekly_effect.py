"""The smallest effect by week: the line is that of the result, and meets the effect on the day."""

import datetime as dt

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import stats

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.sizing.deciding import when_decidable

PLAN = {"inflow": 100, "start": "2026-01-05", "horizon": 60}


def line(ax, name):
    (found,) = [one for one in ax.lines if one.get_label() == name]
    return np.asarray(found.get_xdata()), np.asarray(found.get_ydata())


@pytest.mark.parametrize("effect", [0.05, -0.05])
def test_line_target_and_day(effect):
    decision = when_decidable(0.2, absolute=effect, **PLAN)
    ax = fk.plot.detectable(decision)
    weeks, sizes = line(ax, "smallest effect found")
    whole = weeks == np.round(weeks)
    found = dict(zip(weeks[whole].astype(int), sizes[whole], strict=True))
    frame = decision.to_frame().set_index("week")["detectable_absolute"].abs()
    assert found == pytest.approx({week: frame[week] for week in found})
    assert (np.diff(sizes) < 0).all()
    (day,), (height,) = line(ax, "decides")
    assert height == pytest.approx(abs(effect))
    assert dt.date(2026, 1, 5) + dt.timedelta(days=round(7 * day) - 1) == decision.date
    assert (weeks == day).any()
    title = ax.get_title(loc="left")
    assert title.startswith("The test can decide on ")
    assert str(decision.date.year) in title
    words = fk.plot.describe(ax)
    assert "1: nothing (0 matured)" in words


def test_kaplan_meier_is_said():
    decision = when_decidable(0.2, absolute=0.05, lag=stats.expon(scale=20), **PLAN)
    caption = fk.plot.detectable(decision).get_xlabel().replace("\n", " ")
    assert "Kaplan-Meier" in caption


def test_never():
    decision = when_decidable(0.2, absolute=0.05, end="2026-03-31", **PLAN)
    ax = fk.plot.detectable(decision)
    assert ax.get_title(loc="left") == "At this inflow the test never finds a rise of 5.0 points"
    assert "1.8 times the inflow" in ax.get_xlabel().replace("\n", " ")
    assert not [one for one in ax.lines if one.get_label() == "decides"]


def test_nothing_at_all():
    decision = when_decidable(0.2, absolute=0.05, end="2026-01-06", **{**PLAN, "inflow": 2})
    ax = fk.plot.detectable(decision)
    ax.figure.canvas.draw()
    assert not [one for one in ax.lines if one.get_label() == "smallest effect found"]


def test_at_once_and_on_any_axes():
    decision = when_decidable(0.2, absolute=0.1, **{**PLAN, "inflow": 10**6, "horizon": 1})
    for size in ((2.5, 3), (9, 4)):
        figure, ax = plt.subplots(figsize=size, layout="constrained")
        assert fk.plot.detectable(decision, ax=ax) is ax
        figure.canvas.draw()


def test_wrong_arguments():
    decision = when_decidable(0.2, absolute=0.05, **PLAN)
    with pytest.raises(ArgumentError, match=r"`decision`.*when_decidable"):
        fk.plot.detectable(decision.needed)
    with pytest.raises(ArgumentError, match="`ax`"):
        fk.plot.detectable(decision, ax="here")
