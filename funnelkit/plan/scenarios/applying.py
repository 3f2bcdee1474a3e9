"""A scenario applied to a plan: the same leads under what would be otherwise."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError, did_you_mean, numbered, unknown
from funnelkit.plan.basis.estimate import Estimate
from funnelkit.plan.scenarios.changes import Change
from funnelkit.plan.scenarios.levers import LEADS, TARGET, Lever, levers_of, turned
from funnelkit.plan.scenarios.scenario import Scenario
from funnelkit.plan.scenarios.situation import Situation, plan_of, situation_of

if TYPE_CHECKING:
    from funnelkit.plan import Allocation, Plan
    from funnelkit.plan.basis.estimate import Kind

FloatArray = NDArray[np.float64]
_LEVEL = 0.8


def applied(
    plan: Plan | Allocation, scenarios: tuple[Scenario, ...]
) -> tuple[Situation, tuple[Situation, ...]]:
    """Return a plan as it stands, and under each scenario.

    Raises
    ------
    ArgumentError
        With everything in all scenarios that this plan has not, or that cannot be.
    """
    here = situation_of(plan)
    own = plan_of(plan)
    wrong: list[str] = []
    found = [_Applying(here, own, one, wrong).situation() for one in scenarios]
    if wrong:
        raise ArgumentError(numbered(wrong))
    return here, tuple(found)


class _Applying:
    """One scenario on its way into a plan; what is wrong goes to a list."""

    def __init__(self, here: Situation, plan: Plan, scenario: Scenario, wrong: list[str]) -> None:
        self.here, self.plan, self.scenario, self.wrong = here, plan, scenario, wrong

    def _note(self, place: str, words: str) -> None:
        self.wrong.append(f"{display.one_line(self.scenario.name)!r}, `{place}`: {words}")

    def situation(self) -> Situation:
        """Return the plan under the scenario."""
        found, one = self.here, self.scenario
        levers = {k: v for k, v in levers_of(found).items() if v.part != "plan"}
        for key, change in one.inputs.items():
            if key in levers:
                found = self._turned(found, levers[key], change)
                continue
            own = {TARGET: "`targets`", LEADS: "`leads`"}.get(key.rsplit(": ", 1)[-1])
            hint = did_you_mean(key, levers)
            if own:
                self._note("inputs", f"`{key}` stands under {own}, not `inputs`.")
            elif hint:
                self._note("inputs", f"unknown input `{display.one_line(key)}`.{hint}")
            else:
                self._note("inputs", unknown("input", display.one_line(key), levers))
        found = self._with_leads(found)
        self._channels("ceilings", one.ceilings)
        self._channels("mix", one.mix or {})
        probability = found.probability if one.probability is None else one.probability
        return replace(
            found,
            target=self._target(),
            ceilings=one.ceilings,
            mix=one.mix,
            probability=probability,
        )

    def _turned(self, found: Situation, lever: Lever, change: Change) -> Situation:
        try:
            return turned(found, lever, number_of(change, lever))
        except ArgumentError as reason:
            self._note("inputs", str(reason))
            return found

    def _with_leads(self, found: Situation) -> Situation:
        change = self.scenario.leads
        if change is None:
            return found
        leads = np.array(found.leads)
        names = found.assumptions.names
        if isinstance(change, Mapping):
            self._channels("leads", change)
            rows = [(one, [names.index(name)]) for name, one in change.items() if name in names]
        else:
            rows = [(change, list(range(len(names))))]
        for one, which in rows:
            leads[which] = _scaled(leads[which], one)
        return replace(found, leads=leads)

    def _target(self) -> float:
        """Return the target of all months, less what cannot come any more."""
        change, targets = self.scenario.targets, self.plan.targets
        if change is None:
            return self.here.target
        if isinstance(change, Change):
            total = change.of(targets.total)
        else:
            labels = [period_label(one) for one in targets.periods]
            amounts = dict(zip(labels, targets.amount.tolist(), strict=True))
            for month, one in change.items():
                if month not in amounts:
                    self._note("targets", unknown("month", month, labels))
                    continue
                amounts[month] = one.of(amounts[month])
            total = sum(amounts.values())
        left = total - self.plan.missing
        if not total > 0:
            self._note(
                "targets", "nothing is left of the target, so that there is nothing to plan."
            )
        return max(left, 0.0)

    def _channels(self, place: str, given: Mapping[str, object]) -> None:
        names = self.here.assumptions.names
        for name in given:
            if name not in names:
                self._note(place, unknown("channel", name, names))


def number_of(change: Change, lever: Lever) -> float | Estimate:
    """Return what an input becomes: a number, or an estimate with a doubt of its own.

    Raises
    ------
    ArgumentError
        If it cannot lie between the two.
    """
    if change.low is None or change.high is None:
        return change.of(lever.value)
    value = change.of(lever.value)
    return Estimate(
        value=value,
        sd=_doubt(value, change.high - change.low, lever.kind, lever.key),
        source="scenario",
    )


def _doubt(value: float, width: float, kind: Kind, key: str) -> float:
    """Return the standard deviation whose interval from P10 to P90 is so wide.

    Raises
    ------
    ArgumentError
        If no doubt of such a number is so wide.
    """
    tails = np.array([(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    share = kind == "share"
    most = math.sqrt(value * (1 - value) / 2) if share and value < 1 else 2 * value

    def wider(sd: float) -> float:
        ends = Estimate(value=value, sd=sd).quantiles(tails, kind=kind)
        return float(ends[1] - ends[0]) - width

    if (share and value >= 1) or wider(most) < 0:
        raise ArgumentError(
            f"`{key}`: `low` and `high` are further apart than {value:g} can be in doubt."
        )
    return float(optimize.brentq(wider, most * 1e-9, most, xtol=1e-15))


def _scaled(leads: FloatArray, change: Change) -> FloatArray:
    """Return leads with another sum, in the months as before or evenly."""
    total = float(leads.sum())
    wanted = change.of(total)
    return leads * (wanted / total) if total else np.full(leads.shape, wanted / leads.size)
