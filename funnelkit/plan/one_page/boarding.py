"""`board`: a plan on one page, for a board: what it takes, how sure it is, what must hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Result
from funnelkit.plan.one_page.outlook import Outlook, outlook_of
from funnelkit.plan.one_page.staffing import Staff, staff_of
from funnelkit.plan.one_page.truths import Truth, truths_of

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan import Allocation, Capacity, Plan

_MONTHS = 12
_CLEAR = 0.015


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Board(Result):
    """A plan on one page; made by :func:`board`.

    Parameters
    ----------
    outlook
        What every view of the plan shows.
    staff
        People by month, where they were planned.
    margin
        Share of the revenue that is left after the cost of what was sold; ``None``: not known,
        and payback is on revenue.
    contract_months
        Months of revenue in the value of a deal.
    truths
        What would have to be true.
    recent
        Leads a month of late, of all channels; ``None``: not told.
    """

    outlook: Outlook
    staff: Staff | None
    margin: float | None
    contract_months: float
    truths: tuple[Truth, ...]
    recent: float | None = None

    @property
    def goal(self) -> float:
        """New business of all months, in the unit of the plan."""
        return float(self.outlook.target.sum())

    @property
    def expected(self) -> float:
        """What is expected of all months, in the unit of the plan."""
        return float(self.outlook.expected.sum())

    @property
    def hit(self) -> float:
        """Chance of the goal, with the people and the hires that they need where these are told."""
        told = float("nan") if self.staff is None else self.staff.hit
        return told if np.isfinite(told) else self.hit_by_leads

    @property
    def hit_by_leads(self) -> float:
        """Chance of the goal if people were no limit."""
        return float(self.outlook.plan.hit)

    @property
    def people_limit(self) -> bool:
        """Whether the people make the goal clearly less likely."""
        return self.hit_by_leads - self.hit > _CLEAR

    @property
    def leads(self) -> float:
        """Leads of all channels and months."""
        return float(self.outlook.leads.sum())

    @property
    def lead_cost(self) -> float:
        """Cost of the leads; NaN where a channel that is used has no known cost."""
        return self.outlook.spend

    @property
    def people_cost(self) -> float:
        """Cost of the people; NaN where none were planned, or their cost is not known."""
        return float("nan") if self.staff is None else self.staff.cost

    @property
    def cost(self) -> float:
        """Cost of leads and people; of what is known where one of them is not."""
        parts = np.array([self.lead_cost, self.people_cost])
        return float(np.nansum(parts)) if np.isfinite(parts).any() else float("nan")

    @property
    def deals(self) -> float:
        """Deals expected in these months, from all that brings any."""
        return float(self.outlook.deals.sum())

    @property
    def cac(self) -> float:
        """Cost over deals; NaN where no cost is known or no deal is expected."""
        return self.cost / self.deals if self.deals > 0 else float("nan")

    @property
    def payback(self) -> float:
        """Months until a deal has paid back its CAC; NaN where it cannot be told."""
        if not self.outlook.money or not self.deals > 0:
            return float("nan")
        monthly = self.expected / self.deals / self.contract_months
        monthly *= 1.0 if self.margin is None else self.margin
        return self.cac / monthly if monthly > 0 else float("nan")

    @property
    def covers(self) -> str:
        """What the cost holds, in words: ``"leads and people"``."""
        known = {"leads": self.lead_cost, "people": self.people_cost}
        return display.listed([name for name, one in known.items() if np.isfinite(one)])

    @property
    def definitions(self) -> dict[str, str]:
        """How each figure is made."""
        on = "revenue" if self.margin is None else "margin"
        span = f"{self.contract_months:g} months" if self.contract_months != 1 else "one month"
        return {
            "goal": f"sum of the targets, {self.outlook.span}",
            "leads": "new records of all channels in these months, in the plan that was asked",
            "cost": f"of {self.covers or 'nothing known'} in these months",
            "CAC": f"cost of {self.covers or 'leads and people'} / deals expected in these months",
            "payback": f"CAC / {on} of a deal and month; a deal's value is taken for {span}",
            "chance": (
                "share of all that may be (rates, months, deal sizes, luck) in which it is reached"
                + (", with the people and the hires needed" if self.staff is not None else "")
            ),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per figure.

        Returns
        -------
        DataFrame
            ``figure``, ``value`` (NaN where it is not known), ``unit`` and ``definition``.
        """
        import pandas as pd

        shown, told = self.outlook, self.definitions
        money = shown.currency or "money"
        unit = money if shown.money else "deals"
        rows: list[tuple[str, float, str, str]] = [
            ("goal", self.goal, unit, told["goal"]),
            ("expected", self.expected, unit, "mean of what the plan brings in these months"),
            ("leads", self.leads, "leads", told["leads"]),
            ("cost of leads", self.lead_cost, money, "leads by channel x cost of a lead"),
        ]
        if self.staff is not None:
            rows += [
                ("people at the start", self.staff.at_start, "people", "there in the first month"),
                ("people at the end", self.staff.at_end, "people", "there in the last month"),
                ("hires", self.staff.hires, "people", "that start in these months"),
                ("cost of people", self.people_cost, money, "of all people there, by month"),
            ]
        rows += [
            ("total cost", self.cost, money, told["cost"]),
            ("deals", self.deals, "deals", "expected in these months, from all sources"),
            ("CAC", self.cac, money, told["CAC"]),
            ("payback", self.payback, "months", told["payback"]),
            ("chance of the goal", self.hit, "share", told["chance"]),
        ]
        if self.staff is not None:
            words = "the same if people were no limit"
            rows.append(("chance by the leads alone", self.hit_by_leads, "share", words))
        return pd.DataFrame(rows, columns=["figure", "value", "unit", "definition"])

    def summary(self) -> str:
        """Return goal, leads, people, cost and chance in two sentences."""
        shown = self.outlook
        text = f"{shown.finding()}."
        if self.people_limit:
            text += f" With the people, the hires included, it is {display.chance(self.hit)}."
        parts = []
        if np.isfinite(self.cost):
            parts.append(f"{shown.paid(self.cost)} for {self.covers}")
        if np.isfinite(self.cac):
            parts.append(f"{shown.paid(self.cac)} a deal")
        if np.isfinite(self.payback):
            parts.append(f"paid back in {display.expected(self.payback)} months")
        if self.staff is not None:
            hires = display.plural(round(self.staff.hires), "hire")
            parts.append(f"{hires}, {self.staff.binding_words}".rstrip(", "))
        return f"{text} It takes {'; '.join(parts)}." if parts else text


