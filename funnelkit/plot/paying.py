"""What certainty costs: money or leads against the chance of the goal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit.plan.one_page.assured import Assured, assured
from funnelkit.plot import style
from funnelkit.plot.fan import halo
from funnelkit.plot.lettering import measured
from funnelkit.plot.scales import steps
from funnelkit.plot.sheet import Sheet, bare, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.plan import Allocation, CostCurve, Plan

_HEIGHT = 210.0


def cost_of_certainty(
    plans: Plan | Allocation | CostCurve | Sequence[Plan | Allocation], *, ax: Axes | None = None
) -> Axes:
    """Return axes with what a goal costs against the chance to reach it.

    Parameters
    ----------
    plans
        One plan: the curve is that of its leads, made more or fewer all alike, and the dots are
        its options. :func:`funnelkit.plan.cost_curve`, or several plans of one goal: a dot for
        each.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Cost of the leads, or their number where a cost is not known, against the chance of the
        goal, a share. Titled with what one plan takes beyond another.

    Raises
    ------
    ArgumentError
        If ``plans`` holds something else, no plan, or plans of different goals.

    Examples
    --------
    >>> import funnelkit as fk
    >>> plan = fk.plan.reverse(1_000_000, [0.25, 0.4, 0.5, 0.2], value=25_000, probability=0.9)
    >>> ax = fk.plot.cost_of_certainty(plan)
    >>> ax.get_title(loc="left").replace(chr(0x202F), " ").split(" takes ")[1]
    '22 % more (3,967 leads to 4,825 leads)'
    """
    shown = assured(plans)
    top = max([*(mark[2] for mark in shown.marks), *(float(one[1]) for one in shown.curve), 0.0])
    ticks = steps(top)
    labels = [display.count(tick) for tick in ticks]
    indent = max(measured(text, style.SMALL) for text in labels) + 10
    title, caption = shown.finding(), _caption(shown)
    with sheet(ax, height=_HEIGHT, indent=indent) as page:
        bare(page)
        _ground(page, shown, ticks, labels)
        _line(page, shown)
        _dots(page, shown)
        page.title(title)
        page.caption(caption, ticks=14)
        return page.finish(title, caption, shown.words())


def _ground(page: Sheet, shown: Assured, ticks: list[float], labels: list[str]) -> None:
    ax, colours = page.ax, page.palette
    chances = [*(mark[1] for mark in shown.marks), *(float(one[0]) for one in shown.curve)]
    low = max(min([*chances, 0.5]) - 0.04, 0.0)
    ax.set_xlim(low, 1.0)
    ax.set_ylim(0, ticks[-1])
    ax.set_yticks(ticks, labels, **style.plain())
    ax.hlines(ticks[1:], low, 1, color=colours.grid, linewidth=0.8, zorder=0.5)
    ax.hlines([0], low, 1, color=colours.rule, linewidth=1.2, zorder=0.6, clip_on=False)
    tens = [k / 10 for k in range(11) if k / 10 >= low]
    wide = measured(display.percent(1, decimals=0), style.SMALL) + 12
    every = max(int(-(-wide * 10 * (1 - low) // page.width)), 1)
    tens = tens[(len(tens) - 1) % every :: every]
    ax.set_xticks(tens, [display.percent(one, decimals=0) for one in tens], **style.plain())
    ax.get_xticklabels()[-1].set_horizontalalignment("right")


def _line(page: Sheet, shown: Assured) -> None:
    look: dict[str, Any] = {"color": page.palette.band_edge, "linewidth": 2.0, "zorder": 2}
    if len(shown.curve):
        page.ax.plot(shown.curve[:, 0], shown.curve[:, 1], label="all leads alike", **look)
    elif len(shown.marks) > 1:
        _, chances, costs = zip(*shown.marks, strict=True)
        page.ax.plot(chances, costs, label="_link", **look)


def _dots(page: Sheet, shown: Assured) -> None:
    ax, colours = page.ax, page.palette
    left = ax.get_xlim()[0]
    for name, chance, cost in shown.marks:
        ax.plot(
            [chance], [cost], "o",
            color=colours.accent, markersize=style.DOT, zorder=3, label=name, clip_on=False,
        )  # fmt: skip
        words = f"{display.one_line(name)}  {shown.said(cost)}"
        at = (chance - left) / (1 - left) * page.width
        roomy = measured(words, style.SMALL, bold=True) + 8 <= at
        ax.annotate(
            words,
            (chance, cost),
            (-8, 7) if roomy else (6, -8),
            textcoords="offset points",
            ha="right" if roomy else "left",
            va="bottom" if roomy else "top",
            color=colours.ink,
            weight="bold",
            fontsize=style.SMALL,
            annotation_clip=False,
            zorder=5,
            path_effects=halo(colours.page),
        )


def _caption(shown: Assured) -> str:
    goal = shown.outlook.number(float(shown.outlook.target.sum()))
    what = "Cost of leads" if shown.money else "Leads"
    text = f"{what} against the chance of {goal}, {shown.outlook.span}."
    if len(shown.curve):
        text += " Line: the leads of the plan made more or fewer, all alike."
    return text
