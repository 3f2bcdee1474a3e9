"""What differs between engines, in one table; everything else is one expression for all of them.

Ibis writes the expressions. What it cannot be trusted with stands here, by each engine's own
function: the clock on the wall of a zone, trimmed texts, texts that may be no date, a relation
that is computed once, and letting go of it.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit._core import checks
from funnelkit._core.errors import DataError

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend

_BLANKS = r"^\s+|\s+$"
_LARGEST = 1e18


# Each engine's own functions: annotated by `signature`, which Ibis reads when the module loads.
@ibis.udf.scalar.builtin(name="timezone", signature=(("string", "timestamp('UTC')"), "timestamp"))
def _timezone(zone, instant):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return the clock on the wall of a zone at an instant (DuckDB, PostgreSQL)."""


@ibis.udf.scalar.builtin(
    name="from_utc_timestamp", signature=(("timestamp('UTC')", "string"), "timestamp")
)
def _from_utc_timestamp(instant, zone):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return the clock on the wall of a zone at an instant (Spark)."""


@ibis.udf.scalar.builtin(name="chr", signature=(("int32",), "string"))
def _character(number):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return the character of a number (DuckDB, PostgreSQL, Spark)."""


@ibis.udf.scalar.builtin(name="substr", signature=(("string", "int32", "int32"), "string"))
def _piece(text, start, length):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return a piece of a text; from its end, if the start is negative (DuckDB)."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """How one engine does what engines do differently.

    Parameters
    ----------
    title
        Its name as people write it.
    on_the_wall
        (instant, zone) -> the clock on the wall there; ``None`` where nobody has found out.
    keep
        (backend, relation, name) -> the relation, computed once under a name of its own.
    drop
        (backend, name): let go of it.
    prepare
        (backend): settle what the session has to agree on; or the reason why it cannot be used.
    instants
        (backend, relation) -> columns that are instants although Ibis takes them for clock times.
    tries
        Whether a cast that fails can be null, instead of an error.
    offsets
        Whether texts with an offset from UTC can be read.
    patterns
        Whether texts can be read by a pattern.
    steady
        Whether a stored table stands still while it is scanned several times.
    quick_looks
        Whether a scan that looks for a shortcut (texts without blanks, ids that do not repeat)
        costs little.
    native_strip
        Whether Ibis strips all white space, and nothing else.
    failures
        Classes of the errors that its driver raises, by their dotted names.
    """

    title: str
    on_the_wall: Callable[[Any, str], Any] | None
    keep: Callable[[Any, ir.Table, str], ir.Table]
    drop: Callable[[Any, str], object]
    prepare: Callable[[Any], str | None] = lambda _: None
    instants: Callable[[Any, ir.Table], list[str]] = lambda *_: []
    tries: bool = False
    offsets: bool = False
    patterns: bool = False
    steady: bool = False
    quick_looks: bool = False
    native_strip: bool = True
    failures: tuple[str, ...] = ()


def engine_of(expression: ir.Expr | BaseBackend) -> Engine:
    """Return how an engine does things, by an expression on it; for an unknown one cautiously."""
    backend = expression.get_backend() if isinstance(expression, ibis.Expr) else expression
    return ENGINES.get(backend.name) or Engine(
        title=str(backend.name), on_the_wall=None, keep=_temporary, drop=_dropped
    )


def once(backend: BaseBackend, table: ir.Table, stem: str = "fk_rows") -> ir.Table:
    """Return a relation, computed once; it is let go of when nothing refers to it any more."""
    engine = engine_of(backend)
    _let_go(backend, engine)
    name = str(ibis.util.gen_name(stem))
    kept = engine.keep(backend, table, name)
    # Not dropped at once: this may be called in the midst of another query of the same session.
    weakref.finalize(kept.op(), _gone(backend).append, name).atexit = False
    return kept


def select(table: ir.Table, columns: Mapping[str, Any]) -> ir.Table:
    """Return a projection; constants come last, since on Polars they would be taken for columns.

    (Ibis 12 adds constants to the relation first, over columns of the same name.)
    """
    varying = {name: one for name, one in columns.items() if isinstance(one, ibis.Column)}
    constant = {name: one for name, one in columns.items() if name not in varying}
    if not varying:
        return table.select(**constant)
    return table.select(**varying).mutate(**constant).select(*columns)


def last_character(text: Any) -> Any:
    """Return the last character of a text, where quick looks are taken (faster than `RIGHT`)."""
    return _piece(text, -1, 1)


def is_one_of(column: Any, values: Sequence[str]) -> Any:
    """Return whether each text is one of some; with a zero byte in one, which ends statements."""
    return column.isin([_stated(value) for value in values])


def _stated(value: str) -> Any:
    first, *others = value.split("\0")
    stated: Any = ibis.literal(first)
    for each in others:
        stated = stated + _character(0) + each
    return stated if others else value


def strip(text: ir.StringColumn) -> ir.StringColumn:
    """Return texts without white space around them."""
    return text.strip() if engine_of(text).native_strip else text.re_replace(_BLANKS, "")


def on_the_wall(instant: ir.TimestampColumn, zone: str) -> Any:
    """Return the clock on the wall of a zone at each instant; None where it is not known how."""
    convert = engine_of(instant).on_the_wall
    return None if convert is None else convert(instant, zone)


def exact(number: Any) -> ir.DecimalColumn:
    """Return numbers, or texts of plain numbers, as exact decimals; null for too large ones.

    Amounts have at most 18 digits before the point, so that the sum of all of them has a place.
    """
    if engine_of(number).tries:
        return number.try_cast("decimal(22, 4)").cast("decimal(38, 4)")
    if number.type().is_string():
        fits = number.re_search(r"^[+-]?0*\d{0,18}(\.\d*)?$")
    else:
        fits = number.abs() < _LARGEST
    return ibis.ifelse(fits, number, ibis.null(number.type())).cast("decimal(38, 4)")


def median(column: Any, chosen: ir.BooleanColumn) -> ir.Scalar:
    """Return the median of chosen values; chosen before, since Spark's takes no condition."""
    return ibis.ifelse(chosen, column, ibis.null(column.type())).median()


