"""`compare_means`: against SciPy and published figures, and what it refuses."""

import inspect
import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from funnelkit._core.errors import ArgumentError
from funnelkit.experiment import Comparison, Comparisons
from funnelkit.experiment.averages import compare_means

# Student's sleep data (R: datasets::sleep): extra hours under two drugs.
FIRST = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SECOND = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def one(*given: object, **options: object) -> Comparison:
    found = compare_means(*given, **options)  # type: ignore[arg-type]
    assert isinstance(found, Comparison)
    return found


def revenue(seed: int, n: int, won: float) -> np.ndarray:
    """Amounts with a Pareto tail for the share of leads that was won, else 0."""
    rng = np.random.default_rng(seed)
    return np.where(rng.random(n) < won, 1_000 * (1 + rng.pareto(2.5, n)), 0.0)


def test_welch_on_students_sleep_data() -> None:
    # R: t.test(extra ~ group, data = sleep): t = -1.8608, df = 17.776, p-value = 0.07939,
    # 95 percent confidence interval -3.3654832 0.2054832, means 0.75 and 2.33 (first - second).
    found = one(FIRST, SECOND)
    assert found.effect == pytest.approx(1.58)
    assert found.statistic == pytest.approx(1.8608, abs=5e-5)
    assert found.pvalue == pytest.approx(0.07939, abs=5e-6)
    assert found.confidence_interval() == pytest.approx((-0.2054832, 3.3654832), abs=5e-8)
    assert found.relative == pytest.approx(2.33 / 0.75 - 1)


def test_moments_say_the_same_as_values() -> None:
    def moments(values: list[float]) -> tuple[float, float, float]:
        return len(values), float(np.mean(values)), float(np.std(values, ddof=1))

    values, summed = one(FIRST, SECOND), one(moments(FIRST), moments(SECOND))
    assert summed.pvalue == pytest.approx(values.pvalue, rel=1e-12)
    assert summed.confidence_interval(0.8) == pytest.approx(values.confidence_interval(0.8))


@pytest.mark.parametrize("alternative", ["greater", "less"])
def test_one_sided_as_scipy(alternative: str) -> None:
    found = one(FIRST, SECOND, alternative=alternative, confidence_level=0.9)
    other = stats.ttest_ind(SECOND, FIRST, equal_var=False, alternative=alternative)
    assert found.pvalue == pytest.approx(other.pvalue)
    interval = other.confidence_interval(0.9)
    assert found.confidence_interval() == pytest.approx((interval.low, interval.high))


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("method", ["welch", "winsorised", "bootstrap"])
def test_pvalue_and_interval_are_a_pair(method: str, alternative: str) -> None:
    rng = np.random.default_rng(5)
    for _ in range(12):
        control, treatment = rng.normal(5, 2, 30), rng.normal(rng.choice([4, 5, 6.2]), 3, 25)
        found = one(control, treatment, method=method, alternative=alternative, resamples=499)
        for level in (0.5, 0.8, 0.9, 0.95, 0.99, min(max(1 - found.pvalue, 0.01), 0.995)):
            for nudge in (-1e-4, 1e-4):
                low, high = found.confidence_interval(level + nudge)
                assert found.significant(1 - level - nudge) == (not low <= 0 <= high)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_the_relative_interval_excludes_none_exactly_when_the_test_rejects(
    alternative: str,
) -> None:
    rng = np.random.default_rng(8)
    for _ in range(40):
        control = (40, rng.uniform(1, 3), rng.uniform(0.5, 2))
        treatment = (35, rng.uniform(1, 3), rng.uniform(0.5, 2))
        found = one(control, treatment, alternative=alternative)
        for level in (0.6, 0.9, 0.95, 0.99):
            low, high = found.relative_interval(level)
            assert found.significant(1 - level) == (not low <= 0 <= high)


def test_fiellers_interval_by_trying_ratios() -> None:
    # Slow and obvious: every ratio for which Welch's t, with the degrees of freedom of the
    # difference, does not reject treatment = ratio x control.
    found = one((40, 2.0, 1.5), (35, 3.0, 2.5))
    v, w = 1.5**2 / 40, 2.5**2 / 35
    df = (v + w) ** 2 / (v**2 / 39 + w**2 / 34)
    ratios = np.linspace(0, 5, 500_001)
    kept = ratios[np.abs(3 - 2 * ratios) <= stats.t.isf(0.025, df) * np.sqrt(w + ratios**2 * v)]
    assert found.relative_interval() == pytest.approx((kept[0] - 1, kept[-1] - 1), abs=1e-5)


