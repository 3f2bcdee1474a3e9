"""Which columns of a frame hold labels, periods and numbers: found by name and by what is there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.dates import Calendar
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.forecast.series import dating
from funnelkit.forecast.series.numbers_read import BLANKS, Marks, Numbers, read_numbers

if TYPE_CHECKING:
    import pandas as pd

Shape = Literal["long", "rows", "columns"]
SHAPES: tuple[Shape, ...] = ("long", "rows", "columns")
_PERIOD = ("period", "date", "ds", "month", "day", "week", "quarter", "year", "time", "timestamp")
_VALUE = ("value", "y", "values", "count", "n", "amount", "number")
_SERIES = ("series", "unique_id", "series_id", "id", "segment", "name", "item", "item_id", "key")
_START_YEAR = ("start_year", "starting_year", "startyear", "first_year")
_START = ("start", "start_date", "starting_date", "begin", "begins", "first_period")
_START_PART = (
    *("start_month", "starting_month", "startmonth", "start_period", "starting_period"),
    *("start_quarter", "starting_quarter", "first_month", "first_quarter"),
)
_POSITION = ("column 1", "unnamed: 0", "index", "t", "step", "position", "obs", "observation")
"""Names of columns that count rows, where they do: the first is one without a name."""
_NUMBERED = re.compile(r"(?P<stem>.*?)[ _.]?(?P<number>\d+)")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where what stands in a frame.

    Parameters
    ----------
    shape
        ``"long"`` (one row per number), ``"rows"`` (one row per series) or ``"columns"``.
    series
        Columns with the labels of a series.
    period
        Column of periods, where there is one.
    values
        Columns of numbers.
    dated
        Whether the names of the columns of numbers are periods.
    start
        Columns that say when a row begins: a date, or a year and a month or quarter.
    currency
        Column of the currency of each number.
    unread
        Columns that hold something else.
    """

    shape: Shape
    series: tuple[str, ...]
    period: str | None
    values: tuple[str, ...]
    dated: bool = False
    start: tuple[str, ...] = ()
    currency: str | None = None
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Named:
    """The columns that the user named."""

    layout: str | None = None
    series: tuple[str, ...] | None = None
    period: str | None = None
    value: str | None = None
    start: tuple[str, ...] | None = None
    currency: str | None = None


def layout_of(frame: pd.DataFrame, named: Named, marks: Marks, rules: dating.DateRules) -> Layout:
    """Return where what stands in a frame.

    Raises
    ------
    ArgumentError
        If a named column is not there, or the layout is unknown.
    DataError
        If it cannot be told, with what was found and which argument says it.
    """
    names = [str(name) for name in frame.columns]
    given = [
        ("series", named.series or ()),
        ("period", (named.period,) if named.period is not None else ()),
        ("value", (named.value,) if named.value is not None else ()),
        ("start", named.start or ()),
        ("currency", (named.currency,) if named.currency is not None else ()),
    ]
    for argument, columns in given:
        for column in columns:
            checks.member(argument, "column", column, names)
    if named.layout is not None:
        checks.one_of("layout", named.layout, SHAPES)
    search = _Search(frame, names, named, marks, rules)
    return search.found()


