"""What the calendar and the user know of each period: working days, quarter ends, events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import Calendar, period_label
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.forecast.series import dating

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
CALENDAR = ("working_days", "quarter_end")
_LAST_DAYS = 10
_NAMES = ("event", "name", "what", "label", "title")
_FIRST = ("day", "date", "start", "from", "first", "period", "month")
_LAST = ("end", "to", "last", "until")


@dataclass(frozen=True, kw_only=True)
class Regressor:
    """One thing that may move the numbers of a period.

    Parameters
    ----------
    name
        What it is called.
    per
        What its effect is stated for, in words.
    values
        Its number in each period gone by and to come, shape ``(T + H,)``; 0 where it does nothing.
    step
        By how much the number differs for what ``per`` says.
    centre, doubt
        What is believed of its effect on the logarithm before the data: mean and standard
        deviation.
    seen
        Periods gone by in which it was there.
    least, most
        Between which its effect can lie.
    """

    name: str
    per: str
    values: FloatArray
    step: float
    centre: float
    doubt: float
    seen: int
    least: float = -3.0
    most: float = 3.0


def regressors_of(
    wanted: Any, events: Any, periods: pd.PeriodIndex, gone: int, calendar: Calendar
) -> list[Regressor]:
    """Return the regressors that were asked for.

    Parameters
    ----------
    wanted
        Names of the calendar's, and Series or frames of numbers by period.
    events
        Dated events.
    periods, gone
        Periods gone by and to come in a row, and how many of them are gone.
    calendar
        The user's.

    Raises
    ------
    ArgumentError
        If a name is unknown, or an event has no day.
    DataError
        If numbers by period lack a period.
    """
    found = []
    for one in listed(wanted):
        if isinstance(one, str):
            checks.one_of("regressors", one, CALENDAR)
            if one == "working_days":
                found.append(_working_days(periods, gone, calendar))
            else:
                found.append(_quarter_end(periods, gone, calendar))
        else:
            found += _given(one, periods, gone)
    found += _events(events, periods, gone)
    names = [one.name for one in found]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise ArgumentError(f"`regressors` and `events`: {repeated[0]!r} is there twice.")
    return found


def listed(wanted: Any) -> list[Any]:
    """Return regressors as a list: of names, Series and frames."""
    if wanted is None:
        return []
    if isinstance(wanted, Mapping):
        import pandas as pd

        return [pd.Series(numbers, name=str(name)) for name, numbers in wanted.items()]
    if isinstance(wanted, (list, tuple)):
        return list(wanted)
    return [wanted]


def _working_days(periods: pd.PeriodIndex, gone: int, calendar: Calendar) -> Regressor:
    days = np.array([_days(period, calendar.holidays) for period in periods], float)
    mean = max(float(days[:gone].mean()), 0.1)
    return Regressor(
        name="working_days",
        per="one more working day",
        values=np.log(np.maximum(days, 0.2) / mean),
        step=float(np.log1p(1 / mean)),
        centre=1.0,
        doubt=0.5,
        seen=gone,
        least=0.0,
        most=2.0,
    )


def _days(period: pd.Period, holidays: Iterable[dt.date]) -> int:
    off = np.array(sorted(holidays), dtype="datetime64[D]")
    first, last = period.start_time.date(), period.end_time.date()
    return int(np.busday_count(first, last + dt.timedelta(1), holidays=off))


def _quarter_end(periods: pd.PeriodIndex, gone: int, calendar: Calendar) -> Regressor:
    """Return the share of a quarter's last days in each period; of months, those that end one."""
    values = np.zeros(len(periods))
    for k, period in enumerate(periods):
        first, last = period.start_time.date(), period.end_time.date()
        if (last - first).days >= 27:
            values[k] = calendar.period(last, "quarter").end_time.date() == last
            continue
        days = [first + dt.timedelta(k) for k in range((last - first).days + 1)]
        left = [(calendar.period(day, "quarter").end_time.date() - day).days for day in days]
        values[k] = np.mean([one < _LAST_DAYS for one in left])
    return Regressor(
        name="quarter_end",
        per="end of a quarter",
        values=values,
        step=1.0,
        centre=0.0,
        doubt=0.5,
        seen=int((values[:gone] > 0).sum()),
    )


