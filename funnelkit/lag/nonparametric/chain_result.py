"""`ChainLadderFit`: what a chain ladder of cohorts answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks, display
from funnelkit._core.clusters import ClusterSums
from funnelkit._core.errors import ArgumentError, unknown
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import Interval, share_interval
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Segment
from funnelkit.lag.base import Verdict
from funnelkit.lag.nonparametric.ages import whole_days
from funnelkit.lag.nonparametric.chain_bins import Bins
from funnelkit.lag.nonparametric.chain_pattern import Pattern

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
MATURE = 0.9


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ChainLadderFit(Result):
    """What cohorts come to by the link ratios of older ones; a :class:`~funnelkit.lag.LagFit`.

    Shapes: ``S = len(segments)``, ``C = len(cohorts)``, ``K`` outcomes.

    Parameters
    ----------
    start, outcomes, by, segments, cohorts, as_of
        As in the triangle; ``outcomes`` holds the target, then the exits.
    tail
        ``None``, the factor given, or ``"exponential"``.
    bins
        The bins of age, and how far each cohort is through them.
    entered
        Leads, shape ``(S, C)``.
    reached
        Leads with each outcome so far, by the horizon where there is one, shape ``(K, S, C)``.
    undecided
        Leads that are open and may still have an outcome by the horizon, shape ``(S, C)``.
    patterns
        Development patterns by group of segments that share them, and outcome.
    spreads
        For each group, how conversions lie within bins, shape ``(K, bins.horizon + 1)``.
    accounts
        Sums over accounts, where the funnel has ``account``.
    """

    start: str
    outcomes: tuple[str, ...]
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    cohorts: pd.PeriodIndex
    as_of: dt.date
    tail: float | str | None
    bins: Bins
    entered: IntArray
    reached: IntArray
    undecided: IntArray
    patterns: tuple[tuple[Pattern, ...], ...]
    spreads: tuple[FloatArray, ...]
    accounts: ClusterSums | None = None

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("entered", "reached", "undecided"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))

    @property
    def target(self) -> str:
        """The stage whose rate this is."""
        return self.outcomes[0]

    @property
    def horizon(self) -> int | None:
        """Age in days up to which rates are known; ``None`` with a tail."""
        return self.bins.horizon if self.tail is None else None

    @property
    def n(self) -> int:
        """Leads that entered."""
        return int(self.entered.sum())

    @property
    def ultimate(self) -> FloatArray:
        """Rate of the target by the horizon, or ever, shape ``(S, C)``."""
        return np.array(self._ultimates[0])

    @property
    def expected_more(self) -> FloatArray:
        """Conversions still to come, by the horizon or ever, shape ``(S, C)``."""
        more = self._ultimates[0] * self.entered - self.reached[0]
        return np.asarray(np.clip(more, 0.0, self.undecided))

    @property
    def standard_error(self) -> FloatArray:
        """Standard error of ``expected_more``, shape ``(S, C)``.

        Mack's where a cohort has conversions of its own in its complete bins; else Poisson
        noise and the error of the pooled rate.
        """
        return self._target(lambda pattern: pattern.standard_error)

    @property
    def total_expected_more(self) -> float:
        """Conversions still to come in all."""
        return float(self.expected_more.sum())

    @property
    def total_standard_error(self) -> float:
        """Mack's standard error of ``total_expected_more``.

        Groups of segments with patterns of their own are taken as independent.
        """
        return float(np.sqrt(sum(group[0].total_variance for group in self.patterns)))

    @property
    def mature(self) -> FloatArray:
        """Share of the conversions by the end of each cohort's last complete bin, ``(S, C)``."""
        return self._target(lambda pattern: pattern.mature)

    @property
    def own(self) -> BoolArray:
        """Whether a cohort's rate rests on its own conversions, shape ``(S, C)``.

        It does not where no bin is complete, or none of those holds a conversion: then the rate
        is the pooled one, less what the leads have already shown.
        """
        return np.asarray(self._owns[0])

    @property
    def verdict(self) -> Verdict:
        """``"measured"`` without a tail: the oldest cohorts were seen to the horizon.

        With a tail above 1, ``"extrapolated"``: nobody has seen it yet.
        """
        beyond = any(group[0].tail.factor > 1 for group in self.patterns)
        return "extrapolated" if beyond else "measured"

    @property
    def verdicts(self) -> NDArray[np.str_]:
        """Verdict of each cohort, shape ``(S, C)``.

        ``"measured"`` where at least 90 % of its conversions have come by its last complete bin,
        ``"extrapolated"`` where link ratios of older cohorts carry it further, and ``"bound
        only"`` where it has no conversion of its own.
        """
        carried = np.where(self.mature >= MATURE, "measured", "extrapolated")
        return np.where(self.own, carried, "bound only")

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

    @property
    def after_bins(self) -> int:
        """Conversions so far that came after the last complete bin of their cohort."""
        return round(float(self.reached[0].sum() - self._latest.sum()))

    @cached_property
    def _latest(self) -> FloatArray:
        return self._target(lambda pattern: pattern.ladder.latest)

    @cached_property
    def _owns(self) -> BoolArray:
        return np.asarray(self._grid(lambda pattern: pattern.own), bool)

    @cached_property
    def _ultimates(self) -> FloatArray:
        """Rates of all outcomes, shape ``(K, S, C)``: no less than has come, no more than can."""
        leads = np.maximum(self.entered, 1)
        least = self.reached / leads
        growth = np.maximum(self._grid(lambda pattern: pattern.rates) - least, 0.0)
        room = np.where(self.entered > 0, self.undecided / leads, 1.0)
        total = growth.sum(axis=0)
        return np.asarray(least + growth * np.minimum(1.0, room / np.where(total > 0, total, 1.0)))

    def _share(self, outcome: int, days: FloatArray) -> FloatArray:
        """Return the pattern of one outcome at each age, shape ``(S, C, n_ages)``."""
        found = [
            self._daily(group[outcome], group[outcome].shares, spread[outcome], days)
            for group, spread in zip(self.patterns, self.spreads, strict=True)
        ]
        full = (len(self.segments), len(self.cohorts), len(days))
        return np.array(np.broadcast_to(np.stack(found)[:, None, :], full))

    def _daily(
        self, pattern: Pattern, shares: FloatArray, spread: FloatArray, days: FloatArray
    ) -> FloatArray:
        """Return shares at each age from those by bin, shape ``(..., n_ages)``."""
        last = self.bins.horizon
        inside = np.clip(days, 0, last).astype(np.int64)
        found = np.where(days >= 0, self.bins.daily(shares, spread)[..., inside], 0.0)
        if self.tail is None:
            return found
        over = np.maximum(days - last, 0.0)
        ended = shares[..., -1:]
        # What is missing at the last bin differs from draw to draw, its decay does not.
        left = (1 - pattern.tail.share(over)) / max(1 - 1 / pattern.tail.factor, 1e-300)
        return np.where(days > last, 1 - (1 - ended) * np.minimum(left, 1.0), found)

    def _between(self, by_bin: FloatArray, days: FloatArray) -> FloatArray:
        """Return values at each age, straight between the ends of bins, ``(S, C, n_ages)``."""
        ends = self.bins.ends.astype(float)
        inside = np.clip(days, ends[0], ends[-1])
        at = np.minimum(np.searchsorted(ends, inside), len(ends) - 1)
        before = np.maximum(at - 1, 0)
        width = np.maximum(ends[at] - ends[before], 1.0)
        weight = np.where(at > 0, (ends[at] - inside) / width, 0.0)
        found = weight * by_bin[..., before] + (1 - weight) * by_bin[..., at]
        return np.asarray(np.where(days > ends[-1], by_bin[..., -1:], found))

    def _draw(
        self, group: int, n: int, days: FloatArray, rng: np.random.Generator
    ) -> list[FloatArray]:
        """Return draws of the surfaces of all outcomes of one group, ``(n, S', C, n_ages)``."""
        patterns, spread = self.patterns[group], self.spreads[group]
        size, kinds = len(patterns[0].entered), len(patterns)
        shown = np.stack([np.where(p.own, p.ladder.latest, 0.0) for p in patterns])
        divisor = np.stack([p.excess for p in patterns]).max(axis=0) * self._group_design(group)
        leads = patterns[0].entered
        prior = 1 / (kinds + 1)
        rest = rng.standard_gamma(
            np.maximum(leads - shown.sum(axis=0), 0.0) / divisor + prior, (n, size)
        )
        drawn = [rng.standard_gamma(seen / divisor + prior, (n, size)) for seen in shown]
        total = rest + sum(drawn)
        rates, shares = [], []
        for pattern, part in zip(patterns, drawn, strict=True):
            by_bin = pattern.draw_shares(n, rng)
            position = np.maximum(pattern.ladder.position, 0)
            by_now = np.where(pattern.own, by_bin[:, position], 1.0)
            mine = part / total / np.maximum(by_now, 1e-12)
            rates.append(np.where(pattern.own, mine, pattern.draw_pooled(n, rng)))
            shares.append(by_bin)
        most = np.maximum(sum(rates), 1.0)
        columns = len(self.cohorts)
        return [
            (rate / most).reshape(n, -1, columns, 1)
            * self._daily(pattern, by_bin, spread[k], days)[:, None, None, :]
            for k, (rate, by_bin, pattern) in enumerate(zip(rates, shares, patterns, strict=True))
        ]

    def _group_design(self, group: int) -> FloatArray:
        """Design effect of each cell of a group, in a row."""
        worth = self._worth(None)
        design = np.where(worth > 0, self.entered / np.where(worth > 0, worth, 1.0), 1.0)
        return (design if len(self.patterns) == 1 else design[group : group + 1]).ravel()

    def _worth(self, confidence_level: float | None) -> FloatArray:
        """Leads that those of each cell are worth, shape ``(S, C)``."""
        if self.accounts is None:
            return self.entered.astype(float)
        return self.accounts.effective(
            self.reached[0], self.entered, confidence_level=confidence_level
        )

    def _target(self, take: Callable[[Pattern], FloatArray]) -> FloatArray:
        """Return something of the target's patterns, shape ``(S, C)``."""
        return np.asarray(self._grid(take)[0])

    def _grid(self, take: Callable[[Pattern], FloatArray | BoolArray]) -> FloatArray:
        """Return something of each pattern, shape ``(K, S, C, ...)``."""
        found = [
            np.concatenate([np.asarray(take(group[k])) for group in self.patterns])
            for k in range(len(self.outcomes))
        ]
        return np.stack(found).reshape(len(self.outcomes), *self.entered.shape, *found[0].shape[1:])

    def _position(self, outcome: str | None) -> int:
        if outcome is None:
            return 0
        if outcome not in self.outcomes:
            raise ArgumentError(f"`outcome`: {unknown('outcome', outcome, self.outcomes)}")
        return self.outcomes.index(outcome)

    def _days(self, argument: str, ages: ArrayLike) -> FloatArray:
        if self.horizon is not None:
            return whole_days(argument, ages, horizon=self.horizon).astype(float)
        try:
            given = np.atleast_1d(np.asarray(ages, float))
        except (TypeError, ValueError):
            given = np.array([np.nan])
        if given.ndim > 1 or np.isnan(given).any():
            raise ArgumentError(f"`{argument}` must be numbers of days in a row; got {ages!r}.")
        return np.asarray(np.floor(given))
