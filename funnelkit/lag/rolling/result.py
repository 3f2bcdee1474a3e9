"""`Backtest`: forecasts of earlier dates beside what then came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, scores
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Segment
from funnelkit.lag.rolling import wording

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
_COUNTS = ("entered", "converted", "actual", "low_count", "high_count")
_NUMBERS = ("maturity", "predicted", "log_score", "crps")
_OWN_COLUMNS = (
    "date",
    "cohort",
    "method",
    "entered",
    "converted",
    "maturity",
    "predicted",
    "low",
    "high",
    "actual",
    "error_points",
    "covered",
    "log_score",
    "crps",
)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Backtest(Result):
    """What each method would have said on earlier dates of cohorts whose outcome is known by now.

    A cohort forecast is one segment and cohort on one date; shapes: ``(n_forecasts,)``, and
    ``(n_forecasts, n_methods)`` for what differs by method. Scores and summary compare methods on
    the cohort forecasts that all of them gave.

    Parameters
    ----------
    start, target, by
        As in the triangle.
    as_of
        Last complete day: what came is known up to here.
    horizon
        Days after entry within which conversions count.
    methods
        Labels; the first is the one that is tested.
    raw
        Label of the raw rate.
    confidence_level
        Level of the intervals.
    dates, segments, cohorts
        Of each cohort forecast.
    entered, converted
        Leads that had entered by the date, and those of them that had converted.
    maturity
        Share of the final conversions that were to be expected by the date.
    actual
        Leads that converted within the horizon, as is known by now.
    told
        Whether the method gave this forecast.
    predicted
        Conversions within the horizon that the method named.
    low_count, high_count
        Ends of the interval of the number of conversions.
    log_score
        Logarithm of the probability given to what came; larger is better.
    crps
        Continuous ranked probability score in points of the rate; smaller is better.
    left_out
        Reason -> segments and cohorts on all dates that were not scored, or forecasts that a
        method could not give.
    leaks
        What could not be rewound, in sentences.
    """

    start: str
    target: str
    by: tuple[str, ...]
    as_of: dt.date
    horizon: int
    methods: tuple[str, ...]
    raw: str
    confidence_level: float
    dates: tuple[dt.date, ...]
    segments: tuple[Segment, ...]
    cohorts: pd.PeriodIndex
    entered: IntArray
    converted: IntArray
    maturity: FloatArray
    actual: IntArray
    told: BoolArray
    predicted: FloatArray
    low_count: IntArray
    high_count: IntArray
    log_score: FloatArray
    crps: FloatArray
    left_out: Mapping[str, int]
    leaks: tuple[str, ...]

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in _COUNTS:
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))
        for name in _NUMBERS:
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        object.__setattr__(self, "told", frozen(self.told, np.bool_))

    @property
    def n(self) -> int:
        """Cohort forecasts that are compared."""
        return int(self._compared.sum())

    @property
    def leads(self) -> int:
        """Leads behind them, each counted once."""
        largest: dict[tuple[Segment, Any], int] = {}
        for k in np.flatnonzero(self._compared).tolist():
            key = (self.segments[k], self.cohorts[k])
            largest[key] = max(largest.get(key, 0), int(self.entered[k]))
        return sum(largest.values())

    @property
    def error_points(self) -> FloatArray:
        """Predicted less actual rate, in points, shape ``(n_forecasts, n_methods)``."""
        gap = self.predicted - self.actual[:, None]
        return np.asarray(100 * gap / self.entered[:, None])

    @property
    def covered(self) -> BoolArray:
        """Whether what came lies in the interval, shape ``(n_forecasts, n_methods)``."""
        came = self.actual[:, None]
        return np.asarray((self.low_count <= came) & (came <= self.high_count))

    def ago(self, months: float) -> Backtest:
        """Return the forecasts of one date: the tested one nearest to this many months ago.

        Parameters
        ----------
        months
            Months before ``as_of``.

        Raises
        ------
        ArgumentError
            If it is no number above 0.
        """
        if isinstance(months, bool) or not isinstance(months, (int, float)) or not months > 0:
            raise ArgumentError(f"`months` must be a number above 0; got {months!r}.")
        wanted = months * wording.DAYS_OF_A_MONTH
        compared = [self.dates[k] for k in np.flatnonzero(self._compared).tolist()]
        nearest = min(compared, key=lambda day: (abs((self.as_of - day).days - wanted), day))
        return self.on(nearest)

    def on(self, date: dt.date | str) -> Backtest:
        """Return the forecasts of one of the dates.

        Raises
        ------
        ArgumentError
            If nothing was predicted on that day.
        """
        day = checks.day("date", date)
        kept = [k for k, each in enumerate(self.dates) if each == day]
        if not kept:
            tested = sorted({each.isoformat() for each in self.dates})
            raise ArgumentError(
                f"`date` must be one of {', '.join(tested)}; got {day.isoformat()}."
            )
        return self._part(kept)

    def from_maturity(self, maturity: float) -> Backtest:
        """Return the forecasts of cohorts that had come this far on the date.

        Parameters
        ----------
        maturity
            Share of the final conversions, from 0 to 1.

        Raises
        ------
        ArgumentError
            If it is not such a share, or no cohort had come so far.
        """
        if isinstance(maturity, bool) or not 0 <= maturity <= 1:
            raise ArgumentError(f"`maturity` must be between 0 and 1; got {maturity!r}.")
        kept: list[int] = np.flatnonzero(self.maturity >= maturity).tolist()
        if not kept:
            most = float(np.max(self.maturity, initial=0.0))
            raise ArgumentError(f"`maturity` must be at most {most:.3f} here; got {maturity!r}.")
        return self._part(kept)

    def said(self, months: float | None = None) -> str:
        """Return in a sentence or two what the method said of the youngest cohort, and what came.

        Parameters
        ----------
        months
            About how many months ago; default: on the latest of the dates.
        """
        compared = [self.dates[k] for k in np.flatnonzero(self._compared).tolist()]
        return wording.said(self.on(max(compared)) if months is None else self.ago(months))

    def scores(self) -> pd.DataFrame:
        """Return one row per method, over the cohort forecasts that all of them gave.

        Returns
        -------
        DataFrame
            ``method``, ``n`` (cohort forecasts), ``mae_points`` and ``rmse_points`` (mean
            absolute and root mean squared error of the rate), ``bias_points`` (above 0: too
            high), ``coverage`` (of the intervals), ``log_score`` (mean; larger is better),
            ``crps`` (mean, in points; smaller is better) and ``skill`` (by what share the CRPS is
            smaller than that of the raw rate).
        """
        import pandas as pd

        kept = self._compared
        reference = float(self.crps[kept, self.methods.index(self.raw)].mean())
        rows = []
        for m, name in enumerate(self.methods):
            if not self._scored[m]:
                continue
            error = self.error_points[kept, m]
            crps = float(self.crps[kept, m].mean())
            came = self.actual[kept]
            low, high = self.low_count[kept, m], self.high_count[kept, m]
            rows.append(
                {
                    "method": name,
                    "n": int(kept.sum()),
                    "mae_points": float(np.abs(error).mean()),
                    "rmse_points": float(np.sqrt((error**2).mean())),
                    "bias_points": scores.bias(error, 0.0),
                    "coverage": scores.coverage(low, high, came),
                    "log_score": float(self.log_score[kept, m].mean()),
                    "crps": crps,
                    "skill": scores.skill(crps, reference),
                }
            )
        return pd.DataFrame(rows)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per date, segment, cohort and method.

        Returns
        -------
        DataFrame
            ``date``, ``cohort``, the segment columns, ``method``, ``entered``, ``converted`` (by
            the horizon, so far), ``maturity``, ``predicted``, ``low`` and ``high`` (rate by the
            horizon and its interval), ``actual`` (the rate that came), ``error_points``,
            ``covered``, ``log_score`` and ``crps`` (points). Forecasts that a method could not
            give are left out.
        """
        import pandas as pd

        if clash := [name for name in self.by if name in _OWN_COLUMNS]:
            raise ArgumentError(
                f"`by`: the table has a column `{clash[0]}` of its own; rename that segment."
            )
        of, method = np.nonzero(self.told)
        entered = self.entered[of]
        labels = [period_label(cohort) for cohort in self.cohorts]
        columns: dict[str, Any] = {
            "date": pd.to_datetime([self.dates[k] for k in of]),
            "cohort": [labels[k] for k in of],
            **{name: [self.segments[k][b] for k in of] for b, name in enumerate(self.by)},
            "method": [self.methods[m] for m in method],
            "entered": entered,
            "converted": self.converted[of],
            "maturity": self.maturity[of],
            "predicted": self.predicted[of, method] / entered,
            "low": self.low_count[of, method] / entered,
            "high": self.high_count[of, method] / entered,
            "actual": self.actual[of] / entered,
            "error_points": self.error_points[of, method],
            "covered": self.covered[of, method],
            "log_score": self.log_score[of, method],
            "crps": self.crps[of, method],
        }
        return pd.DataFrame(columns)

    def summary(self) -> str:
        """Return one sentence to quote: how far off the method and the raw rate would have been."""
        return wording.sentence(self)

    def _part(self, kept: list[int]) -> Backtest:
        """Return some of the forecasts."""
        parts: dict[str, Any] = {
            name: getattr(self, name)[kept] for name in (*_COUNTS, *_NUMBERS, "told", "cohorts")
        }
        for name in ("dates", "segments"):
            parts[name] = tuple(getattr(self, name)[k] for k in kept)
        return replace(self, **parts)

    @property
    def _scored(self) -> BoolArray:
        """Whether each method gave any forecast at all."""
        return np.asarray(self.told.any(axis=0))

    @property
    def _compared(self) -> BoolArray:
        """The cohort forecasts that every method gave which gave any."""
        return np.asarray(self.told[:, self._scored].all(axis=1))
