"""Sums of columns and of their products by variant: one grouped statement, on any engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any

import duckdb
import ibis

from funnelkit._core.errors import ArgumentError, numbered, unknown
from funnelkit.data import engines
from funnelkit.data.tables import connection_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

_NAME = "fk_units"


@dataclass(frozen=True, kw_only=True)
class Units:
    """Rows of one unit each, wherever they lie: their expression, and what carries one out."""

    table: ir.Table
    run: Callable[[ir.Table], list[dict[str, Any]]]
    exact: Callable[[Any], Any]
    keeps: Any = None  # a connection that DuckDB 1.4 closes as soon as nobody holds it


def units_of(data: Any, variant: str, columns: Sequence[str]) -> Units:
    """Return the rows of a pandas frame, an Ibis table or a DuckDB relation.

    Raises
    ------
    ArgumentError
        If it is none of these, or a column is not there or holds no numbers; with every problem.
    """
    if isinstance(data, ibis.expr.types.Table):
        _refuse_unknown(data.columns, variant, columns)
        tries = engines.engine_of(connection_of(data, "data")).tries
        found = Units(table=data, run=_run, exact=_exact if tries else engines.exact)
    elif isinstance(data, duckdb.DuckDBPyRelation):
        found = _of_relation(data, variant, columns)
    elif hasattr(data, "iloc") and hasattr(data, "columns"):
        found = _of_frame(data, variant, columns)
    else:
        raise ArgumentError(
            "`data` must be a pandas frame, an Ibis table or a DuckDB relation with one row for "
            f"each unit; got {type(data).__name__}."
        )
    schema = found.table.schema()
    wrong = [
        f"column `{name}` holds {schema[name]}, no numbers."
        for name in columns
        if not (schema[name].is_numeric() or schema[name].is_boolean())
    ]
    if wrong:
        raise ArgumentError(numbered(wrong))
    return found


def sums(
    units: Units,
    variant: str,
    columns: Sequence[str],
    *,
    money: Sequence[str] = (),
    pairs: bool = True,
    blanks: str | None = None,
    shift: Mapping[str, float] | None = None,
) -> list[dict[str, Any]]:
    """Return the sums of each variant.

    Parameters
    ----------
    units, variant, columns
        Rows, the column of the variant, and the columns to sum.
    money
        Columns that are summed as decimals of four places.
    pairs
        Whether products of two columns are summed, or squares only.
    blanks
        ``None``: as they come, ``"zero"`` or ``"left_out"``.
    shift
        What is subtracted from each column before products are summed.

    Returns
    -------
    list of dict
        ``variant``, ``n``; for each column i ``known_<i>`` and ``sum_<i>`` (exact sum of whole
        numbers, decimals and money; else less the shift); ``product_<i>_<j>`` of columns less
        their shifts.
    """
    table = units.table
    chosen = {f"c{i}": _cleaned(table[name], blanks) for i, name in enumerate(columns)}
    table = table.select(variant=table[variant], **chosen)
    if blanks == "left_out":
        table = table.filter(*(table[name].notnull() for name in chosen))
    moved = {
        i: _less(table[f"c{i}"].cast("float64"), 0.0 if shift is None else shift[name])
        for i, name in enumerate(columns)
    }
    totals: dict[str, Any] = {"n": table.count()}
    for i, name in enumerate(columns):
        own = table[f"c{i}"]
        totals[f"known_{i}"] = own.count()
        if name in money:
            totals[f"sum_{i}"] = units.exact(own).sum()
            totals[f"fits_{i}"] = units.exact(own).count()
        else:
            totals[f"sum_{i}"] = moved[i].sum() if own.type().is_floating() else _whole(own).sum()
    for i, j in combinations_with_replacement(range(len(columns)), 2):
        if i != j and not pairs:
            continue
        totals[f"product_{i}_{j}"] = (moved[i] * moved[j]).sum()
    return units.run(table.group_by("variant").aggregate(**totals))


def holes(units: Units, variant: str, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Return how many values of each column and variant are blank, and how many infinite."""
    table = units.table
    table = table.select(
        variant=table[variant], **{f"c{i}": table[name] for i, name in enumerate(columns)}
    )
    counts: dict[str, Any] = {}
    for i in range(len(columns)):
        own = table[f"c{i}"]
        floating = own.type().is_floating()
        blank = own.isnull() | own.isnan() if floating else own.isnull()
        counts[f"blank_{i}"] = blank.sum()
        if floating:
            counts[f"infinite_{i}"] = own.isinf().sum()
    return units.run(table.group_by("variant").aggregate(**counts))


def exactly(units: Units, name: str, money: Sequence[str]) -> bool:
    """Return whether the sum of a column is exact."""
    return name in money or not units.table.schema()[name].is_floating()


def _cleaned(column: Any, blanks: str | None) -> Any:
    if blanks is None:
        return column
    if column.type().is_floating():
        column = ibis.ifelse(column.isnan(), ibis.null(column.type()), column)
    return (
        ibis.coalesce(column, ibis.literal(0).cast(column.type())) if blanks == "zero" else column
    )


def _less(column: Any, shift: float) -> Any:
    return column - ibis.literal(shift, "float64") if shift else column


def _whole(column: Any) -> Any:
    return column.cast("int64") if column.type().is_boolean() else column


def _refuse_unknown(known: Sequence[str], variant: str, columns: Sequence[str]) -> None:
    named = [("variant", variant), *(("columns", name) for name in columns)]
    missing = [
        f"`{argument}`: {unknown('column', str(name), known)}"
        for argument, name in named
        if name not in known
    ]
    if missing:
        raise ArgumentError(numbered(missing))


def _of_frame(frame: Any, variant: str, columns: Sequence[str]) -> Units:
    import pandas as pd

    _refuse_unknown([str(name) for name in frame.columns], variant, columns)
    # Only what is needed, and none of it copied.
    needed = dict.fromkeys((variant, *columns))
    narrow = pd.DataFrame({name: frame[name] for name in needed}, copy=False)
    with _said_plainly():
        connection = duckdb.connect()
        relation = connection.from_df(narrow)
    return replace(_of_relation(relation, variant, columns), keeps=connection)


def _of_relation(relation: Any, variant: str, columns: Sequence[str]) -> Units:
    from ibis.backends.sql.datatypes import DuckDBType

    _refuse_unknown(relation.columns, variant, columns)
    kinds = dict(zip(relation.columns, relation.types, strict=True))
    schema = {
        name: DuckDBType.from_string(str(kinds[name]))
        for name in dict.fromkeys((variant, *columns))
    }

    def run(expression: ir.Table) -> list[dict[str, Any]]:
        with _said_plainly():
            answer = relation.query(_NAME, str(ibis.to_sql(expression, dialect="duckdb")))
            return [dict(zip(answer.columns, row, strict=True)) for row in answer.fetchall()]

    return Units(table=ibis.table(schema, name=_NAME), run=run, exact=_exact)


def _exact(number: Any) -> Any:
    """Return numbers as decimals on DuckDB; amounts have at most 14 digits before the point."""
    return number.try_cast("decimal(18, 4)")


def _run(expression: ir.Table) -> list[dict[str, Any]]:
    with engines.said_plainly(engines.engine_of(expression), "data"):
        rows: list[dict[str, Any]] = expression.to_pyarrow().to_pylist()
        return rows


def _said_plainly() -> AbstractContextManager[None]:
    said: AbstractContextManager[None] = engines.said_plainly(engines.ENGINES["duckdb"], "data")
    return said
