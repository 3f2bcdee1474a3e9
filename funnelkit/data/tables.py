"""`from_table`: leads of tables that stay where they are, on any engine that Ibis speaks to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import ibis

from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.data import assembly, engines
from funnelkit.data.columns import Filter, LogColumns, ReadingRules, needed_columns
from funnelkit.data.definition import Funnel
from funnelkit.data.preparing import Day, leads_of, rules_of
from funnelkit.data.records import BeforeRecording, Leads
from funnelkit.data.sources import Source, refuse_repeats

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend


def from_table(
    table: ir.Table,
    funnel: Funnel,
    *,
    as_of: Day | None = None,
    recorded_from: Day | None = None,
    before_recording: BeforeRecording = "left_out",
    join: ir.Table | Sequence[ir.Table] = (),
    where: Filter | None = None,
    exclude: Filter | None = None,
    date_format: str | Mapping[str, str] | None = None,
    dayfirst: bool | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
) -> Leads:
    """Return leads from an Ibis table with one row per record, which stays on its engine.

    Parameters
    ----------
    table
        A table, view or expression of Ibis that is bound to a connection. It is scanned there, in
        its session, and only counts and what :meth:`Leads.list` shows leave it.
    funnel, as_of, recorded_from, before_recording, where, exclude
        As in :func:`read_csv`.
    join
        Further tables of the same connection that share the id.
    date_format, dayfirst
        As in :func:`read_csv`, for columns that hold text; on DuckDB only.
    decimal, thousands
        As in :func:`read_csv`, for columns that hold text.

    Returns
    -------
    Leads
        One record per id.

    Raises
    ------
    ArgumentError
        If it is no table, is bound to no connection, or a joined one to another.
    DataError
        With every problem at once; and where the engine refuses.

    Notes
    -----
    DuckDB, PostgreSQL, Spark and Polars are tested, and give the same figures to the last digit;
    others may do, and nobody has tried. Dates, timestamps with a zone and without, and ISO texts
    are read. A timestamp with a zone falls on the day that the clock on the wall of the funnel's
    zone then showed; Spark's ``timestamp`` is such a one (``timestamp_ntz`` is none).

    Temporary tables (in Spark: persisted views) are made in the session of the connection, and let
    go of once the leads are; nothing else is written. In PostgreSQL the session's ``DateStyle``
    becomes ISO.

    Examples
    --------
    >>> import funnelkit as fk, ibis, pandas as pd
    >>> export = pd.DataFrame({"id": ["a", "b"], "lead": "2026-01-05", "won": ["2026-02-01", None]})
    >>> connection = ibis.duckdb.connect()  # or ibis.postgres.connect(...) and others
    >>> table = connection.create_table("crm", export)
    >>> leads = fk.from_table(table, fk.Funnel(["lead", "won"], id="id"), as_of="2026-02-28")
    >>> leads.summary()
    '2 records from 2 rows read, 0 set aside; complete up to 28 February 2026.'
    """
    rules = rules_of(
        funnel,
        dates=(date_format, dayfirst),
        amounts=(decimal, thousands),
        where=where,
        exclude=exclude,
    )
    needed = needed_columns(funnel, rules, None)
    backend = connection_of(table, "table")
    others = [join] if isinstance(join, ibis.Expr) else list(join)
    named = [(f"join[{number}]", other) for number, other in enumerate(others)]
    for argument, other in named:
        if connection_of(other, argument) is not backend:
            raise ArgumentError(
                f"`{argument}` lies in another connection than `table`; open both in one."
            )
    opened: list[Source] = []
    problems: list[str] = []
    for argument, one in [("table", table), *named]:
        try:
            opened.append(open_table(one, needed=needed, argument=argument))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    with engines.said_plainly(engines.engine_of(backend), opened[0].name):
        rows = assembly.assemble_wide(backend, opened, funnel, rules)
        return leads_of(
            backend,
            rows,
            funnel,
            as_of=as_of,
            recorded_from=recorded_from,
            before_recording=before_recording,
        )


def of_log(
    log: ir.Table,
    funnel: Funnel,
    rules: ReadingRules,
    columns: LogColumns,
    *,
    as_of: Day | None,
    recorded_from: Day | None,
    before_recording: BeforeRecording,
) -> Leads:
    """Return leads from a long log that is an Ibis table; see :func:`from_events`.

    Raises
    ------
    ArgumentError
        If it is bound to no connection.
    DataError
        With every problem at once; and where the engine refuses.
    """
    backend = connection_of(log, "log")
    source = open_table(log, needed=needed_columns(funnel, rules, columns), argument="log")
    with engines.said_plainly(engines.engine_of(backend), source.name):
        rows = assembly.assemble_log(backend, source, funnel, rules, columns)
        return leads_of(
            backend,
            rows,
            funnel,
            as_of=as_of,
            recorded_from=recorded_from,
            before_recording=before_recording,
        )


def connection_of(table: object, argument: str) -> BaseBackend:
    """Return the connection that a table is bound to.

    Raises
    ------
    ArgumentError
        If it is no table, or bound to none.
    """
    if not isinstance(table, ibis.expr.types.Table):
        raise ArgumentError(f"`{argument}` must be an Ibis table; got {type(table).__name__}.")
    try:
        return table.get_backend()
    except ibis.common.exceptions.IbisError:
        raise ArgumentError(
            f"`{argument}` is bound to no connection, or to several; take it from one, such as "
            'ibis.postgres.connect(...).table("leads").'
        ) from None


def open_table(table: ir.Table, *, needed: Collection[str], argument: str) -> Source:
    """Return an Ibis table as a raw relation of the needed columns.

    Where the table may change while it is scanned several times, or is an expression that would
    be computed each time, the needed columns are copied once, within the engine.

    Raises
    ------
    DataError
        If it has no rows, two columns that differ by case only, or one of a nested type; or the
        engine refuses.
    """
    engine, backend = engines.engine_of(table), table.get_backend()
    name = _name(table, argument)
    columns = tuple(table.columns)
    refuse_repeats(columns, needed, name)
    wanted = [column for column in columns if column in needed]
    odd = [column for column in wanted if not _plain(table[column].type())]
    if odd:
        raise DataError(
            [
                f"`{column}` in `{name}` holds {table[column].type()}, which is no plain value; "
                "cast it to text, a number, a date or a timestamp."
                for column in odd
            ]
        )
    with engines.said_plainly(engine, name):
        if refused := engine.prepare(backend):
            raise DataError(f"`{name}` cannot be read: {refused}.")
        raw = table.select(*wanted) if wanted else table.select(_=ibis.literal(1))
        instants = engine.instants(backend, raw)
        if not (engine.steady and isinstance(table.op(), ibis.expr.operations.PhysicalTable)):
            raw = engines.once(backend, raw, "fk_raw")
        raw = raw.mutate(**{one: raw[one].cast("timestamp('UTC')") for one in instants})
        rows = int(raw.count().execute())
    if rows == 0:
        raise DataError(f"`{name}` holds no rows.")
    return Source(name=name, table=raw, columns=columns, rows=rows)


def _name(table: ir.Table, argument: str) -> str:
    operation = table.op()
    named = isinstance(operation, ibis.expr.operations.PhysicalTable)
    return str(operation.name) if named else argument


def _plain(kind: ibis.expr.datatypes.DataType) -> bool:
    return bool(
        kind.is_string()
        or kind.is_numeric()
        or kind.is_boolean()
        or kind.is_date()
        or kind.is_timestamp()
        or kind.is_uuid()
        or kind.is_null()
    )
