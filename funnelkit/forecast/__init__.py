"""What is still to come: volumes, open pipeline and bookings, with intervals that hold.

Names are imported on first use: views of a forecast need none of what makes one.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from funnelkit.forecast.money.booked import bookings
    from funnelkit.forecast.money.result import BookingsForecast
    from funnelkit.forecast.open_pipeline.compared import PipelineComparison
    from funnelkit.forecast.open_pipeline.comparing import compare_pipeline_methods
    from funnelkit.forecast.open_pipeline.forecasting import pipeline
    from funnelkit.forecast.open_pipeline.result import PipelineForecast
    from funnelkit.forecast.recurring_revenue.forecasting import recurring
    from funnelkit.forecast.recurring_revenue.recurring_forecast import RecurringForecast
    from funnelkit.forecast.result import Forecast
    from funnelkit.forecast.rolling.adjusted import with_overrides
    from funnelkit.forecast.rolling.backtests import backtest
    from funnelkit.forecast.rolling.driven import drivers_ahead, drivers_came
    from funnelkit.forecast.rolling.drivers import Drivers
    from funnelkit.forecast.rolling.history import ForecastHistory, read_history, remember
    from funnelkit.forecast.rolling.judged import OverrideScores, score_overrides
    from funnelkit.forecast.rolling.large import LargeDeals, large_deals
    from funnelkit.forecast.rolling.misses import ExplainedMiss, explain_miss
    from funnelkit.forecast.rolling.overrides import Overrides, read_overrides
    from funnelkit.forecast.rolling.record import ForecastRecord
    from funnelkit.forecast.rolling.result import ForecastBacktest
    from funnelkit.forecast.series.forecasting import volume
    from funnelkit.forecast.series.reading import read_series
    from funnelkit.forecast.series.series_table import SeriesTable
    from funnelkit.forecast.series.volume_forecast import VolumeForecast

_HOMES = {
    "BookingsForecast": "money.result",
    "Drivers": "rolling.drivers",
    "ExplainedMiss": "rolling.misses",
    "Forecast": "result",
    "ForecastBacktest": "rolling.result",
    "ForecastHistory": "rolling.history",
    "ForecastRecord": "rolling.record",
    "LargeDeals": "rolling.large",
    "OverrideScores": "rolling.judged",
    "Overrides": "rolling.overrides",
    "PipelineComparison": "open_pipeline.compared",
    "PipelineForecast": "open_pipeline.result",
    "RecurringForecast": "recurring_revenue.recurring_forecast",
    "SeriesTable": "series.series_table",
    "VolumeForecast": "series.volume_forecast",
    "backtest": "rolling.backtests",
    "bookings": "money.booked",
    "compare_pipeline_methods": "open_pipeline.comparing",
    "drivers_ahead": "rolling.driven",
    "drivers_came": "rolling.driven",
    "explain_miss": "rolling.misses",
    "large_deals": "rolling.large",
    "pipeline": "open_pipeline.forecasting",
    "read_history": "rolling.history",
    "read_overrides": "rolling.overrides",
    "read_series": "series.reading",
    "recurring": "recurring_revenue.forecasting",
    "remember": "rolling.history",
    "score_overrides": "rolling.judged",
    "volume": "series.forecasting",
    "with_overrides": "rolling.adjusted",
}

__all__ = [
    "BookingsForecast",
    "Drivers",
    "ExplainedMiss",
    "Forecast",
    "ForecastBacktest",
    "ForecastHistory",
    "ForecastRecord",
    "LargeDeals",
    "OverrideScores",
    "Overrides",
    "PipelineComparison",
    "PipelineForecast",
    "RecurringForecast",
    "SeriesTable",
    "VolumeForecast",
    "backtest",
    "bookings",
    "compare_pipeline_methods",
    "drivers_ahead",
    "drivers_came",
    "explain_miss",
    "large_deals",
    "pipeline",
    "read_history",
    "read_overrides",
    "read_series",
    "recurring",
    "remember",
    "score_overrides",
    "volume",
    "with_overrides",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
