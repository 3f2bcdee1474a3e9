"""`as_of`: the last complete day, read off the events that really happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_FEW_SHARE = 0.001
_FEW = 5
_FAR_DAYS = 120
_FAR_GAPS = 10


@dataclass(frozen=True, kw_only=True)
class LastDay:
    """The last complete day of a set of events.

    Parameters
    ----------
    as_of
        The day.
    why
        How it was found, as a sentence.
    far
        Days far beyond the rest, which were not believed.
    """

    as_of: dt.date
    why: str
    far: tuple[dt.date, ...]


def last_complete_day(
    days: Sequence[dt.date], counts: Sequence[int], clocked: Sequence[bool]
) -> LastDay:
    """Return the last complete day.

    Parameters
    ----------
    days, counts
        Days on which something happened, and how often; a day may repeat.
    clocked
        Whether the events of an entry tell a time of day.

    Returns
    -------
    LastDay
        The latest day if only dates stand on it; the day before if times do, since the export
        was probably made in the middle of it. At most five events, or one in a thousand, that lie
        beyond a gap of at least 120 days and ten times the longest other gap, are set aside.

    Examples
    --------
    >>> import datetime as dt
    >>> start = dt.date(2026, 1, 1)
    >>> days = [start + dt.timedelta(days=k) for k in range(100)] + [dt.date(2036, 1, 1)]
    >>> last_complete_day(days, [3] * 100 + [1], [False] * 101).as_of
    datetime.date(2026, 4, 10)
    """
    ordinals = np.array([day.toordinal() for day in days])
    weight = np.asarray(counts, dtype=np.int64)
    distinct = np.unique(ordinals)
    cut = _start_of_far(distinct, ordinals, weight)
    far = tuple(dt.date.fromordinal(int(day)) for day in distinct if cut is not None and day >= cut)
    believed = distinct[distinct < cut] if cut is not None else distinct
    latest = int(believed.max())
    on_latest = np.asarray(clocked)[ordinals == latest]
    day = dt.date.fromordinal(latest)
    if on_latest.any() and len(believed) > 1:
        why = f"the day before the latest time ({day.isoformat()}), which may be half a day"
        return LastDay(as_of=day - dt.timedelta(days=1), why=why, far=far)
    return LastDay(as_of=day, why="the latest date that was reached", far=far)


def _start_of_far(
    distinct: np.ndarray[tuple[int], np.dtype[np.int64]],
    ordinals: np.ndarray[tuple[int], np.dtype[np.int64]],
    weight: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> int | None:
    """Return the first day of the few that lie far beyond the rest, or None."""
    few = max(_FEW, int(_FEW_SHARE * weight.sum()))
    if weight.sum() <= 4 * few or len(distinct) < 3:  # too little to judge
        return None
    gaps = np.diff(distinct)
    for position in range(len(gaps) - 1, 0, -1):
        beyond = int(weight[ordinals > distinct[position]].sum())
        if beyond > few:
            return None
        usual = int(gaps[:position].max(initial=1))
        if gaps[position] >= max(_FAR_DAYS, _FAR_GAPS * usual):
            return int(distinct[position + 1])
    return None
