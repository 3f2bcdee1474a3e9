"""Metrics by fiscal quarter: leads, wins, bookings, adjusted conversion, win rate, cycle."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core.errors import EvidenceError
from funnelkit.metrics.cycle.medians import half_of_target
from funnelkit.metrics.stage_roles import roles
from funnelkit.report.page import changes, money
from funnelkit.report.page.changes import UNKNOWN, Estimate
from funnelkit.report.page.facts import MATURE, SMALL, CohortRow, Missing, Setting, Tally
from funnelkit.report.page.terms import capital
from funnelkit.report.page.views import rates
from funnelkit.report.quarter.facts import Figure, Kind, Trend

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads
    from funnelkit.report.page.views.rates import Basis

_MOST = 8
Told = tuple[tuple[Trend, ...], tuple[str, ...]]


def quarters_of(leads: Leads, setting: Setting, quarter: pd.Period) -> list[pd.Period]:
    """Return the quarters to show: at most eight, each whole, up to the one of the review.

    A first quarter that the data begin within, or from within which conversions are recorded, is
    left out, unless it is the only one.
    """
    entries: Any = leads.count(setting.terms.start, "month")
    first = min((month for month, n in entries.items() if n), default=None)
    if first is None:
        return [quarter]
    day = first.start_time.date()
    if leads.recorded_from is not None:
        day = max(day, leads.recorded_from)
    begin = setting.calendar.period(day, "quarter")
    begin = begin if begin.start_time.date() == day else begin + 1
    begin = min(max(begin, quarter - (_MOST - 1)), quarter)
    return [begin + k for k in range((quarter - begin).n + 1)]


def trends_of(leads: Leads, setting: Setting, quarters: Sequence[pd.Period]) -> Told:
    """Return the metrics over the quarters, and why others are absent.

    Parameters
    ----------
    leads
        The data as known on the day of the review.
    setting
        Names, calendar and level.
    quarters
        In order, without gaps; the review's own last.
    """
    base = _basis(leads, setting, setting.terms.start)
    from_day = None if isinstance(base, Missing) else _complete_from(leads, setting, base)
    found = [
        _counted(leads, setting, quarters, "leads", None),
        _counted(leads, setting, quarters, "wins", from_day),
    ]
    missing: list[str] = []
    bookings = _bookings(leads, setting, quarters, from_day)
    cohorts = _of_cohorts(base, setting, quarters)
    for made in (bookings, *cohorts, _win_rate(leads, setting, quarters)):
        if isinstance(made, Missing):
            missing.append(made.needs)
        else:
            found.append(made)
    return tuple(sorted(found, key=lambda one: _ORDER.index(one.key))), tuple(missing)


_ORDER = ("leads", "conversion", "win rate", "cycle", "wins", "bookings")


def _complete_from(leads: Leads, setting: Setting, base: Basis) -> dt.date | None:
    """Return the first day whose wins are nearly all of leads that are in the data.

    The first day of entry, and as many days more as nine tenths of the wins take.
    """
    entries: Any = leads.count(setting.terms.start, "day")
    first = min((day.start_time.date() for day, n in entries.items() if n), default=None)
    share = base.fit.maturity(np.arange(base.horizon + 1))[0, 0]
    late = np.flatnonzero(share >= MATURE)
    return None if first is None or not len(late) else first + dt.timedelta(days=int(late[0]))


def _state(quarter: pd.Period, setting: Setting, from_day: dt.date | None) -> dict[str, bool]:
    """Return whether a quarter is not over, and whether it lacks wins of older leads."""
    return {
        "immature": bool(quarter.end_time.date() > setting.as_of),
        "short": from_day is not None and bool(quarter.start_time.date() < from_day),
    }


def _counted(
    leads: Leads,
    setting: Setting,
    quarters: Sequence[pd.Period],
    key: str,
    from_day: dt.date | None,
) -> Trend:
    """Return entries to the first or the last stage by quarter, with exact Poisson intervals."""
    terms, level = setting.terms, setting.confidence_level
    of_leads = key == "leads"
    noun, stage = (terms.leads, terms.start) if of_leads else (terms.wins, terms.target)
    series: Any = leads.count(stage, "quarter")
    counts = {period: int(n) for period, n in series.items()}
    name = f"New {noun}" if of_leads else capital(noun)
    return Trend(
        key=key,
        name=name,
        measure=f"new {noun}" if of_leads else noun,
        about=f"by quarter of {'entry' if of_leads else f'the {terms.win}'}",
        of=noun,
        kind="count",
        figures=tuple(
            Figure(
                quarter=one,
                estimate=changes.counted(counts.get(one, 0), confidence_level=level),
                n=counts.get(one, 0),
                **_state(one, setting, from_day),
            )
            for one in quarters
        ),
        confidence_level=level,
    )


def _bookings(
    leads: Leads, setting: Setting, quarters: Sequence[pd.Period], from_day: dt.date | None
) -> Trend | Missing:
    """Return the money won by quarter of the win."""
    funnel, terms = leads.funnel, setting.terms
    if funnel.value is None:
        return Missing("Bookings need amounts: name their column as `value` in funnel.yml.")
    tallies = _tallies(leads, setting)
    if not any(one.amounts for one in tallies.values()):
        return Missing(
            f"Bookings need amounts: no {terms.win} has one other than 0, and 0 is read as unknown."
        )
    return Trend(
        key="bookings",
        name="Bookings",
        measure="bookings",
        about=f"value won, by quarter of the {terms.win}",
        of=f"{terms.wins} with an amount",
        kind="money",
        figures=tuple(
            _booked(tallies.get(one), one, setting, _state(one, setting, from_day))
            for one in quarters
        ),
        confidence_level=setting.confidence_level,
    )


def _tallies(leads: Leads, setting: Setting) -> Mapping[pd.Period, Tally]:
    """Return wins with exact sums of their amounts, by quarter of the win."""
    import pandas as pd

    won = leads.list(setting.terms.target)
    column = won[leads.funnel.value]
    known = won[column.notna() & (column != 0)]
    of = setting.calendar.periods(pd.DatetimeIndex(known[setting.terms.target]), "quarter")
    amounts: dict[pd.Period, list[Decimal]] = {}
    for quarter, value in zip(of, known[leads.funnel.value], strict=True):
        amounts.setdefault(quarter, []).append(Decimal(str(value)))
    return {
        quarter: Tally(
            entered=0,
            won=len(values),
            value=sum(values, Decimal(0)),
            amounts=len(values),
            squares=math.fsum(float(value) ** 2 for value in values),
        )
        for quarter, values in amounts.items()
    }


def _booked(
    tally: Tally | None, quarter: pd.Period, setting: Setting, state: Mapping[str, bool]
) -> Figure:
    if tally is None or tally.value is None:
        nothing = Estimate(0.0, math.nan, math.nan)
        return Figure(quarter=quarter, estimate=nothing, n=0, **state)
    total = money.total(tally, confidence_level=setting.confidence_level)
    alone = Estimate(float(tally.value), math.nan, math.nan)
    return Figure(quarter=quarter, estimate=total or alone, n=tally.amounts, **state)


def _basis(leads: Leads, setting: Setting, start: str) -> Basis | Missing:
    """Return the curves of the quarters' cohorts that entered a stage."""
    from funnelkit.counts.build import triangle

    try:
        counts = triangle(leads, start, setting.terms.target, cohort="quarter")
    except EvidenceError as error:
        return Missing(str(error))
    return rates.basis(counts, setting)


