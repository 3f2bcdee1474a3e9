"""The plan month by month: bookings against targets, and every figure in one table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import period_name
from funnelkit.plan.one_page.monthly import MonthColumn, MonthRows, month_rows
from funnelkit.report.page.charts.planned import bookings, bookings_legend
from funnelkit.report.page.charts.svg import figure
from funnelkit.report.page.markup import Html, Part, el
from funnelkit.report.page.section import DataTable, Section
from funnelkit.report.page.terms import capital, readable
from funnelkit.report.planning.cells import open_table
from funnelkit.report.planning.facts import PlanFacts


def section(facts: PlanFacts) -> Section:
    """Return the chart and the table of the months."""
    shown = facts.outlook
    rows = month_rows(shown, capacity=facts.capacity)
    return Section(
        key="months",
        eyebrow="Month by month",
        title=_title(facts),
        lead=_lead(facts),
        body=(
            figure(bookings_legend(shown), bookings(shown), caption=_caption(facts)),
            *_tables(facts, rows),
            _periods(facts),
        ),
        tables=(_data(facts),),
    )


def _title(facts: PlanFacts) -> str:
    shown = facts.outlook
    short = np.flatnonzero(shown.expected < shown.target)
    if not len(short):
        return "Every month is expected to reach its target"
    names = [period_name(shown.plan.periods[int(k)]).split(" ")[0] for k in short]
    if len(names) == len(shown.target):
        return "Every month is expected below its target"
    if len(names) > 3:
        return f"{len(names)} of {len(shown.target)} months are expected below their targets"
    verb = "is" if len(names) == 1 else "are"
    whose = "its target" if len(names) == 1 else "their targets"
    return f"{display.listed(names)} {verb} expected below {whose}"


def _lead(facts: PlanFacts) -> str:
    shown = facts.outlook
    parts = {name: float(part.sum()) for name, part in shown.parts.items()}
    text = (
        f"Of {shown.number(float(shown.expected.sum()))} expected, "
        f"{shown.number(parts['in flight'])} come from what is open today, "
        f"{shown.number(parts['new leads'])} from the planned leads"
    )
    if parts["without a lead"] > 0:
        text += f" and {shown.number(parts['without a lead'])} from deals that never were a lead"
    return f"{text}."


def _caption(facts: PlanFacts) -> str:
    shown = facts.outlook
    unit = f", in {shown.currency}" if shown.money and shown.currency else ""
    return (
        f"Targets and expected bookings by month{unit}. Under each month of the wide drawing the "
        "chance that all targets up to its end are reached in sum."
    )


def _tables(facts: PlanFacts, rows: MonthRows) -> list[Part]:
    """Return what each month needs, and what it brings."""
    needs = [one for one in rows.columns if one.kind in ("leads", "records") and not one.words]
    brings = [one for one in rows.columns if one not in needs]
    note = (
        "Stages and deals count the planned leads and those open today. Gap: expected less target. "
        "Chance by then: of all targets up to the end of the month, in sum."
    )
    return [
        el("h3", "What each month needs"),
        _table(facts, needs, "What each month needs"),
        el("h3", "What each month brings"),
        _table(facts, brings, "What each month brings"),
        el("p", " ".join((note, *rows.notes)), class_="note"),
    ]


def _table(facts: PlanFacts, columns: Sequence[MonthColumn], label: str) -> Html:
    heads = ["Month", *(capital(readable(column.head)) for column in columns)]
    body = [
        [name, *(column.said(k) for column in columns)]
        for k, name in enumerate(facts.outlook.labels)
    ]
    body.append(["All", *(column.whole for column in columns)])
    words = [k for k, column in enumerate(columns, 1) if column.words]
    return open_table(heads, body, label=label, words=words, kind="data months")


def _periods(facts: PlanFacts) -> Html:
    """Return the chance of each quarter and year."""
    shown = facts.outlook
    found = [
        [
            str(row["period"]),
            shown.bare(row["target"]),
            shown.bare(row["expected"]),
            display.chance(row["probability"]),
        ]
        for row in shown.by_period.to_dict("records")
        if row["every"] != "month"
    ]
    heads = ["Quarter, year", "Target", "Expected", "Chance of its own target"]
    return el("div", open_table(heads, found, label="Chance by quarter and year"), class_="beneath")


def _data(facts: PlanFacts) -> DataTable:
    shown = facts.outlook
    low, high = shown.band
    rows = [
        [
            label,
            shown.bare(float(shown.target[k])),
            *(shown.bare(float(part[k])) for part in shown.parts.values()),
            shown.bare(float(shown.expected[k])),
            f"{shown.bare(float(low[k]))} to {shown.bare(float(high[k]))}",
            display.chance(float(shown.chances[k])),
        ]
        for k, label in enumerate(shown.labels)
    ]
    heads = ["Month", "Target", *(capital(name) for name in shown.parts), "Expected"]
    return DataTable(
        name="bookings and targets by month",
        caption="What the chart shows",
        columns=(*heads, f"{shown.percent} interval", "Chance by then"),
        rows=rows,
    )
