"""`ForecastBacktest`: forecasts of earlier days beside what then came, and their scores."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Segment
from funnelkit.forecast.result import Per, Unit
from funnelkit.forecast.rolling import figures, scoring
from funnelkit.forecast.rolling.choosing import Choice, Compared, chosen
from funnelkit.forecast.rolling.outcomes import Step, What

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
_ONE = ("actual", "scale")
_BOTH = ("expected", "median", "crps", "pinball", "pit_low", "pit_high", "low", "high")
_LABELS = ("as_of", "target", "period", "ahead", "method")
_ENDS = ("low_80", "high_80", "low_95", "high_95")
_OWN_COLUMNS = frozenset({*_LABELS, *_ONE, *_BOTH, *_ENDS, "error", "scaled_error"})
EIGHTY, NINETY_FIVE = scoring.LEVELS.index(0.8), scoring.LEVELS.index(0.95)
TARGETS = ("period", "total")
PERS: tuple[Per, ...] = ("all", "series")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ForecastBacktest(Result):
    """What each method would have said on earlier days, and what then came.

    A row is one origin, one series (``None``: all together) and one period to come, or the total
    over the horizon. Shapes: ``(n,)``, ``(n, n_methods)`` for what differs by method, and
    ``(n, n_methods, n_levels)`` for the ends of the central intervals. Scores compare methods on
    the rows that all of them forecast.

    Parameters
    ----------
    what, unit, currency
        What was forecast, whether it is a count or money, and of which currency.
    step, horizon
        Unit of the periods, and how many of them each origin looks ahead.
    by
        Segment columns of the series.
    as_of
        Last day that is known.
    methods
        Labels.
    season
        Periods of the season whose naive forecast scales the errors; 1: the plain naive one.
    origins
        Of each row: the day that was the last known one.
    series
        Of each row: its segment, or ``None`` for all of them together.
    ahead
        Of each row: how many periods ahead, from 1; 0 is the total over the horizon.
    periods
        Of each row: the period; of a total the last one.
    actual
        What came; NaN where it is not known yet.
    scale
        Mean absolute error of the seasonal naive forecast within what came before the origin; of
        a total that of one period times the horizon.
    told
        Whether the method forecast it.
    expected, median
        Mean and median of its draws.
    low, high
        Ends of its central intervals, of the levels of ``levels``.
    crps, pinball, pit_low, pit_high
        Its scores; see :mod:`funnelkit.forecast.rolling.scoring`.
    leaks
        What could not be rewound, in sentences.
    left_out
        Reason -> forecasts that are missing.
    notes
        What a reader must know besides.
    """

    what: What
    unit: Unit
    currency: str | None
    step: Step
    horizon: int
    by: tuple[str, ...]
    as_of: dt.date
    methods: tuple[str, ...]
    season: int
    origins: tuple[dt.date, ...]
    series: tuple[Segment | None, ...]
    ahead: IntArray
    periods: pd.PeriodIndex
    actual: FloatArray
    scale: FloatArray
    told: BoolArray
    expected: FloatArray
    median: FloatArray
    low: FloatArray
    high: FloatArray
    crps: FloatArray
    pinball: FloatArray
    pit_low: FloatArray
    pit_high: FloatArray
    leaks: tuple[str, ...]
    left_out: Mapping[str, int]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in (*_ONE, *_BOTH):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        object.__setattr__(self, "ahead", frozen(self.ahead, np.int64))
        object.__setattr__(self, "told", frozen(self.told, np.bool_))

    @property
    def levels(self) -> tuple[float, ...]:
        """Levels of the central intervals."""
        return scoring.LEVELS

    @property
    def dates(self) -> tuple[dt.date, ...]:
        """The origins, each once, in order."""
        return tuple(sorted(set(self.origins)))

    @property
    def error(self) -> FloatArray:
        """Expected less what came, shape ``(n, n_methods)``: above 0 where it was too high."""
        return self.expected - self.actual[:, None]

    @property
    def covered(self) -> BoolArray:
        """Whether what came lies in each interval, shape ``(n, n_methods, n_levels)``."""
        came = self.actual[:, None, None]
        return (self.low <= came) & (came <= self.high)

    @cached_property
    def choice(self) -> Choice:
        """The method that forecast best, and what stands behind that."""
        parts = [self._compared_on(target, "all") for target in TARGETS]
        return chosen(self.methods, [part for part in parts if part.counts.any()], self.step)

    @property
    def chosen(self) -> str:
        """Label of the method that forecast best."""
        return self.choice.method

    @property
    def reason(self) -> str:
        """Why that method."""
        return self.choice.reason

    def scores(self, *, per: Per = "all", confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row per target and method, over the forecasts that all methods gave.

        Parameters
        ----------
        per
            ``"all"``: of all series together; ``"series"``: of the single ones, pooled.
        confidence_level
            Level of the ends.

        Returns
        -------
        DataFrame
            ``target`` (``"period"``: single ones; ``"total"``: the sum over the horizon),
            ``method``, ``n`` (forecasts), ``origins``, ``mase`` (mean absolute error of the
            expected value over that of the seasonal naive forecast within what came before;
            rows where that is 0 are left out of it), ``mae``, ``bias`` (above 0: too high) and
            ``bias_share`` (over what came), ``crps`` with ``crps_low`` and ``crps_high``,
            ``pinball``, ``skill`` (by what share the CRPS is smaller than that of the seasonal
            naive method, where it is among them, else of the last method),
            ``coverage_80`` with ``coverage_80_low`` and ``coverage_80_high``, and
            the same of ``coverage_95``. Money has the unit of the forecast.

        Raises
        ------
        ArgumentError
            If ``per`` or the level is unknown.

        Notes
        -----
        The ends of coverage are Wilson's for a binomial share. They take forecasts as
        independent, which those of neighbouring origins are not, since they share periods: with
        many steps ahead read them as too narrow. The ends of the CRPS are from a bootstrap of
        runs of origins that share periods (:func:`~funnelkit.forecast.rolling.scoring.blocks`);
        NaN where there are fewer than two such runs, and too narrow where there are hardly more.

        References
        ----------
        Wilson (1927), JASA 22, 209-212; Hyndman and Koehler (2006), International Journal of
        Forecasting 22, 679-688 (MASE); Gneiting and Raftery (2007), JASA 102, 359-378 (CRPS).
        """
        import pandas as pd

        parts = [self._compared_on(target, checks.one_of("per", per, PERS)) for target in TARGETS]
        return pd.DataFrame(
            [row for part in parts for row in figures.scores(self, part, confidence_level)]
        )

    def calibration(self, *, per: Per = "all", confidence_level: float = 0.95) -> pd.DataFrame:
        """Return how often what came lay in the intervals, by level.

        Parameters
        ----------
        per
            As in :meth:`scores`.
        confidence_level
            Level of the ends of the share.

        Returns
        -------
        DataFrame
            ``target``, ``method``, ``level``, ``n`` (forecasts), ``covered`` (a count),
            ``covered_rate``, ``low`` and ``high`` (Wilson's ends of the share; see
            :meth:`scores` for what they leave out).
        """
        import pandas as pd

        parts = [self._compared_on(target, checks.one_of("per", per, PERS)) for target in TARGETS]
        return pd.DataFrame(
            [row for part in parts for row in figures.covered(self, part, confidence_level)]
        )

    def pit(self, *, bins: int = 10, per: Per = "all") -> pd.DataFrame:
        """Return the histogram of the probability integral transform: even if calibrated.

        Parameters
        ----------
        bins
            Number of evenly wide bins from 0 to 1.
        per
            As in :meth:`scores`.

        Returns
        -------
        DataFrame
            ``target``, ``method``, ``low`` and ``high`` (ends of the bin), ``share`` of the
            forecasts in it, which of counts is spread over their step (Czado, Gneiting and Held,
            2009, Biometrics 65, 1254-1261).

        Raises
        ------
        ArgumentError
            If ``bins`` is no whole number of at least 1.
        """
        import pandas as pd

        edges = np.linspace(0, 1, checks.positive_whole("bins", bins) + 1)
        rows = []
        for target in TARGETS:
            part = self._compared_on(target, checks.one_of("per", per, PERS))
            for m in part.methods:
                shares = scoring.pit_shares(
                    self.pit_low[part.rows, m], self.pit_high[part.rows, m], bins
                )
                rows += [
                    {
                        "target": target,
                        "method": self.methods[m],
                        "low": float(edges[k]),
                        "high": float(edges[k + 1]),
                        "share": float(shares[k]),
                    }
                    for k in range(bins)
                ]
        return pd.DataFrame(rows)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per origin, series, period or total, and method: each beside what came.

        Returns
        -------
        DataFrame
            ``as_of`` (the origin), the segment columns (blank for all together), ``target``,
            ``period`` (of a total its last one), ``ahead`` (0 for a total), ``method``,
            ``expected``, ``median``, ``low_80``, ``high_80``, ``low_95``, ``high_95``,
            ``actual``, ``error``, ``scaled_error``, ``crps``, ``pinball``, ``pit_low`` and
            ``pit_high``. What came is NaN where it is not known yet.

        Raises
        ------
        ArgumentError
            If a segment has the name of one of these columns.
        """
        import pandas as pd

        if clash := sorted(set(self.by) & _OWN_COLUMNS):
            raise ArgumentError(
                f"`by`: the table has a column `{clash[0]}` of its own; rename that segment."
            )
        of, m = np.nonzero(self.told)
        labels = [period_label(period) for period in self.periods]
        blank = (None,) * len(self.by)
        segments = [self.series[k] or blank for k in of]
        columns: dict[str, Any] = {
            "as_of": pd.to_datetime([self.origins[k] for k in of]),
            **{name: [one[b] for one in segments] for b, name in enumerate(self.by)},
            "target": [TARGETS[int(self.ahead[k] == 0)] for k in of],
            "period": [labels[k] for k in of],
            "ahead": self.ahead[of],
            "method": [self.methods[k] for k in m],
            "expected": self.expected[of, m],
            "median": self.median[of, m],
            "low_80": self.low[of, m, EIGHTY],
            "high_80": self.high[of, m, EIGHTY],
            "low_95": self.low[of, m, NINETY_FIVE],
            "high_95": self.high[of, m, NINETY_FIVE],
            "actual": self.actual[of],
            "error": self.error[of, m],
            "scaled_error": np.abs(self.error[of, m]) / self.scale[of],
            "crps": self.crps[of, m],
            "pinball": self.pinball[of, m],
            "pit_low": self.pit_low[of, m],
            "pit_high": self.pit_high[of, m],
        }
        return pd.DataFrame(columns)

    def summary(self) -> str:
        """Return which method forecast best, by how much, and on how many days that rests."""
        return figures.sentence(self)

    def _compared_on(self, target: str, per: Per) -> Compared:
        """Return the rows of a target that all methods forecast, by origin."""
        rows = (self.ahead == 0) == (target == "total")
        rows &= np.isfinite(self.actual)
        pooled = np.array([one is None for one in self.series], dtype=bool)
        rows &= pooled == (per == "all")
        some = self.told[rows].any(axis=0) if rows.any() else np.zeros(len(self.methods), bool)
        rows &= self.told[:, some].all(axis=1)
        kept: IntArray = np.flatnonzero(rows)
        days = sorted({self.origins[k] for k in kept.tolist()})
        counts, sums = np.zeros(len(days)), np.zeros((len(days), len(self.methods)))
        own = [days.index(self.origins[k]) for k in kept.tolist()]
        np.add.at(counts, own, 1.0)
        np.add.at(sums, own, self.crps[kept])
        return Compared(
            target=target,
            rows=kept,
            methods=tuple(np.flatnonzero(some).tolist()),
            counts=counts,
            sums=sums,
            run=self._run(days),
        )

    def _run(self, days: list[dt.date]) -> int:
        """Return how many neighbouring origins share periods."""
        if len(days) < 2:
            return 1
        gaps = np.diff([day.toordinal() for day in days])
        ahead = {"month": 30.4, "quarter": 91.3, "year": 365.25}.get(self.step, 30.4)
        return int(max(np.ceil(self.horizon * ahead / float(np.median(gaps)) - 0.2), 1))
