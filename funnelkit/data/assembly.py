"""From raw sources to typed rows: columns found, days and amounts read, every row tallied."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import ibis

from funnelkit._core import display
from funnelkit._core.errors import DataError
from funnelkit.data import amounts, filters, first_look, parsing, refusals, setting_aside
from funnelkit.data.columns import LogColumns, Places, ReadingRules, locate, replace_columns, shown
from funnelkit.data.definition import Funnel
from funnelkit.data.files import Stamp
from funnelkit.data.finding import Finding
from funnelkit.data.holding import held, is_unique
from funnelkit.data.setting_aside import FILTERED, NO_ID, NO_TIME, OTHER_STAGE
from funnelkit.data.sources import PART, Source

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Typed rows of all sources, computed once.

    Parameters
    ----------
    table
        Wide form: ``id, source, day_<step>…, status, value, owner, account, segment_<k>…,
        keep_<k>…``; log form: ``id, source, step, day`` and the same attributes. Attributes that
        the funnel does not have are absent. Where times carry an offset and the funnel has a zone,
        also their days in UTC: ``utc_<step>…``, or ``utc``. Of several files of one kind, also
        ``part``: a number for the file. Beside ``account`` there may be a number: ``account_no``;
        see :func:`funnelkit.data.holding.held`.
    form
        ``"wide"``: one row per record; ``"log"``: one row per event.
    names
        Name of each source.
    read
        Rows read from each source.
    set_aside
        For each source, reason -> rows that are not in the table.
    clocked
        Positions of the steps whose column tells a time of day.
    zoned
        Whether times carried an offset.
    misfit_examples
        Where rows stand that do not fit the header; never what stands in them.
    notes
        What was found and decided while reading.
    exported
        For funnels with a status, the last complete day: what a status without a date says was
        not known before it.
    findings
        What the audit has to say of the sources.
    unique
        Whether every id stands in one row only, as far as that is known.
    files
        The files that the table is a view of, if it is one: they must not change.
    patterns
        Position of a step -> the pattern that its dates were read by, where they are not ISO.
    history
        Positions of the sources whose rows are events of records, several to an id.
    changes
        What the source knows of earlier values, one row per change, or ``None``: ``id``, ``field``
        (``amount``, ``close_date``, ``owner``, ``stage``, ``forecast_category``,
        ``probability`` …), ``day``, ``at`` (UTC, null where only the day is known), ``old`` and
        ``new`` (texts as they stand; amounts with a decimal point, days ISO).
    """

    table: ir.Table
    form: Literal["wide", "log"]
    names: tuple[str, ...]
    read: tuple[int, ...]
    set_aside: tuple[Mapping[str, int], ...]
    clocked: frozenset[int]
    zoned: bool
    misfit_examples: tuple[str, ...]
    notes: tuple[str, ...]
    exported: dt.date | None = None
    findings: tuple[Finding, ...] = ()
    patterns: Mapping[int, str] = field(default_factory=dict)
    history: frozenset[int] = frozenset()
    unique: bool = False
    files: tuple[Stamp, ...] = ()
    changes: ir.Table | None = None

    def over(self, table: ir.Table) -> Rows:
        """Return the same description over another relation of the same columns."""
        return replace(self, table=table)


