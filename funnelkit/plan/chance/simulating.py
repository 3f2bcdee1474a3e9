"""What leads bring, drawn: one simulation of all channels and months together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.errors import ArgumentError
from funnelkit.plan.chance.outcomes import Outcomes, Unit

if TYPE_CHECKING:
    from funnelkit.plan.basis.assumptions import Assumptions

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_LEAST = 1e-12


def simulated(
    assumptions: Assumptions,
    leads: FloatArray,
    *,
    unit: Unit | None = None,
    rng: np.random.Generator | int = 0,
) -> Outcomes:
    """Return joint draws of what leads bring by channel and month.

    Parameters
    ----------
    assumptions
        What a lead brings, and when.
    leads
        Leads by channel and month of entry, shape ``(C, H)``; rounded to whole ones.
    unit
        ``"value"`` or ``"count"``. Default: money where every channel has a deal size.
    rng
        Generator or seed.

    Returns
    -------
    Outcomes
        One draw for each of the assumptions' joint draws.

    Raises
    ------
    ArgumentError
        If the leads are of another shape, or below 0.

    Notes
    -----
    Given a draw of rates, lags and mean sizes, the rate of the cohort of each month is drawn from
    a beta distribution about the channel's, the wins from a binomial distribution, their months
    one after the other from what is left, and the money of n deals from the gamma distribution of
    their sum.
    """
    counts = whole_leads(leads, assumptions)
    generator = np.random.default_rng(rng)
    wins = generator.binomial(counts, _cohort_rates(assumptions, counts, generator))
    deals = _by_month(assumptions, wins, generator)
    return Outcomes(
        periods=assumptions.periods,
        channels=tuple(one.name for one in assumptions.channels),
        leads=counts.astype(float),
        deals=deals,
        value=_worth(assumptions, deals, generator),
        in_flight=assumptions.in_flight,
        direct=assumptions.direct,
        unit=unit or unit_of(assumptions),
        currency=assumptions.currency,
    )


def unit_of(assumptions: Assumptions) -> Unit:
    """Return ``"value"`` where every channel has a deal size, else ``"count"``."""
    sized = all(one.size is not None for one in assumptions.channels)
    return "value" if sized else "count"


def whole_leads(leads: FloatArray, assumptions: Assumptions) -> IntArray:
    """Return leads by channel and month as whole numbers.

    Raises
    ------
    ArgumentError
        If they are of another shape than channels and months, or below 0.
    """
    return np.round(checked_leads(leads, assumptions)).astype(np.int64)


def checked_leads(leads: FloatArray, assumptions: Assumptions) -> FloatArray:
    """Return leads by channel and month, at least 0 and of the right shape.

    Raises
    ------
    ArgumentError
        If they are not.
    """
    found = np.asarray(leads, float)
    shape = (len(assumptions.channels), len(assumptions.periods))
    if found.shape != shape:
        raise ArgumentError(
            f"`leads` must be by channel and month, of shape {shape}; got {found.shape}."
        )
    wrong = ~(np.isfinite(found) & (found >= 0))
    if wrong.any():
        raise ArgumentError(
            f"`leads` must be numbers of at least 0; got {found[wrong][0]!r} in {wrong.sum()} of "
            f"{found.size} places."
        )
    return found


def _cohort_rates(
    assumptions: Assumptions, counts: IntArray, rng: np.random.Generator
) -> FloatArray:
    """Return the rate of the cohort of each channel and month in each draw, ``(N, C, H)``."""
    rates = np.array(assumptions.rate_draws)
    for c, channel in enumerate(assumptions.channels):
        if channel.correlation == 0 or not counts[c].any():
            continue
        worth = 1 / channel.correlation - 1
        about = rates[:, c]
        inside = (about > 0) & (about < 1)
        a = np.where(inside, about * worth, 1.0)
        b = np.where(inside, (1 - about) * worth, 1.0)
        rates[:, c] = np.where(inside, rng.beta(a, b), about)
    return rates


def _by_month(assumptions: Assumptions, wins: IntArray, rng: np.random.Generator) -> FloatArray:
    """Return the wins by month of the win, shape ``(N, C, H)``; those later on are left out."""
    months = len(assumptions.periods)
    found = np.zeros(wins.shape)
    which = assumptions.stretch_of
    for c in range(wins.shape[1]):
        left = np.array(wins[:, c])
        if not left.any():
            continue
        shares = assumptions.within[:, c]
        rest = np.ones(shares.shape[:2])
        for month in range(months):
            share = np.clip(shares[:, :, month] / np.maximum(rest, _LEAST), 0.0, 1.0)
            come = rng.binomial(left, share[which[:, c]])
            found[:, c, month] = come.sum(axis=1)
            left -= come
            rest -= shares[:, :, month]
    return found


def _worth(assumptions: Assumptions, deals: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return the money of numbers of deals, shape ``(N, C, H)``."""
    found = np.array(deals * assumptions.size_draws[:, :, None])
    for c, channel in enumerate(assumptions.channels):
        spread = channel.size_cv**2
        if channel.size is None or spread == 0:
            continue
        some = deals[:, c] > 0
        shape = np.where(some, deals[:, c] / spread, 1.0)
        scale = assumptions.size_draws[:, c, None] * spread
        found[:, c] = np.where(some, rng.gamma(shape) * scale, 0.0)
    return found
