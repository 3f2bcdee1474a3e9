"""What certainty costs: leads or money against the chance of the goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.plan.one_page.outlook import Outlook, outlook_of

if TYPE_CHECKING:
    from funnelkit.plan import Allocation, CostCurve, Plan

FloatArray = NDArray[np.float64]
_COARSE, _POINTS = 13, 25
_LOWEST, _HIGHEST = 0.3, 0.98
_WIDEST = 3.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Assured:
    """What certainty costs.

    Parameters
    ----------
    outlook
        Of the plan, or of the first of several.
    money
        Whether it is told in money; in leads where a cost is not known.
    curve
        Chance and cost of a plan as its leads are made more or fewer, all alike, in order of the
        chance, shape ``(n, 2)``; empty where plans of their own are compared.
    marks
        Name, chance and cost of each plan, in order of the chance.
    """

    outlook: Outlook
    money: bool
    curve: FloatArray
    marks: tuple[tuple[str, float, float], ...]

    def said(self, cost: float, *, short: bool = False) -> str:
        """Return a cost as it is written, or as a headline has it."""
        if not self.money:
            return display.plural(cost, "lead")
        return self.outlook.short_paid(cost) if short else self.outlook.paid(cost)

    def brief(self, cost: float) -> str:
        """Return a cost as a chart has it."""
        return display.brief(cost)

    @property
    def what(self) -> str:
        """What the cost is."""
        return "cost of leads" if self.money else "leads"

    def finding(self) -> str:
        """Return what one plan costs beyond another, as a headline."""
        low, high = self.marks[0], self.marks[-1]
        if len(self.marks) < 2 or not low[2] > 0:
            return f"{self.said(high[2])} for {display.a_chance(high[1])}"
        more = display.percent(high[2] / low[2] - 1, decimals=0)
        ends = self.said(low[2], short=True), self.said(high[2], short=True)
        return f"From {_odds(low[1])} to {_odds(high[1])} takes {more} more ({' to '.join(ends)})"

    def words(self) -> str:
        """Return each plan with its chance and cost."""
        told = (
            f"{name} {display.chance(chance)}, {self.said(cost)}"
            for name, chance, cost in self.marks
        )
        return f"{'; '.join(told)}."


def _odds(chance: float) -> str:
    return "even odds" if abs(chance - 0.5) < 0.01 else display.a_chance(chance)


def assured(plans: Plan | Allocation | CostCurve | Sequence[Plan | Allocation]) -> Assured:
    """Return what certainty costs.

    Parameters
    ----------
    plans
        One plan, whose leads are made more or fewer, all alike, with its options as marks; or
        several of one goal, or a curve of the cheapest ones, each a mark.

    Raises
    ------
    ArgumentError
        If there is no plan, or several are of different goals.
    """
    from funnelkit.plan import CostCurve

    if isinstance(plans, CostCurve):
        plans = plans.allocations
    if isinstance(plans, Sequence):
        if not plans:
            raise ArgumentError("`plans` must hold at least one plan; it is empty.")
        if len(plans) > 1:
            return _of_several([outlook_of(one) for one in plans])
        return of_outlook(outlook_of(plans[0]))
    return of_outlook(outlook_of(plans))


def of_outlook(shown: Outlook) -> Assured:
    """Return what certainty costs, of one plan."""
    money = bool(np.isfinite(shown.spend) and shown.spend > 0)
    marks = tuple(
        sorted(
            (
                (one.name, one.chance, one.spend if money else float(one.leads.sum()))
                for one in shown.options()
                if one.name != "mean"
            ),
            key=lambda one: one[1:],
        )
    )
    return Assured(outlook=shown, money=money, curve=_curve(shown, money=money), marks=marks)


def _of_several(shown: list[Outlook]) -> Assured:
    goals = sorted({round(float(one.target.sum()), 6) for one in shown})
    if len(goals) > 1:
        told = display.listed([shown[0].number(goal) for goal in goals[:5]])
        raise ArgumentError(f"`plans` must be of one goal; they are of {told}.")
    money = all(np.isfinite(one.spend) for one in shown) and any(one.spend > 0 for one in shown)
    marks = sorted(
        (
            (
                f"P{100 * one.plan.probability:g}",
                float(one.plan.hit),
                one.spend if money else float(one.leads.sum()),
            )
            for one in shown
        ),
        key=lambda one: one[1:],
    )
    return Assured(outlook=shown[0], money=money, curve=np.zeros((0, 2)), marks=tuple(marks))


def _curve(shown: Outlook, *, money: bool) -> FloatArray:
    """Return chance and cost as all leads are made more or fewer alike."""
    from funnelkit.plan.chance.hitting import HitChance

    if not shown.leads.any():
        return np.zeros((0, 2))
    chance = HitChance(shown.plan.assumptions, shown.plan.unit)
    goal, whole = shown.plan.reachable, shown.spend if money else float(shown.leads.sum())

    def reached(factors: FloatArray) -> FloatArray:
        return np.array([chance.probability(shown.leads * one, goal) for one in factors])

    coarse = np.geomspace(1 / _WIDEST, _WIDEST, _COARSE)
    first = reached(coarse)
    inside = np.flatnonzero((first > _LOWEST) & (first < _HIGHEST))
    if not len(inside):
        return np.zeros((0, 2))
    ends = max(int(inside[0]) - 1, 0), min(int(inside[-1]) + 1, len(coarse) - 1)
    fine = np.linspace(coarse[ends[0]], coarse[ends[1]], _POINTS)
    found = reached(fine)
    kept = (found >= _LOWEST) & (found <= _HIGHEST)
    return np.stack([found[kept], fine[kept] * whole], axis=1)
