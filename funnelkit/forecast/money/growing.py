"""Growth that goes on: a straight line through the logarithms, trusted as far as it was right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelkit.forecast.ensemble import combination

FloatArray = NDArray[np.float64]
_SEASON = 12
_FEWEST = 12
_BACK = range(9, 2, -2)
"""Months before the last one at which both methods are tried."""
_AHEAD = 6
_LEAST = 1e-4
"""Squared error on the scale of logarithms that is laid upon each, so that none wins by chance."""


def line(series: FloatArray, horizon: int) -> FloatArray:
    """Return a straight line through the logarithms, with two waves of the year from two years on.

    Parameters
    ----------
    series
        Counts by month, shape ``(n_months,)``.
    horizon
        Months.

    Examples
    --------
    >>> line(np.array([8.0, 16.0, 32.0, 64.0]) - 0.5, 2).round(1).tolist()
    [127.5, 255.5]
    """
    n = len(series)

    def design(time: FloatArray) -> FloatArray:
        columns = [np.ones(len(time)), time]
        if n >= 2 * _SEASON:
            turns = [2 * np.pi * wave * time / _SEASON for wave in (1, 2)]
            columns += [part for turn in turns for part in (np.sin(turn), np.cos(turn))]
        return np.stack(columns, axis=1)

    found, *_ = np.linalg.lstsq(design(np.arange(float(n))), np.log(series + 0.5), rcond=None)
    return np.maximum(np.exp(design(np.arange(float(n), n + horizon)) @ found) - 0.5, 0.0)


def growth(series: FloatArray, horizon: int) -> FloatArray:
    """Return by what the months to come are to be multiplied, beside the ensemble's forecast.

    Parameters
    ----------
    series
        Counts by month, shape ``(n_months,)``.
    horizon
        Months.

    Returns
    -------
    ndarray
        Factors, shape ``(horizon,)``; 1 where there is too little to judge by.

    Notes
    -----
    The ensemble damps every trend, as is right for most series; entries of a firm that grows come
    out too low, month after month. The line through the logarithms does not. Both are tried at up
    to four earlier months, on the sum of the six after each, and weighted by the inverse of their
    mean squared errors on the scale of logarithms.
    """
    if len(series) < _FEWEST + min(_BACK) or not (series[-_FEWEST:] > 0).all():
        return np.ones(horizon)
    errors = []
    for back in _BACK:
        known = series[: len(series) - back]
        if len(known) < _FEWEST:
            continue
        ahead = min(_AHEAD, back)
        came = series[len(known) : len(known) + ahead].sum()
        told = combination.combined(known, ahead, _SEASON).expected.sum()
        errors.append(np.log(np.maximum([told, line(known, ahead).sum()], 0.5) / came) ** 2)
    if not errors:
        return np.ones(horizon)
    worth = 1 / (np.mean(errors, axis=0) + _LEAST)
    weight = float(worth[1] / worth.sum())
    usual = np.maximum(combination.combined(series, horizon, _SEASON).expected, 1e-9)
    return np.asarray((np.maximum(line(series, horizon), 1e-9) / usual) ** weight)
