"""HTML pages under an Excel name, as many CRMs write them: their tables as rows of cells."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from funnelkit.data.spreadsheets.cells import Cell, Kind, OnRow
from funnelkit.data.spreadsheets.container import NoWorkbookError, damaged

_LARGEST = 256 << 20
_WIDEST = 1 << 14
_LONGEST_SPAN = 65_534
_CHARSET = re.compile(rb"""charset\s*=\s*["']?([\w-]+)""", re.IGNORECASE)
_BREAKS = {"br", "p", "div", "li"}
_UNSEEN = {"script", "style", "title", "template"}


def read_page(file: Path, on_row: OnRow) -> None:
    """Hand over the rows of the tables of an HTML page, as texts; a nested table is one cell.

    A cell that reaches over several rows or columns stands in each of the rows, in its first
    column.

    Raises
    ------
    NoWorkbookError
        If the page is too large, in an unknown encoding, or holds no table (perhaps it is a
        sign-in page).
    """
    size = file.stat().st_size
    if size > _LARGEST:
        raise NoWorkbookError(
            f"`{file.name}` is an HTML page of {size >> 20:,} MB; export the table as CSV."
        )
    page = _Page(on_row)
    for chunk in _texts(file):
        page.feed(chunk)
    page.close()
    if not page.rows:
        raise NoWorkbookError(
            f"`{file.name}` is a web page without a table, perhaps a sign-in page; download the "
            "export again."
        )


def _texts(file: Path) -> Iterator[str]:
    raw = file.read_bytes()
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    else:
        said = _CHARSET.search(raw[:4096])
        encoding = said[1].decode("ascii") if said else "utf-8"
        if encoding.lower() in ("utf8", "utf-8"):
            encoding = "utf-8-sig"
        elif encoding.lower() in ("iso-8859-1", "latin1", "us-ascii"):
            encoding = "cp1252"  # as browsers take it
    try:
        text = raw.decode(encoding, errors="strict" if encoding != "cp1252" else "replace")
    except (UnicodeError, LookupError):
        raise damaged(file, f"its text is not in the encoding {encoding[:20]}") from None
    for begin in range(0, len(text), 1 << 16):
        yield text[begin : begin + (1 << 16)]


class _Page(HTMLParser):
    """Collects the cells of the tables of a page."""

    def __init__(self, on_row: OnRow) -> None:
        super().__init__(convert_charrefs=True)
        self.rows = 0
        self._on_row = on_row
        self._depth = 0
        self._cells: list[Cell] = []
        self._column = 0
        self._open = self._inside = False  # a row, a cell
        self._unseen = 0
        self._pieces: list[str] = []
        self._spans = (1, 1)
        self._below: dict[int, tuple[int, str]] = {}  # column -> rows still to fill, text

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the beginning of a table, row or cell."""
        if tag == "table":
            self._depth += 1
        elif tag in _UNSEEN:
            self._unseen += 1
        elif self._depth == 1 and tag == "tr":
            self._end_row()
            self._open = True
        elif self._depth == 1 and tag in ("td", "th"):
            self._end_cell()
            self._open = True
            given = dict(attrs)
            self._spans = (_span(given.get("colspan")), _span(given.get("rowspan")))
            self._inside = True
        elif tag in _BREAKS and self._inside:
            self._pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """Take the end of a table, row or cell."""
        if tag == "table" and self._depth:
            if self._depth == 1:
                self._end_row()
                self._below.clear()
            self._depth -= 1
        elif tag in _UNSEEN and self._unseen:
            self._unseen -= 1
        elif self._depth == 1 and tag == "tr":
            self._end_row()
        elif self._depth == 1 and tag in ("td", "th"):
            self._end_cell()

    def handle_data(self, data: str) -> None:
        """Take text."""
        if self._inside and not self._unseen:
            self._pieces.append(data)

    def close(self) -> None:
        """Take the end of the page, which may come before that of its tables."""
        super().close()
        self._end_row()

    def _end_cell(self) -> None:
        if not self._inside:
            return
        self._fill()
        text = " ".join("".join(self._pieces).split())
        self._pieces.clear()
        self._inside = False
        across, down = self._spans
        if text and self._column < _WIDEST:
            self._cells.append((self._column, Kind.TEXT, text))
        if down > 1 and self._column < _WIDEST:
            self._below[self._column] = (down - 1, text)
        self._column += across

    def _fill(self) -> None:
        """Put cells that reach down from rows above where they stand in this one."""
        while (reaching := self._below.pop(self._column, None)) is not None:
            left, text = reaching
            if text:
                self._cells.append((self._column, Kind.TEXT, text))
            if left > 1:
                self._below[self._column] = (left - 1, text)
            self._column += 1

    def _end_row(self) -> None:
        if not self._open:
            return
        self._end_cell()
        self._open = False
        for column in sorted(column for column in self._below if column >= self._column):
            self._column = column
            self._fill()
        if self._cells or self._column:
            self.rows += 1
            if self._cells:
                self._on_row(self.rows, self._cells)
        self._cells, self._column = [], 0


def _span(text: str | None) -> int:
    given = text.strip() if text else ""
    known = given.isascii() and given.isdigit() and len(given) < 8
    return min(max(int(given), 1), _LONGEST_SPAN) if known else 1
