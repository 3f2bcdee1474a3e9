"""`ConfidenceSequence`: intervals of one difference that hold at every look together."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.interval import Interval
from funnelkit._core.result import Result, frozen
from funnelkit.experiment.comparison import Alternative, Arm, Comparison, Unit

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Ends = Callable[[float], tuple[FloatArray, FloatArray]]
"""From a confidence level to the two ends at each look."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ConfidenceSequence(Result):
    """Intervals and p-values of a difference that hold at every look, whatever stops it.

    Parameters
    ----------
    metric, unit
        What was compared, and what it counts in.
    control, treatment
        The two arms at each look, all leads so far.
    effect
        Treatment less control at each look, shape ``(n_looks,)``.
    ends
        From a confidence level to the two ends at each look, those of earlier looks kept.
    pvalue
        The least so far, at each look. p < alpha exactly when the interval at 1 - alpha excludes
        no effect.
    method
        ``"betting"``, exact for rates, or ``"asymptotic"``.
    alternative
        Of the treatment against control.
    tightest_at
        Leads in both arms at which it was to be tightest.
    units, currency, randomised
        As of a :class:`Comparison`.
    notes
        Sentences that belong with the result.
    confidence_level
        Of the intervals in the frame and the summary.
    """

    metric: str
    unit: Unit
    control: tuple[Arm, ...]
    treatment: tuple[Arm, ...]
    effect: FloatArray
    ends: Ends
    pvalue: FloatArray
    method: str
    alternative: Alternative
    tightest_at: float
    units: str = "leads"
    currency: str | None = None
    randomised: bool = True
    notes: tuple[str, ...] = field(default=())
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("effect", "pvalue"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    def __len__(self) -> int:
        """Return the number of looks."""
        return len(self.control)

    @property
    def excluded_at(self) -> int | None:
        """Number of the first look at which no effect is excluded; ``None`` if there is none."""
        found = np.flatnonzero(self.pvalue < 1 - self.confidence_level)
        return int(found[0]) + 1 if len(found) else None

    def confidence_interval(self, confidence_level: float | None = None) -> Interval:
        """Return the ends at each look, two arrays of shape ``(n_looks,)``.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        level = (
            self.confidence_level
            if confidence_level is None
            else checks.confidence(confidence_level)
        )
        return Interval(*self.ends(level))

    def comparison(self, look: int | None = None) -> Comparison:
        """Return one look as a comparison, the latest unless a number from 1 on is given.

        Raises
        ------
        ArgumentError
            If there is no such look.
        """
        k = len(self) if look is None else checks.positive_whole("look", look)
        checks.one_of("look", str(k), [str(one + 1) for one in range(len(self))])

        def bounds(level: float) -> tuple[float, float]:
            low, high = self.ends(level)
            return float(low[k - 1]), float(high[k - 1])

        base, other = self.control[k - 1], self.treatment[k - 1]
        return Comparison(
            metric=self.metric,
            unit=self.unit,
            control=base,
            treatment=other,
            scale="difference",
            effect=float(self.effect[k - 1]),
            pvalue=float(self.pvalue[k - 1]),
            bounds=bounds,
            method=f"always valid, {self.method}",
            alternative=self.alternative,
            relative=other.mean / base.mean - 1 if base.mean else math.nan,
            units=self.units,
            currency=self.currency,
            randomised=self.randomised,
            notes=self.notes,
            confidence_level=self.confidence_level,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per look.

        Returns
        -------
        DataFrame
            ``look``, ``control_n``, ``control_rate``, ``treatment_n``, ``treatment_rate``
            (``_mean`` where the metric is no share), ``effect``, ``low``, ``high``, ``pvalue``.
        """
        import pandas as pd

        low, high = self.confidence_interval()
        kind = "rate" if self.unit == "share" else "mean"
        return pd.DataFrame(
            {
                "look": np.arange(1, len(self) + 1),
                "control_n": [one.n for one in self.control],
                f"control_{kind}": [one.mean for one in self.control],
                "treatment_n": [one.n for one in self.treatment],
                f"treatment_{kind}": [one.mean for one in self.treatment],
                "effect": self.effect,
                "low": low,
                "high": high,
                "pvalue": self.pvalue,
            }
        )

    def sentence(self, look: int) -> str:
        """Return one look in words.

        Raises
        ------
        ArgumentError
            If there is no such look.
        """
        one = self.comparison(look)
        advice = (
            f"the {one.word} is shown, stop if you like"
            if one.pvalue < 1 - self.confidence_level
            else f"no {one.word} is shown yet, go on or stop as you like"
        )
        return (
            f"Look {look}: {display.count(one.control.n + one.treatment.n)} {self.units}; "
            f"{one.effect_text()}, always-valid {display.pvalue(one.pvalue)}: {advice}."
        )

    def summary(self) -> str:
        """Return the latest look in words, and what the numbers hold for."""
        level = display.percent(self.confidence_level, decimals=0)
        told = (
            f"The {level} intervals of all looks hold together, however often one looks and "
            f"whatever stops it ({self.method})."
        )
        name = f"{self.metric[:1].upper()}{self.metric[1:]}"
        arms = " against ".join(
            display.one_line(one[-1].name) for one in (self.treatment, self.control)
        )
        return " ".join([f"{name}, {arms}.", self.sentence(len(self)), told, *self._said()])

    def _said(self) -> tuple[str, ...]:
        """Return the notes, and whether the intervals of all looks have anything in common."""
        low, high = self.ends(self.confidence_level)
        apart = np.flatnonzero(low > high)
        if not len(apart):
            return self.notes
        told = f"By look {apart[0] + 1} no difference is left that fits all looks"
        return (f"{told}: it has changed over time.", *self.notes)
