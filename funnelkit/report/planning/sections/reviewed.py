"""The last plan against what came."""

from __future__ import annotations

from funnelkit.report.page.section import Section
from funnelkit.report.planning.facts import PlanFacts


def section(facts: PlanFacts) -> Section:
    """Return what became of the last plan; blank where none was given."""
    found = facts.review
    if found is None:
        return Section(key="review", eyebrow="The last plan", title="")
    return Section(
        key="review",
        eyebrow="The last plan",
        title="What became of the last plan",
        lead=found.summary(),
    )
