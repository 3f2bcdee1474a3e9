"""Segments and their sums: least squares in full, dependence put in, whole numbers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from funnelkit.forecast.series import dependence, levels

SEGMENTS = [("web", "eu"), ("web", "us"), ("fair", "eu"), ("fair", "us"), ("mail", "eu")]


def test_sums_are_those_of_shared_labels() -> None:
    found = levels.summing(SEGMENTS, labels=True)
    groups = {tuple(np.flatnonzero(row).tolist()) for row in found}
    assert groups == {(0, 1, 2, 3, 4), (0, 1), (2, 3), (0, 2, 4), (1, 3)}
    assert found[0].all()
    assert levels.summing(SEGMENTS, labels=False).tolist() == [[1] * 5]
    assert levels.summing(SEGMENTS[:1], labels=True).shape == (0, 1)


def test_sums_begin_with_their_first_segment() -> None:
    values = np.array([[np.nan, np.nan, 1], [np.nan, 2, 3]])
    np.testing.assert_array_equal(levels.sums_of(values, np.ones((1, 2))), [[np.nan, 2, 4]])


def test_reconciled_means_are_generalised_least_squares() -> None:
    """The same by the textbook formula with the whole covariance matrix of all forecasts."""
    chance = np.random.default_rng(1)
    sums = levels.summing(SEGMENTS, labels=True)
    size, many = 5, 5 + len(sums)
    expected = np.vstack([chance.uniform(20, 40, (size, 3)), np.zeros((len(sums), 3))])
    expected[size:] = sums @ expected[:size] * chance.uniform(0.9, 1.1, (len(sums), 3))
    spread = chance.uniform(1, 6, (many, 3))
    factors = chance.uniform(0, 0.5, (size, 2))
    found = levels.reconciled(expected, spread, sums, factors)
    every = np.vstack([np.eye(size), sums])
    for h in range(3):
        correlation = factors @ factors.T
        np.fill_diagonal(correlation, 1)
        whole = np.diag(spread[:, h] ** 2)
        whole[:size, :size] = correlation * np.outer(spread[:size, h], spread[:size, h])
        inverse = np.linalg.inv(whole)
        plain = np.linalg.solve(every.T @ inverse @ every, every.T @ inverse @ expected[:, h])
        np.testing.assert_allclose(found[:, h], plain, rtol=1e-8)


def test_means_that_agree_stay_and_none_is_below_zero() -> None:
    sums = np.ones((1, 2))
    agreed = np.array([[3.0], [4.0], [7.0]])
    np.testing.assert_allclose(
        levels.reconciled(agreed, np.ones((3, 1)), sums, np.zeros((2, 1))), [[3], [4]]
    )
    torn = np.array([[0.5], [9.0], [2.0]])
    found = levels.reconciled(torn, np.array([[3.0], [3.0], [0.1]]), sums, np.zeros((2, 1)))
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(), 2, atol=0.05)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_shared_errors_find_the_correlation(correlation: float) -> None:
    chance = np.random.default_rng(2)
    cover = correlation + (1 - correlation) * np.eye(6)
    found = []
    for _ in range(30):
        noise = chance.multivariate_normal(np.zeros(6), cover, 60).T
        loadings = dependence.shared_errors((20 + noise) ** 2, 12)
        product = loadings @ loadings.T
        found.append((product.sum() - np.trace(product)) / 30)
        assert (np.diag(product) <= 1 + 1e-12).all()
    assert abs(np.mean(found) - correlation) < 0.06


@pytest.mark.parametrize("values", [np.zeros((3, 40)), np.ones((3, 4)), np.ones((1, 40))])
def test_nothing_is_shared_where_nothing_is_seen(values: np.ndarray) -> None:
    assert not dependence.shared_errors(values, 12).any()


def test_ordered_draws_depend_as_asked_and_are_the_same_draws() -> None:
    chance = np.random.default_rng(3)
    draws = chance.gamma(4, 5, (4000, 3, 2))
    loadings = np.sqrt(np.array([[0.6], [0.6], [0.0]]))
    found = dependence.in_order(draws, loadings, np.random.default_rng(4))
    np.testing.assert_allclose(np.sort(found.sum(2), axis=0), np.sort(draws.sum(2), axis=0))
    ranks = stats.spearmanr(found.sum(axis=2)).statistic
    # rank correlation of a normal copula: 6 / pi asin(r / 2)
    assert abs(ranks[0, 1] - 6 / np.pi * np.arcsin(0.3)) < 0.03
    assert abs(ranks[0, 2]) < 0.04


def test_sums_of_draws_have_the_spread_of_the_total() -> None:
    chance = np.random.default_rng(5)
    draws = chance.gamma(25, 1, (2000, 4, 3))  # sums with standard deviation 10
    total = np.maximum(chance.normal(100, 20, (2000, 1)) + chance.normal(0, 5, (2000, 3)), 0)
    found = dependence.calibrated(draws, total)
    assert (found >= 0).all()
    shares = (0.025, 0.1, 0.5, 0.9, 0.975)
    for have, wanted in (
        (found.sum(axis=1)[:, 0], total[:, 0]),
        (found.sum(axis=1)[:, 2], total[:, 2]),
        (found.sum(axis=(1, 2)), total.sum(axis=1)),
    ):
        np.testing.assert_allclose(
            np.quantile(have, shares), np.quantile(wanted, shares), rtol=0.03
        )


def test_whole_numbers_keep_means_and_sums() -> None:
    draws = np.random.default_rng(6).gamma(0.5, 1, (3000, 5, 2))
    found = dependence.whole_numbers(draws, np.random.default_rng(7))
    assert (found == np.round(found)).all()
    assert (np.abs(found - draws) < 1).all()
    assert (np.abs(found.sum(axis=1) - draws.sum(axis=1)) < 1).all()
    # rounding has a standard deviation of at most a half: 4.5 standard errors
    np.testing.assert_allclose(found.mean(axis=0), draws.mean(axis=0), atol=4.5 * 0.5 / 3000**0.5)
    exact = np.random.default_rng(8).poisson(3, (50, 4, 2)).astype(float)
    np.testing.assert_array_equal(dependence.whole_numbers(exact, np.random.default_rng(9)), exact)
