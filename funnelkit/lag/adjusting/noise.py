"""Intervals of a cohort's own rate: chance, timing and pace on one scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from funnelkit._core.interval import Interval, share_interval

FloatArray = NDArray[np.float64]
_EDGE = 1e-9


def own_interval(
    seen: FloatArray, worth: FloatArray, maturity: FloatArray, *, confidence_level: float
) -> Interval:
    """Return Wilson's interval of the share seen, divided by the mean maturity, at most 1.

    Parameters
    ----------
    seen
        Conversions so far.
    worth
        Effective number of leads.
    maturity
        Mean maturity of the leads.
    confidence_level
        Two-sided level.
    """
    low, high = share_interval(seen, worth, confidence_level=confidence_level)
    mean = np.maximum(maturity, _EDGE)
    return Interval(np.minimum(low / mean, 1.0), np.minimum(high / mean, 1.0))


def widened(
    interval: Interval, centre: FloatArray, sd: FloatArray, *, confidence_level: float
) -> Interval:
    """Return an interval of rates with more doubt in it.

    Parameters
    ----------
    interval
        Interval that leaves the doubt out.
    centre
        Rate about which it lies.
    sd
        Further standard deviation of the log of the rate.
    confidence_level
        Two-sided level.

    Returns
    -------
    Interval
        Inside [0, 1], and never inside the one that was given.

    Notes
    -----
    On the logit scale, distances from the centre are added in squares: d' = √(d² + z² s²), with
    s = sd / (1 - centre).

    References
    ----------
    Zou and Donner (2008), Statistics in Medicine 27, 1693-1702 (intervals from the distances of
    others).
    """
    low, high = (np.asarray(end, float) for end in interval)
    middle = np.clip(centre, low + _EDGE, np.maximum(high - _EDGE, low + _EDGE))
    middle = np.clip(middle, _EDGE, 1 - _EDGE)
    more = stats.norm.isf((1 - confidence_level) / 2) * sd / (1 - middle)
    at = special.logit(middle)
    ends = []
    for end, sign in ((low, -1.0), (high, 1.0)):
        apart = at - special.logit(np.clip(end, _EDGE**2, 1 - 1e-15))
        moved = special.expit(at + sign * np.hypot(apart, more))
        ends.append(np.where((end <= 0) | (end >= 1), end, moved))
    return Interval(np.minimum(ends[0], low), np.maximum(ends[1], high))
