"""Joint draws of what may come: error paths that hang together over steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelkit.forecast.ensemble import scales
from funnelkit.forecast.ensemble.error_scale import ErrorScale

FloatArray = NDArray[np.float64]

FREEDOM = 4.5  # degrees of freedom of the t-distribution, estimated with the error scale
LASTING = 0.2  # least share of a surprise that lasts
CUT = 6.0  # no draw is farther out than so many scales
RECENT = 36  # latest values that lumpy series are drawn from
MANY_ZEROS = 0.2  # share of them that makes a series lumpy
DRIFT = 0.1  # variance of the level of a lumpy series for changes to come
FARTHEST = 3.0  # times the largest value seen or expected


def paths(
    expected: FloatArray,
    size: ErrorScale,
    top: float,
    n_draws: int,
    generator: np.random.Generator,
) -> FloatArray:
    """Return joint draws of the steps ahead of one series.

    Parameters
    ----------
    expected
        Shape ``(H,)``; the mean of the draws of each step.
    size
        Scale of the errors.
    top
        Largest size seen in the series: no draw is above three times it.
    n_draws
        Number of draws.
    generator
        Source of chance.

    Returns
    -------
    ndarray of shape (n_draws, H)
        In the unit of the series; none above three times the largest value seen or expected.

    Notes
    -----
    Errors of the steps of one path are correlated as those of simple smoothing are (Hyndman,
    Koehler, Ord and Snyder 2008, section 6.3): what lasts of a surprise is in all later steps, the
    rest averages out in sums. One chi-square variable per path makes the whole path wide or
    narrow, as doubt about the scale does.
    """
    horizon = len(expected)
    root = np.linalg.cholesky(correlation(max(size.weight, LASTING), horizon))
    drawn = generator.normal(size=(n_draws, horizon)) @ root.T
    drawn *= np.sqrt(FREEDOM / generator.chisquare(FREEDOM, size=(n_draws, 1)))
    errors = np.clip(drawn, -CUT, CUT) * size.steps
    found = scales.back(size.scale, scales.onto(size.scale, expected) + errors)
    limit = FARTHEST * max(top, float(np.abs(expected).max()))
    found = np.clip(found, -limit, limit)
    mean = found.mean(axis=0)
    if size.scale == "plain":
        return np.asarray(np.clip(found + (expected - mean), -limit, limit))
    found = found * np.where(mean > 0, expected / np.where(mean > 0, mean, 1.0), 1.0)
    return np.minimum(found, limit)


def is_lumpy(values: FloatArray) -> bool:
    """Return whether a fifth of the latest values, or more, is 0, and none below.

    Examples
    --------
    >>> is_lumpy(np.array([0.0, 3, 0, 0, 1, 0])), is_lumpy(np.array([5.0, 3, 4, 4, 1, 2]))
    (True, False)
    """
    recent = values[-RECENT:]
    return bool(values.min() >= 0 and (recent == 0).mean() >= MANY_ZEROS)


def lumpy_paths(
    expected: FloatArray, values: FloatArray, n_draws: int, generator: np.random.Generator
) -> FloatArray:
    """Return joint draws of a series with many zeros: its own latest values, drawn again.

    Parameters
    ----------
    expected
        Shape ``(H,)``; the mean of the draws of each step.
    values
        One series without gaps, shape ``(T,)``, of at least six points, none below 0.
    n_draws
        Number of draws.
    generator
        Source of chance.

    Returns
    -------
    ndarray of shape (n_draws, H)
        Drawn values times a level that a whole path shares: a gamma variable of mean 1, as
        doubtful as the mean of the latest values is.
    """
    recent = values[-RECENT:]
    mean = float(recent.mean())
    if mean <= 0:
        recent, mean = values, float(values.mean())
    doubt = float(recent.var()) / mean**2 / min(len(recent), 12) + DRIFT
    shared = generator.gamma(1 / doubt, doubt, size=(n_draws, 1))
    drawn = generator.choice(recent, size=(n_draws, len(expected))) / mean
    limit = FARTHEST * max(float(values.max()), float(expected.max()))
    return np.minimum(drawn * shared * expected, limit)


def correlation(weight: float, horizon: int) -> FloatArray:
    """Return the correlation of the errors of steps ahead under simple smoothing.

    Examples
    --------
    >>> correlation(0.5, 2).round(3)
    array([[1.   , 0.447],
           [0.447, 1.   ]])
    """
    steps = np.arange(horizon)
    earlier = np.minimum(steps[:, None], steps)
    covariance = weight + weight**2 * earlier + np.diag((1 - weight) * np.ones(horizon))
    spread = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(spread, spread))
