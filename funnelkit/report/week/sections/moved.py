"""Pipeline movement: what came in and what left, and the deals behind each, one by one."""

from __future__ import annotations

from decimal import Decimal

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.report.page import money
from funnelkit.report.page.charts.svg import figure
from funnelkit.report.page.markup import Html, el, prose
from funnelkit.report.page.section import DataTable, Section, needs
from funnelkit.report.page.terms import capital
from funnelkit.report.week.charts import Move, moves
from funnelkit.report.week.facts import SHOWN, Deal, Movement, Span, WeekFacts
from funnelkit.report.week.moving import day_told
from funnelkit.report.week.tabling import age_of, amount_of, counted, deal_table

_EYEBROW = "Pipeline movement"
_MOST_FOLDED = 25
_WORDS = {
    "created": "new",
    "appeared": "appeared, older than the week",
    "reopened": "reopened",
    "rolled_in": "rolled in",
    "pulled_in": "pulled in",
    "raised": "raised",
    "lowered": "lowered",
    "pulled_out": "pulled out",
    "pushed": "pushed",
    "stepped_back": "stepped back",
    "gone": "gone from the export",
    "lost": "lost",
    "won": "won",
    "slipped": "slipped",
    "brought_forward": "brought forward",
    "moved_on": "moved on",
}
_SHOWN = (("won",), ("lost",), ("slipped",))
_FOLDED = (
    ("created", "reopened"),
    ("moved_on",),
    ("brought_forward",),
    ("raised", "lowered"),
    ("stepped_back", "gone", "appeared"),
)


def section(facts: WeekFacts) -> Section:
    """Return the section of the movement."""
    movement, span = facts.movement, facts.span
    shown = [(causes, movement.of(*causes)) for causes in _SHOWN]
    folded = [(causes, movement.of(*causes)) for causes in _FOLDED]
    return Section(
        key="movement",
        eyebrow=_EYEBROW,
        title=title_of(movement, span),
        lead=_lead(movement, span),
        body=(
            _figure(movement, span),
            *([needs(" ".join(movement.lacking))] if movement.lacking else []),
            *(_deals(causes, deals, movement, span) for causes, deals in shown if deals),
        ),
        tables=(
            *(_fold(causes, deals, span) for causes, deals in folded if deals),
            _table(movement, span),
        ),
    )


def title_of(movement: Movement, span: Span) -> str:
    """Return what came in and what left."""
    came, won, lost = (movement.line(name) for name in ("created", "won", "lost"))
    if not (came[0] or won[0] or lost[0]):
        return f"No {span.deal[0]} came, was won or was lost"
    figures = [
        "none" if not number else money.brief(abs(value)) if movement.money else f"{number:,}"
        for number, value in (came, won, lost)
    ]
    text = f"{figures[0]} came in; {figures[1]} won"
    return capital(f"{text} and {figures[2]} lost" if span.terms.exits else text)


def _lead(movement: Movement, span: Span) -> str:
    before, now = movement.line("start"), movement.line("end")
    worth = [float(one[1]) for one in (before, now)] if movement.money else [None, None]
    text = (
        f"On {day_name(movement.start)} the open pipeline held "
        f"{counted(before[0], worth[0], span.deal)}; on {day_name(movement.end)}, "
        f"{counted(now[0], worth[1], span.deal)}."
    )
    return " ".join(one for one in (text, day_told(movement, span)) if one)


def _figure(movement: Movement, span: Span) -> Html:
    rows = [
        Move(
            capital(_WORDS[name]),
            float(value) if movement.money else _signed(name, number),
            _words(name, number, value, movement, span),
        )
        for name, number, value in movement.rows[1:-1]
    ]
    start, end = movement.line("start"), movement.line("end")
    net = float(end[1] - start[1]) if movement.money else float(end[0] - start[0])
    shown = display.signed(net, decimals=0)
    rows.append(Move("Change of the pipeline", net, shown))
    said = "; ".join(f"{row.name} {row.words}" for row in rows)
    caption = (
        "What each added to the open pipeline (to the right) or took from it (to the left); the "
        "rows add up to the change exactly."
    )
    return figure(None, moves(rows, label=f"{said}."), caption=caption)


