"""Merged records: which id lives on in which other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

from funnelkit.data import sources


def survivors(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return merged id -> the id in which it lives on, chains followed to their end.

    Parameters
    ----------
    pairs
        A record's id, and what it says of the ids merged into it: ids between semicolons, each
        perhaps with the time of the merger behind a colon.

    Examples
    --------
    >>> survivors([("9", "7;8"), ("7", "5:1467799127483")])
    {'5': '9', '7': '9', '8': '9'}
    """
    into: dict[str, str] = {}
    for record, text in sorted(pairs):
        for part in re.split(r"[;,]", text):
            merged = part.split(":", maxsplit=1)[0].strip()
            if merged and merged != record:
                into.setdefault(merged, record)
    return {merged: _end(merged, into) for merged in sorted(into)}


def as_table(engine: Backend, into: Mapping[str, str]) -> ir.Table:
    """Return merged ids as a relation: ``merged`` and ``record``."""
    import pyarrow as pa

    columns = {"merged": list(into), "record": list(into.values())}
    kinds = pa.schema({"merged": pa.string(), "record": pa.string()})
    return sources.kept(engine, ibis.memtable(pa.table(columns, schema=kinds)))


def renamed(engine: Backend, table: ir.Table, into: Mapping[str, str]) -> ir.Table:
    """Return a relation with ``id`` replaced by the id in which it lives on."""
    if not into:
        return table
    pairs = as_table(engine, into)
    joined = table.left_join(pairs, table.id == pairs.merged)
    columns: dict[str, Any] = {name: joined[name] for name in table.columns}
    columns["id"] = ibis.coalesce(joined.record, joined.id)
    return joined.select(**columns)


def _end(merged: str, into: Mapping[str, str]) -> str:
    seen = {merged}
    record = into[merged]
    while record in into and record not in seen:
        seen.add(record)
        record = into[record]
    return record
