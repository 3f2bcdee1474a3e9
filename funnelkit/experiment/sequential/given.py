"""Numbers given to a plan of looks, checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core.errors import ArgumentError

FloatArray = NDArray[np.float64]
MOST_LOOKS = 500
"""More are not integrated over."""
_LEAST_STEP = 1e-4


def rising(argument: str, given: Sequence[float] | ArrayLike) -> FloatArray:
    """Return information that rises from look to look.

    Raises
    ------
    ArgumentError
        If it does not, or hardly.
    """
    try:
        values = np.atleast_1d(np.asarray(given, float))
    except (TypeError, ValueError):
        raise ArgumentError(f"`{argument}` must hold one number for each look.") from None
    if values.ndim != 1 or not len(values):
        raise ArgumentError(f"`{argument}` must hold one number for each look; got none.")
    if len(values) > MOST_LOOKS:
        raise ArgumentError(f"`{argument}`: at most {MOST_LOOKS} looks; got {len(values):,}.")
    if not np.isfinite(values).all() or values[0] <= 0:
        raise ArgumentError(f"`{argument}` must hold numbers above 0; got {values.tolist()[:5]}.")
    steps = np.diff(values)
    if (steps <= _LEAST_STEP * values[1:]).any():
        k = int(np.flatnonzero(steps <= _LEAST_STEP * values[1:])[0])
        raise ArgumentError(
            f"`{argument}` must rise from look to look, by a ten-thousandth at least; looks "
            f"{k + 1} and {k + 2} have {values[k]:g} and {values[k + 1]:g}. Leave out a look that "
            "brings nothing new."
        )
    return values


def share(argument: str, value: Any, *, most: float = 1.0) -> float:
    """Return a probability strictly between 0 and a limit.

    Raises
    ------
    ArgumentError
        For anything else; a percentage gets the share it probably meant.
    """
    known = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if known and 0 < value < most:
        return float(value)
    hint = f" Did you mean {value / 100:g}?" if known and 1 <= value < 100 * most else ""
    raise ArgumentError(f"`{argument}` must be between 0 and {most:g}; got {value!r}.{hint}")


def number(argument: str, value: Any, *, least: float = -math.inf) -> float:
    """Return a finite number above a limit.

    Raises
    ------
    ArgumentError
        For anything else.
    """
    if (
        isinstance(value, (int, float, np.number))
        and not isinstance(value, bool)
        and math.isfinite(value)
        and value > least
    ):
        return float(value)
    above = "" if least == -math.inf else f" above {least:g}"
    raise ArgumentError(f"`{argument}` must be a number{above}; got {value!r}.")
