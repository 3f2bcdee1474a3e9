"""Leads that a plan needs, by month: a panel for each channel on one scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit.plan.one_page.outlook import Outlook, outlook_of
from funnelkit.plot import style
from funnelkit.plot.lettering import measured
from funnelkit.plot.panels import grid_of, panels, room_for
from funnelkit.plot.scales import count_ticks
from funnelkit.plot.sheet import Sheet, sheet, size_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.plan import Allocation, Plan

FloatArray = NDArray[np.float64]
_TALL = 96.0
_TALLER = 170.0
_MOST = 12
_THICK = 0.7


@dataclass(frozen=True, eq=False, kw_only=True)
class Row:
    """Leads of one channel: its name, how many in each month, and what they cost."""

    name: str
    leads: FloatArray
    cost: float


def leads_needed(plan: Plan | Allocation, *, ax: Axes | None = None) -> Axes:
    """Return axes with the leads that each channel must bring in each month.

    Parameters
    ----------
    plan
        From :func:`funnelkit.plan.reverse` or :func:`funnelkit.plan.optimise`.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        A panel for each channel, the largest first and all on one scale, with its leads and what
        they cost; the smallest channels share a panel where there are too many. Titled with the
        leads in all.

    Raises
    ------
    ArgumentError
        If ``plan`` or ``ax`` is something else.

    Examples
    --------
    >>> import funnelkit as fk
    >>> plan = fk.plan.reverse(1_000_000, [0.25, 0.4, 0.5, 0.2], value=25_000, probability=0.9)
    >>> fk.plot.leads_needed(plan).get_title(loc="left")
    '4,825 leads needed'
    """
    shown = outlook_of(plan)
    most = _MOST if ax is None else max(min(room_for(*size_of(ax)), _MOST), 1)
    rows = _rows(shown, most)
    ticks, labels = count_ticks(max((float(row.leads.max()) for row in rows), default=0.0))
    indent = max(measured(text, style.SMALL) for text in labels) + 10
    tall = _TALL if len(rows) > 1 else _TALLER
    grid = grid_of(len(rows), size_of(ax)[0] - indent, tall=tall)
    title, caption = shown.leads_finding(), _caption(shown)
    with sheet(ax, height=grid.height, indent=indent) as page:
        notes = [_note(row, shown) for row in rows]
        for number, (_, small) in enumerate(panels(page, grid, [row.name for row in rows], notes)):
            said = labels if number % grid.columns == 0 else None
            _panel(small, rows[number], shown, (ticks, said))
        page.title(title)
        page.caption(caption)
        return page.finish(title, caption, *_words(rows, shown))


def _rows(shown: Outlook, most: int) -> list[Row]:
    costs = shown.plan.assumptions.costs
    order = np.argsort(-shown.leads.sum(axis=1), kind="stable")
    rows = [
        Row(name=shown.names[c], leads=shown.leads[c], cost=_cost(shown.leads[c], costs[c]))
        for c in order
    ]
    if len(rows) <= most:
        return rows
    rest = rows[most - 1 :]
    together = Row(
        name=f"{len(rest)} further channels" if most > 1 else "all channels",
        leads=np.sum([row.leads for row in rest], axis=0),
        cost=sum(row.cost for row in rest),
    )
    return [*rows[: most - 1], together]


def _cost(leads: FloatArray, each: float) -> float:
    return float(leads.sum() * each) if leads.any() else 0.0


def _note(row: Row, shown: Outlook) -> str:
    whole = display.count(float(row.leads.sum()))
    return f"{whole}, {shown.paid(row.cost)}" if np.isfinite(row.cost) and row.cost else whole


def _panel(
    small: Sheet, row: Row, shown: Outlook, scale: tuple[list[float], list[str] | None]
) -> None:
    ax, colours, (ticks, words) = small.ax, small.palette, scale
    last = len(row.leads) - 1
    if len(ticks) * 11 > small.height:
        ticks, words = [ticks[0], ticks[-1]], words and [words[0], words[-1]]
    ax.set_xlim(-0.5, last + 0.5)
    ax.set_ylim(0, ticks[-1])
    ax.set_yticks(ticks, words or [""] * len(ticks), **style.plain())
    ax.hlines(ticks[1:], -0.5, last + 0.5, color=colours.grid, linewidth=0.8, zorder=0.5)
    ax.hlines([0], -0.5, last + 0.5, color=colours.rule, linewidth=1.2, zorder=0.6, clip_on=False)
    at = np.arange(last + 1)
    ax.bar(at, row.leads, _THICK, color=colours.accent, linewidth=0, zorder=2, label="leads")
    names = shown.labels
    widest = max(measured(name, style.SMALL) for name in names) + 10
    if widest * len(names) <= small.width:
        ax.set_xticks(at, names, **style.plain())
    else:
        _ends(small, names)
    figures = [display.count(float(value)) for value in row.leads]
    if max(measured(text, style.SMALL) for text in figures) + 4 <= small.width / (last + 1):
        look: dict[str, Any] = {"ha": "center", "fontsize": style.SMALL, "color": colours.ink}
        for k, text in enumerate(figures):
            at_top = (k, float(row.leads[k]))
            move: dict[str, Any] = {"xytext": (0, 7), "textcoords": "offset points"}
            ax.annotate(text, at_top, va="center", annotation_clip=False, **move, **look)


def _ends(small: Sheet, names: list[str]) -> None:
    """Write the first and the last month under a panel that has no room for all."""
    kept = sorted({0, len(names) - 1})
    small.ax.set_xticks(kept, [names[k] for k in kept], **style.plain())
    labels = small.ax.get_xticklabels()
    if len(labels) > 1:
        labels[0].set_horizontalalignment("left")
        labels[-1].set_horizontalalignment("right")


def _caption(shown: Outlook) -> str:
    asked = display.percent(shown.plan.probability, decimals=0)
    first = display.one_line(shown.plan.assumptions.stages[0])
    return (
        f"New records at {first} by month and channel, {shown.span}, in the plan that was asked to "
        f"reach its goal with a probability of {asked}. Over each panel its sum and cost."
    )


def _words(rows: list[Row], shown: Outlook) -> list[str]:
    return [
        f"{row.name}: "
        + ", ".join(
            f"{label} {display.count(float(value))}"
            for label, value in zip(shown.labels, row.leads, strict=True)
        )
        + "."
        for row in rows
    ]
