"""The cheapest leads within limits, and what each limit costs."""

from __future__ import annotations

import numpy as np

from funnelkit._core import display
from funnelkit.report.page.markup import Part, el, prose
from funnelkit.report.page.section import Section
from funnelkit.report.planning.facts import PlanFacts

_MOST = 6


def section(facts: PlanFacts) -> Section:
    """Return what the allocation says; blank where none was made."""
    found = facts.allocation
    if found is None:
        return Section(key="allocation", eyebrow="Cheapest leads", title="")
    body: list[Part] = []
    if found.prices:
        body += [
            el("h3", "What the limits cost"),
            el(
                "ul",
                [el("li", prose(one.sentence)) for one in found.prices[:_MOST]],
                class_="alerts",
            ),
        ]
    title = f"{facts.outlook.short_paid(found.cost)} is the least that {_odds(found.hit)} costs"
    if not found.finished or not np.isfinite(found.cost):
        title = "Leads within the limits, not shown to be the cheapest"
    return Section(
        key="allocation",
        eyebrow="Cheapest leads",
        title=title,
        lead=found.summary(),
        body=tuple(body),
    )


def _odds(chance: float) -> str:
    return display.a_chance(chance)
