"""The mixture-cure likelihood with rates and scales that follow covariates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from funnelkit.lag.cure.likelihood import Likelihood
from funnelkit.lag.cure.search import Box, Top, climb

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
_TINY = 1e-100
_FLAT = 1e-2
"""Least information in any direction: a flat one is held at a width of 10."""
_FAR = 500.0
_SLOW = 30.0
"""Log scales are looked for up to about e^30 days."""
_STEP = 1e-5


class Point(NamedTuple):
    """Working coefficients, taken apart.

    Parameters
    ----------
    rates
        Eventual rates, shape ``(n_rates,)``.
    theta
        Working parameters of each latency, shape ``(n_latencies, k)``.
    """

    rates: FloatArray
    theta: FloatArray


@dataclass(frozen=True, eq=False)
class Regression:
    """A likelihood on counts with ``logit p = X b`` and ``log scale = Z g``; shapes are shared.

    The working coefficients stand in one row: ``b``, ``g``, then the shape parameters.

    Parameters
    ----------
    counts
        The counts, with a rate for each row of ``x`` and a latency for each row of ``z``.
    x, z
        Columns, shapes ``(n_rates, n_b)`` and ``(n_latencies, n_g)``.
    limit
        Rates that are held, at 0 or 1; NaN for the others; shape ``(n_rates,)``.
    """

    counts: Likelihood
    x: FloatArray
    z: FloatArray
    limit: FloatArray

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Number of coefficients of the rates, of the scales, and of shape parameters."""
        return self.x.shape[1], self.z.shape[1], self.counts.family.size - 1

    @property
    def box(self) -> Box:
        """Where to look; wide but for the shape parameters."""
        n_b, n_g, _ = self.sizes
        far = np.repeat([_FAR, _SLOW], [n_b, n_g])
        family = self.counts.family
        return Box(np.append(-far, family.lower), np.append(far, family.upper))

    def point(self, phi: FloatArray) -> Point:
        """Return the rates and latencies at working coefficients."""
        n_b, n_g, n_s = self.sizes
        p = special.expit(self.x @ phi[:n_b])
        scale = self.z @ phi[n_b : n_b + n_g]
        shapes = np.broadcast_to(phi[n_b + n_g :], (len(scale), n_s))
        rates = np.where(np.isnan(self.limit), p, self.limit)
        return Point(rates, np.column_stack([scale, shapes]))

    def value(self, phi: FloatArray) -> tuple[float, FloatArray]:
        """Return the log-likelihood and its gradient.

        Notes
        -----
        d/d logit p of a rate is (1 - p) (x - p Σ w G / (1 - p G)), with x conversions and w leads
        still open; the derivatives by the latencies are those of :class:`Likelihood`.
        """
        rates, theta = self.point(phi)
        seen = self.counts.clock.seen(self.counts.family, theta)
        total, slopes = self.counts.at(seen, rates)
        by_theta = slopes.reshape(theta.shape)
        cells, x = self.counts.cells, self.counts.converted
        q = rates[cells.rate]
        still = np.maximum((1 - q) + q * seen.after[cells.latency, cells.column], _TINY)
        told = cells.weight * seen.by[cells.latency, cells.column] / still
        open_ = np.bincount(cells.rate, told, len(x))
        by_logit = np.where(np.isnan(self.limit), (1 - rates) * (x - rates * open_), 0.0)
        parts = [self.x.T @ by_logit, self.z.T @ by_theta[:, 0], by_theta[:, 1:].sum(axis=0)]
        return total, np.concatenate(parts)

    def information(self, phi: FloatArray) -> FloatArray:
        """Return minus the second derivatives of the log-likelihood.

        Notes
        -----
        Rates and mixed terms in closed form; the block of the latencies, which do not touch each
        other, by central differences of the analytic gradient, all latencies at once.
        """
        rates, theta = self.point(phi)
        counts = self.counts
        cells, x = counts.cells, counts.converted
        seen = counts.clock.seen(counts.family, theta)
        free = np.isnan(self.limit)
        q, by = rates[cells.rate], seen.by[cells.latency, cells.column]
        still = np.maximum((1 - q) + q * seen.after[cells.latency, cells.column], _TINY)
        first = np.bincount(cells.rate, cells.weight * by / still, len(x))
        second = np.bincount(cells.rate, cells.weight * (by / still) ** 2, len(x))
        odds = np.where(free, rates * (1 - rates), 0.0)
        of_rate = odds * ((x - rates * first) + (1 - rates) * (first + rates * second))
        pull = (odds[cells.rate] * cells.weight / still**2)[:, None]
        pull = pull * seen.by_gradient[cells.latency, cells.column]
        rows, scales = self.x[cells.rate], self.z[cells.latency]
        mixed = np.hstack([(rows * pull[:, :1]).T @ scales, rows.T @ pull[:, 1:]])
        size = theta.shape[1]
        bent = np.empty((len(theta), size, size))
        for j in range(size):
            moved = np.zeros(size)
            moved[j] = _STEP
            up, down = (
                counts.at(counts.clock.seen(counts.family, theta + sign * moved), rates)[1]
                for sign in (1, -1)
            )
            bent[:, j] = (down - up).reshape(theta.shape) / (2 * _STEP)
        bent = (bent + bent.transpose(0, 2, 1)) / 2
        across = self.z.T @ bent[:, 0, 1:]
        latencies = np.block(
            [[(self.z * bent[:, :1, 0]).T @ self.z, across], [across.T, bent[:, 1:, 1:].sum(0)]]
        )
        own = (self.x * of_rate[:, None]).T @ self.x
        return np.block([[own, mixed], [mixed.T, latencies]])

    def worth(self, point: Point) -> FloatArray:
        """Return the fully followed leads still open behind each rate, Σ w G."""
        cells = self.counts.cells
        by = self.counts.clock.seen(self.counts.family, point.theta).by
        found = np.bincount(
            cells.rate, cells.weight * by[cells.latency, cells.column], len(point.rates)
        )
        return np.maximum(np.asarray(found, np.float64), 0.0)


