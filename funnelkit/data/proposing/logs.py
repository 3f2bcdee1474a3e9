"""A long log of events: which column is the record, which the stage, which the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from funnelkit.data import parsing
from funnelkit.data.proposing import words
from funnelkit.data.proposing.profiles import Column
from funnelkit.data.sources import Source

_STAGE = r"(stage|status|activity|event|step|phase|to$|new value)"
_REPEATS = 0.9


@dataclass(frozen=True, kw_only=True)
class Log:
    """A long log.

    Parameters
    ----------
    id, stage, time
        Its columns.
    stages
        Name in the log -> events, in the order in which they happen.
    exits
        Name in the log -> events, of those that sound like a way out.
    """

    id: str
    stage: str
    time: str
    stages: dict[str, int]
    exits: dict[str, int]


def recognised(source: Source, columns: Sequence[Column]) -> Log | None:
    """Return the columns of a log, or ``None`` where the table is none."""
    times = sorted(
        (one for one in columns if one.is_date and not words.says(one.name, words.NO_STAGE)),
        key=lambda one: -one.filled,
    )
    names = [one for one in columns if one.values and words.says(one.name, _STAGE)]
    ids = [
        one
        for one in columns
        if not one.is_date
        and words.says(one.name, words.ID)
        and len(names) > 0
        and 1 < one.distinct < _REPEATS * source.rows
    ]
    if not (times and names and ids):
        return None
    key = max(ids, key=lambda one: one.distinct)
    stage = max(names, key=lambda one: one.filled)
    counts = dict(stage.values)
    ordered = _ordered(source, key, stage, times[0]) or list(counts)
    exits = {name: counts[name] for name in ordered if words.says(name, words.LOST)}
    return Log(
        id=key.name,
        stage=stage.name,
        time=times[0].name,
        stages={name: counts[name] for name in ordered if name not in exits},
        exits=exits,
    )


def _ordered(source: Source, key: Column, stage: Column, time: Column) -> list[str]:
    """Return the stages by the mean days from a record's first event to them."""
    if time.days is None:
        return []
    table = source.table.select(
        id=parsing.cleaned(source.table[key.name]),
        stage=parsing.cleaned(source.table[stage.name]),
        day=time.days,
    )
    first = table.group_by("id").aggregate(start=table.day.min())
    both = table.join(first, "id")
    both = both.mutate(days=both.day.delta(both.start, unit="day"))
    found = both.group_by("stage").aggregate(days=both.days.mean(), n=both.count()).execute()
    known = found[found["stage"].notna()].sort_values(["days", "n"], ascending=[True, False])
    return [str(name) for name in known["stage"]]
