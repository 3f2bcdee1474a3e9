"""The top of the page of a plan: the goal, what it takes, how sure it is."""

from __future__ import annotations

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.plan import Board
from funnelkit.report.page.markup import Html
from funnelkit.report.page.section import Opening
from funnelkit.report.page.terms import capital
from funnelkit.report.planning.facts import PlanFacts


def opening(facts: PlanFacts) -> Opening:
    """Return the top of the page."""
    board, shown = facts.board, facts.outlook
    return Opening(
        report=f"Plan, {shown.span}",
        title=_title(board),
        about="Simulated data" if facts.simulated else facts.title or _route(facts),
        meta=_meta(facts),
        story=(),
        reading=Html(""),
    )


def _title(board: Board) -> str:
    shown = board.outlook
    leads = display.plural(board.leads, "lead")
    goal, chance = shown.short(board.goal), display.a_chance(board.hit)
    if not board.leads:
        return f"{goal} without a further lead: {chance}"
    if board.people_limit:
        sure = display.a_chance(board.hit_by_leads)
        return (
            f"{goal} takes {leads} for {sure}; people bring it down to {display.chance(board.hit)}"
        )
    return f"{goal} takes {leads}, for {chance}"


def _meta(facts: PlanFacts) -> list[tuple[str, str]]:
    shown = facts.outlook
    return [
        ("Funnel", _route(facts)),
        ("Months", shown.span),
        ("Known to", day_name(facts.as_of)),
        ("Chance asked", display.percent(shown.plan.probability, decimals=0)),
        ("Targets", display.one_line(facts.plan.targets.source)),
    ]


def _route(facts: PlanFacts) -> str:
    terms = facts.terms
    return f"{capital(terms.label(terms.start))} to {terms.label(terms.target)}"
