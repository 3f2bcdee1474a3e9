"""Rates as rows: a dot and an interval for each cohort or segment, and the values beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit.plot import findings, style
from funnelkit.plot.lettering import fitted, measured
from funnelkit.plot.points import Group, Point, groups_of
from funnelkit.plot.scales import percent_ticks
from funnelkit.plot.sheet import Sheet, bare, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.lag import AdjustedRates
    from funnelkit.rates import CohortRates

ROW = 26.0
"""Height of a row, in points."""
_GAP = 16.0
_DASHES = (0, (2, 1.4))
_LEAST_SHARE = 0.3
_LEAST_NAMES = 60.0


def cohorts(rates: AdjustedRates | CohortRates, *, ax: Axes | None = None) -> Axes:
    """Return axes with the rate of each cohort: as seen so far, and as expected.

    Filled dots are estimates, with their interval; grey dots are what is seen so far. A cohort
    that is immature (maturity below 90 %) or small (fewer than 100 leads) is hollow and dashed,
    one of fewer than 20 leads has no rate. Maturity is printed beside each.

    Parameters
    ----------
    rates
        From :func:`funnelkit.lag.adjust`, or from :func:`funnelkit.rates.cohort` (then there is
        nothing expected). With segments, each segment's cohorts stand together, the largest
        segment first; with more than 40 rows the latest cohorts are shown, and the caption says
        so.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Titled with the finding; :func:`describe` tells all values in words.

    Raises
    ------
    ArgumentError
        If ``rates`` or ``ax`` are something else.

    Examples
    --------
    >>> import datetime as dt
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> triangle = fk.Triangle(
    ...     start="lead",
    ...     target="won",
    ...     cohorts=pd.period_range("2026-01-01", periods=2, freq="D"),
    ...     as_of=dt.date(2026, 1, 2),
    ...     entered=[[400, 400]],
    ...     events={"won": [[[80, 80], [50, 0]]]},
    ...     censored=[[[0, 240], [350, 0]]],
    ...     followed=[[[0, 400], [400, 0]]],
    ... )
    >>> fit = fk.lag.fit_kaplan_meier(triangle)
    >>> ax = fk.plot.cohorts(fk.lag.adjust(triangle, fit))
    >>> ax.get_title(loc="left").split(":")[0].replace(chr(0x202F), " ")
    '2 January 2026 stands at 12.5 % but is young'
    """
    shown = groups_of(rates)
    with sheet(ax, height=ROW * shown.height) as page:
        bare(page)
        chart = RowChart(page, shown.groups, level=shown.level)
        chart.draw(reference=shown.reference, expected=shown.expected)
        page.legend(chart.marks(expected=shown.expected))
        page.title(findings.of_rows(shown))
        page.caption(findings.caption_of_rows(shown), ticks=14)
        return page.finish(*findings.words_of_rows(shown))


@dataclass
class PrintedColumn:
    """A printed column: heading, and the words of each row."""

    head: str
    words: list[str]
    bold: bool = False

    @property
    def width(self) -> float:
        """Points that it takes."""
        texts = (measured(word, style.TEXT, bold=self.bold) for word in self.words)
        return max([measured(self.head, style.SMALL), *texts])


class RowChart:
    """Rows of one chart, and where each stands."""

    def __init__(
        self, page: Sheet, groups: Sequence[Group], *, level: float, seen: str = "so far"
    ) -> None:
        self.page, self.ax, self.colours = page, page.ax, page.palette
        self.level, self.seen = level, seen
        self.places: list[tuple[float, Point]] = []
        self.headings: list[tuple[float, str]] = []
        y = 0.0
        for group in groups:
            if group.name:
                self.headings.append((y, group.name))
                y += 1
            for point in group.points:
                self.places.append((y, point))
                y += 1
        self.height = y

    @property
    def points(self) -> list[Point]:
        """All points, from the top."""
        return [point for _, point in self.places]

    def draw(self, *, reference: float | None, expected: str) -> None:
        """Draw names, dots, intervals and the printed columns."""
        columns = self.columns(expected)
        names, counts = self._names()
        room = self.page.width
        right = sum(column.width + _GAP for column in columns)
        whole, names = names, min(names, max(_LEAST_NAMES, 0.3 * room))
        left = names + counts + _GAP
        while columns and room - left - right < _LEAST_SHARE * room:
            if counts:
                left, counts = left - counts, 0.0
                continue
            right -= columns.pop(0).width + _GAP
        if not columns:  # there is room for longer names
            names = min(whole, max(names, 0.4 * room))
            left = names + counts + _GAP
        self._scale(left / room, 1 - right / room if columns else 0.98)
        self._labels(names, counts)
        self._print(columns)
        self._reference(reference)
        self._dots(self._colour(expected))

    def marks(self, *, expected: str) -> list[tuple[Any, str]]:
        """Return what each mark means, for the marks that are there."""
        from matplotlib.lines import Line2D

        def dot(**look: Any) -> Line2D:
            return Line2D([], [], marker="o", markersize=style.DOT - 1, **look)

        colour, page = self._colour(expected), self.colours.page
        found: list[tuple[Any, str]] = []
        rated = [point for point in self.points if point.known]
        if expected and any(point.seen is not None for point in rated):
            found.append((dot(color=self.colours.context, linestyle="none"), self.seen))
        reasons = [
            ("immature: maturity below 90\u202f%", any(point.immature for point in rated)),
            ("fewer than 100 leads", any(point.small for point in rated)),
        ]
        said = display.listed([text for text, there in reasons if there], last="or")
        what = f"{expected or 'rate'}, with {display.percent(self.level, decimals=0)} interval"
        hollow = dot(color=colour, markerfacecolor=page, linestyle=_DASHES)
        if any(not point.hollow for point in rated):
            found.append((dot(color=colour), what))
            found += [(hollow, said)] if said else []
        elif rated:
            found.append((hollow, f"{what} ({said})"))
        return found

    def _colour(self, expected: str) -> str:
        """Return the accent for what is estimated, grey for what is only seen so far."""
        seen = not expected and all(point.maturity is None for point in self.points)
        return self.colours.context if seen else self.colours.accent

    def columns(self, expected: str) -> list[PrintedColumn]:
        """Return what is printed beside the rows; the first ones go where there is no room."""
        points = self.points
        found = []
        if expected:
            found.append(PrintedColumn(self.seen, [point.said_seen for point in points]))
        found.append(
            PrintedColumn(expected or "rate", [point.said_rate for point in points], bold=True)
        )
        if any(point.maturity is not None for point in points):
            found.append(PrintedColumn("maturity", [point.said_maturity for point in points]))
        elif any(point.youngest is not None for point in points):
            found.append(PrintedColumn("youngest lead", [point.said_youngest for point in points]))
        return found

    def _names(self) -> tuple[float, float]:
        names = [measured(point.label, style.TEXT, bold=True) for point in self.points]
        names += [measured(words, style.TEXT, bold=True) for _, words in self.headings]
        counts = [measured(_n(point), style.SMALL) + _GAP for point in self.points]
        return max(names, default=0.0), max(counts, default=0.0)

    def _scale(self, start: float, end: float) -> None:
        """Put 0 and the last tick where the columns leave room."""
        ticks, words = self.ticks()
        unit = ticks[-1] / (end - start)
        self.ax.set_xlim(-start * unit, (1 - start) * unit)
        self.ax.set_ylim(self.height - 0.5, -0.5)
        self.ax.set_yticks([])
        self.ax.set_xticks(ticks, words, **style.plain())
        self.ax.vlines(
            ticks, -0.5, self.height - 0.5, color=self.colours.grid, linewidth=0.8, zorder=0.5
        )
        edges = [y - 0.5 for y, _ in self.headings] + [y + 0.5 for y, _ in self.places]
        for y in edges:
            self.ax.axhline(y, color=self.colours.grid, linewidth=0.8, zorder=0.5)

    def ticks(self) -> tuple[list[float], list[str]]:
        """Return where the ticks stand and what is written there."""
        ends = [point.high for point in self.points if point.known]
        ends += [point.seen for point in self.points if point.known and point.seen is not None]
        return percent_ticks(max(ends, default=0.0))

    def _labels(self, names: float, counts: float) -> None:
        across = self.ax.get_yaxis_transform()
        room = self.page.width
        ink, muted = self.colours.ink, self.colours.muted
        for y, words in self.headings:
            name = fitted(words, room * 0.9, style.TEXT, bold=True)
            self.page.text(0, y, name, transform=across, weight="bold", color=ink)
        for y, point in self.places:
            bold = not self.headings
            name = fitted(point.label, names, style.TEXT, bold=bold)
            weight = "bold" if bold else "normal"
            self.page.text(0, y, name, transform=across, weight=weight, color=ink)
            if counts:
                at = (names + counts) / room
                look = {"ha": "right", "color": muted, "fontsize": style.SMALL}
                self.page.text(at, y, _n(point), transform=across, **look)

    def _print(self, columns: Sequence[PrintedColumn]) -> None:
        across = self.ax.get_yaxis_transform()
        at = 1.0
        for column in reversed(columns):
            self.page.head(at, column.head, align="right")
            for (y, point), words in zip(self.places, column.words, strict=True):
                strong = column.bold and point.known
                colour = self.colours.ink if point.known else self.colours.muted
                look = {"ha": "right", "weight": "bold" if strong else "normal", "color": colour}
                self.page.text(at, y, words, transform=across, **look)
            at -= (column.width + _GAP) / self.page.width
        self.page.above += 16 if columns else 0

    def _reference(self, rate: float | None) -> None:
        if rate is None:
            return
        self.ax.axvline(
            rate, color=self.colours.context, linewidth=1, linestyle=":", zorder=0.8, label="all"
        )
        self.ax.annotate(
            f"all {display.percent(rate)}",
            (rate, 1.0),
            (0, 5),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            va="bottom",
            color=self.colours.muted,
            fontsize=style.SMALL,
        )

    def _dots(self, colour: str) -> None:
        known = [(y, point) for y, point in self.places if point.known]
        seen = [(y, point) for y, point in known if point.seen is not None]
        if seen:
            at = [y for y, _ in seen]
            raw = [float(point.seen or 0) for _, point in seen]
            rates = [point.rate for _, point in seen]
            self.ax.hlines(at, raw, rates, color=self.colours.context, linewidth=0.9, zorder=1.5)
            look: dict[str, Any] = {
                "color": self.colours.context,
                "markersize": style.DOT - 1,
                "zorder": 2,
            }
            self.ax.plot(raw, at, "o", label=self.seen, **look)
        for hollow in (False, True):
            some = [(y, point) for y, point in known if point.hollow == hollow]
            if some:
                self._estimates(some, hollow=hollow, colour=colour)

    def _estimates(
        self, places: Sequence[tuple[float, Point]], *, hollow: bool, colour: str
    ) -> None:
        at = np.array([y for y, _ in places])
        low = np.array([point.low for _, point in places])
        high = np.array([point.high for _, point in places])
        name = "immature or small" if hollow else "estimate"
        self.ax.hlines(
            at,
            low,
            high,
            color=colour,
            linewidth=style.LINE,
            linestyle=_DASHES if hollow else "solid",
            zorder=2.5,
            label=f"{name}, interval",
        )
        caps: dict[str, Any] = {"marker": "|", "markersize": 8, "markeredgewidth": style.LINE}
        self.ax.plot(
            np.r_[low, high], np.r_[at, at], color=colour, linestyle="none", zorder=2.5, **caps
        )
        self.ax.plot(
            [point.rate for _, point in places],
            at,
            "o",
            color=colour,
            markerfacecolor=self.colours.page if hollow else colour,
            markeredgewidth=style.LINE,
            markersize=style.DOT,
            zorder=3,
            label=name,
        )


def empty(page: Sheet) -> None:
    """Leave axes that have no row without a scale."""
    page.ax.set_xticks([])
    page.ax.set_yticks([])


def _n(point: Point) -> str:
    return f"n {display.count(point.entered)}"
