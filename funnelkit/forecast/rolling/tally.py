"""The forecasts of a back-test as they are gathered, origin by origin."""

from __future__ import annotations

import datetime as dt
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import Calendar
from funnelkit._core.errors import EvidenceError
from funnelkit.counts.triangle import Segment
from funnelkit.data.blinding import OpenAmounts, blinded
from funnelkit.forecast.result import Forecast
from funnelkit.forecast.rolling import leaks, methods, scoring
from funnelkit.forecast.rolling.methods import Forecaster
from funnelkit.forecast.rolling.origins import first_after
from funnelkit.forecast.rolling.outcomes import Outcomes
from funnelkit.forecast.rolling.result import ForecastBacktest

if TYPE_CHECKING:
    from funnelkit.data.definition import Funnel
    from funnelkit.data.records import Leads

FloatArray = NDArray[np.float64]
_YEAR = {"month": 12, "quarter": 4, "year": 1}
_BOTH = ("expected", "median", "crps", "pinball", "pit_low", "pit_high")


@dataclass(kw_only=True)
class Tally:
    """Forecasts as they are gathered, origin by origin.

    A row is one origin, one series and one period to come; the last of each series is the total.
    ``wanted`` is the number of origins that was asked for, where it was a number.
    """

    came: Outcomes
    horizon: int
    forecasters: Mapping[str, Forecaster]
    calendar: Calendar
    open_amounts: OpenAmounts
    season: int | None
    seed: int
    days: list[dt.date] = field(default_factory=list)
    actual: list[FloatArray] = field(default_factory=list)
    said: list[list[Mapping[str, FloatArray] | None]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    refused: dict[str, str] = field(default_factory=dict)
    wanted: int | None = None

    @property
    def series(self) -> list[Segment | None]:
        """All together, then each segment where there are several columns to split by."""
        return [None, *(self.came.segments if self.came.by else ())]

    def add(self, leads: Leads, day: dt.date) -> None:
        """Add the forecasts of one origin."""
        import pandas as pd

        start = first_after(day, self.came, self.calendar)
        first = self.came.periods[0] + start
        periods = pd.period_range(first, periods=self.horizon, freq=self.came.periods.freq)
        then = leads.at(day)
        then = blinded(then, self.open_amounts) if self.came.unit == "value" else then
        actual = self._actual(start)
        told: list[Mapping[str, FloatArray] | None] = []
        for label, forecaster in self.forecasters.items():
            stream = np.random.default_rng(
                [self.seed, day.toordinal(), zlib.crc32(label.encode("utf-8"))]
            )
            try:
                given = forecaster(then, periods, rng=stream)
            except EvidenceError as error:
                self.refused[label] = str(error)
                self.left_out[f"no forecast by `{label}`"] += 1
                told.append(None)
                continue
            forecast = methods.checked(label, given, periods, self.came.unit)
            told.append(self._scored(forecast, actual))
        self.days.append(day)
        self.actual.append(actual)
        self.said.append(told)

    def _actual(self, start: int) -> FloatArray:
        """Return what came, shape ``(n_series, H + 1)``: the periods, then their total."""
        values = np.full((len(self.came.values), self.horizon), np.nan)
        seen = self.came.values[:, start : start + self.horizon]
        values[:, : seen.shape[1]] = seen
        pooled = values.sum(axis=0, keepdims=True)
        rows = np.concatenate([pooled, values]) if self.came.by else pooled
        return np.concatenate([rows, rows.sum(axis=1, keepdims=True)], axis=1)

    def _scored(self, forecast: Forecast, actual: FloatArray) -> Mapping[str, FloatArray]:
        """Return what a forecast says of each series and period, and its scores.

        Each of shape ``(n_series, H + 1)``, NaN for series that the forecast does not split by.
        """
        shape = actual.shape
        found = {name: np.full(shape, np.nan) for name in _BOTH}
        ends = {name: np.full((*shape, len(scoring.LEVELS)), np.nan) for name in ("low", "high")}
        for i, one in enumerate(self.series):
            picked = _of(forecast, one, self.came.by)
            if picked is None:
                continue
            draws, expected = picked
            draws = np.concatenate([draws, draws.sum(axis=1, keepdims=True)], axis=1)
            scored = scoring.scored(draws, actual[i], unit=self.came.unit)
            found["expected"][i] = [*expected, expected.sum()]
            for name in _BOTH[1:]:
                found[name][i] = getattr(scored, name)
            for name, values in ends.items():
                values[i] = getattr(scored, name)
        return {**found, **ends}

    def result(self, funnel: Funnel) -> ForecastBacktest:
        """Return everything that was gathered.

        Raises
        ------
        EvidenceError
            If no method could forecast.
        """
        import pandas as pd

        labels = tuple(self.forecasters)
        if not any(one is not None for told in self.said for one in told):
            why = next(iter(self.refused.values()))
            raise EvidenceError(f"`methods`: none of them could forecast on any date. {why}")
        season = self._season()
        n_series, width = len(self.series), self.horizon + 1
        first = [first_after(day, self.came, self.calendar) for day in self.days]
        ahead = np.tile([*range(1, self.horizon + 1), 0], n_series * len(self.days))
        places = [
            start + (step or self.horizon) - 1
            for start in first
            for _ in self.series
            for step in [*range(1, self.horizon + 1), 0]
        ]

        def gathered(name: str, *more: int) -> FloatArray:
            blank = np.full((n_series, width, *more), np.nan)
            tables = [
                np.stack([blank if one is None else one[name] for one in told], axis=2)
                for told in self.said
            ]
            return np.concatenate([one.reshape(-1, len(labels), *more) for one in tables])

        expected = gathered("expected")
        return ForecastBacktest(
            what=self.came.what,
            unit=self.came.unit,
            currency=self.came.currency,
            step=self.came.step,
            horizon=self.horizon,
            by=self.came.by,
            as_of=self.came.as_of,
            methods=labels,
            season=season,
            origins=tuple(day for day in self.days for _ in range(n_series * width)),
            series=tuple(one for _ in self.days for one in self.series for _ in range(width)),
            ahead=ahead,
            periods=pd.PeriodIndex([self.came.periods[0] + place for place in places]),
            actual=np.concatenate([one.ravel() for one in self.actual]),
            scale=self._scales(season, first),
            told=np.isfinite(expected),
            expected=expected,
            **{name: gathered(name) for name in _BOTH[1:]},
            **{name: gathered(name, len(scoring.LEVELS)) for name in ("low", "high")},
            leaks=leaks.leaks_of(
                funnel, by=self.came.by, what=self.came.what, open_amounts=self.open_amounts
            ),
            left_out=MappingProxyType(dict(self.left_out)),
            notes=tuple(self._notes(season)),
        )

    def _notes(self, season: int) -> list[str]:
        """Return what a reader must know besides."""
        found, year = [], _YEAR[self.came.step]
        if self.wanted is not None and len(self.days) < self.wanted:
            found.append(
                f"{display.plural(len(self.days), 'date')} in place of {self.wanted}: the history "
                "reaches no further."
            )
        if self.season is None and season < year:
            found.append(
                "Errors are scaled by the plain naive forecast, since no more than a year lies "
                "before the first date."
            )
        if self.came.blank:
            n = self.came.blank
            found.append(
                f"{display.plural(n, 'win')} without an amount {'brings' if n == 1 else 'bring'} "
                "nothing in what came."
            )
        return found

    def _season(self) -> int:
        if self.season is not None:
            return self.season
        year = _YEAR[self.came.step]
        before = first_after(min(self.days), self.came, self.calendar)
        return year if before > year else 1

    def _scales(self, season: int, first: list[int]) -> FloatArray:
        """Return what scales the errors of each row: of the periods before its origin alone."""
        values = self.came.values
        pooled = values.sum(axis=0, keepdims=True)
        rows = np.concatenate([pooled, values]) if self.came.by else pooled
        found: list[Any] = []
        for start in first:
            for row in rows:
                one = scoring.scale(row[:start], season)
                found += [one] * self.horizon + [one * self.horizon]
        return np.array(found, dtype=float)


def _of(
    forecast: Forecast, series: Segment | None, by: tuple[str, ...]
) -> tuple[FloatArray, FloatArray] | None:
    """Return the draws ``(n_draws, H)`` and means of a series; ``None`` where it is not split."""
    if series is None:
        return forecast.draws.sum(axis=1), forecast.total
    if set(forecast.by) != set(by):
        return None
    order = [by.index(name) for name in forecast.by]
    wanted = tuple(series[k] for k in order)
    rows = [i for i, segment in enumerate(forecast.segments) if segment == wanted]
    return forecast.draws[:, rows].sum(axis=1), forecast.expected[rows].sum(axis=0)
