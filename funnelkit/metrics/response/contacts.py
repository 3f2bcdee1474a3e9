"""When each lead came, when it was first answered and how often it was touched.

Everything here is a moment to the microsecond, and none of it passes through a triangle of days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import Calendar, Unit
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit.data.ledgers import as_ledger
from funnelkit.metrics.cells import Cells, cells
from funnelkit.metrics.people.activity_kinds import texts
from funnelkit.metrics.plain import local_day, mixed, names_of, tidy, times
from funnelkit.metrics.response.working_hours import MINUTE, Moments, WorkingHours, elapsed

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit._core.measure import FloatArray

Bools = NDArray[np.bool_]
OUTBOUND = ("call", "email", "meeting", "message", "sms", "chat", "outgoing email")
"""Kinds of activities by which a lead is answered, unless others are named."""
RECORD = "\0record"  # no column of data is called so
MOMENTS = ("created", "responded", "won", "lost")
_MICRO = np.timedelta64(1, "us")


@dataclass(frozen=True, kw_only=True)
class Contacts:
    """One row per lead: when it came, was answered, won and lost; and where it stands.

    Parameters
    ----------
    rows
        One row per lead that is kept: the segment columns, and its id, where it is known.
    created, responded, won, lost
        Moments of UTC in microseconds, shape ``(n,)``; ``NaT`` where it has not happened.
    by
        Segment columns.
    apart
        Those of them that are businesses of their own.
    end
        First moment that is no longer known.
    end_given
        Whether somebody said so; else it is right after the latest time there is.
    timezone
        Of the wall clock and of days.
    calendar
        Of periods.
    told
        Names of the moments that the source has a column for.
    by_day
        Names of those of which only the day is known; they stand at its beginning.
    aside
        Reason -> leads set aside.
    zoned, unzoned
        How many times of day come with an offset, and how many without one.
    zone_given
        Whether somebody said in which zone the latter are.
    notes
        What was found and decided.
    """

    rows: pd.DataFrame
    created: Moments
    responded: Moments
    won: Moments
    lost: Moments
    by: tuple[str, ...]
    apart: tuple[str, ...]
    end: np.datetime64
    end_given: bool
    timezone: str
    calendar: Calendar
    told: frozenset[str]
    by_day: frozenset[str]
    aside: Mapping[str, int]
    zoned: int
    unzoned: int
    zone_given: bool
    notes: tuple[str, ...]

    @property
    def as_of(self) -> dt.date:
        """Last day of which anything is known."""
        last: dt.date = local_day(np.array([self.end - _MICRO]), self.timezone)[0].date()
        return last

    @property
    def answered(self) -> Bools:
        """Whether each lead has been answered, shape ``(n,)``."""
        return ~np.isnat(self.responded)

    def kept(self, where: Bools, aside: Mapping[str, int]) -> Contacts:
        """Return some of the leads, and why the others are set aside."""
        moments = {name: getattr(self, name)[where] for name in MOMENTS}
        rows = self.rows[where].reset_index(drop=True)
        return replace(self, rows=rows, aside={**self.aside, **aside}, **moments)

    def minutes(self, start: Moments, end: Moments, hours: WorkingHours | None) -> FloatArray:
        """Return the minutes between moments, of the clock or of business hours."""
        return elapsed(start, end) if hours is None else hours.minutes_between(start, end)

    def later(self, minutes: float, hours: WorkingHours | None) -> Moments:
        """Return the moment so many minutes after each lead came, shape ``(n,)``."""
        if hours is not None:
            return hours.after(self.created, minutes)
        return np.asarray(self.created + np.timedelta64(round(minutes * MINUTE), "us"))

    def cells(self, every: Unit | None = None) -> Cells:
        """Return the cells of the leads, by segment and by period of creation."""
        days = None if every is None else local_day(self.created, self.timezone)
        return cells(self.rows, self.by, days=days, every=every, calendar=self.calendar)

    def told_aside(self) -> tuple[str, ...]:
        """Return how many leads were set aside and why, in a sentence, or nothing."""
        counted = {reason: number for reason, number in self.aside.items() if number}
        if not counted:
            return ()
        parts = [f"{display.count(number)} {reason}" for reason, number in counted.items()]
        return (f"Set aside: {display.listed(parts)}.",)


def touches_of(
    found: Contacts, activities: Any, kinds: Sequence[str] | None, *, default: Sequence[str]
) -> tuple[Contacts, NDArray[np.int64], Moments, bool]:
    """Return the leads, and their activities: position of the lead, moment, whether days only.

    Where nobody said up to when leads are known, the latest activity may move that on; what was
    left out stands in the notes.

    Parameters
    ----------
    found
        The leads.
    activities
        Ledger or frame with ``at``, ``kind`` and ``record``.
    kinds
        Kinds that count; ``None``: those of ``default``.
    default
        Kinds that count unasked.
    """
    if RECORD not in found.rows.columns:
        raise ArgumentError(
            "`records` needs a column `record`, the id that `activities` name; say which it is, "
            'such as columns={"record": "lead_id"}.'
        )
    rows = as_ledger("activities", activities, argument="activities").frame
    if "record" not in rows.columns:
        raise ArgumentError(
            "`activities` needs a column `record`, the id of the lead that each was for, such as "
            'fk.read_activities(…, columns={"record": "Contact ID"}).'
        )
    moments = times("activities", "at", rows["at"], found.timezone)
    apart = (found.zoned and moments.unzoned) or (found.unzoned and moments.zoned)
    if apart and not found.zone_given:
        both = found.zoned + moments.zoned, found.unzoned + moments.unzoned
        raise DataError(mixed("activities", ["at", "created"], *both))
    words = rows["kind"].astype("string").fillna("").map(tidy)
    wanted = {tidy(kind) for kind in (default if kinds is None else names_of("kinds", kinds))}
    counts = words.value_counts()
    counts = counts.sort_index().sort_values(ascending=False, kind="stable")
    if kinds is not None and (odd := sorted(wanted - set(counts.index))):
        raise ArgumentError(
            f"`kinds`: no activity is of the kind {odd[0]!r}; there are "
            f"{display.listed([f'{name} {display.count(n)}' for name, n in counts.items()][:20])}."
        )
    counted = words.isin(wanted).to_numpy(dtype=bool)
    place = {name: i for i, name in enumerate(texts(found.rows[RECORD])) if name is not None}
    ids = texts(rows["record"])
    lead = np.array([-1 if name is None else place.get(name, -1) for name in ids], dtype=np.int64)
    blank = int((counted & np.array([name is None for name in ids], dtype=bool)).sum())
    strange = int((counted & (lead < 0)).sum()) - blank
    latest = moments.moments[counted & (lead >= 0) & ~np.isnat(moments.moments)]
    if not found.end_given and len(latest):
        found = replace(found, end=max(found.end, latest.max() + _MICRO))
    known = ~np.isnat(moments.moments) & (moments.moments < found.end)
    use = counted & (lead >= 0) & known
    notes = []
    if other := [
        f"{display.one_line(str(n))} {display.count(c)}"
        for n, c in counts.items()
        if n not in wanted
    ]:
        notes.append(f"Kinds of activities that do not count: {display.listed(other[:8])}.")
    if blank or strange:
        notes.append(
            f"Of {display.plural(int(counted.sum()), 'activity', 'activities')} that count, "
            f"{display.count(blank)} name no record and {display.count(strange)} one that is not "
            "among these leads."
        )
    if late := int((counted & (lead >= 0) & ~known).sum()):
        notes.append(
            f"{display.plural(late, 'activity', 'activities')} after the last day or "
            "without a time are not counted."
        )
    found = replace(found, notes=(*found.notes, *notes))
    return found, lead[use], moments.moments[use], moments.by_day


def first_answers(found: Contacts, activities: Any, kinds: Sequence[str] | None) -> Contacts:
    """Return the leads with the first outbound activity of each as its answer."""
    found, lead, at, by_day = touches_of(found, activities, kinds, default=OUTBOUND)
    if by_day:
        raise only_days("activities", {"at"})
    never = np.iinfo(np.int64).max
    first = np.full(len(found.rows), never)
    np.minimum.at(first, lead, at.astype("int64"))
    responded = np.where(first == never, np.datetime64("NaT"), first.astype("datetime64[us]"))
    return replace(found, responded=responded)


def only_days(argument: str, names: Any) -> EvidenceError:
    """Return the error for columns of moments that tell days only."""
    told = display.listed([f"`{name}`" for name in sorted(names)])
    return EvidenceError(
        f"`{argument}`: {told} tell days only, and minutes cannot be told from days. Export them "
        "with the time of day."
    )
