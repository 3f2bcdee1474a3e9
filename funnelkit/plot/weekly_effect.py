"""What a test can find week by week: the smallest effect, and the day on which it can decide."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import ArgumentError
from funnelkit.plot import style
from funnelkit.plot.lettering import measured
from funnelkit.plot.scales import steps
from funnelkit.plot.sheet import Sheet, bare, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.experiment.sizing.decided import DecisionDate

FloatArray = NDArray[np.float64]
_HEIGHT = 220.0
_TALLEST = 4.0
"""No larger effect is drawn than so many times the one that is to be found."""


def detectable(decision: DecisionDate, *, ax: Axes | None = None) -> Axes:
    """Return axes with the smallest effect that a test can find, by week.

    The line falls as leads mature. Where it meets the effect that is to be found, dotted, the test
    can decide. Hatched: too few leads have been followed to find even a large effect.

    Parameters
    ----------
    decision
        From :func:`funnelkit.experiment.when_decidable`.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Weeks on one axis (1 ends seven days after the start), points on the other, a fall as a
        positive number; titled with the date. :func:`describe` tells all values.

    Raises
    ------
    ArgumentError
        If ``decision`` or ``ax`` are something else.

    Examples
    --------
    >>> import funnelkit as fk
    >>> decision = fk.experiment.when_decidable(
    ...     0.2, absolute=0.05, inflow=100, start="2026-01-05", horizon=60
    ... )
    >>> fk.plot.detectable(decision).get_title(loc="left")
    'The test can decide on 6 August 2026, in week 31'
    """
    from funnelkit.experiment.sizing.decided import DecisionDate

    if not isinstance(decision, DecisionDate):
        raise ArgumentError(
            "`decision` must be what fk.experiment.when_decidable returns; got "
            f"{type(decision).__name__}."
        )
    target = abs(decision.needed.effect)
    sizes = np.abs(decision.detectable)
    known = sizes[np.isfinite(sizes)]
    least = float(known.min()) if len(known) else target
    top = max(_TALLEST * target, 1.3 * least)
    ticks = steps(min(top, max(float(known.max(initial=0.0)), 1.3 * target)))
    labels = [f"{round(100 * tick, 6):g}" for tick in ticks]
    labels[-1] += " points"
    indent = max(measured(text, style.SMALL) for text in labels) + 10
    with sheet(ax, height=_HEIGHT, indent=indent) as page:
        bare(page)
        _axes(page, decision, ticks, labels)
        _line(page, decision, sizes)
        _target(page, decision)
        page.above += 6
        page.title(_title(decision))
        page.caption(_caption(decision), ticks=28)
        return page.finish(
            _title(decision), _caption(decision), decision.summary(), _words(decision)
        )


def _axes(page: Sheet, decision: DecisionDate, ticks: list[float], labels: list[str]) -> None:
    ax, colours = page.ax, page.palette
    last = len(decision.weeks)
    half = measured(_short(decision.weeks[-1]), style.SMALL) / 2 + 2
    ax.set_xlim(0, last / (1 - half / page.width))
    ax.set_ylim(0, ticks[-1])
    ax.set_yticks(ticks, labels, **style.plain())
    ax.hlines(ticks[1:], 0, last, color=colours.grid, linewidth=0.8, zorder=0.5)
    ax.hlines([0], 0, last, color=colours.rule, linewidth=1.2, zorder=0.6, clip_on=False)
    most = 7 if page.width > 400 else 4
    every = next((k for k in (1, 2, 4, 8, 13, 26, 52) if last / k <= most), 104)
    at = list(range(every, last + 1, every))
    names = [f"{week}\n{_short(decision.weeks[week - 1])}" for week in at]
    ax.set_xticks(at, names, linespacing=1.5, **style.plain())


def _line(page: Sheet, decision: DecisionDate, sizes: FloatArray) -> None:
    ax, colours = page.ax, page.palette
    weeks = np.arange(1, len(sizes) + 1)
    top = ax.get_ylim()[1]
    shown = np.isfinite(sizes) & (sizes <= top)
    first = int(weeks[shown][0]) if shown.any() else len(sizes) + 1
    if first > 1:
        end = min(first - 1, len(sizes))
        ax.axvspan(0, end, zorder=0.2, label="too early", **colours.immature)
        words = "too few leads followed"
        if measured(words, style.SMALL) + 12 < end / ax.get_xlim()[1] * page.width:
            at = (end / 2, 0.5 * top)
            look: dict[str, Any] = {"ha": "center", "color": colours.muted}
            box = {"facecolor": colours.page, "edgecolor": "none", "pad": 2.0}
            page.text(*at, words, fontsize=style.SMALL, bbox=box, **look)
    if shown.any():
        x, y = weeks[shown].astype(float), sizes[shown]
        if decision.date is not None:  # the day lies on the line, within its week
            day = decision.days_to_decide / 7
            place = int(np.searchsorted(x, day))
            x, y = (
                np.insert(x, place, day),
                np.insert(y, place, abs(decision.needed.effect)),
            )
        ax.plot(
            x,
            y,
            "-",
            color=colours.accent,
            linewidth=2.2,
            zorder=3,
            label="smallest effect found",
            clip_on=False,
        )


def _target(page: Sheet, decision: DecisionDate) -> None:
    ax, colours = page.ax, page.palette
    target, last = abs(decision.needed.effect), len(decision.weeks)
    ax.hlines(
        [target],
        0,
        last,
        color=colours.context,
        linewidth=1,
        linestyle=":",
        zorder=1,
        label="effect to be found",
    )
    up = ax.get_ylim()[1] / page.height
    words = f"to be found: {display.signed(100 * decision.needed.effect)} points"
    look: dict[str, Any] = {"color": colours.muted, "fontsize": style.SMALL}
    box = {"facecolor": colours.page, "edgecolor": "none", "pad": 1.0}
    across = ax.get_xlim()[1] / page.width
    page.text(4 * across, target - 9 * up, words, bbox=box, **look)
    if decision.date is None:
        return
    at = decision.days_to_decide / 7
    ax.vlines([at], 0, target, color=colours.context, linewidth=1, linestyle=":", zorder=2.5)
    ax.plot(
        [at], [target], "o", color=colours.accent, markersize=style.DOT, zorder=3.5, label="decides"
    )
    told = day_name(decision.date)
    right = at + (measured(told, style.TEXT, bold=True) + 10) * across < ax.get_xlim()[1]
    place = at + (8 if right else -8) * across
    page.text(
        place,
        target + 12 * up if right else target / 2,
        told,
        ha="left" if right else "right",
        weight="bold",
        color=colours.ink,
    )


def _title(decision: DecisionDate) -> str:
    if decision.date is None:
        effect = decision.needed.effect
        way = "fall" if effect < 0 else "rise"
        return f"At this inflow the test never finds a {way} of {100 * abs(effect):.1f} points"
    week = -(-decision.days_to_decide // 7)
    return f"The test can decide on {day_name(decision.date)}, in week {week}"


def _caption(decision: DecisionDate) -> str:
    plan = decision.needed
    sure = display.percent(plan.power, decimals=0)
    way = "fall" if plan.effect < 0 else "rise"
    counted = f"Leads count once followed for {display.plural(decision.horizon, 'day')}."
    if decision.immature != "left out":
        counted = "Younger leads count for what they tell by Kaplan-Meier."
    text = (
        f"Smallest {way} on {display.percent(plan.control)} that is found with a chance of {sure} "
        f"at alpha {plan.alpha:g}, by week of the test and its last day. {counted}"
    )
    return text if decision.date else f"{text} {' '.join(decision.possible)}"


def _words(decision: DecisionDate) -> str:
    told = []
    for week, (size, mature) in enumerate(
        zip(decision.detectable, decision.matured, strict=True), 1
    ):
        found = f"{display.signed(100 * size)} points" if np.isfinite(size) else "nothing"
        told.append(f"{week}: {found} ({display.count(mature)} matured)")
    return f"Smallest effect found by week {'; '.join(told)}."


def _short(day: dt.date) -> str:
    return day.isoformat()
