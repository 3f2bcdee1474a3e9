"""Several questions from one scan of the journeys, counted by the engine.

One scan keeps what any of the questions looks at: the days of their starts and targets, and how a
record left. Each question then groups these few columns by cohort, outcome and age; questions with
the same start and segments share their denominators. No lead row travels to Python.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import ibis

from funnelkit._core.dates import Unit
from funnelkit.counts import accounts, arrange
from funnelkit.counts.arrange import run, union
from funnelkit.counts.looking import (
    Question,
    denominators,
    every_question,
    grouped,
    inside,
    lean_of,
    looked_at,
    said_to,
    same_records,
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
_FEW_ROWS = 2_000_000
"""Of more rows than this, what was looked at is not kept for further questions: it takes room."""
OUTCOME, FOLLOWED, LATE = range(3)


class Answer(NamedTuple):
    """Small grouped counts of one question on one day, and the sums over accounts, if any."""

    outcomes: pd.DataFrame
    followed: pd.DataFrame
    late: pd.DataFrame
    accounts: accounts.Sums | None = None


@dataclass(eq=False)
class _Memory:
    """What was looked at and counted of leads on their last day; a report asks again and again.

    Counts by month say as much as those by quarter and year, of which they are parts; sums over
    accounts do not.
    """

    lean: ir.Table | None = None
    counts: dict[tuple[Question, Unit], Answer] = field(default_factory=dict)
    sums: dict[tuple[Question, Unit], accounts.Sums] = field(default_factory=dict)

    def look(self, leads: Leads, questions: Sequence[Question]) -> ir.Table:
        """Return what the questions look at; asked for more, everything that triangles look at."""
        lean, wanted = self.lean, looked_at(questions)
        if lean is not None and wanted <= set(lean.columns):
            return lean
        if lean is not None:
            questions = every_question(leads.funnel, wanted | set(lean.columns))
        seen = lean_of(leads, leads.looked_through(), questions)
        lean = engines.once(leads.engine, seen, "fk_asked")
        if leads.rows_read <= _FEW_ROWS:
            self.lean = lean
        return lean

    def told(self, leads: Leads, questions: Sequence[Question], cohort: Unit) -> list[Answer]:
        """Return the answers, of which those that are not known are counted."""
        grain: Unit = "month" if cohort in _MONTHLY else cohort
        distinct = list(dict.fromkeys(questions))
        counts = {one: self.counts[one, grain] for one in distinct if (one, grain) in self.counts}
        sums = {one: self.sums[one, cohort] for one in distinct if (one, cohort) in self.sums}
        uncounted = [one for one in distinct if one not in counts]
        parts = {one: _finest(one, distinct) for one in uncounted}
        uncounted = [one for one in uncounted if parts[one] is one]
        has_accounts = leads.funnel.account is not None
        unsummed = [one for one in distinct if one not in sums] if has_accounts else []
        lean = None
        if self.lean is None and _is_lone(leads, uncounted):
            passing = lean_of(leads, leads.looked_through(), uncounted)
            said = grouped(said_to(leads, passing, uncounted))
            counts[uncounted[0]] = _counts(leads, said, uncounted, cohort)[0][0]
        elif uncounted:
            lean = self.look(leads, list(dict.fromkeys([*uncounted, *unsummed])))
            said = inside(said_to(leads, lean, uncounted))
            counts |= zip(uncounted, _counts(leads, said, uncounted, cohort)[0], strict=True)
        counts |= {one: _together(counts[part], part, one) for one, part in parts.items()}
        if unsummed:
            lean = self.look(leads, unsummed) if lean is None else lean
            said = inside(said_to(leads, lean, unsummed))
            frames = [counts[one].followed for one in unsummed]
            [found] = _account_sums(leads, said, unsummed, cohort, followed=frames)
            sums |= zip(unsummed, found, strict=True)
        short = {one for one in counts if len(counts[one].outcomes) <= _SHORT}
        self.counts |= {(one, grain): counts[one] for one in short}
        self.sums |= {(one, cohort): sums[one] for one in short & set(sums)}
        return [counts[one]._replace(accounts=sums.get(one)) for one in questions]


_remembered: WeakKeyDictionary[Leads, _Memory] = WeakKeyDictionary()


def answered(
    leads: Leads, days: Sequence[dt.date], questions: Sequence[Question], cohort: Unit
) -> list[list[Answer]]:
    """Return the counts of each question on each day: one scan of the rows for all of them.

    Questions about ``as_of`` itself are answered from the journeys, which are there already, and
    remembered.
    """
    if not days:
        return []
    if set(days) == {leads.as_of}:
        memory = _remembered.setdefault(leads, _Memory())
        return [memory.told(leads, questions, cohort)] * len(days)
    distinct = sorted(set(days))
    table = leads.standing_on(distinct)
    if leads.funnel.out_of_order == "error":
        leads.refuse_disorder(table)
    every = _on_days(leads, table, questions, cohort, days=len(distinct))
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


def _on_days(
    leads: Leads, table: ir.Table, questions: Sequence[Question], cohort: Unit, *, days: int
) -> list[list[Answer]]:
    """Return the counts of each question on each of several days (column ``place``)."""
    if not questions:
        return [[] for _ in range(days)]
    lean = lean_of(leads, table, questions)
    if _is_lone(leads, questions):
        return _counts(leads, grouped(said_to(leads, lean, questions)), questions, cohort, days)
    lean = engines.once(leads.engine, lean, "fk_asked")
    said = inside(said_to(leads, lean, questions))
    counts = _counts(leads, said, questions, cohort, days)
    if leads.funnel.account is None:
        return counts
    frames = [answer.followed for answers in counts for answer in answers]
    sums = _account_sums(leads, said, questions, cohort, followed=frames, days=days)
    return [
        [answer._replace(accounts=one) for answer, one in zip(*each, strict=True)]
        for each in zip(counts, sums, strict=True)
    ]


def _finest(question: Question, questions: Sequence[Question]) -> Question:
    """Return the one of several questions of whose counts those of a question are sums."""
    alike = [one for one in questions if one[:2] == question[:2] and {*one.by} >= {*question.by}]
    return max(alike, key=lambda one: (len(one.by), one is question))


def _together(answer: Answer, of: Question, question: Question) -> Answer:
    """Return the counts of a question from those of a finer one, segments together."""
    if of is question:
        return answer

    def summed(counts: pd.DataFrame) -> pd.DataFrame:
        own = {f"by_{i}": counts[f"by_{of.by.index(name)}"] for i, name in enumerate(question.by)}
        table = counts[[name for name in counts if not str(name).startswith("by_")]].assign(**own)
        keys = [name for name in table if name != "n"]
        return table.groupby(keys, dropna=False, sort=False).agg(n=("n", "sum")).reset_index()

    return Answer(summed(answer.outcomes), summed(answer.followed), summed(answer.late))


def _is_lone(leads: Leads, questions: Sequence[Question]) -> bool:
    """Return whether what the questions look at is looked at once, so that it need not be kept."""
    return len(questions) == 1 and leads.funnel.account is None


def _counts(
    leads: Leads, said: ir.Table, questions: Sequence[Question], cohort: Unit, days: int = 1
) -> list[list[Answer]]:
    """Return the counts of each question on each day, without sums over accounts."""
    counted = run(union(_counted(said, cohort)))
    parts = {kind: _parts(counted[counted["kind"] == kind]) for kind in (OUTCOME, FOLLOWED, LATE)}
    nothing, shared = counted.iloc[:0], denominators(leads, questions)

    def answer(place: int, ask: int) -> Answer:
        own, together = (place, ask), (place, shared[ask])
        return Answer(
            parts[OUTCOME].get(own, nothing),
            parts[FOLLOWED].get(together, nothing),
            parts[LATE].get(own, nothing),
        )

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
    leads: Leads,
    said: ir.Table,
    questions: Sequence[Question],
    cohort: Unit,
    *,
    followed: Iterable[pd.DataFrame],
    days: int = 1,
) -> list[list[accounts.Sums]]:
    """Return the sums over accounts of each question on each day."""
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
    alike, shared = same_records(leads, questions), denominators(leads, questions)
    found = accounts.of_cohorts(
        leads.engine, table, [*keys, "cohort_day"], alike=alike if set(alike) < {*shared} else ()
    )
    counted, products = map(run, found)
    sizes, none = _parts(counted), counted.iloc[:0]
    xn, xx = (_parts(products[products["kind"] == kind]) for kind in range(2))

    def sums(place: int, ask: int) -> accounts.Sums:
        own, together = (place, ask), (place, shared[ask])
        return accounts.Sums(sizes=sizes.get(together, none), xn=xn.get(own), xx=xx.get(own))

    return [[sums(place, ask) for ask in range(len(questions))] for place in range(days)]


def _where(said: ir.Table) -> list[str]:
    """Return the columns that say which day, question and segment a record counts for."""
    names = ("place", "ask")
    return [name for name in said.columns if name in names or name.startswith("by_")]


def _starts(leads: Leads, counted: Iterable[pd.DataFrame], cohort: Unit) -> pd.DataFrame:
    """Return each day on which a cohort is known beside the first day of its period."""
    import pandas as pd

    columns = [one["cohort_day"] for one in counted]
    days = pd.Series(pd.concat([one for one in columns if len(one)] or columns).unique())
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
