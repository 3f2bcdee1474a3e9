"""One sheet or page: its rows looked at for a header, then read as columns of texts."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from funnelkit.data import formatted
from funnelkit.data.sources import refuse_repeats
from funnelkit.data.spreadsheets.cells import (
    Cell,
    EnoughError,
    Extent,
    Kind,
    OnRow,
    Span,
    read_cells,
)
from funnelkit.data.spreadsheets.formats import day_of
from funnelkit.data.spreadsheets.pages import read_page
from funnelkit.data.spreadsheets.workbook import Tab, Workbook

_LAST_SERIAL = 2_958_466  # the day after 9999-12-31
_MOST_DIGITS = 15
Head = list[tuple[int, Sequence[Cell]]]
"""The first rows that are not blank, each with its number."""


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A sheet of a workbook, or an HTML page, as rows of cells.

    Parameters
    ----------
    file
        Where it is.
    book, tab
        The workbook and its sheet; ``None`` for a page.
    """

    file: Path
    book: Workbook | None = None
    tab: Tab | None = None

    @property
    def system(self) -> int:
        """The year from which days are counted."""
        return 1900 if self.book is None else self.book.system

    @property
    def place(self) -> str:
        """The sheet and file, for a message."""
        if self.tab is None:
            return f"`{self.file.name}`"
        return f"the sheet `{self.tab.name}` of `{self.file.name}`"

    def each(self, on_row: OnRow) -> Extent:
        """Hand over the rows, and return what the sheet says beside them."""
        if self.book is not None and self.tab is not None:
            return read_cells(self.book, self.tab, on_row)
        with contextlib.suppress(EnoughError):
            read_page(self.file, on_row)
        return Extent()

    def head(self, up_to: int | None = None) -> Head:
        """Return the first rows that are not blank: a hundred, or those up to a row."""
        rows: Head = []

        def on_row(number: int, cells: Sequence[Cell]) -> None:
            if (len(rows) >= formatted.LINES_SEARCHED) if up_to is None else number > up_to:
                raise EnoughError
            rows.append((number, cells))

        self.each(on_row)
        return rows


@dataclass(kw_only=True)
class Columns:
    """The needed columns of a sheet, and what was met on the way.

    Parameters
    ----------
    names
        Every name in the header.
    rows
        Rows below the header, and those above it that are no records.
    hidden
        Rows that are hidden.
    kept
        Rows that may be records.
    values
        Needed column -> a text for each record, or ``None``.
    aside
        Reason -> rows that are no records.
    headers
        Rows that repeat the header.
    errors, unknown, long, serials
        Needed column -> cells that hold an error, formulas without a result, numbers that have
        lost digits, numbers where days should be.
    filled
        Needed column -> cells filled from the merged cell that they belong to.
    examples
        What is odd, and in which column -> one of the cells.
    """

    names: tuple[str, ...]
    rows: int
    hidden: int
    kept: int
    values: dict[str, list[str | None]] = field(default_factory=dict)
    aside: dict[str, int] = field(default_factory=dict)
    headers: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    unknown: dict[str, int] = field(default_factory=dict)
    long: dict[str, int] = field(default_factory=dict)
    serials: dict[str, int] = field(default_factory=dict)
    filled: dict[str, int] = field(default_factory=dict)
    examples: dict[tuple[str, str], str] = field(default_factory=dict)


def read_columns(
    grid: Grid,
    header: tuple[int, Sequence[Cell]],
    *,
    needed: Collection[str],
    dates: Collection[str],
    systems: Mapping[str, int],
) -> Columns:
    """Return the needed columns of the rows below a header.

    Parameters
    ----------
    grid
        Where they are.
    header
        Its row and cells.
    needed
        Columns to read.
    dates
        Columns in which a plain number may be meant as a day.
    systems
        Of these, the ones whose numbers are days -> the year from which they count.
    """
    top, cells = header
    names = {column: formatted.cleaned_name(text, needed) for column, _, text in cells}
    refuse_repeats([*names.values()], needed, grid.file.name)
    reader = _Reader(names, top, needed=needed, dates=dates, systems=systems)
    extent = grid.each(reader.on_row)
    return reader.finish(extent)


