"""`Past`: the months of wins, or of their money, that stand behind a simple forecast."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.result import frozen
from funnelkit.forecast.result import Forecast, Unit
from funnelkit.forecast.rivals.known import Known

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

FloatArray = NDArray[np.float64]
What = Literal["won deals", "bookings"]
_YEAR = 12
_DAYS_IN_MONTH = 365.25 / _YEAR


@dataclass(frozen=True, eq=False, kw_only=True)
class Past:
    """Whole months gone by, and the periods to come.

    Parameters
    ----------
    what
        ``"won deals"`` or ``"bookings"``.
    periods
        Months to come, shape ``(H,)``.
    gone, observed
        Whole months before them and what came in each, shape ``(T,)``.
    so_far
        What the first month to come holds already.
    share_left
        Share of the first month's days that are still to come.
    as_of
        Last day that is known.
    currency
        Of money.
    notes
        What was left out.
    """

    what: What
    periods: pd.PeriodIndex
    gone: pd.PeriodIndex
    observed: FloatArray
    so_far: float
    share_left: float
    as_of: dt.date
    currency: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the numbers."""
        object.__setattr__(self, "observed", frozen(self.observed, np.float64))

    @property
    def horizon(self) -> int:
        """Number of months to come."""
        return len(self.periods)

    def rest(self, monthly: FloatArray) -> FloatArray:
        """Return what whole months bring, of the first only its days that are still to come."""
        shares = np.ones(self.horizon)
        shares[0] = self.share_left
        return np.asarray(monthly * shares)

    def forecast(
        self,
        draws: FloatArray,
        *,
        method: str,
        reason: str,
        expected: FloatArray | None = None,
    ) -> Forecast:
        """Return the forecast that adds to what the first month holds already.

        Parameters
        ----------
        draws
            What the days to come bring, shape ``(n_draws, H)``; below 0 counts as 0.
        method, reason
            As of :class:`~funnelkit.forecast.result.Forecast`.
        expected
            What they are expected to bring, shape ``(H,)``; default: the mean of the draws.
        """
        unit: Unit = "count" if self.what == "won deals" else "value"
        found = np.maximum(draws, 0.0)
        if unit == "count":
            found = np.rint(found)
        found[:, 0] += self.so_far
        means = found.mean(axis=0)
        if expected is not None:
            means = np.maximum(expected, 0.0)
            means[0] += self.so_far
        return Forecast(
            what=self.what,
            unit=unit,
            by=(),
            segments=((),),
            periods=self.periods,
            draws=found[:, None, :],
            expected=means[None, :],
            gone=self.gone,
            observed=self.observed[None, :],
            so_far=np.array([self.so_far]),
            as_of=self.as_of,
            method=method,
            reason=reason,
            n=len(self.gone),
            currency=self.currency,
            notes=self.notes,
        )


def past_of(known: Known, periods: pd.PeriodIndex, what: What) -> Past:
    """Return the months behind a forecast, from the first that is wholly known.

    Parameters
    ----------
    known
        The leads, standing on their ``as_of``.
    periods
        Months to come in a row, the first one that of the day after ``as_of``.
    what
        ``"won deals"`` or ``"bookings"``.

    Raises
    ------
    ArgumentError
        If the periods are no such months, or there is no money in the funnel.
    EvidenceError
        If not one whole month is known.

    Notes
    -----
    Months before ``recorded_from`` are left out. So is the run-up of a funnel, as many months
    after the first entry as a win takes in the mean, where a year is left without it: a rise that
    comes from nothing but an empty start is no growth.
    """
    import pandas as pd

    leads = known.leads
    checks.one_of("what", what, ("won deals", "bookings"))
    check_periods(leads, periods)
    money = what == "bookings"
    currency = known.sizes.currency if money else None
    series = known.money if money else known.wins
    so_far = float(series.get(periods[0], 0.0))
    series, notes = _begun(known, series[series.index < periods[0]])
    if not len(series):
        raise EvidenceError(
            f"`leads`: not one whole month is known up to {leads.as_of.isoformat()}; a forecast "
            "needs at least one."
        )
    gone = (leads.as_of - periods[0].start_time.date()).days + 1
    return Past(
        what=what,
        periods=periods,
        gone=pd.PeriodIndex(series.index),
        observed=np.asarray(series, np.float64),
        so_far=so_far,
        share_left=1 - gone / periods[0].days_in_month,
        as_of=leads.as_of,
        currency=currency,
        notes=notes,
    )


def check_periods(leads: Leads, periods: pd.PeriodIndex) -> None:
    """Refuse periods that are no months in a row from the day after ``as_of``.

    Raises
    ------
    ArgumentError
        With what was needed and what came.
    """
    import pandas as pd

    if not isinstance(periods, pd.PeriodIndex) or periods.freqstr != "M" or not len(periods):
        raise ArgumentError(f"`periods` must be months, as a PeriodIndex; got {periods!r}.")
    wanted = pd.Period(leads.as_of + dt.timedelta(days=1), freq="M")
    whole = pd.period_range(wanted, periods=len(periods), freq="M")
    if not periods.equals(whole):
        raise ArgumentError(
            f"`periods` must be months in a row from {period_label(wanted)} on, since the leads "
            f"are known up to {leads.as_of.isoformat()}; got "
            f"{', '.join(period_label(one) for one in periods[:5])}."
        )


def _begun(known: Known, series: pd.Series[float]) -> tuple[pd.Series[float], tuple[str, ...]]:
    """Return the series from the first month that tells of the funnel as it is, and why there."""
    leads = known.leads
    if leads.recorded_from is not None:
        whole = [one.start_time.date() >= leads.recorded_from for one in series.index]
        return series[whole], (f"Months before {leads.recorded_from.isoformat()} are left out.",)
    first = known.reached.get(leads.funnel.stages[0])
    run_up = 0 if first is None else math.ceil(first.mean_days / _DAYS_IN_MONTH)
    if not run_up or len(series) - run_up < _YEAR:
        return series, ()
    months = "first month" if run_up == 1 else f"first {run_up} months"
    return series.iloc[run_up:], (f"The run-up is left out: the {months}.",)
