"""Days to come, cut at the ends of civil months and at the horizons that are asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_FEWEST_DAYS, _MOST_DAYS = 365, 1826
"""Days to come that are told apart by month, at least and at most; later ones average out."""


class Window(NamedTuple):
    """Days to come in pieces, each within one month.

    Parameters
    ----------
    ends
        Days after ``as_of`` at which each piece ends, ascending; the last one is infinite.
    month
        Position of each piece's month among ``months``; -1 where it lies beyond them.
    months
        Months to come, the rest of the present one first.
    stops
        For each horizon, the piece at whose end it lies.
    """

    ends: FloatArray
    month: IntArray
    months: pd.PeriodIndex
    stops: IntArray


def horizons_of(horizon: int | Sequence[int] | None) -> tuple[int, ...]:
    """Return the horizons that are asked for, in days, ascending.

    Raises
    ------
    ArgumentError
        If one is not a whole number of at least 1, or there is none in the list.

    Examples
    --------
    >>> horizons_of([90, 30]), horizons_of(None)
    ((30, 90), ())
    """
    if horizon is None:
        return ()
    wanted = [horizon] if isinstance(horizon, (int, float, str)) else list(horizon)
    if not wanted:
        raise ArgumentError(
            "`horizon` must be days, or None for ever; got an empty list. Leave it out for ever."
        )
    return tuple(sorted({checks.positive_whole("horizon", days) for days in wanted}))


def window(as_of: dt.date, horizons: Sequence[int]) -> Window:
    """Return the days after ``as_of``, cut at ends of months and at the horizons.

    Parameters
    ----------
    as_of
        Last day that is known.
    horizons
        Days from there, ascending. A last horizon, for ever, is added.

    Examples
    --------
    >>> days = window(dt.date(2026, 1, 21), [30])
    >>> days.ends[:3].tolist(), days.month[:3].tolist(), str(days.months[0])
    ([10.0, 30.0, 38.0], [0, 1, 1], '2026-01')
    >>> days.ends[days.stops].tolist()
    [30.0, inf]
    """
    import pandas as pd

    apart = min(max(_FEWEST_DAYS, *horizons, 0), _MOST_DAYS)
    first, last = (pd.Period(as_of + dt.timedelta(days), freq="M") for days in (1, apart))
    months = pd.period_range(first, last, freq="M")
    closing = np.array([(month.end_time.date() - as_of).days for month in months], float)
    ends = np.array(sorted({*closing.tolist(), *map(float, horizons), np.inf}))
    position = np.searchsorted(closing, ends)
    return Window(
        ends=ends,
        month=np.where(position < len(months), position, -1),
        months=months,
        stops=np.searchsorted(ends, [*horizons, np.inf]),
    )
