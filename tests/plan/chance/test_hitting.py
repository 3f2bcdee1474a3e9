"""The chance of a target against exact distributions, brute force and finite differences."""

import numpy as np
import pytest
from scipy import stats

from funnelkit._core.errors import ArgumentError
from funnelkit.plan import Assumptions, HitChance, stated
from tests.reference.planned import totals


def one_channel(**given) -> Assumptions:
    return stated([0.25, 0.40, 0.50, 0.20], value=25_000, **given)


def chance(assumptions: Assumptions, leads: float, target: float, unit: str = "value") -> float:
    return HitChance(assumptions, unit).probability(np.array([[float(leads)]]), target)


# The issue's numbers: of L leads each won with .01, at least 40 (1,000,000 / 25,000) are won.
@pytest.mark.parametrize("leads", [3966, 3967, 4000, 4517, 4518, 4824, 4825, 5087, 5088])
def test_independent_leads_are_binomial(leads):
    expected = stats.binom.sf(39, leads, 0.01)
    assert chance(one_channel(), leads, 1_000_000) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("leads", [4000, 4099, 4100, 5587, 5588, 6625, 6626])
def test_a_cohort_is_beta_binomial(leads):
    # correlation rho: a + b = 1 / rho - 1 = 999
    expected = stats.betabinom.sf(39, leads, 0.01 * 999, 0.99 * 999)
    found = chance(one_channel(correlation=0.001), leads, 1_000_000)
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("leads", [3944, 3945, 4833, 4834, 5382, 5383])
def test_a_rate_learned_from_30_of_3000(leads):
    # beta(30.5, 2970.5) of Jeffreys, then binomial: beta-binomial
    found = chance(stated([(30, 3000)], value=25_000), leads, 1_000_000)
    assert found == pytest.approx(stats.betabinom.sf(39, leads, 30.5, 2970.5), abs=2e-6)


def test_the_chances_that_the_issue_gives():
    assert chance(one_channel(), 4000, 1_000_000) == pytest.approx(0.52135, abs=5e-6)
    assert chance(one_channel(correlation=0.001), 4000, 1e6) == pytest.approx(0.4724, abs=5e-5)


def test_single_deals_of_gamma_sizes():
    # 3 of 5 leads at most … by the count of wins, and gamma sums given the count
    assumptions = stated([0.3], value={"mean": 100.0, "cv": 0.8})
    wins = np.arange(6)
    sums = stats.gamma(np.maximum(wins, 1) / 0.64, scale=64.0).sf(180)
    expected = (stats.binom.pmf(wins, 5, 0.3) * np.where(wins, sums, 0)).sum()
    assert chance(assumptions, 5, 180) == pytest.approx(expected, abs=1e-6)


def test_thinned_by_the_lag():
    # of a cohort only the part .2 + .5 comes by the second month: binomial thinned again
    assumptions = stated([0.04], lag=[0.2, 0.5, 0.3], horizon=3)
    leads = np.array([[300.0, 0.0, 0.0]])
    found = HitChance(assumptions, "count")
    for until, share in ((1, 0.2), (2, 0.7), (3, 1.0)):
        expected = stats.binom.sf(7, 300, 0.04 * share)
        assert found.probability(leads, 8, until=until) == pytest.approx(expected, abs=1e-7)
    alone = stats.binom.sf(7, 300, 0.04 * 0.5)
    assert found.probability(leads, 8, since=1, until=2) == pytest.approx(alone, abs=1e-7)


def test_what_is_there_counts_first():
    assumptions = one_channel(in_flight=600_000.0, direct=400_000.0)
    assert chance(assumptions, 0, 1_000_000) == 1.0
    assert chance(assumptions, 0, 1_000_001) == 0.0
    # 25,000 more: one win at least
    assert chance(assumptions, 50, 1_025_000) == pytest.approx(1 - 0.99**50, abs=1e-7)


CASES = {
    "many deals": {
        "rates": {
            "inbound": {
                "rates": [0.3, 0.07],
                "value": {"mean": 20_000, "cv": 0.8},
                "lag": (2, 1.2),
            },
            "events": {"rates": [0.1, 0.08], "value": {"mean": 45_000, "cv": 1.0}, "lag": (4, 1.8)},
        },
        "more": {"horizon": 6, "doubt": 0.12, "lag_doubt": 0.15, "correlation": 0.001},
        "leads": (500.0, 1500.0),
        "deals": "value",
    },
    "few deals of money": {
        "rates": {
            "inbound": {"rates": [0.05], "value": {"mean": 20_000, "cv": 0.8, "sd": 2_000}},
            "events": {"rates": [0.02], "value": {"mean": 90_000, "cv": 1.2, "sd": 9_000}},
        },
        "more": {"horizon": 3, "lag": [0.5, 0.3, 0.2], "doubt": 0.25, "correlation": 0.01},
        "leads": (30.0, 40.0),
        "deals": "value",
    },
    "few deals, cohorts that differ much": {
        "rates": {"a": [0.15], "b": [0.03]},
        "more": {"horizon": 4, "lag": [0.2, 0.5, 0.3], "doubt": 0.3, "correlation": 0.05},
        "leads": (20.0, 100.0),
        "deals": "count",
    },
    "one large cohort in doubt": {
        "rates": {"a": {"rates": [0.02], "value": {"mean": 10_000, "cv": 2.0}}},
        "more": {"doubt": 0.2, "correlation": 0.002},
        "leads": (4000.0,),
        "deals": "value",
    },
    "beside much in flight": {
        "rates": {"a": {"rates": [0.02], "value": {"mean": 30_000, "cv": 0.5}}},
        "more": {"horizon": 2, "lag": [0.6, 0.4], "in_flight": (900_000, 200_000), "doubt": 0.1},
        "leads": (300.0,),
        "deals": "value",
    },
}


