"""Leads that enter day by day, from a number per week or from a Series by period."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.sizing import asked

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Every = Literal["day", "week", "month"]
DAYS: dict[Every, float] = {"day": 1.0, "week": 7.0, "month": 365.2425 / 12}
LONGEST = 3653
"""Ten years: an inflow without an end is followed for so many days."""


def entered_by_day(
    inflow: float | pd.Series[Any], every: Every, start: dt.date, end: dt.date | None
) -> tuple[FloatArray, int | None]:
    """Return the leads entered by the end of each day from the start on, and the last day.

    Parameters
    ----------
    inflow
        Leads of all arms for each ``every``, or a Series of leads by period, spread evenly over
        the days of each.
    every
        What a number is for.
    start
        First day; what a Series has before it is left out.
    end
        Last day on which leads enter.

    Returns
    -------
    ndarray, int or None
        Shape ``(n_days,)``, counted from the start; and the last day of entry, counted from 0, or
        ``None`` where entry goes on.

    Raises
    ------
    ArgumentError
        If nothing enters, a count is negative, or a Series has no periods.
    """
    if end is not None and end < start:
        raise ArgumentError(
            f"`end` must not be before `start`, {start.isoformat()}; got {end.isoformat()}."
        )
    last = None if end is None else (end - start).days
    if not isinstance(inflow, (int, float)) and hasattr(inflow, "index"):
        by_day = _spread(inflow, start)
        if last is not None:
            by_day = by_day[: last + 1]
        if not by_day.sum() > 0:
            raise ArgumentError(
                f"`inflow` must hold leads on or after `start`, {start.isoformat()}; got none."
            )
        return np.cumsum(by_day), len(by_day) - 1
    each = asked.above("inflow", inflow) / DAYS[checks.one_of("every", every, tuple(DAYS))]
    days = LONGEST if last is None else last + 1
    return each * np.arange(1.0, days + 1), last


def _spread(inflow: pd.Series[Any], start: dt.date) -> FloatArray:
    """Return the leads of each day from the start on."""
    import pandas as pd

    if not isinstance(inflow.index, pd.PeriodIndex):
        raise ArgumentError(
            "`inflow` must be a number, or a Series indexed by period, such as "
            'leads.count("lead", every="week"); got an index of '
            f"{type(inflow.index).__name__}. A Series indexed by date becomes one by "
            '`.to_period("W")`.'
        )
    counts = pd.to_numeric(inflow, errors="coerce").to_numpy(float)
    if bad := np.flatnonzero(~(np.isfinite(counts) & (counts >= 0))).tolist():
        named = ", ".join(str(inflow.index[k]) for k in bad[:5])
        raise ArgumentError(
            f"`inflow` must hold numbers from 0 on; {display.plural(len(bad), 'period')} "
            f"{'does' if len(bad) == 1 else 'do'} not comply, such as {named}."
        )
    first = [(one - start).days for one in inflow.index.start_time.date]
    after = [(one - start).days + 1 for one in inflow.index.end_time.date]
    days = np.zeros(max([0, *after]))
    for low, high, count in zip(first, after, counts, strict=True):
        if high > 0:
            days[max(low, 0) : high] += count / (high - low)
    return days
