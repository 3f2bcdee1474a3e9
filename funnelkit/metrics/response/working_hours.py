"""Business hours: how much of the time between two moments somebody was there to answer."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import WEEKDAYS
from funnelkit._core.errors import ArgumentError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Moments = NDArray[np.datetime64]
MINUTE = 60_000_000
"""Microseconds of a minute; moments are kept in microseconds of UTC."""
_WHOLE_DAY = 24 * 60
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
_MOST_DAYS = 100 * 366


@dataclass(frozen=True, kw_only=True)
class WorkingHours:
    """When leads can be answered: weekdays, opening hours, holidays, and the zone of the clock.

    Parameters
    ----------
    opens, closes
        Clock times such as ``"09:00"``; ``"24:00"`` is the end of the day.
    weekdays
        Days of work, in English.
    exceptions
        Weekday -> its own ``(opens, closes)``, such as ``{"friday": ("09:00", "15:00")}``.
    holidays
        Days on which nobody works.
    timezone
        IANA name of the zone of these hours.

    Raises
    ------
    ArgumentError
        For a weekday, clock time, day or zone that does not exist, and for hours that end before
        they begin.

    Notes
    -----
    Hours are those of the wall clock: on the days on which clocks change, a working day that spans
    the change is an hour shorter or longer, and one from 9 to 17 is not.

    Examples
    --------
    A lead of Friday at 16:50 that is answered on Monday at 9:10 waited for 20 minutes:

    >>> import numpy as np
    >>> hours = WorkingHours(timezone="Europe/Berlin")
    >>> friday, monday = np.datetime64("2026-03-27T15:50"), np.datetime64("2026-03-30T07:10")
    >>> float(hours.minutes_between(friday, monday))  # moments of UTC; clocks changed on Sunday
    20.0
    """

    opens: str = "09:00"
    closes: str = "17:00"
    weekdays: tuple[str, ...] = WEEKDAYS[:5]
    exceptions: Mapping[str, tuple[str, str]] = field(default_factory=dict, hash=False)
    holidays: tuple[dt.date, ...] = ()
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        """Check everything and freeze it."""
        given: Any = self.weekdays
        days = (given,) if isinstance(given, str) else tuple(given)
        for day in (*days, *self.exceptions):
            checks.one_of("weekdays", day, WEEKDAYS)
        if not days:
            raise ArgumentError("`weekdays` must name at least one day; got none.")
        if odd := [day for day in self.exceptions if day not in days]:
            raise ArgumentError(f"`exceptions` has hours for {odd[0]}, which is no day of work.")
        zone("timezone", self.timezone)
        holidays = tuple(checks.day("holidays", day) for day in _several(self.holidays))
        exceptions = {day: _pair(day, hours) for day, hours in self.exceptions.items()}
        object.__setattr__(self, "weekdays", days)
        object.__setattr__(self, "holidays", holidays)
        object.__setattr__(self, "exceptions", MappingProxyType(exceptions))
        for day in days:
            _span(*self._hours_of(day))

    def _hours_of(self, weekday: str) -> tuple[str, str]:
        return self.exceptions.get(weekday, (self.opens, self.closes))

    def is_open(self, days: pd.DatetimeIndex) -> NDArray[np.bool_]:
        """Return whether each day is a day of work, shape ``(n_days,)``."""
        import pandas as pd

        numbers = [WEEKDAYS.index(day) for day in self.weekdays]
        closed = pd.DatetimeIndex([pd.Timestamp(day) for day in self.holidays])
        return np.asarray(days.day_of_week.isin(numbers) & ~days.isin(closed), dtype=bool)

    def days_between(self, first: dt.date, last: dt.date) -> int:
        """Return the number of days of work from one day to another, both included.

        Examples
        --------
        >>> import datetime as dt
        >>> hours = WorkingHours(holidays=("2026-05-01",))
        >>> hours.days_between(dt.date(2026, 4, 27), dt.date(2026, 5, 3))
        4
        """
        import pandas as pd

        return int(self.is_open(pd.date_range(first, last, freq="D")).sum())

    def minutes_between(self, start: Any, end: Any) -> FloatArray:
        """Return the working minutes between moments.

        Parameters
        ----------
        start, end
            Moments of UTC, ``datetime64`` of any one shape, ``end`` not before ``start``.

        Returns
        -------
        ndarray
            Minutes, 0 or more; NaN where a moment is missing.
        """
        begun, ended = np.broadcast_arrays(_micros(start), _micros(end))
        known = ~(_missing(begun) | _missing(ended))
        if not known.any():
            return np.full(begun.shape, np.nan)
        spans = self._spans(begun[known].min(), ended[known].max())
        passed = np.full(begun.shape, np.nan)
        passed[known] = _worked(spans, ended[known]) - _worked(spans, begun[known])
        return passed / MINUTE

    def after(self, start: Any, minutes: float) -> Moments:
        """Return the moment at which so many working minutes have passed since another.

        Parameters
        ----------
        start
            Moments of UTC, ``datetime64`` of any shape.
        minutes
            Working minutes, above 0.

        Returns
        -------
        ndarray
            Moments of UTC in microseconds; missing where ``start`` is.

        Raises
        ------
        ArgumentError
            If there is not so much working time in the century that follows.
        """
        begun = np.atleast_1d(_micros(start))
        known = ~_missing(begun)
        found = np.full(begun.shape, np.datetime64("NaT"), dtype="datetime64[us]")
        if not known.any():
            return found.reshape(np.shape(start))
        wanted, days = minutes * MINUTE, 14
        while True:
            last = begun[known].max() + days * _WHOLE_DAY * MINUTE
            opened, closed, before = spans = self._spans(begun[known].min(), last)
            target = _worked(spans, begun[known]) + wanted
            total = before[-1] + closed[-1] - opened[-1] if len(opened) else 0
            if target.max() <= total:
                break
            if days > _MOST_DAYS:
                raise ArgumentError(f"{minutes:g} working minutes do not pass in these hours.")
            days *= 4
        place = np.searchsorted(before + closed - opened, target, side="left")
        moments = opened[place] + (target - before[place])
        found[known] = np.round(moments).astype("int64").astype("datetime64[us]")
        return found.reshape(np.shape(start))

    def _spans(self, first: int, last: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return opening and closing moments over a stretch, and the time worked before each."""
        import pandas as pd

        ends = pd.to_datetime([int(first), int(last)], unit="us", utc=True)
        local = ends.tz_convert(self.timezone).tz_localize(None).normalize()
        days = pd.date_range(local[0], local[1], freq="D")
        days = days[self.is_open(days)]
        hours = {WEEKDAYS.index(day): _span(*self._hours_of(day)) for day in self.weekdays}
        table = np.array([hours.get(number, (0, 0)) for number in range(7)])
        spans = table[days.day_of_week.to_numpy()].reshape(-1, 2)
        opened, closed = (
            _as_micros(days + pd.to_timedelta(spans[:, k], unit="min"), self.timezone, early=k == 0)
            for k in (0, 1)
        )
        worked = np.cumsum(closed - opened)
        return opened, closed, worked - (closed - opened)

    def told(self) -> str:
        """Return the hours in words.

        Examples
        --------
        >>> print(WorkingHours(timezone="Europe/Berlin").told())
        business hours of Europe/Berlin (monday to friday 09:00 to 17:00, no holidays)
        """
        days = [day for day in WEEKDAYS if day in self.weekdays]
        in_a_row = days == list(WEEKDAYS[WEEKDAYS.index(days[0]) :][: len(days)])
        named = f"{days[0]} to {days[-1]}" if in_a_row and len(days) > 2 else display.listed(days)
        other = [f"{day} {start} to {end}" for day, (start, end) in self.exceptions.items()]
        closed = display.plural(len(self.holidays), "holiday") if self.holidays else "no holidays"
        hours = ", ".join([f"{named} {self.opens} to {self.closes}", *other, closed])
        return f"business hours of {self.timezone} ({hours})"


