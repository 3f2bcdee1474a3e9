"""A diagnosis as rows: what closing each step's gap would have brought in won deals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import ArgumentError
from funnelkit.plot import style
from funnelkit.plot.points import Group, Point
from funnelkit.plot.rows import ROW, PrintedColumn, RowChart
from funnelkit.plot.scales import count_ticks
from funnelkit.plot.sheet import bare, sheet
from funnelkit.rates import Diagnosis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.rates.diagnosis.gaps import Gap
    from funnelkit.rates.diagnosis.steps import Step

_AGAINST = {
    "range": "the low end of their ranges",
    "before": "their rates in the earlier period",
    "segments": "their best segments",
    "targets": "the rates you named",
}


def diagnosis(diagnosis: Diagnosis, *, ax: Axes | None = None) -> Axes:
    """Return axes with a row for each step: the won deals that closing its gap would have brought.

    Filled dots are gaps that are clear, hollow ones are not: chance may have made them.

    Parameters
    ----------
    diagnosis
        From :func:`funnelkit.rates.diagnose`.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        In won deals, titled with the bottleneck by value; :func:`describe` tells all values and
        every warning.

    Raises
    ------
    ArgumentError
        If ``diagnosis`` or ``ax`` are something else.

    Examples
    --------
    >>> import datetime as dt
    >>> import funnelkit as fk
    >>> from funnelkit.counts.flows import Stays
    >>> stays = Stays(
    ...     stages=("lead", "mql", "won"),
    ...     exits=("lost",),
    ...     by=(),
    ...     segments=((),),
    ...     as_of=dt.date(2026, 6, 30),
    ...     entered=[[1000, 100, 20]],
    ...     filled=[[0, 0, 0]],
    ...     moved_on=[[100, 20, 0]],
    ...     left={"lost": [[900, 80, 0]]},
    ...     still_there=[[0, 0, 20]],
    ...     days=[[[100], [20], [0]]],
    ... )
    >>> fk.plot.diagnosis(fk.rates.diagnose(stays)).get_title(loc="left")
    'The bottleneck by value is lead to mql: about 20 won deals less'
    """
    if not isinstance(diagnosis, Diagnosis):
        raise ArgumentError(
            f"`diagnosis` must be what fk.rates.diagnose returns; got {type(diagnosis).__name__}."
        )
    points = tuple(
        _point(step, gap) for step, gap in zip(diagnosis.steps, diagnosis.gaps, strict=True)
    )
    with sheet(ax, height=ROW * len(points)) as page:
        bare(page)
        chart = GapChart(page, [Group(points=points)], level=diagnosis.confidence_level)
        chart.draw(reference=None, expected="won deals missed")
        page.legend(chart.marks(expected="won deals missed"))
        page.title(_title(diagnosis))
        page.caption(_caption(diagnosis), ticks=14)
        warnings = [concern.sentence for concern in diagnosis.concerns]
        words = [f"{point.name}: {point.said_all}." for point in points]
        return page.finish(_title(diagnosis), _caption(diagnosis), *words, *warnings)


@dataclass(frozen=True, kw_only=True)
class GapPoint(Point):
    """One step: the place on the axis is won deals, not a rate.

    Parameters
    ----------
    own, reference
        Its rate and what it is held against, in words.
    clear
        Whether the gap is clear of chance.
    """

    own: str
    reference: str
    clear: bool

    @property
    def hollow(self) -> bool:
        """Whether chance may have made the gap."""
        return not self.clear

    @property
    def said_rate(self) -> str:
        """The won deals with their interval, or why they are not known."""
        if not self.known:
            return self.lacks
        if not self.rate > 0:
            return "none"
        return display.expected_between(self.rate, self.low, self.high)

    @property
    def said_all(self) -> str:
        """All of it in words."""
        against = f" against {self.reference}" if self.reference else ""
        records = display.plural(self.entered, "record")
        if not self.known:
            return f"{records}, {self.own}{against}; {self.lacks}"
        clear = "" if self.clear or not self.rate > 0 else ", which chance may have made"
        return f"{records}, {self.own}{against}; {self.said_rate} won deals missed{clear}"


class GapChart(RowChart):
    """Rows over an axis of won deals."""

    def columns(self, expected: str) -> list[PrintedColumn]:
        """Return the rate, the reference and the won deals."""
        points = [point for point in self.points if isinstance(point, GapPoint)]
        return [
            PrintedColumn("rate", [point.own for point in points]),
            PrintedColumn("held against", [point.reference for point in points]),
            PrintedColumn(expected, [point.said_rate for point in points], bold=True),
        ]

    def ticks(self) -> tuple[list[float], list[str]]:
        """Return ticks in won deals."""
        return count_ticks(max([point.high for point in self.points if point.known], default=0.0))

    def marks(self, *, expected: str) -> list[tuple[Any, str]]:
        """Return what each mark means, for the marks that are there."""
        from matplotlib.lines import Line2D

        known = [point for point in self.points if point.known]
        level = display.percent(self.level, decimals=0)
        dot: dict[str, Any] = {"marker": "o", "markersize": style.DOT - 1}
        found: list[tuple[Any, str]] = []
        if any(not point.hollow for point in known):
            filled = Line2D([], [], color=self.colours.accent, **dot)
            found.append((filled, f"{expected}, with {level} interval"))
        if any(point.hollow for point in known):
            dot |= {"markerfacecolor": self.colours.page, "linestyle": (0, (2, 1.4))}
            hollow = Line2D([], [], color=self.colours.accent, **dot)
            found.append((hollow, "not clear of chance, or no gap"))
        return found


def _point(step: Step, gap: Gap) -> GapPoint:
    known = math.isfinite(gap.won)
    return GapPoint(
        name=step.name,
        entered=step.entered,
        converted=step.converted,
        rate=gap.won,
        low=gap.low,
        high=gap.high,
        lacks="" if known else (gap.caveat or "not known"),
        own=display.percent(step.rate) if step.enough else display.EN_DASH,
        reference=display.percent(gap.reference) if math.isfinite(gap.reference) else "",
        clear=gap.clear,
    )


def _title(found: Diagnosis) -> str:
    if not any(step.entered for step in found.steps):
        return "Nobody has entered the funnel yet"
    worst = found.bottleneck
    if not found.reference:
        return "There is nothing to hold the steps against"
    if worst is None:
        return "No step is clearly under what it is held against"
    name = found.step(worst.start).name
    return f"The bottleneck by value is {name}: about {display.expected(worst.won)} won deals less"


def _caption(found: Diagnosis) -> str:
    text = f"Data through {day_name(found.as_of)}."
    if found.reference:
        text = (
            f"Won deals that the same records would have brought had the steps stood at "
            f"{_AGAINST[found.reference]}. {text}"
        )
    if found.lift.steps:
        text += f" A tenth more at each step: {found.lift.said}."
    if found.concerns:
        text += f" {display.plural(len(found.concerns), 'warning')}: see the summary."
    return text
