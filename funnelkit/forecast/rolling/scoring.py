"""Scores of forecasts given as draws, on plain arrays: one row for each forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core.scores import crps_samples
from funnelkit.forecast.result import Unit

FloatArray = NDArray[np.float64]
LEVELS = (0.5, 0.8, 0.9, 0.95)
"""Levels of the central intervals that are kept."""
SHARES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
"""Quantiles over which the pinball loss is averaged."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Scored:
    """What draws say of some numbers, and how far that was from what came.

    Shapes: ``(n,)``; ``low`` and ``high`` ``(n, n_levels)`` with the levels of :data:`LEVELS`.
    """

    median: FloatArray
    low: FloatArray
    high: FloatArray
    crps: FloatArray
    pinball: FloatArray
    pit_low: FloatArray
    pit_high: FloatArray


def scored(draws: ArrayLike, actual: ArrayLike, *, unit: Unit = "count") -> Scored:
    """Return the scores of draws.

    Parameters
    ----------
    draws
        Shape ``(n_draws, n)``.
    actual
        What came, shape ``(n,)``; NaN where it is not known yet, and then so are its scores.
    unit
        Quantiles of counts are whole numbers that were drawn, those of money are interpolated, as
        in :class:`~funnelkit.forecast.Forecast`.

    Notes
    -----
    ``pinball`` is the mean over the quantiles of :data:`SHARES`, doubled, so that with ever more
    of them, evenly spread, it becomes the CRPS. ``pit_low`` and ``pit_high`` are the shares of the
    draws below what came, and not above it: the ends between which the probability integral
    transform of a count is spread evenly.

    References
    ----------
    Gneiting and Raftery (2007), JASA 102, 359-378, eqs. 21 and 41 (CRPS, quantile score);
    Czado, Gneiting and Held (2009), Biometrics 65, 1254-1261, eq. 2 (PIT of counts).

    Examples
    --------
    >>> found = scored([[1.0], [3.0]], [2.0])
    >>> found.crps.tolist(), found.pit_low.tolist(), found.pit_high.tolist()
    ([0.5], [0.5], [0.5])
    """
    x, y = np.asarray(draws, float), np.asarray(actual, float)
    known = np.isfinite(y)
    tails = [(1 - level) / 2 for level in LEVELS]
    wanted = sorted({*tails, *(1 - tail for tail in tails), *SHARES})
    if unit == "count":
        found = np.quantile(x, wanted, axis=0, method="inverted_cdf")
    else:
        found = np.quantile(x, wanted, axis=0, method="linear")
    at = dict(zip(wanted, found, strict=True))
    losses = [pinball(at[share], y, share) for share in SHARES]

    def only_known(values: FloatArray) -> FloatArray:
        return np.where(known, values, np.nan)

    return Scored(
        median=at[0.5],
        low=np.stack([at[tail] for tail in tails], axis=-1),
        high=np.stack([at[1 - tail] for tail in tails], axis=-1),
        crps=only_known(crps_samples(x.T, np.where(known, y, 0.0))),
        pinball=only_known(2 * np.mean(losses, axis=0)),
        pit_low=only_known((x < y).mean(axis=0)),
        pit_high=only_known((x <= y).mean(axis=0)),
    )


def pinball(quantile: ArrayLike, actual: ArrayLike, share: float) -> FloatArray:
    """Return the loss of a quantile: ``share`` for each unit below what came, else ``1 - share``.

    References
    ----------
    Koenker and Bassett (1978), Econometrica 46, 33-50, eq. 2.1.

    Examples
    --------
    >>> pinball([8.0, 12.0], 10.0, 0.9).round(6).tolist()
    [1.8, 0.2]
    """
    gap = np.asarray(actual, float) - np.asarray(quantile, float)
    return np.asarray(np.maximum(share * gap, (share - 1) * gap))


def scale(history: ArrayLike, season: int) -> float:
    """Return the mean absolute error of the seasonal naive forecast within a history.

    Parameters
    ----------
    history
        What came in the periods before, the earliest first, shape ``(T,)``; NaN is left out.
    season
        Periods of a season; 1: the naive forecast.

    Returns
    -------
    float
        NaN where no two periods lie a season apart, or nothing ever changed.

    References
    ----------
    Hyndman and Koehler (2006), International Journal of Forecasting 22, 679-688, section 2.5.

    Examples
    --------
    >>> scale([1.0, 4.0, 2.0], 1), scale([1.0, 4.0, 2.0], 2)
    (2.5, 1.0)
    """
    x = np.asarray(history, float)
    gaps = np.abs(x[season:] - x[:-season])
    gaps = gaps[np.isfinite(gaps)]
    return float(gaps.mean()) if gaps.size and gaps.any() else float("nan")


def pit_shares(low: ArrayLike, high: ArrayLike, bins: int) -> FloatArray:
    """Return the share of the PIT in each of evenly wide bins; all are 1 / bins if calibrated.

    Parameters
    ----------
    low, high
        Shares of the draws below what came, and not above it, shape ``(n,)``.
    bins
        Number of bins.

    References
    ----------
    Czado, Gneiting and Held (2009), Biometrics 65, 1254-1261, eqs. 2 and 3.

    Examples
    --------
    A forecast that lies evenly between 0.25 and 0.75 of its draws:

    >>> pit_shares([0.25], [0.75], 4).tolist()
    [0.0, 0.5, 0.5, 0.0]
    """
    a, b = np.asarray(low, float)[:, None], np.asarray(high, float)[:, None]
    edges = np.linspace(0, 1, bins + 1)[None, :]
    wide = b > a
    inside = np.clip((edges - a) / np.where(wide, b - a, 1.0), 0.0, 1.0)
    point = ((edges > a) | (edges >= 1)).astype(float)
    reached = np.where(wide, inside, point)
    return np.asarray(np.diff(reached, axis=1).mean(axis=0))


def blocks(places: Sequence[int], length: int, *, n: int, rng: np.random.Generator) -> FloatArray:
    """Return how often each origin is in each bootstrap sample, shape ``(n, n_origins)``.

    Parameters
    ----------
    places
        Position in time of each origin, in order.
    length
        Origins in a row that share periods, which are kept together.
    n
        Samples.
    rng
        Source of chance.

    Notes
    -----
    Circular blocks: each sample is made of runs of ``length`` neighbouring origins that start
    anywhere, cut to the number of origins.

    References
    ----------
    Politis and Romano (1992), in LePage and Billard (eds), Exploring the Limits of Bootstrap,
    263-270.
    """
    size = len(places)
    runs = -(-size // length)
    starts = rng.integers(size, size=(n, runs))
    drawn = (starts[..., None] + np.arange(length)) % size
    drawn = drawn.reshape(n, -1)[:, :size]
    counted = np.zeros((n, size))
    np.add.at(counted, (np.arange(n)[:, None], drawn), 1.0)
    return counted
