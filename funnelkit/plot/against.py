"""Rates against ranges: a bar for what is published, a dot and an interval for the funnel's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import ArgumentError
from funnelkit.plot import style
from funnelkit.plot.points import MOST_ROWS, Group, Point
from funnelkit.plot.rows import ROW, PrintedColumn, RowChart
from funnelkit.plot.scales import percent_ticks
from funnelkit.plot.sheet import bare, sheet
from funnelkit.rates import Benchmarked

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_THICK = 0.62
_WHOLE = "ways that hold several of these"


def benchmark(compared: Benchmarked, *, ax: Axes | None = None) -> Axes:
    """Return axes with a row for each conversion: its range as a bar, its rate as a dot.

    A hollow, dashed mark is immature: more may still convert. Fewer than 20 records have no rate.

    Parameters
    ----------
    compared
        From :func:`funnelkit.rates.benchmark`. With several segments each one's conversions stand
        together, the largest first; at most 40 rows.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Titled with what is below its range, and what that was worth; :func:`describe` tells all
        values and who says what.

    Raises
    ------
    ArgumentError
        If ``compared`` or ``ax`` are something else.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> counts = pd.DataFrame(
    ...     {
    ...         "start": ["SQL", "opportunity"],
    ...         "target": ["opportunity", "won"],
    ...         "entered": [1000, 300],
    ...         "converted": [300, 60],
    ...     }
    ... )
    >>> fk.plot.benchmark(fk.rates.benchmark(counts)).get_title(loc="left")
    'SQL to opportunity is below its range: about 20 won deals less'
    """
    if not isinstance(compared, Benchmarked):
        raise ArgumentError(
            f"`compared` must be what fk.rates.benchmark returns; got {type(compared).__name__}."
        )
    groups = _groups(compared)
    height = sum(len(group.points) + bool(group.name) for group in groups)
    with sheet(ax, height=ROW * height) as page:
        bare(page)
        chart = RangeChart(page, groups, level=compared.confidence_level)
        chart.draw(reference=None, expected="rate")
        chart.bars()
        page.legend(chart.marks(expected="rate"))
        page.title(_title(compared))
        page.caption(_caption(compared), ticks=14)
        return page.finish(
            _title(compared), _caption(compared), *_words(compared), *compared.left_out
        )


@dataclass(frozen=True, kw_only=True)
class RangePoint(Point):
    """One conversion with its range.

    Parameters
    ----------
    least, most
        Ends of the range.
    said_range, said_gap
        The range, and the won deals that closing the gap would have brought, in words.
    young
        Whether more may still convert.
    """

    least: float
    most: float
    said_range: str
    said_gap: str
    young: bool

    @property
    def immature(self) -> bool:
        """Whether more may still convert."""
        return self.young


class RangeChart(RowChart):
    """Rows with a bar for the range under the dot."""

    def columns(self, expected: str) -> list[PrintedColumn]:
        """Return the rate, and the gap in won deals, or else the range in words."""
        points = self.ranged
        found = [PrintedColumn("range", [point.said_range for point in points])]
        if any(point.said_gap for point in points):
            found = [PrintedColumn("won deals missed", [point.said_gap for point in points])]
        rates = [point.said_rate for point in points]
        found.append(PrintedColumn(expected, rates, bold=True))
        return found

    def ticks(self) -> tuple[list[float], list[str]]:
        """Return ticks that reach over the ranges as well."""
        ends = [point.most for point in self.ranged]
        ends += [point.high for point in self.ranged if point.known]
        return percent_ticks(max(ends, default=0.0))

    def bars(self) -> None:
        """Draw the ranges; one figure is a bar as thin as a line."""
        from matplotlib.patches import Rectangle

        unit = (self.ax.get_xlim()[1] - self.ax.get_xlim()[0]) / self.page.width
        for y, point in self.places:
            if isinstance(point, RangePoint):
                wide = max(point.most - point.least, 3 * unit)
                corner = (point.least - (wide - (point.most - point.least)) / 2, y - _THICK / 2)
                self.ax.add_patch(Rectangle(corner, wide, _THICK, label="_range", **self._look))

    def marks(self, *, expected: str) -> list[tuple[Any, str]]:
        """Return what each mark means, for the marks that are there."""
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        known = [point for point in self.ranged if point.known]
        found: list[tuple[Any, str]] = [(Patch(**self._look), "range, all sources")]
        level = display.percent(self.level, decimals=0)
        dot: dict[str, Any] = {"marker": "o", "markersize": style.DOT - 1}
        accent = self.colours.accent
        if any(not point.hollow for point in known):
            look = Line2D([], [], color=accent, **dot)
            found.append((look, f"{expected}, with {level} interval"))
        reasons = {
            "immature": any(point.immature for point in known),
            "fewer than 100 records": any(point.small for point in known),
        }
        said = display.listed([text for text, there in reasons.items() if there], last="or")
        if said:
            dashed = (0, (2, 1.4))
            page = self.colours.page
            look = Line2D([], [], color=accent, markerfacecolor=page, linestyle=dashed, **dot)
            found.append((look, said))
        return found

    @property
    def ranged(self) -> list[RangePoint]:
        """All points, from the top."""
        return [point for point in self.points if isinstance(point, RangePoint)]

    @property
    def _look(self) -> dict[str, Any]:
        colours = self.colours
        return {
            "facecolor": colours.bench,
            "edgecolor": colours.context,
            "linewidth": 0.6,
            "zorder": 1,
        }


def _groups(compared: Benchmarked) -> list[Group]:
    several = len(compared.segments) > 1
    order = np.argsort(-compared.entered.max(axis=1, initial=0), kind="stable")
    groups, left = [], MOST_ROWS
    for i in (int(k) for k in order):
        steps = [_point(compared, i, k) for k, whole in enumerate(compared.whole) if not whole]
        wholes = [_point(compared, i, k) for k, whole in enumerate(compared.whole) if whole]
        name = display.segment_name(compared.segments[i]) if several else ""
        parts = [(name, [*steps, *wholes])]
        if not several and wholes and steps:
            parts = [("from stage to stage", steps), (_WHOLE, wholes)]
        for head, points in parts:
            if left > 0:
                groups.append(Group(points=tuple(points[:left]), name=head))
                left -= len(points)
    return groups


def _point(compared: Benchmarked, i: int, k: int) -> RangePoint:
    one, span = compared.conversions[k], compared.spans[k]
    verdict = str(compared.verdict[i, k])
    lacks = {"too few": f"fewer than {display.FEWEST} records", "no rate": "no rate"}
    return RangePoint(
        name=f"{display.one_line(one.start)} to {display.one_line(one.target)}",
        entered=int(one.entered[i]),
        converted=int(one.converted[i]),
        rate=float(one.rate[i]),
        low=float(one.low[i]),
        high=float(one.high[i]),
        lacks=lacks.get(verdict, ""),
        least=span.low,
        most=span.high,
        said_range=span.said(),
        said_gap=_gap(compared, i, k),
        young=verdict == "immature",
    )


def _gap(compared: Benchmarked, i: int, k: int) -> str:
    """Return the won deals that a clear gap of a step cost, with their interval."""
    if compared.verdict[i, k] != "below" or compared.whole[k]:
        return ""
    won = float(compared.won_gap[i, k])
    if not np.isfinite(won):
        return "not known"
    low, high = (float(np.asarray(end)[i, k]) for end in compared.won_interval())
    return display.expected_between(won, low, high)


def _title(compared: Benchmarked) -> str:
    steps = ~np.array(compared.whole)
    verdicts = compared.verdict[:, steps]
    number = verdicts.size
    if (verdicts == "no rate").all():
        return "Nobody has entered a stage that has a range yet"
    if compared.apart and len(compared.segments) > 1:
        return "Rates against their ranges, each business for itself"
    below = [tuple(cell) for cell in np.argwhere(compared.rank_below > 0)]
    young = int((verdicts == "immature").sum())
    rest = f"; {display.plural(young, 'is', 'are')} too young to tell" if young else ""
    if not below:
        one = "The one conversion is not" if number == 1 else f"None of {number} conversions is"
        return f"{one} clearly below {'its' if number == 1 else 'the'} range{rest}"
    below.sort(key=lambda cell: int(compared.rank_worth[cell]) or number + 1)
    i, k = below[0]
    won = float(compared.won_gap[i, k])
    worth = f": about {display.expected(won)} won deals less" if np.isfinite(won) else ""
    if len(below) == 1:
        return f"{compared.named(i, k)} is below its range{worth}{rest}"
    named = compared.named(i, k)
    return f"{len(below)} of {number} are below their range, {named} the dearest{rest}"


def _caption(compared: Benchmarked) -> str:
    market = f" for {display.one_line(compared.market)}" if compared.market else ""
    text = (
        f"Share of those who entered the first stage that reached the second, against ranges"
        f"{market}: from the lowest low to the highest high over all sources, which disagree."
    )
    if compared.as_of is not None:
        text += f" Data through {day_name(compared.as_of)}."
    if (compared.rank_below > 0).any():
        text += (
            " Won deals missed: what the same records would have brought at the low end of the "
            "range."
        )
    left = compared.entered.size - sum(len(group.points) for group in _groups(compared))
    return f"{text} {display.plural(left, 'further row')} not shown." if left > 0 else text


def _words(compared: Benchmarked) -> list[str]:
    lines = []
    for i in range(len(compared.segments)):
        for k in range(len(compared.conversions)):
            point = _point(compared, i, k)
            gap = f"; {point.said_gap} won deals missed" if point.said_gap else ""
            lines.append(
                f"{compared.named(i, k)}: {display.plural(point.entered, 'record')}, "
                f"{point.said_rate} against {compared.who_says(k)}: "
                f"{compared.verdict[i, k]}{gap}."
            )
    return lines
