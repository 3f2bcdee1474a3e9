"""First entries to each stage in a period, and in as many days of the periods before."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit._core.dates import Unit
from funnelkit.report.week.facts import Entries, Span

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

PERIODS = 13
"""Periods shown: the one of the page, and a quarter of a year of weeks before it."""
_SEGMENTS = 6


def entries_view(leads: Leads, span: Span, unit: Unit, *, segment: str | None = None) -> Entries:
    """Return the entries to each stage and exit, and those to the first stage by segment.

    Parameters
    ----------
    leads
        As known on the last day of the page.
    span
        The period.
    unit
        ``"week"`` or ``"day"``.
    segment
        Column to split by; default: the first of the funnel.

    Notes
    -----
    Of each period the same number of days counts as is known of the last one, so that a week that
    runs is compared with the same days of the weeks before.
    """
    funnel = leads.funnel
    daily = {step: leads.count(step, "day") for step in funnel.steps}
    begun = min((one.index[0].start_time.date() for one in daily.values()), default=span.first_day)
    since = leads.recorded_from
    begun = max(begun, since) if since is not None else begun
    periods = _periods(span, unit, begun)
    stages = {
        step: tuple(_count(series, one, span.length) for one in periods)
        for step, series in daily.items()
    }
    column = segment or next(iter(funnel.segments), None)
    split = {} if column is None else _split(leads, span, periods, column)
    return Entries(stages=stages, periods=periods, column=column, segments=split)


def _periods(span: Span, unit: Unit, begun: dt.date) -> tuple[pd.Period, ...]:
    """Return the last periods that the data hold from their first day on."""
    own = [span.period - k for k in range(PERIODS)]
    if unit == "day":  # the same weekday of the weeks before
        own = [span.period - 7 * k for k in range(PERIODS)]
    kept = [one for one in own[1:] if one.start_time.date() >= begun]
    return (*reversed(kept), span.period)


def _count(series: Any, period: pd.Period, days: int) -> int:
    first = period.start_time.to_period("D")
    return int(series.loc[(series.index >= first) & (series.index < first + days)].sum())


def _split(
    leads: Leads, span: Span, periods: tuple[pd.Period, ...], column: str
) -> dict[str, tuple[int, ...]]:
    """Return the entries of the largest segments, and of all others together."""
    frame: Any = leads.count(leads.funnel.stages[0], "day", by=column)
    found = {
        str(name): tuple(
            _count(part.set_index("period")["value"], one, span.length) for one in periods
        )
        for name, part in frame.groupby("series", sort=False)
    }
    ordered = sorted(found.items(), key=lambda one: (-sum(one[1]), one[0]))
    shown = {display.segment_name([name]): counts for name, counts in ordered[:_SEGMENTS]}
    rest = [counts for _, counts in ordered[_SEGMENTS:]]
    if rest:
        shown[f"{len(rest)} others"] = tuple(sum(each) for each in zip(*rest, strict=True))
    return shown
