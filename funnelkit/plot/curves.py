"""The lag curve: share converted by age, its band, and how many leads are still followed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from funnelkit._core import display
from funnelkit.plot import ends, pace, style
from funnelkit.plot.ends import MARKS, End
from funnelkit.plot.lettering import measured
from funnelkit.plot.scales import age_ticks, percent_ticks
from funnelkit.plot.sheet import Sheet, bare, sheet
from funnelkit.plot.tracks import NO_BOUND, Track, Tracks, compared, tracks_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from funnelkit.lag import LagFit

_HEIGHT = 230.0
_DASHES = (0, (2, 1.4))
_BAR = 10.0


def lag(
    fit: LagFit,
    *,
    against: Mapping[str, LagFit | pd.Series[float]] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Return axes with the share converted by age, and its 95 % band.

    Under the axis stand the leads that are still open and followed at that age (for a fit with a
    tail: the leads that are that old); where they are fewer than one in ten, the curve is dashed.
    Beyond the oldest lead the ground is hatched: there the curve is the fit's word alone. The
    eventual rate of a fit with a tail stands at the right with its interval; where follow-up is
    too short for one, the bound.

    A fit by segment or by cohort shows the curve of all leads, where it has one, with its band,
    and beside it the six largest segments or latest cohorts in grey, each up to the age to which
    its leads are followed, with value and interval at its end.

    Parameters
    ----------
    fit
        Any fit of :mod:`funnelkit.lag`.
    against
        Name -> what is drawn in grey beside a fit of one curve: another fit, or a Series of rates
        by age in days, such as the truth of a simulation; at most six.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Days on one axis, shares on the other; titled with the pace, or with how far the fits lie
        apart.

    Raises
    ------
    ArgumentError
        If an argument is something else, or fits of several curves are to be compared.

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
    shown = tracks_of(fit) if not against else compared(fit, against)
    ticks, words = percent_ticks(_highest(shown))
    indent = max(measured(text, style.SMALL) for text in words) + 10
    with sheet(ax, height=_HEIGHT, indent=indent) as page:
        bare(page)
        _axes(page, shown, ticks, words)
        beside = [*shown.others, *shown.against]
        for mark, track in zip(MARKS, beside, strict=False):
            _context(page, track, mark)
        if shown.main is not None:
            _main(page, shown.main, alone=not beside and not shown.main.few)
        _eventual(page, shown)
        ends.write(page, _ends(shown), last=shown.days, gap=_gap(shown))
        page.legend(_marks(page, shown))
        page.title(pace.title(shown))
        page.caption(pace.caption(shown), ticks=28)
        return page.finish(*pace.words(shown))


def _highest(shown: Tracks) -> float:
    """Return the top of what is drawn, the band as far as enough leads are followed."""
    tops = [float(track.rate[: track.line_end + 1].max()) for track in shown.all]
    for track in shown.all:
        high = track.final[2]
        if track.ultimate is not None and not track.few:
            tops.append(2 * tops[0] if track.bound and high > NO_BOUND else high)
    if shown.main is not None:
        last = shown.main.end if shown.main.sparse_from is None else shown.main.sparse_from
        last = min(max(last, 1), shown.main.line_end)
        tops.append(float(shown.main.high[: last + 1].max()))
    return min(max(tops, default=0.0), 1.0)


def _gap(shown: Tracks) -> float:
    """Return the points from the data to the names: room for the eventual rates."""
    bars = sum(track.ultimate is not None for track in shown.all)
    return ends.LEAD + (_BAR * bars if bars else 0)


def _axes(page: Sheet, shown: Tracks, ticks: list[float], words: list[str]) -> None:
    ax, colours = page.ax, page.palette
    room = 1 - ends.room_for(page, _ends(shown), gap=_gap(shown)) / page.width
    ax.set_xlim(0, max(shown.days, 1) / room)
    ax.set_ylim(0, ticks[-1])
    ax.set_yticks(ticks, words, **style.plain())
    ax.hlines(ticks[1:], 0, max(shown.days, 1), color=colours.grid, linewidth=0.8, zorder=0.5)
    ax.hlines(
        [0], 0, max(shown.days, 1), color=colours.rule, linewidth=1.2, zorder=0.6, clip_on=False
    )
    if shown.seen_to is not None:
        ax.axvspan(
            shown.seen_to, shown.days, zorder=0.2, label="extrapolated", **page.palette.immature
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
    several = bool(shown.others or shown.against)
    return [
        End(
            at=(track.line_end, _height(track)),
            name=track.name or ("all" if shown.others else "this fit" if several else ""),
            value=track.said if track.ultimate is None else f"ever {track.said}",
            main=track is shown.main,
        )
        for track in shown.all
    ]


def _height(track: Track) -> float:
    """Return where a value is written: at the rate, or at the bound."""
    rate, low, high = track.final
    if not track.bound:
        return min(rate, 1.0)
    return high if high <= NO_BOUND else max(low, float(track.rate[track.line_end]))


def _split(track: Track) -> list[tuple[np.ndarray[Any, Any], bool]]:
    """Return the ages of the solid and of the dashed part."""
    ages, few = np.arange(track.line_end + 1), track.sparse_from
    if few is None:
        return [(ages, False)]
    return [(ages[: few + 1], False), (ages[few:], True)]


def _line(page: Sheet, track: Track, *, label: str, **look: Any) -> None:
    for part, (ages, sparse) in enumerate(_split(track)):
        page.ax.plot(
            ages,
            track.rate[ages],
            drawstyle=_steps(track),
            linestyle=_DASHES if sparse else "solid",
            label=label if part == 0 else f"{label}, few followed",
            solid_capstyle="butt",
            **look,
        )


def _context(page: Sheet, track: Track, mark: str) -> None:
    colour = page.palette.context
    _line(page, track, label=track.name, color=colour, linewidth=1.2, zorder=2)
    last = track.line_end
    every = np.unique(np.linspace(0, last, 5).astype(int))[1:] if last else [0]
    page.ax.plot(every, track.rate[every], mark, color=colour, markersize=4.5, zorder=2.1)


def _main(page: Sheet, track: Track, *, alone: bool) -> None:
    ax, colours = page.ax, page.palette
    end = track.line_end
    ages, band = np.arange(end + 1), slice(0, end + 1)
    ax.fill_between(
        ages,
        track.low[band],
        track.high[band],
        step=None if track.ultimate else "post",
        color=colours.soft,
        edgecolor=colours.band_edge,
        linewidth=0.7,
        zorder=1,
        label="95\u202f% band",
    )
    _line(page, track, label="all leads", color=colours.accent, linewidth=2.2, zorder=3)
    half = track.first_at(0.5)
    told = track.ultimate is None or track.verdict == "measured"
    if alone and told and half is not None and half > 0:
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
        [end],
        [track.rate[end]],
        "o",
        color=colours.accent,
        markerfacecolor=colours.page if hollow else colours.accent,
        markeredgewidth=style.LINE,
        markersize=style.DOT,
        zorder=3.5,
        clip_on=False,
    )


def _eventual(page: Sheet, shown: Tracks) -> None:
    """Draw each eventual rate with its interval, or its bound, right of the data."""
    ax, colours = page.ax, page.palette
    across = ax.get_xlim()[1] / page.width
    top = ax.get_ylim()[1]
    tracks = [track for track in shown.all if track.ultimate is not None and not track.few]
    for number, track in enumerate(tracks, 1):
        colour = colours.accent if track is shown.main else colours.context
        x = shown.days + (_BAR * number - 2) * across
        rate, low, high = track.final
        look: dict[str, Any] = {"color": colour, "zorder": 3, "clip_on": False}
        if track.bound:
            reach = min(high, top)
            if high <= NO_BOUND:
                _bound(page, track, shown.days, reach)
            ax.plot([x], [low], "_", markersize=8, **look)
            ax.plot([x], [reach], "^" if high > NO_BOUND else "_", markersize=8, **look)
        else:
            ax.plot([x, x], [low, high], "_", markersize=7, markeredgewidth=style.LINE, **look)
            hollow = track.verdict != "measured"
            dot = {**look, "markerfacecolor": colours.page if hollow else colour}
            ax.plot([x], [rate], "o", markersize=style.DOT, markeredgewidth=style.LINE, **dot)
            look["zorder"] = 2.9
        dashes = _DASHES if track.verdict != "measured" else "solid"
        ax.plot([x, x], [low, min(high, top)], linewidth=style.LINE, linestyle=dashes, **look)


def _bound(page: Sheet, track: Track, last: int, reach: float) -> None:
    """Mark up to where the eventual rate may lie, from where leads are no longer followed."""
    if track.line_end < last:
        page.ax.hlines(
            [reach],
            track.line_end,
            last,
            color=page.palette.accent,
            linewidth=style.LINE,
            linestyle=_DASHES,
            zorder=2.8,
            label="bound",
        )


def _steps(track: Track) -> Literal["default", "steps-post"]:
    return "default" if track.ultimate is not None else "steps-post"


def _marks(page: Sheet, shown: Tracks) -> list[tuple[Any, str]]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    colours = page.palette
    found: list[tuple[Any, str]] = []
    if shown.main is not None:
        words = "all leads" if shown.others else "this fit" if shown.against else "share converted"
        found.append((Line2D([], [], color=colours.accent, linewidth=2.2), words))
        found.append((Patch(facecolor=colours.soft, edgecolor=colours.band_edge), "95\u202f% band"))
    if any(track.sparse_from is not None for track in shown.all):
        colour = colours.context if shown.main is None else colours.accent
        dashed = Line2D([], [], color=colour, linewidth=2, linestyle=_DASHES)
        behind = "is that old" if shown.tail else "still followed"
        found.append((dashed, f"fewer than one lead in ten {behind}"))
    if shown.seen_to is not None:
        found.append((Patch(**page.palette.immature), "extrapolated: no lead is that old"))
    return found
