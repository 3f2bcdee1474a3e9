"""History tables: when each record entered a stage, and each change of its fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ibis

from funnelkit.data import sources
from funnelkit.data.salesforce.sheets import Sheet

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

SET_ASIDE = "event of a record that was set aside"
UNKNOWN = "event of a record that is not in the export"
DELETED = "deleted in the CRM"
NO_TIME = "event without a time"

_FIELDS = {
    "stagename": "stage",
    "stage": "stage",
    "opportunitystage": "stage",
    "status": "status",
    "leadstatus": "status",
    "amount": "amount",
    "closedate": "close_date",
    "owner": "owner",
    "ownerid": "owner",
    "opportunityowner": "owner",
    "leadowner": "owner",
    "forecastcategory": "forecast_category",
    "forecastcategoryname": "forecast_category",
    "probability": "probability",
    "leadconverted": "converted",
}
_SAVED = {
    "stage": "StageName",
    "amount": "Amount",
    "close_date": "CloseDate",
    "forecast_category": "ForecastCategory",
    "probability": "Probability",
}
_BEFORE = {"stage": "PrevStageName", "amount": "PrevAmount", "close_date": "PrevCloseDate"}


def belonging(engine: Backend, sheet: Sheet, records: ir.Table) -> ir.Table:
    """Return the rows of a history with ``id`` of their record, ``_reason`` (or null), ``_row``.

    Parameters
    ----------
    engine, sheet
        The history.
    records
        ``key`` (the id that the history names), ``id`` (of the record, null where set aside) and
        ``born`` (the day it was created).
    """
    table = sheet.table
    joined = table.left_join(records, table.RecordId == records.key)
    deleted = table.IsDeleted if "IsDeleted" in table.columns else ibis.literal(False)
    moment = table.moment if "moment" in table.columns else ibis.null("timestamp")
    reason = ibis.cases(
        (table.RecordId.isnull(), ibis.literal("no id")),
        (deleted.fill_null(False), ibis.literal(DELETED)),
        (records.key.isnull(), ibis.literal(UNKNOWN)),
        (records.id.isnull(), ibis.literal(SET_ASIDE)),
        (moment.isnull(), ibis.literal(NO_TIME)),
        else_=ibis.null("string"),
    )
    return sources.kept(
        engine,
        joined.select(
            *[table[name] for name in table.columns],
            id=records.id,
            born=records.born,
            _reason=reason,
            _row=ibis.row_number().over(ibis.window()),
        ),
    )


def saves(engine: Backend, rows: ir.Table) -> ir.Table:
    """Return one row per change told by rows that each hold all fields as saved.

    Columns: ``row``, ``id``, ``source``, ``field``, ``day``, ``at``, ``moment``, ``old``, ``new``.
    The state in which an opportunity was created is a change of its stage from nothing, and of
    nothing else.
    """
    good = rows.filter(rows["_reason"].isnull())
    order = [good.moment, *([good.RowId] if "RowId" in good.columns else [])]
    window = ibis.window(group_by=good.RecordId, order_by=order)
    texts = {name: _text(good, column) for name, column in _SAVED.items() if column in good.columns}
    before = {
        name: _text(good, _BEFORE[name])
        if _BEFORE.get(name) in good.columns
        else ibis.null("string")
        for name in texts
    }
    numbered = good.mutate(
        _first=ibis.row_number().over(window) == 0,
        **{f"_new_{name}": text for name, text in texts.items()},
        **{f"_prev_{name}": text for name, text in before.items()},
    )
    window = ibis.window(
        group_by=numbered.RecordId,
        order_by=[numbered.moment, *([numbered.RowId] if "RowId" in numbered.columns else [])],
    )
    lagged = numbered.mutate(
        **{f"_lag_{name}": numbered[f"_new_{name}"].lag().over(window) for name in texts}
    )
    lagged = sources.kept(engine, lagged)
    parts = []
    for name in texts:
        new, prev = lagged[f"_new_{name}"], lagged[f"_prev_{name}"]
        old = ibis.ifelse(lagged["_first"], prev, lagged[f"_lag_{name}"])
        changed = ~lagged["_first"] | prev.notnull()
        if name == "stage":  # an opportunity is created in a stage
            recent = (lagged.CreatedDate_day.delta(lagged.born, unit="day") <= 1).fill_null(False)
            changed = changed | recent
        moved = (new != old).fill_null(new.notnull() | old.notnull())
        parts.append(_change(lagged.filter(changed & moved), name))
    return sources.kept(engine, parts[0].union(*parts[1:]) if len(parts) > 1 else parts[0])


def fields(engine: Backend, rows: ir.Table) -> ir.Table:
    """Return one row per change told by rows of a field, its old and its new value.

    Columns as :func:`saves` has them. Of owners, the ids are taken where both ids and names stand
    in the history.
    """
    good = rows.filter(rows["_reason"].isnull())
    said = good.Field.re_replace(r"[\W_]+", "").lower()
    name = ibis.cases(
        *[(said == written, ibis.literal(field)) for written, field in _FIELDS.items()],
        else_=ibis.null("string"),
    )
    good = good.mutate(_name=name)
    good = good.filter(good["_name"].notnull())
    new, old = _plain(good, "NewValue"), _plain(good, "OldValue")
    table = good.select(
        row=good["_row"],
        id=good.id,
        source=good["_source"],
        field=good["_name"],
        day=good.CreatedDate_day,
        at=good["at"],
        moment=good.moment,
        old=old,
        new=new,
    )
    table = sources.kept(engine, table)
    is_id = table.new.re_search("^(005|00G)[A-Za-z0-9]{12}([A-Za-z0-9]{3})?$").fill_null(False)
    owners = table.filter(table.field == "owner")
    ids = int(owners.filter(is_id).count().execute())
    if ids:
        table = sources.kept(engine, table.filter((table.field != "owner") | is_id))
    return table


def first_values(changes: ir.Table, field: str) -> ir.Table:
    """Return for each record the value it had before its first known change: ``id``, ``value``."""
    some = changes.filter(changes.field == field)
    window = ibis.window(group_by=some.id, order_by=[some.moment, some.new])
    numbered = some.mutate(_n=ibis.row_number().over(window))
    first = numbered.filter(numbered["_n"] == 0)
    return first.select(id=first.id, value=first.old)


def pairs_before(changes: ir.Table, field: str) -> dict[tuple[str, str], int]:
    """Return in how many records one value of a field was first entered before another one."""
    some = changes.filter((changes.field == field) & changes.new.notnull())
    first = some.group_by(["id", "new"]).aggregate(moment=some.moment.min())
    other = first.view()
    joined = first.join(other, (first.id == other.id) & (first.moment < other.moment))
    named = joined.select(one=first.new, two=other.new)
    counted = named.group_by(["one", "two"]).aggregate(n=named.count()).execute()
    return {(str(one), str(two)): int(n) for one, two, n in counted.itertuples(index=False)}


def pushes_of(changes: ir.Table) -> ir.Table:
    """Return for each record how often its close date was put off: ``id``, ``pushes``."""
    some = changes.filter(changes.field == "close_date")
    later = (some.new > some.old).fill_null(False)
    return some.group_by("id").aggregate(pushes=later.cast("int32").sum())


def _change(table: ir.Table, name: str) -> ir.Table:
    return table.select(
        row=table["_row"],
        id=table.id,
        source=table["_source"],
        field=ibis.literal(name),
        day=table.CreatedDate_day,
        at=table["at"],
        moment=table.moment,
        old=ibis.ifelse(table["_first"], table[f"_prev_{name}"], table[f"_lag_{name}"]),
        new=table[f"_new_{name}"],
    )


def _text(table: ir.Table, column: str) -> Any:
    """Return a field as the table of changes writes it."""
    if column in ("Amount", "PrevAmount"):
        return money(table[column])
    if column in ("CloseDate", "PrevCloseDate"):
        return table[f"{column}_day"].cast("string")
    return table[column]


def _plain(table: ir.Table, column: str) -> Any:
    """Return an old or new value as the table of changes writes it."""
    text, name = table[column], table["_name"]
    exact = money(text.try_cast("decimal(38, 4)"))
    day = ibis.ifelse(text.re_search(r"^\d{4}-\d{2}-\d{2}"), text.substr(0, 10), text)
    return ibis.cases(
        (name == "amount", ibis.coalesce(exact, text)), (name == "close_date", day), else_=text
    )


def money(amount: Any) -> Any:
    """Return an exact amount as text, without zeros at its end."""
    text = amount.cast("string")
    return text.re_replace(r"(\.\d*?)0+$", r"\1").re_replace(r"\.$", "")
