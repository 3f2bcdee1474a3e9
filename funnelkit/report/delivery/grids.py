"""A native table on a slide: how large its text, which of its rows and columns have room."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from funnelkit.report.delivery.digest import Table
from funnelkit.report.delivery.presentation import DRAWN, clean, emu

_SIZES = (12.0, 11.0, 10.0, 9.0, 8.0)
_EM = 0.58 / 72  # inches that a letter takes, for each point of its size
_BOLD = 1.15
_PADDING, _LINE, _LOSS = 0.16, 1.25 / 72, 0.1
_ONE_LINE, _MOST_CELL = 26, 90
_NOTE = 0.3
_MONTH = re.compile(r"[A-Z][a-z]{2} \d{4}|\d{4}-\d{2}")
_FIGURE = re.compile(r"[\u2212+\u2013\d(]|too |< ")
_BARE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"  # no fill and no grid
_RIGHT, _MIDDLE = 3, 3


@dataclass(frozen=True, eq=False, kw_only=True)
class Grid:
    """A table fitted into a room, all in inches and points.

    Parameters
    ----------
    cells
        Texts, the headings first.
    widths, heights
        Of each column and row.
    points
        Size of its text.
    left_out
        What had no room, in words; blank where all has.
    """

    cells: Sequence[Sequence[str]]
    widths: Sequence[float]
    heights: Sequence[float]
    points: float
    left_out: str


def width_of(table: Table, points: float = _SIZES[-1]) -> float:
    """Return how broad a table would like to be, in inches."""
    return sum(_widths(_columns(_cells(table)), points))


def fitted(table: Table, width: float, height: float) -> Grid | None:
    """Return a table made to fit, the largest text first; nothing where it has no rows.

    Where the smallest text does not suffice, columns before the last one are left out; of rows of
    months the last ones stay, of others the first ones.
    """
    if not table.rows:
        return None
    cells = _cells(table)
    columns = _columns(cells)
    points = next((one for one in _SIZES if sum(_widths(columns, one)) <= width), _SIZES[-1])
    kept = list(columns)
    while len(kept) > 2 and sum(_widths(kept, points)) > width:
        del kept[-2]
    widths = _widths(kept, points)
    rows = list(zip(*kept, strict=True))
    heights = [_height(row, widths, points) for row in rows]
    chosen = _chosen(rows, heights, height)
    gone = (len(rows) - len(chosen), len(columns) - len(kept))
    spare = min(max(width - sum(widths), 0), 0.35 * sum(widths))
    return Grid(
        cells=[rows[one] for one in chosen],
        widths=[one * (1 + spare / sum(widths)) for one in widths],
        heights=[heights[one] for one in chosen],
        points=points,
        left_out=_left_out(*gone),
    )


def _left_out(rows: int, columns: int) -> str:
    counted = ((rows, "row"), (columns, "column"))
    parts = [f"{number} more {noun}{'s' * (number > 1)}" for number, noun in counted if number]
    return f"{' and '.join(parts)} in the workbook." if parts else ""


def _chosen(rows: Sequence[Sequence[str]], heights: Sequence[float], height: float) -> list[int]:
    """Return which rows stay: the headings, and of the others as many as have room."""
    if sum(heights) <= height:
        return list(range(len(rows)))
    months = all(_MONTH.match(row[0]) for row in rows[1:])
    order = range(len(rows) - 1, 0, -1) if months else range(1, len(rows))
    kept: list[int] = []
    left = height - _NOTE - heights[0]
    for one in order:
        left -= heights[one]
        if left < 0 and kept:
            break
        kept.append(one)
    return [0, *sorted(kept)]


def _cells(table: Table) -> list[list[str]]:
    """Return headings and rows, all of one length: of small print only what is beside a figure."""
    several = [
        [_with_ends(one) if place else one.partition("\n")[0] for place, one in enumerate(row)]
        for row in (table.columns, *table.rows)
    ]
    return [list(one) for one in zip(*zip_longest(*several, fillvalue=""), strict=True)]


def _with_ends(cell: str) -> str:
    """Return a cell's text, with the interval that stands under it in small print."""
    main, _, small = cell.partition("\n")
    small = small.partition("\n")[0]
    return f"{main} ({small})" if main and _FIGURE.match(small) and len(small) < 26 else main


