"""`propose`: from files that nobody has described to the draft of a funnel.yml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit._core.errors import DataError
from funnelkit.data import exports, sources
from funnelkit.data.proposing import logs, roles, words
from funnelkit.data.proposing.logs import Log
from funnelkit.data.proposing.profiles import Column, precedence, profiled
from funnelkit.data.proposing.roles import Guess, Roles, Status
from funnelkit.data.sources import Source

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

    from funnelkit.data.exports import Export


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a funnel.yml should say, and why.

    Parameters
    ----------
    files, join
        The exports: rows of one kind, and further files that share the id.
    roles
        What each column seems to be for.
    log
        For a long log, its columns and stages.
    personal
        Columns that seem to hold personal data, and why.
    formats
        Column -> the one order that reads its dates.
    undecided
        Columns of dates that several orders read, or none, and what is said of them.
    counts
        Column of a stage or exit -> rows that have it.
    notes
        What was found and left aside.
    """

    files: tuple[Path, ...]
    join: tuple[Path, ...] = ()
    roles: Roles
    log: Log | None = None
    personal: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    undecided: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def draft(files: Sequence[Path]) -> Draft:
    """Return the draft of a funnel.yml for exports of no known CRM.

    Parameters
    ----------
    files
        Delimited text, Parquet or workbooks.

    Raises
    ------
    DataError
        If a file cannot be read as a table, or nothing tells its records apart.
    """
    found, unknown = exports.find_exports(list(files), lambda _: "table")
    if unknown:
        listed = display.listed([f"`{name}`" for name in unknown])
        raise DataError(f"{listed} cannot be read as a table with a header.")
    groups: dict[tuple[str, ...], list[Export]] = {}
    for export in found:
        groups.setdefault(export.columns, []).append(export)
    engine = sources.connect()
    opened = [
        exports.open_export(engine, group, [name for name in group[0].columns if name])
        for group in groups.values()
    ]
    return _drafted(engine, list(groups.values()), opened)


def _drafted(
    engine: Backend, groups: Sequence[Sequence[Export]], opened: Sequence[Source]
) -> Draft:
    rows = [source.rows for source in opened]
    columns = [one for number, source in enumerate(opened) for one in profiled(source, number)]
    private = roles.personal(columns, rows)
    known = [one for one in columns if one.name not in private]
    key = roles.id_of(known, rows)
    if key is None and len(opened) > 1:
        largest = max(range(len(opened)), key=lambda number: rows[number])
        others = display.listed([f"`{s.name}`" for n, s in enumerate(opened) if n != largest])
        note = (
            f"No column stands in every file and tells its records apart, so that {others} could "
            f"not be joined; only `{opened[largest].name}` is used."
        )
        alone = _drafted(engine, [groups[largest]], [opened[largest]])
        return replace(alone, notes=(note, *alone.notes))
    if key is None:
        log = logs.recognised(opened[0], known)
        if log is None:
            raise DataError(
                f"nothing tells the records of `{opened[0].name}` apart: no column is filled with "
                "a different text in every row, and it is no log of events. Export the id."
            )
        return _of_log(groups[0], opened[0], known, private, log)
    return _of_table(groups, opened, known, private=private, key=key)


