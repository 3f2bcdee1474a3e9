"""`Allocation`: the cheapest leads by channel and month, how sure they are, and what binds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import period_label, period_name
from funnelkit._core.result import Result, frozen
from funnelkit.plan.allocate.prices import Price, Speech

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan.backward.result import Plan

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Allocation(Result):
    """Leads by channel and month within limits; made by :func:`optimise` and :func:`best_for`.

    Shapes: ``C`` channels, ``H`` months.

    Parameters
    ----------
    plan
        The plan: whole leads, and what they bring.
    spend
        Money by channel and month, with steps of cost, shape ``(C, H)``.
    credit
        Part of the spend that is for deals after the horizon, as far as it is credited.
    bound
        No plan within the limits has a lower cost less credit, in parts of leads, where the set of
        plans that are sure enough is convex; with what is charged for changes from month to month
        and for months that stay behind an even course. NaN of the best of a budget.
    gap
        How far the same of the whole leads lies above the bound, as a share.
    finished
        Whether the search came to its end; if not, a limit of the solver stopped it.
    status
        The same in words, with the gap to the bound.
    prices
        What each limit that binds costs; empty for the best of a budget.
    mean_leads
        Cheapest leads on mean rates under the same limits, shape ``(C, H)``; ``None`` where the
        limits do not allow the target even in the mean.
    mean_spend
        What those cost.
    interim
        Month -> chance of the target summed up to its end, where it was asked for.
    floors, ceilings
        Least and most leads, shape ``(C, H)``; infinite where there is no ceiling.
    notes
        What a reader must know.
    """

    plan: Plan
    spend: FloatArray
    credit: float
    bound: float
    gap: float
    finished: bool
    status: str
    prices: tuple[Price, ...]
    mean_leads: FloatArray | None
    mean_spend: float
    interim: Mapping[str, float] = field(default_factory=dict)
    floors: FloatArray
    ceilings: FloatArray
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("spend", "floors", "ceilings"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        if self.mean_leads is not None:
            object.__setattr__(self, "mean_leads", frozen(self.mean_leads, np.float64))
        object.__setattr__(self, "interim", MappingProxyType(dict(self.interim)))

    @property
    def leads(self) -> FloatArray:
        """Whole leads by channel and month, shape ``(C, H)``."""
        return self.plan.leads

    @property
    def cost(self) -> float:
        """Money for all leads."""
        return float(self.spend.sum())

    @property
    def net_cost(self) -> float:
        """The same less what is credited for deals after the horizon."""
        return self.cost - self.credit

    @property
    def hit(self) -> float:
        """Chance that all months together bring the target."""
        return self.plan.hit

    @property
    def expected(self) -> float:
        """Expected in all months together, in the unit of the target."""
        return float(self.plan.expected.sum())

    @cached_property
    def mean_plan(self) -> Plan | None:
        """The plan on mean rates, whose true chance is about a coin toss."""
        from funnelkit.plan.allocate.arranging import plan_of

        if self.mean_leads is None:
            return None
        return plan_of(
            self.plan.assumptions, self.plan.targets, self.plan.probability, self.mean_leads
        )

    @property
    def speech(self) -> Speech:
        """How amounts are said."""
        currency = self.plan.targets.currency or self.plan.assumptions.currency
        shown = None if currency is None else display.one_line(currency)
        return Speech(shown, self.plan.unit)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per channel and month.

        Columns: ``period``, ``channel``, ``leads``, ``floor``, ``ceiling`` (infinite where there
        is none), ``spend``, ``cost_per_lead`` (missing where there are none) and ``binds``:
        ``"floor"``, ``"ceiling"`` or nothing.
        """
        import pandas as pd

        rows = []
        for c, name in enumerate(self.plan.channels):
            for m, month in enumerate(self.plan.periods):
                leads = float(self.leads[c, m])
                floor, ceiling = float(self.floors[c, m]), float(self.ceilings[c, m])
                binds = "ceiling" if leads >= np.floor(ceiling) else ""
                if floor > 0 and leads <= np.ceil(floor):
                    binds = "floor"
                spend = float(self.spend[c, m])
                rows.append(
                    {
                        "period": period_label(month),
                        "channel": display.one_line(name),
                        "leads": int(leads),
                        "floor": floor,
                        "ceiling": ceiling,
                        "spend": spend,
                        "cost_per_lead": spend / leads if leads else float("nan"),
                        "binds": binds,
                    }
                )
        return pd.DataFrame(rows)

    def price_table(self) -> pd.DataFrame:
        """Return what each limit that binds costs, one row each.

        Columns: ``limit``, ``of``, ``change`` (of the least cost, for one more of it), ``months``
        in which it binds, ``sentence``.
        """
        import pandas as pd

        labels = [period_label(month) for month in self.plan.periods]
        return pd.DataFrame(
            [
                {
                    "limit": one.kind,
                    "of": display.one_line(one.of),
                    "change": one.change,
                    "months": ", ".join(labels[m] for m in one.months),
                    "sentence": one.sentence,
                }
                for one in self.prices
            ],
            columns=["limit", "of", "change", "months", "sentence"],
        )

    def summary(self) -> str:
        """Return what it takes, what that costs, how sure it is and what binds most."""
        say = self.speech
        first, last = period_name(self.plan.periods[0]), period_name(self.plan.periods[-1])
        span = f"in {first}" if first == last else f"from {first} to {last}"
        whole = float(self.leads.sum())
        text = (
            f"{display.plural(whole, 'lead') if whole else 'No lead'} {span} for "
            f"{say.money(self.cost)}: {display.a_chance(self.hit)} of "
            f"{say.target(self.plan.targets.total)}; {self.status}."
        )
        if self.credit >= 0.5:
            text += (
                f" {say.money(self.credit)} of the cost is credited for deals that close after "
                "the horizon."
            )
        limits = [one.sentence for one in self.prices if one.kind not in {"target"}]
        return " ".join([text, *limits[:2], *self.notes])
