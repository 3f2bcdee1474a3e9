"""Families of the time from entry to conversion, among those who convert at all."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
STEP = 1e-5
"""Step of the central difference where a derivative has no closed form."""


class Family(ABC):
    """One family of latencies on its working scale.

    ``theta`` holds the working parameters along its last axis, shape ``(..., k)``, and is taken
    with log times of shape ``(n,)``: results have shape ``(..., n)``, gradients ``(k, ..., n)``.
    The first is the log of the scale in days, the second the log of the shape.

    Parameters
    ----------
    name
        Name by which the family is asked for.
    names
        Names of the working parameters.
    lower, upper
        Box of the parameters after the first, within which the fit looks.
    """

    name: str
    names: tuple[str, ...] = ("log scale", "log shape")
    lower: tuple[float, ...] = (np.log(0.05),)
    upper: tuple[float, ...] = (np.log(30.0),)

    @property
    def size(self) -> int:
        """Number of working parameters."""
        return len(self.names)

    @abstractmethod
    def values(self, log_t: FloatArray, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the share converted by each time and the share still to convert."""

    @abstractmethod
    def gradient(self, log_t: FloatArray, theta: FloatArray) -> FloatArray:
        """Return the derivatives of the share converted, shape ``(k, ..., n)``."""

    @abstractmethod
    def log_density(self, log_t: FloatArray, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the log density per day, and its derivatives."""

    @abstractmethod
    def quantile(self, share: float, theta: FloatArray) -> FloatArray:
        """Return the days by which a share has converted, shape ``theta.shape[:-1]``."""

    def natural(self, theta: FloatArray) -> dict[str, float]:
        """Return the parameters as they are written in books: scale in days, shape, q."""
        named = zip(self.names, theta, strict=True)
        return {
            name.removeprefix("log "): float(np.exp(value) if name.startswith("log ") else value)
            for name, value in named
        }


class _LogLocation(Family):
    """A family in which ``w = shape x (log t - log scale)`` has one fixed distribution H."""

    def values(self, log_t: FloatArray, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return H(w) and 1 - H(w)."""
        return self._shares(standardised(log_t, theta)[0])

    def gradient(self, log_t: FloatArray, theta: FloatArray) -> FloatArray:
        """Return -shape h(w) and w h(w)."""
        w, shape = standardised(log_t, theta)
        h = np.exp(self._log_h(w)[0])
        return np.stack([-shape * h, w * h][: self.size])

    def log_density(self, log_t: FloatArray, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return log h(w) + log shape - log t."""
        w, shape = standardised(log_t, theta)
        log_h, slope = self._log_h(w)
        return log_h + np.log(shape) - log_t, np.stack([-shape * slope, 1 + w * slope][: self.size])

    def quantile(self, share: float, theta: FloatArray) -> FloatArray:
        """Return scale x exp(H⁻¹(share) / shape)."""
        shape = np.exp(theta[..., 1]) if self.size > 1 else 1.0
        return np.asarray(np.exp(theta[..., 0] + self._inverse(share) / shape))

    @abstractmethod
    def _shares(self, w: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return H and 1 - H."""

    @abstractmethod
    def _log_h(self, w: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the log density of w and its slope."""

    @abstractmethod
    def _inverse(self, share: float) -> float:
        """Return the w below which a share lies."""


class Weibull(_LogLocation):
    """F(t) = 1 - exp(-(t / scale)^shape)."""

    name = "weibull"

    def _shares(self, w: FloatArray) -> tuple[FloatArray, FloatArray]:
        hazard = np.exp(w)
        return -np.expm1(-hazard), np.exp(-hazard)

    def _log_h(self, w: FloatArray) -> tuple[FloatArray, FloatArray]:
        hazard = np.exp(w)
        return w - hazard, 1 - hazard

    def _inverse(self, share: float) -> float:
        return float(np.log(-np.log1p(-share)))


class Exponential(Weibull):
    """F(t) = 1 - exp(-t / scale)."""

    name = "exponential"
    names = ("log scale",)
    lower = ()
    upper = ()


class LogLogistic(_LogLocation):
    """F(t) = 1 / (1 + (t / scale)^-shape)."""

    name = "log-logistic"

    def _shares(self, w: FloatArray) -> tuple[FloatArray, FloatArray]:
        return special.expit(w), special.expit(-w)

    def _log_h(self, w: FloatArray) -> tuple[FloatArray, FloatArray]:
        return special.log_expit(w) + special.log_expit(-w), 1 - 2 * special.expit(w)

    def _inverse(self, share: float) -> float:
        return float(special.logit(share))


class LogNormal(_LogLocation):
    """F(t) = Φ(shape x log(t / scale)).

    The scale is the median, the shape 1 over the standard deviation of log t.
    """

    name = "log-normal"

    def _shares(self, w: FloatArray) -> tuple[FloatArray, FloatArray]:
        return special.ndtr(w), special.ndtr(-w)

    def _log_h(self, w: FloatArray) -> tuple[FloatArray, FloatArray]:
        return -(w**2) / 2 - np.log(2 * np.pi) / 2, -w

    def _inverse(self, share: float) -> float:
        return float(special.ndtri(share))


class Gamma(Family):
    """F(t) = P(shape, t / scale), P the regularised incomplete gamma function."""

    name = "gamma"
    lower = (np.log(0.02),)
    upper = (np.log(400.0),)

    def values(self, log_t: FloatArray, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return P(shape, x) and 1 - P(shape, x)."""
        x, shape = _x(log_t, theta), np.exp(theta[..., 1:2])
        low = x < shape
        return pair_of(low, gamma_share(shape, x, upper=~low))

    def gradient(self, log_t: FloatArray, theta: FloatArray) -> FloatArray:
        """Return the derivatives: by the scale in closed form, by the shape by difference."""
        x, shape = _x(log_t, theta), np.exp(theta[..., 1:2])
        density = np.exp(shape * np.log(x) - x - special.gammaln(shape))
        up, down = np.exp(theta[..., 1:2] + STEP), np.exp(theta[..., 1:2] - STEP)
        upper = x >= shape
        moved = gamma_share(up, x, upper=upper) - gamma_share(down, x, upper=upper)
        return np.stack([-density, np.where(upper, -moved, moved) / (2 * STEP)])

    def log_density(self, log_t: FloatArray, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return shape log x - x - log Γ(shape) - log t."""
        x, shape = _x(log_t, theta), np.exp(theta[..., 1:2])
        found = shape * np.log(x) - x - special.gammaln(shape) - log_t
        return found, np.stack([x - shape, shape * (np.log(x) - special.digamma(shape))])

    def quantile(self, share: float, theta: FloatArray) -> FloatArray:
        """Return scale x P⁻¹(shape, share)."""
        found = special.gammaincinv(np.exp(theta[..., 1]), share)
        return np.asarray(np.exp(theta[..., 0]) * found)


def standardised(log_t: FloatArray, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return shape x (log t - log scale), and the shape."""
    one = np.ones_like(theta[..., :1])
    shape = np.exp(theta[..., 1:2]) if theta.shape[-1] > 1 else one
    return np.clip(shape * (log_t - theta[..., :1]), -700.0, 700.0), shape


def gamma_share(shape: FloatArray, x: FloatArray, *, upper: NDArray[np.bool_]) -> FloatArray:
    """Return P(shape, x), or 1 - P where the upper share is wanted; each is computed once."""
    shapes, upper = np.broadcast_to(shape, x.shape), np.broadcast_to(upper, x.shape)
    found = np.empty_like(x)
    for wanted, share in ((upper, special.gammaincc), (~upper, special.gammainc)):
        found[wanted] = share(shapes[wanted], x[wanted])
    return found


def pair_of(low: NDArray[np.bool_], smaller: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the share below and the share above, of which the one at hand is the smaller."""
    rest = 1 - smaller
    return np.where(low, smaller, rest), np.where(low, rest, smaller)


def _x(log_t: FloatArray, theta: FloatArray) -> FloatArray:
    """Return t / scale."""
    return np.asarray(np.exp(np.clip(log_t - theta[..., :1], -700.0, 700.0)))
