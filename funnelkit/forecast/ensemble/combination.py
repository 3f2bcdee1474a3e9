"""One number per step from several methods: their mean without the lowest and the highest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelkit.forecast.ensemble import members

FloatArray = NDArray[np.float64]

FEWEST = 6  # points that a method is fitted to
FARTHEST = 3.0  # times the largest value seen: no number ahead is above it


@dataclass(frozen=True, eq=False, kw_only=True)
class Combined:
    """Expected numbers of one series ahead, and how they were found.

    Parameters
    ----------
    expected
        Shape ``(H,)``.
    method
        What was done, in words.
    """

    expected: FloatArray
    method: str


def combined(values: FloatArray, horizon: int, season: int) -> Combined:
    """Return the numbers of one series ahead.

    Parameters
    ----------
    values
        One series without gaps, shape ``(T,)``; may be empty.
    horizon
        Steps ahead.
    season
        Periods to a cycle.

    Returns
    -------
    Combined
        Mean of the methods without the lowest and the highest of each step, and a fallback by
        name: zero where nothing but 0 was seen, the value itself where it never changed, the mean
        of fewer than six points.
    """
    if not values.size or not values.any():
        return _flat(0.0, horizon, "nothing seen so far: zero")
    if (values == values[0]).all() and values.size > 1:
        return _flat(float(values[0]), horizon, "the one value that was ever seen")
    if values.size < FEWEST:
        return _flat(float(values.mean()), horizon, "mean of fewer than six points")
    given = members.adjust(values, horizon, season)
    found = members.run(given, horizon)
    if not found:
        return _flat(float(values.mean()), horizon, "mean of all points")
    if values.size < 2 * FEWEST:
        found["mean of all points"] = np.full(horizon, values.mean())
    seasons = "seasons" if given.cycle > 1 else "no seasons (fewer than two of them)"
    if season == 1:
        seasons = "no seasons"
    logs = ", also of logarithms," if given.logarithms else ""
    return Combined(
        expected=trimmed(np.stack(list(found.values())), values),
        method=f"trimmed mean of Theta and exponential smoothing{logs} with {seasons}",
    )


def trimmed(found: FloatArray, values: FloatArray) -> FloatArray:
    """Return the mean of each step without the lowest and the highest, kept within bounds.

    Parameters
    ----------
    found
        One row per method, shape ``(n, H)``.
    values
        Series so far: no number ahead is farther from its mean than three times the farthest seen.

    Returns
    -------
    ndarray of shape (H,)
        With three methods the median; with one or two their mean.

    Examples
    --------
    >>> trimmed(np.array([[1.0], [2], [4], [1e9]]), np.array([1.0, 5]))
    array([3.])
    """
    top = FARTHEST * float(np.abs(values).max())
    bottom = 0.0 if values.min() >= 0 else -top
    inside = np.sort(np.clip(found, bottom, top), axis=0)
    kept = inside[1:-1] if len(inside) > 2 else inside
    return np.asarray(kept.mean(axis=0))


def _flat(value: float, horizon: int, method: str) -> Combined:
    return Combined(expected=np.full(horizon, value), method=method)