class _Reader:
    """Takes the rows of a sheet, one after the other."""

    def __init__(
        self,
        names: Mapping[int, str],
        top: int,
        *,
        needed: Collection[str],
        dates: Collection[str],
        systems: Mapping[str, int],
    ) -> None:
        wanted = {column: name for column, name in names.items() if name in needed}
        self._all, self._names = tuple(names.values()), list(wanted.values())
        self._places = {column: place for place, column in enumerate(wanted)}
        self._dates = {place for place, name in enumerate(self._names) if name in dates}
        self._systems = {
            place: systems[name] for place, name in enumerate(self._names) if name in systems
        }
        self._top, self._titles = top, 0
        self._rows: dict[int, list[str | None]] = {}
        self._odd: list[tuple[int, int, str, str]] = []
        self._sifter = formatted.Sifter(last=top)

    def on_row(self, number: int, cells: Sequence[Cell]) -> None:
        """Take a row."""
        if number <= self._top:
            self._titles += number < self._top
            return
        row: list[str | None] = [None] * len(self._names)
        for column, kind, text in cells:
            place = self._places.get(column)
            if place is None:
                continue
            if kind == Kind.NUMBER:
                row[place] = self._number(number, place, text)
            elif kind < Kind.ERROR:
                row[place] = text
            else:
                what = "errors" if kind == Kind.ERROR else "unknown"
                self._odd.append((number, place, what, text))
        self._rows[number] = row
        filled = [(text, kind == Kind.NUMBER) for _, kind, text in cells if kind < Kind.ERROR]
        if filled:
            self._sifter.add(number, filled, wide=len(self._all) > 1)

    def finish(self, extent: Extent) -> Columns:
        """Return the columns, without the rows that are no records."""
        rows, aside = self._rows, self._sifter.finish()
        kept = {
            number: row
            for number, row in rows.items()
            if number not in aside and not self._is_header(row)
        }
        found = Columns(
            names=self._all,
            rows=len(rows) + self._titles,
            hidden=extent.hidden,
            kept=len(kept),
            aside=formatted.counted(aside.values()),
        )
        if self._titles:
            found.aside[formatted.TITLE] = self._titles
        found.headers = len(rows) - len(aside) - len(kept)
        for number, place, what, text in self._odd:
            if number in kept:
                name, tally = self._names[place], getattr(found, what)
                tally[name] = tally.get(name, 0) + 1
                found.examples.setdefault((what, name), text)
        for span in extent.spans:
            self._fill(kept, span, found)
        found.values = {
            name: [row[place] for row in kept.values()] for place, name in enumerate(self._names)
        }
        return found

    def _fill(self, kept: Mapping[int, list[str | None]], span: Span, found: Columns) -> None:
        """Give every row of a merged cell its value."""
        place = self._places.get(span.column)
        top = kept.get(span.first)
        if place is None or top is None or top[place] is None:
            return
        for number in range(span.first + 1, span.last + 1):
            row = kept.get(number)
            if row is not None and row[place] is None:
                row[place] = top[place]
                name = self._names[place]
                found.filled[name] = found.filled.get(name, 0) + 1

    def _number(self, row: int, place: int, text: str) -> str:
        """Return a number as it is to be read, noting what is odd about it."""
        if len(text) > _MOST_DIGITS and text.lstrip("-").isdigit():
            self._odd.append((row, place, "long", text))
        if place not in self._dates or "%" in text or not 1 <= float(text) < _LAST_SERIAL:
            return text
        if place in self._systems:
            return day_of(float(text), self._systems[place]) or text
        self._odd.append((row, place, "serials", text))
        return text

    def _is_header(self, row: Sequence[str | None]) -> bool:
        first = self._names[:3]
        return bool(first) and all(
            text is not None and formatted.cleaned_name(text, first) == name
            for text, name in zip(row, first, strict=False)
        )
