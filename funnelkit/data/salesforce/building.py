"""Typed rows of a funnel from leads, opportunities and their histories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit.data.salesforce import defining
from funnelkit.data.salesforce.defining import Places
from funnelkit.data.salesforce.stages import StageNames, StatusNames

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from funnelkit.data.definition import Funnel


@dataclass(frozen=True, kw_only=True)
class Builder:
    """What every row is built with.

    Parameters
    ----------
    engine, funnel, places
        The engine, the funnel, and where each thing stands in it.
    statuses, stages
        What the names mean.
    """

    engine: Backend
    funnel: Funnel
    places: Places
    statuses: StatusNames
    stages: StageNames

    def wide(
        self,
        table: ir.Table,
        days: Mapping[int, Any],
        *,
        status: Any = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> ir.Table:
        """Return rows in the form of `Rows`, null where nothing is given."""
        funnel, told = self.funnel, attributes or {}
        columns: dict[str, Any] = {"id": table.record, "source": table["_source"].cast("int32")}
        for step in range(len(funnel.steps)):
            day = days.get(step)
            columns[f"day_{step}"] = ibis.null("date") if day is None else day.cast("date")
        columns["status"] = (ibis.null("int32") if status is None else status).cast("int32")
        if funnel.value is not None:
            value = told.get("value")
            columns["value"] = (
                ibis.null("decimal(38, 4)") if value is None else value.cast("decimal(38, 4)")
            )
        roles = [role for role in ("owner", "account") if getattr(funnel, role) is not None]
        roles += [f"segment_{number}" for number in range(len(funnel.segments))]
        roles += [f"keep_{number}" for number in range(len(funnel.keep))]
        for role in roles:
            text = told.get(role)
            columns[role] = ibis.null("string") if text is None else text.cast("string")
        return table.select(**columns)

    def position(self, text: Any, names: Mapping[str, int]) -> Any:
        """Return the position of the step that a status or a stage means."""
        cases = [(text == name, ibis.literal(at, "int32")) for name, at in names.items()]
        return ibis.cases(*cases, else_=ibis.null("int32")) if cases else ibis.null("int32")

    def _at(self, name: str) -> Any:
        at = self.event(name)
        return ibis.null("int32") if at is None else ibis.literal(at, "int32")

    def event(self, name: str) -> int | None:
        """Return the position of one of the fixed things that a record can reach."""
        return self.places.events.get(name)

    def lead_rows(
        self, people: ir.Table, attributes: Mapping[str, Any], initial: Any | None
    ) -> ir.Table:
        """Return the rows of leads; ``initial`` is the status that they were created in."""
        places = self.places
        days: dict[int, Any] = {}
        _earliest(days, self.event(defining.LEAD), people.entry)
        done = people.converted
        _earliest(days, self.event(defining.CONVERTED), ibis.ifelse(done, people.conversion, None))
        outside = people.outside & (people.deal.notnull())
        _earliest(days, self.event(defining.DEAL), ibis.ifelse(outside, people.conversion, None))
        if initial is not None:
            for name in self.statuses.open:
                here = ibis.ifelse(initial == name, people.entry, ibis.null("date"))
                _earliest(days, places.statuses.get(name), here)
        deal, none = self.event(defining.DEAL), ibis.null("int32")
        bare = self._at(defining.CONVERTED)
        here = people.deal.notnull() & ~people.outside
        status = ibis.cases(
            (done & here, bare if deal is None else none),
            (done & outside, bare if deal is None else ibis.literal(deal, "int32")),
            (done, bare),
            else_=self.position(people["_status"], places.statuses),
        )
        exit_ = self.event(defining.DISQUALIFIED)
        if exit_ is not None:
            _earliest(days, exit_, people.given_up)
        return self.wide(people, days, status=status, attributes=attributes)

    def deal_rows(
        self, deals: ir.Table, attributes: Mapping[str, Any], initial: Any | None
    ) -> ir.Table:
        """Return the rows of opportunities; ``initial`` is the stage they were created in."""
        places, none = self.places, ibis.null("date")
        days: dict[int, Any] = {}
        _earliest(days, self.event(defining.DEAL), deals.opened)
        _earliest(
            days, self.event(defining.WON), ibis.ifelse(deals.outcome == "won", deals.closing, none)
        )
        is_lost = deals.outcome == "lost"
        by_name = {name: at for name, at in places.stages.items() if name in self.stages.lost}
        lost_at = self.position(deals.StageName, by_name)
        if defining.LOST in places.events:
            lost_at = ibis.coalesce(lost_at, ibis.literal(places.events[defining.LOST], "int32"))
        for step in sorted({*by_name.values(), places.events.get(defining.LOST, -1)} - {-1}):
            _earliest(days, step, ibis.ifelse(is_lost & (lost_at == step), deals.closing, none))
        if initial is not None:
            for name in self.stages.open:
                here = ibis.ifelse(initial == name, deals.opened, none)
                _earliest(days, places.stages.get(name), here)
        open_names = {name: at for name, at in places.stages.items() if name in self.stages.open}
        status = ibis.cases(
            (deals.outcome == "won", self._at(defining.WON)),
            (is_lost, lost_at),
            else_=ibis.coalesce(
                self.position(deals.StageName, open_names), self._at(defining.DEAL)
            ),
        )
        return self.wide(deals, days, status=status, attributes=attributes)

    def event_rows(self, rows: ir.Table, names: Mapping[str, int]) -> ir.Table:
        """Return the rows of a history: a day for the step that its row tells, or none.

        ``rows`` has ``record``, ``_source``, and ``entered`` with its ``day``: the status or stage
        that was entered, or null.
        """
        step = self.position(rows.entered, names)
        days = {
            at: ibis.ifelse(step == at, rows.day, ibis.null("date"))
            for at in sorted(set(names.values()))
        }
        return self.wide(rows, days)

    def stacked(self, parts: list[ir.Table]) -> ir.Table:
        """Return all rows, computed once, in a relation that stays."""
        table = parts[0].union(*parts[1:]) if len(parts) > 1 else parts[0]
        return self.engine.create_table(ibis.util.gen_name("fk_rows"), table, temp=True)


def _earliest(days: dict[int, Any], step: int | None, day: Any) -> None:
    """Put a day at a step; where two things mean one step, its earlier day stands."""
    if step is None:
        return
    before = days.get(step)
    if before is None:
        days[step] = day
        return
    first = ibis.ifelse(before <= day, before, day)
    days[step] = ibis.coalesce(first, before, day)
