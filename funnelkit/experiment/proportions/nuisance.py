"""The largest chance of a set of outcomes over the rate that the null hypothesis leaves open."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit.experiment.comparison import Scale
from funnelkit.experiment.proportions.conditional import log_choose
from funnelkit.experiment.proportions.scores import value_at

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_PER_SPREAD = 3.0
"""Points of the grid in each standard deviation of a rate."""
_NEAR_TOP = 0.9
"""Maxima of the grid below this share of the largest are not refined."""
_TABULATED = 3000
"""Entries of an arm up to which tails are sums of a table; beyond, incomplete beta functions."""
_TINY = 1e-300


class Outcomes:
    """All outcomes of two arms, of which some are as extreme as what came.

    Parameters
    ----------
    n1, n2
        Entries of control and treatment.
    scale
        That of the position, which ties one rate to the other.

    Notes
    -----
    A set of outcomes is given by bounds: for each number of conversions of control, it holds those
    of treatment from ``high`` up and those from ``low`` down. Then its chance is a sum over control
    alone, of tails of treatment. As a function of the open rate that chance is smooth on the scale
    of the standard deviation of a rate, so that a grid with a few points in each finds every hill;
    the highest ones are climbed.
    """

    def __init__(self, n1: int, n2: int, scale: Scale) -> None:
        self.n1, self.n2, self.scale = n1, n2, scale
        self.first = np.arange(n1 + 1)

    def largest(
        self,
        place: float,
        high: IntArray | None = None,
        low: IntArray | None = None,
        *,
        against: float | None = None,
    ) -> float:
        """Return the largest chance of a set over the open rate, at a position.

        Where ``against`` is given, any number on the right side of it may be returned.
        """
        p1, p2 = self._grid(place)
        chance = self._chance(p1, p2, high, low)
        best = float(chance.max())
        if against is not None and not _NEAR_TOP * against < best <= against:
            return best
        for _ in range(4):
            inner = np.r_[-np.inf, chance, -np.inf]
            hills = np.flatnonzero(
                (chance >= inner[:-2]) & (chance >= inner[2:]) & (chance >= _NEAR_TOP * best)
            )
            hills = hills[np.argsort(-chance[hills])][:4]
            before, after = p1[np.maximum(hills - 1, 0)], p1[np.minimum(hills + 1, len(p1) - 1)]
            p1 = np.unique(np.linspace(before, after, 25))
            p2 = self._treatment(p1, place)
            chance = self._chance(p1, p2, high, low)
            best = max(best, float(chance.max()))
        return min(best, 1.0)

    def _grid(self, place: float) -> tuple[FloatArray, FloatArray]:
        """Return rates of control and treatment along the null hypothesis, dense in both.

        Even on the arc-sine scale of all that control's rate can be, a step is nowhere wider in
        deviations of either rate; odds ratios bend the one against the other, so both are taken.
        """
        even = _rates(max(self.n1, self.n2))
        least, most = self._control(self._treatment(np.array([0.0, 1.0]), place), place)
        p1 = least + (most - least) * even
        if self.scale == "odds ratio" and place != 0:
            p1 = np.unique(np.concatenate([p1, self._control(even, place)]))
        return p1, self._treatment(p1, place)

    def _treatment(self, p1: FloatArray, place: float) -> FloatArray:
        if self.scale == "difference":
            return np.clip(p1 + place, 0.0, 1.0)
        ratio = value_at(place, self.scale)
        if self.scale == "ratio":
            return np.clip(p1 * ratio, 0.0, 1.0)
        return np.asarray(ratio * p1 / (1 - p1 + ratio * p1))

    def _control(self, p2: FloatArray, place: float) -> FloatArray:
        if self.scale == "difference":
            return np.clip(p2 - place, 0.0, 1.0)
        ratio = value_at(place, self.scale)
        if self.scale == "ratio":
            return np.clip(p2 / ratio, 0.0, 1.0)
        return np.asarray(p2 / (p2 + ratio * (1 - p2)))

    def _chance(
        self, p1: FloatArray, p2: FloatArray, high: IntArray | None, low: IntArray | None
    ) -> FloatArray:
        weights = _binomial(self.n1, p1)
        chance = np.zeros(len(p1))
        if self.n2 > _TABULATED:
            if high is not None:
                chance += (weights * _upper(self.n2, p2, high)).sum(axis=1)
            if low is not None:
                mirrored = self.n2 - low
                chance += (weights * _upper(self.n2, 1 - p2, mirrored)).sum(axis=1)
            return chance
        terms = np.zeros((len(p2), self.n2 + 2))
        if high is not None:
            terms[:, :-1] = _binomial(self.n2, p2)
            tails = terms[:, ::-1].cumsum(axis=1)[:, ::-1]
            chance += (weights * tails[:, np.clip(high, 0, self.n2 + 1)]).sum(axis=1)
        if low is not None:
            terms[:, 0], terms[:, 1:] = 0.0, _binomial(self.n2, p2)
            tails = terms.cumsum(axis=1)
            chance += (weights * tails[:, np.clip(low + 1, 0, self.n2 + 1)]).sum(axis=1)
        return chance


@lru_cache(maxsize=64)
def _rates(n: int) -> FloatArray:
    """Return rates that lie evenly on the arc-sine scale, where all have one standard deviation."""
    points = math.ceil(math.pi * math.sqrt(n) * _PER_SPREAD) + 8
    found = np.sin(np.linspace(0.0, math.pi / 2, points)) ** 2
    found.flags.writeable = False
    return found


@lru_cache(maxsize=64)
def _ways(n: int) -> FloatArray:
    found = log_choose(n, np.arange(n + 1.0))
    found.flags.writeable = False
    return found


def _binomial(n: int, p: FloatArray) -> FloatArray:
    """Return the chance of each number of conversions at each rate, shape ``(n_rates, n + 1)``."""
    k = np.arange(n + 1.0)
    yes, no = np.log(np.maximum(p, _TINY)), np.log(np.maximum(1 - p, _TINY))
    return np.asarray(np.exp(_ways(n) + np.multiply.outer(yes, k) + np.multiply.outer(no, n - k)))


def _upper(n: int, p: FloatArray, least: IntArray) -> FloatArray:
    """Return P(at least so many) at each rate, shape ``(n_rates, n_bounds)``."""
    k = np.clip(least, 1, n)[None, :]
    found = special.betainc(k, n - k + 1, p[:, None])
    return np.asarray(np.where(least <= 0, 1.0, np.where(least > n, 0.0, found)))
