"""Averages in two arms: means, ratios of means, adjusted means, and revenue per lead in parts."""

from __future__ import annotations

from funnelkit.experiment.averages.adjusted import adjust_means
from funnelkit.experiment.averages.means import compare_means
from funnelkit.experiment.averages.parts import ValueSplit, split_value
from funnelkit.experiment.averages.ratios import compare_ratios

__all__ = [
    "ValueSplit",
    "adjust_means",
    "compare_means",
    "compare_ratios",
    "split_value",
]
