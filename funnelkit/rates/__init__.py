"""Conversion rates by cohort, by period and by stage, each with its interval and denominator.

Beside them the ranges that are published of such rates, and where the funnel loses most.
"""

from __future__ import annotations

from funnelkit.rates.cohorts import CohortRates, cohort
from funnelkit.rates.diagnosis.asking import diagnose
from funnelkit.rates.diagnosis.result import Diagnosis
from funnelkit.rates.labelled import LabelledRate
from funnelkit.rates.periods import PeriodRates, period
from funnelkit.rates.ranges.comparison import benchmark
from funnelkit.rates.ranges.published import Range, Ranges, published_ranges
from funnelkit.rates.ranges.result import Benchmarked
from funnelkit.rates.stages import StageRates, flow

__all__ = [
    "Benchmarked",
    "CohortRates",
    "Diagnosis",
    "LabelledRate",
    "PeriodRates",
    "Range",
    "Ranges",
    "StageRates",
    "benchmark",
    "cohort",
    "diagnose",
    "flow",
    "period",
    "published_ranges",
]
