"""A change as a bridge: from the rate before, by what moved it, to the rate after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.plot import style
from funnelkit.plot.lettering import fitted, measured
from funnelkit.plot.scales import percent_ticks
from funnelkit.plot.sheet import Sheet, bare, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.monitor import Change

FloatArray = NDArray[np.float64]
ROW = 34.0
_GAP = 18.0
_THICK = 0.56
_LEAST_SHARE = 0.35


def change(change: Change, *, ax: Axes | None = None) -> Axes:
    """Return axes with a bridge from the rate before to the rate after.

    Grey bars are the two rates. Between them stands what moved the rate: filled where it fell,
    outlined where it rose. The steps add up exactly.

    Parameters
    ----------
    change
        From :func:`funnelkit.monitor.decompose`.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Bars in shares, one row each; titled with what the interval allows to say.

    Raises
    ------
    ArgumentError
        If ``change`` or ``ax`` are something else.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> table = pd.DataFrame(
    ...     {
    ...         "cohort": ["2026-01", "2026-01", "2026-02", "2026-02"],
    ...         "source": ["webinar", "ads", "webinar", "ads"],
    ...         "entered": [500, 500, 200, 800],
    ...         "converted": [100, 25, 40, 40],
    ...     }
    ... )
    >>> ax = fk.plot.change(fk.monitor.decompose(table, "2026-01", "2026-02", by="source"))
    >>> ax.get_title(loc="left").replace(chr(0x202F), " ")
    'The rate fell from 12.5 % to 8.0 %: all of it by the mix of source'
    """
    from funnelkit.monitor import Change

    if not isinstance(change, Change):
        raise ArgumentError(
            f"`change` must be what fk.monitor.decompose returns; got {type(change).__name__}."
        )
    steps = _steps(change)
    with sheet(ax, height=ROW * len(steps)) as page:
        bare(page)
        draw_steps(page, steps, *percent_ticks(max(max(one.start, one.end) for one in steps)))
        page.legend(_marks(page, steps))
        page.title(_title(change))
        page.caption(_caption(change), ticks=14)
        return page.finish(_title(change), _caption(change), change.summary())


@dataclass(frozen=True)
class Step:
    """One row: its name, from where to where it goes, and what is printed of it.

    ``ends`` are those of an interval that is drawn around the end of the row.
    """

    name: str
    start: float
    end: float
    words: str
    more: str = ""
    total: bool = False
    ends: tuple[float, float] | None = None


def _steps(change: Change) -> list[Step]:
    old, new = change.rates
    said = _names(change)
    found = [Step(change.before, 0, old, display.percent(old), _of(change, 0), total=True)]
    at = old
    for name, effect in change.effects.items():
        more = ""
        if name == "rate":
            low, high = change.rate_interval(change.confidence_level)
            more = f"({_points(low)} to {_points(high)})"
        found.append(Step(said[name], at, at + effect, _points(effect), more))
        at += effect
    found.append(Step(change.after, 0, new, display.percent(new), _of(change, 1), total=True))
    return found


def _names(change: Change) -> dict[str, str]:
    return {
        "mix": f"mix of {display.one_line(display.listed(list(change.by)))}",
        "rate": "the rates themselves",
        "maturity": "age of the leads",
    }


def _of(change: Change, side: int) -> str:
    converted, entered = change.converted[side].sum(), change.entered[side].sum()
    return f"{display.count(converted)} of {display.count(entered)}"


def _points(share: FloatArray | float) -> str:
    return display.signed(round(100 * float(share), 1) + 0.0)


def draw_steps(
    page: Sheet, steps: Sequence[Step], ticks: Sequence[float], labels: Sequence[str]
) -> None:
    """Draw names, bars, connectors and the printed columns; the axis runs over the ticks."""
    ax, colours = page.ax, page.palette
    room = page.width
    longest = max(measured(step.name, style.TEXT, bold=True) for step in steps)
    names = min(longest, 0.32 * room)
    words = max(measured(step.words, style.TEXT, bold=True) for step in steps)
    more = max(measured(step.more, style.SMALL) for step in steps)
    right = words + _GAP + (more + 8)
    if room - names - _GAP - right < _LEAST_SHARE * room:
        right, more = words + _GAP, 0.0
        names = min(longest, max(names, (1 - _LEAST_SHARE) * room - _GAP - right))
    start, end = (names + _GAP) / room, 1 - right / room
    unit = ticks[-1] / (end - start)
    ax.set_xlim(-start * unit, (1 - start) * unit)
    ax.set_ylim(len(steps) - 0.5, -0.5)
    ax.set_yticks([])
    widest = max(measured(label, style.SMALL) for label in labels) + 8
    every = max(int(np.ceil(widest * (len(ticks) - 1) / ((end - start) * room))), 1)
    ax.set_xticks(ticks[::every], labels[::every], **style.plain())
    bottom = len(steps) - 0.5
    ax.vlines(ticks, -0.5, bottom, color=colours.grid, linewidth=0.8, zorder=0.5)
    across = ax.get_yaxis_transform()
    for y, step in enumerate(steps):
        low, width = min(step.start, step.end), abs(step.end - step.start)
        ax.barh(y, width, _THICK, left=low, zorder=2, **look_of(page, step))
        if step.ends is not None:
            _interval(page, y, step.ends)
        name = fitted(step.name, names, style.TEXT, bold=step.total)
        weight = "bold" if step.total else "normal"
        page.text(0, y, name, transform=across, weight=weight, color=colours.ink)
        at = 1 - (more + 8) / room if more else 1.0
        look: dict[str, Any] = {"ha": "right", "transform": across}
        page.text(at, y, step.words, weight="bold", color=colours.ink, **look)
        if more:
            page.text(1, y, step.more, color=colours.muted, fontsize=style.SMALL, **look)
    for y, (one, two) in enumerate(pairwise(steps)):
        at = two.end if two.total else one.end
        ax.vlines(at, y + _THICK / 2, y + 1 - _THICK / 2, color=colours.rule, linewidth=1, zorder=1)


def _interval(page: Sheet, y: int, ends: tuple[float, float]) -> None:
    look: dict[str, Any] = {"color": page.palette.ink, "zorder": 3}
    page.ax.hlines([y], *ends, linewidth=style.LINE, label="interval", **look)
    page.ax.plot(ends, [y, y], "|", markersize=9, markeredgewidth=style.LINE, **look)


def look_of(page: Sheet, step: Step) -> dict[str, Any]:
    """Return the look of a bar, and its label: a rate, a fall or a rise."""
    colours = page.palette
    if step.total:
        return {"facecolor": colours.bar, "linewidth": 0, "label": "rate"}
    if step.end < step.start:
        return {"facecolor": colours.accent, "linewidth": 0, "label": "fall"}
    return {
        "facecolor": colours.page,
        "edgecolor": colours.accent,
        "linewidth": style.LINE,
        "label": "rise",
    }


def _marks(page: Sheet, steps: list[Step]) -> list[tuple[Any, str]]:
    from matplotlib.patches import Patch

    words = {"rate": "converted / entered", "fall": "lowered it", "rise": "raised it"}
    found: dict[str, tuple[Any, str]] = {}
    for step in steps:
        look = look_of(page, step)
        kind = look.pop("label")
        found.setdefault(kind, (Patch(**look), words[kind]))
    return list(found.values())


def _title(change: Change) -> str:
    low, high = change.confidence_interval(change.confidence_level)
    old, new = change.rates
    if change.reversal:
        way = "up" if change.effects["rate"] > 0 else "down"
        other = "fell" if way == "up" else "rose"
        return (
            f"Within the segments the rates went {way}, and the rate of all {other}: the mix moved"
        )
    if low <= 0 <= high:
        return (
            f"No clear change of the rate: {display.percent(old)} and {display.percent(new)} "
            f"({_points(low)} to {_points(high)} points)"
        )
    way = "rose" if new > old else "fell"
    text = f"The rate {way} from {display.percent(old)} to {display.percent(new)}"
    name, effect = max(change.effects.items(), key=lambda item: item[1] * np.sign(change.change))
    share = effect / change.change
    how = "all of it" if share >= 0.95 else "most of it" if share > 0.5 else "first of all"
    means = {"mix": "the ", "rate": "", "maturity": "the "}
    return f"{text}: {how} by {means[name]}{_names(change)[name]}"


def _caption(change: Change) -> str:
    level = display.percent(change.confidence_level, decimals=0)
    text = (
        "The steps, in points, add up exactly (Shapley values). In brackets the "
        f"{level} interval of the effect of the rates, the mix held."
    )
    if change.has_maturity:
        text += " Age of the leads: younger leads have had less time to convert."
    return text
