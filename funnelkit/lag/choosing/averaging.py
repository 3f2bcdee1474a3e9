"""Ends of an interval over several fits: tail areas averaged, or likelihoods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
_TINY = 1e-12
_PARTS, _STEPS = 16, 50


@dataclass(frozen=True, eq=False)
class SignedRoots:
    """Signed roots of several fits' deviances, straight between the shares where they are known.

    Parameters
    ----------
    weights
        Of the fits, shape ``(n_fits,)``; they sum to 1.
    points
        Shares in (0, 1] at which each fit's signed root is known, rising along the last axis,
        shape ``(n_fits, ..., n_points)``.
    scores
        The signed roots there, in normal quantiles: below 0 under the estimate; same shape.

    Notes
    -----
    Between the points, and beyond them, roots are straight on the scale of the log share.
    """

    weights: FloatArray
    points: FloatArray
    scores: FloatArray

    def averaged(self, lower: float | FloatArray, upper: float | FloatArray) -> list[FloatArray]:
        """Return the shares beyond which the averaged tail areas are what is wanted.

        Parameters
        ----------
        lower, upper
            Area wanted in each tail; shape ``(...)`` where it differs.

        Returns
        -------
        list of ndarray
            Lower and upper ends, shape ``(...)``. The upper end is 1 where even that share leaves
            more than its tail.

        Notes
        -----
        The upper end u solves Σ w Φ(-z(u)) = upper, the lower end Σ w Φ(z(u)) = lower, z a fit's
        signed root.

        Examples
        --------
        One fit gives its own ends:

        >>> points, scores = np.array([[0.1, 0.2, 0.3]]), np.array([[-1.96, 0.0, 1.96]])
        >>> ends = SignedRoots(np.ones(1), points, scores).averaged(0.025, 0.025)
        >>> [round(float(end), 3) for end in ends]
        [0.1, 0.3]
        """
        start = self._logs.min(axis=(0, -1))
        ends = []
        for area in (1 - lower, upper):
            found = _falls_to(area, self._area, start - 5.0)
            ends.append(np.exp(np.where(self._area(np.zeros_like(start)) > area, 0.0, found)))
        return ends

    def reach(self, roots: FloatArray) -> FloatArray:
        """Return how far a share of 1 is from the data by the fits together, shape ``(...)``.

        Parameters
        ----------
        roots
            How far it is by each fit, in normal quantiles, shape ``(n_fits, ...)``.
        """
        return np.asarray(np.sqrt(np.maximum(self._deviance(roots) - self._least, 0.0)))

    def upper_end(self, root: FloatArray) -> FloatArray:
        """Return the largest share that the fits together put no farther away than a root.

        Parameters
        ----------
        root
            In normal quantiles, shape ``(...)``.

        Returns
        -------
        ndarray
            Shape ``(...)``; 1 where a share of 1 is no farther away.

        Notes
        -----
        The likelihood is that of the fits, averaged with their weights; its deviance is
        D(u) = -2 log Σ w e^(-z(u)² / 2), less its least, and the end is where D(u) = root².

        Examples
        --------
        One fit gives its own end, two that disagree the end of the higher one, drawn in by what
        the other weighs:

        >>> points, scores = np.array([[0.1, 0.2, 0.3]]), np.array([[-1.96, 0.0, 1.96]])
        >>> SignedRoots(np.ones(1), points, scores).upper_end(np.array(1.96)).round(3).item()
        0.3
        >>> points = np.stack([points[0], 2 * points[0]])
        >>> both = SignedRoots(np.array([0.5, 0.5]), points, np.repeat(scores, 2, axis=0))
        >>> both.upper_end(np.array(1.96)).round(3).item()
        0.59
        """
        cut = np.asarray(root) ** 2 + self._least
        grid = self._grid
        inside = self._mixed(grid) <= cut
        end = len(grid) - 1
        last = end - np.argmax(inside[::-1], axis=0)
        begin = np.take_along_axis(grid, last[None], axis=0)[0]
        found = _falls_to(-cut, lambda at: -self._mixed(at), begin)
        return np.asarray(np.where(last == end, 1.0, np.exp(found)))

    @cached_property
    def _logs(self) -> FloatArray:
        """Logs of the points."""
        return np.asarray(np.log(np.maximum(self.points, 1e-300)))

    @cached_property
    def _slopes(self) -> FloatArray:
        """Slopes between points; where two points are one, the steepest of the fit."""
        steps = np.diff(self._logs, axis=-1)
        slopes = np.diff(self.scores, axis=-1) / np.maximum(steps, _TINY)
        steepest = np.max(slopes * (steps > _TINY), axis=-1, keepdims=True)
        return np.asarray(np.where(steps > _TINY, slopes, steepest))

    @cached_property
    def _grid(self) -> FloatArray:
        """Log shares from the lowest point to 1, close where points are, along the first axis."""
        knots = np.moveaxis(self._logs, -1, 0).reshape(-1, *self.points.shape[1:-1])
        knots = np.sort(np.concatenate([knots, np.zeros_like(knots[:1])]), axis=0)
        parts = (np.arange(_PARTS) / _PARTS).reshape(-1, *[1] * (knots.ndim - 1))
        between = [low + (high - low) * parts for low, high in pairwise(knots)]
        return np.concatenate([*between, knots[-1:]])

    @cached_property
    def _least(self) -> FloatArray:
        """The least deviance of the averaged likelihood."""
        return np.asarray(self._mixed(self._grid).min(axis=0))

    def _at(self, log_share: FloatArray) -> FloatArray:
        """Return each fit's signed root at a log share, along a first axis of fits."""
        more = (slice(None), *[None] * (log_share.ndim - self.points.ndim + 2))
        x, slopes, scores = self._logs[more], self._slopes[more], self.scores[more]
        last = x.shape[-1] - 2
        found = np.broadcast_to(scores[..., 0], (len(x), *log_share.shape)).copy()
        for j in range(last + 1):
            moved = log_share if j == 0 else np.maximum(log_share, x[..., j])
            moved = moved if j == last else np.minimum(moved, x[..., j + 1])
            found += slopes[..., j] * (moved - x[..., j])
        return found

    def _area(self, log_share: FloatArray) -> FloatArray:
        """Return the averaged area above a log share."""
        return np.asarray(np.tensordot(self.weights, special.ndtr(-self._at(log_share)), axes=1))

    def _mixed(self, log_share: FloatArray) -> FloatArray:
        """Return the deviance of the averaged likelihood at a log share."""
        return self._deviance(self._at(log_share))

    def _deviance(self, roots: FloatArray) -> FloatArray:
        """Return the deviance of the averaged likelihood where the fits have these roots."""
        each = self.weights.reshape(-1, *[1] * (roots.ndim - 1))
        return np.asarray(-2 * special.logsumexp(-(roots**2) / 2, axis=0, b=each))


def _falls_to(
    wanted: float | FloatArray, of: Callable[[FloatArray], FloatArray], begin: FloatArray
) -> FloatArray:
    """Return where a function that falls from above at ``begin`` reaches what is wanted."""
    low, high = begin, np.zeros_like(begin)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        beyond = of(middle) > wanted
        low, high = np.where(beyond, middle, low), np.where(beyond, high, middle)
    return (low + high) / 2
