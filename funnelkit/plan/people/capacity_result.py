"""`Capacity`: what people can do by month against what is asked, whom to hire, and the cost."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks
from funnelkit._core.result import Result, frozen
from funnelkit.plan.people.requisition import Requisition

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan.people.team import Unit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_FLOATS = (
    "heads", "leavers", "hires", "ramped_heads", "ramped_heads_needed", "hours_there",
    "hours_needed", "quota_capacity", "quota_draws", "service_level", "cost", "demand", "bookings",
    "deals_at_most", "value_at_most", "leads_at_most",
)  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Capacity(Result):
    """What people can do by month against what is asked; made by :func:`funnelkit.plan.capacity`.

    Shapes: ``R = len(roles)``, ``H = len(periods)`` months, ``N`` draws. People are expected ones,
    not rounded.

    Parameters
    ----------
    periods
        Civil months.
    as_of
        Last day that is known; requisitions can be opened from it on.
    roles
        Names.
    unit
        Of quotas, demand and bookings: ``"value"`` (money) or ``"count"`` (deals).
    heads
        People employed, shape ``(R, H)``.
    leavers, hires
        Who was there the month before and is not any more; who starts. Shape ``(R, H)`` each.
    ramped_heads
        Full-time people times the ramp, shape ``(R, H)``.
    ramped_heads_needed
        Ramped full-time people that the work asks for, shape ``(R, H)``; NaN where there is none.
    hours_there, hours_needed
        Shape ``(R, H)`` each; NaN where a role is told no hours.
    quota_capacity
        What is expected to be won by quota x attainment x ramp, ``(R, H)``; NaN without a quota.
    quota_draws
        Draws of it, shape ``(N, R, H)``.
    service_level
        Share of first answers in time, shape ``(R, H)``; NaN where none is asked.
    demand
        Bookings that demand brings, shape ``(H,)``; NaN where it is not known.
    bookings
        What both sides allow, shape ``(H,)``.
    short
        Whether a role is short of what is asked of it, shape ``(R, H)``.
    deals_at_most, value_at_most, leads_at_most
        What people can win and take up in each month, shape ``(H,)`` each; infinite where nothing
        limits it.
    cost
        Salaries, on-cost and hiring, shape ``(R, H)``; NaN where a salary is not known.
    hires_needed
        Hires to start in each month to close the gap, shape ``(R, H)``, whole numbers.
    requisitions
        To be opened: those of the team's own hires, and those needed to close the gap, by date.
    missed
        Those which would have had to be opened by now for demand to be met in every month.
    with_hires
        The same with ``hires_needed``; ``None`` where there are none.
    hit
        Chance of the plan's target with these people; NaN where there is no plan.
    currency
        Of money, where it is known.
    notes
        What a reader must know.
    """

    periods: pd.PeriodIndex
    as_of: dt.date
    roles: tuple[str, ...]
    unit: Unit
    heads: FloatArray
    leavers: FloatArray
    hires: FloatArray
    ramped_heads: FloatArray
    ramped_heads_needed: FloatArray
    hours_there: FloatArray
    hours_needed: FloatArray
    quota_capacity: FloatArray
    quota_draws: FloatArray
    service_level: FloatArray
    demand: FloatArray
    bookings: FloatArray
    short: NDArray[np.bool_]
    deals_at_most: FloatArray
    value_at_most: FloatArray
    leads_at_most: FloatArray
    cost: FloatArray
    hires_needed: IntArray
    requisitions: tuple[Requisition, ...] = ()
    missed: tuple[Requisition, ...] = ()
    with_hires: Capacity | None = None
    hit: float = float("nan")
    currency: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in _FLOATS:
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        object.__setattr__(self, "short", frozen(self.short, np.bool_))
        object.__setattr__(self, "hires_needed", frozen(self.hires_needed, np.int64))

    @property
    def capacity(self) -> FloatArray:
        """What all quotas together are expected to win, shape ``(H,)``; NaN without a quota."""
        return _together(self.quota_capacity)

    @property
    def lost(self) -> FloatArray:
        """Demand that people cannot book, shape ``(H,)``."""
        return np.maximum(self.demand - self.bookings, 0.0)

    @property
    def binding(self) -> tuple[str, ...]:
        """Side that binds in each month: ``"demand"`` or ``"people"``."""
        return tuple("people" if one else "demand" for one in self.people_bind)

    @property
    def people_bind(self) -> NDArray[np.bool_]:
        """Whether people bind in each month, in any role or by what they lost before, ``(H,)``."""
        lost = self.lost > 1e-9 * np.nan_to_num(self.demand)
        return np.asarray(lost | self.short.any(axis=0))

    @property
    def total_cost(self) -> float:
        """Cost of all people over all months; NaN where a salary is not known."""
        return float(self.cost.sum())

    @property
    def to_open(self) -> IntArray:
        """Requisitions to open in each month by role, ``(R, H)``; earlier ones in the first."""
        found = np.zeros((len(self.roles), len(self.periods)), np.int64)
        for one in self.requisitions:
            place = (one.open_by.year, one.open_by.month)
            months = [(m.year, m.month) for m in self.periods]
            at = max((k for k, month in enumerate(months) if month <= place), default=0)
            found[self.roles.index(one.role), at] += one.number
        return found

    def interval(
        self, confidence_level: float = 0.8, *, role: str | None = None, whole: bool = False
    ) -> tuple[FloatArray, FloatArray]:
        """Return the interval of what quotas win, P10 to P90 by default.

        Parameters
        ----------
        confidence_level
            Two-sided level.
        role
            Of one role. Default: of all together.
        whole
            Of all months together instead of each.

        Returns
        -------
        tuple of ndarray
            Low and high, shape ``(H,)`` each, or without a shape for the whole; NaN without a
            quota.

        Raises
        ------
        ArgumentError
            If there is no such role, or the level is none.
        """
        tail = (1 - checks.confidence(confidence_level)) / 2
        drawn = self.quota_draws
        if role is None:
            drawn = np.where(np.isnan(drawn).all(axis=1), np.nan, np.nansum(drawn, axis=1))
        else:
            checks.member("role", "role", role, self.roles)
            drawn = drawn[:, self.roles.index(role)]
        if whole:
            drawn = drawn.sum(axis=1)
        low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
        return low, high

    @property
    def enough(self) -> FloatArray:
        """Chance that quotas suffice for the demand of each month, ``(H,)``; NaN without both."""
        whole = np.nansum(self.quota_draws, axis=1)
        chance = np.asarray((whole >= self.demand * (1 - 1e-9)).mean(axis=0))
        return np.where(np.isnan(self.demand) | np.isnan(self.capacity), np.nan, chance)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per month and role.

        Returns
        -------
        DataFrame
            ``period``, ``role``, ``heads``, ``leavers``, ``hires``, ``ramped_heads``,
            ``ramped_heads_needed``, ``hours_there``, ``hours_needed``, ``quota_capacity`` with
            ``quota_capacity_p10`` and ``_p90``, ``demand`` (of all roles with a quota together),
            ``binding``, ``hires_needed`` (to start in that month), ``requisitions`` (to be opened
            in that month), ``service_level`` and ``cost``.
        """
        import pandas as pd

        n = len(self.periods)
        lows, highs = np.quantile(self.quota_draws, [0.1, 0.9], axis=0)
        asked = np.where(np.isnan(self.quota_capacity), np.nan, self.demand)
        side = np.where(self.short, "people", "demand")
        blocks = {
            name: getattr(self, name)
            for name in (
                "heads", "leavers", "hires", "ramped_heads", "ramped_heads_needed", "hours_there",
                "hours_needed", "quota_capacity",
            )
        }  # fmt: skip
        blocks |= {
            "quota_capacity_p10": lows,
            "quota_capacity_p90": highs,
            "demand": asked,
            "binding": side,
            "hires_needed": self.hires_needed,
            "requisitions": self.to_open,
            "service_level": self.service_level,
            "cost": self.cost,
        }
        return pd.DataFrame(
            {
                "period": self.periods.repeat(len(self.roles)),
                "role": np.tile(np.array(self.roles, dtype=object), n),
            }
            | {name: np.asarray(one).T.ravel() for name, one in blocks.items()}
        )

    def by_month(self) -> pd.DataFrame:
        """Return one row per month, of all roles together.

        Returns
        -------
        DataFrame
            ``period``, ``demand``, ``capacity`` with ``capacity_p10`` and ``capacity_p90``,
            ``bookings``, ``lost``, ``binding``, ``people_needed`` (ramped), ``people_there``
            (ramped), ``heads``, ``hires_needed``, ``requisitions``, ``cost``, and with the hires
            needed ``bookings_with_hires`` and ``cost_with_hires``.
        """
        import pandas as pd

        low, high = self.interval()
        after = self if self.with_hires is None else self.with_hires
        told = ~np.isnan(self.ramped_heads_needed).all(axis=1)
        told = told if told.any() else ~told
        return pd.DataFrame(
            {
                "period": self.periods,
                "demand": self.demand,
                "capacity": self.capacity,
                "capacity_p10": low,
                "capacity_p90": high,
                "bookings": self.bookings,
                "lost": self.lost,
                "binding": list(self.binding),
                "people_needed": _together(self.ramped_heads_needed),
                "people_there": self.ramped_heads[told].sum(axis=0),
                "heads": self.heads.sum(axis=0),
                "hires_needed": self.hires_needed.sum(axis=0),
                "requisitions": self.to_open.sum(axis=0),
                "cost": self.cost.sum(axis=0),
                "bookings_with_hires": after.bookings,
                "cost_with_hires": after.cost.sum(axis=0),
            }
        )

    def summary(self) -> str:
        """Return what people can win, from when on they bind, and what to open by when."""
        from funnelkit.plan.people.sentences import summary_of

        return summary_of(self)


def _together(lines: FloatArray) -> FloatArray:
    """Return sums over roles; NaN where no role has a number."""
    none = np.isnan(lines).all(axis=0)
    return np.where(none, np.nan, np.nansum(lines, axis=0))
