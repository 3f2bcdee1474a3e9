"""Where the cells of a triangle stand in a fit, and the timing that the fit gives them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError
from funnelkit.counts.triangle import Triangle
from funnelkit.lag.base import LagFit

FloatArray = NDArray[np.float64]
Cells = tuple[tuple[int, ...], tuple[int, ...]]


def positions(triangle: Triangle, fit: LagFit) -> Cells:
    """Return where the triangle's segments and cohorts stand in the fit.

    Raises
    ------
    ArgumentError
        If the fit is of another target, or lacks a segment or cohort of the triangle.
    """
    if fit.outcomes[0] != triangle.target:
        raise ArgumentError(
            f"`fit` must be of the target `{triangle.target}`; got one of `{fit.outcomes[0]}`."
        )
    rows = {segment: i for i, segment in enumerate(fit.segments)}
    columns = {cohort: j for j, cohort in enumerate(fit.cohorts)}
    missing = [str(segment) for segment in triangle.segments if segment not in rows]
    missing += [period_label(cohort) for cohort in triangle.cohorts if cohort not in columns]
    if missing:
        raise ArgumentError(
            "`fit` must hold every segment and cohort of the triangle; it lacks "
            f"{display.listed(missing[:5])}{' and others' if len(missing) > 5 else ''}."
        )
    return (
        tuple(rows[segment] for segment in triangle.segments),
        tuple(columns[cohort] for cohort in triangle.cohorts),
    )


def last_age(triangle: Triangle, fit: LagFit) -> int:
    """Return the last age of the triangle at which the fit knows the timing."""
    oldest = triangle.n_ages - 1
    return oldest if fit.horizon is None else min(fit.horizon, oldest)


def curves_of(triangle: Triangle, fit: LagFit, cells: Cells) -> FloatArray:
    """Return the maturity of each cell by age, shape ``(n_cells, last_age + 1)``."""
    return curves_in(fit.maturity(np.arange(last_age(triangle, fit) + 1)), cells)


def curves_in(maturity: FloatArray, cells: Cells) -> FloatArray:
    """Return the maturity of each cell, of a fit's maturity ``(n_segments, n_cohorts, n_ages)``."""
    found = maturity[np.ix_(*cells)]
    return np.asarray(found.reshape(-1, found.shape[-1]), float)
