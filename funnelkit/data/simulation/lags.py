"""`Lag`: days from a stage to what comes next, and the sums of several."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError

FloatArray = NDArray[np.float64]
LagFamily = Literal["weibull", "lognormal"]
_STEPS_PER_DAY = 32


@dataclass(frozen=True)
class Lag:
    """Distribution of the days from a stage to what comes next.

    Parameters
    ----------
    family
        ``"weibull"``: P(lag > t) = exp(-(t / scale)^shape); ``"lognormal"``: log lag is
        normal with mean log(scale) and standard deviation ``shape``.
    scale
        Days: the 63.2 % point of a Weibull, the median of a log-normal.
    shape
        Above 0.

    Raises
    ------
    ArgumentError
        If the family is unknown, or the scale or shape is not above 0.

    Examples
    --------
    >>> float(Lag("lognormal", 10, 0.8).happened_by(10))
    0.5
    """

    family: LagFamily
    scale: float
    shape: float

    def __post_init__(self) -> None:
        """Refuse what is no distribution."""
        checks.one_of("family", self.family, ("weibull", "lognormal"))
        for name in ("scale", "shape"):
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise ArgumentError(f"`{name}` of a lag must be above 0; got {value!r}.")

    def cumulative_hazard(self, days: ArrayLike) -> FloatArray:
        """Return -log P(lag > days)."""
        ratio = np.maximum(np.asarray(days, float), 0.0) / self.scale
        if self.family == "weibull":
            return np.asarray(ratio**self.shape, float)
        with np.errstate(divide="ignore"):
            return np.asarray(-special.log_ndtr(-np.log(ratio) / self.shape), float)

    def happened_by(self, days: ArrayLike) -> FloatArray:
        """Return P(lag ≤ days), for exact times."""
        return np.asarray(-np.expm1(-self.cumulative_hazard(days)), float)

    def days_at(self, cumulative_hazard: ArrayLike) -> FloatArray:
        """Return the days at which the cumulative hazard has a value; of Exp(1) draws, lags."""
        hazard = np.asarray(cumulative_hazard, float)
        if self.family == "weibull":
            return np.asarray(self.scale * hazard ** (1 / self.shape), float)
        return np.asarray(self.scale * np.exp(-self.shape * special.ndtri_exp(-hazard)), float)


def sum_happened_by(lags: tuple[Lag, ...], longest: float) -> Callable[[FloatArray], FloatArray]:
    """Return P(sum of lags ≤ t) up to a longest time: exact for one lag, else on a grid."""
    if len(lags) == 1:
        return lags[0].happened_by
    ends = (np.arange(math.ceil(longest * _STEPS_PER_DAY) + 2) + 0.5) / _STEPS_PER_DAY
    mass = np.ones(1)
    for lag in lags:
        mass = _convolved(mass, np.diff(lag.happened_by(ends), prepend=0.0))[: len(ends)]
    times = np.concatenate([[0.0], ends])
    shares = np.concatenate([[0.0], np.minimum(np.cumsum(mass), 1.0)])

    def happened_by(days: FloatArray) -> FloatArray:
        return np.asarray(np.interp(days, times, shares), float)

    return happened_by


def _convolved(first: FloatArray, second: FloatArray) -> FloatArray:
    size = len(first) + len(second) - 1
    fast = 1 << (size - 1).bit_length()
    product = np.fft.rfft(first, fast) * np.fft.rfft(second, fast)
    return np.asarray(np.fft.irfft(product, fast)[:size], float)
