"""How many accounts of each cohort still pay."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import Calendar, period_label
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import Interval, share_interval
from funnelkit._core.measure import Segment
from funnelkit._core.result import Result, frozen
from funnelkit.metrics.recurring.subscribed import book_of

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.ledgers import Ledger

FloatArray = NDArray[np.float64]


def logo_retention(
    subscriptions: Ledger | pd.DataFrame,
    *,
    cohort: Literal["month", "quarter", "year"] = "month",
    by: str | None = None,
    as_of: dt.date | str | None = None,
    calendar: Calendar | None = None,
    confidence_level: float = 0.95,
) -> LogoRetention:
    """Return how many accounts of each cohort still pay, month after month.

    Parameters
    ----------
    subscriptions, by, as_of
        As in :func:`funnelkit.metrics.revenue_retention`.
    cohort
        Unit of the cohorts: the period in which an account first paid.
    calendar
        Where fiscal quarters and years start.
    confidence_level
        Level of the intervals in :meth:`LogoRetention.to_frame`.

    Returns
    -------
    LogoRetention
        Accounts by cohort and age in months; the denominator is the accounts of the cohort. A
        cell is blank where not every account of the cohort has been followed so long.

    Raises
    ------
    ArgumentError
        If an argument cannot be used.
    EvidenceError
        If no month is complete, or months lack between others.

    Notes
    -----
    An account is still there at an age if it pays in that month; one that left and came back is
    there again, so that a row may rise. In a table of months, accounts of the first month are
    left out: when they began is not known.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame(
    ...     {
    ...         "account": ["a", "b"],
    ...         "start": ["2026-01-01", "2026-01-15"],
    ...         "end": [None, "2026-02-10"],
    ...         "mrr": [100, 50],
    ...     }
    ... )
    >>> logo_retention(rows, as_of="2026-03-31").rate.tolist()
    [[[1.0, 0.5, 0.5], [nan, nan, nan], [nan, nan, nan]]]
    """
    checks.confidence(confidence_level)
    checks.one_of("cohort", cohort, ("month", "quarter", "year"))
    book = book_of(subscriptions, by=by, as_of=as_of)
    paying = book.amounts > 0
    first = np.where(paying.any(axis=1), paying.argmax(axis=1), -1)
    notes = list(book.notes)
    if not book.whole:
        early = int((first == 0).sum())
        first = np.where(first == 0, -1, first)
        if early:
            notes.append(
                f"{display.plural(early, 'account')} that paid in {book.labels[0]}, where the "
                f"table begins, {'is' if early == 1 else 'are'} left out: when "
                f"{'it' if early == 1 else 'they'} began is not known."
            )
    frequency = (calendar or Calendar()).freq(cohort)
    own = book.months.asfreq(frequency)
    since = 0 if book.whole else min(1, len(own) - 1)
    cohorts = own[since:].unique()
    place = cohorts.get_indexer(own)
    shape = (len(book.segments), len(cohorts), len(book.months) - since)
    active = np.zeros(shape)
    size = np.zeros(shape[:2], dtype=np.int64)
    started = np.flatnonzero(first >= 0)
    for account in started:
        row, column = book.rows[account], place[first[account]]
        size[row, column] += 1
        months = paying[account, first[account] :]
        active[row, column, : len(months)] += months
    last = book.months[-1]
    ends = [period.asfreq("M", how="end") for period in cohorts]
    followed = np.array([(last - end).n for end in ends])
    unseen = np.arange(shape[2])[None, :] > followed[:, None]
    active = np.where(unseen[None] | (size == 0)[..., None], np.nan, active)
    return LogoRetention(
        cohort=cohort,
        by=book.by,
        segments=book.segments,
        cohorts=cohorts,
        entered=size,
        retained=active,
        as_of=book.as_of,
        confidence_level=confidence_level,
        notes=tuple(notes),
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LogoRetention(Result):
    """How many accounts of each cohort still pay; see :func:`logo_retention`.

    Parameters
    ----------
    cohort
        Unit of the cohorts.
    by, segments
        Segment columns, and the values of each segment.
    cohorts
        Periods in which accounts first paid, shape ``(n_cohorts,)``.
    entered
        Accounts of each cohort, shape ``(n_segments, n_cohorts)``.
    retained
        Of these, the ones that pay at each age in months, shape ``(n_segments, n_cohorts,
        n_ages)``; NaN where not all have been followed so long.
    as_of
        Last day of the last month.
    confidence_level
        Level of the intervals in the frame.
    notes
        Sentences that belong with it.
    """

    cohort: str
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    cohorts: pd.PeriodIndex
    entered: NDArray[np.int64]
    retained: FloatArray
    as_of: dt.date
    confidence_level: float = 0.95
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        object.__setattr__(self, "entered", frozen(self.entered, np.int64))
        object.__setattr__(self, "retained", frozen(self.retained, np.float64))

    @property
    def rate(self) -> FloatArray:
        """Retained / entered, same shape as ``retained``; NaN where it is not known yet."""
        some = np.maximum(self.entered, 1)[..., None]
        rate: FloatArray = self.retained / some
        return rate

    @property
    def pooled(self) -> tuple[FloatArray, FloatArray]:
        """Retained, and entered, at each age over the cohorts followed so long.

        Shape ``(n_segments, n_ages)`` each.
        """
        seen = np.isfinite(self.retained)
        entered = np.where(seen, self.entered[..., None], 0).sum(axis=1)
        return np.nansum(self.retained, axis=1), entered.astype(float)

    def confidence_interval(self, confidence_level: float = 0.95) -> Interval:
        """Return Wilson's interval of each rate; NaN where there is none.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        seen = np.isfinite(self.retained)
        low, high = share_interval(
            np.where(seen, self.retained, 0),
            np.where(seen, self.entered[..., None], 0),
            confidence_level=confidence_level,
        )
        return Interval(np.where(seen, low, np.nan), np.where(seen, high, np.nan))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment, cohort and age that has been followed.

        Returns
        -------
        DataFrame
            ``cohort``, the segment columns, ``age_months``, ``entered``, ``retained``, ``rate``,
            ``rate_low``, ``rate_high``.
        """
        low, high = self.confidence_interval(self.confidence_level)
        frame = long_frame(
            {
                "age_months": np.arange(self.retained.shape[2])[None, None],
                "entered": self.entered[..., None],
                "retained": self.retained,
                "rate": self.rate,
                "rate_low": low,
                "rate_high": high,
            },
            shape=self.retained.shape,
            by=self.by,
            segments=self.segments,
            periods=self.cohorts,
        )
        frame = frame[np.isfinite(self.retained).ravel()].reset_index(drop=True)
        return frame.astype({"retained": np.int64})

    def summary(self) -> str:
        """Return how many accounts are still there after a year, or as long as was followed."""
        retained, entered = (part.sum(axis=0) for part in self.pooled)
        ages = np.flatnonzero(entered[1:]) + 1
        total = int(self.entered.sum())
        begin = (
            f"{display.plural(total, 'account')} in {display.plural(len(self.cohorts), 'cohort')}"
        )
        if not len(ages):
            return " ".join([f"{begin}; none has been followed for a month yet.", *self.notes])
        age = 12 if 12 in ages else int(ages[-1])
        low, high = share_interval(
            retained[age], entered[age], confidence_level=self.confidence_level
        )
        text = (
            f"{begin} up to {period_label(self.cohorts[-1])}. Of {display.count(entered[age])} "
            f"that were followed for {display.plural(age, 'month')}, "
            f"{display.percent(retained[age] / entered[age])} "
            f"({display.percent_range(float(low), float(high), words=True)}) still pay."
        )
        return " ".join([text, *self.notes])
