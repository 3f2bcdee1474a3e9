"""Arms of several columns as they are given: joint moments, or one array for each column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, numbered
from funnelkit.experiment.averages.given import (
    BLANKS,
    Blanks,
    array_of,
    both_arms,
    column_of,
    is_number,
    units_of,
    without_blanks,
)

FloatArray = NDArray[np.float64]
_SLACK = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True)
class Joint:
    """One arm of several columns.

    Parameters
    ----------
    name
        Of the arm.
    n
        Number of units.
    means
        Shape ``(n_columns,)``.
    covariance
        Of one unit, with n - 1 below the line; shape ``(n_columns, n_columns)``.
    values
        Shape ``(n, n_columns)``, where they are known.
    notes
        What has to be said about the values.
    """

    name: str
    n: float
    means: FloatArray
    covariance: FloatArray
    values: FloatArray | None = None
    notes: tuple[str, ...] = ()

    @property
    def amounts(self) -> bool:
        """Whether no value is known to be, or can be, below 0."""
        return self.values is not None and bool((self.values >= 0).all())


def joint_arms(
    control: Any,
    treatment: Any,
    *,
    names: tuple[str, str],
    blanks: Blanks,
    units: str,
    need: str,
) -> tuple[Joint, Joint]:
    """Return both arms.

    Parameters
    ----------
    control, treatment
        Moments ``(n, means, covariance)``, or a tuple of arrays; the last may hold several columns.
    names, blanks, units
        As of :func:`funnelkit.experiment.compare_ratios`.
    need
        What an arm must be, for messages.

    Raises
    ------
    ArgumentError
        With every problem of both arms.
    """
    checks.one_of("blanks", blanks, BLANKS)
    found: list[Joint] = []
    problems: list[str] = []
    for argument, given, name in both_arms(control, treatment, names):
        try:
            found.append(_joint(argument, given, need, name=name, blanks=blanks, units=units))
        except ArgumentError as error:
            problems.append(str(error))
    if not problems and found[0].means.size != found[1].means.size:
        problems.append(
            f"`treatment` has {found[1].means.size} columns, `control` {found[0].means.size}; both "
            "need the same."
        )
    if problems:
        raise ArgumentError(numbered(problems))
    return found[0], found[1]


def _joint(argument: str, given: Any, need: str, *, name: str, blanks: Blanks, units: str) -> Joint:
    if isinstance(given, tuple) and len(given) == 3 and is_number(given[0]):
        return _of_moments(argument, given, name, units)
    table = getattr(given, "ndim", 0) == 2
    if not table and not (isinstance(given, tuple) and len(given) == 2):
        raise ArgumentError(f"`{argument}` must be {need}.")
    parts = [_columns(argument, part) for part in ((given,) if table else given)]
    if len({len(part) for part in parts}) > 1:
        lengths = display.listed([display.count(len(part)) for part in parts])
        raise ArgumentError(
            f"`{argument}`: each of the {units} needs a value in every array; got {lengths} values."
        )
    values, _, note = without_blanks(argument, np.hstack(parts), blanks, units)
    if not len(values):
        raise ArgumentError(f"`{argument}` has no {units}; there is nothing to compare.")
    return of_values(name, values, () if note is None else (f"{display.one_line(name)}: {note}",))


def of_values(name: str, values: FloatArray, notes: tuple[str, ...] = ()) -> Joint:
    """Return the arm of values that are all there, shape ``(n, n_columns)``."""
    n, width = values.shape
    covariance = np.full((width, width), math.nan)
    if n > 1:
        away = values - values.mean(axis=0)
        covariance = away.T @ away / (n - 1)
    return Joint(
        name=name,
        n=float(n),
        means=values.mean(axis=0),
        covariance=covariance,
        values=values,
        notes=notes,
    )


def _columns(argument: str, given: Any) -> FloatArray:
    """Return columns of numbers, shape ``(n, n_columns)``."""
    raw: Any = given if hasattr(given, "ndim") else array_of(argument, given)
    if raw.ndim == 1:
        return column_of(argument, raw)[:, None]
    if raw.ndim != 2:
        raise ArgumentError(f"`{argument}` must hold columns of numbers; got shape {raw.shape}.")
    if hasattr(raw, "iloc"):
        each = [column_of(argument, raw.iloc[:, k]) for k in range(raw.shape[1])]
    else:
        each = [column_of(argument, raw[:, k]) for k in range(raw.shape[1])]
    return np.column_stack(each) if each else np.empty((len(raw), 0))


def _of_moments(argument: str, given: Sequence[Any], name: str, units: str) -> Joint:
    n = units_of(argument, given[0], units)
    try:
        means, covariance = np.asarray(given[1], float), np.asarray(given[2], float)
    except (TypeError, ValueError):
        raise ArgumentError(f"`{argument}`: means and covariances must be numbers.") from None
    if means.ndim != 1 or covariance.shape != (means.size, means.size):
        raise ArgumentError(
            f"`{argument}`: {means.size} means need a covariance matrix of shape "
            f"{(means.size, means.size)}; got {covariance.shape}."
        )
    if not np.isfinite(means).all() or (n > 1 and not np.isfinite(covariance).all()):
        raise ArgumentError(f"`{argument}`: means and covariances must be finite numbers.")
    if n > 1:
        scale = np.sqrt(np.abs(np.diag(covariance)))
        slack = _SLACK * np.outer(scale, scale)
        if (np.abs(covariance - covariance.T) > slack).any():
            raise ArgumentError(f"`{argument}`: the covariance matrix is not symmetric.")
        safe = np.where(scale > 0, scale, 1.0)
        if np.linalg.eigvalsh(covariance / np.outer(safe, safe)).min() < -_SLACK:
            raise ArgumentError(
                f"`{argument}`: no data have this covariance matrix (a variance is negative, or a "
                "covariance is larger than the variances allow)."
            )
    return Joint(name=name, n=n, means=means, covariance=covariance)
