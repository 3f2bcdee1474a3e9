"""`check_outliers`: whether the largest few values carry the difference of two means."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.experiment.guards.result import Guard, Level, not_checked, told, worst

FloatArray = NDArray[np.float64]
_NAME = "outliers"
_FEWEST = 10
"""Values an arm needs, beyond those left out."""
_MUCH = 1.0
"""Standard errors by which the difference must move, times the root of the values left out."""


@dataclass(frozen=True, kw_only=True)
class _Step:
    """The difference without the most distant values."""

    left_out: int
    from_control: int
    from_treatment: int
    difference: float
    error: float
    pvalue: float


def check_outliers(
    control: ArrayLike,
    treatment: ArrayLike | Mapping[str, ArrayLike],
    *,
    largest: int = 5,
    alpha: float = 0.05,
    names: tuple[str, str] = ("control", "treatment"),
    metric: str = "mean",
    units: str = "leads",
) -> Guard:
    """Return whether a few values carry the difference of two means.

    Parameters
    ----------
    control, treatment
        One value per unit, zeros included, or a mapping of several treatments.
    largest
        How many values are left out at most, one after the other: those farthest from the median
        of both arms together.
    alpha
        Level at which a difference is called significant.
    names
        Of the two arms.
    metric
        What the values are, for the sentence: ``"revenue per lead"``.
    units
        Plural noun of what has a value.

    Returns
    -------
    Guard
        Figures, from none to ``largest`` left out: ``treatment``, ``left_out``, ``from_control``,
        ``from_treatment``, ``difference``, ``standard_error``, ``pvalue`` (Welch).

    Raises
    ------
    ArgumentError
        If ``largest`` or ``alpha`` cannot be used.
    DataError
        If values are missing or infinite.

    Notes
    -----
    A warning where without k values, at most ``largest``, the difference changes its sign or
    whether it is significant, and moves by √k standard errors of what is left or more; a note where
    a single value moves it by one and takes away more than half of it. It is no test. With normal
    or exponential values it speaks in less than 1 of 100 cases; where sums of money hang on a
    handful of deals it speaks often, and rightly (benchmarks/guard_false_alarms.py).

    References
    ----------
    Cook (1977), Technometrics 19, 15-18, on leaving out what weighs most.

    Examples
    --------
    >>> calm = [float(k % 7) for k in range(70)]
    >>> check_outliers(calm, calm).level
    'ok'
    >>> check_outliers(calm, [*calm[1:], 5000.0]).level
    'note'
    """
    checks.positive_whole("largest", largest)
    checks.confidence(1 - alpha)
    first = _values("control", control)
    arms = treatment if isinstance(treatment, Mapping) else {names[1]: treatment}
    found = {str(name): _values("treatment", values) for name, values in arms.items()}
    if min([len(first), *map(len, found.values())]) < largest + _FEWEST:
        return not_checked(_NAME, f"an arm has fewer than {largest + _FEWEST} {units}")
    levels: list[Level] = []
    spoken: list[tuple[Level, str]] = []
    figures: list[dict[str, Any]] = []
    for name, values in found.items():
        steps = _steps(first, values, largest)
        level, step = _judged(steps, alpha)
        levels.append(level)
        if step is not None:
            spoken.append((level, _sentence(steps[0], step, (names[0], name), metric)))
        figures += [_row(name, one) for one in steps]
    level = worst(levels)
    said = [sentence for one, sentence in spoken if one == level]
    most = display.plural(largest, "value")
    return Guard(
        name=_NAME,
        level=level,
        sentence=" ".join(said)
        or f"{metric[:1].upper()}{metric[1:]} does not hang on the {most} farthest out.",
        figures=tuple(figures),
        remedy=""
        if level == "ok"
        else "Look at those values one by one; report the result with and without them, or of a "
        "winsorised mean fixed before looking.",
    )


def _steps(control: FloatArray, treatment: FloatArray, largest: int) -> list[_Step]:
    """Return the difference with 0, 1, … of the values farthest from the common median left out."""
    together = np.concatenate([control, treatment])
    distance = np.abs(together - np.median(together))
    k = min(largest, len(together))
    far = np.argpartition(-distance, k - 1)[:k]
    far = far[np.lexsort((far, -distance[far]))]
    steps = []
    for out in range(k + 1):
        gone = far[:out]
        of_control = gone[gone < len(control)]
        of_treatment = gone[gone >= len(control)] - len(control)
        kept = np.delete(control, of_control), np.delete(treatment, of_treatment)
        steps.append(_step(kept, (len(of_control), len(of_treatment))))
    return steps


def _step(kept: tuple[FloatArray, FloatArray], gone: tuple[int, int]) -> _Step:
    parts = np.array([float(values.var(ddof=1)) / len(values) for values in kept])
    difference = float(kept[1].mean() - kept[0].mean())
    error = math.sqrt(float(parts.sum()))
    if error <= 0:
        pvalue = 1.0 if difference == 0 else 0.0
    else:
        sizes = np.array([len(values) for values in kept])
        df = parts.sum() ** 2 / (parts**2 / (sizes - 1)).sum()
        pvalue = float(2 * special.stdtr(df, -abs(difference) / error))
    return _Step(
        left_out=sum(gone),
        from_control=gone[0],
        from_treatment=gone[1],
        difference=difference,
        error=error,
        pvalue=pvalue,
    )


def _judged(steps: list[_Step], alpha: float) -> tuple[Level, _Step | None]:
    """Return the level, and the first step that shows it."""
    whole = steps[0]
    noted = None
    for step in steps[1:]:
        moved = abs(step.difference - whole.difference)
        if moved < _MUCH * math.sqrt(step.left_out) * step.error or moved <= 0:
            continue
        significant = (whole.pvalue < alpha, step.pvalue < alpha)
        turned = whole.difference * step.difference < 0 and any(significant)
        if turned or significant[0] != significant[1]:
            return "warning", step
        if step.left_out == 1 and moved > abs(whole.difference) / 2:
            noted = step
    return ("note", noted) if noted is not None else ("ok", None)


def _sentence(whole: _Step, step: _Step, names: tuple[str, str], metric: str) -> str:
    gone = [
        f"{number} of {told(name)}"
        for number, name in zip((step.from_control, step.from_treatment), names, strict=True)
        if number
    ]
    which = "value" if step.left_out == 1 else f"{step.left_out} values"
    return (
        f"{metric[:1].upper()}{metric[1:]}: {told(names[1])} less {told(names[0])} is "
        f"{_number(whole.difference)} ({display.pvalue(whole.pvalue)}), and "
        f"{_number(step.difference)} ({display.pvalue(step.pvalue)}) without the {which} farthest "
        f"out ({display.listed(gone)})."
    )


def _number(value: float) -> str:
    return f"{value:+,.4g}".replace("-", display.MINUS)


def _row(name: str, step: _Step) -> dict[str, Any]:
    return {
        "treatment": name,
        "left_out": step.left_out,
        "from_control": step.from_control,
        "from_treatment": step.from_treatment,
        "difference": step.difference,
        "standard_error": step.error,
        "pvalue": step.pvalue,
    }


def _values(argument: str, given: Any) -> FloatArray:
    try:
        values = np.asarray(given, float)
    except (TypeError, ValueError):
        raise ArgumentError(f"`{argument}` must hold one number per unit.") from None
    if values.ndim != 1:
        raise ArgumentError(
            f"`{argument}` must hold one number per unit; got shape {values.shape}."
        )
    bad = int((~np.isfinite(values)).sum())
    if bad:
        raise DataError(
            f"`{argument}` holds {display.plural(bad, 'missing or infinite value')}; a "
            "unit without revenue has 0."
        )
    return values
