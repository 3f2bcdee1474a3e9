"""Arms of an average as they are given, moments or values, each checked and told in one form."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, numbered
from funnelkit.experiment.adjustment import holm_family
from funnelkit.experiment.comparison import Alternative, Arm, Comparison, Comparisons, Unit

FloatArray = NDArray[np.float64]
MeanMoments = tuple[float, float, float]
"""Number of units, mean and standard deviation of one unit."""
JointMoments = tuple[float, Sequence[float], Sequence[Sequence[float]]]
"""Number of units, means of several columns and their covariances."""
Blanks = Literal["refuse", "zero", "left_out"]
"""What becomes of values that are not there."""
BLANKS: tuple[Blanks, ...] = ("refuse", "zero", "left_out")
_EXAMPLES = 5


class Options(TypedDict, total=False):
    """The options that all comparisons of averages have, for type checkers."""

    blanks: Blanks
    alternative: Alternative
    confidence_level: float
    metric: str
    unit: Unit
    currency: str | None
    units: str
    names: tuple[str, str]
    randomised: bool


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One arm: number of units, mean, standard deviation, and the values where they are known."""

    name: str
    n: float
    mean: float
    sd: float
    values: FloatArray | None = None
    notes: tuple[str, ...] = ()

    @property
    def arm(self) -> Arm:
        """The arm as a comparison shows it."""
        return Arm(name=self.name, n=self.n, mean=self.mean, sd=self.sd)

    @property
    def variance(self) -> float:
        """Variance of the mean; NaN of a single unit."""
        return self.sd**2 / self.n if self.n > 1 else math.nan

    @classmethod
    def of_values(cls, name: str, values: FloatArray, notes: tuple[str, ...] = ()) -> Sample:
        """Return the arm of values that are all there."""
        sd = float(values.std(ddof=1)) if values.size > 1 else math.nan
        if values.min() == values.max():  # the mean of equal values may be off by a digit
            mean, sd = float(values[0]), 0.0 if values.size > 1 else math.nan
        else:
            mean = float(values.mean())
        return cls(name=name, n=float(values.size), mean=mean, sd=sd, values=values, notes=notes)


def samples_of(
    control: Any, treatment: Any, *, names: tuple[str, str], blanks: Blanks, units: str
) -> tuple[Sample, Sample]:
    """Return both arms.

    Raises
    ------
    ArgumentError
        With every problem of both; or if all units of both have one and the same value.
    """
    checks.one_of("blanks", blanks, BLANKS)
    found: list[Sample] = []
    problems: list[str] = []
    for argument, given, name in both_arms(control, treatment, names):
        try:
            found.append(_sample(argument, given, name, blanks, units))
        except ArgumentError as error:
            problems.append(str(error))
    if problems:
        raise ArgumentError(numbered(problems))
    first, second = found
    if first.sd == second.sd == 0 and first.mean == second.mean:
        raise ArgumentError(
            f"every one of the {units} in both arms has the value {first.mean:g}: a metric that is "
            "constant cannot be compared. Is it the right column?"
        )
    return first, second


def against_control(
    treatment: Any, names: tuple[str, str], one: Callable[[Any, tuple[str, str]], Comparison]
) -> Comparison | Comparisons:
    """Return one comparison, or one for each treatment of a mapping with Holm's p-values."""
    if not isinstance(treatment, Mapping):
        return one(treatment, names)
    if not treatment:
        raise ArgumentError("`treatment` names no treatment; give at least one.")
    found = [one(given, (names[0], str(name))) for name, given in treatment.items()]
    return holm_family(found)


def is_number(value: Any) -> bool:
    """Return whether a value is one number."""
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def units_of(argument: str, n: Any, units: str) -> float:
    """Return a number of units of at least 1, whole or effective.

    Raises
    ------
    ArgumentError
        If there is nobody.
    """
    if not is_number(n) or not math.isfinite(n) or n < 0:
        raise ArgumentError(f"`{argument}`: n must be the number of {units}; got {n!r}.")
    if n < 1:
        raise ArgumentError(f"`{argument}` has no {units}; there is nothing to compare.")
    return float(n)


def column_of(argument: str, given: ArrayLike) -> FloatArray:
    """Return one number for each unit; NaN where it is blank.

    Raises
    ------
    ArgumentError
        If a value is no number, or infinite.
    """
    raw = array_of(argument, given)
    if raw.ndim != 1:
        raise ArgumentError(
            f"`{argument}` must hold one value for each unit; got shape {raw.shape}."
        )
    values = raw.astype(float) if raw.dtype.kind in "biuf" else _each(argument, raw)
    if infinite := int(np.isinf(values).sum()):
        raise ArgumentError(f"`{argument}`: {infinite} of {values.size} values are infinite.")
    return values


