"""What a likelihood sees of a latency: by whole days, or at exact times."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from funnelkit.lag.cure.latency import Family

FloatArray = NDArray[np.float64]
_FLOOR = 1e-280
_FIRST, _NEXT, _LATER, _LAST = 32, 8, 4, 2
_SMOOTH_FROM, _STRAIGHT_FROM = 16, 64
_BEND = 6
"""Day 0 is integrated over v with u = v^6, which takes the edge off F(u) ~ u^shape at 0."""


class Seen(NamedTuple):
    """A latency at the columns of a likelihood, with gradients along the last axis.

    Parameters
    ----------
    log_mass
        Log of the share that converts at each column, shape ``(n_latencies, n)``.
    log_by
        Log of the share that has converted by it.
    by, after
        The share that has converted by it, and the share that has not.
    mass_gradient, by_gradient
        Derivatives of ``log_mass`` and of ``by``, shape ``(n_latencies, n, k)``.
    """

    log_mass: FloatArray
    log_by: FloatArray
    by: FloatArray
    after: FloatArray
    mass_gradient: FloatArray
    by_gradient: FloatArray


class Clock(Protocol):
    """How times were recorded."""

    def seen(self, family: Family, theta: FloatArray) -> Seen:
        """Return the latency at every column; ``theta`` has shape ``(n_latencies, k)``."""


@dataclass(frozen=True)
class Days:
    """Ages 0 to ``n - 1`` as differences of calendar dates.

    Parameters
    ----------
    n
        Number of ages; column ``a`` is age ``a``.

    Notes
    -----
    G(a) = ∫₀¹ F(a + u) du is the share whose dates differ by at most a days, as the time of the
    day of entry is uniform; the share at age a is G(a) - G(a - 1), taken from 1 - G where that is
    the smaller. Gauss-Legendre with 8 points, 4 from age 16 and 2 from age 64 on, where F is nearly
    straight within a day, and 32 on day 0, where F may rise like a root or a step.
    """

    n: int

    def seen(self, family: Family, theta: FloatArray) -> Seen:
        """Return the latency at every age."""
        by, after, gradient = self.shares(family, theta)
        first = np.zeros((*by.shape[:-1], 1))
        rising = np.diff(by, axis=-1, prepend=first)
        falling = -np.diff(after, axis=-1, prepend=first + 1)
        mass = np.maximum(np.where(by < 0.5, rising, falling), _FLOOR)
        steps = np.diff(gradient, axis=-2, prepend=np.zeros_like(gradient[..., :1, :]))
        return Seen(
            log_mass=np.log(mass),
            log_by=np.log(np.maximum(by, _FLOOR)),
            by=by,
            after=after,
            mass_gradient=steps / mass[..., None],
            by_gradient=gradient,
        )

    def shares(
        self, family: Family, theta: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return G, 1 - G and the derivatives of G."""
        log_t, weights, starts = _nodes(self.n)
        below, above = family.values(log_t, theta)
        slopes = np.add.reduceat(family.gradient(log_t, theta) * weights, starts, axis=-1)
        return (
            np.add.reduceat(below * weights, starts, axis=-1),
            np.add.reduceat(above * weights, starts, axis=-1),
            np.moveaxis(slopes, 0, -1),
        )


def share_by(family: Family, theta: FloatArray, ages: NDArray[np.float64]) -> FloatArray:
    """Return G at any whole ages, shape ``(*theta.shape[:-1], n_ages)``; 0 below 0, 1 at infinity.

    Examples
    --------
    >>> from funnelkit.lag.cure.families import family_called
    >>> share_by(family_called("exponential"), np.log([[1.0]]), np.array([-1, 0, np.inf])).round(4)
    array([[0.    , 0.3679, 1.    ]])
    """
    found = np.where(np.isinf(ages), 1.0, 0.0) * np.ones((*theta.shape[:-1], 1))
    inside = np.flatnonzero(np.isfinite(ages) & (ages >= 0))
    if inside.size:
        log_t, weights, starts = _nodes_at(ages[inside])
        below = family.values(log_t, theta)[0]
        found[..., inside] = np.add.reduceat(below * weights, starts, axis=-1)
    return np.asarray(np.clip(found, 0.0, 1.0))


@lru_cache(maxsize=8)
def _nodes(n: int) -> tuple[FloatArray, FloatArray, NDArray[np.int64]]:
    return _nodes_at(np.arange(n, dtype=float))


def _nodes_at(ages: FloatArray) -> tuple[FloatArray, FloatArray, NDArray[np.int64]]:
    """Return the log times and weights of all days' nodes in a row, and where each day starts."""
    points, weights, sizes = [], [], []
    for age in ages:
        later = _LATER if age < _STRAIGHT_FROM else _LAST
        count = _FIRST if age == 0 else _NEXT if age < _SMOOTH_FROM else later
        u, weight = _gauss(count)
        if age == 0:
            u, weight = u**_BEND, weight * _BEND * u ** (_BEND - 1)
        points.append(age + u)
        weights.append(weight)
        sizes.append(count)
    starts = np.cumsum([0, *sizes[:-1]]).astype(np.int64)
    return np.log(np.concatenate(points)), np.concatenate(weights), starts


@lru_cache(maxsize=8)
def _gauss(count: int) -> tuple[FloatArray, FloatArray]:
    points, weights = np.polynomial.legendre.leggauss(count)
    return (points + 1) / 2, weights / 2


@dataclass(frozen=True, eq=False)
class Times:
    """Exact times above 0, in days.

    Parameters
    ----------
    log_t
        Their logs; column ``i`` is the i-th.

    Notes
    -----
    The "share at" a time is the density f(t), so that likelihoods are those of books.
    """

    log_t: FloatArray

    def seen(self, family: Family, theta: FloatArray) -> Seen:
        """Return the latency at every time."""
        by, after = family.values(self.log_t, theta)
        log_density, slopes = family.log_density(self.log_t, theta)
        return Seen(
            log_mass=log_density,
            log_by=np.log(np.maximum(by, _FLOOR)),
            by=by,
            after=after,
            mass_gradient=np.moveaxis(slopes, 0, -1),
            by_gradient=np.moveaxis(family.gradient(self.log_t, theta), 0, -1),
        )
