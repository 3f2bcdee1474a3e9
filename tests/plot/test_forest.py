"""Comparisons as a forest: what is drawn is what was compared."""

import math

import matplotlib.pyplot as plt
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.comparison import Arm, Comparisons
from tests.experiment.test_shown import one
from tests.plot.conftest import NASTY


def drawn(ax, name):
    """Points of the marks of one kind: (x, y)."""
    lines = [line for line in ax.lines if line.get_label() == name]
    return [
        (x, y) for line in lines for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    ]


def spans(ax, name):
    """Ends of the intervals of one kind."""
    return [
        tuple(segment[:, 0])
        for part in ax.collections
        if part.get_label() == f"{name}, interval"
        for segment in part.get_segments()
    ]


class TestMarks:
    def test_dots_intervals_and_guardrails(self):
        rows = [one("won"), one("left", effect=-0.03, ends=(-0.1, 0.04), pvalue=0.4)]
        ax = fk.plot.experiment(rows, guardrails="left")
        assert drawn(ax, "estimate") == [(pytest.approx(1 / 3), 0)]
        assert drawn(ax, "guardrail") == [(pytest.approx(-0.05), 1)]
        assert spans(ax, "estimate") == [pytest.approx((1 / 6, 0.5))]
        assert spans(ax, "guardrail") == [pytest.approx((-1 / 6, 1 / 15))]
        words = [text.get_text() for text in ax.get_legend().get_texts()]
        assert words == ["effect, with 95\u202f% interval", "guardrail"]
        title = ax.get_title(loc="left").replace("\u202f", " ")
        assert title == "Clear effect on won (+33.3 %); none clear on 1 other"
        assert "left (guardrail), B against control" in fk.plot.describe(ax)

    def test_absolute(self):
        ax = fk.plot.experiment([one("won"), one("met")], show="absolute")
        assert spans(ax, "estimate") == [(0.1, 0.3), (0.1, 0.3)]
        assert ax.get_xticklabels()[-1].get_text() == "+30 points"

    def test_zero_is_always_on_the_axis(self):
        for ends in ((0.1, 0.3), (-0.3, -0.1), (0.0, 0.0)):
            effect = sum(ends) / 2
            ax = fk.plot.experiment(one(effect=effect, ends=ends), show="absolute")
            ticks = ax.get_xticks()
            assert ticks[0] <= 0 <= ticks[-1]
            assert any(abs(tick) < 1e-12 for tick in ticks)

    def test_an_interval_that_goes_on(self):
        row = one(ends=(0.05, math.inf), alternative="greater")
        ax = fk.plot.experiment(row)
        ((end, _),) = drawn(ax, "goes on")
        assert end == pytest.approx(ax.get_xticks()[-1])
        assert "no limit" in fk.plot.describe(ax)
        wide = [one(str(k)) for k in range(5)]
        wide.append(one("wide", ends=(-0.1, 9.0)))
        ax = fk.plot.experiment(wide)
        assert len(drawn(ax, "goes on")) == 1
        assert ax.get_xticks()[-1] < 5

    def test_small_arms_are_hollow(self):
        few = one(control=Arm(name="control", n=40, mean=0.6, converted=24))
        ax = fk.plot.experiment(few)
        (dot,) = [line for line in ax.lines if line.get_label() == "estimate"]
        assert dot.get_markerfacecolor() == "#ffffff"
        assert "fewer than 100 in an arm" in [t.get_text() for t in ax.get_legend().get_texts()]

    def test_what_cannot_be_told(self):
        none = one(effect=math.nan, relative=math.nan, pvalue=math.nan, ends=(math.nan, math.nan))
        ax = fk.plot.experiment(none)
        assert drawn(ax, "estimate") == []
        assert ax.get_title(loc="left") == "No effect can be told on rate"
        at_zero = one(relative=math.nan, relative_bounds=None)
        assert "no relative effect" in fk.plot.describe(fk.plot.experiment(at_zero))
        bare = fk.plot.experiment(one(relative_bounds=None))
        assert "no interval" in fk.plot.describe(bare)


class TestWords:
    def test_adjusted_pvalues_judge(self):
        family = Comparisons(
            comparisons=(one("a", pvalue=0.03), one("b", pvalue=0.04)),
            adjusted=(0.06, 0.06),
            adjustment="Holm",
        )
        ax = fk.plot.experiment(family)
        assert ax.get_title(loc="left") == "No clear effect on any of 2 metrics"
        texts = [text.get_text() for text in ax.texts]
        assert "adjusted p" in texts
        assert texts.count("0.060") == 2

    def test_without_chance_it_is_a_difference(self):
        ax = fk.plot.experiment(one(randomised=False))
        assert ax.get_title(loc="left").startswith("Clear difference on rate")
        assert "effect" not in ax.get_title(loc="left")
        assert "no proof of an effect" in ax.get_xlabel().replace("\n", " ")

    def test_several_treatments_stand_apart(self):
        other = one(treatment=Arm(name="C", n=200, mean=0.8, converted=160))
        ax = fk.plot.experiment([one(), other])
        texts = [text.get_text() for text in ax.texts]
        assert texts.index("B") < texts.index("C")
        assert [y for _, y in drawn(ax, "estimate")] == [1, 3]
        assert "rate of B" in ax.get_title(loc="left")

    def test_many_rows(self):
        ax = fk.plot.experiment([one(f"metric {k}") for k in range(45)])
        assert len(drawn(ax, "estimate")) == 40
        assert "5 further rows not shown" in ax.get_xlabel().replace("\n", " ")
        assert ax.get_title(loc="left") == "Clear effects on 40 of 45 metrics"

    def test_hostile_names(self):
        rows = [one(str(name), units="$x_1$ leads") for name in NASTY]
        ax = fk.plot.experiment(rows, guardrails=[str(NASTY[0])])
        ax.figure.canvas.draw()
        assert "two lines" in fk.plot.describe(ax)


def test_on_given_axes_of_any_size():
    rows = [one("won"), one("a metric with a rather long name, within 90 days")]
    for size in ((2.5, 3), (3.6, 4.5), (12, 4)):
        figure, ax = plt.subplots(figsize=size, layout="constrained")
        assert fk.plot.experiment(rows, ax=ax) is ax
        figure.canvas.draw()


def test_units_are_not_mixed():
    money = one("revenue", unit="money", currency="EUR")
    with pytest.raises(ArgumentError, match="mix units on one axis: money in EUR and share"):
        fk.plot.experiment([one(), money], show="absolute")
    other = one("revenue", unit="money", currency="USD")
    with pytest.raises(ArgumentError, match="mix units"):
        fk.plot.experiment([money, other], show="absolute")
    fk.plot.experiment([one(), money])
    ratio = one("odds", scale="odds ratio", effect=2.0)
    with pytest.raises(ArgumentError, match="is for differences"):
        fk.plot.experiment(ratio, show="absolute")


def test_wrong_arguments():
    with pytest.raises(ArgumentError, match=r"`comparisons`.*fk\.experiment"):
        fk.plot.experiment([])
    with pytest.raises(ArgumentError, match="`show`"):
        fk.plot.experiment(one(), show="both")
    with pytest.raises(ArgumentError, match="`guardrails`"):
        fk.plot.experiment(one(), guardrails="churn")
    with pytest.raises(ArgumentError, match="`ax`"):
        fk.plot.experiment(one(), ax=3)