def array_of(argument: str, given: Any) -> NDArray[Any]:
    """Return anything that holds values as an array of numbers, or else of what it holds.

    Raises
    ------
    ArgumentError
        If it is no table of values: rows of unlike length, for instance.
    """
    if hasattr(given, "to_numpy"):
        held: NDArray[Any] = given.to_numpy()
        return held
    try:
        raw = np.asarray(given)
        return raw if raw.dtype.kind in "biuf" else np.asarray(given, dtype=object)
    except ValueError:
        raise ArgumentError(f"`{argument}` must hold one value for each unit.") from None


def without_blanks(
    argument: str, values: FloatArray, blanks: Blanks, units: str
) -> tuple[FloatArray, NDArray[np.bool_], str | None]:
    """Return the values as they count, which units are kept, and a sentence about the blanks.

    Parameters
    ----------
    argument
        Name of the argument.
    values
        One row or number for each unit; NaN where it is blank.
    blanks
        ``"refuse"``, ``"zero"`` or ``"left_out"``.
    units
        What is counted.

    Raises
    ------
    ArgumentError
        If there are blanks and they are refused.
    """
    holes = np.isnan(values)
    missing: NDArray[np.bool_] = np.asarray(holes if values.ndim == 1 else holes.any(axis=1))
    number, of = int(missing.sum()), len(values)
    everyone = np.ones(of, bool)
    if not number:
        return values, everyone, None
    share = f"{display.count(number)} of {display.count(of)} {units}"
    if blanks == "refuse":
        raise ArgumentError(
            f"`{argument}`: {share} have a blank value. Say what it means: "
            '`blanks="zero"` counts it as 0 (no revenue), `blanks="left_out"` leaves those out.'
        )
    if blanks == "zero":
        return np.where(holes, 0.0, values), everyone, f"{share} had a blank value, counted as 0."
    return values[~missing], ~missing, f"{share} had a blank value and are left out."


def _sample(argument: str, given: Any, name: str, blanks: Blanks, units: str) -> Sample:
    if isinstance(given, tuple) and len(given) == 3 and all(map(_is_moment, given)):
        return _of_moments(argument, given, name, units)
    if isinstance(given, tuple) or is_number(given):
        raise ArgumentError(
            f"`{argument}` must be (n, mean, sd), or a list or array with one value for each of "
            f"the {units}; got {_short(given)}."
        )
    values = column_of(argument, given)
    kept, _, note = without_blanks(argument, values, blanks, units)
    if not kept.size:
        raise ArgumentError(f"`{argument}` has no {units}; there is nothing to compare.")
    return Sample.of_values(
        name, kept, () if note is None else (f"{display.one_line(name)}: {note}",)
    )


def _of_moments(argument: str, given: Any, name: str, units: str) -> Sample:
    n, mean = units_of(argument, given[0], units), given[1]
    sd = math.nan if given[2] is None else float(given[2])
    if not is_number(mean) or not math.isfinite(mean):
        raise ArgumentError(f"`{argument}`: the mean must be a number; got {mean!r}.")
    if n > 1 and not (math.isfinite(sd) and sd >= 0):
        raise ArgumentError(
            f"`{argument}`: the standard deviation must be at least 0; got {given[2]!r}."
        )
    return Sample(name=name, n=n, mean=float(mean), sd=sd if n > 1 else math.nan)


def both_arms(control: Any, treatment: Any, names: tuple[str, str]) -> list[tuple[str, Any, str]]:
    """Return argument, what was given and name of each arm."""
    if isinstance(names, str) or len(names) != 2:
        raise ArgumentError(f"`names` must be two names, control first; got {names!r}.")
    return [("control", control, names[0]), ("treatment", treatment, names[1])]


def _is_moment(value: Any) -> bool:
    return value is None or is_number(value)


def _each(argument: str, raw: NDArray[Any]) -> FloatArray:
    """Return numbers of a column that holds anything."""
    import pandas as pd

    values = np.full(raw.shape, math.nan)
    wrong: list[Any] = []
    for k, value in enumerate(raw.tolist()):
        if value is None or value is pd.NA or value is pd.NaT:
            continue
        try:
            values[k] = _number(value)
        except (TypeError, ValueError):
            wrong.append(value)
    if wrong:
        shown = ", ".join(_short(value) for value in wrong[:_EXAMPLES])
        raise ArgumentError(
            f"`{argument}`: {len(wrong)} of {raw.size} values are no numbers: {shown}."
        )
    return values


def _number(value: Any) -> float:
    if isinstance(value, (str, bytes, complex)):
        raise TypeError
    return float(value)


def _short(value: Any) -> str:
    text = display.one_line(repr(value))
    return text if len(text) <= 40 else f"{text[:39]}…"
