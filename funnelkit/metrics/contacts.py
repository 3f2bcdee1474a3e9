"""When each lead came and when it was first answered: from leads and activities, or plain columns.

Everything here is a moment to the microsecond, and none of it passes through a triangle of days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import Calendar, Unit
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit.data.definition import Funnel
from funnelkit.data.ledgers import Ledger
from funnelkit.data.records import Leads
from funnelkit.data.standing import group_names
from funnelkit.metrics.cells import Cells, cells
from funnelkit.metrics.plain import Times, chosen, frame_of, local_day, mixed, tidy, times
from funnelkit.metrics.working_hours import MINUTE, Moments, WorkingHours, elapsed, zone

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit._core.measure import FloatArray

Given = Leads | Ledger | Any
Bools = NDArray[np.bool_]
OUTBOUND = ("call", "email", "meeting", "message", "sms", "chat", "outgoing email")
"""Kinds of activities by which a lead is answered, unless others are named."""
_TIMES = ("created", "responded", "won", "lost")
_NO_TIME, _LATER = "no time of creation", "created after the last day"
_BEFORE = "answered before they were created"
_MICRO = np.timedelta64(1, "us")


@dataclass(frozen=True, kw_only=True)
class Contacts:
    """One row per lead: when it came, was answered, won and lost; and where it stands.

    Parameters
    ----------
    rows
        One row per lead that is kept: the segment columns, and ``record`` where it is known.
    created, responded, won, lost
        Moments of UTC in microseconds, shape ``(n,)``; ``NaT`` where it has not happened.
    by
        Segment columns.
    apart
        Those of them that are businesses of their own.
    end
        First moment that is no longer known.
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
        from dataclasses import replace

        moments = {name: getattr(self, name)[where] for name in _TIMES}
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


def contacts(
    records: Given,
    activities: Ledger | pd.DataFrame | None,
    *,
    columns: Mapping[str, str] | None,
    by: str | Sequence[str] | None,
    kinds: Sequence[str] | None,
    timezone: str | None,
    as_of: dt.date | str | None,
    answers: bool = True,
) -> Contacts:
    """Return when each lead came, was answered, won and lost.

    Parameters
    ----------
    records, activities, columns, by, kinds, timezone, as_of
        As in :func:`funnelkit.metrics.first_response`.
    answers
        Whether first answers are wanted; then leads that were answered before they came are set
        aside.

    Raises
    ------
    ArgumentError, DataError, EvidenceError
        If columns are missing, times cannot be read, or tell no time of day.
    """
    found = (
        _of_leads(records, columns, by, timezone, as_of, answers=answers)
        if isinstance(records, Leads)
        else _of_frame(records, columns, by, timezone, as_of)
    )
    if answers and found.by_day & {"created", "responded"}:
        raise _only_days("records", found.by_day & {"created", "responded"})
    if activities is not None and answers:
        found = _first_answers(found, activities, kinds)
    elif answers and "responded" not in found.told:
        raise ArgumentError(
            "nothing says when leads were answered: give `activities`, or a column `responded` "
            'such as columns={"responded": "first_reply_at"}.'
        )
    return _set_aside(found, answers=answers)


