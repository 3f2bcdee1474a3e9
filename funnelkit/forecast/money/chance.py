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
