"""The odds ratio given both margins: Fisher's exact test, its mid-p, and their intervals."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit.experiment.proportions.scores import FAR, Pair, crossings

FloatArray = NDArray[np.float64]


class Margins:
    """Conversions of treatment given the conversions of both, at any odds ratio.

    Parameters
    ----------
    pair
        Whole numbers.

    Notes
    -----
    Fisher's noncentral hypergeometric distribution: Cornfield (1956), Proceedings of the Third
    Berkeley Symposium 4, 135-148.
    """

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        s = pair.x1 + pair.x2
        self.support = np.arange(max(0.0, s - pair.n1), min(pair.n2, s) + 1)
        self._weights = log_choose(pair.n2, self.support) + log_choose(pair.n1, s - self.support)

    def tail(self, places: FloatArray, *, upper: bool, mid: bool = False) -> FloatArray:
        """Return P(as many as observed or more, or fewer) at logarithms of the odds ratio.

        With ``mid``, what was observed counts half.
        """
        x = self.pair.x2
        beyond = (self.support > x) if upper else (self.support < x)
        counted = beyond + np.where(self.support == x, 0.5 if mid else 1.0, 0.0)
        return np.minimum(self._chances(places) @ counted, 1.0)

    def mean(self, places: FloatArray) -> FloatArray:
        """Return the expected conversions of treatment at logarithms of the odds ratio."""
        return np.asarray(self._chances(places) @ self.support)

    def estimate(self) -> float:
        """Return the odds ratio of largest conditional likelihood: 0, finite or infinite.

        NaN where the margins leave one outcome only.
        """
        x = self.pair.x2
        if len(self.support) == 1:
            return math.nan
        if x in (self.support[0], self.support[-1]):
            return 0.0 if x == self.support[0] else math.inf
        (place,) = crossings(lambda places: -self.mean(places), (-FAR, FAR), (-x,))
        return math.exp(place)

    def end(self, chance: float, *, upper: bool, mid: bool = False) -> float:
        """Return the position of one end of the interval: where the tail has this chance.

        ``upper`` says whether the tail is that of more conversions, which gives the lower end.
        """
        x = self.pair.x2
        if x == (self.support[0] if upper else self.support[-1]) and not mid:
            return -FAR if upper else FAR
        sign = -1.0 if upper else 1.0
        (place,) = crossings(
            lambda places: sign * self.tail(places, upper=upper, mid=mid),
            (-FAR, FAR),
            (sign * chance,),
        )
        return place

    def _chances(self, places: FloatArray) -> FloatArray:
        logs = self._weights + np.multiply.outer(places, self.support)
        logs -= logs.max(axis=-1, keepdims=True)
        found = np.exp(logs)
        return np.asarray(found / found.sum(axis=-1, keepdims=True))


def log_choose(n: float, k: FloatArray) -> FloatArray:
    """Return the logarithm of the number of ways to choose."""
    return np.asarray(special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1))
