"""Logarithms of the generating function of wins, E(1 + u)^W, for few deals."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from funnelkit.plan.chance.cohorts import Cohorts

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
_MOST = 64
"""Nodes of the distribution of a cohort's rate."""
_NEAR = 1e-4
_LEAST = 1e-150  # its square is above 0


class Generating(Protocol):
    """Log E(1 + u)^W of each channel's wins, at some u."""

    def logarithm(self, u: ComplexArray) -> ComplexArray:
        """Return it at u of shape ``(D, C, K)``."""

    def back(self, u: ComplexArray, weights: ComplexArray) -> FloatArray:
        """Return the real part of Σ weights x its derivative by the leads, shape ``(C, H)``."""


class Exact:
    """The generating function as it is: each cohort's rate by Gauss-Jacobi quadrature.

    Notes
    -----
    E(1 + u)^W = Σ_j w_j (1 + x_j f u)^L with nodes x_j and weights w_j of the beta distribution of
    the cohort's rate: exact for whole L up to twice the number of nodes, and beyond as far as the
    polynomial is smooth over the distribution.

    References
    ----------
    Golub and Welsch (1969), Mathematics of Computation 23, 221-230.
    """

    def __init__(self, cohorts: Cohorts, leads: FloatArray) -> None:
        draws, _, months = cohorts.rates.shape
        self.cells = [
            (c, m)
            for c, m in zip(*np.nonzero(leads > 0), strict=True)
            if (cohorts.within[:, c, m] > 0).any()
        ]
        self.leads, self.months, self.draws = leads, months, draws
        self.nodes: list[tuple[FloatArray, FloatArray]] = []
        known: dict[bytes, tuple[FloatArray, FloatArray]] = {}
        for c, m in self.cells:
            rates, rho = cohorts.rates[:, c, m], float(cohorts.correlation[c])
            n = int(_nodes(float(leads[c, m]), rho, draws))
            key = rates.tobytes() + bytes(f"{rho} {n}", "ascii")
            if key not in known:
                pairs = [beta_rule(float(rate), rho, n) for rate in rates]
                known[key] = (np.stack([x for x, _ in pairs]), np.stack([w for _, w in pairs]))
            places, weights = known[key]
            self.nodes.append((places * cohorts.within[:, c, m, None], weights))

    @staticmethod
    def work(cohorts: Cohorts, leads: FloatArray, frequencies: int) -> int:
        """Return the number of powers that it takes."""
        nodes = _nodes(leads, cohorts.correlation[:, None], len(cohorts.rates))
        some = (leads > 0) & (cohorts.within > 0).any(axis=0)
        return int(len(cohorts.rates) * np.where(some, nodes, 0).sum() * frequencies)

    def _cohort(self, i: int, u: ComplexArray) -> tuple[ComplexArray, ComplexArray, ComplexArray]:
        """Return the weighted powers of one cohort, their sum, and the logarithms of the bases."""
        c, m = self.cells[i]
        places, weights = self.nodes[i]
        base = _log(1 + places[:, :, None] * u[:, c, None, :])
        powers = weights[:, :, None] * np.exp(self.leads[c, m] * base)
        return powers, powers.sum(axis=1), base

    def logarithm(self, u: ComplexArray) -> ComplexArray:
        """Return it at u of shape ``(D, C, K)``."""
        found = np.zeros(u.shape, np.complex128)
        for i, (c, _) in enumerate(self.cells):
            found[:, c] += _log(self._cohort(i, u)[1] + _LEAST)
        return found

    def back(self, u: ComplexArray, weights: ComplexArray) -> FloatArray:
        """Return the real part of Σ weights x its derivative by the leads, shape ``(C, H)``."""
        found = np.zeros((u.shape[1], self.months))
        for i, (c, m) in enumerate(self.cells):
            powers, total, base = self._cohort(i, u)
            slope = (powers * base).sum(axis=1) / (total + _LEAST)
            found[c, m] = float((weights[:, c] * slope).real.sum())
        return found


def _nodes(leads: FloatArray | float, correlation: FloatArray | float, draws: int) -> FloatArray:
    """Return the nodes that a cohort takes: more, the more its rate varies beyond chance.

    Errors are about 1e-3 with many draws, over which they average out, and 1e-7 with one.
    """
    wider = np.sqrt(np.asarray(leads) * correlation)
    wanted = 5 + 2.5 * wider if draws > 1 else 16 + 16 * wider
    return np.where(np.asarray(correlation) > 0, np.clip(np.ceil(wanted), 1, _MOST), 1)


