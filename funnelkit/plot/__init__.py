"""Views for a notebook: each returns matplotlib axes and takes ``ax=``; matplotlib loads on use."""

from __future__ import annotations

from funnelkit.plot.against import benchmark
from funnelkit.plot.alarmed import alerts
from funnelkit.plot.bars import funnel
from funnelkit.plot.bottleneck import diagnosis
from funnelkit.plot.bridge import change
from funnelkit.plot.controlled import control_chart
from funnelkit.plot.curves import lag
from funnelkit.plot.heat import triangle
from funnelkit.plot.hindsight import backtest
from funnelkit.plot.moving import movements
from funnelkit.plot.multiples import cohort_fit
from funnelkit.plot.progress import adjusted_series
from funnelkit.plot.rows import cohorts
from funnelkit.plot.sheet import describe
from funnelkit.plot.standings import peers
from funnelkit.plot.staying import retention
from funnelkit.plot.trend import series

__all__ = [
    "adjusted_series",
    "alerts",
    "backtest",
    "benchmark",
    "change",
    "cohort_fit",
    "cohorts",
    "control_chart",
    "describe",
    "diagnosis",
    "funnel",
    "lag",
    "movements",
    "peers",
    "retention",
    "series",
    "triangle",
]
