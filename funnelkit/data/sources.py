"""Raw tables: files and frames opened where they lie, every row counted, nothing interpreted."""

from __future__ import annotations

import glob
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.data.files import Stamp
from funnelkit.data.finding import Finding

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd
    import pyarrow as pa
    from ibis.backends.duckdb import Backend

PART = "fk_part"
"""Column of a raw relation of several files: a number for the file that a row came from."""

_AT_ONCE = 16


@dataclass(frozen=True, kw_only=True)
class Source:
    """One kind of rows, as they came.

    Parameters
    ----------
    name
        What to call it: the file's name, without its folder.
    table
        The raw relation, with the needed columns only; those of CSV files are text. Of several
        files it also has :data:`PART`.
    columns
        Every name in the header, needed or not.
    rows
        Rows read, those that do not fit the header and repeated headers included.
    misfits
        Rows that do not fit the header, with up to five of them: file, line and cells, never
        what stands in them.
    headers
        Rows that only repeat the header.
    notes
        What was found and decided while opening.
    aside
        Reason -> rows set aside while opening (totals and titles of a formatted report, merged
        and deleted records); they count among ``rows`` and are not in ``table``.
    findings
        What the audit has to say of it.
    tidy
        Texts that are known to have no blanks around them, and none that is blank.
    seen
        What :mod:`first_look` counted: (``text``, ``day`` or ``id``, column) -> what -> rows.
    lasting
        The files, where they can be scanned again as cheaply as a copy of them; else none.
    """

    name: str
    table: ir.Table
    columns: tuple[str, ...]
    rows: int
    misfits: tuple[int, tuple[str, ...]] = (0, ())
    headers: int = 0
    notes: tuple[str, ...] = ()
    aside: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    tidy: frozenset[str] = frozenset()
    seen: Mapping[tuple[str, str], Mapping[str, int]] = field(default_factory=dict)
    lasting: tuple[Stamp, ...] = ()

    def text(self, column: str) -> ir.StringColumn:
        """Return a column as text without blanks around it, null where nothing is left."""
        from funnelkit.data import parsing

        found = self.table[column]
        if column in self.tidy:
            return found
        plain = found.type().is_integer()
        return found.cast("string") if plain else parsing.cleaned(found)


def connect() -> Backend:
    """Return a private, embedded engine in UTC; see :mod:`funnelkit.data.embedded`."""
    from funnelkit.data import embedded

    return embedded.connect()


def paths_of(source: object, argument: str = "source") -> list[Path]:
    """Return the files that a path, a glob or a list of them names, each once.

    Raises
    ------
    ArgumentError
        If it is no path, or names folders or nothing.
    DataError
        If one of them does not exist; all missing ones are listed.
    """
    given = [source] if isinstance(source, (str, Path)) else source
    if not isinstance(given, Iterable) or isinstance(given, bytes):
        raise ArgumentError(f"`{argument}` must be a path or a list of paths; got {source!r}.")
    found: dict[Path, None] = {}
    missing: list[str] = []
    for item in given:
        if not isinstance(item, (str, Path)):
            raise ArgumentError(
                f"`{argument}` must be a path or a list of paths; got {type(item).__name__}."
            )
        matches = _matches(str(item))
        if not matches:
            missing.append(str(item))
        elif not any(match.is_file() for match in matches):
            raise ArgumentError(
                f"`{argument}`: `{item}` is a folder; name a file in it, or several with a "
                "pattern such as `folder/*.csv`."
            )
        found |= {match: None for match in matches if match.is_file()}
    if missing:
        raise DataError([_no_file(name) for name in missing])
    if not found:
        raise ArgumentError(f"`{argument}` names no file.")
    return list(found)


def shared_name(files: Sequence[Path]) -> str:
    """Return what to call one or several files."""
    more = len(files) - 1
    return f"{files[0].name} and {more} more" if more else files[0].name


def open_parquet(
    engine: Backend, source: object, *, needed: Collection[str], argument: str = "source"
) -> Source:
    """Return Parquet files as a raw relation of the needed columns, scanned where they lie.

    Raises
    ------
    DataError
        If a file is missing, empty or no Parquet file.
    """
    import duckdb

    from funnelkit.data import parquet

    files = paths_of(source, argument)
    for file in files:
        if not _is_parquet(file):
            raise DataError(f"`{file.name}` is not a Parquet file.")
    name = shared_name(files)
    engine.scanned = name
    try:
        raw = parquet.stacked(engine, files, needed)
    except duckdb.Error as error:
        raise DataError(
            f"`{name}` cannot be read as Parquet: {str(error).splitlines()[0]}"
        ) from None
    header = [column for column in raw.columns if column != PART]
    opened = _typed_source(raw, name, header, {*needed, PART})
    return replace(opened, lasting=tuple(Stamp.of(file) for file in files))


