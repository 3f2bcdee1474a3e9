"""Rules about days: after `as_of`, far from the rest, on one day, months that are not whole."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.dates import period_name
from funnelkit.data.dating import outlying_days
from funnelkit.data.finding import Finding, have, share_of
from funnelkit.data.survey import Survey

if TYPE_CHECKING:
    import pandas as pd

_SMALL = 20
_SMALL_SHARE = 0.25
_MISSING = 5
_BULK = 0.5
_MOST = 0.5
_TENTH = 0.1
_FAR_MORE = 5
_ENOUGH_DAYS = 10
_SEVERAL = 3
_WEEKS = 14
_GAPS = 3


def after_as_of(survey: Survey) -> Iterator[Finding]:
    """Days that lie in the future of `as_of`."""
    later = Counter[int]()
    for day, step, n in survey.days:
        if day > survey.as_of:
            later[step] += n
    if not later:
        return
    by_step = [f"`{survey.funnel.steps[k]}` {display.count(n)}" for k, n in sorted(later.items())]
    number, every = later.total(), sum(n for _, _, n in survey.days)
    most = number > _MOST * every
    yield Finding(
        rule="dates_after_as_of",
        severity="warning" if most else "note",
        count=number,
        share=share_of(number, every),
        what=f"{display.plural(number, 'date')} {'lies' if number == 1 else 'lie'} after "
        f"{survey.as_of.isoformat()}: {display.listed(by_step)}.",
        remedy="They have not happened yet as of that day, and are not used."
        + (" They are most of the data: is `as_of` right?" if most else ""),
    )


def look_ahead(survey: Survey) -> Iterator[Finding]:
    """Outcomes after `as_of` in an export that therefore knows more than that day did."""
    closing = (survey.stages[-1], *survey.exits)
    far = set(_outlying(survey)[1])
    later = {
        step: n
        for step in closing
        if (n := sum(
            n for day, k, n in survey.days if k == step and day > survey.as_of and day not in far
        ))
    }  # fmt: skip
    funnel = survey.funnel
    carried = [name for name in (funnel.value, funnel.owner, *funnel.segments) if name]
    if not later or not carried:
        return
    number = sum(later.values())
    all_closed = number + sum(
        n for day, k, n in survey.days if k in closing and day <= survey.as_of
    )
    outcomes = display.listed([f"`{funnel.steps[k]}` {display.count(n)}" for k, n in later.items()])
    shown = [f"`{name}`" for name in carried[:4]]
    if len(carried) > 4:
        shown = [*shown[:3], f"{len(carried) - 3} more columns"]
    yield Finding(
        rule="look_ahead",
        severity="note",
        count=number,
        share=share_of(number, all_closed),
        what=f"The export knows more than {survey.as_of.isoformat()} did: "
        f"{display.plural(number, 'outcome')} of later days ({outcomes}).",
        remedy=f"Dates are taken back to that day. {display.listed(shown)} "
        f"{'stands' if len(carried) == 1 else 'stand'} as exported"
        + (
            ", but for what the source has the history of"
            if survey.rows.changes is not None
            else ""
        )
        + ": a back-test must not learn from what was written after the outcome.",
    )


def data_end_early(survey: Survey) -> Iterator[Finding]:
    """An `as_of` long after anything happened: nobody was watching, or `as_of` is wrong."""
    days = sorted({day for day, _, _ in survey.days if day <= survey.as_of})
    if len(days) < _ENOUGH_DAYS:
        return
    gap = (survey.as_of - days[-1]).days
    usual = max((later - day).days for day, later in pairwise(days[len(days) // 10 :]))
    if gap > max(_WEEKS, _GAPS * usual):
        yield Finding(
            rule="data_end_early",
            severity="warning",
            count=gap,
            examples=(days[-1].isoformat(),),
            what=f"Nothing at all is recorded in the {display.plural(gap, 'day')} from "
            f"{days[-1].isoformat()} to `as_of`, {survey.as_of.isoformat()}.",
            remedy="If the export was made earlier, all leads look older and more hopeless than "
            f'they are: give as_of="{days[-1].isoformat()}".',
        )


def whole_years(survey: Survey) -> Iterator[Finding]:
    """Steps on the very day and month of the entry, in another year."""
    number = survey.whole_years
    expected = survey.totals["long"] / 365.25
    if number < _SEVERAL or number < expected + 4 * math.sqrt(expected) + 2:
        return
    yield Finding(
        rule="durations_whole_years",
        severity="warning",
        count=number,
        share=share_of(number, survey.totals["counted"]),
        examples=survey.examples("whole_years"),
        what=f"{have(number, 'record')} a later step on the day and month of the entry, in another "
        f"year; chance would give about {display.count(expected)}.",
        remedy="Wrong years look like this, and dates that a system filled in. Correct them, or "
        "leave them blank.",
    )


def far_dates(survey: Survey) -> Iterator[Finding]:
    """A few days far before, or far beyond, all others."""
    if not survey.days:
        return
    early, late = _outlying(survey)
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
    """Many records with one day of entry: the day of an import, not of the leads."""
    total = sum(survey.entries.values())
    if total < _SMALL:
        return
    most = sorted(survey.entries.items(), key=lambda pair: (-pair[1], pair[0]))
    day, number = most[0]
    stands_out = (
        len(most) >= _ENOUGH_DAYS
        and number >= max(_SMALL, _TENTH * total)
        and number >= _FAR_MORE * most[1][1]
    )
    if number > _BULK * total or stands_out:
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
    if _ended(survey):  # said by `data_end_early`
        return
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


def _ended(survey: Survey) -> bool:
    return next(data_end_early(survey), None) is not None


def _outlying(survey: Survey) -> tuple[tuple[dt.date, ...], tuple[dt.date, ...]]:
    return outlying_days([day for day, _, _ in survey.days], [n for _, _, n in survey.days])


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


RULES = (
    data_end_early,
    far_dates,
    whole_years,
    bulk_load,
    cohorts,
    after_as_of,
    look_ahead,
)
