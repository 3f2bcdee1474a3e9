"""Cumulants, tails and generating functions beside SciPy's and plain sums."""

import numpy as np
import pytest
from scipy import stats

from funnelkit.plan.chance.cohorts import Cohorts
from funnelkit.plan.chance.generating import Exact, Matched, beta_rule
from funnelkit.plan.chance.tails import upper_tail
from funnelkit.plan.chance.transforms import Sizes, on_a_lattice, on_a_line


def thinned(leads: int, rate: float, rho: float, share: float) -> np.ndarray:
    """Chances of 0, 1, … wins in time: each number ever won, thinned, one after the other."""
    wins = np.arange(leads + 1)
    ever = stats.binom.pmf(wins, leads, rate)
    if rho:
        ever = stats.betabinom.pmf(wins, leads, rate * (1 / rho - 1), (1 - rate) * (1 / rho - 1))
    return sum(ever[w] * stats.binom.pmf(wins, w, share) for w in wins)


def one(leads: float, rate: float, rho: float, share: float) -> tuple[Cohorts, np.ndarray]:
    cell = np.ones((1, 1, 1))
    return Cohorts(rate * cell, share * cell, np.array([rho])), np.array([[float(leads)]])


@pytest.mark.parametrize(("leads", "rate", "rho", "share"), [
    (40, 0.2, 0.0, 1.0), (40, 0.2, 0.05, 0.6), (25, 0.05, 0.3, 0.9), (3, 0.5, 0.2, 0.4),
])  # fmt: skip
def test_factorial_cumulants(leads, rate, rho, share):
    pmf, wins = thinned(leads, rate, rho, share), np.arange(leads + 1.0)
    f1, f2, f3 = (
        pmf @ wins, pmf @ (wins * (wins - 1)), pmf @ (wins * (wins - 1) * (wins - 2)),
    )  # fmt: skip
    expected = [f1, f2 - f1**2, f3 - 3 * f2 * f1 + 2 * f1**3]
    cohorts, given = one(leads, rate, rho, share)
    np.testing.assert_allclose(cohorts.cumulants(given)[:, 0, 0], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("rho", [0.0, 0.02, 0.2])
def test_the_generating_function_of_a_cohort(rho):
    pmf = thinned(30, 0.15, rho, 0.7)
    cohorts, given = one(30, 0.15, rho, 0.7)
    u = np.array([-1.0, -0.4 + 0.3j, 0.2j, -1.5 + 0.5j])[None, None, :]
    expected = [(pmf * (1 + x) ** np.arange(31)).sum() for x in u.ravel()]
    found = np.exp(Exact(cohorts, given).logarithm(u)).ravel()
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)
    if rho < 0.1:  # three cumulants say enough
        matched = np.exp(Matched(cohorts, given).logarithm(u)).ravel()
        np.testing.assert_allclose(matched, expected, atol=0.012)


@pytest.mark.parametrize(("leads", "rho"), [(400, 0.0), (400, 0.01), (400, 0.002525)])
def test_matched_has_the_same_cumulants(leads, rho):
    cohorts, given = one(leads, 0.03, rho, 0.8)
    h = 1e-3
    steps = np.array([-2, -1, 0, 1, 2]) * h
    values = Matched(cohorts, given).logarithm(steps[None, None, :] + 0j).real.ravel()
    first = (values[3] - values[1]) / (2 * h)
    second = (values[3] - 2 * values[2] + values[1]) / h**2
    expected = cohorts.cumulants(given)[:, 0, 0]
    assert first == pytest.approx(expected[0], rel=1e-4)
    assert second == pytest.approx(expected[1], abs=1e-3)


def test_nodes_of_the_beta_distribution():
    for rate, rho in ((0.01, 0.001), (0.3, 0.1), (0.02, 0.05)):
        places, weights = beta_rule(rate, rho, 20)
        worth = 1 / rho - 1
        for k in (1, 2, 3, 7):  # E[B^k] = Π (a + i) / (a + b + i)
            moment = np.prod((rate * worth + np.arange(k)) / (worth + np.arange(k)))
            assert weights @ places**k == pytest.approx(moment, rel=1e-9)
    assert beta_rule(0.2, 0.0)[0].tolist() == [0.2]
    assert beta_rule(0.0, 0.1)[0].tolist() == [0.0]


@pytest.mark.parametrize("skew", [-0.8, -1e-5, 0.0, 0.2, 1.5])
def test_tail_is_pearsons_type_three(skew):
    z = np.array([-2.5, -0.5, 0.0, 1.0, 3.0])
    mean, sd = 100.0, 7.0
    full = np.ones(len(z))
    found = upper_tail(mean + sd * z, mean * full, sd**2 * full, skew * sd**3 * full)
    np.testing.assert_allclose(found.chance, stats.pearson3(skew).sf(z), atol=3e-6)


def test_slopes_of_the_tail():
    at = np.array([95.0, 100, 112, 130]), np.full(4, 100.0), np.full(4, 50.0), np.full(4, 200.0)
    found = upper_tail(*at)
    for k, slope in enumerate((found.by_mean, found.by_variance, found.by_third), 1):
        h = 1e-4 * at[k][0]
        ends = [upper_tail(*at[:k], at[k] + sign * h, *at[k + 1 :]).chance for sign in (1, -1)]
        np.testing.assert_allclose(slope, (ends[0] - ends[1]) / (2 * h), rtol=1e-4, atol=1e-9)
    still = upper_tail(np.array([1.0, 2.0]), np.array([1.5, 1.5]), np.zeros(2), np.zeros(2))
    assert still.chance.tolist() == [1.0, 0.0]
    assert not still.by_mean.any()


def test_inversion_of_known_distributions():
    # a Poisson number of deals: on a lattice of 2 and 5, and of gamma sizes on a line
    rate = np.array([3.0, 1.2])
    wins = [stats.poisson(r).pmf(np.arange(60)) for r in rate]
    sums = np.zeros(600)
    for i, p in enumerate(wins[0]):
        for k, q in enumerate(wins[1]):
            sums[2 * i + 5 * k] += p * q
    sizes = Sizes(np.array([[2.0, 5.0]]), np.zeros(2), 1.0)
    for threshold in (1.0, 7.0, 12.5, 30.0):
        u, weights = on_a_lattice(np.array([threshold]), sizes)
        below = (weights * np.exp((rate[None, :, None] * u).sum(axis=1))).sum().real
        assert below == pytest.approx(sums[: int(np.ceil(threshold))].sum(), abs=1e-7)
    sizes = Sizes(np.array([[2.0]]), np.array([0.7]), 0.0)
    counts = np.arange(1, 60)
    for threshold in (0.5, 4.0, 15.0):
        u, weights = on_a_line(np.array([threshold]), sizes, 60)
        below = (weights * np.exp(3.0 * u[:, 0])).sum().real
        whole = stats.gamma(counts / 0.49, scale=2 * 0.49).cdf(threshold)
        expected = np.exp(-3) + stats.poisson(3).pmf(counts) @ whole
        assert below == pytest.approx(expected, abs=1e-6)
