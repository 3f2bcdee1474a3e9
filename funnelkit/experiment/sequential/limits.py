"""Boundaries for errors that are spent look by look, and the chances to stop at them.

All of it is in terms of an upper boundary; a two-sided test has its mirror image below. Paths go on
within the boundaries; futility is non-binding: it plays no part where errors of the first kind are
counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit.experiment.sequential.walk import Region, Running, start

FloatArray = NDArray[np.float64]
LEAST = 1e-60
"""A smaller error is not spent at all."""
_WIDEST = 30.0


class Stopping(NamedTuple):
    """Chances to stop at each look.

    Parameters
    ----------
    upper, lower
        At or above the upper boundary, and at or below the lower one, shape ``(n_looks,)``.
    futility
        Within the boundary for futility, where that is obeyed.
    """

    upper: FloatArray
    lower: FloatArray
    futility: FloatArray


def region(upper: float, *, two_sided: bool, futility: float = math.nan) -> Region:
    """Return the values of z at which the experiment goes on."""
    bottom = -upper if two_sided else -math.inf
    if math.isnan(futility):
        return [(bottom, upper)]
    if two_sided:
        return [(bottom, -futility), (futility, upper)] if futility > 0 else [(bottom, upper)]
    return [(futility, upper)]


def _increments(information: FloatArray) -> FloatArray:
    """Return for each look the increment after it; its own for the last."""
    steps = np.diff(information, prepend=0.0)
    return np.append(steps[1:], steps[-1])


def efficacy(information: FloatArray, spent: FloatArray, *, two_sided: bool) -> FloatArray:
    """Return the upper boundaries that spend an error of one side, look by look.

    Parameters
    ----------
    information
        At each look, 1 in full, shape ``(n_looks,)``.
    spent
        Error of one side that is spent by each look.
    two_sided
        Whether paths end at the mirror image too.
    """
    following = _increments(information)
    now, found = start(), np.full(len(information), math.inf)
    parts = np.diff(spent, prepend=0.0)
    for k, (at, part) in enumerate(zip(information, parts, strict=True)):
        found[k] = boundary(now, float(at), float(part))
        if k + 1 < len(information):
            now = now.then(
                float(at), region(found[k], two_sided=two_sided), following=float(following[k])
            )
    return found


def boundary(now: Running, information: float, part: float) -> float:
    """Return the z above which the running paths have a probability at the next look."""
    if part <= LEAST:
        return math.inf

    def apart(z: float) -> float:
        return math.log(max(now.above(information, z), 1e-300)) - math.log(part)

    return root(apart, 2.0)


def below(now: Running, information: float, part: float, drift: float, *, wedge: bool) -> float:
    """Return the z below which (about 0: between whose two signs) paths have a probability."""
    if part <= LEAST:
        return math.nan

    def apart(z: float) -> float:
        return math.log(part) - math.log(
            max(inner(now, information, z, drift, wedge=wedge), 1e-300)
        )

    if wedge and apart(1e-9) < 0:
        return math.nan
    return root(apart, drift * math.sqrt(information) - 2.0, low=0.0 if wedge else -_WIDEST)


def inner(now: Running, information: float, z: float, drift: float, *, wedge: bool) -> float:
    """Return the probability to be running yet, and to stop for futility at the next look."""
    found = now.below(information, z, drift)
    return found - now.below(information, -z, drift) if wedge else found


def futile(
    information: FloatArray,
    upper: FloatArray,
    spent: FloatArray,
    drift: float,
    *,
    two_sided: bool,
) -> tuple[FloatArray, float]:
    """Return boundaries for futility that spend an error of the second kind, and what is missed.

    Parameters
    ----------
    information, upper
        Of each look.
    spent
        Error of the second kind by each look; at the last look all that does not cross counts.
    drift
        Expected z at full information, at which the error is counted.
    two_sided
        Whether to stop between two signs.

    Returns
    -------
    tuple
        z by look, NaN where there is none, the boundary itself at the last; and the error of the
        second kind in all.
    """
    following = _increments(information)
    now, found, total = start(), np.full(len(information), math.nan), 0.0
    for k, at in enumerate(information):
        if k + 1 == len(information):
            found[k] = upper[k]
            total += inner(now, float(at), float(upper[k]), drift, wedge=two_sided)
            break
        part = float(spent[k]) - total
        z = min(below(now, float(at), part, drift, wedge=two_sided), float(upper[k]))
        if not math.isnan(z):
            found[k] = z
            total += inner(now, float(at), z, drift, wedge=two_sided)
        now = now.then(
            float(at),
            region(float(upper[k]), two_sided=two_sided, futility=z),
            drift,
            following=float(following[k]),
        )
    return found, total


def crossing(
    information: FloatArray,
    upper: FloatArray,
    drift: float,
    *,
    two_sided: bool,
    futility: FloatArray | None = None,
) -> Stopping:
    """Return the chances to stop at each look under a drift."""
    parts = np.zeros((3, len(information)))
    for k, (now, at) in enumerate(
        running(information, upper, drift, two_sided=two_sided, futility=futility)
    ):
        parts[0, k] = now.above(at, float(upper[k]), drift)
        parts[1, k] = now.below(at, -float(upper[k]), drift) if two_sided else 0.0
        stop = math.nan if futility is None else float(futility[k])
        if not math.isnan(stop) and (stop > 0 or not two_sided):
            parts[2, k] = inner(now, at, stop, drift, wedge=two_sided)
    return Stopping(*parts)


def running(
    information: FloatArray,
    upper: FloatArray,
    drift: float,
    *,
    two_sided: bool,
    futility: FloatArray | None = None,
) -> Iterator[tuple[Running, float]]:
    """Iterate over the paths that are running before each look, and its information."""
    following = _increments(information)
    now = start()
    for k, at in enumerate(information):
        yield now, float(at)
        if k + 1 < len(information):
            stop = math.nan if futility is None else float(futility[k])
            on = region(float(upper[k]), two_sided=two_sided, futility=stop)
            now = now.then(float(at), on, drift, following=float(following[k]))


def constant(information: FloatArray, shape: float, alpha: float, *, two_sided: bool) -> float:
    """Return the constant c of boundaries c (I / I_last)^(shape - 1/2) for an error of one side.

    Shape 1/2 is Pocock's, 0 that of O'Brien and Fleming (Wang and Tsiatis 1987).
    """
    rise = (information / information[-1]) ** (shape - 0.5)

    def apart(c: float) -> float:
        return (
            float(np.sum(crossing(information, c * rise, 0.0, two_sided=two_sided).upper)) - alpha
        )

    return root(apart, -float(special.ndtri(alpha)) + 0.3, low=0.0)


def root(
    apart: Callable[[float], float], guess: float, *, low: float = -_WIDEST, high: float = _WIDEST
) -> float:
    """Return where a falling function is 0, searched from a guess outwards; an end if nowhere."""
    from scipy import optimize

    left, right, reach = max(guess - 0.5, low), min(guess + 0.5, high), 0.5
    while apart(left) < 0:
        if left <= low:
            return low
        right, reach = left, 2 * reach
        left = max(left - reach, low)
    while apart(right) > 0:
        if right >= high:
            return math.inf
        left, reach = right, 2 * reach
        right = min(right + reach, high)
    return float(optimize.brentq(apart, left, right, xtol=1e-10, rtol=1e-12))