def whole(number: Any) -> int:
    """Return a count that came from an engine; a sum over nothing is null, on Polars NaN."""
    return 0 if number is None or number != number else int(number)  # noqa: PLR0124


def sql(expression: ir.Table, dialect: str) -> str:
    """Return an expression as one statement; no driver is needed.

    Raises
    ------
    ArgumentError
        If Ibis does not write the dialect; with the closest match.
    """
    from ibis.backends.sql import compilers

    written = [name for name in dir(compilers) if hasattr(getattr(compilers, name), "compiler")]
    name = {"spark": "pyspark", "postgresql": "postgres"}.get(dialect, dialect)
    checks.member("dialect", "SQL dialect", name, written)
    return str(ibis.to_sql(expression, dialect=name))


def failures(engine: Engine) -> tuple[type[Exception], ...]:
    """Return the errors that an engine raises, those of Ibis among them."""
    import importlib

    found: list[type[Exception]] = [ibis.common.exceptions.IbisError]
    for name in engine.failures:
        module, _, kind = name.rpartition(".")
        found.append(getattr(importlib.import_module(module), kind))
    return tuple(found)


@contextlib.contextmanager
def said_plainly(engine: Engine, name: str) -> Any:
    """Turn what an engine's driver raises into one sentence.

    Raises
    ------
    DataError
        If the engine refuses.
    """
    try:
        yield
    except failures(engine) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DataError(f"`{name}` cannot be read: {engine.title} says: {first}") from None


def _gone(backend: Any) -> list[str]:
    found: list[str] = backend.__dict__.setdefault("_fk_gone", [])
    return found


def _let_go(backend: Any, engine: Engine) -> None:
    gone = _gone(backend)
    while gone:
        with contextlib.suppress(*failures(engine)):
            engine.drop(backend, gone.pop())


def _temporary(backend: Any, table: ir.Table, name: str) -> ir.Table:
    made: ir.Table = backend.create_table(name, table, temp=True)
    return made


def _dropped(backend: Any, name: str) -> None:
    backend.drop_table(name, force=True)


# --- PostgreSQL -----------------------------------------------------------------------------------


