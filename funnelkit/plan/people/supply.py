"""What people can do by month: who is there, how far they have ramped, and who has left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan.people.role import Role
    from funnelkit.plan.people.team import Team

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_LONG = 1_000_000
"""Months served by those who have been there for long."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Group:
    """People of one role who start together.

    Parameters
    ----------
    heads
        How many start.
    share
        Part of full time.
    attainment
        Share of the quota that they win when ramped.
    served
        Months served before each month, shape ``(H,)``; below 0 before they start.
    risk
        Months of the plan after which they may have left before each month, shape ``(H,)``.
    there
        Share of each month's selling days on which they are employed, shape ``(H,)``.
    """

    heads: int
    share: float
    attainment: float
    served: IntArray
    risk: IntArray
    there: FloatArray

    def expected(self, attrition: float) -> FloatArray:
        """Return the people expected to be employed in each month, shape ``(H,)``."""
        return np.where(self.there > 0, self.heads * (1 - attrition) ** self.risk, 0.0)


@dataclass(frozen=True, eq=False, kw_only=True)
class Supply:
    """What the people of one role are expected to be, by month; every shape is ``(H,)``.

    Parameters
    ----------
    heads
        People employed.
    leavers
        People who were there the month before and are not any more.
    hires
        People who start.
    full_time
        People in full-time equivalents, for the part of the month in which they are there.
    ramped
        The same times the ramp: ramped full-time people.
    winning
        The same times the attainment: quotas won.
    """

    heads: FloatArray
    leavers: FloatArray
    hires: FloatArray
    full_time: FloatArray
    ramped: FloatArray
    winning: FloatArray


def groups_of(team: Team, role: Role, months: pd.PeriodIndex) -> list[Group]:
    """Return who starts together in one role: its people, then its hires."""
    places = np.arange(len(months))
    found = []
    for one in role.groups:
        start = -_LONG if one.first is None else place_of(months, one.first.strftime("%Y-%m"))
        found.append(
            Group(
                heads=one.heads,
                share=one.share,
                attainment=role.attained.value if one.attainment is None else one.attainment,
                served=places - start,
                risk=np.maximum(places - max(start, 0), 0),
                there=team.presence(months, one.first, one.last),
            )
        )
    hires = {place_of(months, month): number for month, number in role.hires.items()}
    return found + starting(role, hires, len(months))


def starting(role: Role, hires: Mapping[int, int], ahead: int) -> list[Group]:
    """Return the groups of hires, given how many start on the first day of which month."""
    places = np.arange(ahead)
    return [
        Group(
            heads=number,
            share=1.0,
            attainment=role.attained.value,
            served=places - start,
            risk=np.maximum(places - max(start, 0), 0),
            there=(places >= start).astype(np.float64),
        )
        for start, number in hires.items()
        if number
    ]


def supplied(role: Role, groups: Sequence[Group], ahead: int) -> Supply:
    """Return what the groups of one role are expected to be, by month."""
    lines = {name: np.zeros(ahead) for name in Supply.__dataclass_fields__}
    for one in groups:
        heads = one.expected(role.leaving.value)
        there = heads * one.share * one.there
        ramped = there * role.ramped(one.served)
        steps = np.diff(heads, prepend=0.0 if one.served[0] <= 0 else heads[0])
        for name, adds in (
            ("heads", heads),
            ("leavers", np.maximum(-steps, 0.0)),
            ("hires", np.maximum(steps, 0.0)),
            ("full_time", there),
            ("ramped", ramped),
            ("winning", ramped * one.attainment),
        ):
            lines[name] += adds
    return Supply(**lines)


def place_of(months: pd.PeriodIndex, month: str) -> int:
    """Return the place of a month, counted from the first one of the plan."""
    import pandas as pd

    return int(pd.Period(month, freq="M").ordinal - months[0].ordinal)
