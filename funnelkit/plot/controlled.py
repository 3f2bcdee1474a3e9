"""A control chart: values by period between the limits at which they would signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.plot import style
from funnelkit.plot.lettering import measured
from funnelkit.plot.sheet import Sheet, bare, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.monitor import ControlChart

_HEIGHT = 230.0


def control_chart(chart: ControlChart, *, ax: Axes | None = None) -> Axes:
    """Return axes with the values of a control chart, their centre and their limits.

    Parameters
    ----------
    chart
        From :func:`funnelkit.monitor.control_chart`.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Period ``k`` stands at ``k``. The band of judged periods is dark, that of the baseline is
        grey; immature periods and those set aside are hollow, signals are named, and dated changes
        are marked.

    Raises
    ------
    ArgumentError
        If ``chart`` or ``ax`` cannot be used.

    Examples
    --------
    >>> import funnelkit as fk
    >>> won = [20, 23, 18, 22, 19, 21, 17, 22, 20, 2]
    >>> ax = fk.plot.control_chart(fk.monitor.control_chart(won, "p", entered=200, judged=2))
    >>> fk.plot.describe(ax).splitlines()[0].startswith("converted / entered")
    True
    """
    from funnelkit.monitor import ControlChart

    if not isinstance(chart, ControlChart):
        raise ArgumentError(
            f"`chart` must be what fk.monitor.control_chart returns; got {type(chart).__name__}."
        )
    low, high = _extent(chart)
    ticks = _ticks(low, high)
    labels = [chart.said(tick) for tick in ticks]
    indent = max((measured(text, style.SMALL) for text in labels), default=20.0) + 10
    with sheet(ax, height=_HEIGHT, indent=indent) as page:
        bare(page)
        _axes(page, chart, ticks, labels)
        _bands(page, chart)
        _points(page, chart)
        _changes(page, chart)
        page.above += 8
        page.legend(_legend(page, chart))
        page.title(_title(chart))
        page.caption(chart.summary(), ticks=14)
        return page.finish(_title(chart), chart.summary(), _values(chart))


def _extent(chart: ControlChart) -> tuple[float, float]:
    """Return what the axis must hold: values and centre, and limits that are not far off."""
    near = np.concatenate([chart.value, chart.centre])
    near = near[np.isfinite(near)]
    if not len(near):
        return 0.0, 1.0
    low, high = float(near.min()), float(near.max())
    lines = np.concatenate([chart.low, chart.high])
    lines = lines[np.isfinite(lines)]
    reach = 1.5 * max(high - low, 0.1 * abs(high), 1e-9)
    lines = lines[(lines > low - reach) & (lines < high + reach)]
    low, high = min([low, *lines]), max([high, *lines])
    if chart.kind != "individuals":
        low = 0.0
    return low, max(high, low + 1e-9)


def _ticks(low: float, high: float) -> list[float]:
    from matplotlib.ticker import MaxNLocator

    return [float(tick) for tick in MaxNLocator(5).tick_values(low, high)]


def _axes(page: Sheet, chart: ControlChart, ticks: list[float], labels: list[str]) -> None:
    ax, colours = page.ax, page.palette
    number = len(chart.periods)
    ax.set_xlim(-0.6, max(number - 0.4, 0.6))
    ax.set_ylim(ticks[0], ticks[-1])
    ax.set_yticks(ticks, labels, **style.plain())
    ax.hlines(ticks, -0.6, number - 0.4, color=colours.grid, linewidth=0.8, zorder=0.5)
    widest = max((measured(label, style.SMALL) for label in chart.periods), default=1.0) + 14
    every = max(-(-number // max(int(page.width // widest), 1)), 1)
    at = list(range((number - 1) % every, number, every))
    ax.set_xticks(at, [chart.periods[k] for k in at], **style.plain())


def _bands(page: Sheet, chart: ControlChart) -> None:
    """Draw limits and centre as steps, in each run of periods that are held together."""
    colours = page.palette
    for which, fill, edge in (
        (chart.baseline, colours.grid, colours.rule),
        (chart.judged, colours.soft, colours.band_edge),
    ):
        for run in _runs(which):
            x = np.repeat(run, 2) + np.tile([-0.5, 0.5], len(run))
            bottom, top = page.ax.get_ylim()
            low = np.nan_to_num(np.repeat(chart.low[run], 2), nan=bottom)
            high = np.nan_to_num(np.repeat(chart.high[run], 2), nan=top)
            page.ax.fill_between(x, low, high, color=fill, linewidth=0, zorder=0.7)
            for line in (chart.low, chart.high):
                page.ax.plot(
                    x, np.repeat(line[run], 2), color=edge, linewidth=1.0, zorder=1, label="_limit"
                )
            page.ax.plot(
                x,
                np.repeat(chart.centre[run], 2),
                color=colours.context,
                linewidth=1.2,
                linestyle=(0, (1.2, 1.6)),
                zorder=1.5,
                label="_centre",
            )


def _runs(which: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    at = np.flatnonzero(which)
    return [run for run in np.split(at, np.flatnonzero(np.diff(at) > 1) + 1) if len(run)]


def _points(page: Sheet, chart: ControlChart) -> None:
    ax, colours = page.ax, page.palette
    used = chart.baseline | chart.judged
    shown = np.where(used, chart.value, np.nan)
    ax.plot(shown, color=colours.context, linewidth=1.0, zorder=2, label="_line")
    hollow = chart.immature | ~used
    for j in np.flatnonzero(np.isfinite(chart.value)):
        odd = bool(chart.signal[j])
        colour = colours.accent if chart.judged[j] else colours.context
        ax.plot(
            [j],
            [chart.value[j]],
            "D" if odd else "o",
            color=colour,
            markersize=style.DOT + 1 if odd else 5.5,
            markerfacecolor=colours.page if hollow[j] else colour,
            markeredgewidth=style.LINE,
            zorder=4 if odd else 3,
            clip_on=False,
            label="_value",
        )
    out = np.flatnonzero(chart.signal & chart.judged)
    for j in sorted({*out[:1].tolist(), *out[-1:].tolist()}):  # those between would overlap
        under = chart.value[j] < chart.centre[j]
        last = j > len(chart.periods) - 2
        ax.annotate(
            chart.said(float(chart.value[j])),
            (float(j), float(chart.value[j])),
            (0, -9 if under else 9),
            textcoords="offset points",
            ha="right" if last else "center",
            va="top" if under else "bottom",
            color=colours.ink,
            fontsize=style.SMALL,
            fontweight="bold",
            annotation_clip=False,
            **style.plain(),
        )


def _changes(page: Sheet, chart: ControlChart) -> None:
    """Mark dated changes between the periods that they part."""
    for day, what in chart.changes:
        at = _place(chart, day.isoformat())
        page.ax.axvline(at, color=page.palette.muted, linewidth=1.0, linestyle=(0, (3, 2)))
        page.ax.annotate(
            f" {what}",
            (at, 1.0),
            (2, -2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            va="top",
            color=page.palette.muted,
            fontsize=style.SMALL,
            annotation_clip=False,
            **style.plain(),
        )


def _place(chart: ControlChart, day: str) -> float:
    import pandas as pd

    starts = []
    for label in chart.periods:
        try:
            starts.append(pd.Period(label.replace(" ", "")).start_time.date().isoformat())
        except ValueError:
            return -0.5
    return sum(start < day for start in starts) - 0.5


def _legend(page: Sheet, chart: ControlChart) -> list[tuple[object, str]]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    colours = page.palette
    found: list[tuple[object, str]] = []
    if chart.baseline.any():
        found.append((Patch(color=colours.grid, linewidth=0), "baseline"))
    if chart.judged.any():
        found.append((Patch(color=colours.soft, linewidth=0), "judged: no signal within"))
    dash = Line2D([], [], color=colours.context, linestyle=(0, (1.2, 1.6)))
    found.append((dash, "expected"))
    if (chart.immature & np.isfinite(chart.value)).any():
        ring = Line2D(
            [], [], marker="o", linestyle="", color=colours.accent, markerfacecolor=colours.page
        )
        found.append((ring, "immature"))
    if chart.signal.any():
        found.append((Line2D([], [], marker="D", linestyle="", color=colours.accent), "signal"))
    return found


def _title(chart: ControlChart) -> str:
    if chart.signals:
        first = int(np.flatnonzero(chart.signal & chart.judged)[0])
        fell = chart.value[first] < chart.centre[first]
        if chart.method != "shewhart":
            fell = chart.statistic[first] < 0
        return f"{chart.name}: {'down' if fell else 'up'}, by the chart since {chart.since}"
    if not chart.judged.any():
        return f"{chart.name}: no period is judged"
    number = int(chart.judged.sum())
    return f"{chart.name}: no signal in the last {display.plural(number, 'period')} judged"


def _values(chart: ControlChart) -> str:
    told = []
    for j, label in enumerate(chart.periods):
        words = f"{label} {chart.said(float(chart.value[j]))}"
        if np.isfinite(chart.low[j]) and np.isfinite(chart.high[j]):
            words += f" (limits {chart.said(chart.low[j])} to {chart.said(chart.high[j])})"
        if chart.signal[j]:
            words += " signal"
        told.append(words)
    return f"{'; '.join(told)}."
