"""`ChainLadderEstimate`: patterns of development, and what each cohort comes to by them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core.clusters import ClusterSums
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Segment
from funnelkit.lag.base import Verdict, outcome_position
from funnelkit.lag.chain.bins import Bins
from funnelkit.lag.chain.pattern import Pattern
from funnelkit.lag.nonparametric.ages import whole_days
from funnelkit.lag.verdicts import MATURE

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ChainLadderEstimate(Result):
    """What a chain ladder was fitted to, its patterns, and what each cohort comes to by them.

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
        return outcome_position(self.outcomes, outcome)

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
