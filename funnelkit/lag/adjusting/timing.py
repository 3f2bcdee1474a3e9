"""Draws of a fit's timing, for what is read off it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit.counts.triangle import Triangle
from funnelkit.lag.adjusting.cells import Cells, last_age
from funnelkit.lag.base import LagFit

FloatArray = NDArray[np.float64]
DRAWS = 48
"""Draws of the timing behind intervals."""
SEED = 20_170_614
_AT_ONCE = 8_000_000


def maturity_draws(fit: LagFit, ages: ArrayLike, n: int = DRAWS) -> Iterator[FloatArray]:
    """Yield joint draws of a fit's maturity, the same ones at every call.

    Parameters
    ----------
    fit
        Timing.
    ages
        Ages in days, at most the horizon.
    n
        Number of draws.

    Yields
    ------
    ndarray
        Maturity of each cell of the fit by age, shape ``(n_segments, n_cohorts, n_ages)``. Where
        a draw has no conversion at all, the maturity of the fit itself.
    """
    days = np.atleast_1d(np.asarray(ages, float))
    end = np.inf if fit.horizon is None else float(fit.horizon)
    size = len(fit.segments) * len(fit.cohorts) * (len(days) + 1)
    chunk = max(min(n, _AT_ONCE // max(size, 1)), 1)
    rng = np.random.default_rng(SEED)
    usual = fit.maturity(days)
    for begin in range(0, n, chunk):
        drawn = fit.sample(min(chunk, n - begin), rng=rng, ages=[*days, end])
        final = drawn[..., -1:]
        shares = drawn[..., :-1] / np.where(final > 0, final, 1.0)
        yield from np.clip(np.where(final > 0, shares, usual), 0.0, 1.0)


def mean_maturities(triangle: Triangle, fit: LagFit, cells: Cells, n: int = 200) -> FloatArray:
    """Return draws of the mean maturity of the leads of each cell, shape ``(n, S, C)``.

    Parameters
    ----------
    triangle, fit, cells
        Counts, timing, and where the first stand in the second.
    n
        Number of draws.
    """
    last = last_age(triangle, fit)
    followed = triangle.followed
    full = followed[..., last + 1 :].sum(axis=-1)
    leads = np.maximum(triangle.entered, 1)
    ages = np.flatnonzero(followed[..., : last + 1].any(axis=(0, 1)))
    if not len(ages):
        return np.broadcast_to(full / leads, (n, *full.shape))
    seen = followed[..., ages].astype(float)
    place = np.ix_(*cells)
    return np.stack(
        [
            (np.einsum("sca,sca->sc", seen, draw[place]) + full) / leads
            for draw in maturity_draws(fit, ages, n)
        ]
    )
