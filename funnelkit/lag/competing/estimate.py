"""What a mixture-cure fit with competing exits found in the counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks
from funnelkit._core.clusters import ClusterSums
from funnelkit._core.result import Result, frozen, frozen_mapping
from funnelkit.counts.triangle import Segment
from funnelkit.lag.base import Verdict
from funnelkit.lag.competing.outcome import OutcomeFit, OutcomeSolution
from funnelkit.lag.competing.solution import CompetingSolution
from funnelkit.lag.cure.families import FamilyName, family_called

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CompetingEstimate(Result):
    """Eventual shares of each outcome and the pace towards them, with the counts behind them.

    Shapes: ``S = len(segments)``, ``C = len(cohorts)``; what segments or cohorts share is
    repeated along that axis. The shares of all outcomes and the undecided share sum to 1.

    Parameters
    ----------
    start, outcomes, by, segments, cohorts, as_of
        As in the triangle; ``outcomes`` holds the target, then the exits.
    families
        Of the time to each outcome; that of an outcome without events is borrowed.
    rates
        The axes along which eventual shares differ.
    latency
        ``"shared"``, or ``"segments"`` where each has its own.
    entered
        Leads, shape ``(S, C)``.
    reached
        Outcome -> leads that have come to it so far, shape ``(S, C)``.
    followed
        Leads by age at ``as_of``, shape ``(S, C, n_ages)``.
    rate_of, latency_of
        Positions of each cell's shares and latencies in the solution, shape ``(S, C)``.
    paces
        Position of each outcome's pace among those that have one, shape ``(n_outcomes,)``. An
        outcome without any event has the one that shows least by now, for its bound.
    solution
        Estimates, covariance and likelihood.
    accounts
        Sums over accounts for the target, where the funnel has ``account``: intervals of all
        outcomes then allow for leads that go together, by the target's design effect.
    """

    start: str
    outcomes: tuple[str, ...]
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    cohorts: pd.PeriodIndex
    as_of: dt.date
    families: Mapping[str, FamilyName]
    rates: tuple[str, ...]
    latency: Literal["shared", "segments"]
    entered: IntArray
    reached: Mapping[str, IntArray]
    followed: IntArray
    rate_of: IntArray
    latency_of: IntArray
    paces: IntArray
    solution: CompetingSolution
    accounts: ClusterSums | None = None

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("entered", "followed", "rate_of", "latency_of", "paces"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))
        object.__setattr__(self, "reached", frozen_mapping(self.reached, np.int64))
        object.__setattr__(self, "families", MappingProxyType(dict(self.families)))

    @property
    def target(self) -> str:
        """The stage whose rate this is."""
        return self.outcomes[0]

    @property
    def horizon(self) -> int | None:
        """Nothing: the fit has a tail."""
        return None

    @property
    def n(self) -> int:
        """Leads behind the fit."""
        return int(self.entered.sum())

    @property
    def converted(self) -> IntArray:
        """Leads that have reached the target so far, shape ``(S, C)``."""
        return self.reached[self.target]

    @property
    def ultimate(self) -> FloatArray:
        """Share that reaches the target in the end, shape ``(S, C)``."""
        return self._views[self.target].ultimate

    @property
    def ultimates(self) -> Mapping[str, FloatArray]:
        """Outcome -> share that comes to it in the end, shape ``(S, C)``."""
        return MappingProxyType({name: view.ultimate for name, view in self._views.items()})

    @property
    def undecided(self) -> FloatArray:
        """Share that never comes to any outcome, shape ``(S, C)``."""
        return np.asarray(1 - self._decided[self.rate_of])

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood of the counts, without the terms that hold no parameter."""
        return self.solution.top.value

    @property
    def aic(self) -> float:
        """Akaike's criterion, 2 k - 2 log L, for fits of one triangle with the same outcomes."""
        return 2 * self.solution.n_parameters - 2 * self.log_likelihood

    @property
    def converged(self) -> bool:
        """Whether the search ended at a top, or at the edge of what is looked at."""
        return self.solution.converged

    @property
    def n_starts(self) -> int:
        """From how many starts the top was looked for (of each segment, with several paces)."""
        return self.solution.top.n_starts

    @property
    def n_agreeing(self) -> int:
        """How many of them ended at the top; of the segment with the fewest."""
        return self.solution.top.n_agreeing

    @property
    def gradient_norm(self) -> float:
        """Gradient at the end of the search, in log-likelihood per standard error."""
        return self.solution.gradient_norm

    @property
    def followed_to(self) -> IntArray:
        """Age of the oldest lead that tells of each cell's pace, shape ``(S, C)``; -1 for none."""
        return self._views[self.target].followed_to

    @property
    def seen(self) -> FloatArray:
        """Share of the target's eventual conversions that come by ``followed_to``, ``(S, C)``."""
        return self._views[self.target].seen

    @property
    def verdicts(self) -> NDArray[np.str_]:
        """Verdict of the target's rate in each cell, shape ``(S, C)``; see :meth:`verdicts_of`."""
        return self.verdicts_of(self.target)

    @property
    def verdict(self) -> Verdict:
        """The least certain of the target's verdicts in the cells with leads."""
        return self._views[self.target].verdict

    def verdicts_of(self, outcome: str) -> NDArray[np.str_]:
        """Return the verdict of an outcome's share in each cell, shape ``(S, C)``.

        ``"bound only"`` without an event, or where follow-up does not tell a slow pace from a
        small share; else ``"measured"`` where nearly all that come to the outcome do so within
        the time followed, and ``"extrapolated"`` where fewer do. As
        :attr:`CureFit.verdicts <funnelkit.lag.cure.estimate.CureEstimate.verdicts>` decides.

        Raises
        ------
        ArgumentError
            If the outcome is unknown.
        """
        return self._view(outcome).verdicts

    @property
    def _decided(self) -> FloatArray:
        """Share that comes to some outcome in the end, shape ``(n_groups,)``."""
        likelihood = self.solution.likelihood
        return np.minimum(self.solution.rates[likelihood.converted.size :], 1.0)

    def _view(self, outcome: str | None) -> OutcomeFit:
        if outcome is None:
            return self._views[self.target]
        return self._views[checks.member("outcome", "outcome", outcome, self.outcomes)]

    @cached_property
    def _views(self) -> dict[str, OutcomeFit]:
        """Outcome -> what the fit says of it, as a fit without exits says it."""
        found: dict[str, OutcomeFit] = {}
        for k, name in enumerate(self.outcomes):
            found[name] = OutcomeFit(
                start=self.start,
                target=name,
                by=self.by,
                segments=self.segments,
                cohorts=self.cohorts,
                as_of=self.as_of,
                family=self.families[name],
                rates=self.rates,
                latency=self.latency,
                entered=self.entered,
                converted=self.reached[name],
                followed=self.followed,
                rate_of=self.rate_of,
                latency_of=self.latency_of,
                solution=OutcomeSolution.of(
                    self.solution,
                    outcome=k,
                    pace=int(self.paces[k]),
                    family=family_called(self.families[name]),
                ),
                accounts=self.accounts,
                target_fit=found.get(self.target),
            )
        return found
