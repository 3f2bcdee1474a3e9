"""Chances: tails of counts, of any of several windows, and of many series at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
_NODES, _MASS = np.polynomial.legendre.leggauss(64)
_REACH = 8.0


def count_tails(
    observed: FloatArray, mean: FloatArray, variance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the probability of at most, and of at least, so many.

    Parameters
    ----------
    observed, mean, variance
        Arrays of one shape.

    Notes
    -----
    Negative binomial of this mean and variance; binomial, its number of trials not whole, where
    the variance is below the mean.

    Examples
    --------
    A Poisson count of mean 5, of which none came: exp(-5).

    >>> low, high = count_tails(np.array([0.0]), np.array([5.0]), np.array([5.0]))
    >>> round(float(low[0]), 4), float(high[0])
    (0.0067, 1.0)
    """
    mean = np.maximum(mean, 1e-9)
    variance = np.maximum(variance, 1e-12)
    wide = variance > mean * (1 + 1e-6)
    narrow = variance < mean * (1 - 1e-6)
    ratio = np.where(wide, mean / variance, 0.5)
    size = np.where(wide, mean**2 / np.where(wide, variance - mean, 1.0), 1.0)
    part = np.where(narrow, 1 - variance / mean, 0.5)
    trials = np.where(narrow, mean / part, 1.0)

    x = np.maximum(observed, 0.0)
    least = np.maximum(trials - x, 1e-12)
    low = special.gammaincc(x + 1, mean)
    low = np.where(wide, special.betainc(size, x + 1, ratio), low)
    inside = np.where(x < trials, special.betainc(least, x + 1, 1 - part), 1.0)
    low = np.where(narrow, inside, low)
    from_one = np.maximum(x, 1.0)
    high = special.gammainc(from_one, mean)
    high = np.where(wide, special.betainc(from_one, size, 1 - ratio), high)
    room = np.maximum(trials - from_one + 1, 1e-12)
    inside = np.where(from_one < trials + 1, special.betainc(from_one, room, part), 0.0)
    high = np.where(narrow, inside, high)
    return np.asarray(low), np.asarray(np.where(observed <= 0, 1.0, high))


def chance_of_any(z: FloatArray, spread: FloatArray) -> FloatArray:
    """Return a bound of the chance that any of several nested windows lies so far out.

    Parameters
    ----------
    z
        Distance from the middle in standard deviations, shape ``(n_series,)``.
    spread
        Standard deviation of each window's sum, shape ``(n_series, n_windows)``.

    Returns
    -------
    ndarray
        Two-sided, shape ``(n_series,)``.

    Notes
    -----
    What a window of k + 1 months has more than that of k is known before the latter begins, so
    that the correlation of their scores is the ratio of their standard deviations. The bound is
    Σ P(A_k) - Σ P(A_k and A_k+1), by quadrature of the normal distribution in two dimensions.

    References
    ----------
    Hunter (1976), Journal of Applied Probability 13, 597-603; Worsley (1982), Biometrika 69,
    297-302.

    Examples
    --------
    One window; and two that hardly differ:

    >>> chance_of_any(np.array([1.959964]), np.array([[1.0]])).round(4).tolist()
    [0.05]
    >>> chance_of_any(np.array([1.959964]), np.array([[1.0, 1.000001]])).round(3).tolist()
    [0.05]
    """
    single = 2 * special.ndtr(-z)
    total = single * spread.shape[1]
    at = z[:, None] + (_NODES + 1) / 2 * _REACH
    weight = _MASS / 2 * _REACH * np.exp(-(at**2) / 2) / np.sqrt(2 * np.pi)
    for k in range(spread.shape[1] - 1):
        ratio = spread[:, k] / np.where(spread[:, k + 1] > 0, spread[:, k + 1], 1.0)
        rho = np.clip(ratio, 0.0, 1 - 1e-9)[:, None]
        left = np.sqrt(1 - rho**2)
        both = special.ndtr((rho * at - z[:, None]) / left)
        both += special.ndtr((-rho * at - z[:, None]) / left)
        total -= np.minimum(2 * (weight * both).sum(axis=1), single)
    return np.asarray(np.clip(total, single, 1.0))


def held(chances: FloatArray, budget: float) -> NDArray[np.bool_]:
    """Return which of many chances stand out within a budget for all of them together.

    Parameters
    ----------
    chances
        p-values, shape ``(n,)``.
    budget
        Largest chance of any false one.

    Notes
    -----
    Holm's step-down test: it holds its level whatever the dependence between them.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70.

    Examples
    --------
    >>> held(np.array([0.001, 0.04, 0.03]), 0.05).tolist()
    [True, False, False]
    """
    order = np.argsort(chances, kind="stable")
    n = len(chances)
    limits = budget / (n - np.arange(n))
    passed = np.logical_and.accumulate(chances[order] <= limits)
    out = np.zeros(n, bool)
    out[order] = passed
    return out


def adjusted(chances: FloatArray) -> FloatArray:
    """Return Holm's adjusted p-values: the smallest budget within which each would stand out.

    Examples
    --------
    >>> adjusted(np.array([0.001, 0.03, 0.02])).round(3).tolist()
    [0.003, 0.04, 0.04]
    """
    n = len(chances)
    order = np.argsort(chances, kind="stable")
    out = np.empty(n)
    out[order] = np.minimum(np.maximum.accumulate(chances[order] * (n - np.arange(n))), 1.0)
    return np.maximum(out, 1e-12)
