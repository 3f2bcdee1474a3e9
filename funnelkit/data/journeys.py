"""One expression from entries to journeys: what each record had reached by `as_of`, and when.

Only selections, filters, `ifelse`, `coalesce` and comparisons are used, so that engines agree.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit._core import checks
from funnelkit.data.definition import Funnel
from funnelkit.data.entries import ACCOUNT_NO

if TYPE_CHECKING:
    import ibis.expr.types as ir

LATER = "entered after `as_of`"
NO_STAGE = "no stage reached"
OUT_OF_ORDER = "stages out of order"
_STATES = ("reached", "filled")
_AUDITED = ("copies", "reopened", "reversed")
_REASONS = (LATER, NO_STAGE, OUT_OF_ORDER)


def journeys(table: ir.Table, funnel: Funnel) -> ir.Table:
    """Return what each record had reached, by the policies of the funnel.

    Columns beside those of :func:`funnelkit.data.entries.known_on`, for stages ``k``:
    ``reached_<k>`` (boolean), ``date_<k>`` (the day of entry, or the latest it can have been;
    null where unknown), ``observed_<k>`` (the day was recorded as such), ``dated_<k>`` (it has a
    day of its own, possibly clipped), ``filled_<k>`` (it was reached only because a later one
    was); ``exit`` (position among the exits, or null), ``exit_date``, ``entered_at`` and
    ``furthest`` (positions of stages), ``out_of_order``, ``reopened``, ``reversed`` (booleans)
    and ``aside`` (why the record is set aside, or null) and ``kept`` (whether not).
    ``reopened`` is there where the first days of exits are, for the audit.
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
        return table
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
    days = {e: table[f"{'first' if keep_first else 'last'}_{e}"] for e in exits}
    if not keep_first:
        days = {e: ibis.ifelse(_came_back(table, day, n), none, day) for e, day in days.items()}
    outs: dict[str, Any] = {f"out_{e}": day for e, day in days.items()}
    if {"last_0", f"first_{n}"} <= set(table.columns):
        outs["reopened"] = _any(_came_back(table, table[f"first_{e}"], n) for e in exits)
    table = table.mutate(**outs)
    table = table.mutate(exit_date=_minimum([table[f"out_{e}"] for e in exits]))
    which = ibis.cases(
        *[(table[f"out_{e}"] == table.exit_date, ibis.literal(e - n, "int32")) for e in exits],
        else_=ibis.null("int32"),
    )
    table = table.mutate(
        exit=ibis.coalesce(which, table.status_exit) if "status" in table.columns else which
    )
    if keep_first:
        entry_day = ibis.coalesce(*[table[f"first_{stage}"] for stage in range(n)])
        early = (table.exit_date < entry_day).fill_null(False)
        table = table.mutate(exit_date=ibis.ifelse(early, entry_day, table.exit_date))
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


def _came_back(table: ir.Table, left: Any, stages: int) -> Any:
    """Return whether a stage was entered after the day of an exit."""
    if "latest" in table.columns:
        return left < table.latest
    return _any(left < table[f"last_{stage}"] for stage in range(stages))


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
    has_status = "status" in table.columns
    own = {f"dated_{k}": table[f"first_{k}"].notnull() for k in stages}
    if has_status:
        undated_start = funnel.column_of(funnel.stages[0]) is None
        known = {k: (table.known_to == k).fill_null(False) for k in stages}
        if undated_start:
            known[0] = table.known_to.notnull()
        own |= {f"own_{k}": own[f"dated_{k}"] | known[k] for k in stages}
    table = table.mutate(**own)
    here = [table[f"own_{k}" if has_status else f"dated_{k}"] for k in stages]
    entered = _first_of([table[f"dated_{k}"] for k in stages])
    if has_status:
        if undated_start:
            entered = ibis.ifelse(known[0], ibis.literal(0, "int32"), entered)
        entered = ibis.coalesce(entered, table.known_to)
    table = table.mutate(entered_at=entered, furthest=_first_of(here, reverse=True))

    seen = {f"observed_{k}": table[f"dated_{k}"] & ~table[f"clipped_{k}"] for k in stages}
    table = table.mutate(**seen, **_states(table, funnel, here))

    bounds: dict[str, Any] = {}
    for k in stages[:-1] if has_status else stages[1:-1]:  # else the first has its own day
        day = table[f"date_{k}"]
        next_day = ibis.coalesce(*[table[f"date_{j}"] for j in stages[k + 1 :]])
        # Without a status, who reached a stage on no day was filled in.
        unknown = table[f"reached_{k}"] & day.isnull() if has_status else table[f"filled_{k}"]
        bounds[f"date_{k}"] = ibis.ifelse(unknown, next_day, day)
    table = table.mutate(**bounds)
    if not funnel.exits or funnel.reopened == "last":  # then an exit is after every stage
        return table
    first_day = ibis.coalesce(*[table[f"date_{k}"] for k in stages])
    late_exit = ibis.ifelse(
        (table.exit_date < first_day).fill_null(False), first_day, table.exit_date
    )
    return table.mutate(exit_date=late_exit)


