"""One expression from typed rows to journeys: what each record had reached by `as_of`, and when.

Only selections, filters, groups, minima, maxima, `ifelse`, `coalesce` and comparisons are used, so
that engines agree.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit._core import checks
from funnelkit.data.definition import ENTERED_AT, Funnel

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from funnelkit.data.assembly import Rows

LATER = "entered after `as_of`"
NO_STAGE = "no stage reached"
OUT_OF_ORDER = "stages out of order"


def entries(rows: Rows, funnel: Funnel, as_of: dt.date) -> ir.Table:
    """Return one row per record: first and last day of each step up to ``as_of``.

    Columns: ``id``, ``source`` (of its first file), ``copies`` (rows), ``ever`` (whether any stage
    has a day at all), ``first_<step>``, ``last_<step>``, ``status``, and the attributes.
    """
    table, end = rows.table, ibis.literal(as_of)
    columns: dict[str, Any] = {"source": table["source"].min(), "copies": table.count()}
    stages = range(len(funnel.stages))
    for step in range(len(funnel.steps)):
        if rows.form == "wide":
            day, is_step = table[f"day_{step}"], ibis.literal(True)
        else:
            day, is_step = table.day, table.step == step
        known = is_step & (day <= end)
        columns[f"first_{step}"] = day.min(where=known)
        columns[f"last_{step}"] = day.max(where=known)
        if "status" in table.columns:
            columns[f"later_{step}"] = (day > end).fill_null(False).cast("int32").max()
    if rows.form == "wide":
        ever = _any(table[f"day_{stage}"].notnull() for stage in stages)
    else:
        ever = table.step < len(funnel.stages)
    columns["ever"] = ever.cast("int32").max()
    if "status" in table.columns:
        columns["status"] = table.status.max()
    columns |= _attributes(rows)
    records = table.aggregate(by="id", **columns)
    if "status" in table.columns and rows.exported is not None and as_of < rows.exported:
        return records.mutate(status=_status_before_export(records, funnel))
    return records


def _status_before_export(records: ir.Table, funnel: Funnel) -> Any:
    """Return what is left of a status on an earlier day: nothing but what its dates say."""
    known = _any(records[f"first_{step}"].notnull() for step in range(len(funnel.steps)))
    none = ibis.null("int32")
    started = ibis.literal(0, "int32") if funnel.column_of(funnel.stages[0]) is None else none
    return ibis.ifelse(known, started, none)


def _attributes(rows: Rows) -> dict[str, Any]:
    """Return each attribute from the record's earliest row that has it."""
    table = rows.table
    days = (
        [table.day]
        if rows.form == "log"
        else [table[name] for name in table.columns if name.startswith("day_")]
    )
    first = ibis.coalesce(*[day.cast("string") for day in days], "9999")
    names = ["value", "owner", "account"]
    names += [name for name in table.columns if name.startswith(("segment_", "keep_"))]
    found: dict[str, Any] = {}
    for name in names:
        if name in table.columns:
            column = table[name]
            key = first + column.cast("string")
            found[name] = column.argmin(key, where=column.notnull())
    return found


def journeys(table: ir.Table, funnel: Funnel) -> ir.Table:
    """Return what each record had reached, by the policies of the funnel.

    Columns beside ``id``, ``source``, ``copies`` and the attributes, for stages ``k``:
    ``reached_<k>`` (boolean), ``date_<k>`` (the day of entry, or the latest it can have been;
    null where unknown), ``observed_<k>`` (the day was recorded as such), ``dated_<k>`` (it has a
    day of its own, possibly clipped), ``filled_<k>`` (it was reached only because a later one
    was); ``exit`` (position among the exits, or null), ``exit_date``, ``entered_at`` and
    ``furthest`` (positions of stages), ``out_of_order``, ``reopened``, ``reversed`` (booleans)
    and ``aside`` (why the record is set aside, or null).
    """
    table = _status_at(table, funnel)
    table = _exits(table, funnel)
    table = _order(table, funnel)
    table = _reached(table, funnel)
    return _aside(table, funnel)


def _status_at(table: ir.Table, funnel: Funnel) -> ir.Table:
    """Add how far the status alone says a record has come, and an exit without a day.

    A status whose day lies after ``as_of`` has not happened yet.
    """
    if "status" not in table.columns:
        return table.mutate(known_to=ibis.null("int32"), status_exit=ibis.null("int32"))
    status, stages = table.status, len(funnel.stages)
    closed = [stages - 1, *range(stages, len(funnel.steps))]
    undone = _any(
        (status == step) & table[f"first_{step}"].isnull() & (table[f"later_{step}"] == 1)
        for step in closed
    )
    none = ibis.null("int32")
    started = ibis.literal(0, "int32") if funnel.column_of(funnel.stages[0]) is None else none
    is_exit = (status >= stages).fill_null(False)
    return table.mutate(
        known_to=ibis.ifelse(is_exit | undone, started, status),
        status_exit=ibis.ifelse(is_exit & ~undone, status - stages, none),
    )


