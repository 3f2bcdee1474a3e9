"""`SeriesTable`: numbers of one or many series by period, checked and ready to be forecast."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import period_label, period_name
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Segment
from funnelkit.forecast.result import Unit

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_LARGEST_WHOLE = 2.0**53


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SeriesTable(Result):
    """Numbers by series and period; made by :func:`read_series`.

    Shapes: ``S = len(segments)`` series, ``T`` periods from the first of any series to the last.

    Parameters
    ----------
    what
        What is counted, in a plural noun.
    unit
        ``"count"`` (whole numbers) or ``"value"`` (money and other decimals).
    by, segments
        Names of the labels of a series, and one tuple of labels for each.
    periods
        The T periods; ``None`` for series without dates, whose numbers stand at 1, 2, 3 and so on.
    values
        Shape ``(S, T)``, none below 0; NaN before a series begins and after it ends, never between.
    season
        Periods in a year, or what was given; 1: no season.
    as_of
        Last day that is known, where it was told; it may lie inside the last period.
    currency
        Of money, where it was told.
    notes
        Plain sentences on what was filled, added up, left out or supposed.
    """

    what: str
    unit: Unit
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    periods: pd.PeriodIndex | None
    values: FloatArray
    season: int
    as_of: dt.date | None = None
    currency: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the numbers, and refuse those that do not fit the labels."""
        object.__setattr__(self, "values", frozen(self.values, np.float64))
        wide = self.values.shape[-1] if self.periods is None else len(self.periods)
        if self.values.shape != (len(self.segments), wide):
            raise ArgumentError(
                f"`values` must be of shape {(len(self.segments), wide)}; got {self.values.shape}."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Each series' labels in one text."""
        return tuple(display.segment_name(segment) or self.what for segment in self.segments)

    @property
    def begins(self) -> IntArray:
        """Position of the first number of each series, shape ``(S,)``."""
        return np.asarray(np.isfinite(self.values).argmax(axis=1), np.int64)

    @property
    def ends(self) -> IntArray:
        """Position after the last number of each series, shape ``(S,)``."""
        known = np.isfinite(self.values)
        last = known.shape[1] - known[:, ::-1].argmax(axis=1)
        return np.asarray(np.where(known.any(axis=1), last, 0), np.int64)

    @property
    def lengths(self) -> IntArray:
        """Numbers in each series, shape ``(S,)``."""
        return np.asarray(np.isfinite(self.values).sum(axis=1), np.int64)

    def ended_together(self) -> FloatArray:
        """Return the numbers moved so that all series end in the last column, shape ``(S, T)``.

        For accuracy over many unrelated series, each of which is forecast from its own end.

        Examples
        --------
        >>> from funnelkit.forecast.series.reading import read_series
        >>> table = read_series({"a": [1, 2, 3], "b": [7, 8]})
        >>> table.ended_together().tolist()
        [[1.0, 2.0, 3.0], [nan, 7.0, 8.0]]
        """
        wide = self.values.shape[1]
        place = np.arange(wide)[None, :] - (wide - self.ends)[:, None]
        moved = np.take_along_axis(self.values, np.maximum(place, 0), axis=1)
        return np.where(place >= 0, moved, np.nan)

    def select(self, names: Collection[str]) -> SeriesTable:
        """Return only the series of these names, in the order of the table.

        Raises
        ------
        ArgumentError
            If a name is unknown, or none is given.
        """
        wanted = [names] if isinstance(names, str) else list(names)
        for name in wanted:
            checks.member("names", "series", name, self.names)
        kept = [i for i, name in enumerate(self.names) if name in set(wanted)]
        if not kept:
            raise ArgumentError("`names` must hold at least one series.")
        segments = tuple(self.segments[i] for i in kept)
        return replace(self, segments=segments, values=self.values[kept])

    def to_frame(self) -> pd.DataFrame:
        """Return one row per series and period: the labels, ``period`` and ``value``."""
        import pandas as pd

        who, when = np.nonzero(np.isfinite(self.values))
        labels = self.labels
        columns: dict[str, object] = {
            name: [self.segments[i][k] for i in who] for k, name in enumerate(self.by)
        }
        columns["period"] = [labels[j] for j in when]
        found = self.values[who, when]
        is_small = self.unit == "count" and float(found.max(initial=0.0)) < _LARGEST_WHOLE
        columns["value"] = found.astype(np.int64) if is_small else found
        return pd.DataFrame(columns)

    @property
    def labels(self) -> tuple[str, ...]:
        """Each period as tables write it; positions of series without dates."""
        if self.periods is None:
            return tuple(str(k + 1) for k in range(self.values.shape[1]))
        return tuple(period_label(period) for period in self.periods)

    def summary(self) -> str:
        """Return how many series there are, over which periods, and what was done to them."""
        size = len(self.segments)
        text = f"{self.what}: {display.plural(size, 'series', 'series')}"
        points = display.plural(int(self.lengths.sum()), "number")
        if self.periods is None:
            short, long = int(self.lengths.min()), int(self.lengths.max())
            span = f"{short}" if short == long else f"{short} to {long}"
            text = f"{text} without dates, of {span} numbers"
        else:
            ends = period_name(self.periods[0]), period_name(self.periods[-1])
            text = (
                f"{text} from {ends[0]} to {ends[1]}"
                if ends[0] != ends[1]
                else (f"{text} of {ends[0]}")
            )
        return " ".join([f"{text} ({points}).", *self.notes])
