"""The limit of a chart for a wanted run length, over all baselines that there may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy import optimize

from funnelkit._core.errors import ArgumentError
from funnelkit.monitor.run_lengths import integral_equations as equations
from funnelkit.monitor.run_lengths.integral_equations import Alternative, Spread

Method = Literal["shewhart", "ewma", "cusum"]
_WIDEST = 1000.0


@dataclass(frozen=True)
class ScoreChart:
    """What a chart does with normal scores; an EWMA of weight 1 has no memory."""

    method: Method
    weight: float
    step: float
    alternative: Alternative
    spread: Spread

    def length(self, limit: float, shift: float) -> float:
        """Return the mean run length."""
        if self.method == "ewma":
            return equations.ewma_length(limit, shift, self.weight, self.alternative, self.spread)
        if self.method == "cusum":
            return equations.cusum_length(limit, shift, self.step, self.alternative)
        return 1 / equations.beyond(limit, shift, self.alternative)

    def running(self, periods: int, limit: float, shift: float, scale: float = 1.0) -> float:
        """Return the chance that there is no signal within a number of periods."""
        if self.method == "ewma":
            still = equations.ewma_running(
                limit, shift, self.weight, self.alternative, self.spread, periods=periods
            )
        elif self.method == "cusum":
            step = self.step * scale
            still = equations.cusum_running(limit, shift, step, self.alternative, periods)
        else:
            return float((1 - equations.beyond(limit, shift, self.alternative)) ** periods)
        return float(min(still[-1], 1.0))

    def doubted(
        self, periods: int, limit: float, shared: float, scales: tuple[tuple[float, float], ...]
    ) -> float:
        """Return the chance that there is no signal, over all baselines."""
        own = float(np.sqrt(1 - shared))
        total = 0.0
        for error, mass in equations.errors(shared):
            for scale, part in scales:
                wide = limit * scale / own
                total += mass * part * self.running(periods, wide, error / own, scale / own)
        return total


@lru_cache(maxsize=512)
def solved_limit(
    wanted: float,
    chart: ScoreChart,
    shared: float,
    scales: tuple[tuple[float, float], ...],
    periods: int,
) -> float:
    """Return the limit for a mean run length, over errors of the baseline."""
    known = _root(lambda limit: float(np.log(chart.length(limit, 0.0)) - np.log(wanted)), 4.0)
    if chart.method == "shewhart":
        # each period by itself, in which what is shared is variance like any other
        shared, periods = 0.0, 1
    if shared == 0 and scales == ((1.0, 1.0),):
        return known
    still = chart.running(periods, known, 0.0)
    return _root(lambda limit: chart.doubted(periods, limit, shared, scales) - still, 1.5 * known)


def _root(apart: Callable[[float], float], high: float) -> float:
    """Return where a function that rises with the limit is 0."""
    low = 1e-3
    while apart(high) < 0:
        low, high = high, 1.5 * high
        if high > _WIDEST:
            raise ArgumentError(
                f"`average_run_length`: no limit up to {_WIDEST:,.0f} standard deviations is wide "
                "enough; ask for a shorter run, or take a longer baseline."
            )
    if apart(low) > 0:
        return low
    return float(optimize.brentq(apart, low, high, xtol=1e-6, rtol=1e-8))
