"""The plan on mean rates beside those with a chance of their own, and what certainty costs."""

from __future__ import annotations

import numpy as np

from funnelkit._core import display
from funnelkit.plan.one_page.assured import of_outlook
from funnelkit.report.page.charts.certainty import certainty
from funnelkit.report.page.charts.svg import figure
from funnelkit.report.page.markup import Html
from funnelkit.report.page.section import Section
from funnelkit.report.planning.cells import open_table
from funnelkit.report.planning.facts import PlanFacts

_MOST = 5


def section(facts: PlanFacts) -> Section:
    """Return the plans side by side."""
    shown = facts.outlook
    return Section(
        key="options",
        eyebrow="Options",
        title=_title(facts),
        lead=_lead(facts),
        body=(
            _table(facts),
            figure(None, certainty(of_outlook(shown)), caption=_caption(facts))
            if shown.leads.any()
            else None,
        ),
    )


def _title(facts: PlanFacts) -> str:
    named = {one.name: one for one in facts.outlook.options()}
    even, sure = named.get("P50"), named.get("P90")
    if even is None or sure is None or not even.leads.sum():
        return "Plans for several chances, side by side"
    more = sure.leads.sum() / even.leads.sum() - 1
    return (
        f"From even odds to {display.percent(0.9, decimals=0)}: "
        f"{display.percent(more, decimals=0)} more leads"
    )


def _lead(facts: PlanFacts) -> str:
    mean = next((one for one in facts.outlook.options() if one.name == "mean"), None)
    meant = facts.outlook.meant
    text = f"Each row is a plan of its own, made to reach {meant} with its chance. "
    if mean is None:
        return text
    return (
        f"{text}The plan on mean rates divides it by what a lead brings on average: it needs "
        f"{display.plural(mean.leads.sum(), 'lead')} and has {display.a_chance(mean.chance)}."
    )


def _table(facts: PlanFacts) -> Html:
    shown = facts.outlook
    names = shown.names if 1 < len(shown.names) <= _MOST else []
    costed = bool(np.isfinite(shown.plan.assumptions.costs).any())
    chance = "Chance of the goal" if shown.plan.missing == 0 else "Chance of what can come"
    heads = ["Plan", chance, "Leads", *names, *(["Cost of leads"] if costed else [])]
    rows = []
    for one in shown.options():
        cells = [one.words, display.chance(one.chance), display.count(one.leads.sum())]
        if names:
            cells += [display.count(each) for each in one.leads.sum(axis=1)]
        cells += [shown.paid(one.spend)] if costed else []
        rows.append(cells)
    return open_table(heads, rows, label="Plans by their chance")


def _caption(facts: PlanFacts) -> str:
    what = "Cost of leads" if np.isfinite(facts.outlook.spend) and facts.outlook.spend else "Leads"
    return (
        f"{what} against the chance of {facts.outlook.meant}. Dots are the plans of the table; the "
        "line is the plan that was asked, with its leads made more or fewer, all alike."
    )
