"""On which dates to stand, and how many days after entry conversions count."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import Calendar, Unit
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.counts.triangle import Triangle

Day = dt.date | str
USUAL = 12
_NEARLY_ALL = 0.98
_SHORTEST = 2


def horizon_of(triangle: Triangle, horizon: int | None) -> int:
    """Return the days after entry within which conversions are predicted.

    Parameters
    ----------
    triangle
        Counts on the last day.
    horizon
        As given; ``None``: the first full 30 days (7, or 1, of short histories) by which 98 % of
        the conversions have come that come within a third of the history.

    Raises
    ------
    EvidenceError
        If the history is too short.
    """
    history = triangle.n_ages - 1
    if horizon is not None:
        days = checks.positive_whole("horizon", horizon)
        if 2 * days > history:
            raise EvidenceError(_too_short(triangle, days))
        return days
    limit = history // 3
    if limit < _SHORTEST:
        raise EvidenceError(_too_short(triangle, _SHORTEST))
    step = next(each for each in (30, 7, 1) if each <= limit)
    longest = limit // step * step
    came = _share_by_age(triangle)
    for days in range(step, longest, step):
        if came[longest] > 0 and came[days] >= _NEARLY_ALL * came[longest]:
            return days
    return longest


def chosen(
    triangle: Triangle,
    dates: Sequence[Day] | int | None,
    *,
    horizon: int,
    every: Unit,
    calendar: Calendar,
    least: int,
) -> list[dt.date]:
    """Return the dates on which to stand, the earliest first.

    Parameters
    ----------
    triangle
        Counts on the last day.
    dates
        Days; or how many ends of periods, the latest; ``None``: 12.
    horizon
        Days after entry within which conversions are predicted.
    every
        Unit of the periods.
    calendar
        The user's.
    least
        Leads that must be fully followed on the first of the dates.

    Raises
    ------
    ArgumentError
        If a date does not lie before ``as_of``, or there are none.
    EvidenceError
        If there is no end of a period on which enough was known, and after which enough has been
        seen.
    """
    if dates is not None and not isinstance(dates, int):
        days = sorted({checks.day("dates", day) for day in dates})
        if not days or days[-1] >= triangle.as_of:
            came = display.listed([day.isoformat() for day in days]) or "none"
            raise ArgumentError(
                f"`dates` must be days before `as_of` ({triangle.as_of.isoformat()}); got {came}."
            )
        return days
    wanted = USUAL if dates is None else checks.positive_whole("dates", dates)
    first = _first_date(triangle, horizon, least)
    day = triangle.as_of - dt.timedelta(days=horizon)
    found: list[dt.date] = []
    period = calendar.period(day + dt.timedelta(days=1), every) - 1
    while len(found) < wanted:
        end = period.end_time.date()
        if first is None or end < first:
            break
        found.append(end)
        period -= 1
    if not found:
        raise EvidenceError(_too_short(triangle, horizon, every=every))
    return found[::-1]


def _first_date(triangle: Triangle, horizon: int, least: int) -> dt.date | None:
    """Return the first day on which this many leads are followed to the horizon."""
    oldest_first = np.cumsum(triangle.followed.sum(axis=(0, 1))[::-1])
    enough = np.flatnonzero(oldest_first >= least)
    if not len(enough):
        return None
    age = triangle.n_ages - 1 - int(enough[0])
    return triangle.as_of - dt.timedelta(days=age - horizon)


def _share_by_age(triangle: Triangle) -> NDArray[np.float64]:
    """Return the product-limit rate of all leads by age; the other outcomes compete."""
    at_risk = np.maximum(triangle.at_risk.sum(axis=(0, 1)), 1)
    events = {name: triangle.by_age(name).sum(axis=(0, 1)) for name in triangle.outcomes}
    stay = np.cumprod(1 - sum(events.values()) / at_risk)
    before = np.concatenate([[1.0], stay[:-1]])
    return np.asarray(np.cumsum(before * events[triangle.target] / at_risk))


def _too_short(triangle: Triangle, horizon: int, every: Unit | None = None) -> str:
    history = triangle.n_ages - 1
    need = 2 * horizon
    words = f"and one end of a {every} between them" if every else ""
    if every is None:
        need = max(need, 3 * _SHORTEST)
    longest = history // 3
    remedy = "Come back when more has been seen."
    if 1 <= longest < horizon:
        shorter = display.plural(longest, "day")
        remedy = (
            f"Choose a shorter `horizon`, such as {shorter}, or come back when more has been seen."
        )
    return (
        f"`leads`: a back-test of rates within {display.plural(horizon, 'day')} needs leads "
        f"followed that long before a date, and as long after it, so at least "
        f"{display.plural(need, 'day')} from the first entries to `as_of` {words}".rstrip()
        + f"; there {'is' if history == 1 else 'are'} {display.plural(history, 'day')}, with "
        f"{display.plural(triangle.n, 'lead')}. {remedy}"
    )
