"""Comparisons of an experiment as a forest: an effect and its interval in each row, around none."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import checks, display
from funnelkit.experiment.shown import plain, rows_of
from funnelkit.plot import style
from funnelkit.plot.effects import (
    Line,
    Mark,
    Show,
    axis_of,
    caption_of,
    lines_of,
    mark_of,
    one_unit,
    title_of,
    unit_of,
    words_of,
)
from funnelkit.plot.lettering import fitted, measured
from funnelkit.plot.rows import ROW
from funnelkit.plot.sheet import Sheet, bare, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.experiment import Comparison, Comparisons

_MOST = 40
_GAP = 16.0
_DASHES = (0, (2, 1.4))
_LEAST_SHARE = 0.3


def experiment(
    comparisons: Comparisons | Comparison | Sequence[Comparison],
    *,
    show: Show = "relative",
    guardrails: str | Iterable[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Return axes with a row for each metric: the effect, its interval, and no effect as a line.

    Squares are guardrails. A hollow, dashed mark has fewer than 100 units in an arm. An arrow is an
    interval that goes on.

    Parameters
    ----------
    comparisons
        One comparison of :mod:`funnelkit.experiment`, several, or a family; with several treatments
        each one's rows stand together. At most 40 rows.
    show
        ``"relative"``, treatment over control less 1, on which all metrics have one axis; or
        ``"absolute"``, treatment less control, for metrics of one unit.
    guardrails
        Metrics that are watched for harm, by name.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Titled with which effects are clear, after adjustment where there is one; :func:`describe`
        tells all values.

    Raises
    ------
    ArgumentError
        If ``comparisons`` or ``ax`` are something else, a guardrail is no metric, or units would
        be mixed on one axis.

    Examples
    --------
    >>> import funnelkit as fk
    >>> found = fk.experiment.Comparison(
    ...     metric="rate",
    ...     unit="share",
    ...     control=fk.experiment.Arm(name="control", n=480, mean=0.6, converted=288),
    ...     treatment=fk.experiment.Arm(name="treatment", n=420, mean=0.8, converted=336),
    ...     scale="difference",
    ...     effect=0.2,
    ...     pvalue=0.0001,
    ...     bounds=lambda level: (0.14, 0.26),
    ...     method="score test",
    ... )
    >>> fk.plot.experiment(found, show="absolute").get_title(loc="left")
    'Clear effect on rate: +20.0 points (+14.0 to +26.0)'
    """
    checks.one_of("show", show, ("relative", "absolute"))
    rows = rows_of("comparisons", comparisons, guardrails)
    if show == "absolute":
        one_unit(rows)
    marks = [mark_of(row, show) for row in rows[:_MOST]]
    lines = lines_of(marks)
    with sheet(ax, height=ROW * len(lines)) as page:
        bare(page)
        forest = _Forest(page, lines, show)
        forest.draw()
        page.legend(forest.legend())
        title = title_of(marks, len(rows))
        caption = caption_of(marks, show, len(rows) - len(marks))
        page.title(title)
        page.caption(caption, ticks=14)
        return page.finish(title, caption, *(words_of(mark) for mark in marks))


