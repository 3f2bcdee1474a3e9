"""The generalised gamma family, stable through its log-normal middle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit.lag.cure.latency import STEP, Family, gamma_share, pair_of, standardised

FloatArray = NDArray[np.float64]
_NEAR = 1e-5
"""Below this |q| the log-gamma is taken from its expansion about the normal."""


class GeneralisedGamma(Family):
    """Prentice's log-gamma family: Stacy's with shapes of both signs and the log-normal between.

    With w = shape x log(t / scale) and a = 1 / q²: F = P(a, a e^{qw}) for q > 0, 1 - P(…) for
    q < 0 and Φ(w) for q = 0. Weibull is q = 1, gamma q = 1 / shape, log-normal q = 0. Near 0 the
    expansion Φ(w) + q φ(w) (w² + 2) / 6 is used.

    References
    ----------
    Prentice (1974), Biometrika 61, 539-544; Stacy (1962), Ann. Math. Statist. 33, 1187-1192.
    """

    name = "generalised gamma"
    names = ("log scale", "log shape", "q")
    lower = (np.log(0.05), -4.0)
    upper = (np.log(30.0), 4.0)

    def values(self, log_t: FloatArray, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return F and 1 - F."""
        w, q = standardised(log_t, theta)[0], theta[..., 2:3]
        low = w < 0
        return pair_of(low, _prentice(w, q, upper=~low))

    def gradient(self, log_t: FloatArray, theta: FloatArray) -> FloatArray:
        """Return the derivatives: by scale and shape in closed form, by q by difference."""
        w, shape = standardised(log_t, theta)
        q = theta[..., 2:3]
        h = np.exp(_log_prentice(w, q)[0])
        upper = w >= 0
        moved = _prentice(w, q + STEP, upper=upper) - _prentice(w, q - STEP, upper=upper)
        return np.stack([-shape * h, w * h, np.where(upper, -moved, moved) / (2 * STEP)])

    def log_density(self, log_t: FloatArray, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return log h(w; q) + log shape - log t."""
        w, shape = standardised(log_t, theta)
        q = theta[..., 2:3]
        log_h, slope = _log_prentice(w, q)
        by_q = (_log_prentice(w, q + STEP)[0] - _log_prentice(w, q - STEP)[0]) / (2 * STEP)
        found = log_h + np.log(shape) - log_t
        return found, np.stack([-shape * slope, 1 + w * slope, by_q])

    def quantile(self, share: float, theta: FloatArray) -> FloatArray:
        """Return scale x exp(w / shape) with w the quantile of the log-gamma."""
        q = theta[..., 2]
        near = np.abs(q) < _NEAR
        safe = np.where(near, 1.0, q)
        a = 1 / safe**2
        x = np.where(safe > 0, special.gammaincinv(a, share), special.gammainccinv(a, share))
        z = special.ndtri(share)
        w = np.where(near, z - q * (z**2 + 2) / 6, np.log(np.maximum(x / a, 1e-300)) / safe)
        return np.asarray(np.exp(theta[..., 0] + w / np.exp(theta[..., 1])))


def _prentice(w: FloatArray, q: FloatArray, *, upper: NDArray[np.bool_]) -> FloatArray:
    """Return the share of the log-gamma distribution below w, or above it where that is wanted."""
    near = np.abs(q) < _NEAR
    safe = np.where(near, 1.0, q)
    a = 1 / safe**2
    x = a * np.exp(np.clip(safe * w, -700.0, 700.0))
    found = gamma_share(a, x, upper=(safe > 0) == upper)
    if not near.any():
        return found
    bend = q * np.exp(-(w**2) / 2) / np.sqrt(2 * np.pi) * (w**2 + 2) / 6
    normal = np.where(upper, special.ndtr(-w) - bend, special.ndtr(w) + bend)
    return np.asarray(np.where(near, np.clip(normal, 0.0, 1.0), found))


def _log_prentice(w: FloatArray, q: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the log density of the log-gamma distribution and its slope, stable at q = 0."""
    y = np.clip(q * w, -700.0, 700.0)
    small = np.abs(y) < 1e-2
    safe = np.where(small, 1.0, y)
    with np.errstate(over="ignore"):
        bent = np.where(
            small, 1 / 2 + y / 6 + y**2 / 24 + y**3 / 120, (np.expm1(safe) - safe) / safe**2
        )
        slope = np.where(small, 1 + y / 2 + y**2 / 6 + y**3 / 24, np.expm1(safe) / safe)
        log_h = -(w**2) * bent - _stirling(q) - np.log(2 * np.pi) / 2
        return np.maximum(log_h, -1e5), -w * slope


def _stirling(q: FloatArray) -> FloatArray:
    """Return what Stirling leaves of log Γ(1 / q²): it goes to 0 with q."""
    q2 = np.asarray(q**2)
    far = q2 > 0.01
    a = 1 / np.where(far, q2, 1.0)
    exact = special.gammaln(a) - (a - 0.5) * np.log(a) + a - np.log(2 * np.pi) / 2
    series = q2 / 12 - q2**3 / 360 + q2**5 / 1260
    return np.asarray(np.where(far, exact, series))
