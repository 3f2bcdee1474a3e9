"""Reasons of loss as bars: how often each was given, and in which stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import share_interval
from funnelkit.plot.points import Group, Point
from funnelkit.plot.rows import ROW, PrintedColumn, RowChart
from funnelkit.plot.scales import percent_ticks
from funnelkit.plot.sheet import bare, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.metrics import LossReasons

_MOST = 15
_THICK = 0.6
_STAGES = 5
_OTHERS = "other stages"


def reasons(reasons: LossReasons, *, ax: Axes | None = None) -> Axes:
    """Return axes with a bar for each reason: its share of all who left, divided by stage.

    Reasons that say nothing (blank, other, unknown) stand last and are hatched.

    Parameters
    ----------
    reasons
        From :func:`funnelkit.metrics.loss_reasons`; segments and periods are taken together. The
        15 most frequent reasons are shown.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        In shares of all who left; titled with the most frequent reason, or with how little is
        known.

    Raises
    ------
    ArgumentError
        If ``reasons`` or ``ax`` are something else.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> lost = pd.DataFrame({"reason": ["Price"] * 30 + ["Timing"] * 10, "stage": "sql"})
    >>> ax = fk.plot.reasons(fk.metrics.loss_reasons(lost))
    >>> ax.get_title(loc="left").replace(chr(0x202F), " ")
    'Price is given most often: 75.0 % (59.8 to 85.8 %) of those who left'
    """
    from funnelkit.metrics import LossReasons

    if not isinstance(reasons, LossReasons):
        raise ArgumentError(
            f"`reasons` must be what fk.metrics.loss_reasons returns; got {type(reasons).__name__}."
        )
    shown = _shown(reasons)
    with sheet(ax, height=ROW * len(shown.points)) as page:
        bare(page)
        chart = ReasonChart(
            page, [Group(name="", points=shown.points)], level=reasons.confidence_level
        )
        chart.stages = shown.stages
        chart.draw(reference=None, expected="")
        page.legend(chart.marks(expected=""))
        page.title(shown.title)
        page.caption(_caption(reasons, shown), ticks=14)
        said = [point.said_all for point in shown.points]
        return page.finish(shown.title, _caption(reasons, shown), *said, reasons.summary())


@dataclass(frozen=True, kw_only=True)
class ReasonPoint(Point):
    """One reason.

    Parameters
    ----------
    parts
        How many left for it in each of the stages that are shown.
    stages
        Their names.
    empty
        Whether it says nothing.
    """

    parts: tuple[int, ...]
    stages: tuple[str, ...]
    empty: bool

    @property
    def said_all(self) -> str:
        """All of it in words."""
        some = [
            f"{stage} {display.count(n)}"
            for stage, n in zip(self.stages, self.parts, strict=True)
            if n
        ]
        nothing = "; it says nothing" if self.empty else ""
        return (
            f"{self.name}: {display.count(self.converted)} of {display.count(self.entered)}, "
            f"{self.said_rate} ({', '.join(some)}){nothing}."
        )


@dataclass(frozen=True, kw_only=True)
class _Shown:
    points: tuple[ReasonPoint, ...]
    stages: tuple[str, ...]
    title: str
    left_out: int


class ReasonChart(RowChart):
    """Rows with a bar that is divided by stage."""

    stages: tuple[str, ...] = ()

    def _names(self) -> tuple[float, float]:
        """Return the room of the names; every row has one denominator, which the caption tells."""
        return super()._names()[0], 0.0

    def columns(self, expected: str) -> list[PrintedColumn]:  # noqa: ARG002
        """Return how many left for each reason, and their share."""
        return [
            PrintedColumn("left", [display.count(point.converted) for point in self.points]),
            PrintedColumn("of all", [point.said_rate for point in self.points], bold=True),
        ]

    def ticks(self) -> tuple[list[float], list[str]]:
        """Return ticks that reach over the bars."""
        return percent_ticks(max([point.rate for point in self.points if point.known], default=0.0))

    def _dots(self, colour: str) -> None:  # noqa: ARG002
        from matplotlib.patches import Rectangle

        for y, point in self.places:
            if not isinstance(point, ReasonPoint):
                continue
            start = 0.0
            for name, number in zip(point.stages, point.parts, strict=True):
                width = number / max(point.entered, 1)
                look = self._look(name, empty=point.empty)
                corner = (start, y - _THICK / 2)
                self.ax.add_patch(Rectangle(corner, width, _THICK, label=f"_{name}", **look))
                start += width

    def _look(self, stage: str, *, empty: bool) -> dict[str, Any]:
        colours = self.colours
        if empty:
            return {**colours.immature, "edgecolor": colours.context, "zorder": 2}
        steps = colours.heat[1:] if len(self.stages) > 1 else (colours.heat[4],)
        k = self.stages.index(stage)
        at = round(k * (len(steps) - 1) / max(len(self.stages) - 1, 1))
        return {"facecolor": steps[at], "edgecolor": colours.page, "linewidth": 0.7, "zorder": 2}

    def marks(self, *, expected: str) -> list[tuple[Any, str]]:  # noqa: ARG002
        """Return what each part of a bar means."""
        from matplotlib.patches import Patch

        points = [point for point in self.points if isinstance(point, ReasonPoint)]
        found: list[tuple[Any, str]] = []
        if any(not point.empty for point in points) and len(self.stages) > 1:
            found = [
                (Patch(**self._look(name, empty=False)), f"lost in {name}") for name in self.stages
            ]
        if any(point.empty for point in points):
            found.append((Patch(**self._look("", empty=True)), "says nothing"))
        return found


def _shown(found: LossReasons) -> _Shown:
    counts = found.counts.sum(axis=(0, 1, 4))
    total = int(counts.sum())
    stages = [display.one_line(name) for name in found.stages]
    if len(stages) > _STAGES:
        kept = sorted(np.argsort(-counts.sum(axis=0), kind="stable")[: _STAGES - 1].tolist())
        rest = [k for k in range(len(stages)) if k not in kept]
        others = counts[:, rest].sum(axis=1)
        stages = [*(stages[k] for k in kept), _OTHERS]
        counts = np.column_stack([counts[:, kept], others])
    each = counts.sum(axis=1)
    order = sorted(range(len(each)), key=lambda k: (found.empty[k], -int(each[k])))
    order = [k for k in order if each[k]]
    top = [k for k in order if not found.empty[k]][:_MOST]
    shown = [*top, *[k for k in order if found.empty[k]][: max(_MOST - len(top), 3)]]
    low, high = share_interval(each, max(total, 1), confidence_level=found.confidence_level)
    points = tuple(
        ReasonPoint(
            name=display.one_line(found.reasons[k]),
            entered=total,
            converted=int(each[k]),
            rate=float(each[k] / max(total, 1)),
            low=float(np.asarray(low)[k]),
            high=float(np.asarray(high)[k]),
            lacks="" if total >= display.FEWEST else display.EN_DASH,
            parts=tuple(int(n) for n in counts[k]),
            stages=tuple(stages),
            empty=found.empty[k],
        )
        for k in shown
    )
    nothing = int(sum(each[k] for k in order if found.empty[k]))
    return _Shown(
        points=points,
        stages=tuple(stages),
        title=_title(points, total, nothing),
        left_out=len(order) - len(shown),
    )


def _title(points: tuple[ReasonPoint, ...], total: int, nothing: int) -> str:
    if total < display.FEWEST:
        return f"{display.plural(total, 'lead')} left: too few for shares of reasons"
    said = [point for point in points if not point.empty]
    if not said or nothing > total / 2:
        return f"{display.percent(nothing / total)} of those who left have no reason that says why"
    first = said[0]
    ends = display.percent_range(first.low, first.high, words=True)
    return (
        f"{first.name} is given most often: {display.percent(first.rate)} ({ends}) of those who "
        "left"
    )


def _caption(found: LossReasons, shown: _Shown) -> str:
    total = shown.points[0].entered if shown.points else 0
    text = (
        f"Share of the {display.plural(total, 'lead')} that left, by the reason as written and the "
        "last stage reached."
    )
    if found.as_of is not None:
        text += f" Data through {day_name(found.as_of)}."
    if len(found.segments) > 1:
        text += f" All {len(found.segments)} segments together."
    if found.alike:
        text += f" {display.plural(len(found.alike), 'group')} of names that look alike: see the "
        text += "summary."
    if shown.left_out:
        text += f" {display.plural(shown.left_out, 'rarer reason')} not shown."
    return text
