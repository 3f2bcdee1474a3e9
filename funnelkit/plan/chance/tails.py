"""The upper tail of a sum of many deals by its first three cumulants."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
_STEP = 1e-3
_LEAST_SKEW = 1e-3


class Tail(NamedTuple):
    """P(Y >= t) and its derivatives by the three cumulants, shape ``(D,)`` each."""

    chance: FloatArray
    by_mean: FloatArray
    by_variance: FloatArray
    by_third: FloatArray


def upper_tail(
    threshold: FloatArray, mean: FloatArray, variance: FloatArray, third: FloatArray
) -> Tail:
    """Return the chance to reach a threshold by the shifted gamma with three cumulants.

    Parameters
    ----------
    threshold, mean, variance, third
        Threshold and the first three cumulants, shape ``(D,)`` each.

    Returns
    -------
    Tail
        1 or 0 where nothing varies, without slope.

    Notes
    -----
    Pearson's type III: with skewness g and a = 4 / g², Y is mean + sd (G - a) / √a, G gamma
    distributed with shape a; mirrored where g is below 0. Its fourth cumulant is 1.5 g² where that
    of a Poisson sum is g², so that the error of the tail is of the order of 1 / (50 n) for n
    deals. The derivative by g is a central difference of the incomplete gamma function.

    References
    ----------
    Johnson, Kotz and Balakrishnan (1994), Continuous Univariate Distributions 1, section 17.2.
    """
    moves = variance > 0
    safe = np.where(moves, variance, 1.0)
    sd = np.sqrt(safe)
    z = (threshold - mean) / sd
    skew = third / sd**3
    chance = _standard(z, skew)
    density = _density(z, skew)
    by_skew = (_standard(z, skew + _STEP) - _standard(z, skew - _STEP)) / (2 * _STEP)
    by_variance = density * z / (2 * safe) - by_skew * 1.5 * skew / safe
    chance = np.where(moves, chance, (mean >= threshold).astype(float))
    slopes = (density / sd, by_variance, by_skew / sd**3)
    return Tail(chance, *(np.where(moves, one, 0.0) for one in slopes))


def _standard(z: FloatArray, skew: FloatArray) -> FloatArray:
    """Return the chance that a standardised gamma variable is at least z."""
    size = np.abs(skew)
    bent = size > _LEAST_SKEW
    shape = 4 / np.where(bent, size, 1.0) ** 2
    side = np.where(skew < 0, -1.0, 1.0)
    place = np.maximum(shape + side * z * np.sqrt(shape), 0.0)
    upper = special.gammaincc(shape, place)
    found = np.where(skew < 0, special.gammainc(shape, place), upper)
    straight = special.ndtr(-z) + skew / 6 * (z**2 - 1) * _normal(z)
    return np.asarray(np.where(bent, found, straight))


def _density(z: FloatArray, skew: FloatArray) -> FloatArray:
    """Return the density of a standardised gamma variable at z."""
    size = np.abs(skew)
    bent = size > _LEAST_SKEW
    shape = 4 / np.where(bent, size, 1.0) ** 2
    side = np.where(skew < 0, -1.0, 1.0)
    place = shape + side * z * np.sqrt(shape)
    inside = place > 0
    safe = np.where(inside, place, 1.0)
    log = special.xlogy(shape - 1, safe) - safe - special.gammaln(shape) + np.log(shape) / 2
    found = np.where(inside, np.exp(log), 0.0)
    straight = _normal(z) * (1 + skew / 6 * (z**3 - 3 * z))
    return np.asarray(np.where(bent, found, straight))


def _normal(z: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))
