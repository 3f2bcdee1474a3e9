"""Writes a plan into its folder: page, workbook, assumptions to edit, and its record."""

from __future__ import annotations

from pathlib import Path

from funnelkit.plan import remember_plan, write_assumptions
from funnelkit.report.planning.facts import PlanFacts
from funnelkit.report.planning.live import write_live
from funnelkit.report.planning.page import PlanPage


def written(facts: PlanFacts, folder: Path) -> None:
    """Write all files of a plan."""
    from funnelkit.report.planning.running import LEDGER, PAGE, RECORD, WORKBOOK

    page = PlanPage(facts).to_html()
    (folder / PAGE).write_text(page, encoding="utf-8", newline="\n")
    write_live(folder / WORKBOOK, facts)
    write_assumptions(facts.plan.assumptions, folder / LEDGER)
    remember_plan(facts.plan, folder / RECORD, by=facts.by)
