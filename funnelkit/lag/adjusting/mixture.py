"""Normal mixtures: what remains when the amounts of variation are averaged over."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
_STEPS = 100
_CLOSE = 1e-7
"""Step, in standard deviations, after which a quantile is found."""


def normalised(log_weights: FloatArray) -> FloatArray:
    """Return weights that sum to 1 from their logs.

    Examples
    --------
    >>> normalised(np.array([-1000.0, -1000.0])).tolist()
    [0.5, 0.5]
    """
    raised = np.exp(log_weights - log_weights.max())
    return np.asarray(raised / raised.sum())


def quantile(share: float, means: FloatArray, sds: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the value below which a share of a normal mixture lies.

    Parameters
    ----------
    share
        Between 0 and 1.
    means, sds
        Of the components, shape ``(n_components, ...)``.
    weights
        Of the components, shape ``(n_components,)``, of sum 1.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> quantile(0.975, 0 * one, one, np.ones(1)).round(3).tolist()
    [1.96]
    """
    reach = np.maximum(sds, 1e-12)
    low = (means - 12 * reach).min(axis=0)
    high = (means + 12 * reach).max(axis=0)
    mean, sd = moments(means, reach, weights)
    at = mean + sd * special.ndtri(share)
    for _ in range(_STEPS):
        z = (at - means) / reach
        over = np.tensordot(weights, special.ndtr(z), axes=1) - share
        density = np.tensordot(weights, np.exp(-0.5 * z**2) / reach, axes=1) / np.sqrt(2 * np.pi)
        low, high = np.where(over < 0, at, low), np.where(over < 0, high, at)
        newton = at - over / np.maximum(density, 1e-300)
        inside = (newton > low) & (newton < high)
        following = np.where(inside, newton, (low + high) / 2)
        done = float((np.abs(following - at) / sd).max(initial=0.0)) < _CLOSE
        at = following
        if done:
            break
    return np.asarray(at)


def moments(
    means: FloatArray, sds: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return mean and standard deviation of a mixture whose components have means and sds.

    Examples
    --------
    >>> mean, sd = moments(np.array([-1.0, 1.0]), np.zeros(2), np.array([0.5, 0.5]))
    >>> float(mean), float(sd)
    (0.0, 1.0)
    """
    mean = np.tensordot(weights, means, axes=1)
    variance = np.tensordot(weights, (means - mean) ** 2 + sds**2, axes=1)
    return np.asarray(mean), np.asarray(np.sqrt(variance))
