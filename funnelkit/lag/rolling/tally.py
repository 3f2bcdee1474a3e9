"""The forecasts of a back-test as they are gathered, date by date."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import EvidenceError
from funnelkit.counts.triangle import Segment, Triangle
from funnelkit.lag.rolling import methods as known
from funnelkit.lag.rolling.leaks import leaks_of
from funnelkit.lag.rolling.methods import Predictor
from funnelkit.lag.rolling.predictive import Prediction, counted
from funnelkit.lag.rolling.result import Backtest

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

SPARE = 1e-4
"""Probability that every forecast keeps back for what it holds to be impossible."""
_YOUNG = "cohort still filling on the date"
_FEW = "fewer than {least} leads"
_UNFINISHED = "not all leads followed to the horizon by now"
_LATE = "leads under observation late"
NOBODY = "nobody had entered by the date"


class Cell(NamedTuple):
    """One cohort forecast: where it stands, and what came."""

    date: dt.date
    segment: Segment
    cohort: pd.Period
    entered: int
    converted: int
    maturity: float
    actual: int


class Said(NamedTuple):
    """What one method said of it; zeros where it said nothing."""

    told: bool = False
    predicted: float = 0.0
    low: int = 0
    high: int = 0
    log_score: float = 0.0
    crps: float = 0.0


@dataclass(kw_only=True)
class Tally:
    """Forecasts as they are gathered, date by date."""

    today: Triangle
    horizon: int
    least: int
    level: float
    predictors: dict[str, Predictor]
    cells: list[Cell] = field(default_factory=list)
    said: list[list[Said]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    changed: int = 0
    refused: dict[str, str] = field(default_factory=dict)

    def add(self, counts: Triangle) -> None:
        """Add the forecasts of one date, from its counts."""
        places = self._places(counts)
        if not places:
            return
        predictions = {label: self._predicted(label, counts) for label in self.predictors}
        matured = next(
            (each.maturity for each in predictions.values() if each and each.maturity is not None),
            None,
        )
        came = counted(self.today, self.horizon)
        so_far = counted(counts, self.horizon)
        for (i, j), there in places.items():
            cell = Cell(
                date=counts.as_of,
                segment=counts.segments[i],
                cohort=counts.cohorts[j],
                entered=int(counts.entered[i, j]),
                converted=int(so_far[i, j]),
                maturity=0.0 if matured is None else float(matured[i, j]),
                actual=min(int(came[there]), int(counts.entered[i, j])),
            )
            self.cells.append(cell)
            self.said.append(
                [self._said(label, each, i, j, cell) for label, each in predictions.items()]
            )
            self.changed += abs(int(self.today.entered[there]) - cell.entered)

    def result(self, leads: Leads) -> Backtest:
        """Return everything that was gathered.

        Raises
        ------
        EvidenceError
            If there is nothing to score.
        """
        import pandas as pd

        labels = tuple(self.predictors)
        told = np.array([[each.told for each in row] for row in self.said], dtype=bool)
        if not self.cells or not told[:, 0].any():
            raise EvidenceError(self._nothing(labels[0]))
        if not told[:, told.any(axis=0)].all(axis=1).any():
            raise EvidenceError(
                "`methods`: there is no cohort of which all of "
                f"{display.listed([f'`{label}`' for label in labels])} say something; compare "
                "fewer of them, or choose later `dates`."
            )

        def column(name: str) -> NDArray[Any]:
            return np.array([getattr(cell, name) for cell in self.cells])

        def table(name: str) -> NDArray[Any]:
            return np.array([[getattr(each, name) for each in row] for row in self.said])

        return Backtest(
            start=self.today.start,
            target=self.today.target,
            by=self.today.by,
            as_of=self.today.as_of,
            horizon=self.horizon,
            methods=labels,
            raw=next(
                name
                for name, predictor in self.predictors.items()
                if predictor is known.OTHERS[known.RAW]
            ),
            confidence_level=self.level,
            dates=tuple(cell.date for cell in self.cells),
            segments=tuple(cell.segment for cell in self.cells),
            cohorts=pd.PeriodIndex([cell.cohort for cell in self.cells]),
            entered=column("entered"),
            converted=column("converted"),
            maturity=column("maturity"),
            actual=column("actual"),
            told=told,
            predicted=table("predicted"),
            low_count=table("low"),
            high_count=table("high"),
            log_score=table("log_score"),
            crps=table("crps"),
            left_out=MappingProxyType(self._reasons()),
            leaks=leaks_of(leads.funnel, by=self.today.by, changed=self.changed),
        )

    def _reasons(self) -> dict[str, int]:
        return {why: n for why, n in self.left_out.items() if n}

    def _places(self, counts: Triangle) -> dict[tuple[int, int], tuple[int, int]]:
        """Return the cells to predict, and where each stands in the counts of today."""
        rows = {segment: i for i, segment in enumerate(self.today.segments)}
        columns = {cohort: j for j, cohort in enumerate(self.today.cohorts)}
        unfinished = self.today.followed[..., : self.horizon].sum(axis=-1) > 0
        young = counts.followed[..., : self.horizon].sum(axis=-1) > 0
        late = None if counts.late is None else counts.late.sum(axis=-1) > 0
        found = {}
        for i, j in np.argwhere(young).tolist():
            segment, cohort = counts.segments[i], counts.cohorts[j]
            if cohort.end_time.date() > counts.as_of:
                self.left_out[_YOUNG] += 1
            elif late is not None and late[i, j]:
                self.left_out[_LATE] += 1
            elif counts.entered[i, j] < self.least:
                self.left_out[_FEW.format(least=self.least)] += 1
            elif segment not in rows or cohort not in columns:
                self.changed += int(counts.entered[i, j])
            elif unfinished[there := (rows[segment], columns[cohort])]:
                self.left_out[_UNFINISHED] += 1
            else:
                found[i, j] = there
        return found

    def _predicted(self, label: str, counts: Triangle) -> Prediction | None:
        try:
            return self.predictors[label](counts, self.horizon)
        except EvidenceError as error:
            self.refused[label] = str(error)
            return None

    def _said(self, label: str, prediction: Prediction | None, i: int, j: int, cell: Cell) -> Said:
        if prediction is None or not prediction.told[i, j]:
            self.left_out[f"no forecast by `{label}`"] += 1
            return Said()
        forecast = prediction.of(i, j)
        low, high = forecast.interval(self.level)
        return Said(
            told=True,
            predicted=float(prediction.point[i, j]),
            low=low,
            high=high,
            log_score=forecast.log_score(cell.actual, spare=SPARE, among=cell.entered),
            crps=100 * forecast.crps(cell.actual) / cell.entered,
        )

    def _nothing(self, label: str) -> str:
        if label in self.refused:
            return f"`methods`: `{label}` gave no forecast on any date. {self.refused[label]}"
        reasons = "; ".join(f"{display.count(n)} {why}" for why, n in self._reasons().items())
        return (
            "`dates`: there is no cohort to score. It needs one that had entered as a whole by "
            f"the date, with leads younger than {display.plural(self.horizon, 'day')}, at least "
            f"{display.plural(self.least, 'lead')} in all, and that have all been followed for "
            f"{display.plural(self.horizon, 'day')} by {self.today.as_of.isoformat()}. Left out: "
            f"{reasons or 'nothing; every cohort was fully followed on the date'}."
        )
