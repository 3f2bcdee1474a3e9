"""Forecasts as a fan: what came as a line, what is expected with its bands, and what is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.forecast.goals import target_of
from funnelkit.forecast.prospect import Prospect, prospect_of
from funnelkit.plot import style
from funnelkit.plot.lettering import measured
from funnelkit.plot.scales import count_ticks, steps
from funnelkit.plot.sheet import Sheet, bare, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.forecast.prospect import Labels
    from funnelkit.forecast.result import Forecast

HEIGHT = 220.0
_HEAD = 14.0
_GAP = 10.0
_MOST_DOTS = 40
NOTES = 320
"""Letters of notes that stand under a chart; the others are in its summary."""


def forecast(
    forecast: Forecast,
    *,
    cumulative: bool = False,
    segment: Labels | None = None,
    levels: float | Sequence[float] = (0.8, 0.95),
    history: int = 24,
    target: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Return axes with a forecast as a fan: what came, what is expected, and its bands.

    The grey line is what came. Hollow dots are what is expected, in bands of their levels; a grey
    dot is what the running period holds already, and an upright line the last day that is known.

    Parameters
    ----------
    forecast
        Any forecast of :mod:`funnelkit.forecast`.
    cumulative
        Whether periods are summed up from the first one to come; what came is then left out.
    segment
        Series that are shown, summed: one label, one for each column, or a mapping from column to
        label. Default: all series together.
    levels
        One to three two-sided levels of bands.
    history
        Number of periods gone by that are shown.
    target
        Drawn as a dotted line; its chance is the share of draws that reach it, in each period or,
        where it is cumulative, by it.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        In the unit of the forecast; the first period to come stands at 0. Titled with what is
        expected first and last, and the interval of the widest level.

    Raises
    ------
    ArgumentError
        If an argument cannot be used, or the forecast has no period.

    Examples
    --------
    >>> import datetime as dt
    >>> import numpy as np
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> from funnelkit.forecast.result import Forecast
    >>> draws = np.arange(43.0, 117.0).reshape(-1, 1, 1)
    >>> ahead = Forecast(
    ...     what="won deals",
    ...     unit="count",
    ...     by=(),
    ...     segments=((),),
    ...     periods=pd.period_range("2018-06", periods=1, freq="M"),
    ...     draws=draws,
    ...     expected=np.array([[75.0]]),
    ...     gone=pd.period_range("2018-04", periods=2, freq="M"),
    ...     observed=np.array([[207.0, 122.0]]),
    ...     so_far=np.array([0.0]),
    ...     as_of=dt.date(2018, 5, 31),
    ...     method="an example",
    ...     reason="it is short",
    ...     n=2,
    ... )
    >>> fk.plot.forecast(ahead).get_title(loc="left")
    'About 75 won deals in June 2018 (44 to 115)'
    """
    shown = prospect_of(
        forecast, segment=segment, levels=levels, cumulative=cumulative, history=history
    )
    goal = None if target is None else target_of(target)
    title, caption = shown.finding(goal), _caption(shown)
    ticks, labels = ticks_of(shown, goal)
    indent = max(measured(text, style.SMALL) for text in labels) + 10
    with sheet(ax, height=HEIGHT, indent=indent) as page:
        bare(page)
        fan = Fan(page, shown)
        fan.axes(ticks, labels)
        fan.draw()
        if goal is not None:
            fan.line(goal, f"target {shown.goal(goal)}")
        page.legend(fan.marks())
        page.title(title)
        page.caption(caption, ticks=14)
        return page.finish(title, caption, *shown.told, *_chances(shown, goal))


