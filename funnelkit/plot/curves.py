"""The lag curve: share converted by age, its band, and how many leads are still followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit.plot import ends, pace, style
from funnelkit.plot.ends import MARKS, End
from funnelkit.plot.lettering import measured
from funnelkit.plot.scales import age_ticks, percent_ticks
from funnelkit.plot.sheet import Sheet, bare, sheet
from funnelkit.plot.tracks import Track, Tracks, tracks_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.lag import LagFit

_HEIGHT = 230.0
_DASHES = (0, (2, 1.4))


def lag(fit: LagFit, *, ax: Axes | None = None) -> Axes:
    """Return axes with the share converted by age, and its 95 % band.

    Under the axis stand the leads that are still open and followed at that age; where they are
    fewer than one in ten, the curve is dashed. A fit by segment or by cohort shows the curve of
    all leads with its band, and beside it the six largest segments or cohorts in grey, each up to
    the age to which its leads are followed, with value and interval at its end.

    Parameters
    ----------
    fit
        From :func:`funnelkit.lag.fit_kaplan_meier` or its siblings.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Days on one axis, shares on the other; titled with the pace.

    Raises
    ------
    ArgumentError
        If ``fit`` or ``ax`` are something else.

    Examples
    --------
    >>> import datetime as dt
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> triangle = fk.Triangle(
    ...     start="lead",
    ...     target="won",
    ...     cohorts=pd.period_range("2026-01", periods=1, freq="M"),
    ...     as_of=dt.date(2026, 1, 3),
    ...     entered=[[40]],
    ...     events={"won": [[[4, 4, 2]]]},
    ...     censored=[[[0, 0, 30]]],
    ...     followed=[[[0, 0, 40]]],
    ... )
    >>> ax = fk.plot.lag(fk.lag.fit_kaplan_meier(triangle))
    >>> ax.get_title(loc="left")
    'Half of what reaches won within 2 days is there by day 1, nine in ten by day 2'
    >>> [line.get_ydata().tolist() for line in ax.lines if line.get_label() == "all leads"]
    [[0.1, 0.2, 0.25]]
    """
    shown = tracks_of(fit)
    ticks, words = percent_ticks(_highest(shown))
    indent = max(measured(text, style.SMALL) for text in words) + 10
    with sheet(ax, height=_HEIGHT, indent=indent) as page:
        bare(page)
        _axes(page, shown, ticks, words)
        for mark, track in zip(MARKS, shown.others, strict=False):
            _context(page, track, mark)
        if shown.main is not None:
            _main(page, shown.main, alone=not shown.others and not shown.main.few)
        ends.write(page, _ends(shown), last=shown.days)
        page.legend(_marks(page, shown))
        page.title(pace.title(shown))
        page.caption(pace.caption(shown), ticks=28)
        return page.finish(*pace.words(shown))


def _highest(shown: Tracks) -> float:
    """Return the top of what is drawn, the band as far as enough leads are followed."""
    tops = [float(track.rate[: track.end + 1].max()) for track in shown.all]
    if shown.main is not None:
        last = shown.main.end if shown.main.sparse_from is None else shown.main.sparse_from
        tops.append(float(shown.main.high[: max(last, 1)].max()))
    return min(max(tops, default=0.0), 1.0)


def _axes(page: Sheet, shown: Tracks, ticks: list[float], words: list[str]) -> None:
    ax, colours = page.ax, page.palette
    room = 1 - ends.room_for(page, _ends(shown)) / page.width
    ax.set_xlim(0, max(shown.days, 1) / room)
    ax.set_ylim(0, ticks[-1])
    ax.set_yticks(ticks, words, **style.plain())
    ax.hlines(ticks[1:], 0, max(shown.days, 1), color=colours.grid, linewidth=0.8, zorder=0.5)
    ax.hlines(
        [0], 0, max(shown.days, 1), color=colours.rule, linewidth=1.2, zorder=0.6, clip_on=False
    )
    most = 6 if page.width > 400 else 4
    ages = age_ticks(shown.days, most=most)
    counts = [""] * len(ages)
    track = shown.main
    if track is not None and track.followed is not None:
        counts = [f"\n{display.count(track.followed[age])}" for age in ages]
    labels = [f"{age}{count}" for age, count in zip(ages, counts, strict=True)]
    ax.set_xticks(ages, labels, linespacing=1.5, **style.plain())


def _ends(shown: Tracks) -> list[End]:
    return [
        End(
            at=(track.end, float(track.rate[track.end])),
            name=track.name or ("all" if shown.others else ""),
            value=track.said,
            main=track is shown.main,
        )
        for track in shown.all
    ]


def _split(track: Track) -> list[tuple[np.ndarray[Any, Any], bool]]:
    """Return the ages of the solid and of the dashed part."""
    ages, few = np.arange(track.end + 1), track.sparse_from
    if few is None:
        return [(ages, False)]
    return [(ages[: few + 1], False), (ages[few:], True)]


def _line(page: Sheet, track: Track, *, label: str, **look: Any) -> None:
    for part, (ages, sparse) in enumerate(_split(track)):
        page.ax.plot(
            ages,
            track.rate[ages],
            drawstyle="steps-post",
            linestyle=_DASHES if sparse else "solid",
            label=label if part == 0 else f"{label}, few followed",
            solid_capstyle="butt",
            **look,
        )


def _context(page: Sheet, track: Track, mark: str) -> None:
    colour = page.palette.context
    _line(page, track, label=track.name, color=colour, linewidth=1.2, zorder=2)
    every = np.unique(np.linspace(0, track.end, 5).astype(int))[1:] if track.end else [0]
    page.ax.plot(every, track.rate[every], mark, color=colour, markersize=4.5, zorder=2.1)


def _main(page: Sheet, track: Track, *, alone: bool) -> None:
    ax, colours = page.ax, page.palette
    ages = np.arange(track.end + 1)
    band = slice(0, track.end + 1)
    ax.fill_between(
        ages,
        track.low[band],
        track.high[band],
        step="post",
        color=colours.soft,
        edgecolor=colours.band_edge,
        linewidth=0.7,
        zorder=1,
        label="95\u202f% band",
    )
    _line(page, track, label="all leads", color=colours.accent, linewidth=2.2, zorder=3)
    half = track.first_at(0.5)
    if alone and half is not None and half > 0:
        rate = track.rate[half]
        ax.vlines([half], 0, rate, color=colours.context, linewidth=1, linestyle=":", zorder=2.5)
        ax.plot([half], [rate], "o", color=colours.accent, markersize=style.DOT, zorder=3.5)
        ax.annotate(
            f"half by day {half}",
            (half, 0),
            (6, 9),
            textcoords="offset points",
            fontsize=style.SMALL,
            color=colours.ink,
        )
    hollow = track.sparse_from is not None
    ax.plot(
        [track.end],
        [track.rate[track.end]],
        "o",
        color=colours.accent,
        markerfacecolor=colours.page if hollow else colours.accent,
        markeredgewidth=style.LINE,
        markersize=style.DOT,
        zorder=3.5,
        clip_on=False,
    )


def _marks(page: Sheet, shown: Tracks) -> list[tuple[Any, str]]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    colours = page.palette
    found: list[tuple[Any, str]] = []
    if shown.main is not None:
        words = "all leads" if shown.others else "share converted"
        found.append((Line2D([], [], color=colours.accent, linewidth=2.2), words))
        found.append((Patch(facecolor=colours.soft, edgecolor=colours.band_edge), "95\u202f% band"))
    if any(track.sparse_from is not None for track in shown.all):
        dashed = Line2D([], [], color=colours.accent, linewidth=2, linestyle=_DASHES)
        found.append((dashed, "fewer than one lead in ten still followed"))
    return found
