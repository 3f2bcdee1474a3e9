"""What a fitted timing has taken of the pace of months, and gives back when it is let go."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit.lag.adjusting.cells import Cells, curves_in
from funnelkit.lag.adjusting.exposure import Entries, Shares, floored
from funnelkit.lag.adjusting.penalised import Slope
from funnelkit.lag.adjusting.timing import maturity_draws
from funnelkit.lag.base import LagFit

FloatArray = NDArray[np.float64]
_DRAWS = 200
_MOST = 0.98
"""Largest share of what the counts tell of pace that the timing may have taken."""


def taken(
    fit: LagFit, cells: Cells, n_ages: int, shares: Shares, converted: FloatArray
) -> FloatArray:
    """Return what the timing's freedom takes from the information about the log factors.

    Parameters
    ----------
    fit, cells
        Timing, and where the cells stand in it.
    n_ages
        Ages at which the timing is known.
    shares
        Months in which leads convert.
    converted
        Dated conversions of each cell, shape ``(n_cells,)``.

    Returns
    -------
    ndarray
        C' I⁻¹ C, shape ``(n_months, n_months)``; see :func:`fit_pace`. At most a little less than
        the information itself, in every direction.
    """
    entered = np.asarray(shares.entries.weights.sum(axis=1), float)
    at = shares.expected(np.zeros(shares.size[1]))
    usual = floored(at.leads, entered)
    total = usual.sum(axis=1)
    score = at.slopes / usual[..., None] - (at.slopes.sum(axis=1) / total[:, None])[:, None]
    weight = usual * (converted / total)[:, None]
    pull = (weight[..., None] * score).reshape(-1, shares.size[1])
    added = []
    for draw in maturity_draws(fit, np.arange(n_ages), _DRAWS):
        leads = _leads(shares.entries, curves_in(draw, cells))
        added.append(np.log(floored(leads, entered)).ravel() @ pull)
    found = np.cov(np.array(added), rowvar=False).reshape(shares.size[1], -1)
    return _within(found, score.reshape(pull.shape).T @ pull)


class Freed(NamedTuple):
    """What letting the timing go adds, for one standard deviation of the log factors.

    Parameters
    ----------
    covariance
        Added to that of the log factors, shape ``(n_months, n_months)``.
    log_integral
        Added to the log of the integral over them.
    """

    covariance: FloatArray
    log_integral: float


def freed(at: Slope, taken: FloatArray, sd: float) -> Freed:
    """Return what letting the timing go adds to log factors about 0.

    Parameters
    ----------
    at
        Log-likelihood of the log factors at 0, the timing held.
    taken
        As :func:`taken` returns it.
    sd
        Standard deviation of the log factors.

    Notes
    -----
    With s the slope, J the information, K what is taken and Q = 1/sd², the covariance goes from
    (J + Q)⁻¹ to (J - K + Q)⁻¹, and the log of the integral, s'(J + Q)⁻¹s / 2 - log|J + Q| / 2,
    likewise. Both are differences of normal models, so that they can be added to those of a
    likelihood that is not quite normal.
    """
    prior = np.eye(len(taken)) / sd**2
    held = at.expected() + prior
    free = held - taken
    known, loose = np.linalg.inv(held), np.linalg.inv(free)
    more = loose - known
    volume = np.linalg.slogdet(free)[1] - np.linalg.slogdet(held)[1]
    return Freed(
        covariance=(more + more.T) / 2,
        log_integral=0.5 * float(at.gradient @ more @ at.gradient - volume),
    )


def _leads(entries: Entries, maturity: FloatArray) -> FloatArray:
    """Return the leads that convert in each month, if months are alike."""
    return Shares(entries, entries.hazards(maturity)).usual()


def _within(taken: FloatArray, information: FloatArray) -> FloatArray:
    """Return a matrix taken down to a little less than another, in every direction."""
    values, vectors = np.linalg.eigh(information)
    some = values > 1e-9 * max(values.max(initial=0.0), 1e-12)
    root = vectors[:, some] * np.sqrt(values[some])
    inverse = vectors[:, some] / np.sqrt(values[some])
    parts, turned = np.linalg.eigh(inverse.T @ taken @ inverse)
    return np.asarray(root @ (turned * np.clip(parts, 0.0, _MOST)) @ turned.T @ root.T)
