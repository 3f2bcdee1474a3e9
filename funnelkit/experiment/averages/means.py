"""`compare_means`: a mean per unit in two arms, by Welch's test, winsorised or by bootstrap."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, Unpack, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.averages.contrast import Contrast
from funnelkit.experiment.averages.given import (
    Blanks,
    MeanMoments,
    Options,
    Sample,
    against_control,
    samples_of,
)
from funnelkit.experiment.averages.resampled import draws_of
from funnelkit.experiment.averages.tails import tail_note
from funnelkit.experiment.averages.winsorised import quantiles_of, winsorised
from funnelkit.experiment.comparison import ALTERNATIVES, Alternative, Comparison, Comparisons, Unit

FloatArray = NDArray[np.float64]
MeanMethod = Literal["welch", "winsorised", "bootstrap"]
METHODS: tuple[MeanMethod, ...] = ("welch", "winsorised", "bootstrap")


class _MeanOptions(Options, total=False):
    method: MeanMethod
    winsorise_at: float | tuple[float, float]
    resamples: int
    rng: int | np.random.Generator | None


@overload
def compare_means(
    control: MeanMoments | ArrayLike,
    treatment: MeanMoments | ArrayLike,
    **options: Unpack[_MeanOptions],
) -> Comparison: ...


@overload
def compare_means(
    control: MeanMoments | ArrayLike,
    treatment: Mapping[str, MeanMoments | ArrayLike],
    **options: Unpack[_MeanOptions],
) -> Comparisons: ...


def compare_means(
    control: MeanMoments | ArrayLike,
    treatment: MeanMoments | ArrayLike | Mapping[str, MeanMoments | ArrayLike],
    *,
    method: MeanMethod = "welch",
    winsorise_at: float | tuple[float, float] = 0.99,
    resamples: int = 9_999,
    rng: int | np.random.Generator | None = 0,
    blanks: Blanks = "refuse",
    alternative: Alternative = "two-sided",
    confidence_level: float = 0.95,
    metric: str = "mean",
    unit: Unit = "number",
    currency: str | None = None,
    units: str = "leads",
    names: tuple[str, str] = ("control", "treatment"),
    randomised: bool = True,
) -> Comparison | Comparisons:
    """Return how far a mean per unit differs between control and treatment.

    Parameters
    ----------
    control, treatment
        Each a tuple of moments ``(n, mean, sd)``, or a list, array or Series with one value for
        each unit: revenue per lead has a 0 for every lead that was not won. ``treatment`` may map
        names to several.
    method
        ``"welch"``: Welch's t-test. ``"winsorised"``: the same of values that are cut off at a
        quantile of both arms together. ``"bootstrap"``: bias-corrected and accelerated, with the
        p-value that belongs to its interval. The last two need values, not moments.
    winsorise_at
        Upper quantile to cut off at, or a lower and an upper one.
    resamples, rng
        Of the bootstrap; the same seed gives the same answer.
    blanks
        What a value that is not there means: ``"refuse"`` it, count it as ``"zero"``, or leave the
        unit ``"left_out"``. A note says how many there were.
    alternative
        Of the treatment against control.
    confidence_level
        Level of the intervals in the frame and the summary.
    metric, unit, currency
        What is compared, as it is shown.
    units
        Plural noun of what has one value each.
    names
        Of the two arms.
    randomised
        Whether chance chose the arm.

    Returns
    -------
    Comparison or Comparisons
        Scale ``"difference"``, in the metric's own unit; the relative difference beside it.
        Several treatments: one each, with Holm's p-values beside the plain ones.

    Raises
    ------
    ArgumentError
        If an arm has nobody, all values of both arms are the same, a value is blank (unless
        ``blanks`` says what that means), infinite or no number, or moments are given where values
        are needed.

    Notes
    -----
    Interval and p-value are a pair. The interval of the relative difference is Fieller's with the
    degrees of freedom of Welch's test, so that it excludes 0 exactly when the test rejects, as long
    as the mean of control is clearly above 0; that of the bootstrap is a BCa interval of its own.
    A mean of winsorised values is not the mean of the values: nothing is said about the total.

    References
    ----------
    Welch (1947), Biometrika 34, 28-35; Fieller (1954), Journal of the Royal Statistical Society B
    16, 175-185; Efron (1987), Journal of the American Statistical Association 82, 171-185; on
    winsorised means Dixon and Tukey (1968), Technometrics 10, 83-98.

    Examples
    --------
    From a pivot table: 400 and 410 leads, revenue per lead and its standard deviation.

    >>> found = compare_means((400, 520.0, 1900.0), (410, 810.0, 2600.0), metric="revenue per lead")
    >>> round(found.effect, 2), round(found.pvalue, 3)
    (290.0, 0.07)
    >>> [round(end, 1) for end in found.confidence_interval()]
    [-23.6, 603.6]
    """
    checks.one_of("method", method, METHODS)
    checks.one_of("alternative", alternative, ALTERNATIVES)
    checks.confidence(confidence_level)
    at = quantiles_of(winsorise_at)
    checks.positive_whole("resamples", resamples)

    def one(given: Any, called: tuple[str, str]) -> Comparison:
        first, second = samples_of(control, given, names=called, blanks=blanks, units=units)
        notes = [*first.notes, *second.notes]
        how = "Welch's t-test"
        if method == "winsorised":
            *cut, said = winsorised(*_values(first, second, method), at, units)
            first, second = (
                Sample.of_values(arm.name, values)
                for arm, values in zip((first, second), cut, strict=True)
            )
            notes.append(said)
            how = f"Welch's t-test of winsorised values, quantile {at[1]:g}"
        contrast = _contrast(first, second)
        found = Comparison(
            metric=metric,
            unit=unit,
            control=first.arm,
            treatment=second.arm,
            scale="difference",
            effect=contrast.difference,
            pvalue=contrast.pvalue(alternative),
            bounds=contrast.bounds(alternative),
            method=how,
            statistic=contrast.statistic,
            alternative=alternative,
            relative=contrast.relative,
            relative_bounds=contrast.relative_bounds(alternative),
            units=units,
            currency=currency,
            randomised=randomised,
            notes=(
                *notes,
                *contrast.notes(alternative, confidence_level, units),
                *_tails(first, second, units),
            ),
            confidence_level=confidence_level,
        )
        if method != "bootstrap":
            return found
        values = _values(first, second, method)
        return _resampled(found, *values, resamples, rng) if contrast.clear else found

    return against_control(treatment, names, one)


def _contrast(control: Sample, treatment: Sample) -> Contrast:
    known = [arm.values for arm in (control, treatment) if arm.values is not None]
    amounts = len(known) == 2 and min(float(values.min()) for values in known) >= 0
    return Contrast.welch(
        (control.n, control.mean, control.sd),
        (treatment.n, treatment.mean, treatment.sd),
        floor=0.0 if amounts else -math.inf,
    )


def _resampled(
    found: Comparison,
    control: FloatArray,
    treatment: FloatArray,
    resamples: int,
    rng: int | np.random.Generator | None,
) -> Comparison:
    """Return the comparison with the interval and the p-value of the bootstrap."""
    draws = draws_of(control, treatment, resamples=resamples, rng=rng)
    return replace(
        found,
        pvalue=draws.difference.pvalue(found.alternative),
        bounds=draws.difference.bounds(found.alternative),
        statistic=math.nan,
        relative_bounds=draws.relative_bounds(found.alternative),
        method=f"BCa bootstrap, {display.count(resamples)} resamples",
    )


def _values(control: Sample, treatment: Sample, method: str) -> tuple[FloatArray, FloatArray]:
    """Return the values of both arms.

    Raises
    ------
    ArgumentError
        If an arm is given by its moments.
    """
    if control.values is not None and treatment.values is not None:
        return control.values, treatment.values
    names = [
        f"`{argument}`"
        for argument, arm in (("control", control), ("treatment", treatment))
        if arm.values is None
    ]
    raise ArgumentError(
        f'`method="{method}"` needs one value for each unit; {display.listed(names)} '
        f"{'is' if len(names) == 1 else 'are'} given as moments (n, mean, sd). Give the values, "
        'or take `method="welch"`.'
    )


def _tails(control: Sample, treatment: Sample, units: str) -> list[str]:
    found = [
        tail_note(arm.name, arm.values, units)
        for arm in (control, treatment)
        if arm.values is not None
    ]
    return [note for note in found if note is not None]
