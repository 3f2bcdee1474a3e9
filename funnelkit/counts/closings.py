"""`Closings`: records that were won or left, by period of the close, with their days and money."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.clusters import ClusterSums
from funnelkit._core.frames import long_frame
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import IntArray, Segment

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Closings(Result):
    """Closed records of a stage, by segment, outcome and period of the close.

    Shapes: ``(n_segments, n_outcomes, n_periods)``; without periods the last axis has length 1.

    Parameters
    ----------
    start
        Stage that the records entered, by an entry of their own.
    outcomes
        The last stage, then the exits.
    by, segments
        Segment columns, and one tuple of values for each segment.
    periods
        Calendar periods of the close without gaps, or ``None``.
    as_of
        Last complete day.
    n
        Closed records. With periods only those whose day of closing is known.
    undated
        Closed records without a known day of closing, shape ``(n_segments, n_outcomes)``.
    dated
        Of ``n``, those whose days from ``start`` to the close were observed.
    days, days_squared
        Σ of these days, and of their squares.
    known, negative
        Of ``n``, those with an amount (blank and 0 are unknown), and those where it is below 0.
    total
        Exact sum of the known amounts, ``Decimal``.
    squares
        Σ of the squares of the known amounts.
    both, cross
        Records with days and an amount, and Σ of the product of the two.
    accounts
        Sums over accounts of won among closed, shape ``(n_segments, n_periods)``, where the funnel
        has ``account``.
    partial
        Periods not wholly observed.
    currency, notes
        Of the amounts, where it is known, and what was done about it.
    """

    start: str
    outcomes: tuple[str, ...]
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    periods: pd.PeriodIndex | None
    as_of: dt.date
    n: IntArray
    undated: IntArray
    dated: IntArray
    days: IntArray
    days_squared: IntArray
    known: IntArray
    negative: IntArray
    total: NDArray[Any]
    squares: NDArray[np.float64]
    both: IntArray
    cross: NDArray[np.float64]
    accounts: ClusterSums | None
    partial: frozenset[pd.Period]
    currency: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        whole = ("n", "undated", "dated", "days", "days_squared", "known", "negative", "both")
        for name in whole:
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))
        object.__setattr__(self, "total", frozen(self.total, object))
        for name in ("squares", "cross"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def won(self) -> IntArray:
        """Won records, shape ``(n_segments, n_periods)``."""
        return np.asarray(self.n[:, 0])

    @property
    def closed(self) -> IntArray:
        """Won records and those that left, shape ``(n_segments, n_periods)``."""
        return np.asarray(self.n.sum(axis=1))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment, outcome and period: ``n``, ``days``, ``total_value`` …."""
        import pandas as pd

        parts = []
        for k, outcome in enumerate(self.outcomes):
            part = long_frame(
                {
                    "n": self.n[:, k],
                    "dated": self.dated[:, k],
                    "days": self.days[:, k],
                    "known": self.known[:, k],
                    "total_value": self.total[:, k],
                },
                shape=self.n[:, k].shape,
                by=self.by,
                segments=self.segments,
                periods=self.periods,
                period="period",
            )
            part.insert(0, "outcome", outcome)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def summary(self) -> str:
        """Return the counts in one sentence."""
        money = sum(self.total[:, 0].ravel().tolist(), Decimal(0))
        return (
            f"{display.count(self.closed.sum())} closed by {self.as_of.isoformat()}, "
            f"{display.count(self.won.sum())} of them {self.outcomes[0]}"
            f"{f', worth {float(money):,.0f}' if money else ''}."
        )
