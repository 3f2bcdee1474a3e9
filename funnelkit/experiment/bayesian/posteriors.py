"""Beta posteriors, and integrals over several of them by quadrature.

All integrals are over the quantiles of one posterior, in panels that are parted where any of the
others rises; nothing is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

FloatArray = NDArray[np.float64]
_REACH = 8.2
_CUTS = np.linspace(-_REACH, _REACH, 30)
_NODES = 10


@dataclass(frozen=True, kw_only=True)
class Posterior:
    """Beta distribution of a rate: a successes and b failures, those of the prior included."""

    a: float
    b: float

    @property
    def mean(self) -> float:
        """Expected rate."""
        return self.a / (self.a + self.b)

    @property
    def sd(self) -> float:
        """Standard deviation of the rate."""
        total = self.a + self.b
        return float(np.sqrt(self.a * self.b / (total + 1)) / total)

    def below(self, rate: ArrayLike) -> FloatArray:
        """Return the probability that the rate lies below some values."""
        found = special.betainc(self.a, self.b, np.clip(np.asarray(rate, float), 0.0, 1.0))
        return np.asarray(found)

    def above(self, rate: ArrayLike) -> FloatArray:
        """Return the probability that the rate lies above some values."""
        found = special.betaincc(self.a, self.b, np.clip(np.asarray(rate, float), 0.0, 1.0))
        return np.asarray(found)

    def at(self, score: ArrayLike) -> FloatArray:
        """Return the rates at the normal scores of their quantiles."""
        s = np.asarray(score, float)
        tail = special.ndtr(-np.abs(s))
        low = special.betaincinv(self.a, self.b, tail)
        return np.asarray(np.where(s > 0, special.betainccinv(self.a, self.b, tail), low))

    def interval(self, level: float) -> tuple[float, float]:
        """Return the equal-tailed interval of the rate."""
        tail = (1 - level) / 2
        low = special.betaincinv(self.a, self.b, tail)
        return float(low), float(special.betainccinv(self.a, self.b, tail))


class Average:
    """Means over one posterior of functions that rise where others do.

    Parameters
    ----------
    over
        The posterior whose quantiles are the nodes.
    cuts
        Rates at which the functions turn; panels end there.
    """

    def __init__(self, over: Posterior, cuts: ArrayLike) -> None:
        at = np.clip(np.asarray(cuts, float).ravel(), 0.0, 1.0)
        low, high = over.below(at), over.above(at)
        with np.errstate(divide="ignore"):
            scores = np.where(low < 0.5, special.ndtri(low), -special.ndtri(high))
        edges = np.unique(np.clip(np.concatenate([_CUTS, scores]), -_REACH, _REACH))
        edges = edges[np.append(True, np.diff(edges) > 1e-9)]
        nodes, weights = np.polynomial.legendre.leggauss(_NODES)
        half = np.diff(edges)[:, None] / 2
        score = (edges[:-1, None] + half * (nodes[None, :] + 1)).ravel()
        mass = (half * weights[None, :]).ravel() * np.exp(-(score**2) / 2) / np.sqrt(2 * np.pi)
        self.rate: FloatArray = over.at(score)
        self.mass: FloatArray = mass / mass.sum()

    def of(self, function: Callable[[FloatArray], FloatArray]) -> float:
        """Return the mean of a function of the rate."""
        return float(self.mass @ function(self.rate))


def turns(posteriors: Sequence[Posterior]) -> FloatArray:
    """Return the rates between which posteriors rise."""
    return np.concatenate([one.at(_CUTS) for one in posteriors])


def probability_best(posteriors: Sequence[Posterior]) -> tuple[float, ...]:
    """Return for each posterior the probability that its rate is the highest."""
    found = [_over_others(posteriors, k, np.ones_like) for k in range(len(posteriors))]
    return tuple(value / sum(found) for value in found)


def expected_highest(posteriors: Sequence[Posterior]) -> float:
    """Return the expected value of the highest of several rates."""
    return sum(_over_others(posteriors, k, np.copy) for k in range(len(posteriors)))


def _over_others(
    posteriors: Sequence[Posterior], k: int, worth: Callable[[FloatArray], FloatArray]
) -> float:
    """Return the mean of a function of one rate where it is the highest, 0 elsewhere."""
    others = [one for j, one in enumerate(posteriors) if j != k]

    def part(rate: FloatArray) -> FloatArray:
        found = worth(rate)
        for one in others:
            found = found * one.below(rate)
        return found

    return Average(posteriors[k], turns(others) if others else []).of(part)


@dataclass(frozen=True, eq=False)
class Pair:
    """The difference and the ratio of two rates, second against first.

    Parameters
    ----------
    first, second
        Posteriors, independent.
    """

    first: Posterior
    second: Posterior

    def _share(
        self,
        lower: Callable[[FloatArray], FloatArray],
        upper: Callable[[FloatArray], FloatArray],
    ) -> float:
        """Return the probability that second lies below a rising function of first.

        ``upper`` is its inverse: first lies above ``upper(second)``. The nodes are quantiles of
        the narrower posterior, over which the other's distribution is smooth.
        """
        if self.first.sd <= self.second.sd:
            cuts = upper(self.second.at(_CUTS))
            return Average(self.first, cuts).of(lambda rate: self.second.below(lower(rate)))
        cuts = lower(self.first.at(_CUTS))
        return Average(self.second, cuts).of(lambda rate: self.first.above(upper(rate)))

    def difference_below(self, value: float) -> float:
        """Return the probability that second less first lies below a value."""
        return self._share(lambda rate: rate + value, lambda rate: rate - value)

    def ratio_below(self, value: float) -> float:
        """Return the probability that second over first lies below a value above 0."""
        return self._share(lambda rate: rate * value, lambda rate: rate / value)

    def beats(self) -> float:
        """Return the probability that second is the higher rate."""
        return Pair(self.second, self.first).difference_below(0.0)

    def shortfall(self) -> float:
        """Return the expected amount by which second lies below first, 0 where it lies above.

        E[(first - second)+] = m1 P(first' > second) - m2 P(first > second'), where a prime adds
        one success, and m are the means.
        """
        first, second = self.first, self.second
        more_first = Pair(Posterior(a=first.a + 1, b=first.b), second)
        more_second = Pair(first, Posterior(a=second.a + 1, b=second.b))
        found = first.mean * more_first.difference_below(0.0)
        return max(found - second.mean * more_second.difference_below(0.0), 0.0)

    def difference_at(self, share: float) -> float:
        """Return a quantile of second less first."""
        return _quantile(self.difference_below, share, -1.0, 1.0)

    def ratio_at(self, share: float) -> float:
        """Return a quantile of second over first."""
        low, high = self.second.at(-_REACH), self.first.at(-_REACH)
        bottom = np.log(max(float(low), 1e-300)) - np.log(max(float(self.first.at(_REACH)), 1e-300))
        top = np.log(max(float(self.second.at(_REACH)), 1e-300)) - np.log(max(float(high), 1e-300))
        found = _quantile(lambda value: self.ratio_below(np.exp(value)), share, bottom, top)
        return float(np.exp(min(found, 700.0)))


def _quantile(below: Callable[[float], float], share: float, low: float, high: float) -> float:
    from scipy import optimize

    def apart(value: float) -> float:
        return below(value) - share

    if apart(low) >= 0:
        return low
    if apart(high) <= 0:
        return high
    return float(optimize.brentq(apart, low, high, xtol=1e-12))
