"""The numbers a sales team is run by, each with its numerator, denominator and definition."""

from __future__ import annotations

from funnelkit.metrics.landmarks import ResponseBands, response_bands
from funnelkit.metrics.recurring import Movements, mrr, mrr_movements, net_new_mrr
from funnelkit.metrics.response import ResponseTimes, first_response
from funnelkit.metrics.retention import (
    LogoRetention,
    account_revenue,
    logo_retention,
    revenue_retention,
)
from funnelkit.metrics.touching import follow_up, touches
from funnelkit.metrics.working_hours import WorkingHours

__all__ = [
    "LogoRetention",
    "Movements",
    "ResponseBands",
    "ResponseTimes",
    "WorkingHours",
    "account_revenue",
    "first_response",
    "follow_up",
    "logo_retention",
    "mrr",
    "mrr_movements",
    "net_new_mrr",
    "response_bands",
    "revenue_retention",
    "touches",
]
