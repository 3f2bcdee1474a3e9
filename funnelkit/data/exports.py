"""Exports of a CRM: what each file of a folder is, by its header, and those of one kind opened."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.data import delimited, sources
from funnelkit.data.sources import Source
from funnelkit.data.spreadsheets.choosing import headers_of
from funnelkit.data.spreadsheets.container import NoWorkbookError
from funnelkit.data.spreadsheets.opening import open_excel
from funnelkit.data.spreadsheets.words import ENDINGS

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd
    from ibis.backends.duckdb import Backend

Recognise = Callable[[Sequence[str]], str | None]
"""From a header to the kind of table ("Lead", "deals" …), or ``None``."""
Headers = Iterable[tuple[tuple[str, ...], bool]]
"""What may be the header of a table, each with whether nothing stands below it."""

_HEAD_BYTES = 1 << 18
_TITLE_LINES = 20
_DELIMITERS = (",", ";", "\t", "|")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PARQUET = (".parquet", ".pq")
_EXCEL = ENDINGS


@dataclass(frozen=True, kw_only=True)
class Export:
    """One file or frame whose header was recognised.

    Parameters
    ----------
    kind
        Kind of table, such as ``"Lead"``.
    name
        What to call it: the file's name without its folder, or the frame's name.
    columns
        Its header.
    file, frame
        Where it is: one of the two.
    sheet
        Name of the sheet, where the file is a workbook.
    empty
        Whether nothing stands below the header.
    """

    kind: str
    name: str
    columns: tuple[str, ...]
    file: Path | None = None
    frame: pd.DataFrame | None = None
    sheet: str | None = None
    empty: bool = False


Watched = dict[tuple[str, str], tuple[Export, list[str]]]
_WATCHING: ContextVar[Watched | None] = ContextVar("watching", default=None)


@contextlib.contextmanager
def watched() -> Iterator[Watched]:
    """Yield what is opened meanwhile, by kind and place: each export and the columns of it."""
    seen: Watched = {}
    token = _WATCHING.set(seen)
    try:
        yield seen
    finally:
        _WATCHING.reset(token)


def _notice(export: Export, wanted: Sequence[str]) -> None:
    seen = _WATCHING.get()
    if seen is not None:
        place = f"{export.file or export.name} {export.sheet or ''}"
        _, before = seen.get((export.kind, place), (export, []))
        own = [name for name in export.columns if name in wanted or name in before]
        seen[export.kind, place] = (export, own)


def find_exports(
    source: object,
    recognise: Recognise,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> tuple[tuple[Export, ...], tuple[str, ...]]:
    """Return the exports that were recognised, and the names of what was not.

    Only headers are read.

    Parameters
    ----------
    source
        A folder (the files in it, not those of folders below), a file, a glob, a list of them, a
        frame, or a mapping from a name to a frame.
    recognise
        From a header to the kind of table, or ``None``.
    encoding
        UTF-8 when ``None``, or what a byte-order mark says.
    delimiter
        Found in the header when ``None``.

    Raises
    ------
    ArgumentError
        If ``source`` is none of these.
    DataError
        If a file does not exist, a folder holds no file, or nothing is recognised and a workbook
        cannot be read.
    """
    found: list[Export] = []
    unknown: list[str] = []
    damaged: list[str] = []
    for name, file, frame in _given(source):
        before = len(found)
        try:
            for sheet, headers in _tables(file, frame, encoding, delimiter):
                one = Export(kind="", name=name, columns=(), file=file, frame=frame, sheet=sheet)
                found += _recognised(one, headers, recognise)
        except NoWorkbookError as error:
            damaged += error.problems
        if len(found) == before:
            unknown.append(name)
    if damaged and not found:
        raise DataError(damaged)
    return tuple(found), tuple(unknown)


def _tables(
    file: Path | None, frame: pd.DataFrame | None, encoding: str | None, delimiter: str | None
) -> Iterator[tuple[str | None, Headers]]:
    """Yield each table of a file or frame: its sheet, if it has any, and what may be its header."""
    if frame is not None:
        yield None, [(tuple(str(label) for label in frame.columns), not len(frame))]
    elif file is not None and file.suffix.lower() in _EXCEL:
        yield from headers_of(file)
    elif file is not None:
        yield None, _headers(file, encoding, delimiter)


def _recognised(one: Export, headers: Headers, recognise: Recognise) -> list[Export]:
    for columns, empty in headers:
        kind = recognise(columns)
        if kind is not None:
            return [replace(one, kind=kind, columns=columns, empty=empty)]
    return []


def open_export(
    engine: Backend,
    exports: Sequence[Export],
    needed: Iterable[str],
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    fallback: str | None = None,
) -> Source:
    """Return files and frames of one kind as one raw relation of the needed columns, as text.

    A needed column that some of them lack is blank there; one that none of them has is not in the
    relation. Exports that hold a header only add nothing; where all do, the relation is empty.

    Parameters
    ----------
    engine
        Where to open them.
    exports
        Those of one kind, at least one.
    needed
        Columns to read, by the names in the header.
    encoding, delimiter
        As in :func:`find_exports`.
    fallback
        Encoding of files that are not UTF-8, where the CRM's documentation says so; a note names
        those read so.

    Raises
    ------
    DataError
        As :func:`funnelkit.data.delimited.open_csv` does, with the problems of all files at once.
    """
    present = {column for export in exports for column in export.columns}
    wanted = [column for column in dict.fromkeys(needed) if column in present]
    opened: list[Source] = []
    notes: list[str] = []
    problems: list[str] = []
    for export in exports:
        _notice(export, wanted)
        if export.empty:
            notes.append(f"`{export.name}` holds a header and no rows.")
            continue
        codec = encoding
        if encoding is None and fallback is not None and _is_other(export):
            codec = fallback
            notes.append(f"`{export.name}` is not UTF-8; it was read as {fallback.upper()}.")
        try:
            opened.append(_open_one(engine, export, wanted, codec, delimiter))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    if not opened:
        return _nothing(engine, exports, wanted, notes)
    tables = [_as_text(one.table, wanted) for one in opened]
    table = sources.stacked(engine, tables)
    for one in opened:
        lacking = [column for column in wanted if column not in one.columns]
        if lacking:
            listed = display.listed([f"`{column}`" for column in lacking])
            notes.append(f"`{one.name}` has no {listed}, unlike other files of its kind.")
    columns = dict.fromkeys(column for one in opened for column in one.columns)
    return Source(
        name=_shared_name([one.name for one in opened]),
        table=table,
        columns=tuple(columns),
        rows=sum(one.rows for one in opened),
        misfits=(
            sum(one.misfits[0] for one in opened),
            tuple(line for one in opened for line in one.misfits[1])[:5],
        ),
        headers=sum(one.headers for one in opened),
        notes=(*notes, *(note for one in opened for note in one.notes)),
        aside=_summed([one.aside for one in opened]),
        findings=tuple(finding for one in opened for finding in one.findings),
    )


def _given(source: object) -> list[tuple[str, Path | None, pd.DataFrame | None]]:
    """Return name and place of each file or frame that was given."""
    import pandas as pd

    if isinstance(source, pd.DataFrame):
        return [("frame", None, source)]
    if isinstance(source, Mapping):
        odd = [str(name) for name, frame in source.items() if not isinstance(frame, pd.DataFrame)]
        if odd or not source:
            raise ArgumentError(
                "`source` as a mapping must name pandas DataFrames"
                + (f"; these are none: {display.listed(odd[:5])}." if odd else "; it is empty.")
            )
        return [(str(name), None, frame) for name, frame in source.items()]
    several = isinstance(source, Iterable) and not isinstance(source, (str, bytes, Path))
    items: list[Any] = list(source) if several and isinstance(source, Iterable) else [source]
    files: dict[Path, None] = {}
    plain: list[Any] = []
    for item in items:
        if isinstance(item, (str, Path)) and Path(item).is_dir():
            inside = sorted(file for file in Path(item).iterdir() if _is_table(file))
            if not inside:
                raise DataError(f"the folder `{item}` holds no file.")
            files |= dict.fromkeys(inside)
        else:
            plain.append(item)
    if plain or not items:
        files |= dict.fromkeys(sources.paths_of(plain))
    return [(file.name, file, None) for file in files]


def _is_table(file: Path) -> bool:
    return file.is_file() and not file.name.startswith((".", "~$"))


def _headers(
    file: Path, encoding: str | None, delimiter: str | None
) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield what may be the header of a file, and whether nothing stands below it."""
    kind = file.suffix.lower()
    with file.open("rb") as stream:
        start = stream.read(_HEAD_BYTES)
        more = bool(stream.read(1))
    if kind in _PARQUET or start.startswith(b"PAR1"):
        yield from _parquet_header(file)
        return
    text = _decoded(start, encoding)
    if text is None:
        return
    for mark in (delimiter,) if delimiter else _DELIMITERS:
        rows = _first_rows(text, mark)
        for number, row in enumerate(rows):
            below = more or len(rows) > number + 1
            if len(row) > 1:
                yield tuple(name.strip() for name in row), not below