class Fan:
    """The fan of one chart, and where its parts stand."""

    def __init__(self, page: Sheet, shown: Prospect) -> None:
        self.page, self.ax, self.colours, self.shown = page, page.ax, page.palette, shown
        self.last = len(shown.expected) - 1
        self.first = min([*shown.places, 0])

    def axes(
        self, ticks: Sequence[float], labels: Sequence[str], under: dict[int, str] | None = None
    ) -> None:
        """Draw gridlines and periods; ``under`` is what stands under the label of a period."""
        ax, colours = self.ax, self.colours
        end = self._end()
        room = 1 - (measured(end, style.TEXT, bold=True) + _GAP) / self.page.width
        left, right = self.first - 0.6, self.last + 0.6
        ax.set_xlim(left, left + (right - left) / room)
        ax.set_ylim(ticks[0], ticks[-1])
        ax.set_yticks(ticks, labels, **style.plain())
        ax.hlines(ticks, left, right, color=colours.grid, linewidth=0.8, zorder=0.5)
        ax.hlines([0], left, right, color=colours.rule, linewidth=1.2, zorder=0.6, clip_on=False)
        self.right = right
        self._periods(room, under or {})
        self.page.text(
            right + _GAP / self.page.width * (right - left) / room,
            float(self.shown.expected[-1]),
            end,
            weight="bold",
            color=colours.ink,
        )

    def draw(self) -> None:
        """Draw what came, the bands, what is expected, what is there, and the last known day."""
        ax, colours, shown = self.ax, self.colours, self.shown
        at = np.arange(self.last + 1)
        across = at if self.last else np.array([-0.12, 0.12])
        looks = dict(zip([band.level for band in shown.bands], self._looks(), strict=True))
        for band in reversed(shown.bands):
            low, high = (np.broadcast_to(end, across.shape) for end in (band.low, band.high))
            name = f"{band.percent} band"
            ax.fill_between(across, low, high, label=name, zorder=1.5, **looks[band.level])
        look: dict[str, Any] = {"color": colours.context, "clip_on": False}
        ax.plot(shown.places, shown.seen, label="came", linewidth=1.8, zorder=2, **look)
        ax.plot(shown.places[-1:], shown.seen[-1:], "o", markersize=5, zorder=2, **look)
        if shown.places and np.isfinite(shown.seen[-1]):
            ends = [float(shown.seen[-1]), float(shown.expected[0])]
            look = {"color": colours.accent, "linewidth": 1.2, "linestyle": (0, (2, 2))}
            ax.plot([shown.places[-1], 0], ends, zorder=2.2, label="_link", **look)
        ax.plot(at, shown.expected, **self._expected(), label="expected", zorder=3, clip_on=False)
        if shown.so_far is not None:
            self._so_far(shown.so_far)
        self._known()

    def line(self, value: float, words: str) -> None:
        """Draw a target from the first period to come on, its name over it."""
        ax, colours = self.ax, self.colours
        left = self.first - 0.6
        look: dict[str, Any] = {"color": colours.ink, "linestyle": ":", "linewidth": 1.3}
        ax.hlines([value], left, self.right, label="target", zorder=1.8, **look)
        ax.annotate(
            words,
            (left, value),
            (2, 3),
            textcoords="offset points",
            va="bottom",
            color=colours.ink,
            fontsize=style.SMALL,
            annotation_clip=False,
            zorder=5,
            path_effects=halo(colours.page),
        )

    def marks(self) -> list[tuple[Any, str]]:
        """Return what each mark means, for the marks that are there."""
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        colours = self.colours
        found: list[tuple[Any, str]] = []
        if self.shown.gone:
            found.append((Line2D([], [], color=colours.context, linewidth=1.8), "came"))
        if self.shown.so_far is not None:
            dot = Line2D([], [], color=colours.context, marker="o", linestyle="none", markersize=6)
            found.append((dot, "so far"))
        found.append((Line2D([], [], **self._expected()), "expected"))
        for band, look in zip(self.shown.bands, self._looks(), strict=True):
            words = f"{band.percent} band"
            found.append((Patch(**look), words))
        return found

    def _looks(self) -> list[dict[str, Any]]:
        """Return the look of each band, the narrowest first."""
        colours = self.colours
        middle = _between(colours.band_edge, colours.soft)
        several = {1: (colours.soft,), 2: (colours.band_edge, colours.soft)}
        grounds = several.get(len(self.shown.bands), (colours.band_edge, middle, colours.soft))
        edge = {"edgecolor": colours.band_edge, "linewidth": 0.7}
        return [{"facecolor": ground, **edge} for ground in grounds]

    def _expected(self) -> dict[str, Any]:
        dots = self.last < _MOST_DOTS
        return {
            "color": self.colours.accent,
            "linewidth": style.LINE,
            "marker": "o" if dots else "",
            "markersize": style.DOT - 1.5,
            "markerfacecolor": self.colours.page,
            "markeredgewidth": style.LINE,
        }

    def _so_far(self, value: float) -> None:
        look: dict[str, Any] = {"color": self.colours.context, "clip_on": False}
        top = float(self.shown.expected[0])
        self.ax.vlines([0], value, top, color=self.colours.context, linewidth=0.9, zorder=2.4)
        self.ax.plot(
            [0], [value], "o", markersize=style.DOT - 1, zorder=2.6, label="so far", **look
        )

    def _known(self) -> None:
        """Draw the last known day, and write it on the side with room."""
        at, colours = self.shown.known_to, self.colours
        self.ax.axvline(at, color=colours.context, linewidth=0.9, zorder=1.2, label="known to")
        left, right = self.ax.get_xlim()
        start = (at - left) / (right - left)
        words = f"known to {day_name(self.shown.forecast.as_of)}"
        ends = start * self.page.width >= measured(words, style.SMALL) + 4
        self.page.head(start, words, align="right" if ends else "left")
        self.page.above += _HEAD

    def _end(self) -> str:
        """Return what is written at the end of the fan: with its interval where there is room."""
        band = self.shown.widest
        words = f"{self.shown.number(float(self.shown.expected[-1]))} "
        words += f"({self.shown.between(self.last, band)})"
        if measured(words, style.TEXT, bold=True) <= 0.27 * self.page.width:
            return words
        return self.shown.number(float(self.shown.expected[-1]))

    def _periods(self, room: float, under: dict[int, str]) -> None:
        shown = self.shown
        names = dict(zip(shown.places, shown.gone, strict=True)) | dict(enumerate(shown.labels))
        words = [*names.values(), *under.values()]
        widest = max(measured(text, style.SMALL) for text in words) + 12
        each = room * self.page.width / (self.last - self.first + 1.2)
        apart = max(int(-(-widest // each)), 1)
        kept: list[int] = []
        for k in [*sorted(under, reverse=True), *sorted(names, reverse=True)]:
            if all(abs(k - other) >= apart for other in kept):
                kept.append(k)
        kept.sort()
        texts = [f"{names[k]}\n{under.get(k, '')}" if under else names[k] for k in kept]
        self.ax.set_xticks(kept, texts, **style.plain())


def ticks_of(shown: Prospect, *targets: float | None) -> tuple[list[float], list[str]]:
    """Return round numbers from 0 to over all that is shown, and their labels."""
    top = max([shown.top, *(one for one in targets if one is not None)])
    if shown.forecast.unit == "count":
        return count_ticks(top)
    ticks = steps(top)
    return ticks, [display.count(tick) if top >= 10 else f"{tick:g}" for tick in ticks]


def _caption(shown: Prospect) -> str:
    made = shown.forecast
    unit = (
        f", in {display.one_line(made.currency)}" if made.unit == "value" and made.currency else ""
    )
    summed = f", summed up from {shown.when(0)} on" if shown.cumulative else ""
    text = (
        f"{sentence(shown.what)} by period{unit}{summed}. In brackets the "
        f"{shown.widest.percent} interval of what will be counted. "
        f"Method: {display.one_line(made.method)}."
    )
    return f"{text}{shown.noted(NOTES)}"


def _chances(shown: Prospect, target: float | None) -> list[str]:
    if target is None:
        return []
    told = (
        f"{shown.way} {label} {display.chance(shown.chance(target, k))}"
        for k, label in enumerate(shown.labels)
    )
    return [f"Chance of {shown.goal(target)}: {', '.join(told)}."]


def _between(one: str, other: str) -> str:
    """Return the colour half-way between two."""
    from matplotlib.colors import to_hex, to_rgb

    pairs = zip(to_rgb(one), to_rgb(other), strict=True)
    red, green, blue = ((first + second) / 2 for first, second in pairs)
    return to_hex((red, green, blue))


def halo(ground: str) -> list[Any]:
    """Return the effect by which words stand out from the marks behind them."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=3, foreground=ground)]


def sentence(words: str) -> str:
    """Return words with a capital at their start."""
    return words[:1].upper() + words[1:]
