"""Rates by cohort, age and segment, all from one triangle and one pooled fit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core.errors import EvidenceError
from funnelkit.lag import adjust, fit_competing, homogeneity
from funnelkit.rates import cohort as cohort_rates
from funnelkit.report.page import horizon as reach
from funnelkit.report.page.changes import UNKNOWN, Estimate
from funnelkit.report.page.facts import (
    SMALL,
    YOUNG,
    Alike,
    Cell,
    CohortRow,
    Cohorts,
    Curve,
    Earlier,
    Ever,
    Heat,
    HeatRow,
    Line,
    Missing,
    Segment,
    Segments,
    Setting,
    Window,
    WindowRow,
)
from funnelkit.report.page.views.method import Method

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.counts.triangle import Triangle
    from funnelkit.lag import AdjustedRates, NonparametricFit

_SPARSE = 0.1
_EARLIEST = 30
_LINES = 2


@dataclass(frozen=True, eq=False, kw_only=True)
class Basis:
    """What all rates of the page rest on.

    Parameters
    ----------
    triangle
        The cohorts in rates.
    fit
        One curve for all of them, up to ``horizon``.
    separate
        A curve for each cohort.
    level
        Level of the intervals.
    method
        How the timing is taken by which cohorts are adjusted.
    """

    triangle: Triangle
    fit: NonparametricFit
    separate: NonparametricFit
    horizon: int
    level: float
    method: Method = field(default_factory=Method)

    def adjusted(self, triangle: Triangle, *, horizon: int | None = None) -> AdjustedRates:
        """Return what cohorts come to by the horizon, by the page's timing."""
        fit = self.method.fit(triangle, horizon or self.horizon)
        return adjust(triangle, fit, confidence_level=self.level)

    def cohort_at(self, ages: Any) -> list[list[Estimate]]:
        """Return for each cohort its share converted by each age."""
        rates = self.separate.rate_at(ages)[0]
        low, high = self.separate.confidence_interval(ages, confidence_level=self.level)
        ends = np.asarray(low)[0], np.asarray(high)[0]
        return [
            [
                Estimate(float(rate), float(down), float(up))
                for rate, down, up in zip(rates[j], ends[0][j], ends[1][j], strict=True)
            ]
            for j in range(len(rates))
        ]


def basis(
    triangle: Triangle | None, setting: Setting, *, horizon: int | None = None
) -> Basis | Missing:
    """Return what all rates rest on, or what they would need."""
    terms = setting.terms
    if triangle is None:
        return Missing(f"It needs {terms.leads} with a date of {terms.label(terms.start)}.")
    used = whole_cohorts(triangle)
    last = horizon or reach.longest(used)
    if last is None:
        return Missing(
            f"It needs at least {SMALL} {terms.leads} that have been followed for a day or more; "
            f"so far {used.n} have entered."
        )
    try:
        fit = fit_competing(used, horizon=last)
        if horizon is None:
            known = reach.shortest(fit.rate_at(np.arange(last + 1))[0, 0])
            fit = fit if known == last else fit_competing(used, horizon=known)
        separate = fit_competing(used, pool=(), horizon=fit.horizon)
    except EvidenceError as error:
        return Missing(f"It needs more: {error}")
    return Basis(
        triangle=used,
        fit=fit,
        separate=separate,
        horizon=fit.horizon,
        level=setting.confidence_level,
    )


def whole_cohorts(triangle: Triangle) -> Triangle:
    """Return the triangle without a first month that is only recorded in part.

    Months are compared, so each should be whole; where it is the only one, it stays.
    """
    first = triangle.cohorts[0]
    if first in triangle.partial and triangle.n_cohorts > 1 and triangle.entered[:, 1:].any():
        return triangle.select(first=triangle.cohorts[1])
    return triangle


def cohorts_view(base: Basis, setting: Setting, before: Triangle | None) -> Cohorts:
    """Return the rates by cohort, as seen and as expected."""
    rows = _rows(base.adjusted(base.triangle))
    converts = bool(base.fit.ultimate[0, 0] > 0)
    youngest = base.triangle.followed[:, len(rows) - 1].sum(axis=0)
    ages = np.arange(len(youngest))
    maturity = base.fit.maturity(np.arange(base.horizon + 1))[0, 0]
    low, high = base.fit.confidence_interval(confidence_level=base.level)
    return Cohorts(
        rows=rows,
        horizon=base.horizon,
        pooled=Estimate(
            *(float(np.asarray(each)[0, 0]) for each in (base.fit.ultimate, low, high))
        ),
        ready=reach.ready_on(youngest, maturity, setting.as_of) if converts else None,
        earlier=_earlier(base, before),
        average_age=float((youngest * ages).sum() / youngest.sum()) if youngest.sum() else None,
        family=base.method.family,
    )


