"""Which period a report is about, and up to which day it is known."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit._core.dates import Calendar, Unit
from funnelkit._core.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Reported:
    """The period of a report.

    Parameters
    ----------
    period
        The day, week, month or quarter, by the user's calendar.
    until
        Last day of it that is known.
    """

    period: pd.Period
    until: dt.date

    @property
    def partial(self) -> bool:
        """Whether the period was not over on the last known day."""
        return bool(self.until < self.period.end_time.date())


def reported_period(
    unit: Unit,
    *,
    named: str | None = None,
    month: str | None = None,
    as_of: dt.date | None = None,
    calendar: Calendar | None = None,
) -> Reported:
    """Return the period that a report is about.

    Parameters
    ----------
    unit
        Of the report: ``"day"``, ``"week"``, ``"month"`` or ``"quarter"``.
    named
        The period: a day in it, or a month or (fiscal) quarter such as ``"2026-10"`` and
        ``"2026-Q3"``; ``None``: the last one that was over on the last known day.
    month
        Month at whose end the world is looked at; ``None``: at `as_of`.
    as_of
        Last day on which the data are complete; ``None``: not known.
    calendar
        Where weeks and fiscal years start.

    Raises
    ------
    ArgumentError
        If no period is named and no last day is known, or the period begins after that day.

    Examples
    --------
    >>> found = reported_period("quarter", month="2026-10")
    >>> str(found.period), str(found.until), found.partial
    ('2026Q3', '2026-09-30', False)
    >>> found = reported_period("quarter", named="2026-Q4", month="2026-10")
    >>> str(found.until), found.partial
    ('2026-10-31', True)
    """
    import pandas as pd

    calendar = calendar or Calendar()
    ends = [as_of] if as_of else []
    if month is not None and unit != "month":
        ends.append(pd.Period(month, "M").end_time.date())
    known = min(ends, default=None)
    freq = calendar.freq(unit)
    if named is not None:
        period = pd.Period(named.replace("-Q", "Q") if unit == "quarter" else named, freq=freq)
    elif known is None:
        raise ArgumentError(f"`{unit}` is missing, and the last day of the data is not known.")
    else:
        period = pd.Period(known + dt.timedelta(days=1), freq=freq) - 1
    end = period.end_time.date()
    until = end if known is None else min(end, known)
    if until < period.start_time.date():
        raise ArgumentError(
            f"`{unit}`: {written(period)} begins after {until}, the last day that is known."
        )
    return Reported(period, until)


def written(period: pd.Period) -> str:
    """Return how a period is named as a parameter and as a folder.

    Examples
    --------
    >>> import pandas as pd
    >>> [written(pd.Period("2026-11-18", freq)) for freq in ("D", "W-SUN", "M", "Q-DEC")]
    ['2026-11-18', '2026-11-16', '2026-11', '2026-Q4']
    """
    unit = period.freqstr.split("-", maxsplit=1)[0]
    if unit.startswith("Q"):
        return f"{period.qyear:04d}-Q{period.quarter}"
    return f"{period.start_time:%Y-%m}" if unit == "M" else f"{period.start_time:%Y-%m-%d}"
