"""How much effects vary: likely standard deviations, each with its weight."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from funnelkit.lag.adjusting.effects import Joint
from funnelkit.lag.adjusting.mixture import normalised
from funnelkit.lag.adjusting.penalised import Peak, peak

FloatArray = NDArray[np.float64]
_SPANS = {
    "segments": (0.03, 2.0),
    "cohorts": (0.01, 0.8),
    "interaction": (0.02, 1.2),
    "pace": (0.02, 1.2),
}
_POINTS = {1: 17, 2: 7}
_RADIUS = 1.1
_CLIMBS = 12
_STEP = 0.7
_LEAST = 0.002


@dataclass(frozen=True, eq=False)
class Averaged:
    """Fits at several standard deviations.

    Parameters
    ----------
    sds
        Standard deviations, shape ``(n_points, n_amounts)``.
    weights
        How likely each is, of sum 1.
    peaks
        The fit at each.
    """

    sds: FloatArray
    weights: FloatArray
    peaks: tuple[Peak, ...]


def averaged(joint: Joint) -> Averaged:
    """Return the fits at likely standard deviations, weighted by likelihood and prior.

    Notes
    -----
    With one or two of them a grid, even in the logs. With more, the design of Rue et al. about
    the top, on axes stretched to either side by how fast the likelihood falls there.

    References
    ----------
    Rue, Martino and Chopin (2009), JRSS B 71, 319-392, section 6.5.
    """
    names = joint.design.names
    if not names:
        found = peak(joint, joint.design.precision(np.zeros(0)), _begin(joint))
        return Averaged(np.zeros((1, 0)), np.ones(1), (found,))
    if len(names) <= max(_POINTS):
        axes = [np.log(np.geomspace(*_SPANS[name], _POINTS[len(names)])) for name in names]
        points = np.array(list(product(*axes)))
        return _weighted(joint, points, np.zeros(len(points)))
    return _about_the_top(joint)


def log_prior(scales: tuple[float, ...], log_sds: FloatArray) -> float:
    """Return the log density of the logs of standard deviations with half-normal priors."""
    return float((log_sds - 0.5 * (np.exp(log_sds) / np.array(scales)) ** 2).sum())


def _begin(joint: Joint) -> FloatArray:
    """Return a start at the rate of all leads together."""
    from scipy import special

    at = np.zeros(joint.size)
    mature = float(joint.usual.leads.sum())
    rate = float(joint.counts.converted.sum()) / max(mature, 1e-9)
    at[0] = special.logit(np.clip(rate, 1e-4, 1 - 1e-4))
    return at


def _weighted(joint: Joint, points: FloatArray, log_volume: FloatArray) -> Averaged:
    """Return the fits at points on the log scale."""
    start, found, value = _begin(joint), [], []
    for point in points:
        found.append(peak(joint, joint.design.precision(np.exp(point)), start))
        start = found[-1].mode
        value.append(found[-1].log_integral + log_prior(joint.design.scales, point))
    weights = normalised(np.array(value) + log_volume)
    kept = weights >= _LEAST * weights.max()
    return Averaged(
        sds=np.exp(points[kept]),
        weights=weights[kept] / weights[kept].sum(),
        peaks=tuple(one for one, wanted in zip(found, kept, strict=True) if wanted),
    )


def _about_the_top(joint: Joint) -> Averaged:
    names, amount, scales = joint.design.names, joint.design.amount, joint.design.scales
    size = len(names)
    low, high = (np.log([_SPANS[name][end] for name in names]) for end in (0, 1))
    at = (low + high) / 2
    start = _begin(joint)
    one = peak(joint, joint.design.precision(np.exp(at)), start)
    for _ in range(_CLIMBS):
        squares = one.mode**2 + np.diag(one.solve(np.eye(len(one.mode))))
        moved = np.array([_best(squares[amount == k], scale) for k, scale in enumerate(scales)])
        done = float(np.abs(moved - at).max()) < 0.02
        at = np.clip(moved, low, high)
        one = peak(joint, joint.design.precision(np.exp(at)), one.mode)
        if done:
            break

    def value(point: FloatArray) -> float:
        found = peak(joint, joint.design.precision(np.exp(point)), one.mode)
        return found.log_integral + log_prior(scales, point)

    top = one.log_integral + log_prior(scales, at)
    reach = np.zeros((2, size))
    for k in range(size):
        for side, sign in enumerate((-1, 1)):
            step = sign * _STEP * np.eye(size)[k]
            drop = max(top - value(at + step), 0.0)
            reach[side, k] = np.clip(_STEP / np.sqrt(2 * max(drop, 1e-6)), 0.15, 1.5)
    corners = np.array(list(product((-1.0, 1.0), repeat=size)))
    if size == 4:
        corners = corners[np.prod(corners, axis=1) > 0]
    ball = np.concatenate([corners, np.sqrt(size) * np.eye(size), -np.sqrt(size) * np.eye(size)])
    ball = _RADIUS * ball
    points = at + np.concatenate(
        [np.zeros((1, size)), np.where(ball > 0, reach[1], reach[0]) * ball]
    )
    edge = np.exp(-0.5 * size * _RADIUS**2)
    volume = np.full(len(points), 1 / (len(ball) * _RADIUS**2 * edge))
    volume[0] = 1 - _RADIUS**-2
    stretched = np.where(ball > 0, reach[1], reach[0]).prod(axis=1) / reach.mean(axis=0).prod()
    volume[1:] *= stretched
    return _weighted(joint, points, np.log(volume))


def _best(squares: FloatArray, scale: float) -> float:
    """Return the log standard deviation that suits the mean squares of its effects."""
    total, number = float(squares.sum()), len(squares)
    at = 0.5 * np.log(max(total / number, 1e-6))
    for _ in range(30):
        shrunk, prior = total * np.exp(-2 * at), np.exp(2 * at) / scale**2
        slope = shrunk - number - prior + 1
        at += np.clip(slope / (2 * shrunk + 2 * prior), -1.0, 1.0)
    return float(at)
