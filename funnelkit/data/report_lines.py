"""Delimited text made for people: where its header is, and which lines are no records."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from funnelkit._core.errors import DataError
from funnelkit.data import formatted

_TAIL_BYTES = 1 << 16
_TAIL_LINES = 30
_ASCII_INSIDE = ("utf-16", "utf-32")  # elsewhere a byte of ASCII is a character of ASCII


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Which lines of a text are the table.

    Parameters
    ----------
    above
        Lines above the header.
    dropped
        Lines below it that are no records, counted from the first of the file.
    aside
        Reason -> rows that are no records, those above the header included.
    """

    above: int = 0
    dropped: frozenset[int] = frozenset()
    aside: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether the file is nothing but the table."""
        return not self.above and not self.dropped

    def copy(self, stream: IO[str], copy: IO[str]) -> None:
        """Copy the table of a text, a blank line in place of each that is no record."""
        for number, line in enumerate(stream, 1):
            if number > self.above:
                copy.write(line[len(line.rstrip("\r\n")) :] if number in self.dropped else line)


def find_header_line(
    file: Path, text: str, delimiters: Sequence[str], needed: Collection[str]
) -> tuple[str, list[str], int] | None:
    """Return the delimiter, the names of the header and the number of lines above it.

    Parameters
    ----------
    file
        What an error names.
    text
        The beginning of the file.
    delimiters
        Those that may be.
    needed
        Columns that the header should name; the first line that names most of them is it.

    Raises
    ------
    DataError
        If two lines name as many and differ.
    """
    best: tuple[formatted.Header, str, list[tuple[int, list[str]]]] | None = None
    for mark in delimiters:
        rows = list(_first_rows(text, mark))
        header = formatted.find_header([row for _, row in rows], needed)
        if header is not None and (best is None or len(header.found) > len(best[0].found)):
            best = header, mark, rows
    if best is None:
        return None
    header, mark, rows = best
    if header.rivals and header.row:
        lines = [rows[row][0] + 1 for row in (header.row, *header.rivals)]
        raise DataError(
            f"the header of `{file.name}` may stand in line {lines[0]} or in line {lines[1]}, "
            "which name as many of the funnel's columns; remove the lines above it."
        )
    above, cells = rows[header.row]
    return mark, [cell.strip() for cell in cells], above


def layout_of(file: Path, codec: str, delimiter: str, *, above: int, wide: bool) -> Layout:
    """Return which lines of a file are no records.

    Only a file with lines above its header, or with a footer or a sum among its last lines, is
    read through: a plain table is taken as it is.

    Parameters
    ----------
    file, codec, delimiter
        The file and how it is read.
    above
        Lines above its header.
    wide
        Whether the table has more than one column.
    """
    if not above and not (wide and _ends_like_a_report(file, codec, delimiter)):
        return Layout()
    places: dict[int, tuple[int, int]] = {}
    titles, sifter = 0, formatted.Sifter()
    try:
        with file.open(encoding=codec, errors="surrogateescape", newline="") as stream:
            reader = csv.reader(stream, delimiter=delimiter)
            begin = 0
            for number, row in enumerate(reader, 1):
                cells = [(cell, False) for cell in row if cell.strip()]
                first, begin = begin + 1, reader.line_num
                if first <= above:
                    titles += bool(cells)
                elif cells and first > above + 1:
                    sifter.add(number, cells, wide=wide)
                    if number in sifter.aside or len(cells) == 1:
                        places[number] = first, begin
                sifter.last = number if first == above + 1 else sifter.last
    except (csv.Error, UnicodeError):  # what is wrong is said when the table is read
        return Layout(above=above, aside={formatted.TITLE: titles} if titles else {})
    aside = sifter.finish()
    dropped = {line for row in aside for line in range(places[row][0], places[row][1] + 1)}
    reasons = formatted.counted(aside.values())
    if titles:
        reasons[formatted.TITLE] = titles
    return Layout(above=above, dropped=frozenset(dropped), aside=reasons)


def _first_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the first rows that are not blank, each with the number of lines above it."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    above = found = 0
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield above, row
                found += 1
            if found >= formatted.LINES_SEARCHED:
                return
            above = reader.line_num
    except csv.Error:  # a cell longer than the reader takes
        return


def _ends_like_a_report(file: Path, codec: str, delimiter: str) -> bool:
    if codec.startswith(_ASCII_INSIDE):
        return True
    with file.open("rb") as stream:
        stream.seek(0, io.SEEK_END)
        stream.seek(max(0, stream.tell() - _TAIL_BYTES))
        text = stream.read().decode(codec, errors="replace")
    lines = [line for line in text.splitlines() if line.strip(f'" {delimiter}')]
    return any(_is_no_record(line, delimiter) for line in lines[-_TAIL_LINES:])


def _is_no_record(line: str, delimiter: str) -> bool:
    try:
        row = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return False
    cells = [(cell, False) for cell in row if cell.strip()]
    return bool(cells) and formatted.reason_of(cells, wide=True) is not None
