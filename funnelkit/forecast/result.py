"""`Forecast`: what periods to come may bring, as joint draws of all of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import period_label, period_name
from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import Interval
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Segment

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Unit = Literal["count", "value"]
Per = Literal["series", "all"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Forecast(Result):
    """What periods to come may bring, by series, with what came before.

    Shapes: ``S = len(segments)`` series, ``H = len(periods)`` periods to come, ``T = len(gone)``
    periods gone by. Draws are joint: sums over series and over periods are sums of draws, so that
    parts add up to their total, and the interval of a sum is that of the sum.

    Parameters
    ----------
    what
        What is forecast, in a plural noun: ``"leads"``, ``"won deals"``, ``"bookings"``.
    unit
        ``"count"`` or ``"value"`` (money).
    by, segments
        Names of the labels of a series, and one tuple of labels for each.
    periods
        Periods to come, in order; the first may have begun, and then holds what it has so far.
    draws
        Joint draws, shape ``(n_draws, S, H)``, none below 0.
    expected
        Means, shape ``(S, H)``.
    gone, observed
        Whole periods gone by, and what came, shape ``(S, T)``; NaN where nothing is known.
    so_far
        What the first period to come holds already, shape ``(S,)``.
    as_of
        Last day that is known.
    method, reason
        What was done, and why that.
    n
        Records, or periods with a number, behind it.
    currency
        Of money.
    notes
        Plain sentences on what a reader must know: a period dropped, a fallback taken.
    """

    what: str
    unit: Unit
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    periods: pd.PeriodIndex
    draws: FloatArray
    expected: FloatArray
    gone: pd.PeriodIndex
    observed: FloatArray
    so_far: FloatArray
    as_of: dt.date
    method: str
    reason: str
    n: int
    currency: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the arrays, and refuse those that do not fit each other."""
        for name in ("draws", "expected", "observed", "so_far"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        size, ahead = len(self.segments), len(self.periods)
        wanted = {
            "expected": (size, ahead),
            "observed": (size, len(self.gone)),
            "so_far": (size,),
            "draws": (len(self.draws), size, ahead),
        }
        wrong = [
            f"`{name}` must be of shape {shape}; got {getattr(self, name).shape}"
            for name, shape in wanted.items()
            if getattr(self, name).shape != shape
        ]
        if wrong:
            raise ArgumentError(f"A forecast's arrays must fit: {'; '.join(wrong)}.")

    @property
    def n_draws(self) -> int:
        """Number of joint draws."""
        return len(self.draws)

    @property
    def total(self) -> FloatArray:
        """Expected sum over all series, shape ``(H,)``."""
        return np.asarray(self.expected.sum(axis=0))

    def drawn(self, *, per: Per = "series", cumulative: bool = False) -> FloatArray:
        """Return the draws, of each series or of all together.

        Parameters
        ----------
        per
            ``"series"``: shape ``(n_draws, S, H)``; ``"all"``: their sum, ``(n_draws, H)``.
        cumulative
            Whether periods are summed up from the first one to come.

        Raises
        ------
        ArgumentError
            If ``per`` is unknown.
        """
        checks.one_of("per", per, ("series", "all"))
        found = self.draws if per == "series" else self.draws.sum(axis=1)
        return np.asarray(np.cumsum(found, axis=-1) if cumulative else found)

    def confidence_interval(
        self, confidence_level: float = 0.95, *, per: Per = "series", cumulative: bool = False
    ) -> Interval:
        """Return the interval of what will be counted.

        Parameters
        ----------
        confidence_level
            Two-sided level.
        per
            ``"series"``: of each, shape ``(S, H)``; ``"all"``: of their sum, ``(H,)``.
        cumulative
            Whether it is of each period, or of the sum from the first one to come.

        Returns
        -------
        Interval
            Quantiles of the draws, in the unit of the forecast; asking twice gives the same.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1, or ``per`` is unknown.
        """
        return self._ends(self.drawn(per=per, cumulative=cumulative), confidence_level)

    def probability(self, target: float, *, until: str | pd.Period | None = None) -> float:
        """Return the chance that all series together reach a target.

        Parameters
        ----------
        target
            Sum from the first period to come, in the unit of the forecast.
        until
            Last period that counts, such as ``"2026-12"``. Default: the last one.

        Returns
        -------
        float
            Share of the draws, from 0 to 1.

        Raises
        ------
        ArgumentError
            If the period is not forecast, or the target is no number.
        """
        if isinstance(target, bool) or not np.isfinite(target):
            raise ArgumentError(f"`target` must be a number; got {target!r}.")
        reached = self.drawn(per="all", cumulative=True)[:, self._position(until)]
        return float((reached >= target).mean())

    def select(self, labels: Mapping[str, str | None]) -> FloatArray:
        """Return the draws of the series with these labels, shape ``(n_draws, n, H)``.

        Raises
        ------
        ArgumentError
            If a label is unknown, or no series has them.
        """
        for name in labels:
            checks.member("labels", "label", name, self.by)
        kept = [
            i
            for i, segment in enumerate(self.segments)
            if all(segment[self.by.index(name)] == value for name, value in labels.items())
        ]
        if not kept:
            raise ArgumentError(f"`labels`: no series has {dict(labels)!r}.")
        return np.asarray(self.draws[:, kept])

    def to_frame(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row per series and period to come; with several series, the total as well.

        Returns
        -------
        DataFrame
            ``period``, the labels (blank in the rows of the total), ``expected``, ``low``,
            ``high``, and from the first period on ``cumulative``, ``cumulative_low``,
            ``cumulative_high``; for money each name ends in ``_value``.
        """
        import pandas as pd

        parts = []
        if len(self.segments) != 1:
            blank = (None,) * len(self.by)
            parts.append(self._rows(blank, self.draws.sum(axis=1), self.total, confidence_level))
        for i, segment in enumerate(self.segments):
            rows = self._rows(segment, self.draws[:, i], self.expected[i], confidence_level)
            parts.append(rows)
        return pd.concat(parts, ignore_index=True)

    def summary(self) -> str:
        """Return the expected sum over all periods and its interval, and what made it."""
        low, high = self.confidence_interval(per="all", cumulative=True)
        shown = self.shown(
            self.total.sum(), float(np.asarray(low)[-1]), float(np.asarray(high)[-1])
        )
        span = period_name(self.periods[0])
        if len(self.periods) > 1:
            span = f"{span} to {period_name(self.periods[-1])}"
        text = f"About {shown} {self.what} from {span}, by {self.method}."
        return " ".join([text, *self.notes])

    def shown(self, value: float, low: float, high: float) -> str:
        """Return a number of this forecast with its interval, as a sentence has it."""
        if self.unit == "count":
            return display.expected_between(value, low, high)
        of = "" if self.currency is None else f"{self.currency} "
        return f"{of}{value:,.0f} ({low:,.0f} to {high:,.0f})"

    def _position(self, until: str | pd.Period | None) -> int:
        import pandas as pd

        if until is None:
            return len(self.periods) - 1
        try:
            period = pd.Period(until, freq=self.periods.freqstr)
        except (ValueError, TypeError) as reason:
            raise ArgumentError(f"`until` must be a period; got {until!r}.") from reason
        if period not in self.periods:
            known = f"{period_label(self.periods[0])} to {period_label(self.periods[-1])}"
            raise ArgumentError(
                f"`until` must be a period that is forecast ({known}); got {until!r}."
            )
        return list(self.periods).index(period)

    def _rows(
        self, segment: Segment, draws: FloatArray, expected: FloatArray, confidence_level: float
    ) -> pd.DataFrame:
        """Return the rows of one series."""
        import pandas as pd

        end = "" if self.unit == "count" else "_value"
        columns: dict[str, Any] = {"period": [period_label(one) for one in self.periods]}
        columns |= {name: segment[k] for k, name in enumerate(self.by)}
        for lead, drawn, mean in (
            ("", draws, expected),
            ("cumulative_", np.cumsum(draws, axis=-1), np.cumsum(expected)),
        ):
            low, high = self._ends(drawn, confidence_level)
            columns[f"{lead.rstrip('_') or 'expected'}{end}"] = mean
            columns |= {f"{lead}low{end}": low, f"{lead}high{end}": high}
        return pd.DataFrame(columns)

    def _ends(self, drawn: FloatArray, confidence_level: float) -> Interval:
        """Return quantiles over the draws: whole numbers of what is counted."""
        tail = (1 - checks.confidence(confidence_level)) / 2
        how: Any = "inverted_cdf" if self.unit == "count" else "linear"
        low, high = np.quantile(drawn, [tail, 1 - tail], axis=0, method=how)
        return Interval(low, high)
