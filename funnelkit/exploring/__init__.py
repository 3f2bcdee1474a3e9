"""A panel for JupyterLab over the same plots and tables, which tells the code for what it shows."""

from __future__ import annotations

from funnelkit.exploring.panel import Explorer, explore

__all__ = ["Explorer", "explore"]
