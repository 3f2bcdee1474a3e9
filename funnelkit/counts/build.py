"""The one expression that turns journeys into counts; the small results are arranged here.

No lead row travels to Python: the engine groups, and what comes back is as long as the counts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import ibis

from funnelkit._core import checks
from funnelkit._core.dates import UNITS, Unit
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.counts import accounts, arrange
from funnelkit.counts.arrange import run, union
from funnelkit.counts.flows import Flows, Stays
from funnelkit.counts.moments import Moments
from funnelkit.counts.triangle import AccountSums, Triangle
from funnelkit.data import engines
from funnelkit.data import journeys as journey
from funnelkit.data.definition import ENTERED_AT
from funnelkit.data.records import Leads

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from funnelkit.data.definition import Funnel

By = str | Sequence[str] | None
Day = dt.date | str


class Question(NamedTuple):
    """What a triangle asks: start, target, unit of cohorts, and segments."""

    start: int
    target: int
    cohort: Unit
    by: tuple[str, ...]

    @property
    def keys(self) -> list[str]:
        """Columns that tell segment and cohort."""
        return [*(f"by_{i}" for i in range(len(self.by))), "cohort_day"]


@overload
def triangle(
    leads: Leads,
    start: str,
    target: str,
    *,
    cohort: Unit = ...,
    by: By = ...,
    as_of: Day | None = ...,
) -> Triangle: ...
@overload
def triangle(
    leads: Leads, start: str, target: str, *, cohort: Unit = ..., by: By = ..., as_of: list[Day]
) -> list[Triangle]: ...
def triangle(
    leads: Leads,
    start: str,
    target: str,
    *,
    cohort: Unit = "month",
    by: By = None,
    as_of: Day | list[Day] | None = None,
) -> Triangle | list[Triangle]:
    """Return the counts by segment, cohort and age of one start -> target transition.

    Parameters
    ----------
    leads
        The data.
    start, target
        Stages, the target after the start.
    cohort
        Unit of the period of entry to ``start``: ``"day"``, ``"week"``, ``"month"``,
        ``"quarter"`` or ``"year"`` of the funnel's calendar.
    by
        Segment column or columns; ``"entered_at"`` is built in. Segments that the funnel keeps
        ``apart`` are always among them.
    as_of
        An earlier day on which to stand, or several; default: that of the leads.

    Returns
    -------
    Triangle or list of Triangle
        Records that entered ``start`` on a day of their own, not before ``recorded_from``. A
        target whose day was not observed is in ``undated`` at the age by which it had come.

    Raises
    ------
    ArgumentError
        For unknown stages, segments or units, or a target that does not follow the start.
    EvidenceError
        If no record entered ``start``.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {"id": ["a", "b"], "lead": ["2026-01-05", "2026-01-09"], "won": ["2026-02-01", None]}
    ... )
    >>> leads = fk.from_frame(export, fk.Funnel(["lead", "won"], id="id"), as_of="2026-02-28")
    >>> fk.triangle(leads, "lead", "won").to_frame()
        cohort  age outcome  undated  n
    0  2026-01   27     won    False  1
    1  2026-01   50           False  1
    """
    if isinstance(as_of, list):
        return [triangle(leads.at(day), start, target, cohort=cohort, by=by) for day in as_of]
    if as_of is not None:
        leads = leads.at(as_of)
    question = _question(leads.funnel, start, target, cohort, by)
    entered = _entered(leads, leads.journeys, question)
    funnel = leads.funnel
    outcomes = run(_outcomes(entered, question))
    if not len(outcomes):
        raise EvidenceError(_nobody(leads, start))
    grid = arrange.Grid.of(
        outcomes,
        run(_followed(entered, question)),
        funnel.calendar,
        cohort,
        question.by,
        as_of=leads.as_of,
        since=leads.recorded_from,
    )
    late = None
    if leads.recorded_from is not None and leads.before_recording == "delayed_entry":
        late = grid.cube(run(_late(entered, question)))
    names = (funnel.stages[question.target], *funnel.exits)
    return Triangle(
        start=start,
        target=target,
        exits=funnel.exits,
        by=question.by,
        segments=grid.segments,
        cohorts=grid.cohorts,
        as_of=leads.as_of,
        entered=grid.followed.sum(axis=2),
        events={
            name: grid.cube(grid.having(outcome=position, undated=0))
            for position, name in enumerate(names)
        },
        undated={
            name: grid.cube(part)
            for position, name in enumerate(names)
            if len(part := grid.having(outcome=position, undated=1))
        },
        censored=grid.cube(grid.having(outcome=-1)),
        followed=grid.followed,
        late=late,
        partial=grid.partial,
        accounts=_accounts(entered, question, grid),
        calendar=grid.by_month(grid.having(outcome=0, undated=0), leads.as_of),
    )


def triangle_sql(
    leads: Leads,
    start: str,
    target: str,
    *,
    cohort: Unit = "month",
    by: By = None,
    dialect: str = "duckdb",
) -> str:
    """Return the query behind :func:`triangle`, for those who run it themselves.

    Parameters
    ----------
    leads, start, target, cohort, by
        As in :func:`triangle`.
    dialect
        SQL dialect: ``"duckdb"``, ``"postgres"`` and ``"spark"`` are tested by running what is
        printed; others that Ibis writes, such as ``"snowflake"`` or ``"bigquery"``, are not.

    Returns
    -------
    str
        One statement over a table ``funnel_rows`` (typed rows, one per record: ``id``,
        ``source``, ``day_0`` … ``day_k`` for the stages and exits in order, then the
        attributes). It yields the segments, ``cohort_day``, ``outcome`` (0 the target, 1 … the
        exits, -1 open), ``undated``, ``age``, ``month_day`` (the first of the month in which a
        dated target came) and ``n``. Texts compare byte by byte, as they do in DuckDB and Spark;
        in PostgreSQL give the columns of text ``COLLATE "C"``.

    Raises
    ------
    ArgumentError
        For unknown stages, segments, units or dialects; with the closest match.
    """
    question = _question(leads.funnel, start, target, cohort, by)
    rows = ibis.table(leads.rows.table.schema(), name="funnel_rows")
    table = journey.entries(leads.rows.over(rows), leads.funnel, leads.as_of)
    table = journey.journeys(table, leads.funnel)
    table = table.filter(table.aside.isnull())
    return engines.sql(_outcomes(_entered(leads, table, question), question), dialect)


def flows(leads: Leads, *, every: Unit = "month", by: By = None) -> Flows:
    """Return first entries to each stage and exit by calendar period.

    Parameters
    ----------
    leads
        The data.
    every
        Unit of the periods.
    by
        Segment column or columns.

    Returns
    -------
    Flows
        Entries on a day of their own; others are in ``undated``.
    """
    checks.one_of("every", every, UNITS)
    funnel, names = leads.funnel, _names(leads.funnel, by)
    table = leads.journeys
    segments = _segments(table, funnel, names)
    parts = []
    for step in range(len(funnel.steps)):
        day, dated, reached = journey.entry(table, funnel, step)
        day = ibis.ifelse(dated, day, ibis.null("date"))
        picked = table.filter(reached).select(**segments, step=ibis.literal(step), day=day)
        parts.append(picked.group_by(*segments, "step", "day").aggregate(n=lambda t: t.count()))
    counted = run(union(parts))
    return arrange.to_flows(
        counted,
        steps=funnel.steps,
        by=names,
        calendar=funnel.calendar,
        every=every,
        as_of=leads.as_of,
        since=leads.recorded_from,
    )


def stays(leads: Leads, *, by: By = None) -> Stays:
    """Return what became of the records that entered each stage.

    Parameters
    ----------
    leads
        The data; records that entered the funnel before ``recorded_from`` are left out.
    by
        Segment column or columns.

    Returns
    -------
    Stays
        For each stage: entered, moved on to a later one, left, still there.
    """
    funnel, names = leads.funnel, _names(leads.funnel, by)
    table = journey.recorded(leads.journeys, funnel, leads.left_out_before)
    segments = _segments(table, funnel, names)
    columns: dict[str, Any] = {}
    for k in range(len(funnel.stages)):
        reached = table[f"reached_{k}"]
        moved = reached & (table.furthest > k)
        columns[f"entered_{k}"] = reached.sum()
        columns[f"filled_{k}"] = table[f"filled_{k}"].sum()
        columns[f"moved_{k}"] = moved.sum()
        for e in range(len(funnel.exits)):
            left = reached & ~moved & (table.exit == e).fill_null(False)
            columns[f"left_{k}_{e}"] = left.sum()
    grouped = table.mutate(**segments, all_=ibis.literal(0)).group_by("all_", *segments)
    return arrange.to_stays(
        run(grouped.aggregate(**columns)),
        run(_waits(table, funnel, segments)),
        run(accounts.of_stages(table, funnel, segments)) if funnel.account else None,
        stages=funnel.stages,
        exits=funnel.exits,
        by=names,
        as_of=leads.as_of,
    )


def moments(leads: Leads, *, every: Unit = "month", by: By = None) -> Moments:
    """Return the money of won records by period of the win.

    Parameters
    ----------
    leads
        The data, of a funnel with ``value``.
    every
        Unit of the periods.
    by
        Segment column or columns.

    Returns
    -------
    Moments
        Counts and exact totals.

    Raises
    ------
    ArgumentError
        If the funnel has no ``value``.
    """
    funnel, names = leads.funnel, _names(leads.funnel, by)
    if funnel.value is None:
        raise ArgumentError("`leads`: the funnel has no `value` column, so there is no money.")
    last = len(funnel.stages) - 1
    table = leads.journeys.filter(leads.journeys[f"reached_{last}"])
    segments = _segments(table, funnel, names)
    known = (table.value != 0).fill_null(False)
    picked = table.select(**segments, day=table[f"date_{last}"], value=table.value, known=known)
    counted = picked.group_by(*segments, "day").aggregate(
        n=picked.count(), known=picked.known.sum(), total=picked.value.sum(where=picked.known)
    )
    return arrange.to_moments(run(counted), names, funnel.calendar, every, leads.as_of)


def _question(funnel: Funnel, start: str, target: str, cohort: Unit, by: By) -> Question:
    checks.one_of("cohort", cohort, UNITS)
    first, last = funnel.stage("start", start), funnel.stage("target", target)
    if last <= first:
        raise ArgumentError(
            f"`target` must come after `start`; got `{start}` -> `{target}` in "
            f"{' -> '.join(funnel.stages)}."
        )
    return Question(first, last, cohort, _names(funnel, by))


def _names(funnel: Funnel, by: By) -> tuple[str, ...]:
    """Return the segments to split by; those that are kept apart come first, asked or not."""
    names = () if by is None else (by,) if isinstance(by, str) else tuple(by)
    for name in names:
        checks.member("by", "segment", name, (*funnel.segments, ENTERED_AT))
    return (*(name for name in funnel.apart if name not in names), *names)


def _segments(table: ir.Table, funnel: Funnel, names: Sequence[str]) -> dict[str, Any]:
    """Return the segment columns, blank ones as an empty text so that they join."""
    return {
        f"by_{i}": journey.segment(table, funnel, name).fill_null("")
        for i, name in enumerate(names)
    }


def _nobody(leads: Leads, start: str) -> str:
    since = leads.recorded_from
    if since is not None and (leads.before_recording == "left_out" or since > leads.as_of):
        return (
            f"no record entered `{start}` from `recorded_from` ({since.isoformat()}) to `as_of` "
            f"({leads.as_of.isoformat()})."
        )
    return (
        f"no record entered `{start}` on a recorded day up to `as_of` "
        f"({leads.as_of.isoformat()}), so there is no rate from it."
    )


def _entered(leads: Leads, table: ir.Table, question: Question) -> ir.Table:
    """Return one row per record in the denominator: segments, cohort, outcome, ages."""
    funnel, s, t = leads.funnel, question.start, question.target
    since, end = leads.recorded_from, ibis.literal(leads.as_of)
    table = table.filter(journey.in_rates(table, s, leads.left_out_before))
    began = table[f"date_{s}"]
    won = table[f"reached_{t}"]
    left = table.exit.notnull() & ~won
    day = ibis.ifelse(won, table[f"date_{t}"], ibis.ifelse(left, table.exit_date, end))
    undated = ibis.ifelse(won, ~table[f"observed_{t}"], left & table.exit_date.isnull())
    day = ibis.coalesce(day, end)
    day = ibis.ifelse(day < began, began, day)
    columns: dict[str, Any] = {
        **_segments(table, funnel, question.by),
        "cohort_day": began.truncate("M") if question.cohort in _MONTHLY else began,
        "outcome": ibis.ifelse(won, 0, ibis.ifelse(left, table.exit + 1, -1)),
        "undated": undated.cast("int32"),
        "age": day.delta(began, unit="day"),
        "month_day": ibis.ifelse(won & ~undated, day.truncate("M"), ibis.null("date")),
        "followed": end.delta(began, unit="day"),
    }
    if since is not None and leads.before_recording == "delayed_entry":
        start = ibis.literal(since)
        columns["late"] = ibis.ifelse(began < start, start.delta(began, unit="day"), 0)
        decided = (columns["outcome"] != -1) & (day < start)
        columns["gone"] = decided | (columns["late"] > columns["followed"])
    if funnel.account is not None:
        columns["account"] = accounts.account(table)
    picked = table.select(**columns)
    return picked.filter(~picked.gone).drop("gone") if "gone" in columns else picked


_MONTHLY: tuple[Unit, ...] = ("month", "quarter", "year")


def _outcomes(entered: ir.Table, question: Question) -> ir.Table:
    keys = [*question.keys, "outcome", "undated", "age", "month_day"]
    return entered.group_by(*keys).aggregate(n=entered.count())


def _followed(entered: ir.Table, question: Question) -> ir.Table:
    table = entered.select(*question.keys, age=entered.followed)
    return table.group_by(*question.keys, "age").aggregate(n=table.count())


def _late(entered: ir.Table, question: Question) -> ir.Table:
    table = entered.filter(entered.late > 0).select(*question.keys, age=entered.late)
    return table.group_by(*question.keys, "age").aggregate(n=table.count())


def _accounts(entered: ir.Table, question: Question, grid: arrange.Grid) -> AccountSums | None:
    if "account" not in entered.columns:
        return None
    regroup = question.cohort in ("quarter", "year", "week")
    return accounts.of_cohorts(entered, question.keys, grid, regroup=regroup)


def _waits(table: ir.Table, funnel: Funnel, segments: dict[str, Any]) -> ir.Table:
    """Return whole days from each stage to the next, both days observed."""
    parts = []
    for k in range(len(funnel.stages) - 1):
        both = table[f"observed_{k}"] & table[f"observed_{k + 1}"] & table[f"reached_{k + 1}"]
        days = table[f"date_{k + 1}"].delta(table[f"date_{k}"], unit="day")
        picked = table.filter(both & table[f"reached_{k}"]).select(
            **segments, stage=ibis.literal(k), days=days
        )
        parts.append(picked.group_by(*segments, "stage", "days").aggregate(n=lambda t: t.count()))
    return union(parts)
