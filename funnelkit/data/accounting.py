"""Every row accounted for: rows read = records kept + rows that belong to them + rows set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

KEPT = "kept as a record"
JOINED = "joined to a record of an earlier file"
EVENT = "event of a record"
REPEATED = "id repeated"
NOT_CHOSEN = "left out by `only`"


def accounted(leads: Leads) -> pd.DataFrame:
    """Return what became of every row: ``file``, ``reason``, ``rows``."""
    import pandas as pd

    rows: list[tuple[str, str, int]] = []
    kept = _records_by_file(leads)
    used = _usable_by_file(leads)
    for number, name in enumerate(leads.rows.names):
        records = {reason: n for (file, reason), n in kept.items() if file == number}
        usable, ids = used.get(number, (0, 0))
        if number in leads.rows.history:
            records[EVENT] = usable - sum(records.values())
        else:
            records[JOINED] = ids - sum(records.values())
            records[REPEATED] = usable - ids
        if leads.rows.form == "log":
            records = _events_by_reason(leads)
        records |= leads.rows.set_aside[number]
        rows += [(name, reason, n) for reason, n in records.items() if n]
    return pd.DataFrame(rows, columns=["file", "reason", "rows"])


def rows_aside(told: pd.DataFrame) -> int:
    """Return how many rows of an account belong to no record."""
    return int(told.loc[~told["reason"].isin([KEPT, JOINED, EVENT]), "rows"].sum())


def _records_by_file(leads: Leads) -> dict[tuple[int, str], int]:
    table = leads.records
    table = table.mutate(reason=ibis.coalesce(table.aside, KEPT))
    counted = table.aggregate(by=["source", "reason"], n=table.count()).execute()
    rows = sorted(counted.itertuples(index=False), key=lambda row: (row[0], _kept_first(row[1])))
    return {(int(source), str(reason)): int(n) for source, reason, n in rows}


def _usable_by_file(leads: Leads) -> dict[int, tuple[int, int]]:
    table = leads.rows.table
    counted = table.aggregate(by="source", n=table.count(), ids=table.id.nunique()).execute()
    return {int(source): (int(n), int(ids)) for source, n, ids in counted.itertuples(index=False)}


def _events_by_reason(leads: Leads) -> dict[str, int]:
    events = leads.rows.table
    aside = leads.records.select("id", reason=ibis.coalesce(leads.records.aside, KEPT))
    joined = events.join(aside, "id")
    late = joined.day > ibis.literal(leads.as_of)
    reason = ibis.ifelse(late & (joined.reason == KEPT), "event after `as_of`", joined.reason)
    counted = joined.mutate(why=reason).aggregate(by="why", n=lambda t: t.count()).execute()
    rows = sorted(counted.itertuples(index=False), key=lambda row: _kept_first(row[0]))
    return {str(why): int(n) for why, n in rows}


def _kept_first(reason: str) -> tuple[bool, str]:
    """Return a key by which reasons stand in one order, whichever engine grouped them."""
    return (reason != KEPT, reason)
