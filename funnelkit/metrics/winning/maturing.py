"""How far young cohorts have come, and what their rates come to, where a fit can tell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import Unit, period_label
from funnelkit._core.errors import FunnelError
from funnelkit.counts.passages import Passages
from funnelkit.counts.triangle import Triangle
from funnelkit.data.records import Leads
from funnelkit.lag.base import LagFit

FloatArray = NDArray[np.float64]
IMMATURE_BELOW = 0.9


class Adjusted(NamedTuple):
    """Lag-adjusted rates on the axes of the counts, and the records behind them."""

    rate: FloatArray
    low: FloatArray
    high: FloatArray
    entered: FloatArray


@dataclass(frozen=True, kw_only=True)
class Maturing:
    """How mature shares by entry are, on the axes of their counts.

    Parameters
    ----------
    counted
        The counts.
    triangle, fit
        The same by age, and their timing; ``None`` where there is none.
    why_not
        Why there is none.
    """

    counted: Passages
    triangle: Triangle | None = None
    fit: LagFit | None = None
    why_not: str = ""

    @property
    def horizon(self) -> int | None:
        """Days after entry within which conversions count."""
        return None if self.fit is None else self.fit.horizon

    @cached_property
    def maturity(self) -> FloatArray:
        """Mean maturity of the records, shape ``(n_segments, n_periods)``; NaN where unknown."""
        if self.triangle is None or self.fit is None:
            return np.full(self.counted.entered.shape, np.nan)
        ages = np.arange(self.triangle.n_ages)
        if self.fit.horizon is not None:
            ages = np.minimum(ages, self.fit.horizon)
        shape = self.fit.maturity(ages)
        mature = (self.triangle.followed * shape).sum(axis=-1)
        return self._placed(mature / np.maximum(self.triangle.entered, 1))

    def adjusted(self, confidence_level: float) -> Adjusted:
        """Return lag-adjusted rates with their intervals; NaN where there is no fit."""
        if self.triangle is None or self.fit is None:
            blank = np.full(self.counted.entered.shape, np.nan)
            return Adjusted(blank, blank, blank, np.zeros(blank.shape))
        from funnelkit.lag import adjust

        rates = adjust(self.triangle, self.fit, confidence_level=confidence_level)
        low, high = (self._placed(end) for end in rates.confidence_interval(confidence_level))
        entered = np.nan_to_num(self._placed(rates.entered))
        return Adjusted(self._placed(rates.adjusted), low, high, entered)

    def immature(self) -> str:
        """Return a sentence on the cohorts that are not mature; nothing where all are."""
        if self.why_not:
            return f"How mature it is cannot be told: {self.why_not}"
        young = np.nan_to_num(self.maturity, nan=1.0) < IMMATURE_BELOW
        if not young.any():
            return ""
        least = display.maturity(float(np.nanmin(self.maturity)))
        some = "" if young.sum() == 1 else " or more"
        if self.counted.periods is None:
            return f"Immature: {least}{some} of what comes within {self.horizon} days is there."
        cohorts = zip(self.counted.periods, np.asarray(young.any(axis=0)), strict=True)
        names = [period_label(period) for period, is_young in cohorts if is_young]
        shown = names if len(names) <= 4 else [names[0], "…", names[-1]]
        return (
            f"Immature, with less than {display.maturity(IMMATURE_BELOW)} of what comes within "
            f"{self.horizon} days: {', '.join(shown)} (down to {least})."
        )

    def _placed(self, values: object) -> FloatArray:
        """Return values of the triangle's cells on the axes of the counts."""
        counted, triangle = self.counted, self.triangle
        out = np.full(counted.entered.shape, np.nan)
        if triangle is None:
            return out
        rows = np.array([counted.segments.index(one) for one in triangle.segments], dtype=int)
        columns = np.arange(1)
        if counted.periods is not None:
            columns = np.asarray(counted.periods.get_indexer(triangle.cohorts))
        known = np.where(triangle.entered > 0, np.asarray(values, float), np.nan)
        out[np.ix_(rows, columns)] = known
        return out


def matured(leads: Leads, counted: Passages, *, every: Unit | None) -> Maturing:
    """Return how mature counts are, or why that cannot be told.

    Parameters
    ----------
    leads
        The data.
    counted
        Their counts.
    every
        Unit of the periods, as the counts were asked for.

    Notes
    -----
    Timing from the Aalen-Johansen curve of each segment, pooled over its cohorts; rates by
    :func:`funnelkit.lag.adjust`.
    """
    from funnelkit.counts.build import triangle
    from funnelkit.lag import fit_competing

    if counted.level == "account":
        return Maturing(counted=counted, why_not="fits are of records, not of accounts.")
    start, target = counted.start, counted.target
    try:
        counts = triangle(leads, start, target, cohort=every or "year", by=counted.by)
        if every is None:
            counts = counts.collapse(cohorts=True)
        return Maturing(counted=counted, triangle=counts, fit=fit_competing(counts))
    except FunnelError as reason:
        return Maturing(counted=counted, why_not=str(reason))
