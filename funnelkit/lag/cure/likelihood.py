"""The likelihood of a mixture-cure model on counts, with every eventual rate profiled out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit.lag.cure.clocks import Clock, Seen
from funnelkit.lag.cure.latency import Family

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_TINY = 1e-100
_SURE = 1e-9
"""A rate this close to 1 is 1."""


class Cells(NamedTuple):
    """Leads that had not converted by a column, one entry for each rate, latency and column.

    Parameters
    ----------
    rate, latency, column
        Positions.
    weight
        Leads still open at the column; with a minus sign, leads that came under observation
        only after it, and so are known not to have converted by it.
    """

    rate: IntArray
    latency: IntArray
    column: IntArray
    weight: FloatArray


@dataclass(frozen=True, eq=False)
class Likelihood:
    """Counts under a mixture-cure model: a share p converts, after a time with distribution F.

    Parameters
    ----------
    family, clock
        The latency and how it is seen.
    converted
        Conversions behind each eventual rate, shape ``(n_rates,)``.
    dated, undated
        Conversions at each column, and by each column, shape ``(n_latencies, n_columns)``.
    cells
        Leads still open.

    Notes
    -----
    log L = Σ_r x_r log p_r + Σ dated log m(a) + Σ undated log G(a) + Σ weight log(1 - p_r G(a)),
    with m the share at a column and G the share by it. For given latency each p_r has an equation
    of its own, x_r = Σ weight p_r G / (1 - p_r G), with one root; by the envelope theorem the
    gradient of the profiled log-likelihood is the partial one at these roots.

    References
    ----------
    Boag (1949), JRSS B 11, 15-53; Farewell (1982), Biometrics 38, 1041-1046; Maller and Zhou
    (1996), Survival Analysis with Long-Term Survivors, chapter 5.
    """

    family: Family
    clock: Clock
    converted: FloatArray
    dated: FloatArray
    undated: FloatArray
    cells: Cells

    @property
    def shape(self) -> tuple[int, int]:
        """Latencies and parameters of each."""
        return len(self.dated), self.family.size

    def seen(self, theta: FloatArray) -> Seen:
        """Return the latencies at the working parameters, given in one row."""
        return self.clock.seen(self.family, theta.reshape(self.shape))

    def rates(
        self,
        seen: Seen,
        *,
        fixed: tuple[int, float] | None = None,
        guess: FloatArray | None = None,
    ) -> FloatArray:
        """Return the eventual rates that are most likely under the latencies, shape ``(n_rates,)``.

        Parameters
        ----------
        seen
            The latencies.
        fixed
            One rate, by its position, that is held at a value.
        guess
            Rates to begin from.
        """
        cells, x = self.cells, self.converted
        by = seen.by[cells.latency, cells.column]
        after = seen.after[cells.latency, cells.column]

        def at(p: FloatArray) -> tuple[FloatArray, FloatArray]:
            """Return what is left of x, and the derivative of the rest."""
            q = p[cells.rate]
            still = np.maximum((1 - q) + q * after, _TINY)
            told = cells.weight * by / still
            first = np.bincount(cells.rate, told, len(x))
            return x - p * first, np.asarray(
                np.bincount(cells.rate, told / still, len(x)), np.float64
            )

        low, high = np.zeros(len(x)), np.ones(len(x))
        p = guess
        if p is None:
            p = x / np.maximum(x + np.bincount(cells.rate, cells.weight * by, len(x)), _TINY)
        p = np.clip(p, 0.0, 1.0)
        for _ in range(80):
            left, slope = at(p)
            low, high = np.where(left > 0, p, low), np.where(left > 0, high, p)
            steep = slope > _TINY
            step = p + left / np.where(steep, slope, np.inf)
            outside = (step < low) | (step > high) | ~steep
            following = np.where(outside, (low + high) / 2, step)
            moved = np.abs(following - p)
            p = following
            if (moved <= 1e-10 * p).all():
                break
        p = np.where(x > 0, np.where(p > 1 - _SURE, 1.0, p), 0.0)
        if fixed is not None:
            p[fixed[0]] = fixed[1]
        return p

    def value(
        self,
        theta: FloatArray,
        *,
        fixed: tuple[int, float] | None = None,
        guess: FloatArray | None = None,
    ) -> tuple[float, FloatArray]:
        """Return the log-likelihood with the rates profiled out, and its gradient in one row."""
        seen = self.seen(theta)
        return self.at(seen, self.rates(seen, fixed=fixed, guess=guess))

    def at(self, seen: Seen, rates: FloatArray) -> tuple[float, FloatArray]:
        """Return the log-likelihood at latencies and rates, and its gradient by the latencies."""
        cells, x = self.cells, self.converted
        q = rates[cells.rate]
        after = seen.after[cells.latency, cells.column]
        still = np.maximum((1 - q) + q * after, _TINY)
        logs = np.log(np.maximum(rates, _TINY))
        total = float((np.where(x > 0, x * logs, 0.0)).sum())
        total += float((self.dated * seen.log_mass).sum() + (self.undated * seen.log_by).sum())
        total += float((cells.weight * np.log(still)).sum())
        by = np.maximum(seen.by, 1e-280)
        weights = self.undated / by
        place = cells.latency * by.shape[1] + cells.column
        weights -= np.bincount(place, cells.weight * q / still, by.size).reshape(by.shape)
        slopes = np.einsum("ln,lnk->lk", self.dated, seen.mass_gradient)
        slopes += np.einsum("ln,lnk->lk", weights, seen.by_gradient)
        return total, slopes.ravel()

    def information(self, theta: FloatArray, rates: FloatArray) -> Information:
        """Return the observed information on the working scale at a fit.

        Notes
        -----
        Rates and mixed terms in closed form; the block of the latencies by central differences of
        the analytic gradient.
        """
        cells, x = self.cells, self.converted
        seen = self.seen(theta)
        q, by = rates[cells.rate], seen.by[cells.latency, cells.column]
        still = np.maximum((1 - q) + q * seen.after[cells.latency, cells.column], _TINY)
        # d/d logit p of p (1-p) (x/p - Σ w G/still), with the bracket 0 at the root
        curved = x / np.where(x > 0, np.maximum(rates, _TINY), 1.0) ** 2
        curved = curved + np.bincount(cells.rate, cells.weight * (by / still) ** 2, len(x))
        odds = rates * (1 - rates)
        mixed = np.zeros((len(x), *self.shape))
        slopes = seen.by_gradient[cells.latency, cells.column]
        pulled = (cells.weight * odds[cells.rate] / still**2)[:, None] * slopes
        np.add.at(mixed, (cells.rate, cells.latency), pulled)
        block = np.empty((theta.size, theta.size))
        for j in range(theta.size):
            step = np.zeros_like(theta)
            step[j] = 1e-5
            up, down = (self.at(self.seen(theta + s * step), rates)[1] for s in (1, -1))
            block[j] = (down - up) / 2e-5
        worth = np.bincount(cells.rate, cells.weight * by, len(x))
        return Information(
            rates=curved * odds**2,
            mixed=mixed.reshape(len(x), -1),
            latencies=(block + block.T) / 2,
            free=(rates > 0) & (rates < 1) & (x > 0),
            trials=np.select([x <= 0, rates >= 1], [worth, x], odds * curved),
        )


@dataclass(frozen=True, eq=False)
class Information:
    """Observed information in blocks: rates by themselves, rates with latencies, latencies.

    Parameters
    ----------
    rates
        On the logit scale, shape ``(n_rates,)``; the rates do not touch each other.
    mixed
        Shape ``(n_rates, n_theta)``.
    latencies
        Shape ``(n_theta, n_theta)``.
    free
        Rates strictly between 0 and 1.
    trials
        How many fully followed leads would tell as much of each rate, were the pace known.
    """

    rates: FloatArray
    mixed: FloatArray
    latencies: FloatArray
    free: NDArray[np.bool_]
    trials: FloatArray

    @property
    def pull(self) -> FloatArray:
        """Derivative of each profiled logit by the latencies, shape ``(n_rates, n_theta)``."""
        safe = np.where(self.free & (self.rates > 0), self.rates, np.inf)
        return -self.mixed / safe[:, None]

    @property
    def profiled(self) -> FloatArray:
        """Information on the latencies with the rates profiled out."""
        return np.asarray(self.latencies + self.mixed.T @ self.pull)

    def covariance(self, inside: NDArray[np.bool_]) -> FloatArray:
        """Return the covariance of logits and latencies; 0 for what stands at an edge.

        Parameters
        ----------
        inside
            Latency parameters that are not at the edge of their box, shape ``(n_theta,)``.
        """
        pull = self.pull
        of_theta = self.of_latencies(inside)
        of_rates = pull @ of_theta @ pull.T
        variance = np.where(self.free & (self.rates > 0), 1 / np.maximum(self.rates, _TINY), 0.0)
        of_rates[np.diag_indices_from(of_rates)] += variance
        across = pull @ of_theta
        return np.block([[of_rates, across], [across.T, of_theta]])

    def of_latencies(self, inside: NDArray[np.bool_]) -> FloatArray:
        """Return the covariance of the latencies, flat directions held at a width of 10."""
        found = np.zeros_like(self.latencies)
        kept = np.flatnonzero(inside)
        if kept.size:
            block = self.profiled[np.ix_(kept, kept)]
            values, vectors = np.linalg.eigh((block + block.T) / 2)
            inverse = (vectors / np.maximum(values, 1e-2)) @ vectors.T
            found[np.ix_(kept, kept)] = inverse
        return found
