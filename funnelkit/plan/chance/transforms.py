"""P(Y >= t) for few deals, from the generating functions of their number and the sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
_ALIAS = 1e-9
_DAMPING = 20.0
_AVERAGED = 12
_FEWEST, _MOST = 24, 600
_THIRD = 4 / 3


class Inversion(NamedTuple):
    """P(Y < t) = Re Σ_k weights E(1 + u)^W, with u of each channel, at each draw's threshold."""

    u: ComplexArray  # (D, C, K)
    weights: ComplexArray  # (D, K)


@dataclass(frozen=True, eq=False)
class Sizes:
    """What single deals are worth: gamma distributed about a mean of each draw and channel.

    Parameters
    ----------
    means
        Shape ``(D, C)``.
    variation
        Standard deviation over the mean, shape ``(C,)``.
    step
        Where all deals are worth whole multiples of one amount: that amount; else 0.
    """

    means: FloatArray
    variation: FloatArray
    step: float


def on_a_lattice(threshold: FloatArray, sizes: Sizes) -> Inversion:
    """Return the inversion of sums that are whole multiples of a step.

    Parameters
    ----------
    threshold
        Above 0, shape ``(D,)``.
    sizes
        With a step.

    Notes
    -----
    The generating function on a circle of radius q below 1, at M points z, gives the
    probabilities p_j + q^M p_{j+M} + …; with n steps to the threshold,
    P(Y < t) = Σ_z G(z) (1 - z^-n) / (1 - z^-1) / M. Half of the circle is enough.

    References
    ----------
    Abate and Whitt (1992), Operations Research Letters 12, 245-251.
    """
    needed = steps_to(threshold, sizes.step)
    points = int(needed.max()) + 1
    points += points % 2
    radius = _ALIAS ** (1 / points)
    z = radius * np.exp(2j * np.pi * np.arange(points // 2 + 1) / points)
    twice = np.full(len(z), 2.0)
    twice[[0, -1]] = 1.0
    weights = twice * (1 - z ** -needed[:, None]) / (1 - 1 / z) / points
    multiples = np.round(sizes.means / sizes.step)
    return Inversion(z ** multiples[:, :, None] - 1, weights)


def frequencies_on_a_lattice(threshold: FloatArray, sizes: Sizes) -> int:
    """Return how many points the inversion on a lattice takes."""
    return int(steps_to(threshold, sizes.step).max()) // 2 + 2


def steps_to(threshold: FloatArray, step: float) -> FloatArray:
    """Return the whole steps that reach a threshold."""
    return np.asarray(np.maximum(np.ceil(threshold / step - 1e-9), 1.0))


def on_a_line(threshold: FloatArray, sizes: Sizes, frequencies: int) -> Inversion:
    """Return the inversion of sums of gamma distributed deals.

    Parameters
    ----------
    threshold
        Above 0, shape ``(D,)``.
    sizes
        Of the deals.
    frequencies
        As :func:`frequencies_on_a_line` says.

    Notes
    -----
    The Laplace transform of P(Y < t) is G(φ(s)) / s with φ(s) = (1 + s μ v²)^(-1/v²), which is
    inverted by the trapezoidal rule; the alternating series is summed by Euler's averages.

    References
    ----------
    Abate and Whitt (1995), ORSA Journal on Computing 7, 36-43: algorithm EULER.
    """
    terms = frequencies - _AVERAGED
    k = np.arange(terms + _AVERAGED)
    tails = np.cumsum(special.binom(_AVERAGED, np.arange(_AVERAGED, 0, -1)))[::-1]
    averaged = np.ones(len(k))
    averaged[terms:] = tails / 2.0**_AVERAGED
    averaged[0] = 0.5
    signs = np.where(k % 2, -1.0, 1.0)
    s = (_DAMPING + 2j * np.pi * k) / (2 * threshold[:, None])
    weights = np.exp(_DAMPING / 2) / threshold[:, None] * averaged * signs / s
    spread = np.maximum(sizes.variation, 1e-9)[None, :, None] ** 2
    x = s[:, None, :] * sizes.means[:, :, None]
    known = spread > 1e-8
    log = np.where(known, -np.log1p(x * spread) / np.where(known, spread, 1.0), -x)
    return Inversion(np.expm1(log), weights)


def frequencies_on_a_line(width: float) -> int:
    """Return how many frequencies resolve some share of the threshold, in steps of a third."""
    times = np.clip(1.6 / max(width, 1e-6), _FEWEST, _MOST) / _FEWEST
    return int(np.ceil(_FEWEST * _THIRD ** np.ceil(np.log(times) / np.log(_THIRD)))) + _AVERAGED