def _of_table(
    groups: Sequence[Sequence[Export]],
    opened: Sequence[Source],
    columns: Sequence[Column],
    *,
    private: Mapping[str, str],
    key: Guess,
) -> Draft:
    id_, main = key.columns[0], _main(opened, columns, key)
    rows = [source.rows for source in opened]
    dates = [one for one in columns if one.is_date and one.name != id_]
    left = {one.name: why for one in dates if (why := roles.is_stage(one, rows[one.table]))}
    left |= roles.any_close(dates)
    candidates = [one for one in dates if one.name not in left]
    status = roles.status_of([one for one in columns if one.name != id_], dates)
    if status is not None and status.date is not None:
        candidates = [one for one in candidates if one.name != status.date]
    stages, exits = _stages(opened, candidates, main)
    entity = _entity(groups[main][0].name, id_, stages)
    named = {entity if number == 0 else name: col for number, (name, col) in enumerate(stages)}
    taken = {id_, *named.values(), *exits.values(), *private, *left}
    if status is not None:
        dated = len(named) > 1 and any(words.says(name, words.WON) for name in named)
        status = None if dated else status
    if status is not None:
        taken |= {status.column, status.date or status.column}
    plans = roles.planned_close(dates, {*named.values(), *exits.values()})
    guesses = {"id": key, **roles.attributes(columns, rows, taken, main, plans)}
    order = [main, *(number for number in range(len(opened)) if number != main)]
    return Draft(
        files=_paths(groups[main]),
        join=tuple(path for number in order[1:] for path in _paths(groups[number])),
        roles=Roles(id=id_, stages=named, exits=exits, status=status, guesses=guesses, left=left),
        personal=private,
        formats={one.name: one.pattern for one in dates if one.pattern and one.name not in left},
        undecided={
            one.name: one.unread
            for one in dates
            if one.unread and not one.pattern and one.name not in left
        },
        counts={one.name: one.filled for one in dates},
        notes=tuple(note for source in opened for note in source.notes),
    )


def _of_log(
    group: Sequence[Export],
    source: Source,
    columns: Sequence[Column],
    private: Mapping[str, str],
    log: Log,
) -> Draft:
    taken = {log.id, log.stage, log.time, *private}
    guesses = roles.attributes(columns, [source.rows], taken)
    guesses = {"id": Guess(columns=(log.id,), why="repeats, once for each event"), **guesses}
    time = next(one for one in columns if one.name == log.time)
    return Draft(
        files=_paths(group),
        roles=Roles(id=log.id, stages={}, exits={}, guesses=guesses),
        log=log,
        personal=private,
        formats={time.name: time.pattern} if time.pattern else {},
        undecided={time.name: time.unread} if time.unread and not time.pattern else {},
        notes=source.notes,
    )


def _stages(
    opened: Sequence[Source], dates: Sequence[Column], main: int
) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """Return stages in order and exits, name and column; the entry comes from the main table."""
    exits = {words.stem(one.name): one.name for one in dates if words.says(one.name, words.LOST)}
    steps = [one for one in dates if one.name not in exits.values()]
    before: dict[tuple[str, str], int] = {}
    for number, source in enumerate(opened):
        here = [one for one in steps if one.table == number and one.days is not None]
        before |= precedence(source, here)
    own = roles.order([one for one in steps if one.table == main], before)
    others = [
        one
        for number in range(len(opened))
        if number != main
        for one in roles.order([step for step in steps if step.table == number], before)
    ]
    ordered: dict[str, str] = {}
    for one in (*own, *others):
        if one.name not in ordered.values():
            ordered.setdefault(_free(words.stem(one.name), ordered), one.name)
    return list(ordered.items()), exits


def _free(name: str, taken: Mapping[str, Any]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def _entity(file: str, id_: str, stages: Sequence[tuple[str, str]]) -> str:
    """Return the name of the first stage: what its column says, else what the records are."""
    if stages and not words.says(stages[0][0], words.ENTRY):
        return stages[0][0]
    text = words.plain(f"{id_} {file}")
    return next((one for one in words.ENTITIES if f"{one}" in text.split()), "") or next(
        (one for one in words.ENTITIES if one in text), "created"
    )


def _main(opened: Sequence[Source], columns: Sequence[Column], key: Guess) -> int:
    """Return the table of the entries: that with the most records."""
    distinct = {one.table: one.distinct for one in columns if one.name == key.columns[0]}
    return max(range(len(opened)), key=lambda number: (distinct.get(number, 0), -number))


def _paths(group: Sequence[Export]) -> tuple[Path, ...]:
    return tuple(export.file for export in group if export.file is not None)


__all__ = ["Draft", "Status", "draft"]
