"""Small multiples: equal panels in rows on one sheet, each with a name and a number over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from funnelkit.plot import style
from funnelkit.plot.lettering import fitted, measured
from funnelkit.plot.sheet import Sheet, bare

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NARROWEST = 112.0
_MOST_COLUMNS = 4
_LOWEST = 84.0
_GAP = 18.0
_HEAD = 20.0
_FOOT = 26.0


@dataclass(frozen=True, kw_only=True)
class Grid:
    """How panels stand on a sheet; lengths are points.

    Parameters
    ----------
    number
        Of panels.
    columns, rows
        That they take.
    tall
        Height of the drawing area of each.
    """

    number: int
    columns: int
    rows: int
    tall: float

    @property
    def height(self) -> float:
        """Of all rows, with what stands over and under each."""
        return self.rows * (_HEAD + self.tall + _FOOT) - 6


def grid_of(number: int, width: float, *, tall: float) -> Grid:
    """Return how panels fit into a width: as few rows as can be read, evenly filled.

    Examples
    --------
    >>> grid_of(6, 640, tall=100).columns, grid_of(6, 250, tall=100).rows
    (3, 3)
    """
    most = max(min(_MOST_COLUMNS, int((width + _GAP) / (_NARROWEST + _GAP))), 1)
    rows = -(-number // most)
    return Grid(number=number, columns=-(-number // rows), rows=rows, tall=tall)


def room_for(width: float, height: float) -> int:
    """Return how many panels can be read on axes of a size."""
    most = max(min(_MOST_COLUMNS, int((width + _GAP) / (_NARROWEST + _GAP))), 1)
    return most * max(int(height / _LOWEST), 1)


def panels(
    page: Sheet, grid: Grid, names: Sequence[str], notes: Sequence[str]
) -> list[tuple[Axes, Sheet]]:
    """Return the axes of each panel, bare, with its own sheet; their names stand over them.

    Parameters
    ----------
    page
        The sheet, whose own axes are emptied.
    grid
        From :func:`grid_of`.
    names, notes
        What stands over each panel, at the left in bold and at the right.
    """
    bare(page)
    page.ax.set_xticks([])
    page.ax.set_yticks([])
    page.ax.patch.set_visible(False)
    page.ax.set_xlim(0, 1)
    page.ax.set_ylim(0, 1)
    wide = (page.width - (grid.columns - 1) * _GAP) / grid.columns
    pitch = (page.height + 6) / grid.rows
    tall = max(pitch - _HEAD - _FOOT, 12.0)
    found = []
    for number, (name, note) in enumerate(zip(names, notes, strict=True)):
        row, column = divmod(number, grid.columns)
        left = column * (wide + _GAP) / page.width
        top = 1 - (row * pitch + _HEAD) / page.height
        place = (left, top - tall / page.height, wide / page.width, tall / page.height)
        inner = page.ax.inset_axes(place)
        inner.set_facecolor("none")
        sheet = Sheet(ax=inner, palette=page.palette, own=False, width=wide, height=tall)
        bare(sheet)
        _head(page, (left, top + 7 / page.height), wide, (name, note))
        found.append((inner, sheet))
    return found


def _head(page: Sheet, at: tuple[float, float], wide: float, words: tuple[str, str]) -> None:
    name, note = words
    taken = measured(note, style.SMALL) + 8 if note else 0.0
    said = fitted(name, max(wide - taken, 30.0), style.TEXT, bold=True)
    look: dict[str, Any] = {"va": "bottom", "clip_on": False}
    page.ax.text(*at, said, weight="bold", color=page.palette.ink, **look)
    if note:
        right = at[0] + wide / page.width
        quiet: dict[str, Any] = {"color": page.palette.muted, "fontsize": style.SMALL}
        page.ax.text(right, at[1], note, ha="right", **quiet, **look)
