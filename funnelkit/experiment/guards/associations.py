"""How strongly two sets of labels go together, tested for tables of any size and sparseness."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

FloatArray = NDArray[np.float64]


class Association(NamedTuple):
    """Of the rows and columns of a table of counts.

    Parameters
    ----------
    cramers_v
        0 where they are independent, 1 where one follows from the other; corrected for what
        chance alone makes of it.
    pvalue
        Of independence, the margins held fixed.
    statistic
        Pearson's chi-squared.
    """

    cramers_v: float
    pvalue: float
    statistic: float


def association(table: ArrayLike) -> Association:
    """Return how strongly rows and columns go together.

    Parameters
    ----------
    table
        Whole counts, shape ``(n_rows, n_columns)``; empty rows and columns do not count.

    Returns
    -------
    Association
        V = 0 and p = 1 where only one row or column is left.

    Notes
    -----
    Two by two: Fisher's exact test. Otherwise Pearson's chi-squared, whose exact mean and variance
    over all tables of the same margins give the gamma distribution it is held against; so a
    thousand accounts of two leads are judged as rightly as four regions of a thousand. V is 0
    where each row holds one unit, however surely the row tells the column.

    References
    ----------
    Lewis, Saunders and Westcott (1984), Biometrika 71, 515-522, for the moments; Mielke and Berry
    (1985), Journal of Statistical Planning and Inference 12, 41-45, for the gamma distribution.
    Bergsma (2013), Journal of the Korean Statistical Society 42, 323-328, for the corrected V.

    Examples
    --------
    >>> association([[50, 0], [0, 50]]).cramers_v > 0.98
    True
    >>> association([[1, 0], [0, 1], [1, 0], [0, 1]])[:2]
    (0.0, 1.0)
    """
    counts = np.asarray(table, float)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    total = float(counts.sum())
    rows, columns = counts.shape
    if min(rows, columns) < 2 or total < 2:
        return Association(0.0, 1.0, 0.0)
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / total
    statistic = float(((counts - expected) ** 2 / expected).sum())
    if rows == columns == 2:
        pvalue = float(stats.fisher_exact(counts.astype(int)).pvalue)
    else:
        mean, variance = moments(counts)
        pvalue = gamma_tail(statistic, mean, variance)
    return Association(_corrected(statistic / total, total, rows, columns), pvalue, statistic)


def moments(counts: FloatArray) -> tuple[float, float]:
    """Return mean and variance of Pearson's chi-squared over all tables of the same margins.

    Lewis, Saunders and Westcott (1984); Mielke and Berry (1985).
    """
    total = float(counts.sum())
    if total < 4:
        return math.nan, 0.0
    shape, unevenness = [], []
    for axis in (1, 0):
        margin = counts.sum(axis=axis)
        size = len(margin)
        shape.append((size - 1) * (total - size) / (total - 1))
        unevenness.append((total * float((1 / margin).sum()) - size**2) / (total - 2))
    rows, columns = counts.shape
    mean = total * (rows - 1) * (columns - 1) / (total - 1)
    variance = (
        2 * total / (total - 3) * (shape[0] - unevenness[0]) * (shape[1] - unevenness[1])
        + total**2 / (total - 1) * unevenness[0] * unevenness[1]
    )
    return mean, variance


def gamma_tail(statistic: float, mean: float, variance: float) -> float:
    """Return the share of a gamma distribution of this mean and variance at or above a value.

    1 where the variance is nil: the value could not be any other.
    """
    if not variance > 1e-9 * max(mean, 1.0):
        return 1.0
    return float(special.gammaincc(mean**2 / variance, statistic * mean / variance))


def _corrected(phi: float, total: float, rows: int, columns: int) -> float:
    """Return Cramér's V less what chance makes of it (Bergsma 2013)."""
    if total < 2:
        return 0.0
    beyond = max(phi - (rows - 1) * (columns - 1) / (total - 1), 0.0)
    sizes = [size - (size - 1) ** 2 / (total - 1) for size in (rows, columns)]
    room = min(sizes) - 1
    return min(math.sqrt(beyond / room), 1.0) if room > 1e-9 else 0.0
