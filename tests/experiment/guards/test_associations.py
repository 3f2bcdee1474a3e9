"""`association`: exact moments by permuting, published figures, and its level on sparse tables."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.stats import contingency

from funnelkit.experiment.guards.associations import association, moments


def permuted(counts, rng, runs):
    """Pearson's chi-squared of tables with the same margins, by shuffling labels."""
    rows = np.repeat(np.arange(counts.shape[0]), counts.sum(axis=1))
    columns = np.repeat(np.arange(counts.shape[1]), counts.sum(axis=0))
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    found = []
    for _ in range(runs):
        table = np.zeros(counts.shape)
        np.add.at(table, (rows, rng.permutation(columns)), 1)
        found.append(float(((table - expected) ** 2 / expected).sum()))
    return np.array(found)


def test_mean_and_variance_are_those_of_shuffled_labels() -> None:
    counts = np.array([[1, 1, 0], [2, 0, 3], [4, 1, 1], [0, 2, 2]])
    shuffled = permuted(counts, np.random.default_rng(1), 4000)
    mean, variance = moments(counts.astype(float))
    assert shuffled.mean() == pytest.approx(mean, abs=4 * math.sqrt(variance / 4000))
    assert shuffled.var() == pytest.approx(variance, rel=0.15)


def test_a_large_table_is_pearsons_test() -> None:
    counts = np.array([[120, 90, 60], [80, 110, 70], [95, 100, 85]])
    found, expected = association(counts), stats.chi2_contingency(counts)
    assert found.statistic == pytest.approx(expected.statistic)
    assert found.pvalue == pytest.approx(expected.pvalue, rel=0.01)
    uncorrected = contingency.association(counts, method="cramer")
    assert found.cramers_v < uncorrected < found.cramers_v + 0.05


def test_two_by_two_is_fishers_test() -> None:
    # Fisher's tea: p = .4857143, two-sided
    assert association([[3, 1], [1, 3]]).pvalue == pytest.approx(0.4857143, abs=5e-8)


def test_sparse_tables_keep_their_level() -> None:
    rng = np.random.default_rng(3)
    runs, alarms = 1500, 0
    for _ in range(runs):
        table = np.zeros((150, 2))
        np.add.at(table, (rng.integers(0, 150, 300), rng.integers(0, 2, 300)), 1)
        alarms += association(table).pvalue < 0.01
    assert alarms <= 0.01 * runs + 3 * math.sqrt(0.01 * 0.99 * runs)


def test_accounts_of_two_that_go_together_are_seen() -> None:
    table = np.array([[2, 0], [0, 2]] * 20)
    found = association(table)
    assert found.pvalue < 1e-6
    assert found.cramers_v > 0.6


@pytest.mark.parametrize(
    "table", [[[5, 3]], [[5], [3]], [[0, 0], [0, 0]], [[5, 0], [3, 0]], [[1, 0], [0, 1], [1, 0]]]
)
def test_too_little_says_nothing(table) -> None:
    found = association(table)
    assert (found.cramers_v, found.pvalue) == (0.0, 1.0)
