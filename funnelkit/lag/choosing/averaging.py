"""Ends of an interval whose tail areas are averaged over several fits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
_TINY = 1e-12


def averaged_ends(
    weights: FloatArray,
    points: FloatArray,
    scores: FloatArray,
    lower: float | FloatArray,
    upper: float | FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return the shares beyond which the averaged tail areas are what is wanted.

    Parameters
    ----------
    weights
        Of the fits, shape ``(n_fits,)``; they sum to 1.
    points
        Shares in (0, 1] at which each fit's signed root is known, rising along the last axis,
        shape ``(n_fits, ..., n_points)``.
    scores
        The signed roots there, in normal quantiles: below 0 under the estimate; same shape.
    lower, upper
        Area wanted in each tail; shape ``(...)`` where it differs.

    Returns
    -------
    tuple
        Lower and upper ends, shape ``(...)``. The upper end is 1 where even that share leaves
        more than its tail.

    Notes
    -----
    The upper end u solves Σ w Φ(-z(u)) = upper, the lower end Σ w Φ(z(u)) = lower, z a fit's
    signed root, straight between the points on the scale of log u, and beyond them.

    Examples
    --------
    One fit gives its own ends:

    >>> points, scores = np.array([[0.1, 0.2, 0.3]]), np.array([[-1.96, 0.0, 1.96]])
    >>> low, high = averaged_ends(np.ones(1), points, scores, 0.025, 0.025)
    >>> round(float(low), 3), round(float(high), 3)
    (0.1, 0.3)
    """
    x = np.log(np.maximum(points, 1e-300))
    steps = np.diff(x, axis=-1)
    slopes = np.diff(scores, axis=-1) / np.maximum(steps, _TINY)
    slopes = np.where(steps > _TINY, slopes, np.max(slopes * (steps > _TINY), -1, keepdims=True))
    shape = np.broadcast_shapes(points.shape[1:-1])
    each = weights.reshape(-1, *[1] * len(shape))

    def above(at: FloatArray) -> FloatArray:
        """Return the averaged area above a log share."""
        z = scores[..., 0].copy()
        last = x.shape[-1] - 2
        for j in range(last + 1):
            moved = np.broadcast_to(at, z.shape)
            moved = moved if j == 0 else np.maximum(moved, x[..., j])
            moved = moved if j == last else np.minimum(moved, x[..., j + 1])
            z = z + slopes[..., j] * (moved - x[..., j])
        return np.asarray((each * special.ndtr(-z)).sum(axis=0))

    start = x.min(axis=(0, -1))
    ends = []
    for area in (1 - lower, upper):
        low, high = start - 5.0, np.zeros(shape)
        for _ in range(50):
            middle = (low + high) / 2
            beyond = above(middle) > area
            low, high = np.where(beyond, middle, low), np.where(beyond, high, middle)
        found = np.where(above(np.zeros(shape)) > area, 0.0, (low + high) / 2)
        ends.append(np.exp(found))
    return ends[0], ends[1]
