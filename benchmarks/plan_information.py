"""What a plan hangs on: how exact the worth of information is, and how long each call takes.

Run it with::

    OMP_NUM_THREADS=1 python benchmarks/plan_information.py --repeats 20

First, the linear-normal case, whose worth is known in closed form (see the Notes of
`fk.plan.value_of_information`): three inputs with a share of 60, 20 and 5 % of the variance, the
rest by chance; relative error (mean and standard deviation over repeats) of each worth, by number
of draws. Wanted: no bias beyond its standard error, and less spread with more draws.

Then one channel with doubt in rate and deal size, against a search over a grid of all rates and
sizes. Wanted: within 5 %.

Last, CPU seconds of every call for 5 channels x 18 months, and by channels and months. Wanted:
under 2 s.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from scipy import optimize, special, stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import funnelkit as fk
from funnelkit.plan.scenarios.learning import Choice, rests

SHARES = (0.6, 0.2, 0.05)
CHANCE = 0.8


def scores(n, rng):
    return special.ndtri((rng.permutation(n) + 0.5) / n)


def linear_normal(n, rng):
    """Worth of each input over its closed form, less 1."""
    one = np.ones(n)
    parts = [np.sqrt(share) * scores(n, rng) for share in SHARES]
    z = special.ndtri(CHANCE)
    chosen = Choice(
        fixed=np.sum(parts, axis=0),
        brought=100 * one,
        var_each=(1 - sum(SHARES)) * one,
        var_shared=0 * one,
        cost=100 * one,
        target=100 - z,
    )
    each = stats.norm.pdf(z) / (1 - CHANCE)
    rest = rests(chosen.fixed + chosen.brought, parts, [False] * len(parts))
    found = [chosen.of_learning(one, other) for one, other in zip(parts, rest, strict=True)]
    return np.array(found) / (each * (1 - np.sqrt(1 - np.array(SHARES)))) - 1


def by_a_grid(places=300):
    """Worth of rate and deal size: by the package, and by a search over a grid."""
    given = fk.plan.stated(
        {"all": (30, 3_000)}, value={"mean": 25_000, "sd": 3_000}, cost=100, n_draws=4_000
    )
    plan = fk.plan.reverse(1_000_000, given)
    found = fk.plan.value_of_information(plan)
    leads, at = plan.leads.sum(), (np.arange(places) + 0.5) / places
    rate = stats.beta(30.5, 2970.5).ppf(at)[:, None]
    shape = (25_000 / 3_000) ** 2
    size = stats.gamma(shape, scale=25_000 / shape).ppf(at)[None, :]

    def short(scale, rate, size):
        n = scale * leads
        mean, sd = n * rate * size, size * np.sqrt(n * rate * (1 - rate))
        z = (1_000_000 - mean) / sd
        return (1_000_000 - mean) * stats.norm.cdf(z) + sd * stats.norm.pdf(z)

    slope = (short(1.001, rate, size).mean() - short(0.999, rate, size).mean()) / 0.002
    price = -100 * leads / slope

    def least(rate, size):
        def loss(scale):
            return 100 * leads * scale + price * short(scale, rate, size).mean()

        return optimize.minimize_scalar(loss, bounds=(0.2, 4), method="bounded").fun

    whole = least(rate, size)
    grid = [
        whole - np.mean([least(one[None], size) for one in rate]),
        whole - np.mean([least(rate, one[None, None]) for one in size[0]]),
    ]
    return found, grid


def plan_of(channels, months):
    given = {
        f"channel {c}": {
            "rates": [(300 + 30 * c, 1_000), (120, 300), (60, 120), (15 + c, 60)],
            "value": {"mean": 20_000 + 3_000 * c, "cv": 0.8, "sd": 1_500},
            "lag": (3.0 + 0.2 * c, 1.5),
            "lag_doubt": 0.15,
            "correlation": 0.001,
            "cost": (100 + 20 * c, 8),
        }
        for c in range(channels)
    }
    known = fk.plan.stated(given, horizon=months, in_flight=(300_000, 60_000))
    return fk.plan.reverse(150_000 * channels * months / 12, known)


def calls(plan):
    key = f"{plan.channels[0]}: lead to won"
    names = plan.channels
    scenarios = {
        "weak": {"inputs": {key: "x0.8"}},
        "slow": {"inputs": {f"{name}: lag in months": "x1.3" for name in names}},
        "more": {"targets": "+10%", "probability": 0.9},
        "capped": {"ceilings": dict.fromkeys(names, 400)},
    }
    return {
        "tornado": lambda: fk.plan.tornado(plan),
        "tornado of leads": lambda: fk.plan.tornado(plan, output="leads"),
        "tornado of cost": lambda: fk.plan.tornado(plan, output="cost"),
        "value of information": lambda: fk.plan.value_of_information(plan),
        "goal seek": lambda: fk.plan.goal_seek(plan, key, probability=0.9),
        "goal seek of leads": lambda: fk.plan.goal_seek(plan, key, leads=plan.leads.sum() * 0.9),
        "break-even": lambda: fk.plan.break_even(plan, key),
        "4 scenarios": lambda: fk.plan.compare_scenarios(plan, scenarios),
    }


def main():
    asked = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    asked.add_argument("--repeats", type=int, default=20)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()

    rng = np.random.default_rng(given.seed)
    print("linear-normal: relative error of the worth of inputs with a share of the variance")
    print("draws  " + "".join(f"{100 * share:>16.0f} %" for share in SHARES))
    for n in (500, 2_000, 8_000):
        off = np.array([linear_normal(n, rng) for _ in range(given.repeats)])
        told = zip(off.mean(axis=0), off.std(axis=0), strict=True)
        print(f"{n:>5}  " + "".join(f"{mean:>+10.3f} ±{sd:.3f}" for mean, sd in told))

    found, grid = by_a_grid()
    print("\none channel, 4,000 draws: worth by the package and by a grid of 300 x 300")
    for key, one, other in zip(found.inputs, found.worth, grid, strict=True):
        print(f"{key:>18} {one:>10,.0f} {other:>10,.0f} {one / other - 1:>+8.3f}")

    print("\nCPU seconds by channels x months")
    sizes = ((2, 12), (5, 12), (5, 18), (10, 18), (5, 36))
    plans = {size: calls(plan_of(*size)) for size in sizes}
    print(f"{'':>22}" + "".join(f"{f'{c} x {m}':>9}" for c, m in sizes))
    for name in plans[sizes[0]]:
        row = []
        for size in sizes:
            start = time.process_time()
            plans[size][name]()
            row.append(time.process_time() - start)
        print(f"{name:>22}" + "".join(f"{one:>9.2f}" for one in row))


if __name__ == "__main__":
    main()