def inverse_of(information: FloatArray, inside: BoolArray | None = None) -> FloatArray:
    """Return the inverse of an information, flat directions held at a width of 10.

    Parameters
    ----------
    information
        Symmetric.
    inside
        What is not held at an edge; the others get 0.
    """
    kept = np.flatnonzero(np.ones(len(information), bool) if inside is None else inside)
    found = np.zeros_like(information)
    if kept.size:
        values, vectors = np.linalg.eigh(information[np.ix_(kept, kept)])
        found[np.ix_(kept, kept)] = (vectors / np.maximum(np.abs(values), _FLAT)) @ vectors.T
    return found


def climbed(problem: Regression, start: FloatArray) -> Top:
    """Return the top reached from a start: by BFGS, then by Newton steps."""
    with np.errstate(over="ignore", invalid="ignore"):  # far out, before a step is taken back
        box = problem.box
        begin = box.clip(start)
        top = climb(problem.value, begin, box, inverse_of(problem.information(begin)))
        phi, value, gradient = top.theta, top.value, top.gradient
        inverse = inverse_of(problem.information(phi), _movable(phi, gradient, box))
        for _ in range(8):
            step = inverse @ gradient
            largest = float(np.abs(step).max(initial=0.0))
            following = box.clip(phi + step * min(1.0, 0.5 / max(largest, 1e-300)))
            new_value, new_gradient = problem.value(following)
            if not new_value >= value - 1e-11 * (1 + abs(value)):
                break
            phi, value, gradient = following, new_value, new_gradient
            inverse = inverse_of(problem.information(phi), _movable(phi, gradient, box))
            if largest < 1e-9:
                break
        return Top(phi, value, gradient, inverse)


def separating(problem: Regression, columns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return a direction along which rates run to 0 or 1, and what these rates come to.

    Parameters
    ----------
    problem
        For its counts.
    columns
        Columns of the rates, shape ``(n_rates, n_b)``.

    Returns
    -------
    direction
        Coefficients, shape ``(n_b,)``; zero where there is no such direction.
    limit
        0 or 1 for the rates that run there, NaN for the others.

    Notes
    -----
    A direction d leads without end upwards where X d is at most 0 for groups without a
    conversion, at least 0 for groups without an open lead, and 0 for all others. The largest set
    of such groups is the solution of one linear programme.

    References
    ----------
    Albert and Anderson (1984), Biometrika 71, 1-10; Konis (2007), Linear programming algorithms
    for detecting separated data in binary logistic regression models, chapter 4.
    """
    cells, x = problem.counts.cells, problem.counts.converted
    open_ = np.bincount(cells.rate, cells.weight > 0, len(x)) > 0
    none, all_ = (x <= 0) & open_, (x > 0) & ~open_
    sign = np.where(none, -1.0, 1.0)[none | all_]
    limit = np.full(len(x), np.nan)
    nothing = np.zeros(columns.shape[1])
    if not sign.size:
        return nothing, limit
    pinned, loose = columns[(x > 0) & open_], columns[none | all_] * sign[:, None]
    n, k = loose.shape
    found = optimize.linprog(
        np.append(np.zeros(k), -np.ones(n)),
        A_ub=np.hstack([-loose, np.eye(n)]),
        b_ub=np.zeros(n),
        A_eq=np.hstack([pinned, np.zeros((len(pinned), n))]) if len(pinned) else None,
        b_eq=np.zeros(len(pinned)) if len(pinned) else None,
        bounds=[(None, None)] * k + [(0.0, 1.0)] * n,
        method="highs",
    )
    moves = np.zeros(n, bool) if found.x is None else found.x[k:] > 1e-6
    if not moves.any():
        return nothing, limit
    limit[np.flatnonzero(none | all_)[moves]] = (sign[moves] + 1) / 2
    return np.asarray(found.x[:k], np.float64), limit


def independent(columns: FloatArray) -> BoolArray:
    """Return which columns are no combination of those before them.

    Examples
    --------
    >>> independent(np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]])).tolist()
    [True, True, False]
    """
    basis = np.zeros((columns.shape[0], 0))
    kept = np.zeros(columns.shape[1], bool)
    for j in range(columns.shape[1]):
        size = float(np.linalg.norm(columns[:, j]))
        if size == 0:
            continue
        left = columns[:, j] / size
        for _ in range(2):
            left = left - basis @ (basis.T @ left)
        rest = float(np.linalg.norm(left))
        if rest > 1e-8:
            kept[j] = True
            basis = np.column_stack([basis, left / rest])
    return kept


def evened(columns: FloatArray, rows: BoolArray) -> FloatArray:
    """Return columns of the same span that are orthogonal over some rows, of mean square 1."""
    triangle = np.linalg.qr(columns[rows], mode="r")
    return np.asarray(columns @ np.linalg.inv(triangle) * np.sqrt(max(int(rows.sum()), 1)))


def _movable(phi: FloatArray, gradient: FloatArray, box: Box) -> BoolArray:
    down = (phi <= box.lower + 1e-12) & (gradient < 0)
    up = (phi >= box.upper - 1e-12) & (gradient > 0)
    return np.asarray(~(down | up))
