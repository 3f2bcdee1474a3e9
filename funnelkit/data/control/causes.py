"""Why a control total may differ: each cause with a way to measure it, or why it has none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit.data.control import recount
from funnelkit.data.control.recount import Recipe, Recount

if TYPE_CHECKING:
    from funnelkit.data.records import Leads


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One way in which a CRM may count otherwise.

    Parameters
    ----------
    name
        What it is.
    steps
        Positions of the steps that it can move.
    records, day, rows
        What it changes in a recipe; one of the three.
    """

    name: str
    steps: frozenset[int]
    records: str | None = None
    day: str | None = None
    rows: bool = False

    def applied(self, recipe: Recipe) -> Recipe:
        """Return a recipe with this cause in it."""
        if self.rows:
            return replace(recipe, rows=True)
        if self.day is not None:
            return replace(recipe, day=self.day)
        return recipe.with_records(str(self.records))

    @property
    def shifts(self) -> bool:
        """Whether it moves every record to another day or drops many, rather than adding some."""
        return self.day is not None or self.records == recount.RECORDED


def causes(leads: Leads, counting: Recount) -> list[Cause]:
    """Return every cause that these leads can be measured for, the plainest first."""
    log = leads.rows.form == "log"
    again = "further entries of a record" if log else "rows that repeat an id"
    utc = f"days of UTC, not of {leads.funnel.timezone}"
    every = frozenset(counting.steps)
    found = [
        Cause(name=again, steps=every, rows=True),
        Cause(name=utc, steps=counting.has_utc, day=recount.UTC),
        *(
            Cause(name=f"records set aside: {why}", steps=every, records=f"{recount.ASIDE}{why}")
            for why in counting.reasons
        ),
        *_of_policies(leads, every),
        *_of_dates(leads, every, counting.kept_days),
    ]
    return [cause for cause in found if cause.steps]


def _of_policies(leads: Leads, every: frozenset[int]) -> Iterator[Cause]:
    """Yield what the funnel's policies and days leave out or take in."""
    funnel, n = leads.funnel, len(leads.funnel.stages)
    stages = frozenset(k for k in every if k < n)
    won, exits = every & {n - 1}, every - stages
    if funnel.skipped == "fill":
        yield Cause(name="stages that were skipped", steps=stages, records=recount.SKIPPED)
    if funnel.exits:
        yield Cause(name="wins that were reversed", steps=won, records=recount.REVERSED)
    yield Cause(name="exits that were reopened", steps=exits, records=recount.REOPENED)
    name = "records that begin at a later stage"
    yield Cause(name=name, steps=stages - won, records=recount.LATE)
    if leads.recorded_from is not None:
        name = f"records from before {leads.recorded_from.isoformat()}, left out"
        yield Cause(name=name, steps=every, records=recount.RECORDED)
    name = f"entries after {leads.as_of.isoformat()}"
    yield Cause(name=name, steps=every, records=recount.FUTURE)


def _of_dates(leads: Leads, every: frozenset[int], kept_days: tuple[str, ...]) -> Iterator[Cause]:
    """Yield the other days by which a record may be counted."""
    funnel, n = leads.funnel, len(leads.funnel.stages)
    stages = frozenset(k for k in every if k < n)
    if funnel.out_of_order == "clip":
        name = "days before those of an earlier stage, as recorded"
        yield Cause(name=name, steps=stages - {0}, day=recount.RAW)
    yield Cause(name="the last entry, not the first", steps=stages, day=recount.LAST)
    yield Cause(name="the first exit, not the last", steps=every - stages, day=recount.FIRST)
    for k, stage in enumerate(funnel.stages):
        yield Cause(name=f"the date of {stage}", steps=every - {k}, day=f"{recount.BY}{stage}")
    for column in kept_days:
        yield Cause(name=f"the date in {column}", steps=every, day=f"{recount.BY}{column}")


def unmeasured(leads: Leads, counting: Recount) -> list[str]:
    """Return the causes that these leads cannot be measured for, each with why."""
    said = []
    lacking = [step for step in counting.steps if step not in counting.has_utc]
    names = display.listed([leads.funnel.steps[step] for step in lacking])
    clocked = [step for step in lacking if step in leads.rows.clocked]
    if lacking and leads.funnel.timezone in (None, "UTC") and leads.rows.zoned:
        said.append(
            "another time zone: days are those of UTC, and no other zone is named (`timezone`)"
        )
    elif lacking and clocked:
        said.append(f"the time zone: the times of {names} came without an offset")
    elif lacking:
        said.append(f"the time zone: {names} came as days, without a time of day")
    aside: dict[str, int] = {}
    for reasons in leads.rows.set_aside:
        for reason, rows in reasons.items():
            aside[reason] = aside.get(reason, 0) + rows
    told = [f"{display.count(rows)} {reason}" for reason, rows in aside.items() if rows]
    if told:
        said.append(
            f"rows set aside while reading, whose dates are not kept ({display.listed(told)})"
        )
    return said
