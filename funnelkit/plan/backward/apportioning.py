"""Whole leads, and the fewest of them that are sure enough."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

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


def fewest(
    chance: Callable[[int], float],
    wanted: float,
    *,
    about: float,
    known: Mapping[int, float] | None = None,
) -> int:
    """Return the smallest whole number from which on a chance is as high as wanted.

    Parameters
    ----------
    chance
        Of each whole number, not falling but for rounding.
    wanted
        Chance, from 0 to 1.
    about
        Where to begin to look.
    known
        Chances of some numbers that are known already.

    Raises
    ------
    ArgumentError
        If no number is high enough.

    Notes
    -----
    On the scale of normal quantiles, the chance of a total is almost straight in the square root
    of the leads: secants between the numbers nearest to the one that is sought, and bisection
    where these take too long.

    Examples
    --------
    >>> fewest(lambda n: 1 - 0.5**n, 0.9, about=1)
    4
    """
    scores = {n: _score(one, wanted) for n, one in (known or {}).items()}

    def score(n: int) -> float:
        if n not in scores:
            scores[n] = _score(chance(n), wanted)
        return scores[n]

    if score(0) >= 0:
        return 0
    start = max(int(about), 1)
    if not any(one >= 0 for one in scores.values()):
        while score(start) < 0:
            if start > _MOST:
                raise ArgumentError(
                    f"No number of leads makes the chance {wanted:g}: with {start:,} leads it is "
                    f"{chance(start):.3g}."
                )
            start *= 2
    for tries in itertools.count():
        low = max(n for n, one in scores.items() if one < 0)
        high = min((n for n, one in scores.items() if one >= 0 and n > low), default=low)
        if high == low:  # rounding: a larger number is less sure
            score(2 * low)
            continue
        if high - low == 1:
            return high
        score(_between(low, high, scores, halve=tries % 4 == 3 or tries > 20))
    return high


def _between(low: int, high: int, scores: Mapping[int, float], *, halve: bool) -> int:
    """Return the next number to look at."""
    near = sorted(
        (n for n, one in scores.items() if np.isfinite(one)), key=lambda n: abs(scores[n])
    )
    if halve or len(near) < 2 or scores[near[0]] == scores[near[1]]:
        return (low + high) // 2
    (a, b), (x, y) = (scores[n] for n in near[:2]), (np.sqrt(n) for n in near[:2])
    guess = x - a * (y - x) / (b - a)
    return int(np.clip(np.ceil(max(guess, 0.0) ** 2), low + 1, high - 1))


def _score(chance: float, wanted: float) -> float:
    """Return how far a chance is from what is wanted, on the scale of normal quantiles."""
    if chance >= wanted:
        return max(float(special.ndtri(chance) - special.ndtri(wanted)), 0.0)
    return min(float(special.ndtri(max(chance, 0.0)) - special.ndtri(wanted)), -1e-300)
