"""A fitted mixture of outcomes: estimates, their covariance and joint draws."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit.lag.competing.information import CompetingInformation, positions
from funnelkit.lag.competing.likelihood import CompetingLikelihood
from funnelkit.lag.competing.profile import CompetingProfile
from funnelkit.lag.cure.profile import IntervalMethod
from funnelkit.lag.cure.solution import Solution

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_SURE = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True)
class CompetingSolution(Solution):
    """The top of a likelihood with competing exits.

    Parameters
    ----------
    likelihood
        With the shares of all outcomes.
    """

    likelihood: CompetingLikelihood

    @property
    def theta(self) -> FloatArray:
        """Working parameters by row of latencies; 0 where a family has fewer."""
        return self.likelihood.spread(self.top.theta)

    @property
    def n_parameters(self) -> int:
        """Shares of the outcomes that have events, and latency parameters."""
        active = len(self.likelihood.families)
        return self.likelihood.n_groups * active + self.top.theta.size

    @cached_property
    def information(self) -> CompetingInformation:
        """Observed information on the working scale."""
        return self.likelihood.information(self.top.theta, self.rates)

    @cached_property
    def profile(self) -> CompetingProfile:
        """The likelihood about its top."""
        n = len(self.rates)
        variance = np.maximum(np.diag(self.covariance)[:n], 0.0)
        across = self.covariance[:n, n:]
        return CompetingProfile(
            likelihood=self.likelihood,
            box=self.box,
            top=self.top,
            rates=self.rates,
            spread=np.sqrt(variance),
            lean=across / np.where(variance > 0, variance, np.inf)[:, None],
        )

    def ends(
        self, place: int, level: float, *, method: IntervalMethod, inflation: float
    ) -> tuple[float, float]:
        """Return the profile-likelihood interval of one share, by its position."""
        return self._both(place, level, method, inflation)

    def draws(self, n: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Return joint draws of shares, ``(n, R * K)``, and latencies, ``(n, n_rows, size)``.

        Notes
        -----
        Latencies from the normal approximation on the working scale, kept in the box. Given
        them, the shares of a group are taken one after the other from what is left: each from a
        beta distribution with the mean and variance that the information gives it beside those
        before, with half an event added to either side. They sum to at most 1.
        """
        told, likelihood = self.information, self.likelihood
        spread = told.of_latencies(self.inside)
        values, vectors = np.linalg.eigh(spread)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        moved = rng.standard_normal((n, len(root))) @ root.T
        theta = self.box.clip(self.top.theta + moved)
        counts = likelihood.counts
        shares = self.rates[: counts.size]
        logits = special.logit(np.clip(shares, 1e-12, 1 - 1e-12))
        shift = np.clip((theta - self.top.theta) @ told.pull[: counts.size].T, -30.0, 30.0)
        p = np.where(told.free[: counts.size], special.expit(logits + shift), shares)
        p = p.reshape(n, *counts.shape)
        p = p / np.maximum(p.sum(axis=2, keepdims=True), 1.0)
        return self._broken(p, rng).reshape(n, -1), likelihood.spread(theta)

    def _broken(self, means: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return shares about means, ``(n, R, K)``, broken off what is left one by one."""
        told, counts = self.information, self.likelihood.counts
        within, size = told.within, counts.shape[1]
        places = positions(*counts.shape)
        trials, shares = told.trials[places], self.rates[places]
        drawn = np.zeros_like(means)
        rest = np.ones(means.shape[:2])
        for k in range(size):
            before = within[:, :k, :k]
            slopes = np.einsum(
                "rj,rjk->rk", within[:, k, :k], np.linalg.pinv(before, hermitian=True)
            )
            spread = within[:, k, k] - (slopes * within[:, k, :k]).sum(axis=1)
            left = np.maximum(1 - shares[:, :k].sum(axis=1), 0.0)
            part = np.where(left > 0, shares[:, k] / np.where(left > 0, left, 1.0), 1.0)
            none, last = counts[:, k] <= 0, (part >= 1 - _SURE) & (counts[:, k] > 0)
            wide = np.where(spread > 0, spread, np.inf)
            worth = np.where(left > 0, part * (1 - part) * left / wide, 0.0)
            worth = np.select([none, last], [trials[:, k], trials[:, size]], worth)
            mean = means[:, :, k] + ((drawn - means)[:, :, :k] * slopes).sum(axis=2)
            mine = np.clip(mean / np.where(rest > 0, rest, 1.0), 0.0, 1.0)
            many = np.maximum(worth * rest, 0.0)
            drawn[:, :, k] = rest * rng.beta(mine * many + 0.5, (1 - mine) * many + 0.5)
            rest = np.maximum(rest - drawn[:, :, k], 0.0)
        return drawn
