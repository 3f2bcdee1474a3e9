"""The search for the most likely latency: several starts, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from funnelkit.lag.cure.likelihood import Likelihood

FloatArray = NDArray[np.float64]
Objective = Callable[[FloatArray], tuple[float, FloatArray]]
_STEPS = 200
_LONGEST = 2.0
"""No step moves a working parameter by more."""
ACCURATE = 1e-5
"""Largest gradient, in units of log-likelihood per standard error, of a fit that converged."""


@dataclass(frozen=True, eq=False)
class Box:
    """The working parameters among which a fit looks.

    Parameters
    ----------
    lower, upper
        Ends, shape ``(n_theta,)``.
    """

    lower: FloatArray
    upper: FloatArray

    def inside(self, theta: FloatArray) -> NDArray[np.bool_]:
        """Return which parameters are not at an end."""
        return np.asarray((theta > self.lower + 1e-6) & (theta < self.upper - 1e-6))

    def clip(self, theta: FloatArray) -> FloatArray:
        """Return the nearest parameters in the box."""
        return np.clip(theta, self.lower, self.upper)


@dataclass(frozen=True, eq=False)
class Top:
    """Where a search ended.

    Parameters
    ----------
    theta, value, gradient
        Parameters, log-likelihood and its gradient there.
    inverse
        Approximate inverse of minus the second derivatives, for searches nearby.
    n_starts
        Starts from which it was looked for.
    n_agreeing
        How many of them ended within 0.01 of the best log-likelihood.
    """

    theta: FloatArray
    value: float
    gradient: FloatArray
    inverse: FloatArray
    n_starts: int = 1
    n_agreeing: int = 1

    def slope(self, box: Box) -> float:
        """Return the gradient's length in standard errors, without what pushes against an end."""
        part = np.where(_free(self.theta, self.gradient, box), self.gradient, 0.0)
        return float(np.sqrt(max(float(part @ self.inverse @ part), 0.0)))


def climb(
    objective: Objective,
    start: FloatArray,
    box: Box,
    inverse: FloatArray,
    *,
    close: float = 1e-7,
) -> Top:
    """Return the top that is reached from a start, by BFGS within a box.

    Parameters
    ----------
    objective
        Log-likelihood and gradient.
    start
        Where to begin.
    box
        Where to stay: a parameter at an end, with a gradient that points out, rests.
    inverse
        First guess of the inverse of minus the second derivatives.
    close
        Gain in log-likelihood, as foreseen by the slope, at which the search ends.

    References
    ----------
    Nocedal and Wright (2006), Numerical Optimization, 2nd ed., algorithm 6.1; Bertsekas (1982),
    SIAM J. Control Optim. 20, 221-246 (the box).
    """
    theta = box.clip(start)
    value, gradient = objective(theta)
    metric = inverse.copy()
    restarted = False
    for _ in range(_STEPS):
        free = _free(theta, gradient, box)
        part = np.where(free, gradient, 0.0)
        direction = part.copy()
        direction[free] = _within(metric, free) @ part[free]
        with np.errstate(over="ignore"):  # far out, where it is steep beyond all numbers
            gain = float(direction @ part)
        if gain <= close:
            break
        length = min(1.0, _LONGEST / float(np.abs(direction).max()))
        found = False
        for _ in range(30):
            following = box.clip(theta + length * direction)
            new_value, new_gradient = objective(following)
            slack = 1e-12 * abs(value)
            if new_value >= value + 1e-4 * float(part @ (following - theta)) - slack:
                found = True
                break
            length /= 2.5
        moved = following - theta
        if not found or not moved.any():
            if restarted:
                break
            metric, restarted = np.diag(1 / np.maximum(np.abs(gradient), 1.0)), True
            continue
        restarted = False
        metric = _updated(metric, moved, gradient - new_gradient)
        theta, value, gradient = following, new_value, new_gradient
    return Top(theta, value, gradient, metric)


