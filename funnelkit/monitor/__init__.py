"""What changed, and why: the change between two periods split into effects that add up."""

from __future__ import annotations

from funnelkit.monitor.board.alarms import alerts
from funnelkit.monitor.board.alerting import Alert, Alerts
from funnelkit.monitor.change.decomposed import Change, decompose
from funnelkit.monitor.charts.charting import control_chart
from funnelkit.monitor.charts.control import ControlChart
from funnelkit.monitor.peers.comparing import Peers, compare_peers
from funnelkit.monitor.run_lengths.lengths import average_run_length, chance_of_signal, limit_for

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
