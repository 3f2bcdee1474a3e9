"""`Outlook`: what a view of a plan shows, and the sentences that charts, tables and pages share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import period_label, period_name
from funnelkit._core.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan.allocate.allocation import Allocation
    from funnelkit.plan.backward.result import Every, Plan

FloatArray = NDArray[np.float64]
PARTS = ("in flight", "new leads", "without a lead")


@dataclass(frozen=True, eq=False, kw_only=True)
class Option:
    """A plan beside others: its name, its leads, what they cost, and its true chance."""

    name: str
    leads: FloatArray
    spend: float
    expected: float
    chance: float

    @property
    def words(self) -> str:
        """Its name in words."""
        return (
            "on mean rates" if self.name == "mean" else f"for {self.name.replace('P', '')} in 100"
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Outlook:
    """What a view of a plan shows, in its unit: money, or deals where no size is known.

    Parameters
    ----------
    plan
        The plan.
    level
        Two-sided level of the bands.
    """

    plan: Plan
    level: float = 0.8

    @property
    def labels(self) -> list[str]:
        """Months as tables have them."""
        return [period_label(month) for month in self.plan.periods]

    @property
    def span(self) -> str:
        """First and last month as a sentence has them."""
        first, last = (period_name(self.plan.periods[k]) for k in (0, -1))
        return first if first == last else f"{first} to {last}"

    @property
    def target(self) -> FloatArray:
        """New business to win, shape ``(H,)``."""
        return np.asarray(self.plan.targets.amount, float)

    @cached_property
    def parts(self) -> dict[str, FloatArray]:
        """Expected bookings by where they come from, each of shape ``(H,)``."""
        plan = self.plan
        return dict(zip(PARTS, (plan.in_flight, plan.new, plan.direct), strict=True))

    @property
    def expected(self) -> FloatArray:
        """Expected bookings of each month, shape ``(H,)``."""
        return self.plan.expected

    @cached_property
    def _drawn(self) -> FloatArray:
        """Draws of all bookings, shape ``(N, H)``."""
        return self.plan.outcomes.total

    @cached_property
    def band(self) -> tuple[FloatArray, FloatArray]:
        """Ends of what each month may bring, shape ``(H,)`` each."""
        tail = (1 - self.level) / 2
        low, high = np.quantile(self._drawn, [tail, 1 - tail], axis=0)
        return low, high

    @cached_property
    def whole_band(self) -> tuple[float, float]:
        """Ends of what all months together may bring."""
        tail = (1 - self.level) / 2
        low, high = np.quantile(self._drawn.sum(axis=1), [tail, 1 - tail])
        return float(low), float(high)

    @cached_property
    def chances(self) -> FloatArray:
        """Chance of the targets summed up to the end of each month, shape ``(H,)``."""
        return np.asarray(self.plan.to_frame()["probability"], float)

    @cached_property
    def by_period(self) -> pd.DataFrame:
        """Chance of each month, quarter and year, with what it is in ``every``."""
        import pandas as pd

        units: tuple[Every, ...] = ("month", "quarter", "year")
        frames = [self.plan.probability_by(every).assign(every=every) for every in units]
        found = pd.concat(frames, ignore_index=True)
        return found[["every", *(name for name in found.columns if name != "every")]]

    @property
    def percent(self) -> str:
        """Level of the bands, never rounded."""
        return f"{round(100 * self.level, 6):g}{display.NARROW_SPACE}%"

    @property
    def leads(self) -> FloatArray:
        """Leads by channel and month, shape ``(C, H)``."""
        return np.asarray(self.plan.leads, float)

    @property
    def names(self) -> list[str]:
        """Names of the channels on one line each."""
        return [display.one_line(name) for name in self.plan.channels]

    @property
    def money(self) -> bool:
        """Whether the unit is money."""
        return self.plan.unit == "value"

    @property
    def currency(self) -> str | None:
        """Of the money, on one line; ``None`` where it is not known."""
        found = self.plan.targets.currency or self.plan.assumptions.currency
        return None if found is None else display.one_line(found)

    @cached_property
    def deals(self) -> FloatArray:
        """Expected won deals of each month from all that brings any, shape ``(H,)``."""
        made = self.plan.outcomes
        parts = (made.in_flight.deals, made.deals.sum(axis=1), made.direct.deals)
        return np.asarray(sum(np.asarray(one, float).mean(axis=0) for one in parts))

    def entries(self, stage: str) -> FloatArray:
        """Return expected entries to a stage of planned leads and of those open today, ``(H,)``."""
        planned = np.asarray(self.plan.stages_needed()[stage], float).sum(axis=0)
        open_today = self.plan.stages_in_flight().get(stage)
        return np.asarray(planned if open_today is None else planned + open_today)

    @property
    def spend_by_month(self) -> FloatArray:
        """Cost of the leads of each month, shape ``(H,)``; NaN where one is not known."""
        cost = self.plan.assumptions.costs[:, None] * self.leads
        return np.asarray(np.where(self.leads > 0, cost, 0.0).sum(axis=0))

    @property
    def spend(self) -> float:
        """Cost of the planned leads; NaN where a channel that is used has no known cost."""
        return float(self.spend_by_month.sum())

    def number(self, value: float) -> str:
        """Return a number in the unit of the plan: ``USD 1,000,000``, ``41 deals``."""
        if self.money:
            return self.paid(value)
        return f"{display.expected(value)} {'deal' if round(value, 1) == 1 else 'deals'}"

    def bare(self, value: float) -> str:
        """Return a number without currency or noun."""
        if not np.isfinite(value):
            return display.EN_DASH
        return display.count(value) if self.money else display.expected(value)

    def paid(self, value: float) -> str:
        """Return an amount of money with its currency, where that is known."""
        if not np.isfinite(value):
            return display.EN_DASH
        return f"{self.currency} {display.count(value)}" if self.currency else display.count(value)

    def brief(self, value: float) -> str:
        """Return a number as a headline has it, without currency or noun."""
        if not np.isfinite(value):
            return display.EN_DASH
        return display.brief(value) if self.money else display.expected(value)

    def short(self, value: float) -> str:
        """Return a number in the unit of the plan as a headline has it: ``USD 6.00 M``."""
        return self.short_paid(value) if self.money else self.number(value)

    def short_paid(self, value: float) -> str:
        """Return an amount of money as a headline has it, with its currency."""
        if not np.isfinite(value):
            return display.EN_DASH
        return f"{self.currency} {display.brief(value)}" if self.currency else display.brief(value)

    @cached_property
    def _options(self) -> tuple[Option, ...]:
        found = [
            Option(
                name=str(row["plan"]),
                leads=np.asarray(self.plan.options[str(row["plan"])], float),
                spend=float(row["spend"]),
                expected=float(row["expected"]),
                chance=float(row["probability"]),
            )
            for row in self.plan.option_table().to_dict("records")
        ]
        return tuple(sorted(found, key=lambda one: (one.name != "mean", one.chance)))

    @property
    def meant(self) -> str:
        """What the chances of plans side by side are of: the goal, less what cannot come."""
        if not self.plan.missing > 0:
            return "the goal"
        return f"the {self.number(self.plan.reachable)} that can still come"

    def options(self) -> tuple[Option, ...]:
        """Return the plan on mean rates, and those with a chance of their own, in its order."""
        return self._options

    def finding(self) -> str:
        """Return the plan as a headline: leads, goal, chance, and what cannot be met any more."""
        leads, goal = round(float(self.leads.sum())), self.number(float(self.target.sum()))
        chance = display.a_chance(self.plan.hit)
        until = f" by {period_name(self.plan.periods[-1])}" if len(self.plan.periods) > 1 else ""
        if leads:
            text = f"{display.plural(leads, 'lead')} give {goal}{until} {chance}"
        else:
            text = f"Without a further lead, {goal}{until} has {chance}"
        if self.plan.missing > 0:
            text += f"; {self.number(self.plan.missing)} of it cannot come in these months any more"
        return text

    def leads_finding(self) -> str:
        """Return how many leads are needed, from where, and which month needs the most."""
        whole = float(self.leads.sum())
        if not whole:
            return f"No further lead is needed in {self.span}"
        by_channel, by_month = self.leads.sum(axis=1), self.leads.sum(axis=0)
        text = f"{display.plural(whole, 'lead')} needed"
        if len(by_channel) > 1:
            first = int(by_channel.argmax())
            part = display.percent(by_channel[first] / whole, decimals=0)
            text += f", {part} from {self.names[first]}"
        if len(by_month) > 1:
            peak = int(by_month.argmax())
            most = display.count(by_month[peak])
            text += f"; at most {most} a month, in {period_name(self.plan.periods[peak])}"
        return text

    def notes(self, most: int) -> str:
        """Return the plan's notes up to a number of letters, a space before each."""
        text = ""
        for k, note in enumerate(self.plan.notes):
            said = f" {display.one_line(note)}"
            if len(text) + len(said) > most:
                rest = display.plural(len(self.plan.notes) - k, "further note")
                return f"{text} {rest} in its summary()."
            text += said
        return text


def outlook_of(plan: Plan | Allocation, *, level: float = 0.8) -> Outlook:
    """Return what a view of a plan shows.

    Parameters
    ----------
    plan
        From :func:`funnelkit.plan.reverse`, or the plan of an allocation.
    level
        Two-sided level of the bands.

    Raises
    ------
    ArgumentError
        If it is no plan, or the level is none.
    """
    from funnelkit.plan.backward.result import Plan

    held: object = getattr(plan, "plan", plan)  # of an allocation
    if not isinstance(held, Plan):
        raise ArgumentError(
            "`plan` must be what fk.plan.reverse or fk.plan.optimise returns; got "
            f"{type(plan).__name__}."
        )
    return Outlook(plan=held, level=checks.confidence(level))
