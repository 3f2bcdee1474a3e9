"""Quotas as bars: what each representative has won of what was to be won."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import ArgumentError
from funnelkit._core.measure import Measures
from funnelkit.plot.points import MOST_ROWS, Group, Point
from funnelkit.plot.rows import ROW, PrintedColumn, RowChart, empty
from funnelkit.plot.scales import percent_ticks, steps
from funnelkit.plot.sheet import bare, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit._core.measure import Measure

_THICK = 0.6
_EACH, _ALL, _AT = "quota attainment", "quota attainment of all", "reps at quota"


def quota(attainment: Measures, *, period: str | None = None, ax: Axes | None = None) -> Axes:
    """Return axes with a bar for each representative: won over quota, with a line at all of it.

    The largest quota stands first, never the best. Filled: at quota; grey: below.

    Parameters
    ----------
    attainment
        From :func:`funnelkit.metrics.quota_attainment`.
    period
        Label of the period, such as ``"2026 Q1"``; default: the last one that is over, else the
        last.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        In shares of the quota; titled with how many are there.

    Raises
    ------
    ArgumentError
        If ``attainment``, ``period`` or ``ax`` cannot be used.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> won = pd.DataFrame({"rep": ["Ann", "Bo"], "won": "2026-02-01", "amount": [120, 40]})
    >>> quotas = pd.DataFrame({"rep": ["Ann", "Bo"], "period": "2026 Q1", "amount": 100})
    >>> ax = fk.plot.quota(fk.metrics.quota_attainment(won, quotas))
    >>> ax.get_title(loc="left").replace(chr(0x202F), " ")
    '1 of 2 at quota in 2026 Q1; together 80.0 % of what was to be won'
    """
    names = attainment.names if isinstance(attainment, Measures) else ()
    if not {_EACH, _ALL, _AT} <= set(names):
        raise ArgumentError(
            "`attainment` must be what fk.metrics.quota_attainment returns; got "
            f"{type(attainment).__name__}."
        )
    label, over = _period(attainment, period)
    points = _points(attainment[_EACH].only(period=label))
    shown = tuple(points[:MOST_ROWS])
    title = _title(attainment, label, points, over=over)
    with sheet(ax, height=ROW * max(len(shown), 1)) as page:
        bare(page)
        chart = QuotaChart(page, [Group(name="", points=shown)], level=0.95)
        if shown:
            chart.draw(reference=1.0, expected="")
            page.legend(chart.marks(expected=""))
        else:
            empty(page)
        page.title(title)
        page.caption(_caption(attainment, points, over=over), ticks=14)
        said = [point.said_all for point in shown]
        notes = attainment[_EACH].notes
        return page.finish(title, _caption(attainment, points, over=over), *said, *notes)


@dataclass(frozen=True, kw_only=True)
class QuotaPoint(Point):
    """One representative.

    Parameters
    ----------
    won, goal
        Money won, and to be won.
    said_won, said_goal
        The same in words.
    """

    won: float
    goal: float
    said_won: str
    said_goal: str

    @property
    def said_rate(self) -> str:
        """The attainment."""
        return display.percent(self.rate, decimals=0) if self.known else self.lacks

    @property
    def said_all(self) -> str:
        """All of it in words."""
        return f"{self.name}: {self.said_won} of {self.said_goal}, {self.said_rate}."


class QuotaChart(RowChart):
    """Rows with a bar from 0 to the attainment."""

    def _names(self) -> tuple[float, float]:
        return super()._names()[0], 0.0

    def columns(self, expected: str) -> list[PrintedColumn]:  # noqa: ARG002
        """Return won, quota and attainment."""
        points = self._quotas
        return [
            PrintedColumn("quota", [point.said_goal for point in points]),
            PrintedColumn("won", [point.said_won for point in points]),
            PrintedColumn("attained", [point.said_rate for point in points], bold=True),
        ]

    def ticks(self) -> tuple[list[float], list[str]]:
        """Return ticks that reach at least to all of the quota."""
        most = max([point.rate for point in self.points if point.known], default=1.0)
        if most <= 1:
            return percent_ticks(1.0)
        found = steps(most, most=5)
        return found, [f"{round(100 * one):g}" for one in found[:-1]] + [
            f"{round(100 * found[-1]):g}\u202f%"
        ]

    def _reference(self, rate: float | None) -> None:
        if rate is None:
            return
        self.ax.axvline(rate, color=self.colours.context, linewidth=1.2, linestyle=":", zorder=3)

    def _dots(self, colour: str) -> None:  # noqa: ARG002
        from matplotlib.patches import Rectangle

        for y, point in self.places:
            if point.known:
                corner = (0.0, y - _THICK / 2)
                look = self._look(there=point.rate >= 1)
                self.ax.add_patch(
                    Rectangle(corner, max(point.rate, 0.0), _THICK, label="_attained", **look)
                )

    def marks(self, *, expected: str) -> list[tuple[Any, str]]:  # noqa: ARG002
        """Return what each bar means."""
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        known = [point for point in self.points if point.known]
        found: list[tuple[Any, str]] = []
        for there, words in ((True, "at quota"), (False, "below")):
            if any((point.rate >= 1) == there for point in known):
                found.append((Patch(**self._look(there=there)), words))
        line = Line2D([], [], color=self.colours.context, linewidth=1.2, linestyle=":")
        return [*found, (line, "quota")] if known else []

    @property
    def _quotas(self) -> list[QuotaPoint]:
        return [point for point in self.points if isinstance(point, QuotaPoint)]

    def _look(self, *, there: bool) -> dict[str, Any]:
        colours = self.colours
        return {"facecolor": colours.accent if there else colours.bar, "linewidth": 0, "zorder": 2}


def _period(attainment: Measures, period: str | None) -> tuple[str, bool]:
    """Return the period to show, and whether it is over."""
    labels = attainment[_AT].periods or ()
    over = [bool(n > 0) for n in attainment[_AT].denominator[0]]
    if period is not None:
        checks.member("period", "period", period, labels)
        return period, over[labels.index(period)]
    last = max([k for k, done in enumerate(over) if done], default=len(labels) - 1)
    return labels[last], over[last]


def _points(each: Measure) -> list[QuotaPoint]:
    found = []
    for i, segment in enumerate(each.segments):
        won, goal = float(each.numerator[i, 0]), float(each.denominator[i, 0])
        found.append(
            QuotaPoint(
                name=display.one_line(display.segment_name(segment)),
                entered=0,
                converted=0,
                rate=won / goal if goal > 0 else float("nan"),
                lacks="" if goal > 0 else "no quota",
                won=won,
                goal=goal,
                said_won=display.count(won),
                said_goal=display.count(goal) if goal > 0 else display.EN_DASH,
            )
        )
    return sorted(found, key=lambda point: (-point.goal, point.name))


def _title(attainment: Measures, label: str, points: Sequence[QuotaPoint], *, over: bool) -> str:
    known = [point for point in points if point.known]
    if not known:
        return f"Nobody has a quota in {label}"
    there = sum(point.rate >= 1 - 1e-12 for point in known)
    whole = attainment[_ALL].only(period=label).value
    so_far = "" if over else " so far"
    told = f"{display.count(there)} of {display.count(len(known))} at quota in {label}{so_far}"
    if not np.isfinite(whole):
        return told
    return f"{told}; together {display.percent(whole)} of what was to be won"


def _caption(attainment: Measures, points: Sequence[QuotaPoint], *, over: bool) -> str:
    each = attainment[_EACH]
    unit = f", in {each.currency}" if each.currency else ""
    text = f"Money of deals won in the period over the quota of the period{unit}."
    if each.as_of is not None:
        text += f" Data through {day_name(each.as_of)}."
    if not over:
        text += " The period is not over."
    more = len(points) - MOST_ROWS
    return f"{text} {display.plural(more, 'smaller quota')} not shown." if more > 0 else text
