"""Cohorts against a fit: one small panel for each, its own curve over the fitted one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit.plot import follows, style
from funnelkit.plot.follows import Follows, Own
from funnelkit.plot.lettering import measured
from funnelkit.plot.panels import grid_of, panels, room_for
from funnelkit.plot.scales import age_ticks, percent_ticks
from funnelkit.plot.sheet import Sheet, sheet, size_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.counts.triangle import Triangle
    from funnelkit.lag import LagFit

_TALL = 84.0
_DASHES = (0, (2, 1.4))


def cohort_fit(triangle: Triangle, fit: LagFit, *, ax: Axes | None = None) -> Axes:
    """Return axes with a panel for each cohort: its own curve, and that of a fit.

    The cohort's own curve (Kaplan-Meier, or Aalen-Johansen with exits) stands with its 95 % band
    over the fitted one in grey; it is dashed where fewer than one of its leads in ten is still
    followed, and the ground is hatched where none is. A cohort of fewer than 20 leads has no
    curve of its own.

    Parameters
    ----------
    triangle
        From :func:`funnelkit.triangle`; segments are taken together. With one cohort, as after
        ``collapse(cohorts=True)``, each segment has a panel.
    fit
        Any fit of :mod:`funnelkit.lag` with the segments and cohorts of the triangle.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        The panels are its ``child_axes``, the latest twelve cohorts (or largest segments), in
        days and shares; titled with the cohorts that lie off the fit.

    Raises
    ------
    ArgumentError
        If an argument is something else, or the fit does not go with the triangle.

    Examples
    --------
    >>> import datetime as dt
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> triangle = fk.Triangle(
    ...     start="lead",
    ...     target="won",
    ...     cohorts=pd.period_range("2026-01-01", periods=2, freq="D"),
    ...     as_of=dt.date(2026, 1, 2),
    ...     entered=[[400, 400]],
    ...     events={"won": [[[80, 80], [50, 0]]]},
    ...     censored=[[[0, 240], [350, 0]]],
    ...     followed=[[[0, 400], [400, 0]]],
    ... )
    >>> ax = fk.plot.cohort_fit(triangle, fk.lag.fit_kaplan_meier(triangle))
    >>> ax.get_title(loc="left")
    '2 January 2026 lies below the fit; the others follow it'
    """
    most = follows.MOST if ax is None else min(room_for(*size_of(ax)), follows.MOST)
    shown = follows.follows_of(triangle, fit, most=most)
    ticks, words = percent_ticks(shown.top)
    indent = max(measured(text, style.SMALL) for text in words) + 10
    grid = grid_of(max(len(shown.panels), 1), size_of(ax)[0] - indent, tall=_TALL)
    with sheet(ax, height=grid.height, indent=indent) as page:
        names = [panel.label for panel in shown.panels]
        notes = [f"n {display.count(panel.entered)}" for panel in shown.panels]
        for number, (inner, small) in enumerate(panels(page, grid, names, notes)):
            _axes(small, shown, ticks, words if number % grid.columns == 0 else None)
            _panel(inner, small, shown.panels[number], shown)
        page.legend(_marks(page, shown))
        page.title(follows.title(shown))
        page.caption(follows.caption(shown))
        return page.finish(*follows.words(shown))


def _axes(small: Sheet, shown: Follows, ticks: list[float], words: list[str] | None) -> None:
    ax, colours = small.ax, small.palette
    ax.set_xlim(0, max(shown.days, 1))
    ax.set_ylim(0, ticks[-1])
    if len(ticks) * 11 > small.height:
        ticks, words = [ticks[0], ticks[-1]], words and [words[0], words[-1]]
    ax.set_yticks(ticks, words or [""] * len(ticks), **style.plain())
    ax.hlines(ticks[1:], 0, max(shown.days, 1), color=colours.grid, linewidth=0.8, zorder=0.5)
    ax.axhline(0, color=colours.rule, linewidth=1.2, zorder=0.6, clip_on=False)
    ages = age_ticks(shown.days, most=3)
    ax.set_xticks(ages, [str(age) for age in ages], **style.plain())


def _panel(ax: Axes, small: Sheet, panel: Own, shown: Follows) -> None:
    colours = small.palette
    if panel.end < shown.days:
        start = max(panel.end, 0)
        ax.axvspan(
            start, shown.days, zorder=0.2, label="not followed yet", **small.palette.immature
        )
    ages = np.arange(len(panel.fitted))
    ax.plot(ages, panel.fitted, color=colours.context, linewidth=1.4, zorder=2, label="fit")
    if panel.end < 0:
        return
    own, last = np.arange(panel.end + 1), max(panel.solid, 0)
    ax.fill_between(
        own,
        panel.low,
        panel.high,
        step="post",
        color=colours.soft,
        edgecolor=colours.band_edge,
        linewidth=0.6,
        zorder=1,
        label="95\u202f% band",
    )
    look: dict[str, Any] = {"color": colours.accent, "drawstyle": "steps-post", "zorder": 3}
    ax.plot(own[: last + 1], panel.rate[: last + 1], linewidth=2, label="own", **look)
    ax.plot(
        own[last:], panel.rate[last:], linewidth=1.6, linestyle=_DASHES, label="own, few", **look
    )
    if panel.solid >= 0:
        _dot(ax, small, panel)


def _dot(ax: Axes, small: Sheet, panel: Own) -> None:
    colours = small.palette
    ax.plot(
        [panel.solid],
        [panel.rate[panel.solid]],
        "o",
        color=colours.accent,
        markersize=style.DOT - 1,
        markerfacecolor=colours.accent if panel.entered >= display.FEW else colours.page,
        markeredgewidth=style.LINE,
        zorder=3.5,
        clip_on=False,
    )
    if panel.place in {"above", "below"}:
        ax.annotate(
            panel.place,
            (1, 0),
            (-3, 4),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            va="bottom",
            fontsize=style.SMALL,
            fontweight="bold",
            color=colours.ink,
        )


def _marks(page: Sheet, shown: Follows) -> list[tuple[Any, str]]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    colours = page.palette
    found: list[tuple[Any, str]] = []
    if any(panel.end >= 0 for panel in shown.panels):
        found.append((Line2D([], [], color=colours.accent, linewidth=2), f"the {shown.kind}'s own"))
        found.append((Patch(facecolor=colours.soft, edgecolor=colours.band_edge), "95\u202f% band"))
    if shown.panels:
        found.append((Line2D([], [], color=colours.context, linewidth=1.4), "the fit"))
    if any(max(panel.solid, 0) < panel.end for panel in shown.panels):
        dashed = Line2D([], [], color=colours.accent, linewidth=1.6, linestyle=_DASHES)
        found.append((dashed, "fewer than one in ten still followed"))
    if any(panel.end < shown.days for panel in shown.panels):
        found.append((Patch(**page.palette.immature), "immature: not followed yet"))
    return found
