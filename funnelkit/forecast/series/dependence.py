"""Joint draws of segments: paths put in an order that errors of the past show, sums calibrated."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
_FEWEST = 8
_ROUNDS = 20


def shared_errors(values: FloatArray, season: int) -> FloatArray:
    """Return what errors of series share, as loadings of shape ``(S, K)``.

    Parameters
    ----------
    values
        Shape ``(S, T)``; NaN before a series begins.
    season
        Periods to a cycle.

    Returns
    -------
    ndarray
        Loadings L such that the correlation of two series' errors is the product of their rows.
        The last column is common to all; the others are the errors seen, weighted.

    Notes
    -----
    Errors are those of the naive forecast of a year before (of the period before, where there are
    fewer than two years), of square roots, which stabilise the variance of counts. Their
    correlations are shrunk to the mean correlation, by the share that leaves the smallest expected
    squared error, with T errors over a lag of L counted as T / √L; a mean below 0 counts as 0.

    References
    ----------
    Ledoit and Wolf (2003), Journal of Empirical Finance 10, 603-621, for the target of one common
    correlation. Schäfer and Strimmer (2005), Statistical Applications in Genetics and Molecular
    Biology 4, 32, section 2.4, for the share.
    """
    size, long = values.shape
    lag = season if long - season >= max(_FEWEST, season) else 1
    errors = np.sqrt(values[:, lag:]) - np.sqrt(values[:, :-lag]) if long > lag else values[:, :0]
    known = np.isfinite(errors)
    errors = np.where(known, errors, 0.0)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    errors = np.where(known, errors - errors.sum(axis=1, keepdims=True) / count, 0.0)
    scale = np.sqrt((errors**2).sum(axis=1, keepdims=True))
    points = errors.shape[1]
    if size < 2 or points < _FEWEST or not (scale > 0).any():
        return np.zeros((size, 1))
    z = errors / np.where(scale > 0, scale, 1.0)
    own = (z**2).sum(axis=1)
    together = z.sum(axis=0)
    pairs = size * (size - 1)
    mean = float(np.clip(((together**2).sum() - own.sum()) / pairs, 0.0, 0.95))
    squares = (
        float(((z @ z.T) ** 2).sum() - (own**2).sum())
        if size <= points
        else float(((z.T @ z) ** 2).sum() - (own**2).sum())
    )
    scatter = squares / pairs - mean**2
    worth = points / np.sqrt(lag)  # errors of a year overlap, so that they tell less
    chance = (1 - mean**2) ** 2 / max(worth - 1, 1.0)
    kept = float(np.clip(1 - chance / scatter, 0.0, 1.0)) if scatter > 0 else 0.0
    common = np.full((size, 1), np.sqrt((1 - kept) * mean))
    return np.hstack([np.sqrt(kept) * z, common])


def in_order(draws: FloatArray, loadings: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return each series' draws in an order in which their sums depend as the loadings say.

    Parameters
    ----------
    draws
        Shape ``(n, S, H)``.
    loadings
        Of :func:`shared_errors`.
    generator
        Source of chance.

    Notes
    -----
    Whole paths change places, so that each series keeps its draws. The order is that of a normal
    copula of the paths' sums.

    References
    ----------
    Ben Taieb, Taylor and Hyndman (2021), Journal of the American Statistical Association 116,
    27-43, section 4.2, for reordered draws of segments.
    """
    n, size, _ = draws.shape
    if size < 2:
        return draws
    own = np.sqrt(np.maximum(1 - (loadings**2).sum(axis=1), 0.0))
    shared = generator.standard_normal((n, loadings.shape[1])) @ loadings.T
    normal = shared + own * generator.standard_normal((n, size))
    rank = normal.argsort(axis=0).argsort(axis=0)
    sums = draws.sum(axis=2)
    sums = sums + 1e-9 * (1 + sums) * generator.random(sums.shape)
    place = np.take_along_axis(sums.argsort(axis=0), rank, axis=0)
    return np.asarray(np.take_along_axis(draws, place[:, :, None], axis=0))


def calibrated(draws: FloatArray, total: FloatArray) -> FloatArray:
    """Return draws of segments whose sums are spread as the draws of their total.

    Parameters
    ----------
    draws
        Of segments, shape ``(n, S, H)``, none below 0.
    total
        Of the total, from its own history, shape ``(n, H)``, with the mean that the segments' sums
        have.

    Returns
    -------
    ndarray
        Segments of one draw and period scaled alike, so that sums of each period, and of all
        periods together, have the distribution of the total's draws.
    """
    have = draws.sum(axis=1)
    sums = have
    steps, whole = np.sort(total, axis=0), np.sort(total.sum(axis=1))
    for _ in range(_ROUNDS):
        sums = np.where(sums > 0, np.take_along_axis(steps, _ranks(sums), axis=0), 0.0)
        summed = sums.sum(axis=1)
        sums = sums * _ratio(whole[_ranks(summed)], summed)[:, None]
    return np.asarray(draws * _ratio(sums, have)[:, None, :])


def whole_numbers(draws: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return draws as whole numbers of the same mean, whose sum over series is off by less than 1.

    Parameters
    ----------
    draws
        Shape ``(n, S, H)``, none below 0.
    generator
        Source of chance.

    Notes
    -----
    One random start for each draw and period, then every whole number that the running sum over
    series passes: systematic sampling, in which each number is rounded up or down with the chance
    that its decimals say.
    """
    start = generator.random((draws.shape[0], 1, draws.shape[2]))
    passed = np.floor(np.cumsum(draws, axis=1) + start)
    return np.diff(passed, axis=1, prepend=0.0)


def _ranks(values: FloatArray) -> NDArray[np.int64]:
    return np.asarray(values.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable"))


def _ratio(wanted: FloatArray, have: FloatArray) -> FloatArray:
    """Return by what to scale; what is 0 stays."""
    return np.asarray(np.where(have > 0, wanted / np.where(have > 0, have, 1.0), 1.0))