def open_frame(
    engine: Backend,
    frame: pd.DataFrame,
    *,
    needed: Collection[str],
    name: str = "frame",
    argument: str = "frame",
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
        raise ArgumentError(f"`{argument}` must be a pandas DataFrame; got {type(frame).__name__}.")
    labels = [str(label) for label in frame.columns]
    refuse_repeats(labels, needed, name)
    columns = {
        label: _arrow(frame.iloc[:, position])
        for position, label in enumerate(labels)
        if label in needed
    }
    if not columns:
        columns = {"": pa.nulls(len(frame), pa.string())}
    table = fresh(engine, "VIEW")
    engine.con.register(table, pa.table(columns))
    return _typed_source(engine.table(table), name, labels, needed)


def refuse_repeats(columns: Sequence[str], needed: Collection[str], name: str) -> None:
    """Refuse a header in which a needed column stands twice, or differs from one by case only.

    Raises
    ------
    DataError
        If there is one.
    """
    wanted = [column for column in columns if column in needed]
    repeated = sorted({column for column in wanted if wanted.count(column) > 1})
    if repeated:
        raise DataError(
            f"`{name}` has two columns named {', '.join(f'`{column}`' for column in repeated)}; "
            "rename one."
        )
    folded = [column.lower() for column in wanted]
    alike = [column for column in wanted if folded.count(column.lower()) > 1]
    if alike:
        raise DataError(
            f"`{name}` has columns that differ by upper and lower case only "
            f"({', '.join(f'`{column}`' for column in alike)}); rename one."
        )


def kept(engine: Backend, table: ir.Table) -> ir.Table:
    """Compute a relation once, in the engine's own memory."""
    return engine.create_table(fresh(engine, "TABLE"), table, temp=True)


def stacked(engine: Backend, tables: Sequence[ir.Table]) -> ir.Table:
    """Return relations of the same columns as one.

    Many of them are computed a few at a time: one statement over hundreds cannot be written.
    """

    def some(start: int) -> ir.Table:
        first, *others = tables[start : start + _AT_ONCE]
        return first.union(*(other.select(*first.columns) for other in others)) if others else first

    if len(tables) <= _AT_ONCE:
        return some(0)
    whole = kept(engine, some(0))
    for start in range(_AT_ONCE, len(tables), _AT_ONCE):
        more = some(start).select(*whole.columns)
        engine.insert(whole.op().name, more, database=("temp", "main"))
    return whole


def fresh(engine: Backend, kind: str) -> str:
    """Return a name for a relation (``"TABLE"`` or ``"VIEW"``) that lives until :func:`release`."""
    from ibis.util import gen_name

    name = str(gen_name("fk_raw"))
    engine._fk_raw = [*getattr(engine, "_fk_raw", ()), (kind, name)]
    return name


def release(engine: Any) -> None:
    """Let go of every raw relation; what was made of them stays."""
    for kind, name in getattr(engine, "_fk_raw", ()):
        engine.con.unregister(name)
        engine.raw_sql(f'DROP {kind} IF EXISTS "{name}"')
    engine._fk_raw = []
    engine.scanned = None


def keep_open(engine: Any) -> None:
    """Keep every raw relation for as long as the engine lives."""
    engine._fk_raw = []


def literal_path(file: Path) -> str:
    """Return a path that the engine, which takes *, ? and [ for a pattern, reads as it stands."""
    return glob.escape(str(file.absolute()))


def _matches(text: str) -> list[Path]:
    if "\0" in text:  # no file's name
        return []
    if Path(text).exists():
        return [Path(text)]
    return [Path(match) for match in sorted(glob.glob(text, recursive=True))]  # noqa: PTH207


def _no_file(name: str) -> str:
    if glob.has_magic(name):
        return f"no file matches `{name}`."
    folder = Path(name).parent
    where = f"in the folder `{folder}`" if folder.is_dir() else f"(nor a folder `{folder}`)"
    return f"no file `{Path(name).name}` {where}."


def _is_parquet(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(4) == b"PAR1"


def _typed_source(
    raw: ir.Table, name: str, header: Sequence[str], needed: Collection[str]
) -> Source:
    wanted = [column for column in raw.columns if column in needed]
    table = raw.select(*wanted) if wanted else raw
    rows = int(table.count().execute())
    if rows == 0:
        raise DataError(f"`{name}` holds no rows.")
    return Source(name=name, table=table, columns=tuple(header), rows=rows)


def _arrow(series: pd.Series[Any]) -> pa.Array:
    """Return a column as Arrow has it; as text where it holds objects of several kinds."""
    import pandas as pd
    import pyarrow as pa

    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(series.cat.categories.dtype if not series.hasnans else object)
    try:
        column = pa.array(series, from_pandas=True)
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        return _texts(series)
    kind = column.type
    if column.null_count == len(column):
        return pa.nulls(len(series), pa.string())
    is_a = pa.types
    if is_a.is_float16(kind):
        return column.cast(pa.float32())
    plain = is_a.is_primitive(kind) or is_a.is_decimal128(kind) or is_a.is_string(kind)
    if (plain or is_a.is_large_string(kind)) and not is_a.is_duration(kind):
        return column
    return _texts(series)


def _texts(series: pd.Series[Any]) -> pa.Array:
    import pandas as pd
    import pyarrow as pa

    def text(value: Any) -> str | None:
        if pd.api.types.is_scalar(value) and pd.isna(value):
            return None
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        return str(value).encode("utf-8", "replace").decode()  # without halves of characters

    return pa.array([text(value) for value in series], pa.string())
