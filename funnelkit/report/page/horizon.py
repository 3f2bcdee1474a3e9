"""How far the rates of a report reach, and at which ages cohorts are compared."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit.report.page.facts import MATURE, SMALL

if TYPE_CHECKING:
    from funnelkit.counts.triangle import Triangle

_STEPS = (30, 7, 1)
_FLAT = 0.98
_AGES = {
    30: (1, 3, 7, 14, 21),
    180: (7, 14, 30, 60, 90, 120),
    360: (7, 14, 30, 60, 120, 180),
}
_OLD_AGES = (7, 30, 60, 90, 180, 360)
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


def reached(followed: IntArray) -> IntArray:
    """Return how many leads have reached each age, from how many stand at each age.

    Examples
    --------
    >>> reached(np.array([2, 0, 3])).tolist()
    [5, 3, 3]
    """
    return np.asarray(np.cumsum(followed[..., ::-1], axis=-1)[..., ::-1])


def observed(triangle: Triangle) -> IntArray:
    """Return how many leads of each cohort are known up to each age, shape (n_cohorts, n_ages).

    Leads that came under observation late (delayed entry) count from that age on.
    """
    counts = reached(triangle.followed.sum(axis=0))
    if triangle.late is None:
        return counts
    late = triangle.late.sum(axis=0)
    return np.asarray(counts - (late.sum(axis=-1, keepdims=True) - np.cumsum(late, axis=-1)))


def longest(triangle: Triangle) -> int | None:
    """Return the age up to which rates can be told; ``None`` where there is none.

    The last full 30 days (or, of younger data, 7 days or day) to which at least 20 leads, and at
    least one in a hundred, have been followed. Fewer would let a single lead move the figure.
    """
    counts = reached(triangle.followed.sum(axis=(0, 1)))
    enough = np.flatnonzero(counts >= max(SMALL, triangle.n / 100))
    if not len(enough) or not enough[-1]:
        return None
    last = int(enough[-1])
    step = next(each for each in _STEPS if last >= each)
    return last // step * step


def shortest(rates: FloatArray) -> int:
    """Return the first full 30 days by which 98 % of a curve's last rate has come.

    Further days would add noise and no conversions. The curve's last age where it is shorter.

    Examples
    --------
    >>> int(shortest(np.minimum(np.arange(201) / 100, 1.0)))
    120
    """
    last = len(rates) - 1
    for age in range(30, last, 30):
        if rates[last] > 0 and rates[age] >= _FLAT * rates[last]:
            return age
    return last


def compared_ages(horizon: int) -> tuple[int, ...]:
    """Return the ages of the heat map: at most six round ones up to the horizon.

    Examples
    --------
    >>> compared_ages(20), compared_ages(120), compared_ages(690)
    ((1, 3, 7, 14), (7, 14, 30, 60, 90, 120), (7, 30, 60, 90, 180, 360))
    """
    ages = next((ages for limit, ages in _AGES.items() if horizon < limit), _OLD_AGES)
    return tuple(age for age in ages if age <= horizon)


def window_days(horizon: int, half_day: float) -> tuple[int, ...]:
    """Return the ages by which full cohorts are compared, the best first.

    The first age of the heat map, from 30 days on, by which half of the conversions have come;
    then the shorter ones.

    Examples
    --------
    >>> window_days(120, 11), window_days(240, 79), window_days(14, 3)
    ((30, 14, 7), (120, 60, 30, 14, 7), (14, 7, 3, 1))
    """
    ages = compared_ages(horizon)
    wanted = max(30.0, 0.0 if np.isnan(half_day) else half_day)
    best = min((age for age in ages if age >= wanted), default=ages[-1])
    return tuple(age for age in reversed(ages) if age <= best)


def ready_on(followed: IntArray, maturity: FloatArray, as_of: dt.date) -> dt.date | None:
    """Return the first day on which leads of these ages are mature on average.

    Parameters
    ----------
    followed
        Leads of a cohort by age at ``as_of``.
    maturity
        Maturity by age, 1 at the last one.
    as_of
        The day of the data.
    """
    ages = np.flatnonzero(followed)
    leads = followed[ages]
    if not len(ages):
        return None
    last = len(maturity) - 1
    for days in range(last + 1):
        mean = (maturity[np.minimum(ages + days, last)] * leads).sum() / leads.sum()
        if mean >= MATURE:
            return as_of + dt.timedelta(days=days)
    return None