def touches_of(
    found: Contacts, activities: Any, kinds: Sequence[str] | None, *, default: Sequence[str]
) -> tuple[NDArray[np.int64], Moments, bool, tuple[str, ...]]:
    """Return the activities of the leads: position of the lead, moment, whether days only, notes.

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
    if "record" not in found.rows.columns:
        raise ArgumentError(
            "`records` needs a column `record`, the id that `activities` name; say which it is, "
            'such as columns={"record": "lead_id"}.'
        )
    rows = chosen(
        "activities", frame_of("activities", activities), None, needed=("at", "kind", "record")
    )
    moments = times("activities", "at", rows["at"], found.timezone)
    apart = (found.zoned and moments.unzoned) or (found.unzoned and moments.zoned)
    if apart and not found.zone_given:
        both = found.zoned + moments.zoned, found.unzoned + moments.unzoned
        raise DataError(mixed("activities", ["at", "created"], *both))
    words = rows["kind"].astype("string").fillna("").map(tidy)
    wanted = {tidy(kind) for kind in (default if kinds is None else kinds)}
    counts = words.value_counts()
    counts = counts.sort_index().sort_values(ascending=False, kind="stable")
    if kinds is not None and (odd := sorted(wanted - set(counts.index))):
        raise ArgumentError(
            f"`kinds`: no activity is of the kind {odd[0]!r}; there are "
            f"{display.listed([f'{name} {display.count(n)}' for name, n in counts.items()][:20])}."
        )
    counted = words.isin(wanted).to_numpy(dtype=bool)
    names = found.rows["record"].astype("string")
    place = {str(name): i for i, name in enumerate(names) if name is not None}
    ids = rows["record"].astype("string").str.strip()
    lead = np.array([place.get(str(name), -1) for name in ids], dtype=np.int64)
    blank = int((counted & ids.isna().to_numpy(dtype=bool)).sum())
    strange = int((counted & (lead < 0)).sum()) - blank
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
    return lead[use], moments.moments[use], moments.by_day, tuple(notes)


def _first_answers(found: Contacts, activities: Any, kinds: Sequence[str] | None) -> Contacts:
    """Return the leads with the first outbound activity of each as its answer."""
    from dataclasses import replace

    lead, at, by_day, notes = touches_of(found, activities, kinds, default=OUTBOUND)
    if by_day:
        raise _only_days("activities", {"at"})
    never = np.iinfo(np.int64).max
    first = np.full(len(found.rows), never)
    np.minimum.at(first, lead, at.astype("int64"))
    responded = np.where(first == never, np.datetime64("NaT"), first.astype("datetime64[us]"))
    return replace(found, responded=responded, notes=(*found.notes, *notes))


def _set_aside(found: Contacts, *, answers: bool) -> Contacts:
    blank = np.isnat(found.created)
    late = ~blank & (found.created >= found.end)
    early = ~blank & ~late & (found.responded < found.created)
    early = early if answers else np.zeros_like(early)
    aside = {_NO_TIME: blank, _LATER: late, _BEFORE: early}
    counts = {reason: int(where.sum()) for reason, where in aside.items()}
    return found.kept(~(blank | late | early), counts)


def _only_days(argument: str, names: Any) -> EvidenceError:
    told = display.listed([f"`{name}`" for name in sorted(names)])
    return EvidenceError(
        f"`{argument}`: {told} tell days only, and minutes cannot be told from days. Export them "
        "with the time of day."
    )


def clock_of(records: Any, timezone: str | None, hours: WorkingHours | None) -> str | None:
    """Return the zone of a frame's wall clock: as given, or that of business hours."""
    if timezone is not None or hours is None or isinstance(records, Leads):
        return timezone
    return hours.timezone


def _of_frame(
    records: Any,
    columns: Mapping[str, str] | None,
    by: str | Sequence[str] | None,
    timezone: str | None,
    as_of: dt.date | str | None,
) -> Contacts:
    frame = frame_of("records", records)
    names = (by,) if isinstance(by, str) else tuple(by or ())
    rows = chosen("records", frame, columns, needed=("created",), known=("record", *_TIMES))
    for name in names:
        checks.member("by", "column", name, [str(column) for column in frame.columns])
    clock = timezone or "UTC"
    zone("timezone", clock)
    read = {
        name: times("records", name, rows[name], clock) for name in _TIMES if name in rows.columns
    }
    _refuse_mixed(read)
    labels = frame.set_axis([str(name) for name in frame.columns], axis="columns")[list(names)]
    labels = labels.reset_index(drop=True)
    if "record" in rows.columns:
        _refuse_doubles(rows["record"])
        labels["record"] = rows["record"]
    nothing = np.full(len(rows), np.datetime64("NaT"), dtype="datetime64[us]")
    moments = {name: read[name].moments if name in read else nothing for name in _TIMES}
    end, notes = _end_of(moments, clock, as_of)
    for name in _TIMES[1:]:
        moments[name] = np.where(moments[name] < end, moments[name], np.datetime64("NaT"))
    if doubtful := sum(one.doubtful for one in read.values()):
        notes.append(
            f"{display.plural(doubtful, 'time')} of {clock} fall into an hour that came twice or "
            "not at all as clocks changed; the earlier one was taken."
        )
    return Contacts(
        rows=labels,
        **moments,
        by=names,
        apart=(),
        end=end,
        timezone=clock,
        calendar=Calendar(),
        told=frozenset(read),
        by_day=frozenset(name for name, one in read.items() if one.by_day),
        aside={},
        zoned=sum(one.zoned for one in read.values()),
        unzoned=sum(one.unzoned for one in read.values()),
        zone_given=timezone is not None,
        notes=tuple(notes),
    )


