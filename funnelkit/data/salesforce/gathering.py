"""What the exports hold: sheets opened, records stitched, histories read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit._core.errors import DataError, did_you_mean
from funnelkit.data import filters, sources
from funnelkit.data.columns import ReadingRules
from funnelkit.data.exports import Export
from funnelkit.data.salesforce import dialect, histories, money, stages, timing
from funnelkit.data.salesforce.sheets import Desk, Sheet
from funnelkit.data.salesforce.stitching import stitched
from funnelkit.data.sources import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir

VIRTUAL = ("Id", "pushes", "OpportunityId", "OpportunityOwnerId", "DealType", "AccountId")


@dataclass(kw_only=True)
class Gathered:
    """Everything read from the exports, ready to become rows.

    Parameters
    ----------
    desk
        Where files were opened; its notes and findings.
    sheets
        The sheets by kind.
    people, deals
        Leads and opportunities with their records and days, or ``None``.
    events
        For each history, its rows with ``id``, ``_reason`` and ``_row``.
    entered
        For each history, the stages or statuses that count: ``row``, ``day``, ``entered``.
    changes
        One row per change, or ``None``.
    pushes
        ``id`` and ``pushes``, or ``None``.
    exchange
        How amounts come into one currency.
    """

    desk: Desk
    sheets: dict[str, Sheet]
    people: ir.Table | None = None
    deals: ir.Table | None = None
    events: dict[str, ir.Table] = field(default_factory=dict)
    entered: dict[str, ir.Table] = field(default_factory=dict)
    changes: ir.Table | None = None
    pushes: ir.Table | None = None
    exchange: money.Exchange = field(default_factory=lambda: money.Exchange(rates={}, into=None))
    statuses: stages.StatusNames = field(
        default_factory=lambda: stages.StatusNames(entry=(), open=(), converted=(), disqualified=())
    )
    stages: stages.StageNames = field(
        default_factory=lambda: stages.StageNames(open=(), won=(), lost=(), flagged=False)
    )
    before: dict[str, dict[tuple[str, str], int]] = field(default_factory=dict)


def gather(
    desk: Desk,
    exports: Sequence[Export],
    asked: Collection[str],
    rates: tuple[Mapping[str, Decimal], str | None],
) -> Gathered:
    """Return what the exports hold.

    Parameters
    ----------
    desk
        Where to open them.
    exports
        Those that were recognised.
    asked
        Columns that the user named.
    rates
        Rate table, and the currency to convert to.

    Raises
    ------
    DataError
        With every problem at once.
    """
    sheets = _sheets(desk, exports, asked)
    found = Gathered(desk=desk, sheets=sheets)
    lead, deal = sheets.get(dialect.LEAD), sheets.get(dialect.OPPORTUNITY)
    gone = (_gone(desk, lead), _gone(desk, deal))
    _refuse_unknown_values(desk, [sheet for sheet in (lead, deal) if sheet is not None])
    desk.finish()
    met = stitched(desk.engine, lead, deal, gone)
    found.people, found.deals = met.leads, met.opportunities
    if deal is not None and found.deals is not None:
        kept = found.deals.filter(found.deals["_reason"].isnull())
        found.exchange, notes = money.exchange_of(deal, kept, *rates)
        desk.notes += notes
    changes = _histories(found)
    _times(found, changes)
    _changes(found, changes)
    return found


def _sheets(desk: Desk, exports: Sequence[Export], asked: Collection[str]) -> dict[str, Sheet]:
    """Return the sheets of every kind that is read; problems are raised together."""
    kinds = {kind: [one for one in exports if one.kind == kind] for kind in dialect.READ}
    records = (dialect.LEAD, dialect.OPPORTUNITY)
    fields = {name for kind in records for name in dialect.fields_of(kind)}
    extra = {name for name in asked if name not in fields and name not in VIRTUAL}
    sheets = {
        kind: desk.sheet(kind, group, extra if kind in records else ())
        for kind, group in kinds.items()
        if group
    }
    desk.finish()
    there = {name for kind in records if kind in sheets for name in sheets[kind].names}
    headers = [name for kind in records for one in kinds[kind] for name in one.columns]
    problems = [
        f"column `{name}` is in no export of leads or opportunities."
        f"{did_you_mean(name, [*headers, *there])}"
        for name in sorted({*asked} - there - {*VIRTUAL})
    ]
    if problems:
        raise DataError(problems)
    return sheets


def _gone(desk: Desk, sheet: Sheet | None) -> ir.Table | None:
    """Return the ids that `where` and `exclude` leave out of a sheet."""
    if sheet is None:
        return None
    source = _by_names(desk.rules, sheet, with_id=True)
    if len(source.columns) == 0:
        return None
    out = source.table.filter(~filters.kept_by(source, desk.rules))
    return sources.kept(desk.engine, out.select(Id=out["_id"]).distinct())


def _refuse_unknown_values(desk: Desk, sheets: Iterable[Sheet]) -> None:
    sought = [_by_names(desk.rules, sheet) for sheet in sheets]
    notes, problems = filters.unused(sought, desk.rules, ())
    desk.notes += notes
    desk.problems += problems


def _by_names(rules: ReadingRules, sheet: Sheet, *, with_id: bool = False) -> Source:
    """Return the columns that filters name, under those names."""
    own = {
        name: sheet.named(name).cast("string")
        for name in {*rules.where, *rules.exclude}
        if name in sheet.names
    }
    columns: dict[str, Any] = dict(own)
    if with_id or not own:
        columns["_id"] = sheet.table.Id
    return Source(name=sheet.kind, table=sheet.table.select(**columns), columns=tuple(own), rows=0)


def _histories(found: Gathered) -> dict[str, ir.Table]:
    """Return the changes that each history tells."""
    engine, changes = found.desk.engine, {}
    for kind in (dialect.LEAD_HISTORY, dialect.OPPORTUNITY_HISTORY, dialect.FIELD_HISTORY):
        sheet = found.sheets.get(kind)
        if sheet is None:
            continue
        records = _records(found, leads=kind == dialect.LEAD_HISTORY)
        rows = histories.belonging(engine, sheet, records)
        found.events[kind] = rows
        tell = histories.saves if kind == dialect.OPPORTUNITY_HISTORY else histories.fields
        changes[kind] = tell(engine, rows)
    return changes


def _records(found: Gathered, *, leads: bool) -> ir.Table:
    """Return the ids that a history may name: ``key``, ``id`` and ``born``."""
    engine, parts = found.desk.engine, []
    table = found.people if leads else found.deals
    if table is not None:
        good = ibis.ifelse(table["_reason"].isnull(), table.record, ibis.null("string"))
        born = table.CreatedDate_day if "CreatedDate_day" in table.columns else ibis.null("date")
        one = table.select(key=table.Id, good=good, born=born)
        one = one.filter(one.key.notnull())
        parts.append(one.group_by("key").aggregate(id=one.good.max(), born=one.born.min()))
    if leads and found.people is not None:
        merged = found.people.filter(found.people.root != found.people.Id)
        roots = merged.select(loser=merged.Id, root=merged.root).distinct()
        masters = sources.kept(engine, parts[0])
        met = masters.left_join(roots, masters.key == roots.loser)
        via = sources.kept(engine, met.select("key", "id", "born", "root"))
        again = via.left_join(masters, via.root == masters.key)
        return sources.kept(
            engine,
            again.select(key=via.key, id=ibis.coalesce(via.id, masters.id), born=via.born),
        )
    if not leads and found.people is not None:
        some = found.people.filter(found.people["_reason"].isnull() & found.people.outside)
        parts.append(some.select(key=some.deal, id=some.record, born=ibis.null("date")).distinct())
    if not parts:
        blank = {"key": "string", "id": "string", "born": "date"}
        return ibis.memtable({name: [None] for name in blank}, schema=blank).limit(0)
    return sources.kept(engine, parts[0].union(*parts[1:]) if len(parts) > 1 else parts[0])


def _times(found: Gathered, changes: Mapping[str, ir.Table]) -> None:
    """Settle the days of leads and opportunities, and which events of the histories count."""
    engine, desk = found.desk.engine, found.desk
    told = changes.get(dialect.LEAD_HISTORY)
    moved = _stage_changes(changes)
    lead = found.sheets.get(dialect.LEAD)
    if found.people is not None and lead is not None:
        status = None if told is None else told.filter(told.field == "status")
        named = found.people.filter(found.people["_reason"].isnull())
        if "Status" in named.columns:
            found.statuses = stages.status_names(
                named, flags=lead.has("IsConverted"), historic=_values(status)
            )
        ends = None if told is None else _conversions(told, found.statuses)
        people = timing.with_conversions(engine, found.people, found.deals, ends)
        people = timing.with_exits(engine, people, status, found.statuses)
        if told is not None and status is not None:
            people = timing.with_initial(engine, people, told, "status")
            found.entered[dialect.LEAD_HISTORY] = sources.kept(
                engine, timing.standing_statuses(status, people, found.statuses)
            )
            found.before["status"] = histories.pairs_before(told, "status")
        found.people = people
    if found.deals is None:
        return
    deal = found.sheets[dialect.OPPORTUNITY]
    named = found.deals.filter(found.deals["_reason"].isnull())
    found.stages = stages.stage_names(
        named, flags=deal.has("IsWon", "IsClosed"), historic=_values(moved)
    )
    desk.notes += found.stages.notes
    deals = timing.with_outcomes(engine, found.deals, found.people, moved, found.stages)
    if dialect.FIELD_HISTORY in changes and dialect.OPPORTUNITY_HISTORY not in changes:
        deals = timing.with_initial(engine, deals, changes[dialect.FIELD_HISTORY], "stage")
    found.deals = deals
    if moved is not None:
        found.before["stage"] = histories.pairs_before(moved, "stage")
        standing = sources.kept(engine, timing.standing_stages(moved, deals, found.stages))
        found.entered |= {
            kind: standing.filter(standing.kind == kind).drop("kind")
            for kind in (dialect.OPPORTUNITY_HISTORY, dialect.FIELD_HISTORY)
            if kind in changes
        }


def _stage_changes(changes: Mapping[str, ir.Table]) -> ir.Table | None:
    """Return stages entered, each opportunity by one history: that of saves before that of fields.

    Has ``kind``, the history, beside the columns of a change.
    """
    saved = changes.get(dialect.OPPORTUNITY_HISTORY)
    told = changes.get(dialect.FIELD_HISTORY)
    parts = []
    if saved is not None:
        own = saved.filter(saved.field == "stage")
        parts.append(own.mutate(kind=ibis.literal(dialect.OPPORTUNITY_HISTORY)))
    if told is not None:
        own = told.filter(told.field == "stage")
        if saved is not None:
            own = own.filter(~own.id.isin(saved.filter(saved.field == "stage").id))
        parts.append(own.mutate(kind=ibis.literal(dialect.FIELD_HISTORY)))
    if not parts:
        return None
    table = parts[0].union(*parts[1:]) if len(parts) > 1 else parts[0]
    return table.filter(table.new.notnull())


def _conversions(told: ir.Table, names: stages.StatusNames) -> ir.Table:
    """Return the days on which the history says that a lead was converted."""
    done = told.field == "converted"
    done |= (told.field == "status") & told.new.isin(names.converted or [""])
    return told.filter(done.fill_null(False)).select("id", "day")


def _values(changes: ir.Table | None) -> list[str]:
    if changes is None:
        return []
    both = changes.select(value=changes.new).union(changes.select(value=changes.old))
    return sorted(both.distinct().execute()["value"].dropna())


def _changes(found: Gathered, changes: Mapping[str, ir.Table]) -> None:
    """Gather the changes of all histories, each told once, and count the pushes."""
    saved = changes.get(dialect.OPPORTUNITY_HISTORY)
    parts = [changes[kind] for kind in (dialect.LEAD_HISTORY,) if kind in changes]
    parts = [part.filter(part.field != "converted") for part in parts]
    if saved is not None:
        parts.append(saved.filter((saved.field != "stage") | saved.old.notnull()))
    if dialect.FIELD_HISTORY in changes:
        told = changes[dialect.FIELD_HISTORY]
        if saved is not None:
            covered = saved.select(_id=saved.id, _field=saved.field).distinct()
            ids = saved.select(_id=saved.id).distinct()
            fields = sorted(set(covered.execute()["_field"]))
            told = told.filter(~(told.id.isin(ids["_id"]) & told.field.isin(fields or [""])))
        parts.append(told)
    if not parts:
        return
    table = parts[0].union(*parts[1:]) if len(parts) > 1 else parts[0]
    names = ("id", "field", "day", "at", "old", "new")
    table = _exchanged(found, table.select(*names))
    found.changes = found.desk.engine.create_table(
        ibis.util.gen_name("fk_changes"), table, temp=True
    )
    kinds = {dialect.OPPORTUNITY_HISTORY, dialect.FIELD_HISTORY} & set(changes)
    some = found.changes.filter(found.changes.field == "close_date").count().execute()
    tells = saved is not None and found.sheets[dialect.OPPORTUNITY_HISTORY].has("CloseDate")
    if found.deals is not None and kinds and (tells or int(some)):
        found.pushes = sources.kept(found.desk.engine, histories.pushes_of(found.changes))


def _exchanged(found: Gathered, table: ir.Table) -> ir.Table:
    """Return changes of amounts in the one currency."""
    if not found.exchange.rates or found.deals is None:
        return table
    codes = found.deals.filter(found.deals["_reason"].isnull())
    codes = codes.group_by("record").aggregate(code=codes.CurrencyIsoCode.max())
    met = table.left_join(codes, table.id == codes.record)
    told: dict[str, Any] = {name: table[name] for name in table.columns}
    for name in ("old", "new"):
        exact = table[name].try_cast("decimal(22, 4)")
        text = histories.money(found.exchange.converted(exact, codes.code))
        told[name] = ibis.ifelse(table.field == "amount", text, table[name])
    return met.select(**told)
