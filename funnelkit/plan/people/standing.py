"""How some people stand against what is asked of them, before anyone else is hired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit.plan.people import sides
from funnelkit.plan.people.leaving import drawn
from funnelkit.plan.people.load import DEAL, Load
from funnelkit.plan.people.supply import Group, Supply, supplied
from funnelkit.plan.people.work import Work, answered_at_most, asked_stage, reached_level, work_of

if TYPE_CHECKING:
    from funnelkit.plan.people.team import Team

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Standing:
    """How some people stand; ``R`` roles, ``H`` months.

    Parameters
    ----------
    fields
        Fields of a ``Capacity`` that do not hang on hires needed.
    each_quota
        What one ramped full-time person of a role wins in a month, shape ``(R, H)``; 0 without a
        quota.
    each_hours
        Hours of one ramped full-time person, shape ``(R, H)``.
    """

    fields: dict[str, Any]
    each_quota: FloatArray
    each_hours: FloatArray


def stand(
    team: Team,
    load: Load,
    groups: Sequence[Sequence[Group]],
    *,
    carry: float,
    n_draws: int,
    seed: int,
) -> Standing:
    """Return how these people stand against what is asked.

    Parameters
    ----------
    team, load
        Who they are, and what is asked.
    groups
        Who starts together, of each role.
    carry
        Share of demand beyond what people can book that waits for the next month.
    n_draws, seed
        Draws of leavers and attainment; the same seed draws the same fates.
    """
    months, roles = load.periods, team.roles
    ahead = len(months)
    supply = [supplied(role, of, ahead) for role, of in zip(roles, groups, strict=True)]
    days = team.selling_days(months)
    own_days = np.array([np.maximum(days - role.leave_days(months), 0.0) for role in roles])
    pace = np.ones_like(own_days)
    if team.pace == "selling days":
        pace = own_days / np.maximum(own_days.mean(axis=1, keepdims=True), 1e-12)
    quota = np.array([role.monthly_quota for role in roles])[:, None] * pace
    capacity = quota * np.array([one.winning for one in supply])
    rngs = np.random.default_rng(seed).spawn(len(roles))
    draws = np.stack(
        [
            drawn(role, of, ahead, n_draws=n_draws, rng=rng) * line
            for role, of, rng, line in zip(roles, groups, rngs, quota, strict=True)
        ],
        axis=1,
    )
    work = [work_of(team, role, load) for role in roles]
    each_hours = own_days * np.array([[r.hours_per_day * r.selling_share] for r in roles])
    there = _lines(supply, "ramped") * each_hours
    attained = np.array([[role.attained.value] for role in roles])
    each_quota = np.nan_to_num(quota * attained)
    asked = load.bookings(team.unit)
    demand = np.full(ahead, np.nan) if asked is None else asked
    share = sides.worked(work, there, load)
    most = np.full(ahead, np.inf)
    if not np.isnan(capacity).all():
        most = np.nansum(capacity, axis=0)
    needed = np.array([np.full(ahead, np.nan) if one is None else one.needed for one in work])
    told = np.array([one is not None for one in work])
    hours = np.where(told[:, None], there, np.nan)
    has_quota = np.array([role.quota is not None for role in roles])
    quota_short = has_quota[:, None] & sides.short(most, np.nan_to_num(demand))
    deals, value = _at_most(team, load, most, work, there)
    fields = {
        "periods": months,
        "as_of": load.as_of,
        "roles": team.names,
        "unit": team.unit,
        "heads": _lines(supply, "heads"),
        "leavers": _lines(supply, "leavers"),
        "hires": _lines(supply, "hires"),
        "ramped_heads": _lines(supply, "ramped"),
        "ramped_heads_needed": _heads_needed(demand, capacity, each_quota, needed, each_hours),
        "hours_there": hours,
        "hours_needed": needed,
        "quota_capacity": capacity,
        "quota_draws": draws,
        "service_level": np.array(
            [
                np.full(ahead, np.nan) if one is None else reached_level(role, one, line, load)
                for role, one, line in zip(roles, work, there, strict=True)
            ]
        ),
        "demand": demand,
        "bookings": sides.allowed(demand * share, most, carry=carry),
        "short": quota_short | sides.short(np.nan_to_num(hours), np.nan_to_num(needed)),
        "deals_at_most": deals,
        "value_at_most": value,
        "leads_at_most": _leads_at_most(team, load, work, there),
        "cost": _cost(team, supply),
        "hit": _hit(load, draws, share, team),
        "currency": team.currency or load.currency,
    }
    return Standing(fields=fields, each_quota=each_quota, each_hours=each_hours)


def _lines(supply: Sequence[Supply], name: str) -> FloatArray:
    return np.array([getattr(one, name) for one in supply])


def _cost(team: Team, supply: Sequence[Supply]) -> FloatArray:
    """Return salaries, on-cost and hiring by role and month."""
    return np.array(
        [
            one.full_time * role.monthly_cost + one.hires * role.hiring_cost
            for role, one in zip(team.roles, supply, strict=True)
        ]
    )


def _heads_needed(
    demand: FloatArray,
    capacity: FloatArray,
    each_quota: FloatArray,
    needed: FloatArray,
    each_hours: FloatArray,
) -> FloatArray:
    """Return the ramped full-time people that quotas or hours ask for, the more of both."""
    quota = ~np.isnan(capacity)
    whole = np.nansum(capacity, axis=0)
    parts = np.where(whole > 0, np.nan_to_num(capacity) / np.where(whole > 0, whole, 1.0), 0.0)
    equal = quota / np.maximum(quota.sum(axis=0), 1)
    parts = np.where(whole > 0, parts, equal)
    with np.errstate(divide="ignore", invalid="ignore"):
        closing = np.where(quota & (each_quota > 0), demand * parts / each_quota, np.nan)
        working = np.where(each_hours > 0, needed / each_hours, np.nan)
    return np.fmax(closing, working)


def _at_most(
    team: Team, load: Load, most: FloatArray, work: Sequence[Work | None], there: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the deals and the money that people can win in each month."""
    by_hours = np.minimum(
        _left_for(DEAL, work, there),
        _left_for(load.last, work, there),
    )
    size = load.size
    if team.unit == "count":
        deals = np.minimum(most, by_hours)
        return deals, _infinite(None if size is None else deals * size)
    if size is None:
        return by_hours, most
    deals = np.minimum(_infinite(most / np.where(size > 0, size, np.nan)), by_hours)
    return deals, np.minimum(most, _infinite(by_hours * size, len(most)))


