"""When leads were converted, and opportunities opened and closed, by rows and histories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit.data import sources
from funnelkit.data.salesforce import histories
from funnelkit.data.salesforce.stages import StageNames, StatusNames

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend


def with_conversions(
    engine: Backend, people: ir.Table, deals: ir.Table | None, told: ir.Table | None
) -> ir.Table:
    """Add to leads ``converted``, ``conversion`` (its day) and ``mended`` (the day was).

    `ConvertedDate` is a date in the zone of the user, `CreatedDate` a moment: a lead that was
    converted within hours may bear the date of the day before. The moment in the history stands
    where there is one, then that of an opportunity created about then, then the date, taken to the
    day of creation where it misses that by one day.

    Parameters
    ----------
    engine, people
        Rows of leads.
    deals
        Opportunities, with ``Id`` and ``CreatedDate_day``.
    told
        Conversions in the history: ``id`` and ``day``.
    """
    date = _column(people, "ConvertedDate_day", "date")
    flag = _column(people, "IsConverted", "boolean").fill_null(False)
    people = people.mutate(_date=date, _flag=flag)
    people = _joined(people, _made(deals), "deal", {"made": ("made", "date")})
    people = _joined(people, _first(told), "record", {"told": ("told", "date")})
    made, on, entry = people.made, people["_date"], people.entry
    near = made.delta(on, unit="day").between(-1, 1).fill_null(on.isnull())
    short = (entry.delta(on, unit="day") == 1).fill_null(False)
    day = ibis.cases(
        ((people.told >= entry).fill_null(False), people.told),
        (near & (made >= entry).fill_null(False), made),
        (short, entry),
        else_=on,
    )
    converted = people["_flag"] | on.notnull() | people.named
    table = people.mutate(converted=converted, conversion=day, mended=short & converted)
    return sources.kept(engine, table.drop("_date", "_flag", "made", "told"))


def with_outcomes(
    engine: Backend,
    deals: ir.Table,
    people: ir.Table | None,
    entered: ir.Table | None,
    names: StageNames,
) -> ir.Table:
    """Add to opportunities ``opened``, ``outcome`` (won, lost or null), ``closing``, ``recorded``.

    ``opened`` is the day of creation; of one that existed before its lead did, the day on which
    the lead was converted into it. ``closing`` is `CloseDate`, but the day on which the history
    saw it closed (``recorded`` is then true) where stages were saved after that date, or where it
    still lay ahead.

    Parameters
    ----------
    engine, deals, people
        Opportunities, and leads with their conversions.
    entered
        Stages in the history: ``id``, ``day`` and ``new``.
    names
        What the stages mean.
    """
    close = _column(deals, "CloseDate_day", "date")
    created = _column(deals, "CreatedDate_day", "date")
    stage = deals.StageName
    won, lost = stage.isin(names.won), stage.isin(names.lost)
    if names.flagged:
        won, lost = deals.IsWon, deals.IsClosed & ~deals.IsWon
    outcome = ibis.cases((won, "won"), (lost, "lost"), else_=ibis.null("string"))
    deals = deals.mutate(outcome=outcome, _close=close, _created=created)
    leads = None
    if people is not None:
        some = people.filter(people["_reason"].isnull() & people.deal.notnull())
        leads = some.group_by("deal").aggregate(entry=some.entry.min(), day=some.conversion.min())
    deals = _joined(
        deals, leads, "Id", {"entry": ("entry", "date"), "_conversion": ("day", "date")}
    )
    saved_days = {name: (name, "date") for name in ("last_open", "saved_won", "saved_lost")}
    deals = _joined(deals, _last(entered, names), "record", saved_days)
    earlier = (deals["_created"] < deals.entry).fill_null(False) & deals.born
    opened = ibis.ifelse(
        earlier, ibis.coalesce(deals["_conversion"], deals.entry), deals["_created"]
    )
    saved = ibis.ifelse(deals.outcome == "won", deals.saved_won, deals.saved_lost)
    against = (deals["_close"] < deals.last_open) | (deals["_close"] > saved)
    recorded = saved.notnull() & (deals["_close"].isnull() | against.fill_null(False))
    recorded &= deals.outcome.notnull()
    closing = ibis.ifelse(recorded, saved, deals["_close"])
    closing = ibis.ifelse(deals.outcome.notnull(), closing, ibis.null("date"))
    table = deals.mutate(opened=opened, closing=closing, recorded=recorded)
    return sources.kept(engine, table.drop("_conversion", "entry", "saved_won", "saved_lost"))


def with_exits(
    engine: Backend, people: ir.Table, entered: ir.Table | None, names: StatusNames
) -> ir.Table:
    """Add to leads ``given_up``: the day of the status that gave it up, where it has it now."""
    now = _column(people, "Status", "string")
    people = people.mutate(_status=now)
    last = None
    if entered is not None:
        gave = entered.filter(entered.new.isin(names.disqualified or [""]))
        last = gave.group_by("id").aggregate(given_up=gave.day.max())
    people = _joined(people, last, "record", {"given_up": ("given_up", "date")})
    is_now = people["_status"].isin(names.disqualified or [""])
    day = ibis.ifelse(is_now & ~people.converted, people.given_up, ibis.null("date"))
    return sources.kept(engine, people.mutate(given_up=day))


def standing_stages(entered: ir.Table, deals: ir.Table, names: StageNames) -> ir.Table:
    """Return the stages of histories that count: ``row``, ``kind``, ``day``, ``entered``.

    A win counts as the opportunity's own row tells it, and otherwise only where a loss reversed
    it; a loss only where another stage followed on a later day.
    """
    good = deals.filter(deals["_reason"].isnull())
    known = good.group_by("record").aggregate(
        outcome=good.outcome.max(),
        closing=good.closing.max(),
        last_open=good.last_open.max(),
    )
    wanted = {"outcome": ("outcome", "string")}
    wanted |= {name: (name, "date") for name in ("closing", "last_open")}
    met = _joined(entered, known, "id", wanted)
    later = (met.day < met.last_open).fill_null(False)
    later |= ((met.outcome == "won") & (met.day < met.closing)).fill_null(False)
    keep = ibis.cases(
        (met.new.isin(names.won or [""]), (met.outcome == "lost").fill_null(False)),
        (met.new.isin(names.lost or [""]), later),
        else_=True,
    )
    chosen = met.select(row=met.row, kind=met.kind, day=met.day, entered=met.new, _keep=keep)
    return chosen.filter(chosen["_keep"]).drop("_keep")


def standing_statuses(entered: ir.Table, people: ir.Table, names: StatusNames) -> ir.Table:
    """Return the statuses of a history that count as such: ``row``, ``day``, ``entered``.

    Conversions stand in the lead's own row; being given up counts where another status followed
    on a later day.
    """
    working = entered.filter(entered.new.isin(names.open or [""]))
    last = working.group_by("id").aggregate(last=working.day.max())
    good = people.filter(people["_reason"].isnull())
    done = good.group_by("record").aggregate(conversion=good.conversion.max())
    met = _joined(entered, last, "id", {"last": ("last", "date")})
    met = _joined(met, done, "id", {"conversion": ("conversion", "date")})
    later = (met.day < met["last"]).fill_null(False)
    later |= (met.day < met.conversion).fill_null(False)
    keep = ibis.cases(
        (met.new.isin(names.converted or [""]), False),
        (met.new.isin(names.disqualified or [""]), later),
        else_=True,
    )
    chosen = met.select(row=met.row, day=met.day, entered=met.new, _keep=keep)
    return chosen.filter(chosen["_keep"]).drop("_keep")


def with_initial(engine: Backend, records: ir.Table, changes: ir.Table, field: str) -> ir.Table:
    """Add ``initial``: the stage or status a record was created in, by a history of its field.

    It is what stood before the first change, and what stands now where there was none; known only
    of records created since the history began.
    """
    now = records.StageName if field == "stage" else records["_status"]
    born = _column(records, "CreatedDate_day", "date")
    some = changes.filter(changes.field == field)
    start = some.day.min().execute()
    records = records.mutate(_now=now, _born=born)
    records = _joined(
        records, histories.first_values(changes, field), "record", {"value": ("value", "string")}
    )
    changed = some.select(_changed=some.id).distinct()
    has = records.record.isin(changed["_changed"])
    since = ibis.literal(False)
    if start is not None and str(start) != "NaT":
        since = (records["_born"] >= ibis.literal(str(start)[:10]).cast("date")).fill_null(False)
    value = ibis.ifelse(has, records.value, records["_now"])
    table = records.mutate(initial=ibis.ifelse(since, value, ibis.null("string")))
    return sources.kept(engine, table.drop("_now", "_born", "value"))


def _last(entered: ir.Table | None, names: StageNames) -> ir.Table | None:
    """Return for each record the last day of an open stage, of a win and of a loss."""
    if entered is None:
        return None
    is_won, is_lost = entered.new.isin(names.won or [""]), entered.new.isin(names.lost or [""])
    return entered.group_by("id").aggregate(
        last_open=entered.day.max(where=~is_won & ~is_lost),
        saved_won=entered.day.max(where=is_won),
        saved_lost=entered.day.max(where=is_lost),
    )


def _made(deals: ir.Table | None) -> ir.Table | None:
    if deals is None or "CreatedDate_day" not in deals.columns:
        return None
    good = deals.filter(deals["_reason"].isnull())
    return good.group_by("Id").aggregate(made=good.CreatedDate_day.min()).rename(id="Id")


def _first(told: ir.Table | None) -> ir.Table | None:
    return None if told is None else told.group_by("id").aggregate(told=told.day.min())


def _column(table: ir.Table, name: str, kind: str) -> Any:
    return table[name] if name in table.columns else ibis.null(kind)


def _joined(
    table: ir.Table,
    other: ir.Table | None,
    on: str,
    columns: Mapping[str, tuple[str, str]],
) -> ir.Table:
    """Add columns of another relation that has one row per key; null where there is none.

    ``columns`` maps a new name to the column's name there and its kind; the key stands first.
    """
    if other is None:
        return table.mutate(**{name: ibis.null(kind) for name, (_, kind) in columns.items()})
    own = {name: other[column] for name, (column, _) in columns.items()}
    right = other.select(_key=other[other.columns[0]], **own)
    return table.left_join(right, [(on, "_key")]).drop("_key")
