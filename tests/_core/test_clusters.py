"""Effective numbers of leads against statsmodels, a slow version, and their promise of coverage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.regression.linear_model import OLS

from funnelkit._core.clusters import ClusterSums
from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import share_interval


def sums_of(x, n):
    x, n = np.asarray(x), np.asarray(n)
    return ClusterSums(accounts=len(n), nn=(n * n).sum(), xn=(x * n).sum(), xx=(x * x).sum())


@st.composite
def some_accounts(draw):
    n = draw(st.lists(st.integers(1, 8), min_size=1, max_size=15))
    return [draw(st.integers(0, size)) for size in n], n


def test_it_is_the_cluster_robust_variance_of_statsmodels():
    """A mean of zeros and ones, residuals summed by account, corrected by m / (m - 1)."""
    rng = np.random.default_rng(1)
    n = rng.integers(1, 12, 60)
    x = rng.binomial(n, rng.beta(1, 3, 60))
    outcome = np.concatenate(
        [np.repeat([1.0, 0.0], [won, size - won]) for won, size in zip(x, n, strict=True)]
    )
    oracle = OLS(outcome, np.ones(len(outcome))).fit(
        cov_type="cluster", cov_kwds={"groups": np.repeat(np.arange(60), n)}
    )
    share = outcome.mean()
    found = sums_of(x, n).effective(x.sum(), n.sum())
    np.testing.assert_allclose(found, share * (1 - share) / oracle.bse[0] ** 2, rtol=1e-10)


@given(some_accounts())
def test_the_slow_version(accounts):
    x, n = (np.array(part) for part in accounts)
    m, total, share = len(n), n.sum(), x.sum() / n.sum()
    found = float(sums_of(x, n).effective(x.sum(), total))
    as_one = total**2 / sum(size**2 for size in n)
    if m == 1 or share in {0, 1}:
        assert found == pytest.approx(as_one)
        return
    residuals = [won - share * size for won, size in zip(x, n, strict=True)]
    variance = sum(each**2 for each in residuals) * m / (m - 1) / total**2
    expected = total if variance < 1e-12 else min(total, share * (1 - share) / variance)
    assert found == pytest.approx(expected)


@given(some_accounts(), st.sampled_from([0.5, 0.8, 0.95, 0.99]))
def test_a_level_only_lowers_it(accounts, level):
    x, n = (np.array(part) for part in accounts)
    sums = sums_of(x, n)
    plain = sums.effective(x.sum(), n.sum())
    lowered = sums.effective(x.sum(), n.sum(), confidence_level=level)
    assert 0 < lowered <= plain <= n.sum()


def test_few_accounts_are_worth_less():
    x, n = np.array([1, 2, 3, 0]), np.array([4, 4, 4, 4])
    sums = sums_of(x, n)
    plain, lowered = sums.effective(6, 16), sums.effective(6, 16, confidence_level=0.9)
    expected = (stats.norm.isf(0.05) / stats.t.isf(0.05, 3)) ** 2
    assert lowered / plain == pytest.approx(expected)


def test_accounts_of_one_lead_are_leads():
    rng = np.random.default_rng(2)
    x = rng.binomial(1, 0.3, 400)
    assert sums_of(x, np.ones(400, int)).effective(x.sum(), 400) == pytest.approx(399)


def test_no_leads():
    assert sums_of([], []).effective(0, 0) == 0.0


def test_sums_add_over_cells():
    sums = ClusterSums(
        accounts=[[1, 2], [3, 4]], nn=[[1, 2], [3, 4]], xn=[[1, 2], [3, 4]], xx=[[1, 2], [3, 4]]
    )
    assert sums.summed(1).nn.tolist() == [[3.0], [7.0]]
    assert sums.summed((0, 1)).xx.tolist() == [[10.0]]
    picked = sums.summed(1, where=np.array([[True, False], [True, True]]))
    assert picked.accounts.tolist() == [[1.0], [7.0]]


def test_the_level_is_checked():
    with pytest.raises(ArgumentError, match="confidence_level"):
        sums_of([1], [2]).effective(1, 2, confidence_level=95)


@pytest.mark.parametrize(("accounts", "share", "alike"), [(10, 0.3, 0.3), (60, 0.1, 0.2)])
def test_coverage_where_accounts_decide_as_one(accounts, share, alike):
    """Intervals that take leads as independent cover 75 to 88 % here."""
    rng = np.random.default_rng(3)
    covered, naive, runs = 0, 0, 1500
    for _ in range(runs):
        n = 1 + rng.poisson(4, accounts)
        own = rng.beta(share * (1 / alike - 1), (1 - share) * (1 / alike - 1), accounts)
        x = rng.binomial(n, own)
        total = n.sum()
        worth = sums_of(x, n).effective(x.sum(), total, confidence_level=0.95)
        low, high = share_interval(x.sum() / total * worth, worth)
        covered += low <= share <= high
        low, high = share_interval(x.sum(), total)
        naive += low <= share <= high
    assert 0.93 < covered / runs < 0.98
    assert naive / runs < 0.9
