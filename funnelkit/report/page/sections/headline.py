"""Headline figures: the cards, what moved clearly among them, and the months behind them."""

from __future__ import annotations

from collections.abc import Sequence

from funnelkit._core import display
from funnelkit.report.page import money, wording
from funnelkit.report.page.cards import Card, cards_of
from funnelkit.report.page.facts import (
    SMALL,
    CohortRow,
    Cohorts,
    Facts,
    Missing,
    Tally,
    Window,
    WindowRow,
    short_name,
)
from funnelkit.report.page.markup import Html, el, prose
from funnelkit.report.page.section import DataTable, Section
from funnelkit.report.page.terms import capital

_NAMED = 3
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven")


def section(facts: Facts) -> Section:
    """Return the headline section."""
    cards = cards_of(facts)
    notes = [facts.months.no_money] if facts.months.no_money else []
    notes += [each.needs for each in (facts.window, facts.cohorts) if isinstance(each, Missing)]
    return Section(
        key="headline",
        eyebrow="Headline figures",
        title=title_of(cards, facts),
        body=(
            el(
                "div", [_html(card) for card in cards], class_=f"cards cards-{_columns(len(cards))}"
            ),
            [el("p", prose(note), class_="note") for note in dict.fromkeys(notes)],
        ),
        tables=(table_of(facts),),
    )


def title_of(cards: Sequence[Card], facts: Facts) -> str:
    """Return what moved clearly and what did not."""
    compared = [card for card in cards if card.moved is not None]
    if not compared:
        month = facts.setting.named(facts.setting.month)
        return f"{month} stands alone: there is nothing yet to compare it with"
    groups: dict[str, list[str]] = {"up": [], "down": [], "unclear": []}
    for card in compared:
        if card.moved is not None:
            groups[card.moved.direction].append(card.measure)
    parts = [f"{display.listed(groups[way])} {way}" for way in ("down", "up") if groups[way]]
    unclear = groups["unclear"]
    if len(unclear) > _NAMED:
        which = "the other" if parts else "any of the"
        parts.append(f"no clear change in {which} {_NUMBERS[len(unclear)]} figures")
    elif unclear:
        parts.append(f"no clear change in {display.listed(unclear, last='or')}")
    return capital("; ".join(parts))


def _html(card: Card) -> Html:
    compared = [card.change, card.last_year] if card.last_year else [card.change]
    return el(
        "article",
        el("h3", card.name),
        el("p", card.about, class_="about"),
        el(
            "p",
            card.value,
            el("span", "immature", class_="tag") if card.immature else None,
            class_="value",
        ),
        el("p", card.interval, class_="ends"),
        el("p", card.size, class_="size"),
        [
            el("p", el("b", figure, " ") if figure else None, allows, class_="change")
            for figure, allows in compared
        ],
        card.picture,
        class_="card",
    )


def _columns(cards: int) -> int:
    return cards if cards <= 4 else 3


def table_of(facts: Facts) -> DataTable:
    """Return the figures behind the small charts, with the quarter and the year so far."""
    setting, months = facts.setting, facts.months
    with_money = months.no_money is None and months.now.value is not None
    window = facts.window if isinstance(facts.window, Window) else None
    cohorts = facts.cohorts if isinstance(facts.cohorts, Cohorts) else None
    by_window = {row.cohort: row for row in window.rows} if window else {}
    by_cohort = {row.cohort: row for row in cohorts.rows} if cohorts else {}
    columns = ["Month", capital(setting.terms.wins), f"New {setting.terms.leads}"]
    columns += ["Value won"] if with_money else []
    columns += [f"{capital(setting.terms.done)} within {window.days} days"] if window else []
    columns += [f"Expected by day {cohorts.horizon}"] if cohorts else []
    rows = []
    for month, tally in months.tallies.items():
        row = [short_name(month), *_counts(tally, with_money=with_money)]
        row += [_window_words(by_window.get(month))] if window else []
        row += [_expected_words(by_cohort.get(month))] if cohorts else []
        rows.append(row)
    blank = [display.EN_DASH] * (bool(window) + bool(cohorts))
    rows += [
        [name, *_counts(tally, with_money=with_money), *blank]
        for name, tally in months.to_date.items()
    ]
    return DataTable(
        "headline figures by month", "The figures behind the small charts", tuple(columns), rows
    )


def _counts(tally: Tally, *, with_money: bool) -> list[str]:
    words = [display.count(tally.won), display.count(tally.entered)]
    return [*words, money.amount(tally.value)] if with_money else words


def _window_words(row: WindowRow | None) -> str:
    if row is None or not row.estimate.known or row.entered < SMALL:
        return display.EN_DASH
    return wording.rate(row.estimate) + ("" if row.complete else " immature")


def _expected_words(row: CohortRow | None) -> str:
    if row is None or not row.told:
        return display.EN_DASH
    return wording.rate(row.expected) + (" immature" if row.immature else "")
