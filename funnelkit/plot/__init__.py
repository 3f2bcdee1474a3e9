"""Views for a notebook: each returns matplotlib axes and takes ``ax=``; matplotlib loads on use."""

from __future__ import annotations

from funnelkit.plot.against import benchmark
from funnelkit.plot.aged import ageing
from funnelkit.plot.alarmed import alerts
from funnelkit.plot.answering import response
from funnelkit.plot.attaining import quota
from funnelkit.plot.bars import funnel
from funnelkit.plot.bottleneck import diagnosis
from funnelkit.plot.boundary_chart import looks
from funnelkit.plot.bridge import change
from funnelkit.plot.by_arm import arms
from funnelkit.plot.by_channel import leads_needed
from funnelkit.plot.by_stage import pipeline
from funnelkit.plot.controlled import control_chart
from funnelkit.plot.curves import lag
from funnelkit.plot.fan import forecast
from funnelkit.plot.forest import experiment
from funnelkit.plot.heads import headcount
from funnelkit.plot.heat import triangle
from funnelkit.plot.hindsight import backtest
from funnelkit.plot.losing import reasons
from funnelkit.plot.moving import movements
from funnelkit.plot.multiples import cohort_fit
from funnelkit.plot.paying import cost_of_certainty
from funnelkit.plot.progress import adjusted_series
from funnelkit.plot.rows import cohorts
from funnelkit.plot.sellers import people
from funnelkit.plot.sheet import describe
from funnelkit.plot.sized import deal_sizes
from funnelkit.plot.standings import peers
from funnelkit.plot.stated import calibration
from funnelkit.plot.staying import retention
from funnelkit.plot.swings import tornado
from funnelkit.plot.targeted import plan_targets
from funnelkit.plot.towards import attainment
from funnelkit.plot.trend import series
from funnelkit.plot.waterfalls import waterfall
from funnelkit.plot.weekly_effect import detectable

__all__ = [
    "adjusted_series",
    "ageing",
    "alerts",
    "arms",
    "attainment",
    "backtest",
    "benchmark",
    "calibration",
    "change",
    "cohort_fit",
    "cohorts",
    "control_chart",
    "cost_of_certainty",
    "deal_sizes",
    "describe",
    "detectable",
    "diagnosis",
    "experiment",
    "forecast",
    "funnel",
    "headcount",
    "lag",
    "leads_needed",
    "looks",
    "movements",
    "peers",
    "people",
    "pipeline",
    "plan_targets",
    "quota",
    "reasons",
    "response",
    "retention",
    "series",
    "tornado",
    "triangle",
    "waterfall",
]
