"""Views for a notebook: each returns matplotlib axes and takes ``ax=``; matplotlib loads on use."""

from __future__ import annotations

from funnelkit.plot.bars import funnel
from funnelkit.plot.curves import lag
from funnelkit.plot.heat import triangle
from funnelkit.plot.hindsight import backtest
from funnelkit.plot.multiples import cohort_fit
from funnelkit.plot.progress import adjusted_series
from funnelkit.plot.rows import cohorts
from funnelkit.plot.sheet import describe
from funnelkit.plot.trend import series

__all__ = [
    "adjusted_series",
    "backtest",
    "cohort_fit",
    "cohorts",
    "describe",
    "funnel",
    "lag",
    "series",
    "triangle",
]
