"""`CompetingCureFit`: what a mixture-cure fit with competing exits answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks
from funnelkit._core.interval import Interval
from funnelkit.lag.choosing.showing import Shown
from funnelkit.lag.competing import tables
from funnelkit.lag.competing.estimate import CompetingEstimate
from funnelkit.lag.cure.profile import IntervalMethod

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CompetingCureFit(CompetingEstimate):
    """Eventual shares of each outcome and the pace towards them, a :class:`~funnelkit.lag.LagFit`.

    Shapes: ``S = len(segments)``, ``C = len(cohorts)``; what segments or cohorts share is
    repeated along that axis. The shares of all outcomes and the undecided share sum to 1. Fields
    are those of the estimate: see
    :class:`~funnelkit.lag.competing.estimate.CompetingEstimate`.
    """

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
