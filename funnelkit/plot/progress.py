"""The adjusted series: each cohort as seen so far and as it will be, from one to the next."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit.plot import ends, levels, style
from funnelkit.plot.ends import End
from funnelkit.plot.lettering import measured
from funnelkit.plot.levels import Levels
from funnelkit.plot.panels import Grid, grid_of, panels, room_for
from funnelkit.plot.points import Group, Point
from funnelkit.plot.scales import percent_ticks
from funnelkit.plot.sheet import Sheet, bare, sheet, size_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from funnelkit.lag import AdjustedRates

_HEIGHT = 220.0
TALL = 92.0
"""Height of a panel in points."""
_DASHES = (0, (2, 1.4))


def adjusted_series(
    rates: AdjustedRates, *, known: pd.Series[float] | None = None, ax: Axes | None = None
) -> Axes:
    """Return axes with the rate of each cohort over time: as seen so far, and as expected.

    The grey line is what is seen so far, and falls at its end because young leads have had less
    time. Dots with intervals are what each cohort comes to; those of immature cohorts (maturity
    below 90 %) are hollow and dashed, on hatched ground. Where an interval leaves the axis, an
    arrow says so.

    Parameters
    ----------
    rates
        From :func:`funnelkit.lag.adjust`. With segments, each has a panel, the largest first; at
        most twelve, and the latest 36 cohorts.
    known
        Rates by cohort from elsewhere, such as what the cohorts came to later or the truth of a
        simulation, drawn as crosses under their ``name``; for one segment.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Cohort ``k`` stands at ``k``; with segments in the ``child_axes``. Titled with what the
        latest cohort comes to, or with the segments whose newest cohort stands apart.

    Raises
    ------
    ArgumentError
        If an argument cannot be used.

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
    >>> ax = fk.plot.adjusted_series(fk.lag.adjust(triangle, fit))
    >>> ax.get_title(loc="left").split(":")[0].replace(chr(0x202F), " ")
    '2 January 2026 stands at 12.5 % but is young'
    """
    most = levels.MOST_SEGMENTS
    if ax is not None:
        most = min(most, room_for(*size_of(ax)))
    shown = levels.levels_of(rates, known, most=most)
    ticks, words = percent_ticks(shown.top)
    indent = max(measured(text, style.SMALL) for text in words) + 10
    grid = grid_of(len(shown.groups), size_of(ax)[0] - indent, tall=TALL)
    with sheet(ax, height=grid.height if shown.several else _HEIGHT, indent=indent) as page:
        if shown.several:
            draw_panels(page, shown, grid, (ticks, words))
        else:
            bare(page)
            _single(page, shown, (ticks, words))
        clipped = any(
            point.known and point.high > ticks[-1]
            for group in shown.groups
            for point in group.points
        )
        page.above += 4
        page.legend(marks(page, shown))
        page.title(levels.title(shown))
        caption = levels.caption(shown, clipped=clipped)
        page.caption(caption, ticks=0 if shown.several else 42)
        return page.finish(*levels.words(shown, clipped=clipped))


def draw_panels(
    page: Sheet, shown: Levels, grid: Grid, scale: tuple[list[float], list[str]]
) -> None:
    """Draw a panel for each group: its cohorts in a row."""
    ticks, words = scale
    names = [group.name for group in shown.groups]
    notes = [_n(group) for group in shown.groups]
    for number, (_, small) in enumerate(panels(page, grid, names, notes)):
        said = words if number % grid.columns == 0 else None
        _panel(small, shown, number, (ticks, said))


def _n(group: Group) -> str:
    return f"n {display.count(sum(point.entered for point in group.points))}"


def _single(page: Sheet, shown: Levels, scale: tuple[list[float], list[str]]) -> None:
    ax, points = page.ax, shown.groups[0].points
    found = _ends(points, scale[0][-1])
    last = len(points) - 1
    room = 1 - ends.room_for(page, found) / page.width
    ax.set_xlim(-0.5, last + 0.5 + (last + 1) * (1 / room - 1))
    _ground(page, shown, 0, scale, last)
    labels = levels.bottoms(shown)
    widest = max(measured(part, style.SMALL) for label in labels for part in label.split("\n"))
    fit = max(int(room * page.width // (widest + 10)), 1)
    every = max(-(-len(labels) // fit), 1)
    at = list(range((len(labels) - 1) % every, len(labels), every))
    ax.set_xticks(at, [labels[k] for k in at], linespacing=1.4, **style.plain())
    _points(page, shown, 0, scale[0][-1])
    if found:
        ends.write(page, found, last=last + 0.5)


def _panel(
    small: Sheet, shown: Levels, number: int, scale: tuple[list[float], list[str] | None]
) -> None:
    points = shown.groups[number].points
    last = len(points) - 1
    small.ax.set_xlim(-0.5, last + 0.5)
    _ground(small, shown, number, scale, last)
    ends_at = sorted({0, len(points) - 1})
    small.ax.set_xticks(ends_at, [points[k].name for k in ends_at], **style.plain())
    labels = small.ax.get_xticklabels()
    if len(labels) > 1:
        labels[0].set_horizontalalignment("left")
        labels[-1].set_horizontalalignment("right")
    _points(small, shown, number, scale[0][-1])


def _ground(
    page: Sheet,
    shown: Levels,
    number: int,
    scale: tuple[list[float], list[str] | None],
    last: int,
) -> None:
    """Draw the axis, gridlines, hatched ground under immature cohorts and the mean of all."""
    ax, colours, (ticks, words) = page.ax, page.palette, scale
    if len(ticks) * 11 > page.height:
        ticks, words = [ticks[0], ticks[-1]], words and [words[0], words[-1]]
    ax.set_ylim(0, ticks[-1])
    ax.set_yticks(ticks, words or [""] * len(ticks), **style.plain())
    ax.hlines(ticks[1:], -0.5, last + 0.5, color=colours.grid, linewidth=0.8, zorder=0.5)
    ax.hlines([0], -0.5, last + 0.5, color=colours.rule, linewidth=1.2, zorder=0.6, clip_on=False)
    for start, end in levels.immature_spans(shown.groups[number]):
        ax.axvspan(start, end, zorder=0.2, label="immature", **page.palette.immature)
    mean, points = shown.means[number], shown.groups[number].points
    if not any(point.known for point in points):
        room = ax.transAxes
        page.text(0.5, 0.5, "too few leads", transform=room, ha="center", color=colours.muted)
    elif mean is not None and len(points) > 1:
        look: dict[str, Any] = {"color": colours.context, "linewidth": 1.0, "linestyle": ":"}
        ax.hlines([mean], -0.5, last + 0.5, zorder=0.8, label="all", **look)


def _points(page: Sheet, shown: Levels, number: int, top: float) -> None:
    ax, colours = page.ax, page.palette
    points = shown.groups[number].points
    size = style.DOT if page.width > 200 else 4.5
    seen = [(k, float(p.seen or 0.0)) for k, p in enumerate(points) if p.said_seen]
    if seen:
        at, so_far = zip(*seen, strict=True)
        ax.plot(
            at,
            so_far,
            "o-",
            color=colours.context,
            markersize=size - 2,
            linewidth=1.2,
            zorder=2,
            label="so far",
            clip_on=False,
        )
    rated = [(k, point) for k, point in enumerate(points) if point.known]
    _line(page, rated, top)
    for k, point in rated:
        _estimate(page, k, point, top, size)
    known = shown.known[number]
    crosses = [(k, known[p.name]) for k, p in enumerate(points) if p.name in known]
    if crosses:
        at, rates = zip(*crosses, strict=True)
        look: dict[str, Any] = {"color": colours.ink, "markersize": size, "zorder": 4}
        ax.plot(at, rates, "x", markeredgewidth=1.6, label=shown.known_name, clip_on=False, **look)


def _line(page: Sheet, rated: list[tuple[int, Point]], top: float) -> None:
    """Join neighbouring estimates, dashed towards an immature one."""
    look: dict[str, Any] = {"color": page.palette.band_edge, "linewidth": 1.2, "zorder": 1.8}
    for (k, before), (j, after) in pairwise(rated):
        if j == k + 1 and max(before.rate, after.rate) <= top:
            dashes = _DASHES if before.immature or after.immature else "solid"
            page.ax.plot([k, j], [before.rate, after.rate], linestyle=dashes, **look)


def _estimate(page: Sheet, k: int, point: Point, top: float, size: float) -> None:
    ax, colours = page.ax, page.palette
    low, high = min(point.low, top), min(point.high, top)
    look: dict[str, Any] = {"color": colours.accent, "clip_on": False}
    dashes = _DASHES if point.hollow else "solid"
    name = "immature or small" if point.hollow else "estimate"
    ax.vlines(
        [k],
        low,
        high,
        linewidth=style.LINE,
        linestyle=dashes,
        zorder=2.5,
        label=f"{name}, interval",
        **look,
    )
    for end, clipped in ((low, False), (high, point.high > top)):
        mark = "^" if clipped else "_"
        ax.plot([k], [end], mark, markersize=size - 0.5, markeredgewidth=1.4, zorder=2.6, **look)
    if point.rate <= top:
        ax.plot(
            [k],
            [point.rate],
            "o",
            markersize=size,
            markeredgewidth=style.LINE,
            zorder=3,
            markerfacecolor=colours.page if point.hollow else colours.accent,
            label=name,
            **look,
        )


def _ends(points: tuple[Point, ...], top: float) -> list[End]:
    """Return the last cohort's values, to be written beside it."""
    rated = [(k, point) for k, point in enumerate(points) if point.known]
    if not rated:
        return []
    k, point = rated[-1]
    found = [End(at=(k, min(point.rate, top)), name="expected", value=point.said_rate, main=True)]
    if point.said_seen:
        at = (k, float(point.seen or 0.0))
        found.append(End(at=at, name="so far", value=point.said_seen, main=False))
    return found


