"""The people of a plan as a board reads them: who is there, whom to hire by when, at what cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import ArgumentError
from funnelkit.plan.one_page.monthly import MonthColumn

if TYPE_CHECKING:
    from funnelkit.plan.one_page.outlook import Outlook
    from funnelkit.plan.people.capacity_result import Capacity
    from funnelkit.plan.people.requisition import Requisition

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Staff:
    """People of a plan, with the hires that it needs.

    Parameters
    ----------
    capacity
        As it was planned.
    """

    capacity: Capacity

    @property
    def after(self) -> Capacity:
        """The same with the hires that are needed."""
        return self.capacity if self.capacity.with_hires is None else self.capacity.with_hires

    @property
    def at_start(self) -> float:
        """People employed in the first month, before the hires that are needed."""
        return float(self.capacity.heads[:, 0].sum())

    @property
    def at_end(self) -> float:
        """People expected to be employed in the last month."""
        return float(self.after.heads[:, -1].sum())

    @property
    def hires(self) -> float:
        """People who start within the plan."""
        return float(self.after.hires.sum())

    @property
    def cost(self) -> float:
        """Cost of all people over all months; NaN where a salary is not known."""
        return self.after.total_cost

    @property
    def hit(self) -> float:
        """Chance of the goal with these people; NaN where it was not told."""
        return self.after.hit

    @property
    def words(self) -> str:
        """Return how many people there are, and how many more it takes, as part of a sentence."""
        hires = round(self.hires)
        text = f"{_people(self.at_start)} at the start, {_people(self.at_end)} at the end"
        return f"{text}, with {display.plural(hires, 'hire')}" if hires else f"{text}, no hire"

    @property
    def hires_words(self) -> str:
        """Return whom to hire by when, as part of a sentence."""
        if not self.capacity.requisitions:
            return "nobody has to be hired"
        told = [requisition_words(one) for one in self.capacity.requisitions[:3]]
        more = len(self.capacity.requisitions) - len(told)
        tail = f" and {display.plural(more, 'more requisition')}" if more > 0 else ""
        return f"{'; '.join(told)}{tail}"

    @property
    def binding_words(self) -> str:
        """Return how many months people bind in, with the hires."""
        months = int(np.sum(self.after.people_bind))
        if not months:
            return "demand binds in every month"
        return f"people bind in {display.plural(months, 'month')}"


def staff_of(shown: Outlook, capacity: Capacity) -> Staff:
    """Return the people of a plan.

    Raises
    ------
    ArgumentError
        If it is no capacity, or of other months than the plan.
    """
    from funnelkit.plan.people.capacity_result import Capacity as Kind

    if not isinstance(capacity, Kind):
        raise ArgumentError(
            f"`capacity` must be what fk.plan.capacity returns; got {type(capacity).__name__}."
        )
    if not capacity.periods.equals(shown.plan.periods):
        raise ArgumentError(
            f"`capacity` must be of the plan's months, {shown.labels[0]} to {shown.labels[-1]}; "
            f"got {capacity.periods[0]} to {capacity.periods[-1]}."
        )
    return Staff(capacity=capacity)


def people_columns(shown: Outlook, capacity: Capacity) -> list[MonthColumn]:
    """Return people needed, people there with the hires, and requisitions to open, by month."""
    staff = staff_of(shown, capacity)
    told = ~np.isnan(capacity.ramped_heads_needed).all(axis=1)
    needed = np.nansum(capacity.ramped_heads_needed[told], axis=0)
    opened = capacity.to_open
    texts = tuple(
        ", ".join(
            people_said(int(number), role)
            for role, number in zip(capacity.roles, opened[:, k], strict=True)
            if number
        )
        for k in range(opened.shape[1])
    )
    columns = []
    if told.any():
        columns = [
            MonthColumn(head="people needed", values=needed, kind="people", summed=False),
            MonthColumn(
                head="people there",
                values=staff.after.ramped_heads[told].sum(axis=0),
                kind="people",
                summed=False,
            ),
        ]
    columns.append(
        MonthColumn(
            head="hires to open", values=opened.sum(axis=0).astype(float), kind="leads", texts=texts
        )
    )
    return columns


def people_said(number: int, role: str) -> str:
    """Return people of a role in words: ``2 account executives``."""
    name = display.one_line(role)
    return f"{number} {name if number == 1 or name.endswith('s') else f'{name}s'}"


def requisition_words(one: Requisition) -> str:
    """Return a requisition as part of a sentence."""
    return (
        f"{people_said(one.number, one.role)} to start on {day_name(one.start)}, "
        f"opened by {day_name(one.open_by)}"
    )


def _people(number: float) -> str:
    said = display.expected(number).removesuffix(".0")
    return f"{said} {'person' if said == '1' else 'people'}"
