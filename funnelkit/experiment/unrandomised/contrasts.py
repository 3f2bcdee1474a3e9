"""A weighted sum of independent rates or means, with its interval and the p-value of that pair."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from funnelkit.experiment.comparison import Alternative, Bounds, Scale
from funnelkit.experiment.unrandomised.readings import Reading

FloatArray = NDArray[np.float64]
Ends = Callable[[float], tuple[float, float]]
"""From a normal quantile to the two ends of an interval."""
_FARTHEST = 37.0
"""Standard deviations beyond which a p-value is nil in double precision."""


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """A weighted sum with its interval and its p-value, which are a pair.

    Parameters
    ----------
    estimate
        The weighted sum, on the scale of its interval.
    bounds
        From a two-sided level to the two ends; one-sided with a one-sided alternative.
    pvalue
        Of a sum that is none.
    statistic
        In standard errors, or the normal quantile at which the interval touches none.
    method
        Name of the pair.
    """

    estimate: float
    bounds: Bounds
    pvalue: float
    statistic: float
    method: str


def contrast(
    readings: Sequence[Reading],
    weights: Sequence[float],
    *,
    scale: Scale = "difference",
    alternative: Alternative = "two-sided",
) -> Contrast:
    """Return a weighted sum of readings of one kind; of rates, a product of odds where asked."""
    sizes = [one.n for one in readings]
    converted = [one.converted for one in readings if one.converted is not None]
    if len(converted) == len(readings):
        of = log_odds_contrast if scale == "odds ratio" else rate_contrast
        return of(converted, sizes, weights, alternative=alternative)
    means, sds = [one.mean for one in readings], [one.sd or 0.0 for one in readings]
    return mean_contrast(sizes, means, sds, weights, alternative=alternative)


def rate_contrast(
    converted: ArrayLike,
    entered: ArrayLike,
    weights: ArrayLike,
    *,
    alternative: Alternative = "two-sided",
) -> Contrast:
    """Return a weighted sum of independent rates, with Wilson's ends carried over.

    Parameters
    ----------
    converted, entered, weights
        One value for each rate; ``entered`` may be an effective number above 0.
    alternative
        Of the sum against 0.

    Returns
    -------
    Contrast
        p is the level at which the interval touches 0, so the two always agree.

    References
    ----------
    Zou and Donner (2008), Statistics in Medicine 27, 1693-1702, and Zou, Huang and Zhang
    (2009), Computational Statistics and Data Analysis 53, 1080-1085, for sums of more than two.
    With weights -1 and 1 it is the interval of Newcombe (1998), Statistics in Medicine 17, 873-890,
    method 10.

    Examples
    --------
    >>> found = rate_contrast([48, 56], [80, 70], [-1, 1])
    >>> [round(end, 4) for end in found.bounds(0.95)]
    [0.0524, 0.3339]
    """
    x, n, w = (np.asarray(values, float) for values in (converted, entered, weights))
    share = x / n
    estimate = float(w @ share)
    limit = (float(w[w < 0].sum()), float(w[w > 0].sum()))

    def ends(z: float) -> tuple[float, float]:
        low, high = _wilson(x, n, z)
        below = np.where(w > 0, share - low, high - share) * w
        above = np.where(w > 0, high - share, share - low) * w
        return (
            max(estimate - float(np.sqrt((below**2).sum())), limit[0]),
            min(estimate + float(np.sqrt((above**2).sum())), limit[1]),
        )

    z = touching(ends, estimate)
    return Contrast(
        estimate=estimate,
        bounds=sided(ends, alternative, limit),
        pvalue=tail(z, alternative),
        statistic=z,
        method="Wilson's intervals combined (MOVER)",
    )


def log_odds_contrast(
    converted: ArrayLike,
    entered: ArrayLike,
    weights: ArrayLike,
    *,
    alternative: Alternative = "two-sided",
) -> Contrast:
    """Return a weighted product of odds: a ratio of odds ratios for weights of 1 and -1.

    Parameters
    ----------
    converted, entered, weights
        One value for each rate.
    alternative
        Of the product against 1.

    Returns
    -------
    Contrast
        With one half added to each count, so that no conversions, or nothing but conversions,
        still give a finite answer; the test is the normal one of its logarithm.

    References
    ----------
    Haldane (1956), Annals of Human Genetics 20, 309-311; Anscombe (1956), Biometrika 43, 461-464;
    Agresti (1999), Biometrics 55, 597-602, on its coverage, which errs on the wide side.
    """
    x, n, w = (np.asarray(values, float) for values in (converted, entered, weights))
    yes, no = x + 0.5, n - x + 0.5
    log = float(w @ np.log(yes / no))
    sd = math.sqrt(float(w**2 @ (1 / yes + 1 / no)))

    def ends(z: float) -> tuple[float, float]:
        return _exponential(log - z * sd), _exponential(log + z * sd)

    return Contrast(
        estimate=_exponential(log),
        bounds=sided(ends, alternative, (0.0, math.inf)),
        pvalue=tail(log / sd, alternative),
        statistic=log / sd,
        method="logit interaction, halves added",
    )


def mean_contrast(
    n: ArrayLike,
    mean: ArrayLike,
    sd: ArrayLike,
    weights: ArrayLike,
    *,
    alternative: Alternative = "two-sided",
) -> Contrast:
    """Return a weighted sum of independent means, each with a variance of its own.

    Parameters
    ----------
    n, mean, sd, weights
        One value for each mean; n at least 2.
    alternative
        Of the sum against 0.

    Returns
    -------
    Contrast
        Student's t with Welch's and Satterthwaite's degrees of freedom. Where no mean varies, an
        interval without width, and p = 0 unless the sum is 0.

    References
    ----------
    Welch (1947), Biometrika 34, 28-35; Satterthwaite (1946), Biometrics Bulletin 2, 110-114.

    Examples
    --------
    >>> found = mean_contrast([10, 10], [5.0, 6.0], [1.0, 1.0], [-1, 1])
    >>> round(found.statistic, 4), round(found.pvalue, 4)  # two samples, 18 degrees of freedom
    (2.2361, 0.0382)
    """
    sizes, means, sds, w = (np.asarray(values, float) for values in (n, mean, sd, weights))
    parts = w**2 * sds**2 / sizes
    error = math.sqrt(float(parts.sum()))
    estimate = float(w @ means)
    method = "Welch's t"
    if error <= 0:
        pvalue = 1.0 if estimate == 0 else tail(math.copysign(math.inf, estimate), alternative)
        return Contrast(
            estimate=estimate,
            bounds=lambda _: (estimate, estimate),
            pvalue=pvalue,
            statistic=math.nan,
            method=method,
        )
    df = float(parts.sum() ** 2 / (parts**2 / (sizes - 1)).sum())
    t = estimate / error

    def bounds(level: float) -> tuple[float, float]:
        two = alternative == "two-sided"
        half = error * float(special.stdtrit(df, 1 - (1 - level) / (2 if two else 1)))
        return (
            -math.inf if alternative == "less" else estimate - half,
            math.inf if alternative == "greater" else estimate + half,
        )

    tails = {
        "two-sided": 2 * special.stdtr(df, -abs(t)),
        "greater": special.stdtr(df, -t),
        "less": special.stdtr(df, t),
    }
    return Contrast(
        estimate=estimate,
        bounds=bounds,
        pvalue=float(tails[alternative]),
        statistic=t,
        method=method,
    )


def touching(ends: Ends, estimate: float) -> float:
    """Return the quantile, with the sign of the estimate, at which an interval touches 0."""
    if estimate == 0:
        return 0.0
    side = 0 if estimate > 0 else 1
    low, high = 0.0, 1.0
    while ends(high)[side] * estimate > 0 and high < _FARTHEST:
        low, high = high, 2 * high
    for _ in range(50):
        middle = (low + high) / 2
        if ends(middle)[side] * estimate > 0:
            low = middle
        else:
            high = middle
    return math.copysign((low + high) / 2, estimate)


def tail(z: float, alternative: Alternative) -> float:
    """Return the p-value of a normal quantile."""
    if alternative == "two-sided":
        return float(2 * special.ndtr(-abs(z)))
    return float(special.ndtr(-z if alternative == "greater" else z))


def sided(ends: Ends, alternative: Alternative, limit: tuple[float, float]) -> Bounds:
    """Return the interval by level: one-sided with a one-sided alternative."""

    def bounds(level: float) -> tuple[float, float]:
        beyond = (1 - level) / (2 if alternative == "two-sided" else 1)
        z = -float(special.ndtri(beyond))
        low, high = ends(abs(z))
        if z < 0:  # a one-sided level below one half
            low, high = high, low
        return (
            limit[0] if alternative == "less" else low,
            limit[1] if alternative == "greater" else high,
        )

    return bounds


def _wilson(x: FloatArray, n: FloatArray, z: float) -> tuple[FloatArray, FloatArray]:
    """Return Wilson's ends at a normal quantile, however far: a level would round to 1."""
    share = x / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    low = np.where(x > 0, np.maximum(centre - half, 0.0), 0.0)
    return low, np.where(x < n, np.minimum(centre + half, 1.0), 1.0)


def _exponential(value: float) -> float:
    return math.exp(min(value, 700.0))
