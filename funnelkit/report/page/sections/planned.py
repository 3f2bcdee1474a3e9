"""The plan: targets of the months to come, what they need, and how likely they are."""

from __future__ import annotations

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import period_name
from funnelkit.report.page.charts.planned import (
    bookings,
    bookings_legend,
    lead_rows,
)
from funnelkit.report.page.charts.planned import leads as leads_chart
from funnelkit.report.page.charts.svg import figure
from funnelkit.report.page.facts import Facts, Missing, Planned, Stretch
from funnelkit.report.page.markup import Html, el, prose
from funnelkit.report.page.section import DataTable, Section, needs

_EYEBROW = "Plan"
PACE_NOTE = (
    "At today's pace: as many leads as in the last six months. Gap: that less the target. Of a "
    "quarter or year that the plan does not hold as a whole, only its months in the plan count."
)


def section(facts: Facts) -> Section:
    """Return the plan for the targets; blank where funnel.yml names none."""
    setting = facts.setting
    if facts.goals is None or setting.terms.target != setting.terms.stages[-1]:
        return Section(key="plan", eyebrow=_EYEBROW, title="")
    view = facts.planned()
    if isinstance(view, Missing):
        return Section(
            key="plan",
            eyebrow=_EYEBROW,
            title="There is too little yet to plan for the targets",
            body=(needs(view.needs),),
        )
    return Section(
        key="plan",
        eyebrow=_EYEBROW,
        title=title_of(view),
        lead=lead_of(view),
        body=(
            table_of(view),
            el("p", PACE_NOTE, class_="note"),
            el("h3", "With the leads that the plan needs"),
            figure(bookings_legend(view.outlook), bookings(view.outlook), caption=_caption(view)),
            el("h3", "Leads needed by channel and month"),
            figure(None, leads_chart(view.outlook), caption=_of_leads(view)),
            _people(view),
        ),
        tables=(_data(view),),
    )


def title_of(view: Planned) -> str:
    """Return how likely the targets are with as many leads as of late."""
    shown = view.outlook
    until = period_name(shown.plan.periods[-1])
    chance = display.a_chance(view.whole.usual_chance)
    return f"{shown.short(view.whole.target)} by {until} has {chance} at today's pace"


def lead_of(view: Planned) -> str:
    """Return what as many leads as of late would bring, and how many more the targets need."""
    shown, whole = view.outlook, view.whole
    pace = float(view.late.sum(axis=0).mean())
    text = (
        f"With as many leads as of late, about {display.count(pace)} a month, {shown.span} should "
        f"bring {shown.number(whole.usual)}, {_beside(view, whole.gap)} the targets. "
    )
    asked = display.chance(shown.plan.probability)
    if not shown.leads.any():
        return f"{text}They need no further lead for a chance of {asked}."
    needed = float(shown.leads.sum(axis=0).mean())
    text += f"For a chance of {asked} it takes about {display.count(needed)} leads a month"
    if pace > 0:
        text += f", {needed / pace:.1f} times as many"
    late = np.flatnonzero(np.asarray(shown.plan.shortfall) > 0)
    if len(late):
        months = [period_name(shown.plan.periods[int(k)]).split(" ")[0] for k in late]
        ends = months[0] if len(months) == 1 else f"{months[0]} to {months[-1]}"
        text += f"; part of what is due in {ends} can no longer come in time"
    return f"{text}."


def _beside(view: Planned, gap: float) -> str:
    if abs(gap) < 0.005 * view.whole.target:
        return "as much as"
    return f"{view.outlook.number(abs(gap))} {'above' if gap > 0 else 'below'}"


def table_of(view: Planned) -> Html:
    """Return each quarter and year with its target, at today's pace and with the plan."""
    shown = view.outlook
    heads = [
        "Quarter, year",
        "Target",
        "At today's pace",
        "Gap",
        "Chance",
        "With the plan",
        "Chance",
    ]
    rows = [
        el("tr", el("th", one.name, scope="row"), [el("td", cell) for cell in _cells(view, one)])
        for one in (*view.stretches, view.whole)
    ]
    table = el(
        "table",
        el("thead", el("tr", [el("th", head, scope="col") for head in heads])),
        el("tbody", rows),
        class_="data card-table",
    )
    label = f"Targets and chances by quarter and year, {shown.span}"
    return el("div", table, class_="scroll", tabindex="0", role="region", aria_label=label)


def _cells(view: Planned, one: Stretch) -> list[str]:
    shown = view.outlook
    return [
        shown.bare(one.target),
        shown.bare(one.usual),
        display.signed(one.gap, decimals=0 if shown.money else 1),
        display.chance(one.usual_chance),
        shown.bare(one.planned),
        display.chance(one.planned_chance),
    ]


def _caption(view: Planned) -> str:
    shown = view.outlook
    unit = f", in {shown.currency}" if shown.money and shown.currency else ""
    return (
        f"Targets and expected bookings by month{unit}, with the leads below. Under each month of "
        "the wide drawing the chance that all targets up to its end are reached in sum."
    )


def _of_leads(view: Planned) -> str:
    late = view.late.mean(axis=1)
    order = np.argsort(-view.outlook.leads.sum(axis=1), kind="stable")[:6]
    told = ", ".join(f"{view.outlook.names[c]} {display.count(float(late[c]))}" for c in order)
    return f"The channels stand on one scale. Leads a month of late: {told}."


def _people(view: Planned) -> Html | None:
    if view.staff is None:
        return None
    words = f"{view.staff.words[:1].upper()}{view.staff.words[1:]}. {view.staff.hires_words}."
    return el("p", el("b", "People. "), prose(words), class_="note")


def _data(view: Planned) -> DataTable:
    shown = view.outlook
    low, high = shown.band
    rows = lead_rows(shown, most=10**6)
    body = [
        [
            label,
            shown.bare(float(shown.target[k])),
            shown.bare(float(shown.expected[k])),
            f"{shown.bare(float(low[k]))} to {shown.bare(float(high[k]))}",
            display.chance(float(shown.chances[k])),
            *(display.count(float(row[k])) for _, row in rows),
        ]
        for k, label in enumerate(shown.labels)
    ]
    heads = ("Month", "Target", "Expected", f"{shown.percent} interval", "Chance by then")
    return DataTable(
        name="plan by month",
        caption="Targets, what the plan brings, and the leads that it needs",
        columns=(*heads, *(f"Leads: {name}" for name, _ in rows)),
        rows=body,
    )
