"""`adjust_means`: a mean per unit in two arms, cleared of what was known before assignment."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Unpack, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, numbered
from funnelkit.experiment.averages.contrast import Contrast, satterthwaite
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
AdjustedMethod = Literal["lin", "cuped"]
METHODS: tuple[AdjustedMethod, ...] = ("lin", "cuped")
AdjustedArm = JointMoments | tuple[ArrayLike, ArrayLike]
_NEED = (
    "two arrays, (values, covariates), with one row for each unit, or for CUPED (n, means, "
    "covariance), the value first"
)
_ALONE = 1e-9
_CONSTANT = 1e-12
_ROUNDING = 1e-20


class _AdjustedOptions(Options, total=False):
    method: AdjustedMethod | None


@overload
def adjust_means(
    control: AdjustedArm, treatment: AdjustedArm, **options: Unpack[_AdjustedOptions]
) -> Comparison: ...


@overload
def adjust_means(
    control: AdjustedArm,
    treatment: Mapping[str, AdjustedArm],
    **options: Unpack[_AdjustedOptions],
) -> Comparisons: ...


def adjust_means(
    control: AdjustedArm,
    treatment: AdjustedArm | Mapping[str, AdjustedArm],
    *,
    method: AdjustedMethod | None = None,
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
    """Return how far a mean per unit differs once covariates are held equal.

    Parameters
    ----------
    control, treatment
        Each either two arrays ``(values, covariates)``, one row for each unit, the covariates of
        shape ``(n,)`` or ``(n, n_covariates)``; or, for CUPED, moments ``(n, means, covariance)``,
        the value first and the covariates after it. ``treatment`` may map names to several. A
        covariate must have been known before assignment: what the treatment can have changed may
        not be adjusted for.
    method
        ``"lin"``: regression in each arm for itself. ``"cuped"``: one slope for both arms. Default:
        ``"lin"`` for values, ``"cuped"`` for moments.
    blanks
        What a value that is not there means, of covariates too; see :func:`compare_means`.
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
        Scale ``"difference"``; the means of the arms are the adjusted ones. A note says how much of
        the variance the covariates took away.

    Raises
    ------
    ArgumentError
        If an arm has too few units for its covariates, a covariate is constant or follows from the
        others, moments are given for ``"lin"``, or a value is blank, infinite or no number.

    Notes
    -----
    ``"lin"`` is the coefficient of treatment in the regression on treatment, covariates less their
    mean over both arms, and their products, with the HC2 variance. That model is a regression in
    each arm for itself, so the variance is the sum of two. Its degrees of freedom are
    Satterthwaite's over the arms; those of an arm, of Bell and McCaffrey, are n - 1 without
    covariates, so that the test then is Welch's. As in Lin's paper the mean of the covariates over
    the units at hand is taken as given.

    ``"cuped"`` subtracts slope x (covariate - its mean over both arms) from each value, with one
    slope from the covariances within the arms, and compares by Welch's test.

    Fieller's interval of the relative difference respects that the two adjusted means share the
    mean of the covariates (CUPED), and has the degrees of freedom of the test.

    References
    ----------
    Lin (2013), Annals of Applied Statistics 7, 295-318; Samii and Aronow (2012), Statistics and
    Probability Letters 82, 365-370, and MacKinnon and White (1985), Journal of Econometrics 29,
    305-325, on HC2; Bell and McCaffrey (2002), Survey Methodology 28, 169-181; Deng, Xu, Kohavi and
    Walker (2013), WSDM, 123-132, on CUPED.

    Examples
    --------
    Revenue after, and revenue in the year before, of five accounts in each arm:

    >>> old = ([10, 22, 31, 38, 52], [1, 2, 3, 4, 5])
    >>> new = ([16, 27, 33, 47, 55], [1, 2, 3, 4, 5])
    >>> found = adjust_means(old, new, units="accounts")
    >>> round(found.effect, 6), round(found.pvalue, 3)
    (5.0, 0.005)
    """
    if method is not None:
        checks.one_of("method", method, METHODS)
    checks.one_of("alternative", alternative, ALTERNATIVES)
    checks.confidence(confidence_level)

    def one(given: Any, called: tuple[str, str]) -> Comparison:
        arms = joint_arms(control, given, names=called, blanks=blanks, units=units, need=_NEED)
        chosen = _method(method, arms)
        _refuse(arms, units, chosen)
        found = _lin(arms, units) if chosen == "lin" else _cuped(arms)
        contrast = found.contrast
        sds = [
            math.sqrt(variance * arm.n) if variance >= 0 else math.nan
            for variance, arm in zip(found.own_variances, arms, strict=True)
        ]
        means = (contrast.control, contrast.treatment)
        shown = [
            Arm(name=arm.name, n=arm.n, mean=mean, sd=sd)
            for arm, mean, sd in zip(arms, means, sds, strict=True)
        ]
        return Comparison(
            metric=metric,
            unit=unit,
            control=shown[0],
            treatment=shown[1],
            scale="difference",
            effect=contrast.difference,
            pvalue=contrast.pvalue(alternative),
            bounds=contrast.bounds(alternative),
            method=found.name,
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
                _saved(arms, contrast),
                *found.notes,
            ),
            confidence_level=confidence_level,
        )

    return against_control(treatment, names, one)


@dataclass(frozen=True, kw_only=True)
class _Adjusted:
    """Adjusted means, the variance that each arm's own units give its mean, and notes."""

    contrast: Contrast
    own_variances: tuple[float, float]
    name: str
    notes: tuple[str, ...] = ()