def _end_of(
    moments: Mapping[str, Moments], timezone: str, as_of: dt.date | str | None
) -> tuple[np.datetime64, list[str]]:
    """Return the first moment that is not known: after a day, or after the latest time there is."""
    import pandas as pd

    if as_of is not None:
        day = checks.day("as_of", as_of) + dt.timedelta(days=1)
        midnight = pd.Timestamp(day).tz_localize(
            timezone, ambiguous=True, nonexistent="shift_forward"
        )
        return np.datetime64(midnight.tz_convert("UTC").tz_localize(None), "us"), []
    every = np.concatenate([values[~np.isnat(values)] for values in moments.values()])
    if not len(every):
        raise EvidenceError("`records`: not one lead has a time; there is nothing to measure.")
    last = every.max()
    day_name = local_day(np.array([last]), timezone)[0].date().isoformat()
    return last + _MICRO, [f"Known up to the latest time in the table, on {day_name}."]


def _of_leads(
    leads: Leads,
    columns: Mapping[str, str] | None,
    by: str | Sequence[str] | None,
    timezone: str | None,
    as_of: dt.date | str | None,
    *,
    answers: bool,
) -> Contacts:
    funnel = leads.funnel
    for argument, unasked in (("timezone", timezone), ("as_of", as_of)):
        if unasked is not None:
            raise ArgumentError(
                f"`{argument}` is for frames; leads have their own "
                f"({funnel.timezone or 'UTC' if argument == 'timezone' else leads.as_of})."
            )
    given = dict(columns or {})
    for name in given:
        checks.member("columns", "column of ours", name, _TIMES)
    names, clock = group_names(funnel, by), funnel.timezone or "UTC"
    listed = leads.list(funnel.stages[0], start=funnel.stages[0])
    read = _kept_times(listed, funnel, given, clock)
    if "created" not in read and not answers:
        read["created"] = times("records", "created", listed[funnel.stages[0]], clock)
    if "created" not in read:
        raise ArgumentError(
            "leads keep the day on which they came, and minutes need the time: keep its column "
            'too, such as fk.Funnel([…], columns={"lead": "created_at"}, keep=["created_at"]), or '
            'name it, such as columns={"created": "created_at"}.'
        )
    _refuse_mixed(read)
    nothing = np.full(len(listed), np.datetime64("NaT"), dtype="datetime64[us]")
    moments = {name: read[name].moments if name in read else nothing for name in _TIMES}
    end, _ = _end_of({}, clock, leads.as_of)
    for name in _TIMES[1:]:
        moments[name] = np.where(moments[name] < end, moments[name], np.datetime64("NaT"))
    labels = listed[list(names)].reset_index(drop=True)
    labels["record"] = listed[funnel.id]
    return Contacts(
        rows=labels,
        **moments,
        by=names,
        apart=funnel.apart,
        end=end,
        timezone=clock,
        calendar=funnel.calendar,
        told=frozenset(read),
        by_day=frozenset(name for name, one in read.items() if one.by_day),
        aside={},
        zoned=sum(one.zoned for one in read.values()),
        unzoned=sum(one.unzoned for one in read.values()),
        zone_given=funnel.timezone is not None,
        notes=(),
    )


def _kept_times(
    listed: pd.DataFrame, funnel: Funnel, given: Mapping[str, str], clock: str
) -> dict[str, Times]:
    """Return the moments of listed leads: from kept columns with times, else their days."""
    import pandas as pd

    lost = pd.Series(pd.NaT, index=listed.index, dtype="datetime64[ns]")
    for exit_name in funnel.exits:
        lost = lost.fillna(listed[exit_name])
    days = {"won": listed[funnel.won], "lost": lost}
    own = {"created": funnel.column_of(funnel.stages[0]), "won": funnel.column_of(funnel.won)}
    read: dict[str, Times] = {}
    for name in _TIMES:
        if name in given:
            checks.member("columns", "kept column", given[name], funnel.keep)
        column = given.get(name) or own.get(name)
        if column is not None and column in funnel.keep and column not in funnel.steps:
            values = listed[column]
            if name in days:  # of an open deal, a close date is a plan
                values = values.where(days[name].notna())
            read[name] = times("records", column, values, clock)
        elif name in days:
            read[name] = times("records", name, days[name], clock)
    return read


def _refuse_mixed(read: Mapping[str, Times]) -> None:
    zoned = {name: one.zoned for name, one in read.items() if one.zoned}
    unzoned = {name: one.unzoned for name, one in read.items() if one.unzoned}
    if zoned and unzoned:
        names = [*zoned, *(name for name in unzoned if name not in zoned)]
        raise DataError(mixed("records", names, sum(zoned.values()), sum(unzoned.values())))


def _refuse_doubles(ids: pd.Series[Any]) -> None:
    again = int(ids.dropna().duplicated().sum())
    if again:
        raise DataError(
            f"`records` must hold one row per lead; {display.plural(again, 'row')} repeat a "
            "`record` of an earlier one. Keep one of each."
        )
