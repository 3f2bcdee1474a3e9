"""Shares of several outcomes that are most likely under given latencies, and sum to at most 1."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
TINY = 1e-100
_LEAST = 1e-15
"""Least share of a group that counts as still undecided."""
_LEVEL = 1e-12
"""Added to the diagonal of second derivatives, in units of themselves."""
_STEPS = 30
_SHORTER = 20
_CLOSE = 1e-8
"""Relative step at which a search ends; the next would be of the order of its square."""
_EDGE = 1e-12
"""Shares that leave less than this of their total lie on its edge."""


class Waiting(NamedTuple):
    """Leads that were undecided at some age, one entry for each group and age.

    Parameters
    ----------
    group
        Position of the group, shape ``(n,)``.
    weight
        Leads still undecided then; with a minus sign, leads that came under observation only
        after it. Shape ``(n,)``.
    by, after
        Share of each outcome that has come by then, and that has not, ``(n, n_outcomes)``.
    """

    group: IntArray
    weight: FloatArray
    by: FloatArray
    after: FloatArray

    def still(self, shares: FloatArray) -> FloatArray:
        """Return the share still undecided at each entry, from shares ``(n_groups, K)``."""
        mine = shares[self.group]
        left = (1 - mine.sum(axis=1)) + (mine * self.after).sum(axis=1)
        return np.asarray(np.maximum(left, _LEAST))

    def told(self, still: FloatArray) -> FloatArray:
        """Return weight / still, the slope of weight log(still); 0 where that is held at its least.

        Delayed entry pulls there without end where nobody could have been left to come under
        observation.
        """
        held = (still <= _LEAST) & (self.weight < 0)
        return np.where(held, 0.0, self.weight / still)

    def sums(self, values: FloatArray, n_groups: int) -> FloatArray:
        """Return the sums over each group of values, shape ``(n,)``."""
        return np.asarray(np.bincount(self.group, values, n_groups), np.float64)


def pulled(waiting: Waiting, still: FloatArray, n_groups: int) -> FloatArray:
    """Return Σ weight G / still for each group and outcome, shape ``(n_groups, K)``."""
    told = waiting.told(still)
    columns = [waiting.sums(told * column, n_groups) for column in waiting.by.T]
    return np.stack(columns, axis=1)


def curvature(
    waiting: Waiting, still: FloatArray, counts: FloatArray, shares: FloatArray
) -> FloatArray:
    """Return minus the second derivatives, each times its two shares, ``(n_groups, K, K)``."""
    n_groups, size = shares.shape
    told = waiting.told(still) / still
    found = np.zeros((n_groups, size, size))
    for j in range(size):
        for k in range(j, size):
            crossed = waiting.sums(told * waiting.by[:, j] * waiting.by[:, k], n_groups)
            found[:, j, k] = found[:, k, j] = crossed * shares[:, j] * shares[:, k]
    found[:, np.arange(size), np.arange(size)] += counts
    return found


def only(matrices: FloatArray, free: BoolArray) -> FloatArray:
    """Return matrices with the rows and columns of what is not free taken from the identity."""
    both = free[:, :, None] & free[:, None, :]
    return np.where(both, matrices, np.eye(free.shape[1]))


def positive_definite(matrices: FloatArray) -> BoolArray:
    """Return which symmetric matrices are positive definite, whatever the scale of their rows."""
    size = np.einsum("rkk->rk", matrices)
    scale = np.sqrt(np.where(size > 0, size, 1.0))
    level = matrices / (scale[:, :, None] * scale[:, None, :])
    return np.asarray((size > 0).all(axis=1) & (np.linalg.eigvalsh(level)[:, 0] > 1e-9))


def most_likely(
    counts: FloatArray,
    waiting: Waiting,
    *,
    start: FloatArray,
    free: BoolArray,
    total: FloatArray,
    exact: BoolArray,
) -> FloatArray:
    """Return the shares at which Σ counts log p + Σ weight log(1 - Σ p G) is largest.

    Parameters
    ----------
    counts
        Leads with each outcome, shape ``(n_groups, K)``.
    waiting
        Leads without one.
    start
        Shares to begin from, positive where they are free, that keep to ``total``.
    free
        Which shares are looked for; the others stay as they are.
    total
        What the shares of a group sum to at most, shape ``(n_groups,)``.
    exact
        Groups whose shares sum to ``total`` exactly.

    Notes
    -----
    Newton's method on a concave function with one linear constraint for each group: the step is
    the exact top of the quadratic approximation under the constraint, cut where a share would
    lose more than nine tenths, and shortened until the function grows. Delayed entry (a negative
    weight) may make the second derivatives indefinite; see ``_mended``.

    References
    ----------
    Boyd and Vandenberghe (2004), Convex Optimization, sections 9.5 and 10.2.
    """
    n_groups = len(counts)
    shares = start.copy()
    weights = np.where(free, counts, 0.0)
    positive = waiting._replace(weight=np.maximum(waiting.weight, 0.0))

    def height(p: FloatArray, still: FloatArray) -> FloatArray:
        logs = np.log(np.where(free, np.maximum(p, TINY), 1.0))
        found = (weights * logs).sum(axis=1)
        return np.asarray(found + waiting.sums(waiting.weight * np.log(still), n_groups))

    still = waiting.still(shares)
    value = height(shares, still)
    for _ in range(_STEPS):
        slope = np.where(free, counts - shares * pulled(waiting, still, n_groups), 0.0)
        bent = only(curvature(waiting, still, counts, shares), free)
        lever, room = np.where(free, shares, 0.0), total - shares.sum(axis=1)
        flat = ~positive_definite(bent)
        if flat.any():
            safe = only(curvature(positive, still, counts, shares), free)
            edge = exact | (room <= _EDGE)
            bent = np.where(flat[:, None, None], _mended(bent, safe, lever, edge), bent)
        step = _constrained(bent, slope, lever, room=room, exact=exact)
        shrink = np.max(-step, axis=1)
        length = np.where(shrink > 0.9, 0.9 / np.maximum(shrink, 0.9), 1.0)
        gain = (slope * step).sum(axis=1)
        slack = 1e-12 * (1 + np.abs(value))
        for _ in range(_SHORTER):
            following = shares * (1 + length[:, None] * step)
            new_still = waiting.still(following)
            new_value = height(following, new_still)
            short = ~(new_value >= value + 1e-4 * length * gain - slack)
            if not short.any():
                break
            length = np.where(short, length / 4, length)
        shares, still, value = following, new_still, new_value
        moved = np.abs(step).max(axis=1, initial=0.0)
        if ((length >= 1) & ((moved <= _CLOSE) | (gain <= 0.1 * slack))).all():
            break
    sums, held = np.where(free, shares, 0.0).sum(axis=1), np.where(free, 0.0, shares).sum(axis=1)
    scale = np.maximum(total - held, 0.0) / np.where(sums > 0, sums, 1.0)
    return np.where(free, shares * np.minimum(scale, 1.0)[:, None], shares)


def _mended(bent: FloatArray, safe: FloatArray, lever: FloatArray, edge: BoolArray) -> FloatArray:
    """Return positive definite stand-ins for second derivatives.

    On the edge of the total only their part along it counts, so that across it they may be made
    as steep as need be; elsewhere, or where that does not do, those of the positive weights.
    """
    spread = np.abs(bent).max(axis=(1, 2)) / np.maximum((lever**2).max(axis=1), TINY)
    across = spread[:, None, None] * lever[:, :, None] * lever[:, None, :]
    steep = bent + np.where(edge[:, None, None], 100 * across, 0.0)
    return np.where(positive_definite(steep)[:, None, None], steep, safe)


def _constrained(
    bent: FloatArray,
    slope: FloatArray,
    lever: FloatArray,
    *,
    room: FloatArray,
    exact: BoolArray,
) -> FloatArray:
    """Return the relative step to the top of the quadratic approximation, within the room left."""
    size = np.sqrt(np.einsum("rkk->rk", bent))
    level = bent / (size[:, :, None] * size[:, None, :]) + _LEVEL * np.eye(bent.shape[1])
    both = np.linalg.solve(level, np.stack([slope, lever], axis=2) / size[..., None])
    step, answer = both[..., 0] / size, both[..., 1] / size
    worth = (lever * answer).sum(axis=1)
    excess = (lever * step).sum(axis=1) - room
    press = (exact | (excess > 0)) & (worth > 0)
    by = np.where(press, excess / np.where(worth > 0, worth, 1.0), 0.0)
    return np.asarray(step - by[:, None] * answer)
