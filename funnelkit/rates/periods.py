"""Period rates: entries to one stage in a period over entries to another in the same period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import Unit, period_name
from funnelkit._core.errors import ArgumentError
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import Interval, count_ratio_interval
from funnelkit._core.result import Result, frozen
from funnelkit.counts.flows import Flows
from funnelkit.counts.triangle import Segment
from funnelkit.rates.businesses import businesses, told_apart

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def period(
    leads: Leads | Flows,
    start: str,
    target: str,
    *,
    every: Unit = "month",
    by: str | Sequence[str] | None = None,
    confidence_level: float = 0.95,
) -> PeriodRates:
    """Return entries to the target in each period over entries to the start in it.

    These are not the same leads: who enters the target in May may have entered the start in
    March. The ratio tells what the period looked like, moves with the inflow, and may exceed 1;
    what share of leads converts is told by :func:`funnelkit.rates.cohort`.

    Parameters
    ----------
    leads
        The data, or flows counted from them (which then bring their own periods and segments).
    start, target
        Stages or exits.
    every
        Unit of the periods.
    by
        Segment column or columns.
    confidence_level
        Level of the intervals in :meth:`PeriodRates.to_frame`.

    Returns
    -------
    PeriodRates
        One ratio per segment and period; the denominator is the entries to ``start`` in the
        period.

    Raises
    ------
    ArgumentError
        If a stage, unit, segment or the level cannot be used.

    Notes
    -----
    The interval is the exact one of the ratio of two independent Poisson means. Where the same
    lead enters both stages in one period, the two counts move together and the interval is
    wider than it need be.

    References
    ----------
    Przyborowski and Wilenski (1940), Biometrika 31, 313-323.

    Examples
    --------
    >>> import datetime as dt
    >>> import pandas as pd
    >>> flows = Flows(
    ...     steps=("lead", "won"),
    ...     by=(),
    ...     segments=((),),
    ...     periods=pd.period_range("2018-04", periods=2, freq="M"),
    ...     as_of=dt.date(2018, 5, 31),
    ...     entries=[[[1352, 1303], [207, 122]]],
    ...     undated=[[0, 0]],
    ...     partial=frozenset(),
    ... )
    >>> period(flows, "lead", "won").to_frame().round(4)
        period  entered  converted    rate  rate_low  rate_high  partial
    0  2018-04     1352        207  0.1531    0.1316     0.1774    False
    1  2018-05     1303        122  0.0936    0.0771     0.1128    False
    """
    checks.confidence(confidence_level)
    if isinstance(leads, Flows):
        flows = leads
    else:
        from funnelkit.counts.build import flows as counted

        flows = counted(leads, every=every, by=by)
    rows = [
        flows.steps.index(checks.member(argument, "stage or exit", name, flows.steps))
        for argument, name in (("start", start), ("target", target))
    ]
    if rows[0] == rows[1]:
        raise ArgumentError(f"`target` must differ from `start`; got `{target}` for both.")
    return PeriodRates(
        start=start,
        target=target,
        by=flows.by,
        segments=flows.segments,
        periods=flows.periods,
        partial=flows.partial,
        as_of=flows.as_of,
        confidence_level=confidence_level,
        entered=flows.entries[:, rows[0]],
        converted=flows.entries[:, rows[1]],
        undated=flows.undated[:, rows],
        apart=flows.apart,
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PeriodRates(Result):
    """Ratios of entries by period; see :func:`period`.

    Parameters
    ----------
    start, target, by, segments, periods, partial, as_of
        As in the flows.
    confidence_level
        Level of the intervals in :meth:`to_frame`.
    entered, converted
        Entries to ``start`` and to ``target`` in the period, shape ``(n_segments, n_periods)``.
    undated
        Entries to ``start`` and to ``target`` whose day is not known and which are in no period,
        shape ``(n_segments, 2)``.
    apart
        Segment columns whose values are businesses of their own, of which no sentence makes one.
    """

    start: str
    target: str
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    periods: pd.PeriodIndex
    partial: frozenset[pd.Period]
    as_of: dt.date
    confidence_level: float
    entered: IntArray
    converted: IntArray
    undated: IntArray
    apart: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("entered", "converted", "undated"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))

    @property
    def rate(self) -> FloatArray:
        """Converted over entered, which may exceed 1; NaN where nothing entered."""
        some = self.entered > 0
        return np.where(some, self.converted / np.maximum(self.entered, 1), np.nan)

    def confidence_interval(self, confidence_level: float = 0.95) -> Interval:
        """Return the interval of ``rate``, at least 0; NaN where there is no rate.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        found = count_ratio_interval(
            self.converted, self.entered, confidence_level=confidence_level
        )
        return Interval(*(np.where(self.entered > 0, end, np.nan) for end in found))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment and period.

        Returns
        -------
        DataFrame
            ``period``, the segment columns, ``entered`` (entries to the start), ``converted``
            (entries to the target), ``rate``, ``rate_low``, ``rate_high`` and ``partial`` (the
            period is not wholly observed).
        """
        low, high = self.confidence_interval(self.confidence_level)
        return long_frame(
            {
                "entered": self.entered,
                "converted": self.converted,
                "rate": self.rate,
                "rate_low": low,
                "rate_high": high,
                "partial": [each in self.partial for each in self.periods],
            },
            shape=self.entered.shape,
            by=self.by,
            segments=self.segments,
            periods=self.periods,
            period="period",
        )

    def summary(self) -> str:
        """Return the ratio of the latest period, and that it is no conversion rate.

        Of businesses that are kept apart, that of each.
        """
        parts = businesses(self.by, self.segments, self.apart)
        if len(parts) > 1:
            own = [(values, self._of(rows)) for values, rows in parts]
            said = [(key, int(one.entered.sum()), f"In {one._latest()}.") for key, one in own]
            return f"{told_apart(said)} None of these is a conversion rate: the leads differ."
        text = self._latest()
        if self.entered.any():
            text += "; these are not the same leads, so it is no conversion rate"
        return f"{text}.{self._not_dated()}"

    def _latest(self) -> str:
        """Return the ratio of the latest period."""
        entered, converted = self.entered.sum(axis=0), self.converted.sum(axis=0)
        held = np.flatnonzero(entered)
        if not len(held):
            return f"Nothing entered {self.start} in any period; there is no ratio"
        j = held[-1]
        low, high = count_ratio_interval(
            converted[j], entered[j], confidence_level=self.confidence_level
        )
        return (
            f"{period_name(self.periods[j])}: "
            f"{display.plural(converted[j], 'entry', 'entries')} to {self.target} against "
            f"{display.count(entered[j])} to {self.start}, a ratio of "
            f"{display.percent(converted[j] / entered[j])} "
            f"({display.percent_range(float(low), float(high), words=True)})"
        )

    def _not_dated(self) -> str:
        lost = int(self.undated.sum())
        if not lost:
            return ""
        return (
            f" {display.plural(lost, 'entry', 'entries')} without a known day "
            f"{'is' if lost == 1 else 'are'} in no period."
        )

    def _of(self, rows: list[int]) -> PeriodRates:
        """Return the ratios of some segments, as of one business."""
        return replace(
            self,
            segments=tuple(self.segments[row] for row in rows),
            apart=(),
            **{name: getattr(self, name)[rows] for name in ("entered", "converted", "undated")},
        )
