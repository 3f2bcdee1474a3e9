"""The readers: from files, frames and event logs to `Leads`."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, AssumptionWarning, DataError
from funnelkit.data import assembly, delimited, sources
from funnelkit.data.assembly import Rows
from funnelkit.data.columns import Filter, LogColumns, ReadingRules, needed_columns
from funnelkit.data.dating import LastDay, days_by_step, last_complete_day
from funnelkit.data.definition import Funnel
from funnelkit.data.parsing import DateRules
from funnelkit.data.records import BeforeRecording, Leads
from funnelkit.data.sources import Source

if TYPE_CHECKING:
    import pandas as pd
    from ibis.backends.duckdb import Backend

    from funnelkit.data.simulate import Truth

Day = dt.date | str
Paths = str | Path | Sequence[str | Path]


def read_csv(
    source: Paths,
    funnel: Funnel,
    *,
    as_of: Day | None = None,
    recorded_from: Day | None = None,
    before_recording: BeforeRecording = "left_out",
    join: Paths = (),
    where: Filter | None = None,
    exclude: Filter | None = None,
    date_format: str | Mapping[str, str] | None = None,
    dayfirst: bool | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Leads:
    r"""Return leads from delimited text files.

    Parameters
    ----------
    source
        A path, a glob, or a list of them; all hold rows of one kind, one row per record.
    funnel
        The definition. Only the columns that it names are read.
    as_of
        Last day on which the data are complete; by default read off the events that happened, and
        said aloud.
    recorded_from
        Day from which conversions were recorded.
    before_recording
        What becomes of leads that entered before ``recorded_from``; see :class:`Leads`.
    join
        Further files that share the id, such as deals beside leads.
    where, exclude
        Column -> value or values: rows to keep, rows to leave out.
    date_format
        Pattern of ``strptime``, for all date columns or by column. Unasked, only ISO dates are
        read.
    dayfirst
        Whether 03/04/2026 is the third of April.
    decimal, thousands
        Marks in amounts. Unasked, only digits with a decimal point are read.
    delimiter
        By default the one that yields the funnel's columns.
    encoding
        By default UTF-8, or what a byte-order mark says.

    Returns
    -------
    Leads
        One record per id; see :meth:`Leads.accounting` for every row.

    Raises
    ------
    DataError
        With every problem at once: missing columns, dates or amounts that cannot be read,
        statuses that name no stage, bytes that are not UTF-8.

    Examples
    --------
    >>> import pathlib, tempfile, funnelkit as fk
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> text = "id;lead;won\n1;2026-01-05;2026-02-01\n2;2026-01-09;\n"
    >>> _ = (folder / "leads.csv").write_text(text, encoding="utf-8")
    >>> leads = fk.read_csv(
    ...     folder / "leads.csv", fk.Funnel(["lead", "won"], id="id"), as_of="2026-02-28"
    ... )
    >>> leads.summary()
    '2 records from 2 rows read, 0 set aside; complete up to 28 February 2026.'
    """
    rules = _rules(
        funnel,
        dates=(date_format, dayfirst),
        amounts=(decimal, thousands),
        where=where,
        exclude=exclude,
    )
    needed = needed_columns(funnel, rules, None)
    engine = sources.connect()
    opened = _open_all(
        lambda one, argument: delimited.open_csv(
            engine,
            one,
            delimiter=delimiter,
            encoding=encoding,
            needed=needed,
            argument=argument,
        ),
        source,
        _each(join),
    )
    rows = assembly.assemble_wide(engine, opened, funnel, rules)
    return _leads(
        engine,
        rows,
        funnel,
        as_of=as_of,
        recorded_from=recorded_from,
        before_recording=before_recording,
    )


def read_parquet(
    source: Paths,
    funnel: Funnel,
    *,
    as_of: Day | None = None,
    recorded_from: Day | None = None,
    before_recording: BeforeRecording = "left_out",
    join: Paths = (),
    where: Filter | None = None,
    exclude: Filter | None = None,
    date_format: str | Mapping[str, str] | None = None,
    dayfirst: bool | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
) -> Leads:
    """Return leads from Parquet files.

    Parameters
    ----------
    source, funnel, as_of, recorded_from, before_recording, join, where, exclude
        As in :func:`read_csv`.
    date_format, dayfirst, decimal, thousands
        As in :func:`read_csv`, for columns that hold text.

    Returns
    -------
    Leads
        One record per id.

    Raises
    ------
    DataError
        With every problem at once.
    """
    rules = _rules(
        funnel,
        dates=(date_format, dayfirst),
        amounts=(decimal, thousands),
        where=where,
        exclude=exclude,
    )
    needed = needed_columns(funnel, rules, None)
    engine = sources.connect()
    opened = _open_all(
        lambda one, argument: sources.open_parquet(engine, one, needed=needed, argument=argument),
        source,
        _each(join),
    )
    rows = assembly.assemble_wide(engine, opened, funnel, rules)
    return _leads(
        engine,
        rows,
        funnel,
        as_of=as_of,
        recorded_from=recorded_from,
        before_recording=before_recording,
    )


def from_frame(
    frame: pd.DataFrame,
    funnel: Funnel,
    *,
    as_of: Day | None = None,
    recorded_from: Day | None = None,
    before_recording: BeforeRecording = "left_out",
    join: Sequence[pd.DataFrame] = (),
    where: Filter | None = None,
    exclude: Filter | None = None,
    date_format: str | Mapping[str, str] | None = None,
    dayfirst: bool | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    _truth: Truth | None = None,
) -> Leads:
    """Return leads from a pandas frame with one row per record.

    Parameters
    ----------
    frame
        The records.
    funnel, as_of, recorded_from, before_recording, where, exclude
        As in :func:`read_csv`.
    join
        Further frames that share the id.
    date_format, dayfirst, decimal, thousands
        As in :func:`read_csv`, for columns that hold text.

    Returns
    -------
    Leads
        One record per id.

    Raises
    ------
    DataError
        With every problem at once.
    """
    rules = _rules(
        funnel,
        dates=(date_format, dayfirst),
        amounts=(decimal, thousands),
        where=where,
        exclude=exclude,
    )
    needed = needed_columns(funnel, rules, None)
    engine = sources.connect()
    others = join if isinstance(join, (list, tuple)) else [join]
    opened = [sources.open_frame(engine, frame, needed=needed)]
    opened += [
        sources.open_frame(engine, other, needed=needed, name=name, argument=name)
        for name, other in ((f"join[{number}]", other) for number, other in enumerate(others))
    ]
    rows = assembly.assemble_wide(engine, opened, funnel, rules)
    return _leads(
        engine,
        rows,
        funnel,
        as_of=as_of,
        recorded_from=recorded_from,
        before_recording=before_recording,
        truth=_truth,
    )


def from_events(
    log: pd.DataFrame | Paths,
    funnel: Funnel,
    *,
    id: str,  # noqa: A002  the log's own word
    stage: str,
    time: str,
    as_of: Day | None = None,
    recorded_from: Day | None = None,
    before_recording: BeforeRecording = "left_out",
    where: Filter | None = None,
    exclude: Filter | None = None,
    date_format: str | Mapping[str, str] | None = None,
    dayfirst: bool | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Leads:
    """Return leads from a long log with one row per event.

    Parameters
    ----------
    log
        A frame, or a path, glob or list of paths (Parquet by its ending, else delimited text).
    funnel
        The definition; its ``columns`` map a stage or exit to its name or names in the log.
        Segments, owner, account and value are taken from a record's first event that has them.
    id, stage, time
        Columns of the record, of the stage that it entered, and of when.
    as_of, recorded_from, before_recording, where, exclude
        As in :func:`read_csv`.
    date_format, dayfirst, decimal, thousands, delimiter, encoding
        As in :func:`read_csv`.

    Returns
    -------
    Leads
        One record per id; the first entry to a stage counts.

    Raises
    ------
    DataError
        With every problem at once.
    """
    import pandas as pd

    if not isinstance(log, (pd.DataFrame, str, Path, list, tuple)):
        raise ArgumentError(
            f"`log` must be a pandas DataFrame, a path or a list of paths; got {log!r}."
        )
    rules = _rules(
        funnel,
        dates=(date_format, dayfirst),
        amounts=(decimal, thousands),
        where=where,
        exclude=exclude,
    )
    columns = LogColumns(id=id, stage=stage, time=time)
    needed = needed_columns(funnel, rules, columns)
    engine = sources.connect()
    if isinstance(log, pd.DataFrame):
        opened = sources.open_frame(engine, log, needed=needed, name="log", argument="log")
    elif sources.paths_of(log, "log")[0].suffix.lower() in (".parquet", ".pq"):
        opened = sources.open_parquet(engine, log, needed=needed, argument="log")
    else:
        opened = delimited.open_csv(
            engine,
            log,
            delimiter=delimiter,
            encoding=encoding,
            needed=needed,
            argument="log",
        )
    rows = assembly.assemble_log(engine, opened, funnel, rules, columns)
    return _leads(
        engine,
        rows,
        funnel,
        as_of=as_of,
        recorded_from=recorded_from,
        before_recording=before_recording,
    )


def _rules(
    funnel: Funnel,
    *,
    dates: tuple[str | Mapping[str, str] | None, bool | None],
    amounts: tuple[str | None, str | None],
    where: Filter | None,
    exclude: Filter | None,
) -> ReadingRules:
    if not isinstance(funnel, Funnel):
        raise ArgumentError(f"`funnel` must be a Funnel; got {type(funnel).__name__}.")
    for argument, given in (("where", where), ("exclude", exclude)):
        blank = isinstance(given, Mapping) and any(
            value in ([], (), None) for value in given.values()
        )
        if blank or (given is not None and not isinstance(given, Mapping)):
            raise ArgumentError(
                f"`{argument}` must map a column to a value or values, such as "
                f'{{"region": ["north", "south"]}}; got {given!r}.'
            )
    return ReadingRules(
        dates=DateRules.of(funnel.timezone, dates[0], dayfirst=dates[1]),
        decimal=amounts[0],
        thousands=amounts[1],
        where=where or {},
        exclude=exclude or {},
    )


def _each(join: Paths) -> list[str | Path]:
    return [join] if isinstance(join, (str, Path)) else list(join)


def _open_all(
    open_one: Callable[[Paths, str], Source], source: Paths, join: Sequence[str | Path]
) -> list[Source]:
    """Return each source, or the problems of all of them at once."""
    opened: list[Source] = []
    problems: list[str] = []
    for one, argument in [(source, "source"), *((other, "join") for other in join)]:
        try:
            opened.append(open_one(one, argument))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    return opened


def _leads(
    engine: Backend,
    rows: Rows,
    funnel: Funnel,
    *,
    as_of: Day | None,
    recorded_from: Day | None,
    before_recording: BeforeRecording,
    truth: Truth | None = None,
) -> Leads:
    sources.release(engine)
    checks.one_of("before_recording", before_recording, ("left_out", "delayed_entry"))
    notes = list(rows.notes)
    found = None
    if as_of is None or "status" in rows.table.columns:
        found = _last_day(rows, funnel)
        rows = replace(rows, exported=None if found is None else found.as_of)
    if as_of is not None:
        end = checks.day("as_of", as_of)
    elif found is None:
        raise DataError(
            "no record has a date in any stage, so `as_of` cannot be found; give it, and check "
            "`columns`."
        )
    else:
        end = found.as_of
        assumed = _assumed(found)
        notes += assumed
        warnings.warn(" ".join(assumed), AssumptionWarning, stacklevel=3)
    if rows.zoned and funnel.timezone is None:
        notes.append(
            "Times carry an offset and the funnel has no `timezone`: days begin and end in UTC."
        )
    since = None if recorded_from is None else checks.day("recorded_from", recorded_from)
    return Leads(
        engine,
        rows,
        funnel,
        as_of=end,
        recorded_from=since,
        before_recording=before_recording,
        notes=notes,
        truth=truth,
    )


def _assumed(found: LastDay) -> list[str]:
    """Return what was decided about `as_of`."""
    assumed = [f"`as_of` was taken as {found.as_of.isoformat()}, {found.why}."]
    if found.far:
        verb = "was" if len(found.far) == 1 else "were"
        days = ", ".join(day.isoformat() for day in found.far[:5])
        number = display.plural(len(found.far), "day")
        assumed.append(f"{number} far beyond the rest {verb} not believed: {days}.")
    return assumed


def _last_day(rows: Rows, funnel: Funnel) -> LastDay | None:
    """Return the last complete day, or None where there is no date at all."""
    days = days_by_step(rows, funnel)
    if not days:
        return None
    return last_complete_day(
        [day for day, _, _ in days],
        [n for _, _, n in days],
        [step in rows.clocked for _, step, _ in days],
    )