def polished(likelihood: Likelihood, top: Top, box: Box) -> Top:
    """Return a top after Newton steps with the observed information."""
    theta, value, gradient, inverse = top.theta, top.value, top.gradient, top.inverse
    for _ in range(6):
        rates = likelihood.rates(likelihood.seen(theta))
        inverse = likelihood.information(theta, rates).of_latencies(_free(theta, gradient, box))
        step = inverse @ gradient
        largest = float(np.abs(step).max(initial=0.0))
        following = box.clip(theta + step * min(1.0, 0.5 / max(largest, 1e-300)))
        new_value, new_gradient = likelihood.value(following)
        better = new_value >= value - 1e-9 * (1 + abs(value) * 1e-3)
        if not better or not np.isfinite(new_value):
            break
        theta, value, gradient = following, new_value, new_gradient
        if largest < 1e-9:
            break
    return Top(theta, value, gradient, inverse, top.n_starts, top.n_agreeing)


def best(likelihood: Likelihood, starts: Sequence[FloatArray], box: Box, *, climbs: int) -> Top:
    """Return the highest top from the most promising of several starts.

    Parameters
    ----------
    likelihood
        What to maximise, with the rates profiled out.
    starts
        Points to begin from.
    box
        Where to look.
    climbs
        How many starts to climb from.
    """
    ranked = sorted(starts, key=lambda theta: -likelihood.value(box.clip(theta))[0])
    weight = max(float(likelihood.converted.sum()), 1.0)
    guess = np.eye(len(box.lower)) * (len(likelihood.dated) / weight)
    tops = [climb(likelihood.value, start, box, guess) for start in ranked[:climbs]]
    first = polished(likelihood, tops[int(np.argmax([top.value for top in tops]))], box)
    agreeing = sum(top.value > first.value - 0.01 for top in tops)
    return Top(first.theta, first.value, first.gradient, first.inverse, len(tops), agreeing)


def starts_from(likelihood: Likelihood, days: FloatArray, weights: FloatArray) -> list[FloatArray]:
    """Return points to begin from: scales about the conversions' own, and later; several shapes.

    Parameters
    ----------
    likelihood
        For its family.
    days, weights
        Times of the conversions, and how many there are at each.
    """
    order = np.argsort(days)
    share = np.cumsum(weights[order]) / weights.sum()
    middle = float(days[order][np.searchsorted(share, 0.5)])
    scales = [np.log(max(middle, 0.3) * factor) for factor in (0.7, 1.5, 4.0, 20.0)]
    shapes = [np.log(shape) for shape in (0.5, 0.9, 1.6, 4.0)]
    size = likelihood.family.size
    others = [(), shapes, [0.0, 1.0, 2.0]][1:size] if size > 1 else []
    return [np.array(point) for point in product(scales, *others)]


def _free(theta: FloatArray, gradient: FloatArray, box: Box) -> NDArray[np.bool_]:
    """Return the parameters that are not held at an end by a gradient that points out."""
    down = (theta <= box.lower + 1e-12) & (gradient < 0)
    up = (theta >= box.upper - 1e-12) & (gradient > 0)
    return np.asarray(~(down | up))


def _within(metric: FloatArray, free: NDArray[np.bool_]) -> FloatArray:
    """Return the inverse of the second derivatives with the other parameters held."""
    if free.all():
        return metric
    block, across = metric[np.ix_(free, free)], metric[np.ix_(free, ~free)]
    held = np.linalg.pinv(metric[np.ix_(~free, ~free)])
    return np.asarray(block - across @ held @ across.T)


def _updated(metric: FloatArray, moved: FloatArray, bent: FloatArray) -> FloatArray:
    """Return the BFGS update of the inverse, left alone where the curvature is not positive."""
    curve = float(moved @ bent)
    with np.errstate(over="ignore"):
        flat = 1e-12 * float(np.linalg.norm(moved) * np.linalg.norm(bent))
    if curve <= flat:
        return metric
    one = np.eye(len(moved)) - np.outer(moved, bent) / curve
    return np.asarray(one @ metric @ one.T + np.outer(moved, moved) / curve)
