"""Plain numbers as metrics take them: counts and amounts, one or a row of them, checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core.errors import ArgumentError
from funnelkit._core.measure import single

FloatArray = NDArray[np.float64]


def counts(argument: str, given: ArrayLike) -> FloatArray:
    """Return counts, shape ``(1, n)``.

    Raises
    ------
    ArgumentError
        For anything but whole numbers from 0 on.

    Examples
    --------
    >>> counts("won", 191).tolist()
    [[191.0]]
    """
    found = numbers(argument, given)
    if (found < 0).any() or (found % 1 != 0).any():
        raise ArgumentError(f"`{argument}` must be a count of at least 0; got {given!r}.")
    return found


def numbers(argument: str, given: ArrayLike, *, negative: bool = True) -> FloatArray:
    """Return finite numbers, shape ``(1, n)``.

    Raises
    ------
    ArgumentError
        For anything else, and for numbers below 0 where they cannot be.
    """
    try:
        flat = np.asarray(given)
        found = single(flat) if flat.ndim < 2 and flat.dtype.kind in "iufO" else None
    except (TypeError, ValueError):
        found = None
    if found is None or not found.size or not np.isfinite(found).all():
        raise ArgumentError(f"`{argument}` must be a number, or a row of numbers; got {given!r}.")
    if not negative and (found < 0).any():
        raise ArgumentError(f"`{argument}` must not be negative; got {given!r}.")
    return found


def alike(**given: FloatArray) -> tuple[int, ...]:
    """Return the length of rows of numbers that must be of one length.

    Raises
    ------
    ArgumentError
        If they are not.
    """
    sizes = {name: values.shape[1] for name, values in given.items()}
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"`{name}` {size}" for name, size in sizes.items())
        raise ArgumentError(f"rows of numbers must be of one length; got {told}.")
    return (1, next(iter(sizes.values())))


def labels(periods: Sequence[str] | None, n: int) -> tuple[str, ...] | None:
    """Return names for a row of numbers: those given, or 1, 2 …; none for a single number.

    Raises
    ------
    ArgumentError
        If there are more or fewer names than numbers.
    """
    if periods is None:
        return None if n == 1 else tuple(str(number) for number in range(1, n + 1))
    names = (periods,) if isinstance(periods, str) else tuple(str(name) for name in periods)
    if len(names) != n:
        raise ArgumentError(f"`periods` must name {n}, one for each number; got {len(names)}.")
    return names
