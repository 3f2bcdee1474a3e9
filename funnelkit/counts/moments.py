"""`Moments`: the money of won records, as exact sums."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import IntArray, Segment

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Moments(Result):
    """Won records and their money by segment and period of the win.

    Parameters
    ----------
    by, segments
        Segment columns, and one tuple of values for each segment.
    periods
        Calendar periods without gaps, shape ``(n_periods,)``.
    as_of
        Last complete day.
    n
        Won records with a day, shape ``(n_segments, n_periods)``.
    known
        Of these, the ones with an amount; blank and 0 are unknown.
    total
        Exact sum of the known amounts, ``Decimal``; same shape.
    """

    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    periods: pd.PeriodIndex
    as_of: dt.date
    n: IntArray
    known: IntArray
    total: NDArray[Any]

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name, dtype in (("n", np.int64), ("known", np.int64), ("total", object)):
            object.__setattr__(self, name, frozen(getattr(self, name), dtype))

    @property
    def usable(self) -> bool:
        """Whether at least one won record has an amount."""
        return bool(self.known.any())

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment and period: ``n``, ``known``, ``total_value``."""
        import pandas as pd

        rows = [
            {
                **dict(zip(self.by, segment, strict=True)),
                "period": period_label(period),
                "n": int(self.n[i, j]),
                "known": int(self.known[i, j]),
                "total_value": self.total[i, j],
            }
            for i, segment in enumerate(self.segments)
            for j, period in enumerate(self.periods)
        ]
        return pd.DataFrame(rows, columns=[*self.by, "period", "n", "known", "total_value"])

    def summary(self) -> str:
        """Return the total in one sentence."""
        if not self.usable:
            return f"None of {display.count(self.n.sum())} won records has an amount."
        total = sum(self.total.ravel().tolist(), Decimal(0))
        return (
            f"{display.count(self.n.sum())} won records, {display.count(self.known.sum())} with "
            f"an amount, {float(total):,.0f} in all, up to {self.as_of.isoformat()}."
        )
