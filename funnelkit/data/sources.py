"""Raw tables: files and frames opened where they lie, every row counted, nothing interpreted."""

from __future__ import annotations

import codecs
import csv
import glob
import io
import tempfile
import weakref
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit._core.errors import ArgumentError, DataError

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd
    from ibis.backends.duckdb import Backend

_HEAD_BYTES = 1 << 20
_DELIMITERS = (",", ";", "\t", "|")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, kw_only=True)
class Source:
    """One kind of rows, as they came.

    Parameters
    ----------
    name
        What to call it: the file's name, without its folder.
    table
        The raw relation; CSV columns are text.
    rows
        Rows read, those that do not fit the header included.
    misfits
        Rows that do not fit the header, with up to five of them as text.
    notes
        What was found and decided while opening.
    """

    name: str
    table: ir.Table
    rows: int
    misfits: tuple[int, tuple[str, ...]] = (0, ())
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.table.columns)


def connect() -> Backend:
    """Return a private, embedded engine in UTC."""
    import ibis

    engine = ibis.duckdb.connect()
    engine.raw_sql("SET TimeZone = 'UTC'")
    engine.raw_sql("SET enable_progress_bar = false")
    return engine


def paths_of(source: object) -> list[Path]:
    """Return the files that a path, a glob or a list of them names.

    Raises
    ------
    DataError
        If one of them does not exist; all missing ones are listed.
    """
    given = [source] if isinstance(source, (str, Path)) else list(source)  # type: ignore[call-overload]
    found: list[Path] = []
    missing: list[str] = []
    for item in given:
        if not isinstance(item, (str, Path)):
            raise ArgumentError(f"`source` must be a path or a list of paths; got {item!r}.")
        text = str(item)
        matches = (
            [text] if Path(text).exists() else sorted(glob.glob(text, recursive=True))  # noqa: PTH207
        )
        found += [Path(match) for match in matches if Path(match).is_file()]
        if not matches:
            missing.append(text)
    if missing:
        raise DataError([f"no file `{Path(name).name}` ({name})." for name in missing])
    if not found:
        raise ArgumentError("`source` names no file.")
    return found


def open_csv(
    engine: Backend,
    source: object,
    *,
    delimiter: str | None,
    encoding: str | None,
    needed: Collection[str],
) -> Source:
    """Return delimited text files of one header as a raw relation of text columns.

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
        Columns that the funnel names; used to recognise the delimiter.

    Raises
    ------
    DataError
        For empty files, headers that differ, bytes that are not UTF-8.
    """
    files = paths_of(source)
    name = files[0].name if len(files) == 1 else f"{files[0].name} and {len(files) - 1} more"
    notes: list[str] = []
    heads = [_Head.read(file, delimiter, encoding, needed) for file in files]
    for head in heads[1:]:
        if sorted(head.columns) != sorted(heads[0].columns):
            odd = sorted(set(head.columns) ^ set(heads[0].columns))
            raise DataError(
                f"`{head.file.name}` and `{heads[0].file.name}` have different columns ({odd}); "
                "files in one list hold rows of the same kind. For files of different kinds that "
                "share the id use `join=[…]`."
            )
    notes += [note for head in heads for note in head.notes]
    tables, misfits, examples = [], 0, []
    for head in heads:
        rejects = _fresh(engine, "rejects")
        raw = engine.read_csv(
            str(head.utf8_file()),
            all_varchar=True,
            header=True,
            delim=head.delimiter,
            quote='"',
            escape='"',
            store_rejects=True,
            rejects_table=rejects,
            rejects_scan=f"{rejects}_scan",
            auto_detect=False,
            columns=dict.fromkeys(head.columns, "VARCHAR"),
            max_line_size=16 << 20,
        )
        tables.append(_kept(engine, raw))
        lost, lines = _misfits(engine, rejects, head)
        misfits += lost
        examples += lines
    table = tables[0]
    for other in tables[1:]:
        table = table.union(other.select(*table.columns))
    rows = int(table.count().execute()) + misfits
    if rows == 0:
        raise DataError(f"`{name}` holds a header and no rows.")
    return Source(
        name=name,
        table=table,
        rows=rows,
        misfits=(misfits, tuple(examples[:5])),
        notes=tuple(notes),
    )


