"""Leads and plain columns as moments of contact: each time read or refused, no lead lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.dates import Calendar
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit.data.definition import Funnel
from funnelkit.data.journeys import group_names
from funnelkit.data.ledgers import Ledger
from funnelkit.data.records import Leads
from funnelkit.metrics.plain import (
    Times,
    chosen,
    frame_of,
    local_day,
    mapping_of,
    mixed,
    names_of,
    times,
)
from funnelkit.metrics.response.contacts import MOMENTS, RECORD, Contacts, first_answers, only_days
from funnelkit.metrics.response.working_hours import Moments, WorkingHours, zone

if TYPE_CHECKING:
    import pandas as pd

_NO_TIME, _LATER = "no time of creation", "created after the last day"
_BEFORE = "answered before they were created"
_LAST_YEAR = 2199
_MICRO = np.timedelta64(1, "us")


def contacts(
    records: Any,
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
        raise only_days("records", found.by_day & {"created", "responded"})
    if activities is not None and answers:
        found = first_answers(found, activities, kinds)
    elif answers and "responded" not in found.told:
        raise ArgumentError(
            "nothing says when leads were answered: give `activities`, or a column `responded` "
            'such as columns={"responded": "first_reply_at"}.'
        )
    return _set_aside(found, answers=answers)


def _set_aside(found: Contacts, *, answers: bool) -> Contacts:
    blank = np.isnat(found.created)
    late = ~blank & (found.created >= found.end)
    early = ~blank & ~late & (found.responded < found.created)
    early = early if answers else np.zeros_like(early)
    aside = {_NO_TIME: blank, _LATER: late, _BEFORE: early}
    counts = {reason: int(where.sum()) for reason, where in aside.items()}
    return found.kept(~(blank | late | early), counts)


def clock_of(records: Any, timezone: str | None, hours: WorkingHours | None) -> str | None:
    """Return the zone of a frame's wall clock: as given, or that of business hours.

    Raises
    ------
    ArgumentError
        If these are none.
    """
    if hours is not None and not isinstance(hours, WorkingHours):
        raise ArgumentError(f"`hours` must be WorkingHours; got {hours!r}.")
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
    names = names_of("by", by)
    rows = chosen("records", frame, columns, needed=("created",), known=("record", *MOMENTS))
    for name in names:
        checks.member("by", "column", name, [str(column) for column in frame.columns])
    clock = timezone or "UTC"
    zone("timezone", clock)
    read = {
        name: times("records", name, rows[name], clock) for name in MOMENTS if name in rows.columns
    }
    _refuse_mixed(read)
    labels = frame.set_axis([str(name) for name in frame.columns], axis="columns")[list(names)]
    labels = labels.reset_index(drop=True)
    if "record" in rows.columns:
        _refuse_doubles(rows["record"])
        labels[RECORD] = rows["record"]
    nothing = np.full(len(rows), np.datetime64("NaT"), dtype="datetime64[us]")
    moments = {name: read[name].moments if name in read else nothing for name in MOMENTS}
    end, notes = _end_of(moments, clock, as_of)
    for name in MOMENTS[1:]:
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
        end_given=as_of is not None,
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
        last_day = checks.day("as_of", as_of)
        if last_day.year > _LAST_YEAR:
            raise ArgumentError(f"`as_of` must be a day that has come; got {last_day}.")
        day = last_day + dt.timedelta(days=1)
        midnight = pd.Timestamp(day).tz_localize(
            timezone, ambiguous=True, nonexistent="shift_forward"
        )
        return np.datetime64(midnight.tz_convert("UTC").tz_localize(None), "us"), []
    every = np.concatenate([values[~np.isnat(values)] for values in moments.values()])
    if not len(every):
        raise EvidenceError("`records`: not one lead has a time; there is nothing to measure.")
    last = every.max()
    day_name = local_day(np.array([last]), timezone)[0].date().isoformat()
    return last + _MICRO, [
        f"`as_of` was not given: known up to the latest time; of the leads' own that is {day_name}."
    ]


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
    given = mapping_of(columns)
    for name in given:
        checks.member("columns", "column of ours", name, MOMENTS)
    names, clock = group_names(funnel, names_of("by", by)), funnel.timezone or "UTC"
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
    moments = {name: read[name].moments if name in read else nothing for name in MOMENTS}
    end, _ = _end_of({}, clock, leads.as_of)
    for name in MOMENTS[1:]:
        moments[name] = np.where(moments[name] < end, moments[name], np.datetime64("NaT"))
    labels = listed[list(names)].reset_index(drop=True)
    labels[RECORD] = listed[funnel.id]
    return Contacts(
        rows=labels,
        **moments,
        by=names,
        apart=funnel.apart,
        end=end,
        end_given=True,
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
    for name in MOMENTS:
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
