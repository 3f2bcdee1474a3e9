"""Which series of a board stand out, within one budget of false alarms for all of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit._core import display
from funnelkit.monitor.board.building import Board
from funnelkit.monitor.board.chances import adjusted, chance_of_any, held
from funnelkit.monitor.board.folding import Alarm
from funnelkit.monitor.board.panels import FEWEST, HISTORY, Metric, Panel
from funnelkit.monitor.board.scores import QUARTERLY, YEARLY, Season, Windows, season_of, windows

FloatArray = NDArray[np.float64]
ALL_LEADS = "all leads"
_RANGE = 3.84
_POWER = 0.8
_SHOWN = 3
_SEASON = 0.1
_LATELY = 3


class Low(NamedTuple):
    """A rate beside its threshold."""

    panel: Panel
    row: int
    limit: float
    words: str
    level: float
    n: int
    months: int
    chance: float


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What stands out.

    Parameters
    ----------
    alarms
        Series that left their usual level.
    lows
        Rates below their threshold.
    parents
        The series of all leads, alarmed or not, for folding.
    watched
        Number of series.
    missed
        What could not be watched, and why.
    smallest
        Metric and segment -> smallest drop that two months would have shown.
    seasons
        Metric -> what is allowed for season.
    """

    alarms: list[Alarm]
    lows: list[Low]
    parents: list[Alarm]
    watched: int
    missed: list[str]
    smallest: dict[tuple[str, str], float]
    seasons: dict[str, str]


class Chart:
    """One panel's windows, and which of its series are watched.

    Parameters
    ----------
    panel
        Series of one metric.
    found
        What their last months brought.
    stepless
        The same without steps at dated changes; ``None`` where there is none.
    season
        What is allowed for season, in words.
    """

    def __init__(self, panel: Panel, found: Windows, stepless: Windows | None, season: str) -> None:
        self.panel = panel
        self.found = found
        self.stepless = stepless
        self.season = season
        base = panel.series.base
        longest = found.low.shape[1]
        known = base > 0
        total = known.sum(axis=1)
        self.reach = np.clip(total - HISTORY, 0, longest)
        usual = np.where(known, base, 0.0).sum(axis=1) / np.maximum(total, 1)
        enough = usual >= FEWEST if panel.series.kind == "count" else total > 0
        self.few = ~enough
        self.watched = enough & (self.reach >= 1)
        inside = np.arange(1, longest + 1)[None] <= self.reach[:, None]
        inside &= found.spread > 0
        self.inside = inside
        self.low = np.where(inside, found.low, 1.0)
        self.high = np.where(inside, found.high, 1.0)
        least = np.minimum(self.low.min(axis=1), self.high.min(axis=1))
        self.distance = _distance(least)
        spread = np.where(inside, found.spread, 0.0)
        self.spread = np.maximum.accumulate(np.maximum(spread, 1e-12), axis=1)
        self.chance = chance_of_any(self.distance, self.spread)

    def alarm(self, row: int, chance: float) -> Alarm:
        """Return a series as an alarm: where its change most likely lies, and its range."""
        low, high = self.low[row], self.high[row]
        fell = bool(low.min() <= high.min())
        gap = self.found.observed[row] - self.found.expected[row]
        z = np.where(self.inside[row], (-gap if fell else gap) / self.spread[row], 0.0)
        window = int(np.argmax(z)) + 1
        near = np.flatnonzero((z > 0) & (z**2 >= z.max() ** 2 - _RANGE))
        near = near if len(near) else np.array([window - 1])
        return Alarm(
            panel=self.panel,
            row=row,
            fell=fell,
            window=window,
            first=int(near.max()) + 1,
            last=int(near.min()) + 1,
            observed=self.found.observed[row],
            expected=self.found.expected[row],
            spread=self.found.spread[row],
            distance=float(_distance(np.minimum(low, high).min(keepdims=True))[0]),
            chance=chance,
        )

    def parent(self, row: int) -> Alarm:
        """Return a series for folding: windows that hold a dated change are those without step."""
        one = self.alarm(row, 1.0)
        if self.stepless is None:
            return one
        n = self.panel.series.observed.shape[1]
        after = min(n - first for first in self.panel.series.steps)
        held_over = np.arange(1, len(one.observed) + 1) >= after
        for name in ("observed", "expected", "spread"):
            other = getattr(self.stepless, name)[row]
            setattr(one, name, np.where(held_over, other, getattr(one, name)))
        return one

    def steps(self) -> list[tuple[int, int, float]]:
        """Return the series, window and chance of each step at a dated change."""
        if self.stepless is None:
            return []
        n = len(self.panel.series.observed[0])
        found = []
        for first in self.panel.series.steps:
            k = n - first
            for row in np.flatnonzero(self.watched & (self.reach >= k)):
                tail = min(self.stepless.low[row, k - 1], self.stepless.high[row, k - 1])
                found.append((int(row), k, min(2 * float(tail), 1.0)))
        return found

    def step(self, row: int, window: int, chance: float) -> Alarm:
        """Return the step of a series at a dated change as an alarm."""
        found = self.found if self.stepless is None else self.stepless
        low, high = found.low[row, window - 1], found.high[row, window - 1]
        least = min(low, high)
        return Alarm(
            panel=self.panel,
            row=row,
            fell=bool(low <= high),
            window=window,
            first=window,
            last=window,
            observed=found.observed[row],
            expected=found.expected[row],
            spread=found.spread[row],
            distance=float(_distance(np.array([least]))[0]),
            chance=chance,
        )

    def smallest(self, share: float) -> FloatArray:
        """Return the smallest drop of each series that its last two months show with the power.

        Parameters
        ----------
        share
            A series' share of the budget.

        Returns
        -------
        ndarray
            Relative, NaN for a series that is not watched, shape ``(n_series,)``.
        """
        low, high = np.zeros(len(self.spread)), np.full(len(self.spread), 12.0)
        for _ in range(20):
            middle = (low + high) / 2
            more = chance_of_any(middle, self.spread) > share
            low, high = np.where(more, middle, low), np.where(more, high, middle)
        last = np.clip(np.minimum(2, self.reach) - 1, 0, None)[:, None]
        needed = high + float(special.ndtri(_POWER))
        needed = needed * np.take_along_axis(self.found.spread, last, axis=1)[:, 0]
        if self.panel.metric.kind == "speed":
            summed = np.cumsum(self.panel.series.base[:, ::-1], axis=1)
            weight = np.take_along_axis(summed, last, axis=1)[:, 0]
            drop = -np.expm1(-needed / np.maximum(weight, 1e-9))
        else:
            due = np.take_along_axis(self.found.expected, last, axis=1)[:, 0]
            drop = needed / np.maximum(due, 1e-9)
        return np.where(self.watched, drop, np.nan)


