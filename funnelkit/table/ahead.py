"""Forecasts as tables: what each period may bring, and the chance of a target by each date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.forecast.goals import goals_of, prospect_of_targets
from funnelkit.forecast.prospect import Prospect, prospect_of
from funnelkit.table.grid import Column, Table

if TYPE_CHECKING:
    from funnelkit.forecast.prospect import Labels
    from funnelkit.forecast.result import Forecast


def forecast(
    forecast: Forecast,
    *,
    cumulative: bool = False,
    segment: Labels | None = None,
    levels: float | Sequence[float] = (0.8, 0.95),
) -> Table:
    """Return a forecast as rows: what is expected in each period, and its intervals.

    Parameters
    ----------
    forecast
        Any forecast of :mod:`funnelkit.forecast`.
    cumulative
        Whether periods are summed up from the first one to come.
    segment
        Series that are shown, summed: one label, one for each column, or a mapping from column to
        label. Default: all series together.
    levels
        One to three two-sided levels of intervals.

    Returns
    -------
    Table
        One row per period to come, in the unit of the forecast; what the running period holds so
        far has a column.

    Raises
    ------
    ArgumentError
        If an argument cannot be used, or the forecast has no period.

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
    ...     periods=pd.period_range("2018-06", periods=1, freq="M"),
    ...     draws=np.arange(43.0, 117.0).reshape(-1, 1, 1),
    ...     expected=np.array([[75.0]]),
    ...     gone=pd.period_range("2018-04", periods=2, freq="M"),
    ...     observed=np.array([[207.0, 122.0]]),
    ...     so_far=np.array([0.0]),
    ...     as_of=dt.date(2018, 5, 31),
    ...     method="an example",
    ...     reason="it is short",
    ...     n=2,
    ... )
    >>> fk.table.forecast(ahead, levels=0.95).rows
    (('2018-06', '75', '44 to 115'),)
    """
    shown = prospect_of(forecast, segment=segment, levels=levels, cumulative=cumulative, history=0)
    running = shown.so_far is not None
    rows = []
    for k, label in enumerate(shown.labels):
        so_far = []
        if running:
            so_far = [shown.bare(shown.so_far) if k == 0 and shown.so_far is not None else ""]
        ends = [shown.between(k, band) for band in shown.bands]
        rows.append((label, *so_far, shown.bare(float(shown.expected[k])), *ends))
    return Table(
        summary=f"{shown.finding()}.",
        columns=(
            Column("by the end of" if cumulative else "period", "left"),
            *([Column("so far")] if running else []),
            Column("expected"),
            *(Column(f"{band.percent} interval") for band in shown.bands),
        ),
        rows=tuple(rows),
        notes=_notes(shown),
    )


def attainment(
    forecast: Forecast,
    targets: float | Mapping[str, float],
    *,
    since: str | None = None,
    segment: Labels | None = None,
    level: float = 0.95,
) -> Table:
    """Return the sum that is expected by each date, its target, and the chance of reaching it.

    Parameters
    ----------
    forecast
        Any forecast of :mod:`funnelkit.forecast`; recurring revenue, which is a level, is not
        summed up.
    targets
        One sum for all dates, or sums by period, such as ``{"2026-12": 200}``.
    since
        First period gone by that counts, such as the first month of the year. Default: the sum
        begins with the first period to come.
    segment
        Series that are shown, summed: one label, one for each column, or a mapping from column to
        label. Default: all series together.
    level
        Two-sided level of the intervals.

    Returns
    -------
    Table
        One row per period with a target; the chance is a share of the draws.

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
    >>> row = fk.table.attainment(ahead, {"2018-07": 12}).rows[0]
    >>> [cell.replace(chr(0x202F), " ") for cell in row]
    ['2018-07', '12', '12', '9 to 17', '50 %']
    """
    shown = prospect_of_targets(forecast, segment=segment, levels=level, since=since)
    goals = goals_of(shown, targets)
    rows = tuple(
        (
            shown.labels[k],
            shown.plain_goal(goal),
            shown.bare(float(shown.expected[k])),
            shown.between(k, shown.widest),
            display.chance(shown.chance(goal, k)),
        )
        for k, goal in goals.items()
    )
    last = max(goals)
    chance = display.a_chance(shown.chance(goals[last], last))
    start = shown.gone[0] if shown.gone else shown.labels[0]
    summed = [f"Summed up since the start of {start}."] if shown.cumulative else []
    return Table(
        summary=f"About {shown.phrase(last)}: {shown.goal(goals[last])} has {chance}.",
        columns=(
            Column("by the end of" if shown.cumulative else "period", "left"),
            Column("target"),
            Column("expected"),
            Column(f"{shown.widest.percent} interval"),
            Column("chance of the target"),
        ),
        rows=rows,
        notes=(*summed, *_notes(shown)),
    )


def _notes(shown: Prospect) -> tuple[str, ...]:
    made = shown.forecast
    unit = (
        f" In {display.one_line(made.currency)}." if made.unit == "value" and made.currency else ""
    )
    text = (
        f"Known to {day_name(made.as_of)}. Intervals are of what will be counted. "
        f"Method: {display.one_line(made.method)}.{unit}"
    )
    return (text, *(display.one_line(note) for note in made.notes))