def _exits(table: ir.Table, funnel: Funnel) -> ir.Table:
    """Settle which exit counts, whether it was reopened, and whether a win was reversed."""
    n, last = len(funnel.stages), len(funnel.stages) - 1
    none = ibis.null("date")
    if not funnel.exits:
        nothing = {"exit": ibis.null("int32"), "exit_date": none}
        return table.mutate(**nothing, reopened=ibis.literal(False), reversed=ibis.literal(False))
    keep_first = funnel.reopened == "first"
    exits = range(n, len(funnel.steps))
    table = table.mutate(latest=_maximum([table[f"last_{stage}"] for stage in range(n)]))
    days = {e: table[f"{'first' if keep_first else 'last'}_{e}"] for e in exits}
    if not keep_first:
        days = {e: ibis.ifelse(day < table.latest, none, day) for e, day in days.items()}
    table = table.mutate(
        **{f"out_{e}": day for e, day in days.items()},
        reopened=_any(table[f"first_{e}"] < table.latest for e in exits),
    )
    table = table.mutate(exit_date=_minimum([table[f"out_{e}"] for e in exits]))
    which = ibis.cases(
        *[(table[f"out_{e}"] == table.exit_date, ibis.literal(e - n, "int32")) for e in exits],
        else_=ibis.null("int32"),
    )
    entry_day = ibis.coalesce(*[table[f"first_{stage}"] for stage in range(n)])
    early = (table.exit_date < entry_day).fill_null(False)
    table = table.mutate(
        exit=ibis.coalesce(which, table.status_exit),
        exit_date=ibis.ifelse(early, entry_day, table.exit_date),
    )
    won = table[f"first_{last}"]
    if keep_first:
        stands = won.notnull() & (won <= table.exit_date).fill_null(True)
        cut = {
            f"first_{k}": ibis.ifelse(
                (table[f"first_{k}"] > table.exit_date) & ~stands, none, table[f"first_{k}"]
            )
            for k in range(n)
        }
        reversed_ = ibis.literal(False)
    else:
        reversed_ = (table.exit_date > table[f"last_{last}"]).fill_null(False)
        stands = won.notnull() & ~reversed_
        cut = {f"first_{last}": ibis.ifelse(reversed_, none, won)}
    return table.mutate(
        **cut,
        exit=ibis.ifelse(stands, ibis.null("int32"), table.exit),
        exit_date=ibis.ifelse(stands, none, table.exit_date),
        reversed=reversed_,
    )


def _order(table: ir.Table, funnel: Funnel) -> ir.Table:
    """Take each stage's day to at least that of the stages before it."""
    first = [table[f"first_{k}"] for k in range(len(funnel.stages))]
    table = table.mutate(
        **{
            f"clipped_{k}": _any(day < before for before in first[:k])
            for k, day in enumerate(first)
        }
    )
    days = {
        f"date_{k}": ibis.ifelse(table[f"clipped_{k}"], _maximum(first[:k]), day) if k else day
        for k, day in enumerate(first)
    }
    return table.mutate(**days, out_of_order=_any(table[f"clipped_{k}"] for k in range(len(first))))


