"""`SequentialTest`: a running experiment look by look, and what may be said of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.interval import Interval
from funnelkit._core.result import Result, frozen
from funnelkit.experiment.comparison import Comparison
from funnelkit.experiment.sequential import limits
from funnelkit.experiment.sequential.designs import Boundaries
from funnelkit.experiment.sequential.observed import Look
from funnelkit.experiment.sequential.ordering import Outcome

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_NEAR = 0.02
"""A planned look that is nearer than this share of the information counts as held."""
State = Literal["running", "crossed", "futile", "ended"]
"""Where a test stands: no boundary crossed yet, crossed one, short of futility, or at its end."""


@dataclass(frozen=True, kw_only=True)
class LookRead:
    """One look beside the boundary that applied.

    Parameters
    ----------
    number
        From 1 on.
    information, fraction
        So far, and its share of the planned.
    z
        Statistic.
    lower, upper, futility
        Boundaries of z that applied; infinite or NaN where there was none.
    spent
        Error of the first kind that is spent, both sides together.
    crossed
        ``"upper"``, ``"lower"`` or ``""``.
    futile
        Whether z is short of the boundary for futility.
    effect, low, high
        Estimate, and the repeated interval, which holds at all looks together.
    power_trend, power_planned, power_none
        Conditional power: the chance that the last look crosses, given this one, if the effect is
        as estimated, as planned, or none.
    sentence
        All of it in words.
    """

    number: int
    information: float
    fraction: float
    z: float
    lower: float
    upper: float
    futility: float
    spent: float
    crossed: str
    futile: bool
    effect: float
    low: float
    high: float
    power_trend: float
    power_planned: float
    power_none: float
    sentence: str


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SequentialTest(Result):
    """A running experiment look by look.

    Parameters
    ----------
    plan
        The boundaries that were planned.
    looks
        Each look beside the boundary that applied to it.
    state
        ``"crossed"`` a boundary for efficacy, ``"futile"`` at the latest look, ``"ended"`` with all
        information in and no boundary crossed, or ``"running"``.
    stopped_at
        Number of the look at which it stopped by the plan; ``None`` while it runs, and where it
        is short of futility, which does not bind.
    pvalue
        After the stop: adjusted for the looks, by stage-wise ordering. While it runs: repeated,
        the least alpha at which the latest look would cross.
    effect
        After the stop median-unbiased; while it runs as compared.
    seen
        The looks as they came, without the overrun.
    critical
        Boundary that applied at each, on the side of the alternative.
    overrun
        Leads that had entered before the stop and matured after it, where they are in.
    notes
        Sentences that belong with the result.

    Notes
    -----
    While it runs, p-value and interval are a pair (Jennison and Turnbull 2000, chapter 9); after
    the stop they are another (stage-wise ordering, section 8.5). Without an effect or comparison
    at the looks, ``effect`` is the expected z at full information.
    """

    plan: Boundaries
    looks: tuple[LookRead, ...]
    state: State
    stopped_at: int | None
    pvalue: float
    effect: float
    seen: tuple[Look, ...]
    critical: FloatArray
    overrun: Look | None = None
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Copy and freeze the array."""
        object.__setattr__(self, "critical", frozen(self.critical, np.float64))

    @property
    def word(self) -> str:
        """What the difference of two arms may be called."""
        one = self.decisive.comparison
        return "effect" if one is None else one.word

    @property
    def latest(self) -> LookRead:
        """The latest look."""
        return self.looks[-1]

    @property
    def confidence_level(self) -> float:
        """Of the intervals: 1 less alpha."""
        return 1 - self.plan.alpha

    @property
    def ahead(self) -> tuple[FloatArray, FloatArray]:
        """Planned looks that are to come: share of the information, and boundary in favour."""
        number = len(self.looks)
        fraction = np.array([one.fraction for one in self.looks])
        if self.plan.spending is None:
            return self.plan.fraction[number:], self.plan.critical[number:]
        later = self.plan.fraction[self.plan.fraction > fraction[-1] + _NEAR]
        if self.stopped_at is not None or not len(later):
            return np.zeros(0), np.zeros(0)
        every = np.append(fraction, later)
        spent = self.plan.spending(every, self.plan.alpha_per_side)
        found = limits.efficacy(every, spent, two_sided=self.plan.two_sided)
        return later, found[number:]

    @property
    def outcome(self) -> Outcome | None:
        """The stop as stage-wise ordering sees it; ``None`` while it runs."""
        if self.stopped_at is None:
            return None
        return outcome_of(self.plan, list(self.seen), self.critical, self.stopped_at, self.overrun)

    @property
    def decisive(self) -> Look:
        """The look from which effect and p-value are: of the stop, its overrun, or the latest."""
        if self.stopped_at is None:
            return self.seen[-1]
        return self.overrun or self.seen[self.stopped_at - 1]

    def confidence_interval(self, confidence_level: float | None = None) -> Interval:
        """Return the interval of the effect: adjusted after the stop, repeated before it.

        Parameters
        ----------
        confidence_level
            Default: 1 less the alpha of the plan.

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
        outcome = self.outcome
        if outcome is None:
            alpha = (1 - level) / 2 if self.plan.two_sided else 1 - level
            fractions = np.array([one.fraction for one in self.looks])
            return repeated_interval(
                self.seen[-1], last_critical(self.plan, fractions, alpha), self.plan
            )
        low, high = outcome.interval(level)
        ends = sorted(effect_at(self.decisive, drift, self.plan) for drift in (low, high))
        return Interval(*ends)

    def comparison(self) -> Comparison:
        """Return the comparison of the decisive look, with what was adjusted for the looks.

        Raises
        ------
        AttributeError
            If the looks came without comparisons.
        """
        one = self.decisive.comparison
        if one is None:
            raise AttributeError("the looks hold no Comparison")
        kind = "repeated" if self.stopped_at is None else "stage-wise adjusted"

        def bounds(level: float) -> tuple[float, float]:
            low, high = self.confidence_interval(level)
            return float(low), float(high)

        return replace(
            one,
            effect=self.effect,
            pvalue=self.pvalue,
            bounds=bounds,
            method=f"{one.method}, {kind} for {display.plural(len(self.looks), 'look')}",
            relative=math.nan,
            relative_bounds=None,
            notes=(*one.notes, *self.notes),
            confidence_level=self.confidence_level,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per look.

        Returns
        -------
        DataFrame
            ``look``, ``information``, ``fraction``, ``z``, ``lower``, ``upper``, ``futility``,
            ``spent``, ``crossed``, ``futile``, ``effect``, ``low``, ``high`` (repeated interval),
            ``power_trend``, ``power_planned``, ``power_none``, ``sentence``.
        """
        import pandas as pd

        rows = [{"look": one.number, **vars(one)} for one in self.looks]
        return pd.DataFrame(rows).drop(columns="number")

    def summary(self) -> str:
        """Return the sentence of the latest look, and what may be said by now."""
        stop = self.stopped_at
        told = [(self.looks[-1] if stop is None else self.looks[stop - 1]).sentence]
        low, high = (float(end) for end in self.confidence_interval())
        level = display.percent(self.confidence_level, decimals=0)
        unit = " points" if self._in_points else ""
        ends = f"{self._shown(low)} to {self._shown(high)}"
        size = f"{self._shown(self.effect)}{unit} ({level}: {ends})"
        if stop is None:
            told.append(f"So far {self._name()} is {size}, repeated {display.pvalue(self.pvalue)}.")
            told.append(self._chances())
        else:
            after = "" if self.overrun is None else " with the leads that matured after the stop"
            told.append(
                f"Adjusted for the looks{after}, {self._name()} is {size}, "
                f"{display.pvalue(self.pvalue)}."
            )
        return " ".join([*(one for one in told if one), *self.notes])

    def _chances(self) -> str:
        one = self.latest
        if math.isnan(one.power_trend):
            return ""
        parts = [
            f"{display.percent(value, decimals=0)} if the {self.word} is {told}"
            for value, told in (
                (one.power_trend, "as it looks"),
                (one.power_planned, "as planned"),
                (one.power_none, "none"),
            )
        ]
        return f"Chance that the last look crosses: {display.listed(parts)}."

    def _name(self) -> str:
        one = self.decisive.comparison
        if one is None:
            plain = math.isnan(self.decisive.standard_error)
            return "the expected z at full information" if plain else f"the {self.word}"
        return f"the {one.word}" if one.scale == "difference" else f"the {one.scale}"

    def _shown(self, value: float) -> str:
        one = self.decisive.comparison
        if not math.isfinite(value):
            return "no limit"
        if one is None:
            return f"{value:.3g}".replace("-", display.MINUS)
        if one.scale != "difference":
            return f"{value:.2f}"
        return display.signed(100 * value) if self._in_points else one.shown(value)

    @property
    def _in_points(self) -> bool:
        one = self.decisive.comparison
        return one is not None and one.scale == "difference" and one.unit == "share"


