"""`before_after`: a difference over time, and what it says it cannot show."""

import math

import pytest
from scipy import stats

from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.unrandomised.before_and_after import CANNOT, before_after


def test_rates_are_newcombes_and_the_word_is_difference() -> None:
    found = before_after((48, 80), (56, 70))
    # Newcombe (1998), table II, method 10
    assert found.confidence_interval() == pytest.approx((0.0524, 0.3339), abs=6e-5)
    assert (found.word, found.effect) == ("difference", pytest.approx(0.2))
    assert found.relative == pytest.approx(1 / 3)
    assert found.significant()
    assert set(CANNOT) <= set(found.notes)
    said = found.summary()
    assert "A change over time is no effect" in said
    assert "difference_in_differences" in said


def test_means_are_welchs_test() -> None:
    found = before_after((40, 9_000.0, 5_000.0), (50, 11_000.0, 4_000.0), unit="money")
    expected = stats.ttest_ind_from_stats(11_000, 4_000, 50, 9_000, 5_000, 40, equal_var=False)
    assert found.pvalue == pytest.approx(expected.pvalue)
    assert found.unit == "money"
    assert math.isnan(before_after((40, 0.0, 1.0), (50, 1.0, 1.0)).relative)


def test_earlier_periods_show_how_far_it_moves_by_itself() -> None:
    found = before_after((48, 80), (56, 70), earlier=[(20, 80), (44, 80)])
    assert found.notes[0] == (
        "Before the change it moved by up to 30.0 points from one period to the next, and in 1 of "
        "2 steps at least as far as now."
    )
    assert found.effect == before_after((48, 80), (56, 70)).effect


def test_one_sided() -> None:
    up = before_after((48, 80), (56, 70), alternative="greater")
    assert up.pvalue == pytest.approx(before_after((48, 80), (56, 70)).pvalue / 2)
    assert up.confidence_interval().high == 1.0


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ((48, 0), (56, 70), "nobody entered"),
        ((90, 80), (56, 70), "90 converted of 80"),
        ((0.6, 80), (56, 70), r"Did you mean \(48, 80\)"),
        ((48, 80), (56, 70, 1.0), "all periods must be rates, or all means"),
        ((48,), (56, 70), r"must be \(converted, entered\)"),
        ({"a": 1, "b": 2}, (56, 70), r"must be \(converted, entered\)"),
        ("48", (56, 70), r"must be \(converted, entered\)"),
    ],
)
def test_what_cannot_be_is_refused(before, after, said) -> None:
    with pytest.raises(ArgumentError, match=said):
        before_after(before, after)
