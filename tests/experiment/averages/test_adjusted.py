"""`adjust_means`: against statsmodels, and by simulation; what it refuses."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from funnelkit._core.errors import ArgumentError
from funnelkit.experiment import Comparison, Comparisons
from funnelkit.experiment.averages import adjust_means
from funnelkit.experiment.averages.adjusted import intercept

Arm = tuple[np.ndarray, np.ndarray]


def one(*given: object, **options: object) -> Comparison:
    found = adjust_means(*given, **options)  # type: ignore[arg-type]
    assert isinstance(found, Comparison)
    return found


def drawn(seed: int, sizes: tuple[int, int] = (40, 47), effect: float = 2.0) -> tuple[Arm, Arm]:
    """Two arms with two covariates, of which the first changes the effect."""
    rng = np.random.default_rng(seed)
    arms = []
    for treated, size in enumerate(sizes):
        covariates = rng.normal(5, 2, (size, 2))
        gain = treated * (effect + 0.4 * (covariates[:, 0] - 5))
        values = 3 + covariates @ [1.0, 0.5] + gain + rng.normal(size=size) * (1 + treated)
        arms.append((values, covariates))
    return arms[0], arms[1]


def stacked(control: Arm, treatment: Arm) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    values, covariates = (np.concatenate([control[k], treatment[k]]) for k in range(2))
    return values, np.repeat([0.0, 1.0], [len(control[0]), len(treatment[0])]), covariates


def moments(arm: Arm) -> tuple[int, np.ndarray, np.ndarray]:
    table = np.column_stack(arm)
    return len(table), table.mean(axis=0), np.cov(table.T)


@pytest.mark.parametrize("seed", range(4))
def test_lin_is_the_interacted_regression_with_hc2_of_statsmodels(seed: int) -> None:
    arms = drawn(seed)
    values, treated, covariates = stacked(*arms)
    centred = covariates - covariates.mean(axis=0)
    design = np.column_stack([np.ones(len(values)), treated, centred, treated[:, None] * centred])
    fit = sm.OLS(values, design).fit(cov_type="HC2")
    found = one(*arms)
    assert found.effect == pytest.approx(fit.params[1], rel=1e-10)
    assert found.effect / found.statistic == pytest.approx(fit.bse[1], rel=1e-10)
    assert found.control.mean == pytest.approx(fit.params[0], rel=1e-10)


def test_without_covariates_an_arm_has_welchs_variance_and_degrees_of_freedom() -> None:
    values = np.array([1.0, 4.0, 2.0, 8.0, 5.0])
    found = intercept(values, np.empty((5, 0)))
    assert found.mean == pytest.approx(4.0)
    assert found.variance == pytest.approx(values.var(ddof=1) / 5)
    assert found.df == pytest.approx(4.0)


def test_degrees_of_freedom_of_bell_and_mccaffrey_by_matrices() -> None:
    # Slow and obvious, arm by arm: v = u' M D M u has mean tr(DM) and variance 2 tr(DMDM), and
    # Satterthwaite's rule over both arms.
    arms = drawn(3, (9, 7))
    overall = np.concatenate([arm[1] for arm in arms]).mean(axis=0)
    parts = []
    for values, covariates in arms:
        design = np.column_stack([np.ones(len(values)), covariates - overall])
        inverse = np.linalg.inv(design.T @ design)
        hat = design @ inverse @ design.T
        rest = np.eye(len(values)) - hat
        spread = np.diag((design @ inverse[0]) ** 2 / (1 - np.diag(hat)))
        product = spread @ rest
        residuals = rest @ values
        parts.append(
            (residuals @ spread @ residuals, np.trace(product) ** 2 / np.trace(product @ product))
        )
    total = sum(variance for variance, _ in parts)
    df = total**2 / sum(variance**2 / each for variance, each in parts)
    found = one(*arms)
    t = found.effect / math.sqrt(total)
    assert found.pvalue == pytest.approx(2 * stats.t.sf(abs(t), df), rel=1e-9)
    reach = stats.t.isf(0.025, df) * math.sqrt(total)
    assert found.confidence_interval() == pytest.approx(
        (found.effect - reach, found.effect + reach)
    )


@pytest.mark.parametrize("columns", [1, 2])
def test_cuped_has_the_slope_of_the_analysis_of_covariance(columns: int) -> None:
    control, treatment = ((arm[0], arm[1][:, :columns]) for arm in drawn(5))
    values, treated, covariates = stacked(control, treatment)
    fit = sm.OLS(values, sm.add_constant(np.column_stack([treated, covariates]))).fit()
    cleared = values - covariates @ fit.params[2:]
    other = stats.ttest_ind(cleared[treated == 1], cleared[treated == 0], equal_var=False)
    interval = other.confidence_interval(0.95)
    for given in ((control, treatment), (moments(control), moments(treatment))):
        found = one(*given, method="cuped")
        assert found.effect == pytest.approx(fit.params[1])
        assert found.pvalue == pytest.approx(other.pvalue)
        assert found.confidence_interval() == pytest.approx((interval.low, interval.high))
    assert one(moments(control), moments(treatment)).method.startswith("CUPED")


@pytest.mark.parametrize("method", ["lin", "cuped"])
@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_both_intervals_and_the_pvalue_agree(method: str, alternative: str) -> None:
    for seed in range(20):
        arms = drawn(seed, (15, 12), effect=(seed % 4) - 1.0)
        found = one(*arms, method=method, alternative=alternative)
        for level in (0.5, 0.8, 0.95, 0.99):
            for low, high in (found.confidence_interval(level), found.relative_interval(level)):
                assert found.significant(1 - level) == (not low <= 0 <= high)


@pytest.mark.parametrize("method", ["lin", "cuped"])
def test_without_an_effect_one_test_in_twenty_rejects(method: str) -> None:
    # 500 tests of 12 against 24 units with one skewed covariate and no effect: 25 rejections, give
    # or take 2 x 5.
    rng = np.random.default_rng(6)
    rejected = 0
    for _ in range(500):
        arms = []
        for size in (12, 24):
            covariate = rng.exponential(size=size)
            arms.append((2 * covariate + rng.normal(size=size), covariate))
        rejected += one(*arms, method=method).significant()
    assert 13 <= rejected <= 38


def test_the_relative_interval_of_cuped_covers() -> None:
    # Control mean 10, treatment 12, covariate that explains most: 400 intervals at 90 % miss 40
    # times, give or take 2 x 6.
    rng = np.random.default_rng(9)
    missed = 0
    for _ in range(400):
        arms = []
        for mean, size in ((10, 40), (12, 25)):
            covariate = rng.normal(size=size)
            arms.append((mean + 3 * covariate + rng.normal(size=size), covariate))
        low, high = one(*arms, method="cuped", confidence_level=0.9).relative_interval()
        missed += not low <= 0.2 <= high
    assert 26 <= missed <= 56


def test_it_says_how_much_variance_went() -> None:
    arms = drawn(0)
    plain = sum(values.var(ddof=1) / values.size for values, _ in arms)
    found = one(*arms)
    share = 1 - (found.effect / found.statistic) ** 2 / plain
    said = found.summary().replace("\u202f", " ")
    assert (
        f"The covariates took away {100 * share:.0f} % of the variance of the difference." in said
    )


def test_a_unit_that_fixes_a_coefficient_alone_is_named() -> None:
    lone = np.array([0, 0, 0, 0, 1.0])
    arms = ((np.array([1, 2, 3, 4, 9.0]), lone), (np.array([2, 3, 5, 6, 8, 9.0]), [*lone, 1.0]))
    found = one(*arms)
    assert math.isfinite(found.pvalue)
    assert "control: 1 of the leads fix a coefficient alone" in found.summary()


@pytest.mark.parametrize(
    ("control", "said"),
    [
        ((np.arange(5.0), np.ones(5)), "`control`: covariate 1 has the same value for everybody"),
        (
            (np.arange(5.0), np.column_stack([np.arange(5.0), 2 * np.arange(5.0)])),
            "`treatment` has 2 columns, `control` 3",
        ),
        (([1.0, 2.0], [1.0, 2.0]), "`control` has 2 leads; with 1 covariate it needs at least 3"),
        (([1.0, 2, 3], [1.0, 2]), "got 3 and 2 values"),
        (([], []), "`control` has no leads"),
        (([1.0, 2, 3], [1.0, math.nan, 3]), "1 of 3 leads have a blank value"),
        ([1.0, 2, 3], "`control` must be two arrays"),
    ],
)
def test_what_cannot_be_adjusted_is_refused(control: object, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        adjust_means(control, (np.arange(6.0), np.arange(6.0) ** 2))  # type: ignore[call-overload]


def test_covariates_that_follow_from_each_other_and_moments_for_lin_are_refused() -> None:
    arms = [(values, np.column_stack([x[:, 0], 1 - x[:, 0]])) for values, x in drawn(1)]
    for method in ("lin", "cuped"):
        with pytest.raises(ArgumentError, match="one covariate follows from the others"):
            one(*arms, method=method)
    with pytest.raises(ArgumentError, match=r'`method="lin"` needs one value for each unit'):
        one(*(moments(arm) for arm in drawn(1)), method="lin")
    with pytest.raises(ArgumentError, match="have no covariates"):
        one((9, [1.0], [[1.0]]), (9, [1.0], [[1.0]]))
    with pytest.raises(ArgumentError, match="`method`"):
        one(*drawn(1), method="cupd")


@pytest.mark.parametrize("method", ["lin", "cuped"])
def test_a_constant_metric_is_refused_and_a_perfect_fit_tests_nothing(method: str) -> None:
    covariate = np.array([0.3, 1.1, 2.7, 3.1])
    with pytest.raises(ArgumentError, match=r"has the value 0\.1: a metric that is constant"):
        one((np.full(4, 0.1), covariate), (np.full(4, 0.1), covariate), method=method)
    found = one((0.1 * covariate, covariate), (0.1 * covariate + 2, covariate), method=method)
    assert found.effect == pytest.approx(2)
    assert math.isnan(found.pvalue)
    assert found.confidence_interval() == (-math.inf, math.inf)
    assert "nothing is tested" in found.summary()


def test_several_treatments() -> None:
    control, treatment = drawn(2)
    found = adjust_means(control, {"B": treatment, "C": control})
    assert isinstance(found, Comparisons)
    assert found["C"].effect == pytest.approx(0, abs=1e-12)
