"""`MonthLag`, `DayLag` and `PacedLag`: when those who will be won are won, after they entered."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import frozen
from funnelkit.forecast.money.chance import at_pace
from funnelkit.model.onward import won_by

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_LEAST = 1e-3
"""Least factor on times."""
LONGEST = 120
_PLACES = 3


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

    def stretched(self, factor: float) -> Lag:
        """Return the same with all times multiplied by a factor above 0."""


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
        shares = self.stretched(stretch).shares
        found = np.zeros((ahead, ahead))
        for after, share in enumerate(shares[:ahead]):
            found += np.diag(np.full(ahead - after, share), k=after)
        return found

    def stretched(self, factor: float) -> MonthLag:
        """Return the same with all times multiplied by a factor.

        Notes
        -----
        Who enters at any time of a month and comes k months after it has waited k + ½ months at
        most, on average; between these, times are spread evenly.
        """
        return self if factor == 1.0 else MonthLag(np.diff(_slower(self.shares.cumsum(), factor)))


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
        """Freeze the shares, and refuse those that are none."""
        found = frozen(self.by_day, np.float64)
        right = found.ndim == 1 and len(found) and np.isfinite(found).all() and found[0] >= 0
        if not right or (np.diff(found) < -1e-9).any() or not 0 < found[-1] <= 1 + 1e-9:
            raise ArgumentError(
                "A lag must be shares by days after entry that do not fall, above 0 at last and at "
                f"most 1; got {self.by_day!r}."
            )
        object.__setattr__(self, "by_day", found)

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
        then = self.stretched(stretch).by_day
        by_end = np.stack(
            [won_by(then, np.maximum(begins, 1), ends, int(day)) for day in ends], axis=1
        )
        return np.diff(by_end, axis=1, prepend=0.0)

    def stretched(self, factor: float) -> DayLag:
        """Return the same with all times multiplied by a factor.

        Notes
        -----
        The share by day a is of those whose time is at most a + ½ days, as both days are taken
        as a whole.
        """
        return self if factor == 1.0 else DayLag(_slower(self.by_day, factor)[1:])


@dataclass(frozen=True, eq=False)
class PacedLag:
    """A lag in months that are quicker or slower than others by their place in the quarter.

    Parameters
    ----------
    lag
        At the usual pace.
    factors
        On the hazard of coming, in the first, second and third months of a quarter, ``(3,)``.
    first
        Month, 1 to 12, in which fiscal quarters start.

    Notes
    -----
    Of those who have not come yet, 1 - (1 - hazard)^factor do in a month: what comes at the end of
    a quarter is taken from the months around it, and nothing is added.
    """

    lag: Lag
    factors: FloatArray
    first: int = 1

    def __post_init__(self) -> None:
        """Freeze the factors, and refuse those that are none."""
        found = frozen(self.factors, np.float64)
        if found.shape != (_PLACES,) or not (np.isfinite(found) & (found > 0)).all():
            raise ArgumentError(f"`factors` must be three numbers above 0; got {self.factors!r}.")
        object.__setattr__(self, "factors", found)

    @property
    def mean_months(self) -> float:
        """Mean time to come at the usual pace, in months, of those who come."""
        return self.lag.mean_months

    def within(
        self, periods: pd.PeriodIndex, as_of: dt.date, *, stretch: float = 1.0
    ) -> FloatArray:
        """Return the share that comes in each month, of those who enter in each month."""
        usual = self.lag.within(periods, as_of, stretch=stretch)
        pace = self.factors[(np.asarray(periods.month) - self.first) % _PLACES]
        return np.asarray(at_pace(usual[None], pace[None])[0])

    def stretched(self, factor: float) -> PacedLag:
        """Return the same with all times multiplied by a factor; months stay as quick."""
        return self if factor == 1.0 else replace(self, lag=self.lag.stretched(factor))


def _slower(by_end: FloatArray, factor: float) -> FloatArray:
    """Return 0 and the shares by the end of each unit of time, with all times multiplied."""
    units = np.arange(math.ceil(len(by_end) * factor) + 1)
    times = np.concatenate([[0.0], np.arange(len(by_end)) + 0.5])
    found = np.interp((units + 0.5) / factor, times, np.append(0.0, by_end))
    last = int(np.argmax(found >= found[-1])) + 1
    return np.append(0.0, found[:last])


def of_mean(lag: Lag, months: float) -> Lag:
    """Return a lag stretched to a mean time.

    Parameters
    ----------
    lag
        Of any mean.
    months
        Mean that is wanted, in months.

    Raises
    ------
    ArgumentError
        If it is below 0, above 120, or nothing short of no time at all has that mean.

    Notes
    -----
    The mean rises with the factor, which is found by bisection (Brent).

    Examples
    --------
    >>> round(of_mean(MonthLag([0.5, 0.5]), 1.0).mean_months, 9)
    1.0
    """
    if not 0 <= months <= LONGEST:
        raise ArgumentError(f"A lag must be from 0 to {LONGEST} months; got {months:g}.")
    if abs(months - lag.mean_months) < 1e-9:
        return lag
    least = lag.stretched(_LEAST).mean_months
    if months <= least:
        return MonthLag(np.ones(1))
    most = 2.0
    while lag.stretched(most).mean_months < months:
        most *= 2.0
    found = optimize.brentq(
        lambda factor: lag.stretched(factor).mean_months - months, _LEAST, most, xtol=1e-12
    )
    return lag.stretched(float(found))