def _parquet_header(file: Path) -> Iterator[tuple[tuple[str, ...], bool]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        described = pq.read_metadata(file)
    except (pa.ArrowException, OSError):
        return
    yield tuple(described.schema.to_arrow_schema().names), described.num_rows == 0


def _decoded(start: bytes, encoding: str | None) -> str | None:
    """Return the beginning of a text, or ``None`` where it is no text; odd bytes are replaced."""
    codec = next((codec for mark, codec in _BOMS if start.startswith(mark)), "utf-8")
    try:
        decoder = codecs.getincrementaldecoder(encoding or codec)(errors="replace")
    except (LookupError, TypeError):
        raise ArgumentError(
            f"`encoding` must be a codec such as utf-8 or cp1252; got {encoding!r}."
        ) from None
    text = decoder.decode(start).removeprefix("\ufeff")
    return None if "\x00" in text[:1000] else text


def _first_rows(text: str, delimiter: str) -> list[list[str]]:
    """Return the first rows that are not blank."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if any(cell.strip() for cell in row):
                rows.append(row)
            if len(rows) > _TITLE_LINES:
                break
    except csv.Error:  # a cell longer than the reader takes, or a stray line end
        return rows
    return rows


def _is_other(export: Export) -> bool:
    """Return whether a text file without a byte-order mark is not UTF-8."""
    if export.file is None or export.file.suffix.lower() in (*_PARQUET, *_EXCEL):
        return False
    decoder = codecs.getincrementaldecoder("utf-8")()
    with export.file.open("rb") as stream:
        chunk = stream.read(1 << 20)
        if chunk.startswith((b"PAR1", *(mark for mark, _ in _BOMS))):
            return False
        try:
            while chunk:
                decoder.decode(chunk)
                chunk = stream.read(1 << 20)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return True
    return False


def _open_one(
    engine: Backend,
    export: Export,
    wanted: Sequence[str],
    encoding: str | None,
    delimiter: str | None,
) -> Source:
    own = [column for column in wanted if column in export.columns]
    if export.frame is not None:
        return sources.open_frame(engine, export.frame, needed=own, name=export.name)
    file = Path(str(export.file))
    with file.open("rb") as stream:
        parquet = stream.read(4) == b"PAR1"
    if export.sheet is not None:
        return open_excel(engine, file, needed=own, sheet=export.sheet or None)
    if parquet:
        return sources.open_parquet(engine, file, needed=own)
    return delimited.open_csv(engine, file, delimiter=delimiter, encoding=encoding, needed=own)


def _as_text(table: ir.Table, wanted: Sequence[str]) -> ir.Table:
    """Return the wanted columns as texts; blank where there is none."""
    return table.select(
        **{
            column: _text(table[column]) if column in table.columns else ibis.null("string")
            for column in wanted
        }
    )


def _text(column: ir.Column) -> Any:
    text = column.cast("string")
    if not column.type().is_floating():
        return text
    exact = column.try_cast("decimal(38, 4)").cast("string")
    plain = ibis.ifelse(text.contains("e"), ibis.coalesce(exact, text), text)
    return ibis.ifelse(text == "nan", ibis.null("string"), plain.re_replace(r"\.0+$", ""))


def _nothing(
    engine: Backend, exports: Sequence[Export], wanted: Sequence[str], notes: Sequence[str]
) -> Source:
    columns = {column: ibis.null("string") for column in wanted or ("",)}
    blank = ibis.memtable({"_": [0]}, schema={"_": "int64"}).select(**columns)
    return Source(
        name=_shared_name([export.name for export in exports]),
        table=sources.kept(engine, blank.limit(0)),
        columns=tuple(dict.fromkeys(column for one in exports for column in one.columns)),
        rows=0,
        notes=tuple(notes),
    )


def _shared_name(names: Sequence[str]) -> str:
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else names[0]


def _summed(tallies: Sequence[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for tally in tallies:
        for reason, rows in tally.items():
            total[reason] = total.get(reason, 0) + rows
    return total
