"""`ShrunkenFit`: rates of segments and cohorts that borrow strength from each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import period_name
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import Interval
from funnelkit.lag.adjusting.cells import last_age
from funnelkit.lag.adjusting.shrunken_estimate import ShrunkenEstimate
from funnelkit.lag.adjusting.timing import maturity_draws, mean_maturities

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_DRAWS = 1000
_AT_ONCE = 4_000_000


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ShrunkenFit(ShrunkenEstimate):
    """Eventual rates with borrowed strength; a :class:`~funnelkit.lag.LagFit`.

    Shapes: ``S = len(segments)``, ``C = len(cohorts)``. Fields are those of the estimate: see
    :class:`~funnelkit.lag.adjusting.shrunken_estimate.ShrunkenEstimate`.
    """

    def rate_at(self, ages: ArrayLike, *, outcome: str | None = None) -> FloatArray:
        """Return the share of entered leads with an outcome by each age.

        Parameters
        ----------
        ages
            Ages in days.
        outcome
            The target (default) or an exit of the timing: these share what the target leaves, in
            the timing's proportions.

        Returns
        -------
        ndarray
            Shape ``(S, C, n_ages)``, non-decreasing in age.

        Raises
        ------
        FunnelError
            If an age cannot be used with the timing, or the outcome is unknown.
        """
        if outcome in (None, self.target):
            return np.asarray(self.ultimate[..., None] * self.maturity(ages))
        checks.member("outcome", "outcome", str(outcome), self.outcomes)
        place = np.ix_(*self.cells)
        rates = self.timing.rate_at(ages, outcome=outcome)[place]
        return np.asarray(
            rates * self._left(np.asarray(self.timing.ultimate)[place], self.ultimate)
        )

    def conditional(
        self, age: ArrayLike, horizon: int | None = None, *, outcome: str | None = None
    ) -> FloatArray:
        """Return the share with an outcome within ``horizon`` more days of the leads open then.

        Parameters
        ----------
        age
            Ages in days at whose end a lead is still open.
        horizon
            Days from there; default: ever, or up to the horizon of the timing.
        outcome
            The target (default) or an exit.

        Returns
        -------
        ndarray
            Shape ``(S, C, n_ages)``.

        Raises
        ------
        FunnelError
            If an age cannot be used with the timing, or the outcome is unknown.
        """
        days = np.atleast_1d(np.asarray(age, float))
        last = np.inf if self.horizon is None else float(self.horizon)
        ends = np.full_like(days, last)
        if horizon is not None:
            ends = days + checks.positive_whole("horizon", horizon)
        now, then = self.rate_at(days, outcome=outcome), self.rate_at(ends, outcome=outcome)
        still = 1 - sum(self.rate_at(days, outcome=name) for name in self.outcomes)
        share = np.where(still > 1e-12, (then - now) / np.where(still > 1e-12, still, 1.0), 0.0)
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
            Generator or seed. The same seed gives the target and the exits of the same draws.
        outcome
            The target (default) or an exit.
        ages
            Ages in days, also infinity where the timing has a tail; default: every age of the
            triangle that the timing knows.

        Returns
        -------
        ndarray
            Shape ``(n, S, C, n_ages)``, non-decreasing in age.

        Raises
        ------
        FunnelError
            If ``n`` is below 1, an age cannot be used, or the outcome is unknown.

        Notes
        -----
        Amounts of variation by their weights; given them, the logits normal about their top; the
        timing from draws of its fit, each with the logits that belong to it.
        """
        generator = np.random.default_rng(rng)
        number = checks.positive_whole("n", n)
        if ages is None:
            ages = np.arange(last_age(self.triangle, self.timing) + 1)
        rates, of = self._draws(number, generator)
        shares = np.stack(list(maturity_draws(self.timing, ages, len(self.shifts))))
        rows, columns = np.ix_(*self.cells)
        if outcome in (None, self.target):
            return np.asarray(rates[..., None] * shares[:, rows, columns][of])
        checks.member("outcome", "outcome", str(outcome), self.outcomes)
        usual = self.timing.rate_at(ages, outcome=outcome)[np.ix_(*self.cells)]
        ultimate = np.asarray(self.timing.ultimate)[np.ix_(*self.cells)]
        return np.asarray(usual * self._left(ultimate, rates))

    def sample_rates(
        self, n: int, *, rng: np.random.Generator | int
    ) -> tuple[FloatArray, FloatArray]:
        """Return joint draws of ``ultimate`` and of the mean maturity of the leads.

        Parameters
        ----------
        n
            Number of draws.
        rng
            Generator or seed.

        Returns
        -------
        tuple of ndarray
            Both of shape ``(n, S, C)``; a slower timing goes with higher rates.

        Raises
        ------
        ArgumentError
            If ``n`` is below 1.
        """
        rates, of = self._draws(checks.positive_whole("n", n), np.random.default_rng(rng))
        means = mean_maturities(self.triangle, self.timing, self.cells, len(self.shifts))
        return rates, means[of]

    def confidence_interval(
        self,
        ages: ArrayLike | None = None,
        *,
        confidence_level: float = 0.95,
        outcome: str | None = None,
    ) -> Interval:
        """Return the interval of ``ultimate``, or of ``rate_at(ages)``.

        Parameters
        ----------
        ages
            Ages in days.
        confidence_level
            Two-sided level.
        outcome
            The target (default) or an exit.

        Returns
        -------
        Interval
            Inside [0, 1], shape ``(S, C)``, or with ages ``(S, C, n_ages)``.

        Raises
        ------
        FunnelError
            If the level, an age or the outcome cannot be used.

        Notes
        -----
        Quantiles of a normal mixture on the logit scale: over the amounts of variation, and over
        draws of the timing. With a single cell, which has nothing to borrow from, at least
        Wilson's interval on its leads. By age: quantiles of 1,000 draws.
        """
        level = checks.confidence(confidence_level)
        tail = (1 - level) / 2
        if ages is None and outcome in (None, self.target):
            if level not in self._ends:
                self._ends[level] = self._interval(tail, level)
            return self._ends[level]
        days = [np.inf if self.horizon is None else self.horizon] if ages is None else ages
        drawn = self._in_parts(np.atleast_1d(np.asarray(days, float)), outcome, (tail, 1 - tail))
        return Interval(*(drawn[..., 0] if ages is None else drawn))

    def median_days(self) -> FloatArray:
        """Return the timing's days by which half of those who convert have done so, ``(S, C)``."""
        ages = np.arange(last_age(self.triangle, self.timing) + 1)
        known: Any = getattr(self.timing, "median_days", None)
        if known is not None:
            return np.asarray(known(), float)[np.ix_(*self.cells)]
        return np.asarray((self.maturity(ages) < 0.5).sum(axis=-1), float)

    def amounts_frame(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row per estimated amount of variation.

        Returns
        -------
        DataFrame
            ``amount``, ``sd`` (mean of what is likely, on the logit or log scale), ``sd_low`` and
            ``sd_high`` (of the points that were averaged over).
        """
        import pandas as pd

        tail = (1 - checks.confidence(confidence_level)) / 2
        rows = []
        for k, name in enumerate(self.amounts):
            order = np.argsort(self.sds[:, k])
            below = np.cumsum(self.weights[order])
            ends = [float(np.interp(t, below, self.sds[order, k])) for t in (tail, 1 - tail)]
            rows.append((name, float(self.weights @ self.sds[:, k]), *ends))
        return pd.DataFrame(rows, columns=["amount", "sd", "sd_low", "sd_high"])

    def to_frame(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row per segment and cohort.

        Returns
        -------
        DataFrame
            ``cohort``, the segment columns, ``entered``, ``converted``, ``rate`` (so far),
            ``maturity`` (mean over the leads), ``own`` (converted / Σ maturity), ``ultimate``,
            ``ultimate_low``, ``ultimate_high``, ``weight`` (how much of its own the cell kept)
            and ``verdict``.
        """
        low, high = self.confidence_interval(confidence_level=confidence_level)
        return long_frame(
            {
                "entered": self.entered,
                "converted": self.converted,
                "rate": self.converted / np.maximum(self.entered, 1),
                "maturity": self._mature,
                "own": self.own,
                "ultimate": self.ultimate,
                "ultimate_low": low,
                "ultimate_high": high,
                "weight": self.shrinkage,
                "verdict": self.verdicts,
            },
            shape=self.entered.shape,
            by=self.by,
            segments=self.segments,
            periods=self.cohorts,
        )

    def summary(self) -> str:
        """Return the range of the rates, and how much they borrow from each other."""
        filled = self.entered > 0
        low, high = float(self.ultimate[filled].min()), float(self.ultimate[filled].max())
        within = "in the end"
        if self.horizon is not None:
            within = f"within {display.plural(self.horizon, 'day')}"
        text = (
            f"Of {display.plural(self.n, 'lead')} that entered {self.start}, "
            f"{display.count(self.converted.sum())} have reached {self.target} so far; "
        )
        if filled.sum() == 1:
            ends = self.confidence_interval()
            bounds = (float(np.asarray(end)[filled][0]) for end in ends)
            return (
                f"{text}{display.percent(low)} ({display.percent_range(*bounds, words=True)}) do "
                f"{within}."
            )
        kept = display.percent(float(np.median(self.shrinkage[filled])), decimals=0)
        text += (
            f"{within} {display.percent_range(low, high, words=True)} do, by segment and cohort. "
        )
        if not {"segments", "cohorts"} & set(self.amounts):
            return f"{text.rstrip()} All share one rate."
        j = int(np.flatnonzero(filled.any(axis=0))[-1])
        return (
            f"{text}A rate rests to {kept} on its own conversions (median; "
            f"{period_name(self.cohorts[j])}: "
            f"{display.percent(float(np.median(self.shrinkage[filled[:, j], j])), decimals=0)}), "
            "the rest on those of other segments and cohorts."
        )

    def _in_parts(
        self, days: FloatArray, outcome: str | None, shares: tuple[float, float]
    ) -> FloatArray:
        """Return quantiles of draws by age, a few ages at a time."""
        size = max(_AT_ONCE // max(_DRAWS * self.entered.size, 1), 1)
        parts = []
        for begin in range(0, len(days), size):
            drawn = self.sample(_DRAWS, rng=0, outcome=outcome, ages=days[begin : begin + size])
            parts.append(np.quantile(drawn, shares, axis=0))
        return np.concatenate(parts, axis=-1)

    def _left(self, of_timing: FloatArray, rates: FloatArray) -> FloatArray:
        """Return what the target leaves to the exits, beside what it leaves in the timing."""
        left = (1 - rates) / np.maximum(1 - of_timing, 1e-12)
        return np.asarray(np.where(of_timing < 1, left, 0.0))[..., None]
