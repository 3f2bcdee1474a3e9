"""`Arrivals`: records that entered the funnel, by the stage they entered at, and month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import period_label
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Segment
from funnelkit.data.definition import ENTERED_AT

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.counts.daily import Daily
    from funnelkit.data.records import Leads

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Arrivals(Result):
    """Records that entered at each stage, and those that were won, by civil month.

    Parameters
    ----------
    points
        Stages at which records first appear, in order; the first stage is always among them.
    by, segments
        Segment columns, and one tuple of values for each segment.
    months
        Civil months without gaps up to that of ``as_of``, shape ``(n_months,)``.
    as_of
        Last complete day.
    entered
        Records by segment, point of entry and month, shape ``(S, n_points, n_months)``.
    won
        Records won in each month, shape ``(S, n_months)``.
    """

    points: tuple[str, ...]
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    months: pd.PeriodIndex
    as_of: dt.date
    entered: IntArray
    won: IntArray

    def __post_init__(self) -> None:
        """Copy and freeze the counts."""
        for name in ("entered", "won"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))

    @property
    def n(self) -> int:
        """Records that entered."""
        return int(self.entered.sum())

    @property
    def running(self) -> bool:
        """Whether the last month is not over on ``as_of``."""
        return bool(self.months[-1].end_time.date() > self.as_of)

    def of(self, point: str) -> IntArray:
        """Return the entries at one stage, shape ``(S, n_months)``.

        Raises
        ------
        ArgumentError
            If no record enters there.
        """
        checks.member("point", "point of entry", point, self.points)
        return np.asarray(self.entered[:, self.points.index(point)])

    def to_frame(self) -> pd.DataFrame:
        """Return one row per month, segment and point of entry: ``entered``."""
        import pandas as pd

        cells = np.ndindex(*self.entered.shape)
        names = [period_label(month) for month in self.months]
        rows = [
            {
                "month": names[m],
                **dict(zip(self.by, self.segments[i], strict=True)),
                "point": self.points[p],
                "entered": int(self.entered[i, p, m]),
            }
            for i, p, m in cells
        ]
        return pd.DataFrame(rows, columns=["month", *self.by, "point", "entered"])

    def summary(self) -> str:
        """Return how many entered, and how many of them at a later stage than the first."""
        later = int(self.entered[:, 1:].sum())
        text = (
            f"{display.plural(self.n, 'record')} entered in "
            f"{display.plural(len(self.months), 'month')} up to {self.as_of.isoformat()}"
        )
        if later:
            text += f", {display.count(later)} of them at a later stage than {self.points[0]}"
        return f"{text}."


def daily_entries(leads: Leads, by: tuple[str, ...]) -> Daily:
    """Return entries by day, split by some segments and the point of entry."""
    from funnelkit.counts.daily import daily

    [found] = daily(leads, [(*by, ENTERED_AT)]).values()
    return found


def arrivals_of(
    found: Daily, stages: tuple[str, ...], left_out: Sequence[dt.date] = ()
) -> Arrivals:
    """Return the arrivals at some stages of all records with a day of entry.

    Parameters
    ----------
    found
        Of :func:`daily_entries`.
    stages
        All at which a record may enter, the last one being the win.
    left_out
        Days on which no entry to the first stage is counted.
    """
    place = found.by.index(ENTERED_AT)
    names = tuple(name for name in found.by if name != ENTERED_AT)
    apart = [(*one[:place], *one[place + 1 :]) for one in found.segments]
    segments = tuple(dict.fromkeys(apart))
    began = [one[place] for one in found.segments]
    points = tuple(name for name in stages if name == stages[0] or name in began)
    months, by_month = _monthly(found, left_out)
    entered = np.zeros((len(segments), len(points), len(months)), np.int64)
    won = np.zeros((len(segments), len(months)), np.int64)
    for row, (segment, point) in enumerate(zip(apart, began, strict=True)):
        i = segments.index(segment)
        won[i] += by_month[row, found.steps.index(stages[-1])]
        if point in points:
            entered[i, points.index(point)] += by_month[row, found.steps.index(point)]
    return Arrivals(
        points=points,
        by=names,
        segments=segments,
        months=months,
        as_of=found.as_of,
        entered=entered,
        won=won,
    )


def _monthly(found: Daily, left_out: Sequence[dt.date]) -> tuple[pd.PeriodIndex, IntArray]:
    """Return the civil months, and entries by them."""
    import pandas as pd

    of = found.days.to_period("M")
    months = pd.period_range(of[0], of[-1], freq="M")
    entries = found.entries
    if left_out:
        entries = entries.copy()
        entries[:, 0, found.days.get_indexer(pd.DatetimeIndex(list(left_out)))] = 0
    sums = np.zeros((*entries.shape[:2], len(months)), np.int64)
    np.add.at(sums.transpose(2, 0, 1), months.get_indexer(of), entries.transpose(2, 0, 1))
    return months, sums