def _rows(rates: AdjustedRates) -> tuple[CohortRow, ...]:
    table: list[Any] = list(rates.to_frame().itertuples(index=False))
    converts = bool(rates.converted.any())
    last = max(np.flatnonzero(rates.entered.sum(axis=0)), default=0)
    return tuple(
        CohortRow(
            cohort=cohort,
            entered=int(row.entered),
            converted=int(row.converted),
            rate=_rate(row, late=bool(rates.late[0, k])),
            maturity=float(row.maturity),
            expected=_expected(row) if converts else UNKNOWN,
            partial=bool(row.partial),
        )
        for k, (cohort, row) in enumerate(zip(rates.cohorts, table, strict=True))
        if k <= last
    )


def _rate(row: Any, *, late: bool) -> Estimate:
    """Return the share so far; unknown where conversions before observation are missing."""
    if late or not row.entered:
        return UNKNOWN
    return Estimate(float(row.rate), float(row.rate_low), float(row.rate_high))


def _expected(row: Any) -> Estimate:
    """Return the adjusted rate where it rests on the group's own conversions."""
    if not row.entered or row.basis != "own":
        return UNKNOWN
    return Estimate(float(row.adjusted), float(row.adjusted_low), float(row.adjusted_high))


def _earlier(base: Basis, before: Triangle | None) -> Earlier | None:
    """Return what was expected a month ago of the newest cohort told then, and what is now."""
    if before is None:
        return None
    kept = [cohort for cohort in before.cohorts if cohort in base.triangle.cohorts]
    if len(kept) < 2:
        return None
    then = before.select(first=kept[0])
    longest = reach.longest(then)
    if longest is None or longest < _EARLIEST:
        return None
    horizon = min(longest, base.horizon)
    now = base.triangle.select(last=kept[-1])
    first, second = (_rows(base.adjusted(each, horizon=horizon)) for each in (then, now))
    told = {row.cohort: row for row in second if row.told}
    newest = next((row for row in reversed(first) if row.told and row.cohort in told), None)
    if newest is None or not newest.immature:
        return None
    return Earlier(
        day=before.as_of,
        cohort=newest.cohort,
        horizon=horizon,
        then=newest.expected,
        now=told[newest.cohort].expected,
    )


def heat_view(base: Basis) -> Heat:
    """Return the cohorts at equal age."""
    ages = reach.compared_ages(base.horizon)
    return Heat(ages=ages, rows=_heat_rows(base, ages))


def _heat_rows(base: Basis, ages: tuple[int, ...]) -> tuple[HeatRow, ...]:
    triangle = base.triangle
    counts = reach.observed(triangle)
    rows = []
    for j, estimates in enumerate(base.cohort_at(ages)):
        entered = int(triangle.entered[:, j].sum())
        cells = []
        for age, estimate in zip(ages, estimates, strict=True):
            old = int(counts[j, age]) if age < counts.shape[1] else 0
            if old < SMALL:
                cells.append(Cell(reached=old))
            else:
                state = "mature" if old == entered else "immature"
                cells.append(Cell(reached=old, estimate=estimate, state=state))  # type: ignore[arg-type]
        cohort = triangle.cohorts[j]
        rows.append(
            HeatRow(
                cohort=cohort,
                entered=entered,
                cells=tuple(cells),
                partial=cohort in triangle.partial,
            )
        )
    return tuple(rows)


def window_view(base: Basis, setting: Setting) -> Window | Missing:
    """Return the share converted within 30 days, or fewer where no cohort is that old."""
    for days in reach.window_days(base.horizon, float(base.fit.median_days()[0, 0])):
        window = Window(days=days, rows=_window_rows(base, days))
        if window.complete:
            return window
    terms = setting.terms
    return Missing(
        f"A rate within fixed days needs a month of at least {SMALL} {terms.leads} that have all "
        "been followed for a day."
    )


