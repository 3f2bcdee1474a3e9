"""What a mixture-cure fit found in the counts, and how far these carry it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.clusters import ClusterSums
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Segment
from funnelkit.lag.base import Verdict
from funnelkit.lag.cure.clocks import share_by
from funnelkit.lag.cure.families import FamilyName
from funnelkit.lag.cure.solution import Solution
from funnelkit.lag.verdicts import least_certain, lift_of, verdict_of

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CureEstimate(Result):
    """Eventual rates and the pace towards them, with the counts behind them.

    Shapes: ``S = len(segments)``, ``C = len(cohorts)``; what segments or cohorts share is
    repeated along that axis.

    Parameters
    ----------
    start, target, by, segments, cohorts, as_of
        As in the triangle.
    family
        Of the time to conversion.
    rates
        The axes along which eventual rates differ.
    latency
        ``"shared"``, or ``"segments"`` where each has its own.
    entered, converted
        Leads, and conversions so far, shape ``(S, C)``.
    followed
        Leads by age at ``as_of``, shape ``(S, C, n_ages)``.
    rate_of, latency_of
        Positions of each cell's rate and latency in the solution, shape ``(S, C)``.
    solution
        Estimates, covariance and likelihood.
    accounts
        Sums over accounts, where the funnel has ``account``: intervals then allow for leads that
        go together.
    """

    start: str
    target: str
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    cohorts: pd.PeriodIndex
    as_of: dt.date
    family: FamilyName
    rates: tuple[str, ...]
    latency: Literal["shared", "segments"]
    entered: IntArray
    converted: IntArray
    followed: IntArray
    rate_of: IntArray
    latency_of: IntArray
    solution: Solution
    accounts: ClusterSums | None = None

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("entered", "converted", "followed", "rate_of", "latency_of"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The target."""
        return (self.target,)

    @property
    def horizon(self) -> int | None:
        """Nothing: the fit has a tail."""
        return None

    @property
    def n(self) -> int:
        """Leads behind the fit."""
        return int(self.entered.sum())

    @property
    def ultimate(self) -> FloatArray:
        """Share that converts ever, shape ``(S, C)``."""
        return self.solution.rates[self.rate_of]

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood of the counts, without the terms that hold no parameter."""
        return self.solution.top.value

    @property
    def aic(self) -> float:
        """Akaike's criterion, 2 k - 2 log L, for fits of one triangle."""
        return 2 * self.solution.n_parameters - 2 * self.log_likelihood

    @property
    def converged(self) -> bool:
        """Whether the search ended at a top, or at the edge of what is looked at."""
        return self.solution.converged

    @property
    def n_starts(self) -> int:
        """From how many starts the top was looked for (of each pace, where there are several)."""
        return self.solution.top.n_starts

    @property
    def n_agreeing(self) -> int:
        """How many of them ended at the top; of the pace with the fewest."""
        return self.solution.top.n_agreeing

    @property
    def gradient_norm(self) -> float:
        """Gradient at the end of the search, in log-likelihood per standard error."""
        return self.solution.gradient_norm

    @property
    def followed_to(self) -> IntArray:
        """Age of the oldest lead that tells of each cell's pace, shape ``(S, C)``; -1 for none."""
        last = np.full(int(self.latency_of.max()) + 1, -1)
        ages = np.arange(self.followed.shape[-1])
        oldest = np.where(self.followed > 0, ages, -1).max(axis=-1)
        np.maximum.at(last, self.latency_of, oldest)
        return np.asarray(last[self.latency_of])

    @cached_property
    def seen(self) -> FloatArray:
        """Share of the eventual conversions that come by ``followed_to``, shape ``(S, C)``."""
        last = self.followed_to
        by_age = self._share(np.arange(self.followed.shape[-1]))
        found = np.take_along_axis(by_age, np.maximum(last, 0)[..., None], axis=-1)[..., 0]
        return np.asarray(np.where(last >= 0, found, 0.0))

    @cached_property
    def lift(self) -> FloatArray:
        """What not knowing the pace multiplies or divides an interval's end by, shape ``(S, C)``.

        The larger of high over the same with the pace held as fitted, and of that for low over
        low, at 95 %; at least 1.
        """
        found = self.solution
        one = np.ones(len(found.rates))
        low, high = found.interval(0.95, method="calibrated", inflation=one)
        known_low, known_high = found.known(0.95)
        factor = lift_of(low=low, high=high, known_low=known_low, known_high=known_high)
        return factor[self.rate_of]

    @property
    def apart(self) -> NDArray[np.bool_]:
        """Whether other families disagree, shape ``(S, C)``: not known from one family alone."""
        return np.zeros(self.entered.shape, dtype=np.bool_)

    @property
    def told(self) -> IntArray:
        """Conversions that tell of each cell's pace, shape ``(S, C)``."""
        count = np.zeros(int(self.latency_of.max()) + 1, dtype=np.int64)
        np.add.at(count, self.latency_of, self.converted)
        return count[self.latency_of]

    @cached_property
    def verdicts(self) -> NDArray[np.str_]:
        """Verdict of each rate, shape ``(S, C)``.

        ``"bound only"`` without a conversion, with fewer than 5 behind the pace, or where ``lift``
        is above 2: follow-up does not tell a slow pace from a low rate. Else ``"measured"`` where
        90 % of the eventual conversions come within the time followed (``seen``), and
        ``"extrapolated"`` where fewer do: the rest is the family's word. The rule is that of
        :func:`~funnelkit.lag.verdicts.verdict_of`.
        """
        count = np.zeros(len(self.solution.rates), dtype=np.int64)
        np.add.at(count, self.rate_of, self.converted)
        return verdict_of(
            converted=count[self.rate_of],
            lift=self.lift,
            seen=self.seen,
            told=self.told,
            converged=self.converged,
            apart=self.apart,
        )

    @property
    def verdict(self) -> Verdict:
        """The least certain of the verdicts of the cells with leads."""
        return least_certain(self.verdicts[self.entered > 0])

    def _share(self, ages: NDArray[np.float64] | IntArray) -> FloatArray:
        family, theta = self.solution.likelihood.family, self.solution.theta
        return np.asarray(share_by(family, theta, np.asarray(ages, float))[self.latency_of])

    def _design(self, level: float) -> FloatArray:
        """Return the design effect of the accounts behind each rate, shape ``(n_rates,)``."""
        n_rates = len(self.solution.rates)
        if self.accounts is None:
            return np.ones(n_rates)
        summed = {}
        for name in ("accounts", "nn", "xn", "xx"):
            summed[name] = np.zeros(n_rates)
            np.add.at(summed[name], self.rate_of, getattr(self.accounts, name))
        entered, converted = np.zeros(n_rates), np.zeros(n_rates)
        np.add.at(entered, self.rate_of, self.entered)
        np.add.at(converted, self.rate_of, self.converted)
        worth = ClusterSums(**summed).effective(converted, entered, confidence_level=level)
        return np.maximum(np.where(worth > 0, entered / np.where(worth > 0, worth, 1.0), 1.0), 1.0)