def outcome_of(
    plan: Boundaries, seen: list[Look], critical: FloatArray, stop: int, overrun: Look | None
) -> Outcome:
    """Return the end of a test; the look of the stop is replaced by that of its overrun.

    The deletion method of Whitehead (1992), Controlled Clinical Trials 13, 106-121.
    """
    ends = [*seen[: stop - 1], overrun or seen[stop - 1]]
    sign = -1.0 if plan.alternative == "less" else 1.0
    return Outcome(
        information=np.array([one.information for one in ends]) / plan.planned,
        upper=critical[:stop],
        z=sign * ends[-1].z,
        two_sided=plan.two_sided,
    )


def effect_at(look: Look, drift: float, plan: Boundaries) -> float:
    """Return the effect of a drift: the value from which the look is as far as from the drift."""
    sign = -1.0 if plan.alternative == "less" else 1.0
    if math.isinf(drift):
        return _limit(look, sign * drift)
    root = math.sqrt(look.information / plan.planned)
    if look.comparison is None and math.isnan(look.standard_error):
        return sign * drift
    return look.against(look.z - sign * drift * root)


def repeated_interval(look: Look, critical: float, plan: Boundaries) -> Interval:
    """Return the interval of the effect at a look whose boundary is known."""
    root = math.sqrt(look.information / plan.planned)
    less = plan.alternative == "less"

    def end(distance: float) -> float:
        if math.isinf(distance):
            return _limit(look, -distance)
        if look.comparison is None and math.isnan(look.standard_error):
            return (look.z - distance) / root
        return look.against(distance)

    low = -math.inf if less else critical
    high = critical if less or plan.two_sided else math.inf
    return Interval(end(math.inf if less else low), end(-high))


def _limit(look: Look, side: float) -> float:
    """Return the end of the scale of an effect."""
    if look.comparison is None:
        return side
    return look.against(-side)


def last_critical(plan: Boundaries, fraction: FloatArray, alpha: float) -> float:
    """Return the boundary at the last of some looks, for another error of one side."""
    if plan.spending is None:
        shape = 0.5 if plan.method == "pocock" else 0.0
        level = limits.constant(plan.fraction, shape, alpha, two_sided=plan.two_sided)
        k = len(fraction) - 1
        return float(level * plan.fraction[k] ** (shape - 0.5))
    spent = plan.spending(fraction, alpha)
    return float(limits.efficacy(fraction, spent, two_sided=plan.two_sided)[-1])
