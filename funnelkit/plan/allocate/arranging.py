"""What an allocation stands on: the assumptions, the targets and the chances of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, numbered
from funnelkit.plan.allocate.by_month import Reader
from funnelkit.plan.allocate.certainty import Certainty, Rule
from funnelkit.plan.allocate.limits import Limits
from funnelkit.plan.backward.result import Plan
from funnelkit.plan.basis.estimate import Estimate
from funnelkit.plan.chance.hitting import HitChance
from funnelkit.plan.chance.simulating import simulated

if TYPE_CHECKING:
    from funnelkit.plan.basis.assumptions import Assumptions
    from funnelkit.plan.goals.targets import Targets

FloatArray = NDArray[np.float64]
_MANY = 30.0
"""Square of the mean over the variance: as much as that many like deals have."""


def plan_of(
    assumptions: Assumptions,
    targets: Targets,
    probability: float,
    leads: FloatArray,
    *,
    options: Mapping[str, FloatArray] | None = None,
    notes: tuple[str, ...] = (),
    rng: np.random.Generator | int = 0,
) -> Plan:
    """Return the plan of some leads."""
    return Plan(
        assumptions=assumptions,
        targets=targets,
        probability=probability,
        leads=leads,
        outcomes=simulated(assumptions, leads, rng=rng, unit=targets.unit),
        options=options or {},
        notes=notes,
    )


def priced(
    assumptions: Assumptions, limits: Limits, leads: FloatArray, spend: FloatArray
) -> Assumptions:
    """Return the assumptions with the cost of a lead that a plan pays: the mean over steps."""
    channels = []
    for c, one in enumerate(assumptions.channels):
        steps, count = limits.steps[c], float(leads[c].sum())
        mean = float(spend[c].sum()) / count if count and len(steps) > 1 else steps[0][1]
        known = one.cost is not None and abs(one.cost.value - mean) <= 1e-9 * max(mean, 1.0)
        cost = one.cost if known else Estimate(value=mean, source="stated for the plan")
        channels.append(replace(one, cost=cost))
    return replace(assumptions, channels=tuple(channels))


def share(argument: str, value: Any, problems: list[str]) -> float:
    """Return a probability between 0 and 1; what is none is added to the problems."""
    known = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if known and 0 < value < 1:
        return float(value)
    hint = f" Did you mean {value / 100:g}?" if known and 1 < value < 100 else ""
    problems.append(f"`{argument}` must be between 0 and 1; got {value!r:.40}.{hint}")
    return 0.5


def rules_of(
    targets: Targets, probability: float, interim: Any, reader: Reader
) -> tuple[Rule, ...]:
    """Return the targets that are to be reached, that of the horizon last."""
    sums = targets.cumulative
    found = []
    if interim is not None and not isinstance(interim, Mapping):
        reader.problems.append(
            "`interim` must map months to the chance of the targets up to their end, such as "
            f"{{'2027-06': 0.6}}; got {interim!r:.60}."
        )
    elif interim is not None:
        for key, asked in interim.items():
            places = reader.covered("`interim`", key)
            chance = share(f"interim of {key!s:.20}", asked, reader.problems)
            if places and places[-1] + 1 < len(sums) and sums[places[-1]] > 0:
                found.append(Rule(float(sums[places[-1]]), places[-1] + 1, chance))
    found.append(Rule(targets.total, len(sums), probability))
    return tuple(found)


def certainty_of(assumptions: Assumptions, targets: Targets, rules: tuple[Rule, ...]) -> Certainty:
    """Return how surely leads reach targets, by cumulants."""
    worth = assumptions.sizes if targets.unit == "value" else np.ones(len(assumptions.channels))
    slopes = np.cumsum(assumptions.yields * worth[:, None, None], axis=2)
    flat = slopes.transpose(2, 0, 1).reshape(len(assumptions.periods), -1)
    return Certainty(HitChance(assumptions, targets.unit, method="smooth"), rules, flat)


def few(certainty: Certainty, leads: FloatArray) -> bool:
    """Return whether deals are so few that three cumulants do not tell the chance well."""
    rule = certainty.rules[-1]
    shaped = np.maximum(leads, 0.0).reshape(certainty.shape)
    mean, variance = certainty.chances.moments(shaped, rule.until)
    fixed, _ = certainty.chances.moments(np.zeros(certainty.shape), rule.until)
    known = variance > 0
    worth = (mean - fixed)[known] ** 2 / variance[known]
    return bool(known.any() and float(worth.mean()) < _MANY)


def unusable(assumptions: Assumptions, targets: Targets) -> list[str]:
    """Return why no leads can bring these targets at all."""
    problems = []
    unsized = [one.name for one in assumptions.channels if one.size is None]
    if targets.unit == "value" and unsized:
        shown = display.listed([repr(display.one_line(name)) for name in unsized[:5]])
        problems.append(
            f"The target is money, but the size of a deal is not known for {shown}: give sizes, or "
            "targets in deals."
        )
    if not assumptions.yields.any():
        reason = "every rate is 0" if not assumptions.rates.any() else "all are won after it"
        problems.append(f"No lead of any channel is won within the plan's months: {reason}.")
    return problems


def refuse(problems: list[str]) -> None:
    """Raise one error for all problems, if there are any."""
    if problems:
        raise ArgumentError(numbered(problems))