def assemble_wide(
    engine: BaseBackend, sources: Sequence[Source], funnel: Funnel, rules: ReadingRules
) -> Rows:
    """Return typed rows from sources with one row per record.

    Raises
    ------
    DataError
        With every problem of every source at once.
    """
    texts = _texts(funnel, rules, funnel.id, funnel.status)
    dates = {funnel.column_of(step) for step in funnel.steps} | {funnel.status_date}
    sources = [
        first_look.looked_over(source, texts=texts, dates=dates, ids=funnel.id)
        for source in sources
    ]
    places, notes, problems = locate(sources, funnel, rules)
    if any(funnel.id not in source.columns for source in sources):
        raise DataError(problems)
    days, values, more = _read_columns(sources, places, funnel, rules, dates - {None})
    problems += more
    if {*rules.where, *rules.exclude} <= {*places, funnel.id}:
        unused, more = filters.unused(sources, rules, funnel.personal)
        notes, problems = notes + unused, problems + more
    for source in sources:
        problems += refusals.of_ids(source, funnel.id)
        if funnel.status in source.columns:
            problems += refusals.of_statuses(source, funnel, filters.kept_by(source, rules))
    if problems:
        raise DataError(problems)

    keeps = filters.kept_together(sources, funnel.id, rules)
    parts, set_aside, plans = [], [], list[Finding]()
    for number, source in enumerate(sources):
        own = {column for column, where in places.items() if number in where}
        columns: dict[str, Any] = {"id": source.text(funnel.id)}
        columns["source"] = ibis.literal(number, "int32")
        if any(PART in source.table.columns for source in sources):
            several = PART in source.table.columns
            columns["part"] = source.table[PART] if several else ibis.null("int32")
        columns |= _step_days(source, funnel, days[number], own)
        columns |= _utc_days(source, funnel, days, number, own)
        plans += _plans(source, funnel, days[number], own, keeps[number])
        columns |= _attributes(source, funnel, own, values.get(number))
        tests = {FILTERED: ~keeps[number], NO_ID: first_look.without_id(source, funnel.id)}
        _, reasons = setting_aside.tallied(source, tests)
        parts.append(setting_aside.usable(source, columns, tests, reasons))
        set_aside.append(reasons)
    table, files = held(engine, sources, parts, numbered=len(sources) == 1)
    return Rows(
        table=table,
        form="wide",
        names=tuple(source.name for source in sources),
        read=tuple(source.rows for source in sources),
        set_aside=tuple(set_aside),
        clocked=frozenset().union(*(_clocked(funnel, found) for found in days)),
        zoned=any(day.zoned for found in days for day in found.values()),
        misfit_examples=tuple(line for source in sources for line in source.misfits[1]),
        notes=(
            *notes,
            *(finding.what for finding in plans),
            *(note for source in sources for note in source.notes),
        ),
        findings=(*(finding for source in sources for finding in source.findings), *plans),
        patterns=_patterns(funnel, days),
        unique=len(sources) == 1 and is_unique(table),
        files=files,
    )


def assemble_log(
    engine: BaseBackend, source: Source, funnel: Funnel, rules: ReadingRules, log: LogColumns
) -> Rows:
    """Return typed rows from a log with one row per event.

    Raises
    ------
    DataError
        With every problem at once.
    """
    columns_of_log = replace_columns(funnel, log)
    texts = _texts(funnel, rules, log.id)
    source = first_look.looked_over(
        source, texts=texts, dates={log.time}, ids=log.id, few=log.stage
    )
    places, notes, problems = locate([source], columns_of_log, rules, log=log)
    if problems:
        raise DataError(problems)
    found, values, problems = _read_columns([source], places, funnel, rules, {log.time})
    days = found[0]
    unused, more = filters.unused([source], rules, funnel.personal)
    notes, problems = notes + unused, problems + more
    problems += refusals.of_ids(source, log.id)
    names = {
        name.strip(): position
        for position, step in enumerate(funnel.steps)
        for name in funnel.log_names_of(step)
    }
    stage, kept = source.text(log.stage), filters.kept_by(source, rules)
    tests = {
        FILTERED: ~kept,
        NO_ID: first_look.without_id(source, log.id),
        OTHER_STAGE: setting_aside.is_other(stage, names),
        NO_TIME: first_look.without_day(source, log.time, days.get(log.time)),
    }
    present, reasons = setting_aside.tallied(source, tests, stage=stage, named=names)
    if not present & set(names):
        problems.append(
            f"`{log.stage}` in `{source.name}` names none of the stages; it holds "
            f"{shown(sorted(present))}. Map them with "
            'columns={"stage": "its name in the log"}.'
        )
    if problems:
        raise DataError(problems)
    step = ibis.cases(
        *[(stage == name, ibis.literal(position, "int32")) for name, position in names.items()],
        else_=ibis.null("int32"),
    )
    columns: dict[str, Any] = {
        "id": source.text(log.id),
        "source": ibis.literal(0, "int32"),
        "step": step,
        "day": days[log.time].days,
    }
    if days[log.time].utc is not None:
        columns["utc"] = days[log.time].utc
    columns |= _attributes(source, funnel, set(places), values.get(0))
    part = setting_aside.usable(source, columns, tests, reasons)
    pattern = days[log.time].pattern
    other = sorted(present - set(names))
    if other:
        notes.append(f"`{log.stage}` values outside the funnel were set aside: {shown(other)}.")
    table, files = held(engine, [source], [part])
    return Rows(
        table=table,
        form="log",
        names=(source.name,),
        read=(source.rows,),
        set_aside=(reasons,),
        clocked=frozenset(range(len(funnel.steps))) if days[log.time].has_clock else frozenset(),
        zoned=days[log.time].zoned > 0,
        misfit_examples=source.misfits[1],
        notes=tuple(notes) + source.notes,
        findings=source.findings,
        patterns=dict.fromkeys(range(len(funnel.steps)), pattern) if pattern else {},
        files=files,
    )


