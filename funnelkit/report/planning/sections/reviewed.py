"""The last plan against what came."""

from __future__ import annotations

from funnelkit._core import display
from funnelkit.report.page.markup import Html
from funnelkit.report.page.section import Section
from funnelkit.report.page.terms import capital
from funnelkit.report.planning.cells import open_table
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
        lead=display.one_line(found.summary()),
        body=(_effects(facts),),
    )


def _effects(facts: PlanFacts) -> Html | None:
    """Return what moved the result, the largest first."""
    if facts.review is None:
        return None
    ordered = sorted(facts.review.effects.items(), key=lambda one: -abs(one[1]))
    decimals = 0 if facts.outlook.money else 1
    rows = [[capital(name), display.signed(value, decimals=decimals)] for name, value in ordered]
    heads = ["What was otherwise than planned", "Effect"]
    return open_table(heads, rows, label="What was otherwise than planned")
