"""Histories of properties: every entry to a stage, and what else changed when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit._core.errors import DataError
from funnelkit.data import parsing, sources
from funnelkit.data.columns import ReadingRules
from funnelkit.data.exports import Export, open_export
from funnelkit.data.hubspot import headers, merging
from funnelkit.data.hubspot.gathering import (
    Gathered,
    Wanted,
    relabelled,
    with_plain_times,
)
from funnelkit.data.setting_aside import FILTERED, NO_ID, NO_TIME, while_opening
from funnelkit.data.sources import Source

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

OTHER_PROPERTY = "history of a property that is not used"
NO_RECORD = "history of a record that is not in the export"
_STAGE, _CLOSE_DATE, _AMOUNT = "stage", "close_date", "amount"


# DuckDB's own function: annotated by `signature`, which Ibis reads when the module loads.
@ibis.udf.scalar.builtin(name="timezone", signature=(("string", "timestamp"), "timestamp('UTC')"))
def _instant(zone, wall):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return the instant at which the clock on the wall of a zone shows a time."""


@dataclass(frozen=True, kw_only=True)
class History:
    """Changes of records, typed and computed once.

    Parameters
    ----------
    source
        Where they come from.
    table
        ``id``, ``field``, ``value`` (days ISO, amounts with a decimal point), ``day``, ``at``
        (UTC, null where only the day is known), ``reason``.
    days
        The column of times.
    """

    source: Source
    table: ir.Table
    days: parsing.DayColumn

    @property
    def usable(self) -> ir.Table:
        """The rows that are not set aside."""
        return self.table.filter(self.table.reason.isnull())

    @cached_property
    def fields(self) -> frozenset[str]:
        """What changed."""
        return frozenset(self.usable.select("field").distinct().execute()["field"])

    def tally(self) -> dict[str, int]:
        """Return the rows set aside, by reason."""
        table = self.table
        counted = table.group_by("reason").aggregate(n=table.count()).order_by("reason").execute()
        found = {
            str(reason): int(n)
            for reason, n in counted.itertuples(index=False)
            if isinstance(reason, str)
        }
        return found | while_opening(self.source)


def read_histories(
    engine: Backend, exports: Sequence[Export], gathered: Gathered, wanted: Wanted
) -> tuple[History, ...]:
    """Return the histories of the records that were gathered, those of one layout together.

    Raises
    ------
    DataError
        With every problem at once.
    """
    found: list[History] = []
    problems: list[str] = []
    for layout, alike in _by_layout(exports, wanted).items():
        parts = dict(layout)
        try:
            opened = open_export(
                engine,
                alike,
                list(parts.values()),
                encoding=wanted.encoding,
                delimiter=wanted.delimiter,
            )
            found.append(_typed(engine, opened, parts, gathered, wanted))
        except DataError as error:
            problems += error.problems
    days = [history.days for history in found]
    if found:
        problems += parsing.mixed_zones([*days, *gathered.days])
    if problems:
        raise DataError(problems)
    return tuple(found)


def left_aside(exports: Sequence[Export], wanted: Wanted) -> list[str]:
    """Return the names of histories that belong to the other grain."""
    used = {id(one) for alike in _by_layout(exports, wanted).values() for one in alike}
    return [one.name for one in exports if id(one) not in used]


def changes_of(engine: Backend, histories: Sequence[History]) -> ir.Table | None:
    """Return one row per change: ``id``, ``field``, ``day``, ``at``, ``old``, ``new``."""
    rows = _all(histories)
    if rows is None:
        return None
    rows = rows.mutate(moment=ibis.coalesce(rows["at"], rows.day.cast("timestamp('UTC')")))
    window = ibis.window(group_by=["id", "field"], order_by=["moment", "at", "value"])
    rows = rows.mutate(old=rows.value.lag().over(window))
    changed = rows.filter(~rows.value.identical_to(rows.old))
    changed = changed.select("id", "field", "day", "at", "old", new=changed.value)
    return engine.create_table(ibis.util.gen_name("fk_changes"), changed, temp=True)


def pushes_of(changes: ir.Table, closing: ir.Table) -> ir.Table:
    """Return how often the close date of each record was put off while it was open.

    Parameters
    ----------
    changes
        As :func:`changes_of` returns them.
    closing
        ``id`` and ``closed_on``: the day on which a record was won or lost.
    """
    dates = changes.filter(changes.field == _CLOSE_DATE)
    joined = dates.left_join(closing, "id")
    before = (joined.day < joined.closed_on).fill_null(True)
    later = (joined.new > joined.old).fill_null(False)
    counted = joined.mutate(pushed=(before & later).cast("int64"))
    return counted.group_by("id").aggregate(pushes=counted.pushed.sum())


def fullest(histories: Sequence[History]) -> tuple[int, int]:
    """Return the most values of one property of a record, and the records with so many."""
    rows = _all(histories)
    if rows is None:
        return 0, 0
    per = rows.group_by("id", "field").aggregate(n=rows.count())
    found = per.group_by("n").aggregate(records=per.id.nunique()).order_by(ibis.desc("n")).limit(1)
    top = [(int(n), int(records)) for n, records in found.execute().itertuples(index=False)]
    return top[0] if top else (0, 0)


