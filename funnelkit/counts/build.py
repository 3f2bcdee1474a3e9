"""The one expression that turns journeys into counts; the small results are arranged here.

No lead row travels to Python: the engine groups, and what comes back is as long as the counts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload
from weakref import WeakKeyDictionary

import ibis

from funnelkit._core import checks
from funnelkit._core.dates import UNITS, Unit
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.counts import accounts, arrange
from funnelkit.counts.arrange import run, union
from funnelkit.counts.asking import answered, arranged, nobody, outcomes
from funnelkit.counts.flows import Flows, Stays
from funnelkit.counts.looking import Question
from funnelkit.counts.moments import Moments
from funnelkit.counts.several import Triangles
from funnelkit.counts.triangle import Triangle
from funnelkit.data import engines
from funnelkit.data import journeys as journey
from funnelkit.data.entries import ACCOUNT_NO
from funnelkit.data.records import Leads

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from funnelkit.data.definition import Funnel

_remembered: WeakKeyDictionary[Leads, dict[tuple[str, ...], Stays]] = WeakKeyDictionary()
By = str | Sequence[str] | None
Segmentations = str | tuple[str, ...] | list[str | tuple[str, ...] | None] | None
Day = dt.date | str


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
        Segment column or columns, the funnel's owner column among them; ``"entered_at"`` is built
        in. Segments that the funnel keeps ``apart`` are always among them.
    as_of
        An earlier day on which to stand, or several, for which the rows are scanned once;
        default: that of the leads.

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
    question = _question(leads.funnel, start, target, by)
    checks.one_of("cohort", cohort, UNITS)
    several = isinstance(as_of, (list, tuple))
    given = as_of if isinstance(as_of, (list, tuple)) else [as_of]
    days = [leads.as_of if day is None else leads.earlier("as_of", day) for day in given]
    found = []
    for day, [answer] in zip(days, answered(leads, days, [question], cohort), strict=True):
        if not len(answer.outcomes):
            raise EvidenceError(nobody(leads, day, start))
        found.append(arranged(leads, day, question, cohort, answer))
    return found if several else found[0]


def triangles(
    leads: Leads,
    transitions: Sequence[tuple[str, str]] | None = None,
    *,
    cohort: Unit = "month",
    by: Segmentations = None,
    as_of: Day | None = None,
) -> Triangles:
    """Return the counts of several transitions and segmentations, from one scan of the leads.

    Parameters
    ----------
    leads
        The data.
    transitions
        Pairs of start and target; default: from each stage to the next.
    cohort
        Unit of the period of entry, as in :func:`triangle`.
    by
        One segmentation, or a list of them: each the name of a segment, a tuple of names (split
        by all of them at once) or ``None``.
    as_of
        An earlier day on which to stand; default: that of the leads.

    Returns
    -------
    Triangles
        A mapping of ``(start, target)``, or with a list ``(start, target, by)``, to what
        :func:`triangle` gives for it. Transitions whose start nobody entered are in ``missing``.

    Raises
    ------
    ArgumentError
        For unknown stages, segments or units, or a target that does not follow its start.
    EvidenceError
        If nobody entered any of the starts.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {
    ...         "id": ["a", "b"],
    ...         "lead": ["2026-01-05", "2026-01-09"],
    ...         "sql": ["2026-01-07", None],
    ...         "won": ["2026-02-01", None],
    ...         "source": ["web", "event"],
    ...     }
    ... )
    >>> funnel = fk.Funnel(["lead", "sql", "won"], id="id", segments=["source"])
    >>> leads = fk.from_frame(export, funnel, as_of="2026-02-28")
    >>> every = fk.triangles(leads, by=[None, "source"])
    >>> every["lead", "sql", "source"].segments
    (('event',), ('web',))
    >>> every.to_frame()[["start", "target", "by", "entered", "converted"]]
      start target      by  entered  converted
    0  lead    sql                2          1
    1  lead    sql  source        2          1
    2   sql    won                1          1
    3   sql    won  source        1          1
    """
    checks.one_of("cohort", cohort, UNITS)
    stages = leads.funnel.stages
    pairs = list(pairwise(stages)) if transitions is None else [*map(_pair, transitions)]
    if not pairs:
        raise ArgumentError("`transitions` must hold at least one pair; got none.")
    splits: list[By] = list(by) if isinstance(by, list) else [by]
    if not splits:
        raise ArgumentError("`by` must hold at least one segmentation; got an empty list.")
    questions = {
        (*pair, split) if isinstance(by, list) else pair: _question(leads.funnel, *pair, split)
        for pair in pairs
        for split in splits
    }
    day = leads.as_of if as_of is None else leads.earlier("as_of", as_of)
    [found] = answered(leads, [day], list(questions.values()), cohort)
    counted: dict[tuple[Any, ...], Triangle] = {}
    missing: dict[tuple[Any, ...], str] = {}
    for (key, question), answer in zip(questions.items(), found, strict=True):
        if len(answer.outcomes):
            counted[key] = arranged(leads, day, question, cohort, answer)
        else:
            missing[key] = nobody(leads, day, stages[question.start])
    if not counted:
        raise EvidenceError(next(iter(missing.values())))
    return Triangles(found=MappingProxyType(counted), missing=MappingProxyType(missing))


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
    checks.one_of("cohort", cohort, UNITS)
    question = _question(leads.funnel, start, target, by)
    columns = {name: kind for name, kind in leads.rows.table.schema().items() if name != ACCOUNT_NO}
    rows = ibis.table(columns, name="funnel_rows")
    table = leads.standing_on([leads.as_of], rows=leads.rows.over(rows))
    return engines.sql(outcomes(leads, table, question, cohort), dialect)


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
    funnel, names = leads.funnel, journey.group_names(leads.funnel, by)
    table = leads.journeys
    segments = journey.group_columns(table, funnel, names)
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
        apart=funnel.apart,
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
        For each stage: entered, moved on to a later one, left, still there. Stages between the
        first and the last that nothing but the current status tells of are left out: who has
        passed through them is not known.
    """
    names = journey.group_names(leads.funnel, by)
    kept = _remembered.setdefault(leads, {})  # a report asks some of them again
    if names not in kept:
        kept[names] = _stays(leads, names)
    return kept[names]


