"""A logit with one intercept for each group, drawn towards each other by an estimated amount.

Counts of each cell, a group's records of one kind, are binomial with logit ``x·beta + u``; ``u`` is
the group's own, normal with mean 0 and standard deviation ``spread``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SPREADS = np.concatenate([[0.0], np.geomspace(0.02, 3.0, 24)])
"""Spreads among which the data choose; 3 on the logit scale is a rate of 5 % beside one of 95 %."""
SPREAD_PRIOR = 1.0
"""Standard deviation of the half-normal prior of the spread."""
EFFECT_PRIOR = 2.5
"""Standard deviation of the normal prior of each effect, which keeps those of small kinds finite
(Gelman et al. 2008, Annals of Applied Statistics 2, 1360-1383, on this scale)."""
_NODES = 15
_CANDIDATES = 8
_CHUNK = 4_000_000


@dataclass(frozen=True, eq=False, kw_only=True)
class Cells:
    """Counts of cells, and what is known of each.

    Parameters
    ----------
    design
        Shape ``(n_cells, n_effects)``; the first column is the intercept.
    entered, converted
        Shape ``(n_cells,)``; need not be whole.
    group
        Number of the group of each cell, shape ``(n_cells,)``: ascending from 0, none left out.
    effect_prior
        Standard deviation of the prior of each effect but the intercept; infinite for none.
    """

    design: FloatArray
    entered: FloatArray
    converted: FloatArray
    group: IntArray
    effect_prior: float = EFFECT_PRIOR

    @cached_property
    def starts(self) -> IntArray:
        """Position of the first cell of each group, shape ``(n_groups,)``."""
        return np.flatnonzero(np.diff(self.group, prepend=-1))

    @property
    def n_groups(self) -> int:
        """How many groups there are."""
        return len(self.starts)

    def by_group(self, values: FloatArray) -> FloatArray:
        """Return sums over the cells of each group; cells are the last axis."""
        return np.add.reduceat(values, self.starts, axis=-1)

    @cached_property
    def penalty(self) -> FloatArray:
        """Precision of the prior of each effect; 0 for the intercept."""
        own = np.full(self.design.shape[1], self.effect_prior**-2.0)
        own[0] = 0.0
        return own


def log_likelihood(
    cells: Cells, effects: FloatArray, spread: float, *, nodes: int = _NODES
) -> tuple[float, FloatArray]:
    """Return the marginal log likelihood, without binomial coefficients, and its gradient.

    Parameters
    ----------
    cells
        The counts.
    effects
        Shape ``(n_effects,)``.
    spread
        Standard deviation of the groups' intercepts.
    nodes
        Number of points of the adaptive Gauss-Hermite rule; 1 is Laplace's approximation.

    Returns
    -------
    float and array
        The second of shape ``(n_effects,)``, by the effects.

    References
    ----------
    Pinheiro and Bates (1995), Journal of Computational and Graphical Statistics 4, 12-35, section
    2.4; Liu and Pierce (1994), Biometrika 81, 624-629.
    """
    linear = cells.design @ effects
    if spread == 0:
        share = special.expit(linear)
        found = cells.converted * linear - cells.entered * np.logaddexp(0, linear)
        return float(found.sum()), cells.design.T @ (cells.converted - cells.entered * share)
    mode, width = _modes(cells, linear[None, :], spread)
    points, weights = np.polynomial.hermite.hermgauss(nodes)
    at = mode[0][:, None] + np.sqrt(2) * width[0][:, None] * points
    whole = linear[:, None] + at[cells.group]
    cell = cells.converted[:, None] * whole - cells.entered[:, None] * np.logaddexp(0, whole)
    logs = cells.by_group(cell.T).T - at**2 / (2 * spread**2)
    logs += np.log(weights) + points**2 + np.log(width[0][:, None] / spread / np.sqrt(np.pi))
    total = special.logsumexp(logs, axis=1)
    share = np.exp(logs - total[:, None])
    left = cells.converted - cells.entered * (special.expit(whole) * share[cells.group]).sum(axis=1)
    return float(total.sum()), cells.design.T @ left


def _modes(cells: Cells, linear: FloatArray, spread: float) -> tuple[FloatArray, FloatArray]:
    """Return the most likely intercept of each group and its curvature's width.

    ``linear`` has shape ``(n_draws, n_cells)``; both results ``(n_draws, n_groups)``.
    """
    found = np.zeros((len(linear), cells.n_groups))
    width = np.full_like(found, spread)
    for _ in range(50):
        share = special.expit(linear + found[:, cells.group])
        slope = cells.by_group(cells.converted - cells.entered * share) - found / spread**2
        bend = cells.by_group(cells.entered * share * (1 - share)) + spread**-2
        step = np.clip(slope / bend, -2.0, 2.0)
        found = found + step
        width = bend**-0.5
        if np.abs(step).max(initial=0.0) < 1e-9:
            break
    return found, width


@dataclass(frozen=True, eq=False, kw_only=True)
class Intercepts:
    """What the data say of spread, effects and intercepts; see :func:`fit_intercepts`.

    Parameters
    ----------
    cells
        The counts.
    weights
        Posterior probability of each of :data:`SPREADS`.
    effects
        Most likely effects at each spread, shape ``(n_spreads, n_effects)``.
    covariance
        Of the effects at each spread, shape ``(n_spreads, n_effects, n_effects)``.
    """

    cells: Cells
    weights: FloatArray
    effects: FloatArray
    covariance: FloatArray

    def draws(
        self, number: int, *, rng: np.random.Generator
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return joint draws of spread, effects and intercepts.

        Returns
        -------
        three arrays
            Shapes ``(n_draws,)``, ``(n_draws, n_effects)`` and ``(n_draws, n_groups)``.

        Notes
        -----
        The spread from its posterior on the grid, the effects from the normal at that spread, and
        each intercept, given both, by picking one of several candidates of the normal at its mode
        with the weight of its likelihood (sampling importance resampling, Rubin 1988).
        """
        which = np.sort(rng.choice(len(SPREADS), size=number, p=self.weights))
        spread = SPREADS[which]
        effects = np.empty((number, self.effects.shape[1]))
        intercepts = np.zeros((number, self.cells.n_groups))
        for k in np.unique(which):
            rows = np.flatnonzero(which == k)
            effects[rows] = rng.multivariate_normal(
                self.effects[k], self.covariance[k], size=len(rows), method="eigh"
            )
            if SPREADS[k] == 0:
                continue
            size = max(1, _CHUNK // (len(self.cells.group) * _CANDIDATES))
            for part in np.array_split(rows, -(-len(rows) // size)):
                intercepts[part] = self._intercepts(effects[part], float(SPREADS[k]), rng)
        mixed = rng.permutation(number)
        return spread[mixed], effects[mixed], intercepts[mixed]

    def _intercepts(
        self, effects: FloatArray, spread: float, rng: np.random.Generator
    ) -> FloatArray:
        cells = self.cells
        linear = effects @ cells.design.T
        mode, width = _modes(cells, linear, spread)
        noise = rng.standard_t(6, size=(_CANDIDATES, *mode.shape))
        tried = mode + 1.1 * width * noise
        whole = linear + tried[..., cells.group]
        logs = cells.by_group(cells.converted * whole - cells.entered * np.logaddexp(0, whole))
        logs += -(tried**2) / (2 * spread**2) + 3.5 * np.log1p(noise**2 / 6)
        # The largest of log weight plus Gumbel noise is a draw with these weights.
        picked = np.argmax(logs + rng.gumbel(size=logs.shape), axis=0)
        found: FloatArray = np.take_along_axis(tried, picked[None], axis=0)[0]
        return found


def fit_intercepts(cells: Cells) -> Intercepts:
    """Return the fit: for each spread the effects, and how probable that spread is.

    Notes
    -----
    The effects are integrated out by Laplace's approximation at each spread (the restricted
    likelihood of a logit), so that the spread is not estimated as if they were known.
    """
    n_effects = cells.design.shape[1]
    rate = (cells.converted.sum() + 0.5) / (cells.entered.sum() + 1.0)
    start = np.zeros(n_effects)
    start[0] = special.logit(rate)
    logs, found, covariance = [], [], []
    for spread in SPREADS:
        start, information = _at(cells, start, float(spread))
        value, _ = log_likelihood(cells, start, float(spread))
        value -= 0.5 * float(cells.penalty @ start**2)
        logs.append(value - 0.5 * np.linalg.slogdet(information)[1])
        found.append(start)
        covariance.append(np.linalg.inv(information))
    width = np.gradient(SPREADS)
    prior = np.log(width) - SPREADS**2 / (2 * SPREAD_PRIOR**2)
    weights = special.softmax(np.array(logs) + prior)
    return Intercepts(
        cells=cells,
        weights=weights,
        effects=np.array(found),
        covariance=np.array(covariance),
    )


def _at(cells: Cells, start: FloatArray, spread: float) -> tuple[FloatArray, FloatArray]:
    """Return the most likely effects at a spread, and the information there."""

    def worse(effects: FloatArray) -> tuple[float, FloatArray]:
        value, slope = log_likelihood(cells, effects, spread)
        return (
            -value + 0.5 * float(cells.penalty @ effects**2),
            -slope + cells.penalty * effects,
        )

    best = optimize.minimize(worse, start, jac=True, method="BFGS", options={"gtol": 1e-7}).x
    step = 1e-4
    rows = []
    for k in range(len(best)):
        there = [worse(best + sign * step * np.eye(len(best))[k])[1] for sign in (1.0, -1.0)]
        rows.append((there[0] - there[1]) / (2 * step))
    information = (np.array(rows) + np.array(rows).T) / 2
    values, vectors = np.linalg.eigh(information)
    # A kind that has no record tells nothing; its prior alone keeps the matrix whole.
    return best, (vectors * np.maximum(values, 1e-6)) @ vectors.T
