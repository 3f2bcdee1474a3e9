"""`ControlChart`: what each period was held against, and what signalled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.result import Result, frozen, frozen_mapping
from funnelkit.monitor.charts import run_rules
from funnelkit.monitor.charts.laws import Kind
from funnelkit.monitor.run_lengths import lengths as run_lengths
from funnelkit.monitor.run_lengths.integral_equations import Alternative
from funnelkit.monitor.run_lengths.solving import Method

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IMMATURE_BELOW = 0.9
_NAMED = 4


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ControlChart(Result):
    """A control chart; see :func:`funnelkit.monitor.control_chart`. Arrays: ``(n_periods,)``.

    Parameters
    ----------
    name, kind, method
        What the value is; ``"p"``, ``"u"`` or ``"individuals"``; ``"shewhart"``, ``"ewma"`` or
        ``"cusum"``.
    periods
        Labels.
    entered, converted, maturity
        Counts, and the share of what is to come that is there to be seen.
    value, centre
        Converted over Σ maturity, and what it is held against; NaN where there is none.
    low, high
        Values at which the period would signal, given those before it; NaN where it is not held
        against anything. ``low`` is 0 where not even that would be a signal.
    score
        Normal score of each count.
    statistic
        What is held against the limit: the score, the EWMA over its standard deviation, or the
        larger of the two sums of a CUSUM, with a minus for the downward one.
    sums
        Of a CUSUM: ``up`` and ``down``; else nothing.
    signal, rule
        Whether the period signals, and by which run rules.
    baseline, judged
        Periods that set the centre, and those held against it.
    set_aside
        Label -> why the period is neither.
    limit, baseline_limit
        Limit of the statistic for judged periods, and the one without doubt about the baseline.
    limits
        Lines set by hand, where they are.
    stated
        Mean number of periods until a false alarm.
    sigma, freedom, shared
        By how much periods vary beside chance, its degrees of freedom, and the share of variance
        that judged periods have in common.
    smoothing, reference, alternative
        Of the statistic.
    season, rules, changes, notes
        As asked for, and what is to be said.
    known
        Whether the centre was given.
    """

    name: str
    kind: Kind
    method: Method
    periods: tuple[str, ...]
    entered: FloatArray
    converted: FloatArray
    maturity: FloatArray
    value: FloatArray
    centre: FloatArray
    low: FloatArray
    high: FloatArray
    score: FloatArray
    statistic: FloatArray
    sums: Mapping[str, FloatArray]
    signal: BoolArray
    rule: tuple[tuple[str, ...], ...]
    baseline: BoolArray
    judged: BoolArray
    set_aside: Mapping[str, str]
    limit: float
    baseline_limit: float
    stated: float
    sigma: float
    freedom: float
    shared: float
    smoothing: float
    reference: float
    alternative: Alternative
    limits: tuple[float, float] | None = None
    season: str | None = None
    rules: tuple[str, ...] = ()
    changes: tuple[tuple[dt.date, str], ...] = ()
    notes: tuple[str, ...] = ()
    known: bool = False
    lagged: bool = False

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("entered", "converted", "maturity", "value", "centre", "low", "high"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        for name in ("score", "statistic"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        for name in ("signal", "baseline", "judged"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.bool_))
        object.__setattr__(self, "sums", frozen_mapping(self.sums, np.float64))

    @property
    def immature(self) -> BoolArray:
        """Whether less than 90 % of what is to come is there to be seen."""
        return np.asarray((self.maturity < IMMATURE_BELOW) & (self.kind != "individuals"))

    @property
    def signals(self) -> tuple[str, ...]:
        """Judged periods that signal."""
        return self._labels(self.signal & self.judged)

    @property
    def baseline_signals(self) -> tuple[str, ...]:
        """Periods of the baseline that lie outside its own limits: it was not steady."""
        return self._labels(self.signal & self.baseline)

    @property
    def blind(self) -> tuple[str, ...]:
        """Judged periods with so little to see that no conversion at all would be no signal."""
        if self.kind == "individuals":
            return ()
        return self._labels(self.judged & (self.low <= 0) & (self.alternative != "greater"))

    @property
    def false_alarm_rate(self) -> float:
        """False alarms for each judged period: one over ``stated``."""
        return 1 / self.stated

    @property
    def chance_of_false_alarm(self) -> float:
        """Chance that any of the judged periods signals if nothing has changed."""
        number = int(self.judged.sum())
        if not number:
            return 0.0
        if self.method == "shewhart":
            return float(1 - (1 - self.false_alarm_rate) ** number)
        return run_lengths.chance_of_signal(
            number,
            self.method,
            limit=self.baseline_limit,
            smoothing=self.smoothing,
            reference=self.reference,
            alternative=self.alternative,
        )

    def average_run_length(self, shift: float = 0.0) -> float:
        """Return the mean number of periods until a signal.

        Parameters
        ----------
        shift
            By how many standard deviations of a period the mean is off; 0: until a false alarm,
            over all baselines, as stated. For another it is that of a chart whose baseline is
            right.

        Raises
        ------
        ArgumentError
            If the shift is no finite number.
        """
        if shift == 0 or self.limits is not None:
            return self.stated
        if self.rules:
            return run_rules.average_run_length_with(self.rules, self.limit, float(shift))
        return run_lengths.average_run_length(
            self.method,
            limit=self.limit,
            shift=shift,
            smoothing=self.smoothing,
            reference=self.reference,
            alternative=self.alternative,
        )

    @property
    def since(self) -> str | None:
        """First period of the change that the first signal shows; ``None`` without a signal.

        For a CUSUM the period after its sum was last 0, for an EWMA the one after the mean was
        last on the other side of the centre, and for single scores the start at which a step up
        to the signal is most likely.

        References
        ----------
        Nishina (1992), Quality and Reliability Engineering International 8, 537-541. Samuel,
        Pignatiello and Calvin (1998), Quality Engineering 10, 521-527.
        """
        at = np.flatnonzero(self.signal & self.judged)
        if not len(at):
            return None
        first = int(at[0])
        before = np.flatnonzero(self.judged[: first + 1])
        down = self.statistic[first] < 0 if not self.limits else self.value[first] < self.limits[0]
        if self.method == "shewhart":
            z = self.score[before] * (-1 if down else 1)
            tails = np.cumsum(z[::-1])[::-1] / np.sqrt(np.arange(len(z), 0, -1))
            return str(self.periods[before[int(np.argmax(tails))]])
        path = self.sums["down" if down else "up"] if self.sums else self.statistic
        other = path[before] <= 0 if self.sums else (path[before] < 0) != down
        last = np.flatnonzero(other)
        return str(self.periods[before[int(last[-1]) + 1 if len(last) else 0]])

    def to_frame(self) -> pd.DataFrame:
        """Return one row per period.

        Returns
        -------
        DataFrame
            ``period``, ``entered``, ``converted``, ``maturity``, ``value``, ``centre``, ``low``,
            ``high``, ``statistic``, ``signal``, ``rule`` (run rules that are broken),
            ``immature`` (maturity below 0.9) and ``used``: ``"baseline"``, ``"judged"``, or why it
            is neither.
        """
        import pandas as pd

        used = [
            "baseline" if base else "judged" if held else self.set_aside.get(label, "not judged")
            for label, base, held in zip(self.periods, self.baseline, self.judged, strict=True)
        ]
        return pd.DataFrame(
            {
                "period": list(self.periods),
                "entered": self.entered,
                "converted": self.converted,
                "maturity": self.maturity,
                "value": self.value,
                "centre": self.centre,
                "low": self.low,
                "high": self.high,
                "statistic": self.statistic,
                "signal": self.signal,
                "rule": [", ".join(names) for names in self.rule],
                "immature": self.immature,
                "used": used,
            }
        )

    def summary(self) -> str:
        """Return what signals and since when, what it was held against, and the false alarms."""
        return " ".join(
            part
            for part in (
                self._found(),
                self._against(),
                self._alarms(),
                self._unsteady(),
                self._left_out(),
                *self.notes,
            )
            if part
        )

    def said(self, value: float) -> str:
        """Return a value as it is written: a share in per cent, others as numbers."""
        if self.kind == "p":
            return display.percent(value)
        if self.kind == "u":
            return display.percent(value) if np.nanmax(self.value) < 3 else f"{value:.2f}"
        return f"{value:,.4g}".replace("-", display.MINUS)

    def _found(self) -> str:
        number = int(self.judged.sum())
        if not number:
            return f"{self.name}: no period is judged."
        if not self.signals:
            return (
                f"{self.name}: none of the {display.plural(number, 'judged period')} signals a "
                "change."
            )
        at = np.flatnonzero(self.signal & self.judged).tolist()
        told = [
            f"{self.periods[j]} ({self.said(self.value[j])} where {self.said(self.centre[j])} is "
            "expected)"
            for j in at[:_NAMED]
        ]
        more = f" and {len(at) - _NAMED} more" if len(at) > _NAMED else ""
        first = at[0]
        way = "fell" if self.value[first] < self.centre[first] else "rose"
        if self.method != "shewhart":
            way = "fell" if self.statistic[first] < 0 else "rose"
        one = "signals" if len(at) == 1 else "signal"
        return (
            f"{self.name}: {display.listed(told) if not more else ', '.join(told)}{more} {one}; it "
            f"{way}, by the chart since {self.since}."
        )

    def _against(self) -> str:
        if self.known:
            return f"The centre was given: {self.said(float(np.nanmean(self.centre)))}."
        base = self.baseline
        labels = self._labels(base)
        if not labels:
            return ""
        of = ""
        if self.kind != "individuals":
            leads = display.count(float(self.entered[base].sum()))
            of = f" ({display.count(float(self.converted[base].sum()))} of {leads})"
        wide = ""
        if self.kind != "individuals" and self.sigma > 1.005:
            wide = f"; periods vary {self.sigma:.1f} times as much as chance alone would make them"
        return (
            f"The centre is that of {display.plural(len(labels), 'period')}, {labels[0]} to "
            f"{labels[-1]}{of}{', by season' if self.season else ''}{wide}."
        )

    def _alarms(self) -> str:
        if not self.judged.any():
            return ""
        text = (
            f"Such a chart gives a false alarm in one of {display.count(self.stated)} periods: a "
            f"chance of {display.percent(self.chance_of_false_alarm)} over those judged"
        )
        if self.limit > 1.02 * self.baseline_limit:
            text += (
                f" (its limit is {self.limit / self.baseline_limit:.2f} times as wide as with a "
                "long baseline, for what this one leaves in doubt)"
            )
        if self.rules:
            alone = run_lengths.average_run_length(limit=self.baseline_limit)
            text += f"; without the run rules, in one of {display.count(alone)}"
        if self.blind:
            text += (
                f". In {display.listed(list(self.blind[-_NAMED:]))} not even a rate of 0 by itself "
                "would be a signal: too little is known"
            )
        return f"{text}."

    def _unsteady(self) -> str:
        if not self.baseline_signals:
            return ""
        named = display.listed(list(self.baseline_signals[:_NAMED]))
        return f"The baseline was not steady: {named} lie outside its own limits."

    def _left_out(self) -> str:
        if not self.set_aside:
            return ""
        named = [f"{label} ({why})" for label, why in list(self.set_aside.items())[:_NAMED]]
        more = len(self.set_aside) - _NAMED
        return f"Left out: {', '.join(named)}{f' and {more} more' if more > 0 else ''}."

    def _labels(self, which: BoolArray) -> tuple[str, ...]:
        return tuple(self.periods[j] for j in np.flatnonzero(which))
