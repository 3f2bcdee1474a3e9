"""Test and intervals of a difference and of a ratio, from one variance and Student's t."""

from __future__ import annotations

import math
from dataclasses import replace

from scipy import stats

from funnelkit.experiment.clusters.spread import Spread
from funnelkit.experiment.comparison import Alternative, Bounds


def filled(spread: Spread, worth: tuple[tuple[float, float], tuple[float, float]]) -> Spread:
    """Return the spread of shares with a variance where nothing varies between accounts.

    Parameters
    ----------
    spread
        Of two shares.
    worth
        Of each arm: how many leads it has, and how many accounts that act as one they are worth,
        (Σ n)² / Σ n².

    Notes
    -----
    Accounts that all show one share are no proof that they are alike. Where nobody or everybody
    converted, the leads of an account are taken to act as one, and half a conversion and half a
    failure are added; at any other share the variance is that of independent leads.
    """
    found = list(spread.variances)
    for arm, (mean, (leads, alike)) in enumerate(zip(spread.means, worth, strict=True)):
        if spread.still[arm]:
            if 0 < mean < 1:
                found[arm] = mean * (1 - mean) / leads
            else:
                share = 0.5 / (alike + 1)
                found[arm] = share * (1 - share) / alike
    if not sum(found) - 2 * spread.covariance > 1e-12 * sum(found):
        return replace(spread, variances=(found[0], found[1]), covariance=0.0)
    return replace(spread, variances=(found[0], found[1]))


def tested(spread: Spread, alternative: Alternative) -> tuple[float, float]:
    """Return the statistic and its p-value; NaN where there is no variance."""
    if not spread.variance > 0:
        return math.nan, math.nan
    statistic = spread.effect / math.sqrt(spread.variance)
    if alternative == "two-sided":
        return statistic, float(2 * stats.t.sf(abs(statistic), spread.df))
    sign = 1 if alternative == "greater" else -1
    return statistic, float(stats.t.sf(sign * statistic, spread.df))


def quantile(level: float, df: float, alternative: Alternative) -> float:
    """Return the quantile of t that belongs to a level."""
    tail = (1 - level) / 2 if alternative == "two-sided" else 1 - level
    return float(stats.t.isf(tail, df))


def one_sided(
    low: float, high: float, alternative: Alternative, ends: tuple[float, float]
) -> tuple[float, float]:
    """Return an interval whose other end is that of the scale where the test has one side."""
    low = ends[0] if alternative == "less" else max(low, ends[0])
    high = ends[1] if alternative == "greater" else min(high, ends[1])
    return low, high


def difference_bounds(
    spread: Spread, alternative: Alternative, ends: tuple[float, float]
) -> Bounds:
    """Return the interval of the difference at any level; all of the scale where none is known."""

    def bounds(level: float) -> tuple[float, float]:
        if not spread.variance > 0:
            return ends
        half = quantile(level, spread.df, alternative) * math.sqrt(spread.variance)
        return one_sided(spread.effect - half, spread.effect + half, alternative, ends)

    return bounds


def relative_bounds(spread: Spread, alternative: Alternative) -> Bounds:
    """Return the interval of treatment over control, less 1, at any level.

    Notes
    -----
    Fieller's: the ratios r at which (p_t - r p_c)² is no more than t² times its variance. It
    excludes 1 exactly where the interval of the difference excludes 0. Where control cannot be
    told from 0 there is no upper limit.
    """

    def bounds(level: float) -> tuple[float, float]:
        control, treatment = spread.means
        if not spread.variance > 0:
            return -1.0, math.inf
        t = quantile(level, spread.df, alternative)
        a = control**2 - t**2 * spread.variances[0]
        b = control * treatment - t**2 * spread.covariance
        c = treatment**2 - t**2 * spread.variances[1]
        root = math.sqrt(max(b * b - a * c, 0.0))
        if a > 0:
            low, high = (b - root) / a, (b + root) / a
        else:  # below 0 one root is negative and the other the lower limit, or there is none
            low, high = ((b - root) / a if a < 0 < c else 0.0), math.inf
        if t < 0:  # one side and a level below one half: from beyond the estimate
            low, high = high, low
        return one_sided(max(low, 0.0) - 1, high - 1, alternative, (-1.0, math.inf))

    return bounds


def pvalue_bounds(
    spread: Spread, pvalue: float, alternative: Alternative, ends: tuple[float, float]
) -> Bounds:
    """Return the interval whose t test has a p-value that is known from elsewhere.

    References
    ----------
    Miettinen (1976), American Journal of Epidemiology 103, 226-235.
    """
    sign = -1 if alternative == "less" else 1
    size = abs(spread.effect) if alternative == "two-sided" else sign * spread.effect
    t = quantile(1 - pvalue, spread.df, alternative)

    def bounds(level: float) -> tuple[float, float]:
        if not t:
            return ends
        half = quantile(level, spread.df, alternative) * size / t
        return one_sided(spread.effect - half, spread.effect + half, alternative, ends)

    return bounds