def test_a_control_mean_near_zero_has_no_upper_limit_but_no_nan() -> None:
    rare = np.zeros(200)
    rare[0] = 900.0
    found = one(rare, revenue(3, 200, 0.3))
    low, high = found.relative_interval()
    assert low > 0  # treatment is clearly above 0, control at most as much as the data allow
    assert math.isinf(high)
    assert "not clearly above 0" in found.summary()
    assert found.significant()
    either = one((10, 0.5, 9.0), (10, 0.4, 9.0)).relative_interval()
    assert either == (-math.inf, math.inf)
    none = one(np.zeros(20), revenue(3, 20, 0.5))
    assert math.isnan(none.relative)
    assert "not above 0, so there is no relative difference" in none.summary()


def test_winsorised_at_a_pooled_quantile() -> None:
    # By hand: the largest of 20 values is the 0.95 quantile's successor, so 500 becomes 19.
    control, treatment = [*range(1, 11)], [*range(11, 20), 500]
    found = one(control, treatment, method="winsorised", winsorise_at=0.95)
    assert found.treatment.mean == pytest.approx((sum(range(11, 20)) + 19) / 10)
    assert found.control.mean == 5.5
    other = stats.ttest_ind([*range(11, 20), 19], control, equal_var=False)
    assert found.pvalue == pytest.approx(other.pvalue)
    assert "cut off at 19, for 1 of 10 against 0 of 10 leads" in found.summary()
    both = one(control, treatment, method="winsorised", winsorise_at=(0.1, 0.95))
    assert both.control.mean == pytest.approx((2 + sum(range(2, 11))) / 10)


def test_winsorising_everything_to_zero_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"0\.9 quantile of all values is 0.*higher one"):
        compare_means(
            revenue(1, 300, 0.02), revenue(2, 300, 0.02), method="winsorised", winsorise_at=0.9
        )


@pytest.mark.parametrize("given", [0.4, 1.2, (0.6, 0.9), (0.1, 0.2, 0.3), "0.9", 95])
def test_odd_quantiles_are_refused(given: object) -> None:
    with pytest.raises(ArgumentError, match="`winsorise_at` must be an upper quantile"):
        compare_means(FIRST, SECOND, method="winsorised", winsorise_at=given)  # type: ignore[call-overload]


def test_the_bootstrap_is_bca_as_scipys() -> None:
    control, treatment = revenue(1, 180, 0.2), revenue(2, 190, 0.35)

    def difference(first: np.ndarray, second: np.ndarray, axis: int) -> np.ndarray:
        return np.asarray(second.mean(axis) - first.mean(axis))

    seed = "rng" if "rng" in inspect.signature(stats.bootstrap).parameters else "random_state"
    other = stats.bootstrap(
        (control, treatment), difference, n_resamples=30_000, method="BCa", batch=3_000, **{seed: 4}
    )
    found = one(control, treatment, method="bootstrap", resamples=30_000, rng=4)
    low, high = found.confidence_interval()
    error = float(other.standard_error)
    assert low == pytest.approx(other.confidence_interval.low, abs=0.06 * error)
    assert high == pytest.approx(other.confidence_interval.high, abs=0.06 * error)


def test_the_same_seed_gives_the_same_draws_and_asking_twice_the_same_interval() -> None:
    given = (revenue(1, 50, 0.5), revenue(2, 60, 0.5))
    first = one(*given, method="bootstrap", resamples=999, rng=7)
    second = one(*given, method="bootstrap", resamples=999, rng=np.random.default_rng(7))
    assert first.confidence_interval(0.9) == second.confidence_interval(0.9)
    assert first.confidence_interval() == first.confidence_interval()
    assert first.pvalue == second.pvalue
    assert first.pvalue != one(*given, method="bootstrap", resamples=999, rng=8).pvalue


def test_a_level_beyond_the_draws_has_no_limit() -> None:
    found = one([1, 2, 3, 4.0], [11, 12, 13, 15.0], method="bootstrap", resamples=99)
    assert found.confidence_interval(0.9999) == (-math.inf, math.inf)
    assert 0 < found.pvalue < 0.06


def test_a_handful_that_carries_the_mean_is_named() -> None:
    values = np.full(200, 10.0)
    values[:2] = 90_000.0
    found = one(np.arange(200.0), values)
    assert "treatment: 1 of 200 leads make up 49" not in found.summary()
    said = found.summary().replace("\u202f", " ")
    assert "treatment: 2 of 200 leads make up 99 % of the sum" in said
    assert "control:" not in said


@pytest.mark.parametrize("blank", [math.nan, None, pd.NA])
def test_blank_values_are_refused_or_counted(blank: object) -> None:
    values = [5.0, blank, 3.0, 4.0]
    with pytest.raises(ArgumentError, match=r"`treatment`: 1 of 4 leads have a blank value"):
        compare_means(FIRST, values)  # type: ignore[call-overload]
    zero = one(FIRST, values, blanks="zero")
    assert (zero.treatment.n, zero.treatment.mean) == (4, 3.0)
    assert "1 of 4 leads had a blank value, counted as 0." in zero.summary()
    left_out = one(FIRST, pd.Series(values, dtype=object), blanks="left_out")
    assert (left_out.treatment.n, left_out.treatment.mean) == (3, 4.0)
    assert "are left out" in left_out.summary()


