"""Several questions in one scan: journeys x questions, counted by the engine in one statement.

Every record is looked at once for each question by a join with a small table of questions. What
it says is grouped by the day of entry and the day of the outcome, and that in turn by cohort and
age: no lead row travels to Python, and no question scans the leads anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import ibis

from funnelkit._core.dates import Unit
from funnelkit.counts import accounts, arrange
from funnelkit.counts.arrange import run, union
from funnelkit.counts.triangle import Triangle
from funnelkit.data import engines
from funnelkit.data import journeys as journey
from funnelkit.data.records import Leads

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from funnelkit.data.definition import Funnel

_MONTHLY: tuple[Unit, ...] = ("month", "quarter", "year")
_PLACES = ("place", "ask")
OUTCOME, FOLLOWED, LATE = range(3)


class Question(NamedTuple):
    """What a triangle asks: positions of start and target, and segments."""

    start: int
    target: int
    by: tuple[str, ...]


class Answer(NamedTuple):
    """Small grouped counts of one question on one day, and the sums over accounts, if any."""

    outcomes: pd.DataFrame
    followed: pd.DataFrame
    late: pd.DataFrame
    accounts: accounts.Sums | None


def answered(
    leads: Leads, days: Sequence[dt.date], questions: Sequence[Question], cohort: Unit
) -> list[list[Answer]]:
    """Return the counts of each question on each day: one scan of the rows for all of them.

    Questions about ``as_of`` itself are answered from the journeys, which are there already.
    """
    if not days:
        return []
    if set(days) == {leads.as_of}:
        return answers(leads, leads.records, questions, cohort) * len(days)
    distinct = sorted(set(days))
    table = leads.standing_on(distinct)
    if leads.funnel.out_of_order == "error":
        leads.refuse_disorder(table)
    found = answers(leads, table, questions, cohort, days=len(distinct))
    return [found[distinct.index(day)] for day in days]


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
    picked = looked_at(leads, table, questions)
    has_accounts = "account" in picked.columns
    if has_accounts:
        picked = engines.once(leads.engine, picked, "fk_asked")
        picked = picked.filter(picked.n > 0)
    counted = run(union(_counted(picked, cohort)))
    kinds = {kind: counted[counted["kind"] == kind] for kind in (OUTCOME, FOLLOWED, LATE)}
    parts = {kind: _parts(frame) for kind, frame in kinds.items()}
    sums: dict[tuple[int, int], accounts.Sums] = {}
    if has_accounts:
        sums = _account_sums(leads, picked, cohort, kinds[FOLLOWED])
    nothing = counted.iloc[:0]

    def answer(where: tuple[int, int]) -> Answer:
        found = [parts[kind].get(where, nothing) for kind in (OUTCOME, FOLLOWED, LATE)]
        return Answer(found[0], found[1], found[2], sums.get(where))

    return [[answer((place, ask)) for ask in range(len(questions))] for place in range(days)]


def outcomes(leads: Leads, table: ir.Table, question: Question, cohort: Unit) -> ir.Table:
    """Return the counts of one question by segment, cohort, outcome and age."""
    picked = looked_at(leads, table, [question])
    return _counted(picked, cohort)[OUTCOME].drop("kind")


def looked_at(leads: Leads, table: ir.Table, questions: Sequence[Question]) -> ir.Table:
    """Return how many records in the denominators entered and ended on each pair of days.

    Columns: ``place`` and ``ask`` (number of the day and of the question, where there are
    several), ``by_<i>``, ``began``, ``outcome`` (0 the target, 1 … the exits, -1 open),
    ``undated``, ``day`` (of the outcome, or the last one), ``end``, ``late`` (for delayed entry),
    ``account`` (where the funnel has one) and ``n``, which is 0 for what is outside.

    Notes
    -----
    Records outside of the denominators are not filtered out but count 0: an engine writes what a
    filter looks at once more for each column that it is made of, and journeys are made of many.
    """
    funnel, since = leads.funnel, leads.recorded_from
    end = table["end"] if "end" in table.columns else ibis.literal(leads.as_of)
    table = table.mutate(end=end)
    pick = _Pick(None, questions)
    if len(questions) > 1:
        small = {
            "ask": list(range(len(questions))),
            **{f"ask_{part}": pick.numbers(part) for part in ("start", "target", "by")},
        }
        table = table.cross_join(ibis.memtable(small, schema=dict.fromkeys(small, "int32")))
        pick = _Pick(table, questions)
    inside = pick("start", lambda s: journey.in_rates(table, s, leads.left_out_before))
    inside &= table.kept
    began = pick("start", lambda s: table[f"date_{s}"])
    won = pick("target", lambda t: table[f"reached_{t}"])
    came = pick("target", lambda t: table[f"date_{t}"])
    seen = pick("target", lambda t: table[f"observed_{t}"])
    left = table.exit.notnull() & ~won
    day = ibis.ifelse(won, came, ibis.ifelse(left, table.exit_date, table.end))
    undated = ibis.ifelse(won, ~seen, left & table.exit_date.isnull())
    day = ibis.coalesce(day, table.end)
    columns: dict[str, Any] = {name: table[name] for name in _PLACES if name in table.columns}
    for i in range(max(len(question.by) for question in questions)):
        columns[f"by_{i}"] = pick("by", partial(_segment, table, funnel, i))
    outcome = ibis.ifelse(won, 0, ibis.ifelse(left, table.exit.cast("int32") + 1, -1))
    columns |= {
        "began": began,
        "outcome": outcome.cast("int32"),
        "undated": undated.cast("int32"),
        "day": ibis.ifelse(day < began, began, day),
        "end": table.end,
    }
    if since is not None and leads.before_recording == "delayed_entry":
        first = ibis.literal(since)
        columns["late"] = ibis.ifelse(began < first, first.delta(began, unit="day"), 0)
        decided = (outcome != -1) & (columns["day"] < first)
        inside &= ~(decided | (first > table.end))
    if funnel.account is not None:
        columns["account"] = accounts.account(table)
    own = [*columns]
    table = table.select(**columns, inside=inside)
    blank = {
        name: ibis.ifelse(table.inside, table[name], ibis.null(table[name].type()))
        for name in own
        if name not in _PLACES
    }
    table = table.mutate(**blank, inside=table.inside.cast("int32"))
    return table.group_by(own).aggregate(n=table.inside.sum())


def _counted(picked: ir.Table, cohort: Unit) -> list[ir.Table]:
    """Return the counts of outcomes, of ages at the last day, and of late entries."""
    where = [name for name in picked.columns if name in _PLACES or name.startswith("by_")]
    none = ibis.null("date")

    def counts(kind: int, table: ir.Table, **columns: Any) -> ir.Table:
        shown: dict[str, Any] = {name: table[name] for name in where}
        shown["cohort_day"] = _cohort_day(table.began, cohort)
        shown |= {"outcome": ibis.literal(0, "int32"), "undated": ibis.literal(0, "int32")}
        shown |= {"age": columns.pop("age"), "month_day": none} | columns
        table = table.select(**shown, kind=ibis.literal(kind, "int32"), n=table.n)
        keys = [name for name in table.columns if name != "n"]
        counted = table.group_by(keys).aggregate(n=table.n.sum())
        return counted.filter(counted.n > 0)

    dated = (picked.outcome == 0) & (picked.undated == 0)
    found = [
        counts(
            OUTCOME,
            picked,
            outcome=picked.outcome.cast("int32"),
            undated=picked.undated,
            age=picked.day.delta(picked.began, unit="day"),
            month_day=ibis.ifelse(dated, picked.day.truncate("M"), none),
        ),
        counts(FOLLOWED, picked, age=picked.end.delta(picked.began, unit="day")),
    ]
    if "late" in picked.columns:
        late = picked.mutate(n=ibis.ifelse(picked.late > 0, picked.n, 0))
        found.append(counts(LATE, late, age=late.late))
    return found


def _account_sums(
    leads: Leads, picked: ir.Table, cohort: Unit, followed: pd.DataFrame
) -> dict[tuple[int, int], accounts.Sums]:
    """Return the sums over accounts of each question on each day."""
    keys = [name for name in picked.columns if name in _PLACES or name.startswith("by_")]
    table = picked.mutate(
        cohort_day=_cohort_day(picked.began, cohort),
        age=picked.day.delta(picked.began, unit="day"),
    )
    if cohort in ("quarter", "year", "week"):  # longer than what stands in `cohort_day`
        starts = ibis.memtable(_starts(leads, followed, cohort))
        table = table.join(starts, "cohort_day").drop("cohort_day")
        table = table.rename(cohort_day="period_day")
    sizes, xn, xx = (
        _parts(run(found)) for found in accounts.of_cohorts(table, [*keys, "cohort_day"])
    )
    return {
        where: accounts.Sums(sizes=frame, xn=xn.get(where), xx=xx.get(where))
        for where, frame in sizes.items()
    }


def _starts(leads: Leads, counted: pd.DataFrame, cohort: Unit) -> pd.DataFrame:
    """Return each day on which a cohort is known beside the first day of its period."""
    import pandas as pd

    days = pd.Series(counted["cohort_day"].unique())
    periods = leads.funnel.calendar.periods(days, cohort)
    first = [period.start_time.date() for period in periods]
    return pd.DataFrame({"cohort_day": pd.to_datetime(days).dt.date, "period_day": first})


def _parts(counted: pd.DataFrame) -> dict[tuple[int, int], pd.DataFrame]:
    """Return counts by number of the day and of the question."""
    names = [name for name in _PLACES if name in counted.columns]
    if not names:
        return {(0, 0): counted} if len(counted) else {}
    found = {}
    for where, rows in counted.groupby(names).indices.items():
        at = dict(zip(names, where if isinstance(where, tuple) else (where,), strict=True))
        found[int(at.get("place", 0)), int(at.get("ask", 0))] = counted.iloc[rows]
    return found


def _cohort_day(began: Any, cohort: Unit) -> Any:
    return began.truncate("M") if cohort in _MONTHLY else began


def _segment(table: ir.Table, funnel: Funnel, i: int, by: tuple[str, ...]) -> Any:
    """Return the i-th segment column; blank ones are an empty text, so that they join."""
    return journey.segment(table, funnel, by[i]).fill_null("") if i < len(by) else ibis.literal("")


class _Pick:
    """What differs between questions, picked by the number that stands beside each record."""

    def __init__(self, table: ir.Table | None, questions: Sequence[Question]) -> None:
        self.table = table
        self.questions = questions

    def numbers(self, part: str) -> list[int]:
        """Return for each question the number of its start, target or segments."""
        options = self._options(part)
        return [options.index(getattr(question, part)) for question in self.questions]

    def __call__(self, part: str, column: Callable[[Any], Any]) -> Any:
        """Return the column that each question asks for."""
        options = self._options(part)
        if self.table is None or len(options) == 1:
            return column(options[0])
        number = self.table[f"ask_{part}"]
        *others, last = [(number == i, column(one)) for i, one in enumerate(options)]
        return ibis.cases(*others, else_=last[1])

    def _options(self, part: str) -> list[Any]:
        return list(dict.fromkeys(getattr(question, part) for question in self.questions))
