"""Delimited text: header, delimiter and encoding found or asked for, each odd line counted."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.data import formatted, report_lines
from funnelkit.data.sources import (
    PART,
    Source,
    fresh,
    kept,
    literal_path,
    paths_of,
    refuse_repeats,
    shared_name,
    stacked,
)

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

_HEAD_BYTES = 1 << 20
_LONGEST_LINE = 16 << 20
_DELIMITERS = (",", ";", "\t", "|")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER_KINDS = (
    (b"PK\x03\x04", "an Excel workbook or another zip archive; use `read_excel`, or unpack it"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save it as .xlsx for `read_excel`, or as CSV"),
    (b"PAR1", "a Parquet file; use `read_parquet`"),
    (b"\x1f\x8b", "compressed; unpack it first"),
    (b"%PDF", "a PDF document; export the table as CSV"),
    (b"<", "a web page or XML, perhaps a sign-in page; download the export again"),
)
_PAGE = "a table in HTML, as some CRMs write; use `read_excel`"


def open_csv(
    engine: Backend,
    source: object,
    *,
    delimiter: str | None,
    encoding: str | None,
    needed: Collection[str],
    argument: str = "source",
) -> Source:
    """Return delimited text files of one kind as a raw relation of the needed columns, as text.

    Parameters
    ----------
    engine
        Where to open them.
    source
        Path, glob, or list of paths.
    delimiter
        Found in the header when ``None``: the one character that yields the needed columns.
    encoding
        UTF-8 when ``None``, or what a byte-order mark says.
    needed
        Columns that the funnel names; no other column is read.
    argument
        What an error calls ``source``.

    Raises
    ------
    DataError
        For files that are empty or no text tables, headers that differ or may be one of two
        lines, bytes that are not UTF-8, a quotation mark that is never closed.
    """
    if delimiter is not None and (not isinstance(delimiter, str) or len(delimiter) != 1):
        raise ArgumentError(f"`delimiter` must be one character; got {delimiter!r}.")
    if delimiter is not None and delimiter in '"\r\n\0':
        raise ArgumentError(f"`delimiter` cannot be {delimiter!r}, which ends texts or lines.")
    files = paths_of(source, argument)
    heads = [_Head.read(file, delimiter, encoding, needed) for file in files]
    _refuse_differences(heads, needed)
    tables: list[ir.Table] = []
    misfits, examples, rows, headers = 0, list[str](), 0, 0
    for head in heads:
        raw, lines = _scan(engine, head, needed)
        misfits += len(lines)
        examples += lines
        repeated = _is_header(raw)
        near = raw.filter(raw[raw.columns[0]].contains(raw.columns[0]))  # a quick look first
        again = _n(near) and _n(near.filter(repeated))
        rows, headers = rows + _n(raw), headers + again
        raw = raw.filter(~repeated.fill_null(False)) if again else raw
        part = ibis.literal(len(tables), "int32")
        tables.append(raw.mutate(**{PART: part}) if len(heads) > 1 else raw)
    table = stacked(engine, tables)
    name = shared_name(files)
    aside: dict[str, int] = {}
    for head in heads:
        for reason, count in head.layout.aside.items():
            aside[reason] = aside.get(reason, 0) + count
    if rows == 0:
        if misfits:
            raise DataError(
                f"`{name}`: none of its {display.plural(misfits, 'row')} fits the header, such as "
                f"{'; '.join(examples[:3])}."
            )
        raise DataError(f"`{name}` holds a header and no rows.")
    return Source(
        name=name,
        table=table,
        columns=heads[0].columns,
        rows=rows + misfits + sum(aside.values()),
        misfits=(misfits, tuple(examples[:5])),
        headers=headers,
        aside=aside,
        notes=tuple(note for head in heads for note in head.notes),
    )


@dataclass(frozen=True)
class _Head:
    """What the first lines of a text file say about how to read it."""

    file: Path
    columns: tuple[str, ...]
    delimiter: str
    encoding: str
    notes: tuple[str, ...]
    layout: report_lines.Layout = field(default_factory=report_lines.Layout)

    @classmethod
    def read(
        cls, file: Path, delimiter: str | None, encoding: str | None, needed: Collection[str]
    ) -> _Head:
        with file.open("rb") as stream:
            start = stream.read(_HEAD_BYTES)
        if not start.strip():
            raise DataError(f"`{file.name}` is empty.")
        for mark, kind in _OTHER_KINDS:
            if start.lstrip().startswith(mark):
                is_table = mark == b"<" and b"<table" in start.lower()
                raise DataError(
                    f"`{file.name}` is no delimited text: it is {_PAGE if is_table else kind}."
                )
        notes = []
        bom = next(((mark, codec) for mark, codec in _BOMS if start.startswith(mark)), None)
        if bom is not None:
            notes.append(f"`{file.name}` starts with a byte-order mark, which was dropped.")
        codec = bom[1] if bom and encoding is None else _codec(encoding)
        text = _decoded(start, codec, file)
        delimiters = _DELIMITERS if delimiter is None else (delimiter,)
        found, header = max(
            ((mark, _first(text.lstrip("\r\n"), mark)) for mark in delimiters),
            key=lambda pair: (len(set(pair[1]) & set(needed)), len(pair[1])),
        )
        above = 0
        if not set(header) & set(needed) or len(header) == 1:
            below = report_lines.find_header_line(file, text, delimiters, needed)
            found, header, above = below or (found, header, 0)
        if not header:
            raise DataError(
                f"`{file.name}`: its first line cannot be split into cells; is it an export of a "
                "table, in the format its name says?"
            )
        if delimiter is None and found != ",":
            shown = {"\t": "tab"}.get(found, f"`{found}`")
            notes.append(f"`{file.name}` is delimited by {shown}.")
        _refuse_damaged(file, start, header, found, needed)
        refuse_repeats(header, needed, file.name)
        layout = report_lines.layout_of(file, codec, found, above=above, wide=len(header) > 1)
        notes += formatted.told(file.name, layout.aside)
        return cls(file, _unique(header, needed), found, codec, tuple(notes), layout)

    @contextlib.contextmanager
    def in_utf8(self) -> Iterator[Path]:
        """Yield the file itself, or a copy in UTF-8 that goes away afterwards."""
        is_utf8 = self.encoding in ("utf-8", "utf-8-sig")
        if is_utf8 and self.layout.is_whole:
            yield self.file
            return
        errors = "surrogateescape" if is_utf8 else "strict"
        with tempfile.TemporaryDirectory(prefix="funnelkit-") as folder:
            path = Path(folder) / "copy.csv"
            try:
                with (
                    self.file.open(encoding=self.encoding, errors=errors, newline="") as stream,
                    path.open("w", encoding="utf-8", errors=errors, newline="") as copy,
                ):
                    self.layout.copy(stream, copy)
            except UnicodeError as error:
                raise DataError(
                    f"`{self.file.name}` cannot be read with `encoding={self.encoding!r}`: {error}."
                ) from None
            yield path

    def not_utf8(self, lines: Sequence[int], needed: Collection[str]) -> str:
        """Return what to do about bytes that are not UTF-8."""
        with self.file.open("rb") as stream:
            bad = next((raw for raw in stream if not _is_utf8(raw)), b"")
        shown = bad.decode("cp1252", errors="replace")
        cells = _first(shown, self.delimiter)
        odd = [
            f"`{column}` as {cell[:40]!r}"
            for column, cell in zip(self.columns, cells, strict=False)
            if column in needed and not cell.isascii()
        ]
        reads = f", which reads {display.listed(odd[:3])} in the first of them" if odd else ""
        return (
            f"`{self.file.name}` is not UTF-8 in {display.plural(len(lines), 'line')}, first in "
            f'line {lines[0]}. Say what it is: `encoding="cp1252"` is Western Windows and '
            f"Latin-1{reads}."
        )


def _scan(engine: Backend, head: _Head, needed: Collection[str]) -> tuple[ir.Table, list[str]]:
    """Return the needed columns of one file, and its lines that do not fit the header."""
    import duckdb

    rejects = fresh(engine, "TABLE")
    wanted = [column for column in head.columns if column in needed] or [head.columns[0]]
    with head.in_utf8() as path:
        try:
            raw = engine.read_csv(
                literal_path(path),
                table_name=fresh(engine, "VIEW"),
                all_varchar=True,
                header=True,
                delim=head.delimiter,
                quote='"',
                escape='"',
                store_rejects=True,
                rejects_table=rejects,
                rejects_scan=fresh(engine, "TABLE"),
                auto_detect=False,
                compression="none",
                columns=dict.fromkeys(head.columns, "VARCHAR"),
                max_line_size=_LONGEST_LINE,
            )
            table = kept(engine, raw.select(*wanted))
        except duckdb.Error:
            if path == head.file and (bad := _bad_lines(path)):  # older engines stop at them
                raise DataError(head.not_utf8(bad, needed)) from None
            raise DataError(
                f"`{head.file.name}` cannot be read as text delimited by `{head.delimiter}`; is "
                "it an export of a table, in the format its name says?"
            ) from None
    return table, _misfits(engine, rejects, head, needed)


def _misfits(engine: Backend, rejects: str, head: _Head, needed: Collection[str]) -> list[str]:
    found = engine.raw_sql(
        f'SELECT line, error_type::VARCHAR, csv_line FROM "{rejects}" ORDER BY line'  # noqa: S608
    ).fetchall()
    above = head.layout.above
    bad_bytes = sorted({above + line for line, kind, _ in found if kind == "INVALID ENCODING"})
    if bad_bytes:
        raise DataError(head.not_utf8(bad_bytes, needed))
    lines: dict[int, str] = {}
    for place, kind, text in found:
        line = above + place
        if kind == "UNQUOTED VALUE" and "\n" in text.strip():
            swallowed = display.plural(text.strip().count("\n"), "line")
            raise DataError(
                f"`{head.file.name}`: a quotation mark opened in line {line} is not closed, so "
                f"that at least {swallowed} after it cannot be told apart. Correct that line."
            )
        lines[line] = _misfit(head, line, kind, text)
    return list(lines.values())


def _misfit(head: _Head, line: int, kind: str, text: str) -> str:
    where = f"{head.file.name} line {line}"
    cells = len(_first(text.lstrip("\r\n"), head.delimiter))
    if "COLUMNS" not in kind or not cells:
        why = {
            "UNQUOTED VALUE": "a quotation mark in the wrong place",
            "LINE SIZE OVER MAXIMUM": f"longer than {_LONGEST_LINE >> 20} MB",
        }
        return f"{where} ({why.get(kind, 'cannot be split into cells')})"
    return f"{where} ({display.plural(cells, 'cell')}, the header has {len(head.columns)})"


def _refuse_differences(heads: Sequence[_Head], needed: Collection[str]) -> None:
    first = heads[0]
    for head in heads[1:]:
        odd = sorted((set(head.columns) ^ set(first.columns)) & set(needed))
        if odd:
            raise DataError(
                f"`{head.file.name}` and `{first.file.name}` do not both have "
                f"{display.listed([f'`{name}`' for name in odd])}; files in one list hold rows of "
                "the same kind. For files of different kinds that share the id use `join=[…]`."
            )


def _refuse_damaged(
    file: Path, start: bytes, header: Sequence[str], delimiter: str, needed: Collection[str]
) -> None:
    """Refuse a header that is not UTF-8 where another encoding yields a needed column."""
    if not any("\ufffd" in name for name in header):
        return
    western = _first(start.decode("cp1252", errors="replace"), delimiter)
    found = sorted((set(western) - set(header)) & set(needed))
    if found:
        raise DataError(
            f'the header of `{file.name}` is not UTF-8. With `encoding="cp1252"` (Western '
            f"Windows and Latin-1) it has {display.listed([f'`{name}`' for name in found])}."
        )


def _n(table: ir.Table) -> int:
    return int(table.count().execute())


def _is_header(table: ir.Table) -> Any:
    """Return whether a row repeats the header, as in exports pasted one below the other."""
    names = table.columns[:3]
    return ibis.and_(*[table[name].strip() == name for name in names])


def _codec(encoding: str | None) -> str:
    try:
        return codecs.lookup(encoding or "utf-8").name
    except (LookupError, TypeError):
        raise ArgumentError(
            f"`encoding` must be a codec such as utf-8 or cp1252; got {encoding!r}."
        ) from None


def _decoded(start: bytes, codec: str, file: Path) -> str:
    try:
        text = codecs.getincrementaldecoder(codec)(errors="replace").decode(start)
    except UnicodeError as error:  # no byte-order mark where the codec wants one
        raise DataError(
            f"`{file.name}` cannot be read with `encoding={codec!r}`: {error}."
        ) from None
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise DataError(f"`{file.name}` is empty.")
    if "\x00" in text[:1000]:
        raise DataError(
            f'`{file.name}` holds zero bytes, as UTF-16 does; say so with `encoding="utf-16-le"`.'
        )
    return text


def _first(text: str, delimiter: str) -> list[str]:
    """Return the names in the first line."""
    try:
        lines = io.StringIO(text, newline="")
        return [name.strip() for name in next(csv.reader(lines, delimiter=delimiter))]
    except (csv.Error, StopIteration):
        return []


def _unique(columns: Sequence[str], needed: Collection[str]) -> tuple[str, ...]:
    """Give blank and repeated headers, which nobody asked for, a name of their own."""
    taken = {column.lower() for column in columns if column in needed}
    names = []
    for column in columns:
        name, number = column or "column", 1
        while column not in needed and name.lower() in taken:
            number += 1
            name = f"{column or 'column'}__{number}"
        taken.add(name.lower())
        names.append(name)
    return tuple(names)


def _bad_lines(file: Path) -> list[int]:
    with file.open("rb") as stream:
        return [number for number, raw in enumerate(stream, 1) if not _is_utf8(raw)]


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
