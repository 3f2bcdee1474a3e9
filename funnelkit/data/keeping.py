"""From an export to the tables of a snapshot, and from a snapshot to leads."""

from __future__ import annotations

import datetime as dt
import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, DataError, DefinitionError
from funnelkit.data import assembly, delimited, exports, snapshots, sources
from funnelkit.data.columns import LogColumns, ReadingRules, needed_columns
from funnelkit.data.definition import Funnel
from funnelkit.data.preparing import Day, each, leads_of, open_all, rules_of
from funnelkit.data.records import Leads
from funnelkit.data.snapshots import Origin, Snapshot, Table
from funnelkit.data.sources import Source
from funnelkit.data.spreadsheets.opening import open_excel
from funnelkit.data.spreadsheets.words import serials_of

DIALECTS = ("read_salesforce", "read_hubspot")
_READERS = ("read_csv", "read_parquet", "read_excel", "from_frame", "from_events", *DIALECTS)
_OPENING, _SHEET = ("delimiter", "encoding"), ("sheet", "header_row")
_PARQUET, _EXCEL = (".parquet", ".pq"), (".xlsx", ".xlsm", ".xls")


def reader_of(source: Any, given: str | None, options: Mapping[str, Any]) -> str:
    """Return the name of the reader for a source: the one that was given, or the one it needs.

    Raises
    ------
    ArgumentError
        If there is no such reader; with the closest match.
    """
    import pandas as pd

    if given is not None:
        return checks.member("reader", "reader", given, _READERS)
    if {"id", "stage", "time"} <= options.keys():
        return "from_events"
    if isinstance(source, pd.DataFrame):
        return "from_frame"
    ending = _ending(source)
    if ending in _EXCEL:
        return "read_excel"
    return "read_parquet" if ending in _PARQUET else "read_csv"


def refuse_unknown(reader: str, options: Mapping[str, Any]) -> None:
    """Refuse an option that the reader does not have.

    Raises
    ------
    ArgumentError
        With the closest match.
    """
    known = [
        name
        for name, one in inspect.signature(_reading(reader)).parameters.items()
        if one.kind is one.KEYWORD_ONLY and not name.startswith("_") and name != "as_of"
    ]
    for name in options:
        checks.member("options", f"option of {reader}", name, known)


def keep_tables(
    folder: Path,
    reader: str,
    source: Any,
    funnel: Funnel | None,
    *,
    as_of: Day | None,
    options: dict[str, Any],
) -> tuple[Snapshot, Funnel | None]:
    """Write the tables of a plain export, and read them back."""
    if funnel is None:
        raise ArgumentError("`funnel` is missing.")
    log, serials = _log(options), dict[str, str]()
    if _ending(source) in _EXCEL:  # days that are numbers become texts in a snapshot
        serials, options["date_format"] = serials_of(options.get("date_format"))
    rules = _rules(funnel, options)
    needed = needed_columns(funnel, rules, log)
    dated = {log.time} if log else {*map(funnel.column_of, funnel.steps), funnel.status_date}
    days = {name for name in needed if name in dated}
    if hidden := sorted(needed & set(funnel.personal)):
        raise DefinitionError(
            f"personal columns are never archived, and these are needed: {display.listed(hidden)}. "
            "Let the CRM export a key without meaning in their place."
        )
    others = options.pop("join", ())
    joined = [others] if _is_frame(others) else each(others)
    engine = sources.connect()
    how = {key: options.pop(key, None) for key in _OPENING}
    sheet = {key: options.pop(key, None) for key in _SHEET}

    def open_one(one: Any, argument: str) -> Source:
        if _is_frame(one):
            name = "frame" if argument == "source" else f"joined-{1 + _place(joined, one)}"
            return sources.open_frame(engine, one, needed=needed, name=name, argument=argument)
        if _ending(one) in _EXCEL:
            return open_excel(
                engine, one, needed=needed, argument=argument, dates=days, serials=serials, **sheet
            )
        if _ending(one) in _PARQUET:
            return sources.open_parquet(engine, one, needed=needed, argument=argument)
        return delimited.open_csv(engine, one, needed=needed, argument=argument, **how)

    opened = open_all(open_one, source, joined)
    tables = tuple(snapshots.keep(one, folder, columns=sorted(needed)) for one in opened)
    origins: list[Origin] = []
    for one, table in zip([source, *joined], opened, strict=True):
        if _is_frame(one):
            origins.append(snapshots.frame_origin(table.name, one, table.table.columns))
        else:
            origins += [snapshots.file_origin(file) for file in sources.paths_of(one)]
    made = Snapshot(
        as_of=dt.date.max if as_of is None else checks.day("as_of", as_of),
        reader=reader,
        options=_written(options),
        origins=tuple(origins),
        tables=tables,
        version=str(_public("__version__")),
    )
    leads = leads_in(folder, made, funnel, found=as_of is None)
    return replace(made, as_of=leads.as_of), funnel


