"""Run lengths by integral equations, for normal scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

FloatArray = NDArray[np.float64]
Alternative = Literal["two-sided", "less", "greater"]
Spread = Literal["exact", "asymptotic"]
_FAR = 9.0
"""Standard deviations at which a side without a limit ends."""
_SETTLED = 1e-7
_POINTS = 7
_SLICES = np.concatenate([[0.0], np.geomspace(1e-4, 0.1, 6), np.linspace(0.25, 1.0, 6)])
"""Cumulative probabilities between which a deviation is taken as one: thin where it is small."""


def beyond(limit: float, shift: float, alternative: Alternative) -> float:
    """Return the chance that one score lies beyond the limit."""
    upper, lower = float(special.ndtr(shift - limit)), float(special.ndtr(-limit - shift))
    chance = {"two-sided": upper + lower, "greater": upper, "less": lower}[alternative]
    return max(chance, 1e-300)


def ewma_length(
    limit: float, shift: float, weight: float, alternative: Alternative, spread: Spread
) -> float:
    """Return the mean run length of an EWMA that starts at the centre.

    Notes
    -----
    A(u) = 1 + ∫ A(y) f((y - (1 - w) u) / w) / w dy over the y that do not signal. With the exact
    standard deviation the limits of the first periods differ: the density of those that run is
    carried forward until they have settled.

    References
    ----------
    Crowder (1987), Technometrics 29, 401-407.
    """
    chart = _Ewma.of(limit, shift, weight, alternative)
    y, mass = chart.at(chart.settled)
    moves = chart.moves(y, y).T * mass
    lengths = np.linalg.solve(np.eye(len(y)) - moves, np.ones(len(y)))
    total, still = 1.0, 1.0
    for t, (x, part) in enumerate(chart.running(spread), start=1):
        if spread == "asymptotic" or (1 - weight) ** (2 * t) < _SETTLED:
            # those at x run on for A(x) = 1 + ∫ A(y) f(y | x) dy
            return float(total + part @ (1 + chart.moves(y, x).T @ (mass * lengths)))
        still = float(part.sum())
        total += still
        if still < _SETTLED:
            break
    return total


def ewma_running(
    limit: float,
    shift: float,
    weight: float,
    alternative: Alternative,
    spread: Spread,
    *,
    periods: int,
) -> FloatArray:
    """Return the chance that an EWMA has not signalled after each period, shape ``(periods,)``."""
    steps = _Ewma.of(limit, shift, weight, alternative).running(spread)
    return np.array(
        [float(part.sum()) for _, (_, part) in zip(range(periods), steps, strict=False)]
    )


@dataclass(frozen=True)
class _Ewma:
    """An EWMA that signals above a limit, or outside of two."""

    low: float
    limit: float
    shift: float
    weight: float
    number: int

    @classmethod
    def of(cls, limit: float, shift: float, weight: float, alternative: Alternative) -> _Ewma:
        """Return the chart; one that looks downwards is turned over."""
        moved = -shift if alternative == "less" else shift
        settled = np.sqrt(weight / (2 - weight))
        low = -limit if alternative == "two-sided" else -max(limit, _FAR) - abs(shift) / settled
        number = int(np.clip(30 + 5 * (limit - low) * settled / weight, 40, 400))
        return cls(float(low), limit, moved, weight, number)

    @property
    def settled(self) -> float:
        """Standard deviation that the mean comes to."""
        return float(np.sqrt(self.weight / (2 - self.weight)))

    def at(self, spread: float) -> tuple[FloatArray, FloatArray]:
        """Return places between the limits, and the mass of each, at a standard deviation."""
        nodes, masses = _nodes(self.number)
        left, right = self.low * spread, self.limit * spread
        return (left + right) / 2 + (right - left) / 2 * nodes, (right - left) / 2 * masses

    def moves(self, y: FloatArray, u: FloatArray) -> FloatArray:
        """Return the density of moving to y (rows) from u (columns)."""
        w = self.weight
        return _density((y[:, None] - (1 - w) * u) / w - self.shift) / w

    def running(self, spread: Spread) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Yield after each period the places of those that run, and the chance of each."""
        x, part = np.zeros(1), np.ones(1)
        t = 0
        while True:
            t += 1
            share = 1.0 if spread == "asymptotic" else 1 - (1 - self.weight) ** (2 * t)
            y, mass = self.at(self.settled * float(np.sqrt(share)))
            x, part = y, mass * (self.moves(y, x) @ part)
            yield x, part


