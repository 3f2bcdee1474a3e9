"""Score statistics of two rates on three scales, and the values at which they cross a bound."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit.experiment.comparison import Scale

FloatArray = NDArray[np.float64]
Statistic = Callable[[ArrayLike, ArrayLike, FloatArray | float], FloatArray]
"""From conversions of control and of treatment, and a position, to the statistic."""
_EVEN = np.linspace(0.0, 1.0, 33)
_NEAR = 10.0 ** np.arange(-9.0, 0.0)
_AROUND = np.concatenate([[-1.0], -_NEAR[::-1], [0.0], _NEAR, [1.0]])
_ROUNDS = 40
_CLOSE = 1e-12
_HUGE = 1e12
_TINY = 1e-300
FAR = 40.0
"""Logarithm of a ratio beyond which it counts as 0 or infinite."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Conversions and entries of control (1) and treatment (2)."""

    x1: float
    n1: float
    x2: float
    n2: float

    @property
    def rates(self) -> tuple[float, float]:
        """Converted over entered, of control and of treatment."""
        return self.x1 / self.n1, self.x2 / self.n2

    @property
    def total(self) -> float:
        """Entries of both."""
        return self.n1 + self.n2


def position(value: float, scale: Scale) -> float:
    """Return where a value lies on the line on which a scale is searched.

    A difference is its own position; that of a ratio is its logarithm.
    """
    if scale == "difference":
        return value
    return -FAR if value <= 0 else FAR if math.isinf(value) else math.log(value)


def value_at(place: float, scale: Scale) -> float:
    """Return the value at a position; 0 and infinity at the ends of a ratio."""
    if scale == "difference":
        return place
    if abs(place) >= FAR:
        return math.inf if place > 0 else 0.0
    return math.exp(place)


def ends(scale: Scale) -> tuple[float, float]:
    """Return the two ends of the line of a scale."""
    return (-1.0, 1.0) if scale == "difference" else (-FAR, FAR)


def observed(pair: Pair, scale: Scale) -> float:
    """Return the estimate: NaN of a ratio of nothing to nothing."""
    p1, p2 = pair.rates
    if scale == "difference":
        return p2 - p1
    over, under = (p2, p1) if scale == "ratio" else (p2 * (1 - p1), p1 * (1 - p2))
    if under > 0:
        return over / under
    return math.inf if over > 0 else math.nan


def statistic_of(scale: Scale, n1: float, n2: float) -> Statistic:
    """Return the score statistic of two groups of given sizes, above 0 where treatment is ahead.

    It is 0 where the data have no variance and agree with the position (nobody of either group, or
    everybody). The factor N / (N - 1) of the variance is left to the caller.

    References
    ----------
    Miettinen and Nurminen (1985), Statistics in Medicine 4, 213-226, equations 8 to 10 and
    appendix I: constrained maximum likelihood under the difference (cubic), the ratio and the odds
    ratio (quadratic).
    """
    find = {"difference": _difference, "ratio": _ratio, "odds ratio": _odds_ratio}[scale]

    def statistic(x1: ArrayLike, x2: ArrayLike, place: FloatArray | float) -> FloatArray:
        first, second = np.asarray(x1, float), np.asarray(x2, float)
        gap, variance = find(first, second, n1, n2, np.asarray(place, float))
        none = variance <= 0
        root = np.sqrt(np.where(none, 1.0, variance))
        sure = np.where(np.abs(gap) < 1e-12, 0.0, np.copysign(np.inf, gap))
        return np.where(none, sure, gap / root)

    return statistic


def _between(values: FloatArray, low: ArrayLike, high: ArrayLike) -> FloatArray:
    """Return values held between two others; ``np.clip`` takes three times as long for few."""
    return np.asarray(np.minimum(np.maximum(values, low), high))


