"""Who owned a record on the day it entered a stage, where the source has the history."""

from __future__ import annotations

import ibis

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.data import engines, journeys
from funnelkit.data.records import Leads
from funnelkit.data.subsets import over

_FIELD = "owner"


def owned_at(leads: Leads, stage: str) -> Leads:
    """Return the leads with the owner at entry to a stage; see :meth:`Leads.owned_at`."""
    funnel = leads.funnel
    step = funnel.step("stage", stage)
    if funnel.owner is None:
        raise ArgumentError('the funnel names no `owner`; define it with owner="…".')
    changes = leads.rows.changes
    if changes is None:
        note = "The source has no history of owners; they are as exported."
        return over(leads, funnel, notes=[note])
    table = leads.records
    when, _, _ = journeys.entry(table, funnel, funnel.steps.index(step))
    later = journeys.after(changes.filter(changes.field == _FIELD), table, when)
    moment = ibis.coalesce(later["at"].cast("string"), later.day.cast("string"))
    first = later.mutate(moment=moment, was=later.old.fill_null("")).group_by("id")
    before = first.aggregate(was_owner=lambda t: t.was.argmin(t.moment))
    before = engines.once(leads.engine, before, "fk_owners")
    number = int(before.count().execute())
    if not number:
        note = f"No record changed its owner after entering {stage}."
        return over(leads, funnel, notes=[note])
    rows = leads.rows.table
    before = before.rename(changed_id="id")
    joined = rows.left_join(before, rows.id == before.changed_id)
    owner = ibis.ifelse(joined.changed_id.notnull(), joined.was_owner.nullif(""), joined.owner)
    kept = joined.mutate(owner=owner).select(*rows.columns)
    have = "record has" if number == 1 else "records have"
    note = (
        f"{display.count(number)} {have} another owner now than at entry to {stage}; the one at "
        "entry counts."
    )
    return over(leads, funnel, notes=[note], table=engines.once(leads.engine, kept))