def _read_columns(
    sources: Sequence[Source],
    places: Places,
    funnel: Funnel,
    rules: ReadingRules,
    dates: Collection[str | None],
) -> tuple[list[dict[str, parsing.DayColumn]], dict[int, Any], list[str]]:
    """Return, for each source, its days by column; its amounts; and every problem."""
    days: list[dict[str, parsing.DayColumn]] = []
    values: dict[int, Any] = {}
    unread: dict[str, parsing.Unread] = {}
    problems: list[str] = []
    for number, source in enumerate(sources):
        own = [column for column, where in places.items() if number in where]
        found, bad = parsing.read_days(source, [c for c in own if c in dates], rules.dates)
        days.append(found)
        problems += [column.problem for column in bad.values()]
        unread |= bad
        if funnel.value in own:
            values[number], more = amounts.read_amounts(
                source, str(funnel.value), decimal=rules.decimal, thousands=rules.thousands
            )
            problems += more
    problems += parsing.all_at_once(unread)
    problems += refusals.of_formats(rules.dates.formats, dates)
    every = [column for found in days for column in found.values()]
    return days, values, problems + parsing.mixed_zones(every)


def _step_days(
    source: Source, funnel: Funnel, days: Mapping[str, parsing.DayColumn], own: set[str]
) -> dict[str, Any]:
    """Return the day of each step and the status of each row, from the columns of one source."""
    columns: dict[str, Any] = {}
    status = _status(source, funnel) if funnel.status in own else None
    status_day = days[funnel.status_date].days if funnel.status_date in own else None
    for position, step in enumerate(funnel.steps):
        column = funnel.column_of(step)
        day = days[column].days if column in own and column in days else ibis.null("date")
        closes = step in (funnel.won, *funnel.exits) or funnel.status_date_means == "change"
        if status is not None and status_day is not None and closes:
            day = ibis.coalesce(day, ibis.ifelse(status == position, status_day, ibis.null("date")))
        columns[f"day_{position}"] = day.cast("date")
    if funnel.status is not None:
        columns["status"] = ibis.null("int32") if status is None else status
    return columns


def _utc_days(
    source: Source,
    funnel: Funnel,
    days: Sequence[Mapping[str, parsing.DayColumn]],
    number: int,
    own: set[str],
) -> dict[str, Any]:
    """Return the day in UTC of each step whose times carry an offset, in whatever source."""
    zoned = {column for found in days for column, day in found.items() if day.utc is not None}
    status = _status(source, funnel) if funnel.status in own else None

    def day(column: str | None) -> Any:
        known = column in own and column in days[number]
        utc = days[number][str(column)].utc if known else None
        return ibis.null("date") if utc is None else utc

    columns: dict[str, Any] = {}
    for position, step in enumerate(funnel.steps):
        if {funnel.column_of(step), funnel.status_date} & zoned:
            utc = day(funnel.column_of(step))
            if status is not None:
                none = ibis.null("date")
                by_status = ibis.ifelse(status == position, day(funnel.status_date), none)
                utc = ibis.coalesce(utc, by_status)
            columns[f"utc_{position}"] = utc.cast("date")
    return columns


