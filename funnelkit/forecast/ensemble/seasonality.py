"""Seasonal indices: of several years, recent ones counting more, shrunken by their noise."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

DECAY = 0.8  # weight of a year beside the one after it
WIDTH = 0.75  # half-width of the second trend, in cycles
NARROWEST = 5.0  # and in periods
LEAST = 0.05  # of the trend that a seasonal share leaves
FAR = 2.5  # departures beyond so many robust standard deviations count less


def seasonal_terms(values: FloatArray, season: int, *, relative: bool = False) -> FloatArray:
    """Return what each place in the cycle adds to the trend, summing to 0.

    Parameters
    ----------
    values
        One series, shape ``(T,)``, of at least two cycles; logarithms where seasons multiply.
    season
        Periods to a cycle, at least 2.
    relative
        Whether terms are shares of the trend, for values from 0 on that have no logarithm.

    Returns
    -------
    ndarray of shape (season,)
        In the unit of the values, or shares of the trend; the first belongs to the first value.
        All 0 where the differences between places are no more than noise would make.

    Notes
    -----
    Two passes, as in the X-11 family: departures from a centred moving average over a cycle, then
    from a local line through the adjusted values, which reaches to both ends. Recent years count
    more (weights 0.8 per year of age), far departures less (Huber weights at 2.5), and the means
    are shrunken towards 0 by the James-Stein factor ``1 - (m - 3) v / sum(s^2)``, where ``v`` is
    the sampling variance of one mean (Miller and Williams 2003, Shrinkage estimators of time
    series seasonal factors and their effect on forecasting accuracy, Int. J. Forecasting 19).

    Examples
    --------
    >>> year = np.array([0.0, 0, 0, 4, 0, 0, 0, -4, 0, 0, 0, 0])
    >>> seasonal_terms(np.tile(year, 4) + np.arange(48), 12)[[3, 7]].round(1)
    array([ 4., -4.])
    """
    size = len(values)
    place = np.arange(size) % season
    inner = season // 2
    trend = _moving_average(values, season)
    kept = slice(inner, inner + len(trend))
    rest = _departures(values[kept], trend, values, relative=relative)
    first = _means(rest, place[kept], season, shrink=False)
    adjusted = values / np.maximum(1 + first[place], LEAST) if relative else values - first[place]
    trend = _local_line(size, max(WIDTH * season, NARROWEST)) @ adjusted
    rest = _departures(values, trend, values, relative=relative)
    return _means(rest, place, season, shrink=True)


def _departures(
    values: FloatArray, trend: FloatArray, whole: FloatArray, *, relative: bool
) -> FloatArray:
    """Return how far values are from their trend; as shares, the trend is at least a tenth."""
    if not relative:
        return np.asarray(values - trend)
    return np.asarray(values / np.maximum(trend, 0.1 * float(whole.mean())) - 1)


def _moving_average(values: FloatArray, season: int) -> FloatArray:
    """Return the centred moving average over one cycle, shorter by a cycle (less one if odd)."""
    if season % 2:
        return np.asarray(np.convolve(values, np.full(season, 1 / season), "valid"))
    weights = np.r_[0.5, np.ones(season - 1), 0.5] / season
    return np.asarray(np.convolve(values, weights, "valid"))


def _means(rest: FloatArray, place: NDArray[np.intp], season: int, *, shrink: bool) -> FloatArray:
    """Return the weighted mean of each place, centred, and shrunken if asked."""
    size = len(rest)
    weight = DECAY ** ((size - 1 - np.arange(size)) / season)
    middle = np.array([np.median(rest[place == k]) for k in range(season)])
    apart = np.abs(rest - middle[place])
    spread = 1.4826 * np.median(apart)
    if spread > 0:
        weight = weight * np.minimum(1.0, FAR * spread / np.maximum(apart, spread * 1e-6))
    total = np.bincount(place, weight, season)
    found = np.bincount(place, weight * rest, season) / total
    found = found - found.mean()
    if not shrink or season < 4:
        return np.asarray(found)
    left = rest - found[place]
    variance = float(np.average(left**2, weights=weight)) * size / max(size - season, 1)
    of_mean = variance * float(np.mean(np.bincount(place, weight**2, season) / total**2))
    power = float((found**2).sum())
    kept = max(0.0, 1 - (season - 3) * of_mean / power) if power > 0 else 0.0
    return np.asarray(found * kept)


@lru_cache(maxsize=64)
def _local_line(size: int, width: float) -> FloatArray:
    """Return the matrix that smooths by local lines with tricube weights, shape (T, T)."""
    apart = np.arange(size)[None] - np.arange(size)[:, None]
    near = np.maximum(1 - np.abs(apart / width) ** 3, 0) ** 3
    zero, one, two = near.sum(axis=1), (near * apart).sum(axis=1), (near * apart**2).sum(axis=1)
    lines = near * (two[:, None] - one[:, None] * apart) / (zero * two - one**2)[:, None]
    return np.asarray(lines, dtype=np.float64)
