"""Tiny plans against every plan in whole leads."""

import numpy as np
import pytest

import funnelkit as fk
from tests.plan.allocate.cases import cheapest_by_grid, stated

ALONE = {"after_horizon": 0.0, "steady": 0.0}


@pytest.mark.parametrize(
    ("rates", "costs", "target", "probability"),
    [
        ((0.20, 0.12), (70, 50), 6, 0.8),
        ((0.20, 0.12), (70, 41), 4, 0.9),
        ((0.30, 0.10), (95, 30), 7, 0.6),
        ((0.15, 0.15), (60, 61), 5, 0.8),
    ],
)
def test_two_channels_in_one_month(rates, costs, target, probability):
    known = stated({"a": rates[0], "b": rates[1]}, horizon=1, n_draws=8)
    most = 50
    best, _ = cheapest_by_grid(known, target, probability, costs, most)
    found = fk.plan.optimise(
        target,
        known,
        probability=probability,
        ceilings=most,
        costs=dict(zip("ab", costs, strict=True)),
        **ALONE,
    )
    assert found.hit >= probability
    assert best <= found.cost <= best * 1.005  # the charge on changes breaks ties only
    assert found.bound <= best * 1.01


def test_one_channel_over_three_months_with_a_lag():
    known = stated({"a": 0.3}, horizon=3, lag=[0.5, 0.3, 0.2], n_draws=5)
    best, leads = cheapest_by_grid(known, 5, 0.8, [50.0], 14)
    found = fk.plan.optimise(5, known, ceilings=14, costs={"a": 50}, **ALONE)
    assert found.cost == best
    assert found.leads.sum() == leads.sum()


def test_money_in_two_channels_with_a_ceiling_and_a_ramp():
    known = stated({"a": 0.3, "b": 0.2}, horizon=1, unit="value", n_draws=6)
    best, _ = cheapest_by_grid(known, 60_000, 0.7, [80.0, 60.0], 45)
    found = fk.plan.optimise(60_000, known, probability=0.7, ceilings=45, costs={"a": 80, "b": 60})
    assert found.hit >= 0.7
    assert best <= found.cost <= best * 1.005


def test_a_ramp_over_two_months_holds_for_whole_leads():
    known = stated({"a": 0.3}, horizon=2)

    def grows(leads):
        return leads[0, 1] <= 1.5 * leads[0, 0] and leads[0, 0] <= 9

    best, _ = cheapest_by_grid(known, 4, 0.7, [50.0], 30, allowed=grows)
    found = fk.plan.optimise(
        4,
        known,
        probability=0.7,
        ramp={"a": fk.plan.Ramp(growth=0.5, before=6)},
        costs={"a": 50},
        **ALONE,
    )
    assert grows(found.leads)
    assert found.cost == best


def test_the_surest_of_a_budget_is_the_surest_of_all_that_it_buys():
    known = stated({"a": 0.2, "b": 0.12}, horizon=1)
    chance = fk.plan.HitChance(known, "count")
    best = max(
        chance.probability(np.array([[a], [(3000 - 70 * a) // 41]], float), 6)
        for a in range(3000 // 70 + 1)
    )
    found = fk.plan.best_for(3000, 6, known, costs={"a": 70, "b": 41})
    assert found.cost <= 3000
    assert found.hit == pytest.approx(best, abs=0.002)
