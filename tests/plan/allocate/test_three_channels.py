"""Three channels x 12 months: as cheap as other ways find, and as sure as was asked.

``tests/reference/three_channels.py`` holds the other ways; ``benchmarks/plan_cost.py`` runs them
at length, from 20 starts.
"""

import numpy as np
import pytest

import funnelkit as fk
from tests.reference import three_channels as case

CEILINGS = dict(zip(case.NAMES, case.CEILING.tolist(), strict=True))
ALONE = {"ceilings": CEILINGS, "after_horizon": 0.0, "steady": 0.0}


@pytest.fixture(scope="module")
def found():
    return fk.plan.optimise(case.TARGET, case.assumptions(n_draws=600), **ALONE)


def test_cost_is_that_of_slsqp_from_a_random_start(found):
    rng = np.random.default_rng(1)
    cost, _ = case.by_slsqp(case.Normal(case.spread(600, rng)), 1, rng)
    assert found.cost == pytest.approx(cost, rel=0.01)
    assert found.finished
    assert found.gap < 0.001


def test_cost_is_that_of_planes_on_scenarios(found):
    rng = np.random.default_rng(2)
    cost, _ = case.by_scenarios(case.spread(4000, rng), rng)
    assert found.cost == pytest.approx(cost, rel=0.01)


def test_chance_is_true(found):
    chance = case.simulated_chance(found.leads, 40_000, np.random.default_rng(3))
    assert chance == pytest.approx(0.8, abs=0.01)  # 5 standard errors of the simulation
    assert found.hit >= 0.8


def test_a_plan_that_takes_rates_as_known_is_not_as_sure():
    known = fk.plan.optimise(case.TARGET, case.assumptions(doubt=0.0, n_draws=200), **ALONE)
    assert known.hit >= 0.8
    chance = case.simulated_chance(known.leads, 40_000, np.random.default_rng(4))
    assert chance == pytest.approx(0.76, abs=0.01)  # of the specification: about .76


def test_the_plan_on_mean_rates_is_a_coin_toss(found):
    plan = found.mean_plan
    expected = plan.expected.sum()
    assert expected >= case.TARGET
    assert expected == pytest.approx(case.TARGET, rel=1e-3)
    assert plan.hit == pytest.approx(0.48, abs=0.03)
    assert found.mean_spend < found.cost
