"""What cohorts come to at ages that they have not reached, for the open cells of a heat map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit.counts.triangle import Triangle
from funnelkit.lag import LagFit, adjust
from funnelkit.lag.adjusting.cells import positions

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Outlook:
    """Forecasts by cohort and age; the last column is the eventual rate where the fit has one.

    Parameters
    ----------
    rate, low, high
        Shape ``(n_cohorts, n_columns)``; NaN where the fit has nothing to say.
    ever
        Whether the last column is the eventual rate.
    bounds
        Cohorts for which follow-up gives a bound only.
    """

    rate: FloatArray
    low: FloatArray
    high: FloatArray
    ever: bool
    bounds: int


def outlook_of(triangle: Triangle, fit: LagFit, ages: tuple[int, ...]) -> Outlook:
    """Return what each cohort comes to by each age: its adjusted rate x maturity at the age.

    All segments together, weighted by their leads; ends of intervals are weighted likewise, which
    is cautious. Nothing is forecast for fewer than 20 leads, and where the verdict on the fit is
    "bound only".

    Raises
    ------
    ArgumentError
        If the fit does not go with the triangle.
    """
    cells = np.ix_(*positions(triangle, fit))
    adjusted = adjust(triangle, fit)
    last = np.inf if fit.horizon is None else fit.horizon
    days = np.array([*ages, *([np.inf] if fit.horizon is None else [])], float)
    maturity = np.ones((*triangle.entered.shape, len(days)))
    known = np.isfinite(days) & (days <= last)
    maturity[..., known] = np.asarray(fit.maturity(days[known].astype(int)))[cells]
    low, high = (np.asarray(end) for end in adjusted.confidence_interval())
    bound = (np.asarray(fit.verdicts)[cells] == "bound only") & (triangle.entered > 0)
    leads = triangle.entered.sum(axis=0)
    silent = (leads < display.FEWEST) | bound.any(axis=0)
    beyond = np.isfinite(days) & (days > last)
    so_far = triangle.converted.sum(axis=0) / np.maximum(leads, 1)

    def together(rates: FloatArray) -> FloatArray:
        total = (triangle.entered[..., None] * rates[..., None] * maturity).sum(axis=0)
        share = np.clip(total / np.maximum(leads, 1)[:, None], 0.0, 1.0)
        return np.where(silent[:, None] | beyond, np.nan, share)

    return Outlook(
        rate=np.maximum(together(adjusted.adjusted), so_far[:, None]),
        low=together(low),
        high=together(high),
        ever=fit.horizon is None,
        bounds=int(bound.any(axis=0).sum()),
    )
