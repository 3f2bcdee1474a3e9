"""The last plan against what came: the one that was kept, or the one that would have been made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.report.page.facts import Missing
from funnelkit.report.planning.making import assumed, demo_goal
from funnelkit.report.quarter.facts import Against

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.model import FunnelModel
    from funnelkit.plan import Assumptions, PlanRecord, Targets
    from funnelkit.report.planning.making import Source

Kept = tuple[Path, "PlanRecord"]
_YEAR = 12
_NEEDS = (
    "It needs the record of the last plan: name the folder into which `funnelkit plan` writes as "
    "`plans` in funnel.yml. Or name `targets` that hold months of this quarter, and the plan "
    "that would have been made on its eve is taken."
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Looked:
    """What a plan is held against.

    Parameters
    ----------
    source
        The leads as known on the day of the review, and what goes with them.
    quarter
        The quarter.
    model
        Fitted to these leads; ``None``: none could be.
    assumptions
        What the plan of the months to come stands on; ``None``: there is none.
    """

    source: Source
    quarter: pd.Period
    model: FunnelModel | None
    assumptions: Assumptions | None = None


def against_plan(
    seen: Looked, kept: Kept | None, goals: Targets | None, *, demo: bool
) -> Against | Missing:
    """Return the last plan against what came, or what it would need.

    Parameters
    ----------
    seen
        What came.
    kept
        The plan that was kept, with its file.
    goals
        Targets; ``None``: not named.
    demo
        Whether the targets are those of the demonstration.
    """
    if kept is not None:
        path, record = kept
        return _compared(seen, record, source=path.name)
    first = seen.quarter.start_time.to_period("M")
    last = seen.quarter.end_time.to_period("M")
    if not demo and (goals is None or not _holds(goals, first, last)):
        return Missing(_NEEDS)
    try:
        plan = _on_the_eve(seen, None if demo else goals)
    except (ArgumentError, EvidenceError) as error:
        return Missing(f"{_NEEDS} Of before the quarter there is too little for that: {error}")
    return _compared(seen, plan)


def last_record(records: Sequence[Path], quarter: pd.Period, as_of: dt.date) -> Kept | None:
    """Return the plan that stood when a quarter began: the newest of before, else the oldest in it.

    Parameters
    ----------
    records
        Files of plans that were kept.
    quarter
        The quarter; a plan must hold a month of it that is over.
    as_of
        Last day that is known.

    Raises
    ------
    DataError
        If a file holds no plan, with every problem and its line.
    """
    from funnelkit.plan import read_plan

    begin, end = quarter.start_time.date(), quarter.end_time.date()
    found = []
    for path in records:
        record = read_plan(path)
        first, last = record.periods[0], record.periods[-1]
        in_it = first.start_time.date() <= end and last.end_time.date() >= begin
        if in_it and first.end_time.date() <= as_of:
            found.append((path, record))
    before = [one for one in found if one[1].as_of < begin]
    if before:
        return max(before, key=lambda one: (one[1].as_of, str(one[0])))
    return min(found, key=lambda one: (one[1].as_of, str(one[0])), default=None)


def _holds(goals: Targets, first: pd.Period, last: pd.Period) -> bool:
    """Return whether some month of a quarter has a target."""
    inside = (goals.periods >= first) & (goals.periods <= last)
    return bool(goals.amount[inside].sum() > 0)


def _on_the_eve(seen: Looked, goals: Targets | None) -> PlanRecord:
    """Return the plan that would have been made from what was known on the eve of the quarter."""
    from funnelkit.model import fit_funnel
    from funnelkit.plan import PlanRecord, reverse

    source = seen.source
    eve = seen.quarter.start_time.date() - dt.timedelta(days=1)
    then = replace(source, leads=source.leads.at(eve))
    model = fit_funnel(then.leads, by=source.column)
    first = seen.quarter.start_time.to_period("M")
    months = _YEAR if goals is None else (goals.periods[-1] - first).n + 1
    given = assumed(then, model, months)
    goal: Any = demo_goal(given) if goals is None else goals
    by = () if source.column is None else (source.column,)
    return PlanRecord.of(reverse(goal, given), by=by)


def _compared(seen: Looked, record: PlanRecord, source: str = "") -> Against | Missing:
    from funnelkit.plan import compare_to_actual

    try:
        review = compare_to_actual(
            record, seen.source.leads, model=seen.model, assumptions=seen.assumptions
        )
    except (ArgumentError, EvidenceError) as error:
        return Missing(f"The last plan cannot be held against these leads: {error}")
    return Against(review=review, kept=bool(source), made=record.as_of, source=source)
