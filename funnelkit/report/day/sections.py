"""The sections of the daily page: the finding, the figures, who came, what was done and decided."""

from __future__ import annotations

from collections.abc import Mapping

from funnelkit._core import display
from funnelkit._core.dates import WEEKDAYS, day_name
from funnelkit.report.day.facts import WAITING, DayFacts
from funnelkit.report.page import changes, money, wording
from funnelkit.report.page.facts import SMALL, Missing
from funnelkit.report.page.markup import Html, el, prose
from funnelkit.report.page.section import Opening, Section, needs
from funnelkit.report.page.terms import capital, readable
from funnelkit.report.week.facts import Deal, Span
from funnelkit.report.week.sections.headline import against, card
from funnelkit.report.week.tabling import amount_of

_MOST = 6


def opening(facts: DayFacts) -> Opening:
    """Return the top of the page: new leads against that weekday, and wins."""
    span, terms = facts.span, facts.span.terms
    route = f"{capital(terms.label(terms.start))} to {terms.label(terms.target)}"
    return Opening(
        report=f"Daily report, {weekday(span)} {day_name(span.until)}",
        title=title_of(facts),
        about="Simulated data" if span.simulated else span.title or route,
        meta=(),
        story=(),
        reading=Html(""),
    )


def title_of(facts: DayFacts) -> str:
    """Return how many leads came, whether that is usual for the weekday, and what was won."""
    entries, span = facts.entries, facts.span
    counts = entries.stages[span.terms.start]
    some = capital(wording.some(counts[-1], f"new {span.lead[0]}", f"new {span.lead[1]}"))
    won = wording.some(entries.stages[span.terms.target][-1], span.terms.win, span.terms.wins)
    if sum(counts[:-1]) < SMALL:
        return f"{some} and {won}"
    change = against(entries, span.terms.start, span)
    way = {"up": "more than", "down": "fewer than", "unclear": "about as"}[change.direction]
    return f"{some}, {way} usual on a {weekday(span)}; {won}"


def weekday(span: Span) -> str:
    """Return the name of the day of the week."""
    return WEEKDAYS[span.until.weekday()].capitalize()


def figures(facts: DayFacts) -> Section:
    """Return the cards, and beside each other who came and what was done."""
    span = facts.span
    cards = [_card(facts, span.terms.start, f"New {span.lead[1]}"), _activities_card(facts)]
    if span.stage != span.terms.start:
        cards.append(_card(facts, span.stage, f"New {span.deal[1]}"))
    cards.append(_card(facts, span.terms.target, capital(span.terms.wins)))
    return Section(
        key="day",
        eyebrow="The day in figures",
        title=_waiting_told(facts),
        body=(el("div", cards, class_=f"cards cards-{len(cards)}"),),
    )


def details(facts: DayFacts) -> Section:
    """Return new leads by segment, activities by kind and deals that moved, side by side."""
    tables = [_segments(facts), _kinds(facts), _deals(facts)]
    return Section(
        key="details",
        eyebrow="Who came, what was done, what became of it",
        title=_most_told(facts),
        body=(el("div", tables, class_="thirds"), el("p", prose(_note(facts.span)), class_="note")),
    )


def _deals(facts: DayFacts) -> Html:
    """Return what was won, lost, put off or came into the pipeline, the largest first."""
    movement, span = facts.movement, facts.span
    moved = movement.of("won", "lost", "slipped", "created", "reopened")
    parts = []
    for name, words in (("won", "won"), ("lost", "lost"), ("created", "new")):
        number, value = movement.line(name)
        worth = f" ({money.brief(abs(value))})" if movement.money and number else ""
        parts.append(f"{display.count(number) if number else 'none'} {words}{worth}")
    caption = f"{capital(span.deal[1])}: {', '.join(parts)}"
    rows = {
        display.one_line(deal.id): (amount_of(deal), " and ".join(_done(deal)))
        for deal in moved[:_MOST]
    }
    if len(moved) > _MOST:
        caption += f"; the {_MOST} largest of {display.count(len(moved))} that moved"
    return _table(caption, rows or {"None": ("", "")}, ("Deal", "Amount", "What happened"))


def _done(deal: Deal) -> list[str]:
    """Return what happened to a deal, in a word each."""
    words = {"created": "new", "moved_on": "moved on", "brought_forward": "brought forward"}
    return [words.get(one, one) for one in deal.moves]


