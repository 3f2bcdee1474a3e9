"""Counts by calendar month, what they are compared with, and the money won."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit._core.dates import Unit, day_name, period_label, period_name
from funnelkit.report.page.facts import Missing, Months, Setting, Tally
from funnelkit.report.page.working_days import same_working_day, working_days

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.counts.moments import Moments
    from funnelkit.counts.triangle import Triangle
    from funnelkit.data.records import Leads

_MOST = 24


@dataclass(frozen=True, kw_only=True)
class Span:
    """Which months are shown, and the days that the report's month is compared with.

    Parameters
    ----------
    first
        First month shown: the first whole one since conversions are recorded.
    before
        First and last day of what the month is compared with; ``None`` where there is nothing.
    last_year
        First and last day of as much of the same month a year ago, of a month in progress.
    """

    first: pd.Period
    before: tuple[dt.date, dt.date] | None
    last_year: tuple[dt.date, dt.date] | None = None


def span_of(leads: Leads, setting: Setting) -> Span:
    """Return the months to show: those in which entries and conversions were recorded."""
    month = setting.month
    entries = _counted(leads, setting.terms.start)
    first = min((period for period, n in entries.items() if n), default=month)
    since = setting.recorded_from
    if since is not None:
        recorded = setting.calendar.period(since, "month")
        first = max(first, recorded if since.day == 1 else recorded + 1)
    known, first = first, min(max(first, month - (_MOST - 1)), month)
    if first == month:
        return Span(first=first, before=None)
    if not setting.partial:
        return Span(first=first, before=_days_of(month - 1))
    holidays = setting.calendar.holidays
    return Span(
        first=first,
        before=same_working_day(setting.as_of, month - 1, holidays),
        last_year=same_working_day(setting.as_of, month - 12, holidays)
        if known <= month - 12
        else None,
    )


def _days_of(month: pd.Period) -> tuple[dt.date, dt.date]:
    return month.start_time.date(), month.end_time.date()


def _counted(leads: Leads, step: str, *, every: Unit = "month") -> dict[pd.Period, int]:
    """Return first entries by period."""
    series: Any = leads.count(step, every)
    return {period: int(n) for period, n in series.items()}


def months_view(
    leads: Leads,
    setting: Setting,
    span: Span,
    *,
    now: Triangle | None,
    before: Triangle | None,
) -> Months:
    """Return the counts by month.

    Parameters
    ----------
    leads
        The data as known on the day of the report.
    setting, span
        What the page is about, and which months it shows.
    now, before
        Triangles of all cohorts, as known on the day of the report and on the last day of what
        it is compared with.
    """
    terms = setting.terms
    entered, won = _counted(leads, terms.start), _counted(leads, terms.target)
    amounts = _amounts(leads, setting)
    moments = None if isinstance(amounts, Missing) else amounts
    periods = [span.first + k for k in range((setting.month - span.first).n + 1)]
    tallies = {
        period: _tally(period, entered, won, moments, own=_own(now, period, setting.month))
        for period in periods
    }
    if moments is not None:
        days = setting.first_day, setting.as_of
        tallies[setting.month] = _with_amounts(tallies[setting.month], leads, setting, days)
    return Months(
        tallies=tallies,
        before=_before(leads, setting, span, before, money=moments is not None),
        before_name=_name_of(span.before, setting),
        last_year=_last_year(leads, setting, span, money=moments is not None),
        last_year_name=_name_of(span.last_year, setting),
        to_date=_to_date(setting, tallies),
        no_money=amounts.needs if isinstance(amounts, Missing) else None,
        blank_amounts=leads.funnel.value is not None
        and terms.target == leads.funnel.won
        and isinstance(amounts, Missing),
    )


def _tally(
    period: pd.Period,
    entered: Mapping[pd.Period, int],
    won: Mapping[pd.Period, int],
    moments: Moments | None,
    *,
    own: int | None = None,
) -> Tally:
    money: dict[str, Any] = {}
    if moments is not None and period in moments.periods:
        k = moments.periods.get_loc(period)
        known = int(moments.known[0, k])
        money = {"value": moments.total[0, k] if known else None, "amounts": known}
    elif moments is not None:
        money = {"value": None, "amounts": 0}
    return Tally(entered=entered.get(period, 0), won=won.get(period, 0), own=own, **money)


def _own(triangle: Triangle | None, cohort: pd.Period, wanted: pd.Period) -> int | None:
    """Return the conversions so far of the leads that entered in a month."""
    if triangle is None or cohort != wanted or cohort not in triangle.cohorts:
        return None
    return int(triangle.converted[:, triangle.cohorts.get_loc(cohort)].sum())


def _before(
    leads: Leads, setting: Setting, span: Span, triangle: Triangle | None, *, money: bool
) -> Tally | None:
    """Return what the month before, or as many of its days, had brought."""
    if span.before is None:
        return None
    month = setting.month - 1
    tally = replace(_between(leads, setting, *span.before), own=_own(triangle, month, month))
    return _with_amounts(tally, leads, setting, span.before) if money else tally


def _between(leads: Leads, setting: Setting, first: dt.date, last: dt.date) -> Tally:
    """Return the counts of some days."""
    entered, won = (
        sum(
            n
            for day, n in _counted(leads, step, every="day").items()
            if first <= day.start_time.date() <= last
        )
        for step in (setting.terms.start, setting.terms.target)
    )
    return Tally(entered=entered, won=won)


def _with_amounts(
    tally: Tally, leads: Leads, setting: Setting, days: tuple[dt.date, dt.date]
) -> Tally:
    """Return a tally with the amounts of the wins of some days, from the wins themselves."""
    import pandas as pd

    column, stage = leads.funnel.value, setting.terms.target
    month = period_label(setting.calendar.period(days[0], "month"))
    won = leads.list(stage, period=month)
    amounts = [
        Decimal(str(value))
        for day, value in zip(won[stage], won[column], strict=True)
        if not pd.isna(value) and value != 0 and _day(day) <= days[1]
    ]
    return replace(
        tally,
        value=sum(amounts, Decimal(0)) if amounts else None,
        amounts=len(amounts),
        squares=math.fsum(float(amount) ** 2 for amount in amounts) if amounts else None,
    )


def _day(value: Any) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value


def _last_year(leads: Leads, setting: Setting, span: Span, *, money: bool) -> Tally | None:
    """Return what as much of the same month had brought a year ago."""
    if span.last_year is None:
        return None
    tally = _between(leads, setting, *span.last_year)
    return _with_amounts(tally, leads, setting, span.last_year) if money else tally


def tally_of(leads: Leads, setting: Setting, month: pd.Period) -> Tally:
    """Return the counts of a calendar month, and its money where amounts are known."""
    days = _days_of(month)
    tally = _between(leads, setting, *days)
    if leads.funnel.value is None or setting.terms.target != leads.funnel.won:
        return tally
    return _with_amounts(tally, leads, setting, days)


def _name_of(days: tuple[dt.date, dt.date] | None, setting: Setting) -> str:
    """Return what a page calls the days with which its month is compared."""
    if days is None:
        return ""
    first, last = days
    month = setting.calendar.period(first, "month")
    name = period_name(month) if month < setting.month - 1 else setting.named(month)
    if not setting.partial:
        return name
    number = working_days(first, last, setting.calendar.holidays)
    same = number == working_days(setting.first_day, setting.as_of, setting.calendar.holidays)
    kind = "working day" if same and number else "day"
    number = number if kind == "working day" else (last - first).days + 1
    return f"the first {number} {kind}s of {name}" if number > 1 else f"the first {kind} of {name}"


def _amounts(leads: Leads, setting: Setting) -> Moments | Missing:
    """Return the money won, or why there is none to show."""
    from funnelkit.counts.build import moments

    funnel, terms = leads.funnel, setting.terms
    if funnel.value is None:
        return Missing("There is no money figure: the funnel names no column of amounts (`value`).")
    if terms.target != funnel.won:
        return Missing(
            f"There is no money figure: amounts belong to {terms.label(funnel.won)}, and this page "
            f"stops at {terms.label(terms.target)}."
        )
    found = moments(leads)
    if not found.usable:
        n = int(found.n.sum())
        return Missing(
            f"There is no money figure: of {display.plural(n, terms.win, terms.wins)} known by "
            f"{day_name(setting.as_of)} none has an amount other than 0, and 0 is read as unknown."
        )
    return found


def _to_date(setting: Setting, tallies: Mapping[pd.Period, Tally]) -> dict[str, Tally]:
    """Return the quarter and the year so far, where all of their months are there."""
    found = {}
    units: tuple[Unit, ...] = ("quarter", "year")
    for unit in units:
        period = setting.calendar.period(setting.first_day, unit)
        first = setting.calendar.period(period.start_time.date(), "month")
        months = [first + k for k in range((setting.month - first).n + 1)]
        if len(months) > 1 and all(month in tallies for month in months):
            found[f"{period_label(period)} to date"] = _sum([tallies[month] for month in months])
    return found


def _sum(tallies: list[Tally]) -> Tally:
    values = [tally.value for tally in tallies if tally.value is not None]
    return Tally(
        entered=sum(tally.entered for tally in tallies),
        won=sum(tally.won for tally in tallies),
        value=sum(values, Decimal(0)) if values else None,
        amounts=sum(tally.amounts for tally in tallies),
    )
