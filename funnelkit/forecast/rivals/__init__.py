"""What else could have been said about wins to come: the simpler forecasts to be beaten."""

from __future__ import annotations

from funnelkit.forecast.rivals.raw_shares import immature_rates, stage_weighted
from funnelkit.forecast.rivals.series_alone import ensemble_on_wins, naive, seasonal_naive

__all__ = ["ensemble_on_wins", "immature_rates", "naive", "seasonal_naive", "stage_weighted"]