def terms(span: Span) -> list[tuple[str, str]]:
    """Return each term of the daily page with its meaning."""
    return [
        (f"New {span.lead[1]}", "First entries to the first stage on the day."),
        ("Usual", f"{_note(span)} Two counts differ clearly where chance is a poor account of it."),
        (
            "Waiting",
            f"New within {WAITING} days, still open, and without an activity on record.",
        ),
    ]


def _note(span: Span) -> str:
    return (
        f"Usual is the mean of the {weekday(span)}s before, at most 12. What is marked as clear "
        f"lies outside what chance allows at {span.level}."
    )


def _card(facts: DayFacts, step: str, name: str) -> Html:
    """Return the card of a stage beside the same weekday of the weeks before."""
    span, counts = facts.span, facts.entries.stages[step]
    earlier = counts[:-1]
    change = ("", "nothing to compare with")
    if earlier:
        usual = f"{display.expected(sum(earlier) / len(earlier))} usual on a {weekday(span)}"
        told = against(facts.entries, step, span)
        clear = told.clear and sum(earlier) >= SMALL
        change = ("", f"{usual}; {'clearly apart' if clear else 'no clear difference'}")
    return card(name, "on the day", display.count(counts[-1]), change=change)


def _activities_card(facts: DayFacts) -> Html:
    view, span = facts.activities, facts.span
    if isinstance(view, Missing):
        return card("Activities", "on the day", display.EN_DASH, change=("", "not in the data"))
    before, now = view.total
    told = changes.count_change(before, now, confidence_level=span.confidence_level)
    words = "a clear change" if told.clear and before >= SMALL else "no clear change"
    change = ("", f"{display.count(before)} a week before; {words}")
    return card("Activities", "on the day", display.count(now), change=change)


def _waiting_told(facts: DayFacts) -> str:
    """Return how many new leads wait for a first answer."""
    view, span = facts.waiting, facts.span
    if view is None:
        return "Who waits for a first answer is not in the data"
    if not view.untouched:
        return f"No new {span.lead[0]} of the last {WAITING} days waits for a first answer"
    wait = "waits" if view.untouched == 1 else "wait"
    days = "" if view.oldest is None else f", the longest for {wording.days(view.oldest)}"
    if view.oldest == 0:
        days = ", all of them from this day"
    return (
        f"{display.count(view.untouched)} of {display.count(view.entered)} new {span.lead[1]} of "
        f"the last {WAITING} days {wait} for a first answer{days}"
    )


def _most_told(facts: DayFacts) -> str:
    """Return where most of the day's leads came from."""
    entries, span = facts.entries, facts.span
    whole = entries.stages[span.terms.start][-1]
    if not whole:
        return f"No new {span.lead[1]} on the day"
    if not entries.segments or entries.column is None:
        return "Where they came from is not in the data"
    name, counts = max(entries.segments.items(), key=lambda one: one[1][-1])
    some = display.plural(whole, f"new {span.lead[0]}", f"new {span.lead[1]}")
    return f"{display.count(counts[-1])} of {some} came from {name}"


def _segments(facts: DayFacts) -> Html:
    entries, span = facts.entries, facts.span
    if not entries.segments or entries.column is None:
        return needs("It needs a column to split by: name one under `segments`.")
    weeks = len(entries.periods) - 1
    rows = {
        name: (
            display.count(counts[-1]),
            display.expected(sum(counts[:-1]) / weeks) if weeks else display.EN_DASH,
        )
        for name, counts in entries.segments.items()
    }
    return _table(
        f"New {span.lead[1]} by {readable(entries.column)}", rows, ("From", "Now", "Usual")
    )


def _kinds(facts: DayFacts) -> Html:
    view = facts.activities
    if isinstance(view, Missing):
        return needs(view.needs)
    rows = {
        name: (display.count(now), display.count(before))
        for name, (before, now) in view.kinds.items()
    }
    return _table(
        "Activities by kind", rows or {"None": ("0", "0")}, ("Kind", "Now", "Week before")
    )


def _table(name: str, rows: Mapping[str, tuple[str, str]], heads: tuple[str, str, str]) -> Html:
    return el(
        "table",
        el("caption", name),
        el("thead", el("tr", [el("th", head, scope="col") for head in heads])),
        el(
            "tbody",
            [
                el("tr", el("th", row, scope="row"), [el("td", cell) for cell in cells])
                for row, cells in rows.items()
            ],
        ),
        class_="data",
    )
