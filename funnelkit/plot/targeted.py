"""A plan by month: its target against what is in flight, what new leads bring, and the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit.plan.one_page.outlook import PARTS, Outlook, outlook_of
from funnelkit.plot import style
from funnelkit.plot.fan import NOTES, halo
from funnelkit.plot.lettering import measured
from funnelkit.plot.scales import count_ticks, steps
from funnelkit.plot.sheet import Sheet, bare, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.plan import Allocation, Plan

_HEIGHT = 230.0
_THICK = 0.62
_GAP = 12.0


def plan_targets(plan: Plan | Allocation, *, level: float = 0.8, ax: Axes | None = None) -> Axes:
    """Return axes with each month's target against the bookings that are expected of it.

    Bars are stacked: grey is in flight, blue what the planned leads bring, outlined what comes
    without a lead. The upright line is the interval of their sum, the dark one across the target.

    Parameters
    ----------
    plan
        From :func:`funnelkit.plan.reverse` or :func:`funnelkit.plan.optimise`.
    level
        Two-sided level of the intervals.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        In money, or in deals where no deal size is known; the first month stands at 0, and the
        chance to reach the target of all months up to its end stands under each month. Titled
        with the leads, the goal and its chance.

    Raises
    ------
    ArgumentError
        If ``plan`` is something else, or another argument cannot be used.

    Examples
    --------
    >>> import funnelkit as fk
    >>> plan = fk.plan.reverse(1_000_000, [0.25, 0.4, 0.5, 0.2], value=25_000, probability=0.9)
    >>> ax = fk.plot.plan_targets(plan)
    >>> [text.get_text() for text in ax.get_legend().get_texts()][0]
    'from the planned leads'
    """
    shown = outlook_of(plan, level=level)
    ticks, labels = _ticks(shown)
    indent = max(measured(text, style.SMALL) for text in labels) + 10
    title, caption = shown.finding(), _caption(shown)
    with sheet(ax, height=_HEIGHT, indent=indent) as page:
        bare(page)
        _ground(page, shown, ticks, labels)
        _bars(page, shown)
        _targets(page, shown)
        page.legend(_marks(page, shown))
        page.title(title)
        page.caption(caption, ticks=28)
        return page.finish(title, caption, *_words(shown))


def _ticks(shown: Outlook) -> tuple[list[float], list[str]]:
    top = max(float(shown.band[1].max()), float(shown.target.max()), float(shown.expected.max()))
    if not shown.money:
        return count_ticks(top)
    ticks = steps(top)
    return ticks, [display.count(tick) if top >= 10 else f"{tick:g}" for tick in ticks]


def _ground(page: Sheet, shown: Outlook, ticks: list[float], labels: list[str]) -> None:
    ax, colours, last = page.ax, page.palette, len(shown.target) - 1
    ax.set_xlim(-0.5, last + 0.5)
    ax.set_ylim(0, ticks[-1])
    ax.set_yticks(ticks, labels, **style.plain())
    ax.hlines(ticks[1:], -0.5, last + 0.5, color=colours.grid, linewidth=0.8, zorder=0.5)
    ax.hlines([0], -0.5, last + 0.5, color=colours.rule, linewidth=1.2, zorder=0.6, clip_on=False)
    names = shown.labels
    under = [_short(chance) for chance in shown.chances]
    widest = max(measured(text, style.SMALL) for text in (*names, *under)) + 10
    every = max(int(-(-widest // (page.width / len(names)))), 1)
    kept = list(range((len(names) - 1) % every, len(names), every))
    ax.set_xticks(kept, [f"{names[k]}\n{under[k]}" for k in kept], linespacing=1.3, **style.plain())


def _short(chance: float) -> str:
    return display.chance(chance).replace("less than ", "<").replace("more than ", ">")


def looks(page: Sheet) -> dict[str, dict[str, Any]]:
    """Return the look of each part of the bookings."""
    colours = page.palette
    return {
        "in flight": {"facecolor": colours.bar, "linewidth": 0},
        "new leads": {"facecolor": colours.accent, "linewidth": 0},
        "without a lead": {
            "facecolor": colours.page, "edgecolor": colours.context, "linewidth": 1.2,
        },
    }  # fmt: skip


def _bars(page: Sheet, shown: Outlook) -> None:
    at = np.arange(len(shown.target))
    under = np.zeros(len(at))
    look = looks(page)
    for name in PARTS:
        part = shown.parts[name]
        if part.any():
            page.ax.bar(at, part, _THICK, bottom=under, zorder=2, label=name, **look[name])
        under = under + part
    low, high = shown.band
    ink: dict[str, Any] = {"color": page.palette.ink, "zorder": 3}
    page.ax.vlines(at, low, high, linewidth=style.LINE - 0.3, label="interval", **ink)
    page.ax.plot(
        np.repeat(at, 2), np.ravel((low, high), order="F"), "_", markersize=5, label="_", **ink
    )


def _targets(page: Sheet, shown: Outlook) -> None:
    ax, colours, at = page.ax, page.palette, np.arange(len(shown.target))
    half = _THICK / 2 + 0.12
    effects = halo(colours.page)
    ax.hlines(
        shown.target, at - half, at + half,
        color=colours.ink, linewidth=2.4, zorder=3.6, label="target", path_effects=effects,
    )  # fmt: skip


def _marks(page: Sheet, shown: Outlook) -> list[tuple[Any, str]]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    words = {
        "in flight": "in flight",
        "new leads": "from the planned leads",
        "without a lead": "without a lead",
    }
    look = looks(page)
    found: list[tuple[Any, str]] = [
        (Patch(**look[name]), words[name]) for name in PARTS if shown.parts[name].any()
    ]
    ink = page.palette.ink
    upright = Line2D([], [], color=ink, marker="|", linestyle="none", markersize=11)
    found.append((upright, f"{shown.percent} interval of the sum"))
    found.append((Line2D([], [], color=ink, linewidth=2.4), "target"))
    return found


def _caption(shown: Outlook) -> str:
    unit = f", in {shown.currency}" if shown.money and shown.currency else ""
    what = "New business" if shown.money else "Won deals"
    text = (
        f"{what} by month{unit}: targets, and what is expected with the plan. Second line: the "
        "chance that all targets up to the end of the month are reached in sum."
    )
    return f"{text}{shown.notes(NOTES)}"


def _words(shown: Outlook) -> list[str]:
    """Return a line for each month."""
    low, high = shown.band
    lines = []
    for k, label in enumerate(shown.labels):
        parts = ", ".join(
            f"{name} {shown.bare(float(part[k]))}"
            for name, part in shown.parts.items()
            if part.any()
        )
        lines.append(
            f"{label}: target {shown.bare(float(shown.target[k]))}, expected "
            f"{shown.bare(float(shown.expected[k]))} ({shown.bare(float(low[k]))} to "
            f"{shown.bare(float(high[k]))}; {parts}), chance by then "
            f"{display.chance(shown.chances[k])}."
        )
    return lines