def board(
    plan: Plan | Allocation,
    *,
    capacity: Capacity | None = None,
    margin: float | None = None,
    contract_months: float | None = None,
    recent: Mapping[str, float] | None = None,
    limits: Sequence[Any] = (),
    level: float = 0.8,
) -> Board:
    """Return a plan on one page, for a board.

    Parameters
    ----------
    plan
        From :func:`~funnelkit.plan.reverse` or :func:`~funnelkit.plan.optimise`.
    capacity
        From :func:`~funnelkit.plan.capacity`; without it no people are told.
    margin
        Share of the revenue that is left after the cost of what was sold, for payback.
    contract_months
        Months of revenue in the value of a deal. Default: 1 where targets are of monthly
        recurring revenue, else 12.
    recent
        Channel -> leads a month of late, to be set beside those that the plan needs.
    limits
        What :func:`~funnelkit.plan.break_even` returned, for the inputs that are told.
    level
        Two-sided level of all intervals.

    Returns
    -------
    Board
        Goal, leads, people, cost with people, CAC, payback, chance, and what would have to be
        true.

    Raises
    ------
    ArgumentError
        If an argument cannot be used.

    Notes
    -----
    CAC = (cost of leads + cost of people) / deals expected in the same months, whatever they come
    from; the leads of the last months win later, and what is in flight was paid for earlier, so
    that it is the figure of a plan in full swing. Payback = CAC / (value of a deal / months of
    revenue in it x margin).

    Examples
    --------
    >>> import funnelkit as fk
    >>> plan = fk.plan.reverse(1_000_000, [0.25, 0.4, 0.5, 0.2], value=25_000, probability=0.9)
    >>> page = fk.plan.board(plan)
    >>> page.leads, round(page.goal)
    (4825.0, 1000000)
    """
    shown = outlook_of(plan, level=level)
    if margin is not None and not (isinstance(margin, (int, float)) and 0 < margin <= 1):
        hint = f" Did you mean {margin / 100:g}?" if _is_percentage(margin) else ""
        raise ArgumentError(f"`margin` must be above 0 and at most 1; got {margin!r}.{hint}")
    if contract_months is None:
        recurring = "mrr" in shown.plan.targets.what.lower()
        contract_months = 1.0 if recurring else float(_MONTHS)
    elif isinstance(contract_months, bool) or not contract_months > 0:
        raise ArgumentError(f"`contract_months` must be above 0; got {contract_months!r}.")
    staff = None if capacity is None else staff_of(shown, capacity)
    return Board(
        outlook=shown,
        staff=staff,
        margin=margin,
        contract_months=float(contract_months),
        truths=truths_of(shown, staff, recent=recent or {}, limits=limits),
        recent=sum(recent.values()) if recent else None,
    )


def _is_percentage(value: object) -> bool:
    return isinstance(value, (int, float)) and 1 < value < 100
