"""Workbooks as sources: the sheet with the funnel's columns, below its header, as texts."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, DataError, did_you_mean
from funnelkit.data import formatted, sources
from funnelkit.data.columns import shown
from funnelkit.data.finding import Finding, Severity, were
from funnelkit.data.formatted import Header, cleaned_name, find_header
from funnelkit.data.sources import Source
from funnelkit.data.spreadsheets.cells import Cell, Kind
from funnelkit.data.spreadsheets.container import is_page
from funnelkit.data.spreadsheets.formats import day_of
from funnelkit.data.spreadsheets.grid import Columns, Grid, Head, read_columns
from funnelkit.data.spreadsheets.workbook import Workbook

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

ENDINGS = (".xlsx", ".xlsm", ".xls", ".xltx", ".xltm")
SERIALS = ("excel", "excel-1904")
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
            with _chosen(file, needed, sheet, header_row) as (grid, header, more):
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


def headers_of(file: Path) -> Iterator[tuple[str, Iterator[tuple[tuple[str, ...], bool]]]]:
    """Yield each visible sheet with the rows that may be its header.

    Parameters
    ----------
    file
        A workbook.

    Yields
    ------
    tuple
        Name of the sheet (blank for an HTML page), and its first rows of several cells: the
        texts, and whether nothing stands below.

    Raises
    ------
    DataError
        If the file is no workbook.
    """
    with _grids(file) as grids:
        for grid in grids:
            if grid.tab is not None and grid.tab.hidden:
                continue
            head = grid.head()
            name = "" if grid.tab is None else grid.tab.name
            rows = [
                (tuple(cleaned_name(text) for text in _texts(cells)), number == len(head))
                for number, (_, cells) in enumerate(head, 1)
                if len(cells) > 1
            ]
            yield name, iter(rows)


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


@contextlib.contextmanager
def _grids(file: Path) -> Iterator[list[Grid]]:
    if is_page(file):
        yield [Grid(file=file)]
        return
    with Workbook.open(file) as book:
        yield [Grid(file=file, book=book, tab=tab) for tab in book.tabs]


@contextlib.contextmanager
def _chosen(
    file: Path, needed: Collection[str], sheet: str | int | None, header_row: int | None
) -> Iterator[tuple[Grid, tuple[int, Sequence[Cell]], list[str]]]:
    """Yield the sheet to read, the row and cells of its header, and notes."""
    with _grids(file) as grids:
        if not grids:
            raise DataError(f"`{file.name}` has no sheet of cells.")
        visible = [grid for grid in grids if grid.tab is None or not grid.tab.hidden]
        asked = visible if sheet is None else [_named(file, grids, visible, sheet)]
        heads = [(grid, grid.head(header_row)) for grid in asked]
        found = [(grid, head, _header(head, needed, header_row)) for grid, head in heads]
        matching = [(grid, head, header) for grid, head, header in found if header is not None]
        if matching:
            most = max(len(header.found) for _, _, header in matching)
            best = [one for one in matching if len(one[2].found) == most]
            if len(best) > 1:
                raise DataError(_several(file, best))
            grid, head, header = best[0]
            if header_row is None:
                _refuse_rivals(grid, head, header)
            row = header.row
        else:
            grid, head, row = _unmatched(file, heads, grids, needed, header_row)
        notes = _choice(file, grid, visible, matching)
        yield grid, head[row], notes


def _header(head: Head, needed: Collection[str], header_row: int | None) -> Header | None:
    rows = [_texts(cells) for _, cells in head]
    if header_row is None:
        return find_header(rows, needed)
    if not head or head[-1][0] != header_row:
        return None
    header = find_header(rows[-1:], needed)
    return None if header is None else replace(header, row=len(rows) - 1)


def _texts(cells: Sequence[Cell]) -> list[str]:
    return [text for _, kind, text in cells if kind < Kind.ERROR]


def _named(file: Path, grids: Sequence[Grid], visible: Sequence[Grid], sheet: str | int) -> Grid:
    if grids[0].tab is None:
        if sheet == 1:
            return grids[0]
        raise DataError(f"`{file.name}` has no sheets: it is an HTML table; leave out `sheet`.")
    if isinstance(sheet, int):
        if sheet <= len(visible):
            return visible[sheet - 1]
        raise DataError(
            f"`{file.name}` has {display.plural(len(visible), 'visible sheet')} "
            f"({shown(_tabs(visible))}); `sheet` is {sheet}."
        )
    for grid in grids:
        if grid.tab is not None and grid.tab.name == sheet:
            return grid
    names = _tabs(grids)
    raise DataError(
        f"`{file.name}` has no sheet `{sheet}`; it has {shown(names)}.{did_you_mean(sheet, names)}"
    )


def _tabs(grids: Sequence[Grid]) -> list[str]:
    return [grid.tab.name for grid in grids if grid.tab is not None]


def _several(file: Path, best: Sequence[tuple[Grid, Head, Header]]) -> str:
    names = [grid.tab.name for grid, _, _ in best if grid.tab is not None]
    each = "; ".join(
        f"`{grid.tab.name}` has {shown(sorted(header.found))}"
        for grid, _, header in best[:4]
        if grid.tab is not None
    )
    return (
        f"`{file.name}` has {len(best)} sheets with as many of the funnel's columns: {each}. Name "
        f'the one to read, such as sheet="{names[0]}".'
    )


def _refuse_rivals(grid: Grid, head: Head, header: Header) -> None:
    if header.rivals and header.row:
        rows = [head[row][0] for row in (header.row, *header.rivals)]
        raise DataError(
            f"the header of {grid.place} may stand in row {rows[0]} or in row {rows[1]}, which "
            "name as many of the funnel's columns; say which with `header_row`."
        )


def _unmatched(
    file: Path,
    heads: Sequence[tuple[Grid, Head]],
    grids: Sequence[Grid],
    needed: Collection[str],
    header_row: int | None,
) -> tuple[Grid, Head, int]:
    """Return the first row of the only sheet; refuse where there are several, or nothing."""
    filled = [(grid, head) for grid, head in heads if head]
    if not filled:
        raise DataError(f"`{file.name}` is empty.")
    if header_row is not None:
        filled = [(grid, head) for grid, head in filled if head[-1][0] == header_row]
        if not filled:
            raise DataError(f"row {header_row} of `{file.name}` is blank; it cannot be the header.")
    if len(filled) == 1:
        grid, head = filled[0]
        return grid, head, 0 if header_row is None else len(head) - 1
    hidden = [
        grid.tab.name
        for grid in grids
        if grid.tab is not None
        and grid.tab.hidden
        and find_header([_texts(cells) for _, cells in grid.head()], needed) is not None
    ]
    hint = f' The hidden sheet `{hidden[0]}` has; to read it, write sheet="{hidden[0]}".'
    raise DataError(
        f"no visible sheet of `{file.name}` ({shown(_tabs([grid for grid, _ in heads]))}) has a "
        f"header with any of {shown(sorted(needed))} in its first {formatted.LINES_SEARCHED} "
        f"rows.{hint if hidden else ''}"
    )


def _choice(
    file: Path,
    grid: Grid,
    visible: Sequence[Grid],
    matching: Sequence[tuple[Grid, Head, Header]],
) -> list[str]:
    """Return a note on the sheet that was read, where there were several."""
    if grid.tab is None:
        return [f"`{file.name}` is an HTML table under an Excel name; its cells were read as text."]
    if len(visible) < 2 and not grid.tab.hidden:
        return []
    less = [other.tab.name for other, _, _ in matching if other is not grid and other.tab]
    also = f"; {shown(less)} has fewer of the funnel's columns" if less else ""
    return [f"`{file.name}`: the sheet `{grid.tab.name}` was read{also}."]


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
