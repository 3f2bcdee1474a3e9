"""Proportions: two rates compared from counts, right at small numbers."""

from __future__ import annotations

from funnelkit.experiment.proportions.comparing import compare_rates
from funnelkit.experiment.proportions.methods import RateMethod

__all__ = ["RateMethod", "compare_rates"]
