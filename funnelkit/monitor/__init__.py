"""What changed, and why: the change between two periods split into effects that add up."""

from __future__ import annotations

from funnelkit.monitor.change import Change, decompose

__all__ = ["Change", "decompose"]
