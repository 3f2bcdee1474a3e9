"""Whether a team fits the months and the work of what is asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import day_name, earlier, period_label
from funnelkit._core.errors import ArgumentError, numbered
from funnelkit.plan.people.requisition import earliest_start
from funnelkit.plan.people.work import work_problems

if TYPE_CHECKING:
    from funnelkit.plan.people.load import Load
    from funnelkit.plan.people.role import Role
    from funnelkit.plan.people.team import Team


def check_team(team: Team, load: Load) -> None:
    """Refuse a team that does not fit what is asked of it.

    Raises
    ------
    ArgumentError
        With every problem: which, by how much, and what to do.
    """
    wrong = [*work_problems(team, load)]
    for role in team.roles:
        wrong += _hires(team, role, load)
        wrong += _leave(team, role, load)
    quotas = any(role.quota is not None for role in team.roles)
    asked = load.bookings(team.unit)
    if asked is None and load.bookings("count" if team.unit == "value" else "value") is not None:
        if quotas:
            wrong.append(_other_unit(team))
    elif (
        asked is None
        and not load.work
        and not team.heads
        and not any(sum(role.hires.values()) for role in team.roles)
    ):
        wrong.append(
            "`team` has nobody in it, and `demand` asks for nothing: give people or hires, or what "
            "is asked of them."
        )
    if team.currency and load.currency and team.currency != load.currency:
        wrong.append(
            f"`team` counts in {team.currency!r:.20} and the plan in {load.currency!r:.20}; give "
            "quotas and salaries in the currency of the plan."
        )
    if wrong:
        raise ArgumentError(numbered(wrong))


def _other_unit(team: Team) -> str:
    if team.unit == "value":
        return (
            "Quotas are money, and `demand` knows deals only: give quotas in deals "
            '(unit="count"), or the money that demand brings (`value`).'
        )
    return (
        'Quotas are deals, and `demand` knows money only: give quotas in money (unit="value"), or '
        "the deals that demand brings (`deals`)."
    )


def _hires(team: Team, role: Role, load: Load) -> list[str]:
    """Return hires outside the months, and those that come before their lead time."""
    import pandas as pd

    months, name = load.periods, display.one_line(role.name)
    known = {str(one) for one in months}
    span = f"{period_label(months[0])} to {period_label(months[-1])}"
    outside = [month for month in role.hires if month not in known]
    wrong = []
    if outside:
        wrong.append(
            f"Role {name!r:.60}: hires of {', '.join(outside[:4])} do not line up with the months "
            f"{span}; move them, or give people who start before as `people` with their first day."
        )
    first = earliest_start(team, role, months, load.as_of)
    by = "none within these months" if first is None else period_label(months[first])
    for month, number in role.hires.items():
        start = team.first_day(pd.Period(month, freq="M"))
        open_by = earlier(start, role.lead_time_days)
        if number and month in known and open_by < load.as_of:
            days = (load.as_of - open_by).days
            wrong.append(
                f"Role {name!r:.60}: {display.plural(number, 'hire')} to start in {month} would "
                f"have had to be asked for by {day_name(open_by)}, "
                f"{display.plural(days, 'day')} before {day_name(load.as_of)}, the last day known "
                f"(`lead_time_days` is {role.lead_time_days}). The earliest start is {by}; if "
                "their requisition is open already, give them as `people` with their first day."
            )
    return wrong


def _leave(team: Team, role: Role, load: Load) -> list[str]:
    """Return leave that is longer than the selling days of its month."""
    days = team.selling_days(load.periods)
    leave = role.leave_days(load.periods)
    over = np.flatnonzero(leave > days)
    return [
        f"Role {display.one_line(role.name)!r:.60}: {leave[k]:g} days of leave in "
        f"{period_label(load.periods[int(k)])} are {leave[k] - days[k]:g} more than its "
        f"{days[k]:g} selling days."
        for k in over[:1]
    ]
