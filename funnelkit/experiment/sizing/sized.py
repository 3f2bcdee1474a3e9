"""`Sizing`: how large a test is, what it finds, with what chance, and all that was assumed."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from funnelkit._core import display
from funnelkit._core.result import Result
from funnelkit.experiment.comparison import Alternative

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["rate", "mean"]
Solved = Literal["n", "effect", "power"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Sizing(Result):
    """A test of a treatment against control as planned; see :func:`funnelkit.experiment.size`.

    Parameters
    ----------
    kind
        Whether rates or means are compared.
    solved
        What was asked for, and so follows from the rest: ``"n"``, ``"effect"`` or ``"power"``.
    control
        Rate or mean of control; NaN for a mean that was not given.
    effect
        Treatment less control; NaN where no effect can be found at this size.
    unrounded
        Units of control and of one treatment, before they are rounded up.
    power
        Chance to find the effect on its side: the target where n was asked for.
    reached
        The same at the whole numbers ``n_control`` and ``n_treatment``.
    alpha, alternative
        Level over all treatments, and of which sides.
    method
        How it was reckoned, as a sentence may carry it.
    fall
        Where an effect was asked for and both sides count: the smallest fall that is found as
        surely, a negative number; NaN where there is none.
    sd
        Of means: standard deviation of one unit in control and treatment.
    design_effect, inflation, treatments
        What makes the test larger: leads that go together, several looks, several treatments.
    units
        Plural noun of what is counted.
    notes
        Sentences that belong with the result.
    """

    kind: Kind
    solved: Solved
    control: float
    effect: float
    unrounded: tuple[float, float]
    power: float
    reached: float
    alpha: float
    alternative: Alternative
    method: str
    fall: float = math.nan
    sd: tuple[float, float] | None = None
    design_effect: float = 1.0
    inflation: float = 1.0
    treatments: int = 1
    units: str = "leads"
    notes: tuple[str, ...] = field(default=())

    @property
    def n_control(self) -> int:
        """Units of control, rounded up."""
        return whole(self.unrounded[0])

    @property
    def n_treatment(self) -> int:
        """Units of one treatment, rounded up."""
        return whole(self.unrounded[1])

    @property
    def total(self) -> int:
        """Units of control and all treatments."""
        return self.n_control + self.treatments * self.n_treatment

    @property
    def absolute(self) -> float:
        """Treatment less control, as ``effect``."""
        return self.effect

    @property
    def relative(self) -> float:
        """Treatment over control, less 1; NaN where the mean of control is not known."""
        return self.effect / self.control if self.control else math.nan

    @property
    def treatment(self) -> float:
        """Rate or mean of the treatment."""
        return self.control + self.effect

    def to_frame(self) -> pd.DataFrame:
        """Return one row.

        Returns
        -------
        DataFrame
            ``n_control``, ``n_treatment``, ``total``, ``control_rate`` and ``treatment_rate``
            (``_mean`` of means, with ``control_sd``, ``treatment_sd``), ``absolute``, ``relative``,
            ``power`` (at these whole numbers), ``alpha``, ``alternative``, ``treatments``,
            ``design_effect``, ``inflation``, ``method``.
        """
        import pandas as pd

        row: dict[str, object] = {
            "n_control": self.n_control,
            "n_treatment": self.n_treatment,
            "total": self.total,
            f"control_{self.kind}": self.control,
            f"treatment_{self.kind}": self.treatment,
        }
        if self.sd is not None:
            row |= {"control_sd": self.sd[0], "treatment_sd": self.sd[1]}
        row |= {
            "absolute": self.effect,
            "relative": self.relative,
            "power": self.reached,
            "alpha": self.alpha,
            "alternative": self.alternative,
            "treatments": self.treatments,
            "design_effect": self.design_effect,
            "inflation": self.inflation,
            "method": self.method,
        }
        return pd.DataFrame([row])

    def summary(self) -> str:
        """Return what was asked for in a sentence, and what was assumed in another."""
        return " ".join([self._answer(), self._assumed(), *self.notes])

    def _answer(self) -> str:
        size = self._size()
        chance = display.maturity(self.power)
        if not math.isfinite(self.effect):
            return f"{size} find no effect with a chance of {chance}."
        least = "at least " if self.solved == "effect" else ""
        other = ""
        if math.isfinite(self.fall):
            other = f" or a fall of at least {self._size_of(self.fall)}"
        return f"{size} find {self._effect(least)}{other} with a chance of {chance}."

    def _size(self) -> str:
        control, treatment = display.count(self.n_control), display.count(self.n_treatment)
        if control == treatment:
            return f"{control} {self.units} in each of {self.treatments + 1} arms"
        each = "treatment" if self.treatments == 1 else f"each of {self.treatments} treatments"
        return f"{control} {self.units} in control and {treatment} in {each}"

    def _effect(self, least: str) -> str:
        word = "rise" if self.effect > 0 else "fall"
        text = f"a {word} of {least}{self._size_of(self.effect)}"
        if not math.isfinite(self.control):
            return text
        return f"{text} ({self._level(self.control)} to {self._level(self.treatment)})"

    def _size_of(self, effect: float) -> str:
        if self.kind == "rate":
            return f"{display.signed(100 * abs(effect)).removeprefix('+')} points"
        return f"{abs(effect):,.4g}"

    def _level(self, value: float) -> str:
        if self.kind == "rate":
            return display.percent(value)
        return f"{value:,.4g}".replace("-", display.MINUS)

    def _assumed(self) -> str:
        sides = {"two-sided": "two-sided", "greater": "above control", "less": "below control"}
        parts = [f"alpha {self.alpha:g}, {sides[self.alternative]}", self.method]
        if self.treatments > 1:
            parts.append(f"each treatment tested at alpha / {self.treatments}")
        if self.design_effect > 1:
            parts.append(f"design effect {self.design_effect:.3g}")
        if self.inflation > 1:
            parts.append(f"{self.inflation:.4g} times as large for the looks")
        return f"Assumed: {', '.join(parts)}."


def whole(value: float) -> int:
    """Return the next whole number, by which the last digits of a float do not count.

    Examples
    --------
    >>> whole(1030.2), whole(64.00000000001)
    (1031, 64)
    """
    return math.ceil(value - 1e-9 * max(1.0, value))
