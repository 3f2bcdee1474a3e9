"""The one rule behind every verdict: whether counts tell a rate, or only bound it.

Every fit with a tail takes its verdicts from :func:`verdict_of`, so that the same evidence gives
the same word whatever the model: mixture-cure fits of one target (`lag/cure/estimate.py`), with
competing exits, and the fit of :func:`~funnelkit.lag.choose`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit.lag.base import Verdict

FloatArray = NDArray[np.float64]
MATURE = 0.9
"""Share of the eventual conversions that must come within the time followed to be measured."""
FEWEST = 5
"""With fewer conversions behind it, a pace is not known, whatever the likelihood says."""
WIDE = 2.0
"""Where not knowing the pace moves an end by more than this factor, there is a bound only."""


def verdict_of(
    *,
    converted: ArrayLike,
    lift: ArrayLike,
    seen: ArrayLike,
    told: ArrayLike = np.inf,
    converged: ArrayLike = True,
    apart: ArrayLike = False,
) -> NDArray[np.str_]:
    """Return the verdict of each rate, of the shape to which the evidence broadcasts.

    Parameters
    ----------
    converted
        Conversions so far.
    lift
        By what factor an end of the interval moves because the pace is not known: see
        :func:`lift_of`.
    seen
        Share of the eventual conversions that comes within the time followed.
    told
        Conversions behind the pace.
    converged
        Whether the fit ended at a top.
    apart
        Whether families that fit about as well disagree by more than their intervals.

    Notes
    -----
    ``"bound only"`` without a conversion, with fewer than 5 behind the pace (one conversion is
    best told by a pace that could not have brought it on another day), without a top, or where
    ``lift`` is above 2: follow-up does not tell a slow pace from a low rate. Else ``"measured"``
    where 90 % of the eventual conversions come within the time followed and families agree, and
    ``"extrapolated"`` where they do not: the rest is the family's word. A small ``seen`` alone
    mutes nothing: in large sets with half a year of follow-up it is below 90 % in a third of the
    cases, and the intervals are right.

    Examples
    --------
    >>> verdict_of(converted=[0, 30, 30, 30], lift=[1, 3, 1.2, 1.2], seen=[1, 0.5, 0.8, 0.95])
    array(['bound only', 'bound only', 'extrapolated', 'measured'], dtype='<U12')
    """
    none = np.asarray(converted) == 0
    none |= np.asarray(told) < FEWEST
    bound = none | (np.asarray(lift) > WIDE) | ~np.asarray(converged, bool)
    sure = (np.asarray(seen) >= MATURE) & ~np.asarray(apart, bool)
    return np.asarray(np.where(bound, "bound only", np.where(sure, "measured", "extrapolated")))


def lift_of(
    *, low: ArrayLike, high: ArrayLike, known_low: ArrayLike, known_high: ArrayLike
) -> FloatArray:
    """Return what not knowing the pace multiplies or divides an interval's end by; at least 1.

    Parameters
    ----------
    low, high
        The interval.
    known_low, known_high
        The interval with the pace held as fitted.

    Examples
    --------
    >>> lift_of(low=0.1, high=0.4, known_low=0.12, known_high=0.2).round(2).tolist()
    2.0
    """
    before = np.asarray(known_low, float)
    up = np.asarray(high, float) / np.maximum(known_high, 1e-12)
    down = np.where(before > 0, before / np.maximum(low, 1e-12), 1.0)
    return np.asarray(np.maximum(np.maximum(up, down), 1.0))


def least_certain(verdicts: NDArray[np.str_]) -> Verdict:
    """Return the least certain of several verdicts.

    Examples
    --------
    >>> least_certain(np.array(["measured", "extrapolated"]))
    'extrapolated'
    """
    present = set(verdicts.ravel().tolist())
    order: tuple[Verdict, ...] = ("bound only", "extrapolated")
    return next((word for word in order if word in present), "measured")
