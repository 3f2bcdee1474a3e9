"""The log-rank test of two arms, and the interval of the daily odds ratio that goes with it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
_WIDEST = 60.0


@dataclass(frozen=True, eq=False, kw_only=True)
class DailyOdds:
    """Conversions of the treatment on each day, given all that day's conversions.

    Parameters
    ----------
    events, at_risk
        Of control and treatment by age, shape ``(2, n_ages)``.
    design
        Design effect of accounts, by which the variance is multiplied.

    Notes
    -----
    If the odds of converting on a day, for a lead still open, are ψ times as high in the treatment
    on every day, then its conversions that day are Fisher's noncentral hypergeometric. Their sum
    less its mean, squared, over its variance is the score statistic of ψ; at ψ = 1 it is the
    log-rank test. The estimate is the conditional maximum-likelihood one, and the interval holds
    the ψ that the test does not refuse, so that both are one test.

    References
    ----------
    Mantel (1966), Cancer Chemotherapy Reports 50, 163-170; Cox (1972), JRSS B 34, 187-220,
    section 6 (the logistic model in discrete time); Breslow and Day (1980), Statistical Methods
    in Cancer Research 1, section 4.4 and chapter 7.
    """

    events: FloatArray
    at_risk: FloatArray
    design: float = 1.0

    @cached_property
    def _support(self) -> tuple[FloatArray, FloatArray, NDArray[np.int64]]:
        """Counts that the treatment may have, their log weights, and where each day begins."""
        total = self.events.sum(axis=0)
        days = np.flatnonzero((total > 0) & (self.at_risk.min(axis=0) > 0))
        d, (n1, n2) = total[days], self.at_risk[:, days]
        low, high = np.maximum(0, d - n1), np.minimum(d, n2)
        sizes = (high - low + 1).astype(np.int64)
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
        day = np.repeat(np.arange(len(days)), sizes)
        x = np.arange(sizes.sum()) - starts[day] + low[day] if len(days) else np.zeros(0)
        rest = d[day] - x
        logs = _log_choose(n2[day], x) + _log_choose(n1[day], rest)
        return np.asarray(x, float), np.asarray(logs, float), starts

    @property
    def observed(self) -> float:
        """Conversions of the treatment on days on which both arms had leads at risk."""
        return float(self.events[1, self.at_risk.min(axis=0) > 0].sum())

    @property
    def informative(self) -> bool:
        """Whether any day tells the arms apart."""
        x, _, starts = self._support
        return len(x) > len(starts)

    def moments(self, log_ratio: float) -> tuple[float, float]:
        """Return mean and variance of the sum over days of the treatment's conversions."""
        x, logs, starts = self._support
        if not len(x):
            return 0.0, 0.0
        sizes = np.diff(np.append(starts, len(x)))
        weight = logs + x * log_ratio
        weight = np.exp(weight - np.repeat(np.maximum.reduceat(weight, starts), sizes))
        whole = np.add.reduceat(weight, starts)
        mean = np.add.reduceat(weight * x, starts) / whole
        away = (x - np.repeat(mean, sizes)) ** 2
        return float(mean.sum()), float((np.add.reduceat(weight * away, starts) / whole).sum())

    def statistic(self, log_ratio: float = 0.0) -> float:
        """Return the signed root of the score statistic; it falls in the log ratio."""
        mean, variance = self.moments(log_ratio)
        away = self.observed - mean
        if variance <= 0:
            return 0.0 if abs(away) < 1e-9 else math.copysign(math.inf, away)
        return away / math.sqrt(variance * self.design)

    @cached_property
    def estimate(self) -> float:
        """The log odds ratio; infinite where all, or none, of the possible conversions came."""
        x, _, starts = self._support
        if not self.informative:
            return math.nan
        ends = np.append(starts[1:], len(x)) - 1
        if self.observed <= x[starts].sum():
            return -math.inf
        if self.observed >= x[ends].sum():
            return math.inf
        return _root(lambda b: self.observed - self.moments(b)[0])

    def end(self, z: float) -> float:
        """Return the log ratio at which the statistic is z; infinite where it never is."""
        if not self.informative:
            return math.copysign(math.inf, -z)
        if (z > 0 and self.estimate == -math.inf) or (z < 0 and self.estimate == math.inf):
            return math.copysign(math.inf, -z)
        return _root(lambda b: self._tame(b) - z)

    def _tame(self, log_ratio: float) -> float:
        return min(max(self.statistic(log_ratio), -1e6), 1e6)


def _root(function: Callable[[float], float]) -> float:
    """Return where a falling function is 0; infinite where it is not within reach."""
    from scipy import optimize

    if function(-_WIDEST) <= 0:
        return -math.inf
    if function(_WIDEST) >= 0:
        return math.inf
    return float(optimize.brentq(function, -_WIDEST, _WIDEST, xtol=1e-10))


def _log_choose(n: FloatArray, k: FloatArray) -> FloatArray:
    return np.asarray(special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1))
