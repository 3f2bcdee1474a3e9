"""Activities: what was done in the period, by kind and by person, and what was left alone."""

from __future__ import annotations

from collections.abc import Mapping

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.report.page import changes, wording
from funnelkit.report.page.facts import Missing
from funnelkit.report.page.markup import Html, el, prose
from funnelkit.report.page.section import DataTable, Section, needs
from funnelkit.report.page.terms import capital
from funnelkit.report.week.facts import Activities, Movement, Span, WeekFacts
from funnelkit.report.week.talking import SILENT

_EYEBROW = "Activities"


def section(facts: WeekFacts) -> Section:
    """Return the section of activities."""
    view, span = facts.activities, facts.span
    if isinstance(view, Missing):
        title = "What was done is not in the data"
        return Section(key="activities", eyebrow=_EYEBROW, title=title, body=(needs(view.needs),))
    return Section(
        key="activities",
        eyebrow=_EYEBROW,
        title=title_of(view, span),
        lead=_lead(view, facts.movement, span),
        body=(kinds_table(view),),
        tables=(people_table(view),) if view.people else (),
    )


def title_of(view: Activities, span: Span) -> str:
    """Return how much was done, and whether that is clearly more or less than before."""
    before, now = view.total
    some = wording.some(now, "activity", "activities")
    if not before:
        return f"{capital(some)}; none on record the week before"
    change = changes.count_change(before, now, confidence_level=span.confidence_level)
    if not change.clear:
        return f"{capital(some)}, no clear change on the week before"
    way = "more" if change.direction == "up" else "fewer"
    share = display.percent(abs(change.value), decimals=0)
    return f"{capital(some)}, {share} {way} than the week before"


def _lead(view: Activities, movement: Movement, span: Span) -> str:
    told = [view.note] if view.note else []
    if view.last is not None:
        quiet = silent(view, movement, span)
        whole = len(movement.standing)
        are = "is" if quiet == 1 else "are"
        told.append(
            f"{capital(wording.some(quiet, *span.deal))} of the {display.count(whole)} open {are} "
            f"without an activity for {wording.days(SILENT)}; activities are known from "
            f"{day_name(view.known_from)} on."
        )
    else:
        told.append(
            "Activities name no record, so deals that nobody touched cannot be told: name the "
            "column as `record` under `tables: activities: columns`."
        )
    if view.overdue:
        told.append(f"{display.plural(view.overdue, 'task')} past the day, and not done.")
    return " ".join(told)


def silent(view: Activities, movement: Movement, span: Span) -> int:
    """Return how many open deals nobody has touched for a while."""
    last = view.last or {}
    reach = (span.until - view.known_from).days
    number = 0
    for deal in movement.standing:
        done = last.get(deal.id)
        if done is not None:
            number += (span.until - done).days >= SILENT
        else:
            number += min(deal.age if deal.age is not None else reach, reach) >= SILENT
    return number


def kinds_table(view: Activities) -> Html:
    """Return the activities by kind, in sight."""
    rows = _rows(view.kinds, total=True)
    table = el(
        "table",
        el("caption", "Activities by kind", class_="unseen"),
        el("thead", el("tr", [el("th", name, scope="col") for name in _HEADS])),
        el("tbody", [
            el("tr", el("th", name, scope="row"), [el("td", prose(one)) for one in cells])
            for name, *cells in rows
        ]),
        class_="data card-table",
    )  # fmt: skip
    return el("div", table, class_="scroll", tabindex="0", role="region",
              aria_label="Activities by kind")  # fmt: skip


_HEADS = ("Kind", "Now", "A week before", "Difference")


def people_table(view: Activities) -> DataTable:
    """Return the activities by person."""
    return DataTable(
        "activities by person", "Activities by person", ("Person", *_HEADS[1:]), _rows(view.people)
    )


def _rows(counts: Mapping[str, tuple[int, int]], *, total: bool = False) -> list[list[str]]:
    named = dict(counts)
    if total and len(counts) > 1:
        before, now = (sum(one[k] for one in counts.values()) for k in (0, 1))
        named["All"] = (before, now)
    return [
        [name, display.count(now), display.count(before), display.signed(now - before, decimals=0)]
        for name, (before, now) in named.items()
    ]
