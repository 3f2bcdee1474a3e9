"""Cohort rates: of the leads that entered in a period, the share that reached the target."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.clusters import ClusterSums
from funnelkit._core.dates import period_label
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import Interval, ShareMethod, share_interval
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Segment, Triangle
from funnelkit.rates.businesses import businesses, told_apart

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def cohort(
    triangle: Triangle,
    *,
    within: int | None = None,
    confidence_level: float = 0.95,
    method: ShareMethod = "wilson",
) -> CohortRates:
    """Return the share of each cohort that reached the target.

    Parameters
    ----------
    triangle
        Counts of one transition.
    within
        Count conversions only up to this age in days, so that cohorts can be compared. A cohort
        with leads that are younger is immature: its counts are shown, its rate is left blank.
        Default: whatever has converted by ``as_of``; young cohorts are then low
        (:func:`funnelkit.lag.adjust` corrects them).
    confidence_level
        Level of the intervals in :meth:`CohortRates.to_frame`.
    method
        ``"wilson"`` or ``"exact"``.

    Returns
    -------
    CohortRates
        One rate per segment and cohort; the denominator is the leads that entered ``start``.

    Raises
    ------
    ArgumentError
        If ``within``, the level or the method cannot be used.

    Notes
    -----
    Conversions whose day was not observed count from the age by which they must have come. Where
    the funnel has accounts, the intervals rest on the effective number of leads, from the
    variance linearised over accounts. Cohorts with leads that came under observation late have
    no rate: conversions before that are missing.

    References
    ----------
    Wilson (1927), JASA 22, 209-212; Clopper and Pearson (1934), Biometrika 26, 404-413. Cochran
    (1977), Sampling Techniques, 3rd ed., section 3.12; Korn and Graubard (1998), Survey
    Methodology 24, 193-201.

    Examples
    --------
    >>> import datetime as dt
    >>> import pandas as pd
    >>> triangle = Triangle(
    ...     start="lead",
    ...     target="won",
    ...     cohorts=pd.period_range("2026-01", periods=2, freq="M"),
    ...     as_of=dt.date(2026, 2, 28),
    ...     entered=[[263, 40]],
    ...     events={"won": [[[0] * 10 + [81] + [0] * 48, [3] + [0] * 58]]},
    ...     censored=[[[0] * 58 + [182], [0] * 27 + [37] + [0] * 31]],
    ...     followed=[[[0] * 58 + [263], [0] * 27 + [40] + [0] * 31]],
    ... )
    >>> rates = cohort(triangle, within=30)
    >>> rates.to_frame()[["cohort", "entered", "converted", "rate", "mature"]]
        cohort  entered  converted      rate  mature
    0  2026-01      263         81  0.307985    True
    1  2026-02       40          3       NaN   False
    """
    checks.confidence(confidence_level)
    checks.one_of("method", method, ("wilson", "exact"))
    if within is not None:
        checks.positive_whole("within", within)
    ages = np.arange(triangle.n_ages)
    events = triangle.by_age(triangle.target)
    sums = triangle.accounts
    followed = triangle.followed
    return CohortRates(
        start=triangle.start,
        target=triangle.target,
        by=triangle.by,
        segments=triangle.segments,
        cohorts=tuple(period_label(each) for each in triangle.cohorts),
        partial=np.array([each in triangle.partial for each in triangle.cohorts]),
        as_of=triangle.as_of,
        within=within,
        method=method,
        confidence_level=confidence_level,
        entered=triangle.entered,
        converted=events[..., : None if within is None else within + 1].sum(axis=-1),
        of_age=followed[..., ages >= (within or 0)].sum(axis=-1),
        followed_days=np.argmax(followed > 0, axis=-1),
        late=0 * triangle.entered if triangle.late is None else triangle.late.sum(axis=-1),
        accounts=None if sums is None else sums.up_to(within),
        apart=triangle.apart,
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CohortRates(Result):
    """Rates of cohorts; see :func:`cohort`.

    Shapes: ``(n_segments, n_cohorts)``.

    Parameters
    ----------
    start, target, by, segments, as_of
        As in the triangle.
    cohorts
        Labels of the cohorts.
    partial
        Cohorts of which only a part is counted, shape ``(n_cohorts,)``.
    within
        Age in days up to which conversions count; ``None``: up to ``as_of``.
    method, confidence_level
        Of the intervals in :meth:`to_frame`.
    entered, converted
        Leads that entered ``start``, and those of them that reached ``target`` in the window.
    of_age
        Leads that have been followed for the whole window.
    followed_days
        Age of the youngest lead.
    late
        Leads that came under observation only some time after they entered.
    accounts
        Sums over accounts, where the funnel has ``account``.
    apart
        Segment columns whose values are businesses of their own, of which no sentence makes one.
    """

    start: str
    target: str
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    cohorts: tuple[str, ...]
    partial: NDArray[np.bool_]
    as_of: dt.date
    within: int | None
    method: ShareMethod
    confidence_level: float
    entered: IntArray
    converted: IntArray
    of_age: IntArray
    followed_days: IntArray
    late: IntArray
    accounts: ClusterSums | None = None
    apart: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        object.__setattr__(self, "partial", frozen(self.partial, np.bool_))
        for name in ("entered", "converted", "of_age", "followed_days", "late"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))

    @property
    def mature(self) -> NDArray[np.bool_]:
        """Whether every lead has been followed for the whole window."""
        return np.asarray((self.entered > 0) & (self.of_age == self.entered))

    @property
    def maturity(self) -> FloatArray:
        """Share of the leads that have been followed for the whole window; 0 without leads."""
        return np.asarray(self.of_age / np.maximum(self.entered, 1))

    @property
    def rated(self) -> NDArray[np.bool_]:
        """Whether there is a rate: leads, all of them mature, none of them observed late."""
        return np.asarray(self.mature & (self.late == 0))

    @property
    def rate(self) -> FloatArray:
        """Converted over entered; NaN where there is no rate."""
        return np.where(self.rated, self.converted / np.maximum(self.entered, 1), np.nan)

    @property
    def overall(self) -> CohortRates:
        """The cohorts that have a rate, as one, for each segment."""
        rated = self.rated
        held = np.flatnonzero(rated.any(axis=0))
        label = "none"
        if len(held):
            first, last = self.cohorts[held[0]], self.cohorts[held[-1]]
            label = first if first == last else f"{first} to {last}"

        def total(values: NDArray[Any]) -> NDArray[Any]:
            return np.asarray(np.where(rated, values, 0).sum(axis=1, keepdims=True))

        days = np.where(rated, self.followed_days, np.iinfo(np.int64).max).min(1, keepdims=True)
        return replace(
            self,
            cohorts=(label,),
            partial=np.array([bool(self.partial[held].any())]),
            entered=total(self.entered),
            converted=total(self.converted),
            of_age=total(self.of_age),
            followed_days=np.where(rated.any(axis=1, keepdims=True), days, 0),
            late=total(self.late),
            accounts=None if self.accounts is None else self.accounts.summed(1, where=rated),
        )

    def confidence_interval(self, confidence_level: float = 0.95) -> Interval:
        """Return the interval of ``rate``, inside [0, 1]; NaN where there is no rate.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        worth = self.entered.astype(float)
        if self.accounts is not None:
            worth = self.accounts.effective(
                self.converted, self.entered, confidence_level=confidence_level
            )
        found = share_interval(
            self.converted / np.maximum(self.entered, 1) * worth,
            worth,
            confidence_level=confidence_level,
            method=self.method,
        )
        return Interval(*(np.where(self.rated, end, np.nan) for end in found))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment and cohort.

        Returns
        -------
        DataFrame
            ``cohort``, the segment columns, ``entered``, ``converted``, ``rate``, ``rate_low``,
            ``rate_high``, ``followed_days`` (age of the youngest lead); with a window
            ``maturity`` (share of the leads followed for all of it) and ``mature``; ``partial``
            (not all leads of the cohort are counted).
        """
        low, high = self.confidence_interval(self.confidence_level)
        windowed = {} if self.within is None else {"maturity": self.maturity, "mature": self.mature}
        return long_frame(
            {
                "entered": self.entered,
                "converted": self.converted,
                "rate": self.rate,
                "rate_low": low,
                "rate_high": high,
                "followed_days": self.followed_days,
                **windowed,
                "partial": self.partial,
            },
            shape=self.entered.shape,
            by=self.by,
            segments=self.segments,
            periods=self.cohorts,
        )

    def summary(self) -> str:
        """Return the rate of all cohorts that have one, and what has none.

        Of businesses that are kept apart, that of each.
        """
        parts = businesses(self.by, self.segments, self.apart)
        if len(parts) > 1:
            own = [(values, self._of(rows)) for values, rows in parts]
            said = [(values, int(one.entered.sum()), one.summary()) for values, one in own]
            return told_apart(said)
        when = (
            f"by {self.as_of.isoformat()}"
            if self.within is None
            else f"within {display.plural(self.within, 'day')}"
        )
        text = [f"No cohort has a rate {when}."]
        whole = _merged(self.overall)
        if whole.rated.any():
            low, high = (
                float(np.ravel(end)[0]) for end in whole.confidence_interval(self.confidence_level)
            )
            sentence = (
                f"{display.count(whole.converted[0, 0])} of "
                f"{display.plural(whole.entered[0, 0], 'lead')} "
                f"({display.percent(whole.rate[0, 0])}, "
                f"{display.percent_range(low, high, words=True)}) reached {self.target} {when}, "
                f"in {display.plural(self.rated.any(axis=0).sum(), 'cohort')}."
            )
            text = [sentence]
        young = (self.entered > 0) & ~self.mature
        if young.any():
            text.append(
                f"{display.plural(young.sum(), 'cohort')} with "
                f"{display.plural(self.entered[young].sum(), 'lead')} "
                f"{'is' if young.sum() == 1 else 'are'} not yet followed for {self.within} days "
                f"and {'has' if young.sum() == 1 else 'have'} no rate."
            )
        unseen = int((self.late > 0).sum())
        if unseen:
            text.append(
                f"{display.plural(unseen, 'cohort')} came under observation late and "
                f"{'has' if unseen == 1 else 'have'} no rate."
            )
        return " ".join(text)

    def _of(self, rows: list[int]) -> CohortRates:
        """Return the rates of some segments, as of one business."""
        names = ("entered", "converted", "of_age", "followed_days", "late")
        return replace(
            self,
            segments=tuple(self.segments[row] for row in rows),
            accounts=None if self.accounts is None else self.accounts.picked(rows),
            apart=(),
            **{name: getattr(self, name)[rows] for name in names},
        )


def _merged(rates: CohortRates) -> CohortRates:
    """Return the rates of all segments as one."""

    def total(values: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(values.sum(axis=0, keepdims=True))

    return replace(
        rates,
        by=(),
        segments=((),),
        entered=total(rates.entered),
        converted=total(rates.converted),
        of_age=total(rates.of_age),
        followed_days=rates.followed_days[:1],
        late=total(rates.late),
        accounts=None if rates.accounts is None else rates.accounts.summed(0),
    )
