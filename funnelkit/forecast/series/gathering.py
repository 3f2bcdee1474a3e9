"""The cells of a frame, whatever its layout: whose, when and how much."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import Unit as Every
from funnelkit._core.dates import period_label
from funnelkit.counts.triangle import Segment
from funnelkit.forecast.series import dating
from funnelkit.forecast.series.layout import Layout
from funnelkit.forecast.series.numbers_read import BLANKS, Marks, Numbers, read_numbers

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_FIRST_YEAR = 1600
"""What is smaller is a position, not a year."""
_LOOKED_AT = 200
"""Series whose days are looked at for the length of a period."""


@dataclass
class Cells:
    """Numbers with the series and the period of each; blank cells are left out.

    Parameters
    ----------
    by, segments
        Names and values of the labels of the series.
    who
        Number of the series of each cell.
    when
        Number of its period, as pandas counts them, or its position.
    values
        Its number.
    freq
        Frequency of the periods; ``None``: positions.
    every
        The same as a unit.
    days
        Last day that any cell names, where cells name days within longer periods.
    money
        Currency of each cell, blank where it is not told.
    problems, notes
        What is wrong, and what was done.
    """

    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    who: IntArray
    when: IntArray
    values: FloatArray
    freq: str | None = None
    every: Every | None = None
    days: dt.date | None = None
    money: NDArray[Any] = field(default_factory=lambda: np.empty(0, object))
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def place(self, k: int) -> str:
        """Return where a cell stands, for an example."""
        period = self.period(int(self.when[k]))
        segment = self.segments[int(self.who[k])]
        return f"{display.segment_name(segment)} in {period}" if segment else period

    def period(self, number: int) -> str:
        """Return how a period is written."""
        if self.freq is None:
            return f"position {number + 1}"
        return period_label(dating.index_from(number, 1, self.freq)[0])


def gathered(
    frame: pd.DataFrame,
    layout: Layout,
    *,
    marks: Marks,
    rules: dating.DateRules,
    every: Every | None,
) -> Cells:
    """Return the cells of a frame, with every problem of its dates, numbers and labels."""
    numbers = [read_numbers(frame[name], marks) for name in layout.values]
    if layout.shape == "long":
        cells = _long(frame, layout, numbers[0], rules, every)
    else:
        cells = _wide(frame, layout, numbers, rules, every)
    problem = _bad(layout, numbers)
    if problem:
        cells.problems.append(problem)
    if layout.unread:
        shown = display.listed([f"`{display.one_line(one)}`" for one in layout.unread[:10]])
        cells.notes.append(f"Not read: {shown}.")
    return cells


def _bad(layout: Layout, numbers: Sequence[Numbers]) -> str | None:
    """Return the problem of texts that are no numbers."""
    count = sum(len(one.bad) for one in numbers)
    if not count:
        return None
    filled = sum(int(np.isfinite(one.values).sum()) for one in numbers) + count
    texts = [str(one.texts[k]) for one in numbers for k in one.bad[:5]]
    column = f"`{layout.values[0]}`: " if len(layout.values) == 1 else ""
    hint = ""
    if any("," in text or "." in text for text in texts):
        hint = ' Where marks stand within numbers, say thousands="," or decimal=",".'
    return (
        f"{column}{display.count(count)} of {display.plural(filled, 'value')} no numbers: "
        f"{dating.examples(texts)}. Correct them, or leave them blank.{hint}"
    )


def _long(
    frame: pd.DataFrame,
    layout: Layout,
    numbers: Numbers,
    rules: dating.DateRules,
    every: Every | None,
) -> Cells:
    who, segments = _segments(frame, layout.series)
    money = numbers.signs
    if layout.currency is not None:
        money = _texts(frame[layout.currency])
    keep = np.isfinite(numbers.values)
    cells = Cells(layout.series, segments, who[keep], who[keep], numbers.values[keep])
    cells.money = money[keep]
    if layout.period is None:
        order = np.arange(len(who)) if len(segments) == 1 else _positions(who)
        cells.when = order[keep]
        return cells
    _dated(cells, frame[layout.period], keep, rules, every)
    return cells


def _dated(
    cells: Cells,
    column: pd.Series[Any],
    keep: NDArray[np.bool_],
    rules: dating.DateRules,
    every: Every | None,
) -> None:
    """Write the period of each cell, or the problem."""
    import pandas as pd

    if isinstance(column.dtype, pd.PeriodDtype) and every is None and column.notna().all():
        index = pd.PeriodIndex(column)
        cells.freq, cells.every = index.freqstr, _every_of(index.freqstr)
        cells.when = np.asarray(index.asi8, np.int64)[keep]
        return
    places = _places(column)
    if places is not None:
        cells.when = places[keep]
        return
    texts = _texts(column)
    blank = np.array([text.lower() in BLANKS for text in texts])
    if blank[keep].any():
        count = display.plural(int(blank[keep].sum()), "value")
        rows = ", ".join(str(k + 1) for k in np.flatnonzero(blank & keep)[:5])
        cells.problems.append(
            f"`{column.name}`: {count} without a period, such as in row {rows}. Fill the period "
            "in, or leave the rows out."
        )
    different, place = np.unique(texts.astype(str), return_inverse=True)
    said = [str(text) for text in different if str(text).lower() not in BLANKS]
    read, problem = dating.read(said, rules)
    if problem:
        cells.problems.append(f"`{column.name}`: {problem}")
    found = dict(zip(said, read, strict=True))
    good = np.array([found.get(str(text)) is not None for text in different], bool)
    stay = good[place][keep]
    cells.who, cells.values, cells.money = cells.who[stay], cells.values[stay], cells.money[stay]
    known = [one for one in read if one is not None]
    at = (np.cumsum(good) - 1)[place][keep & good[place]]
    _to_periods(cells, known, at, rules, every)


def _to_periods(
    cells: Cells,
    known: Sequence[dating.Read],
    at: IntArray,
    rules: dating.DateRules,
    every: Every | None,
) -> None:
    """Write the number of the period of each cell."""
    cells.when = np.zeros(len(at), np.int64)
    units = {one.unit for one in known}
    days = [one.day for one in known]
    unit = every
    if unit is None and known:
        some = np.unique(cells.who)[:_LOOKED_AT]
        groups = [[days[k] for k in np.unique(at[cells.who == i])] for i in some]
        unit = dating.unit_of(groups, units)
    if unit is None:
        if known:
            cells.problems.append(
                "The dates do not show how long a period is. Say it: "
                'every="day", "week", "month", "quarter" or "year".'
            )
        return
    cells.every, cells.freq = unit, rules.calendar.freq(unit)
    numbers = dating.ordinals(days, unit, rules.calendar)
    cells.when = numbers[at]
    finer = units == {"day"} and unit != "day" and len(np.unique(numbers)) < len(numbers)
    if finer:
        cells.days = max(days)
        if every is not None:
            _add_up(cells)


def _add_up(cells: Cells) -> None:
    """Add up the numbers of one series and period, whose days differ."""
    keys = np.stack([cells.who, cells.when])
    unique, place = np.unique(keys, axis=1, return_inverse=True)
    if unique.shape[1] == len(cells.who):
        return
    sums = np.zeros(unique.shape[1])
    np.add.at(sums, place.ravel(), cells.values)
    firsts = np.zeros(unique.shape[1], np.int64)
    firsts[place.ravel()[::-1]] = np.arange(len(cells.who))[::-1]
    codes = set(cells.money.tolist())
    if len(codes) > 1:
        return
    cells.notes.append(
        f"{display.plural(len(cells.values), 'row')} added up to "
        f"{display.plural(len(sums), f'{cells.every}')}."
    )
    cells.who, cells.when, cells.values = unique[0], unique[1], sums
    cells.money = cells.money[firsts]


def _wide(
    frame: pd.DataFrame,
    layout: Layout,
    numbers: Sequence[Numbers],
    rules: dating.DateRules,
    every: Every | None,
) -> Cells:
    """Return the cells of one row, or one column, per series."""
    table = np.stack([one.values for one in numbers])
    signs = np.stack([one.signs for one in numbers])
    if layout.shape == "columns":
        names: tuple[Segment, ...] = tuple((name,) for name in layout.values)
        cells = _from_table(table, signs, ("series",), names)
        if layout.period is not None:
            row = cells.when
            part = Cells(("series",), names, cells.who, cells.when, cells.values)
            part.money = cells.money
            column = frame[layout.period]
            flat = column.iloc[row].reset_index(drop=True)
            _dated(part, flat, np.ones(len(row), bool), rules, every)
            return part
        return cells
    labels, segments = _segments(frame, layout.series)
    cells = _from_table(table.T, signs.T, layout.series, segments)
    if len(segments) < len(frame):
        cells.segments = tuple(segments[i] for i in labels)
        repeated = [s for i, s in enumerate(segments) if (labels == i).sum() > 1]
        shown = dating.examples([display.segment_name(one) for one in repeated])
        cells.problems.append(
            f"{display.plural(len(repeated), 'series', 'series')} in several rows: {shown}. Keep "
            "one row for each, or name further label columns: series=[…]."
        )
    else:
        cells.segments = segments
    if layout.dated:
        read, _ = dating.read(list(layout.values), rules)
        known = [one for one in read if one is not None]
        _to_periods(cells, known, cells.when, rules, every)
    elif layout.start:
        _begun(cells, frame, layout, rules, every)
    if layout.currency is not None:
        cells.money = _texts(frame[layout.currency])[cells.who]
    return cells


def _from_table(
    table: FloatArray, signs: NDArray[Any], by: tuple[str, ...], segments: tuple[Segment, ...]
) -> Cells:
    who, when = np.nonzero(np.isfinite(table))
    cells = Cells(by, segments, who, when, table[who, when])
    cells.money = signs[who, when]
    return cells


def _begun(
    cells: Cells,
    frame: pd.DataFrame,
    layout: Layout,
    rules: dating.DateRules,
    every: Every | None,
) -> None:
    """Write periods where columns say when each row begins; positions where they do not."""
    texts = _texts(frame[layout.start[0]])
    if len(layout.start) == 1:
        said, _ = dating.read([str(text) for text in texts], rules)
        found = [None if one is None else one.day for one in said]
        units = {one.unit for one in said if one is not None}
        unit = every or (next(iter(units)) if len(units) == 1 else None)
        if unit is None or (unit == "day" and every is None):
            cells.notes.append(
                f"Dates are left out: `{display.one_line(layout.start[0])}` does not say how long "
                'a period is; say it, such as every="month".'
            )
            return
    else:
        unit = every or ("quarter" if "quarter" in layout.start[1].lower() else "month")
        parts = _texts(frame[layout.start[1]])
        found = [_first_day(y, p, unit) for y, p in zip(texts, parts, strict=True)]
    days = [day for day in found if day is not None]
    if len(days) < len(found):
        pairs = zip(cells.segments, found, strict=True)
        odd = [display.segment_name(segment) for segment, day in pairs if day is None]
        cells.notes.append(
            f"Dates are left out: {display.plural(len(odd), 'series', 'series')} without a "
            f"{unit} to begin with that can be read ({dating.examples(odd)})."
        )
        return
    cells.every, cells.freq = unit, rules.calendar.freq(unit)
    begins = dating.ordinals(days, unit, rules.calendar)
    cells.when = cells.when + begins[cells.who]


def _first_day(year: str, part: str, unit: str) -> dt.date | None:
    per = {"month": 1, "quarter": 3}.get(unit)
    try:
        y, p = int(float(year)), int(float(part))
        return dt.date(y, 1 + (p - 1) * per, 1) if per and y >= _FIRST_YEAR else None
    except ValueError:
        return None


def _segments(frame: pd.DataFrame, series: Sequence[str]) -> tuple[IntArray, tuple[Segment, ...]]:
    """Return the number of each row's series, and their labels, in order of appearance."""
    import pandas as pd

    if not series:
        return np.zeros(len(frame), np.int64), ((),)
    texts = [_texts(frame[name]) for name in series]
    keys = pd.MultiIndex.from_arrays(texts) if len(texts) > 1 else pd.Index(texts[0])
    codes, unique = pd.factorize(keys)
    rows = [one if isinstance(one, tuple) else (one,) for one in unique]
    segments = tuple(tuple(None if text == "" else str(text) for text in row) for row in rows)
    return np.asarray(codes, np.int64), segments


