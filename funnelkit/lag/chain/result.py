"""`ChainLadderFit`: what a chain ladder of cohorts answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks, display
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import Interval, share_interval
from funnelkit.lag.chain.estimate import ChainLadderEstimate

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ChainLadderFit(ChainLadderEstimate):
    """What cohorts come to by the link ratios of older ones; a :class:`~funnelkit.lag.LagFit`.

    Shapes: ``S = len(segments)``, ``C = len(cohorts)``. Fields are those of the estimate: see
    :class:`~funnelkit.lag.chain.estimate.ChainLadderEstimate`.
    """

    def rate_at(self, ages: ArrayLike, *, outcome: str | None = None) -> FloatArray:
        """Return the share of entered leads with an outcome by each age.

        Parameters
        ----------
        ages
            Ages in days, at most ``horizon``; with a tail any age, also infinity. Parts of a day
            are dropped, ages below 0 give 0.
        outcome
            The target (default) or an exit.

        Returns
        -------
        ndarray
            Shape ``(n_segments, n_cohorts, n_ages)``, non-decreasing in age: the cohort's
            ultimate times the pattern's share by that age.

        Raises
        ------
        EvidenceError
            If an age lies beyond the horizon.
        ArgumentError
            If an age is no number, or the outcome is unknown.

        Notes
        -----
        Within a bin, conversions are laid over the days as the product-limit curve of all leads
        has them. Beyond the last bin, an exponential tail shrinks by the same share each day; a
        factor that was given says nothing of days, and is reached at infinity only.
        """
        k = self._position(outcome)
        days = self._days("ages", ages)
        return np.asarray(self._ultimates[k][..., None] * self._share(k, days))

    def maturity(self, ages: ArrayLike) -> FloatArray:
        """Return the share of the conversions that comes by each age.

        Returns
        -------
        ndarray
            Shape ``(n_segments, n_cohorts, n_ages)``, from 0 to 1: the development pattern, which
            cohorts share.

        Raises
        ------
        EvidenceError
            If an age lies beyond the horizon.
        """
        return self._share(0, self._days("ages", ages))

    def conditional(
        self, age: ArrayLike, horizon: int | None = None, *, outcome: str | None = None
    ) -> FloatArray:
        """Return the share that converts within ``horizon`` more days of the leads open at an age.

        Parameters
        ----------
        age
            Ages in days at whose end a lead is still open.
        horizon
            Days from there; default: up to the fit's horizon, or ever.
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
        k = self._position(outcome)
        days = self._days("age", age)
        end = np.inf if self.horizon is None else float(self.horizon)
        ends = np.full_like(days, end)
        if horizon is not None:
            ends = self._days("age + horizon", days + checks.positive_whole("horizon", horizon))
        gone = sum(
            self._ultimates[j][..., None] * self._share(j, days) for j in range(len(self.outcomes))
        )
        still = np.maximum(1 - gone, 0.0)
        gain = self._ultimates[k][..., None] * (self._share(k, ends) - self._share(k, days))
        return np.clip(np.where(still > 0, gain / np.where(still > 0, still, 1.0), 0.0), 0.0, 1.0)

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
            Ages in days; default: every day up to the last bin's end.

        Returns
        -------
        ndarray
            Shape ``(n, n_segments, n_cohorts, n_ages)``, non-decreasing in age.

        Notes
        -----
        Link ratios from gamma distributions of f - 1 with Mack's error; given these, the shares
        that each cohort has shown so far from their Dirichlet posterior, on as many leads as its
        conversions are worth under Mack's σ². A cohort without conversions of its own is drawn
        from the pooled rate, as other cohorts differ, less the leads that have shown none.
        """
        checks.positive_whole("n", n)
        wanted = self._position(outcome)
        days = np.arange(self.bins.horizon + 1.0) if ages is None else self._days("ages", ages)
        generator = np.random.default_rng(rng)
        surfaces = [self._draw(group, n, days, generator) for group in range(len(self.patterns))]
        return np.concatenate([drawn[wanted] for drawn in surfaces], axis=1)

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
            Ages in days, as in :meth:`rate_at`.
        confidence_level
            Two-sided level, for each age by itself.
        outcome
            The target (default) or an exit.

        Returns
        -------
        Interval
            Inside [0, 1], shape ``(n_segments, n_cohorts)``, or with ages
            ``(n_segments, n_cohorts, n_ages)``.

        Raises
        ------
        EvidenceError
            If an age lies beyond the horizon.
        ArgumentError
            If the level or the outcome cannot be used.

        Notes
        -----
        Wilson's interval of a share on as many leads as give it the variance
        r (1 - r) / n + r² v, with v Mack's squared relative error of what is projected (before
        the latest bin, that of the link ratios alone). For a cohort without conversions of its
        own, the quantiles of a beta distribution: the pooled rate, as spread as the other cohorts
        are, less the leads that have shown none. With accounts the first term is multiplied by
        the design effect.

        References
        ----------
        Wilson (1927), JASA 22, 209-212; Mack (1993), ASTIN Bulletin 23, 213-225.
        """
        level = checks.confidence(confidence_level)
        k = self._position(outcome)
        end = np.inf if self.horizon is None else float(self.horizon)
        days = np.array([end]) if ages is None else self._days("ages", ages)
        share = self._share(k, days)
        rate = self._ultimates[k][..., None] * share
        relative = self._between(self._grid(lambda pattern: pattern.relative_variance)[k], days)
        odds = rate / np.maximum(1 - rate, 1e-12)
        worth = self._worth(level)[..., None]
        leads = 1 / (1 / np.maximum(worth, 1e-9) + odds * relative)
        low, high = share_interval(rate * leads, leads, confidence_level=level)
        tail = (1 - level) / 2
        bounds = self._grid(lambda pattern: pattern.beta((tail, 1 - tail)))[k]
        own = self._owns[k][..., None]
        low = np.minimum(np.where(own, low, bounds[..., :1] * share), rate)
        high = np.maximum(np.where(own, high, bounds[..., 1:] * share), rate)
        if ages is None:
            low, high = low[..., 0], high[..., 0]
        return Interval(low, high)

    def development(self) -> pd.DataFrame:
        """Return the link ratios.

        Returns
        -------
        DataFrame
            One row per group of segments with a pattern of its own (``segments``, where there
            are several) and bin: ``age`` (its last day), ``link_ratio`` to the next bin (the
            tail's factor in the last row), ``sigma2``, ``volume`` (conversions behind it),
            ``share`` (of all conversions, by ``age``) and ``undefined`` (no conversions behind
            the ratio: taken from the share of leads that convert in each bin).
        """
        import pandas as pd

        frames = []
        for group, segment in zip(self.patterns, self.segments, strict=False):
            ladder = group[0].ladder
            frame = pd.DataFrame(
                {
                    "age": self.bins.ends,
                    "link_ratio": ladder.factors,
                    "sigma2": ladder.process_variance * ladder.factors**2,
                    "volume": np.append(ladder.volume, 0.0),
                    "share": group[0].shares,
                    "undefined": np.append(ladder.undefined, False),
                }
            )
            if len(self.patterns) > 1:
                frame.insert(0, "segments", display.segment_name(segment))
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    def to_frame(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row per segment and cohort.

        Returns
        -------
        DataFrame
            ``cohort`` and the segment columns, ``entered``, ``converted`` (so far, by the horizon
            where there is one), ``rate``, ``complete_days`` (days that all leads of the cohort
            have behind them in whole bins), ``maturity`` (by then), ``ultimate``,
            ``ultimate_low``, ``ultimate_high``, ``expected_more`` and ``standard_error`` (leads),
            ``basis`` (``"own"``, or ``"pooled"`` where the cohort has no conversions in complete
            bins) and ``verdict``.
        """
        low, high = self.confidence_interval(confidence_level=confidence_level)
        position = self.bins.position
        complete = np.where(position >= 0, self.bins.ends[np.maximum(position, 0)] + 1, 0)
        return long_frame(
            {
                "entered": self.entered,
                "converted": self.reached[0],
                "rate": self.reached[0] / np.maximum(self.entered, 1),
                "complete_days": complete,
                "maturity": self.mature,
                "ultimate": self.ultimate,
                "ultimate_low": low,
                "ultimate_high": high,
                "expected_more": self.expected_more,
                "standard_error": self.standard_error,
                "basis": np.where(self.own, "own", "pooled"),
                "verdict": self.verdicts,
            },
            shape=self.entered.shape,
            by=self.by,
            segments=self.segments,
            periods=self.cohorts,
        )

    def summary(self) -> str:
        """Return what has come and is still to come, and which cohorts have no basis."""
        within = "" if self.horizon is None else f" within {display.plural(self.horizon, 'day')}"
        text = (
            f"Of {display.plural(self.n, 'lead')} that entered {self.start}, "
            f"{display.count(self.reached[0].sum())} have reached {self.target}{within} so far, "
            f"and {self.total_expected_more:,.1f} more are expected "
            f"(standard error {self.total_standard_error:,.1f})."
        )
        filled = self.entered > 0
        young = int((filled & (self.bins.position < 0)).sum())
        none = int((filled & (self.bins.position >= 0) & ~self.own).sum())
        bins = display.plural(self.bins.days, "day")
        if young:
            text += (
                f" {display.plural(young, 'cohort')} {'is' if young == 1 else 'are'} too young "
                f"for {bins} of all leads, and {'takes' if young == 1 else 'take'} the pooled rate."
            )
        if none:
            text += (
                f" {display.plural(none, 'cohort')} without a conversion in complete bins of "
                f"{bins} {'takes' if none == 1 else 'take'} the pooled rate, less what "
                f"{'its' if none == 1 else 'their'} leads have shown."
            )
        if (later := self.after_bins) > 0:
            text += (
                f" {display.plural(later, 'conversion')} in bins that are not complete yet "
                f"{'is' if later == 1 else 'are'} counted, but {'sets' if later == 1 else 'set'} "
                "no link ratio."
            )
        return text
