"""What questions look at: a few columns of the journeys, and what each record says to one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import ibis

from funnelkit.counts import accounts
from funnelkit.data import journeys as journey
from funnelkit.data.definition import ENTERED_AT, Funnel
from funnelkit.data.records import Leads

if TYPE_CHECKING:
    import ibis.expr.types as ir


class Question(NamedTuple):
    """What a triangle asks: positions of start and target, and segments."""

    start: int
    target: int
    by: tuple[str, ...]


def lean_of(leads: Leads, table: ir.Table, questions: Sequence[Question]) -> ir.Table:
    """Return what the questions look at, as few columns as can be.

    Columns: ``place`` (number of the day, where there are several) and ``end`` (the day), for each
    start ``began_<k>`` (null outside of its denominator), for each target ``came_<k>`` (null if it
    did not; the last day where it is not known) and ``unseen_<k>``, ``exit``, ``left`` and
    ``left_unseen`` alike, ``entered_at``, ``group_<name>`` for each other segment, and ``account``
    (see :func:`funnelkit.counts.accounts.of_several`).
    """
    funnel, none = leads.funnel, ibis.null("date")
    if "end" not in table.columns:
        table = table.mutate(end=ibis.literal(leads.as_of))
    columns: dict[str, Any] = {"place": table["place"]} if "place" in table.columns else {}
    for k in sorted({question.start for question in questions}):
        inside = journey.in_rates(table, k, leads.left_out_before) & table.kept
        columns[f"began_{k}"] = ibis.ifelse(inside, table[f"date_{k}"], none)
    for k in sorted({question.target for question in questions}):
        day = ibis.coalesce(table[f"date_{k}"], table.end)
        columns[f"came_{k}"] = ibis.ifelse(table[f"reached_{k}"], day, none)
        columns[f"unseen_{k}"] = ~table[f"observed_{k}"]
    gone = table.exit.notnull()
    columns["exit"] = table.exit.cast("int32")
    columns["left"] = ibis.ifelse(gone, ibis.coalesce(table.exit_date, table.end), none)
    columns["left_unseen"] = gone & table.exit_date.isnull()
    columns["entered_at"] = table.entered_at
    for name in sorted(_segments(questions)):
        # Blank ones are an empty text, so that they join.
        columns[f"group_{name}"] = journey.segment(table, funnel, name).fill_null("")
    if funnel.account is not None:
        columns["account"] = accounts.of_several(table)
    return table.select(**columns, end=table.end)


def looked_at(questions: Sequence[Question]) -> set[str]:
    """Return the columns of :func:`lean_of` that differ by what is asked."""
    columns = {f"began_{question.start}" for question in questions}
    columns |= {f"came_{question.target}" for question in questions}
    return columns | {f"group_{name}" for name in _segments(questions)}


def every_question(funnel: Funnel, columns: Iterable[str]) -> list[Question]:
    """Return questions that look at every stage, and at the segments among some columns."""
    groups = [name for name in columns if name.startswith("group_")]
    by = tuple(name.removeprefix("group_") for name in groups)
    return [Question(k, k + 1, by) for k in range(len(funnel.stages) - 1)]


def said_to(leads: Leads, lean: ir.Table, questions: Sequence[Question]) -> ir.Table:
    """Return what each record says to each question; several are asked by a join with a few rows.

    Columns: ``place`` (where there are several days), ``ask`` (the number of the question),
    ``shared`` (that of the first one with the same denominators), ``by_<i>``, ``began``,
    ``outcome`` (0 the target, 1 … the exits, -1 open), ``undated``, ``day`` (of the outcome, or
    the last one), ``end``, ``late`` (for delayed entry), ``account`` (where the funnel has one)
    and ``inside``.
    """
    since = leads.recorded_from
    pick = _Pick(lean, questions, denominators(leads, questions))
    began = pick(lambda one: one.start, lambda k: pick.table[f"began_{k}"])
    came = pick(lambda one: one.target, lambda k: pick.table[f"came_{k}"])
    unseen = pick(lambda one: one.target, lambda k: pick.table[f"unseen_{k}"])
    lean = pick.table
    won, gone = came.notnull(), lean.exit.notnull()
    inside = began.notnull()
    outcome = ibis.ifelse(won, 0, ibis.ifelse(gone, lean.exit + 1, -1)).cast("int32")
    day = ibis.coalesce(came, lean.left, lean.end)
    columns: dict[str, Any] = {"place": lean["place"]} if "place" in lean.columns else {}
    columns |= {"ask": pick.ask, "shared": pick.shared}
    for i in range(max(len(one.by) for one in questions)):
        columns[f"by_{i}"] = pick(partial(_split, i=i), partial(_segment, leads.funnel, pick.table))
    columns |= {
        "began": began,
        "outcome": outcome,
        "undated": ibis.ifelse(won, unseen, lean.left_unseen).cast("int32"),
        "day": ibis.ifelse(day < began, began, day),
        "end": lean.end,
    }
    if since is not None and leads.before_recording == "delayed_entry":
        first = ibis.literal(since)
        columns["late"] = ibis.ifelse(began < first, first.delta(began, unit="day"), 0)
        inside &= ~((won | gone) & (columns["day"] < first) | (first > lean.end))
    if "account" in lean.columns:
        columns["account"] = lean.account
    return lean.select(**columns, inside=inside)


def denominators(leads: Leads, questions: Sequence[Question]) -> list[int]:
    """Return for each question the number of the first one with the same denominators."""
    return _firsts(leads, questions, [(question.start, question.by) for question in questions])


def same_records(leads: Leads, questions: Sequence[Question]) -> list[int]:
    """Return for each question the number of the first one about the same records, split or not."""
    return _firsts(leads, questions, [question.start for question in questions])


def _firsts(leads: Leads, questions: Sequence[Question], alike: Sequence[object]) -> list[int]:
    if leads.recorded_from is not None and leads.before_recording == "delayed_entry":
        return list(range(len(questions)))  # what was decided before is no longer inside
    return [alike.index(one) for one in alike]


def inside(said: ir.Table) -> ir.Table:
    """Return the records in the denominator of each question, each counting as ``n`` = 1."""
    return said.filter(said.inside).drop("inside").mutate(n=ibis.literal(1, "int64"))


def grouped(said: ir.Table) -> ir.Table:
    """Return how many records entered and ended on each pair of days (``n``; 0 outside).

    Notes
    -----
    Records outside of the denominators are not filtered out but count 0: an engine writes what a
    filter looks at once more for each column that it is made of, and journeys are made of many.
    """
    own = [name for name in said.columns if name != "inside"]
    blank = {
        name: ibis.ifelse(said.inside, said[name], ibis.null(said[name].type()))
        for name in own
        if name not in ("place", "ask", "shared")
    }
    table = said.mutate(**blank, inside=said.inside.cast("int32"))
    return table.group_by(own).aggregate(n=table.inside.sum())


def _split(question: Question, i: int) -> str | None:
    return question.by[i] if i < len(question.by) else None


def _segment(funnel: Funnel, lean: ir.Table, name: str | None) -> Any:
    if name is None:
        return ibis.literal("")
    if name == ENTERED_AT:
        return journey.segment(lean, funnel, name).fill_null("")
    return lean[f"group_{name}"]


def _segments(questions: Iterable[Question]) -> set[str]:
    """Return the segments that are not at hand anyway: where a record entered is a number."""
    return {name for question in questions for name in question.by} - {ENTERED_AT}


class _Pick:
    """Columns that differ between questions, picked by numbers that stand beside each record."""

    def __init__(
        self, lean: ir.Table, questions: Sequence[Question], shared: Sequence[int]
    ) -> None:
        self.questions = questions
        self.table, nought = lean, ibis.literal(0, "int32")
        self.ask, self.shared = nought, nought
        if len(questions) > 1:
            numbers = {"ask": list(range(len(questions))), "shared": list(shared)}
            small = ibis.memtable(numbers, schema=dict.fromkeys(numbers, "int32"))
            self.table = lean.cross_join(small)
            self.ask, self.shared = self.table.ask, self.table.shared

    def __call__(self, part: Callable[[Question], Hashable], column: Callable[[Any], Any]) -> Any:
        """Return the column that each question asks for, by the part of it that tells which."""
        asked: dict[Any, list[int]] = {}
        for number, question in enumerate(self.questions):
            asked.setdefault(part(question), []).append(number)
        *others, last = asked
        tests = [(self.ask.isin(asked[one]), column(one)) for one in others]
        return ibis.cases(*tests, else_=column(last)) if tests else column(last)
