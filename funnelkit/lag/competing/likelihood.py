"""The likelihood of a mixture-cure model with competing exits, with the shares profiled out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from funnelkit.lag.competing.information import CompetingInformation, told_by
from funnelkit.lag.competing.shares import TINY, Waiting, most_likely
from funnelkit.lag.cure.clocks import Seen
from funnelkit.lag.cure.latency import Family
from funnelkit.lag.cure.likelihood import Likelihood

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
_SURE = 1e-9
"""Shares that sum to this close to 1 sum to 1."""


@dataclass(frozen=True, eq=False, kw_only=True)
class CompetingLikelihood(Likelihood):
    """Counts under a mixture of outcomes: a share p_k comes to outcome k, the rest to none.

    Parameters
    ----------
    families
        Of the latency of each outcome that has events, in their order.
    n_outcomes
        Outcomes, with those that have no events.

    Notes
    -----
    With K outcomes, R groups that have shares of their own, and L latencies of each outcome:

    - ``converted`` holds the leads with outcome k in group r at ``r K + k``;
    - ``dated`` and ``undated`` hold a row ``a L + l`` for latency l of the a-th outcome with
      events;
    - ``cells`` holds K entries in a row for each group, latency and column: one for each outcome,
      with its row (an outcome without events borrows that of another) and the same weight.

    log L = Σ x_rk log p_rk + Σ dated log m_k(a) + Σ undated log G_k(a)
    + Σ weight log(1 - Σ_k p_rk G_k(a)), p_rk ≥ 0 and Σ_k p_rk ≤ 1. For given latencies this is
    concave in the shares of each group, which are found by Newton's method; by the envelope
    theorem the gradient of the profiled log-likelihood is the partial one there. Where shares
    are returned, those that are decided at all, Σ_k p_rk, follow at ``R K + r``.

    References
    ----------
    Larson and Dinse (1985), Applied Statistics 34, 201-211 (the mixture of outcomes); Maller
    and Zhou (2002), Statistica Sinica 12, 725-750 (with a share that comes to none).
    """

    families: tuple[Family, ...]
    n_outcomes: int

    @property
    def n_groups(self) -> int:
        """Groups that have shares of their own."""
        return len(self.converted) // self.n_outcomes

    @property
    def counts(self) -> FloatArray:
        """Leads with each outcome, shape ``(n_groups, K)``."""
        return self.converted.reshape(-1, self.n_outcomes)

    @cached_property
    def used(self) -> BoolArray:
        """Which working parameters each row of latencies has, shape ``(n_rows, largest size)``."""
        sizes = np.array([family.size for family in self.families])
        each = len(self.dated) // len(self.families)
        return np.arange(sizes.max()) < np.repeat(sizes, each)[:, None]

    def spread(self, theta: FloatArray) -> FloatArray:
        """Return working parameters, given in one row (or several), by row of latencies."""
        found = np.zeros((*theta.shape[:-1], *self.used.shape))
        found[..., self.used] = theta
        return found

    def seen(self, theta: FloatArray) -> Seen:
        """Return the latencies at the working parameters, given in one row."""
        rows, most = self.used.shape
        each = rows // len(self.families)
        full = self.spread(theta)
        if len({family.name for family in self.families}) == 1:
            return self.clock.seen(self.families[0], full)
        parts = []
        for a, family in enumerate(self.families):
            seen = self.clock.seen(family, full[a * each : (a + 1) * each, : family.size])
            room = [(0, 0), (0, 0), (0, most - family.size)]
            parts.append(
                seen._replace(
                    mass_gradient=np.pad(seen.mass_gradient, room),
                    by_gradient=np.pad(seen.by_gradient, room),
                )
            )
        return Seen(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))

    def waiting(self, seen: Seen) -> Waiting:
        """Return the leads still undecided, as the shares see them."""
        cells, size = self.cells, self.n_outcomes
        return Waiting(
            group=cells.rate[::size] // size,
            weight=cells.weight[::size],
            by=seen.by[cells.latency, cells.column].reshape(-1, size),
            after=seen.after[cells.latency, cells.column].reshape(-1, size),
        )

    def rates(
        self,
        seen: Seen,
        *,
        fixed: tuple[int, float] | None = None,
        guess: FloatArray | None = None,
    ) -> FloatArray:
        """Return the most likely shares under the latencies, then those decided at all.

        Parameters
        ----------
        seen
            The latencies.
        fixed
            One share, by its position, that is held at a value; past the shares of outcomes, the
            share of a group that is decided at all.
        guess
            Shares to begin from.

        Returns
        -------
        ndarray
            Shape ``(n_groups * (K + 1),)``. An outcome without events has share 0.
        """
        counts, waiting = self.counts, self.waiting(seen)
        free, total = counts > 0, np.ones(len(counts))
        exact = np.zeros(len(counts), bool)
        held = np.zeros_like(counts)
        if fixed is not None and fixed[0] < counts.size:
            place = divmod(fixed[0], self.n_outcomes)
            held[place], free[place] = fixed[1], False
        elif fixed is not None:
            group = fixed[0] - counts.size
            total[group], exact[group] = fixed[1], True
            if not free[group].any():
                held[group, self._slowest(waiting, group)] = fixed[1]
        begin = self._start(waiting) if guess is None else guess[: counts.size].reshape(free.shape)
        begin = np.where(free, np.maximum(begin, 1e-12), 0.0)
        room, sums = np.maximum(total - held.sum(axis=1), 0.0), begin.sum(axis=1)
        scale = room / np.where(sums > 0, sums, 1.0)
        begin = begin * np.where(exact, scale, np.minimum(scale, 1.0))[:, None]
        free = free & (begin > 0)
        found = most_likely(
            counts, waiting, start=begin + held, free=free, total=total, exact=exact
        )
        sums = found.sum(axis=1)
        if fixed is None:
            sure = sums > 1 - _SURE
            found[sure] /= sums[sure, None]
            sums[sure] = 1.0
        return np.concatenate([found.ravel(), sums])

    def at(self, seen: Seen, rates: FloatArray) -> tuple[float, FloatArray]:
        """Return the log-likelihood at latencies and shares, and its gradient by the latencies."""
        cells, x, size = self.cells, self.converted, self.n_outcomes
        waiting = self.waiting(seen)
        still = waiting.still(rates[: x.size].reshape(-1, size))
        logs = np.log(np.maximum(rates[: x.size], TINY))
        total = float((np.where(x > 0, x * logs, 0.0)).sum())
        total += float((self.dated * seen.log_mass).sum() + (self.undated * seen.log_by).sum())
        total += float((waiting.weight * np.log(still)).sum())
        by = np.maximum(seen.by, 1e-280)
        weights = self.undated / by
        place = cells.latency * by.shape[1] + cells.column
        pull = rates[cells.rate] * np.repeat(waiting.told(still), size)
        weights -= np.bincount(place, pull, by.size).reshape(by.shape)
        slopes = np.einsum("ln,lnk->lk", self.dated, seen.mass_gradient)
        slopes += np.einsum("ln,lnk->lk", weights, seen.by_gradient)
        return total, slopes[self.used]

    def information(self, theta: FloatArray, rates: FloatArray) -> CompetingInformation:
        """Return the observed information on the working scale at a fit."""
        return told_by(self, theta, rates)

    def _start(self, waiting: Waiting) -> FloatArray:
        """Return shares to begin from: of those decided, and of those who would be by now."""
        counts = self.counts
        mature = np.stack(
            [waiting.sums(waiting.weight * by, len(counts)) for by in waiting.by.T], axis=1
        )
        below = counts.sum(axis=1, keepdims=True) + np.maximum(mature, 0.0)
        return np.asarray(counts / np.maximum(below, TINY))

    def _slowest(self, waiting: Waiting, group: int) -> int:
        """Return the outcome of which the leads still undecided say least."""
        mine = waiting.group == group
        return int(np.argmin((waiting.weight[mine, None] * waiting.by[mine]).sum(axis=0)))
