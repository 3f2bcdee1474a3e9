"""When a record is won that passes one stage and then all that follow: days added up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def one_after_another(first: FloatArray, then: FloatArray) -> FloatArray:
    """Return the share that has passed two stages by each day, of those who pass both.

    Parameters
    ----------
    first, then
        Share that has passed each by days 0, 1, …, shape ``(n_days,)``.

    Examples
    --------
    >>> one_after_another(np.array([0.5, 1.0, 1.0]), np.array([0.5, 1.0, 1.0])).tolist()
    [0.25, 0.75, 1.0]
    """
    daily = np.diff(first, prepend=0.0)
    return np.asarray(np.minimum(np.convolve(daily, then)[: len(first)], 1.0))


def won_within(
    passed: FloatArray, then: FloatArray | None, ages: IntArray, days: FloatArray
) -> FloatArray:
    """Return the share won within some days, of the records at a stage that will be won.

    Parameters
    ----------
    passed
        Share of those who move on that has done so by each age, shape ``(n_days,)``; 1 at last.
    then
        Share won by days 0, 1, … after moving on, of those who are won; ``None`` where moving on
        is the win.
    ages
        Days that the records have stood at the stage, at the end of ``as_of``.
    days
        Whole days from there, at least 0; infinity: ever.

    Returns
    -------
    ndarray
        Shape ``(n_ages, n_days)``: those who move on after the age only; 1 for infinity, and 0
        where nobody moves on at so high an age.

    Notes
    -----
    Σ_{u=1..d} m(a + u) C(d - u) / (1 - M(a)), with m the daily share moving on, M its sum and C
    the share won by the days after it.

    Examples
    --------
    Everybody moves on at age 1 or 2, and is won a day later. At age 0:

    >>> won_within(np.array([0.0, 0.5, 1.0]), np.array([0.0, 1.0]), np.array([0]), np.arange(4.0))
    array([[0. , 0. , 0.5, 1. ]])
    """
    last = len(passed) - 1
    at = np.minimum(ages, last)
    left = 1 - passed[at]
    found = np.zeros((len(ages), len(days)))
    daily = np.diff(passed, prepend=0.0)
    share = np.where(left > 0, left, 1.0)
    for j, day in enumerate(days):
        if np.isinf(day):
            found[:, j] = 1.0
        elif then is None:
            ahead = passed[np.minimum(at + int(day), last)]
            found[:, j] = (ahead - passed[at]) / share
        elif day:
            found[:, j] = _passed_and_won(daily, then, at, int(day)) / share
    return np.clip(np.where(left[:, None] > 1e-12, found, 0.0), 0.0, 1.0)


def _passed_and_won(daily: FloatArray, then: FloatArray, ages: IntArray, days: int) -> FloatArray:
    """Return Σ_{u=1..days} daily(age + u) then(days - u) for each age."""
    waits = days - np.arange(1, days + 1)
    won = then[np.minimum(waits, len(then) - 1)]
    padded = np.concatenate([daily, np.zeros(days + 1)])
    return np.asarray(np.convolve(padded, won[::-1])[ages + days])


def won_by(then: FloatArray, begins: IntArray, ends: IntArray, day: int) -> FloatArray:
    """Return the share won by the end of a day, of those who enter evenly over some days.

    Parameters
    ----------
    then
        Share won by days 0, 1, … after entry, of those who are won.
    begins, ends
        First and last day of entry of each group, shape ``(n_groups,)``.
    day
        The day, on the same count.

    Examples
    --------
    Entries on days 0 and 1, all won the day after: by day 1 one half.

    >>> won_by(np.array([0.0, 1.0]), np.array([0]), np.array([1]), 1).tolist()
    [0.5]
    """
    sums = np.concatenate([[0.0], np.cumsum(then)])
    last = len(then)

    def up_to(age: IntArray) -> FloatArray:
        """Return Σ of the shares at ages 0 to ``age``, flat beyond the last."""
        count = np.clip(age + 1, 0, last)
        return np.asarray(sums[count] + np.maximum(age + 1 - last, 0) * then[-1])

    youngest, oldest = day - ends, day - begins
    total = up_to(oldest) - up_to(youngest - 1)
    return np.asarray(total / (ends - begins + 1))
