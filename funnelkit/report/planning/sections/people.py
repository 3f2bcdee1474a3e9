"""The people of the plan: who is there, whom to hire by when, and what both sides allow."""

from __future__ import annotations

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.plan.one_page.staffing import Staff, people_said
from funnelkit.report.page.charts.heads import heads, heads_legend
from funnelkit.report.page.charts.svg import figure
from funnelkit.report.page.markup import Html, el
from funnelkit.report.page.section import DataTable, Section
from funnelkit.report.page.terms import capital
from funnelkit.report.planning.cells import open_table
from funnelkit.report.planning.facts import PlanFacts


def section(facts: PlanFacts) -> Section:
    """Return the people by month; blank where no team was given."""
    staff = facts.board.staff
    if staff is None:
        return Section(key="people", eyebrow="People", title="")
    return Section(
        key="people",
        eyebrow="People",
        title=_title(staff),
        lead=_lead(facts, staff),
        body=(
            figure(heads_legend(staff), heads(staff), caption=_caption(staff)),
            *_requisitions(staff),
        ),
        tables=(_data(facts, staff),),
    )


def _title(staff: Staff) -> str:
    hires = int(staff.capacity.hires_needed.sum())
    short = int(np.sum(staff.capacity.people_bind))
    if not short:
        return "The people who are there suffice in every month"
    months = display.plural(short, "month")
    if not hires:
        return f"People bind in {months}"
    return f"People bind in {months}; {display.plural(hires, 'hire')} would close the gap"


def _lead(facts: PlanFacts, staff: Staff) -> str:
    shown, now, after = facts.outlook, staff.capacity, staff.after
    unit = shown.number if now.unit == facts.plan.unit else display.count
    demand, allowed = float(np.nansum(now.demand)), float(np.nansum(now.bookings))
    text = (
        f"The plan brings {unit(demand)} to be booked; with the people who are there, "
        f"{unit(allowed)} of it can be"
    )
    if now.with_hires is not None:
        text += f", and {unit(float(np.nansum(after.bookings)))} with the hires"
    text += "."
    if np.isfinite(staff.hit):
        text += (
            f" With them the goal has {display.a_chance(staff.hit)}: people are one more thing "
            "that has to go right."
        )
    return text


def _caption(staff: Staff) -> str:
    del staff
    return (
        "Full-time people, those in training by how far they have ramped, less those who are "
        "expected to leave. Each role has a scale of its own."
    )


def _requisitions(staff: Staff) -> tuple[Html | None, ...]:
    capacity = staff.capacity
    if not capacity.requisitions:
        return ()
    rows = [
        [
            display.one_line(one.role),
            str(one.number),
            day_name(one.open_by),
            day_name(one.start),
            "to close the gap" if one.kind == "needed" else "planned",
        ]
        for one in capacity.requisitions
    ]
    found: list[Html | None] = [
        el("h3", "Requisitions to open"),
        open_table(
            ["Role", "People", "Open by", "To start on", "Why"],
            rows,
            label="Requisitions to open",
            words=(4,),
        ),
    ]
    if capacity.missed:
        late = display.listed(
            [
                f"{people_said(one.number, one.role)} by {day_name(one.open_by)}"
                for one in capacity.missed[:4]
            ]
        )
        words = (
            "To meet demand in every month, requisitions would have had to be opened already: "
            f"{late}."
        )
        found.append(el("p", words, class_="note"))
    return tuple(found)


def _data(facts: PlanFacts, staff: Staff) -> DataTable:
    frame, bare = staff.capacity.by_month(), facts.outlook.bare
    columns = {
        "demand": bare,
        "capacity": bare,
        "bookings_with_hires": bare,
        "people_needed": display.expected,
        "people_there": display.expected,
        "hires_needed": display.count,
        "requisitions": display.count,
        "cost_with_hires": display.count,
    }
    heads_ = [capital(name.replace("_", " ")) for name in columns]
    rows = [
        [
            label,
            *(
                display.EN_DASH if not np.isfinite(row[name]) else said(float(row[name]))
                for name, said in columns.items()
            ),
            str(row["binding"]),
        ]
        for label, row in zip(facts.outlook.labels, frame.to_dict("records"), strict=True)
    ]
    return DataTable(
        name="people by month",
        caption="All roles together; people in ramped full-time equivalents",
        columns=("Month", *heads_, "What binds"),
        rows=rows,
    )
