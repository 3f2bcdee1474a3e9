"""What changed, and why: the change between two periods split into effects that add up."""

from __future__ import annotations

from funnelkit.monitor.change import Change, decompose
from funnelkit.monitor.peers import Peers, compare_peers

__all__ = ["Change", "Peers", "compare_peers", "decompose"]
