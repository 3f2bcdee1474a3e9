"""Families of comparisons: stages of one funnel, p-values that answer for each other."""

from __future__ import annotations

from funnelkit.experiment.adjustment import adjust_pvalues
from funnelkit.experiment.families.staged import compare_stages
from funnelkit.experiment.families.stages_result import StageComparisons

__all__ = ["StageComparisons", "adjust_pvalues", "compare_stages"]
