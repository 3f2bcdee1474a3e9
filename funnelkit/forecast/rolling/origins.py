"""On which days a back-test of forecasts stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from funnelkit._core import checks, display
from funnelkit._core.dates import Calendar
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.forecast.rolling.outcomes import Outcomes

Day = dt.date | str
USUAL = 12
LEAST_BEFORE = 6
"""Whole periods that must have gone by since the first win, where origins are not given."""


def origins_of(
    came: Outcomes, origins: Sequence[Day] | int | None, *, horizon: int, calendar: Calendar
) -> list[dt.date]:
    """Return the days on which to stand, the earliest first.

    Parameters
    ----------
    came
        What came in whole periods.
    origins
        Days; or how many ends of periods, the latest; ``None``: 12.
    horizon
        Periods to forecast.
    calendar
        The user's.

    Raises
    ------
    ArgumentError
        If a day does not lie before ``as_of``, or there are none.
    EvidenceError
        If no end of a period has enough before and after it.
    """
    if not len(came.periods):
        raise EvidenceError(
            f"`leads`: there is no whole {came.step} with "
            f"{'money' if came.unit == 'value' else 'a win'} up to {came.as_of.isoformat()}, so "
            "there is nothing to hold a forecast against."
        )
    if origins is not None and (isinstance(origins, (bool, str)) or not _many(origins)):
        wanted = checks.positive_whole("origins", origins)  # type: ignore[arg-type]
    elif origins is None:
        wanted = USUAL
    else:
        return _given(came, list(origins), calendar)  # type: ignore[arg-type]
    last = len(came.periods) - horizon - 1
    ends = range(LEAST_BEFORE - 1, last + 1)
    if not ends:
        unit = came.step
        raise EvidenceError(
            f"`origins`: a back-test over {display.plural(horizon, unit)} needs at least "
            f"{display.plural(LEAST_BEFORE, f'whole {unit}')} from the first win to a date, and "
            f"{horizon} after it; there {'is' if len(came.periods) == 1 else 'are'} "
            f"{len(came.periods)} in all. Choose a shorter "
            "`horizon`, give `origins` as days, or come back when more has been seen."
        )
    return [came.periods[place].end_time.date() for place in ends[-wanted:]]


def _many(origins: object) -> bool:
    return isinstance(origins, Sequence) or (
        hasattr(origins, "__iter__") and not isinstance(origins, str)
    )


def _given(came: Outcomes, origins: list[Day], calendar: Calendar) -> list[dt.date]:
    days = sorted({checks.day("origins", day) for day in origins})
    if not days:
        raise ArgumentError("`origins` must hold at least one day; got none.")
    late = [day for day in days if first_after(day, came, calendar) > len(came.periods) - 1]
    if late:
        raise ArgumentError(
            f"`origins` must be days after which a whole {came.step} has been seen by "
            f"{came.as_of.isoformat()}; got {display.listed([day.isoformat() for day in late])}."
        )
    early = [day for day in days if day < came.periods[0].start_time.date()]
    if early:
        raise ArgumentError(
            f"`origins` must not lie before the {came.step} of the first win "
            f"({came.periods[0].start_time.date().isoformat()}); got "
            f"{display.listed([day.isoformat() for day in early])}."
        )
    return days


def first_after(day: dt.date, came: Outcomes, calendar: Calendar) -> int:
    """Return the place of the first period to come among those of what came.

    It is the one of the day itself, where that has not ended on it.
    """
    period = calendar.period(day + dt.timedelta(days=1), came.step)
    return int((period - came.periods[0]).n)