class _Search:
    """The search for the columns of one frame."""

    def __init__(
        self,
        frame: pd.DataFrame,
        names: list[str],
        named: Named,
        marks: Marks,
        rules: dating.DateRules,
    ) -> None:
        self.frame, self.names, self.named = frame, names, named
        self.marks, self.rules = marks, rules
        self.read: dict[str, Numbers] = {}
        taken = {*(named.series or ()), *(named.start or ()), named.period, named.currency}
        self.free = [name for name in names if name not in taken]
        self.currency = named.currency or self._by_name(("currency", "currency_code"))
        self.free = [name for name in self.free if name != self.currency]

    def found(self) -> Layout:
        """Return the layout."""
        named = self.named
        if named.layout != "columns" and named.period is None and named.value is None:
            rows = self._rows()
            if rows is not None:
                return rows
        if named.layout == "rows":
            raise DataError(
                '`layout` is "rows", but no columns of numbers were found whose names are '
                "periods (2026-01, 2026-02, …) or are numbered (V1, V2, …)."
            )
        period = named.period or self._period()
        rest = [name for name in self.free if name != period]
        numeric = [name for name in rest if self._is_numeric(name)]
        texts = [name for name in rest if name not in numeric]
        if named.layout == "columns" or (
            named.layout is None and named.value is None and self._is_wide(period, numeric, texts)
        ):
            values = tuple(name for name in rest if self._some_number(name))
            if not values:
                raise DataError("`source`: no column holds numbers.")
            unread = tuple(name for name in rest if name not in values)
            return Layout(shape="columns", series=(), period=period, values=values, unread=unread)
        return self._long(period, rest, numeric, texts)

    def _rows(self) -> Layout | None:
        """Return the layout of one row per series, if that is what it is."""
        dated = [name for name in self.free if self._is_period_name(name)]
        is_dated = len(dated) >= 2 and all(self._some_number(name, blank=True) for name in dated)
        values = dated if is_dated else self._numbered()
        if len(values) < 2:
            return None
        rest = [name for name in self.free if name not in values]
        start = self.named.start or self._start(rest)
        rest = [name for name in rest if name not in start]
        is_told = self.named.layout is not None or self.named.series is not None
        by_period = any(name.lower() in _PERIOD or self._is_dates(name) for name in rest)
        if not is_dated and not is_told and (not rest or by_period):
            return None
        series = self.named.series or self._labels(rest)
        unread = tuple(name for name in rest if name not in series)
        return Layout(
            shape="rows",
            series=series,
            period=None,
            values=tuple(values),
            dated=is_dated,
            start=() if is_dated else start,
            currency=self.currency,
            unread=unread,
        )

    def _long(
        self, period: str | None, rest: Sequence[str], numeric: Sequence[str], texts: Sequence[str]
    ) -> Layout:
        value = self.named.value or self._one_value(rest, numeric, texts)
        left = [name for name in rest if name != value]
        series = self.named.series
        if series is None:
            by_name = [name for name in left if name.lower() in _SERIES]
            labels = [name for name in left if name in texts or name in by_name]
            series = tuple(labels if len(labels) < 2 or not by_name else by_name[:1])
            if len(series) > 1:
                shown = display.listed([f'"{display.one_line(name)}"' for name in series])
                raise DataError(
                    f"Several columns could label the series ({shown}). Say which: "
                    f'series="{series[0]}", or a list of them for segments within segments.'
                )
        return Layout(
            shape="long",
            series=series,
            period=period,
            values=(value,),
            currency=self.currency,
            unread=tuple(name for name in left if name not in series),
        )

    def _one_value(self, rest: Sequence[str], numeric: Sequence[str], texts: Sequence[str]) -> str:
        """Return the column of numbers, or ask for it."""
        by_name = [name for name in rest if name.lower() in _VALUE]
        for candidates in (by_name, [n for n in numeric if n.lower() not in _SERIES], numeric):
            if len(candidates) == 1:
                return candidates[0]
        mostly = [name for name in texts if self._some_number(name)]
        if not numeric and not by_name and len(mostly) == 1:
            return mostly[0]
        shown = display.listed([f"`{display.one_line(name)}`" for name in self.names[:10]])
        what = "several columns hold numbers" if numeric else "no column holds numbers"
        raise DataError(
            f'`source`: {what}, of {shown}. Say which one is to be read: value="…" (with '
            '`series` and `period`), or layout="columns" where each column is a series.'
        )

    def _is_wide(self, period: str | None, numeric: Sequence[str], texts: Sequence[str]) -> bool:
        """Return whether each column of numbers is a series of its own."""
        if self.named.series is not None or len(numeric) + len(texts) < 2:
            return False
        if any(name.lower() in (*_VALUE, *_SERIES) for name in [*numeric, *texts]):
            return False
        if period is None:
            return not texts
        return all(self._some_number(name) for name in texts) and bool(numeric or texts)

    def _period(self) -> str | None:
        """Return the column of periods: by its name, else the one column of ISO dates."""
        by_name = self._by_name(_PERIOD)
        if by_name is not None:
            return by_name
        placed = self._by_name(_POSITION)
        if placed is not None and self._counts(placed):
            return placed
        dated = [name for name in self.free if self._is_dates(name)]
        if len(dated) > 1:
            shown = display.listed([f'"{display.one_line(name)}"' for name in dated[:5]], last="or")
            raise DataError(f"`source`: several columns hold dates. Say which: period={shown}.")
        return dated[0] if dated else None

    def _by_name(self, known: Sequence[str]) -> str | None:
        lower = {name.lower(): name for name in self.free}
        return next((lower[name] for name in known if name in lower), None)

    def _start(self, rest: Sequence[str]) -> tuple[str, ...]:
        """Return the columns that say when a row begins."""
        lower = {re.sub(r"[ .-]+", "_", name.lower()): name for name in rest}
        year = next((lower[name] for name in _START_YEAR if name in lower), None)
        part = next((lower[name] for name in _START_PART if name in lower), None)
        if year is not None:
            return (year,) if part is None else (year, part)
        day = next((lower[name] for name in _START if name in lower), None)
        return () if day is None else (day,)

    def _labels(self, rest: Sequence[str]) -> tuple[str, ...]:
        """Return the column that names each row: by its name, else the first without repeats."""
        by_name = next((name for name in rest if name.lower() in _SERIES), None)
        if by_name is not None:
            return (by_name,)
        texts = [name for name in rest if not self._is_numeric(name)]
        for name in texts or rest:
            if self.frame[name].astype(str).nunique() == len(self.frame):
                return (name,)
        return tuple(texts[:1])

    def _numbered(self) -> list[str]:
        """Return the longest row of columns such as V1, V2, V3 that hold numbers."""
        groups: dict[str, dict[int, str]] = {}
        for name in self.free:
            if found := _NUMBERED.fullmatch(name):
                groups.setdefault(found["stem"].lower(), {})[int(found["number"])] = name
        best: list[str] = []
        for group in groups.values():
            row = [group[k] for k in sorted(group) if self._some_number(group[k], blank=True)]
            numbers = [int(re.findall(r"\d+", name)[-1]) for name in row]
            is_run = bool(row) and numbers == list(range(numbers[0], numbers[0] + len(row)))
            if is_run and numbers[0] <= 2 and len(row) > max(len(best), 2):
                best = row
        return best

    def _cells(self, name: str) -> list[str]:
        """Return the different texts of a column, without blanks."""
        texts = {str(cell).strip() for cell in self.frame[name].dropna()}
        return [text for text in texts if text.lower() not in BLANKS]

    def _numbers(self, name: str) -> Numbers:
        """Return the numbers of a column, read once."""
        if name not in self.read:
            self.read[name] = read_numbers(self.frame[name], self.marks)
        return self.read[name]

    def _is_numeric(self, name: str) -> bool:
        """Return whether a column holds numbers and nothing else."""
        found = self._numbers(name)
        return not len(found.bad) and bool(np.isfinite(found.values).any())

    def _some_number(self, name: str, *, blank: bool = False) -> bool:
        """Return whether a column holds mostly numbers: a few bad texts are a problem to report."""
        found = self._numbers(name)
        good = int(np.isfinite(found.values).sum())
        return good > len(found.bad) or (blank and not len(found.bad))

    def _is_dates(self, name: str) -> bool:
        cells = self._cells(name)
        return (
            bool(cells)
            and not self._is_numeric(name)
            and all(dating.iso(text, self.rules.calendar) is not None for text in cells[:50])
        )

    def _counts(self, name: str) -> bool:
        """Return whether a column counts 0, 1, 2 … or 1, 2, 3 …, over and over or in all."""
        found = self._numbers(name).values
        if not np.isfinite(found).all() or found[0] not in (0.0, 1.0):
            return False
        steps = np.diff(found)
        return bool(((steps == 1) | (found[1:] == found[0])).all())

    def _is_period_name(self, name: str) -> bool:
        """Return whether the name of a column is a period, in ISO or as the user says."""
        return dating.is_read(name, self.rules)


def calendar_of(calendar: Calendar | None) -> Calendar:
    """Return the user's calendar, or the usual one.

    Raises
    ------
    ArgumentError
        If it is none.
    """
    if calendar is None:
        return Calendar()
    if not isinstance(calendar, Calendar):
        raise ArgumentError(f"`calendar` must be a Calendar; got {type(calendar).__name__}.")
    return calendar
