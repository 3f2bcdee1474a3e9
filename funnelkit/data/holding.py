"""What becomes of typed rows: a copy on the engine, or a view where that is as good."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import ibis

from funnelkit.data import engines
from funnelkit.data.entries import ACCOUNT_NO
from funnelkit.data.files import Stamp
from funnelkit.data.sources import Source, keep_open

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend

LARGE = 1_000_000
"""Rows from which on Parquet files are scanned where they lie, and not copied."""


def held(
    engine: BaseBackend,
    sources: Sequence[Source],
    parts: Sequence[ir.Table],
    *,
    numbered: bool = False,
) -> tuple[ir.Table, tuple[Stamp, ...]]:
    """Return the rows, computed once, or a view of the files where that is as good.

    It is where they are large, and nothing has to be read from texts: the files are then scanned
    where they lie, and what must not change in the meantime are they.

    Parameters
    ----------
    engine, sources, parts
        The rows of each source.
    numbered
        Whether accounts of several rows get a number beside their name, ``account_no``, where rows
        are computed once by an engine that can: sums over accounts are asked for again and again,
        an account of one row says nothing to them, and numbers are told apart faster than names.
    """
    table = parts[0]
    for part in parts[1:]:
        table = table.union(part)
    large = sum(source.rows for source in sources) > LARGE
    if large and all(source.lasting and _is_typed(source) for source in sources):
        keep_open(engine)
        return table, tuple(stamp for source in sources for stamp in source.lasting)
    if numbered and "account" in table.columns and engines.engine_of(engine).quick_looks:
        table = _numbered(engine, table)
    return engines.once(engine, table), ()


def _numbered(engine: BaseBackend, table: ir.Table) -> ir.Table:
    """Return rows with the numbers of accounts of several; null for others."""
    known = table.select("account").filter(table.account.notnull())
    counted = known.group_by("account").aggregate(n=known.count())
    several = counted.filter(counted.n > 1)
    number = ibis.row_number().cast("int32")
    numbers = several.select("account", **{ACCOUNT_NO: number})
    joined = table.left_join(engines.once(engine, numbers, "fk_accounts"), "account")
    return joined.drop("account_right")


def _is_typed(source: Source) -> bool:
    """Whether texts of a source are taken as they stand."""
    texts = {name for name in source.table.columns if source.table[name].type().is_string()}
    return texts <= source.tidy


def is_unique(table: ir.Table) -> bool:
    """Whether no id repeats: different hashes tell ids apart, and are told apart themselves fast.

    Equal hashes of different ids, should that ever happen, cost time and nothing else.
    """
    if not engines.engine_of(table).quick_looks:
        return False
    found = table.aggregate(rows=table.count(), ids=table.id.hash().nunique()).execute().iloc[0]
    return bool(found["rows"] == found["ids"])
