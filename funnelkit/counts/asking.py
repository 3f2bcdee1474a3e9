"""Several questions from one scan of the journeys, counted by the engine.

One scan keeps what any of the questions looks at: the days of their starts and targets, and how a
record left. Each question then groups these few columns by cohort, outcome and age; questions with
the same start and segments share their denominators. No lead row travels to Python.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import ibis

from funnelkit._core.dates import Unit
from funnelkit.counts import accounts, arrange
from funnelkit.counts.arrange import run, union
from funnelkit.counts.looking import (
    Question,
    denominators,
    grouped,
    inside,
    lean_of,
    said_to,
)
from funnelkit.counts.triangle import Triangle
from funnelkit.data import engines
from funnelkit.data.records import Leads

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

_MONTHLY: tuple[Unit, ...] = ("month", "quarter", "year")
_SHORT = 100_000
"""Answers with more rows than this, such as by day of entry, are not remembered."""
OUTCOME, FOLLOWED, LATE = range(3)


class Answer(NamedTuple):
    """Small grouped counts of one question on one day, and the sums over accounts, if any."""

    outcomes: pd.DataFrame
    followed: pd.DataFrame
    late: pd.DataFrame
    accounts: accounts.Sums | None


_Frames = dict[tuple[int, int], "pd.DataFrame"]
_AccountFrames = tuple[_Frames, _Frames, _Frames]
_remembered: WeakKeyDictionary[Leads, dict[tuple[Question, Unit], Answer]] = WeakKeyDictionary()


def answered(
    leads: Leads, days: Sequence[dt.date], questions: Sequence[Question], cohort: Unit
) -> list[list[Answer]]:
    """Return the counts of each question on each day: one scan of the rows for all of them.

    Questions about ``as_of`` itself are answered from the journeys, which are there already, and
    remembered: a report asks some of them again.
    """
    if not days:
        return []
    if set(days) == {leads.as_of}:
        kept = _remembered.setdefault(leads, {})
        new = [question for question in questions if (question, cohort) not in kept]
        found = dict(zip(new, answers(leads, leads.records, new, cohort)[0], strict=True))
        short = {of: one for of, one in found.items() if len(one.outcomes) <= _SHORT}
        told = [found[of] if of in found else kept[of, cohort] for of in questions]
        kept |= {(question, cohort): answer for question, answer in short.items()}
        return [told] * len(days)
    distinct = sorted(set(days))
    table = leads.standing_on(distinct)
    if leads.funnel.out_of_order == "error":
        leads.refuse_disorder(table)
    every = answers(leads, table, questions, cohort, days=len(distinct))
    return [every[distinct.index(day)] for day in days]


def arranged(
    leads: Leads, as_of: dt.date, question: Question, cohort: Unit, answer: Answer
) -> Triangle:
    """Return the triangle of one question from its grouped counts."""
    funnel = leads.funnel
    grid = arrange.Grid.of(
        answer.outcomes,
        answer.followed,
        funnel.calendar,
        cohort,
        question.by,
        as_of=as_of,
        since=leads.recorded_from,
    )
    late = None
    if leads.recorded_from is not None and leads.before_recording == "delayed_entry":
        late = grid.cube(answer.late)
    names = (funnel.stages[question.target], *funnel.exits)
    return Triangle(
        start=funnel.stages[question.start],
        target=names[0],
        exits=funnel.exits,
        by=question.by,
        segments=grid.segments,
        cohorts=grid.cohorts,
        as_of=as_of,
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
        accounts=None if answer.accounts is None else answer.accounts.on(grid),
        calendar=grid.by_month(grid.having(outcome=0, undated=0), as_of),
        apart=funnel.apart,
    )


def nobody(leads: Leads, as_of: dt.date, start: str) -> str:
    """Return why there is no triangle: nobody entered its start."""
    since = leads.recorded_from
    if since is not None and (leads.before_recording == "left_out" or since > as_of):
        return (
            f"no record entered `{start}` from `recorded_from` ({since.isoformat()}) to `as_of` "
            f"({as_of.isoformat()})."
        )
    return (
        f"no record entered `{start}` on a recorded day up to `as_of` "
        f"({as_of.isoformat()}), so there is no rate from it."
    )


def answers(
    leads: Leads, table: ir.Table, questions: Sequence[Question], cohort: Unit, *, days: int = 1
) -> list[list[Answer]]:
    """Return the counts of each question on each day.

    Parameters
    ----------
    leads
        The leads, for their funnel and the day from which they are recorded.
    table
        Their journeys, as known on one day or on several (column ``place``).
    questions
        What is asked.
    cohort
        Unit of the period of entry.
    days
        Number of days in ``table``.

    Returns
    -------
    list of list of Answer
        For each day, one for each question.
    """
    if not questions:
        return [[] for _ in range(days)]
    lean, has_accounts = lean_of(leads, table, questions), leads.funnel.account is not None
    if len(questions) == 1 and not has_accounts:  # then nothing is looked at twice
        said = grouped(said_to(leads, lean, questions))
    else:
        said = inside(said_to(leads, engines.once(leads.engine, lean, "fk_asked"), questions))
    counted = run(union(_counted(said, cohort)))
    kinds = {kind: counted[counted["kind"] == kind] for kind in (OUTCOME, FOLLOWED, LATE)}
    parts = {kind: _parts(frame) for kind, frame in kinds.items()}
    sums: _AccountFrames = ({}, {}, {})
    if has_accounts:
        sums = _account_sums(leads, said, cohort, kinds[FOLLOWED])
    nothing, shared = counted.iloc[:0], denominators(leads, questions)

    def answer(place: int, ask: int) -> Answer:
        own, together = (place, ask), (place, shared[ask])
        counts = (parts[OUTCOME].get(own), parts[FOLLOWED].get(together), parts[LATE].get(own))
        outcome, followed, late = (nothing if one is None else one for one in counts)
        sizes, xn, xx = sums
        of = None
        if together in sizes:
            of = accounts.Sums(sizes=sizes[together], xn=xn.get(own), xx=xx.get(own))
        return Answer(outcome, followed, late, of)

    return [[answer(place, ask) for ask in range(len(questions))] for place in range(days)]


def outcomes(leads: Leads, table: ir.Table, question: Question, cohort: Unit) -> ir.Table:
    """Return the counts of one question by segment, cohort, outcome and age."""
    said = said_to(leads, lean_of(leads, table, [question]), [question])
    return _counted(grouped(said), cohort)[OUTCOME].drop("kind", "ask")


def _counted(said: ir.Table, cohort: Unit) -> list[ir.Table]:
    """Return the counts of outcomes, of ages at the last day, and of late entries."""
    none, where = ibis.null("date"), _where(said)

    def counts(kind: int, table: ir.Table, **columns: Any) -> ir.Table:
        shown: dict[str, Any] = {name: table[name] for name in where}
        shown["cohort_day"] = _cohort_day(table.began, cohort)
        shown |= {"outcome": ibis.literal(0, "int32"), "undated": ibis.literal(0, "int32")}
        shown |= {"age": columns.pop("age"), "month_day": none} | columns
        table = table.select(**shown, kind=ibis.literal(kind, "int32"), n=table.n)
        keys = [name for name in table.columns if name != "n"]
        counted = table.group_by(keys).aggregate(n=table.n.sum())
        return counted.filter(counted.n > 0)

    dated = (said.outcome == 0) & (said.undated == 0)
    first = said.filter(said.ask == said.shared)
    found = [
        counts(
            OUTCOME,
            said,
            outcome=said.outcome,
            undated=said.undated,
            age=said.day.delta(said.began, unit="day"),
            month_day=ibis.ifelse(dated, said.day.truncate("M"), none),
        ),
        counts(FOLLOWED, first, age=first.end.delta(first.began, unit="day")),
    ]
    if "late" in said.columns:
        late = said.mutate(n=ibis.ifelse(said.late > 0, said.n, 0))
        found.append(counts(LATE, late, age=late.late))
    return found


def _account_sums(
    leads: Leads, said: ir.Table, cohort: Unit, followed: pd.DataFrame
) -> _AccountFrames:
    """Return the sums over accounts of each question on each day: sizes, Σ X·N and Σ X²."""
    keys = _where(said)
    table = said.select(
        *keys,
        "shared",
        "account",
        "outcome",
        cohort_day=_cohort_day(said.began, cohort),
        age=said.day.delta(said.began, unit="day"),
    )
    if cohort in ("quarter", "year", "week"):  # longer than what stands in `cohort_day`
        starts = ibis.memtable(_starts(leads, followed, cohort))
        table = table.join(starts, "cohort_day").drop("cohort_day")
        table = table.rename(cohort_day="period_day")
    sizes, products = map(run, accounts.of_cohorts(leads.engine, table, [*keys, "cohort_day"]))
    xn, xx = (_parts(products[products["kind"] == kind]) for kind in range(2))
    return _parts(sizes), xn, xx


def _where(said: ir.Table) -> list[str]:
    """Return the columns that say which day, question and segment a record counts for."""
    names = ("place", "ask")
    return [name for name in said.columns if name in names or name.startswith("by_")]


def _starts(leads: Leads, counted: pd.DataFrame, cohort: Unit) -> pd.DataFrame:
    """Return each day on which a cohort is known beside the first day of its period."""
    import pandas as pd

    days = pd.Series(counted["cohort_day"].unique())
    periods = leads.funnel.calendar.periods(days, cohort)
    first = [period.start_time.date() for period in periods]
    return pd.DataFrame({"cohort_day": pd.to_datetime(days).dt.date, "period_day": first})


def _parts(counted: pd.DataFrame) -> dict[tuple[int, int], pd.DataFrame]:
    """Return counts by number of the day and of the question."""
    if not len(counted):
        return {}
    names = ["place", "ask"] if "place" in counted.columns else ["ask"]
    found = {}
    for where, rows in counted.groupby(names).indices.items():
        *place, ask = where if isinstance(where, tuple) else (where,)
        found[int(place[0]) if place else 0, int(ask)] = counted.iloc[rows]
    return found


def _cohort_day(began: Any, cohort: Unit) -> Any:
    return began.truncate("M") if cohort in _MONTHLY else began
