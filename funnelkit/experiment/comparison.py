"""`Comparison`: one metric of a treatment against control; `Comparisons`: several that belong."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, unknown
from funnelkit._core.interval import Interval
from funnelkit._core.result import Result

if TYPE_CHECKING:
    import pandas as pd

Alternative = Literal["two-sided", "greater", "less"]
"""Of the treatment: other than, above or below control."""
ALTERNATIVES: tuple[Alternative, ...] = ("two-sided", "greater", "less")
Scale = Literal["difference", "ratio", "odds ratio"]
"""What an effect is: treatment less control, over control, or a ratio of odds."""
SCALES: tuple[Scale, ...] = ("difference", "ratio", "odds ratio")
Unit = Literal["share", "money", "days", "number"]
"""What a metric counts in."""
UNITS: tuple[Unit, ...] = ("share", "money", "days", "number")
_TENTH = 0.1
Bounds = Callable[[float], tuple[float, float]]
"""From a confidence level to the two ends of an interval."""


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One variant of an experiment, and what came of it.

    Parameters
    ----------
    name
        What it is called: ``"control"``, ``"B"``.
    n
        Number of units that were compared: leads, accounts, visitors.
    mean
        Rate, or mean per unit; NaN where there is none.
    converted
        Of a rate: how many converted.
    sd
        Of a mean: standard deviation of one unit.
    """

    name: str
    n: float
    mean: float
    converted: float | None = None
    sd: float | None = None


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Comparison(Result):
    """One metric in two arms: the effect, its interval and its p-value, all of one method.

    Parameters
    ----------
    metric
        What was compared: ``"rate"``, ``"lead to won within 90 days"``, ``"revenue per lead"``.
    unit
        What the metric counts in.
    control, treatment
        The two arms.
    scale
        What the effect is: a difference (treatment less control), a ratio or an odds ratio.
    effect
        The estimate on that scale.
    pvalue
        Of the null hypothesis that the effect is none; NaN where nothing can be tested.
    bounds
        From a confidence level to the two ends of the interval of the effect. Interval and
        p-value come from one test: p < alpha exactly when the interval at 1 - alpha excludes no
        effect. With a one-sided alternative the interval is one-sided too, and its other end is
        that of the scale.
    method
        Name of the pair of interval and test, as a sentence may carry it.
    statistic
        Of the test, where it has one.
    alternative
        Of the treatment against control.
    relative
        Treatment over control, less 1; NaN where control is 0.
    relative_bounds
        From a level to the ends of the interval of ``relative``, where there is one.
    units
        Plural noun of what is counted by ``n``.
    currency
        Of money.
    randomised
        Whether chance chose the arm. Without it nothing may be called an effect.
    notes
        Sentences that belong with the result.
    confidence_level
        Of the intervals in the frame and the summary.

    Examples
    --------
    >>> found = Comparison(
    ...     metric="rate",
    ...     unit="share",
    ...     control=Arm(name="control", n=80, mean=0.6, converted=48),
    ...     treatment=Arm(name="treatment", n=70, mean=0.8, converted=56),
    ...     scale="difference",
    ...     effect=0.2,
    ...     pvalue=0.008,
    ...     bounds=lambda level: (0.0528, 0.3382),
    ...     method="score test",
    ... )
    >>> found.confidence_interval().low, found.significant()
    (0.0528, True)
    """

    metric: str
    unit: Unit
    control: Arm
    treatment: Arm
    scale: Scale
    effect: float
    pvalue: float
    bounds: Bounds
    method: str
    statistic: float = math.nan
    alternative: Alternative = "two-sided"
    relative: float = math.nan
    relative_bounds: Bounds | None = None
    units: str = "leads"
    currency: str | None = None
    randomised: bool = True
    notes: tuple[str, ...] = field(default=())
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        """Check the words and the level."""
        checks.one_of("unit", self.unit, UNITS)
        checks.one_of("scale", self.scale, SCALES)
        checks.one_of("alternative", self.alternative, ALTERNATIVES)
        checks.confidence(self.confidence_level)

    def confidence_interval(self, confidence_level: float | None = None) -> Interval:
        """Return the interval of the effect, at the level of the result unless one is given.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        return Interval(*self.bounds(self._level(confidence_level)))

    def relative_interval(self, confidence_level: float | None = None) -> Interval:
        """Return the interval of the relative effect; both ends NaN where there is none.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1.
        """
        level = self._level(confidence_level)
        if self.relative_bounds is None:
            return Interval(math.nan, math.nan)
        return Interval(*self.relative_bounds(level))

    def significant(self, alpha: float | None = None) -> bool:
        """Return whether p is below alpha: 1 less the level of the result, unless one is given."""
        own = round(1 - self.confidence_level, 12)  # 1 - .95 is a little above .05 in floats
        return bool(self.pvalue < (own if alpha is None else alpha))

    @property
    def null(self) -> float:
        """The effect that is none: 0 of a difference, 1 of a ratio."""
        return 0.0 if self.scale == "difference" else 1.0

    @property
    def word(self) -> str:
        """What the difference of two arms may be called."""
        return "effect" if self.randomised else "difference"

    def to_frame(self) -> pd.DataFrame:
        """Return one row: both arms, the effect, absolute and relative, with intervals and p.

        Returns
        -------
        DataFrame
            ``metric``, ``control``, ``treatment``, ``control_n``, ``control_rate``,
            ``treatment_n``, ``treatment_rate`` (``_mean`` where the metric is no share),
            ``scale``, ``effect``, ``effect_low``, ``effect_high``, ``relative``,
            ``relative_low``, ``relative_high``, ``pvalue``, ``method``.
        """
        import pandas as pd

        low, high = self.confidence_interval()
        relative_low, relative_high = self.relative_interval()
        kind = "rate" if self.unit == "share" else "mean"
        row = {
            "metric": self.metric,
            "control": self.control.name,
            "treatment": self.treatment.name,
            "control_n": self.control.n,
            f"control_{kind}": self.control.mean,
            "treatment_n": self.treatment.n,
            f"treatment_{kind}": self.treatment.mean,
            "scale": self.scale,
            "effect": self.effect,
            "effect_low": low,
            "effect_high": high,
            "relative": self.relative,
            "relative_low": relative_low,
            "relative_high": relative_high,
            "pvalue": self.pvalue,
            "method": self.method,
        }
        return pd.DataFrame([row])

    def summary(self) -> str:
        """Return what each arm shows, how far apart they are, and how sure that is."""
        arms = f"{self._arm(self.treatment)} against {self._arm(self.control)}"
        head = f"{self.metric[:1].upper()}{self.metric[1:]}: {arms}"
        if math.isnan(self.effect):
            return " ".join([f"{head}; no {self.word} can be told.", *self.notes])
        test = "no test" if math.isnan(self.pvalue) else display.pvalue(self.pvalue)
        return " ".join([f"{head}; {self.effect_text()}, {test} ({self.method}).", *self.notes])

    def effect_text(self) -> str:
        """Return the effect with its interval in words: ``9.2 points more (0.9 to 17.2)``."""
        low, high = (float(end) for end in self.confidence_interval())
        if self.scale != "difference":
            return f"{self.scale} {_ratio(self.effect)} ({low:.2f} to {_ratio(high)})"
        if self.unit == "share":
            points = [100 * value for value in (self.effect, low, high)]
            fine = any(0 < abs(value) < _TENTH / 2 for value in points)  # else it would read 0.0
            told = [display.signed(value, decimals=2 if fine else 1) for value in points]
            return f"{told[0]} points ({told[1]} to {told[2]})"
        return f"{self._signed(self.effect)} ({self._signed(low)} to {self._signed(high)})"

    def shown(self, value: float) -> str:
        """Return a mean or a difference in the unit of the metric."""
        if not math.isfinite(value):
            return "no limit" if math.isinf(value) else display.EN_DASH
        if self.unit == "share":
            return display.percent(value)
        small = abs(value) < 100 and not float(value).is_integer()
        text = f"{value:,.{2 if small else 0}f}".replace("-", display.MINUS)
        if self.unit == "money":
            return text if self.currency is None else f"{self.currency} {text}"
        return f"{text} days" if self.unit == "days" else text

    def _signed(self, value: float) -> str:
        text = self.shown(value)
        return f"+{text}" if value > 0 and math.isfinite(value) else text

    def _arm(self, arm: Arm) -> str:
        name = display.one_line(arm.name)
        if arm.converted is None:
            return f"{name} {self.shown(arm.mean)} ({display.count(arm.n)} {self.units})"
        of = (
            f"{display.expected(arm.converted)} of"
            if arm.converted % 1
            else (f"{display.count(arm.converted)} of")
        )
        return f"{name} {self.shown(arm.mean)} ({of} {display.count(arm.n)} {self.units})"

    def _level(self, given: float | None) -> float:
        return self.confidence_level if given is None else checks.confidence(given)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Comparisons(Result):
    """Several comparisons that belong together: metrics, treatments, or both.

    Parameters
    ----------
    comparisons
        In the order in which they are read.
    adjusted
        p-values adjusted for the whole family, in the same order; ``None`` where none are.
    adjustment
        How they were adjusted: ``"Holm"``, ``"gatekeeping"``.
    notes
        Sentences that belong with the family.

    Raises
    ------
    ArgumentError
        If there are as many adjusted p-values as comparisons, neither more nor fewer.
    """

    comparisons: tuple[Comparison, ...]
    adjusted: tuple[float, ...] | None = None
    adjustment: str = ""
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Check that each has its adjusted p-value."""
        if self.adjusted is not None and len(self.adjusted) != len(self.comparisons):
            raise ArgumentError(
                f"`adjusted` must have one p-value for each of {len(self.comparisons)} "
                f"comparisons; got {len(self.adjusted)}."
            )

    def __iter__(self) -> Iterator[Comparison]:
        """Iterate over the comparisons."""
        return iter(self.comparisons)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.comparisons)

    def __getitem__(self, name: str) -> Comparison:
        """Return the first comparison of a metric, or else of a treatment.

        Raises
        ------
        ArgumentError
            If there is none of this name.
        """
        for names in (self._metrics(), self._treatments()):
            if name in names:
                return self.comparisons[names.index(name)]
        raise ArgumentError(
            unknown("metric", name, dict.fromkeys([*self._metrics(), *self._treatments()]))
        )

    def only(self, *, metric: str | None = None, treatment: str | None = None) -> Comparisons:
        """Return the comparisons of one metric, of one treatment, or of both.

        Raises
        ------
        ArgumentError
            If there is none.
        """
        for kind, name, known in (
            ("metric", metric, self._metrics()),
            ("treatment", treatment, self._treatments()),
        ):
            if name is not None:
                checks.member(kind, kind, name, dict.fromkeys(known))
        kept = [
            k
            for k, one in enumerate(self.comparisons)
            if metric in (None, one.metric) and treatment in (None, one.treatment.name)
        ]
        return replace(
            self,
            comparisons=tuple(self.comparisons[k] for k in kept),
            adjusted=None if self.adjusted is None else tuple(self.adjusted[k] for k in kept),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per comparison: rates and means share the columns ``…_mean``.

        Returns
        -------
        DataFrame
            The columns of :meth:`Comparison.to_frame`, with ``adjusted_pvalue`` after ``pvalue``
            where p-values were adjusted.
        """
        import pandas as pd

        own = {"control_rate": "control_mean", "treatment_rate": "treatment_mean"}
        parts = [one.to_frame().rename(columns=own) for one in self.comparisons]
        if not parts:
            return pd.DataFrame(columns=["metric", "control", "treatment", "effect", "pvalue"])
        frame = pd.concat(parts, ignore_index=True)
        if self.adjusted is not None:
            place = list(frame.columns).index("pvalue") + 1
            frame.insert(place, "adjusted_pvalue", list(self.adjusted))
        return frame

    def summary(self) -> str:
        """Return a sentence for each comparison, and how p-values were adjusted."""
        lines: Sequence[str] = [one.summary() for one in self.comparisons]
        if self.adjusted is not None:
            values = ", ".join(display.pvalue(value) for value in self.adjusted)
            lines = [*lines, f"Adjusted for {len(self)} comparisons ({self.adjustment}): {values}."]
        return " ".join([*lines, *self.notes])

    def _metrics(self) -> list[str]:
        return [one.metric for one in self.comparisons]

    def _treatments(self) -> list[str]:
        return [one.treatment.name for one in self.comparisons]


def _ratio(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "no limit"
