"""One outcome of a fit with competing exits, seen as a fit without exits is seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from funnelkit.lag.competing.solution import CompetingSolution
from funnelkit.lag.cure.latency import Family
from funnelkit.lag.cure.likelihood import Information
from funnelkit.lag.cure.profile import IntervalMethod
from funnelkit.lag.cure.result import CureFit
from funnelkit.lag.cure.solution import Solution

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class OutcomeSolution(Solution):
    """What a joint solution says of one outcome, as the solution of a fit without exits says it.

    Parameters
    ----------
    joint
        The joint solution.
    places
        Positions of the outcome's shares in it, shape ``(n_groups,)``.
    rows
        Rows of its latencies, shape ``(n_latencies,)``.
    """

    joint: CompetingSolution
    places: IntArray
    rows: IntArray

    @classmethod
    def of(
        cls, joint: CompetingSolution, *, outcome: int, pace: int, family: Family
    ) -> OutcomeSolution:
        """Return the part of an outcome, by its position and that of its pace."""
        likelihood = joint.likelihood
        each = len(likelihood.dated) // len(likelihood.families)
        return cls(
            likelihood=replace(likelihood, family=family),
            box=joint.box,
            top=joint.top,
            joint=joint,
            places=np.arange(outcome, likelihood.converted.size, likelihood.n_outcomes),
            rows=pace * each + np.arange(each),
        )

    @property
    def theta(self) -> FloatArray:
        """Working parameters of the outcome, shape ``(n_latencies, k)``."""
        return np.asarray(self.joint.theta[self.rows, : self.likelihood.family.size])

    @cached_property
    def rates(self) -> FloatArray:
        """Eventual shares with the outcome, shape ``(n_groups,)``."""
        return np.asarray(self.joint.rates[self.places])

    @cached_property
    def information(self) -> Information:
        """Observed information, the outcome's part."""
        told, mine = self.joint.information, self._latencies
        return Information(
            rates=told.rates[self.places],
            mixed=told.mixed[np.ix_(self.places, mine)],
            latencies=told.latencies[np.ix_(mine, mine)],
            free=told.free[self.places],
            trials=told.trials[self.places],
        )

    @cached_property
    def covariance(self) -> FloatArray:
        """Covariance of the logits of the shares, then of the latency parameters."""
        mine = np.concatenate([self.places, len(self.joint.rates) + self._latencies])
        return np.asarray(self.joint.covariance[np.ix_(mine, mine)])

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Latency parameters of the outcome that are not at the edge of the box."""
        return np.asarray(self.joint.inside[self._latencies])

    @property
    def n_parameters(self) -> int:
        """Parameters of the joint fit."""
        return self.joint.n_parameters

    def interval(
        self, level: float, *, method: IntervalMethod, inflation: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the profile-likelihood interval of each share, all others fitted anew."""
        ends = np.array(
            [
                self.joint.ends(int(place), level, method=method, inflation=float(design))
                for place, design in zip(self.places, inflation, strict=True)
            ]
        )
        return ends[:, 0], ends[:, 1]

    def far(self, rate: int) -> float:
        """Return the deviance of a share of 1, all others fitted anew."""
        return self.joint.far(int(self.places[rate]))

    def is_loose(self, rate: int, cut: float) -> bool:
        """Whether a deviance of 1 may be near a cut-off."""
        return self.joint.is_loose(int(self.places[rate]), cut)

    def upper_end(self, rate: int, cut: float) -> float:
        """Return where the deviance of a share reaches a cut-off, above the estimate."""
        return self.joint.upper_end(int(self.places[rate]), cut)

    def draws(self, n: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """Return the outcome's part of the joint draws."""
        shares, theta = self.joint.draws(n, rng)
        size = self.likelihood.family.size
        return shares[:, self.places], np.asarray(theta[:, self.rows, :size])

    @property
    def _latencies(self) -> IntArray:
        """Positions of the outcome's working parameters."""
        used = self.joint.likelihood.used
        place = np.cumsum(used).reshape(used.shape) - 1
        return np.asarray(place[self.rows][used[self.rows]], np.int64)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class OutcomeFit(CureFit):
    """One outcome of a fit with competing exits.

    Parameters
    ----------
    target_fit
        The same of the target, of which alone there are sums over accounts.
    """

    target_fit: OutcomeFit | None = None

    def design(self, level: float) -> FloatArray:
        """Return the design effect of the accounts behind each share, the target's for exits."""
        return self._design(level)

    def _design(self, level: float) -> FloatArray:
        return super()._design(level) if self.target_fit is None else self.target_fit.design(level)
