"""Rates that drift: how far off each method is for the last cohorts, and how often it is right.

    python benchmarks/drift.py [runs]

Twelve monthly cohorts of 300 leads, seen on the last day of the twelfth month. Times to conversion
are Weibull (shape .8, scale 60 days), cut to dates. The true rate falls evenly from .25 to .15;
stays at .20, which shows what it costs to allow for drift where there is none; or stays at .25 and
falls to .15 over the last four cohorts, a bend that neighbours do not tell of. Printed are the root
mean squared error over the last three cohorts, and for the intervals of `fit_shrunken` how often
they hold the truth. The suite runs a scaled-down version (tests/lag/adjusting/test_shrunken.py).

400 repetitions gave, for the last three cohorts:

    rate            naive   pooled fit   per-cohort   shrunken   coverage of 95 % intervals
    falling         .0825        .0537        .0349      .0154   .983
    constant        .1063        .0080        .0385      .0162   .985
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections.abc import Sequence

import numpy as np
import pandas as pd

from funnelkit import lag
from funnelkit.counts.calendar import CalendarCounts
from funnelkit.counts.triangle import Triangle

FALLING = np.linspace(0.25, 0.15, 12)
CONSTANT = np.full(12, 0.2)
BENT = np.concatenate([np.full(8, 0.25), np.linspace(0.225, 0.15, 4)])
LAST = 3


def simulated(
    rng: np.random.Generator,
    rates: Sequence[float] | np.ndarray,
    *,
    leads: int = 300,
    shape: float = 0.8,
    scale: float = 60.0,
) -> Triangle:
    """Return one set of monthly cohorts as of the end of the last month."""
    n_cohorts = len(rates)
    months = pd.period_range("2026-01", periods=n_cohorts, freq="M")
    days = pd.date_range(months[0].start_time, months[-1].end_time.normalize(), freq="D")
    month_of = months.get_indexer(days.to_period("M"))
    first = np.searchsorted(month_of, np.arange(n_cohorts))
    cohort = np.repeat(np.arange(n_cohorts), leads)
    begins = first[cohort] + rng.random(len(cohort)) * np.bincount(month_of)[cohort]
    ends = np.floor(begins + scale * rng.weibull(shape, len(cohort))).astype(int)
    entry = np.floor(begins).astype(int)
    won = (rng.random(len(cohort)) < np.asarray(rates)[cohort]) & (ends < len(days))
    followed = len(days) - 1 - entry

    def cube(kept: np.ndarray, at: np.ndarray, size: int) -> np.ndarray:
        found = np.zeros((1, n_cohorts, size), int)
        np.add.at(found, (0, cohort[kept], at[kept]), 1)
        return found

    everyone = cube(np.ones(len(cohort), bool), followed, len(days))
    return Triangle(
        start="lead",
        target="won",
        cohorts=months,
        as_of=dt.date(days[-1].year, days[-1].month, days[-1].day),
        entered=everyone.sum(axis=2),
        events={"won": cube(won, ends - entry, len(days))},
        censored=cube(~won, followed, len(days)),
        followed=everyone,
        calendar=CalendarCounts(
            months=months, converted=cube(won, month_of[np.minimum(ends, len(days) - 1)], n_cohorts)
        ),
    )


def compared(
    rates: np.ndarray, runs: int, *, seed: int = 1
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return the error of each method, and what the intervals of the shrunken fit hold."""
    errors: dict[str, list[np.ndarray]] = {}
    held, widths = [], []
    for run in range(runs):
        counts = simulated(np.random.default_rng([seed, run]), rates)
        own = lag.fit_cure(counts, rates=("cohorts",))
        fit = lag.fit_shrunken(counts, own)
        found = {
            "naive": (counts.converted / counts.entered)[0],
            "pooled fit": lag.fit_cure(counts).ultimate[0],
            "per-cohort rate": own.ultimate[0],
            "shrunken": fit.ultimate[0],
        }
        for name, values in found.items():
            errors.setdefault(name, []).append(values - rates)
        low, high = (np.asarray(end)[0] for end in fit.confidence_interval())
        held.append((low <= rates) & (rates <= high))
        widths.append(high - low)
    table = pd.DataFrame(
        {
            "method": list(errors),
            "rmse_last": [np.sqrt(np.mean(np.array(e)[:, -LAST:] ** 2)) for e in errors.values()],
            "bias_last": [np.mean(np.array(e)[:, -LAST:]) for e in errors.values()],
            "rmse_all": [np.sqrt(np.mean(np.array(e) ** 2)) for e in errors.values()],
        }
    )
    shares = np.array(held)
    return table, {
        "coverage, all cohorts": float(shares.mean()),
        "coverage, last three": float(shares[:, -LAST:].mean()),
        "coverage, newest": float(shares[:, -1].mean()),
        "mean width, last three": float(np.array(widths)[:, -LAST:].mean()),
    }


def main(runs: int = 400) -> None:
    truths = {
        "falling from .25 to .15": FALLING,
        "constant at .20": CONSTANT,
        "at .25, then falling to .15": BENT,
    }
    for name, rates in truths.items():
        began = time.perf_counter()
        table, intervals = compared(rates, runs)
        print(f"True rate {name}, {runs} repetitions")
        print(table.round(4).to_string(index=False))
        for label, value in intervals.items():
            print(f"{label}: {value:.3f}")
        print(f"{(time.perf_counter() - began) / runs:.2f} s for each repetition\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
