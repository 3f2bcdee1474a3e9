"""`compare_scenarios`: a plan under named scenarios, side by side."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.result import Result, frozen
from funnelkit.plan.backward.stages import stage_entries
from funnelkit.plan.scenarios.applying import applied
from funnelkit.plan.scenarios.reading import read_scenarios
from funnelkit.plan.scenarios.scenario import AS_PLANNED, Scenario, gathered
from funnelkit.plan.scenarios.situation import Situation, notes_of

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan import Allocation, Plan

FloatArray = NDArray[np.float64]
_COLUMNS = (
    "target",
    "asked",
    "leads",
    "expected",
    "probability",
    "spend",
    "deals",
    "cac",
    "leads_needed",
    "spend_needed",
)
_NAMED = 3


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ScenarioComparison(Result):
    """A plan under named scenarios; made by :func:`compare_scenarios`.

    Shapes: ``S = len(names)`` scenarios, the first of which is the plan itself.

    Parameters
    ----------
    names, descriptions
        Of the scenarios.
    target
        Of all months, in the unit, shape ``(S,)``.
    asked
        Probability that is asked, shape ``(S,)``.
    leads
        Of the plan, as far as they come, shape ``(S,)``.
    expected
        Of all months with these leads, in the unit, shape ``(S,)``.
    probability
        That they meet the target, shape ``(S,)``.
    spend
        Their cost, shape ``(S,)``; NaN where it is not known.
    deals
        Expected of all months with these leads, from all sources, shape ``(S,)``.
    cac
        ``spend / deals``, shape ``(S,)``.
    leads_needed
        That meet the target with the probability asked, shape ``(S,)``; NaN where none do.
    spend_needed
        Their cost, shape ``(S,)``.
    stages
        Stage -> entries in the plan's months of the leads that are needed, shape ``(S,)`` each.
    by_channel
        Channel -> leads that are needed, shape ``(S,)`` each.
    most
        Probability with as many leads as can come, shape ``(S,)``, where ``leads_needed`` is NaN;
        else NaN.
    unit
        ``"value"`` or ``"count"``.
    currency
        Of money, where it is known.
    notes
        What a reader must know.
    """

    names: tuple[str, ...]
    descriptions: tuple[str, ...]
    target: FloatArray
    asked: FloatArray
    leads: FloatArray
    expected: FloatArray
    probability: FloatArray
    spend: FloatArray
    deals: FloatArray
    cac: FloatArray
    leads_needed: FloatArray
    spend_needed: FloatArray
    stages: Mapping[str, FloatArray]
    by_channel: Mapping[str, FloatArray]
    most: FloatArray
    unit: str
    currency: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the numbers."""
        for name in (*_COLUMNS, "most"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        for name in ("stages", "by_channel"):
            own = {key: frozen(one, np.float64) for key, one in getattr(self, name).items()}
            object.__setattr__(self, name, MappingProxyType(own))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per scenario, the plan itself first.

        Columns: ``scenario``; ``target``, ``asked``; of the planned leads ``leads``, ``expected``,
        ``probability``, ``spend``, ``deals``, ``cac``; of those that are needed for ``asked``
        ``leads_needed``, ``spend_needed``, ``entered_<stage>`` for each stage between lead and
        win, and ``won_deals``, in the months of the plan.
        """
        import pandas as pd

        columns: dict[str, Any] = {"scenario": [display.one_line(name) for name in self.names]}
        columns |= {name: getattr(self, name) for name in _COLUMNS}
        stages = list(self.stages)
        for stage in stages[1:-1]:
            columns[f"entered_{display.one_line(stage)}"] = self.stages[stage]
        columns["won_deals"] = self.stages[stages[-1]]
        return pd.DataFrame(columns)

    def summary(self) -> str:
        """Return what each scenario does to the chance of the plan, and what it would need."""
        text = f"As planned, {self._leads(0)} have {display.a_chance(self.probability[0])}"
        text += f" of the target, {self.amount(self.target[0])}."
        order = 1 + np.argsort(self.probability[1:], kind="stable")
        for i in order[:_NAMED]:
            text += (
                f' Under "{display.one_line(self.names[i])}" '
                f"{'the same' if self.leads[i] == self.leads[0] else self._leads(i)} have "
                f"{display.a_chance(self.probability[i])}, and {self._needed(i)}."
            )
        rest = len(order) - _NAMED
        if rest > 0:
            text += f" {display.plural(rest, 'scenario')} more, with higher chances, in the table."
        return " ".join([text, *self.notes])

    def amount(self, number: float) -> str:
        """Return an amount in the unit, in words."""
        if self.unit == "count":
            return f"{display.expected(number)} deals"
        of = "" if self.currency is None else f"{display.one_line(self.currency)} "
        return f"{of}{display.count(number)}"

    def _leads(self, i: int) -> str:
        return display.plural(self.leads[i], "lead")

    def _needed(self, i: int) -> str:
        asked = display.chance(self.asked[i])
        needed = self.leads_needed[i]
        if math.isnan(needed):
            return (
                f"no leads suffice for {asked}: at most {display.chance(self.most[i])} is to be had"
            )
        text = f"{display.count(needed)} would be needed for {asked}"
        if self.leads_needed[0] > 0:
            more = 100 * (needed / self.leads_needed[0] - 1)
            text += f" ({display.signed(more, decimals=0)}{display.NARROW_SPACE}%)"
        return text


def compare_scenarios(
    plan: Plan | Allocation,
    scenarios: str | Path | Scenario | Iterable[Scenario] | Mapping[str, Any],
) -> ScenarioComparison:
    """Return a plan under named scenarios, side by side.

    Parameters
    ----------
    plan
        From :func:`reverse` or :func:`optimise`.
    scenarios
        The path of a file, as :func:`read_scenarios` takes it; one :class:`Scenario` or several;
        or name -> scenario or its fields.

    Returns
    -------
    ScenarioComparison
        The plan itself first, then the scenarios in their order.

    Raises
    ------
    ArgumentError
        With everything in all scenarios that cannot be, or that this plan has not: inputs,
        channels and months with the closest match.

    Notes
    -----
    Each number is drawn in an order of its own name, so that what a scenario does not change has
    the same draws in all of them (common random numbers): differences are no noise, and a scenario
    that changes nothing is equal to the plan to the last digit.

    A ``mix`` shares out the planned leads of each month anew, and ``ceilings`` cut them. The leads
    that are needed are a multiple of them, the same in each month and channel, as far as the
    ceilings let them come. A target of single months counts by the sum of all. CAC = cost of the
    leads / deals expected in the same months, whatever they come from: as on the page for a board,
    without people.

    References
    ----------
    Glasserman and Yao (1992), Some Guidelines and Guarantees for Common Random Numbers,
    Management Science 38, 884-908.

    Examples
    --------
    >>> import funnelkit as fk
    >>> given = fk.plan.stated([0.25, 0.4, 0.5, 0.2], value=25_000, cost=100)
    >>> plan = fk.plan.reverse(1_000_000, given)
    >>> found = fk.plan.compare_scenarios(
    ...     plan,
    ...     {
    ...         "weak autumn": {"inputs": {"all: opportunity to won": "x0.8"}},
    ...         "larger deals": {"inputs": {"all: deal size": 30_000}, "targets": "+10%"},
    ...     },
    ... )
    >>> found.to_frame()[["scenario", "leads", "leads_needed", "spend_needed"]]
           scenario   leads  leads_needed  spend_needed
    0    as planned  4518.0        4518.0      451800.0
    1   weak autumn  4518.0        5648.0      564800.0
    2  larger deals  4518.0        4197.0      419700.0
    >>> found.probability.round(2).tolist()
    [0.8, 0.28, 0.91]
    """
    read = read_scenarios(scenarios) if isinstance(scenarios, (str, Path)) else scenarios
    own = gathered(read)
    here, there = applied(plan, own)
    rows = [_row(one, here) for one in (here, *there)]
    columns = {name: np.array([row[name] for row in rows]) for name in (*_COLUMNS, "most")}
    stages = [row["stages"] for row in rows]
    by_channel = [row["by_channel"] for row in rows]
    return ScenarioComparison(
        names=(AS_PLANNED, *(one.name for one in own)),
        descriptions=("", *(one.description for one in own)),
        stages={key: np.array([row[key] for row in stages]) for key in stages[0]},
        by_channel={key: np.array([row[key] for row in by_channel]) for key in by_channel[0]},
        unit=here.unit,
        currency=here.assumptions.currency,
        notes=notes_of(plan),
        **columns,
    )


def _row(at: Situation, base: Situation) -> dict[str, Any]:
    """Return all that is told of one scenario."""
    spend = at.spend()
    deals = float((at.coming * at.assumptions.yields.sum(axis=2)).sum())
    for stream in (at.assumptions.in_flight, at.assumptions.direct):
        deals += float(stream.deals.sum(axis=1).mean())
    needed = _needed(at, base)
    bare = needed is None
    leads = np.full(at.leads.shape, np.nan) if needed is None else needed
    stages = stage_entries(at.assumptions, leads)
    return {
        "target": at.target,
        "asked": at.probability,
        "leads": float(at.coming.sum()),
        "expected": at.brings(),
        "probability": at.hit(),
        "spend": spend,
        "deals": deals,
        "cac": spend / deals if deals > 0 else math.nan,
        "leads_needed": round(float(leads.sum()), 6),
        "spend_needed": math.nan if bare else at.spend(leads),
        "most": at.most() if bare else math.nan,
        "stages": {stage: float(one.sum()) for stage, one in stages.items()},
        "by_channel": dict(zip(at.assumptions.names, leads.sum(axis=1).tolist(), strict=True)),
    }


def _needed(at: Situation, base: Situation) -> FloatArray | None:
    """Return the leads that are needed, with a whole sum; ``None`` where none suffice.

    The planned ones where they are right but for being whole numbers in each month and channel.
    """
    scale = at.scale
    if math.isnan(scale):
        return None
    total = float(base.leads.sum())
    alike = at.mix is None and not at.ceilings and at.leads is base.leads
    if alike and at.hit() >= at.probability and abs(scale - 1) * total <= base.leads.size:
        return at.leads
    leads = at.at(scale)
    sum_ = float(leads.sum())
    return leads * (math.ceil(sum_ - 1e-6) / sum_) if sum_ > 0 else leads
