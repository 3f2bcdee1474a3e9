"""Everything that the page of a plan says, from the plan by hand."""

from __future__ import annotations

from functools import cache

import funnelkit as fk
from funnelkit.report.page.terms import Terms
from funnelkit.report.planning.facts import PlanFacts
from tests.plan import plans_by_hand as by_hand

TITLE = "<script>alert(1)</script>"


@cache
def facts() -> PlanFacts:
    """A plan with people, scenarios and a tornado."""
    plan = by_hand.plan()
    limits = [fk.plan.break_even(plan, key) for key in ("leads", "web: lead to won", "in flight")]
    return PlanFacts(
        board=fk.plan.board(
            plan, capacity=by_hand.capacity(), margin=0.8, recent={"web": 80}, limits=limits
        ),
        ledger=plan.assumptions.to_frame(),
        terms=Terms("lead", "won", ("lead", "sql", "won")),
        title=TITLE,
        files=("leads.csv", "<i>.csv"),
        capacity=by_hand.capacity(),
        scenarios=by_hand.scenarios(),
        tornado=by_hand.tornado(),
    )


@cache
def bare() -> PlanFacts:
    """A plan of deals: no cost, no people, no scenario."""
    plan = by_hand.counted()
    return PlanFacts(
        board=fk.plan.board(plan),
        ledger=plan.assumptions.to_frame(),
        terms=Terms("lead", "won", ("lead", "sql", "won")),
    )
