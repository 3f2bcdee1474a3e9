"""How well the mixture-cure fit finds the truth from dates, and how long it takes.

    python benchmarks/cure_recovery.py            twenty seeds of a million leads each

Leads enter evenly, at any time of day, and convert after a Weibull time (shape .8, scale 60 days);
times are then cut to dates. Coverage in small sets is in benchmarks/lag_coverage.py. The suite
runs scaled-down versions (tests/lag/cure/test_cure.py).
"""

from __future__ import annotations

import datetime as dt
import time

import numpy as np
import pandas as pd

from funnelkit import lag
from funnelkit.counts.triangle import Triangle


def simulated(n: int, days: int, *, rate: float, seed: int) -> Triangle:
    """Return the triangle of n leads that enter over days 0 to `days`, by month of 31 days."""
    rng = np.random.default_rng(seed)
    begins = rng.uniform(0, days + 1, n)
    entry, cohort = np.floor(begins).astype(int), (begins // 31).astype(int)
    ends = np.floor(begins + 60 * rng.weibull(0.8, n))
    came = (rng.random(n) < rate) & (ends <= days)
    size = (1, cohort.max() + 1, days + 1)
    cubes = []
    for kept, age in [
        (came, np.where(came, ends, entry) - entry),
        (~came, days - entry),
        (np.ones(n, bool), days - entry),
    ]:
        place = cohort[kept] * (days + 1) + age[kept].astype(int)
        cubes.append(np.bincount(place, minlength=size[1] * size[2]).reshape(size))
    return Triangle(
        start="lead",
        target="won",
        cohorts=pd.period_range("2026-01", periods=size[1], freq="M"),
        as_of=dt.date(2026, 12, 31),
        entered=cubes[2].sum(axis=2),
        events={"won": cubes[0]},
        censored=cubes[1],
        followed=cubes[2],
    )


def recovery(seeds: int = 20, n: int = 1_000_000) -> None:
    for days in (180, 365):
        inside, took, found = 0, [], []
        for seed in range(seeds):
            counts = simulated(n, days, rate=0.2, seed=seed)
            began = time.perf_counter()
            fit = lag.fit_cure(counts)
            low, high = fit.confidence_interval()
            took.append(time.perf_counter() - began)
            found.append(fit.ultimate[0, 0])
            inside += bool(low[0, 0] <= 0.2 <= high[0, 0])
        print(
            f"{days} days: the true .2000 in {inside} of {seeds} intervals; mean of the estimates "
            f"{np.mean(found):.5f}; fit and interval in {np.median(took):.2f} s (median)"
        )


if __name__ == "__main__":
    recovery()
