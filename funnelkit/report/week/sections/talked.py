"""The deals to talk about: which, why, how much they hold and how old they are."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from funnelkit._core import display
from funnelkit.report.page.markup import Html, Part, el
from funnelkit.report.page.section import Section
from funnelkit.report.page.terms import capital
from funnelkit.report.week.facts import TALKED, Deal, Talk, WeekFacts
from funnelkit.report.week.tabling import age_of, amount_of, deal_table, lines
from funnelkit.report.week.talking import SILENT

_EYEBROW = "Deals to talk about"


def section(facts: WeekFacts) -> Section:
    """Return the section of the deals to talk about."""
    span, talk = facts.span, facts.talk
    if not talk:
        return Section(
            key="talk",
            eyebrow=_EYEBROW,
            title=f"No open {span.deal[0]} stands out",
            lead="None is overdue, slipped, silent, lowered, or older than almost any ever won.",
        )
    shown = talk[:TALKED]
    chances = any(one.chance is not None for one in shown)
    return Section(
        key="talk",
        eyebrow=_EYEBROW,
        title=title_of(facts),
        lead=_lead(facts),
        body=(
            deal_table(
                [_row(one, chances=chances) for one in shown],
                heads=("Deal", "Amount", "Age", "Why"),
                label=f"{capital(span.deal[1])} to talk about, the largest first",
            ),
            _rest(len(talk) - len(shown)),
        ),
    )


def title_of(facts: WeekFacts) -> str:
    """Return how many deals give a reason, and how much of the pipeline they hold."""
    span, talk, movement = facts.span, facts.talk, facts.movement
    some = display.plural(len(talk), *span.deal)
    gives = "gives" if len(talk) == 1 else "give"
    whole = sum((deal.worth for deal in movement.standing), Decimal(0))
    held = sum((one.deal.worth for one in talk), Decimal(0))
    if movement.money and whole:
        share = display.percent(float(held / whole), decimals=0)
        return f"{some} {gives} a reason to talk, and hold {share} of the pipeline"
    part, of = display.count(len(talk)), display.plural(len(movement.standing), *span.deal)
    return f"{part} of {of} {gives} a reason to talk"


def _lead(facts: WeekFacts) -> str:
    """Return how often each reason is given."""
    told = Counter(reason.kind for one in facts.talk for reason in one.reasons)
    words = {
        "overdue": "past the planned close date",
        "slipped": "slipped in the week",
        "near": "to close within a week",
        "lowered": "lowered",
        "old": "older at their stage than almost any ever won",
        "silent": f"without an activity for {SILENT} days",
        "large": "among the largest",
    }
    parts = [f"{display.count(told[name])} {said}" for name, said in words.items() if told[name]]
    order = "The largest come first."
    if unpriced := facts.movement.unpriced:
        order = f"Those that came to be too old most recently come first, as {unpriced}."
    return f"{capital(display.listed(parts))}. {order}" if parts else order


def _row(one: Talk, *, chances: bool) -> tuple[Deal, str, str, Part]:
    """Return a deal, its amount, its age, the reasons and its chance."""
    told = [capital(reason.words) for reason in one.reasons]
    if chances and one.chance is not None:
        told.append(f"Chance of a win by stage and age: {display.chance(one.chance)}")
    return one.deal, amount_of(one.deal), age_of(one.deal.age), lines(told)


def _rest(rest: int) -> Html | None:
    if rest <= 0:
        return None
    return el("p", f"and {display.count(rest)} more in the workbook", class_="note")