def test_values_of_every_kind_of_column() -> None:
    plain = one(FIRST, SECOND).pvalue
    for kind in (
        pd.Series(SECOND),
        pd.Series(SECOND, dtype="Float64"),
        [Decimal(str(value)) for value in SECOND],
        np.array(SECOND),
        pd.Series([Decimal(str(value)) for value in SECOND]),
    ):
        assert one(FIRST, kind).pvalue == pytest.approx(plain)
    assert one([True, False, True], [False, False, True]).control.mean == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("control", "treatment", "said"),
    [
        ([], SECOND, "`control` has no leads"),
        ((0, 0.0, 0.0), (10, 1.0, 1.0), "`control` has no leads"),
        ((-3, 0.0, 0.0), (10, 1.0, 1.0), "n must be the number of leads; got -3"),
        ((10, 1.0, -1.0), (10, 1.0, 1.0), "standard deviation must be at least 0; got -1"),
        ((10, math.nan, 1.0), (10, 1.0, 1.0), "mean must be a number"),
        ((10, 1.0), (10, 1.0, 1.0), r"`control` must be \(n, mean, sd\)"),
        (5.0, SECOND, r"`control` must be \(n, mean, sd\)"),
        ([1, "12", "<b>"], SECOND, "2 of 3 values are no numbers: '12', '<b>'"),
        ([1.0, math.inf], SECOND, "1 of 2 values are infinite"),
        ([[1.0, 2.0]], SECOND, r"got shape \(1, 2\)"),
        ([3, 3, 3], [3, 3], "every one of the leads in both arms has the value 3"),
        ((9, 3.0, 0.0), (8, 3.0, 0.0), "a metric that is constant"),
    ],
)
def test_what_cannot_be_compared_is_refused(control: object, treatment: object, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        compare_means(control, treatment)  # type: ignore[call-overload]


def test_both_arms_problems_are_told_at_once() -> None:
    with pytest.raises(ArgumentError, match=r"2 problems:(.|\n)*`control` has no(.|\n)*infinite"):
        compare_means([], [math.inf])


def test_moments_where_values_are_needed_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r'`method="bootstrap"` needs one value for each unit'):
        compare_means((10, 1.0, 1.0), SECOND, method="bootstrap")
    with pytest.raises(ArgumentError, match=r"`control` and `treatment` are given as moments"):
        compare_means((10, 1.0, 1.0), (10, 1.0, 1.0), method="winsorised")


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "welsh"},
        {"alternative": "larger"},
        {"confidence_level": 95},
        {"blanks": "drop"},
        {"resamples": 0},
        {"names": "ab"},
    ],
)
def test_wrong_arguments_are_named(wrong: dict[str, object]) -> None:
    with pytest.raises(ArgumentError, match=f"`{next(iter(wrong))}`"):
        one(FIRST, SECOND, **wrong)


def test_one_unit_or_no_spread_gives_the_difference_and_says_why_nothing_is_tested() -> None:
    for control, treatment in (([4.0], [1.0, 2.0, 3.0]), ([1, 1, 1], [2, 2]), ([3.0], [5.0])):
        for method in ("welch", "bootstrap"):
            found = one(control, treatment, method=method)
            assert found.effect == pytest.approx(np.mean(treatment) - np.mean(control))
            assert math.isnan(found.pvalue)
            assert found.confidence_interval() == (-math.inf, math.inf)
            assert "nothing is tested" in found.summary()
    # One arm without any spread still leaves a test, with the degrees of freedom of the other.
    zero = one(np.zeros(30), SECOND)
    other = stats.ttest_1samp(SECOND, 0)
    assert zero.pvalue == pytest.approx(other.pvalue)


def test_several_treatments_have_holms_pvalues_beside_the_plain_ones() -> None:
    several = compare_means(
        (400, 520.0, 1900.0), {"B": (410, 810.0, 2600.0), "C": (390, 900.0, 1800.0)}
    )
    assert isinstance(several, Comparisons)
    plain = [each.pvalue for each in several]
    assert plain[1] < plain[0] < 0.5
    assert several.adjusted == pytest.approx((plain[0], 2 * plain[1]))
    assert several["C"].treatment.name == "C"
    with pytest.raises(ArgumentError, match="names no treatment"):
        compare_means((400, 520.0, 1900.0), {})


def test_hostile_names_stay_on_one_line_and_escaped() -> None:
    found = one(np.arange(30.0), [*[0.0] * 29, 5.0], names=("a", "<script>\n=1+1"))
    assert "<script> =1+1: 1 of 30" in found.summary()
    assert "<script>" not in found._repr_html_()


def test_large_offsets_lose_no_digits() -> None:
    base = np.array(SECOND)
    moved = one(np.array(FIRST) + 2.0**30, base + 2.0**30)
    assert moved.pvalue == pytest.approx(0.07939, abs=5e-6)