@pytest.mark.parametrize("name", CASES)
def test_brute_force(name):
    case = CASES[name]
    assumptions = stated(case["rates"], **case["more"])
    months = len(assumptions.periods)
    leads = np.repeat(np.array(case["leads"])[:, None], months, axis=1)
    n = 120_000
    rng = np.random.default_rng(3)
    drawn = totals(assumptions, leads, unit=case["deals"], n=n, rng=rng)
    found = HitChance(assumptions, case["deals"])
    for quantile in (0.1, 0.5, 0.8):
        target = float(np.quantile(drawn, quantile))
        expected = np.mean(drawn >= target)
        # .003, and what 120,000 draws leave in doubt (three standard errors are .0043 at most)
        slack = 0.003 + 3 * np.sqrt(expected * (1 - expected) / n) * 0.6
        assert found.probability(leads, target) == pytest.approx(expected, abs=slack), quantile


@pytest.mark.parametrize("method", ["auto", "smooth", "few"])
@pytest.mark.parametrize("name", CASES)
def test_gradient_by_finite_differences(name, method):
    case = CASES[name]
    assumptions = stated(case["rates"], **case["more"], n_draws=60)
    months = len(assumptions.periods)
    leads = np.repeat(np.array(case["leads"])[:, None], months, axis=1)
    found = HitChance(assumptions, case["deals"], method=method)
    target = float(found.moments(leads)[0].mean()) * 1.05
    gradient = found.gradient(leads, target)
    rng = np.random.default_rng(1)
    for _ in range(3):
        c, m = rng.integers(len(leads)), rng.integers(months)
        step = np.zeros(leads.shape)
        step[c, m] = 1e-3 * leads[c, m]
        up, down = (found.probability(leads + sign * step, target) for sign in (1, -1))
        slope = (up - down) / (2 * step[c, m])
        assert gradient[c, m] == pytest.approx(slope, rel=2e-4, abs=1e-9)


def test_both_is_each():
    assumptions = one_channel(doubt=0.2, n_draws=50)
    found = HitChance(assumptions, "value")
    leads = np.array([[4000.0]])
    chance_, gradient = found.both(leads, 1e6)
    assert chance_ == found.probability(leads, 1e6)
    np.testing.assert_array_equal(gradient, found.gradient(leads, 1e6))


def test_moments_of_a_cohort():
    assumptions = one_channel(correlation=0.001, in_flight=50_000.0)
    mean, variance = HitChance(assumptions, "value").moments(np.array([[4000.0]]))
    of = stats.betabinom(4000, 9.99, 989.01)
    assert mean == pytest.approx(50_000 + 25_000 * of.mean())
    assert variance == pytest.approx(25_000**2 * of.var())
    assert mean.shape == (assumptions.n_draws,)


def test_a_rate_of_zero_and_no_leads():
    assumptions = stated({"none": [0.0], "some": [0.1]})
    found = HitChance(assumptions, "count")
    assert found.probability(np.array([[1000.0], [0.0]]), 1) == 0.0
    assert found.probability(np.zeros((2, 1)), 1) == 0.0
    assert found.gradient(np.zeros((2, 1)), 1)[0, 0] == 0.0
    assert found.probability(np.array([[1000.0], [7.0]]), 1) == pytest.approx(1 - 0.9**7, abs=1e-7)


def test_what_cannot_be():
    found = HitChance(one_channel(), "value")
    with pytest.raises(ArgumentError, match=r"of shape \(1, 1\); got \(1,\)"):
        found.probability(np.array([4000.0]), 1)
    with pytest.raises(ArgumentError, match=r"at least 0; got .*-1.0"):
        found.probability(np.array([[-1.0]]), 1)
    with pytest.raises(ArgumentError, match="`until` must be from 1 to 1 months; got 2"):
        found.probability(np.array([[1.0]]), 1, until=2)
    with pytest.raises(ArgumentError, match="`unit` must be one of"):
        HitChance(one_channel(), "money")
