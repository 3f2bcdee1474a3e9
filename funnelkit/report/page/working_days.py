"""Working days of a month: Monday to Friday, without the holidays of the calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

_DAY = dt.timedelta(days=1)


def working_days(first: dt.date, last: dt.date, holidays: Sequence[dt.date] = ()) -> int:
    """Return the number of working days from one day to another, both counted.

    Examples
    --------
    >>> working_days(dt.date(2026, 5, 1), dt.date(2026, 5, 15), [dt.date(2026, 5, 1)])
    10
    """
    return int(np.busday_count(first, last + _DAY, holidays=list(holidays)))


def same_working_day(
    day: dt.date, month: pd.Period, holidays: Sequence[dt.date] = ()
) -> tuple[dt.date, dt.date]:
    """Return the first and last day of a month up to the working day that a day is of its own.

    A day between two working days stands for all of them up to the next one, and so does its
    counterpart. Where a month has fewer working days, all of it; before the first working day,
    as many calendar days.

    Parameters
    ----------
    day
        The last day of the month in progress that is known.
    month
        The month to go to.
    holidays
        Days on which nobody works.

    Examples
    --------
    15 May 2026, a Friday, is the 11th working day of May; of April, that is the 15th:

    >>> import pandas as pd
    >>> same_working_day(dt.date(2026, 5, 15), pd.Period("2026-04", "M"))
    (datetime.date(2026, 4, 1), datetime.date(2026, 4, 15))
    """
    first, end = month.start_time.date(), month.end_time.date()
    free = list(holidays)
    number = working_days(day.replace(day=1), day, free)
    if number == 0:
        return first, min(end, first + (day.day - 1) * _DAY)
    works = bool(np.is_busday(day, holidays=free))
    nth = np.busday_offset(first, number - 1 if works else number, roll="forward", holidays=free)
    last = nth.astype(object) if works else nth.astype(object) - _DAY
    return first, min(end, last)