def _window_rows(base: Basis, days: int) -> tuple[WindowRow, ...]:
    """Return complete cohorts with their plain share, others with that of their curve."""
    found = cohort_rates(base.triangle, within=days, confidence_level=base.level)
    shares: list[Any] = list(found.to_frame().itertuples(index=False))
    rows = []
    for share, row in zip(shares, _heat_rows(base, (days,)), strict=True):
        known = bool(share.mature) and np.isfinite(share.rate)
        complete = bool(known and row.cells[0].state == "mature")
        plain = Estimate(float(share.rate), float(share.rate_low), float(share.rate_high))
        rows.append(
            WindowRow(
                cohort=row.cohort,
                entered=row.entered,
                estimate=plain if complete else row.cells[0].estimate,
                complete=complete,
            )
        )
    return tuple(rows)


def curve_view(base: Basis, ever: Ever | None) -> Curve:
    """Return the lag curve, and beside it the two youngest cohorts that have come some way."""
    ages = np.arange(base.horizon + 1)
    rates = base.fit.rate_at(ages)[0, 0]
    low, high = base.fit.confidence_interval(ages, confidence_level=base.level)
    followed = reach.reached(base.triangle.followed.sum(axis=(0, 1)))[: base.horizon + 1]
    sparse = np.flatnonzero(followed < _SPARSE * base.triangle.n)
    median = base.fit.median_days()[0, 0]
    return Curve(
        ages=tuple(ages.tolist()),
        rate=tuple(rates.tolist()),
        low=tuple(np.asarray(low)[0, 0].tolist()),
        high=tuple(np.asarray(high)[0, 0].tolist()),
        followed=tuple(followed.tolist()),
        half_day=None if np.isnan(median) else int(median),
        sparse_from=int(sparse[0]) if len(sparse) else None,
        others=_lines(base),
        ever=ever,
        alike=_alike(base.triangle),
    )


def _alike(triangle: Triangle) -> Alike | None:
    found = homogeneity(triangle)
    return Alike(level=found.pvalue, pace=found.pace.pvalue) if found.df else None


def _lines(base: Basis) -> tuple[Line, ...]:
    triangle = base.triangle
    if triangle.n_cohorts < 2:
        return ()
    counts = reach.observed(triangle)
    shape = base.fit.maturity(np.arange(base.horizon + 1))[0, 0]
    lines: list[Line] = []
    for j in reversed(range(triangle.n_cohorts)):
        entered = int(triangle.entered[:, j].sum())
        able = np.flatnonzero(counts[j] >= SMALL)
        last = min(int(able[-1]), base.horizon) if len(able) else 0
        if not last or shape[last] < YOUNG or len(lines) == _LINES:
            continue
        sure = min(int(max(np.flatnonzero(counts[j] == entered), default=0)), last)
        estimates = base.cohort_at(np.arange(last + 1))[j]
        mark = sure if sure >= 7 else last
        lines.append(
            Line(
                cohort=triangle.cohorts[j],
                ages=tuple(range(last + 1)),
                rates=tuple(estimate.value for estimate in estimates),
                sure_to=sure,
                mark=(mark, estimates[mark]),
            )
        )
    return tuple(reversed(lines))


def segments_view(base: Basis, triangle: Triangle) -> Segments | Missing:
    """Return the rates by the values of the triangle's segment, largest first."""
    column = triangle.by[0]
    used = triangle.select(first=base.triangle.cohorts[0])
    if used.n_segments < 2:
        return Missing(
            f"It needs a column with more than one value; {column} holds "
            f"{used.segments[0][0] or 'blanks'} only."
        )
    timing = base.method.fit(used, base.horizon)
    rates = adjust(used.collapse(cohorts=True), timing, confidence_level=base.level)
    table: list[Any] = list(rates.to_frame().itertuples(index=False))
    rows = [
        Segment(
            value=segment[0],
            entered=int(row.entered),
            converted=int(row.converted),
            expected=_expected(row),
        )
        for segment, row in zip(rates.segments, table, strict=True)
        if row.entered
    ]
    rows.sort(key=lambda row: (-row.entered, row.value or ""))
    low, high = base.fit.confidence_interval(confidence_level=base.level)
    ends = (float(np.asarray(each)[0, 0]) for each in (base.fit.ultimate, low, high))
    return Segments(column=column, rows=tuple(rows), pooled=Estimate(*ends), horizon=base.horizon)


def first_cohort(base: Basis) -> pd.Period:
    """Return the first cohort in rates."""
    return base.triangle.cohorts[0]
