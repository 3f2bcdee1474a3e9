"""Intervals put together from those of each rate: Newcombe's, and Agresti and Caffo's."""

from __future__ import annotations

import math

from funnelkit.experiment.proportions.scores import Pair

_LARGEST = 40.0
"""Standard deviations beyond which a p-value is 0 in double precision."""


def newcombe_ends(pair: Pair, z: float) -> tuple[float, float]:
    """Return Newcombe's hybrid interval of the difference, z standard deviations wide.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.
    """
    p1, p2 = pair.rates
    low1, high1 = _wilson(pair.x1, pair.n1, z)
    low2, high2 = _wilson(pair.x2, pair.n2, z)
    gap = p2 - p1
    return gap - math.hypot(p2 - low2, high1 - p1), gap + math.hypot(high2 - p2, p1 - low1)


def newcombe_ratio_ends(pair: Pair, z: float) -> tuple[float, float]:
    """Return the interval of the ratio made in the same way; from 0 to infinity.

    It leaves out 1 exactly where that of the difference leaves out 0.

    References
    ----------
    Donner and Zou (2012), Statistical Methods in Medical Research 21, 347-359, MOVER-R, section 2.
    """
    p1, p2 = pair.rates
    low1, high1 = _wilson(pair.x1, pair.n1, z)
    low2, high2 = _wilson(pair.x2, pair.n2, z)
    both = p1 * p2
    # Written so that nothing is divided by a difference of nearly equal numbers.
    down = low2 * (2 * p2 - low2)
    under = both + math.sqrt(max(both**2 - down * high1 * (2 * p1 - high1), 0.0))
    low = down / under if under > 0 else 0.0
    up = high2 * (2 * p2 - high2)
    over = low1 * (2 * p1 - low1)
    high = (both + math.sqrt(max(both**2 - up * over, 0.0))) / over if over > 0 else math.inf
    return max(low, 0.0), high


def newcombe_statistic(pair: Pair) -> float:
    """Return how many standard deviations wide the hybrid interval must be to touch 0.

    Signed: below 0 where treatment is behind.
    """
    p1, p2 = pair.rates
    side = 0 if p2 > p1 else 1
    if p1 == p2:
        return 0.0
    low, high = 0.0, _LARGEST
    for _ in range(60):
        z = (low + high) / 2
        inside = newcombe_ends(pair, z)[side]
        if (inside > 0) == (side == 0) and inside != 0:
            low = z
        else:
            high = z
    return (low + high) / 2 * (1 if side == 0 else -1)


def agresti_caffo_centre(pair: Pair) -> tuple[float, float]:
    """Return the difference with one conversion and one other added to each, and its error.

    References
    ----------
    Agresti and Caffo (2000), The American Statistician 54, 280-288.
    """
    first, second = (pair.x1 + 1) / (pair.n1 + 2), (pair.x2 + 1) / (pair.n2 + 2)
    spread = first * (1 - first) / (pair.n1 + 2) + second * (1 - second) / (pair.n2 + 2)
    return second - first, math.sqrt(spread)


def _wilson(x: float, n: float, z: float) -> tuple[float, float]:
    """Return Wilson's interval; with plain numbers it takes a microsecond."""
    p, more = x / n, z * z / n
    half = z * math.sqrt(p * (1 - p) / n + more / (4 * n))
    low, high = ((p + more / 2 - half) / (1 + more), (p + more / 2 + half) / (1 + more))
    return (low if x > 0 else 0.0), (high if x < n else 1.0)