def beta_rule(rate: float, correlation: float, nodes: int = _MOST) -> tuple[FloatArray, FloatArray]:
    """Return Gauss nodes and weights of the beta distribution of a cohort's rate.

    Examples
    --------
    >>> places, weights = beta_rule(0.01, 0.001)
    >>> bool(abs(weights @ places - 0.01) < 1e-12)
    True
    >>> round(float(weights @ (places - 0.01) ** 2 / 0.0099), 9)
    0.001
    """
    if correlation == 0 or not 0 < rate < 1:
        return np.array([rate]), np.ones(1)
    worth = 1 / correlation - 1
    a, b = rate * worth - 1, (1 - rate) * worth - 1  # of Jacobi: x^a (1 - x)^b
    n = np.arange(nodes, dtype=float)
    both = 2 * n + a + b
    with np.errstate(invalid="ignore", divide="ignore"):
        diagonal = (a**2 - b**2) / (both * (both + 2))
        squares = 4 * n * (n + a) * (n + b) * (n + a + b) / (both**2 * (both + 1) * (both - 1))
    diagonal[0] = (a - b) / (a + b + 2)
    squares[1] = 4 * (1 + a) * (1 + b) / ((2 + a + b) ** 2 * (3 + a + b))
    places, vectors = linalg.eigh_tridiagonal(diagonal, np.sqrt(squares[1:]))
    weights = vectors[0] ** 2
    return np.clip((1 + places) / 2, 0.0, 1.0), weights / weights.sum()


class _Mixed(NamedTuple):
    """λ u - a log(1 - b u): its parameters and their derivatives by the cumulants."""

    free: FloatArray
    shape: FloatArray
    scale: FloatArray
    slopes: FloatArray  # (parameter, cumulant, D, C)


class Matched:
    """The generating function of three cumulants: single wins beside wins that go together.

    Notes
    -----
    log E(1 + u)^W = λ u - a log(1 - b u): a Poisson number of wins and a negative binomial one (or
    a binomial one, where cohorts differ less than chance alone makes them: a and b below 0), with
    b = κ₃ / 2κ₂, a = κ₂ / b², λ = κ₁ - κ₂ / b for factorial cumulants κ. Where that has no
    solution, λ = 0 and two cumulants are matched.
    """

    def __init__(self, cohorts: Cohorts, leads: FloatArray) -> None:
        self.cohorts, self.leads = cohorts, leads
        self.cumulants = cohorts.cumulants(leads)
        self.mixed = _mixed(*self.cumulants)

    def logarithm(self, u: ComplexArray) -> ComplexArray:
        """Return it at u of shape ``(D, C, K)``."""
        free, shape, scale = (one[..., None] for one in self.mixed[:3])
        inside = np.where(np.abs(scale) > _NEAR, scale, 1.0)
        bent = -shape * _log(1 - inside * u)
        flat = shape * scale * u * (1 + scale * u / 2)
        return np.asarray(free * u + np.where(np.abs(scale) > _NEAR, bent, flat))

    def back(self, u: ComplexArray, weights: ComplexArray) -> FloatArray:
        """Return the real part of Σ weights x its derivative by the leads, shape ``(C, H)``."""
        _, shape, scale = (one[..., None] for one in self.mixed[:3])
        by_parameter = np.stack(
            [
                (weights * u).real.sum(axis=-1),
                (weights * -_log(1 - scale * u)).real.sum(axis=-1),
                (weights * shape * u / (1 - scale * u)).real.sum(axis=-1),
            ]
        )
        by_cumulant = np.einsum("pdc,pkdc->kdc", by_parameter, self.mixed.slopes)
        return self.cohorts.back(self.leads, by_cumulant)


def _mixed(one: FloatArray, two: FloatArray, three: FloatArray) -> _Mixed:
    """Return the parameters that match factorial cumulants, shape ``(D, C)`` each."""
    some = one > 0
    one = np.where(some, one, 1.0)
    two = np.where(some, two, 0.0)
    # two cumulants: a = κ₁² / κ₂, b = κ₂ / κ₁; near to Poisson, b is kept from 0
    least = np.where(two < 0, -1.0, 1.0) * np.maximum(np.abs(two), 1e-7 * one)
    zero, unit = np.zeros_like(one), np.ones_like(one)
    pair = _Mixed(
        zero,
        one**2 / least,
        least / one,
        np.stack(
            [
                np.stack([zero, zero, zero]),
                np.stack([2 * one / least, -((one / least) ** 2), zero]),
                np.stack([-least / one**2, 1 / one, zero]),
            ]
        ),
    )
    k3 = np.where(three > 0, three, 1.0)
    k2 = least
    scale = k3 / (2 * k2)
    fits = (three > 0) & (np.abs(two) > 1e-7 * one) & (2 * two**2 <= one * three)
    fits &= (scale >= -1) & (np.abs(scale) > _NEAR)
    full = _Mixed(
        one - k2 / scale,
        k2 / scale**2,
        scale,
        np.stack(
            [
                np.stack([unit, -4 * k2 / k3, 2 * (k2 / k3) ** 2]),
                np.stack([zero, 12 * (k2 / k3) ** 2, -8 * (k2 / k3) ** 3]),
                np.stack([zero, -k3 / (2 * k2**2), 1 / (2 * k2)]),
            ]
        ),
    )
    chosen = [np.where(fits, f, p) for f, p in zip(full, pair, strict=True)]
    return _Mixed(*(np.where(some, value, 0.0) for value in chosen))


def _log(z: ComplexArray) -> ComplexArray:
    """Return the principal logarithm; several times as fast as NumPy's own."""
    found = np.empty(z.shape, np.complex128)
    real, imaginary = z.real, z.imag
    found.real = np.log(real**2 + imaginary**2) / 2
    found.imag = np.arctan2(imaginary, real)
    return found