def _given(numbers: Any, periods: pd.PeriodIndex, gone: int) -> list[Regressor]:
    """Return regressors of the user's own, standardised over the periods gone by."""
    import pandas as pd

    if isinstance(numbers, pd.DataFrame):
        frame = numbers.set_index("period") if "period" in numbers.columns else numbers
        return [one for name in frame.columns for one in _given(frame[name], periods, gone)]
    if not isinstance(numbers, pd.Series):
        raise ArgumentError(
            '`regressors` must be "working_days", "quarter_end", or Series of numbers by period; '
            f"got {type(numbers).__name__}."
        )
    name = display.one_line(str(numbers.name))
    freq = periods.freqstr
    try:
        index = pd.PeriodIndex([pd.Period(one, freq=freq) for one in numbers.index], freq=freq)
        known = pd.Series(pd.to_numeric(numbers).to_numpy(float), index=index)
    except (ValueError, TypeError) as reason:
        raise DataError(
            f"`regressors`: {name} must hold numbers by period; {display.one_line(str(reason))}."
        ) from None
    if index.has_duplicates:
        raise DataError(f"`regressors`: {name} has several numbers of one period.")
    values = known.reindex(periods).to_numpy()
    lacking = [period_label(periods[k]) for k in np.flatnonzero(~np.isfinite(values)).tolist()]
    if lacking:
        more = ", …" if len(lacking) > 5 else ""
        raise DataError(
            f"`regressors`: {name} lacks {display.plural(len(lacking), 'period')}: "
            f"{', '.join(lacking[:5])}{more}. It must be known of all periods gone by and to come."
        )
    spread = float(values[:gone].std())
    scaled = (values - values[:gone].mean()) / spread if spread > 0 else np.zeros(len(values))
    return [
        Regressor(
            name=name,
            per="one standard deviation more",
            values=scaled,
            step=1.0,
            centre=0.0,
            doubt=0.5,
            seen=gone if spread > 0 else 0,
        )
    ]


def _events(events: Any, periods: pd.PeriodIndex, gone: int) -> list[Regressor]:
    """Return one regressor for each name of an event."""
    if events is None:
        return []
    found: dict[str, FloatArray] = {}
    for name, first, last in _dated(events):
        values = found.setdefault(name, np.zeros(len(periods)))
        values += _share(first, last, periods)
    return [
        Regressor(
            name=name,
            per="time it takes place",
            values=values,
            step=1.0,
            centre=0.0,
            doubt=0.5,
            seen=int((values[:gone] > 0).sum()),
        )
        for name, values in found.items()
    ]


def _share(first: dt.date, last: dt.date, periods: pd.PeriodIndex) -> FloatArray:
    """Return the share of an event in each period: of its days, or of the period if it is shorter.

    Examples
    --------
    >>> import pandas as pd
    >>> months = pd.period_range("2026-09", periods=2, freq="M")
    >>> _share(dt.date(2026, 9, 28), dt.date(2026, 10, 2), months).tolist()
    [0.6, 0.4]
    """
    found = np.zeros(len(periods))
    for k, period in enumerate(periods):
        begin, end = period.start_time.date(), period.end_time.date()
        both = (min(last, end) - max(first, begin)).days + 1
        if both > 0:
            found[k] = both / min((last - first).days + 1, (end - begin).days + 1)
    return found


def _dated(events: Any) -> list[tuple[str, dt.date, dt.date]]:
    """Return the name, first and last day of each event."""
    import pandas as pd

    rows: list[tuple[str, Any, Any]] = []
    if isinstance(events, pd.DataFrame):
        lower = {str(name).lower(): name for name in events.columns}
        columns = [
            next((lower[name] for name in known if name in lower), None)
            for known in (_NAMES, _FIRST, _LAST)
        ]
        if columns[0] is None or columns[1] is None:
            raise ArgumentError(
                "`events` must have a column `event` and a column `day` (or `start` and `end`); "
                f"got {', '.join(str(name) for name in events.columns)}."
            )
        names, firsts = events[columns[0]], events[columns[1]]
        lasts = firsts if columns[2] is None else events[columns[2]]
        rows = list(zip(names.astype(str), firsts, lasts, strict=True))
    elif isinstance(events, Mapping):
        for name, days in events.items():
            several = days if isinstance(days, (list, tuple, set)) else [days]
            for one in several:
                pair = one if isinstance(one, tuple) and len(one) == 2 else (one, one)
                rows.append((str(name), *pair))
    else:
        raise ArgumentError(
            '`events` must map names to days, such as {"fair": ["2026-03-10"]}, or be a frame '
            f"with `event` and `day`; got {type(events).__name__}."
        )
    found, odd = [], []
    for name, first, last in rows:
        begin, end = _edge(first, last=False), _edge(first if _blank(last) else last, last=True)
        if begin is None or end is None or end < begin:
            odd.append(f"{display.one_line(name)} ({display.one_line(str(first))})")
        else:
            found.append((display.one_line(name), begin, end))
    if odd:
        raise ArgumentError(
            f"`events`: {display.plural(len(odd), 'event')} without a day or period in ISO, or "
            f"that end before they begin: {'; '.join(odd[:5])}. Write 2026-03-10 or 2026-03."
        )
    return found


def _blank(value: Any) -> bool:
    return value is None or value != value  # noqa: PLR0124 (also of times that are none)


def _edge(value: Any, *, last: bool) -> dt.date | None:
    """Return the first or the last day of a day or period."""
    import pandas as pd

    if isinstance(value, pd.Period):
        day: dt.date = (value.end_time if last else value.start_time).date()
        return day
    if isinstance(value, dt.datetime):
        return None if _blank(value) else value.date()
    if isinstance(value, dt.date):
        return value
    found = dating.iso(str(value).strip(), Calendar())
    if found is None or not last or found.unit == "day":
        return None if found is None else found.day
    return pd.Period(found.day, freq=Calendar().freq(found.unit)).end_time.date()
