"""Small cases, and whole leads sought one by one."""

import itertools

import numpy as np

import funnelkit as fk


def stated(rates, *, unit="count", **given):
    """State channels with a cost each; few draws, so that a grid search is quick."""
    sized = {"value": {"mean": 10_000.0, "cv": 0.5}} if unit == "value" else {}
    given = {"n_draws": 20, "periods": "2027-01", "doubt": 0.15} | sized | given
    return fk.plan.stated({name: {"rates": [rate]} for name, rate in rates.items()}, **given)


def cheapest_by_grid(assumptions, target, probability, costs, most, *, allowed=lambda leads: True):
    """Try all whole leads: for all but the last place every number, there the least that does."""
    chance = fk.plan.HitChance(assumptions, assumptions.unit)
    shape = len(assumptions.channels), len(assumptions.periods)
    each = np.repeat(costs, shape[1])
    best, found = np.inf, None
    for first in itertools.product(range(most + 1), repeat=shape[0] * shape[1] - 1):
        low, high = 0, most + 1
        while low < high:
            middle = (low + high) // 2
            leads = np.array([*first, middle], float).reshape(shape)
            if chance.probability(leads, target) >= probability:
                high = middle
            else:
                low = middle + 1
        leads = np.array([*first, low], float).reshape(shape)
        cost = float(each @ leads.ravel())
        if low <= most and cost < best and allowed(leads):
            best, found = cost, leads
    return best, found
