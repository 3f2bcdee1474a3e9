"""The cards of the week: pipeline, won, lost, new, slipped, and the leads that came."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from funnelkit._core import display
from funnelkit.report.page import changes, money, wording
from funnelkit.report.page.charts.spark import Point, spark
from funnelkit.report.page.facts import SMALL
from funnelkit.report.page.markup import Html, el
from funnelkit.report.page.section import DataTable, Section
from funnelkit.report.page.terms import capital
from funnelkit.report.week.facts import Entries, Span, WeekFacts

_SHOWN = 6


def section(facts: WeekFacts) -> Section:
    """Return the cards of the week."""
    cards = [_pipeline(facts)]
    causes = ("won", "lost", "created") if facts.span.terms.exits else ("won", "created")
    cards += [_left(facts, name) for name in causes]
    if facts.movement.planned and facts.movement.known != "dates":
        cards.append(_slipped(facts))
    if facts.span.stage != facts.span.terms.start:
        cards.append(_leads(facts))
    number = len(cards) if len(cards) <= 4 else 3
    return Section(
        key="headline",
        eyebrow="The week in figures",
        title=title_of(facts),
        body=(el("div", cards, class_=f"cards cards-{number}"),),
        tables=(_table(facts),),
    )


def title_of(facts: WeekFacts) -> str:
    """Return whether wins and new leads differ clearly from the weeks before."""
    entries, span = facts.entries, facts.span
    if len(entries.periods) < 2:
        return "This week stands alone: there is nothing yet to compare it with"
    start, won = span.terms.start, span.terms.target
    parts = []
    for step, words in ((won, span.terms.wins), (start, f"new {span.lead[1]}")):
        change = against(entries, step, span)
        way = {"up": "more", "down": "fewer", "unclear": "no clear change in"}[change.direction]
        parts.append(f"{way} {words}")
    if parts[0].startswith("no clear") and parts[1].startswith("no clear"):
        return (
            f"No clear change in {span.terms.wins} or new {span.lead[1]} on the "
            f"{len(entries.periods) - 1} weeks before"
        )
    return f"{capital('; '.join(parts))}, against the {len(entries.periods) - 1} weeks before"


def against(entries: Entries, step: str, span: Span) -> changes.Change:
    """Return this week's count against a mean week of those before, with chance in both."""
    *earlier, now = entries.stages[step]
    weeks = len(earlier)
    exact = changes.count_change(sum(earlier), now, confidence_level=span.confidence_level)
    value, low, high = (weeks * (1 + end) - 1 for end in (exact.value, exact.low, exact.high))
    return changes.Change(value, low, high, "ratio")


def card(
    name: str, about: str, value: str, *, ends: str = "", size: str = "",
    change: tuple[str, str] = ("", ""), picture: Html | None = None,
) -> Html:  # fmt: skip
    """Return one card: its figure, what it is of, and how it stands to the weeks before."""
    figure, allows = change
    return el(
        "article",
        el("h3", name),
        el("p", about, class_="about"),
        el("p", value, class_="value"),
        el("p", ends, class_="ends") if ends else None,
        el("p", size, class_="size") if size else None,
        el("p", el("b", figure, " ") if figure else None, allows, class_="change")
        if figure or allows
        else None,
        picture,
        class_="card",
    )


def _pipeline(facts: WeekFacts) -> Html:
    movement, span = facts.movement, facts.span
    before, now = movement.line("start"), movement.line("end")
    if not movement.money:
        change = display.signed(now[0] - before[0], decimals=0)
        return card(
            "Open pipeline",
            f"{span.deal[1]}, at the end of the week",
            display.count(now[0]),
            size=movement.unpriced,
            change=(change, f"on the eve of the week, {display.count(before[0])}"),
        )
    change = display.signed(float(now[1] - before[1]), decimals=0)
    return card(
        "Open pipeline",
        "at the end of the week",
        money.brief(now[1]),
        size=f"n = {display.plural(now[0], *span.deal)}",
        change=(change, f"on the eve of the week, {money.brief(before[1])}"),
    )


