"""How leads have come of late: shares of channels, and months of the year."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit.forecast.ensemble.seasonality import seasonal_terms

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.model import FunnelModel

FloatArray = NDArray[np.float64]
_RECENT = 6
"""Months from which the shares of segments among new leads are told, as in forecasts."""
_YEAR = 12


def recent(model: FunnelModel) -> FloatArray:
    """Return the leads of each segment in the last six whole months, shape ``(S,)``."""
    whole = _whole(model)
    found = np.zeros(len(model.segments))
    found[: len(whole)] = whole[:, -_RECENT:].sum(axis=1)
    return found


def season_of(model: FunnelModel, periods: pd.PeriodIndex) -> tuple[FloatArray, bool]:
    """Return leads of each month over those of an average one, and whether the year shows.

    Notes
    -----
    From the logarithms of the leads of whole months, two years of them at least, shrunken towards
    none by their noise (:func:`~funnelkit.forecast.ensemble.seasonality.seasonal_terms`). All
    months count as whole ones, also one that has begun.
    """
    whole = _whole(model).sum(axis=0)
    found = np.ones(len(periods))
    known = len(whole) >= 2 * _YEAR
    if known:
        terms = np.exp(seasonal_terms(np.log(whole + 0.5), _YEAR))
        terms = terms / terms.mean()
        begin = model.arrivals.months[0].month
        found = terms[(np.asarray(periods.month) - begin) % _YEAR]
    return np.asarray(found), bool(known and np.ptp(found) > 0)


def _whole(model: FunnelModel) -> NDArray[np.int64]:
    """Return leads by segment and whole month; a single month, not over yet, is all there is."""
    counts = model.arrivals.of(model.stages[0])
    return counts[:, :-1] if model.arrivals.running and counts.shape[1] > 1 else counts
