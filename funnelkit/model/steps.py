"""`Step`: one transition to the next stage: its rates by cohort, its days, its pace."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.errors import EvidenceError
from funnelkit.counts.triangle import Segment, Triangle
from funnelkit.lag import fit_competing, fit_shrunken
from funnelkit.model.tails import NO_TAIL, Tail, tail_of

if TYPE_CHECKING:
    from funnelkit.lag import NonparametricFit, Pace, ShrunkenFit

FloatArray = NDArray[np.float64]
_COARSEST = 0.2
"""Share of a rate by which one conversion may move it; days are read no further than that."""
_STEADY = 0.02
"""Priors of drift and wandering, on the logit scale per month: rates that move by more than a
quarter in a year are rare, and need counts that show it."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Step:
    """One transition to the next stage.

    Parameters
    ----------
    start, target
        The two stages.
    levels
        Rate of each segment and cohort within the horizon of the timing; neighbouring cohorts
        and segments borrow strength from each other.
    timing
        Days among those who move on and those who leave, one curve for all segments.
    pace
        How quick each civil month was; ``None`` where it was not asked for, or is not known.
    tail
        How many move on later than the horizon of the timing.
    """

    start: str
    target: str
    levels: ShrunkenFit
    timing: NonparametricFit
    pace: Pace | None
    tail: Tail = NO_TAIL

    @cached_property
    def passed(self) -> FloatArray:
        """Share of those who move on that has done so by each age, shape ``(n_days,)``."""
        return self.tail.lengthened(curve(self.timing))

    @cached_property
    def gone(self) -> FloatArray:
        """Share of all that has left by an exit, by each age, shape ``(n_days,)``."""
        ages = np.minimum(np.arange(len(self.passed)), self.timing.horizon)
        exits = self.timing.outcomes[1:]
        parts = [self.timing.rate_at(ages, outcome=name)[0, 0] for name in exits]
        return np.asarray(sum(parts, np.zeros(len(ages))))

    @cached_property
    def usual(self) -> float:
        """Share that moves on, of all segments and cohorts, within the days of :attr:`passed`."""
        return float(self.ever(float(np.asarray(self.timing.ultimate)[0, 0]), self.tail.seen))

    def ever(self, within: Any, seen: Any) -> Any:
        """Return rates within the days seen as rates within those of :attr:`passed`.

        Parameters
        ----------
        within
            Rates within the horizon.
        seen
            Share of those who move on that does so by then.
        """
        most = np.maximum(1 - self.gone[-1], within)
        return np.minimum(within / seen, most)

    def rows(self, segments: tuple[Segment, ...]) -> NDArray[np.int64]:
        """Return where segments stand among those of the levels; -1 where they do not."""
        known = {segment: i for i, segment in enumerate(self.levels.segments)}
        return np.array([known.get(segment, -1) for segment in segments], np.int64)


def curve(fit: NonparametricFit) -> FloatArray:
    """Return the share of those who convert by the horizon that has done so by each age."""
    return np.asarray(fit.maturity(np.arange(fit.horizon + 1))[0, 0])


def fitted_step(counts: Triangle, *, pace: bool) -> Step:
    """Return the fit of one transition to the next stage, with a pace of each month or without.

    Raises
    ------
    EvidenceError
        If nobody has made it yet.
    """
    whole = counts.collapse(segments=True)
    if not counts.converted.any():
        raise EvidenceError(
            f"`leads`: none of {counts.n:,} that entered {counts.start} has reached "
            f"{counts.target} yet, so nothing can be said of how many will."
        )
    horizon = readable(whole)
    timing = fit_competing(counts, pool=("segments", "cohorts"), horizon=horizon)
    levels = fit_shrunken(counts, timing, pace=pace, drift=_STEADY, wander=_STEADY)
    return Step(
        start=counts.start,
        target=counts.target,
        levels=levels,
        timing=timing,
        pace=levels.pace,
        tail=tail_of(curve(timing), float(counts.converted.sum())),
    )


def readable(counts: Triangle) -> int | None:
    """Return the last age by which one more conversion would not move the rate much.

    ``None``, for as far as there are counts, where every one would, or all happens on day 0.
    """
    fit = fit_competing(counts, pool=("segments", "cohorts"))
    ages = np.arange(fit.horizon + 1)
    rates = {name: fit.rate_at(ages, outcome=name)[0, 0] for name in fit.outcomes}
    still = 1 - sum(rates.values())
    at_risk = np.maximum(np.asarray(fit.at_risk).reshape(-1, len(ages))[0], 1)
    fine = (still / at_risk <= _COARSEST * rates[fit.target]) & (rates[fit.target] > 0)
    return int(np.flatnonzero(fine)[-1]) or None if fine.any() else None


def design_effect(counts: Triangle) -> float:
    """Return by how much accounts widen the variance of the conversions; at least 1."""
    if counts.accounts is None:
        return 1.0
    last = counts.n_ages - 1
    converted, entered = counts.converted.sum(), counts.entered.sum()
    sums = counts.accounts.up_to(last).summed((0, 1))
    worth = float(np.asarray(sums.effective(np.array([[converted]]), np.array([[entered]])))[0, 0])
    return max(float(entered) / worth, 1.0) if worth > 0 else 1.0
