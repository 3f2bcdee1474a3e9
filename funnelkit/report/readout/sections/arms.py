"""Who was in which variant, and the primary metric by group."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from funnelkit._core import display
from funnelkit.report.page.facts import SMALL, Missing
from funnelkit.report.page.markup import Html, el
from funnelkit.report.page.section import DataTable, Section
from funnelkit.report.page.terms import capital, readable
from funnelkit.report.readout.facts import ReadoutFacts

_GROUPS = 12


def followed(facts: ReadoutFacts) -> Section:
    """Return the section of who was in which variant, and who is still too young to count."""
    view, design = facts.view, facts.design
    if isinstance(view, Missing):
        return Section(key="followed", eyebrow="Who was followed", title="")
    young, ready = int(view.arms["young"].sum()), int(view.arms["followed"].sum())
    share = ready / (ready + young) if ready + young else 0.0
    units = capital(design.units)
    columns = ["Variant", f"{units} followed", "Too young (immature)"]
    accounts = "accounts" in view.arms.columns
    columns += ["Accounts"] if accounts else []
    rows = [
        [
            display.one_line(str(row["variant"])),
            display.count(row["followed"]),
            display.count(row["young"]),
            *([display.count(row["accounts"])] if accounts else []),
        ]
        for row in view.arms.to_dict("records")
    ]
    planned = ""
    if design.planned:
        planned = f" {display.count(design.planned)} were planned."
    return Section(
        key="followed",
        eyebrow="Who was followed",
        title=f"{display.count(ready)} of {display.count(ready + young)} {design.units} count",
        lead=(
            f"{display.percent(share, decimals=0)} of those that entered have been followed for "
            f"{display.plural(design.within, 'day')}; the others are immature and stand in no "
            f"rate.{planned}"
        ),
        body=(shown(columns, rows, f"{units} by variant"),),
    )


def shown(columns: Sequence[str], rows: Sequence[Sequence[str]], label: str) -> Html:
    """Return a table that is no data behind a figure but stands by itself."""
    table = el(
        "table",
        el("thead", el("tr", [el("th", name, scope="col") for name in columns])),
        el(
            "tbody",
            [
                el("tr", el("th", row[0], scope="row"), [el("td", one) for one in row[1:]])
                for row in rows
            ],
        ),
        class_="data card-table",
    )
    return el("div", table, class_="scroll", tabindex="0", role="region", aria_label=label)


def groups(facts: ReadoutFacts) -> Section:
    """Return the section of the primary metric by group; blank where no column has groups."""
    view = facts.view
    figures = (
        []
        if isinstance(view, Missing)
        else [
            row
            for guard in view.guards
            if guard.name == "reversal"
            for row in guard.figures
            if facts.segment in (None, row["column"])
        ]
    )
    if not figures or isinstance(view, Missing):
        return Section(key="groups", eyebrow="By group", title="")
    small = [row for row in figures if row["value"] not in ("all", "(same mix)")]
    treatment = display.one_line(str(figures[0]["treatment"]))
    guard = view.guards["reversal"]
    columns = ("Group", "Control", treatment, "Difference, points")
    rows = [
        [
            f"{readable(str(row['column']))}: {display.segment_name([row['value']])}",
            _share(row, "control"),
            _share(row, "treatment"),
            _points(row),
        ]
        for row in figures
    ]
    turned = "turns round or differs in some groups" if guard.level != "ok" else ""
    return Section(
        key="groups",
        eyebrow="By group, to read and not to test",
        title=capital(
            f"the difference {turned}" if turned else "the difference keeps its direction in groups"
        ),
        lead=f"{guard.sentence} No group decides: {len(small)} of them are looked at at once.",
        body=(shown(columns, rows[: _GROUPS + 2], "The primary metric by group"),)
        if len(rows) <= _GROUPS + 2
        else (),
        tables=(DataTable("by group", "The primary metric by group", columns, rows),)
        if len(rows) > _GROUPS + 2
        else (),
    )


def _share(row: Mapping[str, Any], arm: str) -> str:
    entered, rate = row[f"{arm}_entered"], row[f"{arm}_rate"]
    if entered < SMALL or not math.isfinite(rate):
        return f"{display.EN_DASH} (n {display.count(entered)})"
    return f"{display.percent(rate)} (n {display.count(entered)})"


def _points(row: Mapping[str, Any]) -> str:
    value, low, high = (100 * row[key] for key in ("difference", "low", "high"))
    few = min(row["control_entered"], row["treatment_entered"]) < SMALL
    if few or not math.isfinite(value):
        return display.EN_DASH
    return f"{display.signed(value)} ({display.signed(low)} to {display.signed(high)})"
