"""`as_of`: the last complete day, read off the events that really happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np
from numpy.typing import NDArray

from funnelkit._core.dates import earlier
from funnelkit.data.definition import Funnel

if TYPE_CHECKING:
    from funnelkit.data.assembly import Rows

_FEW_SHARE = 0.001
_FEW = 5
_FAR_DAYS = 120
_FAR_GAPS = 10
_MOST = 0.5


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


def days_by_step(rows: Rows, funnel: Funnel) -> list[tuple[dt.date, int, int]]:
    """Return (day, position of the step, events), sorted, over all rows; one scan."""
    table = rows.table
    if rows.form == "log":
        events = table.select("step", "day")
    else:
        steps = [
            table.select(step=ibis.literal(step, "int32"), day=table[f"day_{step}"])
            for step in range(len(funnel.steps))
        ]
        events = steps[0].union(*steps[1:])
    known = events.filter(events.day.notnull())
    counted = known.group_by("step", "day").aggregate(n=known.count()).execute()
    return sorted(
        (day.date() if isinstance(day, dt.datetime) else day, int(step), int(n))
        for step, day, n in counted.itertuples(index=False)
    )


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
        was probably made in the middle of it (unless most events stand on it, as after an
        import). At most five events, or one in a thousand, that lie beyond a gap of at least 120
        days, ten times the longest within the rest, are set aside.

    Examples
    --------
    >>> import datetime as dt
    >>> start = dt.date(2026, 1, 1)
    >>> days = [start + dt.timedelta(days=k) for k in range(100)] + [dt.date(2036, 1, 1)]
    >>> last_complete_day(days, [3] * 100 + [1], [False] * 101).as_of
    datetime.date(2026, 4, 10)
    """
    _, late = outlying_days(days, counts)
    believed = sorted(set(days) - set(late))
    latest = believed[-1]
    told = any(clock for day, clock in zip(days, clocked, strict=True) if day == latest)
    on_it = sum(n for day, n in zip(days, counts, strict=True) if day == latest)
    if told and on_it > _MOST * sum(counts):
        why = "the latest time, with most of all events on that day"
        return LastDay(as_of=latest, why=why, far=late)
    if told and len(believed) > 1:
        why = f"the day before the latest time ({latest.isoformat()}), which may be half a day"
        return LastDay(as_of=earlier(latest, 1), why=why, far=late)
    return LastDay(as_of=latest, why="the latest date that was reached", far=late)


def outlying_days(
    days: Sequence[dt.date], counts: Sequence[int]
) -> tuple[tuple[dt.date, ...], tuple[dt.date, ...]]:
    """Return the few days far before the rest, and those far beyond it.

    Examples
    --------
    >>> import datetime as dt
    >>> start = dt.date(2026, 1, 1)
    >>> days = [dt.date(1970, 1, 1)] + [start + dt.timedelta(days=k) for k in range(100)]
    >>> outlying_days(days, [1] * 101)
    ((datetime.date(1970, 1, 1),), ())
    """
    ordinals = np.array([day.toordinal() for day in days], dtype=np.int64)
    weight = np.asarray(counts, dtype=np.int64)
    late = _beyond(ordinals, weight)
    early = -_beyond(-ordinals, weight)[::-1]
    return (
        tuple(dt.date.fromordinal(int(day)) for day in early),
        tuple(dt.date.fromordinal(int(day)) for day in late),
    )


def _beyond(ordinals: NDArray[np.int64], weight: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the few days that lie far beyond the rest, in order."""
    distinct, where = np.unique(ordinals, return_inverse=True)
    of_day = np.bincount(where.ravel(), weights=weight, minlength=len(distinct))
    few, total = max(_FEW, int(_FEW_SHARE * weight.sum())), weight.sum()
    if total <= 4 * few or len(distinct) < 3:  # too little to judge
        return distinct[:0]
    up_to = of_day.cumsum()
    core = distinct[(up_to > few) & (total - up_to + of_day > few)]  # without a few at both ends
    usual = int(np.diff(core).max(initial=1))
    cut = len(distinct)
    for position in range(len(distinct) - 1, 0, -1):
        if total - up_to[position - 1] > few:
            break
        if distinct[position] - distinct[position - 1] >= max(_FAR_DAYS, _FAR_GAPS * usual):
            cut = position
    return distinct[cut:]
