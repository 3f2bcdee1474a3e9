"""The cheapest plan of three channels over twelve months, against two other ways to find it.

Run it with::

    OMP_NUM_THREADS=1 nice -n 19 python benchmarks/plan_cost.py --starts 20 --futures 400000

It prints the cost of the P80 plan of ``fk.plan.optimise`` beside the best of random starts of
SLSQP and a cutting-plane linear program on scenarios (both of ``tests/reference``, which use
nothing of funnelkit); the true chance of each plan, by futures drawn cohort after cohort; and what
a plan that takes rates as known, and one on mean rates, are really worth. ``--seeds`` repeats the
comparison on other draws of the doubts.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import funnelkit as fk
from tests.reference import three_channels as case

CEILINGS = dict(zip(case.NAMES, case.CEILING.tolist(), strict=True))


def best(assumptions):
    """Return the P80 plan where only what closes within the months counts."""
    return fk.plan.optimise(
        case.TARGET,
        assumptions,
        probability=case.SURE,
        ceilings=CEILINGS,
        after_horizon=0.0,
        steady=0.0,
    )


def line(name, cost, leads, futures, least):
    chance = case.simulated_chance(leads, futures, np.random.default_rng(77))
    by_channel = " / ".join(f"{n:,.0f}" for n in leads.sum(axis=1))
    print(f"{name:34} {cost:12,.0f} {cost / least - 1:+8.3%} {chance:8.4f}   {by_channel}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=20)
    parser.add_argument("--futures", type=int, default=400_000)
    parser.add_argument("--scenarios", type=int, default=20_000)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()

    begun = time.process_time()
    found = best(case.assumptions(n_draws=given.draws))
    spent = time.process_time() - begun
    print(found.summary())
    print(
        f"P80 plan: {spent:.2f} s of CPU, gap to its bound {found.gap:.4%}, hit {found.hit:.4f}\n"
    )
    print(f"{'plan':34} {'cost':>12} {'against':>8} {'true P':>8}   leads by channel")
    line("fk.plan.optimise", found.cost, found.leads, given.futures, found.cost)
    for seed in range(given.seeds):
        rng = np.random.default_rng(seed)
        cost, leads = case.by_slsqp(case.Normal(case.spread(4000, rng)), given.starts, rng)
        name = f"SLSQP, best of {given.starts}, draws {seed}"
        line(name, cost, leads.reshape(3, -1), given.futures, found.cost)
        cost, leads = case.by_scenarios(case.spread(given.scenarios, rng), rng)
        name = f"planes on {given.scenarios:,} scenarios {seed}"
        line(name, cost, leads.reshape(3, -1), given.futures, found.cost)
    known = best(case.assumptions(doubt=0.0, n_draws=given.draws))
    line("rates taken as known", known.cost, known.leads, given.futures, found.cost)
    line("on mean rates", found.mean_spend, found.mean_leads, given.futures, found.cost)


if __name__ == "__main__":
    main()
