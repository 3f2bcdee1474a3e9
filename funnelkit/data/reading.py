"""The readers: from files, frames and event logs to `Leads`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import ibis

from funnelkit._core.errors import ArgumentError
from funnelkit.data import assembly, delimited, sources, tables, unread
from funnelkit.data.columns import Filter, LogColumns, needed_columns
from funnelkit.data.definition import Funnel
from funnelkit.data.preparing import Day, Paths, each, leads_of, open_all, rules_of
from funnelkit.data.records import BeforeRecording, Leads
from funnelkit.data.spreadsheets.opening import open_excel
from funnelkit.data.spreadsheets.words import ENDINGS, serials_of

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from funnelkit.data.simulate import Truth


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
        Further files that share the id, such as deals beside leads. A column that stands in
        several files is read in each, but for the first stage: it is read from the first file
        that has it, so that a deal that never was a lead is not made into one.
    where, exclude
        Column -> value or values: rows to keep, rows to leave out. They hold for the files that
        have the column; rows of a joined file are left out with their record of the first file.
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
    rules = rules_of(
        funnel,
        dates=(date_format, dayfirst),
        amounts=(decimal, thousands),
        where=where,
        exclude=exclude,
    )
    needed = needed_columns(funnel, rules, None)
    engine = sources.connect()
    opened = open_all(
        lambda one, argument: delimited.open_csv(
            engine,
            one,
            delimiter=delimiter,
            encoding=encoding,
            needed=needed,
            argument=argument,
        ),
        source,
        each(join),
    )
    rows = assembly.assemble_wide(engine, opened, funnel, rules)
    rows = unread.noted(rows, opened, funnel, rules)
    return leads_of(
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
    rules = rules_of(
        funnel,
        dates=(date_format, dayfirst),
        amounts=(decimal, thousands),
        where=where,
        exclude=exclude,
    )
    needed = needed_columns(funnel, rules, None)
    engine = sources.connect()
    opened = open_all(
        lambda one, argument: sources.open_parquet(engine, one, needed=needed, argument=argument),
        source,
        each(join),
    )
    rows = assembly.assemble_wide(engine, opened, funnel, rules)
    rows = unread.noted(rows, opened, funnel, rules)
    return leads_of(
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
    rules = rules_of(
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
    rows = unread.noted(rows, opened, funnel, rules)
    return leads_of(
        engine,
        rows,
        funnel,
        as_of=as_of,
        recorded_from=recorded_from,
        before_recording=before_recording,
        truth=_truth,
    )


def from_events(
    log: pd.DataFrame | ir.Table | Paths,
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
    sheet: str | int | None = None,
    header_row: int | None = None,
) -> Leads:
    """Return leads from a long log with one row per event.

    Parameters
    ----------
    log
        A frame, a path, glob or list of paths (Parquet and Excel by their endings, else delimited
        text), or an Ibis table, which stays on its engine; see :func:`from_table`.
    funnel
        The definition; its ``columns`` map a stage or exit to its name or names in the log.
        Segments, owner, account and value are taken from a record's first event that has them.
    id, stage, time
        Columns of the record, of the stage that it entered, and of when.
    as_of, recorded_from, before_recording, where, exclude
        As in :func:`read_csv`.
    date_format, dayfirst, decimal, thousands, delimiter, encoding
        As in :func:`read_csv`.
    sheet, header_row
        As in :func:`read_excel`, for a log in a workbook.

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

    on_engine = isinstance(log, ibis.Table)
    if not on_engine and not isinstance(log, (pd.DataFrame, str, Path, list, tuple)):
        raise ArgumentError(
            "`log` must be a pandas DataFrame, an Ibis table, a path or a list of paths; got "
            f"{log!r}."
        )
    on_disk = not on_engine and not isinstance(log, pd.DataFrame)
    ending = sources.paths_of(log, "log")[0].suffix.lower() if on_disk else ""
    serials: Mapping[str, str] = {}
    if ending in ENDINGS:
        serials, date_format = serials_of(date_format)
    rules = rules_of(
        funnel,
        dates=(date_format, dayfirst),
        amounts=(decimal, thousands),
        where=where,
        exclude=exclude,
    )
    columns = LogColumns(id=id, stage=stage, time=time)
    if on_engine:
        return tables.of_log(
            log,
            funnel,
            rules,
            columns,
            as_of=as_of,
            recorded_from=recorded_from,
            before_recording=before_recording,
        )
    needed = needed_columns(funnel, rules, columns)
    engine = sources.connect()
    if isinstance(log, pd.DataFrame):
        opened = sources.open_frame(engine, log, needed=needed, name="log", argument="log")
    elif ending in (".parquet", ".pq"):
        opened = sources.open_parquet(engine, log, needed=needed, argument="log")
    elif ending in ENDINGS:
        opened = open_excel(
            engine,
            log,
            needed=needed,
            sheet=sheet,
            header_row=header_row,
            dates={time},
            serials=serials,
            argument="log",
        )
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
    return leads_of(
        engine,
        rows,
        funnel,
        as_of=as_of,
        recorded_from=recorded_from,
        before_recording=before_recording,
    )
