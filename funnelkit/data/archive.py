"""The archive: each export kept as a dated snapshot, so that the past can be read as it was."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import funnelkit
from funnelkit._core import checks, display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import (
    ArgumentError,
    DataError,
    DefinitionError,
    EvidenceError,
)
from funnelkit._core.result import Result
from funnelkit.data import assembly, delimited, exports, snapshots, sources
from funnelkit.data.columns import LogColumns, ReadingRules, needed_columns
from funnelkit.data.definition import Funnel
from funnelkit.data.preparing import Day, each, leads_of, open_all, rules_of
from funnelkit.data.records import Leads
from funnelkit.data.snapshots import Origin, Snapshot, Table
from funnelkit.data.sources import Source

if TYPE_CHECKING:
    import pandas as pd

_DIALECTS = ("read_salesforce", "read_hubspot")
_READERS = ("read_csv", "read_parquet", "from_frame", "from_events", *_DIALECTS)
_OPENING = ("delimiter", "encoding")  # of no use once a table is Parquet
_PARQUET = (".parquet", ".pq")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Archive(Result):
    """The snapshots of one funnel's exports.

    Parameters
    ----------
    folder
        Where they are, one folder for each day.
    funnel
        The funnel by which they are read.
    snapshots
        What each of them holds, in the order of their days.
    changed
        Whether the call that returned this wrote anything.
    """

    folder: Path
    funnel: Funnel
    snapshots: tuple[Snapshot, ...]
    changed: bool = False

    @property
    def days(self) -> tuple[dt.date, ...]:
        """The day of each snapshot."""
        return tuple(one.as_of for one in self.snapshots)

    def at(self, day: Day) -> Leads:
        """Return the leads as they were exported on a day: the last snapshot not after it.

        Amounts, owners and segments are those of that snapshot, unlike those of
        :meth:`Leads.at`, which rewinds dates only. The leads' ``as_of`` is the snapshot's day.

        Raises
        ------
        EvidenceError
            If there is no snapshot up to that day.
        DataError
            If the snapshot cannot be read, or lacks a column that the funnel names.
        """
        wanted = checks.day("day", day)
        found = [one for one in self.snapshots if one.as_of <= wanted]
        if not found:
            there = (
                f"the first one is of {self.days[0].isoformat()}" if self.days else "it holds none"
            )
            raise EvidenceError(
                f"`day`: the archive `{self.folder.name}` has no snapshot up to "
                f"{wanted.isoformat()}; {there}."
            )
        folder = self.folder / found[-1].as_of.isoformat()
        try:
            return _leads(folder, found[-1], self.funnel)
        except DataError as error:
            raise DataError(
                [f"snapshot of {found[-1].as_of.isoformat()}: {said}" for said in error.problems]
            ) from None

    def to_frame(self) -> pd.DataFrame:
        """Return one row per snapshot and table: ``as_of``, ``table``, ``rows``, ``columns``."""
        import pandas as pd

        rows = [
            (one.as_of, table.name, table.rows, ", ".join(table.columns))
            for one in self.snapshots
            for table in one.tables
        ]
        return pd.DataFrame(rows, columns=["as_of", "table", "rows", "columns"])

    def summary(self) -> str:
        """Return how many snapshots there are, of which days, and what the last one holds."""
        if not self.snapshots:
            return f"The archive `{self.folder.name}` holds no snapshot yet."
        last = self.snapshots[-1]
        since = f", the first of {day_name(self.days[0])}" if len(self.days) > 1 else ""
        return (
            f"{display.plural(len(self.days), 'snapshot')}{since}; the last one, of "
            f"{day_name(last.as_of)}, holds {display.plural(last.rows, 'row')} in "
            f"{display.plural(len(last.tables), 'table')}."
        )


def archive(
    source: Any,
    funnel: Funnel | None = None,
    *,
    folder: str | Path = "archive",
    as_of: Day | None = None,
    reader: str | None = None,
    overwrite: bool = False,
    **options: Any,
) -> Archive:
    r"""Return the archive after an export was kept in it as a snapshot of its day.

    One Parquet file for each table, with the columns that the funnel needs, each value as it came.
    Personal columns are never kept. A snapshot is there whole or not at all; the same export kept
    twice changes nothing.

    Parameters
    ----------
    source
        What the reader takes: paths, a frame, for a CRM's dialect also a folder or a mapping.
    funnel
        The definition; it may be left out for a dialect that finds it in the data.
    folder
        The archive. A snapshot goes into ``folder/2026-10-31``.
    as_of
        Last day on which the data are complete; by default read off the data, and said aloud.
    reader
        Name of the reader, such as ``"read_salesforce"``; by default told by ``source`` and
        ``options``: a frame, a log (with ``id``, ``stage``, ``time``), Parquet, delimited text.
    overwrite
        Whether another export may take the place of the one that is there for its day.
    **options
        What the reader is told: ``join``, ``where``, ``date_format``, ``recorded_from`` …

    Raises
    ------
    ArgumentError
        For an unknown reader.
    DefinitionError
        If the funnel needs a column that is personal.
    DataError
        If the export cannot be read as the funnel says, or another one is kept for its day.

    Examples
    --------
    >>> import pathlib, tempfile, funnelkit as fk
    >>> here = pathlib.Path(tempfile.mkdtemp())
    >>> funnel = fk.Funnel(["deal", "won"], value="amount")
    >>> for day, amount in (("2026-06-30", 100), ("2026-07-31", 120)):
    ...     _ = (here / "deals.csv").write_text(f"id,deal,won,amount\na,2026-05-02,,{amount}\n")
    ...     kept = fk.archive(here / "deals.csv", funnel, folder=here / "archive", as_of=day)
    >>> kept.summary()
    '2 snapshots, the first of 30 June 2026; the last one, of 31 July 2026, holds 1 row in 1 table.'
    >>> print(kept.at("2026-07-15").list("deal")["amount"].item())
    100.0000
    """
    name = _reader(source, reader, options)
    _refuse_unknown(name, options)
    home = Path(folder)
    if home.exists() and not home.is_dir():
        raise ArgumentError(f"`folder` must be a folder; `{home.name}` is a file.")
    if name not in _DIALECTS and not isinstance(funnel, Funnel):
        raise ArgumentError(f"`funnel` must be a Funnel; got {type(funnel).__name__}.")
    keep = _keep_dialect if name in _DIALECTS else _keep_tables
    try:
        with snapshots.partial(home) as written:
            made, used = keep(written, name, source, funnel, as_of=as_of, options=dict(options))
            changed = _put(made, written, home, overwrite=overwrite)
    except OSError as error:
        raise DataError(f"the archive `{home}` cannot be written: {error.strerror}.") from None
    return replace(open_archive(home, used), changed=changed)


def _put(made: Snapshot, written: Path, home: Path, *, overwrite: bool) -> bool:
    """Put a snapshot in its place, and return whether anything changed."""
    snapshots.recover(home)
    target = home / made.as_of.isoformat()
    if (target / snapshots.MANIFEST).is_file():
        differing = made.differences(Snapshot.read(target))
        if not differing:
            return False
        if not overwrite:
            raise DataError(
                f"another export is kept for {made.as_of.isoformat()}: "
                f"{display.listed(differing)}. Give another `as_of`, or say that it is to take "
                "its place (overwrite=True, on the command line --overwrite)."
            )
    made.write(written)
    snapshots.put(written, target)
    return True


def open_archive(folder: str | Path, funnel: Funnel) -> Archive:
    """Return the snapshots that an archive holds.

    Parameters
    ----------
    folder
        The archive.
    funnel
        The funnel by which they are read.

    Raises
    ------
    DataError
        If there is no such folder, or a snapshot is damaged.
    """
    home = Path(folder)
    if not home.is_dir():
        raise DataError(f"there is no archive `{home.name}`; `funnelkit archive` makes one.")
    found = tuple(Snapshot.read(home / day.isoformat()) for day in snapshots.days_of(home))
    return Archive(folder=home, funnel=funnel, snapshots=found)


def read_archive(folder: str | Path, funnel: Funnel, *, as_of: Day | None = None) -> Leads:
    """Return the leads as they were exported on a day.

    Parameters
    ----------
    folder
        The archive.
    funnel
        The definition.
    as_of
        The day; the last snapshot that is not after it is read. By default the last one.

    Returns
    -------
    Leads
        With the amounts, owners and segments of that snapshot, and its day as ``as_of``.

    Raises
    ------
    EvidenceError
        If there is no snapshot up to that day.
    DataError
        If there is no archive, or the snapshot cannot be read.
    """
    return open_archive(folder, funnel).at(dt.date.max if as_of is None else as_of)


def _reader(source: Any, given: str | None, options: Mapping[str, Any]) -> str:
    import pandas as pd

    if given is not None:
        return checks.member("reader", "reader", given, _READERS)
    if {"id", "stage", "time"} <= options.keys():
        return "from_events"
    if isinstance(source, pd.DataFrame):
        return "from_frame"
    first = sources.paths_of(source)[0]
    return "read_parquet" if first.suffix.lower() in _PARQUET else "read_csv"


def _refuse_unknown(reader: str, options: Mapping[str, Any]) -> None:
    known = [
        name
        for name, one in inspect.signature(_reading(reader)).parameters.items()
        if one.kind is one.KEYWORD_ONLY and not name.startswith("_") and name != "as_of"
    ]
    for name in options:
        checks.member("options", f"option of {reader}", name, known)


def _keep_tables(
    folder: Path,
    reader: str,
    source: Any,
    funnel: Funnel | None,
    *,
    as_of: Day | None,
    options: dict[str, Any],
) -> tuple[Snapshot, Funnel]:
    """Write the tables of a plain export, and read them back."""
    if funnel is None:
        raise ArgumentError("`funnel` is missing.")
    log = _log(options)
    rules = _rules(funnel, options)
    needed = needed_columns(funnel, rules, log)
    if hidden := sorted(needed & set(funnel.personal)):
        raise DefinitionError(
            f"personal columns are never archived, and these are needed: {display.listed(hidden)}. "
            "Let the CRM export a key without meaning in their place."
        )
    others = options.pop("join", ())
    joined = [others] if _is_frame(others) else each(others)
    engine = sources.connect()
    how = {key: options.pop(key, None) for key in _OPENING}

    def open_one(one: Any, argument: str) -> Source:
        if _is_frame(one):
            name = "frame" if argument == "source" else f"joined-{1 + _place(joined, one)}"
            return sources.open_frame(engine, one, needed=needed, name=name, argument=argument)
        if sources.paths_of(one, argument)[0].suffix.lower() in _PARQUET:
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
        version=funnelkit.__version__,
    )
    leads = _leads(folder, made, funnel, found=as_of is None)
    return replace(made, as_of=leads.as_of), funnel


def _keep_dialect(
    folder: Path,
    reader: str,
    source: Any,
    funnel: Funnel | None,
    *,
    as_of: Day | None,
    options: dict[str, Any],
) -> tuple[Snapshot, Funnel]:
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
        origins=tuple(origins),
        tables=tuple(tables),
        version=funnelkit.__version__,
    )
    again = _leads(folder, made, funnel)
    if len(again) != len(leads):
        raise DataError(
            f"the snapshot would hold {display.plural(len(again), 'record')} where the export has "
            f"{display.count(len(leads))}; nothing was kept. Please report this with the headers "
            "of the export."
        )
    return made, leads.funnel


def _leads(
    folder: Path, snapshot: Snapshot, funnel: Funnel | None, *, found: bool = False
) -> Leads:
    """Return the leads of a snapshot's tables; ``as_of`` is found in them where it is not known."""
    options = dict(snapshot.options)
    if snapshot.reader in _DIALECTS:
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
    found: Callable[..., Leads] = getattr(funnelkit, name)
    return found


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
        key for key, value in kept.items() if not isinstance(value, (str, bool, int, list, dict))
    ]
    if odd:
        raise ArgumentError(f"`{odd[0]}` cannot be kept with a snapshot; got {kept[odd[0]]!r}.")
    return kept


def _is_frame(given: object) -> bool:
    import pandas as pd

    return isinstance(given, pd.DataFrame)


def _place(several: Sequence[object], wanted: object) -> int:
    return next(i for i, one in enumerate(several) if one is wanted)