def _in_postgres(backend: Any, table: ir.Table, name: str) -> ir.Table:
    """Return a temporary table whose texts compare byte by byte, as on every other engine."""
    made = _temporary(backend, table, name)
    texts = [column for column, kind in made.schema().items() if kind.is_string()]
    changes = ", ".join(f'ALTER COLUMN {_quoted(column)} TYPE text COLLATE "C"' for column in texts)
    with backend.begin() as cursor:
        if changes:
            cursor.execute(f"ALTER TABLE {_quoted(name)} {changes}")
        cursor.execute(f"ANALYZE {_quoted(name)}")
    return made


def _prepare_postgres(backend: Any) -> str | None:
    with backend.begin() as cursor:
        cursor.execute("SET DateStyle TO ISO")  # days as texts, year first
    return None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


# --- Spark ----------------------------------------------------------------------------------------


def _in_spark(backend: Any, table: ir.Table, name: str) -> ir.Table:
    """Return a view of a persisted frame: Spark has no temporary tables."""
    backend._run_pre_execute_hooks(table)  # small tables in memory that it is joined with
    frame = backend.raw_sql(backend.compile(table)).persist()
    frame.createOrReplaceTempView(name)
    backend.__dict__.setdefault("_fk_frames", {})[name] = frame
    made: ir.Table = backend.table(name)
    # Spark's own schema does not say which times are instants, so that of the relation is kept.
    kept: ir.Table = made.op().copy(schema=table.schema()).to_expr()
    return kept


def _drop_spark(backend: Any, name: str) -> None:
    backend.raw_sql(f"DROP VIEW IF EXISTS `{name}`")
    backend.__dict__.get("_fk_frames", {}).pop(name).unpersist()


def _prepare_spark(backend: Any) -> str | None:
    zone = backend.raw_sql("SELECT current_timezone() AS zone").collect()[0]["zone"]
    if zone in ("UTC", "Etc/UTC", "Z", "GMT"):
        return None
    return (
        f"the Spark session stands in {zone}, so that days would begin there; set "
        "spark.sql.session.timeZone to UTC (the zone of the funnel says where days begin)"
    )


def _spark_instants(backend: Any, table: ir.Table) -> list[str]:
    """Return the columns of Spark's `timestamp`, which is an instant (`timestamp_ntz` is none)."""
    schema = backend.raw_sql(backend.compile(table)).schema
    return [field.name for field in schema.fields if field.dataType.typeName() == "timestamp"]


# --- Polars ---------------------------------------------------------------------------------------


def _polars_wall(instant: Any, zone: str) -> Any:
    """Return the clock on the wall, put together from its parts: a cast to a date would be UTC."""
    there = instant.cast(f"timestamp('{zone}')")
    parts = (there.year(), there.month(), there.day(), there.hour(), there.minute())
    whole = ibis.timestamp(*parts, there.second())
    return ibis.ifelse(instant.notnull(), whole, ibis.null("timestamp"))


ENGINES = {
    "duckdb": Engine(
        title="DuckDB",
        on_the_wall=lambda instant, zone: _timezone(zone, instant),
        keep=_temporary,
        drop=_dropped,
        tries=True,
        offsets=True,
        patterns=True,
        steady=True,
        quick_looks=True,
        failures=("duckdb.Error",),
    ),
    "postgres": Engine(
        title="PostgreSQL",
        on_the_wall=lambda instant, zone: _timezone(zone, instant),
        keep=_in_postgres,
        drop=_dropped,
        prepare=_prepare_postgres,
        offsets=True,
        failures=("psycopg.Error",),
    ),
    "pyspark": Engine(
        title="Spark",
        on_the_wall=_from_utc_timestamp,
        keep=_in_spark,
        drop=_drop_spark,
        prepare=_prepare_spark,
        instants=_spark_instants,
        tries=True,
        offsets=True,
        native_strip=False,  # Ibis 12 strips the letters v and f there
        failures=("pyspark.errors.PySparkException",),
    ),
    "polars": Engine(
        title="Polars",
        on_the_wall=_polars_wall,
        keep=_temporary,
        drop=_dropped,
        steady=True,
        failures=("polars.exceptions.PolarsError",),
    ),
}
