"""`compare_ratios`: the delta method against an obvious version, and what it refuses."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from funnelkit._core.errors import ArgumentError
from funnelkit.experiment import Comparison, Comparisons
from funnelkit.experiment.averages import compare_ratios

OLD = (np.array([12, 30, 4, 9, 21, 8.0]), np.array([4, 11, 1, 3, 8, 3.0]))
NEW = (np.array([20, 16, 7, 33, 10.0]), np.array([5, 4, 2, 9, 2.0]))


def one(*given: object, **options: object) -> Comparison:
    found = compare_ratios(*given, **options)  # type: ignore[arg-type]
    assert isinstance(found, Comparison)
    return found


def moments(arm: tuple[np.ndarray, np.ndarray]) -> tuple[float, list[float], list[list[float]]]:
    return len(arm[0]), [float(part.mean()) for part in arm], np.cov(*arm).tolist()


def test_it_is_welchs_test_of_each_units_part_in_the_ratio() -> None:
    # Slow and obvious: R is a function of two means; put its first-order part in place of a value.
    parts = []
    for numerator, denominator in (OLD, NEW):
        ratio = numerator.sum() / denominator.sum()
        parts.append(ratio + (numerator - ratio * denominator) / denominator.mean())
    other = stats.ttest_ind(parts[1], parts[0], equal_var=False)
    interval = other.confidence_interval(0.9)
    for given in ((OLD, NEW), (moments(OLD), moments(NEW))):
        found = one(*given, confidence_level=0.9)
        assert found.control.mean == pytest.approx(84 / 30)
        assert found.treatment.mean == pytest.approx(86 / 22)
        assert found.pvalue == pytest.approx(other.pvalue)
        assert found.confidence_interval() == pytest.approx((interval.low, interval.high))


def test_with_a_denominator_of_one_it_is_a_mean() -> None:
    ones = (np.ones(6), np.ones(5))
    found = one((OLD[0], ones[0]), (NEW[0], ones[1]))
    other = stats.ttest_ind(NEW[0], OLD[0], equal_var=False)
    assert found.pvalue == pytest.approx(other.pvalue)
    assert found.relative == pytest.approx(NEW[0].mean() / OLD[0].mean() - 1)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_both_intervals_and_the_pvalue_agree(alternative: str) -> None:
    rng = np.random.default_rng(2)
    for _ in range(20):
        arms = []
        for pace in (2.0, rng.choice([1.6, 2.0, 2.5])):
            leads = rng.integers(1, 9, 40).astype(float)
            arms.append((rng.poisson(pace * leads).astype(float), leads))
        found = one(*arms, alternative=alternative)
        for level in (0.5, 0.8, 0.95, 0.99):
            for low, high in (found.confidence_interval(level), found.relative_interval(level)):
                assert found.significant(1 - level) == (not low <= 0 <= high)


def test_coverage_of_the_difference_and_of_the_relative_difference() -> None:
    # 400 tests of 60 accounts a side, 1 to 12 leads each, 2 and 2.4 activities a lead: 95 %
    # intervals miss the truth 20 times, give or take 2 x 4.4 (and a little more with so few).
    rng = np.random.default_rng(11)
    missed = np.zeros(2)
    for _ in range(400):
        arms = []
        for pace in (2.0, 2.4):
            leads = rng.integers(1, 13, 60).astype(float)
            own = rng.gamma(4, pace / 4, 60)
            arms.append((rng.poisson(own * leads).astype(float), leads))
        found = one(*arms)
        for k, (truth, (low, high)) in enumerate(
            ((0.4, found.confidence_interval()), (0.2, found.relative_interval()))
        ):
            missed[k] += not low <= truth <= high
    assert (missed >= 8).all()
    assert (missed <= 36).all()


def test_a_frame_of_two_columns_is_two_arrays() -> None:
    frames = [pd.DataFrame({"activities": arm[0], "leads": arm[1]}) for arm in (OLD, NEW)]
    assert one(*frames).pvalue == pytest.approx(one(OLD, NEW).pvalue)


def test_a_denominator_that_is_hardly_known_is_said() -> None:
    won = np.zeros(60)
    won[:3] = 1
    found = one((won * 900, won), (won * [*[700, 900, 1100], *[0] * 57], won))
    assert "more than the delta method bears" in found.summary()
    assert (
        "more than the delta method"
        not in one((np.arange(50.0), np.ones(50)), (np.arange(50.0), np.ones(50))).summary()
    )


def test_blank_values_are_refused_or_counted() -> None:
    holed = (np.where(OLD[0] == 30, math.nan, OLD[0]), OLD[1])
    with pytest.raises(ArgumentError, match="`control`: 1 of 6 leads have a blank value"):
        compare_ratios(holed, NEW)
    assert one(holed, NEW, blanks="zero").control.mean == pytest.approx(54 / 30)
    left_out = one(holed, NEW, blanks="left_out")
    assert left_out.control.mean == pytest.approx(54 / 19)
    assert "1 of 6 leads had a blank value and are left out" in left_out.summary()


@pytest.mark.parametrize(
    ("control", "said"),
    [
        (([], []), "`control` has no leads"),
        (([1, 2], [1]), "each of the leads needs a value in every array; got 2 and 1"),
        (([0, 0], [0, 0]), "`control`: the denominators add up to 0"),
        (([1, 2, 3],), "`control` must be"),
        ([1, 2, 3], "`control` must be"),
        ((9, [1, 2], [[1, 0]]), "need a covariance matrix of shape"),
        ((9, [1, 2], [[1, 0], [0.5, 1]]), "not symmetric"),
        ((9, [1, 2], [[1, 5], [5, 1]]), "no data have this covariance matrix"),
        ((9, [1, 2], [[-1, 0], [0, 1]]), "no data have this covariance matrix"),
        ((9, [1, math.nan], [[1, 0], [0, 1]]), "finite numbers"),
        ((9, "ab", [[1, 0], [0, 1]]), "must be numbers"),
        ((9, [1, 2, 3], np.eye(3)), "2 columns|3 columns"),
        ((["a", "b"], [1, 2]), "2 of 2 values are no numbers"),
    ],
)
def test_what_is_no_ratio_is_refused(control: object, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        compare_ratios(control, NEW)  # type: ignore[call-overload]


def test_a_constant_ratio_is_refused_and_an_arm_of_one_is_not_tested() -> None:
    with pytest.raises(ArgumentError, match="the ratio is 3 for every one of the leads"):
        compare_ratios(([3, 6, 9], [1, 2, 3]), ([3, 30], [1, 10]))
    lone = one(([3.0], [2.0]), NEW)
    assert lone.effect == pytest.approx(86 / 22 - 1.5)
    assert math.isnan(lone.pvalue)
    assert lone.confidence_interval() == (-math.inf, math.inf)
    assert "nothing is tested" in lone.summary()


def test_several_treatments() -> None:
    found = compare_ratios(OLD, {"B": NEW, "C": OLD}, units="accounts")
    assert isinstance(found, Comparisons)
    assert found["C"].pvalue == pytest.approx(1)
    assert found.adjusted == pytest.approx((2 * found["B"].pvalue, 1.0))