def _states(table: ir.Table, funnel: Funnel, own: Sequence[Any]) -> dict[str, Any]:
    """Return which stages were filled in, and which were reached: by themselves or filled in."""
    columns: dict[str, Any] = {}
    for k, here in enumerate(own):
        filled: Any = ibis.literal(False)
        if funnel.skipped == "fill" and 0 < k < len(own) - 1:
            between = (table.entered_at < k) & (table.furthest > k) & ~here
            filled = between.fill_null(False)
        columns[f"filled_{k}"] = filled
        columns[f"reached_{k}"] = here | filled
    return columns


def _aside(table: ir.Table, funnel: Funnel) -> ir.Table:
    """Say why a record is set aside, as a number; and in words, and whether it is not."""
    nothing = table.furthest.isnull()
    reasons = [(nothing & table.ever, LATER), (nothing, NO_STAGE)]
    if funnel.out_of_order == "drop":
        reasons.append((table.out_of_order, OUT_OF_ORDER))
    numbers = [(test, ibis.literal(_REASONS.index(why), "int8")) for test, why in reasons]
    return _in_words(table.mutate(why_aside=ibis.cases(*numbers, else_=ibis.null("int8"))))


def _in_words(table: ir.Table) -> ir.Table:
    reasons = [(table.why_aside == i, ibis.literal(why)) for i, why in enumerate(_REASONS)]
    aside = ibis.cases(*reasons, else_=ibis.null("string"))
    return table.mutate(aside=aside, kept=table.why_aside.isnull())


def slim(table: ir.Table, funnel: Funnel, *, files: int, audited: bool = False) -> ir.Table:
    """Return the columns of journeys from which all others follow, each as short as can be.

    For the audit these are ``copies``, ``reopened``, ``reversed``, ``first_<exit>`` and
    ``last_<stage>``, too.
    """
    stages = range(len(funnel.stages))
    columns: dict[str, Any] = {"id": table.id}
    if files > 1:
        columns["source"] = table["source"].cast("int16")
    columns |= {f"first_{k}": table[f"first_{k}"] for k in stages}
    columns |= {f"date_{k}": table[f"date_{k}"] for k in stages}
    if "status" in table.columns:
        columns |= {f"{name}_{k}": table[f"{name}_{k}"] for name in _STATES for k in stages}
    else:
        del columns["date_0"]  # it is the first
    columns |= {name: table[name].cast("int8") for name in ("exit", "entered_at", "furthest")}
    columns |= {name: table[name] for name in ("exit_date", "out_of_order", "why_aside")}
    if audited:
        own = [f"first_{e}" for e in range(len(stages), len(funnel.steps))]
        own += [*(f"last_{k}" for k in stages), *_AUDITED]
        columns |= {name: table[name] for name in own}
    attributes = ("value", "owner", "account", ACCOUNT_NO)
    columns |= {
        name: table[name]
        for name in table.columns
        if name in attributes or name.startswith(("segment_", "keep_"))
    }
    return table.select(**columns)


