"""The boundary chart: what is drawn where, for plans, tests and confidence sequences."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.sequential.anytime import confidence_sequence
from funnelkit.experiment.sequential.designs import boundaries
from funnelkit.experiment.sequential.reading import analyse_looks
from funnelkit.plot.boundary_chart import looks
from tests.plot.conftest import NASTY


def drawn(ax: object, label: str) -> list[tuple[float, float]]:
    """Marks of one kind, as (x, y)."""
    return [
        (float(line.get_xdata()[0]), float(line.get_ydata()[0]))
        for line in ax.lines  # type: ignore[attr-defined]
        if line.get_label() == label
    ]


def test_observed_z_stands_between_the_boundaries_that_applied() -> None:
    test = analyse_looks([(400, 0.9), (850, 1.7), (1150, 2.2)], boundaries(5, planned=2000))
    ax = looks(test)
    assert drawn(ax, "_z") == [(0.2, 0.9), (0.425, 1.7), (0.575, 2.2)]
    marks = drawn(ax, "_boundary")
    for one in test.looks:
        assert (one.fraction, one.upper) in marks
        assert (one.fraction, one.lower) in marks
    # the looks to come are those planned after this one
    assert sorted({x for x, _ in marks if x > 0.58}) == pytest.approx([0.6, 0.8, 1.0])
    assert ax.get_title(loc="left") == "No boundary crossed by look 3: go on"
    assert "57\u202f%: z 2.20" in fk.plot.describe(ax)


def test_titles_say_where_the_test_stands() -> None:
    plan = boundaries(4, planned=800, alternative="less", futility="pocock")

    def title(*z: float) -> str:
        pairs = [(200 * (k + 1), value) for k, value in enumerate(z)]
        return str(looks(analyse_looks(pairs, plan)).get_title(loc="left"))

    assert title(-0.9, -4.0) == "Look 2 crossed: the treatment is below control"
    assert title(-0.9, 0.4) == "Look 2 is short of futility: little is to be hoped"
    assert title(-0.9, -1.6, -1.4, -1.0) == "No boundary crossed in 4 looks: no effect is shown"
    assert looks(plan).get_title(loc="left").startswith("Stop at a look whose z is beyond")


@pytest.mark.parametrize("number", [1, 2, 20])
def test_plans_of_any_length_are_drawn(number: int) -> None:
    for alternative in ("two-sided", "greater", "less"):
        plan = boundaries(number, alternative=alternative, futility="pocock")  # type: ignore[arg-type]
        ax = looks(plan, ax=Figure().add_subplot())
        low, high = ax.get_ylim()
        assert low < 0 < high
        edge = plan.upper[-1] if alternative != "less" else plan.lower[-1]
        assert low < edge < high


def test_a_confidence_sequence_shows_its_intervals() -> None:
    control, treatment = [(2, 30), (9, 80), (16, 150)], [(6, 28), (19, 85), (38, 149)]
    test = confidence_sequence(control, treatment, names=(NASTY[0], NASTY[2]))
    ax = looks(test)
    (line,) = [one for one in ax.lines if one.get_label() == "_effect"]
    assert np.asarray(line.get_xdata()).tolist() == [58, 165, 299]
    assert np.asarray(line.get_ydata()) == pytest.approx(100 * test.effect)
    ends = [one for one in ax.lines if one.get_label() == "_end"]
    low, high = test.confidence_interval()
    assert np.asarray(ends[0].get_ydata())[-1] == pytest.approx(100 * np.asarray(low)[-1])
    assert np.asarray(ends[1].get_ydata())[-1] == pytest.approx(100 * np.asarray(high)[-1])
    ax.get_figure().canvas.draw()  # type: ignore[union-attr]
    money = confidence_sequence([(9, 1.0, 2.0)], [(90, 2.0, 2.0)], alternative="greater")
    assert "No effect is shown in 1 look" in fk.plot.describe(looks(money))


def test_what_is_no_test_is_refused() -> None:
    with pytest.raises(ArgumentError, match="`test` must be what boundaries, analyse_looks or"):
        looks([(400, 1.0)])  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="`ax` must be the axes"):
        looks(boundaries(2), ax=3)  # type: ignore[arg-type]
