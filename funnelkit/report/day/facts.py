"""What the daily page says, and how it comes from a source."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit.data.whereabouts import still_open_since
from funnelkit.report.page.facts import Missing
from funnelkit.report.page.gather import of_one_business
from funnelkit.report.week.acting import activities_view
from funnelkit.report.week.entering import entries_view
from funnelkit.report.week.facts import Activities, Entries, Movement, Span
from funnelkit.report.week.gather import Beside, span_of
from funnelkit.report.week.moving import ends_of, movement_view, with_names

if TYPE_CHECKING:
    from funnelkit.data.records import Leads
    from funnelkit.report.page.source import Source

WAITING = 7
"""Days back in which new leads are looked at for a first answer."""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """New leads of late for whom nothing was done yet.

    Parameters
    ----------
    entered
        New leads of the last seven days, those of the day included, that are still open.
    untouched
        Those of them without an activity.
    oldest
        Days since the first of those came; ``None`` where there is none.
    """

    entered: int
    untouched: int
    oldest: int | None


@dataclass(frozen=True, eq=False, kw_only=True)
class DayFacts:
    """Everything that the daily page says."""

    span: Span
    entries: Entries
    movement: Movement
    activities: Activities | Missing
    waiting: Waiting | None


def gather(
    source: Source,
    beside: Beside,
    *,
    day: str | None = None,
    month: str | None = None,
    segment: str | None = None,
    confidence_level: float = 0.95,
) -> DayFacts:
    """Return everything that the page of a day says, as known at its end.

    Parameters
    ----------
    source
        The data and what stands beside them.
    beside
        Earlier exports.
    day
        The day; default: the last one of the data.
    month
        Month at whose end the world is looked at.
    segment
        Column to split new leads by; default: the first of the funnel.
    confidence_level
        Level of every interval.

    Raises
    ------
    ArgumentError
        If the day lies after the data, or the data hold businesses that are kept apart.
    """
    leads = of_one_business(source.leads)
    span = span_of(leads, source, "day", named=day, month=month, confidence_level=confidence_level)
    known = leads if leads.as_of == span.until else leads.at(span.until)
    ends = ends_of(known, span, beside.archive, before=beside.before, rewound=known is not leads)
    activities = activities_view(source.tables, span, whole=beside.whole)
    return DayFacts(
        span=span,
        entries=entries_view(known, span, "day", segment=segment),
        movement=with_names(movement_view(ends, span)),
        activities=activities,
        waiting=_waiting(known, span, activities),
    )


def _waiting(leads: Leads, span: Span, activities: Activities | Missing) -> Waiting | None:
    """Return the new leads of late without an activity; ``None`` where that is not known."""
    if isinstance(activities, Missing) or activities.last is None:
        return None
    since = span.until - dt.timedelta(days=WAITING - 1)
    if activities.known_from > since:
        return None
    entered = still_open_since(leads, since)
    left = [day for name, day in entered.items() if name not in activities.last]
    oldest = max(((span.until - day).days for day in left), default=None)
    return Waiting(entered=len(entered), untouched=len(left), oldest=oldest)
