"""Triangle, stays and flows by counting one record after the other."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.reference.journeys import Journey, Policy, Record, journey

Period = Callable[[dt.date], str]
Segment = tuple[str | None, ...]


def month(day: dt.date) -> str:
    return f"{day.year}-{day.month:02d}"


def journeys(records: Sequence[Record], policy: Policy) -> tuple[list[Journey], Counter[str]]:
    """Return the journeys that are kept, and how many records were set aside for each reason."""
    kept, aside = [], Counter[str]()
    for record in records:
        found = journey(record, policy)
        if isinstance(found, str):
            aside[found] += 1
        else:
            kept.append(found)
    return kept, aside


@dataclass
class Counts:
    """A triangle as counters; the keys start with segment and cohort."""

    entered: Counter[Any] = field(default_factory=Counter)
    events: Counter[Any] = field(default_factory=Counter)
    undated: Counter[Any] = field(default_factory=Counter)
    censored: Counter[Any] = field(default_factory=Counter)
    followed: Counter[Any] = field(default_factory=Counter)
    late: Counter[Any] = field(default_factory=Counter)
    by_month: Counter[Any] = field(default_factory=Counter)
    members: dict[Any, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    by_account: dict[Any, list[int | None]] = field(default_factory=lambda: defaultdict(list))


def triangle(
    kept: Sequence[Journey],
    policy: Policy,
    start: str,
    target: str,
    *,
    by: Sequence[str] = (),
    period: Period = month,
) -> Counts:
    """Return counts by segment, cohort, outcome and age."""
    counts = Counts()
    for one in kept:
        began = one.stages.get(start)
        if began is None or not began.dated or began.day is None:
            continue
        outcome, day, dated = _outcome(one, policy, target)
        late = 0
        if policy.recorded_from is not None and began.day < policy.recorded_from:
            if policy.before_recording == "left_out":
                continue
            if outcome is not None and day < policy.recorded_from:
                continue
            if policy.recorded_from > policy.as_of:
                continue  # nobody was under observation yet
            late = (policy.recorded_from - began.day).days
        cell = (tuple(one.value_of(name) for name in by), period(began.day))
        age = max(0, (day - began.day).days)
        counts.entered[cell] += 1
        counts.followed[(*cell, (policy.as_of - began.day).days)] += 1
        if late:
            counts.late[(*cell, late)] += 1
        if outcome is None:
            counts.censored[(*cell, age)] += 1
        elif dated:
            counts.events[(*cell, outcome, age)] += 1
            if outcome == target:
                counts.by_month[(*cell, month(day))] += 1
        else:
            counts.undated[(*cell, outcome, age)] += 1
        counts.members[cell].append((one.record.id, outcome or ""))
        account = one.record.account or f"record {one.record.id}"
        counts.by_account[(*cell, account)].append(age if outcome == target else None)
    return counts


def _outcome(one: Journey, policy: Policy, target: str) -> tuple[str | None, dt.date, bool]:
    """Return what became of a record, its day (or the day by which it came), and if it is dated."""
    hit = one.stages.get(target)
    if hit is not None:
        return target, hit.day or policy.as_of, hit.observed
    if one.exit is not None:
        return one.exit, one.exit_day or policy.as_of, one.exit_day is not None
    return None, policy.as_of, True


def account_sums(counts: Counts) -> dict[Any, dict[str, int]]:
    """Return by cell the number of accounts, Σ N², and Σ X·N and Σ X² at every age."""
    sums: dict[Any, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    oldest = max((key[-1] for key in counts.followed), default=0)
    for (segment, cohort, _), ages in counts.by_account.items():
        cell = sums[segment, cohort]
        cell["accounts"] += 1
        cell["nn"] += len(ages) ** 2
        for age in range(oldest + 1):
            converted = sum(1 for each in ages if each is not None and each <= age)
            cell[f"xn {age}"] += converted * len(ages)
            cell[f"xx {age}"] += converted**2
    return sums


@dataclass
class Stays:
    """What became of those who entered each stage; the keys are segment, stage (and more)."""

    entered: Counter[Any] = field(default_factory=Counter)
    filled: Counter[Any] = field(default_factory=Counter)
    moved_on: Counter[Any] = field(default_factory=Counter)
    left: Counter[Any] = field(default_factory=Counter)
    still_there: Counter[Any] = field(default_factory=Counter)
    days: Counter[Any] = field(default_factory=Counter)


def stays(kept: Sequence[Journey], policy: Policy, *, by: Sequence[str] = ()) -> Stays:
    """Return entered, filled, moved on, left, still there, and days to the next stage."""
    counts = Stays()
    for one in kept:
        days = [stage.day for stage in one.stages.values() if stage.day is not None]
        left_out = policy.recorded_from is not None and policy.before_recording == "left_out"
        if left_out and days and min(days) < policy.recorded_from:
            continue
        segment = tuple(one.value_of(name) for name in by)
        for k, stage in enumerate(policy.stages):
            if stage not in one.stages:
                continue
            here = one.stages[stage]
            counts.entered[segment, stage] += 1
            counts.filled[segment, stage] += here.filled
            later = [name for name in policy.stages[k + 1 :] if name in one.stages]
            if later:
                counts.moved_on[segment, stage] += 1
            elif one.exit is not None:
                counts.left[segment, stage, one.exit] += 1
            elif stage != policy.stages[-1]:  # a win waits for nothing more
                counts.still_there[segment, stage] += 1
            following = one.stages.get(policy.stages[k + 1]) if later else None
            if following is not None and here.observed and following.observed:
                counts.days[segment, stage, (following.day - here.day).days] += 1
    return counts


def flows(
    kept: Sequence[Journey],
    policy: Policy,
    *,
    by: Sequence[str] = (),
    period: Period = month,
) -> tuple[Counter[Any], Counter[Any]]:
    """Return dated entries by segment, step and period, and undated ones by segment and step."""
    entries, undated = Counter[Any](), Counter[Any]()
    for one in kept:
        segment = tuple(one.value_of(name) for name in by)
        for stage, reached in one.stages.items():
            if reached.dated:
                entries[segment, stage, period(reached.day)] += 1
            else:
                undated[segment, stage] += 1
        if one.exit is not None:
            if one.exit_day is not None:
                entries[segment, one.exit, period(one.exit_day)] += 1
            else:
                undated[segment, one.exit] += 1
    return entries, undated