def _cuped(arms: tuple[Joint, Joint]) -> _Adjusted:
    """Return means adjusted with one slope."""
    within = _within(arms)
    slope = np.linalg.solve(within[1:, 1:], within[1:, 0])
    total = sum(arm.n for arm in arms)
    shares = [arm.n / total for arm in arms]
    overall = sum(share * arm.means[1:] for share, arm in zip(shares, arms, strict=True))
    taken = np.concatenate([[1.0], -slope])  # value less slope x covariate
    moved = np.concatenate([[0.0], slope])  # slope x mean of the covariate over both arms
    means = [float(arm.means @ taken + overall @ slope) for arm in arms]
    # Each mean is a sum over both arms' units: its own with one weight, the other's with another.
    weights = [
        [taken + share * moved if k == j else share * moved for j, share in enumerate(shares)]
        for k in range(2)
    ]
    joint = [
        [
            sum(
                float(weights[k][j] @ arm.covariance @ weights[m][j]) / arm.n
                for j, arm in enumerate(arms)
            )
            for m in range(2)
        ]
        for k in range(2)
    ]
    own = [
        _real(float(taken @ arm.covariance @ taken), float(arm.covariance[0, 0])) / arm.n
        for arm in arms
    ]
    contrast = Contrast(
        control=means[0],
        treatment=means[1],
        control_variance=joint[0][0],
        treatment_variance=joint[1][1],
        covariance=joint[0][1] if any(own) else (joint[0][0] + joint[1][1]) / 2,
        df=satterthwaite([(v, arm.n - 1) for v, arm in zip(own, arms, strict=True)]),
    )
    return _Adjusted(
        contrast=contrast, own_variances=(own[0], own[1]), name="CUPED with Welch's t-test"
    )


def _within(arms: tuple[Joint, Joint]) -> FloatArray:
    """Return the covariances within arms, both together."""
    first, second = arms
    total = first.n + second.n - 2
    return ((first.n - 1) * first.covariance + (second.n - 1) * second.covariance) / total


def _lin(arms: tuple[Joint, Joint], units: str) -> _Adjusted:
    """Return means adjusted by a regression in each arm, at the mean of the covariates of all."""
    tables = [_table(arm) for arm in arms]
    overall = np.concatenate(tables)[:, 1:].mean(axis=0)
    scale = np.std(np.concatenate(tables)[:, 1:], axis=0)
    parts = [intercept(table[:, 0], (table[:, 1:] - overall) / scale) for table in tables]
    notes = tuple(
        f"{display.one_line(arm.name)}: {display.count(part.alone)} of the {units} fix a "
        "coefficient alone, and say nothing about chance."
        for arm, part in zip(arms, parts, strict=True)
        if part.alone
    )
    variances = (parts[0].variance, parts[1].variance)
    contrast = Contrast(
        control=parts[0].mean,
        treatment=parts[1].mean,
        control_variance=variances[0],
        treatment_variance=variances[1],
        df=satterthwaite([(part.variance, part.df) for part in parts]),
    )
    return _Adjusted(
        contrast=contrast,
        own_variances=variances,
        name="regression adjustment (Lin), HC2 variance, t-test",
        notes=notes,
    )


@dataclass(frozen=True, kw_only=True)
class Intercept:
    """A mean at given covariates, its HC2 variance and the degrees of freedom of that."""

    mean: float
    variance: float
    df: float
    alone: int


