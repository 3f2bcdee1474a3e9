"""Records that are still to enter: how many, in which month, in which segment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit.forecast.ensemble import forecasting
from funnelkit.forecast.money.growing import growth

if TYPE_CHECKING:
    from funnelkit.model import FunnelModel

FloatArray = NDArray[np.float64]
_RECENT = 6
"""Months from which the shares of the segments among new records are told."""


def entering(
    model: FunnelModel, point: str, horizon: int, *, n: int, rng: np.random.Generator
) -> tuple[FloatArray, str]:
    """Return draws of the records that enter at a stage, and the method.

    Parameters
    ----------
    model
        The model; whole months of its arrivals are the history.
    point
        Stage of entry.
    horizon
        Months; the first may have begun, and then only the rest of it counts.
    n
        Number of draws.
    rng
        Generator.

    Returns
    -------
    tuple
        Numbers of shape ``(n, S, horizon)``, and what was done.

    Notes
    -----
    The sum over segments is forecast as one series, whose growth goes on as far as it has so far
    (:func:`~funnelkit.forecast.money.growing.growth`); segments take their shares of the last six
    months, with the doubt of that many records.
    """
    arrivals = model.arrivals
    counts = arrivals.of(point)
    whole = counts[:, :-1] if arrivals.running else counts
    if not whole.shape[1]:
        whole = counts  # a single month, not over yet, is all there is
    ahead = forecasting.ahead(
        whole.sum(axis=0, keepdims=True).astype(float),
        horizon=horizon,
        season=12,
        n_draws=n,
        rng=rng,
    )
    total = ahead.draws[:, 0] * growth(whole.sum(axis=0).astype(float), horizon)
    if arrivals.running:
        last = arrivals.months[-1]
        left = (last.end_time.date() - model.as_of).days / last.days_in_month
        total = np.concatenate([total[:, :1] * left, total[:, 1:]], axis=1)
    recent = whole[:, -_RECENT:].sum(axis=1).astype(float)
    shares = rng.gamma(np.tile(recent + 1e-3, (n, 1)))
    if recent.sum() == 0:
        shares = np.ones_like(shares)
    shares = shares / shares.sum(axis=1, keepdims=True)
    padded = np.zeros((n, len(model.segments), horizon))
    padded[:, : len(recent)] = shares[:, :, None] * total[:, None]
    return padded, ahead.methods[0]
