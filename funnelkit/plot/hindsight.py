"""Back-tests: what was predicted on earlier dates, the naive rate of then, and what came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import day_name, period_label
from funnelkit._core.errors import ArgumentError
from funnelkit.forecast.rolling.result import ForecastBacktest
from funnelkit.lag import Backtest
from funnelkit.plot import levels, progress, scored, style
from funnelkit.plot.lettering import measured
from funnelkit.plot.levels import MOST_COHORTS, Levels
from funnelkit.plot.panels import grid_of, room_for
from funnelkit.plot.points import Group, Point, Rows
from funnelkit.plot.scales import percent_ticks
from funnelkit.plot.sheet import sheet, size_of

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd
    from matplotlib.axes import Axes

_MOST = 12
_CAME = "came"


def backtest(
    tested: Backtest | ForecastBacktest | pd.DataFrame,
    *,
    measure: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Return axes with what was predicted on earlier dates, beside the rate of then, and what came.

    Of forecasts of volumes and bookings: the errors of the methods side by side, the chosen one
    (of a frame the first one) filled with the accent, each with its interval.

    Of rates: each panel stands on a date. Grey is the rate so far, which is the naive answer; the
    dot with its interval is what the tested method (the first one) predicted; the cross is what
    came. Cohorts that were immature on the date are hollow, on hatched ground.

    Parameters
    ----------
    tested
        From :func:`funnelkit.lag.backtest`: with segments, each has a panel as of the latest
        date, the largest first; else each date, the latest twelve. Or from
        :func:`funnelkit.forecast.backtest`; or a frame with ``method``, ``score``, and where they
        are known ``low``, ``high`` and ``measure``, the tested method first.
    measure
        Of forecasts: ``"crps"`` (default), ``"mase"``, ``"mae"`` or ``"pinball"``; of a frame one
        of its measures. Default: all of a frame.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Of rates the panels are its ``child_axes``, cohort ``k`` at ``k``; titled with the mean
        error in points, of the method and of the raw rate, over all dates. Of forecasts a row for
        each method; titled with how the tested one compares to the best of the others.

    Raises
    ------
    ArgumentError
        If an argument is something else.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> days = pd.date_range("2026-01-01", "2026-04-30").repeat(40)
    >>> lags = pd.Series(([3] * 4 + [12] * 4 + [None] * 32) * 120)
    >>> export = pd.DataFrame(
    ...     {"id": range(4800), "lead": days, "won": days + pd.to_timedelta(lags, "D")}
    ... )
    >>> leads = fk.from_frame(export, fk.Funnel(["lead", "won"], id="id"), as_of="2026-04-30")
    >>> ax = fk.plot.backtest(fk.lag.backtest(leads, "lead", "won", horizon=14))
    >>> ax.get_title(loc="left")
    'Predictions were off by 0.0 points on average, the rates so far by 5.1'
    """
    if not isinstance(tested, Backtest):
        if not isinstance(tested, ForecastBacktest) and not hasattr(tested, "columns"):
            raise ArgumentError(
                "`tested` must be what fk.lag.backtest returns, or fk.forecast.backtest; got "
                f"{type(tested).__name__}."
            )
        return scored.of_scores(tested, measure, ax)
    if measure is not None:
        raise ArgumentError(
            f"`measure` is for forecasts; of rates it must be None, not {measure!r}."
        )
    most = _MOST if ax is None else min(_MOST, room_for(*size_of(ax)))
    shown = _levels(tested, most)
    ticks, words = percent_ticks(shown.top)
    indent = max(measured(text, style.SMALL) for text in words) + 10
    grid = grid_of(max(len(shown.groups), 1), size_of(ax)[0] - indent, tall=progress.TALL)
    with sheet(ax, height=grid.height, indent=indent) as page:
        progress.draw_panels(page, shown, grid, (ticks, words))
        page.above += 4
        page.legend(progress.marks(page, shown))
        page.title(_title(tested))
        page.caption(_caption(tested, shown))
        lines = [_title(tested), _caption(tested, shown), tested.summary(), *levels.told(shown)]
        return page.finish(*lines)


