"""Alerts on simulated funnels: false alarms, the delay until a planted drop is found, raw rates.

Run it with::

    OMP_NUM_THREADS=1 nice -n 19 python benchmarks/alerts.py --simulations 40

Each simulation is a funnel of two years whose last months are reported on month by month, once
as it is (any alert is a false one) and once with a drop planted in one source: a fifth of its
leads that would have become an MQL do not, from one month of entry on.
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np
import pandas as pd

import funnelkit as fk
from funnelkit._core.interval import share_interval
from funnelkit.data.simulate import SimulatedExport, simulate_frame

SOURCE, FIRST, METRIC = "Organic search", 18, "lead to mql"


def leads_of(made: SimulatedExport, *, drop: float = 0.0, rng: int = 0) -> fk.Leads:
    """Return simulated leads, with a drop planted in one source from one month of entry on."""
    frame = made.frame.copy()
    entered = pd.to_datetime(frame["created_at"])
    begin = entered.min().to_period("M") + FIRST
    late = (entered.dt.to_period("M") >= begin) & (frame["source"] == SOURCE)
    hit = late & (np.random.default_rng(rng).random(len(frame)) < drop)
    for stage in made.funnel.stages[1:]:
        frame.loc[hit, made.funnel.column_of(stage)] = None
    return fk.from_frame(frame, made.funnel, as_of=made.as_of)


def reports(leads: fk.Leads, months: range) -> list[tuple[int, fk.Leads]]:
    """Return the leads as they stood at the end of some months."""
    start = pd.Period(leads.truth.expected.index[0] if leads.truth else "2025-01", "M")
    return [(m, leads.at((start + m).end_time.date())) for m in months]


def raw_alarm(leads: fk.Leads) -> bool:
    """Return whether raw rates of recent cohorts lie three sigma below those before them.

    The rate of the whole funnel of each of the last three cohorts, beside a p chart of the others.
    """
    triangle = fk.triangle(leads, leads.funnel.stages[0], leads.funnel.won)
    entered, won = triangle.entered[0].astype(float), triangle.converted[0].astype(float)
    centre = won[:-3].sum() / entered[:-3].sum()
    sigma = np.sqrt(centre * (1 - centre) / entered[-3:])
    return bool((won[-3:] / entered[-3:] < centre - 3 * sigma).any())


def simulated(seed: int, *, leads: int, drop: float) -> dict[str, list[float]]:
    """Return what the reports of one simulation came to."""
    made = simulate_frame(leads, rng=seed, months=24)
    found: dict[str, list[float]] = {"false": [], "raw": [], "delay": [], "stated": []}
    for month, then in reports(leads_of(made), range(FIRST - 1, 24, 2)):
        told = fk.monitor.alerts(then, by="source")
        found["false"].append(float(len(told) > 0))
        found["raw"].append(float(raw_alarm(then)))
        if month == FIRST + 1:
            found["stated"].append(told.smallest[METRIC, f"source {SOURCE}"])
    delay = np.inf
    for month, then in reports(leads_of(made, drop=drop, rng=seed), range(FIRST, 24)):
        told = fk.monitor.alerts(then, by="source")
        named = [
            one
            for one in told.alerts
            if one.direction == "fell" and SOURCE in one.segment and one.metric.name == METRIC
        ]
        if named:
            delay = month - FIRST + 1
            break
    found["delay"].append(delay)
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=40)
    parser.add_argument("--leads", type=int, default=60_000)
    parser.add_argument("--drop", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    all_of: dict[str, list[float]] = {"false": [], "raw": [], "delay": [], "stated": []}
    for seed in range(given.seed, given.seed + given.simulations):
        found = simulated(seed, leads=given.leads, drop=given.drop)
        for name, values in found.items():
            all_of[name] += values
        print(
            f"  funnel {seed}: {sum(found['false']):.0f} false alarms and {sum(found['raw']):.0f} "
            f"raw ones in {len(found['raw'])} reports; found after {found['delay'][0]:g} months",
            flush=True,
        )
    false, delay = np.array(all_of["false"]), np.array(all_of["delay"])
    low, high = share_interval(false.sum(), len(false))
    print(f"{given.simulations} funnels of {given.leads:,} leads in 24 months, board by source")
    print(
        f"false alarms: {false.sum():.0f} of {len(false)} reports, {100 * false.mean():.1f} % "
        f"(95 % interval {100 * low:.1f} to {100 * high:.1f} %), budget 5.0 %"
    )
    raw = np.array(all_of["raw"])
    print(f"raw recent rates would have alarmed in {100 * raw.mean():.1f} % of the same reports")
    stated = np.median(all_of["stated"])
    print(
        f"planted: {SOURCE}, {METRIC}, down by {100 * given.drop:.0f} %; stated: within 2 months "
        f"a drop of {100 * stated:.1f} % is found with a chance of 80 %"
    )
    for months in range(1, 7):
        share = (delay <= months).mean()
        print(f"  found within {months} months: {100 * share:.0f} %")
    seen = delay[np.isfinite(delay)]
    if len(seen):
        print(
            f"  delay, median {np.median(delay):.0f} months; mean of those found {seen.mean():.1f}"
        )


if __name__ == "__main__":
    main()