def _all(histories: Sequence[History]) -> ir.Table | None:
    tables = [history.usable.select("id", "field", "value", "day", "at") for history in histories]
    return None if not tables else tables[0].union(*tables[1:]) if tables[1:] else tables[0]


def _by_layout(
    exports: Sequence[Export], wanted: Wanted
) -> dict[tuple[tuple[str, str], ...], list[Export]]:
    """Return parts -> exports, without histories of the other grain."""
    other = {"deal": ("contactid", "vid", "lifecyclestage"), "contact": ("dealid", "dealstage")}
    found: dict[tuple[tuple[str, str], ...], list[Export]] = {}
    for export in exports:
        parts = headers.history_parts(export.columns, wanted.names) or {}
        named = {headers.squashed(wanted.names.get(one, one)) for one in parts.values()}
        if parts and not named & {*other[wanted.grain.name]}:
            found.setdefault(tuple(sorted(parts.items())), []).append(export)
    return found


def _typed(
    engine: Backend, opened: Source, parts: dict[str, str], gathered: Gathered, wanted: Wanted
) -> History:
    closing = f"{parts['value']} (close dates)"
    field = _field(opened.table, parts, wanted)
    text = parsing.cleaned(opened.table[parts["value"]])
    table = opened.table.mutate(**{closing: ibis.ifelse(field == _CLOSE_DATE, text, None)})
    source = with_plain_times(replace(opened, table=table), [parts["time"], closing])
    days, unread = parsing.read_days(source, [parts["time"], closing], wanted.rules.dates)
    if unread:
        raise DataError([column.problem for column in unread.values()])
    table = source.table
    rows = table.select(
        id=parsing.cleaned(table[parts["id"]]),
        field=_field(table, parts, wanted),
        value=_value(table, parts, days[closing], wanted),
        day=days[parts["time"]].days.cast("date"),
        at=_moment(parsing.cleaned(table[parts["time"]]), wanted.rules),
    )
    rows = sources.kept(engine, merging.renamed(engine, rows, gathered.into))
    known = gathered.table.select("id").distinct()
    kept = gathered.usable.select("id").distinct()
    reason = ibis.cases(
        (rows.id.isnull(), NO_ID),
        (rows.field.isnull(), OTHER_PROPERTY),
        (rows.day.isnull(), NO_TIME),
        (~rows.id.isin(known.id).fill_null(False), NO_RECORD),
        (~rows.id.isin(kept.id).fill_null(False), FILTERED),
        else_=ibis.null("string"),
    )
    return History(
        source=source,
        table=sources.kept(engine, rows.mutate(reason=reason)),
        days=days[parts["time"]],
    )


def _field(table: ir.Table, parts: dict[str, str], wanted: Wanted) -> Any:
    """Return what changed, under the name that :attr:`Leads.changes` has for it."""
    if "property" not in parts:
        return ibis.literal(_STAGE)
    text = parsing.cleaned(table[parts["property"]])
    plain = text.lower().re_replace(r"^propert(y|ies)[_.]", "").re_replace(r"[^a-z0-9]", "")
    cases = [(plain == name, field) for name, field in wanted.grain.changing.items()]
    cases += [
        (text == old, wanted.grain.changing[headers.squashed(new)])
        for old, new in wanted.names.items()
        if headers.squashed(new) in wanted.grain.changing
    ]
    return ibis.cases(*cases, else_=ibis.null("string"))


def _value(
    table: ir.Table, parts: dict[str, str], closing: parsing.DayColumn, wanted: Wanted
) -> Any:
    """Return values in one form: days ISO, amounts with a decimal point, stages as named."""
    text, field = parsing.cleaned(table[parts["value"]]), _field(table, parts, wanted)
    amount = text.replace(wanted.rules.thousands or "", "") if wanted.rules.thousands else text
    if wanted.rules.decimal:
        amount = amount.replace(wanted.rules.decimal, ".")
    return ibis.cases(
        (field == _CLOSE_DATE, closing.days.cast("string")),
        (field == _AMOUNT, amount),
        else_=relabelled(text, wanted.names),
    )


def _moment(text: Any, rules: ReadingRules) -> Any:
    """Return the instant of an ISO time, null where only the day is told."""
    zone = rules.dates.timezone
    tidy = text.re_replace(" ?(UTC|Z)$", "Z").re_replace(r" ([+-][\d:]+)$", r"\1")
    tidy = tidy.re_replace(r"^(.{11}\d\d:\d\d)(Z|[+-][\d:]+)$", r"\1:00\2").replace(",", ".")
    clock = tidy.re_search(r"^\d{4}-\d{2}-\d{2}[T ]\d\d:\d\d")
    zoned = tidy.re_search(r"(Z|[+-]\d{2}(:?\d{2})?)$") & clock
    instant = ibis.ifelse(zoned, tidy, None).try_cast("timestamp('UTC')")
    wall = ibis.ifelse(clock & ~zoned, tidy, None).try_cast("timestamp")
    local = wall.cast("timestamp('UTC')") if zone is None else _instant(zone, wall)
    return ibis.coalesce(instant, local)