def _reached(table: ir.Table, funnel: Funnel) -> ir.Table:
    """Say which stages were reached: by a day, by the status, or by filling."""
    stages = range(len(funnel.stages))
    undated_start = funnel.column_of(funnel.stages[0]) is None
    dated = [table[f"first_{k}"].notnull() for k in stages]
    entered = ibis.cases(
        *[(dated[k], ibis.literal(k, "int32")) for k in stages], else_=ibis.null("int32")
    )
    if undated_start:
        entered = ibis.ifelse(table.known_to.notnull(), ibis.literal(0, "int32"), entered)
    own = {f"dated_{k}": dated[k] for k in stages}
    own |= {f"own_{k}": dated[k] | (table.known_to == k).fill_null(False) for k in stages}
    if undated_start:
        own["own_0"] |= table.known_to.notnull()
    table = table.mutate(**own, entered_at=ibis.coalesce(entered, table.known_to))

    columns: dict[str, Any] = {}
    for k in stages:
        later = _any([table.known_to > k, *(table[f"own_{j}"] for j in stages[k + 1 :])])
        filled = later & (table.entered_at < k).fill_null(False) & ~table[f"own_{k}"]
        columns[f"filled_{k}"] = filled if funnel.skipped == "fill" else ibis.literal(False)
        columns[f"observed_{k}"] = table[f"dated_{k}"] & ~table[f"clipped_{k}"]
    table = table.mutate(**columns)
    table = table.mutate(
        **{f"reached_{k}": table[f"own_{k}"] | table[f"filled_{k}"] for k in stages}
    )

    bounds: dict[str, Any] = {}
    for k in stages:
        next_days = [table[f"date_{j}"] for j in stages[k + 1 :]]
        bound = (
            ibis.ifelse(table[f"reached_{k}"], ibis.coalesce(*next_days), None)
            if next_days
            else None
        )
        day = table[f"date_{k}"]
        bounds[f"date_{k}"] = day if bound is None else ibis.coalesce(day, bound)
    furthest = ibis.cases(
        *[(table[f"reached_{k}"], ibis.literal(k, "int32")) for k in reversed(stages)],
        else_=ibis.null("int32"),
    )
    table = table.mutate(**bounds, furthest=furthest)
    first_day = ibis.coalesce(*[table[f"date_{k}"] for k in stages])
    late_exit = ibis.ifelse(
        (table.exit_date < first_day).fill_null(False), first_day, table.exit_date
    )
    return table.mutate(exit_date=late_exit)


def _aside(table: ir.Table, funnel: Funnel) -> ir.Table:
    reasons = [
        (table.furthest.isnull() & (table.ever == 1), ibis.literal(LATER)),
        (table.furthest.isnull(), ibis.literal(NO_STAGE)),
    ]
    if funnel.out_of_order == "drop":
        reasons.append((table.out_of_order, ibis.literal(OUT_OF_ORDER)))
    return table.mutate(aside=ibis.cases(*reasons, else_=ibis.null("string")))


def segment(table: ir.Table, funnel: Funnel, name: str) -> Any:
    """Return a segment of journeys as a column: one of the funnel's, or ``entered_at``.

    Raises
    ------
    ArgumentError
        If there is no such segment; with the closest match.
    """
    checks.member("by", "segment", name, (*funnel.segments, ENTERED_AT))
    if name != ENTERED_AT:
        return table[f"segment_{funnel.segments.index(name)}"]
    return ibis.cases(
        *[(table.entered_at == k, ibis.literal(stage)) for k, stage in enumerate(funnel.stages)],
        else_=ibis.null("string"),
    )


def in_rates(table: ir.Table, start: int, since: dt.date | None) -> Any:
    """Return whether a journey is in the denominator of rates from a stage.

    It entered the stage on a day of its own (not filled in from a later stage), and not before
    ``since``.
    """
    inside = table[f"dated_{start}"] & table[f"reached_{start}"]
    return inside if since is None else inside & (table[f"date_{start}"] >= ibis.literal(since))


def recorded(table: ir.Table, funnel: Funnel, since: dt.date | None) -> ir.Table:
    """Return the journeys that entered the funnel not before a day."""
    if since is None:
        return table
    first = ibis.coalesce(*[table[f"date_{k}"] for k in range(len(funnel.stages))])
    return table.filter((first >= ibis.literal(since)).fill_null(True))


def entry(table: ir.Table, funnel: Funnel, step: int) -> tuple[Any, Any, Any]:
    """Return day of a step, whether it has a day of its own, and whether it was reached."""
    n = len(funnel.stages)
    if step < n:
        return table[f"date_{step}"], table[f"dated_{step}"], table[f"reached_{step}"]
    reached = (table.exit == step - n).fill_null(False)
    return table.exit_date, table.exit_date.notnull(), reached


def _any(tests: Any) -> Any:
    found: Any = ibis.literal(False)
    for test in tests:
        found = found | test.fill_null(False)
    return found


def _maximum(days: list[Any]) -> Any:
    """Return the latest of several days, null only where all are."""
    return _extreme(days, lambda day, other: day >= other)


def _minimum(days: list[Any]) -> Any:
    """Return the earliest of several days, null only where all are."""
    return _extreme(days, lambda day, other: day <= other)


def _extreme(days: list[Any], beats: Callable[[Any, Any], Any]) -> Any:
    """Return the day that beats all others; written flat, since nested choices double in length."""
    if len(days) == 1:
        return days[0]
    choices = []
    for day in days:
        best = day.notnull()
        for other in days:
            if other is not day:
                best = best & beats(day, other).fill_null(other.isnull())
        choices.append((best, day))
    return ibis.cases(*choices, else_=ibis.null("date"))