def zone(argument: str, name: str) -> ZoneInfo:
    """Return a time zone.

    Raises
    ------
    ArgumentError
        If there is none of that name; with the closest match.
    """
    from zoneinfo import available_timezones

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError, AttributeError):
        hint = did_you_mean(name, available_timezones()) if isinstance(name, str) else ""
        raise ArgumentError(
            f"`{argument}` must be an IANA name such as Europe/Berlin; got {name!r}.{hint}"
        ) from None


def elapsed(start: Moments, end: Moments) -> FloatArray:
    """Return the minutes between moments by the clock; NaN where one is missing."""
    begun, ended = _micros(start), _micros(end)
    missing = _missing(begun) | _missing(ended)
    return np.where(missing, np.nan, (ended - np.where(missing, ended, begun)) / MINUTE)


def _worked(spans: tuple[FloatArray, FloatArray, FloatArray], moments: Any) -> FloatArray:
    """Return the working time from the beginning of the spans to each moment."""
    opened, closed, before = spans
    if not len(opened):
        return np.zeros(moments.shape)
    place = np.searchsorted(opened, moments, side="right") - 1
    at = np.maximum(place, 0)
    inside = before[at] + np.minimum(moments, closed[at]) - opened[at]
    return np.where(place < 0, 0.0, inside)


def _as_micros(wall: pd.DatetimeIndex, timezone: str, *, early: bool) -> FloatArray:
    """Return wall times as moments; of an hour that comes twice, the first to open by."""
    twice = np.full(len(wall), early)
    moments = wall.tz_localize(timezone, ambiguous=twice, nonexistent="shift_forward")
    return np.asarray(moments.as_unit("us").asi8, dtype=float)


def _micros(moments: Any) -> NDArray[np.int64]:
    return np.asarray(moments, dtype="datetime64[us]").astype("int64")


def _missing(micros: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.asarray(micros == np.iinfo(np.int64).min)


def _several(given: Any) -> Iterable[Any]:
    return (given,) if isinstance(given, (str, dt.date)) else tuple(given)


def _pair(day: str, hours: Any) -> tuple[str, str]:
    if isinstance(hours, str) or len(tuple(hours)) != 2:
        raise ArgumentError(f"`exceptions` must give {day} two clock times; got {hours!r}.")
    first, last = hours
    return str(first), str(last)


def _span(opens: str, closes: str) -> tuple[int, int]:
    """Return opening and closing in minutes since midnight."""
    first, last = _minute("opens", opens), _minute("closes", closes)
    if first >= last:
        raise ArgumentError(
            f"`opens` must come before `closes`; got {opens} and {closes}. Hours past midnight are "
            'not known here; "24:00" is the end of a day.'
        )
    return first, last


def _minute(argument: str, text: Any) -> int:
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    minute = int(found[1]) * 60 + int(found[2]) if found and int(found[2]) < 60 else _WHOLE_DAY + 1
    if minute > _WHOLE_DAY:
        raise ArgumentError(f"`{argument}` must be a clock time such as 09:00; got {text!r}.")
    return minute
