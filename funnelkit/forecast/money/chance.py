"""Chance on top of doubt: whole numbers won, by month, given their rates and the pace."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_LEAST = 1e-12


def at_pace(shares: FloatArray, pace: FloatArray) -> FloatArray:
    """Return the shares of wins by month when months are quicker or slower than usual.

    Parameters
    ----------
    shares
        Share of those who will be won that is won in each month, shape ``(..., H)``; what is
        missing to 1 comes later.
    pace
        Factor on the hazard in each month, shape ``(n, H)``; the shares' first axis is the same.

    Returns
    -------
    ndarray
        Shape of the shares: a quick month takes from those to come.

    Examples
    --------
    >>> at_pace(np.array([[0.5, 0.25]]), np.array([[2.0, 1.0]]))
    array([[0.75 , 0.125]])
    """
    before = np.cumsum(shares, axis=-1) - shares
    left = np.maximum(1 - before, _LEAST)
    hazard = np.clip(shares / left, 0.0, 1.0)
    factors = pace.reshape(len(pace), *([1] * (shares.ndim - 2)), pace.shape[-1])
    stays = (1 - hazard) ** factors
    open_before = np.cumprod(np.concatenate([np.ones_like(stays[..., :1]), stays], -1), axis=-1)
    return np.asarray(open_before[..., :-1] * (1 - stays))


def won_of(
    chances: FloatArray, standing: FloatArray, *, spread: float, rng: np.random.Generator
) -> IntArray:
    """Return draws of how many records are ever won, of several kinds.

    Parameters
    ----------
    chances
        Chance of a record of each kind, shape ``(n, S, K)``.
    standing
        Records of each kind, shape ``(S, K)``.
    spread
        By how much the variance is larger than with independent records; at least 1.
    rng
        Generator.

    Returns
    -------
    ndarray
        Shape ``(n, S)``.

    Notes
    -----
    A sum of Bernoulli variables with different chances is drawn from the binomial distribution
    with the same mean and variance, of (Σ p)² / Σ p² trials with chance Σ p² / Σ p; with a
    spread D above 1, the chance itself is drawn from a beta distribution that makes the variance
    D times as large.

    References
    ----------
    Ehm (1991), Statistics and Probability Letters 11, 7-16, on binomial approximation of such
    sums.
    """
    mean = np.einsum("nsk,sk->ns", chances, standing)
    squares = np.einsum("nsk,sk->ns", chances**2, standing)
    share = np.clip(squares / np.maximum(mean, _LEAST), 0.0, 1.0)
    trials = np.round(mean / np.maximum(share, _LEAST))
    trials = np.where(mean > _LEAST, np.maximum(trials, 1), 0).astype(np.int64)
    share = np.clip(mean / np.maximum(trials, 1), 0.0, 1.0)
    return np.asarray(rng.binomial(trials, _spread_out(share, trials, spread, rng)))


def split(counts: IntArray, shares: FloatArray, rng: np.random.Generator) -> IntArray:
    """Return draws of the months in which a number of wins come.

    Parameters
    ----------
    counts
        Wins, shape ``(...)``.
    shares
        Share of them in each month, shape ``(..., H)``; the rest comes later.
    rng
        Generator.

    Returns
    -------
    ndarray
        Shape ``(..., H)``.
    """
    found = np.zeros(shares.shape, np.int64)
    left = counts.copy()
    rest = np.ones(counts.shape)
    for month in range(shares.shape[-1]):
        share = np.clip(shares[..., month] / np.maximum(rest, _LEAST), 0.0, 1.0)
        found[..., month] = rng.binomial(left, share)
        left = left - found[..., month]
        rest = rest - shares[..., month]
    return found


def arriving(expected: FloatArray, *, spread: float, rng: np.random.Generator) -> IntArray:
    """Return draws of wins among records that enter yet: few of many, so Poisson numbers.

    Parameters
    ----------
    expected
        Expected wins, shape ``(n, S, H)``.
    spread
        By how much the variance is larger than the mean; at least 1.
    rng
        Generator.
    """
    mean = expected
    if spread > 1:
        # a gamma factor with variance (D - 1) / mean makes the variance of the count D x mean
        size = expected.sum(axis=(1, 2), keepdims=True) / (spread - 1)
        size = np.maximum(size, 0.05)
        mean = expected * rng.gamma(size, 1 / size)
    return np.asarray(rng.poisson(mean))


def _spread_out(
    share: FloatArray, trials: IntArray, spread: float, rng: np.random.Generator
) -> FloatArray:
    """Return chances drawn about some, so that counts vary by a factor more."""
    if spread <= 1:
        return share
    inside = (share > 1e-9) & (share < 1 - 1e-9) & (trials > 1)
    worth = np.maximum((trials - spread) / (spread - 1), 0.5)
    a = np.where(inside, share * worth, 1.0)
    b = np.where(inside, (1 - share) * worth, 1.0)
    return np.asarray(np.where(inside, rng.beta(a, b), share))
