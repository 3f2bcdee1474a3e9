"""`Plan`: leads by channel and month, what they bring, and how likely it is enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import period_label, period_name
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Result, frozen
from funnelkit.plan.backward.stages import activity_frame, stage_entries
from funnelkit.plan.chance.hitting import HitChance
from funnelkit.plan.chance.outcomes import Outcomes, Unit

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan.basis.assumptions import Assumptions
    from funnelkit.plan.goals.targets import Targets

FloatArray = NDArray[np.float64]
Every = Literal["month", "quarter", "year"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Plan(Result):
    """Leads by channel and month for a target; made by :func:`reverse`.

    Shapes: ``C = len(channels)``, ``H = len(periods)`` months.

    Parameters
    ----------
    assumptions
        What a lead brings, and when.
    targets
        What is to be reached, of the same months.
    probability
        Chance that was asked for.
    leads
        Whole numbers by channel and month of entry, shape ``(C, H)``.
    outcomes
        What they bring, as joint draws.
    options
        ``"mean"`` (on mean rates), ``"P50"``, ``"P80"``, ``"P90"`` and the one asked for: leads of
        each, shape ``(C, H)``.
    shortfall
        Part of each month's target that cannot come by the end of the month any more, however
        many leads come from today on (up to the plan's peak), shape ``(H,)``.
    missing
        Part of the targets that cannot come within the plan at all.
    notes
        What a reader must know.
    """

    assumptions: Assumptions
    targets: Targets
    probability: float
    leads: FloatArray
    outcomes: Outcomes
    options: Mapping[str, FloatArray] = field(default_factory=dict)
    shortfall: FloatArray | None = None
    missing: float = 0.0
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the arrays, and refuse those that do not fit each other."""
        months = len(self.assumptions.periods)
        shape = (len(self.assumptions.channels), months)
        late = np.zeros(months) if self.shortfall is None else self.shortfall
        object.__setattr__(self, "shortfall", frozen(late, np.float64))
        object.__setattr__(self, "leads", frozen(self.leads, np.float64))
        options = {name: frozen(one, np.float64) for name, one in self.options.items()}
        object.__setattr__(self, "options", MappingProxyType(options))
        every = {"leads": self.leads} | {f"option {k}": v for k, v in options.items()}
        wrong = [
            f"{name} must be of shape {shape}; got {one.shape}"
            for name, one in every.items()
            if one.shape != shape
        ]
        if not self.targets.periods.equals(self.assumptions.periods):
            wrong.append(
                f"targets are for {period_label(self.targets.periods[0])} to "
                f"{period_label(self.targets.periods[-1])}, assumptions for "
                f"{period_label(self.periods[0])} to {period_label(self.periods[-1])}"
            )
        if wrong:
            raise ArgumentError(f"A plan's parts do not fit each other: {'; '.join(wrong)}.")

    # --- what it is about -------------------------------------------------------------

    @property
    def periods(self) -> pd.PeriodIndex:
        """Civil months."""
        return self.assumptions.periods

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels."""
        return tuple(one.name for one in self.assumptions.channels)

    @property
    def unit(self) -> Unit:
        """``"value"`` (money) or ``"count"`` (deals)."""
        return self.targets.unit

    @property
    def reachable(self) -> float:
        """The targets together, less what cannot come within the plan."""
        return self.targets.total - self.missing

    # --- what comes -------------------------------------------------------------------

    @property
    def new(self) -> FloatArray:
        """Expected from the planned leads in each month, shape ``(H,)``."""
        worth = self.assumptions.sizes if self.unit == "value" else np.ones(len(self.channels))
        return np.asarray(np.einsum("cm,cmh,c->h", self.leads, self.assumptions.yields, worth))

    @property
    def in_flight(self) -> FloatArray:
        """Expected in each month from what is open today, shape ``(H,)``."""
        return self._stream("in_flight")

    @property
    def direct(self) -> FloatArray:
        """Expected in each month from deals that never start as a lead, shape ``(H,)``."""
        return self._stream("direct")

    def _stream(self, name: str) -> FloatArray:
        stream = getattr(self.assumptions, name)
        drawn = stream.value if self.unit == "value" else stream.deals
        return np.asarray(drawn.mean(axis=0))

    @property
    def expected(self) -> FloatArray:
        """Expected in each month from all of these, shape ``(H,)``."""
        return self.new + self.in_flight + self.direct

    @property
    def gap(self) -> FloatArray:
        """Expected less target of each month, shape ``(H,)``; below 0 where it is missed."""
        return self.expected - self.targets.amount

    @property
    def spend(self) -> FloatArray:
        """Cost of the leads, shape ``(C, H)``; NaN where the cost of a lead is not known."""
        return self.leads * self.assumptions.costs[:, None]

    def stages_needed(self) -> dict[str, FloatArray]:
        """Return expected entries to each stage of the planned leads.

        Returns
        -------
        dict
            Stage -> shape ``(C, H)``; the first stage holds the leads, the last the wins.
        """
        return stage_entries(self.assumptions, self.leads)

    def stages_in_flight(self) -> dict[str, FloatArray]:
        """Return expected entries to each stage of records that are open today, ``(H,)`` each."""
        reach = self.assumptions.in_flight.reach
        return {
            stage: np.asarray(reach[stage]) for stage in self.assumptions.stages if stage in reach
        }

    def activities(self, per: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
        """Return meetings, calls and the like that entries to stages ask for.

        Parameters
        ----------
        per
            Activity -> stage -> how many for each entry to it:
            ``{"meetings": {"sql": 1, "opportunity": 3}, "calls": {"lead": 2}}``.

        Returns
        -------
        DataFrame
            One row per month: ``period`` and a column for each activity, of planned leads and
            records open today.

        Raises
        ------
        ArgumentError
            If a stage is unknown, or a number below 0.
        """
        return activity_frame(self.assumptions, self.stages_needed(), self.stages_in_flight(), per)

    # --- how likely -------------------------------------------------------------------

    @cached_property
    def _chance(self) -> HitChance:
        return HitChance(self.assumptions, self.unit)

    @cached_property
    def hit(self) -> float:
        """Chance that all months together bring the targets of all months together."""
        return self._chance.probability(self.leads, self.targets.total)

    @cached_property
    def hit_reachable(self) -> float:
        """Chance that all months together bring what can be reached of the targets."""
        if self.missing == 0:
            return self.hit
        return self._chance.probability(self.leads, self.reachable)

    @cached_property
    def _cumulative(self) -> FloatArray:
        sums = np.cumsum(self.targets.amount)
        return np.array(
            [
                self._chance.probability(self.leads, float(target), until=month + 1)
                for month, target in enumerate(sums)
            ]
        )

    def probability_by(self, every: Every = "month") -> pd.DataFrame:
        """Return the chance of the target of each month, quarter or year.

        Parameters
        ----------
        every
            ``"month"``, or ``"quarter"`` or ``"year"`` of the targets' fiscal calendar.

        Returns
        -------
        DataFrame
            One row per period: ``period`` (as tables write it; of a quarter or year that is not
            wholly in the plan, with the months that are), ``target``, ``expected``,
            ``probability`` that the period alone brings its target, ``cumulative_target``,
            ``cumulative_expected``, and ``cumulative_probability`` that all months up to its end
            bring theirs. Only months of the plan count.
        """
        import pandas as pd

        checks.one_of("every", every, ("month", "quarter", "year"))
        of = self.periods
        if every != "month":
            of = self.targets.calendar.periods(self.periods.to_timestamp(), every)
        begins = np.flatnonzero(np.r_[True, of[1:] != of[:-1]])
        ends = np.r_[begins[1:], len(of)]
        target, expected = np.cumsum(self.targets.amount), np.cumsum(self.expected)
        rows = []
        for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
            own = float(self.targets.amount[begin:end].sum())
            alone = self._chance.probability(self.leads, own, since=begin, until=end)
            rows.append(
                {
                    "period": self._label(of[begin], begin, end),
                    "target": own,
                    "expected": float(self.expected[begin:end].sum()),
                    "probability": alone if own > 0 else 1.0,
                    "cumulative_target": target[end - 1],
                    "cumulative_expected": expected[end - 1],
                    "cumulative_probability": self._cumulative[end - 1],
                }
            )
        return pd.DataFrame(rows)

    def _label(self, period: pd.Period, begin: int, end: int) -> str:
        """Return the name of a period, with the plan's months of it where that is not all."""
        first, last = self.periods[begin], self.periods[end - 1]
        if (first.start_time, last.end_time) == (period.start_time, period.end_time):
            return period_label(period)
        months = period_label(first)
        if last != first:
            months += f" to {period_label(last)}"
        return f"{period_label(period)} ({months})"

    def option_table(self) -> pd.DataFrame:
        """Return the plans side by side: on mean rates, and those of given chances.

        Returns
        -------
        DataFrame
            One row per option: ``plan``, ``leads`` in all, ``expected`` of all months together in
            the unit, ``probability`` of what can be reached of the targets, and ``spend`` (NaN
            where a cost is not known).
        """
        import pandas as pd

        worth = self.assumptions.sizes if self.unit == "value" else np.ones(len(self.channels))
        gains = self.assumptions.yields.sum(axis=2) * worth[:, None]
        rest = float((self.in_flight + self.direct).sum())
        rows: list[dict[str, Any]] = [
            {
                "plan": name,
                "leads": int(leads.sum()),
                "expected": float((leads * gains).sum()) + rest,
                "probability": self._chance.probability(leads, self.reachable),
                "spend": _spent(leads, self.assumptions.costs),
            }
            for name, leads in self.options.items()
        ]
        return pd.DataFrame(rows)

    # --- how it is shown --------------------------------------------------------------

    def to_frame(self) -> pd.DataFrame:
        """Return one row per month.

        Columns: ``period``; ``leads`` of all channels and, with several, ``leads_<channel>``;
        ``entered_<stage>`` of the planned leads for each stage between lead and win;
        ``won_deals`` of them; in the unit ``in_flight``, ``new``, ``direct``, ``expected``,
        ``target``, ``gap`` and ``shortfall`` (which cannot come in time any more);
        ``probability`` that the months so far bring their targets; ``spend``.
        """
        import pandas as pd

        columns: dict[str, Any] = {"period": [period_label(one) for one in self.periods]}
        columns["leads"] = self.leads.sum(axis=0)
        if len(self.channels) > 1:
            columns |= {
                f"leads_{display.one_line(name)}": row
                for name, row in zip(self.channels, self.leads, strict=True)
            }
        stages = self.stages_needed()
        columns |= {
            f"entered_{display.one_line(name)}": stages[name].sum(axis=0)
            for name in self.assumptions.stages[1:-1]
        }
        columns["won_deals"] = stages[self.assumptions.stages[-1]].sum(axis=0)
        columns |= {
            name: getattr(self, name) for name in ("in_flight", "new", "direct", "expected")
        }
        columns |= {"target": self.targets.amount, "gap": self.gap, "shortfall": self.shortfall}
        columns["probability"] = self._cumulative
        costs = self.assumptions.costs
        columns["spend"] = [_spent(self.leads[:, [m]], costs) for m in range(len(self.periods))]
        return pd.DataFrame(columns)

    def shown(self, amount: float) -> str:
        """Return an amount in the unit, as sentences write it."""
        if self.unit == "count":
            return f"{display.expected(amount)} {'deal' if round(amount, 1) == 1 else 'deals'}"
        currency = self.targets.currency or self.assumptions.currency
        return (
            f"{display.one_line(currency)} {display.count(amount)}"
            if currency
            else display.count(amount)
        )

    def summary(self) -> str:
        """Return how many leads it takes, how sure that is, and what cannot be reached any more."""
        first, last = period_name(self.periods[0]), period_name(self.periods[-1])
        span = "" if first == last else f" from {first} to {last}"
        whole = self.leads.sum()
        said = display.plural(whole, "lead") if whole else "No further lead"
        text = (
            f"{said}{span}: {display.a_chance(self.hit)} to bring {self.shown(self.targets.total)}"
        )
        carried = float((self.in_flight + self.direct).sum())
        if carried > 0:
            text += f", of which {self.shown(carried)} are expected without them"
        text += "."
        if "mean" in self.options and whole:
            mean = self.options["mean"]
            chance = self._chance.probability(mean, self.reachable)
            of = f" of the {self.shown(self.reachable)} that can still come" if self.missing else ""
            text += (
                f" On mean rates it would be {display.plural(mean.sum(), 'lead')}, with "
                f"{display.a_chance(chance)}{of}."
            )
        own = [note for note in self.notes if note not in self.assumptions.notes]
        return " ".join([text, *own])


def _spent(leads: FloatArray, costs: FloatArray) -> float:
    """Return what leads cost; NaN where the cost of one that is used is not known."""
    each = leads.sum(axis=1)
    return float(np.where(each > 0, each * costs, 0.0).sum())
