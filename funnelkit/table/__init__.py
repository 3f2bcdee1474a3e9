"""Tables for a notebook or a mail: numbers as one writes them, immature ones marked in words."""

from __future__ import annotations

from funnelkit.table.adjusted import cohorts
from funnelkit.table.against import benchmark
from funnelkit.table.alarmed import alerts
from funnelkit.table.changes import change
from funnelkit.table.diagnosed import diagnosis, periods
from funnelkit.table.figures import metrics
from funnelkit.table.grid import Table
from funnelkit.table.moving import movements, retention
from funnelkit.table.shares import rates
from funnelkit.table.standings import peers
from funnelkit.table.steps import flow

__all__ = [
    "Table",
    "alerts",
    "benchmark",
    "change",
    "cohorts",
    "diagnosis",
    "flow",
    "metrics",
    "movements",
    "peers",
    "periods",
    "rates",
    "retention",
]
