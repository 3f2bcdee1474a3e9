"""How often what is shown of an eventual rate holds the truth.

    python benchmarks/lag_coverage.py known --runs 1000 --processes 2
    python benchmarks/lag_coverage.py chosen --runs 1000 --processes 2
    python benchmarks/lag_coverage.py chosen --runs 200 --truth log-normal --leads 2000 --days 180

What is shown is the interval, or the bound that stands in its place where the verdict gives one:
`fit.shown()`. All sets count, whatever their verdict; a set without a conversion shows no bound,
0 to 1. Leads enter evenly, at any time of day, over the days that are followed; times are then cut
to dates. `known`: the true family is fitted (for a log-normal truth, the log-normal); `chosen`:
`choose` among all six. The suite runs a small part (tests/lag/choosing/test_coverage.py); the
table is in benchmarks/lag_coverage.md.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd

from funnelkit import lag
from funnelkit._core.errors import EvidenceError
from funnelkit.counts.triangle import Triangle

Truth = Literal["weibull .8", "weibull 1.3", "log-normal"]
Times = Callable[[np.random.Generator, int], np.ndarray]
TIMES: dict[str, Times] = {
    "weibull .8": lambda rng, n: 60 * rng.weibull(0.8, n),
    "weibull 1.3": lambda rng, n: 60 * rng.weibull(1.3, n),
    "log-normal": lambda rng, n: 40 * np.exp(1.1 * rng.standard_normal(n)),
}
LEADS, DAYS, RATES = (200, 2_000, 10_000), (90, 180, 365), (0.02, 0.2)


@dataclass(frozen=True)
class Cell:
    """One design: so many leads, followed for so many days, of whom so many convert ever."""

    leads: int
    days: int
    rate: float
    truth: Truth = "weibull .8"


@dataclass(frozen=True)
class Outcome:
    """What one set showed: whether it missed, on which side, and how."""

    converted: int
    below: bool = False
    above: bool = False
    verdict: str = "no conversion"
    width: float = 1.0


def simulated(cell: Cell, seed: int) -> Triangle:
    """Return the counts of one set, in one cohort: months make no difference to one rate."""
    rng = np.random.default_rng(seed)
    begins = rng.uniform(0, cell.days + 1, cell.leads)
    entry = np.floor(begins).astype(int)
    ends = np.floor(begins + TIMES[cell.truth](rng, cell.leads))
    came = (rng.random(cell.leads) < cell.rate) & (ends <= cell.days)
    won, still, followed = (
        np.bincount(ages, minlength=cell.days + 1)[None, None]
        for ages in (
            (ends - entry)[came].astype(int),
            (cell.days - entry)[~came],
            cell.days - entry,
        )
    )
    return Triangle(
        start="lead",
        target="won",
        cohorts=pd.period_range("2026", periods=1, freq="Y"),
        as_of=dt.date(2026, 12, 31),
        entered=followed.sum(axis=2),
        events={"won": won},
        censored=still,
        followed=followed,
    )


def one(cell: Cell, how: str, seed: int) -> Outcome:
    """Return what one set shows."""
    counts = simulated(cell, seed)
    converted = int(counts.n - counts.open.sum())
    try:
        if how == "known":
            fit = lag.fit_cure(counts, family=cell.truth.split()[0])
        else:
            fit = lag.choose(counts).fit
    except EvidenceError:  # without a conversion nothing is known of the pace: 0 to 1
        return Outcome(converted)
    _, low, high = (float(value[0, 0]) for value in fit.shown())
    return Outcome(converted, high < cell.rate, low > cell.rate, fit.verdict, high - low)


def row(cell: Cell, outcomes: list[Outcome]) -> str:
    """Return one line of the table."""
    below, above = (
        np.mean([getattr(one, side) for one in outcomes]) for side in ("below", "above")
    )
    share = {
        word: np.mean([one.verdict == word for one in outcomes])
        for word in ("measured", "extrapolated", "bound only", "no conversion")
    }
    return (
        f"| {cell.leads:,} | {cell.days} | {cell.rate:.0%} | "
        f"{np.mean([one.converted for one in outcomes]):.1f} | {1 - below - above:.3f} | "
        f"{below:.3f} | {above:.3f} | {np.median([one.width for one in outcomes]):.3f} | "
        + " | ".join(f"{value:.2f}" for value in share.values())
        + " |"
    )


HEAD = (
    "| leads | days | rate | conversions | holds the truth | ends below | begins above | "
    "median width | measured | extrapolated | bound only | no conversion |\n" + "|---:" * 12 + "|"
)


def cells(chosen: argparse.Namespace) -> Iterator[Cell]:
    for leads, days, rate in product(chosen.leads, chosen.days, chosen.rates):
        yield Cell(leads, days, rate, chosen.truth)


def main() -> None:
    ask = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    ask.add_argument("how", choices=("known", "chosen"))
    ask.add_argument("--runs", type=int, default=200)
    ask.add_argument("--first", type=int, default=0, help="seed of the first set")
    ask.add_argument("--processes", type=int, default=1)
    ask.add_argument("--truth", choices=TIMES, default="weibull .8")
    ask.add_argument("--leads", type=int, nargs="+", default=LEADS)
    ask.add_argument("--days", type=int, nargs="+", default=DAYS)
    ask.add_argument("--rates", type=float, nargs="+", default=RATES)
    chosen = ask.parse_args()
    seeds = range(chosen.first, chosen.first + chosen.runs)
    print(f"{chosen.runs} sets in each cell, {chosen.truth}, family {chosen.how}\n\n{HEAD}")
    with ProcessPoolExecutor(chosen.processes) as pool:
        for cell in cells(chosen):
            run = partial(one, cell, chosen.how)
            print(row(cell, list(pool.map(run, seeds, chunksize=5))), flush=True)


if __name__ == "__main__":
    main()
