"""Sums by variant as they came from an engine: which variants there are, and their moments."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, DataError, numbered, unknown

FloatArray = NDArray[np.float64]
Blanks = Literal["refuse", "zero", "left_out"]
_FAR = 1e3
"""Squared mean over variance beyond which sums of squares lose digits, and are summed anew."""
_CONSTANT = 1e-24
_DIGITS = 12
_EXACT = 2.0**53
_EXAMPLES = 5

Row = Mapping[str, Any]


def arms_of(
    rows: Sequence[Row], declared: Sequence[str] | None, variant: str, units: str
) -> tuple[dict[str, Row], dict[str, int]]:
    """Return the sums of each variant in order, and the rows outside of all."""
    found: dict[str, Row] = {}
    outside: dict[str, int] = {}
    for row in rows:
        name = _name(row["variant"])
        if name is None:
            outside[display.BLANK] = outside.get(display.BLANK, 0) + int(row["n"])
        else:
            found[name] = row
    if declared is None:
        if not found:
            raise ArgumentError(f"`variant`: no row of column `{variant}` names a variant.")
        return dict(sorted(found.items())), outside
    if isinstance(declared, str) or not declared:
        raise ArgumentError(f"`variants` must be the names of the variants; got {declared!r}.")
    wanted = tuple(dict.fromkeys(str(name) for name in declared))
    strange = {name: int(row["n"]) for name, row in found.items() if name not in wanted}
    problems = [
        f"`variants`: {unknown('variant', name, found)} It was declared and has nobody."
        for name in wanted
        if name not in found
    ]
    if strange:
        shown = ", ".join(
            f"`{display.one_line(name)}` ({display.count(n)} {units})"
            for name, n in list(strange.items())[:_EXAMPLES]
        )
        problems.append(
            f"`variants`: {display.plural(len(strange), 'variant')} in column `{variant}` not "
            f"declared: {shown}. Declare them, or leave those rows out first."
        )
    if problems:
        raise ArgumentError(numbered(problems))
    return {name: found[name] for name in wanted}, outside


def same_arms(rows: Sequence[Row], arms: Mapping[str, Row]) -> dict[str, Row]:
    """Return the sums of the same variants from another statement."""
    found = {_name(row["variant"]): row for row in rows}
    if gone := [name for name in arms if name not in found]:
        names = display.listed([f"`{display.one_line(name)}`" for name in gone])
        raise DataError(f"nobody is left in {names} once blank values are left out.")
    return {name: found[name] for name in arms}


def _name(value: Any) -> str | None:
    """Return a variant as text; None where it is blank."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if str(value).strip() else None


def lacks_values(row: Row, width: int) -> bool:
    """Return whether a variant has values that are blank, infinite or too large."""
    if any(row[f"known_{i}"] != row["n"] for i in range(width)):
        return True
    return any(
        value is None or (isinstance(value, float) and not math.isfinite(value))
        for key, value in row.items()
        if key.startswith(("sum_", "product_"))
    )


def blanks_of(
    arms: Mapping[str, Row], names: Sequence[str], blanks: Blanks
) -> dict[str, list[int]]:
    """Return the blank values of each variant and column.

    Raises
    ------
    DataError
        If there are infinite values, or blank ones that are refused.
    """
    problems = []
    found = {
        arm: [int(row[f"blank_{i}"] or 0) for i in range(len(names))] for arm, row in arms.items()
    }
    for i, name in enumerate(names):
        infinite = sum(int(row.get(f"infinite_{i}") or 0) for row in arms.values())
        if infinite:
            problems.append(f"column `{name}`: {display.plural(infinite, 'value')} infinite.")
        each = [
            f"{display.count(counts[i])} in {display.one_line(arm)}"
            for arm, counts in found.items()
            if counts[i]
        ]
        if each and blanks == "refuse":
            problems.append(
                f"column `{name}` has blank values: {display.listed(each)}. Say what they mean: "
                '`blanks="zero"` counts them as 0, `blanks="left_out"` leaves those rows out.'
            )
    if problems:
        raise DataError(problems)
    return found


def refuse_too_large(arms: Mapping[str, Row], names: Sequence[str]) -> None:
    """Refuse values whose sums or squares have no place.

    Raises
    ------
    DataError
        With the columns.
    """
    problems = [
        f"column `{name}` holds values that are too large to be summed."
        for i, name in enumerate(names)
        if any(
            row.get(f"fits_{i}", row[f"known_{i}"]) != row[f"known_{i}"]
            or not math.isfinite(row[f"product_{i}_{i}"])
            for row in arms.values()
        )
    ]
    if problems:
        raise DataError(problems)


def moments_of(
    row: Row, exact: Sequence[bool], shift: Sequence[float]
) -> tuple[list[float], FloatArray]:
    """Return means and covariances from the sums of one variant."""
    n, width = int(row["n"]), len(exact)
    away = []  # means less the shift
    for i in range(width):
        total = Fraction(row[f"sum_{i}"]) / n
        away.append(total - Fraction(shift[i]) if exact[i] else total)
    means = [float(away[i] + Fraction(shift[i])) for i in range(width)]
    covariance = np.full((width, width), math.nan)
    if n > 1:
        for i in range(width):
            for j in range(i, width):
                if f"product_{i}_{j}" not in row:
                    continue
                sum_of_products = Fraction(row[f"product_{i}_{j}"])
                found = float((sum_of_products - n * away[i] * away[j]) / (n - 1))
                covariance[i, j] = covariance[j, i] = found
        same = np.diag(covariance) <= _CONSTANT * np.square(means)
        covariance[same, :] = covariance[:, same] = 0.0
        sds = np.sqrt(np.diag(covariance))
        known = np.argwhere(np.isfinite(covariance)).tolist()
        for i, j in known:
            covariance[i, j] = _steady(covariance[i, j], sds[i] * sds[j])
        steady = [_steady(means[i], max(abs(means[i]), float(sds[i]))) for i in range(width)]
        means = [means[i] if exact[i] else steady[i] for i in range(width)]
    return means, covariance


def _steady(value: float, scale: float) -> float:
    """Return a number to twelve digits of a scale: what the order of a sum cannot change."""
    if not scale > 0:
        return value
    return round(float(value), _DIGITS - 1 - math.floor(math.log10(scale)))


def _whole(total: float) -> bool:
    """Return whether a sum of squares is one of whole numbers, which lost nothing."""
    return total < _EXACT and total.is_integer()


def far_means(
    arms: Mapping[str, Row], solved: Mapping[str, tuple[list[float], FloatArray]]
) -> list[float] | None:
    """Return the means over all variants, if any is so far from 0 that digits were lost."""
    far = any(
        mean**2 > _FAR * max(float(covariance[i, i]), 0.0)
        and not _whole(arms[name][f"product_{i}_{i}"])
        for name, (means, covariance) in solved.items()
        if int(arms[name]["n"]) > 1
        for i, mean in enumerate(means)
    )
    if not far:
        return None
    n = np.array([int(row["n"]) for row in arms.values()], float)
    means = np.array([mean for mean, _ in solved.values()])
    return [float(mean) for mean in n @ means / n.sum()]