def _signed(name: str, number: int) -> float:
    return float(-number if name in ("won", "lost", "gone", "stepped_back") else number)


def _words(name: str, number: int, value: Decimal, movement: Movement, span: Span) -> str:
    if not movement.money:
        return display.signed(_signed(name, number), decimals=0)
    deals = display.plural(number, *span.deal)
    return f"{display.signed(float(value), decimals=0)} ({deals})"


def _deals(causes: tuple[str, ...], deals: list[Deal], movement: Movement, span: Span) -> Html:
    """Return the deals of one kind of move under their own heading."""
    worth = float(sum((deal.worth for deal in deals), Decimal(0)))
    told = counted(len(deals), worth if movement.money else None, span.deal)
    name = _named(causes, deals)
    rest = len(deals) - SHOWN
    more = f"and {display.count(rest)} more in the workbook" if rest > 0 else ""
    heads = ("Deal", "Amount", "Age", "What happened")
    rows = [
        (deal, amount_of(deal), age_of(deal.age), prose(_happened(deal, span)))
        for deal in deals[:SHOWN]
    ]
    return el(
        "div",
        el("h3", f"{name}: {told}"),
        deal_table(rows, heads=heads, label=f"{name}, the largest first"),
        el("p", more, class_="note") if more else None,
        class_="listed",
    )


def _named(causes: tuple[str, ...], deals: list[Deal]) -> str:
    """Return the causes that occur, as a heading."""
    found = [cause for cause in causes if any(cause in deal.moves for deal in deals)]
    return capital(display.listed([_WORDS[cause] for cause in found], last="or"))


def _fold(causes: tuple[str, ...], deals: list[Deal], span: Span) -> DataTable:
    """Return the largest deals of one kind of move behind a fold."""
    name = _named(causes, deals)
    shown = deals[:_MOST_FOLDED]
    caption = f"{name}: {display.plural(len(deals), *span.deal)}"
    if len(deals) > len(shown):
        caption += f", of which the {len(shown)} largest are here, and all in the workbook"
    rows = [
        [
            display.one_line(deal.id),
            display.one_line(deal.account) if deal.account else display.EN_DASH,
            display.one_line(deal.owner) if deal.owner else display.EN_DASH,
            amount_of(deal),
            age_of(deal.age),
            _happened(deal, span),
        ]
        for deal in shown
    ]
    columns = ("Deal", "Account", "Owner", "Amount", "Age", "What happened")
    return DataTable(f"{span.deal[1]} {name.lower()}", caption, columns, rows)


def _happened(deal: Deal, span: Span) -> str:
    """Return what happened to a deal, in a few words."""
    terms, told = span.terms, []
    for move in deal.moves:
        if move == "moved_on" and deal.stage and deal.stage_before:
            told.append(f"from {terms.label(deal.stage_before)} to {terms.label(deal.stage)}")
        elif move in ("slipped", "brought_forward") and deal.close and deal.close_before:
            told.append(
                f"{_WORDS[move]} from {day_name(deal.close_before)} to {day_name(deal.close)}"
            )
        elif move in ("raised", "lowered") and deal.amount_before is not None:
            told.append(f"{_WORDS[move]} from {money.amount(deal.amount_before)}")
        elif move == "lost" and deal.exit:
            stage = f" at {terms.label(deal.stage)}" if deal.stage else ""
            told.append(f"{terms.label(deal.exit)}{stage}")
        elif move == "won":
            told.append(f"won after {age_of(deal.age)}" if deal.age is not None else "won")
        elif move == "created" and deal.stage and deal.state == "open":
            told.append(f"now at {terms.label(deal.stage)}")
        else:
            told.append(_WORDS.get(move, move))
    return capital("; ".join(told))


def _table(movement: Movement, span: Span) -> DataTable:
    names = {"start": day_name(movement.start), "end": day_name(movement.end)}
    rows = [
        [
            names.get(name, capital(_WORDS.get(name, name))),
            display.count(number),
            money.amount(value) if movement.money else display.EN_DASH,
        ]
        for name, number, value in movement.rows
    ]
    return DataTable(
        "pipeline movement",
        f"The open pipeline from {names['start']} to {names['end']}",
        ("Line", capital(span.deal[1]), "Value"),
        rows,
    )
