"""Which columns are needed, and in which source each of them stands."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from funnelkit._core.errors import did_you_mean
from funnelkit.data import parsing
from funnelkit.data.definition import Funnel
from funnelkit.data.sources import Source

_LONGEST = 60

Filter = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class ReadingRules:
    """Everything a reader was told beside the funnel.

    Parameters
    ----------
    dates
        How dates are read.
    decimal, thousands
        Marks in amounts.
    where, exclude
        Column -> value or values to keep, or to leave out.
    """

    dates: parsing.DateRules
    decimal: str | None = None
    thousands: str | None = None
    where: Filter = field(default_factory=dict)
    exclude: Filter = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class LogColumns:
    """Columns of a long log: record, stage and time."""

    id: str
    stage: str
    time: str


def needed_columns(funnel: Funnel, rules: ReadingRules, log: LogColumns | None) -> set[str]:
    """Return every column that is read; nothing else ever leaves the source."""
    columns: set[str | None] = {funnel.value, funnel.owner, funnel.account}
    columns |= {*funnel.segments, *funnel.keep, *rules.where, *rules.exclude}
    if log is None:
        columns |= {funnel.id, funnel.status, funnel.status_date}
        columns |= {funnel.column_of(step) for step in funnel.steps}
    else:
        columns |= {log.id, log.stage, log.time}
    return {column for column in columns if column is not None}


def replace_columns(funnel: Funnel, log: LogColumns) -> Funnel:
    """Return the funnel whose id is that of the log, for looking up columns."""
    other = copy.copy(funnel)
    object.__setattr__(other, "id", log.id)
    return other


Places = Mapping[str, tuple[int, ...]]


def locate(
    sources: Sequence[Source], funnel: Funnel, rules: ReadingRules, log: LogColumns | None = None
) -> tuple[Places, list[str], list[str]]:
    """Return in which sources each needed column is read; notes; problems.

    The entry into the funnel is read from one source only: a deal that never was a lead is not
    made into one by a column of the same name.
    """
    notes: list[str] = []
    headers = [name for source in sources for name in source.columns]
    problems = [
        f"id column `{funnel.id}` is missing in `{source.name}`; it has "
        f"{shown(source.columns)}.{did_you_mean(funnel.id, source.columns)}"
        for source in sources
        if funnel.id not in source.columns
    ]
    entry = None if log else funnel.column_of(funnel.stages[0])
    places: dict[str, tuple[int, ...]] = {}
    for column in sorted(needed_columns(funnel, rules, log) - {funnel.id}):
        found = tuple(i for i, source in enumerate(sources) if column in source.columns)
        if not found:
            problems.append(
                f"column `{column}` ({_role(funnel, column, rules)}) is missing in "
                f"{shown([source.name for source in sources])}."
                f"{did_you_mean(column, headers)}"
            )
            continue
        places[column] = found[:1] if column == entry else found
        if len(found) > 1:
            names = shown([sources[i].name for i in found])
            taken = (
                f"as the entry it was read from `{sources[found[0]].name}` only"
                if column == entry
                else "both were read"
                if len(found) == 2
                else "all were read"
            )
            notes.append(f"`{column}` stands in {names}; {taken}.")
    return places, notes, problems


def _role(funnel: Funnel, column: str, rules: ReadingRules) -> str:
    for step in funnel.steps:
        if funnel.column_of(step) == column:
            kind = "stage" if step in funnel.stages else "exit"
            return f"{kind} `{step}`"
    for role in ("status", "status_date", "value", "owner", "account"):
        if getattr(funnel, role) == column:
            return f"`{role}`"
    if column in funnel.segments:
        return "segment"
    if column in funnel.keep:
        return "`keep`"
    return "`where`" if column in rules.where else "`exclude`" if column in rules.exclude else "log"


def shown(names: Sequence[str], most: int = 8) -> str:
    """Return names in a row, at most so many."""
    text = ", ".join(f"`{_short(name)}`" for name in list(names)[:most])
    return f"{text} and {len(names) - most} more" if len(names) > most else text


def _short(name: str) -> str:
    """Return a name as a sentence can hold it."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
