"""The boundary chart of a sequential test, and the intervals of a confidence sequence by look."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.plot import style
from funnelkit.plot.lettering import measured
from funnelkit.plot.sheet import Sheet, bare, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.experiment.sequential.designs import Boundaries
    from funnelkit.experiment.sequential.looked import SequentialTest
    from funnelkit.experiment.sequential.sequence import ConfidenceSequence

FloatArray = NDArray[np.float64]
_HEIGHT = 250.0
_LOWEST_TOP = 3.5
_HIGHEST_TOP = 5.5
_ROOM = 0.07


def looks(
    test: Boundaries | SequentialTest | ConfidenceSequence, *, ax: Axes | None = None
) -> Axes:
    """Return axes with the looks at an experiment: observed z between the boundaries to cross.

    Parameters
    ----------
    test
        From :func:`funnelkit.experiment.boundaries` (the plan alone), `analyse_looks`, or
        `confidence_sequence` (its intervals by look).
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Of a test: z over the share of the information. The experiment goes on within the blue
        area; grey is short of futility; looks to come are hollow. Of a confidence sequence: the
        difference over the leads so far.

    Raises
    ------
    ArgumentError
        If ``test`` or ``ax`` cannot be used.

    Examples
    --------
    >>> import funnelkit as fk
    >>> from funnelkit.experiment.sequential.designs import boundaries
    >>> ax = looks(boundaries(5, planned=2000))
    >>> fk.plot.describe(ax).splitlines()[0]
    'Stop at a look whose z is beyond its boundary: 2.03 at the last'
    """
    from funnelkit.experiment.sequential.designs import Boundaries
    from funnelkit.experiment.sequential.looked import SequentialTest
    from funnelkit.experiment.sequential.sequence import ConfidenceSequence

    if isinstance(test, ConfidenceSequence):
        return _sequence(test, ax)
    if isinstance(test, (Boundaries, SequentialTest)):
        return _chart(_course(test), test, ax)
    raise ArgumentError(
        "`test` must be what boundaries, analyse_looks or confidence_sequence of "
        f"fk.experiment returns; got {type(test).__name__}."
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class _Course:
    """Looks held and to come: information, boundaries, and z of those held."""

    at: FloatArray
    upper: FloatArray
    lower: FloatArray
    futility: FloatArray
    z: FloatArray
    two_sided: bool


def _course(test: Boundaries | SequentialTest) -> _Course:
    from funnelkit.experiment.sequential.designs import Boundaries

    if isinstance(test, Boundaries):
        return _Course(
            at=test.fraction,
            upper=test.upper,
            lower=test.lower,
            futility=test.futility,
            z=np.zeros(0),
            two_sided=test.two_sided,
        )
    later, critical = test.ahead
    less = test.plan.alternative == "less"
    none = np.full(len(later), math.inf)

    def held(name: str) -> FloatArray:
        return np.array([getattr(one, name) for one in test.looks], float)

    return _Course(
        at=np.append(held("fraction"), later),
        upper=np.append(held("upper"), none if less else critical),
        lower=np.append(held("lower"), -critical if less or test.plan.two_sided else -none),
        futility=np.append(held("futility"), np.full(len(later), math.nan)),
        z=held("z"),
        two_sided=test.plan.two_sided,
    )


def _chart(course: _Course, test: Boundaries | SequentialTest, ax: Axes | None) -> Axes:
    low, high = _extent(course)
    ticks = [float(tick) for tick in range(math.ceil(low), math.floor(high) + 1)]
    labels = [f"{tick:g}".replace("-", display.MINUS) for tick in ticks]
    title = _title(test)
    with sheet(ax, height=_HEIGHT, indent=34.0) as page:
        bare(page)
        right = max(1.0, float(course.at[-1])) + 0.04
        _frame(page, (0.0, right), (low, high), ticks, labels)
        shares = [0.2, 0.4, 0.6, 0.8, 1.0]
        page.ax.set_xticks(shares, [display.percent(one, decimals=0) for one in shares])
        _areas(page, course, (low, high))
        _marks(page, course, (low, high))
        page.head(page.left, "z", align="left")
        page.above += 14
        page.legend(_legend(page, course))
        page.title(title)
        caption = f"{test.summary()} Across: share of the planned information."
        page.caption(caption, ticks=14)
        return page.finish(title, caption, _values(course))


def _extent(course: _Course) -> tuple[float, float]:
    """Return what the axis must hold: every z, and boundaries that are not far off."""
    lines = np.abs(np.concatenate([course.upper, course.lower]))
    near = lines[np.isfinite(lines) & (lines < _HIGHEST_TOP - 0.5)]
    most = float(np.max(near, initial=_LOWEST_TOP - 0.5))
    stops = course.futility[np.isfinite(course.futility)]
    shown = np.concatenate([course.z, stops, [most if np.isfinite(course.upper).any() else 0.5]])
    high = max(float(shown.max()), 0.5) + 0.6
    if np.isfinite(course.lower).any():
        low = min(float(shown.min()), -most) - 0.6
    else:
        low = max(min(float(np.append(course.z, stops).min(initial=0.0)), 0.0) - 0.6, -4.0)
    return low, high


def _frame(
    page: Sheet,
    across: tuple[float, float],
    up: tuple[float, float],
    ticks: list[float],
    labels: list[str],
) -> None:
    ax, colours = page.ax, page.palette
    ax.set_xlim(*across)
    ax.set_ylim(*up)
    ax.set_yticks(ticks, labels, **style.plain())
    ax.hlines(ticks, *across, color=colours.grid, linewidth=0.8, zorder=0.5)
    ax.hlines(
        [0.0], *across, color=colours.context, linewidth=1.1, linestyle=(0, (1.2, 1.6)), zorder=1.2
    )


def _areas(page: Sheet, course: _Course, up: tuple[float, float]) -> None:
    """Draw the area in which the experiment goes on, and that short of futility."""
    colours, ax = page.palette, page.ax
    upper = np.minimum(course.upper, up[1] + 1)
    lower = np.maximum(course.lower, up[0] - 1)
    ax.fill_between(course.at, lower, upper, color=colours.soft, linewidth=0, zorder=0.6)
    if len(course.at) == 1:
        ax.vlines(course.at, lower, upper, color=colours.soft, linewidth=8, zorder=0.6)
    stops = np.isfinite(course.futility)
    if course.two_sided:
        ends = [(-course.futility[stops], course.futility[stops])]
    else:
        outer = up[0] - 1 if np.isfinite(course.upper).any() else up[1] + 1
        ends = [(np.full(int(stops.sum()), outer), course.futility[stops])]
    for first, second in ends:
        ax.fill_between(
            course.at[stops], first, second, color=colours.grid, linewidth=0, zorder=0.8
        )
        for line in (first, second):
            ax.plot(course.at[stops], line, color=colours.rule, linewidth=1.0, zorder=1)


def _marks(page: Sheet, course: _Course, up: tuple[float, float]) -> None:
    colours, ax = page.palette, page.ax
    held = len(course.z)
    for sign, line in ((1, course.upper), (-1, course.lower)):
        known = np.isfinite(line)
        ax.plot(course.at[known], line[known], color=colours.band_edge, linewidth=1.2, zorder=1.5)
        labelled = _labelled(course.at, held)
        for k in np.flatnonzero(known & (line < up[1]) & (line > up[0])).tolist():
            solid = k < held or not held
            ax.plot(
                [course.at[k]],
                [line[k]],
                "_" if solid else "o",
                color=colours.context,
                markersize=11 if solid else 5,
                markerfacecolor=colours.page,
                markeredgewidth=style.LINE if solid else 1.2,
                zorder=2,
                label="_boundary",
            )
            if k not in labelled:
                continue
            page.text(
                course.at[k],
                line[k] + sign * 0.035 * (up[1] - up[0]),
                _z(line[k]),
                ha="center",
                va="bottom" if sign > 0 else "top",
                color=colours.muted,
                fontsize=style.SMALL,
            )
    if not held:
        return
    ax.plot(course.at[:held], course.z, color=colours.accent, linewidth=style.LINE, zorder=3)
    out = (course.z >= course.upper[:held]) | (course.z <= course.lower[:held])
    for k in range(held):
        ax.plot(
            [course.at[k]],
            [course.z[k]],
            "D" if out[k] else "o",
            color=colours.accent,
            markersize=style.DOT + (1 if out[k] else 0),
            zorder=4,
            clip_on=False,
            label="_z",
        )
    last = held - 1
    ax.annotate(
        _z(course.z[last]),
        (course.at[last], course.z[last]),
        (7, 0),
        textcoords="offset points",
        va="center_baseline",
        color=colours.ink,
        fontsize=style.TEXT,
        fontweight="bold",
        annotation_clip=False,
        **style.plain(),
    )


def _labelled(at: FloatArray, held: int) -> set[int]:
    """Return the looks whose boundary is written: the latest, the last, and what has room."""
    found = {len(at) - 1, max(held - 1, 0)}
    for k in range(len(at)):
        if all(abs(at[k] - at[j]) >= _ROOM for j in found):
            found.add(k)
    return found


def _legend(page: Sheet, course: _Course) -> list[tuple[Any, str]]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    colours = page.palette
    found: list[tuple[Any, str]] = []
    if len(course.z):
        found.append((Line2D([], [], marker="o", color=colours.accent), "observed z"))
    found.append((Patch(color=colours.soft, linewidth=0), "go on"))
    bar = Line2D([], [], marker="_", markersize=11, linestyle="", color=colours.context)
    found.append((bar, "boundary: stop at it or beyond"))
    if 0 < len(course.z) < len(course.at):
        ring = Line2D(
            [], [], marker="o", linestyle="", color=colours.context, markerfacecolor=colours.page
        )
        found.append((ring, "of looks to come"))
    if np.isfinite(course.futility).any():
        found.append((Patch(color=colours.grid, linewidth=0), "futility: may stop"))
    return found


def _title(test: Boundaries | SequentialTest) -> str:
    from funnelkit.experiment.sequential.designs import Boundaries

    if isinstance(test, Boundaries):
        last = _z(float(test.critical[-1]))
        return f"Stop at a look whose z is beyond its boundary: {last} at the last"
    number = len(test.looks)
    if test.state == "crossed":
        stop = test.looks[(test.stopped_at or number) - 1]
        side = "above" if stop.crossed == "upper" else "below"
        return f"Look {stop.number} crossed: the treatment is {side} control"
    if test.state == "ended":
        return f"No boundary crossed in {display.plural(number, 'look')}: no {test.word} is shown"
    if test.state == "futile":
        return f"Look {number} is short of futility: little is to be hoped"
    return f"No boundary crossed by look {number}: go on"


def _values(course: _Course) -> str:
    told = []
    for k, at in enumerate(course.at):
        ends = [
            _z(float(line[k])) for line in (course.lower, course.upper) if math.isfinite(line[k])
        ]
        z = f"z {_z(float(course.z[k]))}" if k < len(course.z) else "to come"
        told.append(f"{display.percent(float(at), decimals=0)}: {z}, boundary {' and '.join(ends)}")
    return f"{'; '.join(told)}."


def _z(value: float) -> str:
    return f"{value:.2f}".replace("-", display.MINUS)


def _sequence(test: ConfidenceSequence, ax: Axes | None) -> Axes:
    """Draw the intervals of a confidence sequence by the leads so far."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.ticker import MaxNLocator

    low, high = (np.asarray(end, float) for end in test.confidence_interval())
    at = np.array([a.n + b.n for a, b in zip(test.control, test.treatment, strict=True)])
    scale = 100.0 if test.unit == "share" else 1.0
    late = slice(len(at) // 4, None)
    near = np.concatenate([low[late], high[late], test.effect, [0.0]]) * scale
    near = near[np.isfinite(near)]
    room = 0.12 * max(float(np.ptp(near)), 1e-9)
    ticks = [
        float(one)
        for one in MaxNLocator(6).tick_values(float(near.min()) - room, float(near.max()) + room)
    ]
    labels = [f"{tick:,g}".replace("-", display.MINUS) for tick in ticks]
    indent = max(measured(label, style.SMALL) for label in labels) + 10
    first = test.excluded_at
    word = test.comparison().word
    title = (
        f"The {word} is shown since look {first}"
        if first
        else f"No {word} is shown in {display.plural(len(test), 'look')}"
    )
    with sheet(ax, height=_HEIGHT, indent=indent) as page:
        bare(page)
        colours = page.palette
        right = float(at[-1]) * 1.02
        _frame(page, (0.0, right), (ticks[0], ticks[-1]), ticks, labels)
        places = [float(one) for one in MaxNLocator(5, integer=True).tick_values(0, right)]
        places = [one for one in places if 0 < one <= right]
        page.ax.set_xticks(places, [display.count(one) for one in places])
        bottom, top = ticks[0] - room, ticks[-1] + room
        lower, upper = (np.clip(end * scale, bottom, top) for end in (low, high))
        page.ax.fill_between(at, lower, upper, color=colours.soft, linewidth=0, zorder=0.7)
        for end in (lower, upper):
            page.ax.plot(at, end, color=colours.band_edge, linewidth=1.0, zorder=1, label="_end")
        page.ax.vlines(at, lower, upper, color=colours.band_edge, linewidth=0.8, zorder=1)
        page.ax.plot(
            at, test.effect * scale, "o-", color=colours.accent, markersize=5.5, label="_effect"
        )
        level = display.percent(test.confidence_level, decimals=0)
        head = "points" if test.unit == "share" else test.metric
        page.head(page.left, f"treatment less control, {head}", align="left")
        page.above += 14
        page.legend(
            [
                (Line2D([], [], marker="o", color=colours.accent), "difference so far"),
                (Patch(color=colours.soft, linewidth=0), f"{level} at all looks together"),
            ]
        )
        page.title(title)
        caption = f"{test.summary()} Across: {test.units} in both arms so far."
        page.caption(caption, ticks=14)
        told = " ".join(test.sentence(k + 1) for k in range(len(test)))
        return page.finish(title, caption, told)
