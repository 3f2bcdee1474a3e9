"""Weighted sums of rates and means: published figures, other packages, coverage, edges."""

import math

import numpy as np
import pytest
from scipy import stats

from funnelkit._core.interval import share_interval
from funnelkit.experiment.unrandomised.contrasts import (
    log_odds_contrast,
    mean_contrast,
    rate_contrast,
)

FOUR = ([38, 40, 44, 60], [190, 200, 210, 200], [1, -1, -1, 1])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [  # Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((6, 7), (2, 7), (0.0582, 0.8062)),
        ((5, 56), (0, 29), (-0.0381, 0.1926)),
        ((0, 10), (0, 20), (-0.1611, 0.2775)),
        ((10, 10), (0, 10), (0.6075, 1.0000)),
    ],
)
def test_two_rates_are_newcombes(first, second, expected) -> None:
    found = rate_contrast([second[0], first[0]], [second[1], first[1]], [-1, 1])
    assert found.bounds(0.95) == pytest.approx(expected, abs=6e-5)


def test_four_rates_by_the_plain_formula() -> None:
    x, n, w = (np.array(values) for values in FOUR)
    low, high = share_interval(x, n, confidence_level=0.9)
    share, down, up = x / n, 0.0, 0.0
    for k in range(4):  # Zou, Huang and Zhang (2009): each rate lends the end that hurts
        end = (low[k], high[k]) if w[k] > 0 else (high[k], low[k])
        down += (w[k] * (share[k] - end[0])) ** 2
        up += (w[k] * (end[1] - share[k])) ** 2
    estimate = w @ share
    found = rate_contrast(*FOUR)
    assert found.bounds(0.9) == pytest.approx((estimate - down**0.5, estimate + up**0.5))


def contrasts():
    rng = np.random.default_rng(1)
    for _ in range(12):
        n = rng.integers(2, 60, 4)
        x = rng.binomial(n, rng.uniform(0.0, 1.0, 4))
        yield rate_contrast(x, n, [1, -1, -1, 1])
        yield log_odds_contrast(x, n, [1, -1, -1, 1])
        yield mean_contrast(n, rng.normal(size=4), rng.exponential(size=4), [1, -1, -1, 1])


def test_interval_and_pvalue_are_a_pair() -> None:
    for found in contrasts():
        none = 1.0 if found.method.startswith("logit") else 0.0
        for level in (0.5, 0.8, 0.95, 0.999):
            low, high = found.bounds(level)
            assert low <= found.estimate <= high
            assert (none < low or none > high) == (found.pvalue < 1 - level)


@pytest.mark.parametrize("kind", [rate_contrast, log_odds_contrast])
def test_one_sided_intervals_and_pvalues_are_a_pair(kind) -> None:
    none = 0.0 if kind is rate_contrast else 1.0
    up, down = (kind(*FOUR, alternative=way) for way in ("greater", "less"))
    assert up.pvalue + down.pvalue == pytest.approx(1)
    assert up.pvalue == pytest.approx(kind(*FOUR).pvalue / 2)
    for level in (0.9, 0.95, 0.99):
        low, high = up.bounds(level)
        assert (low > none) == (up.pvalue < 1 - level)
        assert high == (2.0 if kind is rate_contrast else math.inf)
        assert down.bounds(level)[0] == (-2.0 if kind is rate_contrast else 0.0)


def test_two_means_are_welchs_test() -> None:
    found = mean_contrast([20, 30], [5.0, 6.1], [1.5, 2.5], [-1, 1])
    expected = stats.ttest_ind_from_stats(6.1, 2.5, 30, 5.0, 1.5, 20, equal_var=False)
    assert (found.statistic, found.pvalue) == pytest.approx((expected.statistic, expected.pvalue))
    one = mean_contrast([20, 30], [5.0, 6.1], [1.5, 2.5], [-1, 1], alternative="greater")
    assert one.pvalue == pytest.approx(expected.pvalue / 2)
    assert one.bounds(0.95)[1] == math.inf
    assert (one.bounds(1 - one.pvalue)[0]) == pytest.approx(0, abs=1e-9)