def keep_dialect(
    folder: Path,
    reader: str,
    source: Any,
    funnel: Funnel | None,
    *,
    as_of: Day | None,
    options: dict[str, Any],
) -> tuple[Snapshot, Funnel | None]:
    """Write the tables that a CRM's reader opens, with the columns that it asks for."""
    with exports.watched() as seen:
        leads: Leads = _reading(reader)(source, funnel, as_of=as_of, **options)
    engine = sources.connect()
    how = {key: options.pop(key, None) for key in _OPENING}
    tables, origins = [], []
    for export, columns in seen.values():
        wanted = [name for name in columns if name not in leads.funnel.personal]
        opened = exports.open_export(engine, [export], wanted, **how)
        tables.append(snapshots.keep(opened, folder, columns=wanted))
        if export.frame is not None:
            origins.append(snapshots.frame_origin(export.name, export.frame, wanted))
        elif export.file is not None:
            origins.append(snapshots.file_origin(export.file))
    made = Snapshot(
        as_of=leads.as_of,
        reader=reader,
        options=_written(options),
        origins=tuple(dict.fromkeys(origins)),
        tables=tuple(tables),
        version=str(_public("__version__")),
    )
    again = leads_in(folder, made, funnel)
    if len(again) != len(leads):
        raise DataError(
            f"the snapshot would hold {display.plural(len(again), 'record')} where the export has "
            f"{display.count(len(leads))}; nothing was kept. Please report this with the headers "
            "of the export."
        )
    return made, funnel


def leads_in(
    folder: Path, snapshot: Snapshot, funnel: Funnel | None, *, found: bool = False
) -> Leads:
    """Return the leads of a snapshot's tables; ``as_of`` is found in them where it is not known."""
    options = dict(snapshot.options)
    if snapshot.reader in DIALECTS:
        files = [snapshots.file_of(folder, table) for table in snapshot.tables]
        leads: Leads = _reading(snapshot.reader)(files, funnel, as_of=snapshot.as_of, **options)
        return leads
    if funnel is None:
        raise ArgumentError("`funnel` must be a Funnel; got NoneType.")
    log, rules = _log(options), _rules(funnel, options)
    needed = needed_columns(funnel, rules, log)
    engine = sources.connect()
    opened = [_opened(engine, folder, table, needed) for table in snapshot.tables]
    if log is None:
        rows = assembly.assemble_wide(engine, opened, funnel, rules)
    else:
        rows = assembly.assemble_log(engine, opened[0], funnel, rules, log)
    return leads_of(
        engine,
        rows,
        funnel,
        as_of=None if found else snapshot.as_of,
        recorded_from=options.get("recorded_from"),
        before_recording=options.get("before_recording", "left_out"),
    )


def _opened(engine: Any, folder: Path, table: Table, needed: set[str]) -> Source:
    opened = sources.open_parquet(engine, snapshots.file_of(folder, table), needed=needed)
    return replace(
        opened,
        name=table.name,
        columns=table.columns,
        rows=table.rows,
        misfits=(table.misfits, ()),
        headers=table.headers,
        aside=dict(table.aside),
    )


def _reading(name: str) -> Callable[..., Leads]:
    found: Callable[..., Leads] = _public(name)
    return found


def _public(name: str) -> Any:
    """Return a public name: a snapshot names its reader as people do."""
    return getattr(importlib.import_module("funnelkit"), name)


def _log(options: Mapping[str, Any]) -> LogColumns | None:
    if not {"id", "stage", "time"} <= options.keys():
        return None
    return LogColumns(id=options["id"], stage=options["stage"], time=options["time"])


def _rules(funnel: Funnel, options: Mapping[str, Any]) -> ReadingRules:
    return rules_of(
        funnel,
        dates=(options.get("date_format"), options.get("dayfirst")),
        amounts=(options.get("decimal"), options.get("thousands")),
        where=options.get("where"),
        exclude=options.get("exclude"),
    )


def _written(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options as JSON can hold them."""

    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {str(key): plain(one) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [plain(one) for one in value]
        return value.isoformat() if isinstance(value, dt.date) else value

    kept = {key: plain(value) for key, value in options.items() if value is not None}
    odd = [
        key
        for key, value in kept.items()
        if not isinstance(value, (str, bool, int, float, list, dict))
    ]
    if odd:
        raise ArgumentError(f"`{odd[0]}` cannot be kept with a snapshot; got {kept[odd[0]]!r}.")
    return kept


def _ending(source: Any) -> str:
    """Return how the name of the first file ends; nothing for a frame."""
    return "" if _is_frame(source) else sources.paths_of(source)[0].suffix.lower()


def _is_frame(given: object) -> bool:
    import pandas as pd

    return isinstance(given, pd.DataFrame)


def _place(several: Sequence[object], wanted: object) -> int:
    return next(i for i, one in enumerate(several) if one is wanted)