def _of_cohorts(
    base: Basis | Missing, setting: Setting, quarters: Sequence[pd.Period]
) -> tuple[Trend | Missing, ...]:
    """Return conversion and cycle of the leads that entered in each quarter."""
    terms = setting.terms
    if isinstance(base, Missing):
        return (Missing(f"Conversion by quarter: {_lower(base.needs)}"),)
    horizon = base.horizon
    conversion = Trend(
        key="conversion",
        name="Conversion",
        measure="conversion",
        about=f"{terms.leads} {terms.done} by day {horizon}, by quarter of entry, for their age",
        of=terms.leads,
        kind="share",
        figures=_cohort_figures(base, setting, quarters),
        confidence_level=setting.confidence_level,
    )
    return conversion, _cycle(base, setting, quarters)


def _cohort_figures(
    base: Basis, setting: Setting, quarters: Sequence[pd.Period]
) -> tuple[Figure, ...]:
    rows = {row.cohort: row for row in rates.cohorts_view(base, setting, None).rows}
    return tuple(_cohort_figure(rows.get(one), one) for one in quarters)


def _cohort_figure(row: CohortRow | None, quarter: pd.Period) -> Figure:
    if row is None:
        return Figure(quarter=quarter, estimate=UNKNOWN, n=0, immature=True)
    return Figure(
        quarter=quarter,
        estimate=row.expected if row.told else UNKNOWN,
        n=row.entered,
        immature=row.immature,
    )


