"""What holds the funnel back, and what left its usual level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from funnelkit._core.errors import EvidenceError
from funnelkit.monitor import Alerts, alerts
from funnelkit.rates import Diagnosis, diagnose
from funnelkit.report.page.facts import Missing, Setting

if TYPE_CHECKING:
    from funnelkit.data.records import Leads


def alerts_view(leads: Leads, setting: Setting, segment: str | None) -> Alerts | Missing:
    """Return what left its usual level, or what it would take to watch anything."""
    column = segment or next(iter(leads.funnel.segments), None)
    try:
        found = alerts(leads, by=() if column is None else column, changes=setting.changes)
    except EvidenceError as error:
        return Missing(f"It needs more: {error}")
    if not found.watched:
        return Missing(
            "Nothing can be watched yet: it takes some months of history with enough "
            f"{setting.terms.leads} in each."
        )
    return found


def diagnosis_view(
    leads: Leads, setting: Setting, ranges: Mapping[str, tuple[float, float]] | None = None
) -> Diagnosis | Missing:
    """Return what holds the funnel back, or what it would take to say."""
    if len(leads.funnel.stages) < 3:
        return Missing(
            "It needs stages between entry and win: name their columns under `stages`, in order."
        )
    try:
        return diagnose(leads, own=ranges or None, confidence_level=setting.confidence_level)
    except EvidenceError as error:
        return Missing(f"It needs more: {error}")
