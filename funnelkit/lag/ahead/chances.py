"""The chance that an open lead converts in the days to come, when months differ in pace."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit.lag.ahead.windows import Window
from funnelkit.lag.base import LagFit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Cells(NamedTuple):
    """Groups of leads of one segment, cohort and age.

    Parameters
    ----------
    segment, cohort
        Positions in the fit, shape ``(n,)``.
    age
        Days since entry, shape ``(n,)``.
    """

    segment: IntArray
    cohort: IntArray
    age: IntArray


class Lookup(NamedTuple):
    """Which ages a fit is asked for, and where each cell finds its own.

    Parameters
    ----------
    ages
        Distinct ages in days, possibly infinite, shape ``(n_ages,)``.
    place
        Position of each cell's age now and at the end of each piece, shape
        ``(n, n_pieces + 1)``.
    """

    ages: FloatArray
    place: IntArray


def lookup(age: IntArray, days: Window, *, last: int | None) -> Lookup:
    """Return the ages at which the rates of some cells are needed.

    Parameters
    ----------
    age
        Ages now.
    days
        Pieces of the days to come.
    last
        Age beyond which the fit knows nothing; later ages are taken down to it.
    """
    wanted = age[:, None] + np.concatenate([[0.0], days.ends])
    if last is not None:
        wanted = np.minimum(wanted, last)
    ages, place = np.unique(wanted, return_inverse=True)
    return Lookup(ages, place.reshape(wanted.shape))


def coming(
    target: FloatArray, undecided: FloatArray, factors: FloatArray, stops: IntArray
) -> FloatArray:
    """Return the chance that a lead open now converts by each horizon.

    Parameters
    ----------
    target
        Share that has converted by the age now and at the end of each piece, the last one being
        the share that converts at all, shape ``(…, n_pieces + 1)``.
    undecided
        Share without any outcome now, shape ``(…)``.
    factors
        Factor on the hazard in each piece, shape ``(…, n_pieces)``.
    stops
        Pieces at whose ends the horizons lie.

    Returns
    -------
    ndarray
        Shape ``(…, len(stops))``, from 0 to 1, non-decreasing.

    Notes
    -----
    With F by age, P = F(∞) and S the share undecided, (P - F(a)) / S(a) of the leads open at age a
    convert at all. Of these, those yet to come fall in a piece from P - F to P - F', that is by a
    hazard summed to -log((P - F') / (P - F)); a factor f on it leaves ((P - F') / (P - F))^f of
    them. Where f = 1 this is (F(a + h) - F(a)) / S(a). Pace moves conversions in time and leaves
    their number ever as it is.

    Examples
    --------
    One lead in two converts at all, half of these in a month of usual pace; at twice the hazard,
    three quarters.

    >>> target = np.array([0, 0.25, 0.5])
    >>> coming(target, np.array(1.0), np.array([2.0, 1.0]), np.array([0, 1])).tolist()
    [0.375, 0.5]
    """
    ever = target[..., -1]
    open_now = undecided > 0
    converts = np.where(open_now, (ever - target[..., 0]) / np.where(open_now, undecided, 1.0), 0.0)
    to_come = np.maximum(ever[..., None] - target, 0.0)
    some = to_come[..., :-1] > 0
    kept = np.where(some, to_come[..., 1:] / np.where(some, to_come[..., :-1], 1.0), 1.0)
    left = np.cumprod(np.clip(kept, 0.0, 1.0) ** factors, axis=-1)[..., stops]
    left[..., -1] = 0.0
    return np.asarray(np.clip(converts, 0.0, 1.0)[..., None] * (1 - left))


def expected_chances(
    fit: LagFit, cells: Cells, days: Window, factors: FloatArray | None
) -> FloatArray:
    """Return the chance of each cell's leads by each horizon as the fit has it.

    Parameters
    ----------
    fit
        Timing.
    cells
        Groups of leads, at ages that the fit knows.
    days
        Pieces of the days to come.
    factors
        Factor on the hazard by month, shape ``(n_months,)``; ``None``: 1.

    Returns
    -------
    ndarray
        Shape ``(n, n_horizons)``, the last horizon being ever.
    """
    at = lookup(cells.age, days, last=fit.horizon)
    rates = [fit.rate_at(at.ages, outcome=name) for name in fit.outcomes]
    target, undecided = _of_cells(rates, cells, at)
    return coming(target, undecided, _by_piece(factors, days), days.stops)


def drawn_chances(
    fit: LagFit,
    cells: Cells,
    at: Lookup,
    days: Window,
    *,
    factors: FloatArray | None,
    moved: FloatArray | None,
    seed: int,
    n: int,
) -> FloatArray:
    """Return draws of the chances, shape ``(n, n_cells, n_horizons)``.

    Parameters
    ----------
    fit, cells, days
        As in :func:`expected_chances`.
    at
        Ages at which rates are needed.
    factors
        Draws of the factor by month, shape ``(n, n_months)``; ``None``: 1.
    moved
        Draws of a factor on the target's rates, shape ``(n, n_cells, n_pieces + 1)``; ``None``: 1.
    seed
        The same for the target and the exits, so that they are of the same draws.
    n
        Number of draws.
    """
    rates = [fit.sample(n, rng=seed, outcome=name, ages=at.ages) for name in fit.outcomes]
    target, undecided = _of_cells(rates, cells, at)
    if moved is not None:
        others = np.clip(1 - target[..., 0] - undecided, 0.0, 1.0)
        target = np.minimum(np.maximum.accumulate(target * moved, axis=-1), 1 - others[..., None])
        undecided = np.clip(1 - target[..., 0] - others, 0.0, 1.0)
    by_piece = _by_piece(factors, days)
    return coming(target, undecided, by_piece[..., None, :], days.stops)


def _of_cells(rates: list[FloatArray], cells: Cells, at: Lookup) -> tuple[FloatArray, FloatArray]:
    """Return the target's rate, ``(…, n, n_pieces + 1)``, and the share undecided, ``(…, n)``."""
    where: Any = (..., cells.segment[:, None], cells.cohort[:, None], at.place)
    now: Any = (..., cells.segment, cells.cohort, at.place[:, 0])
    target = rates[0][where]
    undecided = 1 - sum((rate[now] for rate in rates[1:]), rates[0][now])
    return target, np.clip(undecided, 0.0, 1.0)


def _by_piece(factors: FloatArray | None, days: Window) -> FloatArray:
    """Return the factor of each piece, 1 beyond the months that are told apart."""
    if factors is None:
        return np.ones(len(days.ends))
    beyond = np.ones((*factors.shape[:-1], 1))
    return np.concatenate([factors, beyond], axis=-1)[..., days.month]
