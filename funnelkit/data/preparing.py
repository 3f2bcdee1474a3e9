"""What every reader does: check what it was told, open its sources, settle `as_of`."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, AssumptionWarning, DataError
from funnelkit.data import sources
from funnelkit.data.assembly import Rows
from funnelkit.data.columns import Filter, ReadingRules
from funnelkit.data.dating import LastDay, days_by_step, last_complete_day
from funnelkit.data.definition import Funnel
from funnelkit.data.parsing import DateRules
from funnelkit.data.records import BeforeRecording, Leads
from funnelkit.data.sources import Source

if TYPE_CHECKING:
    from ibis.backends import BaseBackend

    from funnelkit.data.simulate import Truth

Day = dt.date | str
Paths = str | Path | Sequence[str | Path]


def rules_of(
    funnel: Funnel,
    *,
    dates: tuple[str | Mapping[str, str] | None, bool | None],
    amounts: tuple[str | None, str | None],
    where: Filter | None,
    exclude: Filter | None,
) -> ReadingRules:
    """Return what a reader was told, checked.

    Raises
    ------
    ArgumentError
        For a funnel, filter, mark or date pattern that is none.
    """
    if not isinstance(funnel, Funnel):
        raise ArgumentError(f"`funnel` must be a Funnel; got {type(funnel).__name__}.")
    check_marks(*amounts)
    for argument, given in (("where", where), ("exclude", exclude)):
        blank = isinstance(given, Mapping) and any(
            value in ([], (), None) for value in given.values()
        )
        if blank or (given is not None and not isinstance(given, Mapping)):
            raise ArgumentError(
                f"`{argument}` must map a column to a value or values, such as "
                f'{{"region": ["north", "south"]}}; got {given!r}.'
            )
    return ReadingRules(
        dates=DateRules.of(funnel.timezone, dates[0], dayfirst=dates[1]),
        decimal=amounts[0],
        thousands=amounts[1],
        where=where or {},
        exclude=exclude or {},
    )


def check_marks(decimal: str | None, thousands: str | None) -> None:
    """Refuse marks in amounts that can be none.

    Raises
    ------
    ArgumentError
        If one is no single mark, or both are the same.
    """
    for argument, mark in (("decimal", decimal), ("thousands", thousands)):
        is_mark = isinstance(mark, str) and len(mark) == 1 and not mark.isalnum()
        if mark is not None and (not is_mark or mark in "+-\0"):
            raise ArgumentError(f"`{argument}` must be one mark, such as , or .; got {mark!r}.")
    if thousands is not None and thousands == (decimal or "."):
        raise ArgumentError(
            f"`thousands` and `decimal` must be two different marks; both are {thousands!r}."
        )


def each(join: Paths | None) -> list[str | Path]:
    """Return each joined path or pattern."""
    return [join] if isinstance(join, (str, Path)) else list(join or ())


def open_all(
    open_one: Callable[[Paths, str], Source], source: Paths, join: Sequence[str | Path]
) -> list[Source]:
    """Return each source, or the problems of all of them at once."""
    opened: list[Source] = []
    problems: list[str] = []
    for one, argument in [(source, "source"), *((other, "join") for other in join)]:
        try:
            opened.append(open_one(one, argument))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    return opened


def leads_of(
    engine: BaseBackend,
    rows: Rows,
    funnel: Funnel,
    *,
    as_of: Day | None,
    recorded_from: Day | None,
    before_recording: BeforeRecording,
    truth: Truth | None = None,
) -> Leads:
    """Return the leads of typed rows, with `as_of` found and said aloud where it is not given.

    Raises
    ------
    ArgumentError
        For a day or policy that is none.
    DataError
        If `as_of` is not given and no row has a date.
    """
    sources.release(engine)
    checks.one_of("before_recording", before_recording, ("left_out", "delayed_entry"))
    notes = list(rows.notes)
    found = None
    if as_of is None or "status" in rows.table.columns:
        found = _last_day(rows, funnel)
        rows = replace(rows, exported=None if found is None else found.as_of)
    if as_of is not None:
        end = checks.day("as_of", as_of)
    elif found is None:
        raise DataError(
            "no record has a date in any stage, so `as_of` cannot be found; give it, and check "
            "`columns`."
        )
    else:
        end = found.as_of
        assumed = _assumed(found)
        notes += assumed
        warnings.warn(" ".join(assumed), AssumptionWarning, stacklevel=3)
    if rows.zoned and funnel.timezone is None:
        notes.append(
            "Times carry an offset and the funnel has no `timezone`: days begin and end in UTC."
        )
    since = None if recorded_from is None else checks.day("recorded_from", recorded_from)
    return Leads(
        engine,
        rows,
        funnel,
        as_of=end,
        recorded_from=since,
        before_recording=before_recording,
        notes=notes,
        truth=truth,
    )


def _assumed(found: LastDay) -> list[str]:
    """Return what was decided about `as_of`."""
    assumed = [f"`as_of` was taken as {found.as_of.isoformat()}, {found.why}."]
    if found.far:
        verb = "was" if len(found.far) == 1 else "were"
        days = ", ".join(day.isoformat() for day in found.far[:5])
        number = display.plural(len(found.far), "day")
        assumed.append(f"{number} far beyond the rest {verb} not believed: {days}.")
    return assumed


def _last_day(rows: Rows, funnel: Funnel) -> LastDay | None:
    """Return the last complete day, or None where there is no date at all."""
    days = days_by_step(rows, funnel)
    if not days:
        return None
    return last_complete_day(
        [day for day, _, _ in days],
        [n for _, _, n in days],
        [step in rows.clocked for _, step, _ in days],
    )
