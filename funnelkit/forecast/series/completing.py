"""The period that is not over: what it holds so far enters its forecast, and those after it."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit.forecast.series.cutting import History

FloatArray = NDArray[np.float64]
Partial = Literal["drop", "complete"]


def with_so_far(
    draws: FloatArray, expected: FloatArray, known: History, partial: Partial
) -> tuple[FloatArray, FloatArray]:
    """Return draws and means that allow for what the running period holds already.

    Parameters
    ----------
    draws, expected
        Of shapes ``(n, S, H)`` and ``(S, H)``, from whole periods alone.
    known
        What was known on the day.
    partial
        ``"drop"``: the running period is at least what it holds. ``"complete"``: it is what it
        holds, and the forecast for the working days that are left.

    Notes
    -----
    With s so far in a share g of the working days, of a period with mean m and variance v, and
    variance in proportion to time: the forecast alone says m for the whole, s / g does with the
    variance v (1 - g) / g, and the two weighted by their inverse variances are s + (1 - g) m, with
    the variance (1 - g) v. Periods after it move by the slope of their draws on its own, as in an
    ensemble Kalman filter.

    References
    ----------
    Evensen (2003), Ocean Dynamics 53, 343-367, section 4, for the update of draws by their
    covariances.
    """
    if not known.running:
        return draws, expected
    draws, expected = draws.copy(), expected.copy()
    so_far, gone = known.so_far, known.elapsed
    if partial == "complete":
        mean, first = expected[:, 0].copy(), draws[:, :, 0].copy()
        now = so_far + (1 - gone) * mean + np.sqrt(1 - gone) * (first - mean)
        slopes = _slopes(draws)
        draws[:, :, 1:] += slopes * (now - first)[:, :, None]
        expected[:, 1:] += slopes * (so_far - gone * mean)[:, None]
        draws[:, :, 0] = now
        expected[:, 0] = so_far + (1 - gone) * mean
    least = np.zeros(expected.shape)
    least[:, 0] = so_far
    held = np.maximum(draws, least)
    return held, np.maximum(expected + (held - draws).mean(axis=0), least)


def _slopes(draws: FloatArray) -> FloatArray:
    """Return the slopes of later periods on the first, none below 0, shape ``(S, H - 1)``."""
    centred = draws[:, :, 0] - draws[:, :, 0].mean(axis=0)
    variance = (centred**2).mean(axis=0)
    together = np.einsum("ns,nsh->sh", centred, draws[:, :, 1:]) / len(draws)
    safe = np.where(variance > 0, variance, 1.0)[:, None]
    return np.asarray(np.where(variance[:, None] > 0, np.maximum(together / safe, 0.0), 0.0))
