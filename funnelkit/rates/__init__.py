"""Conversion rates by cohort, by period and by stage, each with its interval and denominator."""

from __future__ import annotations

from funnelkit.rates.cohorts import CohortRates, cohort
from funnelkit.rates.labelled import LabelledRate
from funnelkit.rates.periods import PeriodRates, period
from funnelkit.rates.stages import StageRates, flow

__all__ = [
    "CohortRates",
    "LabelledRate",
    "PeriodRates",
    "StageRates",
    "cohort",
    "flow",
    "period",
]
