"""The cells of a sheet, row by row, each with what kind of thing it is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from funnelkit.data.spreadsheets import formats
from funnelkit.data.spreadsheets.container import damaged, local, parse, parser
from funnelkit.data.spreadsheets.workbook import Tab, Workbook, unescaped

_MOST_ROWS = 1 << 20
_MOST_COLUMNS = 1 << 14
_DIGITS = "0123456789"


class Kind(IntEnum):
    """What a cell holds; those below ``ERROR`` have a text."""

    TEXT = 0
    NUMBER = 1
    DAY = 2
    OTHER = 3
    ERROR = 4
    UNKNOWN = 5
    """A formula whose result is not stored."""


Cell = tuple[int, Kind, str]
"""Column, counted from 0; kind; text. Blank cells are left out."""
OnRow = Callable[[int, Sequence[Cell]], None]
"""Takes a row that is not blank: its number, counted from 1, and its cells in order."""


class EnoughError(Exception):
    """Raised by a callback that wants no more rows."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """Cells that are merged into one, which holds the value of the first.

    Parameters
    ----------
    column
        Of the first cell, counted from 0.
    first, last
        Rows, counted from 1.
    """

    column: int
    first: int
    last: int


@dataclass(kw_only=True)
class Extent:
    """What a sheet says beside its cells.

    Parameters
    ----------
    spans
        Merged cells that reach over several rows.
    hidden
        Rows that are hidden, as by a filter.
    """

    spans: list[Span] = field(default_factory=list)
    hidden: int = 0


def read_cells(book: Workbook, tab: Tab, on_row: OnRow) -> Extent:
    """Hand over the rows of a sheet, and return what it says beside them.

    Raises
    ------
    NoWorkbookError
        If it is damaged, or larger than a sheet can be.
    """
    extent = Extent()
    reader = _Sheet(book, on_row, extent)
    with (
        contextlib.suppress(EnoughError),
        book.container.stream(tab.part, whole=False) as stream,
    ):
        parse(book.file, stream, reader.parser)
    return extent


class _Sheet:
    """The handlers of a parser over one sheet."""

    def __init__(self, book: Workbook, on_row: OnRow, extent: Extent) -> None:
        self.file: Path = book.file
        self.parser = parser(start=self.root)
        self.pieces: list[str] = []
        self._texts, self._system = book.texts, book.system
        self._styles = {str(number): style for number, style in enumerate(book.styles)}
        self._on_row, self._extent = on_row, extent
        self._columns: dict[str, int] = {}
        self._cells: list[Cell] = []
        self._row, self._column = 0, -1
        self._kind, self._style, self._value = "n", "0", ""
        self._formula = self._inline = self._spoken = False

    def root(self, tag: str, _: dict[str, str]) -> None:
        """Take the prefix that all tags of the sheet bear from the first one."""
        if local(tag) != "worksheet":
            raise damaged(self.file, "a sheet of it is none")
        prefix = tag[: -len("worksheet")]
        names = ("c", "v", "f", "t", "is", "rPh", "row", "mergeCell")
        self._c, self._v, self._f, self._t, self._is, self._ph, self._r, self._m = (
            prefix + name for name in names
        )
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.pieces.append

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the beginning of a row, a cell or what is in it."""
        if tag == self._c:
            place = attributes.get("r")
            if place is None:
                self._column += 1
            else:
                letters = place.rstrip(_DIGITS)
                column = self._columns.get(letters)
                self._column = self._column_of(letters) if column is None else column
            self._kind = attributes.get("t", "n")
            self._style = attributes.get("s", "0")
            self._value, self._formula = "", False
        elif tag == self._v or (tag == self._t and not self._spoken):
            self.pieces.clear()
        elif tag == self._f:
            self._formula = True
        elif tag == self._ph:
            self._spoken = True
        elif tag == self._r:
            self._start_row(attributes)
        elif tag == self._m:
            self._span(attributes.get("ref", ""))

    def end(self, tag: str) -> None:
        """Take the end of a row, a cell or what is in it."""
        if tag == self._v:
            self._value = "".join(self.pieces)
        elif tag == self._c:
            if self._value or self._formula:
                self._cell()
        elif tag == self._t and not self._spoken:
            self._value += unescaped("".join(self.pieces))
        elif tag == self._ph:
            self._spoken = False
        elif tag == self._r and self._cells:
            cells, self._cells = self._cells, []
            self._on_row(self._row, cells)

    def _start_row(self, attributes: dict[str, str]) -> None:
        place = attributes.get("r")
        if place is None:
            self._row += 1
        elif self._row < (number := _whole(place)) <= _MOST_ROWS:
            self._row = number
        else:
            raise damaged(self.file, f"row {place[:20]!r} follows row {self._row}")
        self._column = -1
        self._cells = []
        if attributes.get("hidden") in ("1", "true"):
            self._extent.hidden += 1

    def _cell(self) -> None:
        given, raw = self._kind, self._value.strip()
        kind = Kind.TEXT
        if given == "inlineStr":
            text = self._value
        elif given == "str":
            text = unescaped(self._value)
        elif not raw:
            kind, text = Kind.UNKNOWN, raw
        elif given == "s":
            text = self._shared(raw)
        elif given == "n":
            kind, text = self._number(raw)
        elif given == "e":
            kind, text = Kind.ERROR, raw
        elif given == "d":
            kind, text = Kind.DAY, raw
        elif given == "b":
            kind, text = Kind.OTHER, "TRUE" if raw == "1" else "FALSE"
        else:
            raise damaged(self.file, f"it holds a cell of the unknown kind {given[:20]!r}")
        if text.strip() or kind == Kind.UNKNOWN:
            self._cells.append((self._column, kind, text))

    def _number(self, raw: str) -> tuple[Kind, str]:
        try:
            text, day = formats.shown(raw, self._styles.get(self._style, "number"), self._system)
        except (ValueError, OverflowError):
            raise damaged(self.file, f"{raw[:20]!r} stands where a number should") from None
        return (Kind.DAY if day else Kind.NUMBER), text

    def _shared(self, raw: str) -> str:
        try:
            return self._texts[int(raw)] if raw[0] != "-" else self._texts[len(self._texts)]
        except (ValueError, IndexError):
            raise damaged(
                self.file, f"a cell refers to text {raw[:20]!r}, which is not there"
            ) from None

    def _column_of(self, letters: str) -> int:
        found = self._columns[letters] = column_of(letters)
        if not 0 <= found < _MOST_COLUMNS:
            raise damaged(self.file, f"{letters[:20]!r} is no column")
        return found

    def _span(self, place: str) -> None:
        first, _, last = place.partition(":")
        rows = [end[len(end.rstrip(_DIGITS)) :] for end in (first, last)]
        column = column_of(first.rstrip(_DIGITS))
        top, bottom = _whole(rows[0]), _whole(rows[1])
        if column >= 0 and 0 < top < bottom <= _MOST_ROWS:
            self._extent.spans.append(Span(column=column, first=top, last=bottom))


def _whole(text: str) -> int:
    """Return a whole number, -1 for anything else."""
    return int(text) if len(text) < 9 and text.isascii() and text.isdigit() else -1


def column_of(letters: str) -> int:
    """Return the position of a column, counted from 0; -1 where letters name none.

    Examples
    --------
    >>> column_of("A"), column_of("Z"), column_of("AA"), column_of("?")
    (0, 25, 26, -1)
    """
    if not (letters.isascii() and letters.isalpha() and len(letters) <= 3):
        return -1
    number = 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1