def standing_out(
    board: Board,
    *,
    limits: Mapping[str, tuple[float, str]],
    budget: float,
    recent: int,
    fiscal_year_start: int,
) -> Standing:
    """Return which series stand out.

    Parameters
    ----------
    board
        All series.
    limits
        Metric -> threshold and where it comes from.
    budget
        Largest chance of any false alarm on the whole board.
    recent
        Longest window, in months.
    fiscal_year_start
        Month in which fiscal quarters begin.
    """
    charts = _charts(board, recent, fiscal_year_start)
    watched = [(chart, int(row)) for chart in charts for row in np.flatnonzero(chart.watched)]
    steps = [(chart, *step) for chart in charts for step in chart.steps()]
    lows = [low for panel in board.panels for low in _lows(panel, limits)]
    chances = np.array(
        [
            *(chart.chance[row] for chart, row in watched),
            *(chance for *_, chance in steps),
            *(low.chance for low in lows),
        ]
    )
    stands, sure = held(chances, budget), adjusted(chances)
    alarms = [
        chart.alarm(row, float(sure[at])) for at, (chart, row) in enumerate(watched) if stands[at]
    ]
    alarms += [
        chart.step(row, k, float(sure[at]))
        for at, (chart, row, k, _) in enumerate(steps, len(watched))
        if stands[at]
    ]
    below = [
        low._replace(chance=float(sure[at]))
        for at, low in enumerate(lows, len(watched) + len(steps))
        if stands[at]
    ]
    whole = [chart for chart in charts if chart.panel.split is None]
    share = budget / max(len(chances), 1)
    return Standing(
        alarms=_once(alarms),
        lows=below,
        parents=[chart.parent(row) for chart in whole for row in range(len(chart.panel.segments))],
        watched=len(watched),
        missed=_missed(charts),
        smallest={
            (chart.panel.metric.name, _where(chart.panel, row)): float(drop)
            for chart in charts
            for row, drop in enumerate(chart.smallest(share))
        },
        seasons={chart.panel.metric.name: chart.season for chart in whole},
    )


def places_of(board: Board, fiscal_year_start: int) -> tuple[FloatArray, FloatArray]:
    """Return the month of the year and of the fiscal quarter of each month."""
    month = board.months.month.to_numpy()
    return month.astype(float), ((month - fiscal_year_start) % 3).astype(float)


def first_day(month: object) -> dt.date:
    """Return the first day of a month."""
    day: dt.date = month.start_time.date()  # type: ignore[attr-defined]
    return day


