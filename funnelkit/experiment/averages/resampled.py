"""The BCa bootstrap of two means: draws that are kept, intervals, and the p-value that inverts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit._core import checks
from funnelkit._core.result import frozen
from funnelkit.experiment.comparison import Alternative, Bounds

FloatArray = NDArray[np.float64]
_BLOCK = 4_000_000
"""Values drawn at a time: what bounds the memory."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Draws:
    """Resampled estimates of one number, sorted, with what corrects their quantiles.

    Parameters
    ----------
    values
        Estimates from resamples, shape ``(n_resamples,)``.
    estimate
        From the sample itself.
    acceleration
        How the standard error changes with the number.

    Notes
    -----
    With z0 the normal quantile of the share of draws below the estimate and a the acceleration, the
    end of a one-sided interval of level 1 - A is the quantile Φ(z0 + (z0 + z) / (1 - a (z0 + z)))
    of the draws with z = Φ⁻¹(A). The p-value is the A at which that end reaches the null value.
    What would need a quantile beyond the outermost draw has no limit.

    References
    ----------
    Efron (1987), Journal of the American Statistical Association 82, 171-185, equations 2.3 to
    2.5 and 4.4; Efron and Tibshirani (1993), An Introduction to the Bootstrap, section 14.3.
    """

    values: FloatArray
    estimate: float
    acceleration: float

    def __post_init__(self) -> None:
        """Sort and freeze the draws."""
        object.__setattr__(self, "values", frozen(np.sort(self.values), np.float64))

    @property
    def bias(self) -> float:
        """The correction for bias, z0; a draw that equals the estimate counts half."""
        left = int(np.searchsorted(self.values, self.estimate, "left"))
        right = int(np.searchsorted(self.values, self.estimate, "right"))
        size = self.values.size
        share = min(max((left + right) / 2 / size, 0.5 / size), 1 - 0.5 / size)
        return float(special.ndtri(share))

    def bounds(self, alternative: Alternative) -> Bounds:
        """Return what gives the interval at a level."""

        def ends(level: float) -> tuple[float, float]:
            tail = (1 - level) / 2 if alternative == "two-sided" else 1 - level
            size = self.values.size
            below = math.floor((size + 1) * self._corrected(tail))
            above = math.floor((size + 1) * (1 - self._corrected(1 - tail)))
            low = float(self.values[below - 1]) if 1 <= below <= size else -math.inf
            high = float(self.values[size - above]) if 1 <= above <= size else math.inf
            return (
                -math.inf if alternative == "less" else low,
                math.inf if alternative == "greater" else high,
            )

        return ends

    def pvalue(self, alternative: Alternative, null: float = 0.0) -> float:
        """Return the p-value that belongs to the interval."""
        size = self.values.size
        not_above = int(np.searchsorted(self.values, null, "right"))
        not_below = size - int(np.searchsorted(self.values, null, "left"))
        greater = self._level_at((not_above + 1) / (size + 1))
        less = 1 - self._level_at(1 - (not_below + 1) / (size + 1))
        if alternative == "two-sided":
            return min(1.0, 2 * min(greater, less))
        return greater if alternative == "greater" else less

    def _corrected(self, tail: float) -> float:
        moved = self.bias + float(special.ndtri(tail))
        scale = 1 - self.acceleration * moved
        return float(special.ndtr(self.bias + moved / scale)) if scale > 0 else float(moved > 0)

    def _level_at(self, share: float) -> float:
        if not 0 < share < 1:
            return float(share >= 1)
        moved = float(special.ndtri(share)) - self.bias
        scale = 1 + self.acceleration * moved
        return float(special.ndtr(moved / scale - self.bias)) if scale > 0 else float(moved > 0)


@dataclass(frozen=True, eq=False, kw_only=True)
class MeanDraws:
    """Resampled means of both arms: their difference, and their ratio where there is one."""

    difference: Draws
    ratio: Draws | None

    def relative_bounds(self, alternative: Alternative) -> Bounds | None:
        """Return what gives the interval of the ratio less 1; ``None`` without a ratio."""
        if self.ratio is None:
            return None
        ratio: Callable[[float], tuple[float, float]] = self.ratio.bounds(alternative)

        def ends(level: float) -> tuple[float, float]:
            low, high = ratio(level)
            return low - 1, high - 1

        return ends


def draws_of(
    control: FloatArray,
    treatment: FloatArray,
    *,
    resamples: int = 9_999,
    rng: int | np.random.Generator | None = 0,
) -> MeanDraws:
    """Return resampled means of two arms, each resampled for itself.

    Parameters
    ----------
    control, treatment
        One value for each unit.
    resamples
        How many.
    rng
        Seed or generator.

    Notes
    -----
    Zeros are not drawn one by one: how many there are in a resample is binomial. The acceleration
    of a function of two means is that of its empirical influence values.

    References
    ----------
    Davison and Hinkley (1997), Bootstrap Methods and their Application, section 5.3.2, on the
    acceleration for several samples.
    """
    checks.positive_whole("resamples", resamples)
    generator = np.random.default_rng(rng)
    first, second = (_means(values, resamples, generator) for values in (control, treatment))
    base, other = float(control.mean()), float(treatment.mean())
    away, further = control - base, treatment - other
    ratio = None
    if base > 0:
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = np.where(first > 0, second / first, np.inf)
        ratio = Draws(
            values=ratios,
            estimate=other / base,
            acceleration=_acceleration(-other / base**2 * away, further / base),
        )
    return MeanDraws(
        difference=Draws(
            values=second - first,
            estimate=other - base,
            acceleration=_acceleration(-away, further),
        ),
        ratio=ratio,
    )


def _acceleration(*influences: FloatArray) -> float:
    third = sum(float((one**3).sum()) / one.size**3 for one in influences)
    second = sum(float((one**2).sum()) / one.size**2 for one in influences)
    return third / second**1.5 / 6 if second > 0 else 0.0


def _means(values: FloatArray, resamples: int, rng: np.random.Generator) -> FloatArray:
    """Return the means of resamples of one arm."""
    other = values[values != 0]
    means = np.zeros(resamples)
    if not other.size:
        return means
    drawn = rng.binomial(values.size, other.size / values.size, size=resamples)
    step = max(1, _BLOCK // max(int(drawn.max()), 1))
    for start in range(0, resamples, step):
        sizes = drawn[start : start + step]
        picked = other[rng.integers(0, other.size, size=int(sizes.sum()))]
        which = np.repeat(np.arange(sizes.size), sizes)
        means[start : start + step] = np.bincount(which, picked, minlength=sizes.size)
    return means / values.size
