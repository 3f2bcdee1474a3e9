"""How far two figures differ, and whether chance alone could have made the difference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from funnelkit._core.interval import count_interval, count_ratio_interval, share_interval

Direction = Literal["up", "down", "unclear"]
Kind = Literal["ratio", "points"]


class Estimate(NamedTuple):
    """A figure and its interval."""

    value: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether there is a figure at all."""
        return math.isfinite(self.value)


UNKNOWN = Estimate(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Change:
    """A change with its interval, on the scale of ``kind``.

    Parameters
    ----------
    value, low, high
        ``"ratio"``: the relative change (-0.41 for a fall of 41 %); ``"points"``: the difference
        of two shares.
    """

    value: float
    low: float
    high: float
    kind: Kind

    @property
    def direction(self) -> Direction:
        """Up or down where the interval is clear of zero, else unclear."""
        if self.low > 0:
            return "up"
        return "down" if self.high < 0 else "unclear"

    @property
    def clear(self) -> bool:
        """Whether the interval is clear of zero."""
        return self.direction != "unclear"


def counted(number: float, *, confidence_level: float) -> Estimate:
    """Return a count with its exact Poisson interval."""
    low, high = count_interval(number, confidence_level=confidence_level)
    return Estimate(float(number), float(low), float(high))


def share(converted: float, entered: float, *, confidence_level: float) -> Estimate:
    """Return a share with its Wilson interval; unknown where nobody entered."""
    if entered <= 0:
        return UNKNOWN
    low, high = share_interval(converted, entered, confidence_level=confidence_level)
    return Estimate(converted / entered, float(low), float(high))


def count_change(before: float, now: float, *, confidence_level: float) -> Change:
    """Return the relative change of a count, with the exact interval of two Poisson counts.

    Examples
    --------
    >>> change = count_change(207, 122, confidence_level=0.95)
    >>> change.direction, round(change.value, 2)
    ('down', -0.41)
    >>> count_change(0, 0, confidence_level=0.95).direction
    'unclear'
    """
    if before == now == 0:
        return Change(0.0, -1.0, math.inf, "ratio")
    low, high = count_ratio_interval(now, before, confidence_level=confidence_level)
    value = now / before - 1 if before else math.inf
    return Change(value, float(low) - 1, float(high) - 1, "ratio")


def share_change(before: Estimate, now: Estimate) -> Change | None:
    """Return the difference of two independent shares, from their own intervals.

    Square-and-add: with Wilson intervals this is Newcombe's method 10; with any other interval
    it is the same idea. ``None`` where either share is unknown.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890, method 10; Zou and Donner (2008),
    Statistics in Medicine 27, 1693-1702, equation 8.

    Examples
    --------
    Newcombe (1998), table II, column (a), 56/70 less 48/80:

    >>> a, b = share(48, 80, confidence_level=0.95), share(56, 70, confidence_level=0.95)
    >>> change = share_change(a, b)
    >>> round(change.low, 4), round(change.high, 4)
    (0.0524, 0.3339)
    """
    if not (before.known and now.known):
        return None
    value = now.value - before.value
    down = math.hypot(now.value - now.low, before.high - before.value)
    up = math.hypot(now.high - now.value, before.value - before.low)
    return Change(value, value - down, value + up, "points")
