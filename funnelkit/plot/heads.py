"""People: how many are there, how many the work asks for, and who has still to be hired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError
from funnelkit.plan.one_page.staffing import Staff, requisition_words
from funnelkit.plot import style
from funnelkit.plot.lettering import measured
from funnelkit.plot.panels import grid_of, panels, room_for
from funnelkit.plot.scales import count_ticks
from funnelkit.plot.sheet import Sheet, sheet, size_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.plan import Capacity

_TALL, _TALLER = 110.0, 190.0
_MOST = 8
_THICK = 0.7


def headcount(capacity: Capacity, *, ax: Axes | None = None) -> Axes:
    """Return axes with the people of each role by month, beside those that the work asks for.

    Grey are people who are there, weighted by how far they have ramped; outlined what the hires
    still to be made add to them; the dark line is what the work asks for.

    Parameters
    ----------
    capacity
        From :func:`funnelkit.plan.capacity`.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        A panel for each role, in ramped full-time people; over it the hires that are needed.
        Titled with the first requisitions.

    Raises
    ------
    ArgumentError
        If ``capacity`` or ``ax`` is something else.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> rep = fk.plan.Role(name="executive", people=8, quota=75_000, attainment=0.8)
    >>> months = pd.period_range("2027-01", periods=12, freq="M")
    >>> found = fk.plan.capacity(fk.plan.Team(roles=[rep]), 600_000.0, periods=months)
    >>> ax = fk.plot.headcount(found)
    >>> ax.get_title(loc="left").split(" to start")[0]
    '2 executives'
    """
    from funnelkit.plan import Capacity

    if not isinstance(capacity, Capacity):
        raise ArgumentError(
            f"`capacity` must be what fk.plan.capacity returns; got {type(capacity).__name__}."
        )
    staff = Staff(capacity=capacity)
    most = _MOST if ax is None else max(min(room_for(*size_of(ax)), _MOST), 1)
    roles = _roles(capacity, most)
    top = max(_top(staff, r) for r in roles)
    ticks, labels = count_ticks(top)
    indent = max(measured(text, style.SMALL) for text in labels) + 10
    grid = grid_of(len(roles), size_of(ax)[0] - indent, tall=_TALL if len(roles) > 1 else _TALLER)
    title, caption = _title(staff), _caption(capacity, roles)
    with sheet(ax, height=grid.height, indent=indent) as page:
        names = [display.one_line(capacity.roles[r]) for r in roles]
        notes = [_note(staff, r) for r in roles]
        for number, (_, small) in enumerate(panels(page, grid, names, notes)):
            said = labels if number % grid.columns == 0 else None
            _panel(small, staff, roles[number], (ticks, said))
        page.legend(_marks(page, staff))
        page.title(title)
        page.caption(caption)
        return page.finish(title, caption, *_words(staff, roles))


def _roles(capacity: Capacity, most: int) -> list[int]:
    """Return the roles that are shown, the largest first."""
    size = np.nanmax(
        np.stack([capacity.heads, np.nan_to_num(capacity.ramped_heads_needed)]), axis=0
    )
    order = np.argsort(-size.max(axis=1), kind="stable")
    return [int(r) for r in order[:most]]


def _top(staff: Staff, role: int) -> float:
    lines = (
        staff.capacity.ramped_heads[role],
        staff.after.ramped_heads[role],
        np.nan_to_num(staff.capacity.ramped_heads_needed[role]),
    )
    return max(float(line.max()) for line in lines)


def _note(staff: Staff, role: int) -> str:
    hires = int(staff.capacity.hires_needed[role].sum())
    return display.plural(hires, "hire") if hires else "no further hire"


def _panel(
    small: Sheet, staff: Staff, role: int, scale: tuple[list[float], list[str] | None]
) -> None:
    ax, colours, (ticks, words) = small.ax, small.palette, scale
    there, after = staff.capacity.ramped_heads[role], staff.after.ramped_heads[role]
    needed, last = staff.capacity.ramped_heads_needed[role], len(there) - 1
    if len(ticks) * 11 > small.height:
        ticks, words = [ticks[0], ticks[-1]], words and [words[0], words[-1]]
    ax.set_xlim(-0.5, last + 0.5)
    ax.set_ylim(0, ticks[-1])
    ax.set_yticks(ticks, words or [""] * len(ticks), **style.plain())
    ax.hlines(ticks[1:], -0.5, last + 0.5, color=colours.grid, linewidth=0.8, zorder=0.5)
    ax.hlines([0], -0.5, last + 0.5, color=colours.rule, linewidth=1.2, zorder=0.6, clip_on=False)
    at = np.arange(last + 1)
    ax.bar(at, there, _THICK, color=colours.bar, linewidth=0, zorder=2, label="there")
    more = np.maximum(after - there, 0)
    if more.any():
        look = _hired(small)
        ax.bar(at, more, _THICK, bottom=there, zorder=2, label="with the hires", **look)
    if not np.isnan(needed).all():
        ax.step(
            np.append(at - 0.5, last + 0.5), np.append(needed, needed[-1]), where="post",
            color=colours.ink, linewidth=1.8, zorder=3, label="needed",
        )  # fmt: skip
    labels = [period_label(month) for month in staff.capacity.periods]
    widest = max(measured(label, style.SMALL) for label in labels) + 10
    kept = at if widest * len(labels) <= small.width else np.array(sorted({0, last}))
    ax.set_xticks(kept, [labels[k] for k in kept], **style.plain())
    if len(kept) < len(labels) and len(kept) > 1:
        ends = ax.get_xticklabels()
        ends[0].set_horizontalalignment("left")
        ends[-1].set_horizontalalignment("right")


def _hired(page: Sheet) -> dict[str, Any]:
    colours = page.palette
    return {"facecolor": colours.page, "edgecolor": colours.accent, "linewidth": 1.3}


def _marks(page: Sheet, staff: Staff) -> list[tuple[Any, str]]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    colours = page.palette
    found: list[tuple[Any, str]] = [(Patch(facecolor=colours.bar, linewidth=0), "there, ramped")]
    if staff.capacity.with_hires is not None:
        found.append((Patch(**_hired(page)), "with the hires that are needed"))
    if not np.isnan(staff.capacity.ramped_heads_needed).all():
        found.append((Line2D([], [], color=colours.ink, linewidth=1.8), "needed"))
    return found


def _title(staff: Staff) -> str:
    asked = staff.capacity.requisitions
    if not asked:
        short = int(np.sum(staff.after.people_bind))
        if short:
            return f"People bind in {display.plural(short, 'month')}, and nobody can be hired"
        return "The people suffice in every month"
    first = requisition_words(asked[0])
    more = len(asked) - 1
    return f"{first}; {display.plural(more, 'more requisition')}" if more else first


def _caption(capacity: Capacity, roles: list[int]) -> str:
    text = (
        "Full-time people by month, those in training by how far they have ramped, less those who "
        "are expected to leave."
    )
    rest = len(capacity.roles) - len(roles)
    return f"{text} {display.plural(rest, 'smaller role')} not shown." if rest else text


def _words(staff: Staff, roles: list[int]) -> list[str]:
    capacity = staff.capacity
    lines = []
    for role in roles:
        needed = capacity.ramped_heads_needed[role]
        months = ", ".join(
            f"{period_label(month)} {display.expected(staff.after.ramped_heads[role, k])}"
            + ("" if np.isnan(needed[k]) else f" of {display.expected(needed[k])} needed")
            for k, month in enumerate(capacity.periods)
        )
        lines.append(f"{display.one_line(capacity.roles[role])}: {months}.")
    return [*lines, *(f"{requisition_words(one)}." for one in capacity.requisitions)]