def _plans(
    source: Source,
    funnel: Funnel,
    days: Mapping[str, parsing.DayColumn],
    own: set[str],
    kept: Any,
) -> list[Finding]:
    """Return what there is to say of the closing dates of records that are not closed."""
    column = funnel.status_date
    if column is None or not {funnel.status, column} <= own or funnel.status_date_means == "change":
        return []
    closed = [funnel.steps.index(step) for step in (funnel.won, *funnel.exits)]
    status, day = _status(source, funnel), days[column].days
    is_open = kept & status.notnull() & ~status.isin(closed)
    entry = funnel.column_of(funnel.stages[0])
    entered = days[entry].days if entry is not None and entry in days else ibis.null("date")
    plans = ibis.ifelse(is_open, day, ibis.null("date"))
    table = source.table.select(open=is_open, plan=plans, early=(plans < entered).fill_null(False))
    plan = table.plan
    row = table.aggregate(
        n=plan.count(),
        last=plan.max(),
        all=ibis.ifelse(table.open, 1, 0).sum(),
        early=ibis.ifelse(table.early, 1, 0).sum(),
    )
    found = row.execute().iloc[0]
    number, early = int(found["n"]), int(found["early"] or 0)
    if not number:
        return []
    records = f"{display.plural(number, 'record')} that {'is' if number == 1 else 'are'}"
    before = f"{display.count(early)} of them before the record began; " if early else ""
    finding = Finding(
        rule="close_date_planned",
        severity="note",
        count=number,
        share=number / int(found["all"]),
        what=f"`{column}` of {records} not closed is a plan ({before}the last one "
        f"{str(found['last'])[:10]}), and is not used.",
        remedy="An open record counts as open up to `as_of`, whatever its planned date.",
    )
    return [finding]


def _patterns(funnel: Funnel, days: Sequence[Mapping[str, parsing.DayColumn]]) -> dict[int, str]:
    """Return the pattern that each step's dates were read by, where they are not ISO."""
    read = {column: day.pattern for found in days for column, day in found.items() if day.pattern}
    columns = {
        position: funnel.column_of(step) or funnel.status_date
        for position, step in enumerate(funnel.steps)
    }
    return {position: read[column] for position, column in columns.items() if column in read}


def _status(source: Source, funnel: Funnel) -> Any:
    text = source.text(str(funnel.status)).lower()
    return ibis.cases(
        *[
            (text.isin([value.strip().lower() for value in funnel.statuses_of(step)]), position)
            for position, step in enumerate(funnel.steps)
        ],
        else_=ibis.null("int32"),
    ).cast("int32")


def _attributes(source: Source, funnel: Funnel, own: set[str], value: Any) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    if funnel.value is not None:
        columns["value"] = value if funnel.value in own else ibis.null("decimal(38, 4)")
    named = {"owner": funnel.owner, "account": funnel.account}
    named |= {f"segment_{number}": name for number, name in enumerate(funnel.segments)}
    named |= {f"keep_{number}": name for number, name in enumerate(funnel.keep)}
    for role, column in named.items():
        if column is not None:
            columns[role] = source.text(column) if column in own else ibis.null("string")
    return columns


def _clocked(funnel: Funnel, days: Mapping[str, parsing.DayColumn]) -> frozenset[int]:
    clocked = {column for column, day in days.items() if day.has_clock}
    return frozenset(
        position
        for position, step in enumerate(funnel.steps)
        if funnel.column_of(step) in clocked
        or (funnel.column_of(step) is None and funnel.status_date in clocked)
    )


def _texts(funnel: Funnel, rules: ReadingRules, *more: str | None) -> set[str | None]:
    """Return the columns that are read as texts."""
    own = {funnel.owner, funnel.account, *funnel.segments, *funnel.keep}
    return {*own, *rules.where, *rules.exclude, *more}
