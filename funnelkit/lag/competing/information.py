"""What counts tell of competing shares and of their latencies at a fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit.lag.competing.shares import (
    TINY,
    Waiting,
    curvature,
    only,
    positive_definite,
    pulled,
)
from funnelkit.lag.cure.clocks import Seen
from funnelkit.lag.cure.likelihood import Information

if TYPE_CHECKING:
    from funnelkit.lag.competing.likelihood import CompetingLikelihood

FloatArray = NDArray[np.float64]
_STEP = 1e-5


@dataclass(frozen=True, eq=False, kw_only=True)
class CompetingInformation(Information):
    """Observed information where the shares of a group go together.

    Parameters
    ----------
    within
        Covariance of the shares of each group (and of their sum, last) were the pace known,
        shape ``(n_groups, K + 1, K + 1)``; where everybody is decided, along Σ p = 1.
    leaning
        Derivative of the logits of all shares by the latencies, ``(n_groups * (K + 1), n_theta)``.
    lost
        What not knowing the shares takes from the information on the latencies.
    """

    within: FloatArray
    leaning: FloatArray
    lost: FloatArray

    @property
    def pull(self) -> FloatArray:
        """Derivative of each profiled logit by the latencies."""
        return self.leaning

    @property
    def profiled(self) -> FloatArray:
        """Information on the latencies with the shares profiled out."""
        return np.asarray(self.latencies - self.lost)

    def covariance(self, inside: NDArray[np.bool_]) -> FloatArray:
        """Return the covariance of logits and latencies; 0 for what stands at an edge."""
        of_theta = self.of_latencies(inside)
        of_rates = self.leaning @ of_theta @ self.leaning.T
        n_groups, size = self.within.shape[:2]
        places = positions(n_groups, size - 1)
        for mine, block in zip(places, self.within, strict=True):
            of_rates[np.ix_(mine, mine)] += block * np.outer(self.rates[mine], self.rates[mine])
        across = self.leaning @ of_theta
        return np.block([[of_rates, across], [across.T, of_theta]])


def positions(n_groups: int, n_outcomes: int) -> NDArray[np.int64]:
    """Return where the shares of each group stand in a row, and last their sum.

    Examples
    --------
    >>> positions(2, 3).tolist()
    [[0, 1, 2, 6], [3, 4, 5, 7]]
    """
    shares = np.arange(n_groups * n_outcomes).reshape(n_groups, n_outcomes)
    sums = n_groups * n_outcomes + np.arange(n_groups)
    return np.column_stack([shares, sums])


def told_by(
    likelihood: CompetingLikelihood, theta: FloatArray, rates: FloatArray
) -> CompetingInformation:
    """Return the observed information at a fit.

    Notes
    -----
    Shares and mixed terms in closed form; the block of the latencies by central differences of
    the analytic gradient. ``rates`` holds 1 / (p (1 - p)), by which shares become logits.
    """
    seen = likelihood.seen(theta)
    counts, waiting = likelihood.counts, likelihood.waiting(seen)
    n_groups, size = counts.shape
    shares, sums = rates[: counts.size].reshape(counts.shape), rates[counts.size :]
    still = waiting.still(shares)
    whole = sums >= 1
    within = _within(waiting, still, counts, shares, whole)
    mixed = _mixed(likelihood, seen, waiting, still, shares)
    lean = -np.einsum("rjk,rkt->rjt", within, mixed)
    lost = -np.einsum("rkt,rku->tu", mixed, lean)
    both = np.concatenate([lean, lean.sum(axis=1, keepdims=True)], axis=1)
    summing = np.concatenate([np.eye(size), np.ones((1, size))])
    within = summing @ within @ summing.T
    spread = np.einsum("rkk->rk", within)
    each = np.column_stack([shares, sums])
    decided = np.column_stack([counts, counts.sum(axis=1)])
    free = (each > 0) & (each < 1) & (decided > 0)
    logits = np.where(free, 1 / np.where(free, each * (1 - each), 1.0), 0.0)
    order = np.argsort(positions(n_groups, size).ravel())
    crossed = (mixed * (shares * (1 - shares))[..., None]).reshape(counts.size, -1)
    return CompetingInformation(
        rates=logits.ravel()[order],
        mixed=np.concatenate([crossed, np.zeros((n_groups, theta.size))]),
        latencies=_of_latencies(likelihood, theta, rates),
        free=free.ravel()[order],
        trials=_trials(waiting, still, each, decided, spread).ravel()[order],
        within=within,
        leaning=(both * logits[..., None]).reshape(-1, theta.size)[order],
        lost=lost,
    )


def _within(
    waiting: Waiting,
    still: FloatArray,
    counts: FloatArray,
    shares: FloatArray,
    whole: NDArray[np.bool_],
) -> FloatArray:
    """Return the covariance of the shares of each group with the pace known, ``(R, K, K)``."""
    free = (counts > 0) & (shares > 0)
    mine = np.where(free, shares, 0.0)
    bent = only(curvature(waiting, still, counts, shares), free)
    flat = ~positive_definite(bent)
    bent = np.where(flat[:, None, None], np.eye(counts.shape[1]), bent)
    found = np.linalg.inv(bent)
    lever = np.einsum("rjk,rk->rj", found, mine)
    worth = (lever * mine).sum(axis=1)
    along = lever / np.sqrt(np.where(worth > 0, worth, np.inf))[:, None]
    found = found - np.where(whole[:, None, None], along[:, :, None] * along[:, None, :], 0.0)
    return np.asarray(found * mine[:, :, None] * mine[:, None, :])


def _mixed(
    likelihood: CompetingLikelihood,
    seen: Seen,
    waiting: Waiting,
    still: FloatArray,
    shares: FloatArray,
) -> FloatArray:
    """Return minus the derivatives by share and latency parameter, ``(R, K, n_theta)``."""
    cells, size = likelihood.cells, likelihood.n_outcomes
    rows, columns = cells.latency.reshape(-1, size), cells.column.reshape(-1, size)
    found = np.zeros((*shares.shape, *likelihood.used.shape))
    told = waiting.told(still)
    mine = shares[waiting.group]
    for j in range(size):
        slopes = seen.by_gradient[rows[:, j], columns[:, j]]
        np.add.at(found[:, j], (waiting.group, rows[:, j]), told[:, None] * slopes)
        for k in range(size):
            crossed = (told * waiting.by[:, k] * mine[:, j] / still)[:, None] * slopes
            np.add.at(found[:, k], (waiting.group, rows[:, j]), crossed)
    return np.asarray(found[:, :, likelihood.used])


def _of_latencies(
    likelihood: CompetingLikelihood, theta: FloatArray, rates: FloatArray
) -> FloatArray:
    """Return minus the second derivatives by the latencies at given shares.

    The latencies of one segment touch only each other, so that all segments move at once.
    """
    used = likelihood.used
    each = len(used) // len(likelihood.families)
    segment, outcome = (
        part[:, None] + 0 * used
        for part in (np.arange(len(used)) % each, np.arange(len(used)) // each)
    )
    segment, outcome = segment[used], outcome[used]
    parameter = np.broadcast_to(np.arange(used.shape[1]), used.shape)[used]
    found = np.zeros((theta.size, theta.size))
    for a, family in enumerate(likelihood.families):
        for j in range(family.size):
            moved = (outcome == a) & (parameter == j)
            up, down = (
                likelihood.at(likelihood.seen(theta + sign * _STEP * moved), rates)[1]
                for sign in (1, -1)
            )
            bent = (down - up) / (2 * _STEP)
            for place in np.flatnonzero(moved):
                mine = segment == segment[place]
                found[place, mine] = bent[mine]
    return np.asarray((found + found.T) / 2)


def _trials(
    waiting: Waiting,
    still: FloatArray,
    each: FloatArray,
    decided: FloatArray,
    spread: FloatArray,
) -> FloatArray:
    """Return how many fully followed leads would tell as much of each share, ``(R, K + 1)``.

    For an outcome without events, how fast the likelihood falls with its share: with everybody
    decided that share can only come from the others, whose pull is added.
    """
    n_groups = len(each)
    shares, sums = each[:, :-1], each[:, -1]
    worth = pulled(waiting, still, n_groups)
    press = (decided[:, :-1] - shares * worth).sum(axis=1)
    worth = np.maximum(worth + np.where(sums >= 1, press, 0.0)[:, None], 0.0)
    worth = np.column_stack([worth, worth.max(axis=1)])
    known = each * (1 - each) / np.where(spread > 0, spread, np.inf)
    whole = np.where(np.arange(each.shape[1]) < each.shape[1] - 1, decided, press[:, None])
    return np.asarray(np.select([decided <= 0, each >= 1], [worth, np.maximum(whole, TINY)], known))
