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
_CELLS_AT_ONCE = 4000


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
    usual = fit.maturity(days)
    # as many at once whatever the ages, so that a draw is the same draw at all of them
    chunk = int(np.clip(_CELLS_AT_ONCE // max(usual.shape[0] * usual.shape[1], 1), 4, DRAWS))
    for begin in range(0, n, chunk):
        rng = np.random.default_rng([SEED, begin])
        drawn = fit.sample(chunk, rng=rng, ages=[*days, end])[: n - begin]
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
