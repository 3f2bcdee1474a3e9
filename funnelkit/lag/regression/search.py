"""The search for the top of a regression, and what to do where rates run to 0 or 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit._core import display
from funnelkit._core.errors import EvidenceError
from funnelkit.lag.cure.likelihood import Likelihood
from funnelkit.lag.cure.search import Top
from funnelkit.lag.regression.formula import Design
from funnelkit.lag.regression.likelihood import (
    Regression,
    climbed,
    evened,
    independent,
    inverse_of,
    separating,
)
from funnelkit.lag.regression.solution import RegressionSolution

FloatArray = NDArray[np.float64]
_NEAR = 1e-3
"""Only where a rate comes as near to 0 or 1 is it asked whether it runs there."""
_SHIFT = 25.0
"""Logits by which a rate that runs to 0 or 1 is moved, for searches nearby."""


def solved_regression(
    counts: Likelihood,
    of_rates: Design,
    of_scales: Design,
    *,
    pooled: Sequence[tuple[float, FloatArray]],
) -> RegressionSolution:
    """Return the top of a likelihood with covariates.

    Parameters
    ----------
    counts
        The counts, with a rate and a latency for each row of the designs.
    of_rates, of_scales
        The columns.
    pooled
        Rates and latency parameters to begin from, without covariates.

    Raises
    ------
    EvidenceError
        If the pace of a level is wanted that has no conversion.

    References
    ----------
    Farewell (1982), Biometrics 38, 1041-1046 (covariates on the share and on the times).
    """
    cells, converted = counts.cells, counts.converted
    open_ = np.bincount(cells.rate, cells.weight > 0, len(converted)) > 0
    here = (converted > 0) | open_
    came = (counts.dated + counts.undated).sum(axis=1) > 0
    paced = came | (np.bincount(cells.latency, cells.weight > 0, len(came)) > 0)
    blind = ~here & ~_spanned(of_rates.matrix, here)
    kept_x, kept_z = independent(of_rates.matrix[here]), independent(of_scales.matrix[paced])
    told = independent(of_scales.matrix[came][:, kept_z])
    if not told.all():
        silent = [of_scales.names[np.flatnonzero(kept_z)[j]] for j in np.flatnonzero(~told)]
        raise EvidenceError(
            "`scale` needs conversions in each level to know its pace; they do not tell that of "
            f"{display.listed(silent[:5])}. Leave it out of `scale`: it then shares the pace."
        )
    left_out = [
        *(of_rates.names[j] for j in np.flatnonzero(~kept_x)),
        *(of_scales.names[j] for j in np.flatnonzero(~kept_z)),
    ]
    of_rates, of_scales = of_rates.keep(kept_x), of_scales.keep(kept_z)
    x, z = evened(of_rates.matrix, here), evened(of_scales.matrix, paced)
    problem = Regression(counts, x, z, np.full(len(converted), np.nan))
    ones_x, ones_z = np.ones(int(here.sum())), np.ones(int(paced.sum()))
    level_x = np.linalg.lstsq(x[here], ones_x, rcond=None)[0]
    level_z = np.linalg.lstsq(z[paced], ones_z, rcond=None)[0]
    tops = []
    for rate, theta in pooled:
        logit = float(np.clip(special.logit(rate), -6.0, 4.0))
        tops.append(
            climbed(problem, np.concatenate([logit * level_x, theta[0] * level_z, theta[1:]]))
        )
    top = tops[int(np.argmax([each.value for each in tops]))]
    agreeing = sum(each.value > top.value - 0.01 for each in tops)
    rest, rest_top, direction = problem, top, np.zeros(x.shape[1])
    p = problem.point(top.theta).rates
    if (p[here & (converted <= 0)] < _NEAR).any() or (p[here & ~open_] > 1 - _NEAR).any():
        direction, limit = separating(problem, x)
        if direction.any():
            pull = np.where(here, 0.0, x @ direction)
            limit = np.where(np.abs(pull) > 1e-6, (np.sign(pull) + 1) / 2, limit)
            blind = blind | (~here & ~np.isnan(limit))
            rest, rest_top, top = _limited(problem, top, direction, limit, here)
    return RegressionSolution(
        likelihood=counts,
        box=problem.box,
        top=replace(top, n_starts=len(tops), n_agreeing=agreeing),
        problem=problem,
        rest=rest,
        rest_top=rest_top,
        direction=direction,
        of_rates=of_rates,
        of_scales=of_scales,
        blind=blind,
        left_out=tuple(dict.fromkeys(left_out)),
    )


def _limited(
    problem: Regression, top: Top, direction: FloatArray, limit: FloatArray, here: NDArray[np.bool_]
) -> tuple[Regression, Top, Top]:
    """Return the problem with rates held at 0 or 1, its top, and a point far out near it."""
    n_b = problem.sizes[0]
    free = np.isnan(limit) & here
    kept = independent(problem.x[free])
    x = evened(problem.x[:, kept], free) if kept.any() else problem.x[:, :0]
    rest = Regression(problem.counts, x, problem.z, limit)
    b = np.linalg.lstsq(x[free], problem.x[free] @ top.theta[:n_b], rcond=None)[0]
    rest_top = climbed(rest, np.concatenate([b, top.theta[n_b:]]))
    m_b = x.shape[1]
    wanted = x[free] @ rest_top.theta[:m_b]
    near = np.linalg.lstsq(problem.x[free], wanted, rcond=None)[0]
    pull = np.abs(problem.x @ direction)[~np.isnan(limit) & here]
    beyond = np.abs(problem.x @ near).max(initial=0.0) + _SHIFT
    far = np.concatenate([near + direction * beyond / pull.min(), rest_top.theta[m_b:]])
    value, gradient = problem.value(far)
    inverse = inverse_of(problem.information(far))
    return rest, rest_top, Top(far, max(rest_top.value, value), gradient, inverse)


def _spanned(matrix: FloatArray, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which rows are combinations of some of them."""
    _, sizes, vectors = np.linalg.svd(matrix[rows].T @ matrix[rows])
    rank = int((sizes > 1e-9 * sizes[0]).sum())
    beyond = matrix @ vectors[rank:].T
    return np.asarray(np.abs(beyond).max(axis=1, initial=0.0) < 1e-7 * np.abs(matrix).max())
