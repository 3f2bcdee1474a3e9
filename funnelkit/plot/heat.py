"""The heat map: cohorts down, ages across, immature cells hatched."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit.plot import ages as cohort_ages
from funnelkit.plot import style
from funnelkit.plot.ages import Cell, Heat
from funnelkit.plot.lettering import measured
from funnelkit.plot.sheet import Sheet, bare, sheet, size_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.counts.triangle import Triangle
    from funnelkit.lag import LagFit

_ROW = 27.0
_GAP = 16.0
_SLIT = 2.5
_LABELS = 120.0
_NARROWEST = 34.0
_DASHES = (0, (2.5, 1.8))


def triangle(
    counts: Triangle,
    *,
    ages: Sequence[int] | None = None,
    fit: LagFit | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Return axes with the share of each cohort that has converted by each age.

    Read down a column to compare cohorts at the same age. A cell is hatched while not every lead
    of its cohort is that old (the rate is then the cohort's own Kaplan-Meier or, with exits,
    Aalen-Johansen estimate), and empty where fewer than 20 leads are. With a fit, these cells hold
    its forecast in a dashed outline: the cohort's adjusted rate times the maturity at that age.

    Parameters
    ----------
    counts
        From :func:`funnelkit.triangle`; segments are taken together.
    ages
        Ages in days; default: usual ones, up to the oldest cohort's, at most eight (fewer where
        the axes are narrow).
    fit
        Any fit of :mod:`funnelkit.lag` with the segments and cohorts of ``counts``; one with a
        tail adds a column with the eventual rate. Nothing is forecast for a cohort of fewer than
        20 leads, or where the verdict is "bound only".
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Cell ``k`` of cohort ``j`` spans ``k`` to ``k + 1`` across and is centred on ``j``; titled
        with the finding.

    Raises
    ------
    ArgumentError
        If an argument cannot be used.

    Examples
    --------
    >>> import datetime as dt
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> counts = fk.Triangle(
    ...     start="lead",
    ...     target="won",
    ...     cohorts=pd.period_range("2026-01-01", periods=2, freq="D"),
    ...     as_of=dt.date(2026, 1, 2),
    ...     entered=[[400, 400]],
    ...     events={"won": [[[80, 80], [50, 0]]]},
    ...     censored=[[[0, 240], [350, 0]]],
    ...     followed=[[[0, 400], [400, 0]]],
    ... )
    >>> ax = fk.plot.triangle(counts, ages=[0, 1])
    >>> [text.get_text() for text in ax.texts if text.get_label() == "_cell"]
    ['20.0', '40.0', '12.5']
    >>> " ".join(ax.get_title(loc="left").split()).split(" fell ")[1]
    'from 1 January 2026 (20.0 %) to 2 January 2026 (12.5 %)'
    """
    room = int((size_of(ax)[0] - _LABELS) / _NARROWEST) - (fit is not None)
    heat = cohort_ages.heat_of(counts, ages, fit=fit, most=room)
    with sheet(ax, height=_ROW * max(len(heat.cohorts), 1)) as page:
        bare(page)
        _draw(page, heat)
        page.legend(_marks(page, heat))
        page.title(cohort_ages.title(heat))
        page.caption(cohort_ages.caption(heat))
        return page.finish(*cohort_ages.words(heat))


def _draw(page: Sheet, heat: Heat) -> None:
    ax, colours = page.ax, page.palette
    labels = [cohort.label for cohort in heat.cohorts]
    leads = [display.count(cohort.entered) for cohort in heat.cohorts]
    names = max([measured(text, style.TEXT, bold=True) for text in labels], default=0.0)
    counts = max(measured(text, style.SMALL) for text in [*leads, "leads"])
    left = names + counts + 2 * _GAP
    width = (page.width - left) / len(heat.heads)
    ax.set_xlim(-left / width, len(heat.heads))
    ax.set_ylim(max(len(heat.cohorts), 1) - 0.5, -0.5)
    ax.set_xticks([])
    ax.set_yticks([])
    across = ax.get_yaxis_transform()
    end = (names + _GAP + counts) / page.width
    page.head(end, "leads", align="right")
    for k, name in enumerate(heat.heads):
        at = (left + (k + 0.5) * width) / page.width
        page.head(at, f"day {name}" if k == 0 else name, align="center")
    page.above += 16
    for j, (label, count) in enumerate(zip(labels, leads, strict=True)):
        page.text(0, j, label, transform=across, weight="bold", color=colours.ink)
        look = {"ha": "right", "color": colours.muted, "fontsize": style.SMALL}
        page.text(end, j, count, transform=across, **look)
    slits = _SLIT / width, _SLIT * len(labels) / page.height
    cuts = heat.cuts
    for j, cohort in enumerate(heat.cohorts):
        for k, cell in enumerate(cohort.cells):
            _cell(page, cell, (k, j), slits, cuts)


def _cell(
    page: Sheet,
    cell: Cell,
    place: tuple[int, int],
    slits: tuple[float, float],
    cuts: Sequence[float],
) -> None:
    from matplotlib.patches import Rectangle

    colours = page.palette
    (k, j), (wide, high) = place, slits
    look: dict[str, Any] = {"facecolor": "none", "edgecolor": colours.grid, "linewidth": 0.8}
    ink = colours.ink
    if cell.state == "immature":
        look = page.palette.immature
    elif cell.state == "forecast":
        look |= {"edgecolor": colours.context, "linestyle": _DASHES}
        ink = colours.muted
    elif cell.state == "mature":
        step = bisect_right(cuts, cell.rate)
        look = {"facecolor": colours.heat[step], "linewidth": 0}
        ink = colours.on_heat[step]
    corner = (k + wide / 2, j - 0.5 + high / 2)
    page.ax.add_patch(Rectangle(corner, 1 - wide, 1 - high, label=f"_{cell.state}", **look))
    if cell.state != "blank":
        words = f"{100 * cell.rate:.1f}"
        page.text(k + 0.5, j, words, ha="center", color=ink, label="_cell", fontsize=style.TEXT)


def _marks(page: Sheet, heat: Heat) -> list[tuple[Any, str]]:
    from matplotlib.patches import Patch

    states = {cell.state for cohort in heat.cohorts for cell in cohort.cells}
    found: list[tuple[Any, str]] = []
    if "mature" in states:
        low, high = heat.cuts[0], heat.cuts[-1]
        steps = tuple(Patch(facecolor=colour) for colour in page.palette.heat)
        ends = [f"{round(100 * cut, 9):g}" for cut in (low, high)]
        found.append((steps, f"under {ends[0]} to over {ends[1]}\u202f%"))
    if "immature" in states:
        found.append((Patch(**page.palette.immature), "immature: not every lead is that old"))
    if "forecast" in states:
        dashed = Patch(facecolor="none", edgecolor=page.palette.context, linestyle=_DASHES)
        found.append((dashed, "forecast"))
    if "blank" in states:
        empty = Patch(facecolor="none", edgecolor=page.palette.rule)
        found.append((empty, "fewer than 20 are that old"))
    return found
