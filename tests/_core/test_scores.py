"""Scores against SciPy's distributions, closed forms and slow sums."""

import numpy as np
import pytest
from scipy import integrate, stats

from funnelkit._core import scores
from funnelkit._core.errors import ArgumentError
from funnelkit._core.scores import CountDistribution


def slow_crps(distribution, observed):
    """∫ (F(t) - 1{t >= observed})² dt, a step of width one for each whole number."""
    steps = range(-50, 400)
    return sum((distribution.cdf(y) - (y >= observed)) ** 2 for y in steps)


class TestCounts:
    @pytest.mark.parametrize(("trials", "share"), [(1, 0.3), (40, 0.02), (300, 0.5), (25, 0.999)])
    def test_binomial(self, trials, share):
        found = CountDistribution.of_trials(trials, share)
        expected = stats.binom(trials, share)
        np.testing.assert_allclose(found.probabilities, expected.pmf(found.counts), rtol=1e-9)
        assert found.mean == pytest.approx(trials * share)
        for level in (0.5, 0.95):
            assert found.interval(level) == expected.interval(level)

    @pytest.mark.parametrize(("a", "b"), [(0.5, 40.0), (3.0, 5.0), (200.0, 1800.0)])
    def test_beta_binomial(self, a, b):
        mean, variance = stats.beta.stats(a, b)
        found = CountDistribution.of_trials(120, mean, variance=variance)
        expected = stats.betabinom(120, a, b)
        np.testing.assert_allclose(found.probabilities, expected.pmf(found.counts), rtol=1e-7)
        assert found.interval(0.9) == expected.interval(0.9)

    def test_many_trials_are_listed_only_where_it_matters(self):
        found = CountDistribution.of_trials(1_000_000, 0.001, variance=1e-9)
        assert len(found.probabilities) < 10_000
        expected = stats.betabinom(1_000_000, *beta_of(0.001, 1e-9))
        assert found.interval(0.95) == expected.interval(0.95)

    def test_what_is_certain_comes_on_top(self):
        found = CountDistribution.of_trials(10, 0.2, certain=7)
        assert found.mean == pytest.approx(9.0)
        assert found.quantile(0.0) == 7
        assert found.quantile(1.0) == 17

    @pytest.mark.parametrize(("trials", "share"), [(0, 0.4), (9, 0.0), (9, 1.0)])
    def test_without_any_doubt(self, trials, share):
        found = CountDistribution.of_trials(trials, share, variance=0.01, certain=2)
        assert found.interval() == (2 + trials * share // 1, 2 + trials * share // 1)
        assert found.log_score(found.first) == 0.0
        assert found.crps(found.first + 5) == 5.0
        assert found.crps(found.first - 2) == 2.0

    def test_more_doubt_than_a_share_can_have(self):
        found = CountDistribution.of_trials(10, 0.5, variance=7.0)
        assert found.probabilities.sum() == pytest.approx(1.0)
        assert found.probabilities[0] > 0.4

    @pytest.mark.parametrize(("share", "variance"), [(-0.1, 0.0), (1.2, 0.0), (0.5, -1.0)])
    def test_impossible_shares(self, share, variance):
        with pytest.raises(ArgumentError, match="`share`"):
            CountDistribution.of_trials(10, share, variance=variance)


def beta_of(mean, variance):
    worth = mean * (1 - mean) / variance - 1
    return mean * worth, (1 - mean) * worth


class TestScoresOfCounts:
    @pytest.mark.parametrize("observed", [-3, 0, 4, 11, 30, 33])
    def test_crps_against_a_slow_sum(self, observed):
        variance = 0.004
        found = CountDistribution.of_trials(30, 0.3, variance=variance)
        expected = stats.betabinom(30, *beta_of(0.3, variance))
        assert found.crps(observed) == pytest.approx(slow_crps(expected, observed))

    def test_crps_of_a_yes_or_no_is_half_a_brier_score(self):
        # Gneiting and Raftery (2007): for one trial, (p - y)².
        found = CountDistribution.of_trials(1, 0.3)
        assert found.crps(1) == pytest.approx(0.49)
        assert found.crps(0) == pytest.approx(0.09)

    def test_log_score(self):
        found = CountDistribution.of_trials(30, 0.3, certain=2)
        assert found.log_score(9) == pytest.approx(stats.binom.logpmf(7, 30, 0.3))
        assert found.log_score(1) == -np.inf
        spared = found.log_score(1, spare=1e-4, among=32)
        assert spared == pytest.approx(np.log(1e-4 / 33))

    def test_both_are_proper(self):
        """On average over what comes, no forecast scores better than the true one."""
        truth = stats.binom(20, 0.35)
        counts = np.arange(21)

        def mean(share, name):
            forecast = CountDistribution.of_trials(20, share)
            return truth.pmf(counts) @ [getattr(forecast, name)(int(y)) for y in counts]

        others = [0.2, 0.3, 0.4, 0.6]
        assert mean(0.35, "log_score") > max(mean(share, "log_score") for share in others)
        assert mean(0.35, "crps") < min(mean(share, "crps") for share in others)


class TestScoresOfSamples:
    def test_against_the_closed_form_of_the_normal(self):
        """Gneiting et al. (2005), Monthly Weather Review 133, eq. 5; a fine grid as draws."""
        mean, sd, observed = 1.0, 2.0, 2.5
        draws = stats.norm.ppf((np.arange(4000) + 0.5) / 4000, mean, sd)
        z = (observed - mean) / sd
        closed = z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi)
        assert scores.crps_samples(draws, observed) == pytest.approx(sd * closed, rel=1e-3)

    def test_against_the_integral(self):
        draws = np.array([0.0, 0.5, 2.0])
        steps = integrate.quad(
            lambda t: ((draws <= t).mean() - (t >= 1.2)) ** 2, -1, 3, points=[0, 0.5, 1.2, 2]
        )[0]
        assert scores.crps_samples(draws, 1.2) == pytest.approx(steps)

    def test_many_forecasts_at_once(self):
        draws = np.random.default_rng(1).normal(size=(2, 3, 50))
        observed = np.zeros((2, 3))
        found = scores.crps_samples(draws, observed)
        pairs = np.abs(draws[..., :, None] - draws[..., None, :]).mean(axis=(-1, -2))
        np.testing.assert_allclose(found, np.abs(draws).mean(axis=-1) - pairs / 2)

    def test_of_counts_agrees_with_the_distribution(self):
        forecast = CountDistribution.of_trials(12, 0.4)
        draws = np.repeat(forecast.counts, np.round(forecast.probabilities * 1e5).astype(int))
        assert scores.crps_samples(draws, 7) == pytest.approx(forecast.crps(7), rel=1e-3)


def test_coverage_counts_the_ends():
    assert scores.coverage([1, 1, 1, 1], [3, 3, 3, 3], [1, 3, 0, 2]) == 0.75


def test_bias_is_above_zero_where_forecasts_are_too_high():
    assert scores.bias([0.2, 0.4], [0.1, 0.3]) == pytest.approx(0.1)


def test_skill():
    assert scores.skill(0.5, 2.0) == 0.75
    assert scores.skill(3.0, 2.0) == -0.5
    assert scores.skill(0.0, 0.0) == 0.0
    assert scores.skill(1.0, 0.0) == -99.0
