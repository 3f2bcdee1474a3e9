"""Sizes of deals to come, against the Bayesian bootstrap's and Bühlmann's formulas."""

import numpy as np
import pytest

from funnelkit.forecast.open_pipeline.sizes_to_come import (
    _STEPS,
    _picked,
    credibility_strength,
    merged,
    sizes_to_come,
)


def test_doubt_about_the_mean_is_that_of_the_bayesian_bootstrap():
    amounts = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    sizes = sizes_to_come([amounts], np.random.default_rng(1))
    means = sizes.weights[0] @ sizes.values[0]
    # Rubin (1981): the mean is that of the data, the variance Σ(x - m)² / (n (n + 1))
    wanted = ((amounts - amounts.mean()) ** 2).sum() / (5 * 6)
    assert means.var() == pytest.approx(wanted, rel=0.35)  # 200 sets
    assert sizes.mean[0] == pytest.approx(amounts.mean(), rel=0.1)


def test_a_segment_with_few_deals_borrows_from_all():
    rng = np.random.default_rng(2)
    small, large = rng.lognormal(3, 0.3, 500), rng.lognormal(5, 0.3, 500)
    sizes = sizes_to_come([small, large, large[:1]], rng)
    assert sizes.own[0] > 0.99  # segments differ by far more than deals do
    assert 0.3 < sizes.own[2] <= 0.6
    assert sizes.mean[0] == pytest.approx(small.mean(), rel=0.05)


def test_strength_is_the_variance_within_over_that_between():
    rng = np.random.default_rng(3)
    parts = [rng.lognormal(mean, 1.0, 4000) for mean in rng.normal(0, 0.5, 60)]
    assert credibility_strength(parts) == pytest.approx(1.0 / 0.25, rel=0.3)


@pytest.mark.parametrize("parts", [[], [np.zeros(0)], [np.array([3.0])], [np.zeros(0)] * 3])
def test_strength_of_next_to_nothing(parts):
    assert np.isfinite(credibility_strength(parts))


def test_sums_are_of_deals_drawn_one_by_one():
    amounts = np.array([10.0, 1000.0])
    sizes = sizes_to_come([amounts], np.random.default_rng(4))
    wins = np.array([[[0, 1]], [[1, 2]]] * 3000)
    money = sizes.sums(wins, np.random.default_rng(5))
    assert not money[::2, 0, 0].any()
    assert set(np.unique(money[1::2, 0, 0])) == {10.0, 1000.0}
    assert set(np.unique(money[1::2, 0, 1])) == {20.0, 1010.0, 2000.0}
    assert money[1::2, 0, 1].mean() == pytest.approx(2 * 505, rel=0.05)


@pytest.mark.parametrize("n", [100, _STEPS - 1, _STEPS, 200_000])
def test_many_are_picked_as_few(n):
    rng = np.random.default_rng(10)
    weights = rng.gamma(0.05, size=3000)  # some of next to nothing, beside some of several steps
    cumulative = np.cumsum(weights / weights.sum())
    drawn = np.concatenate([rng.random(n - 3), [0.0, 0.5, np.nextafter(1.0, 0)]])
    wanted = np.searchsorted(cumulative, drawn * cumulative[-1], side="right")
    assert _picked(cumulative, drawn).tolist() == np.minimum(wanted, 2999).tolist()


def test_many_deals_have_the_mean_and_spread_of_their_sum():
    rng = np.random.default_rng(6)
    amounts = rng.lognormal(2, 1, 5000)
    sizes = sizes_to_come([amounts], rng)
    money = sizes.sums(np.full((800, 1, 1), 3000), rng)
    assert money.mean() == pytest.approx(3000 * amounts.mean(), rel=0.02)
    # chance 3000 s², and doubt about the mean 3000² s² / 5001
    wanted = (3000 + 3000**2 / 5001) * amounts.var()
    assert money.var() == pytest.approx(wanted, rel=0.3)


def test_without_amounts_nothing_is_brought():
    sizes = sizes_to_come([np.zeros(0)], np.random.default_rng(7))
    assert np.isnan(sizes.mean[0])
    assert not sizes.sums(np.ones((5, 1, 2), np.int64), np.random.default_rng(8)).any()


def test_merging_keeps_the_sum_and_the_largest():
    amounts = np.sort(np.random.default_rng(9).lognormal(0, 2, 30_000))
    values, times = merged(amounts)
    assert len(values) == 1000
    assert values @ times == pytest.approx(amounts.sum())
    assert values[-200:].tolist() == amounts[-200:].tolist()
    assert times.sum() == 30_000
