"""Adjusted rates: what each cohort comes to, given how far its leads have come."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.clusters import ClusterSums
from funnelkit._core.dates import period_label, period_name
from funnelkit._core.errors import ArgumentError
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import Interval, share_interval
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Segment, Triangle
from funnelkit.lag.base import LagFit

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
IMMATURE_BELOW = 0.9


def adjust(triangle: Triangle, fit: LagFit, *, confidence_level: float = 0.95) -> AdjustedRates:
    """Return what each cohort's rate comes to once its leads are as old as the horizon.

    Parameters
    ----------
    triangle
        Counts of the cohorts to adjust; ``triangle.collapse(cohorts=True)`` for one rate per
        segment.
    fit
        Timing, of the same target, with every segment and cohort of the triangle. One that is
        pooled over cohorts says most about young cohorts: these have little pace of their own.
    confidence_level
        Level of the intervals in :meth:`AdjustedRates.to_frame`.

    Returns
    -------
    AdjustedRates
        One rate per segment and cohort; the denominator is the leads that entered ``start``.

    Raises
    ------
    ArgumentError
        If the fit is of another target, or lacks a segment or cohort of the triangle.

    Notes
    -----
    With m(i) the maturity of lead i at its age on ``as_of`` (at the horizon, if it is older), a
    cohort with x conversions by the horizon comes to x / Σ m(i): its own conversions, not the
    average's; at most what it comes to if all leads that are still open convert. The interval is
    Wilson's for x of the leads that entered, divided by the mean maturity, at most 1: the
    conversions so far are a binomial share of all leads. (Wilson's
    interval on Σ m(i) leads, which is common, is nearly the same for small rates, but covers 75
    to 90 % instead of 95 % where rates are large and leads young.) It holds the timing fixed.
    Where the funnel has accounts, the number of leads is the effective one.

    References
    ----------
    Chapelle (2014), KDD, 1097-1105 (conversions still to come); Mack (1993), ASTIN Bulletin 23,
    213-225 (a cohort's own development); Wilson (1927), JASA 22, 209-212.

    Examples
    --------
    Two daily cohorts of 40 leads. Of the first, 8 convert on day 0 and 8 on day 1; the second is
    0 days old, and 4 have converted: 0.15 of all by day 0, 0.3625 by day 1.

    >>> import datetime as dt
    >>> import pandas as pd
    >>> from funnelkit.lag import fit_kaplan_meier
    >>> triangle = Triangle(
    ...     start="lead",
    ...     target="won",
    ...     cohorts=pd.period_range("2026-01-01", periods=2, freq="D"),
    ...     as_of=dt.date(2026, 1, 2),
    ...     entered=[[40, 40]],
    ...     events={"won": [[[8, 8], [4, 0]]]},
    ...     censored=[[[0, 24], [36, 0]]],
    ...     followed=[[[0, 40], [40, 0]]],
    ... )
    >>> rates = adjust(triangle, fit_kaplan_meier(triangle))
    >>> rates.maturity.round(4).tolist()  # 0.15 / 0.3625
    [[1.0, 0.4138]]
    >>> rates.adjusted.round(4).tolist()  # 4 / (40 x 0.4138)
    [[0.4, 0.2417]]
    """
    checks.confidence(confidence_level)
    cells = np.ix_(*_positions(triangle, fit))
    oldest = triangle.n_ages - 1
    last = oldest if fit.horizon is None else min(fit.horizon, oldest)
    shape = fit.maturity(np.arange(last + 1))[cells]
    followed, events = triangle.followed, triangle.by_age(triangle.target)
    full = followed[..., last + 1 :].sum(axis=-1)
    mature_leads = (followed[..., : last + 1] * shape).sum(axis=-1) + full
    return AdjustedRates(
        start=triangle.start,
        target=triangle.target,
        by=triangle.by,
        segments=triangle.segments,
        cohorts=triangle.cohorts,
        partial=triangle.partial,
        as_of=triangle.as_of,
        horizon=fit.horizon,
        confidence_level=confidence_level,
        entered=triangle.entered,
        converted=events[..., : last + 1].sum(axis=-1),
        later=events[..., last + 1 :].sum(axis=-1),
        undecided=triangle.censored[..., : fit.horizon].sum(axis=-1),
        late=0 * triangle.entered if triangle.late is None else triangle.late.sum(axis=-1),
        mature_leads=mature_leads,
        ultimate=np.asarray(fit.ultimate)[cells],
        accounts=None if triangle.accounts is None else triangle.accounts.up_to(last),
    )


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
    accounts
        Sums over accounts, where the funnel has ``account``.
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
    accounts: ClusterSums | None = None

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("entered", "converted", "later", "undecided", "late"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))
        for name in ("mature_leads", "ultimate"):
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
    def adjusted(self) -> FloatArray:
        """Rate by the horizon: converted / Σ maturity, at most (converted + undecided) / entered.

        Where a cohort has no basis of its own: that of its segment's cohorts taken together, or
        of all of them, or the fit's.
        """
        one = np.maximum(self.mature_leads, 1.0)
        mine = np.minimum(self.converted / one, self._most)
        pooled = self.ultimate
        for axes in ((0, 1), 1):
            leads = np.where(self.own, self.mature_leads, 0.0).sum(axis=axes, keepdims=True)
            found = np.where(self.own, self.converted, 0).sum(axis=axes, keepdims=True)
            pooled = np.where(leads > 0, found / np.maximum(leads, 1.0), pooled)
        return np.where(self.own, mine, np.clip(pooled, 0.0, 1.0))

    @property
    def expected_more(self) -> FloatArray:
        """Conversions still to be expected by the horizon, at most the undecided leads."""
        return np.minimum(self.adjusted * (self.entered - self.mature_leads), self.undecided)

    @property
    def _most(self) -> FloatArray:
        """Rate if every undecided lead converts."""
        return (self.converted + self.undecided) / np.maximum(self.entered, 1)

    def confidence_interval(self, confidence_level: float = 0.95) -> Interval:
        """Return the interval of ``adjusted``, inside [0, 1]; [0, 1] without a basis of its own.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        own = self.own
        mean = np.where(own, self.maturity, 1.0)
        seen = np.minimum(self.converted, self._most * self.mature_leads)
        low, high = self._share(seen, confidence_level)
        return Interval(
            np.where(own, np.minimum(low / mean, 1.0), 0.0),
            np.where(own, np.minimum(high / mean, 1.0), 1.0),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment and cohort.

        Returns
        -------
        DataFrame
            ``cohort``, the segment columns, ``entered``, ``converted`` (by the horizon so far),
            ``rate``, ``rate_low``, ``rate_high``, ``maturity``, ``adjusted``, ``adjusted_low``,
            ``adjusted_high``, ``expected_more`` (leads), ``immature`` (maturity below 0.9),
            ``partial`` (not all leads of the cohort are counted) and ``basis``: ``"own"``, or
            ``"pooled"`` where the adjusted rate is that of other cohorts, for want of its own.
        """
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
                "basis": np.where(self.own, "own", "pooled"),
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
                f"{'' if self.own[0, j] else ', going by the other cohorts'}. "
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
        worth = self.entered.astype(float)
        if self.accounts is not None:
            worth = self.accounts.effective(
                self.converted, self.entered, confidence_level=confidence_level
            )
        scale = worth / np.maximum(self.entered, 1)
        return share_interval(converted * scale, worth, confidence_level=confidence_level)


def _positions(triangle: Triangle, fit: LagFit) -> tuple[list[int], list[int]]:
    """Return where the triangle's segments and cohorts stand in the fit."""
    if fit.outcomes[0] != triangle.target:
        raise ArgumentError(
            f"`fit` must be of the target `{triangle.target}`; got one of `{fit.outcomes[0]}`."
        )
    rows = {segment: i for i, segment in enumerate(fit.segments)}
    columns = {cohort: j for j, cohort in enumerate(fit.cohorts)}
    missing = [str(segment) for segment in triangle.segments if segment not in rows]
    missing += [period_label(cohort) for cohort in triangle.cohorts if cohort not in columns]
    if missing:
        raise ArgumentError(
            "`fit` must hold every segment and cohort of the triangle; it lacks "
            f"{display.listed(missing[:5])}{' and others' if len(missing) > 5 else ''}."
        )
    return (
        [rows[segment] for segment in triangle.segments],
        [columns[cohort] for cohort in triangle.cohorts],
    )
