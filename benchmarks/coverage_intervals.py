"""How often each interval holds the truth, by simulation.

    python benchmarks/coverage_intervals.py [runs]

The suite runs the same scenarios a hundred times or two (tests/lag/test_coverage.py); this runs
them as often as asked, and prints one line for each.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from funnelkit import lag, rates
from funnelkit.counts.triangle import AccountSums, Triangle

Sample = Callable[[np.random.Generator], tuple[bool, float]]


class Scenario(NamedTuple):
    """A truth to simulate from, and the question of whether an interval holds it."""

    name: str
    run: Sample


def leads(
    rng: np.random.Generator,
    *,
    per_day: float,
    days: int,
    share: float,
    mean: float,
    lost: float = 0.0,
    lost_mean: float = 30.0,
) -> tuple[Triangle, np.ndarray]:
    """Leads that enter over some days, in two cohorts: the last 30 days, and all before.

    Each converts with probability ``share`` after an exponential time, leaves with probability
    ``lost`` after another, or stays open. The second return is the true rate by age.
    """
    followed = np.repeat(np.arange(days + 1), rng.poisson(per_day, days + 1))
    n = len(followed)
    fate = rng.choice(3, n, p=[share, lost, 1 - share - lost])
    start = rng.random(n)  # the hour of the day, so that an age is a difference of dates
    wait = np.where(fate == 0, rng.exponential(mean, n), rng.exponential(lost_mean, n))
    age = np.where(fate == 2, 10**9, np.floor(start + wait)).astype(int)
    seen = age <= followed
    cohort = (followed < 30).astype(int)
    shape = (1, 2, days + 1)

    def cube(mask: np.ndarray, ages: np.ndarray) -> np.ndarray:
        found = np.zeros(shape, int)
        np.add.at(found, (0, cohort[mask], ages[mask]), 1)
        return found

    grid = np.arange(days + 1)[:, None]
    hours = (np.arange(64) + 0.5) / 64
    truth = share * np.mean(-np.expm1(-(grid + 1 - hours) / mean), axis=1)
    followed_cube = cube(np.ones(n, bool), followed)
    triangle = Triangle(
        start="lead",
        target="won",
        exits=("lost",) if lost else (),
        cohorts=pd.period_range("2026-01", periods=2, freq="M"),
        as_of=dt.date(2026, 12, 31),
        entered=followed_cube.sum(axis=2),
        events={
            "won": cube(seen & (fate == 0), age),
            **({"lost": cube(seen & (fate == 1), age)} if lost else {}),
        },
        censored=cube(~seen, followed),
        followed=followed_cube,
    )
    return triangle, truth


def in_accounts(
    rng: np.random.Generator, *, accounts: int, share: float, alike: float, mean_size: float = 4.0
) -> Triangle:
    """Leads of one cohort, all followed to day 9, in accounts that tend to decide alike."""
    sizes = 1 + rng.poisson(mean_size, accounts)
    own = rng.beta(share * (1 / alike - 1), (1 - share) * (1 / alike - 1), accounts)
    won = rng.binomial(sizes, own)
    day = np.zeros((1, 1, 10), int)
    events, censored, followed, xn, xx = (day.copy() for _ in range(5))
    events[0, 0, 3], censored[0, 0, 9] = won.sum(), (sizes - won).sum()
    followed[0, 0, 9], xn[0, 0, 3], xx[0, 0, 3] = sizes.sum(), won @ sizes, won @ won
    return Triangle(
        start="lead",
        target="won",
        cohorts=pd.period_range("2026-01", periods=1, freq="M"),
        as_of=dt.date(2026, 1, 31),
        entered=[[sizes.sum()]],
        events={"won": events},
        censored=censored,
        followed=followed,
        accounts=AccountSums(accounts=[[accounts]], nn=[[sizes @ sizes]], xn=xn, xx=xx),
    )


def holds(interval: tuple[object, object], truth: float) -> tuple[bool, float]:
    """Return whether an interval holds the truth, and its width."""
    low, high = (float(np.ravel(end)[-1]) for end in interval)
    return low <= truth <= high, high - low


def curve(age: int, **world: float) -> Sample:
    """The interval of a rate by an age."""

    def run(rng: np.random.Generator) -> tuple[bool, float]:
        triangle, truth = leads(rng, **world)
        fit = lag.fit_competing(triangle, horizon=None)
        return holds(fit.confidence_interval([age]), truth[age])

    return run


def draws(age: int, **world: float) -> Sample:
    """The middle 95 % of the draws of a rate by an age."""

    def run(rng: np.random.Generator) -> tuple[bool, float]:
        triangle, truth = leads(rng, **world)
        surface = lag.fit_competing(triangle).sample(300, rng=rng)[:, 0, 0, age]
        return holds(tuple(np.quantile(surface, [0.025, 0.975])), truth[age])

    return run


def young(**world: float) -> Sample:
    """The interval of the adjusted rate of a cohort of the last 30 days."""

    def run(rng: np.random.Generator) -> tuple[bool, float]:
        triangle, truth = leads(rng, **world)
        fit = lag.fit_competing(triangle)
        found = lag.adjust(triangle, fit).confidence_interval()
        return holds(found, truth[fit.horizon])

    return run


def cohort(accounts: int, share: float, alike: float, *, method: str = "wilson") -> Sample:
    """The interval of a cohort's rate where the leads of an account go together."""

    def run(rng: np.random.Generator) -> tuple[bool, float]:
        triangle = in_accounts(rng, accounts=accounts, share=share, alike=alike)
        return holds(rates.cohort(triangle, method=method).confidence_interval(), share)

    return run


