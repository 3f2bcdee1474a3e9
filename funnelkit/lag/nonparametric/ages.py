"""Ages as they are given, checked against how far a fit goes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core.errors import ArgumentError, EvidenceError


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
