"""`Tail`: how many move on later than has been seen so far, by families of days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit._core.result import frozen

FloatArray = NDArray[np.float64]
_FEWEST_WINS, _FEWEST_DAYS = 10, 14
_FARTHEST = 365
"""Days beyond those seen, at most; never more than have been seen."""
_WORTH = 150.0
"""Conversions that a family is believed from, at most: none of them is quite true."""
_STEADY = 2.0
"""Power of the share seen in the prior: long tails are believed only if the counts show them."""
_BINS = 40
_SCALES = np.linspace(-2.5, 4.0, 51)
_SHAPES = {
    "weibull": np.linspace(-1.6, 1.2, 26),
    "log-normal": np.linspace(-1.2, 1.4, 26),
    "log-logistic": np.linspace(-0.7, 1.6, 26),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Tail:
    """The share that moves on within the days seen, of those who do within so many more.

    Parameters
    ----------
    beyond
        Mean share that has moved on by each day after those seen, over that by the last day seen,
        shape ``(n_days,)``: 1 and more; empty where nothing is said of later days.
    points, weights
        Likely shares seen, and how likely each is.
    """

    beyond: FloatArray
    points: FloatArray
    weights: FloatArray

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("beyond", "points", "weights"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def seen(self) -> float:
        """Share that moves on within the days seen."""
        return float(1 / self.beyond[-1]) if len(self.beyond) else 1.0

    def sample(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return draws of the share seen, shape ``(n,)``."""
        if not len(self.beyond):
            return np.ones(n)
        return np.asarray(rng.choice(self.points, n, p=self.weights))

    def lengthened(self, passed: FloatArray) -> FloatArray:
        """Return a curve that ends in 1 on the last day seen, with the days after it."""
        if not len(self.beyond):
            return passed
        return np.concatenate([passed, self.beyond]) * self.seen


NO_TAIL = Tail(beyond=np.zeros(0), points=np.ones(1), weights=np.ones(1))


def tail_of(passed: FloatArray, wins: float) -> Tail:
    """Return how many move on after the days seen, up to as many days again, at most a year.

    Parameters
    ----------
    passed
        Share that has moved on by days 0, 1, …, of those who do by the last one.
    wins
        Conversions behind it.

    Notes
    -----
    The days of those who convert are Weibull, log-normal or log-logistic, seen up to the last day
    only: with G the share by a day, the bins of the curve have chances ΔG / G(last). Scale and
    shape are averaged over a grid by this likelihood (of at most 150 conversions, since no family
    is quite true), times the square of the share seen, G(last) / G(farthest).

    Examples
    --------
    Half of those who convert do so within 30 days, at a constant hazard: of those who do within 60
    days, 0.667 are seen by day 30. The counts up to then tell it nearly:

    >>> days = np.arange(31) + 0.5
    >>> seen = (1 - 0.5 ** (days / 30)) / (1 - 0.5 ** (days[-1] / 30))
    >>> round(tail_of(seen, 1000).seen, 2)
    0.64
    """
    last = len(passed) - 1
    ahead = min(last, _FARTHEST)
    if wins < _FEWEST_WINS or last < _FEWEST_DAYS:
        return NO_TAIL
    daily = np.diff(passed, prepend=0.0)
    ends = _bin_ends(passed)
    shares = np.add.reduceat(daily, np.append(0, ends[:-1] + 1))
    later = last + np.unique(np.linspace(1, ahead, 24).round().astype(np.int64))
    days = np.concatenate([ends, later]) + 0.5
    centre = float(np.log(daily @ (np.arange(last + 1) + 0.5)))
    rows, scores = [], []
    for name, shapes in _SHAPES.items():
        scale, shape = (axis.ravel() for axis in np.meshgrid(_SCALES + centre, shapes))
        by = _by_day(name, np.log(days), scale[:, None], shape[:, None])
        at_last = np.maximum(by[:, len(ends) - 1], 1e-12)
        bins = np.diff(by[:, : len(ends)], axis=1, prepend=0.0) / at_last[:, None]
        fit = np.log(np.maximum(bins, 1e-12)) @ shares * min(wins, _WORTH)
        ratio = by[:, len(ends) :] / at_last[:, None]
        scores.append(fit - _STEADY * np.log(np.maximum(ratio[:, -1], 1.0)))
        rows.append(ratio)
    score = np.concatenate(scores)
    weights = np.exp(score - score.max())
    weights /= weights.sum()
    ratios = np.maximum(np.concatenate(rows), 1.0)
    kept = weights > 1e-6
    points = 1 / ratios[kept, -1]
    beyond = weights @ ratios
    every = np.interp(
        np.arange(last + 1, last + ahead + 1), np.append(last, later), np.append(1.0, beyond)
    )
    return Tail(beyond=every, points=points, weights=weights[kept] / weights[kept].sum())


def _bin_ends(passed: FloatArray) -> NDArray[np.int64]:
    """Return the last days of bins that hold about as many conversions each."""
    last = len(passed) - 1
    cuts = np.searchsorted(passed, np.arange(1, _BINS) / _BINS)
    return np.unique(np.append(np.minimum(cuts, last), last)).astype(np.int64)


def _by_day(name: str, logs: FloatArray, scale: FloatArray, shape: FloatArray) -> FloatArray:
    """Return the share by each day (a logarithm), given logarithms of scale and shape."""
    if name == "log-normal":
        return np.asarray(special.ndtr((logs - scale) / np.exp(shape)))
    z = np.clip((logs - scale) * np.exp(shape), -40.0, 40.0)
    if name == "weibull":
        return np.asarray(-np.expm1(-np.exp(np.minimum(z, 6.0))))
    return np.asarray(special.expit(z))