def curve_of_accounts(accounts: int, share: float, alike: float) -> Sample:
    """The interval of a curve where the leads of an account go together."""

    def run(rng: np.random.Generator) -> tuple[bool, float]:
        triangle = in_accounts(rng, accounts=accounts, share=share, alike=alike)
        return holds(lag.fit_kaplan_meier(triangle).confidence_interval(), share)

    return run


FEW = {"per_day": 1, "days": 120, "share": 0.15, "mean": 25}
MANY = {"per_day": 10, "days": 150, "share": 0.12, "mean": 25}
RARE = {"per_day": 2, "days": 150, "share": 0.02, "mean": 40}
LOST = {"per_day": 4, "days": 150, "share": 0.35, "mean": 40, "lost": 0.4}

SCENARIOS = (
    Scenario("Kaplan-Meier, 120 leads, day 20", curve(20, **FEW)),
    Scenario("Kaplan-Meier, 120 leads, day 90", curve(90, **FEW)),
    Scenario("Kaplan-Meier, 1,500 leads, day 90", curve(90, **MANY)),
    Scenario("Kaplan-Meier, about 5 wins, day 90", curve(90, **RARE)),
    Scenario("Aalen-Johansen, 600 leads, day 30", curve(30, **LOST)),
    Scenario("Aalen-Johansen, 600 leads, day 120", curve(120, **LOST)),
    Scenario("draws, 120 leads, day 90", draws(90, **FEW)),
    Scenario("draws, about 5 wins, day 90", draws(90, **RARE)),
    Scenario("draws with exits, day 120", draws(120, **LOST)),
    Scenario("adjusted, young cohort of 300", young(**MANY)),
    Scenario("adjusted, young cohort of 30", young(**FEW)),
    Scenario("adjusted, rare wins", young(**RARE)),
    Scenario("adjusted, with exits", young(**LOST)),
    Scenario("adjusted, high rate", young(per_day=5, days=150, share=0.8, mean=40)),
    Scenario("cohort, 12 accounts", cohort(12, 0.3, 0.3)),
    Scenario("cohort, 60 accounts", cohort(60, 0.1, 0.2)),
    Scenario("cohort, 60 accounts, exact", cohort(60, 0.1, 0.2, method="exact")),
    Scenario("curve, 60 accounts", curve_of_accounts(60, 0.2, 0.3)),
)


def coverage(scenario: Scenario, runs: int, seed: int = 1) -> tuple[float, float]:
    """Return the share of runs in which the interval held the truth, and its mean width."""
    rng = np.random.default_rng(seed)
    found = [scenario.run(rng) for _ in range(runs)]
    return float(np.mean([held for held, _ in found])), float(np.mean([w for _, w in found]))


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    for scenario in SCENARIOS:
        held, width = coverage(scenario, runs)
        print(f"{scenario.name:40} {100 * held:5.1f} % of {runs:,} runs, width {width:.3f}")


if __name__ == "__main__":
    main()
