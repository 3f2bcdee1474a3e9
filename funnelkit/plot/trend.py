"""Series by period: a line from zero, its last value beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit.plot import ends, histories, style
from funnelkit.plot.ends import MARKS, End
from funnelkit.plot.histories import History, Line
from funnelkit.plot.lettering import measured
from funnelkit.plot.scales import count_ticks, steps
from funnelkit.plot.sheet import Sheet, bare, sheet

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_HEIGHT = 200.0


def series(
    counts: pd.Series[Any] | pd.DataFrame,
    *,
    as_of: dt.date | str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Return axes with one or several series by period, from zero.

    Parameters
    ----------
    counts
        A Series indexed by period, such as ``leads.count("lead")``, or a long frame with
        ``series``, ``period`` and ``value``; of more than six series the largest are shown.
    as_of
        Last complete day; a last period that goes on after it is drawn hollow, and the title
        leaves it out.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Period ``k`` stands at ``k``; titled with the change of the latest full period, judged
        against what counts vary by chance (an exact interval of the ratio of two Poisson
        counts), or with the largest of several series.

    Raises
    ------
    ArgumentError
        If ``counts``, ``as_of`` or ``ax`` cannot be used.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> won = pd.Series([207, 122], index=pd.period_range("2018-04", periods=2, freq="M"))
    >>> ax = fk.plot.series(won.rename("won"))
    >>> ax.get_title(loc="left").replace(chr(0x202F), " ")
    'won: 122 in May 2018, 41 % (26 to 53 %) fewer than in April 2018'
    """
    shown = histories.history_of(counts, as_of=as_of)
    low, high = _extent(shown)
    ticks, labels = count_ticks(high) if shown.whole else _value_ticks(low, high, shown)
    indent = max(measured(text, style.SMALL) for text in labels) + 10
    with sheet(ax, height=_HEIGHT, indent=indent) as page:
        bare(page)
        _axes(page, shown, ticks, labels)
        for number, line in enumerate(shown.lines):
            _line(page, line, shown, MARKS[number - 1] if number else "o", main=number == 0)
        if shown.lines and shown.labels:
            ends.write(page, _ends(shown), last=len(shown.labels) - 1)
        page.above += 6
        page.title(histories.title(shown))
        page.caption(histories.caption(shown), ticks=14)
        return page.finish(*histories.words(shown))


def _extent(shown: History) -> tuple[float, float]:
    values = np.concatenate([line.values for line in shown.lines] or [np.zeros(1)])
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0, 0.0
    return min(0.0, float(known.min())), max(0.0, float(known.max()))


def _value_ticks(low: float, high: float, shown: History) -> tuple[list[float], list[str]]:
    ticks = steps(max(high, -low))
    if low < 0:
        ticks = [-tick for tick in reversed(ticks[1:]) if -tick > 1.5 * low] + ticks
        ticks = [tick for tick in ticks if tick <= max(1.5 * high, 0)]
    return ticks, [shown.said(tick) for tick in ticks]


def _axes(page: Sheet, shown: History, ticks: Sequence[float], labels: Sequence[str]) -> None:
    ax, colours = page.ax, page.palette
    last = max(len(shown.labels) - 1, 1)
    room = 1 - ends.room_for(page, _ends(shown)) / page.width
    margin = 0.02 * last / room
    ax.set_xlim(-margin, last + (last + margin) * (1 / room - 1))
    ax.set_ylim(ticks[0], ticks[-1])
    ax.set_yticks(ticks, labels, **style.plain())
    ax.hlines(ticks, -margin, last, color=colours.grid, linewidth=0.8, zorder=0.5)
    ax.hlines([0], -margin, last, color=colours.rule, linewidth=1.2, zorder=0.6, clip_on=False)
    widest = max((measured(label, style.SMALL) for label in shown.labels), default=1.0) + 14
    fit = max(int(room * page.width // widest), 1)
    every = max(-(-len(shown.labels) // fit), 1)
    at = list(
        range((len(shown.labels) - 1) % every if shown.labels else 0, len(shown.labels), every)
    )
    ax.set_xticks(at, [shown.labels[k] for k in at], **style.plain())


def _ends(shown: History) -> list[End]:
    found = []
    for number, line in enumerate(shown.lines):
        known = np.flatnonzero(np.isfinite(line.values))
        if len(known):
            at = int(known[-1])
            value = float(line.values[at])
            name = line.name if len(shown.lines) > 1 else ""
            found.append(End(at=(at, value), name=name, value=shown.said(value), main=number == 0))
    return found


def _line(page: Sheet, line: Line, shown: History, mark: str, *, main: bool) -> None:
    ax, colours = page.ax, page.palette
    colour = colours.accent if main else colours.context
    at = np.arange(len(line.values))
    full = len(at) - 1 if shown.unfinished else len(at)
    width = 2.0 if main else 1.2
    size = 5.0 if len(at) <= 40 else 0.0
    look: dict[str, Any] = {
        "color": colour,
        "linewidth": width,
        "zorder": 3 if main else 2,
        "clip_on": False,
    }
    ax.plot(at[:full], line.values[:full], marker=mark, markersize=size, label=line.name, **look)
    if shown.unfinished:
        part = slice(max(full - 1, 0), None)
        ax.plot(at[part], line.values[part], linestyle=(0, (2, 1.4)), label="_unfinished", **look)
    ax.plot(
        at[-1:],
        line.values[-1:],
        mark,
        color=colour,
        markersize=style.DOT if main else 5.5,
        markerfacecolor=colours.page if shown.unfinished else colour,
        markeredgewidth=style.LINE,
        zorder=4,
        clip_on=False,
        label="_last",
    )