def _left(facts: WeekFacts, cause: str) -> Html:
    """Return the card of what was won, lost, or is new."""
    movement, span = facts.movement, facts.span
    number, value = movement.line(cause)
    name = {"won": "Won", "lost": "Lost", "created": f"New {span.deal[1]}"}[cause]
    step = {"won": span.terms.target, "created": span.stage}.get(cause)
    money_told = movement.money and number > 0
    shown = money.brief(abs(value)) if movement.money else display.count(number)
    return card(
        name,
        "in the week",
        shown,
        size=f"n = {display.plural(number, *span.deal)}" if money_told else "",
        change=_change(facts, step),
        picture=_picture(facts.entries, step, name),
    )


def _slipped(facts: WeekFacts) -> Html:
    movement, span = facts.movement, facts.span
    deals = movement.of("slipped")
    worth = sum((deal.worth for deal in deals), Decimal(0))
    shown = money.brief(worth) if movement.money else display.count(len(deals))
    forward = len(movement.of("brought_forward"))
    return card(
        "Slipped",
        "to a later close date in the week",
        shown,
        size=f"n = {display.plural(len(deals), *span.deal)}",
        change=("", f"{wording.some(forward, *span.deal)} brought forward"),
    )


def _leads(facts: WeekFacts) -> Html:
    span, start = facts.span, facts.span.terms.start
    counts = facts.entries.stages[start]
    return card(
        f"New {span.lead[1]}",
        "in the week",
        display.count(counts[-1]),
        change=_change(facts, start),
        picture=_picture(facts.entries, start, f"New {span.lead[1]}"),
    )


def _change(facts: WeekFacts, step: str | None) -> tuple[str, str]:
    """Return the number beside the mean of the weeks before, and what that allows."""
    entries = facts.entries
    if step is None or len(entries.periods) < 2:
        return ("", "")
    counts = entries.stages[step]
    earlier = counts[:-1]
    usual = sum(earlier) / len(earlier)
    change = against(entries, step, facts.span)
    about = f"on {display.expected(usual)} a week in the {len(earlier)} before"
    figure = display.signed(counts[-1] - usual, decimals=0)
    if sum(earlier) < SMALL:
        return figure, about
    if change.clear:
        return figure, f"{about}; clear {wording.ratio_range(change)}"
    return figure, f"{about}; no clear change {wording.ratio_range(change)}"


def _picture(entries: Entries, step: str | None, name: str) -> Html | None:
    if step is None or len(entries.periods) < 2:
        return None
    counts = entries.stages[step][-_SHOWN:]
    weeks = [short(one.start_time.date()) for one in entries.periods[-_SHOWN:]]
    points = [Point(week, float(n)) for week, n in zip(weeks, counts, strict=True)]
    values = ", ".join(f"{week} {n}" for week, n in zip(weeks, counts, strict=True))
    return spark(points, label=f"{name} by week: {values}.")


def short(day: dt.date) -> str:
    """Return the ISO week of a day as a small chart writes it.

    Examples
    --------
    >>> import datetime as dt
    >>> short(dt.date(2026, 6, 22))
    'W26'
    """
    return f"W{(day + dt.timedelta(days=3)).isocalendar()[1]:02d}"


def _table(facts: WeekFacts) -> DataTable:
    entries, span = facts.entries, facts.span
    steps = list(entries.stages)
    rows = [
        [one.start_time.date().isoformat(), *(display.count(entries.stages[s][k]) for s in steps)]
        for k, one in enumerate(entries.periods)
    ]
    names = [capital(span.terms.label(step)) for step in steps]
    return DataTable(
        "entries by week",
        "First entries to each stage by week, of as many days as are known of the last one",
        ("Week from", *names),
        rows,
    )
