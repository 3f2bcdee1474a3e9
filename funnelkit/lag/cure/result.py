"""`CureFit`: what a mixture-cure fit answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import Interval
from funnelkit.lag.choosing.evidence import Evidence, evidence_of
from funnelkit.lag.choosing.showing import Shown, shown_of
from funnelkit.lag.cure import tables
from funnelkit.lag.cure.clocks import share_by
from funnelkit.lag.cure.estimate import CureEstimate
from funnelkit.lag.cure.profile import IntervalMethod

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CureFit(CureEstimate):
    """Eventual rates and the pace towards them; a :class:`~funnelkit.lag.LagFit` with a tail.

    Shapes: ``S = len(segments)``, ``C = len(cohorts)``; what segments or cohorts share is
    repeated along that axis. Fields are those of the estimate: see
    :class:`~funnelkit.lag.cure.estimate.CureEstimate`.
    """

    def rate_at(self, ages: ArrayLike, *, outcome: str | None = None) -> FloatArray:
        """Return the share of entered leads that has converted by each age.

        Parameters
        ----------
        ages
            Ages in days; parts of a day are dropped, ages below 0 give 0, infinity the ultimate.
        outcome
            The target.

        Returns
        -------
        ndarray
            p G(age), shape ``(n_segments, n_cohorts, n_ages)``, non-decreasing in age.

        Raises
        ------
        ArgumentError
            If an age is no number, or the outcome is unknown.
        """
        self._check_outcome(outcome)
        return self.ultimate[..., None] * self.maturity(ages)

    def maturity(self, ages: ArrayLike) -> FloatArray:
        """Return the share of the eventual conversions that has come by each age.

        Returns
        -------
        ndarray
            G(age), shape ``(n_segments, n_cohorts, n_ages)``.

        Raises
        ------
        ArgumentError
            If an age is no number.
        """
        return self._share(_ages("ages", ages))

    def conditional(
        self, age: ArrayLike, horizon: int | None = None, *, outcome: str | None = None
    ) -> FloatArray:
        """Return the share that converts within ``horizon`` more days of the leads open at an age.

        Parameters
        ----------
        age
            Ages in days at whose end a lead is still open.
        horizon
            Days from there; default: ever.
        outcome
            The target.

        Returns
        -------
        ndarray
            p (G(age + horizon) - G(age)) / (1 - p G(age)), shape
            ``(n_segments, n_cohorts, n_ages)``.

        Raises
        ------
        ArgumentError
            If an age or the horizon cannot be used, or the outcome is unknown.
        """
        self._check_outcome(outcome)
        days = _ages("age", age)
        more = np.inf if horizon is None else checks.positive_whole("horizon", horizon)
        now, then = self.rate_at(days), self.rate_at(days + more)
        still = 1 - now
        share = np.where(still > 0, (then - now) / np.where(still > 0, still, 1.0), 0.0)
        return np.clip(share, 0.0, 1.0)

    def sample(
        self,
        n: int,
        *,
        rng: np.random.Generator | int,
        outcome: str | None = None,
        ages: ArrayLike | None = None,
    ) -> FloatArray:
        """Return joint draws of the rate surface, so that what is read off it carries its doubt.

        Parameters
        ----------
        n
            Number of draws.
        rng
            Generator or seed.
        outcome
            The target.
        ages
            Ages in days, also infinity; default: every age of the triangle.

        Returns
        -------
        ndarray
            Shape ``(n, n_segments, n_cohorts, n_ages)``, non-decreasing in age. Cells that share
            a rate or a pace share it in each draw.

        Notes
        -----
        The pace from its normal approximation on the working scale; given the pace, each rate
        from a beta distribution with as much information. Draws spread also where nothing has
        converted yet. Where the verdict is "bound only" the normal approximation is a poor one:
        :meth:`confidence_interval` says more.
        """
        self._check_outcome(outcome)
        generator = np.random.default_rng(rng)
        days = np.arange(self.followed.shape[-1], dtype=float)
        days = days if ages is None else _ages("ages", ages)
        rates, theta = self.solution.draws(checks.positive_whole("n", n), generator)
        shares = share_by(self.solution.likelihood.family, theta, days)
        return np.asarray(rates[:, self.rate_of][..., None] * shares[:, self.latency_of])

    def confidence_interval(
        self,
        ages: ArrayLike | None = None,
        *,
        confidence_level: float = 0.95,
        outcome: str | None = None,
        method: IntervalMethod = "calibrated",
    ) -> Interval:
        """Return the interval of ``ultimate``, or of ``rate_at(ages)``.

        Parameters
        ----------
        ages
            Ages in days.
        confidence_level
            Two-sided level; one-sided where nobody, or everybody, converted.
        outcome
            The target.
        method
            ``"calibrated"`` takes the cut-offs of the likelihood ratio from exact limits of a
            share, which matters for few conversions; ``"likelihood"`` from χ².

        Returns
        -------
        Interval
            Inside [0, 1], shape ``(n_segments, n_cohorts)``, or with ages
            ``(n_segments, n_cohorts, n_ages)``. An upper end of 1 says that follow-up sets no
            bound.

        Raises
        ------
        ArgumentError
            If the level, the method or an age cannot be used.

        Notes
        -----
        For ``ultimate``, the rates p with 2 (max log L - max log L given p) at most the cut-off:
        pace and all other rates are fitted anew for each p. For ages, the delta method on the
        logit of p G(age), with the roots of the same cut-offs in place of normal quantiles. With
        accounts cut-offs are multiplied by the design effect.

        References
        ----------
        Meeker (1987), Technometrics 29, 51-65 (the profile, and why not a Wald interval);
        :func:`funnelkit.lag.cure.profile.cutoffs` for the cut-offs.
        """
        self._check_outcome(outcome)
        level = checks.confidence(confidence_level)
        checks.one_of("method", method, ("calibrated", "likelihood"))
        design = self._design(level)
        low, high = self.solution.interval(level, method=method, inflation=design)
        if ages is None:
            return Interval(low[self.rate_of], high[self.rate_of])
        days = _ages("ages", ages)
        return tables.band(
            self, days, low=low, high=high, level=level, method=method, design=design
        )

    def unified_interval(self, *, confidence_level: float = 0.95) -> Interval:
        """Return the interval of ``ultimate`` whose upper end knows that no rate passes 1.

        Parameters
        ----------
        confidence_level
            Level over both ends together.

        Returns
        -------
        Interval
            Inside [0, 1], shape ``(n_segments, n_cohorts)``. That of :meth:`confidence_interval`,
            but for the upper end where follow-up hardly tells a low rate from one of 1.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.

        Notes
        -----
        See :func:`funnelkit.lag.cure.unified.upper_root`.

        References
        ----------
        Feldman and Cousins (1998), Physical Review D 57, 3873-3889, section IV.
        """
        level = checks.confidence(confidence_level)
        low, high = self.solution.unified(level, inflation=self._design(level))
        return Interval(low[self.rate_of], high[self.rate_of])

    def shown(self, *, confidence_level: float = 0.95) -> Shown:
        """Return what is shown of ``ultimate``: the rate and its interval, or a bound.

        Returns
        -------
        Shown
            ``(rate, low, high)``, each of shape ``(n_segments, n_cohorts)``. The ends are those
            of :meth:`unified_interval`; the rate is not a number where the verdict is
            "bound only".

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        return shown_of(self, confidence_level)

    @property
    def evidence(self) -> Evidence:
        """The figures behind the verdicts.

        Whether other families agree is not among them where one was fitted alone: :func:`choose`
        fits all, in about six times the time.
        """
        return evidence_of(self, families=(self.family,))

    def median_days(self) -> FloatArray:
        """Return the days by which half of those who convert have done so, ``(S, C)``."""
        family = self.solution.likelihood.family
        return np.asarray(family.quantile(0.5, self.solution.theta)[self.latency_of])

    def parameters(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row per parameter, on the working scale and as books write it.

        Returns
        -------
        DataFrame
            ``parameter``, ``group`` (what it is of), ``estimate`` and ``standard_error`` on the
            working scale (infinite and missing where a rate is 0 or 1; missing at the edge of
            what is looked at), ``value``, and for rates ``low`` and ``high``.
        """
        return tables.parameters(self, confidence_level)

    def to_frame(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row per eventual rate.

        Returns
        -------
        DataFrame
            ``cohort`` and the segment columns along which rates differ, then ``entered``,
            ``converted``, ``rate`` (so far), ``maturity`` (mean over the leads), ``ultimate``,
            ``ultimate_low``, ``ultimate_high``, ``median_days``, ``seen`` (share of eventual
            conversions within the time followed) and ``verdict``. Where that is "bound only",
            ``ultimate`` is missing, and its ends are the bound: see :meth:`shown`.
        """
        return tables.table(self, confidence_level)

    def _check_outcome(self, outcome: str | None) -> None:
        if outcome is not None:
            checks.member("outcome", "outcome", outcome, self.outcomes)

    def summary(self) -> str:
        """Return the eventual rate, its interval, its pace and what carries it."""
        return tables.sentence(self)


def _ages(argument: str, ages: ArrayLike) -> FloatArray:
    """Return ages as whole days or infinity."""
    try:
        given = np.atleast_1d(np.asarray(ages, float))
    except (TypeError, ValueError):
        given = np.array([np.nan])
    if given.ndim > 1 or np.isnan(given).any():
        raise ArgumentError(f"`{argument}` must be numbers of days in a row; got {ages!r}.")
    return np.asarray(np.floor(given))
