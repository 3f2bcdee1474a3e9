"""Adjusted rates: what each cohort comes to, given how far its leads have come."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.clusters import ClusterSums
from funnelkit._core.dates import period_name
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import Interval, share_interval
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Segment
from funnelkit.lag.adjusting.cells import Cells
from funnelkit.lag.adjusting.noise import chance_of_more, more_interval, own_interval, widened
from funnelkit.lag.adjusting.pace import Pace
from funnelkit.lag.adjusting.shrunken import ShrunkenFit

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
IMMATURE_BELOW = 0.9


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class AdjustedRates(Result):
    """Rates of cohorts so far, and what they come to within the horizon.

    Shapes: ``(n_segments, n_cohorts)``.

    Parameters
    ----------
    start, target, by, segments, cohorts, partial, as_of
        As in the triangle.
    horizon
        Age in days up to which conversions count; ``None``: any age.
    confidence_level
        Level of the intervals in :meth:`to_frame`.
    entered, converted
        Leads that entered ``start``, and those that reached ``target`` by the horizon so far.
    later
        Leads that reached it after the horizon; they count in nothing else.
    undecided
        Leads open on ``as_of`` and younger than the horizon.
    late
        Leads that came under observation only some time after they entered.
    mature_leads
        Σ maturity over the leads: how many fully followed leads they are worth.
    ultimate
        The fit's rate by the horizon, for cohorts without any basis of their own.
    timing_sd
        Standard deviation of the log of the rate from doubt about the timing; 0 where the rates
        are a shrunken fit's, which has it in.
    pace_sd
        Standard deviation of the log of the rate from months of another pace.
    pace
        Pace of the civil months; ``None`` where it is held at the usual one.
    accounts
        Sums over accounts, where the funnel has ``account``.
    shrunken, cells
        The fit whose rates these are, where it is a shrunken one, and where they stand in it.
    """

    start: str
    target: str
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    cohorts: pd.PeriodIndex
    partial: frozenset[pd.Period]
    as_of: dt.date
    horizon: int | None
    confidence_level: float
    entered: IntArray
    converted: IntArray
    later: IntArray
    undecided: IntArray
    late: IntArray
    mature_leads: FloatArray
    ultimate: FloatArray
    timing_sd: FloatArray
    pace_sd: FloatArray
    pace: Pace | None = None
    accounts: ClusterSums | None = None
    shrunken: ShrunkenFit | None = None
    cells: Cells = ((), ())

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("entered", "converted", "later", "undecided", "late"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))
        for name in ("mature_leads", "ultimate", "timing_sd", "pace_sd"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def rate(self) -> FloatArray:
        """Converted so far over entered; 0 where nobody entered."""
        return self.converted / np.maximum(self.entered, 1)

    @property
    def maturity(self) -> FloatArray:
        """Mean maturity of the leads, from 0 to 1; 0 where nobody entered."""
        return self.mature_leads / np.maximum(self.entered, 1)

    @property
    def immature(self) -> NDArray[np.bool_]:
        """Whether less than 90 % of what is to come is there to be seen."""
        return np.asarray(self.maturity < IMMATURE_BELOW)

    @property
    def own(self) -> NDArray[np.bool_]:
        """Whether the adjusted rate rests on the cohort's own conversions.

        It does not where its leads are worth less than one that is fully followed, nor where
        some came under observation late, so that conversions before that are missing.
        """
        return np.asarray((self.mature_leads >= 1) & (self.late == 0))

    @property
    def basis(self) -> NDArray[np.str_]:
        """What each adjusted rate rests on: ``"own"``, ``"pooled"`` or ``"shrunken"``."""
        if self.shrunken is not None:
            return np.full(self.entered.shape, "shrunken")
        return np.asarray(np.where(self.own, "own", "pooled"))

    @property
    def adjusted(self) -> FloatArray:
        """Rate by the horizon: converted / Σ maturity, at most (converted + undecided) / entered.

        Where a cohort has no basis of its own: that of its segment's cohorts taken together, or
        of all of them, or the fit's. With a shrunken fit, its rates.
        """
        if self.shrunken is not None:
            return np.asarray(self.ultimate)
        one = np.maximum(self.mature_leads, 1.0)
        mine = np.minimum(self.converted / one, self.most)
        pooled = self.ultimate
        for axes in ((0, 1), 1):
            leads = np.where(self.own, self.mature_leads, 0.0).sum(axis=axes, keepdims=True)
            found = np.where(self.own, self.converted, 0).sum(axis=axes, keepdims=True)
            pooled = np.where(leads > 0, found / np.maximum(leads, 1.0), pooled)
        return np.where(self.own, mine, np.clip(pooled, 0.0, 1.0))

    @property
    def holds_fixed(self) -> tuple[str, ...]:
        """What the intervals take as known: ``("pace",)`` without counts by civil month."""
        return ("pace",) if self.pace is None else ()

    @property
    def expected_more(self) -> FloatArray:
        """Conversions still to be expected by the horizon, at most the undecided leads."""
        return np.asarray(self.undecided * chance_of_more(self, self.adjusted, self.maturity))

    def more_interval(self, confidence_level: float = 0.95) -> Interval:
        """Return the interval of the conversions still to come by the horizon, whole numbers.

        Returns
        -------
        Interval
            From 0 to ``undecided``; just that without a basis of its own.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.

        Notes
        -----
        A parametric bootstrap of 2,000 draws: of the rate, of timing and pace, and of which open
        leads convert. It is the same at every call.
        """
        low, high = more_interval(self, checks.confidence(confidence_level))
        known = self.own | (self.shrunken is not None)
        more = self.expected_more
        return Interval(
            np.where(known, np.minimum(low, np.floor(more)), 0.0),
            np.where(known, np.maximum(high, np.ceil(more)), self.undecided),
        )

    @property
    def most(self) -> FloatArray:
        """Rate if every undecided lead converts."""
        return np.asarray((self.converted + self.undecided) / np.maximum(self.entered, 1))

    @property
    def worth(self) -> FloatArray:
        """Effective number of leads: fewer than entered where those of an account go together."""
        return self._worth(None)

    def confidence_interval(self, confidence_level: float = 0.95) -> Interval:
        """Return the interval of ``adjusted``, inside [0, 1]; [0, 1] without a basis of its own.

        It holds chance, ``timing_sd`` and ``pace_sd``: see :func:`adjust`.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        level = checks.confidence(confidence_level)
        if self.shrunken is not None:
            place = np.ix_(*self.cells)
            ends = self.shrunken.confidence_interval(confidence_level=level)
            return Interval(*(np.asarray(end)[place] for end in ends))
        own = self.own
        mean = np.where(own, self.maturity, 1.0)
        worth = self._worth(level)
        scale = worth / np.maximum(self.entered, 1)
        seen = np.minimum(self.converted, self.most * self.mature_leads) * scale
        alone = own_interval(seen, worth, mean, confidence_level=level)
        # without a conversion, about the rate that half a one would give
        centre = np.where(seen > 0, seen, 0.5) / np.maximum(worth, 1.0) / mean
        sd = np.hypot(self.timing_sd, self.pace_sd)
        low, high = widened(alone, centre, sd, confidence_level=level)
        return Interval(np.where(own, low, 0.0), np.where(own, high, 1.0))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment and cohort.

        Returns
        -------
        DataFrame
            ``cohort``, the segment columns, ``entered``, ``converted`` (by the horizon so far),
            ``rate``, ``rate_low``, ``rate_high``, ``maturity``, ``adjusted``, ``adjusted_low``,
            ``adjusted_high``, ``expected_more`` (leads), ``immature`` (maturity below 0.9),
            ``partial`` (not all leads of the cohort are counted), ``basis``: ``"own"``,
            ``"pooled"`` where the adjusted rate is that of other cohorts, for want of its own, or
            ``"shrunken"``; ``more_low`` and ``more_high`` (leads), and ``timing_sd`` and
            ``pace_sd``: what the interval of ``adjusted`` holds beside chance, as standard
            deviations of the log of the rate.
        """
        more_low, more_high = self.more_interval(self.confidence_level)
        rate_low, rate_high = self._share(self.converted, self.confidence_level)
        low, high = self.confidence_interval(self.confidence_level)
        return long_frame(
            {
                "entered": self.entered,
                "converted": self.converted,
                "rate": self.rate,
                "rate_low": rate_low,
                "rate_high": rate_high,
                "maturity": self.maturity,
                "adjusted": self.adjusted,
                "adjusted_low": low,
                "adjusted_high": high,
                "expected_more": self.expected_more,
                "immature": self.immature,
                "partial": [cohort in self.partial for cohort in self.cohorts],
                "basis": self.basis,
                "more_low": np.asarray(more_low, np.int64),
                "more_high": np.asarray(more_high, np.int64),
                "timing_sd": self.timing_sd,
                "pace_sd": self.pace_sd,
            },
            shape=self.entered.shape,
            by=self.by,
            segments=self.segments,
            periods=self.cohorts,
        )

    def summary(self) -> str:
        """Return the latest cohort as it stands and as it will be, and how many are immature."""
        within = "" if self.horizon is None else f" within {display.plural(self.horizon, 'day')}"
        filled = np.flatnonzero(self.entered.sum(axis=0))
        if not len(filled):
            return f"No lead has entered {self.start}; there is nothing to adjust."
        j = int(filled[-1])
        text = ""
        if len(self.segments) == 1:
            low, high = (
                float(np.asarray(end)[0, j])
                for end in self.confidence_interval(self.confidence_level)
            )
            entered = display.plural(self.entered[0, j], "lead")
            text = (
                f"{period_name(self.cohorts[j])}: {display.count(self.converted[0, j])} of "
                f"{entered} reached {self.target} so far ({display.percent(self.rate[0, j])}); "
                f"{display.percent(self.adjusted[0, j])} "
                f"({display.percent_range(low, high, words=True)}) expected{within}"
                f"{', going by the other cohorts' if self.basis[0, j] == 'pooled' else ''}. "
            )
        young = int((self.immature & (self.entered > 0)).sum())
        cells = display.plural((self.entered > 0).sum(), "cohort")
        text += f"Of {cells} with {display.plural(self.entered.sum(), 'lead')} in all, "
        text += f"{display.count(young)} {'is' if young == 1 else 'are'} immature."
        if self.later.any():
            text += (
                f" {display.plural(self.later.sum(), 'conversion')} after day {self.horizon} "
                f"{'is' if self.later.sum() == 1 else 'are'} left out."
            )
        return text

    def _share(self, converted: NDArray[Any], confidence_level: float) -> Interval:
        """Return the interval of a number of the entered leads, on their effective number."""
        worth = self._worth(confidence_level)
        scale = worth / np.maximum(self.entered, 1)
        return share_interval(converted * scale, worth, confidence_level=confidence_level)

    def _worth(self, confidence_level: float | None) -> FloatArray:
        if self.accounts is None:
            return self.entered.astype(float)
        return self.accounts.effective(
            self.converted, self.entered, confidence_level=confidence_level
        )
