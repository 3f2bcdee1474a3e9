"""How often the interval of conversions to come holds the number that came, by simulation.

    python benchmarks/in_flight_coverage.py 400          400 sets of 500, 3,000 and 20,000 leads
    python benchmarks/in_flight_coverage.py 400 3000     of one size

Leads enter evenly over nine months and convert, with a share of 20 %, after a Weibull time (shape
.8, scale 60 days); the hazard of each calendar month is multiplied by a factor whose log has a
standard deviation of .2. Standing on the last day of the eighth month: who of the open leads
converts in the 30 days to come, and ever? The suite runs a scaled-down version
(tests/lag/ahead/test_in_flight_coverage.py).
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

from funnelkit import lag
from funnelkit.counts.calendar import CalendarCounts
from funnelkit.counts.triangle import Triangle

FIRST = pd.Timestamp("2025-01-01")
MONTHS = 8


def simulated(n: int, *, sd: float, seed: int, rate: float = 0.2) -> tuple[Triangle, int, int]:
    """Return a triangle, and how many of its open leads convert within 30 days, and ever."""
    rng = np.random.default_rng(seed)
    months = pd.period_range(FIRST, periods=MONTHS + 240, freq="M")
    starts = np.array([(month.start_time - FIRST).days for month in months], float)
    factor = np.exp(rng.normal(0, sd, len(months)))
    as_of = int(starts[MONTHS]) - 1
    begins = rng.uniform(0, as_of + 1, n)
    ends = np.where(rng.random(n) < rate, _ends(begins, rng, starts, factor), np.inf)
    entry, came = np.floor(begins).astype(int), np.floor(ends)
    cohort = np.searchsorted(starts, entry, side="right") - 1
    won = came <= as_of
    size = (1, MONTHS, as_of + 1)

    def cube(kept, age):
        place = cohort[kept] * (as_of + 1) + age[kept].astype(int)
        return np.bincount(place, minlength=size[1] * size[2]).reshape(size)

    calendar = np.zeros((1, MONTHS, MONTHS), int)
    np.add.at(calendar[0], (cohort[won], np.searchsorted(starts, came[won], side="right") - 1), 1)
    followed = cube(np.ones(n, bool), as_of - entry)
    counts = Triangle(
        start="lead",
        target="won",
        cohorts=months[:MONTHS],
        as_of=(FIRST + pd.Timedelta(days=as_of)).date(),
        entered=followed.sum(axis=2),
        events={"won": cube(won, np.where(won, came, entry) - entry)},
        censored=cube(~won, as_of - entry),
        followed=followed,
        calendar=CalendarCounts(months=months[:MONTHS], converted=calendar),
    )
    later = came[~won]
    return counts, int((later <= as_of + 30).sum()), int(np.isfinite(later).sum())


def _ends(begins, rng, starts, factor):
    """Return when each lead converts: Weibull hazard by age times the factor of the month."""
    left = rng.exponential(size=len(begins))
    ends = np.full(len(begins), np.nan)
    for start, stop, pace in zip(starts[:-1], starts[1:], factor[:-1], strict=True):
        since, until = (np.maximum(day - begins, 0) / 60 for day in (start, stop))
        hazard = pace * (until**0.8 - since**0.8)
        here = np.isnan(ends) & (hazard >= left) & (hazard > 0)
        ends[here] = begins[here] + 60 * (since[here] ** 0.8 + left[here] / pace) ** (1 / 0.8)
        left = left - hazard
    return ends


def covered(sets: int, n: int, *, sd: float = 0.2, n_draws: int = 1000) -> pd.DataFrame:
    """Return the share of the intervals that hold what came, with and without pace."""
    rows = []
    for seed in range(sets):
        counts, soon, ever = simulated(n, sd=sd, seed=seed)
        fit = lag.fit_cure(counts)
        for name, pace in (("with pace", None), ("without", False)):
            flight = lag.in_flight(counts, fit, horizon=30, pace=pace, rng=seed, n_draws=n_draws)
            for asked, came in ((flight, soon), (flight.ever, ever)):
                low, high = (float(end) for end in asked.confidence_interval(per="all"))
                rows.append(
                    {
                        "interval": name,
                        "of": "30 days" if asked is flight else "ever",
                        "came": came,
                        "expected": asked.expected.sum(),
                        "width": high - low,
                        "covered": low <= came <= high,
                    }
                )
    frame = pd.DataFrame(rows)
    return frame.groupby(["of", "interval"]).mean().round(3)


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    sizes = [int(size) for size in sys.argv[2:]] or [500, 3000, 20_000]
    for leads in sizes:
        print(f"{leads:,} leads, {number} sets")
        print(covered(number, leads).to_string(), flush=True)
