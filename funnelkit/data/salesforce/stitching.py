"""Leads stitched to their opportunities: one record for both, its id that of the first lead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit.data import sources
from funnelkit.data.salesforce import merges
from funnelkit.data.setting_aside import FILTERED

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from funnelkit.data.salesforce.sheets import Sheet

SHARED = "converted into the opportunity of an earlier lead"


@dataclass(frozen=True, kw_only=True)
class Stitched:
    """Leads and opportunities, each row with its record or with why it is set aside.

    Parameters
    ----------
    leads
        Rows of leads, or ``None``: the sheet's columns, ``root``, ``_reason``, ``record`` (its
        id), ``entry`` (day of its first creation), ``deal`` (its opportunity, null where that
        was deleted), ``named`` (it names one) and ``outside`` (that is not in the export).
    opportunities
        Rows of opportunities, or ``None``: the sheet's columns, ``_reason``, ``record`` and
        ``born`` (whether it was a lead).
    """

    leads: ir.Table | None
    opportunities: ir.Table | None


def stitched(
    engine: Backend,
    leads: Sheet | None,
    opportunities: Sheet | None,
    gone: tuple[ir.Table | None, ir.Table | None],
) -> Stitched:
    """Return leads and opportunities as records.

    Parameters
    ----------
    engine, leads, opportunities
        The sheets.
    gone
        Ids of the leads, and of the opportunities, that `where` or `exclude` leaves out.
    """
    deals = None if opportunities is None else merges.settled(engine, opportunities)
    if leads is None:
        if deals is None or opportunities is None:
            return Stitched(leads=None, opportunities=None)
        table = _left_out(deals, gone[1]).mutate(record=deals.Id, born=ibis.literal(False))
        return Stitched(leads=None, opportunities=sources.kept(engine, table))
    settled = merges.settled(engine, leads, roots=merges.followed(engine, leads))
    people = _with_deals(engine, settled, deals)
    people, deals = _together(engine, people, deals, gone)
    return Stitched(leads=people, opportunities=deals)


def _with_deals(engine: Backend, table: ir.Table, deals: ir.Table | None) -> ir.Table:
    """Add the day of entry, and the opportunity of each lead that was converted first into it."""
    if "CreatedDate_day" not in table.columns:
        table = table.mutate(
            CreatedDate_day=ibis.null("date"), moment=ibis.null("timestamp"), at=ibis.null("string")
        )
    whole = table.group_by("root").aggregate(entry=table.CreatedDate_day.min())
    wanted = (
        table.ConvertedOpportunityId
        if "ConvertedOpportunityId" in table.columns
        else ibis.null("string")
    )
    table = table.mutate(_deal=wanted)
    if deals is None:
        known = None
        deal, outside = table["_deal"], table["_deal"].notnull()
        joined = table.mutate(deal=deal, outside=outside)
    else:
        known = deals.group_by("Id").aggregate(kept=deals["_reason"].isnull().any())
        known = known.filter(known.Id.notnull())
        met = table.left_join(known, table["_deal"] == known.Id)
        joined = met.select(
            *[table[name] for name in table.columns],
            deal=ibis.ifelse(known.kept.fill_null(True), table["_deal"], ibis.null("string")),
            outside=table["_deal"].notnull() & known.Id.isnull(),
        )
    joined = joined.mutate(named=joined["_deal"].notnull()).drop("_deal")
    joined = sources.kept(engine, joined)
    good = joined.filter(joined["_reason"].isnull() & joined.deal.notnull())
    once = good.group_by("Id").aggregate(deal=good.deal.max(), moment=good.moment.min())
    window = ibis.window(group_by=once.deal, order_by=[once.moment, once.Id])
    ranked = once.mutate(_n=ibis.row_number().over(window))
    second = ranked.filter(ranked["_n"] > 0)
    joined = joined.mutate(
        _reason=ibis.ifelse(
            joined["_reason"].isnull() & joined.Id.isin(second.Id),
            ibis.literal(SHARED),
            joined["_reason"],
        )
    )
    met = joined.left_join(whole, joined.root == whole.root)
    return sources.kept(
        engine,
        met.select(
            *[joined[name] for name in joined.columns], record=joined.root, entry=whole.entry
        ),
    )


def _together(
    engine: Backend,
    people: ir.Table,
    deals: ir.Table | None,
    gone: tuple[ir.Table | None, ir.Table | None],
) -> tuple[ir.Table, ir.Table | None]:
    """Give each opportunity the record of its lead; what is left out goes with its whole record."""
    owners = people.filter(people["_reason"].isnull() & people.deal.notnull())
    owners = owners.select(_deal=owners.deal, _lead=owners.record).distinct()
    if deals is not None:
        met = deals.left_join(owners, deals.Id == owners["_deal"])
        deals = met.select(
            *[deals[name] for name in deals.columns],
            record=ibis.coalesce(owners["_lead"], deals.Id),
            born=owners["_lead"].notnull(),
        )
        deals = sources.kept(engine, deals)
    ids = _records_left_out(people, gone[0])
    if deals is not None:
        more = _records_left_out(deals, gone[1])
        ids = more if ids is None else ids if more is None else ids.union(more)
    if ids is None:
        return people, deals
    ids = sources.kept(engine, ids)
    people = sources.kept(engine, _left_out(people, ids, by="record"))
    return people, None if deals is None else sources.kept(
        engine, _left_out(deals, ids, by="record")
    )


def _records_left_out(table: ir.Table, gone: ir.Table | None) -> ir.Table | None:
    if gone is None:
        return None
    some = table.filter(table["_reason"].isnull() & table.Id.isin(gone.Id))
    return some.select("record").distinct()


def _left_out(table: ir.Table, gone: ir.Table | None, *, by: str = "Id") -> ir.Table:
    if gone is None:
        return table
    hit: Any = table["_reason"].isnull() & table[by].isin(gone[by])
    return table.mutate(_reason=ibis.ifelse(hit, ibis.literal(FILTERED), table["_reason"]))
