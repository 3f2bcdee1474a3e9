"""Leads needed by channel and month."""

from __future__ import annotations

import numpy as np

from funnelkit._core import display
from funnelkit.report.page.charts.planned import lead_rows, leads
from funnelkit.report.page.charts.svg import figure
from funnelkit.report.page.section import DataTable, Section
from funnelkit.report.planning.facts import PlanFacts


def section(facts: PlanFacts) -> Section:
    """Return the leads by channel and month; blank where none is needed."""
    shown = facts.outlook
    if not shown.leads.any():
        return Section(key="leads", eyebrow="Leads", title="")
    return Section(
        key="leads",
        eyebrow="Leads",
        title=shown.leads_finding(),
        lead=_lead(facts),
        body=(figure(None, leads(shown), caption=_caption(facts)),),
        tables=(_data(facts),),
    )


def _lead(facts: PlanFacts) -> str:
    shown = facts.outlook
    last = int(np.flatnonzero(shown.leads.sum(axis=0)).max())
    text = ""
    if last < len(shown.target) - 1:
        text = (
            f"After {shown.labels[last]} this goal takes no further leads: they would be won after "
            "its last month. The next goal will take them, so that nobody should stop there. "
        )
    return f"{text}How many leads there are of late stands under what would have to be true."


def _caption(facts: PlanFacts) -> str:
    first = display.one_line(facts.plan.assumptions.stages[0])
    return f"New records at {first} by channel and month; the channels stand on one scale."


def _data(facts: PlanFacts) -> DataTable:
    shown = facts.outlook
    rows = [
        [name, *(display.count(float(one)) for one in row), display.count(float(row.sum()))]
        for name, row in lead_rows(shown, most=10**6)
    ]
    return DataTable(
        name="leads by channel and month",
        caption="What the chart shows",
        columns=("Channel", *shown.labels, "All"),
        rows=rows,
    )
