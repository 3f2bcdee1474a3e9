"""Series of a board: each metric of each segment, month by month, beside its own usual level."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit.counts.daily import DECIDED, Daily, Split
from funnelkit.counts.triangle import Segment, Triangle
from funnelkit.monitor.board import timing as timed
from funnelkit.monitor.board.scores import Counted
from funnelkit.monitor.board.timing import Timing

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

FloatArray = NDArray[np.float64]
MetricKind = Literal["rate", "volume", "closed", "speed"]
HISTORY = 6
"""Fewest months before a window."""
FEWEST = 5.0
"""Fewest conversions or entries that the usual level must bring a month."""
_SLOPE_SD = 0.03


class Metric(NamedTuple):
    """What is watched: a rate, a volume, the win rate of closed deals, or a speed."""

    kind: MetricKind
    start: str
    target: str

    @property
    def name(self) -> str:
        """What it is called in arguments and tables."""
        return {
            "rate": f"{self.start} to {self.target}",
            "volume": f"entries to {self.target}",
            "closed": "opportunity-to-win",
            "speed": f"speed {self.start} to {self.target}",
        }[self.kind]


@dataclass(frozen=True, eq=False, kw_only=True)
class Panel:
    """The series of one metric for all segments of one split.

    Parameters
    ----------
    metric
        What is watched.
    split
        Column split by; ``None`` for all leads (of each business, where they are kept apart).
    by, segments
        Segment columns, and the values of each series.
    series
        Counts beside the usual level.
    denominators
        Leads that entered, closed deals or days, shape ``(n_series, n_months)``.
    maturity
        Mean maturity of each month's leads; same shape, 1 where months are complete.
    reference
        The usual level: a rate, entries a month, or 0 for a speed, shape ``(n_series,)``.
    """

    metric: Metric
    split: str | None
    by: Split
    segments: tuple[Segment, ...]
    series: Counted
    denominators: FloatArray
    maturity: FloatArray
    reference: FloatArray


class Maker:
    """Makes panels on common months."""

    def __init__(
        self,
        leads: Leads,
        months: pd.PeriodIndex,
        steps: tuple[int, ...],
        counted: Mapping[Split, Daily],
    ) -> None:
        self.leads = leads
        self.months = months
        self.steps = steps
        self.whole = counted[()].total()
        self.counted = counted
        self.recorded: Mapping[str, dt.date] = {}

    def of_cohorts(self, triangle: Triangle, timing: Timing, split: str | None) -> list[Panel]:
        """Return the rate of a transition by cohort, and its speed."""
        entered = triangle.entered.astype(float)
        mature, converted = timing.mature, timing.converted
        if triangle.late is not None:
            mature = np.where(triangle.late.sum(axis=-1) > 0, 0.0, mature)
            converted = np.where(mature > 0, converted, 0.0)
        usual = converted.sum(axis=1) / np.maximum(mature.sum(axis=1), 1e-9)
        base = usual[:, None] * mature
        maturity = mature / np.maximum(entered, 1.0)
        share = np.clip(usual[:, None] * maturity, 0.0, 0.98)
        design = _design(triangle, timing.horizon)
        chance = np.where(base > 0, (1 - share) / np.where(base > 0, base, 1.0), 1.0)
        columns = self._columns(triangle)
        labels: dict[str, Any] = {"split": split, "by": triangle.by, "segments": triangle.segments}
        rate = Panel(
            metric=Metric("rate", triangle.start, triangle.target),
            series=Counted(
                observed=self._wide(converted, columns),
                base=self._wide(base, columns),
                chance=self._wide(chance * design[:, None], columns, 1.0),
                share=self._wide(share, columns),
                shared=self._square(timing.common(maturity), columns),
                steps=self.steps,
            ),
            denominators=self._wide(entered, columns),
            maturity=self._wide(maturity, columns),
            reference=usual,
            **labels,
        )
        stages = self.leads.funnel.stages
        if len(stages) > 2 and (triangle.start, triangle.target) == (stages[0], stages[-1]):
            return [rate]
        ratio, variance = timed.speed_of(timing)
        known = np.isfinite(ratio) & (mature > 0)
        weight = np.where(known, 1 / np.where(known, variance, 1.0), 0.0)
        speed = Panel(
            metric=Metric("speed", triangle.start, triangle.target),
            series=Counted(
                observed=self._wide(weight * np.where(known, ratio, 0.0), columns),
                base=self._wide(weight, columns),
                chance=self._wide(np.where(known, variance, 1.0), columns, 1.0),
                share=self._wide(0 * weight, columns),
                kind="number",
                steps=self.steps,
            ),
            denominators=self._wide(converted, columns),
            maturity=self._wide(maturity, columns),
            reference=np.zeros(len(usual)),
            **labels,
        )
        return [rate, speed]

    def of_months(
        self, split: str | None, timings: Mapping[tuple[str, str], Timing]
    ) -> list[Panel]:
        """Return entries to each stage by month, and the win rate of what closed in each."""
        mine = self.counted[() if split is None else (split,)]
        stages = self.leads.funnel.stages
        labels: dict[str, Any] = {"split": split, "by": mine.by, "segments": mine.segments}
        found = []
        days = self.whole.days.to_period("M")
        place = self.months.get_indexer(days)
        for position, stage in enumerate(stages):
            open_from = self._open_from(position, timings)
            weight = np.bincount(place, self._weekdays(stage), len(self.months)).astype(float)
            counts = _by_month(mine.of(stage), place, len(self.months))
            found.append(self._volume(stage, counts, weight, open_from, labels))
        if DECIDED in mine.steps:
            won = _by_month(mine.of(stages[-1]), place, len(self.months))
            closed = won + _by_month(mine.of(DECIDED), place, len(self.months))
            open_from = self._open_from(len(stages) - 1, timings)
            open_from = max(open_from, self._decided_from())
            closed[:, :open_from] = 0
            won = np.where(closed > 0, won, 0.0)
            usual = won.sum(axis=1) / np.maximum(closed.sum(axis=1), 1.0)
            base = usual[:, None] * closed
            share = np.clip(np.repeat(usual[:, None], closed.shape[1], axis=1), 0.0, 0.98)
            found.append(
                Panel(
                    metric=Metric("closed", stages[-2], stages[-1]),
                    series=Counted(
                        observed=won,
                        base=base,
                        chance=np.where(base > 0, (1 - share) / np.where(base > 0, base, 1), 1.0),
                        share=share,
                        steps=self.steps,
                    ),
                    denominators=closed,
                    maturity=np.ones_like(closed),
                    reference=usual,
                    **labels,
                )
            )
        return found

    def _volume(
        self,
        stage: str,
        counts: FloatArray,
        weight: FloatArray,
        open_from: int,
        labels: dict[str, Any],
    ) -> Panel:
        n = len(self.months)
        t = np.arange(n, dtype=float)
        known = np.repeat((t >= open_from)[None] & (weight > 0)[None], len(counts), axis=0)
        begun = np.maximum.accumulate(counts > 0, axis=1)
        first = np.argmax(counts > 0, axis=1)
        known &= begun
        late = first > open_from  # the month in which a value appeared is cut
        known[np.arange(len(counts))[late], first[late]] = False
        typical = float(np.median(weight[weight > 0])) if weight.any() else 1.0
        month = np.where(weight > 0, weight, 1.0) / typical
        early = known & (t < n - HISTORY)  # what is to be judged does not bend the trend
        early = np.where((early.sum(axis=1) >= HISTORY)[:, None], early, known)
        level = _trend(counts / month, early, t)
        base = np.where(known, level * month, 0.0)
        safe = np.where(base > 0, base, 1.0)
        usual = np.where(known, counts, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
        return Panel(
            metric=Metric("volume", "", stage),
            series=Counted(
                observed=np.where(known, counts, 0.0),
                base=base,
                chance=np.where(known, 1 / safe, 1.0),
                share=np.zeros_like(base),
                trend=True,
                steps=self.steps,
            ),
            denominators=np.repeat(weight[None], len(counts), axis=0),
            maturity=np.ones_like(base),
            reference=usual,
            **labels,
        )

    def _open_from(self, position: int, timings: Mapping[tuple[str, str], Timing]) -> int:
        """Return the first whole month in which a stage is fed as it will be later."""
        stages = self.leads.funnel.stages
        start = self.whole.days[0].date()
        if position:
            shapes = [
                timings[pair].shape[0]
                for pair in pairwise(stages[: position + 1])
                if pair in timings
            ]
            start += dt.timedelta(days=timed.reaching(shapes))
        since = self.recorded.get(stages[position])
        start = max(start, since) if since is not None else start
        place = place_of(self.months, start)
        return place if position == 0 and start.day <= 3 else _after(self.months, start)

    def _decided_from(self) -> int:
        """Return the first whole month from which exits are recorded."""
        days = np.flatnonzero(self.whole.of(DECIDED)[0])
        if not len(days):
            return 0
        return _after(self.months, self.whole.days[int(days[0])].date())

    def _weekdays(self, stage: str) -> FloatArray:
        """Return the weight of each day: how much its weekday usually brings."""
        daily_counts = self.whole.of(stage)[0].astype(float)
        weekday = self.whole.days.day_of_week.to_numpy()
        holidays = {day.toordinal() for day in self.leads.funnel.calendar.holidays}
        if holidays:
            off = np.array([day.toordinal() in holidays for day in self.whole.days.date])
            weekday = np.where(off, 6, weekday)
        sums = np.bincount(weekday, daily_counts, 7)
        number = np.maximum(np.bincount(weekday, minlength=7), 1)
        mean = sums / number
        mean = np.where(sums + number < 14, mean.mean(), mean)
        return np.asarray((mean / max(float(mean.mean()), 1e-12))[weekday])

    def _columns(self, triangle: Triangle) -> NDArray[np.int64]:
        return np.asarray(self.months.get_indexer(triangle.cohorts), np.int64)

    def _wide(
        self, values: FloatArray, columns: NDArray[np.int64], fill: float = 0.0
    ) -> FloatArray:
        out = np.full((len(values), len(self.months)), fill)
        out[:, columns] = values
        return out

    def _square(self, values: FloatArray, columns: NDArray[np.int64]) -> FloatArray:
        n = len(self.months)
        out = np.zeros((len(values), n, n))
        out[np.ix_(np.arange(len(values)), columns, columns)] = values
        return out


def _design(triangle: Triangle, horizon: int) -> FloatArray:
    """Return by how much leads of one account, which go together, widen chance."""
    if triangle.accounts is None:
        return np.ones(triangle.n_segments)
    sums = triangle.accounts.up_to(horizon).summed((1,))
    entered = triangle.entered.sum(axis=1, keepdims=True)
    converted = triangle.by_age(triangle.target)[..., : horizon + 1].sum(axis=(1, 2))[:, None]
    worth = sums.effective(converted, entered)
    return np.asarray(np.maximum(entered / np.maximum(worth, 1.0), 1.0)[:, 0])


def _by_month(counts: NDArray[np.int64], place: NDArray[np.intp], n: int) -> FloatArray:
    out = np.zeros((len(counts), n))
    np.add.at(out.T, place, counts.T.astype(float))
    return out


def _trend(counts: FloatArray, known: NDArray[np.bool_], t: FloatArray) -> FloatArray:
    """Return a level with a constant growth for each series, from the months that are known."""
    weight = np.where(known, counts + 0.5, 0.0)
    log = np.log(counts + 0.5)
    total = np.maximum(weight.sum(axis=1), 1e-12)
    centre = (weight * t).sum(axis=1) / total
    middle = (weight * log).sum(axis=1) / total
    apart = t[None] - centre[:, None]
    spread = (weight * apart**2).sum(axis=1)
    doubt = np.where(known, 1.0, 0.0).sum(axis=1) / np.maximum(total, 1e-12)
    noise = np.maximum((weight * (log - middle[:, None]) ** 2).sum(axis=1) / total, doubt)
    ridge = total / np.maximum(known.sum(axis=1), 1) * noise / _SLOPE_SD**2
    slope = (weight * apart * log).sum(axis=1) / np.maximum(spread + ridge, 1e-12)
    line = np.exp(np.clip(slope[:, None] * apart, -3, 3))
    scale = np.where(known, counts, 0.0).sum(axis=1) / np.maximum(
        np.where(known, line, 0.0).sum(axis=1), 1e-12
    )
    return np.asarray(scale[:, None] * line)


def _after(months: pd.PeriodIndex, day: dt.date) -> int:
    """Return the position of the first month that begins not before a day."""
    return place_of(months, day) + (day.day > 1)


def place_of(months: pd.PeriodIndex, day: dt.date) -> int:
    """Return the position of the month of a day, within what is watched."""
    import pandas as pd

    return int(np.clip((pd.Period(day, freq="M") - months[0]).n, 0, len(months)))
