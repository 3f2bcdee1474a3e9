"""How long the cheapest plan takes, as channels and months grow.

Run it with::

    OMP_NUM_THREADS=1 nice -n 19 python benchmarks/plan_speed.py

Each line is one P80 plan with ceilings, growth limits and capacity on 2,000 joint draws: seconds of
CPU for the whole of ``fk.plan.optimise``, planes, evaluations of the chance, and the gap to the
bound. The case of five channels over eighteen months is to take less than 3 s. Another table has
the same by what is asked of it.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import funnelkit as fk

CEILING = 700.0


def made(channels, months, draws):
    """Return stated channels of three steps, each with doubts, and what is in flight."""
    rng = np.random.default_rng(100 * channels + months)
    stated = {
        f"channel {k}": {
            "rates": [0.3, 0.4, float(rng.uniform(0.04, 0.25))],
            "value": {"mean": float(rng.uniform(15e3, 50e3)), "cv": 0.8},
            "lag": (float(rng.uniform(1.5, 5)), float(rng.uniform(1, 2))),
            "doubt": 0.12,
            "lag_doubt": 0.1,
            "correlation": 0.001,
            "cost": float(rng.uniform(60, 250)),
        }
        for k in range(channels)
    }
    return fk.plan.stated(
        stated, periods="2027-01", horizon=months, in_flight=(1.15e6, 0.15e6), n_draws=draws
    )


def asked(assumptions):
    """Return a target and the limits that go with it."""
    worth = assumptions.yields.sum(axis=2) * assumptions.sizes[:, None] * CEILING
    deals = assumptions.yields.sum(axis=(0, 1)) * CEILING
    open_ones = assumptions.in_flight.deals.mean(axis=0)
    limits = {
        "ceilings": CEILING,
        "ramp": fk.plan.Ramp(growth=0.3, before=300),
        "capacity": {"deals": 0.6 * float(deals.max()) + float(open_ones.max())},
    }
    return 0.35 * float(worth.sum()) + 1.15e6, limits


def spent(assumptions, target, **limits):
    """Return CPU seconds and the allocation."""
    begun = time.process_time()
    found = fk.plan.optimise(target, assumptions, **limits)
    return time.process_time() - begun, found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--most", type=int, default=10, help="most channels")
    given = parser.parse_args()

    spent(made(1, 2, 50), 2e6, after_horizon=0.0)  # imports
    print(f"{'channels':>8} {'months':>7} {'CPU s':>7} {'gap':>9} {'leads':>9}  binding limits")
    for channels, months in [(1, 12), (3, 12), (5, 12), (5, 18), (5, 24), (10, 18), (10, 36)]:
        if channels > given.most:
            continue
        known = made(channels, months, given.draws)
        target, limits = asked(known)
        seconds, found = spent(known, target, **limits)
        binding = ", ".join(sorted({one.kind for one in found.prices}))
        print(
            f"{channels:8} {months:7} {seconds:7.2f} {found.gap:9.4%} "
            f"{found.leads.sum():9,.0f}  {binding}"
        )
    print("\nFive channels, eighteen months:")
    known = made(5, 18, given.draws)
    target, limits = asked(known)
    variants = {
        "as above": {},
        "for 95 %": {"probability": 0.95},
        "and a target by June at 70 %": {"interim": {"2027-06": 0.7}},
        "rising cost": {
            "cost_steps": {name: [(300, 80), (500, 120), (None, 200)] for name in known.names}
        },
        "no credit, no evenness": {"after_horizon": 0.0, "steady": 0.0},
    }
    for name, more in variants.items():
        seconds, found = spent(known, target, **limits, **more)
        print(f"  {name:30} {seconds:6.2f} s  gap {found.gap:.4%}  cost {found.cost:12,.0f}")
    begun = time.process_time()
    found = fk.plan.best_for(0.9 * found.cost, target, known, **limits)
    print(f"  {'best of 90 % of that money':30} {time.process_time() - begun:6.2f} s", end="")
    print(f"  P {found.hit:.3f}  cost {found.cost:12,.0f}")


if __name__ == "__main__":
    main()
