"""`Requisition`: hires that start together, and the day by which they must be asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from funnelkit._core.dates import earlier

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan.people.role import Role
    from funnelkit.plan.people.team import Team


@dataclass(frozen=True, kw_only=True)
class Requisition:
    """Hires of one role that start on one day.

    Parameters
    ----------
    role
        Its name.
    number
        How many.
    start
        First day: the first selling day of a month.
    open_by
        Last day on which the requisition can be opened: the start less the lead time.
    kind
        ``"planned"``: the team says so; ``"needed"``: to close the gap.
    """

    role: str
    number: int
    start: dt.date
    open_by: dt.date
    kind: Literal["planned", "needed"]


def requisitions_of(
    team: Team,
    role: Role,
    hires: Iterable[tuple[pd.Period, int]],
    kind: Literal["planned", "needed"],
) -> list[Requisition]:
    """Return the requisitions of hires by month of start."""
    return [
        Requisition(
            role=role.name,
            number=number,
            start=(start := team.first_day(month)),
            open_by=earlier(start, role.lead_time_days),
            kind=kind,
        )
        for month, number in hires
        if number
    ]


def earliest_start(team: Team, role: Role, months: pd.PeriodIndex, as_of: dt.date) -> int | None:
    """Return the first month in which one who is asked for now can start; ``None``: in none."""
    for place, month in enumerate(months):
        if earlier(team.first_day(month), role.lead_time_days) >= as_of:
            return place
    return None
