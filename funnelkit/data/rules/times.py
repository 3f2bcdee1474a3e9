"""Rules about days: after `as_of`, far from the rest, and when recording began."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from statistics import median
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.dates import period_name
from funnelkit.data.dating import outlying_days
from funnelkit.data.finding import Finding, have, share_of, were
from funnelkit.data.survey import WINDOWS, Start, Survey

if TYPE_CHECKING:
    import pandas as pd

SURE = 5.0
"""Expected conversions of which not one came: chance gives that to fewer than 1 in 100."""

_SURE_LATER = 7.0
_SMALL = 20
_SMALL_SHARE = 0.25
_MISSING = 5
_BULK = 0.5


def after_as_of(survey: Survey) -> Iterator[Finding]:
    """Days that lie in the future of `as_of`."""
    later = Counter[int]()
    for day, step, n in survey.days:
        if day > survey.as_of:
            later[step] += n
    if not later:
        return
    by_step = [f"`{survey.funnel.steps[k]}` {display.count(n)}" for k, n in sorted(later.items())]
    number = later.total()
    yield Finding(
        rule="dates_after_as_of",
        severity="note",
        count=number,
        share=share_of(number, sum(n for _, _, n in survey.days)),
        what=f"{display.plural(number, 'date')} {'lies' if number == 1 else 'lie'} after "
        f"{survey.as_of.isoformat()}: {display.listed(by_step)}.",
        remedy="They have not happened yet as of that day, and are not used.",
    )


def far_dates(survey: Survey) -> Iterator[Finding]:
    """A few days far before, or far beyond, all others."""
    if not survey.days:
        return
    early, late = outlying_days([day for day, _, _ in survey.days], [n for _, _, n in survey.days])
    for days, where, fix in (
        (early, "before", "They count as they stand, in a cohort of their own"),
        (late, "beyond", "Those after `as_of` are not used, and `as_of` was not read off them"),
    ):
        if days:
            number = sum(n for day, _, n in survey.days if day in days)
            yield Finding(
                rule="dates_far_off",
                severity="warning",
                count=number,
                share=share_of(number, sum(n for _, _, n in survey.days)),
                examples=tuple(day.isoformat() for day in days[:5]),
                what=f"{display.plural(number, 'date')} {'lies' if number == 1 else 'lie'} far "
                f"{where} the rest.",
                remedy=f"{fix}. Typing errors and placeholders look like this: correct them, or "
                "leave them blank.",
            )


def bulk_load(survey: Survey) -> Iterator[Finding]:
    """Most records with one day of entry: the day of an import, not of the leads."""
    total = sum(survey.entries.values())
    if total < _SMALL:
        return
    day, number = max(survey.entries.items(), key=lambda pair: pair[1])
    if number > _BULK * total:
        yield Finding(
            rule="bulk_load",
            severity="warning",
            count=number,
            share=share_of(number, total),
            examples=(day.isoformat(),),
            what=f"{display.count(number)} of {display.plural(total, 'record')} entered on one "
            f"day, {day.isoformat()}: it looks like the day of an import.",
            remedy="Ages and cohorts from such a day mean nothing. Read the entry from the column "
            "that holds when the lead came.",
        )


def recording(survey: Survey) -> Iterator[Finding]:
    """Steps that are recorded only from a day on, long after the first entries."""
    funnel = survey.funnel
    late = [start for step in survey.begun if (start := _late_start(survey, step)) is not None]
    closing = {survey.stages[-1], *survey.exits}
    proposal = max((start.day for start in late if start.step in closing), default=None)
    cured = [start for start in late if proposal is not None and start.day <= proposal]
    if proposal is not None:
        before = sum(n for day, n in survey.entries.items() if day < proposal)
        yield Finding(
            rule="recorded_only_from",
            severity="warning",
            count=before,
            share=share_of(before, sum(survey.entries.values())),
            examples=(proposal.isoformat(),),
            what=" ".join(_silence(survey, start) for start in cured),
            remedy=f'Read with recorded_from="{proposal.isoformat()}": rates then leave out the '
            f"{display.plural(before, 'record')} that entered before"
            f"{_marked(survey, proposal)}. Without it, the early cohorts look falsely low.",
        )
    for start in late:
        if start not in cured:
            yield Finding(
                rule="recorded_only_from",
                severity="warning",
                count=start.early,
                share=share_of(start.early, sum(survey.entries.values())),
                examples=(start.day.isoformat(),),
                what=_silence(survey, start),
                remedy=f"Was `{funnel.steps[start.step]}` introduced then? Rates to it hold for "
                f'cohorts from {start.day.isoformat()} on; recorded_from="'
                f'{start.day.isoformat()}" keeps to them.',
            )


def recorded_from(survey: Survey) -> Iterator[Finding]:
    """What `recorded_from` leaves out."""
    since = survey.leads.recorded_from
    if since is None:
        return
    number = survey.left_out
    if survey.leads.before_recording == "left_out":
        what = (
            f"{were(number, 'record')} left out of rates, having entered before "
            f"{since.isoformat()} (`recorded_from`)."
        )
        remedy = f"As asked{_marked(survey, since)}."
    else:
        what = (
            f"{display.plural(number, 'record')} that entered before {since.isoformat()} "
            f"(`recorded_from`) {'counts' if number == 1 else 'count'} as observed from that day."
        )
        remedy = 'As asked (`before_recording="delayed_entry"`).'
    yield Finding(
        rule="recorded_from",
        severity="note",
        count=number,
        share=share_of(number, number + sum(survey.entries.values())),
        examples=(since.isoformat(),),
        what=what,
        remedy=remedy,
    )


def cohorts(survey: Survey) -> Iterator[Finding]:
    """A small first month, months cut short, months without an entry."""
    months = _months(survey)
    if len(months) < 2:
        return
    (first, number), *rest = months.items()
    if number < _SMALL and number < _SMALL_SHARE * median(n for _, n in rest):
        yield Finding(
            rule="first_cohort_small",
            severity="note",
            count=number,
            share=share_of(number, sum(months.values())),
            examples=(str(first),),
            what=f"The first cohort, {period_name(first)}, has {display.plural(number, 'record')}.",
            remedy="No rate can be read off it; it may be the tail of an earlier system.",
        )
    begins = min(survey.entries)
    gap, seen = (begins - first.start_time.date()).days, first.days_in_month
    if gap and gap / (seen - gap) * number >= _MISSING:
        yield _partial(first, f"entries begin on {begins.isoformat()}", number)
    last = survey.funnel.calendar.period(survey.as_of, "month")
    if last in months and survey.as_of < last.end_time.date():
        yield _partial(last, f"the data end on {survey.as_of.isoformat()}", months[last])
    yield from _gaps(survey, months, last)


def _gaps(survey: Survey, months: dict[pd.Period, int], last: pd.Period) -> Iterator[Finding]:
    first, final = min(months), max(months)
    between = [first + k for k in range((final - first).n + 1)]
    empty = [str(month) for month in between if month not in months]
    if empty:
        yield Finding(
            rule="months_empty",
            severity="warning",
            count=len(empty),
            share=share_of(len(empty), len(between)),
            examples=tuple(empty[:5]),
            what=f"No record entered in {display.plural(len(empty), 'month')} between "
            f"{period_name(first)} and {period_name(final)}.",
            remedy="Was nothing recorded, or is a part of the export missing?",
        )
    if (last - final).n > 1 or (last != final and survey.as_of == last.end_time.date()):
        ended = max(survey.entries)
        yield Finding(
            rule="entries_end",
            severity="warning",
            count=(survey.as_of - ended).days,
            examples=(ended.isoformat(),),
            what=f"No record entered after {ended.isoformat()}, while the data go on to "
            f"{survey.as_of.isoformat()}.",
            remedy="Is one export older than the other? Later cohorts are missing, not empty.",
        )


def zone(survey: Survey) -> Iterator[Finding]:
    """Times with an offset, and no zone in which a day begins."""
    if survey.rows.zoned and survey.funnel.timezone is None:
        yield Finding(
            rule="zone_unsaid",
            severity="warning",
            count=1,
            what="Times carry an offset and the funnel has no `timezone`: days begin and end in "
            "UTC.",
            remedy='Name the zone in which the team works, such as timezone="Europe/Berlin".',
        )


def reading(survey: Survey) -> Iterator[Finding]:
    """What was found and decided while reading."""
    for note in survey.leads.notes:
        said_elsewhere = "carry an offset" in note or "not believed" in note
        decided = note.startswith("`as_of` was taken")
        if said_elsewhere or (decided and survey.as_of.isoformat() not in note):
            continue
        yield Finding(
            rule="reading",
            severity="note",
            count=1,
            what=note,
            remedy="Give `as_of` to say it yourself." if decided else "Nothing to do.",
        )


def _late_start(survey: Survey, step: int) -> Start | None:
    """Return the shortest window in which silence before the first day is no chance."""
    for start in survey.starts:
        needed = SURE if start.window == WINDOWS[0] else _SURE_LATER
        if start.step == step and start.expected >= needed:
            return start
    return None


def _silence(survey: Survey, start: Start) -> str:
    return (
        f"`{survey.funnel.steps[start.step]}` is recorded only from {start.day.isoformat()} on, "
        f"although {have(start.early, 'record')} entered at least {start.window} days before, of "
        f"which about {display.count(start.expected)} should have reached it by then."
    )


def _partial(month: pd.Period, why: str, number: int) -> Finding:
    return Finding(
        rule="period_partial",
        severity="note",
        count=number,
        examples=(str(month),),
        what=f"{period_name(month)} is not whole: {why}.",
        remedy="Its counts are not comparable with those of whole months.",
    )


def _months(survey: Survey) -> dict[pd.Period, int]:
    counted = Counter[object]()
    for day, n in survey.entries.items():
        counted[survey.funnel.calendar.period(day, "month")] += n
    return dict(sorted(counted.items()))  # type: ignore[arg-type]


def _marked(survey: Survey, day: dt.date) -> str:
    """Return what becomes of the month that a day cuts in two."""
    if day.day == 1:
        return ""
    month = survey.funnel.calendar.period(day, "month")
    return f", and mark {period_name(month)} as partial"


RULES = (
    recording,
    far_dates,
    bulk_load,
    zone,
    cohorts,
    after_as_of,
    recorded_from,
    reading,
)