def _columns(cells: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    shown = [[one if len(one) <= _MOST_CELL else f"{one[: _MOST_CELL - 1]}\u2026" for one in row]
             for row in cells]  # fmt: skip
    columns = list(zip(*shown, strict=True))
    return [one for place, one in enumerate(columns) if place == 0 or any(one[1:])]


def _widths(columns: Sequence[Sequence[str]], points: float) -> list[float]:
    """Return how broad each column must be: words whole, headings and long texts in two lines."""
    found = []
    for heading, *texts in columns:
        most = max([_needed(heading, 0) * _BOLD, *(_needed(one, _ONE_LINE) for one in texts)])
        found.append(max(most, 4) * _EM * points + _PADDING)
    return found


def _needed(words: str, one_line: int) -> int:
    if len(words) <= one_line:
        return len(words)
    longest = max((len(one) for one in re.split(r"[ \u00a0]", words)), default=0)
    return min(max(longest, one_line, math.ceil(len(words) / 2) + 2), len(words))


def _height(row: Sequence[str], widths: Sequence[float], points: float) -> float:
    lines = 1
    for words, width in zip(row, widths, strict=True):
        room = max((width - _PADDING) / (_EM * points), 1)
        lines = max(lines, math.ceil(len(words) / room - 1e-9))
    return lines * points * _LINE + _LOSS


def drawn(slide: Any, grid: Grid, left: float, top: float, *, name: str) -> None:
    """Put a table on a slide, as one that can be edited there, ruled as the page's tables are."""
    size = (sum(grid.widths), sum(grid.heights))
    shape = slide.shapes.add_table(
        len(grid.cells), len(grid.widths), *(emu(one) for one in (left, top, *size))
    )
    shape.name = "Table"
    shape._element.nvGraphicFramePr.cNvPr.set("descr", clean(name))
    table = shape.table
    table.horz_banding = False
    for style in table._tbl.tblPr.iter(f"{DRAWN}tableStyleId"):
        style.text = _BARE
    for column, width in zip(table.columns, grid.widths, strict=True):
        column.width = emu(width)
    numbers = [
        all(not one or (_FIGURE.match(one) and len(one) <= _ONE_LINE) for one in column[1:])
        for column in zip(*grid.cells, strict=True)
    ]
    for down, row in enumerate(grid.cells):
        table.rows[down].height = emu(grid.heights[down])
        for right, words in enumerate(row):
            _write(table.cell(down, right), words, grid.points, heading=down == 0,
                   number=right > 0 and numbers[right])  # fmt: skip


def _write(cell: Any, words: str, points: float, *, heading: bool, number: bool) -> None:
    cell.text = clean(words)
    cell.margin_top = cell.margin_bottom = emu(_LOSS / 3)
    cell.margin_left = cell.margin_right = emu(_PADDING / 2 - 0.01)
    cell.vertical_anchor = _MIDDLE
    for paragraph in cell.text_frame.paragraphs:
        paragraph.font.size = emu(points / 72)
        paragraph.font.bold = heading
        paragraph.alignment = _RIGHT if number else None
    _ruled(cell._tc.get_or_add_tcPr(), strong=heading)


def _ruled(properties: Any, *, strong: bool) -> None:
    """Rule a cell off below, in the text's own colour."""
    make = properties.makeelement
    line = make(f"{DRAWN}lnB", {"w": "12700" if strong else "6350"})
    fill = make(f"{DRAWN}solidFill", {})
    ink = make(f"{DRAWN}schemeClr", {"val": "tx1"})
    for part, share in () if strong else (("lumMod", "25000"), ("lumOff", "75000")):
        ink.append(make(f"{DRAWN}{part}", {"val": share}))
    fill.append(ink)
    line.append(fill)
    properties.insert(0, line)
