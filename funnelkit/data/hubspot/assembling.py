"""From records and histories to typed rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import ibis

from funnelkit.data.assembly import Rows
from funnelkit.data.hubspot.defining import PUSHES, Defined, Step
from funnelkit.data.hubspot.gathering import Gathered
from funnelkit.data.hubspot.histories import History, changes_of, pushes_of
from funnelkit.data.hubspot.stages import Catalogue, Material, day_of, entries_of

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

ClosedOn = Literal["entered", "close_date"]


def assemble(engine: Backend, material: Material, defined: Defined, *, closed_on: ClosedOn) -> Rows:
    """Return the typed rows of records and of the events in their histories."""
    gathered, histories = material.gathered, material.histories
    changes = changes_of(engine, histories)
    closing = _closing_days(material, defined)
    pushes = None
    if changes is not None and PUSHES in defined.funnel.keep:
        pushes = pushes_of(changes, closing)
    joined = gathered.usable.left_join(closing, "id").drop("id_right")
    if pushes is not None:
        joined = joined.left_join(pushes, "id").drop("id_right")
    parts = [_records(joined, material, defined, closed_on)]
    parts += [_events(material, k, defined, parts[0]) for k in range(len(histories))]
    table = parts[0].union(*parts[1:]) if len(parts) > 1 else parts[0]
    sources = [gathered.source, *(history.source for history in histories)]
    days = [*gathered.days, *(history.days for history in histories)]
    return Rows(
        table=engine.create_table(ibis.util.gen_name("fk_rows"), table, temp=True),
        form="wide",
        names=tuple(source.name for source in sources),
        read=tuple(source.rows for source in sources),
        set_aside=(gathered.tally(), *(history.tally() for history in histories)),
        clocked=frozenset(
            k for k, step in enumerate(defined.steps) if _clocked(step, gathered, histories)
        ),
        zoned=any(day.zoned for day in days),
        misfit_examples=tuple(line for source in sources for line in source.misfits[1]),
        notes=(*defined.notes, *(note for source in sources for note in source.notes)),
        findings=tuple(finding for source in sources for finding in source.findings),
        history=frozenset(range(1, len(sources))),
        changes=changes,
    )


def _records(
    joined: ir.Table, material: Material, defined: Defined, closed_on: ClosedOn
) -> ir.Table:
    """Return the rows of records; ``joined`` has their ``closed_on`` and ``pushes`` beside."""
    gathered, known, funnel = material.gathered, material.known, defined.funnel
    last = len(funnel.stages) - 1
    status, open_now = _status(joined, known, defined), _is_open(joined, known)
    columns: dict[str, Any] = {"id": joined.id, "source": ibis.literal(0, "int32")}
    for k, step in enumerate(defined.steps):
        day = _day(step, joined)
        if k >= last:
            here = (status == ibis.literal(k)).fill_null(False)
            closed = ibis.ifelse(here, joined.closed, None)
            event = ibis.ifelse(joined.closed_on.isnull(), closed, None)
            day = (
                ibis.coalesce(closed, day)
                if closed_on == "close_date"
                else ibis.coalesce(day, event)
            )
            day = ibis.ifelse(open_now, None, day)
        columns[f"day_{k}"] = day.cast("date")
    if funnel.status is not None:
        columns["status"] = status.cast("int32")
    return joined.select(**columns, **_attributes(joined, gathered, defined))


def _attributes(joined: ir.Table, gathered: Gathered, defined: Defined) -> dict[str, Any]:
    funnel = defined.funnel

    def text(column: str) -> Any:
        if column == PUSHES and "pushes" in joined.columns:
            return joined.pushes.cast("string")
        if column == gathered.parts.get("pipeline"):
            return joined.pipeline
        if column == gathered.parts.get("stage"):
            return joined.stage
        return joined[gathered.texts[column]]

    columns: dict[str, Any] = {}
    if funnel.value is not None:
        columns["value"] = joined["value"]
    if funnel.owner is not None:
        columns["owner"] = text(funnel.owner)
    if funnel.account is not None:
        columns["account"] = _first(text(funnel.account))
    columns |= {f"segment_{k}": text(name) for k, name in enumerate(funnel.segments)}
    columns |= {f"keep_{k}": text(name) for k, name in enumerate(funnel.keep)}
    return columns


def _first(ids: Any) -> Any:
    """Return the first of several ids between semicolons: the primary company."""
    return ids.split(";")[0].strip().nullif("")


def _events(material: Material, number: int, defined: Defined, like: ir.Table) -> ir.Table:
    """Return the rows of a history in the form of records: one day each, or none."""
    rows = material.histories[number].usable
    is_stage = rows.field == "stage"
    table = material.gathered.usable
    now_open = table.filter(_is_open(table, material.known)).select("id")
    last = len(defined.funnel.stages) - 1
    columns: dict[str, Any] = {"id": rows.id, "source": ibis.literal(number + 1, "int32")}
    for k, step in enumerate(defined.steps):
        names = material.known.names_of(step.stages)
        here = ibis.literal(False)
        if names:
            here = (is_stage & rows.value.isin(names)).fill_null(False)
        if k == last:
            here = here & ~rows.id.isin(now_open.id)
        columns[f"day_{k}"] = ibis.ifelse(here, rows.day, None).cast("date")
    schema = like.schema()
    for name in like.columns:
        if name not in columns:
            columns[name] = ibis.null(schema[name])
    return rows.select(**{name: columns[name] for name in like.columns})


def _closing_days(material: Material, defined: Defined) -> ir.Table:
    """Return ``id`` and ``closed_on``: the first day on which a history has a record closed."""
    last = len(defined.funnel.stages) - 1
    closed = [stage for step in defined.steps[last:] for stage in step.stages]
    parts = [
        entries_of(history, closed, material.known).select("id", "day")
        for history in material.histories
    ]
    if not parts:
        table = material.gathered.usable
        return table.select(id=table.id, closed_on=ibis.null("date")).limit(0)
    rows = parts[0].union(*parts[1:]) if len(parts) > 1 else parts[0]
    return rows.group_by("id").aggregate(closed_on=rows.day.min())


def _day(step: Step, table: ir.Table) -> Any:
    days = [table[column] for column in step.plain]
    days += [table.created] if step.created else []
    days += [day_of(stage, table) for stage in step.stages if stage.columns]
    if not days:
        return ibis.null("date")
    return ibis.least(*days) if len(days) > 1 else days[0]


def _status(table: ir.Table, known: Catalogue, defined: Defined) -> Any:
    """Return the position of each record's current stage, null where it is no step."""
    position = {stage.key: k for k, step in enumerate(defined.steps) for stage in step.stages}
    created = 0 if defined.steps[0].created else None
    named = [
        (table.stage == text, where)
        for text, key in known.texts.items()
        if (where := position.get(key, created)) is not None
    ]
    none = ibis.null("int64")
    return ibis.cases(*named, else_=none) if named else none


def _is_open(table: ir.Table, known: Catalogue) -> Any:
    """Return whether a record is known to be open now."""
    texts = sorted(known.open_now)
    return table.stage.isin(texts).fill_null(False) if texts else ibis.literal(False)


def _clocked(step: Step, gathered: Gathered, histories: Sequence[History]) -> bool:
    columns = {column for stage in step.stages for column, _ in stage.columns}
    columns |= {*step.plain} | ({"created"} if step.created else set())
    columns |= {"closed"} if step.stages and not columns else set()
    recorded = any(stage.recorded for stage in step.stages)
    clock = any(history.days.has_clock for history in histories)
    return bool(columns & gathered.clocked) or (recorded and clock)
