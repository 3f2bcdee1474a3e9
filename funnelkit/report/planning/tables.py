"""The tables of a plan for its workbook: every figure of the page, unrounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit.report.planning.facts import PlanFacts
from funnelkit.report.workbook import Sheet

if TYPE_CHECKING:
    import pandas as pd


def tables_of(facts: PlanFacts) -> dict[str, Sheet]:
    """Return the tables of a plan by the name of their sheet."""
    plan, board = facts.plan, facts.board
    found = {
        "On one page": Sheet("The plan on one page", board.to_frame(), _truths(facts)),
        "What must hold": Sheet("What would have to be true", _held(facts)),
        "Options": Sheet(
            "Plans by their chance",
            plan.option_table(),
            "mean: on mean rates, which fails about as often as not.",
        ),
        "Months": Sheet("The plan month by month", plan.to_frame(), tuple(plan.notes)),
        "Chances": Sheet("Chance of each month, quarter and year", facts.outlook.by_period),
    }
    if facts.capacity is not None:
        found["People"] = Sheet("People by month", facts.capacity.by_month())
        found["Roles"] = Sheet("People by role and month", facts.capacity.to_frame())
        found["Requisitions"] = Sheet("Requisitions to open", _requisitions(facts.capacity))
    for name, title, result in (
        ("Cheapest leads", "Leads within the limits", facts.allocation),
        ("Scenarios", "Scenarios side by side", facts.scenarios),
        ("What matters", "What each input does to the chance of the goal", facts.tornado),
        ("Worth measuring", "Which number is worth measuring better", facts.information),
        ("Coverage", "Pipeline that the first quarter needs", facts.coverage),
        ("Last plan", "The last plan against what came", facts.review),
    ):
        if result is not None:
            found[name] = Sheet(title, result.to_frame(), result.summary())
    found["Assumptions"] = Sheet("Every number that the plan stands on", facts.ledger)
    return found


def _truths(facts: PlanFacts) -> str:
    return facts.board.summary()


def _held(facts: PlanFacts) -> pd.DataFrame:
    import pandas as pd

    rows = [(one.says, one.known, one.basis, one.limit) for one in facts.board.truths]
    return pd.DataFrame(rows, columns=["would_have_to_be_true", "known", "source", "even_odds_at"])


def _requisitions(capacity: Any) -> pd.DataFrame:
    import pandas as pd

    rows = [
        (display.one_line(one.role), one.number, one.open_by, one.start, one.kind)
        for one in capacity.requisitions
    ]
    return pd.DataFrame(rows, columns=["role", "people", "open_by", "start", "why"])
