"""Segments and their sums: which sums there are, and means that agree with forecasts of all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from funnelkit.counts.triangle import Segment

FloatArray = NDArray[np.float64]
_MOST_LABELS = 3
_FEWEST_SERIES = 3


def summing(segments: Sequence[Segment], *, labels: bool) -> FloatArray:
    """Return which segments each sum holds, shape ``(A, S)`` of 0 and 1; the first is the total.

    Parameters
    ----------
    segments
        One tuple of labels for each.
    labels
        Whether segments that share labels are summed as well, for each label and each pair.

    Examples
    --------
    >>> summing([("web", "eu"), ("web", "us"), ("fair", "eu")], labels=True).tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
    """
    size = len(segments)
    if size < 2:
        return np.zeros((0, size))
    rows = {tuple([True] * size): None}
    depth = len(segments[0])
    several = range(1, depth) if labels and depth <= _MOST_LABELS else range(0)
    for some in several:
        for places in combinations(range(depth), some):
            groups: dict[Segment, list[int]] = {}
            for i, segment in enumerate(segments):
                groups.setdefault(tuple(segment[k] for k in places), []).append(i)
            for held in groups.values():
                if 1 < len(held) < size:
                    row = np.zeros(size, bool)
                    row[held] = True
                    rows[tuple(row.tolist())] = None
    return np.array(list(rows), float)


def sums_of(values: FloatArray, sums: FloatArray) -> FloatArray:
    """Return the sums of segments by period, shape ``(A, T)``; NaN before any of them begins."""
    known = np.isfinite(values)
    total = sums @ np.where(known, values, 0.0)
    return np.where((sums @ known) > 0, total, np.nan)


def total_among(values: FloatArray) -> int | None:
    """Return which series is the sum of all the others in every period, if one is.

    Examples
    --------
    >>> total_among(np.array([[1.0, 2, 4], [2.0, 3, 1], [3.0, 5, 5]]))
    2
    """
    size, long = values.shape
    if size < _FEWEST_SERIES or long < _FEWEST_SERIES:
        return None
    known = np.nan_to_num(values)
    rest = known.sum(axis=0) - known
    same = (np.abs(known - rest) <= 1e-9 * (1 + np.abs(known))).all(axis=1)
    found = np.flatnonzero(same & known.any(axis=1))
    return int(found[0]) if len(found) == 1 else None


def reconciled(
    expected: FloatArray, spread: FloatArray, sums: FloatArray, factors: FloatArray
) -> FloatArray:
    r"""Return means of segments that agree best with the forecasts of segments and of sums.

    Parameters
    ----------
    expected
        Means of segments, then of sums, shape ``(S + A, H)``.
    spread
        Standard deviations of their errors, same shape.
    sums
        Which segments each sum holds, shape ``(A, S)``.
    factors
        What errors of segments share: loadings of each, shape ``(S, K)``, whose squares sum to at
        most 1; the rest is each segment's own.

    Returns
    -------
    ndarray
        Shape ``(S, H)``, none below 0.

    Notes
    -----
    Least squares of all forecasts, weighted by the inverse of their errors' covariance, under the
    condition that segments add up: with ``b`` and ``a`` the forecasts of segments and of sums,
    b + V A' (A V A' + U)\ :sup:`-1` (a - A b), where V is the covariance of segments' errors and U
    the diagonal of sums' variances. Wickramasuriya and others' minimum trace reconciliation with
    the covariance between the two kinds of errors left at 0, as in their variance scaling: with few
    years of months, that part cannot be estimated. What is below 0 becomes 0, and the others are
    scaled so that the sum of all stays.

    References
    ----------
    Wickramasuriya, Athanasopoulos and Hyndman (2019), Journal of the American Statistical
    Association 114, 804-819, section 2.3.
    """
    size = sums.shape[1]
    found = expected[:size].copy()
    if not len(sums):
        return np.maximum(found, 0.0)
    own = np.maximum(1 - (factors**2).sum(axis=1), 0.0)
    floor = 1e-9 + 1e-6 * expected.mean(axis=0)
    for h in range(expected.shape[1]):
        sd = np.maximum(spread[:, h], floor[h])
        loading = factors * sd[:size, None]
        shared = sums @ loading
        held = sums * (own * sd[:size] ** 2)
        across = loading @ shared.T + held.T
        within = shared @ shared.T + held @ sums.T + np.diag(sd[size:] ** 2)
        miss = expected[size:, h] - sums @ expected[:size, h]
        found[:, h] += across @ np.linalg.solve(within, miss)
    found = np.where((expected[:size] > 0) | (spread[:size] > 0), found, 0.0)
    whole = np.maximum(found.sum(axis=0), 0.0)
    found = np.maximum(found, 0.0)
    summed = found.sum(axis=0)
    return np.asarray(found * np.where(summed > 0, whole / np.where(summed > 0, summed, 1.0), 0.0))