def unfolded(table: ir.Table, funnel: Funnel) -> ir.Table:
    """Return slim journeys with the columns that follow from the others."""
    stages = range(len(funnel.stages))
    columns: dict[str, Any] = {}
    if "source" not in table.columns:
        columns["source"] = ibis.literal(0, "int16")
    if "date_0" not in table.columns:
        columns["date_0"] = table.first_0
    for k in stages:
        first = table[f"first_{k}"]
        day = columns["date_0"] if k == 0 and "date_0" in columns else table[f"date_{k}"]
        columns[f"dated_{k}"] = first.notnull()
        columns[f"observed_{k}"] = first.notnull() & (day == first).fill_null(False)
    if f"{_STATES[0]}_0" not in table.columns:
        columns |= _states(table, funnel, [columns[f"dated_{k}"] for k in stages])
    return _in_words(table.mutate(**columns))


def segment(table: ir.Table, funnel: Funnel, name: str) -> Any:
    """Return a segment of journeys as a column: one of the funnel's, its owner, ``entered_at``.

    Raises
    ------
    ArgumentError
        If there is no such segment; with the closest match.
    """
    checks.member("by", "segment", name, funnel.groups)
    if name in funnel.segments:
        return table[f"segment_{funnel.segments.index(name)}"]
    if name == funnel.owner:
        return table.owner
    return ibis.cases(
        *[(table.entered_at == k, ibis.literal(stage)) for k, stage in enumerate(funnel.stages)],
        else_=ibis.null("string"),
    )


def group_names(funnel: Funnel, by: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the columns to split by, those that are kept apart first.

    Raises
    ------
    ArgumentError
        For a name that is neither a segment nor the owner; with the closest match.
    """
    names = (by,) if isinstance(by, str) else tuple(by or ())
    for name in names:
        checks.member("by", "segment", name, funnel.groups)
    return (*(name for name in funnel.apart if name not in names), *names)


def group_columns(table: ir.Table, funnel: Funnel, names: Sequence[str]) -> dict[str, Any]:
    """Return the columns to group by, ``by_<i>``; blank ones are an empty text, so that they join.

    Raises
    ------
    ArgumentError
        For a name that records cannot be counted by; with the closest match.
    """
    return {f"by_{i}": segment(table, funnel, name).fill_null("") for i, name in enumerate(names)}


def after(changes: ir.Table, table: ir.Table, when: Any) -> ir.Table:
    """Return the changes that came after the day that ``when`` says of their record."""
    later = changes.join(table.select("id", began=when), "id")
    return later.filter((later.day > later.began).fill_null(False))


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


def without(table: ir.Table, funnel: Funnel, dropped: Collection[int]) -> tuple[ir.Table, Funnel]:
    """Return journeys and their funnel without some of the stages.

    A record that had come as far as one of these had come as far as the stage before.
    """
    kept = [k for k in range(len(funnel.stages)) if k not in dropped]
    stems = ("first", "date", "dated", "observed", *_STATES)
    columns = {f"{stem}_{i}": table[f"{stem}_{k}"] for i, k in enumerate(kept) for stem in stems}
    table = table.mutate(**columns)
    reached = [table[f"reached_{i}"] for i in range(len(kept))]
    own = [here & ~table[f"filled_{i}"] for i, here in enumerate(reached)]
    table = table.mutate(entered_at=_first_of(own), furthest=_first_of(reached, reverse=True))
    gone = {funnel.stages[k] for k in dropped}
    mappings = {
        name: {step: told for step, told in getattr(funnel, name).items() if step not in gone}
        for name in ("columns", "status_values")
    }
    return table, funnel.replace(stages=[funnel.stages[k] for k in kept], **mappings)


def entry(table: ir.Table, funnel: Funnel, step: int) -> tuple[Any, Any, Any]:
    """Return day of a step, whether it has a day of its own, and whether it was reached."""
    n = len(funnel.stages)
    if step < n:
        return table[f"date_{step}"], table[f"dated_{step}"], table[f"reached_{step}"]
    reached = (table.exit == step - n).fill_null(False)
    return table.exit_date, table.exit_date.notnull(), reached


def _any(tests: Any) -> Any:
    """Return whether one of several tests passes; one that cannot be told does not."""
    found: Any = ibis.literal(False)
    for test in tests:
        found = found | test
    return found.fill_null(False)


def _first_of(tests: list[Any], *, reverse: bool = False) -> Any:
    """Return the position of the first test, or the last, that passes."""
    numbered = [(test, ibis.literal(k, "int32")) for k, test in enumerate(tests)]
    return ibis.cases(*numbered[:: -1 if reverse else 1], else_=ibis.null("int32"))


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
