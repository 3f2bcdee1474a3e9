"""Cumulative forecasts against a target: the fan of the sum, and the chance of it by each date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit.forecast.goals import goals_of, prospect_of_targets
from funnelkit.forecast.prospect import Prospect
from funnelkit.plot import style
from funnelkit.plot.fan import HEIGHT, NOTES, Fan, halo, sentence, ticks_of
from funnelkit.plot.lettering import measured
from funnelkit.plot.sheet import bare, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.forecast.prospect import Labels
    from funnelkit.forecast.result import Forecast


def attainment(
    forecast: Forecast,
    targets: float | Mapping[str, float],
    *,
    since: str | None = None,
    segment: Labels | None = None,
    levels: float | Sequence[float] = (0.8, 0.95),
    ax: Axes | None = None,
) -> Axes:
    """Return axes with the sum so far and to come against a target, and the chance of reaching it.

    Parameters
    ----------
    forecast
        Any forecast of :mod:`funnelkit.forecast`; recurring revenue, which is a level, is not
        summed up.
    targets
        One sum, drawn as a dotted line, with its chance under each period; or the sums that are to
        be reached by the ends of periods, such as ``{"2026-12": 200}``, drawn as steps.
    since
        First period gone by that counts, such as the first month of the year. Default: the sum
        begins with the first period to come.
    segment
        Series that are shown, summed: one label, one for each column, or a mapping from column to
        label. Default: all series together.
    levels
        One to three two-sided levels of bands.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        In the unit of the forecast; the first period to come stands at 0, and the chance, a share
        of the draws, is written under the periods. Titled with the last target.

    Raises
    ------
    ArgumentError
        If an argument cannot be used, or a target stands at a period that is not forecast.

    Examples
    --------
    >>> import datetime as dt
    >>> import numpy as np
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> from funnelkit.forecast.result import Forecast
    >>> ahead = Forecast(
    ...     what="won deals",
    ...     unit="count",
    ...     by=(),
    ...     segments=((),),
    ...     periods=pd.period_range("2018-06", periods=2, freq="M"),
    ...     draws=np.array([[[5, 4]], [[6, 5]], [[7, 6]], [[8, 9]]]),
    ...     expected=np.array([[6.5, 6.0]]),
    ...     gone=pd.period_range("2018-05", periods=1, freq="M"),
    ...     observed=np.array([[8.0]]),
    ...     so_far=np.array([0.0]),
    ...     as_of=dt.date(2018, 5, 31),
    ...     method="an example",
    ...     reason="it is short",
    ...     n=1,
    ... )
    >>> ax = fk.plot.attainment(ahead, 20, since="2018-05")
    >>> ax.get_title(loc="left").replace(chr(0x202F), " ")
    'About 20 won deals by July 2018 (17 to 25): 20 has a 50 % chance'
    """
    shown = prospect_of_targets(forecast, segment=segment, levels=levels, since=since)
    goals = goals_of(shown, targets)
    chances = {k: shown.chance(goal, k) for k, goal in goals.items()}
    title, caption = _title(shown, goals, chances), _caption(shown, goals, since)
    ticks, labels = ticks_of(shown, *goals.values())
    indent = max(measured(text, style.SMALL) for text in labels) + 10
    with sheet(ax, height=HEIGHT, indent=indent) as page:
        bare(page)
        fan = Fan(page, shown)
        fan.axes(ticks, labels, {k: _short(value) for k, value in chances.items()})
        fan.draw()
        if len(set(goals.values())) == 1:
            goal = next(iter(goals.values()))
            fan.line(goal, f"target {shown.goal(goal)}")
        else:
            _steps(fan, goals)
        page.legend(fan.marks())
        page.title(title)
        page.caption(caption, ticks=28)
        told = [
            f"{shown.goal(goal)} {shown.way} {shown.when(k)} has {display.a_chance(chances[k])}."
            for k, goal in goals.items()
        ]
        return page.finish(title, caption, *shown.told, *told)


def _steps(fan: Fan, goals: Mapping[int, float]) -> None:
    """Draw each target as a short line at its period, its number over it."""
    ink = fan.colours.ink
    at = np.array(list(goals))
    look: dict[str, Any] = {"color": ink, "linewidth": 2.2, "zorder": 3.5}
    fan.ax.hlines(list(goals.values()), at - 0.34, at + 0.34, label="target", **look)
    pitch = fan.page.width / (fan.right - fan.first + 0.6)
    for k, goal in goals.items():
        words = fan.shown.goal(goal)
        if measured(words, style.SMALL) <= pitch or len(goals) == 1:
            fan.ax.annotate(
                words,
                (k, goal),
                (0, 4),
                textcoords="offset points",
                ha="center",
                va="bottom",
                color=ink,
                fontsize=style.SMALL,
                annotation_clip=False,
                zorder=5,
                path_effects=halo(fan.colours.page),
            )


def _short(chance: float) -> str:
    """Return a chance as it stands under a period."""
    if chance < 0.01:
        return f"<1{display.NARROW_SPACE}%"
    if chance > 0.99:
        return f">99{display.NARROW_SPACE}%"
    return display.percent(chance, decimals=0)


def _title(shown: Prospect, goals: Mapping[int, float], chances: Mapping[int, float]) -> str:
    k = max(goals)
    chance = display.a_chance(chances[k])
    return f"About {shown.phrase(k)}: {shown.goal(goals[k])} has {chance}"


def _caption(shown: Prospect, goals: Mapping[int, float], since: str | None) -> str:
    made = shown.forecast
    unit = (
        f", in {display.one_line(made.currency)}" if made.unit == "value" and made.currency else ""
    )
    start = shown.gone[0] if since is not None and shown.gone else shown.labels[0]
    one = len(set(goals.values())) == 1
    of = f"of {shown.goal(next(iter(goals.values())))}" if one else "of its target"
    then = "by then" if shown.cumulative else "in it"
    when = f"since the start of {start}" if shown.cumulative else "by period"
    text = (
        f"{sentence(shown.what)} {when}{unit}, and what is expected with the "
        f"{shown.widest.percent} interval. Second line: the chance {of} {then}. "
        f"Method: {display.one_line(made.method)}."
    )
    return f"{text}{shown.noted(NOTES)}"