def cusum_length(limit: float, shift: float, step: float, alternative: Alternative) -> float:
    """Return the mean run length of a CUSUM that starts at 0.

    Notes
    -----
    A(u) = 1 + A(0) F(k - u) + ∫ A(y) f(y + k - u) dy over 0 to h, on each side; 1/A = 1/A⁺ + 1/A⁻.

    References
    ----------
    Page (1954), Biometrika 41, 100-115; Kemp (1961), JRSS B 23, 149-153.
    """
    if alternative == "two-sided":
        sides = [cusum_length(limit, shift, step, side) for side in ("greater", "less")]
        return 1 / (1 / sides[0] + 1 / sides[1])
    kernel = _cusum_moves(limit, -shift if alternative == "less" else shift, step)
    return float(np.linalg.solve(np.eye(len(kernel)) - kernel, np.ones(len(kernel)))[0])


def cusum_running(
    limit: float, shift: float, step: float, alternative: Alternative, periods: int
) -> FloatArray:
    """Return the chance that a CUSUM has not signalled after each period, shape ``(periods,)``.

    The two sides are taken to signal independently of each other, which they very nearly do.
    """
    if alternative == "two-sided":
        up, down = (
            cusum_running(limit, shift, step, side, periods) for side in ("greater", "less")
        )
        return up * down
    kernel = _cusum_moves(limit, -shift if alternative == "less" else shift, step)
    still = np.ones(len(kernel))
    found = []
    for _ in range(periods):
        still = kernel @ still
        found.append(float(still[0]))
    return np.array(found)


def _cusum_moves(limit: float, shift: float, step: float) -> FloatArray:
    """Return the chance of moving from 0 and places up to the limit (rows) to them (columns)."""
    number = int(np.clip(30 + 4 * limit, 40, 400))
    nodes, masses = _nodes(number)
    y, mass = limit / 2 * (1 + nodes), limit / 2 * masses
    u = np.concatenate([[0.0], y])
    kernel = np.empty((number + 1, number + 1))
    kernel[:, 0] = special.ndtr(step - u - shift)
    kernel[:, 1:] = _density(y + step - u[:, None] - shift) * mass
    return kernel


def errors(shared: float) -> Iterator[tuple[float, float]]:
    """Yield errors of the centre, in standard deviations of a score, each with its probability."""
    if shared == 0:
        yield 0.0, 1.0
        return
    at, mass = np.polynomial.hermite_e.hermegauss(_POINTS)
    yield from zip((at * np.sqrt(shared)).tolist(), (mass / mass.sum()).tolist(), strict=True)


def scales(freedom: float) -> tuple[tuple[float, float], ...]:
    """Return estimated over true standard deviations, each with its probability."""
    if not freedom < 1e4:
        return ((1.0, 1.0),)
    shape = freedom / 2
    cuts = stats.gamma.ppf(_SLICES, shape)
    mass = np.diff(_SLICES)
    at = shape * np.diff(stats.gamma.cdf(cuts, shape + 1)) / mass
    return tuple(zip(np.sqrt(2 * at / freedom).tolist(), mass.tolist(), strict=True))


def scales_above(found: float, freedom: float) -> tuple[tuple[float, float], ...]:
    """Return used over true standard deviations, of a ratio that is known to be at least 1.

    Parameters
    ----------
    found
        Estimate of the ratio; used is the larger of it and 1.
    freedom
        Its degrees of freedom.

    Notes
    -----
    The truth is as likely as its likelihood, flat in the log from 1 on: with a large estimate, as
    in :func:`scales`.
    """
    if not freedom < 1e4:
        return ((1.0, 1.0),)
    logs = np.linspace(0.0, np.log(40.0 * max(found, 1.0)), 8001)
    weights = -freedom * logs - freedom * found**2 / 2 * np.exp(-2 * logs)
    mass = np.exp(weights - weights.max())
    below = np.cumsum(mass) / mass.sum()
    # slices thin where the truth is large
    which = np.searchsorted(1 - _SLICES[::-1][1:-1], below)
    used = max(found, 1.0)
    shares = np.bincount(which, weights=mass, minlength=len(_SLICES) - 1) / mass.sum()
    squares = np.bincount(which, weights=mass * np.exp(-2 * logs), minlength=len(_SLICES) - 1)
    some = shares > 0
    at = used * np.sqrt(squares[some] / mass.sum() / shares[some])
    return tuple(zip(at.tolist(), shares[some].tolist(), strict=True))


@lru_cache(maxsize=64)
def _nodes(number: int) -> tuple[FloatArray, FloatArray]:
    nodes, masses = np.polynomial.legendre.leggauss(number)
    return np.asarray(nodes), np.asarray(masses)


def _density(x: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi))
