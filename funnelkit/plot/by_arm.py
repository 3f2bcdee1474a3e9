"""Lag curves of two arms: share converted by age, with bands, and where the arms are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.lag import fit_competing
from funnelkit.plot import ends, style
from funnelkit.plot.ends import End
from funnelkit.plot.lettering import measured
from funnelkit.plot.scales import age_ticks, percent_ticks
from funnelkit.plot.sheet import Sheet, bare, sheet
from funnelkit.plot.tracks import Track

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.experiment.lagged import LaggedComparison

_HEIGHT = 240.0
_DASHES = (0, (2, 1.4))
_NARROW = 400.0
_LONGER = 3
"""No curve is drawn for longer than this many times as far as both arms are followed."""


def arms(found: LaggedComparison, *, ax: Axes | None = None) -> Axes:
    """Return axes with the share converted by age in each arm, and where they are compared.

    The treatment is the coloured curve, control the grey one, each with its 95 % band as far as
    its leads are followed; the dotted line is the horizon. Under the axis stand the leads that are
    still open and followed at that age, the treatment's above control's; where they are fewer
    than one in ten of an arm, its curve is dashed.

    Parameters
    ----------
    found
        From :func:`funnelkit.experiment.compare_lagged`.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Days on one axis, shares on the other; titled with both rates at the horizon and how far
        apart they are.

    Raises
    ------
    ArgumentError
        If an argument is something else.

    Examples
    --------
    >>> import datetime as dt
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> from funnelkit.experiment.lagged import compare_lagged
    >>> counts = fk.Triangle(
    ...     start="lead",
    ...     target="won",
    ...     by=("variant",),
    ...     segments=(("control",), ("new",)),
    ...     cohorts=pd.period_range("2026-01-01", periods=1, freq="D"),
    ...     as_of=dt.date(2026, 1, 3),
    ...     entered=[[100], [100]],
    ...     events={"won": [[[10, 9, 9]], [[20, 9, 9]]]},
    ...     censored=[[[0, 0, 72]], [[0, 0, 62]]],
    ...     followed=[[[0, 0, 100]], [[0, 0, 100]]],
    ... )
    >>> ax = arms(compare_lagged(counts))
    >>> ax.get_title(loc="left").replace(chr(0x202F), " ").split(":")[0]
    'No clear difference in won within 2 days'
    """
    if not all(hasattr(found, name) for name in ("matured", "counts", "horizon")):
        raise ArgumentError(
            "`found` must be what fk.experiment.compare_lagged returns; got "
            f"{type(found).__name__}."
        )
    control, treatment = _tracks(found)
    ticks, words = percent_ticks(_highest(found, control, treatment))
    indent = max(measured(text, style.SMALL) for text in words) + 10
    with sheet(ax, height=_HEIGHT, indent=indent) as page:
        bare(page)
        _axes(page, found, (control, treatment), ticks, words)
        colours = page.palette
        _band(page, control, face=colours.bench, edge=colours.rule, zorder=0.9)
        _band(page, treatment, face=colours.soft, edge=colours.band_edge, zorder=1.0)
        _line(page, control, color=colours.context, linewidth=style.LINE, zorder=2)
        _line(page, treatment, color=colours.accent, linewidth=2.2, zorder=3)
        _horizon(page, found, (control, treatment))
        ends.write(page, _ends(page, found, control, treatment), last=_last(control, treatment))
        page.legend(_marks(page, control, treatment))
        page.title(_title(found))
        page.caption(_caption(found), ticks=42)
        return page.finish(_title(found), found.summary(), _caption(found))


def _last(control: Track, treatment: Track) -> int:
    """Return the last age of the chart."""
    return max(control.end, treatment.end, 1)


def _tracks(found: LaggedComparison) -> tuple[Track, Track]:
    fit = fit_competing(found.counts)
    days = np.arange(int(fit.horizon) + 1)
    rate = fit.rate_at(days)[:, 0]
    reach = [int(age) for age in fit.followed_to[:, 0]]
    ends_at = [min(age, max(_LONGER * min(reach), 1)) for age in reach]
    low, high = (np.asarray(end)[:, 0] for end in fit.confidence_interval(days))
    control, treatment = (
        Track(
            name=name,
            rate=rate[k],
            low=low[k],
            high=high[k],
            followed=fit.followed[k, 0],
            end=ends_at[k],
        )
        for k, name in enumerate(found.shown_names)
    )
    return control, treatment


def _highest(found: LaggedComparison, *tracks: Track) -> float:
    """Return the top of what is drawn, bands as far as enough leads are followed."""
    tops = []
    for track in tracks:
        last = track.end if track.sparse_from is None else max(track.sparse_from, found.horizon)
        tops += [float(track.rate[track.end]), float(track.high[min(last, track.end)])]
    return min(max(tops), 1.0)


def _axes(
    page: Sheet,
    found: LaggedComparison,
    tracks: tuple[Track, Track],
    ticks: list[float],
    words: list[str],
) -> None:
    ax, colours = page.ax, page.palette
    last = _last(*tracks)
    room = 1 - ends.room_for(page, _ends(page, found, *tracks)) / page.width
    ax.set_xlim(0, last / room)
    ax.set_ylim(0, ticks[-1])
    ax.set_yticks(ticks, words, **style.plain())
    ax.hlines(ticks[1:], 0, last, color=colours.grid, linewidth=0.8, zorder=0.5)
    ax.hlines([0], 0, last, color=colours.rule, linewidth=1.2, zorder=0.6, clip_on=False)
    ages = age_ticks(last, most=6 if page.width > _NARROW else 4)
    labels = []
    for age in ages:
        counts = [_still(track, age) for track in reversed(tracks)]
        labels.append("\n".join([str(age), *counts]))
    ax.set_xticks(ages, labels, linespacing=1.5, **style.plain())


def _still(track: Track, age: int) -> str:
    return "0" if track.followed is None or age > track.end else display.count(track.followed[age])


def _band(page: Sheet, track: Track, *, face: str, edge: str, zorder: float) -> None:
    shown = slice(0, track.end + 1)
    page.ax.fill_between(
        np.arange(track.end + 1),
        track.low[shown],
        track.high[shown],
        step="post",
        facecolor=face,
        edgecolor=edge,
        linewidth=0.7,
        alpha=0.75,
        zorder=zorder,
        label=f"95\u202f% band, {track.name}",
    )


def _line(page: Sheet, track: Track, **look: Any) -> None:
    ages, few = np.arange(track.end + 1), track.sparse_from
    parts = [(ages, False)]
    if few is not None:
        parts = [(ages[: few + 1], False), (ages[few:], True)]
    for part, sparse in parts:
        page.ax.plot(
            part,
            track.rate[part],
            drawstyle="steps-post",
            linestyle=_DASHES if sparse else "solid",
            label=f"{track.name}, few followed" if sparse else track.name,
            solid_capstyle="butt",
            **look,
        )


def _horizon(page: Sheet, found: LaggedComparison, tracks: tuple[Track, Track]) -> None:
    """Mark the horizon and both rates there."""
    ax, colours = page.ax, page.palette
    day, top = found.horizon, page.ax.get_ylim()[1]
    ax.vlines([day], 0, top, color=colours.context, linewidth=1, linestyle=":", zorder=1.5)
    for track, colour in zip(tracks, (colours.context, colours.accent), strict=True):
        at = min(day, track.end)
        ax.plot([day], [track.rate[at]], "o", color=colour, markersize=style.DOT, zorder=3.5)
    left = day > 0.7 * _last(*tracks)
    ax.annotate(
        f"compared at day {day}",
        (day, 1.0),
        (-6 if left else 6, -3),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="right" if left else "left",
        va="top",
        fontsize=style.SMALL,
        color=colours.ink,
    )


def _ends(page: Sheet, found: LaggedComparison, control: Track, treatment: Track) -> list[End]:
    days = found.horizon
    when = f" by day {days}" if page.width > _NARROW else ""
    return [
        End(
            at=(track.end, float(track.rate[track.end])),
            name=track.name,
            value=display.percent(track.rate[min(days, track.end)]) + when,
            main=track is treatment,
        )
        for track in (control, treatment)
    ]


def _title(found: LaggedComparison) -> str:
    one, (control, treatment) = found.matured, found.shown_names
    target, days = display.one_line(found.counts.target), display.plural(found.horizon, "day")
    if not one.significant():
        return f"No clear difference in {target} within {days}: {one.effect_text()}"
    way = "more" if one.effect > 0 else "fewer"
    return (
        f"Within {days} {way} of {treatment} than of {control} reach {target}: {one.effect_text()}"
    )


def _caption(found: LaggedComparison) -> str:
    control, treatment = found.shown_names
    entered = found.counts.entered[:, 0]
    return (
        f"Share of {display.one_line(found.counts.start)} that reached "
        f"{display.one_line(found.counts.target)}, by days since entry; "
        f"{display.count(entered[1])} of {treatment}, {display.count(entered[0])} of {control}. "
        f"Under the axis, those still open and followed: {treatment} above, {control} below."
    )


def _marks(page: Sheet, control: Track, treatment: Track) -> list[tuple[Any, str]]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    colours = page.palette
    found: list[tuple[Any, str]] = [
        (Line2D([], [], color=colours.accent, linewidth=2.2), treatment.name),
        (Line2D([], [], color=colours.context, linewidth=style.LINE), control.name),
        (Patch(facecolor=colours.soft, edgecolor=colours.band_edge), "95\u202f% band"),
    ]
    if any(track.sparse_from is not None for track in (control, treatment)):
        dashed = Line2D([], [], color=colours.context, linewidth=2, linestyle=_DASHES)
        found.append((dashed, "fewer than one in ten still followed"))
    return found
