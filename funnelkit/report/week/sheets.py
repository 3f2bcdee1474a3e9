"""The tables of the weekly page for a workbook: every deal, unrounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from funnelkit._core.dates import period_label
from funnelkit.report.page.facts import Missing
from funnelkit.report.week.facts import Activities, Ahead, Deal, Entries, WeekFacts
from funnelkit.report.workbook import Sheet

if TYPE_CHECKING:
    import pandas as pd


def sheets_of(facts: WeekFacts) -> dict[str, Sheet]:
    """Return the tables of the page by name; views that the data cannot fill have none."""
    movement, span = facts.movement, facts.span
    week = span.named()
    found = {
        "Movement": Sheet(f"Pipeline movement, {week}", _bridge(facts), movement.lacking),
        "Deals that moved": Sheet(f"Deals that moved, {week}", deals_frame(movement.moved)),
        "To talk about": Sheet("Deals to talk about, and why", _talk(facts)),
        "Open deals": Sheet("Every open deal", deals_frame(movement.standing)),
        "Entries": Sheet("First entries by week", entries_frame(facts.entries)),
    }
    ahead = facts.ahead()
    if not isinstance(ahead, Missing):
        found["Target"] = Sheet(f"{ahead.name} beside its target", _ahead(ahead), ahead.lacking)
    if not isinstance(facts.ageing, Missing):
        found["Ageing"] = Sheet("Open deals by stage and age", facts.ageing.to_frame())
    if not isinstance(facts.activities, Missing):
        found["Activities"] = Sheet("Activities", activities_frame(facts.activities))
    return found


def deals_frame(deals: Sequence[Deal]) -> pd.DataFrame:
    """Return one row per deal."""
    import pandas as pd

    rows = [
        {
            "id": deal.id,
            "account": deal.account,
            "owner": deal.owner,
            "what_happened": ", ".join(deal.moves).replace("_", " "),
            "state": deal.state,
            "stage_before": deal.stage_before,
            "stage": deal.stage,
            "before_value": None if deal.amount_before is None else float(deal.amount_before),
            "amount_value": None if deal.amount is None else float(deal.amount),
            "close_before": deal.close_before,
            "close": deal.close,
            "exit": deal.exit,
            "status": deal.status,
            "age_days": deal.age,
            "stage_age_days": deal.stage_age,
        }
        for deal in sorted(deals, key=lambda deal: (-deal.worth, deal.id))
    ]
    return pd.DataFrame(rows, columns=_DEAL)


_DEAL = [
    "id", "account", "owner", "what_happened", "state", "stage_before", "stage", "before_value",
    "amount_value", "close_before", "close", "exit", "status", "age_days", "stage_age_days",
]  # fmt: skip


def entries_frame(entries: Entries) -> pd.DataFrame:
    """Return the entries to each stage, and those by segment, one row per period."""
    import pandas as pd

    columns: dict[str, list[object]] = {"period": [period_label(one) for one in entries.periods]}
    columns |= {step: list(counts) for step, counts in entries.stages.items()}
    columns |= {
        f"{entries.column}: {name}": list(counts) for name, counts in entries.segments.items()
    }
    return pd.DataFrame(columns)


def activities_frame(view: Activities) -> pd.DataFrame:
    """Return the activities by kind and by person."""
    import pandas as pd

    rows = [
        {"by": by, "name": name, "before": before, "now": now}
        for by, counts in (("kind", view.kinds), ("person", view.people))
        for name, (before, now) in counts.items()
    ]
    return pd.DataFrame(rows, columns=["by", "name", "before", "now"])


def _bridge(facts: WeekFacts) -> pd.DataFrame:
    import pandas as pd

    rows = [
        {"line": name.replace("_", " "), "deals": number, "total_value": float(value)}
        for name, number, value in facts.movement.rows
    ]
    return pd.DataFrame(rows, columns=["line", "deals", "total_value"])


def _talk(facts: WeekFacts) -> pd.DataFrame:
    frame = deals_frame([one.deal for one in facts.talk])
    frame = frame.drop(columns=["what_happened", "state", "exit", "before_value"])
    by_id = {one.deal.id: one for one in facts.talk}
    told = [by_id[name] for name in frame["id"]]
    frame["win_rate"] = [one.chance for one in told]
    frame["why"] = ["; ".join(reason.words for reason in one.reasons) for one in told]
    return frame


def _ahead(view: Ahead) -> pd.DataFrame:
    import pandas as pd

    suffix = "_value" if view.unit == "value" else ""
    row: dict[str, object] = {"quarter": view.name, f"won{suffix}": view.won}
    row |= {f"{name.replace(' ', '_')}{suffix}": value for name, value in view.parts.items()}
    row |= {f"expected{suffix}": view.expected, f"from{suffix}": view.low, f"to{suffix}": view.high}
    row |= {f"target{suffix}": view.target, "chance_rate": view.chance}
    return pd.DataFrame([row])
