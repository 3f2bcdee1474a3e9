"""`CompetingCureFit`: what a mixture-cure fit with competing exits answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks
from funnelkit._core.clusters import ClusterSums
from funnelkit._core.interval import Interval
from funnelkit._core.result import Result, frozen, frozen_mapping
from funnelkit.counts.triangle import Segment
from funnelkit.lag.base import Verdict
from funnelkit.lag.choosing.showing import Shown
from funnelkit.lag.cure import competing_tables as tables
from funnelkit.lag.cure.competing_outcome import OutcomeFit, OutcomeSolution
from funnelkit.lag.cure.competing_solution import CompetingSolution
from funnelkit.lag.cure.families import FamilyName, family_called
from funnelkit.lag.cure.profile import IntervalMethod

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CompetingCureFit(Result):
    """Eventual shares of each outcome and the pace towards them, a :class:`~funnelkit.lag.LagFit`.

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

    def rate_at(self, ages: ArrayLike, *, outcome: str | None = None) -> FloatArray:
        """Return the share of entered leads that has come to an outcome by each age.

        Parameters
        ----------
        ages
            Ages in days; parts of a day are dropped, ages below 0 give 0, infinity the ultimate.
        outcome
            The target (default) or an exit.

        Returns
        -------
        ndarray
            p G(age), shape ``(n_segments, n_cohorts, n_ages)``, non-decreasing in age; over all
            outcomes at most 1.

        Raises
        ------
        ArgumentError
            If an age is no number, or the outcome is unknown.
        """
        return self._view(outcome).rate_at(ages)

    def maturity(self, ages: ArrayLike, *, outcome: str | None = None) -> FloatArray:
        """Return the share of those who come to an outcome in the end that has by each age.

        Returns
        -------
        ndarray
            G(age), shape ``(n_segments, n_cohorts, n_ages)``.

        Raises
        ------
        ArgumentError
            If an age is no number, or the outcome is unknown.
        """
        return self._view(outcome).maturity(ages)

    def conditional(
        self, age: ArrayLike, horizon: int | None = None, *, outcome: str | None = None
    ) -> FloatArray:
        """Return the share with an outcome within ``horizon`` more days, of leads open at an age.

        Parameters
        ----------
        age
            Ages in days at whose end a lead is still open.
        horizon
            Days from there; default: ever.
        outcome
            The target (default) or an exit.

        Returns
        -------
        ndarray
            p_k (G_k(age + horizon) - G_k(age)) / (1 - Σ p_j G_j(age)), shape
            ``(n_segments, n_cohorts, n_ages)``; 0 where nobody is open any more.

        Raises
        ------
        ArgumentError
            If an age, the horizon or the outcome cannot be used.
        """
        view = self._view(outcome)
        now = view.rate_at(age)
        more = np.inf if horizon is None else checks.positive_whole("horizon", horizon)
        then = view.rate_at(np.floor(np.atleast_1d(np.asarray(age, float))) + more)
        still = 1 - sum(each.rate_at(age) for each in self._views.values())
        share = np.where(still > 1e-12, (then - now) / np.maximum(still, 1e-12), 0.0)
        return np.clip(share, 0.0, 1.0)

    def sample(
        self,
        n: int,
        *,
        rng: np.random.Generator | int,
        outcome: str | None = None,
        ages: ArrayLike | None = None,
    ) -> FloatArray:
        """Return joint draws of an outcome's rate surface, which carry its doubt.

        Parameters
        ----------
        n
            Number of draws.
        rng
            Generator or seed. The same seed gives the target and the exits of the same draws.
        outcome
            The target (default) or an exit.
        ages
            Ages in days, also infinity; default: every age of the triangle.

        Returns
        -------
        ndarray
            Shape ``(n, n_segments, n_cohorts, n_ages)``, non-decreasing in age; over all outcomes
            of one seed at most 1.

        Notes
        -----
        The paces from their normal approximation on the working scale; given these, the shares
        from beta distributions, one after the other of what is left. Draws spread also where an
        outcome has no event yet. Where the verdict is "bound only" the normal approximation is a
        poor one: :meth:`confidence_interval` says more.
        """
        return self._view(outcome).sample(n, rng=rng, ages=ages)

    def confidence_interval(
        self,
        ages: ArrayLike | None = None,
        *,
        confidence_level: float = 0.95,
        outcome: str | None = None,
        method: IntervalMethod = "calibrated",
    ) -> Interval:
        """Return the interval of an outcome's eventual share, or of ``rate_at(ages)``.

        Parameters
        ----------
        ages
            Ages in days.
        confidence_level
            Two-sided level; one-sided where nobody, or everybody, came to the outcome.
        outcome
            The target (default) or an exit.
        method
            ``"calibrated"`` takes the cut-offs of the likelihood ratio from exact limits of a
            share, which matters for few events; ``"likelihood"`` from χ².

        Returns
        -------
        Interval
            Inside [0, 1], shape ``(n_segments, n_cohorts)``, or with ages
            ``(n_segments, n_cohorts, n_ages)``. An upper end of 1 says that follow-up sets no
            bound.

        Raises
        ------
        ArgumentError
            If the level, the method, an age or the outcome cannot be used.

        Notes
        -----
        Profile likelihood: all paces, and the shares of all other outcomes, are fitted anew for
        each value. For ages, the delta method on the logit of p G(age). As in
        :meth:`CureFit.confidence_interval <funnelkit.lag.CureFit.confidence_interval>`.
        """
        return self._view(outcome).confidence_interval(
            ages, confidence_level=confidence_level, method=method
        )

    def shown(self, *, confidence_level: float = 0.95, outcome: str | None = None) -> Shown:
        """Return what is shown of an outcome's share: it and its interval, or a bound.

        Returns
        -------
        Shown
            ``(rate, low, high)``, each of shape ``(n_segments, n_cohorts)``. The rate is not a
            number where the verdict is "bound only", as in
            :meth:`CureFit.shown <funnelkit.lag.CureFit.shown>`.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1, or the outcome is unknown.
        """
        return self._view(outcome).shown(confidence_level=confidence_level)

    def undecided_interval(
        self, *, confidence_level: float = 0.95, method: IntervalMethod = "calibrated"
    ) -> Interval:
        """Return the profile-likelihood interval of the share that is never decided.

        Parameters
        ----------
        confidence_level
            Two-sided level; one-sided, from 0, where everybody is decided in the end.
        method
            As in :meth:`confidence_interval`.

        Returns
        -------
        Interval
            Inside [0, 1], shape ``(n_segments, n_cohorts)``.

        Raises
        ------
        ArgumentError
            If the level or the method cannot be used.

        References
        ----------
        Maller and Zhou (2002), Statistica Sinica 12, 725-750 (the edge, where nobody stays
        undecided).
        """
        level = checks.confidence(confidence_level)
        checks.one_of("method", method, ("calibrated", "likelihood"))
        design = self._views[self.target].design(level)
        first = self.solution.likelihood.converted.size
        ends = np.array(
            [
                self.solution.ends(first + r, level, method=method, inflation=float(design[r]))
                for r in range(len(self._decided))
            ]
        )
        return Interval(1 - ends[self.rate_of, 1], 1 - ends[self.rate_of, 0])

    def median_days(self, *, outcome: str | None = None) -> FloatArray:
        """Return the days by which half of those who come to an outcome have done so, ``(S, C)``.

        Of an outcome without any event, the pace is the one its bound goes by.

        Raises
        ------
        ArgumentError
            If the outcome is unknown.
        """
        return self._view(outcome).median_days()

    def parameters(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row per parameter, on the working scale and as books write it.

        Returns
        -------
        DataFrame
            ``outcome``, then ``parameter``, ``group``, ``estimate``, ``standard_error``,
            ``value``, ``low`` and ``high`` as in
            :meth:`CureFit.parameters <funnelkit.lag.CureFit.parameters>`. An outcome without any
            event has no latency parameters.
        """
        return tables.parameters(self, self._views, confidence_level)

    def to_frame(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row per outcome and eventual share.

        Returns
        -------
        DataFrame
            ``cohort`` and the segment columns along which shares differ, ``outcome``,
            ``entered``, ``reached`` and ``rate`` (so far), ``maturity`` (mean over the leads),
            ``ultimate``, ``ultimate_low``, ``ultimate_high`` as in :meth:`shown`,
            ``median_days``, ``seen`` (share within the time followed), ``verdict``, and
            ``undecided``, ``undecided_low``, ``undecided_high``, the same for all outcomes of a
            group.

        Raises
        ------
        ArgumentError
            If a segment column is called like one of these.
        """
        return tables.table(self, self._views, confidence_level)

    def summary(self) -> str:
        """Return the eventual shares, their intervals, and what carries them."""
        return tables.sentence(self, self._views)

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
