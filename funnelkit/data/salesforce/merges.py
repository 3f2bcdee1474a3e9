"""Merged and deleted leads: each followed to the record that stayed, however long the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from funnelkit.data import sources

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from funnelkit.data.salesforce.sheets import Sheet

MERGED = "merged into another record"
NO_MASTER = "merged into a record that is not in the export"
CIRCLE = "merged in a circle"
DELETED = "deleted in the CRM"
_LONGEST = 24  # doublings: chains of up to 2 ** 24 merges


def followed(engine: Backend, sheet: Sheet) -> ir.Table:
    """Return for each merged id the one that it ends in: ``id``, ``root``, ``circle``.

    Ids that were not merged are absent.
    """
    table = sheet.table
    master = sheet.get("MasterRecordId")
    pairs = table.select(id=table.Id, root=master)
    pairs = pairs.filter(pairs.root.notnull() & (pairs.root != pairs.id) & pairs.id.notnull())
    pairs = sources.kept(engine, pairs.group_by("id").aggregate(root=pairs.root.min()))
    for _ in range(_LONGEST):
        over = pairs.view()
        joined = pairs.left_join(over, pairs.root == over.id)
        step = joined.select(id=pairs.id, old=pairs.root, root=ibis.coalesce(over.root, pairs.root))
        step = sources.kept(engine, step)
        moved = int(step.aggregate(n=(step.old != step.root).sum()).execute()["n"].iloc[0] or 0)
        pairs = step.select("id", "root")
        if not moved:
            break
    onward = pairs.view()
    joined = pairs.left_join(onward, pairs.root == onward.id)
    return sources.kept(
        engine,
        joined.select(id=pairs.id, root=pairs.root, circle=onward.id.notnull()),
    )


def settled(engine: Backend, sheet: Sheet, *, roots: ir.Table | None = None) -> ir.Table:
    """Return the rows of a sheet with ``root`` and ``_reason``, why a row is set aside, or null.

    ``root`` is the id of the record that stayed.
    """
    table = sheet.table
    if roots is None:
        table = table.mutate(root=table.Id, circle=ibis.literal(False))
    else:
        joined = table.left_join(roots, table.Id == roots.id)
        table = joined.select(
            *[table[name] for name in table.columns],
            root=ibis.coalesce(roots.root, table.Id),
            circle=roots.circle.fill_null(False),
        )
    merged = table.root != table.Id
    gone = table.IsDeleted if "IsDeleted" in table.columns else ibis.literal(False)
    known = table.select(known=table.Id).distinct()
    missing = merged & ~table.root.isin(known.known)
    reason = ibis.cases(
        (table.Id.isnull(), ibis.literal("no id")),
        (table.circle, ibis.literal(CIRCLE)),
        (missing, ibis.literal(NO_MASTER)),
        (merged, ibis.literal(MERGED)),
        (gone, ibis.literal(DELETED)),
        else_=ibis.null("string"),
    )
    return sources.kept(engine, table.mutate(_reason=reason).drop("circle"))
