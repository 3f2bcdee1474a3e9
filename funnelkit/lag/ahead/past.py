"""What the pace of months gone by has done to a fit that takes every month alike."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit.counts.triangle import Triangle
from funnelkit.lag.base import LagFit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_LEAST = 1e-10
"""Share still to come below which everything has come."""
_BINS = 40
_FEWEST_DRAWS, _MOST_DRAWS, _AT_ONCE = 500, 8000, 2**23
_SEED = 20_180_430
_MOST = 3.0
"""Largest change of a log rate by pace."""


class Past(NamedTuple):
    """How far each month gone by has moved the log of the fitted rates.

    Parameters
    ----------
    knots
        Ages in days, ascending, shape ``(n_knots,)``; between them slopes are straight.
    slopes
        Derivative of the log rate by each of these ages with respect to the log factor of each
        month, shape ``(n_groups, n_months, n_knots)``.
    group
        Which of these holds for each cell of the triangle, shape ``(n_segments, n_cohorts)``.
    """

    knots: FloatArray
    slopes: FloatArray
    group: IntArray

    def moved(self, log_factors: FloatArray, group: IntArray, ages: FloatArray) -> FloatArray:
        """Return the factor on rates that undoes what months of these factors have done.

        Parameters
        ----------
        log_factors
            Draws of the log factors of the months gone by, shape ``(n, n_months)``.
        group
            Group of each cell, shape ``(n_cells,)``.
        ages
            Ages of each cell, possibly infinite, shape ``(n_cells, n_ages)``.

        Returns
        -------
        ndarray
            Shape ``(n, n_cells, n_ages)``.
        """
        left = np.clip(np.searchsorted(self.knots, ages, side="right") - 1, 0, len(self.knots) - 2)
        gap = self.knots[left + 1] - self.knots[left]
        part = np.clip((ages - self.knots[left]) / gap, 0.0, 1.0)[..., None]
        one, two = (self.slopes[group[:, None], :, left + k] for k in (0, 1))
        slopes = one + part * (two - one)
        shift = log_factors @ slopes.reshape(-1, slopes.shape[-1]).T
        factor = np.exp(-np.clip(shift, -_MOST, _MOST))
        return np.asarray(factor.reshape(len(log_factors), *ages.shape))


def past(triangle: Triangle, fit: LagFit, rows: IntArray, columns: IntArray) -> Past:
    """Return how far each month gone by has moved the fitted rates.

    Parameters
    ----------
    triangle
        Counts on which the fit rests: a lead followed for f days entered on ``as_of`` - f.
    fit
        Timing, which took every month alike.
    rows, columns
        Where the triangle's segments and cohorts stand in it.

    Notes
    -----
    Where the hazard of month m is exp(b_m) times the usual one, those who entered f days before
    ``as_of`` and convert at all have done so by age a with probability 1 - exp(-Σ_m exp(b_m)
    h_m(a)), h_m being what month m holds of their cumulative hazard. To first order in b this
    changes the conversions at age a, less those that the fitted hazard λ expects of the leads at
    risk, by δ_m(a) b_m; and a fit by maximum likelihood, whose information is I, moves a quantity
    g by ∂g' I⁻¹ Σ_a ∂log λ(a) δ_m(a) = Σ_a Cov(g, log λ(a)) δ_m(a). The covariances are those of
    the fit's own draws, so that whatever shares a rate or a pace is moved together, and a tail
    goes where its family takes it.

    References
    ----------
    White (1982), Econometrica 50, 1-25 (what maximum likelihood finds when the model is wrong).
    """
    last = triangle.n_ages - 1 if fit.horizon is None else min(fit.horizon, triangle.n_ages - 1)
    cells = np.ix_(rows, columns)
    marks = np.round(np.linspace(0, np.sqrt(last + 1), _BINS + 1) ** 2)
    edges: IntArray = np.unique(marks).astype(np.int64) - 1
    curves, curve_of = np.unique(
        fit.maturity(np.arange(last + 1))[cells].reshape(-1, last + 1), axis=0, return_inverse=True
    )
    rates = np.asarray(fit.ultimate)[cells].ravel()
    keys = np.stack([curve_of.ravel().astype(float), rates], axis=1)
    groups, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    leads = np.zeros((len(groups), triangle.n_ages))
    np.add.at(leads, group.ravel(), triangle.followed.reshape(-1, triangle.n_ages))
    bounds = _bounds(triangle.as_of, triangle.n_ages - 1)
    more = np.zeros((len(groups), len(edges) - 1, len(bounds) - 1))
    for k, curve in enumerate(curves):
        mine = groups[:, 0] == k
        more[mine] = _more(curve, bounds, leads[mine], groups[mine, 1], edges)
    where = (
        np.repeat(rows, len(columns))[first],
        np.tile(columns, len(rows))[first],
    )
    knots, slopes = _slopes(fit, where, edges, more)
    return Past(knots, slopes, group.reshape(triangle.entered.shape))


def _bounds(as_of: dt.date, oldest: int) -> IntArray:
    """Return the days from the ends of months to ``as_of``, from before the first entry to 0."""
    day, bounds = as_of, [0]
    while bounds[0] <= oldest:
        day = day.replace(day=1) - dt.timedelta(1)
        bounds.insert(0, (as_of - day).days)
    return np.array(bounds)


def _more(
    curve: FloatArray, bounds: IntArray, leads: FloatArray, rates: FloatArray, edges: IntArray
) -> FloatArray:
    """Return δ of some groups on one curve by bins of ages, shape ``(n, n_bins, n_months)``.

    Parameters
    ----------
    curve
        G by age, shape ``(last + 1,)``.
    bounds
        Days from the ends of months to ``as_of``.
    leads
        By the days they are followed, shape ``(n, n_ages)``.
    rates
        Eventual rates, shape ``(n,)``.
    edges
        Last ages of the bins, and -1 before the first.
    """
    hazard = np.concatenate([[0.0], -np.log(np.maximum(1 - curve, _LEAST))])
    ages, followed = np.arange(len(curve)), np.arange(leads.shape[1])[:, None]
    before = np.concatenate([[0.0], curve[:-1]])
    at_risk = np.cumsum(leads[:, ::-1], axis=1)[:, ::-1][:, ages]
    p = rates[:, None]
    daily = p * (curve - before) / np.maximum(1 - p * before, _LEAST)
    found = np.zeros((len(leads), len(edges) - 1, len(bounds) - 1))
    still = np.where(at_risk > 0, 1 - curve, 0.0)
    until = None
    for m, since in enumerate(bounds):
        stopped = hazard[np.clip(np.minimum(ages, followed - since) + 1, 0, None)]
        if until is not None:
            # ∂G / ∂b by day of entry and age, up to the age that is followed
            slope = np.where(ages <= followed, stopped - until, 0.0)
            moved = leads @ slope
            earlier = np.zeros_like(moved)
            alone = slope[ages[:-1], ages[:-1]]
            earlier[:, 1:] = (moved[:, :-1] - leads[:, ages[:-1]] * alone) * (1 - curve[:-1])
            change = p * (still * moved - earlier * (1 - daily))
            found[..., m - 1] = np.add.reduceat(change, edges[:-1] + 1, axis=1)
        until = stopped
    return found


def _slopes(
    fit: LagFit, where: tuple[IntArray, IntArray], edges: IntArray, more: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return knots, and the derivatives of the log rates there, ``(n_groups, n_months, n_knots)``.

    Parameters
    ----------
    fit
        Timing.
    where
        A cell of the fit for each group.
    edges
        Last ages of the bins, and -1 before the first.
    more
        δ by group, bin and month.
    """
    days = edges[1:].astype(float)
    beyond = [] if fit.horizon is not None else [days[-1] * k for k in (2, 4, 8, 16)]
    ages = np.array([*days, *beyond, *([np.inf] if beyond else [])])
    exits = np.zeros((len(where[0]), len(days)))
    for name in fit.outcomes[1:]:
        exits += fit.rate_at(days, outcome=name)[where]
    usual = fit.rate_at(days)[where]
    told = np.diff(usual, axis=1, prepend=0.0) > 1e-12
    surface = len(fit.segments) * len(fit.cohorts) * len(ages)
    n = min(max(_AT_ONCE // surface, _FEWEST_DRAWS), _MOST_DRAWS)
    drawn = fit.sample(n, rng=_SEED, ages=ages)[:, where[0], where[1]]
    by, gone = drawn[..., : len(days)], np.zeros((*drawn.shape[:2], 1))
    start = np.concatenate([gone, by[..., :-1]], axis=-1)
    left = np.concatenate([np.zeros((len(exits), 1)), exits[:, :-1]], axis=1)
    hazards = np.log(np.maximum(by - start, 1e-12)) - np.log(np.maximum(1 - start - left, 1e-12))
    hazards = np.where(told, hazards - hazards.mean(axis=0), 0.0)
    rates = np.log(np.maximum(drawn, 1e-12))
    rates = rates - rates.mean(axis=0)
    pulled = hazards.reshape(n, -1) @ more.reshape(-1, more.shape[-1])
    slopes = np.einsum("ngk,nm->gmk", rates, pulled) / (n - 1)
    if beyond:
        ages[-1] = 32 * days[-1]
    return np.concatenate([[-1.0], ages]), np.concatenate([slopes[..., :1], slopes], axis=-1)
