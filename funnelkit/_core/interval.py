"""Intervals for shares, counts and ratios of counts, which never leave their range."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from funnelkit._core import checks

FloatArray = NDArray[np.float64]
ShareMethod = Literal["wilson", "exact"]


class Interval(NamedTuple):
    """Two ends of an interval, numbers or arrays of one shape.

    Examples
    --------
    >>> Interval(0.1, 0.2).low
    0.1
    """

    low: FloatArray | float
    high: FloatArray | float


def share_interval(
    converted: ArrayLike,
    entered: ArrayLike,
    *,
    confidence_level: float = 0.95,
    method: ShareMethod = "wilson",
) -> Interval:
    """Return the interval of a share, converted / entered.

    Parameters
    ----------
    converted, entered
        Counts of any one shape; ``entered`` may be an effective number of leads, such as a sum
        of maturities, and need not be whole.
    confidence_level
        Two-sided level.
    method
        ``"wilson"``, the score interval without continuity correction, or ``"exact"``, that of
        Clopper and Pearson.

    Returns
    -------
    Interval
        Inside [0, 1]; [0, 1] where nobody entered.

    Raises
    ------
    ArgumentError
        If the level or the method is unknown.

    References
    ----------
    Wilson (1927), JASA 22, 209-212; Clopper and Pearson (1934), Biometrika 26, 404-413. Newcombe
    (1998), Statistics in Medicine 17, 857-872, methods 3 and 5.

    Examples
    --------
    Newcombe (1998), table I, 81 of 263:

    >>> low, high = share_interval(81, 263)
    >>> round(float(low), 4), round(float(high), 4)
    (0.2553, 0.3662)
    """
    checks.confidence(confidence_level)
    checks.one_of("method", method, ("wilson", "exact"))
    x, n = np.broadcast_arrays(np.asarray(converted, float), np.asarray(entered, float))
    none = n <= 0
    n_safe = np.where(none, 1.0, n)
    x_safe = np.clip(np.where(none, 0.0, x), 0.0, n_safe)
    tail = (1 - confidence_level) / 2
    if method == "exact":
        low = np.where(x_safe > 0, _beta_ppf(tail, x_safe, n_safe - x_safe + 1), 0.0)
        high = np.where(x_safe < n_safe, _beta_ppf(1 - tail, x_safe + 1, n_safe - x_safe), 1.0)
    else:
        z = stats.norm.isf(tail)
        share = x_safe / n_safe
        centre = (share + z**2 / (2 * n_safe)) / (1 + z**2 / n_safe)
        half = np.sqrt(share * (1 - share) / n_safe + z**2 / (4 * n_safe**2))
        half = half * z / (1 + z**2 / n_safe)
        low = np.where(x_safe > 0, np.maximum(centre - half, 0.0), 0.0)
        high = np.where(x_safe < n_safe, np.minimum(centre + half, 1.0), 1.0)
    return Interval(_plain(np.where(none, 0.0, low)), _plain(np.where(none, 1.0, high)))


def count_interval(count: ArrayLike, *, confidence_level: float = 0.95) -> Interval:
    """Return the exact interval of a Poisson count.

    Parameters
    ----------
    count
        Counts of any shape.
    confidence_level
        Two-sided level.

    Returns
    -------
    Interval
        At least 0.

    References
    ----------
    Garwood (1936), Biometrika 28, 437-442.

    Examples
    --------
    >>> low, high = count_interval(122)
    >>> round(float(low), 1), round(float(high), 1)
    (101.3, 145.7)
    """
    checks.confidence(confidence_level)
    x = np.asarray(count, float)
    tail = (1 - confidence_level) / 2
    low = np.where(x > 0, special.gammaincinv(np.maximum(x, 1e-300), tail), 0.0)
    high = special.gammaincinv(x + 1, 1 - tail)
    return Interval(_plain(low), _plain(high))


def count_ratio_interval(
    numerator: ArrayLike, denominator: ArrayLike, *, confidence_level: float = 0.95
) -> Interval:
    """Return the exact interval of the ratio of two Poisson means, given their counts.

    Given the total, the numerator is binomial with share r / (1 + r); the interval is that of
    Clopper and Pearson, carried over.

    Parameters
    ----------
    numerator, denominator
        Counts of any one shape.
    confidence_level
        Two-sided level.

    Returns
    -------
    Interval
        From 0 upwards; the upper end is infinite where the denominator is 0.

    References
    ----------
    Przyborowski and Wilenski (1940), Biometrika 31, 313-323.

    Examples
    --------
    >>> low, high = count_ratio_interval(122, 207)
    >>> round(float(low), 3), round(float(high), 3)
    (0.467, 0.741)
    """
    x, y = np.broadcast_arrays(np.asarray(numerator, float), np.asarray(denominator, float))
    low, high = share_interval(x, x + y, confidence_level=confidence_level, method="exact")
    with np.errstate(divide="ignore"):
        return Interval(
            _plain(np.asarray(low) / (1 - np.asarray(low))),
            _plain(np.where(y > 0, np.asarray(high) / (1 - np.asarray(high)), np.inf)),
        )


def share_difference_interval(
    first: tuple[float, float], second: tuple[float, float], *, confidence_level: float = 0.95
) -> Interval:
    """Return Newcombe's interval of the second share less the first.

    Parameters
    ----------
    first, second
        (converted, entered) of two independent groups; ``entered`` may be an effective number.
    confidence_level
        Two-sided level.

    Returns
    -------
    Interval
        Inside [-1, 1].

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.

    Examples
    --------
    Newcombe (1998), table II, column (a), 56/70 less 48/80:

    >>> low, high = share_difference_interval((48, 80), (56, 70))
    >>> round(float(low), 4), round(float(high), 4)
    (0.0524, 0.3339)
    """
    (x1, n1), (x2, n2) = first, second
    if min(n1, n2) <= 0:
        return Interval(-1.0, 1.0)
    p1, p2 = x1 / n1, x2 / n2
    low1, high1 = share_interval(x1, n1, confidence_level=confidence_level)
    low2, high2 = share_interval(x2, n2, confidence_level=confidence_level)
    down = np.hypot(p2 - low2, high1 - p1)
    up = np.hypot(high2 - p2, p1 - low1)
    return Interval(float(p2 - p1 - down), float(p2 - p1 + up))


def _beta_ppf(q: float, a: FloatArray, b: FloatArray) -> FloatArray:
    ok = (a > 0) & (b > 0)
    found = special.betaincinv(np.where(ok, a, 1.0), np.where(ok, b, 1.0), q)
    return np.asarray(found, float)


def _plain(values: FloatArray) -> FloatArray | float:
    return float(values) if values.ndim == 0 else values
