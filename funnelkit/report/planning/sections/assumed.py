"""The ledger of what is assumed, and how the figures of the page are made."""

from __future__ import annotations

import datetime as dt
import math

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.report.page.markup import el, prose
from funnelkit.report.page.section import DataTable, Section
from funnelkit.report.planning.facts import PlanFacts

_SHARES = (" to ", "correlation")


def section(facts: PlanFacts) -> Section:
    """Return every assumption with its interval and where it comes from."""
    frame = facts.ledger
    return Section(
        key="assumptions",
        eyebrow="Assumptions",
        title=f"{display.plural(len(frame), 'number')} that this plan stands on",
        lead=(
            "Value, 80 % interval, source, records behind it and their last day. They are in "
            "`assumptions.yml` beside this page: change some, run `funnelkit plan --assumptions "
            "assumptions.yml`, and the plan follows."
        ),
        tables=(_table(facts),),
    )


def _table(facts: PlanFacts) -> DataTable:
    rows = []
    for row in facts.ledger.to_dict("records"):
        kind = _kind(str(row["input"]))
        low, high = (written(float(row[end]), kind) for end in ("low", "high"))
        sure = row["high"] > row["low"]
        rows.append(
            [
                display.one_line(str(row["input"])),
                written(float(row["value"]), kind),
                f"{low} to {high}" if sure else "taken as known",
                display.count(row["n"]) if _there(row["n"]) else display.EN_DASH,
                day_name(row["date"]) if isinstance(row["date"], dt.date) else display.EN_DASH,
                display.one_line(str(row["source"])),
            ]
        )
    return DataTable(
        name="assumptions",
        caption="Every number that the plan stands on",
        columns=("Input", "Value", "80\u202f% interval", "Records", "Up to", "From"),
        rows=rows,
    )


def _there(value: object) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def _kind(key: str) -> str:
    name = key.rsplit(": ", 1)[-1] if ": " in key else key
    if any(word in name for word in _SHARES):
        return "share"
    if "lag" in name or "spread" in name:
        return "number"
    return "amount"


def written(value: float, kind: str) -> str:
    """Return an assumed number as it is written."""
    if kind == "share":
        return display.percent(value, decimals=1 if value >= 0.1 or value == 0 else 2)
    if kind == "number":
        return f"{value:.2f}"
    return display.count(value) if value >= 100 else f"{value:,.4g}"


def method(facts: PlanFacts) -> Section:
    """Return how the figures are made."""
    entries = [el("div", el("dt", name), el("dd", prose(words))) for name, words in terms_of(facts)]
    files = ", ".join(display.one_line(name) for name in facts.files[:6])
    footer = (
        f"Made by funnelkit from {files or 'simulated leads'}, as known on {day_name(facts.as_of)}."
    )
    return Section(
        key="method",
        eyebrow="Definitions",
        title="How each number is made",
        body=(
            el("dl", entries, class_="definitions"),
            [el("p", prose(words), class_="note") for words in notes_of(facts)],
            el("footer", footer),
        ),
    )


def terms_of(facts: PlanFacts) -> list[tuple[str, str]]:
    """Return each figure of a plan with how it is made."""
    told = {
        "Plan": (
            "Targets, less what is in flight and what never starts as a lead, are taken back "
            "through lags and rates to the leads of each month and channel, never below 0. It is "
            "the smallest number of leads in these proportions with which the goal has the chance "
            "that was asked."
        ),
        "Chance of the goal": (
            "Of all months together. It holds doubt of rates, months, deal sizes and what is in "
            "flight, cohorts that differ by more than luck, and luck. Doubt about a rate is shared "
            "by all its leads and does not average out."
        ),
        "On mean rates": (
            "The plan of a calculator: the goal divided by what a lead brings on average. It fails "
            "about as often as not."
        ),
        **{name[:1].upper() + name[1:]: words for name, words in facts.board.definitions.items()
           if name in ("CAC", "payback", "leads")},
        "In flight": "Records that are open today, and what the running month has brought already.",
        "Without a lead": "Deals that sales or partners create, which never were a lead.",
    }  # fmt: skip
    return list(told.items())


def notes_of(facts: PlanFacts) -> list[str]:
    """Return what a reader of the plan must know."""
    plan = facts.plan
    notes = (*plan.notes, *plan.targets.notes, *plan.assumptions.notes)
    return [display.one_line(note) for note in dict.fromkeys(notes)]
