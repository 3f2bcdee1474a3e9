"""`within`: a fit read up to a horizon, so that fits with and without a tail say the same thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import EvidenceError
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import Interval
from funnelkit._core.result import Result
from funnelkit.counts.triangle import Segment
from funnelkit.lag.base import LagFit, Verdict
from funnelkit.lag.nonparametric.ages import landmarks, whole_days

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]


def within(fit: LagFit, horizon: int) -> LagFit:
    """Return a fit that tells rates within a number of days after entry.

    Parameters
    ----------
    fit
        Any fit; one that already ends at this horizon is returned as it is.
    horizon
        Days; not beyond the fit's own horizon, where it has one.

    Returns
    -------
    LagFit
        With the same rates by age; ``ultimate`` is the rate by the horizon, and maturity is 1
        there.

    Raises
    ------
    ArgumentError
        If the horizon is no whole number above 0.
    EvidenceError
        If it lies beyond the fit's own.

    Examples
    --------
    >>> import datetime as dt
    >>> import pandas as pd
    >>> from funnelkit.counts.triangle import Triangle
    >>> from funnelkit.lag import fit_kaplan_meier
    >>> triangle = Triangle(
    ...     start="lead",
    ...     target="won",
    ...     cohorts=pd.period_range("2026-01-01", periods=1, freq="D"),
    ...     as_of=dt.date(2026, 1, 3),
    ...     entered=[[10]],
    ...     events={"won": [[[1, 2, 1]]]},
    ...     censored=[[[0, 0, 6]]],
    ...     followed=[[[0, 0, 10]]],
    ... )
    >>> fit = within(fit_kaplan_meier(triangle), 1)
    >>> fit.ultimate.round(4).tolist(), fit.maturity([0]).round(4).tolist()
    ([[0.3]], [[[0.3333]]])
    """
    last = checks.positive_whole("horizon", horizon)
    if fit.horizon is not None and fit.horizon < last:
        raise EvidenceError(
            f"`horizon` must be at most {fit.horizon} days, that of the fit: nothing is known "
            f"beyond it; got {last}."
        )
    return fit if fit.horizon == last else WithinFit(fit=fit, horizon=last)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class WithinFit(Result):
    """A fit read up to a horizon; a :class:`~funnelkit.lag.LagFit` without a tail.

    Parameters
    ----------
    fit
        The fit.
    horizon
        Days after entry up to which rates are told.
    """

    fit: LagFit
    horizon: int

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Segments of the fit."""
        return self.fit.segments

    @property
    def cohorts(self) -> pd.PeriodIndex:
        """Cohorts of the fit."""
        return self.fit.cohorts

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The target, then the exits."""
        return self.fit.outcomes

    @property
    def ultimate(self) -> FloatArray:
        """Rate of the target within ``horizon`` days, shape ``(S, C)``."""
        return self.fit.rate_at([self.horizon])[..., 0]

    @property
    def verdict(self) -> Verdict:
        """The fit's own verdict."""
        return self.fit.verdict

    @property
    def verdicts(self) -> NDArray[np.str_]:
        """The fit's own verdicts, shape ``(S, C)``."""
        return self.fit.verdicts

    def rate_at(self, ages: ArrayLike, *, outcome: str | None = None) -> FloatArray:
        """Return the share with an outcome by each age, shape ``(S, C, n_ages)``.

        Raises
        ------
        EvidenceError
            If an age lies beyond the horizon.
        """
        return self.fit.rate_at(self._days("ages", ages), outcome=outcome)

    def maturity(self, ages: ArrayLike) -> FloatArray:
        """Return the share of the conversions by the horizon that come by each age.

        Returns
        -------
        ndarray
            Shape ``(S, C, n_ages)``; 1 at the horizon.

        Raises
        ------
        EvidenceError
            If an age lies beyond the horizon.
        """
        last = self.fit.maturity([self.horizon])
        by = self.fit.maturity(self._days("ages", ages))
        return np.where(last > 0, by / np.where(last > 0, last, 1.0), by)

    def conditional(
        self, age: ArrayLike, horizon: int | None = None, *, outcome: str | None = None
    ) -> FloatArray:
        """Return the share of leads open at an age that has an outcome ``horizon`` days on.

        By default up to the fit's horizon; shape ``(S, C, n_ages)``.

        Raises
        ------
        EvidenceError
            If an age, or an age plus ``horizon``, lies beyond the fit's horizon.
        """
        days = self._days("age", age)
        if horizon is not None:
            more = checks.positive_whole("horizon", horizon)
            self._days("age + horizon", days + more)
            return self.fit.conditional(days, more, outcome=outcome)
        each = [
            self.fit.conditional([day], self.horizon - day, outcome=outcome)
            if day < self.horizon
            else np.zeros((len(self.segments), len(self.cohorts), 1))
            for day in days.tolist()
        ]
        return np.concatenate(each, axis=-1)

    def sample(
        self,
        n: int,
        *,
        rng: np.random.Generator | int,
        outcome: str | None = None,
        ages: ArrayLike | None = None,
    ) -> FloatArray:
        """Return joint draws of the rate surface, shape ``(n, S, C, n_ages)``.

        By default at each age up to the horizon.
        """
        days = np.arange(self.horizon + 1) if ages is None else self._days("ages", ages)
        return self.fit.sample(n, rng=rng, outcome=outcome, ages=days)

    def confidence_interval(
        self,
        ages: ArrayLike | None = None,
        *,
        confidence_level: float = 0.95,
        outcome: str | None = None,
    ) -> Interval:
        """Return the interval of ``rate_at(ages)``, by default of ``ultimate``."""
        days = np.array([self.horizon]) if ages is None else self._days("ages", ages)
        found = self.fit.confidence_interval(
            days, confidence_level=confidence_level, outcome=outcome
        )
        low, high = np.asarray(found.low), np.asarray(found.high)
        return Interval(low[..., 0], high[..., 0]) if ages is None else Interval(low, high)

    def to_frame(
        self, ages: ArrayLike | None = None, *, confidence_level: float = 0.95
    ) -> pd.DataFrame:
        """Return one row per segment, cohort and age.

        Returns
        -------
        DataFrame
            ``cohort``, the segments as ``segment``, ``age``, ``rate``, ``rate_low``,
            ``rate_high`` and ``maturity``.
        """
        days = np.array(landmarks(self.horizon)) if ages is None else self._days("ages", ages)
        low, high = self.confidence_interval(days, confidence_level=confidence_level)
        rates = self.rate_at(days)
        return long_frame(
            {
                "age": days,
                "rate": rates,
                "rate_low": low,
                "rate_high": high,
                "maturity": self.maturity(days),
            },
            shape=rates.shape,
            by=("segment",),
            segments=[(display.segment_name(segment),) for segment in self.segments],
            periods=self.cohorts,
        )

    def summary(self) -> str:
        """Return the rates within the horizon, and the fit's own sentence."""
        rates = self.ultimate
        ends = display.percent_range(float(rates.min()), float(rates.max()), words=True)
        told = display.percent(float(rates.min())) if rates.min() == rates.max() else ends
        own = self.fit.summary() if isinstance(self.fit, Result) else ""
        days = display.plural(self.horizon, "day")
        return f"Within {days}: {told} {self.outcomes[0]}. {own}".strip()

    def _days(self, argument: str, ages: ArrayLike) -> NDArray[np.int64]:
        return whole_days(argument, ages, horizon=self.horizon)
