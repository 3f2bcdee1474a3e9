"""Rates by age from daily hazards of outcomes that compete, and their variance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from funnelkit.lag.hazard.model import HazardModel

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def by_day(
    hazards: Sequence[FloatArray], models: Sequence[HazardModel], *, horizon: int
) -> list[FloatArray]:
    """Return hazards by day from those by bin, shape ``(..., horizon + 1)``.

    All outcomes together are at most 1: models of their own do not see to that.
    """
    daily = [
        each[..., _bin_of(model, horizon)] for each, model in zip(hazards, models, strict=True)
    ]
    over = np.maximum(sum(daily), 1.0)
    return [each / over for each in daily]


def incidence(daily: Sequence[FloatArray]) -> list[FloatArray]:
    """Return the rate of each outcome by day, Σ_{j<=a} S(j-1) h(j)."""
    stay = np.cumprod(np.maximum(1 - sum(daily), 0.0), axis=-1)
    before = np.concatenate([np.ones_like(stay[..., :1]), stay[..., :-1]], axis=-1)
    return [np.minimum(np.cumsum(before * each, axis=-1), 1.0) for each in daily]


def at_ages(rates: FloatArray, days: IntArray) -> FloatArray:
    """Return rates at ages, 0 before the first day."""
    return np.where(days >= 0, np.take(rates, np.maximum(days, 0), axis=-1), 0.0)


def variance(
    models: Sequence[HazardModel],
    daily: Sequence[FloatArray],
    days: IntArray,
    *,
    outcome: int,
) -> FloatArray:
    """Return the variance of one outcome's rate at each age, shape ``(n_cells, n_ages)``.

    Parameters
    ----------
    models
        One for each outcome.
    daily
        Their hazards by day, shape ``(n_cells, horizon + 1)``.
    days
        Ages.
    outcome
        Position of the outcome.

    Notes
    -----
    The delta method. A hazard of outcome k on day j moves the rate F(a) by S(j-1), if k is the
    outcome, less (F(a) - F(j)) / (1 - h(j)), what those who leave on day j cannot add later.
    """
    total = np.minimum(sum(daily), 1 - 1e-12)
    stay = np.cumprod(1 - total, axis=-1)
    before = np.concatenate([np.ones_like(stay[:, :1]), stay[:, :-1]], axis=-1)
    rates = incidence(daily)[outcome]
    found = np.zeros((len(rates), len(days)))
    horizon = rates.shape[1] - 1
    ages = np.arange(horizon + 1)
    for k, model in enumerate(models):
        if not len(model.coefficients):
            continue
        bin_of = _bin_of(model, horizon)
        slope = model.slopes()[:, bin_of]
        groups = np.eye(len(model.starts))[bin_of][:, model.free]
        for column, day in enumerate(days):
            taken = (rates[:, [max(day, 0)]] - rates) / (1 - total)
            gain = ((k == outcome) * before - taken) * slope * (ages <= day)
            moved = gain.sum(axis=1, keepdims=True) * model.effects
            gradient = np.concatenate([gain @ groups, moved], axis=1)
            found[:, column] += ((gradient @ model.covariance) * gradient).sum(axis=1)
    return np.maximum(found, 0.0)


def _bin_of(model: HazardModel, horizon: int) -> IntArray:
    days = np.arange(horizon + 1)
    return np.asarray(np.searchsorted(model.starts, days, side="right") - 1)
