"""Names beside the ends of lines, so that no legend is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from funnelkit.plot import style
from funnelkit.plot.lettering import fitted, measured, spread
from funnelkit.plot.sheet import Sheet

MARKS = ("s", "^", "D", "v", "P", "X", "o")
_WIDEST = 230.0
LEAD = 12.0


@dataclass(frozen=True, kw_only=True)
class End:
    """Where a line ends and what is written there.

    Parameters
    ----------
    at
        Its last point, in data coordinates.
    name
        Of the line; cut in its middle where there is no room.
    value
        Written after it, never cut.
    main
        Whether it is the line that the chart is about.
    """

    at: tuple[float, float]
    name: str
    value: str
    main: bool

    def words(self, room: float) -> str:
        """Return name and value in at most a width."""
        rest = room + 2 - measured(f" {self.value}", style.TEXT, bold=self.main)
        name = fitted(self.name, max(rest, 24.0), style.TEXT, bold=self.main) if self.name else ""
        return f"{name} {self.value}".strip()


def room_for(page: Sheet, ends: Sequence[End], *, gap: float = LEAD) -> float:
    """Return the width that the names take, the gap before them included."""
    most = min(_WIDEST, 0.42 * page.width)
    widths = (measured(end.words(most), style.TEXT, bold=end.main) for end in ends)
    return min(most, max(widths, default=0.0)) + gap


def write(page: Sheet, ends: Sequence[End], *, last: float, gap: float = LEAD) -> None:
    """Write each name at the right, moved apart where they are close, led to by a hair line.

    Parameters
    ----------
    page
        Sheet whose limits are set.
    ends
        What to write.
    last
        Where the data region ends, in data coordinates.
    gap
        Points from there to the names.
    """
    ax, colours = page.ax, page.palette
    low, high = ax.get_ylim()
    across, up = ax.get_xlim()[1] - ax.get_xlim()[0], high - low
    places = spread([(end.at[1] - low) / up for end in ends], gap=15 / page.height)
    room = room_for(page, ends, gap=gap) - gap
    start = last + gap / page.width * across
    for end, place in zip(ends, places, strict=True):
        y = low + place * up
        look = {"color": colours.ink if end.main else colours.muted}
        weight = "bold" if end.main else "normal"
        page.text(start, y, end.words(room), weight=weight, **look)
        moved = abs(end.at[1] - y) / up > 0.02
        if moved or last - end.at[0] > 0.02 * across:
            ax.plot(
                [end.at[0], last, start - 3 / page.width * across],
                [end.at[1], y, y],
                color=colours.rule,
                linewidth=0.8,
                zorder=0.9,
                clip_on=False,
            )
