"""What the model of the funnel expected of a month on the day before it began."""

from __future__ import annotations

import datetime as dt
import warnings
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core.errors import EvidenceError, FunnelWarning
from funnelkit.report.page.changes import Estimate

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads
    from funnelkit.forecast import BookingsForecast
    from funnelkit.model import FunnelModel

_DRAWS = 500


def forecast_of(
    leads: Leads, months: int, *, n_draws: int, by: str | None = None
) -> tuple[FunnelModel, BookingsForecast]:
    """Return the model of the funnel as the leads are known, and the bookings to come from it.

    Raises
    ------
    EvidenceError
        If there is too little to fit.
    """
    from funnelkit.forecast import bookings
    from funnelkit.model import fit_funnel

    model = fit_funnel(leads, by=by)
    return model, bookings(leads, model, horizon=months, n_draws=n_draws)


def foretold(leads: Leads, month: pd.Period, *, confidence_level: float) -> Estimate | None:
    """Return the wins of a month as expected on its eve; ``None`` where too little was known.

    What is doubtful about a world of the past is not warned of: the page shows how it went.
    """
    eve = month.start_time.date() - dt.timedelta(days=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FunnelWarning)
        try:
            model, then = forecast_of(leads.at(eve), 1, n_draws=_DRAWS)
        except EvidenceError:
            return None
    model.kept.clear()  # it refers to the model, whose world would stay for a while
    told = then if then.deals is None else then.deals
    low, high = told.confidence_interval(confidence_level, per="all")
    ends = float(np.asarray(low)[0]), float(np.asarray(high)[0])
    return Estimate(float(told.total[0]), *ends)
