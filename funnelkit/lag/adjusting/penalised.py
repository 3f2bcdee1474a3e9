"""Newton's method under a normal prior, and Laplace's value of the integral over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

FloatArray = NDArray[np.float64]
_STEPS = 60
_LONGEST = 2.0
_CLOSE = 1e-6
"""Gain in log-likelihood, as foreseen by the slope, at which the search ends."""


class Slope(NamedTuple):
    """A log-likelihood at a point.

    Parameters
    ----------
    value, gradient
        Itself and its first derivatives.
    information
        Returns minus its second derivatives.
    expected
        Returns a matrix in their place that is never indefinite, for steps far from the top.
    """

    value: float
    gradient: FloatArray
    information: Callable[[], FloatArray]
    expected: Callable[[], FloatArray]


Likelihood = Callable[[FloatArray], Slope]


@dataclass(frozen=True, eq=False)
class Peak:
    """The top of a log-likelihood plus the log of a normal prior with mean 0.

    Parameters
    ----------
    mode
        Parameters at the top, shape ``(n,)``.
    factor
        Lower Cholesky factor of minus the second derivatives there, ``(n, n)``.
    log_integral
        Laplace's value of log ∫ exp(log-likelihood) prior.
    converged
        Whether the search ended at a top.
    """

    mode: FloatArray
    factor: FloatArray
    log_integral: float
    converged: bool

    def solve(self, right: FloatArray) -> FloatArray:
        """Return the covariance times a vector or matrix."""
        return np.asarray(linalg.cho_solve((self.factor, True), right, check_finite=False))

    def variance(self, directions: FloatArray) -> FloatArray:
        """Return the variance of each row of ``directions`` times the parameters."""
        half = linalg.solve_triangular(self.factor, directions.T, lower=True, check_finite=False)
        return np.asarray((half**2).sum(axis=0))

    def leading(self, directions: FloatArray) -> FloatArray:
        """Return variances of combinations of the first parameters, the others known."""
        first = self.factor[: directions.shape[1], : directions.shape[1]]
        half = linalg.solve_triangular(first, directions.T, lower=True, check_finite=False)
        return np.asarray((half**2).sum(axis=0))


def peak(likelihood: Likelihood, precision: FloatArray, start: FloatArray) -> Peak:
    """Return the top of a log-likelihood under independent normal priors with mean 0.

    Parameters
    ----------
    likelihood
        Value, gradient and information at a point.
    precision
        1 over the prior variance of each parameter, above 0, shape ``(n,)``.
    start
        Where to begin.

    Notes
    -----
    log ∫ L(θ) N(θ; 0, Q⁻¹) dθ = log L(θ̂) - θ̂'Qθ̂ / 2 + log|Q| / 2 - log|H| / 2, with H the
    information at the top plus Q.

    References
    ----------
    Tierney and Kadane (1986), JASA 81, 82-86.
    """
    at = start.copy()
    here = likelihood(at)
    value = here.value - 0.5 * float(precision @ at**2)
    done = False
    for _ in range(_STEPS):
        gradient = here.gradient - precision * at
        factor = _factor(here, precision)
        step = linalg.cho_solve((factor, True), gradient, check_finite=False)
        gain = float(gradient @ step)
        if gain < _CLOSE:
            done = True
            break
        length = min(1.0, _LONGEST / float(np.abs(step).max()))
        for _ in range(40):
            following = at + length * step
            there = likelihood(following)
            reached = there.value - 0.5 * float(precision @ following**2)
            if reached >= value + 1e-4 * length * gain:
                break
            length /= 2
        else:
            break
        at, here, value = following, there, reached
    factor = _factor(here, precision)
    determinant = 2 * float(np.log(np.diag(factor)).sum())
    return Peak(
        mode=at,
        factor=factor,
        log_integral=value + 0.5 * float(np.log(precision).sum()) - 0.5 * determinant,
        converged=done,
    )


def _factor(here: Slope, precision: FloatArray) -> FloatArray:
    """Return the Cholesky factor of information + prior, of the expected one where it must be."""
    for matrix in (here.information, here.expected):
        full = matrix()
        full[np.diag_indices_from(full)] += precision
        try:
            return np.asarray(linalg.cholesky(full, lower=True, check_finite=False))
        except linalg.LinAlgError:
            continue
    full[np.diag_indices_from(full)] += 1e-6 * np.abs(full).max()
    return np.asarray(linalg.cholesky(full, lower=True, check_finite=False))
