"""A period as people write it, in the user's calendar: 2026-08, 2026-Q3, FY2027 Q1, 2026."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit._core.dates import Calendar, Unit, period_label
from funnelkit._core.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

_WRITTEN: tuple[tuple[Unit, str], ...] = (
    ("day", r"\d{4}-\d{2}-\d{2}"),
    ("month", r"\d{4}-\d{2}"),
    ("quarter", r"\d{4}-?Q[1-4]"),
    ("year", r"\d{4}"),
)


@dataclass(frozen=True)
class Span:
    """A period: how it is written in tables, its first day and its last."""

    label: str
    first: dt.date
    last: dt.date

    def __contains__(self, day: object) -> bool:
        """Whether a day lies in it."""
        return isinstance(day, dt.date) and self.first <= day <= self.last


def span_of(argument: str, given: str | pd.Period, calendar: Calendar) -> Span:
    """Return the day, month, quarter or year that a text names.

    Raises
    ------
    ArgumentError
        If it names none.

    Examples
    --------
    >>> span = span_of("period", "2026-Q3", Calendar())
    >>> span.label, span.first.isoformat(), span.last.isoformat()
    ('2026 Q3', '2026-07-01', '2026-09-30')
    >>> span_of("period", "FY2027 Q1", Calendar(fiscal_year_start=2)).last.isoformat()
    '2026-04-30'
    """
    import pandas as pd

    if isinstance(given, pd.Period):
        return Span(period_label(given), given.start_time.date(), given.end_time.date())
    text = re.sub(r"^FY|\s", "", str(given))
    for unit, written in _WRITTEN:
        if re.fullmatch(written, text, re.ASCII):
            try:
                period = pd.Period(text, freq=calendar.freq(unit))
            except ValueError:
                break
            return Span(calendar.label(period), period.start_time.date(), period.end_time.date())
    raise ArgumentError(
        f"`{argument}` must be a period such as 2026-08, 2026-Q3, 2026 or 2026-08-31; "
        f"got {given!r}."
    )
