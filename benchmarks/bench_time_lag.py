"""Mixture-cure fits with their interval: funnelkit beside lifelines and surpyval, in one run.

    python benchmarks/bench_time_lag.py                the sizes of the claims: 10k, 100k, 1M leads
    python benchmarks/bench_time_lag.py 10000          one size

The same simulated leads for all: they enter evenly over a year at any time of day, a fifth converts
ever, after a Weibull time (shape .8, scale 60 days). funnelkit takes their triangle of day counts;
lifelines and surpyval one row per lead with the exact time, and surpyval also the counts by day.
Intervals are each package's own for the eventual rate: of the profile likelihood in funnelkit and
surpyval, of Wald in lifelines. At a million leads surpyval takes half a minute.

lifelines is among the development dependencies; surpyval is in the extra `bench`, for which

    .venv/bin/python -m pip install --constraint constraints.txt --editable ".[bench]"

What is not installed is left out, and said to be.
"""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import statistics
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from funnelkit import lag
from funnelkit.counts.triangle import Triangle

DAYS = 365
SIZES = (10_000, 100_000, 1_000_000)
RUNS = 7
SEGMENTS = 30


class Leads(NamedTuple):
    """Simulated leads: exact times in days, whether they converted, and their counts."""

    times: np.ndarray
    event: np.ndarray
    counts: Triangle


class Answer(NamedTuple):
    """An eventual rate, its interval, and the seconds it took."""

    rate: float
    low: float
    high: float
    seconds: float


