"""`MonthLag` and `DayLag`: when those who will be won are won, after they entered."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import frozen
from funnelkit.model.onward import won_by

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]


class Lag(Protocol):
    """When those who will come to a stage come there."""

    @property
    def mean_months(self) -> float:
        """Mean time from entry, in months, of those who come within its reach."""

    def within(
        self, periods: pd.PeriodIndex, as_of: dt.date, *, stretch: float = 1.0
    ) -> FloatArray:
        """Return the share that comes in each month, of those who enter in each month.

        Parameters
        ----------
        periods
            Civil months without gaps.
        as_of
            Last day that is known; of a month that has begun, later entrants only count.
        stretch
            Factor on all times.

        Returns
        -------
        ndarray
            Shape ``(H, H)``: month of entry, month of coming; rows sum to at most 1.
        """


@dataclass(frozen=True, eq=False)
class MonthLag:
    """Shares of those who come by months after the month of entry.

    Parameters
    ----------
    shares
        Share that comes 0, 1, 2 … months after the month of entry; at least 0, sum at most 1.

    Examples
    --------
    >>> import pandas as pd
    >>> months = pd.period_range("2027-01", periods=3, freq="M")
    >>> MonthLag([0.2, 0.5, 0.3]).within(months, dt.date(2026, 12, 31)).tolist()
    [[0.2, 0.5, 0.3], [0.0, 0.2, 0.5], [0.0, 0.0, 0.2]]
    """

    shares: FloatArray

    def __post_init__(self) -> None:
        """Freeze the shares, and refuse those that are none."""
        found = frozen(self.shares, np.float64)
        right = found.ndim == 1 and len(found) and np.isfinite(found).all() and (found >= 0).all()
        if not right or found.sum() > 1 + 1e-9 or found.sum() == 0:
            raise ArgumentError(
                "A lag must be shares by months after entry, at least 0 and together more than 0 "
                f"and at most 1; got {self.shares!r}."
            )
        object.__setattr__(self, "shares", found)

    @property
    def mean_months(self) -> float:
        """Mean number of months from the month of entry, of those who come."""
        return float(self.shares @ np.arange(len(self.shares)) / self.shares.sum())

    def within(
        self, periods: pd.PeriodIndex, as_of: dt.date, *, stretch: float = 1.0
    ) -> FloatArray:
        """Return the share that comes in each month, of those who enter in each month."""
        del as_of
        ahead = len(periods)
        shares = self.shares
        if stretch != 1.0:
            known = np.concatenate([[0.0], np.cumsum(shares)])
            places = np.arange(1, ahead + 1) / stretch
            by_end = np.interp(places, np.arange(len(known)), known)
            shares = np.diff(by_end, prepend=0.0)
        found = np.zeros((ahead, ahead))
        for after, share in enumerate(shares[:ahead]):
            found += np.diag(np.full(ahead - after, share), k=after)
        return found


@dataclass(frozen=True, eq=False)
class DayLag:
    """Share of those who come that has come by each day after entry.

    Parameters
    ----------
    by_day
        Share by days 0, 1, 2 …, not falling, at most 1.
    """

    by_day: FloatArray

    def __post_init__(self) -> None:
        """Freeze the shares."""
        object.__setattr__(self, "by_day", frozen(self.by_day, np.float64))

    @property
    def mean_months(self) -> float:
        """Mean time to come, in months of 30.4 days, of those who come within its reach."""
        daily = np.diff(self.by_day, prepend=0.0)
        return float(daily @ np.arange(len(daily)) / max(self.by_day[-1], 1e-12) / 30.4375)

    def within(
        self, periods: pd.PeriodIndex, as_of: dt.date, *, stretch: float = 1.0
    ) -> FloatArray:
        """Return the share that comes in each month, of those who enter in each month."""
        import pandas as pd

        zero = pd.Timestamp(as_of)
        begins = np.array([(one.start_time - zero).days for one in periods], np.int64)
        ends = np.array([(one.end_time.normalize() - zero).days for one in periods], np.int64)
        then = self.by_day
        if stretch != 1.0:
            days = np.arange(int(np.ceil(len(then) * stretch)))
            then = np.interp((days + 0.5) / stretch - 0.5, np.arange(len(then)), then)
        by_end = np.stack(
            [won_by(then, np.maximum(begins, 1), ends, int(day)) for day in ends], axis=1
        )
        return np.diff(by_end, axis=1, prepend=0.0)
