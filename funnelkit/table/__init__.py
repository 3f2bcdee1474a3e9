"""Tables for a notebook or a mail: numbers as one writes them, immature ones marked in words."""

from __future__ import annotations

from funnelkit.table.adjusted import cohorts
from funnelkit.table.against import benchmark
from funnelkit.table.ahead import attainment, forecast
from funnelkit.table.alarmed import alerts
from funnelkit.table.answering import response
from funnelkit.table.changes import change
from funnelkit.table.compared import experiment
from funnelkit.table.deals import pipeline_deals
from funnelkit.table.diagnosed import diagnosis, periods
from funnelkit.table.figures import metrics
from funnelkit.table.grid import Table
from funnelkit.table.moving import movements, retention
from funnelkit.table.planned import plan, plan_options
from funnelkit.table.rivalry import backtest
from funnelkit.table.selling import ageing, deal_sizes, people, quota, reasons
from funnelkit.table.shares import rates
from funnelkit.table.staffed import headcount, scenarios
from funnelkit.table.standings import peers
from funnelkit.table.steps import flow

__all__ = [
    "Table",
    "ageing",
    "alerts",
    "attainment",
    "backtest",
    "benchmark",
    "change",
    "cohorts",
    "deal_sizes",
    "diagnosis",
    "experiment",
    "flow",
    "forecast",
    "headcount",
    "metrics",
    "movements",
    "peers",
    "people",
    "periods",
    "pipeline_deals",
    "plan",
    "plan_options",
    "quota",
    "rates",
    "reasons",
    "response",
    "retention",
    "scenarios",
]