def _stays(leads: Leads, names: tuple[str, ...]) -> Stays:
    funnel = leads.funnel
    table = journey.recorded(leads.journeys, funnel, leads.left_out_before)
    undated = known_by_status_alone(table, funnel)
    if undated:
        table, funnel = journey.without(table, funnel, undated)
    segments = journey.group_columns(table, funnel, names)
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
        undated=tuple(leads.funnel.stages[k] for k in undated),
    )


def known_by_status_alone(table: ir.Table, funnel: Funnel) -> list[int]:
    """Return the stages between the first and the last that some reached, but none on a day."""
    between = range(1, len(funnel.stages) - 1)
    if funnel.status is None or not between:
        return []
    columns = {f"dated_{k}": table[f"dated_{k}"].sum() for k in between}
    columns |= {f"reached_{k}": table[f"reached_{k}"].sum() for k in between}
    found = run(table.aggregate(**columns)).fillna(0).iloc[0]
    return [k for k in between if found[f"reached_{k}"] and not found[f"dated_{k}"]]


def undated_stages(leads: Leads) -> tuple[str, ...]:
    """Return the stages between the first and the last that no record entered on a day.

    In a funnel with a status only: nothing but that tells of them, or on an earlier day nothing at
    all. A funnel whose stages have days of their own has none; one that nobody reached is empty.
    """
    funnel, table = leads.funnel, leads.journeys
    between = range(1, len(funnel.stages) - 1)
    if funnel.status is None or not between:
        return ()
    columns = {f"dated_{k}": table[f"dated_{k}"].sum() for k in between}
    found = run(table.aggregate(**columns)).fillna(0).iloc[0]
    return tuple(funnel.stages[k] for k in between if not found[f"dated_{k}"])


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
    funnel, names = leads.funnel, journey.group_names(leads.funnel, by)
    if funnel.value is None:
        raise ArgumentError("`leads`: the funnel has no `value` column, so there is no money.")
    last = len(funnel.stages) - 1
    table = leads.journeys.filter(leads.journeys[f"reached_{last}"])
    segments = journey.group_columns(table, funnel, names)
    known = (table.value != 0).fill_null(False)
    picked = table.select(**segments, day=table[f"date_{last}"], value=table.value, known=known)
    counted = picked.group_by(*segments, "day").aggregate(
        n=picked.count(), known=picked.known.sum(), total=picked.value.sum(where=picked.known)
    )
    return arrange.to_moments(run(counted), names, funnel.calendar, every, leads.as_of)


def _pair(given: object) -> tuple[str, str]:
    if isinstance(given, (tuple, list)) and len(given) == 2:
        return str(given[0]), str(given[1])
    raise ArgumentError(f"`transitions` must be pairs of start and target; got {given!r}.")


def _question(funnel: Funnel, start: str, target: str, by: By) -> Question:
    return Question(*funnel.way(start, target), journey.group_names(funnel, by))


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
