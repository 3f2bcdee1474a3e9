"""Where an upper end begins to be told: one rule for intervals and for bounds."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

FloatArray = NDArray[np.float64]
_POINTS = 129


def upper_root(far: ArrayLike, confidence_level: float) -> FloatArray:
    """Return the signed root at which the upper end of a unified interval lies.

    Parameters
    ----------
    far
        Signed root of the deviance of a share of 1, at least 0: how far, in normal quantiles, the
        data are from setting no upper end.
    confidence_level
        Two-sided level.

    Returns
    -------
    ndarray
        Between the one-sided and the two-sided quantile of the level; infinite where the upper
        end is 1.

    Notes
    -----
    A share cannot pass 1. If it is c below 1, in normal quantiles, an estimate that would lie
    above 1 by chance is cut off there, and its deviance against the truth is 2xc - c² in place of
    x², which is seldom large. With one cut-off for all, the interval would miss on one side only
    near 1, and too seldom. The cut-off k² is therefore that with which the truth is missed by as
    much as the level allows, on both sides together::

        Φ(-k) + Φ(-(c² + k²) / 2c) = 1 - level   for c < k,     2 Φ(-k) = 1 - level   else.

    It rises with c from the one-sided to the two-sided quantile. The upper end is where the
    signed root r is k(far - r), and there is none where not even a share of 1 is that far away.
    The lower end, farther from 1, is that of the two-sided interval. So whether there is an upper
    end need not be decided by looking at the data first.

    References
    ----------
    Feldman and Cousins (1998), Physical Review D 57, 3873-3889, section IV (a Gaussian with a
    bounded mean), with the likelihood ratio as the order in which values are accepted.

    Examples
    --------
    >>> upper_root([1.6, 1.7, 2.8, 4.0], 0.95).round(3).tolist()
    [inf, 1.645, 1.815, 1.96]
    """
    reach, roots = _table(confidence_level)
    wanted = np.asarray(far, float)
    return np.where(wanted < reach[0], np.inf, np.interp(wanted, reach, roots))


@cache
def _table(confidence_level: float) -> tuple[FloatArray, FloatArray]:
    """Return c + k(c) and k(c) for shares from 1 to where the cut-off is the two-sided one."""
    error = 1 - confidence_level
    low, high = (float(special.ndtri(1 - part)) for part in (error, error / 2))
    c = np.linspace(0.0, high, _POINTS)
    below, above = np.full(_POINTS, low), np.full(_POINTS, high)
    for _ in range(60):
        k = (below + above) / 2
        other = np.where(k > c, (c**2 + k**2) / np.maximum(2 * c, 1e-12), k)
        missed = special.ndtr(-k) + special.ndtr(-other)
        below, above = np.where(missed > error, k, below), np.where(missed > error, above, k)
    return c + above, above
