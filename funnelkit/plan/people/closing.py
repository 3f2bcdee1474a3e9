"""Whom to hire so that people meet demand, and who would have had to be asked for by now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit.plan.people.hiring import Hiring, hiring_plan
from funnelkit.plan.people.programme import Need
from funnelkit.plan.people.requisition import Requisition, earliest_start, requisitions_of

if TYPE_CHECKING:
    from funnelkit.plan.people.load import Load
    from funnelkit.plan.people.standing import Standing
    from funnelkit.plan.people.team import Team

FloatArray = NDArray[np.float64]


def needs_of(team: Team, standing: Standing) -> list[Need]:
    """Return what is short, in quotas and in the hours of each role."""
    fields = standing.fields
    found = []
    demand, capacity = fields["demand"], fields["quota_capacity"]
    quotas = np.array([role.quota is not None for role in team.roles])
    if quotas.any() and not np.isnan(demand).all():
        short = demand - np.nansum(capacity, axis=0)
        found.append(Need(short=short, scale=demand, each=standing.each_quota))
    for k in range(len(team.roles)):
        needed = fields["hours_needed"][k]
        if not np.isnan(needed).all():
            each = np.zeros_like(standing.each_hours)
            each[k] = standing.each_hours[k]
            short = needed - fields["hours_there"][k]
            found.append(Need(short=short, scale=needed, each=each))
    return found


def hires_to_make(
    team: Team,
    load: Load,
    standing: Standing,
    *,
    strict: bool,
    most: int | None,
    latest: bool = True,
) -> Hiring:
    """Return the fewest hires that close the gap, of those who can still be asked for."""
    earliest = [
        earliest_start(team, role, load.periods, load.as_of) if role.hire else None
        for role in team.roles
    ]
    return _planned(team, load, standing, earliest, strict=strict, most=most, latest=latest)


def too_late(team: Team, load: Load, standing: Standing) -> tuple[Requisition, ...]:
    """Return requisitions that would have had to be opened by now, to meet demand in every month.

    Of the fewest hires who would meet it if they could have been asked for at any time.
    """
    earliest = [-len(role.ramp) if role.hire else None for role in team.roles]
    found = _planned(team, load, standing, earliest, strict=True, most=None)
    first = load.periods[0]
    wanted = [
        one
        for role, row in zip(team.roles, found.hires, strict=True)
        for one in requisitions_of(
            team,
            role,
            ((first + int(start), int(n)) for start, n in zip(found.starts, row, strict=True)),
            "needed",
        )
        if one.open_by < load.as_of
    ]
    return tuple(sorted(wanted, key=lambda one: (one.open_by, one.role)))


def _planned(
    team: Team,
    load: Load,
    standing: Standing,
    earliest: list[int | None],
    *,
    strict: bool,
    most: int | None,
    latest: bool = True,
) -> Hiring:
    return hiring_plan(
        needs_of(team, standing),
        curves=[np.array([*role.ramp, 1.0]) for role in team.roles],
        attrition=np.array([role.leaving.value for role in team.roles]),
        earliest=earliest,
        ahead=len(load.periods),
        strict=strict,
        most=most,
        latest=latest,
    )