def _charts(board: Board, recent: int, fiscal_year_start: int) -> list[Chart]:
    found = []
    seasons: dict[Metric, tuple[Season, str]] = {}
    places = places_of(board, fiscal_year_start)
    n = len(board.months)
    for panel in board.panels:
        known = np.asarray((panel.series.base > 0).any(axis=0))
        longest = min(recent, max(int(known.sum()) - HISTORY, 1), n - 1)
        if longest < 1:
            continue
        if panel.split is None:
            history = int(known[: n - longest].sum())
            season = season_of(panel.series, places, n - longest, history)
            seasons[panel.metric] = _allowed(season, panel.metric, history)
        season, words = seasons[panel.metric]
        counted = windows(panel.series, season, places, longest=longest)
        stepless = None
        if any(n - first <= longest for first in panel.series.steps):
            earlier = tuple(first for first in panel.series.steps if n - first > longest)
            series = replace(panel.series, steps=earlier)
            stepless = windows(series, season, places, longest=longest)
        found.append(Chart(panel, counted, stepless, words))
    return found


def _distance(chance: FloatArray) -> FloatArray:
    """Return how far out so small a chance lies, in standard deviations; 0 for one half or more."""
    return np.asarray(-special.ndtri(np.clip(chance, 1e-300, 0.5)))


def _once(alarms: list[Alarm]) -> list[Alarm]:
    """Return each series once: its step at a dated change before what else stands out of it."""
    found = {(id(one.panel), one.row): one for one in alarms}  # steps come last, and stay
    return list(found.values())


def _where(panel: Panel, row: int) -> str:
    """Return a series' segment in words."""
    pairs = zip(panel.by, panel.segments[row], strict=True)
    return (
        ", ".join(f"{display.one_line(name)} {display.segment_name([v])}" for name, v in pairs)
        or ALL_LEADS
    )


def _missed(charts: Sequence[Chart]) -> list[str]:
    told: dict[str, list[str]] = {}
    for chart in charts:
        for row in np.flatnonzero(~chart.watched):
            segment = chart.panel.segments[row]
            why = f"fewer than {FEWEST:g} a month" if chart.few[row] else "too short a history"
            what = f"{display.one_line(chart.panel.metric.name)}, {why}"
            told.setdefault(what, []).append(
                display.segment_name(segment) if segment else ALL_LEADS
            )
    return [
        f"{what}: {display.listed(names[:_SHOWN])}"
        + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
        + "."
        for what, names in told.items()
    ]


def _lows(panel: Panel, limits: Mapping[str, tuple[float, str]]) -> list[Low]:
    """Return the rates of all leads in the last months beside their threshold."""
    if panel.metric.name not in limits or panel.split is not None:
        return []
    limit, words = limits[panel.metric.name]
    k = min(_LATELY, panel.series.observed.shape[1])
    found = []
    for row in range(len(panel.segments)):
        series = panel.series
        worth = panel.denominators[row, -k:] * panel.maturity[row, -k:]
        due = float(limit * worth.sum())
        if due < FEWEST:
            continue
        observed, base = float(series.observed[row, -k:].sum()), series.base[row, -k:]
        relative = 0.0
        if series.shared is not None:
            block = series.shared[row][-k:, -k:]
            relative = float(base @ block @ base) / max(float(base.sum()) ** 2, 1e-9)
        z = (observed - due + 0.5) / np.sqrt(due * (1 - limit) + due**2 * relative)
        found.append(
            Low(
                panel=panel,
                row=row,
                limit=limit,
                words=words,
                level=observed / max(float(worth.sum()), 1e-9),
                n=int(panel.denominators[row, -k:].sum()),
                months=k,
                chance=float(special.ndtr(z)),
            )
        )
    return found


def _allowed(season: Season, metric: Metric, known: int) -> tuple[Season, str]:
    """Return the season that is allowed for, and what is said of it."""
    told = []
    year, quarter = season.year, season.quarter
    if metric.kind == "volume" and known < 24:
        year = max(year, _SEASON)
        told.append(
            f"months of the year: {display.percent(year, decimals=0)} assumed, history below "
            "24 months"
        )
    elif known < YEARLY:
        told.append(f"months of the year: not told apart, history below {YEARLY} months")
    else:
        told.append(f"months of the year: {display.percent(year, decimals=0)}")
    if known < QUARTERLY:
        told.append(f"months of the quarter: not told apart, history below {QUARTERLY} months")
    else:
        told.append(f"months of the quarter: {display.percent(quarter, decimals=0)}")
    return Season(year=year, quarter=quarter), "; ".join(told)
