"""What each record had reached by a day: the slow and obvious version, one record at a time.

Nothing of funnelkit is imported here. Every rule of DESIGN.md, section 6, is a few lines of plain
Python, to be read beside that section.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

LATER = "entered after `as_of`"
NO_STAGE = "no stage reached"
OUT_OF_ORDER = "stages out of order"


class Disorder(Exception):
    """A stage is dated before its predecessor and the policy is "error"."""


@dataclass(frozen=True)
class Policy:
    """The definition of the funnel, and the day on which one stands."""

    stages: tuple[str, ...]
    exits: tuple[str, ...]
    as_of: dt.date
    skipped: str = "fill"
    out_of_order: str = "clip"
    reopened: str = "last"
    recorded_from: dt.date | None = None
    before_recording: str = "left_out"


@dataclass(frozen=True)
class Record:
    """All that the export says of one record.

    ``days`` holds every day on which a stage or exit was entered, again and again where a log
    says so. ``status`` is a stage or exit that is known without a day.
    """

    id: str
    days: dict[str, list[dt.date]]
    status: str | None = None
    account: str | None = None
    attributes: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Reached:
    """A stage that was reached, on ``day`` or (where not ``observed``) by then."""

    day: dt.date | None
    dated: bool
    observed: bool
    filled: bool = False


@dataclass(frozen=True)
class Journey:
    """A record as known at the end of ``as_of``."""

    record: Record
    stages: dict[str, Reached]
    exit: str | None
    exit_day: dt.date | None
    entered_at: str

    def value_of(self, segment: str) -> str | None:
        if segment == "entered_at":
            return self.entered_at
        return self.record.attributes.get(segment)


def journey(record: Record, policy: Policy) -> Journey | str:
    """Return the journey of a record, or the reason why it is set aside."""
    happened = {
        step: sorted(day for day in days if day <= policy.as_of)
        for step, days in record.days.items()
    }
    stage_days = {s: happened[s] for s in policy.stages if happened.get(s)}
    exit_days = {e: happened[e] for e in policy.exits if happened.get(e)}
    exit_, exit_day, stage_days = _exit(record, policy, stage_days, exit_days)
    if not stage_days and record.status not in policy.stages:
        ever = any(record.days.get(stage) for stage in policy.stages)
        return LATER if ever else NO_STAGE
    dates, clipped = _in_order(policy, {s: min(days) for s, days in stage_days.items()})
    if clipped and policy.out_of_order == "drop":
        return OUT_OF_ORDER
    if clipped and policy.out_of_order == "error":
        raise Disorder(record.id)
    known = record.status if record.status in policy.stages else None
    stages = _stages(policy, dates, clipped, known)
    entered_at = next((s for s in policy.stages if s in dates), known)
    assert entered_at is not None
    return Journey(record, stages, exit_, exit_day, entered_at)


def _exit(
    record: Record,
    policy: Policy,
    stage_days: dict[str, list[dt.date]],
    exit_days: dict[str, list[dt.date]],
) -> tuple[str | None, dt.date | None, dict[str, list[dt.date]]]:
    """Return the exit that counts, its day, and the stage days that remain."""
    won = policy.stages[-1]
    entry = next((min(stage_days[s]) for s in policy.stages if s in stage_days), None)
    candidates = {}
    for name, days in exit_days.items():
        if policy.reopened == "last":
            latest_stage = max((day for of in stage_days.values() for day in of), default=days[-1])
            if max(days) >= latest_stage:
                candidates[name] = max(days)
        else:
            candidates[name] = min(days)
    if not candidates:
        if record.status in policy.exits and not exit_days.get(record.status):
            return (None if won in stage_days else record.status), None, stage_days
        return None, None, stage_days
    name = min(candidates, key=lambda e: (candidates[e], policy.exits.index(e)))
    day = candidates[name]
    if entry is not None and day < entry:
        day = entry
    if policy.reopened == "last":
        if won in stage_days and day > max(stage_days[won]):
            stage_days = {s: days for s, days in stage_days.items() if s != won}
        elif won in stage_days:
            return None, None, stage_days
    else:
        if won in stage_days and min(stage_days[won]) <= day:
            return None, None, stage_days
        before = {s: [d for d in days if d <= day] for s, days in stage_days.items()}
        stage_days = {s: days for s, days in before.items() if days}
    return name, day, stage_days


def _in_order(policy: Policy, first: dict[str, dt.date]) -> tuple[dict[str, dt.date], set[str]]:
    """Return effective days and the stages whose day was taken to a predecessor's."""
    dates, clipped, latest = {}, set(), None
    for stage in policy.stages:
        if stage in first:
            if latest is not None and first[stage] < latest:
                clipped.add(stage)
                dates[stage] = latest
            else:
                dates[stage] = latest = first[stage]
    return dates, clipped


def _stages(
    policy: Policy, dates: dict[str, dt.date], clipped: set[str], known: str | None
) -> dict[str, Reached]:
    """Return the stages that were reached: dated, known, or filled."""
    position = {stage: k for k, stage in enumerate(policy.stages)}
    own = [stage for stage in policy.stages if stage in dates or stage == known]
    first = min(position[stage] for stage in (dates or own))
    furthest = max(position[stage] for stage in own)
    reached = {}
    for k, stage in enumerate(policy.stages):
        next_day = next((dates[later] for later in policy.stages[k + 1 :] if later in dates), None)
        if stage in dates:
            reached[stage] = Reached(dates[stage], dated=True, observed=stage not in clipped)
        elif stage == known:
            reached[stage] = Reached(next_day, dated=False, observed=False)
        elif first < k < furthest and policy.skipped == "fill":
            reached[stage] = Reached(next_day, dated=False, observed=False, filled=True)
    return reached
