"""Which sheet of a workbook holds the table, and which of its rows is the header."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from funnelkit._core import display
from funnelkit._core.errors import DataError, did_you_mean
from funnelkit.data import formatted
from funnelkit.data.columns import shown
from funnelkit.data.formatted import Header, cleaned_name, find_header
from funnelkit.data.spreadsheets.cells import Cell, Kind
from funnelkit.data.spreadsheets.container import is_page
from funnelkit.data.spreadsheets.grid import Grid, Head
from funnelkit.data.spreadsheets.workbook import Workbook


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


@contextlib.contextmanager
def chosen(
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


@contextlib.contextmanager
def _grids(file: Path) -> Iterator[list[Grid]]:
    if is_page(file):
        yield [Grid(file=file)]
        return
    with Workbook.opened(file) as book:
        yield [Grid(file=file, book=book, tab=tab) for tab in book.tabs]


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
    if sheet.isascii() and sheet.isdigit() and 0 < int(sheet[:9]) <= len(visible):
        return visible[int(sheet) - 1]  # as funnel.yml writes a number
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
