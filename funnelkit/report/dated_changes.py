"""The `changes` key of `funnel.yml`: dated events that may have moved the figures."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from funnelkit.data.document import Section


@dataclass(frozen=True, kw_only=True)
class DatedChange:
    """A dated event that may have moved the figures."""

    date: dt.date
    what: str


def dated_changes(root: Section) -> tuple[DatedChange, ...]:
    """Return the changes by date, and note every mistake with its line."""
    found = []
    for entry in root.sections("changes"):
        date, what = entry.day("date"), entry.text("what")
        for key in ("date", "what"):
            if key not in entry:
                entry.note(key, "is missing; a change is `date: 2026-03-01` and `what: …`.")
        entry.close()
        if date and what:
            found.append(DatedChange(date=date, what=what))
    return tuple(sorted(found, key=lambda change: change.date))
