"""What slipped, as small multiples: each alarmed series month by month, beside its usual level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import period_name
from funnelkit._core.errors import ArgumentError
from funnelkit.plot import style
from funnelkit.plot.lettering import measured
from funnelkit.plot.panels import grid_of, panels, room_for
from funnelkit.plot.scales import count_ticks, percent_ticks
from funnelkit.plot.sheet import Sheet, bare, sheet, size_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.monitor.board.alerting import Alert, Alerts

_TALL = 96.0
_MOST = 9
_EMPTY = 60.0


def alerts(alerts: Alerts, *, ax: Axes | None = None) -> Axes:
    """Return axes with a panel for each alert: its series, its usual level, and since when.

    Dots are months (conversions adjusted for lag, so that young cohorts stand where they come
    to), with what chance alone gives them at 95 %; the grey line is the level before, the
    coloured one that since the change, and the shaded ground the months in which it may have
    begun.

    Parameters
    ----------
    alerts
        From :func:`funnelkit.monitor.alerts`.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        The panels are its ``child_axes``, the first nine alerts in their order; titled with the
        first one. Without an alert the title says so.

    Raises
    ------
    ArgumentError
        If ``alerts`` is something else.

    Examples
    --------
    >>> import funnelkit as fk
    >>> ax = fk.plot.alerts(fk.monitor.alerts(fk.make_leads(3000, rng=1), by="source"))
    >>> ax.get_title(loc="left")
    'No alert: nothing left its usual level'
    """
    from funnelkit.monitor.board.alerting import Alerts

    if not isinstance(alerts, Alerts):
        raise ArgumentError(
            f"`alerts` must be what fk.monitor.alerts returns; got {type(alerts).__name__}."
        )
    most = _MOST if ax is None else min(room_for(*size_of(ax)), _MOST)
    shown = alerts.alerts[:most]
    if not shown:
        with sheet(ax, height=_EMPTY) as page:
            bare(page)
            page.ax.set_xticks([])
            page.ax.set_yticks([])
            title = "No alert: nothing left its usual level"
            page.title(title)
            page.caption(alerts.power())
            return page.finish(title, alerts.summary())
    indent = max(measured(word, style.SMALL) for one in shown for word in _scale(one)[1]) + 10
    grid = grid_of(len(shown), size_of(ax)[0] - indent, tall=_TALL)
    with sheet(ax, height=grid.height, indent=indent) as page:
        names = [f"{display.one_line(one.metric.name)}, {one.where}" for one in shown]
        for number, (inner, small) in enumerate(panels(page, grid, names, [""] * len(shown))):
            _panel(inner, small, shown[number])
        page.legend(_marks(page))
        title = _title(shown[0])
        page.title(title)
        page.caption(_caption(alerts, len(shown)))
        return page.finish(title, alerts.summary(), *(one.sentence() for one in shown))


def _title(first: Alert) -> str:
    where = "" if not first.by else f" in {first.where}"
    turn = "is below its threshold" if first.direction == "below" else first.direction
    text = f"{display.one_line(first.metric.name)}{where} {turn}"
    if first.direction != "below":
        text += f" by {display.percent(abs(first.change), decimals=0)}"
    return f"{text} since {period_name(first.since)}"


def _caption(alerts: Alerts, shown: int) -> str:
    more = len(alerts.alerts) - shown
    rest = f"{display.plural(more, 'more alert')} in the table. " if more else ""
    harm = [sign.sentence for sign in alerts.data if sign.harm]
    data = f"Check the data first: {harm[0]} " if harm else ""
    return (
        f"{data}{rest}Dots: months, adjusted for lag; bars: what chance gives them at 95 %. "
        f"{display.plural(alerts.watched, 'series', 'series')} watched, budget "
        f"{display.percent(alerts.budget)} of false alarms a report."
    )


def _values(one: Alert) -> tuple[Any, Any]:
    """Return the months' figures and their errors; a speed as what leads take, 1 as usual."""
    path = one.path
    if one.metric.kind != "speed":
        return path.values, path.errors
    days = np.exp(-path.values)
    return days, days * path.errors


def _scale(one: Alert) -> tuple[list[float], list[str]]:
    values, errors = _values(one)
    known = np.isfinite(values)
    high = np.where(known, values + np.minimum(1.96 * errors, values), 0.0)
    top = max(float(high.max(initial=0.0)), one.path.usual, 1e-9)
    if one.metric.kind in ("rate", "closed"):
        ticks, words = percent_ticks(min(top, 1.0))
    else:
        ticks, words = count_ticks(max(top, 2.0))
    return [ticks[0], ticks[-1]], [words[0], words[-1]]


def _panel(ax: Axes, small: Sheet, one: Alert) -> None:
    colours, path = small.palette, one.path
    values, errors = _values(one)
    at = np.arange(len(values))
    known = np.isfinite(values)
    ticks, words = _scale(one)
    last, since = len(at) - 1, path.since
    ax.set_xlim(-0.6, last + 0.6)
    ax.set_ylim(0, ticks[-1])
    ax.set_yticks(ticks, words, **style.plain())
    ax.set_xticks([0, last], [str(path.months[0]), str(path.months[last])], **style.plain())
    if last:
        start, end = ax.get_xticklabels()
        start.set_horizontalalignment("left")
        end.set_horizontalalignment("right")
    ax.axhline(0, color=colours.rule, linewidth=1.2, zorder=0.6, clip_on=False)
    first, latest = ((month - path.months[0]).n for month in (one.since_low, one.since_high))
    ax.axvspan(first - 0.5, latest + 0.5, color=colours.soft, linewidth=0, zorder=0.3)
    usual, level = one.usual, one.level
    if one.metric.kind == "speed":
        usual, level = 1.0, 1 / max(1 + one.change, 1e-9)
    ax.hlines(usual, -0.5, last + 0.5, color=colours.context, linewidth=1.4, zorder=2)
    ax.hlines(level, since - 0.5, last + 0.5, color=colours.accent, linewidth=2.2, zorder=3)
    half = 1.96 * errors[known]
    ax.vlines(
        at[known],
        np.maximum(values[known] - half, 0),
        np.minimum(values[known] + half, ticks[-1]),
        color=colours.context,
        linewidth=0.9,
        zorder=1.5,
    )
    late = known & (at >= since)
    for mask, colour in ((known & (at < since), colours.context), (late, colours.accent)):
        ax.plot(at[mask], values[mask], "o", color=colour, markersize=4, zorder=4, clip_on=False)


def _marks(page: Sheet) -> list[tuple[Any, str]]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    colours = page.palette
    return [
        (Line2D([], [], color=colours.context, linewidth=1.4), "the usual level"),
        (Line2D([], [], color=colours.accent, linewidth=2.2), "since the change"),
        (Patch(facecolor=colours.soft, linewidth=0), "when it may have begun"),
    ]