def intercept(values: FloatArray, covariates: FloatArray) -> Intercept:
    """Return the mean of values at covariates of 0.

    Parameters
    ----------
    values
        Shape ``(n,)``.
    covariates
        Less their mean over both arms, shape ``(n, n_covariates)``.

    Notes
    -----
    With e the residuals, h the leverages and w the weights of the units in the intercept, the
    variance is Σ d e², d = w² / (1 - h). If the values vary alike, e = M u with M = I - H, and
    Σ d e² has mean σ² tr(DM) and variance 2 σ⁴ tr(DMDM): the degrees of freedom are
    tr(DM)² / tr(DMDM).
    """
    design = np.column_stack([np.ones(len(values)), covariates])
    inverse = np.linalg.inv(design.T @ design)
    weights = design @ inverse[0]
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    coefficients = inverse @ (design.T @ values)
    residuals = values - design @ coefficients
    alone = leverage > 1 - _ALONE
    each = np.where(alone, 0.0, weights**2 / np.where(alone, 1.0, 1 - leverage))
    crossed = inverse @ (design.T * each) @ design
    above = float((each * (1 - leverage)).sum()) ** 2
    below = float((each**2 * (1 - 2 * leverage)).sum() + np.trace(crossed @ crossed))
    return Intercept(
        mean=float(coefficients[0]),
        variance=_real(
            float((each * residuals**2).sum()), float((each * (values - values.mean()) ** 2).sum())
        ),
        df=above / below if below > 0 else math.nan,
        alone=int(alone.sum()),
    )


def _real(variance: float, whole: float) -> float:
    """Return what is left of a variance; 0 where it is what rounding leaves of the whole."""
    return variance if variance > _ROUNDING * whole else 0.0


def _saved(arms: tuple[Joint, Joint], contrast: Contrast) -> str:
    """Return how much of the variance the covariates took away."""
    plain = sum(float(arm.covariance[0, 0]) / arm.n for arm in arms)
    left = contrast.error**2 / plain if plain > 0 else math.nan
    if math.isnan(left):
        return "The covariates explain everything, or nothing is left to explain."
    if left >= 1:
        return "The covariates took away none of the variance."
    return (
        f"The covariates took away {display.percent(1 - left, decimals=0)} of the variance of the "
        "difference."
    )


def _method(method: AdjustedMethod | None, arms: tuple[Joint, Joint]) -> AdjustedMethod:
    moments = [
        f"`{argument}`"
        for argument, arm in zip(("control", "treatment"), arms, strict=True)
        if arm.values is None
    ]
    if method == "lin" and moments:
        raise ArgumentError(
            f'`method="lin"` needs one value for each unit; {display.listed(moments)} '
            f"{'is' if len(moments) == 1 else 'are'} given as moments. Give the values, or take "
            '`method="cuped"`.'
        )
    return method or ("cuped" if moments else "lin")


def _refuse(arms: tuple[Joint, Joint], units: str, method: AdjustedMethod) -> None:
    """Refuse covariates that cannot be adjusted for.

    Raises
    ------
    ArgumentError
        With every problem.
    """
    problems = []
    count = arms[0].means.size - 1
    first, second = (float(arm.means[0]) for arm in arms)
    if all(
        arm.covariance[0, 0] <= (_CONSTANT * arm.means[0]) ** 2 for arm in arms
    ) and math.isclose(first, second, rel_tol=_CONSTANT):
        problems.append(
            f"every one of the {units} in both arms has the value {first:g}: a metric that is "
            "constant cannot be compared. Is it the right column?"
        )
    if count < 1:
        problems.append(f"`control` and `treatment` have no covariates; each must be {_NEED}.")
    for argument, arm in zip(("control", "treatment"), arms, strict=True):
        if arm.n <= count + 1:
            problems.append(
                f"`{argument}` has {display.count(arm.n)} {units}; with "
                f"{display.plural(count, 'covariate')} it needs at least {count + 2}."
            )
    if not problems and method == "lin":
        for argument, arm in zip(("control", "treatment"), arms, strict=True):
            problems += _dependent(argument, arm.covariance, arm.means)
    elif not problems:
        largest = np.max([np.abs(arm.means) for arm in arms], axis=0)
        problems += _dependent("covariates", _within(arms), largest)
    if problems:
        raise ArgumentError(numbered(problems))


def _dependent(argument: str, covariance: FloatArray, means: FloatArray) -> list[str]:
    """Return which covariates cannot be told apart from a constant or from each other."""
    spread = np.sqrt(np.diag(covariance)[1:])
    same = spread <= _CONSTANT * np.abs(means[1:])
    if same.any():
        which = display.listed([str(k + 1) for k in np.flatnonzero(same)])
        return [f"`{argument}`: covariate {which} has the same value for everybody."]
    if np.linalg.eigvalsh(covariance[1:, 1:] / np.outer(spread, spread))[0] < _ALONE:
        return [f"`{argument}`: one covariate follows from the others; leave it out."]
    return []


def _table(arm: Joint) -> FloatArray:
    """Return the values of an arm, which are known here."""
    return np.empty((0, arm.means.size)) if arm.values is None else arm.values
