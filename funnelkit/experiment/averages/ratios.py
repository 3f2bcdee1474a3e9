"""`compare_ratios`: a ratio of two means per unit in two arms, such as revenue per won deal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Unpack, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, numbered
from funnelkit.experiment.averages.contrast import Contrast
from funnelkit.experiment.averages.given import Blanks, JointMoments, Options, against_control
from funnelkit.experiment.averages.joint import Joint, joint_arms
from funnelkit.experiment.comparison import (
    ALTERNATIVES,
    Alternative,
    Arm,
    Comparison,
    Comparisons,
    Unit,
)

FloatArray = NDArray[np.float64]
RatioArm = JointMoments | tuple[ArrayLike, ArrayLike]
_UNSTEADY = 0.2


@overload
def compare_ratios(
    control: RatioArm, treatment: RatioArm, **options: Unpack[Options]
) -> Comparison: ...


@overload
def compare_ratios(
    control: RatioArm, treatment: Mapping[str, RatioArm], **options: Unpack[Options]
) -> Comparisons: ...


def compare_ratios(
    control: RatioArm,
    treatment: RatioArm | Mapping[str, RatioArm],
    *,
    blanks: Blanks = "refuse",
    alternative: Alternative = "two-sided",
    confidence_level: float = 0.95,
    metric: str = "ratio",
    unit: Unit = "number",
    currency: str | None = None,
    units: str = "leads",
    names: tuple[str, str] = ("control", "treatment"),
    randomised: bool = True,
) -> Comparison | Comparisons:
    """Return how far a ratio of two totals differs between control and treatment.

    Parameters
    ----------
    control, treatment
        Each either moments, ``(n, (mean of numerator, mean of denominator), covariance)`` with the
        2 x 2 covariance matrix of one unit, or two arrays with one value for each unit,
        ``(numerator, denominator)``: revenue and won deals of each lead, activities and leads of
        each account. ``treatment`` may map names to several.
    blanks
        What a value that is not there means; see :func:`compare_means`.
    alternative
        Of the treatment against control.
    confidence_level
        Level of the intervals in the frame and the summary.
    metric, unit, currency
        What is compared, as it is shown.
    units
        Plural noun of what was assigned to the arms, and has one pair of values each.
    names
        Of the two arms.
    randomised
        Whether chance chose the arm.

    Returns
    -------
    Comparison or Comparisons
        Scale ``"difference"`` of the two ratios, Σ numerator / Σ denominator in each arm; ``n`` is
        the number of units, not the denominator. The standard deviation of an arm is that of one
        unit's part in the ratio.

    Raises
    ------
    ArgumentError
        If an arm has nobody, its denominators add up to 0, the ratio is the same for every unit of
        both arms, or a value is blank, infinite or no number.

    Notes
    -----
    The delta method: the ratio R = mean y / mean x behaves like the mean over units of
    (y - R x) / mean x, so that Welch's test of these gives the p-value and the interval, a pair.
    The interval of the relative difference is Fieller's for the ratio of the two ratios, from the
    same variances and degrees of freedom.

    References
    ----------
    Deng, Knoblich and Lu (2018), Applying the delta method in metric analytics, KDD, section 3;
    Cochran (1977), Sampling Techniques, 3rd ed., section 6.4; Fieller (1954), Journal of the Royal
    Statistical Society B 16, 175-185.

    Examples
    --------
    Activities per lead of ten accounts, five in each arm:

    >>> old = ([12, 30, 4, 9, 21], [4, 11, 1, 3, 8])
    >>> new = ([20, 16, 7, 33, 10], [5, 4, 2, 9, 2])
    >>> found = compare_ratios(old, new, metric="activities per lead", units="accounts")
    >>> round(found.control.mean, 3), round(found.treatment.mean, 3), round(found.pvalue, 3)
    (2.815, 3.909, 0.001)
    """
    checks.one_of("alternative", alternative, ALTERNATIVES)
    checks.confidence(confidence_level)

    def one(given: Any, called: tuple[str, str]) -> Comparison:
        arms = joint_arms(control, given, names=called, blanks=blanks, units=units, need=_NEED)
        problems = [
            p for one in zip(("control", "treatment"), arms, strict=True) if (p := _no(one))
        ]
        if problems:
            raise ArgumentError(numbered(problems))
        first, second = (Ratio.of(arm) for arm in arms)
        if first.sd == second.sd == 0 and math.isclose(first.value, second.value):
            raise ArgumentError(
                f"the ratio is {first.value:g} for every one of the {units} in both arms: a metric "
                "that is constant cannot be compared. Are they the right columns?"
            )
        contrast = Contrast.welch(
            (first.n, first.value, first.sd),
            (second.n, second.value, second.sd),
            floor=0.0 if all(arm.amounts for arm in arms) else -math.inf,
        )
        return Comparison(
            metric=metric,
            unit=unit,
            control=Arm(name=called[0], n=first.n, mean=first.value, sd=first.sd),
            treatment=Arm(name=called[1], n=second.n, mean=second.value, sd=second.sd),
            scale="difference",
            effect=contrast.difference,
            pvalue=contrast.pvalue(alternative),
            bounds=contrast.bounds(alternative),
            method="delta method with Welch's t-test",
            statistic=contrast.statistic,
            alternative=alternative,
            relative=contrast.relative,
            relative_bounds=contrast.relative_bounds(alternative),
            units=units,
            currency=currency,
            randomised=randomised,
            notes=(
                *(note for arm in arms for note in arm.notes),
                *contrast.notes(alternative, confidence_level, units),
                *(note for each in (first, second) for note in each.notes(units)),
            ),
            confidence_level=confidence_level,
        )

    return against_control(treatment, names, one)


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """A ratio of two means, with the standard deviation of one unit's part in it."""

    name: str
    n: float
    value: float
    sd: float
    wavering: float

    @classmethod
    def of(cls, arm: Joint) -> Ratio:
        """Return the ratio of the first column to the second."""
        numerator, denominator = (float(mean) for mean in arm.means)
        value = numerator / denominator
        weights = np.array([1.0, -value]) / denominator
        variance = float(weights @ arm.covariance @ weights)
        if arm.values is not None:  # y - R x as such: exactly 0 where the ratio is constant
            parts = arm.values @ weights
            variance = float(parts.var(ddof=1)) if arm.n > 1 else math.nan
        least = 1e-14 * max(float(np.abs(weights**2 @ np.diag(arm.covariance))), 1e-300)
        sd = 0.0 if abs(variance) <= least else math.sqrt(max(variance, 0.0))
        sd = sd if arm.n > 1 else math.nan
        error = math.sqrt(max(float(arm.covariance[1, 1]), 0.0) / arm.n) if arm.n > 1 else math.nan
        return cls(name=arm.name, n=arm.n, value=value, sd=sd, wavering=abs(error / denominator))

    def notes(self, units: str) -> tuple[str, ...]:
        """Return a sentence where the denominator is too unsure for the delta method."""
        if not self.wavering > _UNSTEADY:
            return ()
        said = (
            f"{display.one_line(self.name)}: the denominator is known to "
            f"{display.percent(self.wavering, decimals=0)} only (standard error over mean), which "
            f"is more than the delta method bears ({display.percent(_UNSTEADY, decimals=0)}); the "
            f"interval is a rough one. More {units} are needed."
        )
        return (said,)


_NEED = "(n, (mean of numerator, mean of denominator), 2 x 2 covariance), or two arrays"


def _no(one: tuple[str, Joint]) -> str | None:
    """Return why there is no ratio of two columns, if there is none."""
    argument, arm = one
    if arm.means.size != 2:
        return (
            f"`{argument}` must have two columns, numerator and denominator; got {arm.means.size}."
        )
    if not arm.means[1]:
        return (
            f"`{argument}`: the denominators add up to 0, so there is no ratio (no won deal in "
            "this arm, for instance)."
        )
    return None
