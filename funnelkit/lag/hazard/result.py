"""`HazardFit`: what a model of daily hazards answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from funnelkit._core import checks, display
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import Interval
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Segment
from funnelkit.lag.base import Verdict, outcome_position
from funnelkit.lag.hazard.curves import at_ages, by_day, incidence, variance
from funnelkit.lag.hazard.model import HazardModel, Link
from funnelkit.lag.nonparametric.ages import whole_days
from funnelkit.lag.verdicts import MATURE, least_certain

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
CohortEffects = Literal["factor", "trend", "none"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class HazardFit(Result):
    """Rates by age from daily hazards by age, segment and cohort; a :class:`~funnelkit.lag.LagFit`.

    Nothing is known beyond ``horizon``: ``ultimate`` is the rate within that many days.

    Parameters
    ----------
    start, outcomes, by, segments, cohorts, as_of
        As in the triangle; ``outcomes`` holds the target, then the exits.
    effects
        ``"factor"``, ``"trend"`` or ``"none"``: how hazards differ by cohort.
    link
        Scale on which effects add up: ``"cloglog"`` or ``"logit"``.
    horizon
        Age in days up to which rates are known.
    entered, converted
        Leads, and those at the target by the horizon, shape ``(S, C)``.
    followed_to
        Last age at which a lead is at risk, shape ``(S, C)``; -1 where nobody is.
    worth
        Leads followed at the horizon, for a bound where nobody converted.
    models
        Outcome -> its model; cells are segments and cohorts in a row.
    design
        Design effect of accounts, at least 1.
    """

    start: str
    outcomes: tuple[str, ...]
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    cohorts: pd.PeriodIndex
    as_of: dt.date
    effects: CohortEffects
    link: Link
    horizon: int
    entered: IntArray
    converted: IntArray
    followed_to: IntArray
    worth: float
    models: Mapping[str, HazardModel]
    design: float

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("entered", "converted", "followed_to"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))

    @property
    def target(self) -> str:
        """The stage whose rate this is."""
        return self.outcomes[0]

    @property
    def n(self) -> int:
        """Leads that entered."""
        return int(self.entered.sum())

    @property
    def ultimate(self) -> FloatArray:
        """Rate of the target within ``horizon`` days, shape ``(S, C)``."""
        return self._cells(self._rates[0][..., -1])

    @property
    def verdict(self) -> Verdict:
        """The least certain of :attr:`verdicts` of cohorts with leads."""
        return least_certain(self.verdicts[self.entered > 0])

    @property
    def verdicts(self) -> NDArray[np.str_]:
        """Verdict of each rate, shape ``(S, C)``.

        ``"measured"`` where the cohort is followed to an age by which 90 % of its conversions
        within the horizon come; ``"extrapolated"`` where hazards of older cohorts carry it there;
        ``"bound only"`` where its segment, or with cohort effects its cohort, has no conversion.
        """
        cohort = self.converted.sum(axis=0, keepdims=True) > 0
        known = (self.converted.sum(axis=1, keepdims=True) > 0) & (
            cohort | (self.effects != "factor")
        )
        last = np.maximum(self.followed_to, 0)[..., None]
        rates = self._cells(self._rates[0])
        seen = np.take_along_axis(rates, last, axis=-1)[..., 0] >= MATURE * rates[..., -1]
        carried = np.where(seen & (self.followed_to >= 0), "measured", "extrapolated")
        return np.where(known, carried, "bound only")

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
            Σ_{j<=a} S(j-1) h(j), with h the outcome's hazard on day j and S the share still open,
            shape ``(n_segments, n_cohorts, n_ages)``, non-decreasing in age.

        Raises
        ------
        EvidenceError
            If an age lies beyond the horizon.
        ArgumentError
            If an age is no number, or the outcome is unknown.
        """
        days = whole_days("ages", ages, horizon=self.horizon)
        return self._cells(at_ages(self._rates[self._position(outcome)], days))

    def maturity(self, ages: ArrayLike) -> FloatArray:
        """Return the share of the conversions within ``horizon`` days that come by each age.

        Returns
        -------
        ndarray
            ``rate_at(ages) / ultimate``, shape ``(n_segments, n_cohorts, n_ages)``; where no
            conversion is expected, 0 before the horizon and 1 there.

        Raises
        ------
        EvidenceError
            If an age lies beyond the horizon.
        """
        days = whole_days("ages", ages, horizon=self.horizon)
        rates = self.rate_at(ages)
        last = self.ultimate[..., None]
        return np.where(last > 0, rates / np.where(last > 0, last, 1.0), days >= self.horizon)

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
        days = whole_days("age", age, horizon=self.horizon)
        ends = np.full_like(days, self.horizon)
        if horizon is not None:
            more = checks.positive_whole("horizon", horizon)
            ends = whole_days("age + horizon", days + more, horizon=self.horizon)
        rates = self._rates[self._position(outcome)]
        still = 1 - sum(at_ages(each, days) for each in self._rates)
        gain = at_ages(rates, ends) - at_ages(rates, days)
        share = np.where(still > 1e-12, gain / np.where(still > 1e-12, still, 1.0), 0.0)
        return self._cells(np.clip(share, 0.0, 1.0))

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
            Generator or seed. The same seed gives the target and the exits of the same draws.
        outcome
            The target (default) or an exit.
        ages
            Ages in days, at most ``horizon``; default: every day up to it.

        Returns
        -------
        ndarray
            Shape ``(n, n_segments, n_cohorts, n_ages)``, non-decreasing in age.

        Notes
        -----
        Coefficients from their normal approximation on the scale of the link. A hazard that is
        exactly 0 (no event in a bin of ages) stays 0 in each draw.
        """
        checks.positive_whole("n", n)
        k = self._position(outcome)
        days = np.arange(self.horizon + 1)
        if ages is not None:
            days = whole_days("ages", ages, horizon=self.horizon)
        generator = np.random.default_rng(rng)
        drawn = [
            self.models[name].draws(n, generator, design=self.design) for name in self.outcomes
        ]
        found = np.empty((n, self.entered.size, len(days)))
        for i in range(n):
            hazards = [
                self.models[name].hazards(coefficients[i])
                for name, coefficients in zip(self.outcomes, drawn, strict=True)
            ]
            daily = by_day(hazards, self._in_order, horizon=self.horizon)
            found[i] = at_ages(incidence(daily)[k], days)
        return found.reshape(n, *self.entered.shape, len(days))

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
            ``(n_segments, n_cohorts)`` without ``ages``.

        Raises
        ------
        EvidenceError
            If an age lies beyond the horizon.
        ArgumentError
            If the level or the outcome cannot be used.

        Notes
        -----
        The delta method on log(-log(1 - F)), from the covariance of the coefficients, multiplied
        by the design effect of accounts. Where the rate is 0, the exact bound for the leads
        followed to the horizon.
        """
        tail = (1 - checks.confidence(confidence_level)) / 2
        k = self._position(outcome)
        days = np.array([self.horizon])
        if ages is not None:
            days = whole_days("ages", ages, horizon=self.horizon)
        rates = at_ages(self._rates[k], days)
        error = np.sqrt(variance(self._in_order, self._daily, days, outcome=k) * self.design)
        inside = (rates > 0) & (rates < 1)
        share = np.where(inside, rates, 0.5)
        log = np.log1p(-share)
        spread = np.minimum(stats.norm.isf(tail) * error / ((share - 1) * log), 500.0)
        bound = 1 - tail ** (self.design / max(self.worth, 1.0))
        low = np.where(inside, -np.expm1(log * np.exp(-spread)), np.where(rates > 0, rates, 0))
        high = np.where(inside, -np.expm1(log * np.exp(spread)), np.where(rates > 0, 1.0, bound))
        low, high = np.where(days >= 0, low, 0.0), np.where(days >= 0, high, 0.0)
        if ages is None:
            low, high = low[..., 0], high[..., 0]
        return Interval(self._cells(low), self._cells(high))

    def parameters(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return the cohort and segment effects on the hazard of the target.

        Returns
        -------
        DataFrame
            One row per effect: ``effect``, ``ratio`` (of hazards under ``"cloglog"``, of their
            odds under ``"logit"``, to the first level, or per cohort for a trend), ``ratio_low``
            and ``ratio_high``.
        """
        import pandas as pd

        z = stats.norm.isf((1 - checks.confidence(confidence_level)) / 2)
        model = self.models[self.target]
        first = len(model.free)
        names = [display.segment_name(segment) for segment in self.segments[1:]]
        if self.effects == "factor":
            names += [str(cohort) for cohort in self.cohorts[1:]]
        elif self.effects == "trend" and len(self.cohorts) > 1:
            names += ["each cohort"]
        moved = model.coefficients[first:]
        error = np.sqrt(np.maximum(np.diag(model.covariance)[first:] * self.design, 0.0))
        return pd.DataFrame(
            {
                "effect": names,
                "ratio": np.exp(moved),
                "ratio_low": np.exp(np.maximum(moved - z * error, -700)),
                "ratio_high": np.exp(np.minimum(moved + z * error, 700)),
            }
        )

    def to_frame(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row per segment and cohort.

        Returns
        -------
        DataFrame
            ``cohort`` and the segment columns, ``entered``, ``converted`` (by the horizon),
            ``rate`` (so far), ``ultimate``, ``ultimate_low``, ``ultimate_high``,
            ``<exit>_rate`` for each exit (within the horizon) and ``verdict``.
        """
        low, high = self.confidence_interval(confidence_level=confidence_level)
        return long_frame(
            {
                "entered": self.entered,
                "converted": self.converted,
                "rate": self.converted / np.maximum(self.entered, 1),
                "ultimate": self.ultimate,
                "ultimate_low": low,
                "ultimate_high": high,
                **{
                    f"{name}_rate": self._cells(self._rates[k][..., -1])
                    for k, name in enumerate(self.outcomes)
                    if k
                },
                "verdict": self.verdicts,
            },
            shape=self.entered.shape,
            by=self.by,
            segments=self.segments,
            periods=self.cohorts,
        )

    def summary(self) -> str:
        """Return the rate within the horizon over all leads, and what differs and what is fixed."""
        leads = np.maximum(self.entered, 0)
        rate = float((leads * self.ultimate).sum() / max(leads.sum(), 1))
        text = (
            f"Of {display.plural(self.n, 'lead')} that entered {self.start}, "
            f"{display.percent(rate)} reach {self.target} within "
            f"{display.plural(self.horizon, 'day')}. "
        )
        text += {
            "factor": "Hazards differ by age, each cohort by a factor of its own",
            "trend": "Hazards differ by age, and by the same factor from cohort to cohort",
            "none": "Hazards differ by age, not by cohort",
        }[self.effects]
        text += "; the calendar is taken to change nothing."
        if number := self.models[self.target].penalised:
            text += (
                f" {display.plural(number, 'level')} without enough conversions "
                f"{'was' if number == 1 else 'were'} given half a conversion at the pooled pace."
            )
        return text

    @cached_property
    def _daily(self) -> list[FloatArray]:
        """Hazards by day of each outcome, shape ``(n_cells, horizon + 1)``."""
        found = [model.hazards(model.coefficients) for model in self._in_order]
        return by_day(found, self._in_order, horizon=self.horizon)

    @cached_property
    def _rates(self) -> list[FloatArray]:
        """Rates by day of each outcome, shape ``(n_cells, horizon + 1)``."""
        return incidence(self._daily)

    @property
    def _in_order(self) -> list[HazardModel]:
        return [self.models[name] for name in self.outcomes]

    def _cells(self, values: FloatArray) -> FloatArray:
        return np.array(values).reshape(*self.entered.shape, *values.shape[1:])

    def _position(self, outcome: str | None) -> int:
        return outcome_position(self.outcomes, outcome)