def _infinite(line: FloatArray | None, ahead: int = 0) -> FloatArray:
    """Return infinity where a limit is not known."""
    if line is None:
        return np.full(ahead, np.inf)
    return np.where(np.isnan(line), np.inf, line)


def _left_for(stage: str | None, work: Sequence[Work | None], there: FloatArray) -> FloatArray:
    """Return how many of a stage's entries hours suffice for, after all other work, ``(H,)``."""
    found = np.full(there.shape[1], np.inf)
    for one, hours in zip(work, there, strict=True):
        if one is None or stage is None or one.per.get(stage, 0.0) <= 0:
            continue
        left = hours - (one.needed - one.took[stage])
        found = np.minimum(found, np.maximum(left, 0.0) / one.per[stage])
    return found


def _leads_at_most(
    team: Team, load: Load, work: Sequence[Work | None], there: FloatArray
) -> FloatArray:
    """Return the new leads that hours suffice for and that can be answered in time, ``(H,)``."""
    found = _left_for(load.first, work, there)
    for role, one, hours in zip(team.roles, work, there, strict=True):
        if one is not None and asked_stage(role, load) == load.first:
            found = np.minimum(found, answered_at_most(role, one, hours))
    return found


def _hit(load: Load, draws: FloatArray, share: FloatArray, team: Team) -> float:
    """Return the chance of the plan's target with these people; NaN without a plan."""
    if load.goal is None:
        return float("nan")
    unit, goal = load.goal
    has_quota = any(role.quota is not None for role in team.roles)
    if has_quota and unit != team.unit:
        return float("nan")
    most = np.nansum(draws, axis=1) if has_quota else np.full(len(share), np.inf)
    return sides.hit(load.draws[unit], most, share, goal)
