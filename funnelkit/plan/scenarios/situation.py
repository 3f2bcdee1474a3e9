"""`Situation`: a plan's leads under some assumptions, and what comes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from funnelkit._core.errors import ArgumentError
from funnelkit.plan.chance.hitting import HitChance, Method

if TYPE_CHECKING:
    from funnelkit.plan import Allocation, Plan
    from funnelkit.plan.basis.assumptions import Assumptions
    from funnelkit.plan.basis.channel import Unit

FloatArray = NDArray[np.float64]
_MOST = 1e5
_CLOSE = 1e-4
_LITTLE = 20_000
_TRIES = 8
_LEAST, _UTMOST = 1e-12, 1 - 1e-12


@dataclass(frozen=True, eq=False, kw_only=True)
class Situation:
    """A plan's leads under some assumptions.

    Parameters
    ----------
    assumptions
        What a lead brings.
    leads
        That are planned, by channel and month, shape ``(C, H)``.
    target
        To be met by all months together, in the unit.
    probability
        With which it is asked to be met.
    unit
        ``"value"`` or ``"count"``.
    ceilings
        Channel -> leads a month that it brings at most.
    mix
        Channel -> its part of the leads of each month; ``None``: as planned.
    method
        Of :class:`HitChance`.
    offset
        Added to the probit of each chance.
    lean
        What the normal approximation of a probit is likely to be off by, where leads are sought.
    """

    assumptions: Assumptions
    leads: FloatArray
    target: float
    probability: float
    unit: Unit
    ceilings: Mapping[str, float] = field(default_factory=dict)
    mix: Mapping[str, float] | None = None
    method: Method = "auto"
    offset: float = 0.0
    lean: float = 0.0

    @cached_property
    def chance(self) -> HitChance:
        """The chance of what these leads bring."""
        return HitChance(self.assumptions, self.unit, method=self.method)

    def quick(self) -> Situation:
        """Return the same for many evaluations: few deals are counted exactly only once.

        Notes
        -----
        Chances are then those of :class:`HitChance` by three cumulants, shifted on the scale of
        probits so that the one of the planned leads is right. Where deals are many, or draws few,
        nothing is shifted.
        """
        if self.assumptions.n_draws * self.leads.size <= _LITTLE or self.method == "smooth":
            return self
        smooth = replace(self, method="smooth")
        return replace(smooth, offset=_probit(self.hit()) - _probit(smooth.hit()))

    @cached_property
    def coming(self) -> FloatArray:
        """The planned leads in the mix, as far as the ceilings let them come, ``(C, H)``."""
        return self._below(self._mixed(self.leads))

    @cached_property
    def pattern(self) -> FloatArray:
        """What the leads that are needed are a multiple of, shape ``(C, H)``.

        The planned leads in the mix; where none are planned, one lead in all by the usual mix and
        season.
        """
        found = self.leads
        if not found.sum():
            months = self.assumptions.season
            by_month = np.ones(found.shape[1]) if months is None else np.asarray(months)
            found = self.assumptions.shares[:, None] * by_month
            found = found / found.sum()
        return self._mixed(found)

    def _mixed(self, leads: FloatArray) -> FloatArray:
        """Return leads with those of each month shared out by the mix."""
        if self.mix is None:
            return leads
        parts = np.array([self.mix.get(name, 0.0) for name in self.assumptions.names])
        return np.asarray((parts / parts.sum())[:, None] * leads.sum(axis=0))

    def at(self, scale: float) -> FloatArray:
        """Return a multiple of the pattern, as far as the ceilings let it come, ``(C, H)``."""
        return self._below(scale * self.pattern)

    def _below(self, leads: FloatArray) -> FloatArray:
        if not self.ceilings:
            return leads
        most = [self.ceilings.get(name, np.inf) for name in self.assumptions.names]
        return np.asarray(np.minimum(leads, np.array(most)[:, None]))

    # --- what comes of the leads ------------------------------------------------------

    def hit(self, leads: FloatArray | None = None) -> float:
        """Return the chance of the target with some leads; with those that come."""
        some = self.coming if leads is None else leads
        found = self.chance.probability(some, self.target)
        if not self.offset or not 0 < found < 1:
            return found
        return float(special.ndtr(_probit(found) + self.offset))

    def brings(self, leads: FloatArray | None = None) -> float:
        """Return what is expected of all months together, in the unit."""
        return float(self.chance.moments(self.coming if leads is None else leads)[0].mean())

    @cached_property
    def fixed(self) -> FloatArray:
        """What comes without any new leads, by draw, in the unit, shape ``(N,)``."""
        streams = self.assumptions.in_flight, self.assumptions.direct
        return np.asarray(streams[0].totals(self.unit) + streams[1].totals(self.unit))

    def spend(self, leads: FloatArray | None = None) -> float:
        """Return the cost of some leads; NaN where a channel that is used has no known cost."""
        some = (self.coming if leads is None else leads).sum(axis=1)
        costs = np.where(some > 0, self.assumptions.costs, 0.0)
        return float(some @ costs)

    # --- the leads that are needed ----------------------------------------------------

    @cached_property
    def scale(self) -> float:
        """Multiple of the pattern that meets the target as asked; NaN where none does."""
        wanted = float(special.ndtri(self.probability))
        if float(np.mean(self.fixed >= self.target * (1 - 1e-9))) >= self.probability:
            return 0.0
        found = None if self.ceilings else self._stepped(wanted)
        return self._bracketed(wanted) if found is None else found[0]

    def leaning(self) -> Situation:
        """Return the same, to seek the leads of many that are alike with fewer evaluations."""
        if self.ceilings or not 0 < self.scale < np.inf:
            return self
        found = self._stepped(float(special.ndtri(self.probability)))
        return self if found is None else replace(self, lean=found[1])

    def _excess(self, scale: float, wanted: float) -> float:
        """Return the probit of the chance at a scale, less what is wanted of it."""
        return _probit(self.hit(self.at(scale))) - wanted

    def _stepped(self, wanted: float) -> tuple[float, float] | None:
        """Return the scale by way of the normal approximation, and by how much that was off."""
        rough = _Rough(self)
        aim = wanted + self.lean
        for _ in range(_TRIES):
            scale = rough.scale_for(aim)
            if scale is None:
                return None
            off = self._excess(scale, wanted)
            if abs(off) < _CLOSE:
                return scale, aim - wanted
            aim -= off
        return None

    def _bracketed(self, wanted: float) -> float:
        high = 1.0 if self.leads.sum() else 1000.0
        ends = high / 2
        while self._excess(high, wanted) < 0:
            if high > _MOST or (self.at(2 * high) == self.at(high)).all():
                return np.nan
            ends, high = high, 2 * high
        while self._excess(ends, wanted) >= 0:
            ends, high = ends / 2, ends
            if high < 1 / _MOST:
                return high
        return float(optimize.brentq(self._excess, ends, high, args=(wanted,), rtol=1e-9))

    def most(self) -> float:
        """Return the chance with as many leads as can come at all."""
        return self.hit(self.at(_MOST))


class _Rough:
    """The chance of a multiple of the pattern, as if normal given each draw."""

    def __init__(self, of: Situation) -> None:
        one, two = (of.chance.moments(scale * of.pattern) for scale in (1.0, 2.0))
        self.gap = of.target - of.fixed
        self.brought = one[0] - of.fixed
        self.shared = (two[1] - 2 * one[1]) / 2
        self.each = one[1] - self.shared
        self.least = (1e-6 * max(abs(of.target), 1.0)) ** 2

    def _about(self, scale: float) -> float:
        variance = np.maximum(scale * self.each + scale**2 * self.shared, self.least)
        chance = special.ndtr((scale * self.brought - self.gap) / np.sqrt(variance)).mean()
        return _probit(float(chance))

    def scale_for(self, aim: float) -> float | None:
        """Return the scale at which the probit is what is aimed at; ``None`` where none is."""
        low = high = 1.0
        while self._about(high) < aim:
            high *= 2
            if high > _MOST:
                return None
        while self._about(low) > aim:
            low /= 2
            if low < 1 / _MOST:
                return None
        if low == high:
            return low
        return float(optimize.brentq(lambda s: self._about(s) - aim, low, high, rtol=1e-9))


def _probit(chance: float) -> float:
    return float(special.ndtri(min(max(chance, _LEAST), _UTMOST)))


def plan_of(plan: Plan | Allocation) -> Plan:
    """Return the plan of an allocation, or the plan itself.

    Raises
    ------
    ArgumentError
        If it is neither.
    """
    from funnelkit.plan.backward.result import Plan

    found = getattr(plan, "plan", plan)
    if not isinstance(found, Plan):
        raise ArgumentError(
            f"`plan` must be what `reverse` or `optimise` returned; got {type(plan).__name__}."
        )
    return found


def situation_of(plan: Plan | Allocation) -> Situation:
    """Return a plan as it stands.

    Where part of its targets cannot come any more, the target is what can be reached of them.
    """
    own = plan_of(plan)
    return Situation(
        assumptions=own.assumptions,
        leads=own.leads,
        target=own.reachable,
        probability=own.probability,
        unit=own.unit,
    )


def notes_of(plan: Plan | Allocation) -> tuple[str, ...]:
    """Return what a reader of anything that stands on a plan must know."""
    own = plan_of(plan)
    if not own.missing:
        return ()
    late = f"{own.shown(own.missing)} of the target cannot come within the plan any more"
    return (f"{late}; the target here is the rest, {own.shown(own.reachable)}.",)


def under(situation: Situation, changed: Assumptions) -> Situation:
    """Return the same leads under other assumptions, which share the draws that are the same.

    Notes
    -----
    Draws of an input are in an order of its own name, so that one that is not changed has the
    same draws in both: common random numbers. They are taken over rather than drawn again.
    """
    if changed is situation.assumptions:
        return situation
    _share(situation.assumptions, changed)
    return replace(situation, assumptions=changed)


def _share(base: Assumptions, changed: Assumptions) -> None:
    """Hand over the draws of all that is the same; draw those of single channels that are not."""
    if base.names != changed.names or base.n_draws != changed.n_draws:
        return
    pairs = list(zip(base.channels, changed.channels, strict=True))
    alike = {
        "rate_draws": [
            all(getattr(a, x) is getattr(b, x) for x in ("rates", "joint")) and a.ratio == b.ratio
            for a, b in pairs
        ],
        "size_draws": [a.size == b.size and a.size_joint is b.size_joint for a, b in pairs],
        "within": [a.lag is b.lag and a.lag_sd == b.lag_sd for a, b in pairs],
    }
    for name, same in alike.items():
        found = getattr(base, name)
        if not all(same):
            found = np.array(found)
            for c in np.flatnonzero(~np.array(same)):
                alone = replace(changed, channels=(changed.channels[c],), mix=None)
                found[:, c] = getattr(alone, name)[:, 0]
        changed.__dict__[name] = found  # where a cached property keeps its value
    changed.__dict__["stretch_of"] = base.stretch_of
