"""A tornado: how far each input moves a plan when it turns out low or high."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.plot import style
from funnelkit.plot.lettering import fitted, measured
from funnelkit.plot.scales import between
from funnelkit.plot.sheet import Sheet, bare, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.plan import Tornado

_ROW = 34.0
_MOST = 14
_THICK = 0.46
_GAP = 14.0
_WHAT = {
    "probability": "chance of the goal",
    "leads": "leads needed",
    "value": "what is expected",
    "cost": "cost of the leads needed",
}


def tornado(tornado: Tornado, *, most: int = 10, ax: Axes | None = None) -> Axes:
    """Return axes with a bar for each input, from the plan at its P10 to the plan at its P90.

    Outlined is the side of the low end, filled that of the high end; the upright line is the plan
    as it stands.

    Parameters
    ----------
    tornado
        From :func:`funnelkit.plan.tornado`.
    most
        Bars that are shown, the longest first.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        In the output that was asked for; bar ``k`` lies at ``k``, from the top. Under each name
        the ends of the input, at the right the output at both. Titled with what matters most.

    Raises
    ------
    ArgumentError
        If ``tornado`` is something else, or it has no bar.

    Examples
    --------
    >>> import funnelkit as fk
    >>> rates = [(250, 1_000), (100, 250), (50, 100), (10, 50)]
    >>> plan = fk.plan.reverse(1_000_000, rates, value=25_000)
    >>> ax = fk.plot.tornado(fk.plan.tornado(plan), most=2)
    >>> ax.get_title(loc="left").startswith("What matters most for the chance of the goal")
    True
    """
    _refuse(tornado, most)
    shown = min(len(tornado.inputs), most, _MOST)
    title, caption = _title(tornado), _caption(tornado, shown)
    with sheet(ax, height=_ROW * shown) as page:
        bare(page)
        _axes(page, tornado, shown)
        for k in range(shown):
            _bar(page, tornado, k)
        page.legend(_marks(page, tornado))
        page.title(title)
        page.caption(caption, ticks=14)
        return page.finish(title, caption, *_words(tornado))


def _refuse(tornado: object, most: int) -> None:
    from funnelkit._core import checks
    from funnelkit.plan import Tornado

    checks.positive_whole("most", most)
    if not isinstance(tornado, Tornado):
        raise ArgumentError(
            f"`tornado` must be what fk.plan.tornado returns; got {type(tornado).__name__}."
        )
    if not tornado.inputs:
        raise ArgumentError(
            "`tornado` has no bar to show: nothing that moves the plan is in doubt."
        )


def _ends(tornado: Tornado, k: int) -> tuple[float, float]:
    return float(tornado.at_low[k]), float(tornado.at_high[k])


def _scale(tornado: Tornado, shown: int) -> tuple[float, float, list[float], list[str]]:
    """Return where the axis begins and ends, and its ticks, around the finite ends."""
    ends = np.concatenate([tornado.at_low[:shown], tornado.at_high[:shown], [tornado.base]])
    known = ends[np.isfinite(ends)]
    low, high = float(known.min()), float(known.max())
    space = (high - low) * 0.06 or abs(high) * 0.06 or 1.0
    if tornado.output == "probability":
        low, high = max(low - space, 0.0), min(high + space, 1.0)
        ticks = between(low, high)
        return low, high, ticks, [display.percent(one, decimals=0) for one in ticks]
    low, high = max(low - space, 0.0), high + space
    ticks = between(low, high)
    return low, high, ticks, [display.brief(one) for one in ticks]


def _axes(page: Sheet, tornado: Tornado, shown: int) -> None:
    ax, colours, room = page.ax, page.palette, page.width
    low, high, ticks, labels = _scale(tornado, shown)
    names = [display.one_line(one) for one in tornado.inputs[:shown]]
    longest = max(
        *(measured(name, style.TEXT, bold=True) for name in names),
        *(measured(_inputs(tornado, k), style.SMALL) for k in range(shown)),
    )
    left = min(longest, 0.34 * room) + _GAP
    right = max(measured(_outputs(tornado, k), style.TEXT, bold=True) for k in range(shown)) + _GAP
    start, end = left / room, 1 - right / room
    unit = (high - low) / (end - start)
    ax.set_xlim(low - start * unit, low + (1 - start) * unit)
    ax.set_ylim(shown - 0.5, -0.5)
    ax.set_yticks([])
    wide = max(measured(text, style.SMALL) for text in labels) + 8
    every = max(int(-(-wide * (len(ticks) - 1) // ((end - start) * room))), 1)
    ax.set_xticks(ticks[::every], labels[::every], **style.plain())
    ax.vlines(ticks, -0.5, shown - 0.5, color=colours.grid, linewidth=0.8, zorder=0.5)
    look: dict[str, Any] = {"color": colours.ink, "linewidth": 1.2, "zorder": 3}
    ax.vlines([tornado.base], -0.5, shown - 0.5, label="as planned", **look)
    across = ax.get_yaxis_transform()
    for k, name in enumerate(names):
        said = fitted(name, left - _GAP, style.TEXT, bold=True)
        page.text(0, k - 0.2, said, transform=across, weight="bold", color=colours.ink)
        small: dict[str, Any] = {"color": colours.muted, "fontsize": style.SMALL}
        ends = fitted(_inputs(tornado, k), left - _GAP, style.SMALL)
        page.text(0, k + 0.22, ends, transform=across, **small)
        words = _outputs(tornado, k)
        page.text(1, k, words, transform=across, ha="right", weight="bold", color=colours.ink)


def _bar(page: Sheet, tornado: Tornado, k: int) -> None:
    ax, colours = page.ax, page.palette
    look = {"low": _low_look(page), "high": {"facecolor": colours.accent, "linewidth": 0}}
    room = ax.get_xlim()[1] - ax.get_xlim()[0]
    for name, end in zip(("low", "high"), _ends(tornado, k), strict=True):
        stop = end if np.isfinite(end) else tornado.base + 0.4 * room
        start, width = min(stop, tornado.base), abs(stop - tornado.base)
        ax.barh(k, width, _THICK, left=start, zorder=2, label=f"at its {name} end", **look[name])


def _low_look(page: Sheet) -> dict[str, Any]:
    colours = page.palette
    return {"facecolor": colours.page, "edgecolor": colours.accent, "linewidth": style.LINE}


def _inputs(tornado: Tornado, k: int) -> str:
    low, high, _, _ = tornado.said[k]
    return f"{low} to {high}"


def _outputs(tornado: Tornado, k: int) -> str:
    _, _, low, high = tornado.said[k]
    return f"{low} to {high}"


def _marks(page: Sheet, tornado: Tornado) -> list[tuple[Any, str]]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    low, high = ("P10", "P90")
    if tornado.swing is not None:
        share = display.percent(tornado.swing, decimals=0)
        low, high = f"{share} less", f"{share} more"
    line = Line2D([], [], color=page.palette.ink, linewidth=1.2)
    return [
        (Patch(**_low_look(page)), f"at {low}"),
        (Patch(facecolor=page.palette.accent, linewidth=0), f"at {high}"),
        (line, f"as planned: {tornado.base_said}"),
    ]


def _title(tornado: Tornado) -> str:
    what = _WHAT[tornado.output]
    return f"What matters most for the {what}: {display.one_line(tornado.words[0])}"


def _caption(tornado: Tornado, shown: int) -> str:
    what = _WHAT[tornado.output]
    text = f"{what[:1].upper()}{what[1:]} with one input at one end, all others in doubt as before."
    if tornado.swing is not None:
        text += (
            " Every input is moved alike, however sure it is: rates that are multiplied have bars "
            "of one length by arithmetic."
        )
    rest = len(tornado.inputs) - shown
    if rest:
        text += f" {display.plural(rest, 'shorter bar')} not shown."
    if tornado.known:
        text += f" Taken as known, without a bar: {display.plural(len(tornado.known), 'input')}."
    return text


def _words(tornado: Tornado) -> list[str]:
    return [
        f"{display.one_line(name)}: {_inputs(tornado, k)} gives {_outputs(tornado, k)}."
        for k, name in enumerate(tornado.inputs)
    ]