def open_parquet(engine: Backend, source: object, *, needed: Collection[str]) -> Source:
    """Return Parquet files as a raw relation of the needed columns, scanned where they lie.

    Raises
    ------
    DataError
        If a file is missing, empty or no Parquet file.
    """
    import duckdb

    files = paths_of(source)
    name = files[0].name if len(files) == 1 else f"{files[0].name} and {len(files) - 1} more"
    try:
        raw = engine.read_parquet([str(file) for file in files])
    except duckdb.Error as error:
        raise DataError(
            f"`{name}` cannot be read as Parquet: {str(error).splitlines()[0]}"
        ) from None
    return _typed_source(engine, raw, name, needed)


def open_frame(
    engine: Backend, frame: pd.DataFrame, *, needed: Collection[str], name: str = "frame"
) -> Source:
    """Return a pandas frame as a raw relation of the needed columns, used in place.

    A column of mixed Python objects is read as text.

    Raises
    ------
    ArgumentError
        If it is no frame.
    DataError
        If it has no rows, or two columns of one name that is needed.
    """
    import pandas as pd
    import pyarrow as pa

    if not isinstance(frame, pd.DataFrame):
        raise ArgumentError(f"`frame` must be a pandas DataFrame; got {type(frame).__name__}.")
    labels = [str(label) for label in frame.columns]
    _refuse_repeats(labels, needed, name)
    columns: dict[str, Any] = {}
    for position, label in enumerate(labels):
        if label not in needed:
            continue
        series = frame.iloc[:, position]
        if isinstance(series.dtype, pd.CategoricalDtype):
            series = series.astype(object)
        try:
            columns[label] = pa.array(series, from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            columns[label] = pa.array(
                [None if pd.isna(value) else str(value) for value in series], pa.string()
            )
    if not columns:
        columns = {"": pa.nulls(len(frame))}
    raw = engine.create_table(_fresh(engine, "frame"), pa.table(columns), temp=True)
    return _typed_source(engine, raw, name, needed)


def _typed_source(
    engine: Backend, raw: ir.Table, name: str, needed: Collection[str]
) -> Source:
    wanted = [column for column in raw.columns if column in needed]
    if not wanted:
        return Source(name=name, table=raw, rows=int(raw.count().execute()))
    table = _kept(engine, raw.select(*wanted))
    rows = int(table.count().execute())
    if rows == 0:
        raise DataError(f"`{name}` holds no rows.")
    return Source(name=name, table=table, rows=rows)


def _kept(engine: Backend, table: ir.Table) -> ir.Table:
    """Compute a relation once, in the engine's own memory."""
    return engine.create_table(_fresh(engine, "raw"), table, temp=True)


def _fresh(engine: Backend, stem: str) -> str:
    number = getattr(engine, "_fk_tables", 0) + 1
    engine._fk_tables = number  # type: ignore[attr-defined]
    return f"fk_{stem}_{number}"


def _misfits(engine: Backend, rejects: str, head: _Head) -> tuple[int, list[str]]:
    found = engine.raw_sql(
        f'SELECT line, error_type::VARCHAR, csv_line FROM "{rejects}" ORDER BY line'  # noqa: S608
    ).fetchall()
    bad_bytes = [line for line, kind, _ in found if kind == "INVALID ENCODING"]
    if bad_bytes:
        raise DataError(head.not_utf8(bad_bytes))
    lines = sorted({(line, text) for line, _, text in found})
    return len(lines), [f"line {line}: {text[:80]}" for line, text in lines[:5]]


@dataclass(frozen=True)
class _Head:
    """What the first lines of a text file say about how to read it."""

    file: Path
    columns: tuple[str, ...]
    delimiter: str
    encoding: str
    notes: tuple[str, ...]

    @classmethod
    def read(
        cls, file: Path, delimiter: str | None, encoding: str | None, needed: Collection[str]
    ) -> _Head:
        with file.open("rb") as stream:
            start = stream.read(_HEAD_BYTES)
        if not start.strip():
            raise DataError(f"`{file.name}` is empty.")
        notes = []
        bom = next(((mark, codec) for mark, codec in _BOMS if start.startswith(mark)), None)
        if bom is not None:
            notes.append(f"`{file.name}` starts with a byte-order mark, which was dropped.")
        codec = bom[1] if bom and encoding is None else (encoding or "utf-8")
        header = next(_header_lines(start, codec, file))
        if delimiter is None:
            delimiter = _delimiter_of(header, needed)
            if delimiter != ",":
                shown = {"\t": "tab"}.get(delimiter, f"`{delimiter}`")
                notes.append(f"`{file.name}` is delimited by {shown}.")
        columns = tuple(_split(header, delimiter))
        _refuse_repeats(columns, needed, file.name)
        return cls(file, _unique(columns), delimiter, codec, tuple(notes))

    def utf8_file(self) -> Path:
        """Return the file itself, or a temporary copy in UTF-8."""
        if self.encoding.lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig"):
            return self.file
        with tempfile.NamedTemporaryFile(suffix=".csv", delete=False) as copy:
            try:
                with self.file.open(encoding=self.encoding, newline="") as stream:
                    while chunk := stream.read(1 << 20):
                        copy.write(chunk.encode())
            except (UnicodeError, LookupError) as error:
                raise DataError(
                    f"`{self.file.name}` cannot be read with `encoding={self.encoding!r}`: {error}."
                ) from None
        path = Path(copy.name)
        weakref.finalize(self, _forget, path)
        _TEMPORARY.append(self)
        return path

    def not_utf8(self, lines: Sequence[int]) -> str:
        """Return what to do about bytes that are not UTF-8."""
        with self.file.open("rb") as stream:
            bad = next((raw for raw in stream if not _is_utf8(raw)), b"")
        shown = bad.decode("cp1252", errors="replace").strip()[:60]
        return (
            f"`{self.file.name}` is not UTF-8 in {len(lines)} of its lines, first in line "
            f"{lines[0]}. Name its encoding; with `encoding=\"cp1252\"` (Western Windows and "
            f"Latin-1) that line reads: {shown}"
        )


_TEMPORARY: list[_Head] = []


def _forget(path: Path) -> None:
    path.unlink(missing_ok=True)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _header_lines(start: bytes, codec: str, file: Path) -> Iterator[str]:
    try:
        text = codecs.getincrementaldecoder(codec)(errors="replace").decode(start)
    except LookupError:
        raise ArgumentError(
            f"`encoding` must be a codec such as utf-8 or cp1252; got {codec!r}."
        ) from None
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise DataError(f"`{file.name}` is empty.")
    yield lines[0].removeprefix("\ufeff")


def _split(header: str, delimiter: str) -> list[str]:
    return [name.strip() for name in next(csv.reader(io.StringIO(header), delimiter=delimiter))]


def _delimiter_of(header: str, needed: Collection[str]) -> str:
    def fit(delimiter: str) -> tuple[int, int]:
        names = _split(header, delimiter)
        return len(set(names) & set(needed)), len(names)

    return max(_DELIMITERS, key=fit)


def _unique(columns: Sequence[str]) -> tuple[str, ...]:
    """Give blank and repeated headers, which nobody asked for, a name of their own."""
    seen: dict[str, int] = {}
    names = []
    for name in columns:
        seen[name] = seen.get(name, 0) + 1
        names.append(name if name and seen[name] == 1 else f"{name or 'column'}__{seen[name]}")
    return tuple(names)


def _refuse_repeats(columns: Sequence[str], needed: Collection[str], name: str) -> None:
    repeated = sorted({column for column in columns if columns.count(column) > 1} & set(needed))
    if repeated:
        raise DataError(
            f"`{name}` has two columns named {', '.join(f'`{column}`' for column in repeated)}; "
            "rename one."
        )
