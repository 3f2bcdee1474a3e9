"""From typed rows to one row per record, in one scan: the days on which it entered each step.

Only selections, groups, minima, maxima, `ifelse`, `coalesce` and a join with a small table of days
are used, so that engines agree.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit.data.definition import Funnel

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from funnelkit.data.assembly import Rows

ACCOUNT_NO = "account_no"
"""The number of an account; see :func:`funnelkit.data.holding.held`."""
_NO_DAY = "9999"
_DAY_ONE = dt.date(1, 1, 1)
_KINDS = _STAGE, _EXIT, _WIN = range(3)


def entries(
    rows: Rows, funnel: Funnel, days: Sequence[dt.date], *, audited: bool = False
) -> ir.Table:
    """Return one row per record: what its rows say, up to each of several days.

    Columns: ``id``, ``source`` (of its first file), ``first_<step>`` (its first day at all),
    ``last_<step>_<j>`` (its last one up to the ``j``-th of the days), ``newest_<j>`` (for logs, in
    place of most of these: see :func:`_newest`), ``final_<step>`` (its last day at all) and
    ``status`` for funnels with a status, and the attributes. Left out are days that the policies
    of the funnel do not ask for; the audit asks for all of them, and for ``copies`` (rows).
    """
    if rows.unique:
        return _as_they_stand(rows, funnel, audited=audited)
    table = _by_step(rows, funnel)
    firsts, lasts, newest = _asked(rows, funnel, audited=audited)
    has_status = "status" in table.columns
    columns: dict[str, Any] = {f"first_{step}": table[f"day_{step}"].min() for step in firsts}
    for j, day in enumerate(days):
        for step in lasts:
            columns[f"last_{step}_{j}"] = _up_to(table[f"day_{step}"], day).max()
        if newest:
            here = table.day <= ibis.literal(day)
            columns[f"newest_{j}"] = ibis.ifelse(here, table.newest, ibis.null("int32")).max()
    if has_status:
        columns |= {f"final_{k}": table[f"day_{k}"].max() for k in range(len(funnel.steps))}
        columns["status"] = table.status.max()
    if audited:
        columns["copies"] = table.count()
    columns |= _attributes(table, rows)
    if len(rows.names) > 1:
        columns["source"] = table["source"].min()
    records = table.aggregate(by="id", **columns)
    return records if len(rows.names) > 1 else records.mutate(source=ibis.literal(0, "int32"))


def _as_they_stand(rows: Rows, funnel: Funnel, *, audited: bool) -> ir.Table:
    """Return the same where no id repeats: each row is a record, its days are first and last."""
    table = rows.table
    firsts, lasts, _ = _asked(rows, funnel, audited=audited)
    columns: dict[str, Any] = {"id": table.id, "source": table["source"]}
    columns |= {f"first_{step}": table[f"day_{step}"] for step in sorted({*firsts, *lasts})}
    if "status" in table.columns:
        columns |= {f"final_{k}": table[f"day_{k}"] for k in range(len(funnel.steps))}
        columns["status"] = table.status
    if audited:
        columns["copies"] = ibis.literal(1, "int64")
    names = [*_attribute_names(table), *(name for name in (ACCOUNT_NO,) if name in table.columns)]
    return table.select(**columns, **{name: table[name] for name in names})


def known_on(table: ir.Table, rows: Rows, funnel: Funnel, days: Sequence[dt.date]) -> ir.Table:
    """Return what was known of each record at the end of each day, one row for both.

    Columns: those of :func:`entries` without the numbers of days, and no day after ``end``, the
    day; ``ever`` (whether any stage has a day at all), and for funnels with a status
    ``later_<step>`` (1 where the step has a later day). Where ``newest_<j>`` was asked for,
    ``latest`` is the newest day of any stage, or of the only exit; ``last_<exit>`` of an only exit
    is there where it is the newest; and the last day of a win is the newest day or the first win.
    """
    stages = range(len(funnel.stages))
    table = table.mutate(ever=_any(table[f"first_{k}"].notnull() for k in stages))
    table = _on_each(table, days)
    columns: dict[str, Any] = {}
    for name in table.columns:
        stem, _, number = name.rpartition("_")
        if name.startswith("first_"):
            columns[name] = _up_to(table[name], table.end)
        elif name.startswith("final_"):
            later = (table[name] > table.end).fill_null(False)
            columns[f"later_{number}"] = later.cast("int32")
        elif not name.startswith(("last_", "newest_")):
            columns[name] = table[name]
        elif stem not in columns:
            columns[stem] = _on_its_day(table, [f"{stem}_{j}" for j in range(len(days))])
    table = table.select(**columns)
    if "newest" in columns:
        table = _told_by_newest(table, funnel)
    if rows.unique:
        own = [name for name in table.columns if name.startswith("first_")]
        table = table.mutate(**{name.replace("first", "last"): table[name] for name in own})
    if "status" in table.columns and rows.exported is not None:
        before = table.end < ibis.literal(rows.exported)
        then = _status_before_export(table, funnel)
        table = table.mutate(status=ibis.ifelse(before, then, table.status))
    return table


def _on_each(table: ir.Table, days: Sequence[dt.date]) -> ir.Table:
    """Return each record once for each day, ``end``; with its ``place`` where there are several."""
    if len(days) == 1:
        return table.mutate(end=ibis.literal(days[0]))
    numbered = {"place": list(range(len(days))), "end": list(days)}
    return table.cross_join(ibis.memtable(numbered, schema={"place": "int32", "end": "date"}))


def _on_its_day(table: ir.Table, names: Sequence[str]) -> Any:
    """Return the column of the day that a row stands on."""
    if len(names) == 1:
        return table[names[0]]
    options = [(table.place == j, table[name]) for j, name in enumerate(names)]
    return ibis.cases(*options, else_=ibis.null(table[names[0]].type()))


def _newest(table: ir.Table, funnel: Funnel) -> Any:
    """Return the day of each event and what came on it as one number, whose maximum is sought.

    A win outranks an exit of the same day, since the win stands; an exit outranks any other stage
    of its day, since it is taken to have come after. So one maximum, in place of three, tells what
    the last win, the last stage and the last exit would. Of several exits the earliest may count:
    they have maxima of their own, and the number is that of stages alone.
    """
    is_stage = table.step < len(funnel.stages)
    kind = ibis.cases(
        (table.step == len(funnel.stages) - 1, ibis.literal(_WIN, "int32")),
        (is_stage, ibis.literal(_STAGE, "int32")),
        (~is_stage, ibis.literal(_EXIT, "int32")),
        else_=ibis.null("int32"),
    )
    day = table.day.delta(ibis.literal(_DAY_ONE), unit="day").cast("int32")
    number = day * len(_KINDS) + kind
    return number if _has_one_exit(funnel) else ibis.ifelse(is_stage, number, ibis.null("int32"))


def _told_by_newest(table: ir.Table, funnel: Funnel) -> ir.Table:
    """Replace ``newest`` by the days that it tells."""
    won, none = len(funnel.stages) - 1, ibis.null("date")
    number = (table.newest // len(_KINDS)).cast("int32")
    # Through a timestamp, which is what engines make of a day and an interval.
    day = (ibis.literal(_DAY_ONE) + number.as_interval("D")).cast("timestamp").cast("date")
    table = table.mutate(latest=day, kind=table.newest % len(_KINDS))
    told = {f"last_{won}": ibis.ifelse(table.kind == _WIN, table.latest, table[f"first_{won}"])}
    if _has_one_exit(funnel):
        told[f"last_{won + 1}"] = ibis.ifelse(table.kind == _EXIT, table.latest, none)
    return table.mutate(**told).drop("newest", "kind")


def _by_step(rows: Rows, funnel: Funnel) -> ir.Table:
    """Return the rows with a column of days for each step."""
    table = rows.table
    if rows.form == "wide":
        return table
    none = ibis.null("date")
    days = {
        f"day_{k}": ibis.ifelse(table.step == k, table.day, none) for k in range(len(funnel.steps))
    }
    return table.mutate(**days, newest=_newest(table, funnel))


def _asked(rows: Rows, funnel: Funnel, *, audited: bool) -> tuple[range, Sequence[int], bool]:
    """Return the steps whose first day is asked for, those whose last one, and if the newest is."""
    stages, steps = range(len(funnel.stages)), range(len(funnel.steps))
    if audited:
        return steps, steps, False
    all_firsts = funnel.reopened == "first" or "status" in rows.table.columns
    firsts = steps if all_firsts else stages
    if funnel.reopened == "first" or not funnel.exits:
        return firsts, (), False
    if rows.form == "wide":
        return firsts, steps, False
    return firsts, () if _has_one_exit(funnel) else steps[len(stages) :], True


def _has_one_exit(funnel: Funnel) -> bool:
    return len(funnel.exits) == 1


def _up_to(day: Any, end: Any) -> Any:
    return ibis.ifelse(day <= end, day, ibis.null("date"))


def _status_before_export(table: ir.Table, funnel: Funnel) -> Any:
    """Return what is left of a status on an earlier day: nothing but what its dates say."""
    known = _any(table[f"first_{step}"].notnull() for step in range(len(funnel.steps)))
    none = ibis.null("int32")
    started = ibis.literal(0, "int32") if funnel.column_of(funnel.stages[0]) is None else none
    return ibis.ifelse(known, started, none)


def _any(tests: Iterable[Any]) -> Any:
    first, *others = tests
    for other in others:
        first |= other
    return first


def _attributes(table: ir.Table, rows: Rows) -> dict[str, Any]:
    """Return each attribute from the record's earliest row that has it."""
    days = (
        [table.day]
        if rows.form == "log"
        else [table[name] for name in table.columns if name.startswith("day_")]
    )
    first = ibis.coalesce(*[day.cast("string") for day in days], _NO_DAY)
    found: dict[str, Any] = {}
    for name in _attribute_names(table):
        column = table[name]
        key = first + column.cast("string")
        found[name] = column.argmin(key, where=column.notnull())
    return found


def _attribute_names(table: ir.Table) -> list[str]:
    names = [name for name in ("value", "owner", "account") if name in table.columns]
    return names + [name for name in table.columns if name.startswith(("segment_", "keep_"))]
