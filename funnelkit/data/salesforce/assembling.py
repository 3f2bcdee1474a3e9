"""`Rows` from what was gathered: every row of every file in them, or set aside with its reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit.data.assembly import Rows
from funnelkit.data.definition import Funnel
from funnelkit.data.finding import Finding
from funnelkit.data.salesforce import defining, dialect
from funnelkit.data.salesforce.building import Builder
from funnelkit.data.salesforce.defining import Places
from funnelkit.data.salesforce.gathering import Gathered
from funnelkit.data.setting_aside import while_opening

if TYPE_CHECKING:
    import ibis.expr.types as ir

FROM_LEAD = "(from a lead)"
_LATER = frozenset({"Type", "RecordType"})


def rows_of(
    found: Gathered,
    funnel: Funnel,
    places: Places,
    *,
    asked: frozenset[str],
    notes: list[str],
    findings: list[Finding],
) -> Rows:
    """Return the typed rows of everything that was gathered.

    Parameters
    ----------
    found, funnel, places
        What was gathered, the funnel, and where things stand in it.
    asked
        Segments that the user named: they are taken as they stand.
    notes, findings
        What was decided and found.
    """
    builder = Builder(
        engine=found.desk.engine,
        funnel=funnel,
        places=places,
        statuses=found.statuses,
        stages=found.stages,
    )
    parts: list[ir.Table] = []
    tallies: list[tuple[ir.Table, str]] = []
    if found.people is not None:
        people = found.people.filter(found.people["_reason"].isnull())
        attributes = _attributes(funnel, lambda name: _of_lead(found, people, name, asked))
        begun = people.initial if "initial" in people.columns else None
        parts.append(builder.lead_rows(people, attributes, begun))
        tallies.append((found.people, dialect.LEAD))
    if found.deals is not None:
        deals = found.deals.filter(found.deals["_reason"].isnull())
        deals = _with_pushes(found, deals)
        attributes = _attributes(funnel, lambda name: _of_deal(found, deals, name, asked))
        if funnel.value is not None and "Amount" in deals.columns:
            code = (
                deals.CurrencyIsoCode if "CurrencyIsoCode" in deals.columns else ibis.null("string")
            )
            attributes["value"] = found.exchange.converted(deals.Amount, code)
        begun = deals.initial if "initial" in deals.columns else None
        parts.append(builder.deal_rows(deals, attributes, begun))
        tallies.append((found.deals, dialect.OPPORTUNITY))
    history: set[int] = set()
    for kind, events in found.events.items():
        names = places.statuses if kind == dialect.LEAD_HISTORY else places.stages
        usable = events.filter(events["_reason"].isnull())
        entered = found.entered.get(kind)
        if entered is None:
            rows = usable.mutate(
                record=usable.id, entered=ibis.null("string"), day=ibis.null("date")
            )
        else:
            met = usable.left_join(entered, usable["_row"] == entered.row)
            rows = met.select(
                record=usable.id,
                _source=usable["_source"],
                entered=entered.entered,
                day=entered.day,
            )
        parts.append(builder.event_rows(rows, names))
        tallies.append((events, kind))
        history |= set(found.sheets[kind].numbers)
    set_aside = _set_aside(found, [table for table, _ in tallies])
    sources = found.desk.sources
    return Rows(
        table=builder.stacked(parts),
        form="wide",
        names=tuple(source.name for source in sources),
        read=tuple(source.rows for source in sources),
        set_aside=tuple(set_aside),
        clocked=_clocked(found, places),
        zoned=any(day.zoned for day in found.desk.days),
        misfit_examples=tuple(line for source in sources for line in source.misfits[1]),
        notes=tuple(dict.fromkeys([*found.desk.notes, *notes])),
        findings=(*found.desk.findings, *findings),
        history=frozenset(history),
        changes=found.changes,
    )


def _attributes(funnel: Funnel, value_of: Callable[[str], Any]) -> dict[str, Any]:
    """Return the parts of a record that a table has."""
    roles = {"owner": funnel.owner, "account": funnel.account}
    roles |= {f"segment_{number}": name for number, name in enumerate(funnel.segments)}
    roles |= {f"keep_{number}": name for number, name in enumerate(funnel.keep)}
    found = {role: value_of(name) for role, name in roles.items() if name is not None}
    return {role: value for role, value in found.items() if value is not None}


def _of_lead(found: Gathered, people: ir.Table, name: str, asked: frozenset[str]) -> Any:
    sheet = found.sheets[dialect.LEAD]
    if name in _LATER and found.deals is not None:
        return None if name in asked else ibis.literal(FROM_LEAD)
    if name == "AccountId":
        return sheet.of(people, "ConvertedAccountId")
    if name == "OpportunityId":
        return people.deal
    return sheet.of(people, name)


def _of_deal(found: Gathered, deals: ir.Table, name: str, asked: frozenset[str]) -> Any:
    sheet = found.sheets[dialect.OPPORTUNITY]
    if name in _LATER and name not in asked and found.people is not None:
        text = sheet.of(deals, name)
        return None if text is None else ibis.ifelse(deals.born, FROM_LEAD, text)
    if name == "OpportunityId":
        return deals.Id
    if name == "CloseDate" and "CloseDate_day" in deals.columns:
        return deals.CloseDate_day.cast("string")
    renamed = {"OpportunityOwnerId": "OwnerId", "DealType": "Type"}.get(name, name)
    return deals.pushes if name == "pushes" else sheet.of(deals, renamed)


def _with_pushes(found: Gathered, deals: ir.Table) -> ir.Table:
    """Add how often each close date was put off; 0 where the history tells of no such change."""
    if found.pushes is None:
        return deals.mutate(pushes=ibis.null("string"))
    met = deals.left_join(found.pushes, deals.record == found.pushes.id)
    pushes = found.pushes.pushes.fill_null(0).cast("string")
    return met.select(*[deals[name] for name in deals.columns], pushes=pushes)


def _set_aside(found: Gathered, tables: list[ir.Table]) -> list[dict[str, int]]:
    """Return for each source the rows set aside, by reason."""
    sources = found.desk.sources
    tallies: list[dict[str, int]] = [{} for _ in sources]
    for table in tables:
        some = table.filter(table["_reason"].notnull())
        counted = some.group_by(["_source", "_reason"]).aggregate(n=some.count()).execute()
        for number, reason, n in sorted(counted.itertuples(index=False), key=str):
            tallies[int(number)][str(reason)] = int(n)
    for number, source in enumerate(sources):
        tallies[number] |= while_opening(source)
    for kind in (dialect.STAGE_LIST, dialect.STATUS_LIST):
        for number in found.sheets[kind].numbers if kind in found.sheets else ():
            tallies[number] = {"the CRM's own list of stages": sources[number].rows}
    return tallies


def _clocked(found: Gathered, places: Places) -> frozenset[int]:
    """Return the steps whose days come from times."""
    if not any(day.has_clock for day in found.desk.days):
        return frozenset()
    steps = {places.events.get(name) for name in (defining.LEAD, defining.DEAL)}
    if "status" in found.before:
        steps |= set(places.statuses.values())
    if "stage" in found.before:
        steps |= {at for name, at in places.stages.items() if name in found.stages.open}
    return frozenset(step for step in steps if step is not None)
