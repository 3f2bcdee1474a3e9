"""`CalendarCounts`: in which calendar months conversions came."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.result import frozen

if TYPE_CHECKING:
    import pandas as pd

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class CalendarCounts:
    """Conversions by the calendar month in which they came.

    Ages do not tell the month of a conversion where the leads of a cohort entered on different
    days, and the pace of a month is what all open leads share.

    Parameters
    ----------
    months
        Calendar months without gaps, from the first with a lead or conversion to that of
        ``as_of``, shape ``(n_months,)``.
    converted
        Leads that reached the target on a known day, by its month, shape
        ``(n_segments, n_cohorts, n_months)``.
    """

    months: pd.PeriodIndex
    converted: IntArray

    def __post_init__(self) -> None:
        """Copy and freeze the counts."""
        object.__setattr__(self, "converted", frozen(self.converted, np.int64))

    @classmethod
    def of(
        cls,
        days: pd.Series[Any],
        n: IntArray,
        cells: tuple[IntArray, IntArray],
        *,
        shape: tuple[int, int],
        first: pd.Timestamp,
        as_of: dt.date,
    ) -> CalendarCounts:
        """Return counts on days as counts by month.

        Parameters
        ----------
        days, n, cells
            Day, number, and segment and cohort of some conversions.
        shape
            Segments and cohorts.
        first
            First day with a lead.
        as_of
            Last complete day.
        """
        import pandas as pd

        came = pd.to_datetime(days)
        months = pd.period_range(min([first, *came]), as_of, freq="M")
        out = np.zeros((*shape, len(months)), dtype=np.int64)
        if len(came):
            where = months.get_indexer(pd.PeriodIndex(came, freq="M"))
            np.add.at(out, (*cells, where), n)
        return cls(months=months, converted=out)

    def total(self, axes: tuple[int, ...]) -> CalendarCounts:
        """Return the sums over segments (axis 0), cohorts (axis 1) or both, axes kept."""
        sums = self.converted.sum(axis=axes, keepdims=True)
        return CalendarCounts(months=self.months, converted=sums)

    def part(self, rows: NDArray[np.bool_], columns: NDArray[np.bool_]) -> CalendarCounts:
        """Return some of the segments and cohorts."""
        return CalendarCounts(months=self.months, converted=self.converted[np.ix_(rows, columns)])

    def over(self, months: pd.PeriodIndex) -> IntArray:
        """Return the counts over more months, 0 in those that were not there."""
        out = np.zeros((*self.converted.shape[:2], len(months)), dtype=np.int64)
        out[..., months.get_indexer(self.months)] = self.converted
        return out
