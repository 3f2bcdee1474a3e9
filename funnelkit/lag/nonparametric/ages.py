"""Ages as they are given, checked against how far a fit goes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core.errors import ArgumentError, EvidenceError

_LANDMARKS = (0, 1, 3, 7, 14, 30, 60, 90, 120, 150, 180, 270, 365, 540, 730, 1095, 1460, 1825)


def landmarks(horizon: int) -> list[int]:
    """Return ages in days that are worth a row of their own, the horizon last.

    Examples
    --------
    >>> landmarks(10)
    [0, 1, 3, 7, 10]
    """
    return [*(age for age in _LANDMARKS if age < horizon), horizon]


def whole_days(argument: str, ages: ArrayLike, *, horizon: int) -> NDArray[np.int64]:
    """Return ages as whole days, shape ``(n_ages,)``; parts of a day are dropped.

    Raises
    ------
    ArgumentError
        If an age is no finite number, or the ages are not in a row.
    EvidenceError
        If an age lies beyond the horizon.

    Examples
    --------
    >>> whole_days("ages", [0, 7.9], horizon=30).tolist()
    [0, 7]
    """
    try:
        given = np.atleast_1d(np.asarray(ages, float))
    except (TypeError, ValueError):
        given = np.array([np.nan])
    if given.ndim > 1 or not np.isfinite(given).all():
        raise ArgumentError(f"`{argument}` must be numbers of days in a row; got {ages!r}.")
    days = np.floor(given).astype(np.int64)
    if days.size and days.max() > horizon:
        raise EvidenceError(
            f"`{argument}` must be at most {horizon} days, the horizon of the fit: nothing is "
            f"known beyond it; got {days.max()}."
        )
    return np.asarray(days)
