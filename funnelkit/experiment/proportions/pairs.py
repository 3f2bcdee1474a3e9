"""Counts of two arms as they are given, checked: one error names all that is wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, numbered
from funnelkit.experiment.proportions.scores import Pair


def pair_of(control: Any, treatment: Any, *, labels: tuple[str, str], units: str) -> Pair:
    """Return the counts of control and treatment.

    Parameters
    ----------
    control, treatment
        (converted, entered) of each.
    labels
        How messages name them.
    units
        Plural noun of what is counted.

    Raises
    ------
    ArgumentError
        If they are no such counts; with every problem of both.
    """
    problems: list[str] = []
    counts: list[tuple[float, float]] = []
    for label, given in zip(labels, (control, treatment), strict=True):
        found, problem = _counts(label, given, units)
        counts.append(found)
        problems += problem
    if problems:
        raise ArgumentError(numbered(problems))
    (x1, n1), (x2, n2) = counts
    return Pair(x1=x1, n1=n1, x2=x2, n2=n2)


def whole(pair: Pair) -> bool:
    """Return whether all counts are whole numbers."""
    return all(float(value).is_integer() for value in (pair.x1, pair.n1, pair.x2, pair.n2))


def two_names(names: Any) -> tuple[str, str]:
    """Return the names of the two arms.

    Raises
    ------
    ArgumentError
        If they are not two different texts.
    """
    if isinstance(names, str) or not isinstance(names, Sequence) or len(names) != 2:
        raise ArgumentError(f"`names` must be two: of control and of treatment; got {names!r}.")
    first, second = str(names[0]), str(names[1])
    if first == second:
        raise ArgumentError(f"`names` must differ; both are {first!r}.")
    return first, second


def _counts(label: str, given: Any, units: str) -> tuple[tuple[float, float], list[str]]:
    """Return (converted, entered) of one arm, and what is wrong with them."""
    nothing = (0.0, 1.0)
    if _number(given):
        words = f"{label} must be (converted, entered); got the number {given!r} alone. "
        return nothing, [words + "A rate does not say how many are behind it."]
    try:
        values = [] if isinstance(given, (str, bytes, dict)) else list(given)
    except TypeError:
        values = []
    if len(values) != 2 or not all(_number(one) for one in values):
        return nothing, [f"{label} must be two numbers (converted, entered); got {given!r}."]
    x, n = (float(one) for one in values)
    problem = _wrong(x, n, display.one_line(units))
    return (x, n), [f"{label} {problem}"] if problem else []


def _number(given: Any) -> bool:
    return isinstance(given, Real) and given is not True and given is not False


def _wrong(x: float, n: float, units: str) -> str | None:
    """Return what is wrong with two numbers: the first thing only, as others follow from it."""
    must = f"must be counts (converted, entered); {x:g} of {n:g}"
    enough = f"Give how many converted of how many {units} entered."
    found = {
        f"must be finite numbers (converted, entered); got ({x:g}, {n:g}).": (
            not math.isfinite(x) or not math.isfinite(n)
        ),
        f"has nobody: 0 {units} entered, so it has no rate. Leave this arm out, or check how it "
        "was assigned.": n == 0,
        f"must be counts from 0 on (converted, entered); got ({x:g}, {n:g}).": x < 0 or n < 0,
        f"has more conversions than entries: {x:g} of {n:g}; it must be (converted, entered). "
        + (f"Did you mean ({n:g}, {x:g})?" if n >= 1 else enough): x > n,
        f"{must} looks like a rate. {enough}": 0 < x < 1 < n,
        f"{must} looks like a percentage. {enough}": n == 100 and x % 1 > 0,
    }
    return next((words for words, wrong in found.items() if wrong), None)