def marks(page: Sheet, shown: Levels) -> list[tuple[Any, str]]:
    """Return what each mark means, for the marks that are there."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    colours, there = page.palette, levels.marks_of(shown)
    found: list[tuple[Any, str]] = []
    dot: dict[str, Any] = {"marker": "o", "markersize": style.DOT - 1}
    if there["seen"]:
        grey = Line2D([], [], color=colours.context, linewidth=1.2, marker="o", markersize=4.5)
        found.append((grey, "so far"))
    what = f"{shown.rows.expected}, with {display.percent(shown.rows.level, decimals=0)} interval"
    hollow: dict[str, Any] = {"markerfacecolor": colours.page, "linestyle": _DASHES}
    reasons = [
        text
        for text, key in (("immature", "immature"), ("fewer than 100 leads", "small"))
        if there[key]
    ]
    if there["solid"]:
        found.append((Line2D([], [], color=colours.accent, **dot), what))
    if reasons:
        said = display.listed(reasons, last="or")
        said = said if there["solid"] else f"{what} ({said})"
        found.append((Line2D([], [], color=colours.accent, **dot, **hollow), said))
    if there["immature"]:
        found.append((Patch(**page.palette.immature), "immature: maturity below 90\u202f%"))
    if any(mean is not None for mean in shown.means) and there["seen"]:
        line = Line2D([], [], color=colours.context, linewidth=1, linestyle=":")
        found.append((line, "all cohorts together"))
    if any(shown.known):
        cross = Line2D([], [], color=colours.ink, marker="x", linestyle="none")
        found.append((cross, shown.known_name))
    return found
