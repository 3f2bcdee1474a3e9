"""`Flows` and `Stays`: what entered each stage in each period, and what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.result import Result, frozen, frozen_mapping
from funnelkit.counts.triangle import Segment

if TYPE_CHECKING:
    import pandas as pd

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Flows(Result):
    """First entries to each stage and exit by calendar period.

    Parameters
    ----------
    steps
        Stages in order, then exits.
    by, segments
        Segment columns, and one tuple of values for each segment.
    periods
        Calendar periods without gaps, shape ``(n_periods,)``.
    as_of
        Last complete day.
    entries
        Dated first entries, shape ``(n_segments, n_steps, n_periods)``.
    undated
        Entries whose day was not observed (filled stages, status without a date), shape
        ``(n_segments, n_steps)``.
    partial
        Periods not wholly observed.
    apart
        Columns of ``by`` whose values are businesses of their own, of which no sentence makes one.
    """

    steps: tuple[str, ...]
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    periods: pd.PeriodIndex
    as_of: dt.date
    entries: IntArray
    undated: IntArray
    partial: frozenset[pd.Period]
    apart: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("entries", "undated"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment, step and period: ``period``, segment columns, ``entries``."""
        import pandas as pd

        rows = [
            {
                **dict(zip(self.by, segment, strict=True)),
                "stage": step,
                "period": period_label(period),
                "entries": int(self.entries[i, j, k]),
            }
            for i, segment in enumerate(self.segments)
            for j, step in enumerate(self.steps)
            for k, period in enumerate(self.periods)
        ]
        return pd.DataFrame(rows, columns=[*self.by, "stage", "period", "entries"])

    def summary(self) -> str:
        """Return the size in one sentence."""
        return (
            f"{display.plural(self.entries.sum(), 'dated entry', 'dated entries')} to "
            f"{display.plural(len(self.steps), 'stage')} in "
            f"{display.plural(len(self.periods), 'period')} up to {self.as_of.isoformat()}; "
            f"{display.plural(self.undated.sum(), 'entry', 'entries')} without an observed day."
        )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Stays(Result):
    """What became of the records that entered each stage, up to ``as_of``.

    Shapes: ``(n_segments, n_stages)`` unless said. For each segment and stage but the last
    ``entered = moved_on + Σ left + still_there``; the last stage is the win, from which nobody
    moves on.

    Parameters
    ----------
    stages, exits
        Names in order.
    by, segments
        Segment columns, and one tuple of values for each segment.
    as_of
        Last complete day.
    entered
        Records that entered the stage, filled ones included.
    filled
        Of these, the ones whose entry was filled from a later stage: they moved on by
        construction.
    moved_on
        Records that reached any later stage (for the last stage: 0).
    left
        Exit -> records that left from this stage.
    still_there
        Records that neither moved on nor left.
    days
        Stage -> records that moved on, by whole days from entry to the next stage, both days
        observed; shape ``(n_segments, n_stages, n_days)``.
    accounts
        Σ over accounts where the funnel has ``account``: number of accounts, Σ N², Σ X·N and Σ X²
        with N entered and X moved on without filled entries; shape
        ``(4, n_segments, n_stages)``; else ``None``.
    undated
        Stages left out, since nothing but the current status of a record tells of them: who has
        passed through them is not known. Records that stand there count as standing in the stage
        before.
    """

    stages: tuple[str, ...]
    exits: tuple[str, ...]
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    as_of: dt.date
    entered: IntArray
    filled: IntArray
    moved_on: IntArray
    left: Mapping[str, IntArray]
    still_there: IntArray
    days: IntArray
    accounts: IntArray | None = None
    undated: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("entered", "filled", "moved_on", "still_there", "days"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))
        object.__setattr__(self, "left", frozen_mapping(self.left, np.int64))
        if self.accounts is not None:
            object.__setattr__(self, "accounts", frozen(self.accounts, np.int64))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment and stage with its counts."""
        import pandas as pd

        rows = [
            {
                **dict(zip(self.by, segment, strict=True)),
                "stage": stage,
                "entered": int(self.entered[i, j]),
                "filled": int(self.filled[i, j]),
                "moved_on": int(self.moved_on[i, j]),
                **{name: int(counts[i, j]) for name, counts in self.left.items()},
                "still_there": int(self.still_there[i, j]),
            }
            for i, segment in enumerate(self.segments)
            for j, stage in enumerate(self.stages)
        ]
        return pd.DataFrame(rows)

    def left_out(self) -> str:
        """Return a sentence on the stages that are left out; nothing where none is."""
        if not self.undated:
            return ""
        return (
            f" Left out: {display.listed([f'`{name}`' for name in self.undated])}, which only the "
            f"current status tells of; who passed through "
            f"{'it' if len(self.undated) == 1 else 'them'} is not known."
        )

    def summary(self) -> str:
        """Return the first and the last stage in one sentence."""
        return (
            f"{display.count(self.entered[:, 0].sum())} entered {self.stages[0]}, "
            f"{display.count(self.entered[:, -1].sum())} reached {self.stages[-1]} by "
            f"{self.as_of.isoformat()}."
        )
