"""Rows into cells: one for each segment and period, and what is counted in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.dates import Calendar, Unit, period_label

if TYPE_CHECKING:
    import pandas as pd

Segment = tuple[str | None, ...]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Where each row stands among the segments and periods.

    Parameters
    ----------
    by, segments
        Segment columns, and the values of each segment.
    periods
        Labels of the periods without gaps, or ``None``.
    row, column
        Position of each row's segment and period, shape ``(n,)``; -1 where it has none.
    """

    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    periods: tuple[str, ...] | None
    row: NDArray[np.int64]
    column: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, int]:
        """Number of segments and of periods (1 without any)."""
        return len(self.segments), 1 if self.periods is None else len(self.periods)

    def count(self, where: Any = None, weights: Any = 1.0) -> FloatArray:
        """Return the sum of weights in each cell over some of the rows, shape ``shape``."""
        found = np.zeros(self.shape)
        inside = (self.row >= 0) & (self.column >= 0)
        if where is not None:
            inside &= where
        worth = np.broadcast_to(np.asarray(weights, float), self.row.shape)
        np.add.at(found, (self.row[inside], self.column[inside]), worth[inside])
        return found

    def groups(self) -> Iterator[tuple[tuple[int, int], NDArray[np.int64]]]:
        """Iterate over the cells that have rows: position of the cell, and of its rows."""
        known = np.flatnonzero((self.row >= 0) & (self.column >= 0))
        number = self.row[known] * self.shape[1] + self.column[known]
        order = np.argsort(number, kind="stable")
        found, starts = np.unique(number[order], return_index=True)
        ends = [*starts[1:].tolist(), len(order)]
        for cell, start, end in zip(found.tolist(), starts.tolist(), ends, strict=False):
            yield divmod(cell, self.shape[1]), known[order[start:end]]


def cells(
    frame: pd.DataFrame,
    by: Sequence[str],
    *,
    days: pd.DatetimeIndex | None = None,
    every: Unit | None = None,
    calendar: Calendar | None = None,
    index: pd.PeriodIndex | None = None,
    among: Sequence[Segment] = (),
) -> Cells:
    """Return the cells of a frame's rows.

    Parameters
    ----------
    frame
        One row per record, with the columns of ``by``.
    by
        Segment columns.
    days
        Day by which a row stands in a period; needed with ``every``.
    every
        Unit of the periods; ``None``: all of time.
    calendar
        Of the periods.
    index
        The periods themselves, in place of ``every``.
    among
        Segments that get a line though no row is in them.
    """
    rows = labels(frame, by)
    segments = tuple(sorted({*rows, *among} or ({()} if not by else set()), key=_order))
    place = {segment: i for i, segment in enumerate(segments)}
    row = np.array([place[segment] for segment in rows], dtype=np.int64)
    if days is None or (every is None and index is None):
        column = np.zeros(len(frame), dtype=np.int64)
        return Cells(by=tuple(by), segments=segments, periods=None, row=row, column=column)
    if index is None:
        index = _index(days, every or "month", calendar or Calendar())
    found: Mapping[Any, int] = {period: i for i, period in enumerate(index)}
    own = days.to_period(index.freqstr) if len(index) else [None] * len(days)
    column = np.array([found.get(period, -1) for period in own], dtype=np.int64)
    periods = tuple(period_label(period) for period in index)
    return Cells(by=tuple(by), segments=segments, periods=periods, row=row, column=column)


def labels(frame: pd.DataFrame, by: Sequence[str]) -> list[Segment]:
    """Return the segment of each row; blank texts are ``None``."""
    columns = [[_value(value) for value in frame[name].tolist()] for name in by]
    return list(zip(*columns, strict=True)) if columns else [()] * len(frame)


def _index(days: pd.DatetimeIndex, every: Unit, calendar: Calendar) -> pd.PeriodIndex:
    """Return the periods from the first of some days to the last, without gaps."""
    import pandas as pd

    freq, known = calendar.freq(every), days[days.notna()]
    if not len(known):
        return pd.PeriodIndex([], freq=freq)
    first, last = (calendar.period(day.date(), every) for day in (known.min(), known.max()))
    return pd.period_range(first, last, freq=freq)


def _value(value: Any) -> str | None:
    import pandas as pd

    if value is None or value is pd.NA or value is pd.NaT or value != value:  # noqa: PLR0124
        return None
    text = str(value).strip()
    return text or None


def _order(segment: Segment) -> tuple[tuple[bool, str], ...]:
    return tuple((value is None, value or "") for value in segment)
