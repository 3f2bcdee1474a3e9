"""What was known on a day: whole periods gone by, and what the running one holds so far."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import Calendar, day_name, period_name
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit.forecast.series.series_table import SeriesTable

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_LAST_POSITION = 9000


@dataclass(frozen=True, kw_only=True)
class History:
    """Numbers of whole periods, and the first period to come.

    Parameters
    ----------
    values
        Shape ``(S, T)``; NaN only before a series begins.
    gone, periods
        The T whole periods, and the H to come.
    so_far
        What the first period to come holds already, shape ``(S,)``.
    elapsed
        Share of its working days that are gone, 0 where it has not begun.
    running
        Whether it has begun, and the series hold a number for it.
    as_of
        Last day that is known.
    notes
        What was left out or supposed.
    """

    values: FloatArray
    gone: pd.PeriodIndex
    periods: pd.PeriodIndex
    so_far: FloatArray
    elapsed: float
    running: bool
    as_of: dt.date
    notes: tuple[str, ...]


def history(
    table: SeriesTable,
    *,
    horizon: int,
    as_of: dt.date | None,
    calendar: Calendar,
    fill: bool,
) -> History:
    """Return what was known on a day.

    Parameters
    ----------
    table
        The series.
    horizon
        Periods to come.
    as_of
        Last day that is known. Default: that of the table, else the end of its last period.
    calendar
        Whose holidays are no working days.
    fill
        Whether periods without a number up to that day are 0.

    Raises
    ------
    ArgumentError
        If a day is given for series without dates, or lies before the first period.
    DataError
        If series end before that day.
    EvidenceError
        If there is no whole period.
    """
    import pandas as pd

    if table.periods is None:
        return _undated(table, horizon, as_of)
    day = as_of or table.as_of or table.periods[-1].end_time.date()
    running = pd.Period(day, freq=table.periods.freqstr)
    if running < table.periods[0]:
        raise ArgumentError(
            f"`as_of` is {day_name(day)}, before the first period "
            f"({period_name(table.periods[0])})."
        )
    is_whole = running.end_time.date() == day
    after = running + 1 if is_whole else running
    notes = []
    values, index = table.values, table.periods
    later = int((index > running).sum())
    if later:
        notes.append(f"Left out: {display.plural(later, 'period')} after {day_name(day)}.")
    gap = after.ordinal - index[-1].ordinal - 1
    if gap > 0:
        if not fill:
            raise DataError(
                f"The series end with {period_name(index[-1])}, but `as_of` is {day_name(day)}: "
                f"{display.plural(gap, 'period')} without a number. Give an earlier `as_of`, or "
                'missing="zero" where no row means none.'
            )
        values = np.hstack([values, np.zeros((len(values), gap))])
        notes.append(f"{display.plural(gap, 'period')} up to {day_name(day)} taken as 0.")
        index = pd.period_range(index[0], periods=len(index) + gap)
    known = int((index < after).sum())
    if not known:
        raise EvidenceError(
            f"There is no whole period up to {day_name(day)}; a forecast needs at least one."
        )
    beyond = later > 0 or (table.as_of is not None and table.as_of > day)
    is_running = not is_whole and not beyond and bool((index == after).any())
    so_far = values[:, known] if is_running else np.zeros(len(values))
    elapsed = share_gone(after, day, calendar) if is_running else 0.0
    past = values[:, :known]
    begun = np.asarray(np.isfinite(past).any(axis=1))
    _refuse_ended(table, past, begun, fill=fill)
    if not begun.all():
        past = np.where(begun[:, None], past, np.nan)
    if beyond and not is_whole:
        notes.append(
            f"The number of {period_name(running)} holds what came after {day_name(day)}, and was "
            "not used."
        )
    return History(
        values=_filled(past) if fill else past,
        gone=index[:known],
        periods=pd.period_range(after, periods=horizon),
        so_far=np.nan_to_num(so_far),
        elapsed=elapsed,
        running=is_running,
        as_of=day,
        notes=tuple(notes),
    )


def share_gone(period: pd.Period, day: dt.date, calendar: Calendar) -> float:
    """Return the share of a period's working days that are gone by the end of a day.

    Examples
    --------
    >>> import pandas as pd
    >>> share_gone(pd.Period("2026-06", "M"), dt.date(2026, 6, 15), Calendar())
    0.5
    """
    first, last = period.start_time.date(), period.end_time.date()
    whole = working_days(first, last, calendar)
    if not whole:
        return ((day - first).days + 1) / ((last - first).days + 1)
    return working_days(first, day, calendar) / whole


def working_days(first: dt.date, last: dt.date, calendar: Calendar) -> int:
    """Return the days from Monday to Friday, without holidays, both ends included.

    Examples
    --------
    >>> working_days(dt.date(2026, 1, 1), dt.date(2026, 1, 31), Calendar())
    22
    """
    off = np.array(sorted(calendar.holidays), dtype="datetime64[D]")
    return int(np.busday_count(first, last + dt.timedelta(1), holidays=off))


def _undated(table: SeriesTable, horizon: int, as_of: dt.date | None) -> History:
    """Return series without dates, which end together; years stand for their positions."""
    import pandas as pd

    if as_of is not None:
        raise ArgumentError("`as_of` needs series with dates; these have none.")
    values = table.ended_together()
    size = values.shape[1]
    if size + horizon > _LAST_POSITION:
        raise ArgumentError(
            f"Series without dates may have up to {_LAST_POSITION:,} numbers and steps ahead; got "
            f"{size + horizon:,}. Give their dates."
        )
    notes = []
    if len(set(table.lengths.tolist())) > 1:
        notes.append("Series without dates are taken to end together.")
    first = pd.Period(year=1, freq="Y")
    return History(
        values=values,
        gone=pd.period_range(first, periods=size),
        periods=pd.period_range(first + size, periods=horizon),
        so_far=np.zeros(len(values)),
        elapsed=0.0,
        running=False,
        as_of=dt.date(size, 12, 31),
        notes=tuple(notes),
    )


def _refuse_ended(
    table: SeriesTable, past: FloatArray, begun: NDArray[np.bool_], *, fill: bool
) -> None:
    """Refuse series that end before the others, unless what is missing is 0."""
    ended = begun & ~np.isfinite(past[:, -1])
    if not ended.any() or fill:
        return
    last = [past.shape[1] - 1 - int(np.isfinite(row[::-1]).argmax()) for row in past]
    shown = [f"{table.names[i]} ({table.labels[last[i]]})" for i in np.flatnonzero(ended)[:5]]
    more = "; …" if ended.sum() > 5 else ""
    raise DataError(
        f"{display.count(int(ended.sum()))} of {display.plural(len(past), 'series', 'series')} end "
        f"before {table.labels[past.shape[1] - 1]}: {'; '.join(shown)}{more}. Where no row means "
        'none, say missing="zero"; else leave these series out, or give an earlier `as_of`.'
    )


def _filled(past: FloatArray) -> FloatArray:
    """Return series with 0 where they have begun and hold no number."""
    begun = np.logical_or.accumulate(np.isfinite(past), axis=1)
    return np.where(begun & ~np.isfinite(past), 0.0, past)