def _difference(
    x1: FloatArray, x2: FloatArray, n1: float, n2: float, place: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the gap of the rates to a difference, and its variance if that were the truth."""
    p1 = _constrained(x1, x2, n1, n2, place)
    p2 = _between(p1 + place, 0.0, 1.0)
    return x2 / n2 - x1 / n1 - place, p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2


def _constrained(
    x1: FloatArray, x2: FloatArray, n1: float, n2: float, place: FloatArray
) -> FloatArray:
    """Return control's most likely rate where treatment's lies a given difference above it.

    The derivative of the log likelihood times its denominators is a cubic, whose middle root it is.
    """
    cubic = n1 + n2
    square = (place * (2 * n1 + n2) - x1 - x2 - cubic) / (3 * cubic)
    linear = (x1 * (1 - 2 * place) - n1 * place * (1 - place) + x2 - n2 * place) / cubic
    free = x1 * place * (1 - place) / cubic
    half = square**3 - square * linear / 2 + free / 2
    reach = np.copysign(np.sqrt(np.maximum(square**2 - linear / 3, 0.0)), half)
    cosine = _between(half / np.where(reach == 0, 1.0, reach**3), -1.0, 1.0)
    found = 2 * reach * np.cos((np.pi + np.arccos(cosine)) / 3) - square
    return _between(found, np.maximum(0.0, -place), np.minimum(1.0, 1 - place))


def _ratio(
    x1: FloatArray, x2: FloatArray, n1: float, n2: float, place: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the gap of treatment to a multiple of control, and its variance if that were true.

    Both are divided by 1 + ratio, so that they stay numbers at any ratio.
    """
    up, down = np.exp(np.minimum(place, 0.0)), np.exp(np.minimum(-place, 0.0))
    # The ratio is up / down, one of which is 1. p1 = down w and p2 = up w.
    square = (n1 + n2) * up * down
    linear = down * (n1 + x2) + up * (n2 + x1)
    w = 2 * (x1 + x2) / (linear + np.sqrt(np.maximum(linear**2 - 4 * square * (x1 + x2), 0.0)))
    p1, p2 = _between(down * w, 0.0, 1.0), _between(up * w, 0.0, 1.0)
    gap = down * x2 / n2 - up * x1 / n1
    return gap, down**2 * p2 * (1 - p2) / n2 + up**2 * p1 * (1 - p1) / n1


def _odds_ratio(
    x1: FloatArray, x2: FloatArray, n1: float, n2: float, place: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the gap of treatment's conversions to those due at an odds ratio, and its variance."""
    up, down = np.exp(np.minimum(place, 0.0)), np.exp(np.minimum(-place, 0.0))
    s = x1 + x2
    square = n1 * (up - down)
    linear = n1 * down + n2 * up - s * (up - down)
    root = np.sqrt(np.maximum(linear**2 + 4 * square * s * down, 0.0))
    under = np.where(linear >= 0, linear + root, 1.0)
    plus = 2 * s * down / np.where(under == 0, 1.0, under)
    other = (root - linear) / (2 * np.where(square == 0, 1.0, square))
    p1 = _between(np.where(linear >= 0, plus, other), 0.0, 1.0)
    # From the odds, or where control's leave too few digits, from the total.
    p2 = np.where(
        1 - p1 < 1e-3, (s - n1 * p1) / n2, up * p1 / np.maximum(down * (1 - p1) + up * p1, _TINY)
    )
    p2 = _between(p2, 0.0, 1.0)
    information = 1 / n1 + 1 / n2
    v1, v2 = p1 * (1 - p1) * n1, p2 * (1 - p2) * n2
    # 1 / (1/v1 + 1/v2), brought to the scale of a rate as the other two are
    both = np.where(v1 + v2 > 0, v1 * v2 / np.where(v1 + v2 > 0, v1 + v2, 1.0), 0.0)
    return (x2 - n2 * p2) * information, both * information**2


def crossings(
    statistic: Callable[[FloatArray], FloatArray],
    bounds: tuple[float, float],
    targets: tuple[float, ...],
) -> tuple[float, ...]:
    """Return where a falling function takes each target value; an end where it never does.

    A round looks at 33 points at once, spread evenly, or closely around where a straight line puts
    the crossing: a few calls of a vectorised function suffice.
    """
    aims = np.asarray(targets)[:, None]
    low, high = np.full_like(aims, bounds[0]), np.full_like(aims, bounds[1])
    rows = np.arange(len(targets))[:, None]
    guess, width, offsets = low, high - low, _EVEN
    never = np.zeros((2, *aims.shape), bool)
    for turn in range(_ROUNDS):
        points = _between(guess + width * offsets, low, high)
        points[:, :1], points[:, -1:] = low, high
        values = _between(statistic(points), -_HUGE, _HUGE)
        above = values >= aims
        if turn == 0:
            never[0], never[1] = ~above[:, :1], above[:, -1:]
        last = np.minimum(np.maximum(above.sum(axis=1) - 1, 0), points.shape[1] - 2)[:, None]
        low, high = points[rows, last], points[rows, last + 1]
        before, width = width, high - low
        if width.max() < _CLOSE:
            break
        top, drop = values[rows, last], values[rows, last] - values[rows, last + 1]
        quick = (width < before / 8) | (width < _CLOSE)
        if (quick & (drop > 0) & (drop < _HUGE)).all():
            guess, offsets = low + _between((top - aims) / drop, 0.0, 1.0) * width, _AROUND
        else:
            guess, offsets = low, _EVEN
    found = np.where(never[0], bounds[0], np.where(never[1], bounds[1], (low + high) / 2))
    return tuple(float(one) for one in found[:, 0])
