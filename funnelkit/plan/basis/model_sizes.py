"""What a deal is worth, by channel: few deals of its own lean on those of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit.forecast.open_pipeline.sizes_to_come import credibility_strength
from funnelkit.plan.basis.estimate import Estimate, Origin

if TYPE_CHECKING:
    from funnelkit.model import FunnelModel

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Worth(NamedTuple):
    """Mean value of a deal, the standard deviation of single deals over it, and its origin."""

    mean: Estimate | None
    cv: float
    origin: Origin = Origin()


def sizes_of(model: FunnelModel, groups: list[IntArray]) -> list[Worth]:
    """Return what a deal of each channel is worth.

    Parameters
    ----------
    model
        The model.
    groups
        Positions of the segments of each channel.

    Notes
    -----
    Known amounts above 0, as in forecasts of bookings. A deal is drawn from the channel's own n
    with weight w = n / (n + k), else from those of all, with Bühlmann's k
    (:func:`~funnelkit.forecast.open_pipeline.sizes_to_come.credibility_strength`): mean
    w m + (1 - w) m_all, its variance w² s² / n + (1 - w)² s_all² / n_all, and that of single deals
    that of the mixture. Variances have n - 1 below; that of a single deal is its square.
    """
    sizes = model.sizes
    if sizes is None:
        return [Worth(None, 0.0)] * len(groups)
    own = dict(zip(sizes.segments, sizes.amounts, strict=True))
    parts = [
        np.concatenate([_known(own.get(model.segments[i], ())) for i in group]) for group in groups
    ]
    every = np.concatenate(parts)
    if not len(every):
        return [Worth(None, 0.0)] * len(groups)
    pooled = _moments(every)
    strength = credibility_strength(parts)
    found = []
    for amounts in parts:
        n = len(amounts)
        weight = 1.0 if n == len(every) else n / (n + strength)
        mean, spread, doubt = _mixed(_moments(amounts) if n else pooled, pooled, weight)
        said = f"{n:,} won deals"
        if n and weight < 1:
            said += f", which count {100 * weight:.0f} %, and all {len(every):,}"
        elif not n:
            said = f"all {len(every):,} won deals, none of its own"
        estimate = Estimate(value=mean, sd=doubt**0.5, source=said, n=float(n), date=model.as_of)
        origin = Origin(source=said, n=float(n), date=model.as_of)
        found.append(Worth(estimate, spread**0.5 / mean, origin))
    return found


def _known(amounts: ArrayLike) -> FloatArray:
    """Return the amounts above 0."""
    given = np.asarray(amounts, float)
    return np.asarray(given[np.isfinite(given) & (given > 0)])


class _Moments(NamedTuple):
    mean: float
    variance: float
    of_mean: float


def _moments(amounts: FloatArray) -> _Moments:
    """Return mean, variance and the variance of the mean; of a single deal, its own square."""
    mean = float(amounts.mean())
    variance = float(amounts.var(ddof=1)) if len(amounts) > 1 else mean**2
    return _Moments(mean, variance, variance / len(amounts))


def _mixed(own: _Moments, every: _Moments, weight: float) -> tuple[float, float, float]:
    """Return mean, variance of single deals, and variance of the mean, of a mixture."""
    rest = 1 - weight
    mean = weight * own.mean + rest * every.mean
    square = weight * (own.variance + own.mean**2) + rest * (every.variance + every.mean**2)
    doubt = weight**2 * own.of_mean + rest**2 * every.of_mean
    return mean, max(square - mean**2, 0.0), doubt
