"""The plan on one page: eight figures, and what would have to be true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import period_name
from funnelkit.plan import Board
from funnelkit.plan.one_page.truths import Truth
from funnelkit.report.page.markup import Html, Part, el, join, prose
from funnelkit.report.page.section import Section
from funnelkit.report.planning.cells import open_table
from funnelkit.report.planning.facts import PlanFacts

_TOPICS = {
    "leads": "Leads a month",
    "rate": "Won of them",
    "size": "Worth of a deal",
    "months": "Months to the win",
}


@dataclass(frozen=True)
class Card:
    """One figure: its name, what it is of, and what it allows; with a unit before or after."""

    name: str
    about: str
    figure: str
    words: str
    before: str = ""
    after: str = ""


def section(facts: PlanFacts) -> Section:
    """Return the figures that a board asks for, and what they hang on."""
    board = facts.board
    return Section(
        key="board",
        eyebrow="On one page",
        title=_title(board),
        lead=" ".join((_goal(board), _sure(board))),
        body=(
            el("div", [_html(one) for one in cards(board)], class_="cards cards-4"),
            el("h3", "What would have to be true"),
            *_truths(board),
        ),
    )


def _title(board: Board) -> str:
    parts = [display.plural(board.leads, "lead")]
    if board.staff is not None:
        parts.append(display.plural(board.staff.at_end, "person", "people"))
    if np.isfinite(board.cost):
        parts.append(board.outlook.short_paid(board.cost))
    return f"What it takes: {display.listed(parts)}"


def _goal(board: Board) -> str:
    """Return what is there of the goal, and what of it can no longer come in time."""
    shown, plan = board.outlook, board.outlook.plan
    text = f"The goal is {shown.number(board.goal)} of {display.one_line(plan.targets.what)}"
    there = float(plan.in_flight.sum())
    if there > 0:
        share = there / max(board.goal, 1e-12)
        text += f", of which {display.percent(share, decimals=0)} are in flight today"
    text += "."
    late = np.flatnonzero(np.asarray(plan.shortfall) > 0)
    if len(late):
        months = [period_name(plan.periods[int(k)]) for k in late]
        span = months[0] if len(months) == 1 else f"{months[0]} to {months[-1]}"
        short = float(np.asarray(plan.shortfall).max())
        text += (
            f" Up to {shown.number(short)} due in {span} can no longer come in time: its leads "
            "would have had to arrive already."
        )
    if plan.missing > 0:
        text += f" {shown.number(plan.missing)} cannot come in these months at all."
    return text


def _sure(board: Board) -> str:
    """Return how sure the goal is, and how sure the plan of a calculator would be."""
    shown = board.outlook
    text = f"It is reached in {display.chance(board.hit_by_leads)} of all that may be"
    if abs(board.hit_by_leads - shown.plan.probability) > 0.015:
        asked = display.percent(shown.plan.probability, decimals=0)
        text += f", where {asked} was asked"
        if shown.plan.missing > 0:
            text += f" and holds for {shown.meant}"
    if board.people_limit:
        text += f", as far as leads go, and with these people in {display.chance(board.hit)}"
    mean = next((one for one in shown.options() if one.name == "mean"), None)
    if mean is not None and 0 < mean.leads.sum() < board.leads:
        of = "of these " if shown.plan.missing > 0 else ""
        text += (
            f". On average rates {display.count(mean.leads.sum())} leads would seem enough; their "
            f"true chance {of}is {display.chance(mean.chance)}"
        )
    return f"{text}."


def cards(board: Board) -> list[Card]:
    """Return the figures that a board asks for, those that are known."""
    shown, plan = board.outlook, board.outlook.plan
    low, high = shown.whole_band
    unit = (shown.currency or "") if shown.money else ""
    noun = "" if shown.money else "deals"
    of = f"of {display.one_line(plan.targets.what)}"
    asked = f"asked: {display.percent(plan.probability, decimals=0)}"
    found = [
        Card("Goal", shown.span, shown.brief(board.goal), of, before=unit, after=noun),
        Card(
            "Expected",
            f"{shown.percent} interval",
            shown.brief(board.expected),
            f"{shown.brief(low)} to {shown.brief(high)}",
            before=unit,
            after=noun,
        ),
        Card("Chance", asked, _chance(board.hit), _alone(board)),
        Card("Leads", _channels(board), display.count(board.leads), _a_month(board)),
    ]
    if board.staff is not None:
        hires = display.plural(round(board.staff.hires), "hire")
        words = f"{display.count(board.staff.at_start)} at the start; {hires}"
        found.append(Card("People", "at the end", display.count(board.staff.at_end), words))
    return [*found, *_money_cards(board)]


def _money_cards(board: Board) -> list[Card]:
    found: list[Card] = []
    currency = board.outlook.currency or ""
    if np.isfinite(board.cost):
        parts = [
            f"{name} {display.brief(one)}"
            for name, one in (("leads", board.lead_cost), ("people", board.people_cost))
            if np.isfinite(one)
        ]
        cost = display.brief(board.cost)
        found.append(
            Card("Total cost", f"of {board.covers}", cost, "; ".join(parts), before=currency)
        )
    if np.isfinite(board.cac):
        cac = display.brief(board.cac)
        found.append(Card("CAC", "cost / deals expected", cac, _deals(board), before=currency))
    if np.isfinite(board.payback):
        on = "revenue" if board.margin is None else "margin"
        months = display.expected(board.payback)
        span = f"a deal's value is {board.contract_months:g} months of revenue"
        if board.contract_months == 1:
            span = "a deal's value is a month of revenue"
        found.append(Card("Payback", f"CAC / {on} of a month", months, span, after="months"))
    return found


def _alone(board: Board) -> str:
    if board.people_limit:
        return f"{_chance(board.hit_by_leads)} if people were no limit"
    return "with all that is in doubt" if board.staff is None else "people included"


def _chance(hit: float) -> str:
    return display.chance(hit).replace("less than ", "< ").replace("more than ", "> ")


def _channels(board: Board) -> str:
    used = int((board.outlook.leads.sum(axis=1) > 0).sum())
    return f"from {display.plural(used, 'channel')}"


def _a_month(board: Board) -> str:
    by_month = board.outlook.leads.sum(axis=0)
    busy = by_month[by_month > 0]
    if not len(busy):
        return "none is needed"
    return f"{display.count(busy.mean())} a month, at most {display.count(busy.max())}"


def _deals(board: Board) -> str:
    return f"{display.expected(board.deals)} deals from all sources"


def _html(card: Card) -> Html:
    return el(
        "article",
        el("h3", card.name),
        el("p", card.about, class_="about"),
        el(
            "p",
            el("span", f"{card.before} ", class_="unit") if card.before else None,
            card.figure,
            el("span", f" {card.after}", class_="unit") if card.after else None,
            class_="value",
        ),
        el("p", card.words, class_="ends"),
        class_="card",
    )


def _truths(board: Board) -> list[Part]:
    """Return what would have to be true: of the whole as a list, of the channels as a table."""
    truths = board.truths
    whole = [one for one in truths if not one.channel]
    found: list[Part] = [el("ul", [el("li", prose(_said(one))) for one in whole], class_="alerts")]
    channels = list(dict.fromkeys(one.channel for one in truths if one.channel))
    topics = [
        topic for topic in _TOPICS if any(one.topic == topic and one.channel for one in truths)
    ]
    if not channels:
        return found
    told = {(one.channel, one.topic): one for one in truths}
    limits = any(told[name, "rate"].limit for name in channels)
    heads = [
        "Channel",
        *(_TOPICS[topic] for topic in topics),
        *(["Even odds at"] if limits else []),
    ]
    rows = [
        [
            name,
            *(_figure(told.get((name, topic))) for topic in topics),
            *([told[name, "rate"].limit or display.EN_DASH] if limits else []),
        ]
        for name in channels
    ]
    table = open_table(heads, rows, label="What would have to be true of each channel")
    return [*found, table, el("p", prose(_note(board, limits=limits)), class_="note")]


def _said(one: Truth) -> str:
    text = one.says
    if one.known:
        text += f" ({one.known})"
    if one.limit:
        text += f"; the odds of the goal are even at {one.limit}"
    return f"{text}."


def _figure(one: Truth | None) -> Html:
    if one is None:
        return Html(display.EN_DASH)
    return join(one.figure, el("span", one.known, class_="kind") if one.known else None)


def _note(board: Board, *, limits: bool) -> str:
    basis = next((one.basis for one in board.truths if one.topic == "rate"), "")
    text = (
        "Under each figure and in brackets what is known of it: leads of late, and "
        f"{board.outlook.percent} intervals."
    )
    if limits:
        text += (
            " Even odds at: the share won at which the goal would be a coin toss, all else as "
            "assumed, and people no limit."
        )
    return f"{text} Rates of the largest channel from: {basis}." if basis else text
