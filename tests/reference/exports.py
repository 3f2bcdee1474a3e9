"""Records in the shapes in which they are read: a wide frame, and a long log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pandas as pd

from tests.reference.journeys import Record


def wide(records: Sequence[Record], steps: Sequence[str], attributes: Sequence[str]) -> Any:
    """Return one row per record; a step that was entered again cannot be written."""
    rows = []
    for record in records:
        row: dict[str, Any] = {"id": record.id}
        row |= {name: record.attributes.get(name) for name in attributes}
        row["account"] = record.account
        for step in steps:
            days = record.days.get(step, [])
            assert len(days) <= 1
            row[step] = days[0].isoformat() if days else None
        rows.append(row)
    return pd.DataFrame(rows, columns=["id", *attributes, "account", *steps], dtype=object)


def log(records: Sequence[Record], attributes: Sequence[str]) -> Any:
    """Return one row per event."""
    rows = [
        {
            "id": record.id,
            **{name: record.attributes.get(name) for name in attributes},
            "account": record.account,
            "stage": step,
            "time": day.isoformat(),
        }
        for record in records
        for step, days in record.days.items()
        for day in days
    ]
    return pd.DataFrame(rows, columns=["id", *attributes, "account", "stage", "time"], dtype=object)


def records_of(
    frame: Any, columns: dict[str, str], *, key: str, account: str | None, segments: Sequence[str]
) -> list[Record]:
    """Return the records of a wide frame with timestamps; ``columns`` maps steps to theirs."""
    return [
        Record(
            id=row[key],
            days={
                step: [row[column].date()]
                for step, column in columns.items()
                if not pd.isna(row[column])
            },
            account=_text(row[account]) if account else None,
            attributes={name: _text(row[name]) for name in segments},
        )
        for row in frame.to_dict("records")
    ]


def _text(value: Any) -> str | None:
    text = "" if value is None or value is pd.NA or value != value else str(value).strip()
    return text or None


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)
