"""The archive: each export kept as a dated snapshot, so that the past can be read as it was."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit._core import checks, display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit._core.result import Result
from funnelkit.data import snapshots
from funnelkit.data.definition import Funnel
from funnelkit.data.keeping import (
    DIALECTS,
    keep_dialect,
    keep_tables,
    leads_in,
    reader_of,
    refuse_unknown,
)
from funnelkit.data.preparing import Day
from funnelkit.data.records import Leads
from funnelkit.data.snapshots import Snapshot

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Archive(Result):
    """The snapshots of one funnel's exports.

    Parameters
    ----------
    folder
        Where they are, one folder for each day.
    funnel
        The funnel by which they are read; ``None``: the one that the CRM's reader finds.
    snapshots
        What each of them holds, in the order of their days.
    changed
        Whether the call that returned this wrote anything.
    """

    folder: Path
    funnel: Funnel | None
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
        last = self._last(day)
        try:
            return leads_in(self._folder_of(last), last, self.funnel)
        except DataError as error:
            raise DataError(
                [f"snapshot of {last.as_of.isoformat()}: {said}" for said in error.problems]
            ) from None

    def fingerprint(self, day: Day) -> str:
        """Return the SHA-256 of the snapshot that :meth:`at` reads for a day.

        Raises
        ------
        EvidenceError
            If there is no snapshot up to that day.
        DataError
            If a file of it cannot be read.
        """
        last = self._last(day)
        try:
            return snapshots.fingerprint(self._folder_of(last), last.tables)
        except OSError as error:
            raise DataError(
                f"snapshot of {last.as_of.isoformat()}: it cannot be read: {error.strerror}."
            ) from None

    def _last(self, day: Day) -> Snapshot:
        """Return the last snapshot that is not after a day."""
        wanted = checks.day("day", day)
        found = [one for one in self.snapshots if one.as_of <= wanted]
        if found:
            return found[-1]
        there = f"the first one is of {self.days[0].isoformat()}" if self.days else "it holds none"
        raise EvidenceError(
            f"`day`: the archive `{self.folder.name}` has no snapshot up to "
            f"{wanted.isoformat()}; {there}."
        )

    def _folder_of(self, snapshot: Snapshot) -> Path:
        return self.folder / snapshot.as_of.isoformat()

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
        ``options``: a frame, a log (with ``id``, ``stage``, ``time``), Parquet, Excel, delimited
        text.
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
    name = reader_of(source, reader, options)
    refuse_unknown(name, options)
    home = Path(folder)
    if home.exists() and not home.is_dir():
        raise ArgumentError(f"`folder` must be a folder; `{home.name}` is a file.")
    if name not in DIALECTS and not isinstance(funnel, Funnel):
        raise ArgumentError(f"`funnel` must be a Funnel; got {type(funnel).__name__}.")
    keep = keep_dialect if name in DIALECTS else keep_tables
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


def open_archive(folder: str | Path, funnel: Funnel | None = None) -> Archive:
    """Return the snapshots that an archive holds.

    Parameters
    ----------
    folder
        The archive.
    funnel
        The funnel by which they are read. It may be left out where the exports are of a CRM whose
        reader finds it.

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


def read_archive(
    folder: str | Path, funnel: Funnel | None = None, *, as_of: Day | None = None
) -> Leads:
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
