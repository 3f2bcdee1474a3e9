"""A change of a rate at one mix: what is left when segments keep their shares, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from funnelkit._core import checks, shapley
from funnelkit._core.interval import Interval, share_interval

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Standardised:
    """A change of a rate, split into what the mix did and what the rates did; they add up.

    Parameters
    ----------
    change, mix, rate
        Rate after less rate before, and its two parts.
    mix_low, mix_high, rate_low, rate_high
        Intervals of the parts.
    """

    change: float
    mix: float
    rate: float
    mix_low: float
    mix_high: float
    rate_low: float
    rate_high: float


def standardised(
    converted: ArrayLike, entered: ArrayLike, *, confidence_level: float = 0.95
) -> Standardised:
    """Return what the mix of segments and their rates did to a rate.

    Parameters
    ----------
    converted, entered
        Counts before and after by segment, shape ``(2, n_segments)``; somebody entered on both
        sides.
    confidence_level
        Of the intervals of the two parts.

    Returns
    -------
    Standardised
        With Kitagawa's split: each part is weighted by the mean of the other. A segment that is
        there on one side only is all mix.

    Notes
    -----
    The mix effect is the difference of the two sides' means of the segments' rates, (p' + p) / 2.
    Its variance is that of two means over the leads that entered, and that of the rates, which
    weighs little where the mix hardly moved; rates are taken as (x + 1) / (n + 2), so that small
    segments without conversions are not held for certain. The interval of the rate effect is
    built from Wilson's intervals, the weights held fixed.

    References
    ----------
    Kitagawa (1955), Journal of the American Statistical Association 50, 1168-1194; Agresti and
    Caffo (2000), The American Statistician 54, 280-288; Zou and Donner (2008), Statistics in
    Medicine 27, 1693-1702.

    Examples
    --------
    Two segments that convert 10 and 50 %, before and after; half as many of the poor one:

    >>> found = standardised([[80, 100], [40, 100]], [[800, 200], [400, 200]])
    >>> round(found.change, 6), round(found.mix, 6), round(found.rate, 6)
    (0.053333, 0.053333, 0.0)
    """
    level = checks.confidence(confidence_level)
    x, n = np.asarray(converted, float), np.asarray(entered, float)
    totals = n.sum(axis=1, keepdims=True)
    shares, rates = n / totals, carried(x, n)
    factors = {"mix": (shares[0], shares[1]), "rate": (rates[0], rates[1])}
    parts = {name: float(part.sum()) for name, part in shapley.effects(factors).items()}
    weight = shapley.weights(factors, "rate")
    low, high = rate_effect_interval(weight, rates, x, n, confidence_level=level)
    mean = rates.mean(axis=0)
    spread = (shares * mean**2).sum(axis=1) - (shares * mean).sum(axis=1) ** 2
    safe = (x + 1) / (n + 2)
    doubt = (safe * (1 - safe) / (n + 2)).sum(axis=0) / 4
    variance = (spread / totals[:, 0]).sum() + ((shares[1] - shares[0]) ** 2 * doubt).sum()
    half = float(stats.norm.isf((1 - level) / 2) * np.sqrt(max(float(variance), 0.0)))
    return Standardised(
        change=float(x[1].sum() / totals[1, 0] - x[0].sum() / totals[0, 0]),
        mix=parts["mix"],
        rate=parts["rate"],
        mix_low=parts["mix"] - half,
        mix_high=parts["mix"] + half,
        rate_low=float(low),
        rate_high=float(high),
    )


def carried(part: NDArray[Any], whole: NDArray[Any]) -> FloatArray:
    """Return the ratio on each side, shape ``(2, n)``; where one side has none, the other's."""
    known = whole > 0
    ratio = np.where(known, part / np.where(known, whole, 1.0), 0.0)
    return np.where(known, ratio, ratio[::-1])


def rate_effect_interval(
    weight: FloatArray,
    rates: FloatArray,
    converted: FloatArray,
    mature: FloatArray,
    *,
    confidence_level: float,
    maturity_sd: FloatArray | None = None,
) -> Interval:
    """Return the interval of Σ weight x (rate after - rate before), the weights held fixed.

    Parameters
    ----------
    weight
        Of each segment, shape ``(n_segments,)``.
    rates, converted, mature
        Before and after, shape ``(2, n_segments)``; a segment that lacks on one side did not
        change.
    confidence_level
        Two-sided level.
    maturity_sd
        Standard deviation of the log of each maturity, shape ``(2, n_segments)``; the segments of
        one side share the doubt, which is added in squares.

    References
    ----------
    Zou and Donner (2008), Statistics in Medicine 27, 1693-1702, on Wilson's intervals.
    """
    both = (mature > 0).all(axis=0)
    old, new = (np.where(both, rate, 0.0) for rate in rates)
    ends = share_interval(np.minimum(converted, mature), mature, confidence_level=confidence_level)
    low, high = (np.where(both, end, 0.0) for end in ends)
    effect = float((weight * (new - old)).sum())
    down = (weight * (new - low[1])) ** 2 + (weight * (high[0] - old)) ** 2
    up = (weight * (high[1] - new)) ** 2 + (weight * (old - low[0])) ** 2
    further = 0.0
    if maturity_sd is not None:
        z = float(stats.norm.isf((1 - confidence_level) / 2))
        doubt = z * (weight * np.where(both, rates, 0.0) * maturity_sd).sum(axis=1)
        further = float((doubt**2).sum())
    below, above = (float(np.sqrt(each.sum() + further)) for each in (down, up))
    return Interval(max(effect - below, -1.0), min(effect + above, 1.0))
