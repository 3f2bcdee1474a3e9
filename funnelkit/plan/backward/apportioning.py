"""Whole leads, and the fewest of them that are sure enough."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit._core.errors import ArgumentError

FloatArray = NDArray[np.float64]
_MOST = 10**12


def apportioned(total: int, shape: FloatArray) -> FloatArray:
    """Return whole numbers in the proportions of a shape, whose sum is the total exactly.

    Parameters
    ----------
    total
        Whole number of at least 0.
    shape
        Numbers of at least 0, of any shape.

    Returns
    -------
    ndarray
        Each number rounded down, and one more where most was cut off (the method of the largest
        remainder; of equal ones, the earlier).

    Examples
    --------
    >>> apportioned(10, np.array([[1.0, 1.0, 1.0], [0.0, 2.0, 1.0]])).tolist()
    [[2.0, 2.0, 2.0], [0.0, 3.0, 1.0]]
    """
    whole = float(shape.sum())
    if total <= 0 or whole <= 0:
        return np.zeros(shape.shape)
    exact = shape / whole * total
    found = np.floor(exact + 1e-9)
    rest = np.where(shape > 0, exact - found, -1.0).ravel()
    missing = round(total - float(found.sum()))
    order = np.argsort(-np.round(rest, 9), kind="stable")
    flat = found.ravel()
    flat[order[: max(missing, 0)]] += 1
    return np.asarray(flat.reshape(shape.shape))


def fewest(chance: Callable[[int], float], wanted: float, *, about: float) -> int:
    """Return the smallest whole number from which on a chance is as high as wanted.

    Parameters
    ----------
    chance
        Of each whole number, not falling but for rounding.
    wanted
        Chance, from 0 to 1.
    about
        Where to begin to look.

    Raises
    ------
    ArgumentError
        If no number is high enough.

    Examples
    --------
    >>> fewest(lambda n: 1 - 0.5**n, 0.9, about=1)
    4
    """
    if chance(0) >= wanted:
        return 0
    low, high, at_low = 0, max(int(about), 1), -np.inf
    at_high = _score(chance(high), wanted)
    while at_high < 0:
        low, at_low = high, at_high
        high *= 2
        if high > _MOST:
            raise ArgumentError(
                f"No number of leads makes the chance {wanted:g}: with {low:,} leads it is "
                f"{chance(low):.3g}."
            )
        at_high = _score(chance(high), wanted)
    halve = False
    while high - low > 1:
        middle = (low + high) // 2
        if not halve and np.isfinite(at_low) and np.isfinite(at_high) and at_high > at_low:
            # on the scale of normal quantiles, chances of totals are almost straight
            guess = low - at_low * (high - low) / (at_high - at_low)
            margin = max(round(0.02 * (high - low)), 1) if high - low > 8 else 0
            middle = int(np.clip(round(guess), low + 1 + margin, high - 1 - margin))
        score = _score(chance(middle), wanted)
        before = high - low
        if score >= 0:
            high, at_high = middle, score
        else:
            low, at_low = middle, score
        halve = high - low > 0.5 * before
    return high


def _score(chance: float, wanted: float) -> float:
    """Return how far a chance is from what is wanted, on the scale of normal quantiles."""
    if chance >= wanted:
        return max(float(special.ndtri(chance) - special.ndtri(wanted)), 0.0)
    return min(float(special.ndtri(max(chance, 0.0)) - special.ndtri(wanted)), -1e-300)