def test_four_means_are_a_saturated_regression_with_hc2() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(2)
    treated, after = (np.repeat(k, 40) for k in ([0, 1, 0, 1], [0, 0, 1, 1]))
    y = rng.normal(size=160) + treated + 0.5 * after + 0.7 * treated * after
    design = np.column_stack([np.ones(160), treated, after, treated * after])
    fit = sm.OLS(y, design).fit(cov_type="HC2")
    cells = [y[(treated == t) & (after == a)] for t, a in ((0, 0), (1, 0), (0, 1), (1, 1))]
    found = mean_contrast(
        [len(c) for c in cells],
        [c.mean() for c in cells],
        [c.std(ddof=1) for c in cells],
        [1, -1, -1, 1],
    )
    assert found.estimate == pytest.approx(fit.params[3])
    assert found.estimate / found.statistic == pytest.approx(fit.bse[3])


def test_the_logit_interaction_is_that_of_a_regression() -> None:
    import statsmodels.api as sm

    x, n = np.array(FOUR[0]) + 0.5, np.array(FOUR[1]) + 1  # halves added
    cells = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 1, 1]])
    fit = sm.GLM(
        np.repeat([1.0, 0.0], 4),
        np.vstack([cells, cells]),
        family=sm.families.Binomial(),
        freq_weights=np.concatenate([x, n - x]),
    ).fit()
    found = log_odds_contrast(FOUR[0], FOUR[1], [1, -1, -1, 1])
    assert math.log(found.estimate) == pytest.approx(fit.params[3], abs=1e-6)
    assert found.pvalue == pytest.approx(fit.pvalues[3], abs=1e-6)


def test_coverage_of_four_small_rates() -> None:
    """A short run; benchmarks/difference_in_differences.py has the table."""
    rng = np.random.default_rng(3)
    for n, rates in ((20, (0.05, 0.1, 0.1, 0.3)), (40, (0.5, 0.4, 0.2, 0.2))):
        truth = rates[0] - rates[1] - rates[2] + rates[3]
        held = 0
        for _ in range(300):
            x = rng.binomial(n, rates)
            low, high = rate_contrast(x, [n] * 4, [1, -1, -1, 1]).bounds(0.95)
            held += low <= truth <= high
        assert held >= 0.95 * 300 - 3 * math.sqrt(0.95 * 0.05 * 300)  # 274


def test_no_conversions_and_nothing_but_conversions() -> None:
    none = rate_contrast([0] * 4, [10, 20, 10, 20], [1, -1, -1, 1])
    assert (none.estimate, none.pvalue) == (0.0, 1.0)
    low, high = none.bounds(0.95)
    assert -0.6 < low < -0.1 < 0.1 < high < 0.6
    odds = log_odds_contrast([0, 0, 0, 10], [10] * 4, [1, -1, -1, 1])
    assert 1 < odds.estimate < math.inf
    extreme = rate_contrast([5000, 0, 0, 5000], [5000] * 4, [1, -1, -1, 1])
    assert extreme.estimate == 2.0
    assert 0.0 <= extreme.pvalue < 1e-100
    assert extreme.bounds(0.95)[1] == 2.0


def test_means_that_do_not_vary() -> None:
    same = mean_contrast([5, 5], [1.0, 1.0], [0.0, 0.0], [-1, 1])
    assert (same.estimate, same.pvalue, same.bounds(0.95)) == (0.0, 1.0, (0.0, 0.0))
    other = mean_contrast([5, 5], [1.0, 2.0], [0.0, 0.0], [-1, 1])
    assert (other.estimate, other.pvalue) == (1.0, 0.0)
    less = mean_contrast([5, 5], [1.0, 2.0], [0.0, 0.0], [-1, 1], alternative="less")
    assert less.pvalue == 1.0
