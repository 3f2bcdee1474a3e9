"""The user's calendar: months, and the weeks, quarters and years that start where the user says."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

Unit = Literal["day", "week", "month", "quarter", "year"]
UNITS: tuple[Unit, ...] = ("day", "week", "month", "quarter", "year")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MONTH_NAMES = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


@dataclass(frozen=True)
class Calendar:
    """Where weeks and fiscal years start.

    Parameters
    ----------
    fiscal_year_start
        Month, 1 to 12, in which the fiscal year starts. A fiscal year bears the number of the
        calendar year in which it ends: with a start in February, FY2027 runs from February 2026
        to January 2027.
    week_start
        Weekday on which a week starts, in English.
    holidays
        Days on which nobody works.

    Raises
    ------
    ArgumentError
        If the month or the weekday does not exist.

    Examples
    --------
    >>> import datetime as dt
    >>> calendar = Calendar(fiscal_year_start=2)
    >>> calendar.label(calendar.period(dt.date(2026, 2, 1), "quarter"))
    'FY2027 Q1'
    >>> Calendar().label(Calendar().period(dt.date(2026, 2, 1), "quarter"))
    '2026 Q1'
    """

    fiscal_year_start: int = 1
    week_start: str = "monday"
    holidays: tuple[dt.date, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a month or weekday that does not exist."""
        if self.fiscal_year_start not in range(1, 13) or isinstance(self.fiscal_year_start, bool):
            raise ArgumentError(
                f"`fiscal_year_start` must be a month from 1 to 12; got {self.fiscal_year_start!r}."
            )
        checks.one_of("week_start", self.week_start, WEEKDAYS)

    def freq(self, every: Unit) -> str:
        """Return the pandas period frequency of a unit, such as ``Q-JAN``."""
        checks.one_of("every", every, UNITS)
        last_month = _MONTHS[(self.fiscal_year_start - 2) % 12]
        last_weekday = WEEKDAYS[(WEEKDAYS.index(self.week_start) - 1) % 7][:3].upper()
        return {
            "day": "D",
            "week": f"W-{last_weekday}",
            "month": "M",
            "quarter": f"Q-{last_month}",
            "year": f"Y-{last_month}",
        }[every]

    def period(self, day: dt.date | str, every: Unit) -> pd.Period:
        """Return the period of a unit in which a day lies."""
        import pandas as pd

        return pd.Period(checks.day("day", day), freq=self.freq(every))

    def periods(self, days: object, every: Unit) -> pd.PeriodIndex:
        """Return the period of each of many days (anything ``pd.DatetimeIndex`` takes)."""
        import pandas as pd

        return pd.DatetimeIndex(days).to_period(self.freq(every))  # type: ignore[arg-type]

    def label(self, period: pd.Period) -> str:
        """Return how a period is written in tables: ISO-like, fiscal where the year is."""
        return period_label(period)


def period_label(period: pd.Period) -> str:
    """Return how a period is written in tables.

    Months are ``2026-10``, weeks bear the day they start on, quarters and years say ``FY`` when
    the fiscal year is not the calendar year.

    Examples
    --------
    >>> import pandas as pd
    >>> period_label(pd.Period("2026-10", "M"))
    '2026-10'
    >>> period_label(pd.Period("2026-10-31", "Q-JAN"))
    'FY2027 Q3'
    """
    unit, _, anchor = period.freqstr.partition("-")
    fiscal = "FY" if anchor not in ("", "DEC") else ""
    if unit in ("M", "ME"):
        return str(period)
    if unit.startswith("Q"):
        return f"{fiscal}{period.qyear} Q{period.quarter}"
    if unit.startswith(("Y", "A")):
        return f"{fiscal}{period.year}"
    return period.start_time.date().isoformat()


def period_name(period: pd.Period) -> str:
    """Return how a period is written in a sentence: ``May 2018``, ``week of 7 May 2018``.

    Examples
    --------
    >>> import pandas as pd
    >>> period_name(pd.Period("2018-05", "M"))
    'May 2018'
    """
    unit = period.freqstr.partition("-")[0]
    if unit in ("M", "ME"):
        return f"{_MONTH_NAMES[period.month - 1]} {period.year}"
    if unit == "W":
        return f"week of {day_name(period.start_time.date())}"
    if unit == "D":
        return day_name(period.start_time.date())
    return period_label(period)


def earlier(day: dt.date, days: int) -> dt.date:
    """Return the day so many days before another, or the first or last day that there is.

    Examples
    --------
    >>> earlier(dt.date(2026, 3, 1), 1), earlier(dt.date(1, 1, 5), 30)
    (datetime.date(2026, 2, 28), datetime.date(1, 1, 1))
    """
    ordinal = min(max(day.toordinal() - days, 1), dt.date.max.toordinal())
    return dt.date.fromordinal(ordinal)


def day_name(day: dt.date) -> str:
    """Return a day as written in a sentence, the same in every locale.

    Examples
    --------
    >>> import datetime as dt
    >>> day_name(dt.date(2018, 5, 31))
    '31 May 2018'
    """
    return f"{day.day} {_MONTH_NAMES[day.month - 1]} {day.year}"
