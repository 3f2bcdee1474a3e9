"""Plans that are made once, from stated numbers."""

from functools import cache

import numpy as np
from scipy import stats

import funnelkit as fk
from funnelkit.plan import Assumptions, Plan

RATES = (0.25, 0.40, 0.50, 0.20)


@cache
def chain() -> Plan:
    """The calculator's chain, all known: 40 deals of 25k from 4,518 leads."""
    return fk.plan.reverse(1_000_000, fk.plan.stated(list(RATES), value=25_000, cost=100))


def two_channels(**more) -> Assumptions:
    """Two channels with doubt in all that they are, and some money in flight."""
    given = {
        "inbound": {
            "rates": [(300, 1_000), (90, 300)],
            "value": {"mean": 20_000, "cv": 0.8, "sd": 2_000},
            "lag": (2.0, 1.2),
            "lag_doubt": 0.2,
            "correlation": 0.001,
            "cost": (80, 8),
        },
        "outbound": {
            "rates": [0.10, 0.25],
            "value": {"mean": 40_000, "cv": 0.5},
            "lag": (3.0, 1.5),
            "cost": 150,
        },
    }
    options = {"horizon": 6, "n_draws": 400, "in_flight": (150_000, 40_000), "currency": "EUR"}
    return fk.plan.stated(given, **(options | more))


@cache
def made() -> Plan:
    """A plan for 1.2M on these."""
    return fk.plan.reverse(1_200_000, two_channels())


def binomial_chance(leads: float, rate: float, deals: int) -> float:
    """P(at least so many of n leads are won)."""
    return float(stats.binom.sf(deals - 1, leads, rate))


def simulated_chance(plan: Plan, assumptions: Assumptions, target: float, seed: int) -> float:
    """The frequency of a target among joint simulations."""
    found = fk.plan.simulated(assumptions, np.asarray(plan.leads), rng=seed)
    return float(np.mean(found.total.sum(axis=1) >= target))
