"""Plans run forward, to see whether targets are hit as often as plans say.

Run it with::

    OMP_NUM_THREADS=1 python benchmarks/plan_round_trip.py --plans 200

Random plans (channels, rates, lags, deal sizes, spread of sizes and of cohorts, doubt about rates,
sizes and lags, what is in flight or never was a lead; in money and in deals) are made for
p = .5, .8 and .9. The independent simulator of `tests/reference/planned.py`, which imports none of
the code that made them, then draws each plan's own assumptions 20,000 times, and the share of
futures that bring the target is held against p.

Wanted: a share within .01 of p, or within the step that one lead makes. A share that misses is
drawn again 200,000 times, to tell chance (a standard error of .0035 at p = .5) from error; both
are printed.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from funnelkit.plan import Assumptions, Plan, reverse, stated
from tests.reference.planned import totals

LEVELS = (0.5, 0.8, 0.9)
NEAR = 0.01


class Trip(NamedTuple):
    """One plan at one level: what was asked, what the plan says, what came, and one lead's step."""

    number: int
    asked: float
    told: float
    came: float
    again: float | None
    step: float
    leads: int
    unit: str

    @property
    def best(self) -> float:
        """The share of futures that hit, from most draws."""
        return self.came if self.again is None else self.again

    def near(self, share: float) -> bool:
        """Return whether a share is as near to what was asked as wanted."""
        return self.asked - NEAR <= share <= self.asked + max(NEAR, self.step)


def random_assumptions(number: int) -> tuple[Assumptions, float]:
    """Return random assumptions and a target for all months together."""
    rng = np.random.default_rng([88, number])
    money = bool(rng.random() < 0.65)
    months = int(rng.integers(1, 13))
    channels: dict[str, Any] = {}
    steps = int(rng.integers(1, 5))
    for c in range(int(rng.integers(1, 5))):
        rate = float(np.exp(rng.uniform(np.log(0.004), np.log(0.12))))
        parts = rng.dirichlet(np.full(steps, 4.0))
        channel: dict[str, Any] = {
            "rates": [float(rate**part) for part in parts],
            "lag": _lag(rng),
            "correlation": float(rng.choice([0.0, 0.0005, 0.001, 0.005, 0.02])),
        }
        if money:
            mean = float(np.round(np.exp(rng.uniform(np.log(5e3), np.log(9e4))), -2))
            cv = float(rng.choice([0.0, 0.3, 0.8, 1.2]))
            channel["value"] = {"mean": mean, "cv": cv, "sd": mean * rng.choice([0.0, 0.05, 0.15])}
        channels[f"channel {c + 1}"] = channel
    deals = float(np.exp(rng.uniform(np.log(4), np.log(400))))
    more: dict[str, Any] = {
        "horizon": months,
        "doubt": float(rng.choice([0.0, 0.05, 0.12, 0.25])),
        "lag_doubt": float(rng.choice([0.0, 0.1, 0.25])),
        "mix": rng.dirichlet(np.full(len(channels), 2.0)).tolist(),
    }
    size = np.mean([one["value"]["mean"] for one in channels.values()]) if money else 1.0
    target = deals * size
    if rng.random() < 0.5:
        more["in_flight"] = (target * rng.uniform(0.05, 0.5), target * rng.uniform(0.01, 0.1))
    if rng.random() < 0.3:
        more["direct"] = (target * rng.uniform(0.02, 0.2), target * rng.uniform(0.01, 0.05))
    return stated(channels, **more), float(np.round(target, 0 if not money else -3))


def _lag(rng: np.random.Generator) -> Any:
    """Return a lag by shares of months, or as a gamma distribution; most of it in time."""
    if rng.random() < 0.5:
        return rng.dirichlet(np.ones(int(rng.integers(1, 6)))).tolist()
    mean = float(rng.uniform(0.5, 4))
    return (mean, float(mean * rng.uniform(0.3, 0.8)))


def planned(number: int) -> list[Plan]:
    """Return a random plan at each level."""
    assumptions, target = random_assumptions(number)
    return [reverse(target, assumptions, probability=level) for level in LEVELS]


def tripped(number: int, *, draws: int, redraws: int) -> list[Trip]:
    """Return how often the targets of one random plan were hit, at each level."""
    found = []
    for plan in planned(number):
        came = hit(plan, draws, number)
        step = 0.0
        if plan.leads.any():
            step = float(np.max(plan._chance.gradient(plan.leads, plan.reachable)))
        made = Trip(
            number,
            plan.probability,
            plan.hit_reachable,
            came,
            None,
            step,
            int(plan.leads.sum()),
            plan.unit,
        )
        if not plan.leads.any():
            continue  # enough is there already: nothing was planned
        if not made.near(came):
            made = made._replace(again=hit(plan, redraws, number + 10_000))
        found.append(made)
    return found


def hit(plan: Plan, draws: int, seed: int) -> float:
    """Return the share of futures, drawn by the independent simulator, that bring the target."""
    rng = np.random.default_rng([99, seed])
    drawn = totals(plan.assumptions, plan.leads, unit=plan.unit, n=draws, rng=rng)
    return float(np.mean(drawn >= plan.reachable * (1 - 1e-9)))


def main() -> None:
    """Run plans and print how often their targets were hit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plans", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--draws", type=int, default=20_000)
    parser.add_argument("--redraws", type=int, default=200_000)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    begin = time.perf_counter()
    run = partial(tripped, draws=given.draws, redraws=given.redraws)
    numbers = range(given.first, given.first + given.plans)
    with ProcessPoolExecutor(given.jobs) as pool:
        trips = [one for made in pool.map(run, numbers, chunksize=2) for one in made]
    report(trips)
    print(f"{time.perf_counter() - begin:.0f} s")


def report(trips: list[Trip]) -> None:
    """Print the figures."""
    frame = pd.DataFrame([{**one._asdict(), "error": one.best - one.asked} for one in trips])
    print("   p  plans  mean share  largest error  within .01 or a step (20,000 draws; redrawn)")
    for level, own in frame.groupby("asked"):
        of = [one for one in trips if one.asked == level]
        first = sum(one.near(one.came) for one in of)
        last = sum(one.near(one.best) for one in of)
        print(
            f"  {level:.1f}  {len(own):5d}  {own['came'].mean():10.4f}  "
            f"{own['error'].abs().max():13.4f}  {first} and {last} of {len(of)}"
        )
    print("  missed at first (number, unit, leads, p, told by the plan, came, redrawn, step):")
    for one in trips:
        if not one.near(one.came):
            verdict = "chance" if one.near(one.best) else "ERROR"
            print(
                f"    {one.number:4d} {one.unit:5} {one.leads:6d} {one.asked:.1f} {one.told:.4f} "
                f"{one.came:.4f} {one.again:.4f} {one.step:.4f} {verdict}"
            )


if __name__ == "__main__":
    main()
