"""The numbers a sales team is run by, each with its numerator, denominator and definition."""

from __future__ import annotations

from funnelkit.metrics.landmarks import ResponseBands, response_bands
from funnelkit.metrics.response import ResponseTimes, first_response
from funnelkit.metrics.touching import follow_up, touches
from funnelkit.metrics.working_hours import WorkingHours

__all__ = [
    "ResponseBands",
    "ResponseTimes",
    "WorkingHours",
    "first_response",
    "follow_up",
    "response_bands",
    "touches",
]
