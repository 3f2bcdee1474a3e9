"""Workbooks as sources: the sheet with the funnel's columns, below its header, as texts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.data import formatted, sources
from funnelkit.data.finding import Finding, Severity, were
from funnelkit.data.sources import Source
from funnelkit.data.spreadsheets.choosing import chosen
from funnelkit.data.spreadsheets.formats import day_of
from funnelkit.data.spreadsheets.grid import Columns, Grid, read_columns

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

_LOCK = "~$"


def open_excel(
    engine: Backend,
    source: object,
    *,
    needed: Collection[str],
    sheet: str | int | None = None,
    header_row: int | None = None,
    dates: Collection[str] = (),
    serials: Mapping[str, str] | None = None,
    argument: str = "source",
) -> Source:
    """Return workbooks of one kind as a raw relation of the needed columns, as texts.

    Days are ISO texts; numbers are plain digits; cells that hold an error are blank.

    Parameters
    ----------
    engine
        Where to open them.
    source
        Path, glob, or list of paths; the files that Excel leaves beside an open workbook are
        passed over.
    needed
        Columns that the funnel names; no other column is kept.
    sheet
        Name of the sheet, or its number among the visible ones, counted from 1; by default the
        one whose header names most of the needed columns.
    header_row
        Row of the header, counted from 1; by default the first that names most of the needed
        columns.
    dates
        Columns in which a plain number may be meant as a day.
    serials
        Column (``"*"``: all of ``dates``) -> ``"excel"`` or ``"excel-1904"``: plain numbers are
        days, as the workbook counts them, or from 1904 on.
    argument
        What an error calls ``source``.

    Raises
    ------
    ArgumentError
        For a sheet or row that can be none.
    DataError
        With the problems of all files: no workbook, no such sheet, several sheets with the
        needed columns, plain numbers where days should be.
    """
    _check(sheet, header_row)
    files, notes = _without_locks(sources.paths_of(source, argument), argument)
    read: list[tuple[Path, Columns]] = []
    problems: list[str] = []
    for file in files:
        try:
            with chosen(file, needed, sheet, header_row) as (grid, header, more):
                systems = _systems(grid, dates, serials or {})
                columns = read_columns(grid, header, needed=needed, dates=dates, systems=systems)
            problems += _serial_problems(grid, columns)
            notes += [*more, *_notes(file, columns)]
            read.append((file, columns))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    _refuse_differences(read, needed)
    return _as_source(engine, read, notes)


def _check(sheet: object, header_row: object) -> None:
    number = isinstance(sheet, int) and not isinstance(sheet, bool)
    if not (sheet is None or (isinstance(sheet, str) and sheet) or (number and sheet > 0)):  # type: ignore[operator]
        raise ArgumentError(
            f"`sheet` must be the name of a sheet, or its number counted from 1; got {sheet!r}."
        )
    whole = isinstance(header_row, int) and not isinstance(header_row, bool)
    if header_row is not None and not (whole and header_row > 0):  # type: ignore[operator]
        raise ArgumentError(f"`header_row` must be a row, counted from 1; got {header_row!r}.")


def _without_locks(files: Sequence[Path], argument: str) -> tuple[list[Path], list[str]]:
    """Return the files but for those that Excel leaves beside an open workbook, and notes."""
    kept = [file for file in files if not file.name.startswith(_LOCK)]
    if not kept:
        name = files[0].name
        raise ArgumentError(
            f"`{argument}`: `{name}` is what Excel leaves beside a workbook that is open; name "
            f"the workbook, such as `{name.removeprefix(_LOCK)}`."
        )
    notes = [
        f"`{file.name}` was passed over: it is what Excel leaves beside a workbook that is open, "
        "so that one of the others may not be saved yet."
        for file in files
        if file not in kept
    ]
    return kept, notes


def _systems(grid: Grid, dates: Collection[str], serials: Mapping[str, str]) -> dict[str, int]:
    """Return from which year the plain numbers of a column count days, where they do."""
    told = {name: serials.get(name, serials.get("*")) for name in dates}
    return {
        name: 1904 if how == "excel-1904" else grid.system
        for name, how in told.items()
        if how is not None
    }


def _serial_problems(grid: Grid, columns: Columns) -> list[str]:
    problems = []
    for name, count in columns.serials.items():
        example = columns.examples["serials", name]
        verb = "cell is a plain number" if count == 1 else "cells are plain numbers"
        problems.append(
            f"`{name}` in `{grid.file.name}`: {display.count(count)} {verb}, not formatted as "
            f"a date, such as {example}. As Excel counts days, {example} is "
            f"{day_of(float(example), grid.system)}. To read them so, write "
            f'date_format={{"{name}": "excel"}}; else format the column as a date.'
        )
    return problems


def _notes(file: Path, columns: Columns) -> list[str]:
    notes = formatted.told(file.name, columns.aside)
    notes += [
        f"`{name}` in `{file.name}`: {were(count, 'cell')} filled with the value of the merged "
        "block that it is part of."
        for name, count in columns.filled.items()
    ]
    if columns.hidden:
        notes.append(f"{were(columns.hidden, 'hidden row')} read too in `{file.name}`.")
    return notes


def _refuse_differences(read: Sequence[tuple[Path, Columns]], needed: Collection[str]) -> None:
    first, columns = read[0]
    for file, other in read[1:]:
        odd = sorted((set(other.names) ^ set(columns.names)) & set(needed))
        if odd:
            raise DataError(
                f"`{file.name}` and `{first.name}` do not both have "
                f"{display.listed([f'`{name}`' for name in odd])}; files in one list hold rows of "
                "the same kind. For files of different kinds that share the id use `join=[…]`."
            )


def _as_source(
    engine: Backend, read: Sequence[tuple[Path, Columns]], notes: Sequence[str]
) -> Source:
    import pandas as pd

    name = sources.shared_name([file for file, _ in read])
    first = read[0][1]
    wanted = list(first.values)
    kept = sum(columns.kept for _, columns in read)
    if not kept:
        raise DataError(f"`{name}` holds a header and no rows.")
    frame = pd.DataFrame(
        {
            column: pd.Series(
                [text for _, columns in read for text in columns.values[column]], dtype=object
            )
            for column in wanted
        },
        index=range(kept),
    )
    opened = sources.open_frame(engine, frame, needed=wanted, name=name)
    aside: dict[str, int] = {}
    for _, columns in read:
        for reason, count in columns.aside.items():
            aside[reason] = aside.get(reason, 0) + count
    return replace(
        opened,
        columns=tuple(dict.fromkeys(column for column in first.names if column)),
        rows=sum(columns.rows for _, columns in read),
        headers=sum(columns.headers for _, columns in read),
        aside=aside,
        notes=tuple(notes),
        findings=tuple(_findings(name, [columns for _, columns in read], kept * len(wanted))),
    )


def _findings(source: str, read: Sequence[Columns], cells: int) -> Iterator[Finding]:
    """Yield what the audit has to say of cells that hold no value, or not the whole of it."""
    for what, rule, severity, words, remedy in _ODD:
        tally: dict[str, int] = {}
        for columns in read:
            for column, count in getattr(columns, what).items():
                tally[column] = tally.get(column, 0) + count
        count = sum(tally.values())
        if count:
            listed = display.listed(
                [f"`{column}` {display.count(n)}" for column, n in tally.items()]
            )
            verb = ("holds", "is", "has") if count == 1 else ("hold", "are", "have")
            yield Finding(
                rule=rule,
                severity=severity,
                count=count,
                share=count / cells,
                what=f"{display.plural(count, 'cell')} of `{source}` "
                f"{words.format(hold=verb[0], are=verb[1], have=verb[2])}: {listed}.",
                remedy=remedy,
            )


_ODD: tuple[tuple[str, str, Severity, str, str], ...] = (
    (
        "errors",
        "error_cells",
        "warning",
        "{hold} an error such as #N/A or #REF!",
        "They were read as blank; correct the formulas behind them, or the export.",
    ),
    (
        "unknown",
        "formulas_without_results",
        "error",
        "{are} a formula whose result is not stored in the file",
        "They were read as blank; open the workbook in Excel, let it calculate, and save it.",
    ),
    (
        "long",
        "digits_lost",
        "error",
        "{have} more digits than the fifteen that a spreadsheet keeps of a number",
        "The last of them are lost, so that ids may have become one; export them as text.",
    ),
)
