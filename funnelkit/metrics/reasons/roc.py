"""The area under the ROC curve and its variance."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


def area(scores: ArrayLike, hit: ArrayLike) -> tuple[float, float, int]:
    """Return the area under the ROC curve, its variance, and the size of the smaller group.

    Parameters
    ----------
    scores
        Finite scores, shape ``(n,)``.
    hit
        Whether each was won, shape ``(n,)``.

    Returns
    -------
    tuple
        Area and variance, NaN where nobody or everybody was won.

    Notes
    -----
    The area is the share of pairs of one won and one not in which the won has the higher score,
    ties counted half. With the share of the others below each won score, V10, and the share of the
    won above each other score, V01, the variance is var(V10) / m + var(V01) / n; of a single one
    there is no variance, and its part is taken to be that of a coin, area (1 - area).

    References
    ----------
    DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44, 837-845; by mid-ranks as in Sun and Xu
    (2014), IEEE Signal Processing Letters 21, 1389-1393.

    Examples
    --------
    >>> area([1, 2, 3, 4], [False, True, False, True])[0]
    0.75
    """
    x, won = np.asarray(scores, dtype=float), np.asarray(hit, dtype=bool)
    m, n = int(won.sum()), int((~won).sum())
    if not m or not n:
        return float("nan"), float("nan"), 0
    every = stats.rankdata(x)
    above = (every[won] - stats.rankdata(x[won])) / n
    below = 1 - (every[~won] - stats.rankdata(x[~won])) / m
    found = float(above.mean())
    coin = found * (1 - found)
    variance = sum(
        float(part.var(ddof=1)) / len(part) if len(part) > 1 else coin for part in (above, below)
    )
    return found, variance, min(m, n)
