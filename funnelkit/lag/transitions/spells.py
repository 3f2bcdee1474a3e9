"""Days that leads spend at a stage, and stages one after the other, read off any fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from funnelkit.lag.base import LagFit

FloatArray = NDArray[np.float64]
_LONGEST = 2**15
_DRAWS = 500


def days_by(fit: LagFit, shares: Sequence[float]) -> FloatArray:
    """Return the first day by which a share of those who convert have done so.

    Parameters
    ----------
    fit
        Timing, pooled over cohorts.
    shares
        Shares of the conversions by the fit's horizon, or of all.

    Returns
    -------
    ndarray
        Days, shape ``(n_segments, n_shares)``; NaN where nobody converts, or later than in 89
        years.
    """
    last = 511 if fit.horizon is None else fit.horizon
    while True:
        by_day = fit.maturity(np.arange(last + 1))[:, 0]
        enough = fit.horizon is not None or (by_day[:, -1] >= max(shares)).all()
        if enough or last >= _LONGEST:
            break
        last = 2 * last + 1
    reached = by_day[:, None, :] >= np.asarray(shares)[:, None] - 1e-12
    first = np.where(reached.any(axis=-1), np.argmax(reached, axis=-1).astype(float), np.nan)
    return np.where(fit.ultimate[:, :1] > 0, first, np.nan)


def mean_days(fit: LagFit, horizon: int) -> FloatArray:
    """Return the mean of the days until a lead moves on or leaves, none above the horizon.

    Parameters
    ----------
    fit
        Timing, pooled over cohorts, with all exits.
    horizon
        Days from entry to the stage.

    Returns
    -------
    ndarray
        Days, shape ``(n_segments,)``.

    Notes
    -----
    Σ_{a < h} (1 - Σ_k F_k(a)), the restricted mean of the days until any outcome: leads that
    never leave the stage count h days.

    References
    ----------
    Royston and Parmar (2013), BMC Medical Research Methodology 13, 152.
    """
    ages = np.arange(horizon)
    gone = np.stack([fit.rate_at(ages, outcome=name)[:, 0] for name in fit.outcomes])
    return np.asarray(np.clip(1 - gone.sum(axis=0), 0.0, 1.0).sum(axis=-1))


def mean_days_drawn(fit: LagFit, horizon: int, *, seed: int = 0) -> FloatArray:
    """Return draws of :func:`mean_days`, shape ``(n_draws, n_segments)``."""
    ages = np.arange(horizon)
    gone = np.zeros((_DRAWS, len(fit.segments), horizon))
    for name in fit.outcomes:
        gone += fit.sample(_DRAWS, rng=seed, outcome=name, ages=ages)[:, :, 0]
    return np.asarray(np.clip(1 - gone, 0.0, 1.0).sum(axis=-1))


def one_after_the_other(curves: Sequence[FloatArray]) -> FloatArray:
    """Return the share that has passed all of several stages by each day.

    Parameters
    ----------
    curves
        For each transition, the share of those at its start that has moved on by days 0, 1, …,
        shape ``(n_days,)``.

    Returns
    -------
    ndarray
        Shape ``(n_days,)``.

    Notes
    -----
    Days add up: the convolution of the daily shares, as if how a lead passed one stage said
    nothing about the next.

    Examples
    --------
    Half move on at once and half after a day, twice in a row:

    >>> one_after_the_other([np.array([0.5, 1, 1]), np.array([0.5, 1, 1])]).tolist()
    [0.25, 0.75, 1.0]
    """
    n = len(curves[0])
    daily = np.eye(1, n)[0]
    for curve in curves:
        daily = np.convolve(daily, np.diff(curve, prepend=0.0))[:n]
    return np.asarray(np.clip(np.cumsum(daily), 0.0, 1.0))
