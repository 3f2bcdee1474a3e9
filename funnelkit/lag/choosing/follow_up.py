"""The statistic of Maller and Zhou: whether conversions ended before the follow-up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class MallerZhou(NamedTuple):
    """Whether follow-up is long enough, judged by the largest times alone.

    Parameters
    ----------
    alpha
        (1 - q)^n; small where follow-up is long enough. 1 where nothing converted.
    q
        Share of all leads that converted in the last stretch: N / n.
    n
        Leads.
    last_conversion, followed_to
        Largest age at conversion, and largest age at all; -1 for none.
    """

    alpha: float
    q: float
    n: int
    last_conversion: int
    followed_to: int


def maller_zhou(converted_by_age: ArrayLike, followed_by_age: ArrayLike) -> MallerZhou:
    """Return the statistic from counts by age.

    Parameters
    ----------
    converted_by_age
        Conversions at each age.
    followed_by_age
        Leads by the age to which they were followed, whatever became of them.

    Notes
    -----
    With t the largest age and t* the largest at a conversion, N is the number of conversions in
    (2 t* - t, t*]: as many days before the last conversion as none came after it. If conversions
    went on beyond t, so many would hardly come just before t* and then none. q = N / n, and
    alpha = (1 - q)^n is about the probability of no conversion in a stretch where so many are due;
    below .05 follow-up was called sufficient.

    Its weakness: it looks at the largest times only, so that one late conversion decides; it
    cannot reject where t* = t; with slow tails it calls follow-up sufficient too often, and q has
    little power (Shen 2000). Where few leads are old, as with leads that enter evenly, the last
    days without a conversion may only be days with hardly a lead. It is shown as one figure of
    the evidence and decides nothing.

    References
    ----------
    Maller and Zhou (1994), JASA 89, 1499-1506; Maller and Zhou (1996), Survival Analysis with
    Long-Term Survivors, section 4.3; Shen (2000), Statistics and Probability Letters 49, 313-322.

    Examples
    --------
    Ten of 100 leads convert by day 5, all are followed to day 8: N counts days 3, 4 and 5.

    >>> found = maller_zhou([0, 3, 2, 2, 2, 1, 0, 0, 0], [0] * 8 + [100])
    >>> found.q, round(found.alpha, 4)
    (0.05, 0.0059)
    """
    came, on = np.asarray(converted_by_age), np.asarray(followed_by_age)
    n = int(on.sum())
    last = int(np.flatnonzero(on).max(initial=-1))
    latest = int(np.flatnonzero(came).max(initial=-1))
    if latest < 0 or not n:
        return MallerZhou(1.0, 0.0, n, latest, last)
    first = max(2 * latest - last + 1, 0)
    q = float(came[first : latest + 1].sum()) / n
    return MallerZhou(float((1 - q) ** n), q, n, latest, last)