def _win_rate(leads: Leads, setting: Setting, quarters: Sequence[pd.Period]) -> Trend | Missing:
    """Return the share of opportunities that are won, by quarter in which they were opened."""
    terms = setting.terms
    stage = roles(leads.funnel).opportunity
    if stage is None or stage == terms.start:
        whole = f"; conversion is that of {terms.leads}" if stage else ""
        return Missing(
            f"A win rate of its own needs a stage of opportunities after {terms.label(terms.start)}"
            f"{whole}."
        )
    base = _basis(leads, setting, stage)
    if isinstance(base, Missing):
        return Missing(f"Win rate by quarter: {_lower(base.needs)}")
    _, several = terms.nouns(stage)
    return Trend(
        key="win rate",
        name="Win rate",
        measure="the win rate",
        about=f"{several} {terms.done} by day {base.horizon}, by quarter of entry, for their age",
        of=several,
        kind="share",
        figures=_cohort_figures(base, setting, quarters),
        confidence_level=setting.confidence_level,
    )


def _cycle(base: Basis, setting: Setting, quarters: Sequence[pd.Period]) -> Trend | Missing:
    """Return the median days from entry to the win, by quarter of entry."""
    terms, triangle = setting.terms, base.triangle
    found = half_of_target(triangle, by_cohort=True, confidence_level=setting.confidence_level)
    wins = np.asarray(triangle.by_age(triangle.target).sum(axis=-1))[0]
    places = {cohort: k for k, cohort in enumerate(triangle.cohorts)}
    kind: Kind = "days"

    def figure(quarter: pd.Period) -> Figure:
        k = places.get(quarter)
        if k is None or wins[k] < SMALL or not math.isfinite(found.days[0, k]):
            return Figure(quarter=quarter, estimate=UNKNOWN, n=0 if k is None else int(wins[k]),
                          immature=True)  # fmt: skip
        ends = (float(found.low[0, k]), float(found.high[0, k]))
        return Figure(
            quarter=quarter,
            estimate=Estimate(float(found.days[0, k]), *ends),
            n=int(wins[k]),
            immature=bool(found.young[0, k]),
        )

    figures = tuple(figure(one) for one in quarters)
    if not any(one.estimate.known for one in figures):
        return Missing(
            f"The cycle needs a quarter of {SMALL} {terms.wins} or more with known days."
        )
    return Trend(
        key="cycle",
        name="Cycle",
        measure="the cycle",
        about=f"median days from {terms.label(terms.start)} to {terms.label(terms.target)}, by "
        "quarter of entry",
        of=terms.wins,
        kind=kind,
        figures=figures,
        confidence_level=setting.confidence_level,
    )


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:] if not words[:2].isupper() else words
