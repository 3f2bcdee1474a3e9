"""Small grouped results of the engine, arranged as arrays by segment, cohort and age."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core.dates import Calendar, Unit
from funnelkit.counts.calendar import CalendarCounts
from funnelkit.counts.flows import Flows, Stays
from funnelkit.counts.moments import Moments
from funnelkit.counts.reshape import sort_segments
from funnelkit.counts.triangle import IntArray, Segment

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Grid:
    """The axes of a triangle, and how grouped counts fall on them.

    Parameters
    ----------
    outcomes
        Grouped counts with ``cohort_day``, ``by_<i>``, ``outcome``, ``undated``, ``age``, ``n``.
    by, segments, cohorts, n_ages
        The axes.
    calendar, unit
        How a day becomes a cohort.
    followed
        Leads by age at ``as_of``, shape ``(n_segments, n_cohorts, n_ages)``.
    partial
        Cohorts that straddle the day from which, or the day to which, they were observed.
    """

    outcomes: pd.DataFrame
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    cohorts: pd.PeriodIndex
    n_ages: int
    calendar: Calendar
    unit: Unit
    followed: IntArray
    partial: frozenset[pd.Period]

    @classmethod
    def of(
        cls,
        outcomes: pd.DataFrame,
        followed: pd.DataFrame,
        calendar: Calendar,
        unit: Unit,
        by: tuple[str, ...],
        *,
        as_of: dt.date,
        since: dt.date | None,
    ) -> Grid:
        """Return the grid that holds all outcomes, without gaps between cohorts."""
        import pandas as pd

        seen = calendar.periods(followed["cohort_day"], unit)
        cohorts = pd.period_range(seen.min(), seen.max(), freq=calendar.freq(unit))
        segments = sort_segments(set(segments_of(followed, by)))
        straddling = frozenset(
            period
            for period in cohorts
            if period.end_time.date() > as_of
            or (since is not None and period.start_time.date() < since <= period.end_time.date())
        )
        empty = np.zeros(0, dtype=np.int64)
        n_ages = int(followed["age"].max()) + 1
        bare = cls(outcomes, by, segments, cohorts, n_ages, calendar, unit, empty, straddling)
        cube = bare.cube(followed)
        return cls(outcomes, by, segments, cohorts, n_ages, calendar, unit, cube, straddling)

    def having(self, *, outcome: int, undated: int | None = None) -> pd.DataFrame:
        """Return the counts of one outcome."""
        chosen = self.outcomes["outcome"] == outcome
        if undated is not None:
            chosen &= self.outcomes["undated"] == undated
        return self.outcomes[chosen]

    def cube(self, counts: pd.DataFrame) -> IntArray:
        """Return counts with ``age`` and ``n`` as ``(n_segments, n_cohorts, n_ages)``."""
        out = np.zeros((len(self.segments), len(self.cohorts), self.n_ages), dtype=np.int64)
        if len(counts):
            place = (*self._cells(counts), counts["age"].to_numpy(np.int64))
            np.add.at(out, place, counts["n"].to_numpy(np.int64))
        return out

    def by_month(self, counts: pd.DataFrame, as_of: dt.date) -> CalendarCounts:
        """Return counts with ``month_day`` and ``n`` by calendar month, up to that of ``as_of``."""
        return CalendarCounts.of(
            counts["month_day"],
            counts["n"].to_numpy(np.int64),
            self._cells(counts),
            shape=(len(self.segments), len(self.cohorts)),
            first=self.cohorts[0].start_time,
            as_of=as_of,
        )

    def square(self, counts: pd.DataFrame, column: str) -> IntArray:
        """Return a column of counts as ``(n_segments, n_cohorts)``."""
        out = np.zeros((len(self.segments), len(self.cohorts)), dtype=np.int64)
        if len(counts):
            np.add.at(out, self._cells(counts), counts[column].to_numpy(np.int64))
        return out

    def _cells(self, counts: pd.DataFrame) -> tuple[Any, Any]:
        number = {segment: i for i, segment in enumerate(self.segments)}
        rows = np.array([number[segment] for segment in segments_of(counts, self.by)], dtype=int)
        periods = self.calendar.periods(counts["cohort_day"], self.unit)
        return rows, self.cohorts.get_indexer(periods)


def union(parts: Sequence[ir.Table]) -> ir.Table:
    """Return several relations of the same columns as one."""
    table = parts[0]
    for part in parts[1:]:
        table = table.union(part)
    return table


def run(expression: ir.Table) -> pd.DataFrame:
    """Return a small grouped result as a frame."""
    frame: pd.DataFrame = expression.execute()
    return frame


def segments_of(counts: pd.DataFrame, by: Sequence[str]) -> list[Segment]:
    """Return the segment of each row; an empty text is blank."""
    if not by:
        return [()] * len(counts)
    columns = [[value or None for value in counts[f"by_{i}"].tolist()] for i in range(len(by))]
    return list(zip(*columns, strict=True))


def to_flows(
    counts: pd.DataFrame,
    *,
    steps: tuple[str, ...],
    by: tuple[str, ...],
    calendar: Calendar,
    every: Unit,
    as_of: dt.date,
    since: dt.date | None,
    apart: tuple[str, ...] = (),
) -> Flows:
    """Return entries by step and period from counts by ``by_<i>``, ``step`` and ``day``."""
    keys = segments_of(counts, by)
    segments = sort_segments(set(keys) or {()})
    dated = counts["day"].notna().to_numpy()
    periods, index = _periods(counts["day"][dated], calendar, every, as_of)
    entries = np.zeros((len(segments), len(steps), len(index)), dtype=np.int64)
    undated = np.zeros((len(segments), len(steps)), dtype=np.int64)
    rows = np.array([segments.index(key) for key in keys], dtype=int)
    step, n = counts["step"].to_numpy(int), counts["n"].to_numpy(np.int64)
    columns = np.asarray(index.get_indexer(periods))
    np.add.at(entries, (rows[dated], step[dated], columns), n[dated])
    np.add.at(undated, (rows[~dated], step[~dated]), n[~dated])
    partial = frozenset(
        period
        for period in index
        if period.end_time.date() > as_of
        or (since is not None and period.start_time.date() < since)
    )
    return Flows(
        steps=steps,
        by=by,
        segments=segments,
        periods=index,
        as_of=as_of,
        entries=entries,
        undated=undated,
        partial=partial,
        apart=apart,
    )


def to_stays(
    counts: pd.DataFrame,
    waits: pd.DataFrame,
    accounts: pd.DataFrame | None,
    *,
    stages: tuple[str, ...],
    exits: tuple[str, ...],
    by: tuple[str, ...],
    as_of: dt.date,
    undated: tuple[str, ...] = (),
) -> Stays:
    """Return what became of the records of each stage, from one wide row for each segment."""
    keys = segments_of(counts, by)
    segments = sort_segments(set(keys) or {()})
    shape = (len(segments), len(stages))

    def square(stem: str, counts: pd.DataFrame = counts) -> IntArray:
        rows = [segments.index(key) for key in segments_of(counts, by)]
        out = np.zeros(shape, dtype=np.int64)
        for k in range(len(stages)):
            out[rows, k] = counts[stem.format(k)].to_numpy(np.int64)
        return out

    entered, moved = square("entered_{}"), square("moved_{}")
    left = {name: square(f"left_{{}}_{e}") for e, name in enumerate(exits)}
    days = np.zeros((*shape, int(waits["days"].max()) + 1 if len(waits) else 1), dtype=np.int64)
    place = np.array([segments.index(key) for key in segments_of(waits, by)], dtype=int)
    at = (place, waits["stage"].to_numpy(int), waits["days"].to_numpy(int))
    np.add.at(days, at, waits["n"].to_numpy(np.int64))
    sums = None
    if accounts is not None:
        sums = np.stack([square(stem, accounts) for stem in ("m_{}", "nn_{}", "xn_{}", "xx_{}")])
    still = entered - moved - sum(left.values(), np.zeros(shape, dtype=np.int64))
    return Stays(
        stages=stages,
        exits=exits,
        by=by,
        segments=segments,
        as_of=as_of,
        entered=entered,
        filled=square("filled_{}"),
        moved_on=moved,
        left=left,
        still_there=np.where(np.arange(len(stages)) == len(stages) - 1, 0, still),
        days=days,
        accounts=sums,
        undated=undated,
    )


def to_moments(
    counts: pd.DataFrame, by: tuple[str, ...], calendar: Calendar, every: Unit, as_of: dt.date
) -> Moments:
    """Return money by period from counts by ``by_<i>`` and ``day``."""
    counts = counts[counts["day"].notna()]
    keys = segments_of(counts, by)
    segments = sort_segments(set(keys) or {()})
    periods, index = _periods(counts["day"], calendar, every, as_of)
    shape = (len(segments), len(index))
    n, known = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    total = np.full(shape, Decimal(0), dtype=object)
    columns = index.get_indexer(periods)
    for row, (key, j) in enumerate(zip(keys, columns, strict=True)):
        i, line = segments.index(key), counts.iloc[row]
        n[i, j] += int(line["n"])
        known[i, j] += int(line["known"])
        total[i, j] += Decimal(0) if not int(line["known"]) else Decimal(line["total"])
    return Moments(
        by=by, segments=segments, periods=index, as_of=as_of, n=n, known=known, total=total
    )


def _periods(
    days: pd.Series[Any], calendar: Calendar, every: Unit, as_of: dt.date
) -> tuple[pd.PeriodIndex, pd.PeriodIndex]:
    """Return the period of each day, and all periods from the first to that of ``as_of``."""
    import pandas as pd

    seen = calendar.periods(days, every)
    last = calendar.period(as_of, every)
    first = seen.min() if len(seen) else last
    return seen, pd.period_range(first, last, freq=calendar.freq(every))