def simulated(n: int, *, segments: int = 1, seed: int = 0) -> Leads:
    rng = np.random.default_rng(seed)
    begins = rng.uniform(0, DAYS + 1, n)
    segment = rng.integers(0, segments, n)
    rates = np.linspace(0.02, 0.38, segments) if segments > 1 else np.array([0.2])
    delay = 60 * rng.weibull(0.8, n)
    came = (rng.random(n) < rates[segment]) & (begins + delay < DAYS + 1)
    entry, ends = np.floor(begins), np.floor(begins + delay)
    cohort = np.minimum(entry // 30.5, 11).astype(int)
    shape = (segments, 12, DAYS + 1)

    def cube(kept: np.ndarray, age: np.ndarray) -> np.ndarray:
        place = np.ravel_multi_index(
            (segment[kept], cohort[kept], age[kept].astype(int)), dims=shape
        )
        return np.bincount(place, minlength=np.prod(shape)).reshape(shape)

    age = np.where(came, ends, entry) - entry
    followed = cube(np.ones(n, bool), DAYS - entry)
    counts = Triangle(
        start="lead",
        target="won",
        by=("source",) if segments > 1 else (),
        segments=tuple((f"s{k:02d}",) for k in range(segments)) if segments > 1 else ((),),
        cohorts=pd.period_range("2026-01", periods=12, freq="M"),
        as_of=dt.date(2026, 12, 31),
        entered=followed.sum(axis=2),
        events={"won": cube(came, age)},
        censored=cube(~came, DAYS - entry),
        followed=followed,
    )
    return Leads(np.where(came, delay, DAYS + 1 - begins), came, counts)


def timed(answer: Callable[[], tuple[float, float, float]]) -> Answer:
    began = time.perf_counter()
    rate, low, high = answer()
    return Answer(rate, low, high, time.perf_counter() - began)


def by_funnelkit(leads: Leads) -> tuple[float, float, float]:
    fit = lag.fit_cure(leads.counts)
    low, high = fit.confidence_interval()
    return float(fit.ultimate[0, 0]), float(low[0, 0]), float(high[0, 0])


def by_lifelines(leads: Leads) -> tuple[float, float, float]:
    from lifelines import MixtureCureFitter, WeibullFitter

    fit = MixtureCureFitter(base_fitter=WeibullFitter()).fit(leads.times, leads.event)
    row = fit.summary.loc["cured_fraction_"]
    return 1 - row["coef"], 1 - row["coef upper 95%"], 1 - row["coef lower 95%"]


def by_surpyval(leads: Leads) -> tuple[float, float, float]:
    import surpyval

    fit = surpyval.Weibull.fit(x=leads.times, c=(~leads.event).astype(int), lfp=True)
    return (float(fit.lfp_p), *fit.param_cb("lfp_p", method="lr"))


def by_surpyval_counts(leads: Leads) -> tuple[float, float, float]:
    import surpyval

    days = np.stack([np.floor(leads.times) + 0.5, ~leads.event])
    (x, c), n = np.unique(days, axis=1, return_counts=True)
    fit = surpyval.Weibull.fit(x=x, c=c.astype(int), n=n, lfp=True)
    return (float(fit.lfp_p), *fit.param_cb("lfp_p", method="lr"))


RIVALS = {
    "lifelines": ("lifelines", by_lifelines, 20),
    "surpyval": ("surpyval", by_surpyval, 50),
    "surpyval, counts by day": ("surpyval", by_surpyval_counts, None),
}
"""Name -> package, fit, and how many times faster funnelkit claims to be at 100k leads."""


def version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def show(name: str, answer: Answer, beside: Answer | None = None, claim: int | None = None) -> None:
    text = f"  {name:<26}{answer.seconds:9.3f} s   {answer.rate:.4f} ({answer.low:.4f} to "
    text += f"{answer.high:.4f})"
    if beside is not None:
        text += f"   {answer.seconds / beside.seconds:8.1f} x funnelkit"
    if claim is not None:
        text += f" (claim: at least {claim} x)"
    print(text, flush=True)


def compared(n: int) -> Answer:
    """Time all packages on n leads; the first run of each warms up what it loads."""
    leads = simulated(n)
    print(f"{n:,} leads, {int(leads.event.sum()):,} converted so far; true eventual rate .2000")
    timed(lambda: by_funnelkit(leads))
    runs = [timed(lambda: by_funnelkit(leads)) for _ in range(RUNS)]
    ours = runs[0]._replace(seconds=statistics.median(run.seconds for run in runs))
    show("funnelkit", ours)
    small = simulated(500)
    for name, (package, fit, claim) in RIVALS.items():
        if version(package) is None:
            print(f"  {name:<26}not installed: left out")
        else:
            fit(small)
            show(name, timed(lambda fit=fit: fit(leads)), ours, claim if n == 100_000 else None)
    return ours


def many_rates() -> None:
    """Time the rates of 12 cohorts x 30 segments of a million leads, each with its interval."""
    counts = simulated(SIZES[-1], segments=SEGMENTS).counts
    began = time.perf_counter()
    fit = lag.fit_cure(counts, rates=("segments", "cohorts"))
    fitted = time.perf_counter()
    low, high = fit.confidence_interval()
    done = time.perf_counter()
    inside = np.mean((low <= truth(counts)) & (truth(counts) <= high))
    print(
        f"{fit.ultimate.size} rates of {counts.n:,} leads (12 cohorts x {SEGMENTS} segments): "
        f"fit {fitted - began:.2f} s, intervals {done - fitted:.2f} s, together "
        f"{done - began:.2f} s (claim: at most 10 s); {inside:.1%} of intervals hold the truth"
    )


def truth(counts: Triangle) -> np.ndarray:
    return np.broadcast_to(np.linspace(0.02, 0.38, SEGMENTS)[:, None], counts.entered.shape)


def main() -> None:
    sizes = [int(text) for text in sys.argv[1:]] or list(SIZES)
    seen = {name: version(name) for name in ("lifelines", "surpyval")}
    print(", ".join(f"{name} {found or 'not installed'}" for name, found in seen.items()))
    ours = {n: compared(n).seconds for n in sizes}
    if SIZES[-1] in ours:
        print(f"At 1M leads {ours[SIZES[-1]]:.3f} s (claim: at most 1 s)")
    if {SIZES[0], SIZES[-1]} <= set(ours):
        ratio = ours[SIZES[-1]] / ours[SIZES[0]]
        print(f"At 1M leads {ratio:.2f} x the time at 10k (claim: at most 1.5 x)")
    if sizes == list(SIZES):
        many_rates()


if __name__ == "__main__":
    main()
