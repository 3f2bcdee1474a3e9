"""What changed, and why: the change between two periods split into effects that add up."""

from __future__ import annotations

from funnelkit.monitor.alarms import alerts
from funnelkit.monitor.alerting import Alert, Alerts
from funnelkit.monitor.change import Change, decompose
from funnelkit.monitor.charts import control_chart
from funnelkit.monitor.control import ControlChart
from funnelkit.monitor.peers import Peers, compare_peers
from funnelkit.monitor.run_lengths import average_run_length, chance_of_signal, limit_for

__all__ = [
    "Alert",
    "Alerts",
    "Change",
    "ControlChart",
    "Peers",
    "alerts",
    "average_run_length",
    "chance_of_signal",
    "compare_peers",
    "control_chart",
    "decompose",
    "limit_for",
]
