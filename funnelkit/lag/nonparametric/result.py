"""`NonparametricFit`: what a Kaplan-Meier or Aalen-Johansen fit answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks, display
from funnelkit._core.clusters import ClusterSums
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import Interval
from funnelkit._core.result import Result, frozen, frozen_mapping
from funnelkit.counts.triangle import Segment
from funnelkit.lag.base import Verdict, outcome_position
from funnelkit.lag.nonparametric import shape
from funnelkit.lag.nonparametric.ages import landmarks, whole_days
from funnelkit.lag.nonparametric.product_limit import Curves
from funnelkit.lag.nonparametric.wording import sentence

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Pool = Literal["segments", "cohorts"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class NonparametricFit(Result):
    """Rates by age as the counts show them; a :class:`~funnelkit.lag.LagFit` without a tail.

    Nothing is known beyond ``horizon``: ``ultimate`` is the rate within that many days. A curve
    is flat after the last age at which one of its leads is followed (``followed_to``), and its
    rates there are lower bounds.

    Parameters
    ----------
    start, outcomes, by, segments, cohorts, as_of
        As in the triangle; ``outcomes`` holds the target, then the exits.
    method
        ``"Kaplan-Meier"`` or ``"Aalen-Johansen"``.
    pool
        The axes along which one curve is repeated.
    horizon
        Age in days up to which rates are known.
    entered
        Leads behind each curve, shape ``(S', C')``: a pooled axis has length 1.
    events, at_risk
        Outcome -> leads by age, and leads at risk by age, shape ``(S', C', horizon + 1)``.
    accounts
        Sums over accounts of the leads converted by the horizon, where the funnel has
        ``account``; intervals and draws then allow for leads that go together.
    """

    start: str
    outcomes: tuple[str, ...]
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    cohorts: pd.PeriodIndex
    as_of: dt.date
    method: str
    pool: tuple[Pool, ...]
    horizon: int
    entered: IntArray
    events: Mapping[str, IntArray]
    at_risk: IntArray
    accounts: ClusterSums | None = None

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        object.__setattr__(self, "entered", frozen(self.entered, np.int64))
        object.__setattr__(self, "at_risk", frozen(self.at_risk, np.int64))
        object.__setattr__(self, "events", frozen_mapping(self.events, np.int64))

    @property
    def target(self) -> str:
        """The stage whose rate this is."""
        return self.outcomes[0]

    @property
    def n(self) -> int:
        """Leads behind all curves."""
        return int(self.entered.sum())

    @property
    def ultimate(self) -> FloatArray:
        """Rate of the target within ``horizon`` days, shape ``(S, C)``."""
        return self._spread(self._curves.rates[0, ..., -1])

    @property
    def followed(self) -> IntArray:
        """Leads still open and followed at each age, shape ``(S, C, horizon + 1)``."""
        return self._spread(self.at_risk)

    @property
    def followed_to(self) -> IntArray:
        """Last age at which a lead is followed, shape ``(S, C)``; the horizon if all are decided.

        -1 where there are no leads.
        """
        return self._spread(self._curves.followed_to)

    @property
    def verdict(self) -> Verdict:
        """``"measured"``, or ``"bound only"`` where not one lead has reached the target.

        Without a tail nothing is extrapolated: "measured" means that the rate within ``horizon``
        days was observed, not that no lead converts later. See :attr:`verdicts` for each curve.
        """
        return "measured" if self.pooled._measured.all() else "bound only"

    @property
    def verdicts(self) -> NDArray[np.str_]:
        """Verdict of each curve, shape ``(S, C)``.

        ``"bound only"`` where the curve has no lead at the target; where it is followed only to
        an age by which less than 90 % of the pooled conversions have come (its rate at the
        horizon is then a lower bound); and where, under delayed entry, nobody was under
        observation at some age in between.
        """
        return self._spread(np.where(self._measured, "measured", "bound only"))

    @cached_property
    def pooled(self) -> NonparametricFit:
        """The same fit with one curve for all segments and cohorts."""
        if self.entered.size == 1:
            return self
        return replace(
            self,
            pool=("segments", "cohorts"),
            entered=_total(self.entered),
            events={name: _total(cube) for name, cube in self.events.items()},
            at_risk=_total(self.at_risk),
            accounts=None if self.accounts is None else self.accounts.summed((0, 1)),
        )

    def rate_at(self, ages: ArrayLike, *, outcome: str | None = None) -> FloatArray:
        """Return the share of entered leads with an outcome by each age.

        Parameters
        ----------
        ages
            Ages in days, at most ``horizon``; parts of a day are dropped, ages below 0 give 0.
        outcome
            The target (default) or an exit.

        Returns
        -------
        ndarray
            Shape ``(n_segments, n_cohorts, n_ages)``, non-decreasing in age.

        Raises
        ------
        EvidenceError
            If an age lies beyond the horizon.
        ArgumentError
            If an age is no number, or the outcome is unknown.
        """
        days = self._days("ages", ages)
        rates = np.take(self._curves.rates[self._position(outcome)], np.maximum(days, 0), axis=-1)
        return self._spread(np.where(days >= 0, rates, 0.0))

    def maturity(self, ages: ArrayLike) -> FloatArray:
        """Return the share of the conversions within ``horizon`` days that come by each age.

        Parameters
        ----------
        ages
            Ages in days, at most ``horizon``.

        Returns
        -------
        ndarray
            Shape ``(n_segments, n_cohorts, n_ages)``, from 0 to 1, and 1 at the horizon.

        Raises
        ------
        EvidenceError
            If an age lies beyond the horizon.

        Notes
        -----
        ``rate_at(ages) / ultimate`` where the curve is followed to the horizon. A curve that
        ends before it, at age f, takes what is missing from the pooled curve's maturity M: its
        own shape up to f, scaled to M(f), then M. A curve without conversions takes M as it is;
        where there is no conversion at all, maturity is 0 before the horizon.
        """
        days = self._days("ages", ages)
        taken = np.take(self._maturities, np.maximum(days, 0), axis=-1)
        return self._spread(np.where(days >= 0, taken, 0.0))

    def conditional(
        self, age: ArrayLike, horizon: int | None = None, *, outcome: str | None = None
    ) -> FloatArray:
        """Return the share that converts within ``horizon`` more days of the leads open at an age.

        Parameters
        ----------
        age
            Ages in days at whose end a lead is still open.
        horizon
            Days from there; default: up to the fit's horizon.
        outcome
            The target (default) or an exit.

        Returns
        -------
        ndarray
            Shape ``(n_segments, n_cohorts, n_ages)``: (F(age + horizon) - F(age)) / S(age), with
            S the share still open; 0 where nobody can be.

        Raises
        ------
        EvidenceError
            If an age, or an age plus ``horizon``, lies beyond the fit's horizon.
        """
        days = self._days("age", age)
        ends = np.full_like(days, self.horizon)
        if horizon is not None:
            ends = self._days("age + horizon", days + checks.positive_whole("horizon", horizon))
        first = np.maximum(days, 0)
        rates = self._curves.rates[self._position(outcome)]
        still = np.where(days >= 0, np.take(self._curves.undecided, first, axis=-1), 1.0)
        now = np.where(days >= 0, np.take(rates, first, axis=-1), 0.0)
        gain = np.where(ends >= 0, np.take(rates, np.maximum(ends, 0), axis=-1), 0.0) - now
        share = np.where(still > 0, gain / np.where(still > 0, still, 1.0), 0.0)
        return self._spread(np.clip(share, 0.0, 1.0))

    def sample(
        self,
        n: int,
        *,
        rng: np.random.Generator | int,
        outcome: str | None = None,
        ages: ArrayLike | None = None,
    ) -> FloatArray:
        """Return draws of the rate surface, so that what is read off it carries its doubt.

        Parameters
        ----------
        n
            Number of draws.
        rng
            Generator or seed. The same seed gives the target and the exits of the same draws.
        outcome
            The target (default) or an exit.
        ages
            Ages in days, at most ``horizon``; default: each up to it.

        Returns
        -------
        ndarray
            Shape ``(n, n_segments, n_cohorts, n_ages)``, read-only; non-decreasing in age.
            Curves that are pooled in the fit are the same in each draw.

        Notes
        -----
        Daily hazards from their Dirichlet posterior under a weak beta process. Draws spread even
        where nothing has converted yet. Past ``followed_to`` they stay flat, like the curve.

        References
        ----------
        Hjort (1990), Annals of Statistics 18, 1259-1294.
        """
        drawn = self._curves.sample(
            checks.positive_whole("n", n),
            outcome=self._position(outcome),
            divisor=self._design(None),
            rng=np.random.default_rng(rng),
        )
        days = np.arange(self.horizon + 1) if ages is None else self._days("ages", ages)
        drawn = np.where(days >= 0, np.take(drawn, np.maximum(days, 0), axis=-1), 0.0)
        full = (n, len(self.segments), len(self.cohorts), len(days))
        return np.broadcast_to(drawn, full)

    def confidence_interval(
        self,
        ages: ArrayLike | None = None,
        *,
        confidence_level: float = 0.95,
        outcome: str | None = None,
    ) -> Interval:
        """Return the interval of ``rate_at(ages)``, by default of ``ultimate``.

        Parameters
        ----------
        ages
            Ages in days, at most ``horizon``.
        confidence_level
            Two-sided level, for each age by itself.
        outcome
            The target (default) or an exit.

        Returns
        -------
        Interval
            Inside [0, 1], shape ``(n_segments, n_cohorts, n_ages)``, or
            ``(n_segments, n_cohorts)`` without ``ages``. Where a curve ends before the age and
            its verdict is "bound only", the upper end is 1.

        Raises
        ------
        EvidenceError
            If an age lies beyond the horizon.
        ArgumentError
            If the level or the outcome cannot be used.

        Notes
        -----
        1 - (1 - F)^exp(±z s), with s = se(F) / ((F - 1) log(1 - F)) and the variance of
        Greenwood or, with exits, of Marubini and Valsecchi. Where nobody, or everybody,
        converted: the exact bound on the number of leads that are followed. With accounts the
        variance is multiplied by the design effect of the share converted so far.

        References
        ----------
        Kalbfleisch and Prentice (2002), The Statistical Analysis of Failure Time Data, 2nd ed.,
        section 1.4; Marubini and Valsecchi (1995), p. 341; Clopper and Pearson (1934), Biometrika
        26, 404-413.
        """
        days = np.array([self.horizon]) if ages is None else self._days("ages", ages)
        low, high = self._interval(days, self._position(outcome), confidence_level)
        if ages is None:
            low, high = low[..., 0], high[..., 0]
        return Interval(self._spread(low), self._spread(high))

    def median_days(self) -> FloatArray:
        """Return the first age at which half of the conversions by the horizon have come.

        Returns
        -------
        ndarray
            Days, shape ``(n_segments, n_cohorts)``; NaN where nothing has converted.
        """
        first = np.argmax(self._maturities >= 0.5 - 1e-12, axis=-1).astype(float)
        return self._spread(np.where(self._curves.rates[0, ..., -1] > 0, first, np.nan))

    def to_frame(
        self, ages: ArrayLike | None = None, *, confidence_level: float = 0.95
    ) -> pd.DataFrame:
        """Return one row per curve and age.

        Parameters
        ----------
        ages
            Ages in days; default: every day up to the horizon.
        confidence_level
            Level of ``rate_low`` and ``rate_high``.

        Returns
        -------
        DataFrame
            ``cohort`` and the segment columns where they are not pooled, then ``age``,
            ``at_risk`` (leads still open and followed), ``rate``, ``rate_low``, ``rate_high``,
            ``maturity``, and ``<exit>_rate`` for each exit.
        """
        days = np.arange(self.horizon + 1) if ages is None else self._days("ages", ages)
        days = np.maximum(days, 0)
        low, high = self._interval(days, 0, confidence_level)
        rates = np.take(self._curves.rates, days, axis=-1)
        return long_frame(
            {
                "age": days,
                "at_risk": np.take(self.at_risk, days, axis=-1),
                "rate": rates[0],
                "rate_low": low,
                "rate_high": high,
                "maturity": np.take(self._maturities, days, axis=-1),
                **{f"{name}_rate": rates[k] for k, name in enumerate(self.outcomes) if k},
            },
            shape=rates.shape[1:],
            by=() if "segments" in self.pool else self.by,
            segments=self.segments,
            periods=None if "cohorts" in self.pool else self.cohorts,
        )

    def summary(self) -> str:
        """Return the rate within the horizon, its interval, its leads and its pace."""
        return sentence(self, bounds=int((~self._measured & (self.entered > 0)).sum()))

    def __repr__(self) -> str:
        """Return the summary and the curve at some ages."""
        table = display.text_table(self.to_frame(landmarks(self.horizon)))
        return f"<{type(self).__name__}>\n{self.summary()}\n{table}"

    def _repr_html_(self) -> str:
        return display.html_block(self.summary(), self.to_frame(landmarks(self.horizon)))

    @cached_property
    def _curves(self) -> Curves:
        events = np.stack([self.events[name] for name in self.outcomes])
        return Curves(events=events, at_risk=self.at_risk)

    @cached_property
    def _maturities(self) -> FloatArray:
        return shape.maturities(self._curves, self.pooled._curves)

    @cached_property
    def _reaches(self) -> NDArray[np.bool_]:
        return shape.reaches(self._curves, self.pooled._curves)

    @cached_property
    def _measured(self) -> NDArray[np.bool_]:
        converts = self._curves.rates[0, ..., -1] > 0
        return np.asarray(converts & ~self._curves.broken & self._reaches)

    def _design(self, confidence_level: float | None) -> FloatArray:
        """Design effect of the leads behind each curve, shape ``(S', C')``."""
        if self.accounts is None:
            return np.ones(self.entered.shape)
        worth = self.accounts.effective(
            self.events[self.target].sum(axis=-1), self.entered, confidence_level=confidence_level
        )
        return np.where(worth > 0, self.entered / np.where(worth > 0, worth, 1.0), 1.0)

    def _interval(
        self, days: IntArray, outcome: int, confidence_level: float
    ) -> tuple[FloatArray, FloatArray]:
        """Return both ends at each age, shape ``(S', C', n_ages)``."""
        tail = (1 - checks.confidence(confidence_level)) / 2
        low, high = self._curves.interval(
            np.maximum(days, 0), outcome=outcome, tail=tail, design=self._design(confidence_level)
        )
        unseen = (days > self._curves.followed_to[..., None]) & ~self._reaches[..., None]
        high = np.where(unseen, 1.0, high)
        return np.where(days >= 0, low, 0.0), np.where(days >= 0, high, 0.0)

    def _position(self, outcome: str | None) -> int:
        return outcome_position(self.outcomes, outcome)

    def _days(self, argument: str, ages: ArrayLike) -> IntArray:
        return whole_days(argument, ages, horizon=self.horizon)

    def _spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return one value for each segment and cohort from one for each curve."""
        full = (len(self.segments), len(self.cohorts), *values.shape[2:])
        return np.array(np.broadcast_to(values, full))


def _total(values: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(values.sum(axis=(0, 1), keepdims=True))
