"""`Cells`: grouped counts and money of the engine, arranged by segment, outcome and period."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit.counts.arrange import segments_of
from funnelkit.counts.reshape import sort_segments
from funnelkit.counts.triangle import IntArray, Segment

if TYPE_CHECKING:
    import pandas as pd


class Cells:
    """The axes on which grouped counts fall: segments, layers and periods."""

    def __init__(
        self,
        counted: pd.DataFrame,
        by: Sequence[str],
        periods: pd.PeriodIndex | None,
        *,
        layers: int | None = None,
    ) -> None:
        self.by = by
        self.segments: tuple[Segment, ...] = sort_segments(set(segments_of(counted, by)) or {()})
        if not len(counted) and by:
            self.segments = ()
        self.row = {segment: i for i, segment in enumerate(self.segments)}
        self.n_periods = 1 if periods is None else len(periods)
        self.layers = layers

    def _place(self, counted: pd.DataFrame) -> tuple[IntArray, IntArray]:
        rows = np.array([self.row[one] for one in segments_of(counted, self.by)], dtype=np.int64)
        return rows, counted["period"].to_numpy(np.int64)

    def square(self, counted: pd.DataFrame, column: str) -> IntArray:
        """Return a column by segment and period."""
        rows, at = self._place(counted)
        out = np.zeros((len(self.segments), self.n_periods), np.int64)
        some = at >= 0
        np.add.at(out, (rows[some], at[some]), counted[column].to_numpy(np.int64)[some])
        return out

    def cube(self, counted: pd.DataFrame, column: str) -> IntArray:
        """Return a column by segment, outcome and period."""
        rows, at = self._place(counted)
        out = np.zeros((len(self.segments), self.layers or 1, self.n_periods), np.int64)
        some = at >= 0
        place = (rows[some], counted["outcome"].to_numpy(np.int64)[some], at[some])
        np.add.at(out, place, counted[column].to_numpy(np.int64)[some])
        return out

    def undated(self, counted: pd.DataFrame, column: str) -> IntArray:
        """Return what is in no period, by segment and, where there are any, outcome."""
        rows, at = self._place(counted)
        none, n = at < 0, counted[column].to_numpy(np.int64)
        if self.layers is None:
            out = np.zeros(len(self.segments), np.int64)
            np.add.at(out, rows[none], n[none])
            return out
        table = np.zeros((len(self.segments), self.layers), np.int64)
        np.add.at(table, (rows[none], counted["outcome"].to_numpy(np.int64)[none]), n[none])
        return table

    def money(self, counted: pd.DataFrame) -> dict[str, Any]:
        """Return exact sums of money, and the moments that intervals need."""
        shape = (len(self.segments), self.layers or 1, self.n_periods)
        whole = {name: np.zeros(shape, np.int64) for name in ("known", "negative", "both")}
        total = np.full(shape, Decimal(0), dtype=object)
        squares, cross = np.zeros(shape), np.zeros(shape)
        rows, at = self._place(counted)
        columns = ("outcome", "amount", "n", "dated", "days")
        lines = zip(rows, at, *(counted[name].tolist() for name in columns), strict=True)
        for i, j, outcome, amount, n, dated, days in lines:
            value = exact_sum(amount)
            if j < 0 or not value:
                continue
            cell = (i, outcome, j)
            whole["known"][cell] += n
            whole["negative"][cell] += n if value < 0 else 0
            whole["both"][cell] += dated
            total[cell] += value * int(n)
            squares[cell] += float(value) ** 2 * n
            cross[cell] += float(value) * days
        return {**whole, "total": total, "squares": squares, "cross": cross}


def exact_sum(amount: Any) -> Decimal:
    """Return a sum of money that came from an engine; over nothing it is null."""
    return Decimal(0) if amount is None or amount != amount else Decimal(amount)  # noqa: PLR0124
