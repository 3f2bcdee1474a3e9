"""Leads that convert faster in some months than in others, one by one, and plain sums over them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from funnelkit.counts.calendar import CalendarCounts
from funnelkit.counts.triangle import Triangle


def weibull_by_day(n_ages: int, scale: float, shape: float) -> np.ndarray:
    """Share of the eventual conversions by the end of each age, times cut to dates."""
    u = (np.arange(400) + 0.5) / 400
    times = np.arange(n_ages)[:, None] + u
    return (1 - np.exp(-((times / scale) ** shape))).mean(axis=1)


def paced(
    rng: np.random.Generator,
    *,
    rates: Sequence[Sequence[float]],
    per_cohort: int,
    factors: Sequence[float] | None = None,
    share: np.ndarray,
    first: str = "2026-01",
    as_of: str | None = None,
    known: bool = True,
) -> Triangle:
    """Return the triangle of simulated leads in monthly cohorts.

    `rates` by segment and cohort, `factors` on the hazard by month, `share` by age.
    """
    p = np.asarray(rates, float)
    months = pd.period_range(first, periods=p.shape[1], freq="M")
    end = pd.Timestamp(as_of) if as_of else months[-1].end_time.normalize()
    all_months = pd.period_range(months[0], end, freq="M")
    pace = np.ones(len(all_months)) if factors is None else np.asarray(factors, float)
    days = pd.date_range(months[0].start_time, end, freq="D")
    day_pace = pace[all_months.get_indexer(days.to_period("M"))]
    n_ages = len(days)
    total = -np.log(np.maximum(1 - share, 1e-12))
    step = np.diff(total, prepend=0.0)
    cubes = {name: np.zeros((*p.shape, n_ages), int) for name in ("won", "open", "followed")}
    by_month = np.zeros((*p.shape, len(all_months)), int)
    month_of_day = all_months.get_indexer(days.to_period("M"))
    for j, month in enumerate(months):
        inside = np.flatnonzero(days.to_period("M") == month)
        for i in range(len(p)):
            entry = rng.choice(inside, per_cohort)
            ever = rng.random(per_cohort) < p[i, j]
            patience = rng.exponential(size=per_cohort)
            for day in inside:
                mine = entry == day
                follow = n_ages - 1 - day
                risk = np.cumsum(day_pace[day:] * step[: follow + 1])
                age = np.searchsorted(risk, patience[mine])
                came = ever[mine] & (age <= follow)
                cubes["followed"][i, j, follow] += mine.sum()
                cubes["open"][i, j, follow] += (~came).sum()
                np.add.at(cubes["won"][i, j], age[came], 1)
                np.add.at(by_month[i, j], month_of_day[day + age[came]], 1)
    return Triangle(
        start="lead",
        target="won",
        by=("source",) if len(p) > 1 else (),
        segments=tuple((f"s{i:02d}",) for i in range(len(p))) if len(p) > 1 else ((),),
        cohorts=months,
        as_of=dt.date(end.year, end.month, end.day),
        entered=cubes["followed"].sum(axis=2),
        events={"won": cubes["won"]},
        censored=cubes["open"],
        followed=cubes["followed"],
        calendar=CalendarCounts(months=all_months, converted=by_month) if known else None,
    )


def expected_by_month(triangle: Triangle, share: np.ndarray, log_factors: np.ndarray) -> np.ndarray:
    """Σ over the leads of each cell of their share that comes in each month, by loops."""
    months = pd.period_range(triangle.cohorts[0].start_time, pd.Timestamp(triangle.as_of), freq="M")
    found = np.zeros((triangle.n_segments, triangle.n_cohorts, len(months)))
    total = -np.log(np.maximum(1 - share, 1e-10))
    for i, j, follow in np.argwhere(triangle.followed > 0):
        entry = pd.Timestamp(triangle.as_of) - pd.Timedelta(days=int(follow))
        risk, before, came = 0.0, 0.0, 0.0
        for k, month in enumerate(months):
            age = (min(month.end_time.normalize(), pd.Timestamp(triangle.as_of)) - entry).days
            if age < 0:
                continue
            risk += np.exp(log_factors[k]) * (total[age] - before)
            before = total[age]
            now = 1 - np.exp(-risk)
            found[i, j, k] += triangle.followed[i, j, follow] * (now - came)
            came = now
    return found
