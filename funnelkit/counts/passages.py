"""`Passages`: of the records, or accounts, that entered a stage, what became of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from funnelkit._core import display
from funnelkit._core.clusters import ClusterSums
from funnelkit._core.frames import long_frame
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import IntArray, Segment

if TYPE_CHECKING:
    import pandas as pd

Level = Literal["record", "account"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Passages(Result):
    """Records that entered a stage, by segment and period of entry, and what became of them.

    Shapes: ``(n_segments, n_periods)``; without periods ``(n_segments, 1)``. For each cell
    ``entered = converted + left + still_open``.

    Parameters
    ----------
    start, target
        Stages; a record has converted when it has reached the target.
    level
        ``"record"``, or ``"account"``: an account enters with its first record, in that record's
        segment and period, has converted when any of its records has, and has left when all have.
    by, segments
        Segment columns, and one tuple of values for each segment.
    periods
        Calendar periods of entry without gaps, or ``None``.
    as_of
        Last complete day.
    entered, converted, left
        Counts. Entries that were filled in from a later stage are in none of them.
    undated
        Entries whose day is not known: with periods they are in none, shape ``(n_segments,)``.
    filled
        Records left out since their entry was filled in: they converted by construction.
    blank_accounts
        At the level of accounts, records without one, each an account of its own.
    accounts
        Sums over accounts, at the level of records, where the funnel has ``account``.
    partial
        Periods not wholly observed.
    """

    start: str
    target: str
    level: Level
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    periods: pd.PeriodIndex | None
    as_of: dt.date
    entered: IntArray
    converted: IntArray
    left: IntArray
    undated: IntArray
    filled: int
    blank_accounts: int
    accounts: ClusterSums | None
    partial: frozenset[pd.Period]

    def __post_init__(self) -> None:
        """Copy and freeze the counts."""
        for name in ("entered", "converted", "left", "undated"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))

    @property
    def still_open(self) -> IntArray:
        """Records that have neither converted nor left, shape ``(n_segments, n_periods)``."""
        return np.asarray(self.entered - self.converted - self.left)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment and period: ``entered``, ``converted``, ``left``, ``open``."""
        return long_frame(
            {
                "entered": self.entered,
                "converted": self.converted,
                "left": self.left,
                "open": self.still_open,
            },
            shape=self.entered.shape,
            by=self.by,
            segments=self.segments,
            periods=self.periods,
            period="period",
        )

    def summary(self) -> str:
        """Return the counts in one sentence."""
        return (
            f"Of {display.plural(self.entered.sum(), self.level)} that entered {self.start}, "
            f"{display.count(self.converted.sum())} reached {self.target} by "
            f"{self.as_of.isoformat()} and {display.count(self.still_open.sum())} may yet."
        )
