"""Hours: what the work of each month takes, and what people have for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import unknown
from funnelkit.plan.people.erlang import agents_needed, service_level
from funnelkit.plan.people.load import DEAL, Load

if TYPE_CHECKING:
    from funnelkit.plan.people.role import Role
    from funnelkit.plan.people.team import Team

FloatArray = NDArray[np.float64]
_HALVINGS = 40


@dataclass(frozen=True, eq=False, kw_only=True)
class Work:
    """What one role is to do, in hours by month; every shape is ``(H,)``.

    Parameters
    ----------
    needed
        Hours that the work takes.
    answering
        Of these, hours in which people must be there to answer in time.
    per
        Stage -> hours of one more entry to it.
    took
        Stage -> of ``needed``, hours of its entries.
    open_hours
        Hours of each month in which answers are given.
    stages
        Stages that the work belongs to, those that are answered too.
    """

    needed: FloatArray
    answering: FloatArray
    per: dict[str, float]
    took: dict[str, FloatArray]
    open_hours: FloatArray
    stages: tuple[str, ...]


def work_of(team: Team, role: Role, load: Load) -> Work | None:
    """Return what a role is to do; ``None`` where it is told no hours.

    Raises
    ------
    ArgumentError
        If its hours name work that demand knows nothing of.
    """
    if not role.hours and role.response is None:
        return None
    hours_open = team.selling_days(load.periods) * role.hours_per_day
    answering = _answering(role, load, hours_open)
    per: dict[str, float] = {}
    for name, hours in role.hours.items():
        for stage, each in team.activities.get(name, {name: 1.0}).items():
            per[stage] = per.get(stage, 0.0) + hours * each
    took = {stage: hours * load.work[stage] for stage, hours in per.items()}
    answered = {asked_stage(role, load)} if role.response else set()
    return Work(
        needed=answering + sum(took.values()),
        answering=answering,
        per=per,
        took=took,
        open_hours=hours_open,
        stages=tuple(sorted({*per, *answered})),
    )


def work_problems(team: Team, load: Load) -> list[str]:
    """Return hours, activities and responses that name work of which demand knows nothing."""
    known = list(load.work)
    names = {
        f"`hours` of {display.one_line(role.name)!r:.60}": list(role.hours) for role in team.roles
    }
    used = {name for of in names.values() for name in of}
    wrong = [
        f"{where}: {unknown('work', str(name), [*known, *team.activities])} Hours are by stage, by "
        f'activity of the team, or by "{DEAL}".'
        for where, of in names.items()
        for name in of
        if name not in known and name not in team.activities
    ]
    wrong += [
        f"`activities.{name}`: {unknown('stage', str(stage), known)}"
        for name, of in team.activities.items()
        for stage in of
        if stage not in known and name in used
    ]
    wrong += [
        f"`response` of {display.one_line(role.name)!r:.60}: "
        + unknown("stage", str(role.response.stage or "(first)"), list(load.entries))
        for role in team.roles
        if role.response is not None and (role.response.stage or load.first) not in load.entries
    ]
    if wrong and not known:
        none = (
            "Roles have hours of work, and `demand` names none: give a plan, or a mapping such as "
            "{'lead': 400, 'deals': 12} with what comes in each month."
        )
        return [none]
    return wrong


def reached_level(role: Role, work: Work, there: FloatArray, load: Load) -> FloatArray:
    """Return the share answered in time by those who are there, shape ``(H,)``; NaN without any."""
    found = np.full(len(there), np.nan)
    if role.response is None:
        return found
    contacts = load.entries[asked_stage(role, load)]
    left = np.maximum(there - (work.needed - work.answering), 0.0)
    for m, hours in enumerate(work.open_hours):
        if hours > 0 and contacts[m] > 0:
            found[m] = service_level(
                float(contacts[m]) * role.response.peak,
                int(left[m] / hours + 1e-9),
                handling_minutes=role.response.handling_minutes,
                within_seconds=60 * role.response.within_minutes,
                interval_minutes=float(60 * hours),
            ).service_level
    return found


def answered_at_most(role: Role, work: Work, there: FloatArray) -> FloatArray:
    """Return how many contacts a month can be answered in time as asked, ``(H,)``; or infinity.

    The largest number for which those who are there, after all other work, reach the share.
    """
    found = np.full(len(there), np.inf)
    if role.response is None:
        return found
    left = np.maximum(there - (work.needed - work.answering), 0.0)
    for m, hours in enumerate(work.open_hours):
        agents = int(left[m] / hours + 1e-9) if hours > 0 else 0
        low, high = 0.0, agents * 60 * hours / role.response.handling_minutes
        for _ in range(_HALVINGS if agents else 0):
            middle = (low + high) / 2
            level = service_level(
                middle,
                agents,
                handling_minutes=role.response.handling_minutes,
                within_seconds=60 * role.response.within_minutes,
                interval_minutes=float(60 * hours),
            ).service_level
            low, high = (middle, high) if level >= role.response.share else (low, middle)
        found[m] = low / role.response.peak
    return found


def _answering(role: Role, load: Load, hours_open: FloatArray) -> FloatArray:
    """Return the hours in which people must be there so that answers come in time."""
    found = np.zeros(len(hours_open))
    if role.response is None:
        return found
    contacts = load.entries[asked_stage(role, load)]
    for m, hours in enumerate(hours_open):
        if hours > 0 and contacts[m] > 0:
            found[m] = (
                hours
                * agents_needed(
                    float(contacts[m]) * role.response.peak,
                    handling_minutes=role.response.handling_minutes,
                    within_seconds=60 * role.response.within_minutes,
                    interval_minutes=float(60 * hours),
                    service_level=role.response.share,
                ).agents
            )
    return found


def asked_stage(role: Role, load: Load) -> str:
    """Return the stage whose entries a role answers."""
    return (role.response.stage if role.response else None) or load.first or ""