class _Forest:
    """The rows of one chart, and where each stands."""

    def __init__(self, page: Sheet, lines: Sequence[Line], show: Show) -> None:
        self.page, self.ax, self.colours = page, page.ax, page.palette
        self.lines, self.show = lines, show
        self.marks = [(y, one) for y, one in enumerate(lines) if isinstance(one, Mark)]

    def draw(self) -> None:
        """Draw names, marks and the printed columns."""
        columns = [
            (f"{self.show} {self._word}", [mark.said for _, mark in self.marks], True),
            self._pvalues(),
        ]
        widths = [
            max(measured(head, style.SMALL), *(measured(w, style.TEXT, bold=bold) for w in words))
            for head, words, bold in columns
        ]
        room = self.page.width
        names = max(
            measured(one if isinstance(one, str) else one.name, style.TEXT, bold=True)
            for one in self.lines
        )
        whole, names = names, min(names, max(60.0, 0.3 * room))
        counts = max(measured(mark.n, style.SMALL) for _, mark in self.marks) + _GAP
        while columns and room - names - counts - _GAP - _sum(widths) < _LEAST_SHARE * room:
            if counts:
                counts = 0.0
                continue
            columns.pop()
            widths.pop()
        if not columns:  # there is room for longer names
            names = min(whole, max(names, 0.4 * room))
        left = names + counts + _GAP
        right = _sum(widths)
        self._scale(left / room, 1 - right / room if columns else 0.98)
        self._labels(names, counts)
        at = 1.0
        for (head, words, bold), width in reversed(list(zip(columns, widths, strict=True))):
            self._print(at, head, words, bold=bold)
            at -= (width + _GAP) / room
        self.page.above += 16
        self._dots()

    def _pvalues(self) -> tuple[str, list[str], bool]:
        """Return the column of p-values: those within the family, where there are any."""
        if all(math.isnan(mark.row.adjusted) for _, mark in self.marks):
            words = [mark.row.pvalue_text() for _, mark in self.marks]
            return "p-value", words, False
        words = ["" if math.isnan(p := mark.row.adjusted) else plain(p) for _, mark in self.marks]
        return "adjusted p", words, False

    @property
    def _word(self) -> str:
        return self.marks[0][1].row.comparison.word

    def _scale(self, start: float, end: float) -> None:
        low, high, step = axis_of([mark for _, mark in self.marks])
        unit = (high - low) / (end - start)
        self.ax.set_xlim(low - start * unit, low + (1 - start) * unit)
        bottom = len(self.lines) - 0.5
        self.ax.set_ylim(bottom, -0.5)
        self.ax.set_yticks([])
        self.low, self.high = low, high
        ticks = [step * k for k in range(round(low / step), round(high / step) + 1)]
        self.ax.set_xticks(ticks, self._tick_words(ticks), **style.plain())
        self.ax.vlines(ticks, -0.5, bottom, color=self.colours.grid, linewidth=0.8, zorder=0.5)
        for y in range(len(self.lines)):
            self.ax.axhline(y + 0.5, color=self.colours.grid, linewidth=0.8, zorder=0.5)
        self.ax.vlines(
            [0],
            -0.5,
            bottom,
            color=self.colours.context,
            linewidth=1.2,
            linestyle=":",
            zorder=0.8,
            label="no effect",
        )
        self.page.head((0 - self.ax.get_xlim()[0]) / unit, f"no {self._word}", align="center")

    def _tick_words(self, ticks: Sequence[float]) -> list[str]:
        one = self.marks[0][1].row.comparison
        share = self.show == "relative" or one.unit == "share"
        factor = 100 if share else 1
        words = []
        for tick in ticks:
            size = f"{abs(round(factor * tick, 6)):,g}"
            words.append(size if tick == 0 else f"{display.MINUS if tick < 0 else '+'}{size}")
        unit = f"{display.NARROW_SPACE}%" if self.show == "relative" else unit_of(one)
        words[-1] += unit
        return words

    def _labels(self, names: float, counts: float) -> None:
        across, room = self.ax.get_yaxis_transform(), self.page.width
        ink, muted = self.colours.ink, self.colours.muted
        grouped = len(self.marks) < len(self.lines)
        for y, one in enumerate(self.lines):
            if isinstance(one, str):
                name = fitted(one, 0.9 * room, style.TEXT, bold=True)
                self.page.text(0, y, name, transform=across, weight="bold", color=ink)
                continue
            name = fitted(one.name, names, style.TEXT, bold=not grouped)
            weight = "normal" if grouped else "bold"
            self.page.text(0, y, name, transform=across, weight=weight, color=ink)
            if counts:
                look = {"ha": "right", "color": muted, "fontsize": style.SMALL}
                self.page.text((names + counts) / room, y, one.n, transform=across, **look)

    def _print(self, at: float, head: str, words: Sequence[str], *, bold: bool) -> None:
        across = self.ax.get_yaxis_transform()
        self.page.head(at, head, align="right")
        for (y, mark), text in zip(self.marks, words, strict=True):
            strong = bold and mark.row.clear
            colour = self.colours.ink if mark.known else self.colours.muted
            look = {"ha": "right", "weight": "bold" if strong else "normal", "color": colour}
            self.page.text(at, y, text, transform=across, **look)

    def _dots(self) -> None:
        for y, mark in self.marks:
            if not mark.known:
                continue
            look: dict[str, Any] = {"color": self.colours.accent, "zorder": 2.5, "clip_on": False}
            name = "guardrail" if mark.row.guardrail else "estimate"
            if not math.isnan(mark.low):
                self._interval(y, mark, name, look)
            self.ax.plot(
                [min(max(mark.value, self.low), self.high)],
                [y],
                "s" if mark.row.guardrail else "o",
                markerfacecolor=self.colours.page if mark.small else self.colours.accent,
                markeredgewidth=style.LINE,
                markersize=style.DOT,
                label=name,
                **{**look, "zorder": 3},
            )

    def _interval(self, y: int, mark: Mark, name: str, look: dict[str, Any]) -> None:
        ends = np.clip([mark.low, mark.high], self.low, self.high)
        self.ax.hlines(
            [y],
            *ends,
            linewidth=style.LINE,
            linestyle=_DASHES if mark.small else "solid",
            label=f"{name}, interval",
            **look,
        )
        cut = ((mark.low < self.low, "<"), (mark.high > self.high, ">"))
        for end, (goes_on, arrow) in zip(ends, cut, strict=True):
            if goes_on:
                self.ax.plot([end], [y], arrow, markersize=5, label="goes on", **look)
            else:
                caps: dict[str, Any] = {"markersize": 8, "markeredgewidth": style.LINE}
                self.ax.plot([end], [y], "|", **caps, **look)

    def legend(self) -> list[tuple[Any, str]]:
        """Return what each mark means, for the marks that are there."""
        from matplotlib.lines import Line2D

        known = [mark for _, mark in self.marks if mark.known]
        accent, page = self.colours.accent, self.colours.page
        look: dict[str, Any] = {"color": accent, "markersize": style.DOT - 1}
        found: list[tuple[Any, str]] = []
        levels = {mark.row.comparison.confidence_level for mark in known}
        level = f"{display.percent(max(levels), decimals=0)} " if len(levels) == 1 else ""
        said = f"{self._word}, with {level}interval"
        if any(not mark.row.guardrail for mark in known):
            found.append((Line2D([], [], marker="o", **look), said))
        if any(mark.row.guardrail for mark in known):
            found.append((Line2D([], [], marker="s", **look), "guardrail"))
        if any(mark.small for mark in known):
            hollow = {**look, "markerfacecolor": page, "linestyle": _DASHES}
            found.append((Line2D([], [], marker="o", **hollow), "fewer than 100 in an arm"))
        return found


def _sum(widths: Sequence[float]) -> float:
    return sum(width + _GAP for width in widths)
