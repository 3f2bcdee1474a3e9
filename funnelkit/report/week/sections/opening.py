"""The top of the weekly page: the finding, what happened, what to talk about, the target."""

from __future__ import annotations

from decimal import Decimal

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.report.page import money
from funnelkit.report.page.facts import Missing
from funnelkit.report.page.markup import join
from funnelkit.report.page.section import Opening
from funnelkit.report.page.terms import capital
from funnelkit.report.week.facts import Deal, Movement, Span, WeekFacts
from funnelkit.report.week.moving import day_told
from funnelkit.report.week.sections import aimed
from funnelkit.report.week.tabling import counted

_KNOWN = {
    "archive": "exports kept on both days",
    "history": "the history of changes",
    "dates": "dates alone",
}
_FIRST = 3


def section(facts: WeekFacts) -> Opening:
    """Return the top of the page."""
    span, terms = facts.span, facts.span.terms
    route = f"{capital(terms.label(terms.start))} to {terms.label(terms.target)}"
    return Opening(
        report=f"Weekly pipeline report, {span.named()}",
        title=title_of(facts.movement, span),
        about="Simulated data" if span.simulated else span.title or route,
        meta=_meta(facts, route),
        story=(
            ("What happened", _happened(facts)),
            ("Talk about first", _first(facts)),
            ("Against the target", _against(facts)),
        ),
        reading=join(
            f"The pipeline is every open {span.deal[0]}, from {span.terms.label(span.stage)} on. "
            "Counts and amounts are exact; figures in brackets are ",
            f"{span.level} intervals: what they cover may be chance.",
        ),
    )


def title_of(movement: Movement, span: Span) -> str:
    """Return how the open pipeline moved, and what weighed most.

    Examples
    --------
    >>> import datetime as dt, pandas as pd
    >>> from funnelkit.report.page.terms import Terms
    >>> week = pd.Period("2026-06-22", "W-SUN")
    >>> span = Span(
    ...     period=week,
    ...     until=dt.date(2026, 6, 28),
    ...     terms=Terms("lead", "won", ("lead", "deal", "won"), ("lost",)),
    ...     stage="deal",
    ... )
    >>> rows = (("start", 3, Decimal(90)), ("won", 1, Decimal(-30)), ("end", 2, Decimal(60)))
    >>> moved = Movement(
    ...     known="archive",
    ...     start=span.eve,
    ...     end=span.until,
    ...     rows=rows,
    ...     moved=(),
    ...     standing=(),
    ...     money=True,
    ...     planned=True,
    ... )
    >>> title_of(moved, span).replace(display.NARROW_SPACE, " ")
    'Open pipeline down 33 % to 60; more was won than lost'
    """
    before, now = movement.line("start"), movement.line("end")
    place = 1 if movement.money else 0
    level = money.brief(now[1]) if movement.money else display.plural(now[0], *span.deal)
    left = {name: _weight(movement, name, place) for name in ("won", "lost", "slipped")}
    weighed = _weighed(left) if span.terms.exits else _won_alone(movement, span)
    if not before[0] and not now[0]:
        return f"No {span.deal[1]} in the pipeline; {weighed}"
    change = float(now[place] - before[place])
    if not before[place]:
        went = f"now at {level}"
    elif abs(change) < 0.005 * float(before[place]):
        went = f"unchanged at {level}"
    else:
        share = display.percent(abs(change) / float(before[place]), decimals=0)
        went = f"{'up' if change > 0 else 'down'} {share} to {level}"
    return f"Open pipeline {went}; {weighed}"


def _weight(movement: Movement, name: str, place: int) -> Decimal:
    """Return the value, or number, of what was won, lost or slipped."""
    if name == "slipped":
        deals = movement.of("slipped")
        return sum((deal.worth for deal in deals), Decimal(0)) if place else Decimal(len(deals))
    return abs(Decimal(movement.line(name)[place]))


def _won_alone(movement: Movement, span: Span) -> str:
    """Return what was won, where no way out is recorded."""
    number, _ = movement.line("won")
    return f"{display.count(number)} {span.terms.done}" if number else "nothing was won"


def _weighed(left: dict[str, Decimal]) -> str:
    won, lost, slipped = left["won"], left["lost"], left["slipped"]
    if not any(left.values()):
        return "nothing was won, lost or put off"
    if slipped > won and slipped > lost:
        return "more slipped than was won" if won else "nothing was won"
    if not won:
        return "nothing was won"
    if not lost:
        return "more was won than lost" if not slipped else "nothing was lost"
    if lost == won:
        return "as much was won as lost"
    return "more was lost than won" if lost > won else "more was won than lost"


def _meta(facts: WeekFacts, route: str) -> list[tuple[str, str]]:
    span, movement = facts.span, facts.movement
    return [
        ("Funnel", route),
        ("Week", span.named() + (", so far" if span.partial else "")),
        ("Data through", day_name(span.until)),
        ("The past is known from", _KNOWN[movement.known]),
        (f"Open {span.deal[1]}", display.count(len(movement.standing))),
    ]


def _happened(facts: WeekFacts) -> list[str]:
    movement, span = facts.movement, facts.span
    causes = [("won", "won"), ("lost", "lost"), ("created", "came in")]
    if not span.terms.exits:
        causes.pop(1)
    parts = [_part(movement, *one) for one in causes]
    told = [f"{capital(span.deal[1])}: {'; '.join(parts)}."]
    if slipped := movement.of("slipped"):
        worth = float(sum((deal.worth for deal in slipped), Decimal(0)))
        some = counted(len(slipped), worth if movement.money else None, span.deal, "slipped")
        told.append(f"{capital(some)}, to a later close date.")
    if movement.money:
        told += [_largest(movement.of("won"), "win"), _largest(movement.of("lost"), "loss")]
    told.append(day_told(movement, span))
    return [one for one in told if one]


def _part(movement: Movement, cause: str, words: str) -> str:
    """Return one line of the movement in words: ``10 won (359,564)``."""
    number, value = movement.line(cause)
    worth = f" ({money.brief(abs(value))})" if movement.money and number else ""
    return f"{display.count(number) if number else 'none'} {words}{worth}"


def _largest(deals: list[Deal], what: str) -> str:
    if not deals or not deals[0].worth:
        return ""
    deal = deals[0]
    account = f" of {display.one_line(deal.account)}" if deal.account else ""
    name = f"{display.one_line(deal.id)}{account}"
    return f"The largest {what} is {name}, {money.amount(deal.worth)}."


def _first(facts: WeekFacts) -> list[str]:
    if not facts.talk:
        return ["No open deal gives a reason: none is overdue, slipped, silent or too old."]
    return [
        f"{display.one_line(one.deal.id)}{_worth(one.deal)}: {one.reasons[0].words}."
        for one in facts.talk[:_FIRST]
    ]


def _worth(deal: Deal) -> str:
    return f" ({money.amount(deal.worth)})" if deal.worth else ""


def _against(facts: WeekFacts) -> list[str]:
    view = facts.ahead()
    if isinstance(view, Missing):
        return [view.needs]
    return [aimed.sentence(view, facts.span)]