def _levels(tested: Backtest, most: int) -> Levels:
    """Return the forecasts of the tested method as panels of cohorts."""
    told = [int(k) for k in np.flatnonzero(tested.told[:, 0])]
    latest = max((tested.dates[k] for k in told), default=tested.as_of)
    if tested.by:
        told = [k for k in told if tested.dates[k] == latest]
    panels: dict[object, list[int]] = {}
    for k in told:
        panels.setdefault(tested.segments[k] if tested.by else tested.dates[k], []).append(k)
    order = sorted(panels, key=lambda key: _rank(tested, key, panels))
    kept = order[:most] if tested.by else order[-most:]
    groups = [_group(tested, panels[key][-MOST_COHORTS:]) for key in kept]
    return Levels(
        rows=_rows(tested, tuple(group for group, _ in groups)),
        groups=tuple(group for group, _ in groups),
        means=(None,) * len(groups),
        known=tuple(known for _, known in groups),
        known_name=_CAME,
        left_out=len(order) - len(kept),
        earlier=0,
    )


def _rank(tested: Backtest, key: object, panels: dict[object, list[int]]) -> float:
    """Return the place of a panel: segments by their leads, dates in their order."""
    if tested.by:
        return -float(sum(tested.entered[k] for k in panels[key]))
    date: dt.date = tested.dates[panels[key][0]]
    return float(date.toordinal())


def _group(tested: Backtest, which: list[int]) -> tuple[Group, dict[str, float]]:
    points, known = [], {}
    for k in which:
        entered = int(tested.entered[k])
        label = period_label(tested.cohorts[k])
        points.append(
            Point(
                name=label,
                entered=entered,
                converted=int(tested.converted[k]),
                rate=float(tested.predicted[k, 0]) / entered,
                low=float(tested.low_count[k, 0]) / entered,
                high=float(tested.high_count[k, 0]) / entered,
                seen=float(tested.converted[k]) / entered,
                maturity=float(tested.maturity[k]),
                lacks="" if entered >= display.FEWEST else f"fewer than {display.FEWEST} leads",
            )
        )
        if entered >= display.FEWEST:
            known[label] = float(tested.actual[k]) / entered
    segment = tested.segments[which[0]]
    name = display.segment_name(segment) if tested.by else day_name(tested.dates[which[0]])
    return Group(points=tuple(points), name=name), known


def _rows(tested: Backtest, groups: tuple[Group, ...]) -> Rows:
    return Rows(
        groups=groups,
        start=display.one_line(tested.start),
        target=display.one_line(tested.target),
        expected="predicted",
        within=f" within {display.plural(tested.horizon, 'day')}",
        reference=None,
        level=tested.confidence_level,
        as_of=tested.as_of,
        cohorts=len(set(tested.cohorts)),
        segments=len(set(tested.segments)),
        left_out=0,
        history=(),
    )


def _title(tested: Backtest) -> str:
    """Return how far off the method was, and the raw rate."""
    errors = tested.scores().set_index("method")["mae_points"]
    mine, raw = f"{errors[tested.methods[0]]:.1f}", f"{errors[tested.raw]:.1f}"
    if tested.methods[0] == tested.raw:
        return f"The rates so far were off by {raw} points on average"
    if float(mine) >= float(raw):
        return f"No better than the rates so far: off by {mine} points on average, those by {raw}"
    return f"Predictions were off by {mine} points on average, the rates so far by {raw}"


def _caption(tested: Backtest, shown: Levels) -> str:
    """Return what is predicted, how often the intervals held, and what is not shown."""
    held = int(tested.covered[tested.told[:, 0], 0].sum())
    number = int(tested.told[:, 0].sum())
    text = (
        f"Share of those who entered {shown.rows.start} that reached {shown.rows.target}"
        f"{shown.rows.within}, predicted by the method \u201c{tested.methods[0]}\u201d; data "
        f"through {day_name(tested.as_of)}. {held} of {number} intervals "
        f"({display.percent(tested.confidence_level, decimals=0)}) held what came."
    )
    if tested.by:
        latest = max(tested.dates, default=tested.as_of)
        text += f" Shown: as of {day_name(latest)}."
    if shown.left_out:
        what = "smaller segment" if tested.by else "earlier date"
        text += f" {display.plural(shown.left_out, what)} not shown."
    return text
