"""Intervals against published tables, other packages, and their own promise of coverage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint
from statsmodels.stats.rates import confint_poisson

from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import (
    Interval,
    count_interval,
    count_ratio_interval,
    share_difference_interval,
    share_interval,
)

LEVELS = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99])
STATSMODELS = {"wilson": "wilson", "exact": "beta"}


class TestShare:
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I: method 3 (score without
    # continuity correction) and method 5 (Clopper-Pearson). The same from
    # statsmodels.stats.proportion.proportion_confint(x, n, method="wilson" | "beta").
    @pytest.mark.parametrize(
        ("converted", "entered", "wilson", "exact"),
        [
            (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
            (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
            (0, 20, (0.0000, 0.1611), (0.0000, 0.1684)),
            (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
        ],
    )
    def test_newcombes_table(self, converted, entered, wilson, exact):
        assert rounded(share_interval(converted, entered)) == wilson
        assert rounded(share_interval(converted, entered, method="exact")) == exact

    @given(st.integers(0, 500), st.integers(1, 500), LEVELS, st.sampled_from(["wilson", "exact"]))
    def test_statsmodels(self, converted, entered, level, method):
        converted = min(converted, entered)
        found = share_interval(converted, entered, confidence_level=level, method=method)
        oracle = proportion_confint(converted, entered, alpha=1 - level, method=STATSMODELS[method])
        np.testing.assert_allclose(found, oracle, rtol=1e-8, atol=1e-10)

    @given(st.integers(0, 60), st.floats(0.01, 60), LEVELS, st.sampled_from(["wilson", "exact"]))
    def test_it_holds_the_share_and_stays_inside(self, converted, entered, level, method):
        low, high = share_interval(converted, entered, confidence_level=level, method=method)
        assert 0 <= low <= min(converted / entered, 1) <= high <= 1
        assert low < high

    def test_nobody_entered(self):
        assert share_interval(0, 0) == (0.0, 1.0)

    def test_arrays_keep_their_shape(self):
        low, high = share_interval([[1, 0], [3, 0]], [[10, 0], [3, 5]])
        assert np.shape(low) == np.shape(high) == (2, 2)
        assert (low[0, 1], high[0, 1]) == (0.0, 1.0)
        assert high[1, 0] == 1.0
        assert low[1, 1] == 0.0

    @pytest.mark.parametrize("entered", [5, 20, 80])
    def test_coverage_by_enumeration(self, entered):
        """Exact: at least 95 % everywhere. Wilson: 95 % on average over the shares."""
        shares = np.linspace(0.005, 0.995, 199)
        counts = np.arange(entered + 1)
        chances = stats.binom.pmf(counts[:, None], entered, shares)
        for method, least, mean in (("exact", 0.95, (0.95, 1.0)), ("wilson", 0.83, (0.947, 0.96))):
            low, high = share_interval(counts, np.full_like(counts, entered), method=method)
            inside = (low[:, None] <= shares) & (shares <= high[:, None])
            coverage = (inside * chances).sum(axis=0)
            assert coverage.min() >= least
            assert mean[0] <= coverage.mean() <= mean[1]

    def test_arguments(self):
        with pytest.raises(ArgumentError) as caught:
            share_interval(1, 2, confidence_level=95)
        assert str(caught.value) == (
            "`confidence_level` must be between 0 and 1; got 95. Did you mean 0.95?"
        )
        with pytest.raises(ArgumentError) as caught:
            share_interval(1, 2, method="wald")
        assert str(caught.value) == '`method` must be one of "wilson", "exact"; got \'wald\'.'


class TestCount:
    @given(st.integers(0, 3000), LEVELS)
    def test_statsmodels(self, count, level):
        found = count_interval(count, confidence_level=level)
        oracle = confint_poisson(count, 1, method="exact-c", alpha=1 - level)
        np.testing.assert_allclose(found, oracle, rtol=1e-9, atol=1e-12)

    def test_garwoods_table(self):
        """Garwood (1936), Biometrika 28, 437-442, 95 % limits."""
        published = {0: (0.000, 3.689), 1: (0.025, 5.572), 5: (1.623, 11.668), 10: (4.795, 18.390)}
        for count, limits in published.items():
            assert rounded(count_interval(count), 3) == limits

    def test_it_always_covers(self):
        means = np.linspace(0.1, 40, 200)
        counts = np.arange(150)
        low, high = count_interval(counts)
        inside = (low[:, None] <= means) & (means <= high[:, None])
        assert (inside * stats.poisson.pmf(counts[:, None], means)).sum(axis=0).min() >= 0.95


class TestCountRatio:
    def test_r(self):
        """R, the last example of ?poisson.test: poisson.test(c(11, 6 + 8 + 7),
        c(800, 1083 + 1050 + 878))$conf.int is 0.8584264 4.2772659."""
        found = np.array(count_ratio_interval(11, 21)) * (1083 + 1050 + 878) / 800
        np.testing.assert_allclose(found, [0.8584264, 4.2772659], atol=5e-8)

    @given(st.integers(0, 300), st.integers(1, 300), LEVELS)
    def test_scipy(self, x, y, level):
        ends = stats.binomtest(x, x + y).proportion_ci(level, "exact")
        expected = [end / (1 - end) for end in ends]
        found = count_ratio_interval(x, y, confidence_level=level)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-12)

    @given(st.integers(0, 300), st.integers(0, 300), LEVELS)
    def test_turning_it_over_turns_its_ends_over(self, x, y, level):
        low, high = count_ratio_interval(x, y, confidence_level=level)
        back = count_ratio_interval(y, x, confidence_level=level)
        assert 0 <= low <= high
        if x and y:
            np.testing.assert_allclose((1 / high, 1 / low), back, rtol=1e-7)
            assert low <= x / y <= high

    def test_zeros(self):
        low, high = count_ratio_interval(0, 20)
        assert low == 0.0
        assert 0 < high < 0.3
        low, high = count_ratio_interval(20, 0)
        assert 0 < low < np.inf
        assert high == np.inf
        assert count_ratio_interval(0, 0) == (0.0, np.inf)

    @pytest.mark.parametrize(("first", "second"), [(3.0, 8.0), (12.0, 10.0), (0.5, 30.0)])
    def test_it_always_covers(self, first, second):
        x, y = np.arange(60), np.arange(90)
        low, high = count_ratio_interval(x[:, None] + 0 * y, y + 0 * x[:, None])
        chances = stats.poisson.pmf(x, first)[:, None] * stats.poisson.pmf(y, second)
        inside = (low <= first / second) & (first / second <= high)
        assert (inside * chances).sum() >= 0.95


class TestShareDifference:
    # Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10. The same from
    # statsmodels.stats.proportion.confint_proportions_2indep(..., method="newcomb").
    @pytest.mark.parametrize(
        ("first", "second", "published"),
        [
            ((48, 80), (56, 70), (0.0524, 0.3339)),
            ((3, 10), (9, 10), (0.1705, 0.8090)),
            ((2, 7), (6, 7), (0.0582, 0.8062)),
            ((0, 29), (5, 56), (-0.0381, 0.1926)),
            ((0, 20), (0, 10), (-0.1611, 0.2775)),
            ((0, 10), (0, 10), (-0.2775, 0.2775)),
            ((0, 20), (10, 10), (0.6791, 1.0000)),
            ((0, 10), (10, 10), (0.6075, 1.0000)),
        ],
    )
    def test_newcombes_table(self, first, second, published):
        assert rounded(share_difference_interval(first, second)) == published

    @given(st.integers(0, 90), st.integers(1, 90), st.integers(0, 90), st.integers(1, 90), LEVELS)
    def test_statsmodels(self, x1, n1, x2, n2, level):
        x1, x2 = min(x1, n1), min(x2, n2)
        found = share_difference_interval((x1, n1), (x2, n2), confidence_level=level)
        oracle = confint_proportions_2indep(
            x2, n2, x1, n1, compare="diff", method="newcomb", alpha=1 - level
        )
        np.testing.assert_allclose(found, oracle, atol=1e-9)
        assert -1 <= found.low <= x2 / n2 - x1 / n1 <= found.high <= 1

    def test_without_leads_anything_is_possible(self):
        assert share_difference_interval((0, 0), (5, 10)) == Interval(-1.0, 1.0)

    def test_coverage_by_enumeration(self):
        """At least 93 % at each of some pairs of shares, and about 95 % on average."""
        n1, n2 = 25, 40
        x1, x2 = np.arange(n1 + 1), np.arange(n2 + 1)
        ends = np.array([[share_difference_interval((i, n1), (j, n2)) for j in x2] for i in x1])
        found = []
        for p1, p2 in [(0.1, 0.1), (0.1, 0.3), (0.5, 0.6), (0.3, 0.8), (0.02, 0.05), (0.9, 0.5)]:
            chances = stats.binom.pmf(x1, n1, p1)[:, None] * stats.binom.pmf(x2, n2, p2)
            inside = (ends[..., 0] <= p2 - p1) & (p2 - p1 <= ends[..., 1])
            found.append((inside * chances).sum())
        assert min(found) > 0.93
        assert 0.945 < np.mean(found) < 0.985


def rounded(interval, decimals=4):
    return tuple(round(float(end), decimals) for end in interval)
