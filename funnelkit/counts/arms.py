"""`arm_moments`: how many units each variant has, and means and covariances of their columns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Result, frozen
from funnelkit.counts.arm_rows import (
    Blanks,
    arms_of,
    blanks_of,
    far_means,
    lacks_values,
    moments_of,
    refuse_too_large,
    same_arms,
)

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
BLANKS: tuple[Blanks, ...] = ("refuse", "zero", "left_out")


def arm_moments(
    data: Any,
    variant: str,
    columns: str | Sequence[str],
    *,
    variants: Sequence[str] | None = None,
    money: str | Sequence[str] = (),
    covariances: bool = True,
    blanks: Blanks = "refuse",
    units: str = "leads",
) -> ArmMoments:
    """Return number, means and covariances of some columns in each variant of an experiment.

    Parameters
    ----------
    data
        A pandas frame, an Ibis table or a DuckDB relation with one row for each unit. It is scanned
        where it lies, once; no row leaves it.
    variant
        Column that names the variant of each unit.
    columns
        Columns of numbers; true and false count as 1 and 0.
    variants
        The declared variants, control first. Default: those found, sorted.
    money
        Those of the columns that hold amounts as floating-point numbers: they are summed exactly,
        as decimals of four places.
    covariances
        Whether covariances of different columns are wanted: ratios and CUPED need them, means do
        not, and without them many columns are summed faster.
    blanks
        What a value that is not there means: ``"refuse"``, ``"zero"``, or leave the unit
        ``"left_out"`` of all columns.
    units
        Plural noun of what a row is.

    Returns
    -------
    ArmMoments
        ``.of("B", "revenue")`` is what :func:`funnelkit.experiment.compare_means` takes.

    Raises
    ------
    ArgumentError
        If a column is not there or holds no numbers, a variant was not declared or has nobody.
    DataError
        If values are blank (unless ``blanks`` says what that means), infinite or too large; or
        where the engine refuses.

    Notes
    -----
    Rows without a variant belong to no arm; they are counted in ``outside``. Totals of whole
    numbers, booleans, decimals and ``money`` are exact, so their means are the nearest number to
    the true one. Other columns, and products, are summed as floating-point numbers, which an
    engine adds in any order: their means and all covariances are given to twelve digits, where
    that order no longer shows (but for a tie in rounding). Where the mean is so far from 0 that
    the sum of squares loses digits, the values less the mean are summed in a second scan.

    References
    ----------
    Chan, Golub and LeVeque (1983), The American Statistician 37, 242-247, on shifted sums.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame(
    ...     {
    ...         "arm": ["A", "B", "A", "B", "B"],
    ...         "won": [0, 1, 1, 1, 0],
    ...         "revenue": [0, 30, 10, 20, 0],
    ...     }
    ... )
    >>> arms = arm_moments(rows, "arm", ["won", "revenue"])
    >>> arms.of("A", "revenue")
    (2.0, 5.0, 7.0710678118654755)
    >>> arms.of("B", "revenue", "won")[:2]
    (3.0, (16.666666666666668, 0.6666666666666666))
    """
    from funnelkit.counts import arm_sums

    names, amounts = _listed("columns", columns), _listed("money", money)
    checks.one_of("blanks", blanks, BLANKS)
    if not names:
        raise ArgumentError("`columns` names no column; give at least one.")
    for name in amounts:
        checks.member("money", "column", name, names)
    source = arm_sums.units_of(data, variant, names)
    rows = arm_sums.sums(source, variant, names, money=amounts, pairs=covariances)
    arms, outside = arms_of(rows, variants, variant, units)
    everybody = {name: int(row["n"]) for name, row in arms.items()}
    empty = {name: [0] * len(names) for name in arms}
    policy: Blanks | None = None
    if any(lacks_values(row, len(names)) for row in arms.values()):
        policy = blanks
        empty = blanks_of(same_arms(arm_sums.holes(source, variant, names), arms), names, blanks)
        rows = arm_sums.sums(
            source, variant, names, money=amounts, pairs=covariances, blanks=policy
        )
        arms = same_arms(rows, arms)
    refuse_too_large(arms, names)
    exact = [arm_sums.exactly(source, name, amounts) for name in names]
    solved = {name: moments_of(row, exact, [0.0] * len(names)) for name, row in arms.items()}
    if shift := far_means(arms, solved):
        far = dict(zip(names, shift, strict=True))
        rows = arm_sums.sums(
            source, variant, names, money=amounts, pairs=covariances, blanks=policy, shift=far
        )
        arms = same_arms(rows, arms)
        solved = {name: moments_of(row, exact, shift) for name, row in arms.items()}
    return ArmMoments(
        variant=variant,
        variants=tuple(solved),
        columns=names,
        n=np.array([int(row["n"]) for row in arms.values()]),
        means=np.array([mean for mean, _ in solved.values()]),
        covariance=np.array([covariance for _, covariance in solved.values()]),
        blanks=np.array([empty[name] for name in solved]),
        left_out=np.array([everybody[name] - int(arms[name]["n"]) for name in solved]),
        outside=outside,
        units=units,
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ArmMoments(Result):
    """Number, means and covariances of columns in each variant; see :func:`arm_moments`.

    Parameters
    ----------
    variant
        Column that names the variant.
    variants
        Their names, control first where they were declared.
    columns
        What was summed.
    n
        Units that count, shape ``(n_variants,)``.
    means
        Shape ``(n_variants, n_columns)``.
    covariance
        Of one unit, with n - 1 below the line; NaN with one unit, and of two columns where it was
        not asked for; shape ``(n_variants, n_columns, n_columns)``.
    blanks
        Values that are not there, shape ``(n_variants, n_columns)``.
    left_out
        Units left out for a blank value, shape ``(n_variants,)``.
    outside
        Rows that belong to no arm, by what stands for their variant.
    units
        Plural noun of what a row is.
    """

    variant: str
    variants: tuple[str, ...]
    columns: tuple[str, ...]
    n: NDArray[np.int64]
    means: FloatArray
    covariance: FloatArray
    blanks: NDArray[np.int64]
    left_out: NDArray[np.int64]
    outside: Mapping[str, int]
    units: str = "leads"

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("n", "blanks", "left_out"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))
        for name in ("means", "covariance"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        object.__setattr__(self, "outside", MappingProxyType(dict(self.outside)))

    def of(self, variant: str, *columns: str) -> tuple[float, Any, Any]:
        """Return what a comparison takes of one arm.

        Parameters
        ----------
        variant
            Its name.
        *columns
            One column: ``(n, mean, sd)``. Several: ``(n, means, covariance)``, numerator and
            denominator of a ratio, or a value and its covariates.

        Raises
        ------
        ArgumentError
            If a name is unknown, no column is named, or there are no covariances of several.
        """
        checks.member("variant", "variant", variant, self.variants)
        for name in columns:
            checks.member("columns", "column", name, self.columns)
        if not columns:
            raise ArgumentError("`columns` names no column; give at least one.")
        arm, at = self.variants.index(variant), [self.columns.index(name) for name in columns]
        n, covariance = float(self.n[arm]), self.covariance[arm][np.ix_(at, at)]
        if len(at) == 1:
            return n, float(self.means[arm, at[0]]), math.sqrt(float(covariance[0, 0]))
        if n > 1 and np.isnan(covariance).any():
            raise ArgumentError(
                "`columns`: several need their covariances, which were not asked for; take "
                "`covariances=True` in `arm_moments`."
            )
        means = tuple(float(mean) for mean in self.means[arm, at])
        return n, means, tuple(tuple(float(value) for value in row) for row in covariance)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per variant and column.

        Returns
        -------
        DataFrame
            ``variant``, ``column``, ``n``, ``mean``, ``sd``, ``blanks``.
        """
        import pandas as pd

        rows = [
            (arm, name, int(self.n[i]), *self.of(arm, name)[1:], int(self.blanks[i, j]))
            for i, arm in enumerate(self.variants)
            for j, name in enumerate(self.columns)
        ]
        return pd.DataFrame(rows, columns=["variant", "column", "n", "mean", "sd", "blanks"])

    def summary(self) -> str:
        """Return how many units each variant has, and what is not among them."""
        arms = [
            f"{display.one_line(name)} {display.count(n)}"
            for name, n in zip(self.variants, self.n, strict=True)
        ]
        said = [f"{display.count(self.n.sum())} {self.units} by `{self.variant}`: "]
        said[0] += f"{display.listed(arms)}."
        everybody = self.n.sum() + self.left_out.sum() + sum(self.outside.values())
        of = f"of {display.count(everybody)} {self.units}"
        if self.left_out.any():
            number = display.count(self.left_out.sum())
            said.append(f"{number} {of} had a blank value and are left out.")
        elif self.blanks.any():
            values = display.plural(float(self.blanks.sum()), "blank value")
            said.append(f"{values} counted as 0.")
        if self.outside:
            number = display.count(sum(self.outside.values()))
            said.append(f"{number} {of} have no variant and belong to no arm.")
        return " ".join(said)


def _listed(argument: str, given: str | Sequence[str]) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else tuple(given)
    if wrong := [name for name in names if not isinstance(name, str)]:
        raise ArgumentError(f"`{argument}` must be names of columns; got {wrong[0]!r}.")
    return tuple(dict.fromkeys(names))
