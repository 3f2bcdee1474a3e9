"""Power of a test of two rates by counting out every table that can come."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit._core.errors import ArgumentError

FloatArray = NDArray[np.float64]
Tables = NDArray[np.bool_]
Test = Literal["exact", "boschloo", "score", "fisher"]
TESTS: tuple[Test, ...] = ("exact", "boschloo", "score", "fisher")
LARGEST = 400
"""No arm larger than this is counted out: closed forms are as good by then, and quick."""
_PER_SPREAD = 4.0
"""Points of the grid of the open rate in each standard deviation of a rate."""
_SLACK = 1e-9


def counted_power(
    test: Test, control: float, treatment: float, n: tuple[int, int], tail: float
) -> float:
    """Return the chance that a test rejects on the side of the effect.

    Parameters
    ----------
    test
        ``"exact"`` (unconditional, by the score statistic), ``"boschloo"`` (by the p-value of
        Fisher's test), ``"score"`` with the N / (N - 1) variance, or ``"fisher"``; each one-sided
        at ``tail``.
    control, treatment
        Rates.
    n
        Units of both arms.
    tail
        Level on that side.
    """
    if max(n) > LARGEST:
        raise ArgumentError(
            f'`method` "exact" counts out every table, for at most {LARGEST} in an arm; got '
            f'{max(n)}. Take method="score", which is as good at this size.'
        )
    if treatment < control:  # counted from the other side: those who did not convert
        control, treatment = 1 - control, 1 - treatment
    found = _region(test, n, tail)
    return float(_chances(n[0], control) @ found @ _chances(n[1], treatment))


def counted_size(
    test: Test,
    control: float,
    treatment: float,
    *,
    ratio: float,
    power: float,
    tail: float,
    about: float,
) -> tuple[int, int, int]:
    """Return the units of control and treatment from which on power holds, and the first that did.

    Power does not rise evenly with size but in saw teeth, as tables are whole numbers: a size may
    reach what the next one misses. The answer is the smallest size with no miss above it, as far
    as looked: a tenth more and at least 20 units further.

    Parameters
    ----------
    test, control, treatment, tail
        As in :func:`counted_power`.
    ratio
        Units of treatment for one of control.
    power
        To be reached.
    about
        Units of control that a closed form asks for: looking starts at three quarters.
    """
    first, held, n = 0, 0, max(2, int(0.75 * about) - 10)
    while not held or n - held < max(20, held // 10):
        if n > LARGEST or other(n, ratio) > LARGEST:
            raise ArgumentError(
                f'`method` "exact" counts out every table, for at most {LARGEST} in an arm; this '
                'effect needs more. Take method="score", which is as good at this size.'
            )
        arms = (n, other(n, ratio))
        reached = counted_power(test, control, treatment, arms, tail) >= power - _SLACK
        first = first or (n if reached else 0)
        held = (held or n) if reached else 0
        n += 1
    return held, other(held, ratio), first


def other(n: int, ratio: float) -> int:
    """Return the units of treatment for so many of control."""
    return max(int(np.ceil(ratio * n - 1e-9)), 1)


@lru_cache(maxsize=32)
def _region(test: Test, n: tuple[int, int], tail: float) -> Tables:
    """Return the tables that a test rejects: treatment above control."""
    if test == "score":
        found = np.asarray(_statistic(n) > -special.ndtri(tail))
    elif test == "fisher":
        found = np.asarray(_fisher(n) < tail)
    elif test == "boschloo":
        found = _unconditional(-_fisher(n), n, tail)
    else:
        found = _unconditional(np.where(_statistic(n) > 0, _statistic(n), -np.inf), n, tail)
    found.flags.writeable = False
    return found


def _chances(n: int, rate: float | FloatArray) -> FloatArray:
    """Return the chance of 0 to n conversions, along the last axis."""
    x = np.arange(n + 1)
    ways = special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1)
    return np.asarray(np.exp(ways + special.xlogy(x, rate) + special.xlog1py(n - x, -rate)))


def _statistic(n: tuple[int, int]) -> FloatArray:
    """Return the score statistic of every table, treatment above control."""
    n0, n1 = n
    x0, x1 = np.arange(n0 + 1)[:, None], np.arange(n1 + 1)[None, :]
    mean = (x0 + x1) / (n0 + n1)
    variance = mean * (1 - mean) * (1 / n0 + 1 / n1) * (n0 + n1) / (n0 + n1 - 1)
    gap = x1 / n1 - x0 / n0
    return np.where(variance > 0, gap / np.sqrt(np.where(variance > 0, variance, 1.0)), 0.0)


def _unconditional(statistic: FloatArray, n: tuple[int, int], tail: float) -> Tables:
    """Return the tables at least as far out as the last one whose tail fits, at any common rate.

    The statistic grows with the conversions of treatment, so that for each number of control the
    tables in question are those from some number of treatment on.
    """
    statistic = np.round(statistic, 10)
    points = math.ceil(math.pi * math.sqrt(max(n)) * _PER_SPREAD) + 8
    rates = np.sin(np.linspace(0.0, math.pi / 2, points)[1:-1])[:, None] ** 2
    control, treatment = _chances(n[0], rates), _chances(n[1], rates)
    upper = np.zeros((len(rates), n[1] + 2))
    upper[:, :-1] = np.cumsum(treatment[:, ::-1], axis=1)[:, ::-1]

    def fits(least: float) -> bool:
        first = (statistic < least).sum(axis=1)
        return bool((control * upper[:, first]).sum(axis=1).max() < tail)

    kinds = np.unique(statistic[np.isfinite(statistic)])
    low, high = -1, len(kinds)  # kinds from high on fit, that at low does not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(float(kinds[middle])) else (middle, high)
    return np.asarray(statistic >= (kinds[high] if high < len(kinds) else np.inf))


def _fisher(n: tuple[int, int]) -> FloatArray:
    """Return the conditional tail of every table given all conversions, treatment above control."""
    n0, n1 = n
    found = np.ones((n0 + 1, n1 + 1))
    ways0, ways1 = _ways(n0), _ways(n1)
    for total in range(n0 + n1 + 1):
        x1 = np.arange(max(0, total - n0), min(n1, total) + 1)
        weight = np.exp(ways0[total - x1] + ways1[x1] - _ways_of(n0 + n1, total))
        found[total - x1, x1] = np.cumsum(weight[::-1])[::-1]
    return found


def _ways(n: int) -> FloatArray:
    return _ways_of(n, np.arange(n + 1))


def _ways_of(n: int, x: int | NDArray[np.int64]) -> FloatArray:
    ways = special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - np.asarray(x) + 1)
    return np.asarray(ways)
