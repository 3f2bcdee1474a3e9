"""`read_series`: any count or money series, checked: every problem at once, nothing guessed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import Calendar, day_name
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.forecast.result import Unit
from funnelkit.forecast.series import dating, filling, money
from funnelkit.forecast.series.gathering import Cells, gathered
from funnelkit.forecast.series.layout import Named, calendar_of, layout_of
from funnelkit.forecast.series.numbers_read import Marks
from funnelkit.forecast.series.opening import opened
from funnelkit.forecast.series.series_table import SeriesTable

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_PLAIN = ("value", "y", "values", "count", "n", "amount", "number", "total", "period", "date", "ds")


def read_series(
    source: str | Path | pd.DataFrame | pd.Series[Any] | Sequence[float] | Mapping[str, Any],
    *,
    layout: Literal["long", "rows", "columns"] | None = None,
    series: str | Sequence[str] | None = None,
    period: str | None = None,
    value: str | None = None,
    start: str | Sequence[str] | None = None,
    every: str | None = None,
    season: int | None = None,
    missing: Literal["refuse", "zero", "interpolate"] = "refuse",
    duplicates: Literal["refuse", "sum"] = "refuse",
    negative: Literal["refuse", "zero"] = "refuse",
    unit: Unit | None = None,
    what: str | None = None,
    currency: str | None = None,
    exchange: Mapping[str, float] | None = None,
    as_of: dt.date | str | None = None,
    calendar: Calendar | None = None,
    date_format: str | None = None,
    dayfirst: bool | None = None,
    decimal: str = ".",
    thousands: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> SeriesTable:
    r"""Return count or money series from a file, a frame, a Series or a row of numbers.

    Parameters
    ----------
    source
        Path of a delimited text file; a frame; a Series by period, as ``leads.count("lead")``; a
        row of numbers in order; or a mapping of names to such. Long (one row per number), or wide
        with one row or one column per series; with dates, or without.
    layout
        ``"long"``, ``"rows"`` (one row per series) or ``"columns"`` (one column per series).
        Default: ``"rows"`` where columns are named by periods or numbered (V1, V2 …) beside a
        label; else ``"columns"`` where several columns hold numbers and none is named as a value
        or a label; else ``"long"``.
    series
        Column or columns that label a series; several make segments within segments, such as
        ``["region", "source"]``. Default: ``series``, ``unique_id``, ``segment`` and their like,
        else the one column of texts.
    period, value
        Columns of periods and of numbers. Default: by their usual names (``period``, ``date``,
        ``ds``, ``month`` …; ``value``, ``y``, ``count`` …), else the one column of ISO dates and
        the one of numbers.
    start
        Of rows without dates: the column of the first period, or those of its year and its month
        or quarter; where it holds days, ``every`` or ``season`` says how long a period is. Rows
        that say nothing leave the series without dates. Default: by name (``start``,
        ``Starting Year`` with ``Starting Month`` …).
    every
        ``"day"``, ``"week"``, ``"month"``, ``"quarter"`` or ``"year"``. Default: as the periods
        are written, or as the days are spaced. Where it is given and longer than the days in the
        source, numbers within a period are added up.
    season
        Periods to a cycle. Default: 12 of months, 4 of quarters, 52 of weeks, 7 of days, 1 of
        years and of series without dates.
    missing
        What is done with periods between the first and the last number of a series that have none:
        ``"refuse"``; ``"zero"``, for counts of events, where no row means none (a series that ends
        before the others is then 0 up to their end); or ``"interpolate"``, in a straight line.
    duplicates
        What is done with several numbers of one series and period: ``"refuse"`` or ``"sum"``.
    negative
        What is done with numbers below 0: ``"refuse"`` or ``"zero"``.
    unit
        ``"count"`` or ``"value"`` (money, decimals). Default: counts where all numbers are whole
        and no currency is told.
    what
        What is counted, in a plural noun, for sentences. Default: the column's or Series' name.
    currency
        The column of each number's currency, or the code of all. With ``exchange`` the code that
        they come into.
    exchange
        What one unit of each other currency is worth in ``currency``. Without it, several
        currencies are refused.
    as_of
        Last day that is known, if it lies inside the last period. Default: as the source tells.
    calendar
        Where weeks and fiscal years start.
    date_format, dayfirst
        How dates are written that are not ISO (2026-10, 2026-10-31, 2026 Q4, 2026): a pattern of
        ``strptime``, or whether the day comes first.
    decimal, thousands
        Marks in numbers.
    delimiter, encoding
        Of a text file. Default: found in its header; UTF-8.

    Returns
    -------
    SeriesTable
        Numbers by series and period, none below 0; what was filled, added up or left out is in
        ``notes``. Blank cells before a series begins and after it ends are no numbers.

    Raises
    ------
    ArgumentError
        If an argument cannot be used, or a named column is not there.
    DataError
        With every problem at once, each with its count, examples and remedy: texts for numbers,
        dates that are not ISO, gaps, duplicates, numbers below 0, several currencies.

    Examples
    --------
    >>> import pandas as pd
    >>> long = pd.DataFrame(
    ...     {
    ...         "source": ["web", "web", "fair", "fair"],
    ...         "month": ["2026-01", "2026-02", "2026-01", "2026-02"],
    ...         "mqls": [120, 131, 40, 38],
    ...     }
    ... )
    >>> table = read_series(long)
    >>> table.segments, table.values.tolist(), table.season
    ((('web',), ('fair',)), [[120.0, 131.0], [40.0, 38.0]], 12)
    >>> read_series({"a": [5, 3, 4], "b": [2, 2]}, season=12).lengths.tolist()
    [3, 2]
    """
    for option, given, words in (
        ("missing", missing, ("refuse", "zero", "interpolate")),
        ("duplicates", duplicates, ("refuse", "sum")),
        ("negative", negative, ("refuse", "zero")),
    ):
        checks.one_of(option, given, words)
    if unit is not None:
        checks.one_of("unit", unit, ("count", "value"))
    if season is not None:
        checks.positive_whole("season", season)
    unit_of_periods = dating.check_every(every)
    rules = dating.DateRules(
        calendar=calendar_of(calendar), date_format=date_format, dayfirst=dayfirst
    )
    marks = Marks(decimal=decimal, thousands=thousands)
    told: Any = _attribute(source, "as_of") if as_of is None else as_of
    last = None if told is None else checks.day("as_of", told)
    frame, name, notes = opened(source, delimiter=delimiter, encoding=encoding)
    is_column = currency is not None and exchange is None and currency in frame.columns
    named = Named(
        layout=layout,
        series=_tuple(series),
        period=period,
        value=value,
        start=_tuple(start),
        currency=currency if is_column else None,
    )
    place = layout_of(frame, named, marks, rules)
    if place.start and unit_of_periods is None and season is not None:
        units = [unit for unit, periods in dating.PER_YEAR.items() if periods == season]
        unit_of_periods = units[0] if units else None
    cells = gathered(frame, place, marks=marks, rules=rules, every=unit_of_periods)
    cells.notes[:0] = notes
    label = _attribute(source, "by")
    if isinstance(label, str) and cells.by == ("series",):
        cells.by = (label,)
    code = money.settle(cells, None if is_column else currency, exchange)
    filling.settle(cells, missing=missing, duplicates=duplicates, negative=negative)
    if cells.problems:
        raise DataError(cells.problems)
    first, values = filling.table(cells, missing=missing)
    counted = unit or _unit(values, code)
    if counted == "count" and not _are_whole(values):
        raise DataError('`unit` is "count", but some numbers are not whole; say unit="value".')
    if last is None and cells.days is not None:
        last = cells.days
        cells.notes.append(
            f"The last day that is known is taken to be {day_name(last)}, the latest in the "
            "source; say `as_of=` where it is another."
        )
    periods = None if cells.freq is None else dating.index_from(first, values.shape[1], cells.freq)
    return SeriesTable(
        what=what or _what(source, name, place.values, counted),
        unit=counted,
        by=cells.by,
        segments=cells.segments,
        periods=periods,
        values=values,
        season=season or _season(cells),
        as_of=last,
        currency=code,
        notes=tuple(cells.notes),
    )


def _season(cells: Cells) -> int:
    return 1 if cells.every is None else dating.PER_YEAR[cells.every]


def _unit(values: FloatArray, code: str | None) -> Unit:
    return "count" if code is None and _are_whole(values) else "value"


def _are_whole(values: FloatArray) -> bool:
    known = values[np.isfinite(values)]
    return bool((known == np.round(known)).all())


def _what(source: Any, name: str | None, columns: Sequence[str], unit: Unit) -> str:
    """Return what is counted, in words."""
    stage = _attribute(source, "stage")
    if isinstance(stage, str):
        return f"entries to {display.one_line(stage)}"
    found = name if name is not None else (columns[0] if len(columns) == 1 else None)
    if found is None or found.lower() in _PLAIN or not found.strip():
        return "units" if unit == "count" else "of value"
    return display.one_line(found)[:60]


def _attribute(source: Any, name: str) -> Any:
    """Return what a frame or Series says about itself, if it does."""
    attributes = getattr(source, "attrs", None)
    return attributes.get(name) if isinstance(attributes, dict) else None


def _tuple(names: str | Sequence[str] | None) -> tuple[str, ...] | None:
    if names is None:
        return None
    found = (names,) if isinstance(names, str) else tuple(names)
    if not found or not all(isinstance(name, str) for name in found):
        raise ArgumentError(f"`series` and `start` must be names of columns; got {names!r}.")
    return found