def _texts(column: pd.Series[Any]) -> NDArray[Any]:
    import pandas as pd

    return np.array(["" if pd.isna(cell) else str(cell).strip() for cell in column], object)


def _positions(who: IntArray) -> IntArray:
    """Return the how manieth of its series each row is."""
    order = np.argsort(who, kind="stable")
    ordered = who[order]
    first = np.r_[0, np.flatnonzero(np.diff(ordered)) + 1]
    starts = np.repeat(first, np.diff(np.r_[first, len(who)]))
    found = np.empty(len(who), np.int64)
    found[order] = np.arange(len(who)) - starts
    return found


def _places(column: pd.Series[Any]) -> IntArray | None:
    """Return positions from 0, where a column counts 0, 1, 2 … or 1, 2, 3 … rather than years."""
    import pandas as pd

    numbers = pd.to_numeric(column, errors="coerce")
    if not pd.api.types.is_numeric_dtype(numbers) or numbers.isna().any():
        return None
    low, high = float(numbers.min()), float(numbers.max())
    if low not in (0.0, 1.0) or high >= _FIRST_YEAR or (numbers != numbers.round()).any():
        return None
    return np.asarray(numbers.to_numpy(float).astype(np.int64) - int(low))


def _every_of(freq: str) -> Every | None:
    unit = freq.partition("-")[0]
    found: dict[str, Every] = {
        "D": "day",
        "W": "week",
        "M": "month",
        "ME": "month",
        "Q": "quarter",
        "QE": "quarter",
        "Y": "year",
        "YE": "year",
        "A": "year",
    }
    return found.get(unit)
