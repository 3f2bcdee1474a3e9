"""The headline cards: each a figure with its interval, its leads, its change, its past months."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit.report.page import changes, money, wording
from funnelkit.report.page.changes import UNKNOWN, Change, Estimate
from funnelkit.report.page.charts.spark import Point, spark
from funnelkit.report.page.facts import SMALL, Cohorts, Facts, Setting, Tally, Window, short_name
from funnelkit.report.page.markup import Html, el, join
from funnelkit.report.page.terms import capital

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Card:
    """One headline figure.

    Parameters
    ----------
    name, about
        What it is, and of what.
    value, interval, size, change
        As written on the card; ``change`` as (figure, what it allows).
    last_year
        The change on the same month a year ago, of a month in progress; written as ``change``.
    measure
        How a sentence calls it.
    moved
        The change itself; ``None`` where there is nothing to compare with.
    """

    name: str
    about: str
    value: str
    interval: str
    size: str
    change: tuple[str, str]
    measure: str
    moved: Change | None
    last_year: tuple[str, str] | None = None
    picture: Html | None = None
    immature: bool = False


def cards_of(facts: Facts) -> list[Card]:
    """Return the cards that the data support."""
    setting, months = facts.setting, facts.months
    terms = setting.terms
    stretch = f"in {setting.named(setting.month)}" + (" so far" if setting.partial else "")
    cards = [
        _count_card(facts, "won", capital(terms.wins), stretch, terms.wins),
        _count_card(facts, "entered", f"New {terms.leads}", stretch, f"new {terms.leads}"),
    ]
    if months.now.value is not None and months.no_money is None:
        cards += _money_cards(facts, stretch)
    if isinstance(facts.window, Window):
        cards += _window_card(facts.window, setting)
    if isinstance(facts.cohorts, Cohorts):
        cards += _expected_card(facts.cohorts, setting)
    return cards


def _count_card(facts: Facts, what: str, name: str, about: str, measure: str) -> Card:
    setting, months = facts.setting, facts.months
    level = setting.confidence_level
    now = getattr(months.now, what)
    low, high = changes.counted(now, confidence_level=level)[1:]
    noun = setting.terms.wins if what == "won" else setting.terms.leads
    one = setting.terms.win if what == "won" else setting.terms.lead
    moved, words = None, ("", "No earlier month to compare with")
    if months.before is not None:
        before = getattr(months.before, what)
        moved = changes.count_change(before, now, confidence_level=level)
        words = _count_change(moved, before, now, months.before_name)
    year = None
    if months.last_year is not None:
        then = getattr(months.last_year, what)
        change = changes.count_change(then, now, confidence_level=level)
        year = _count_change(change, then, now, months.last_year_name)
    points = [
        Point(short_name(month)[:3], float(getattr(tally, what)), immature=_open(month, setting))
        for month, tally in months.tallies.items()
    ]
    values = ", ".join(
        f"{short_name(month)} {display.count(getattr(tally, what))}"
        for month, tally in list(months.tallies.items())[-6:]
    )
    return Card(
        name=name,
        about=about,
        value=display.count(now),
        interval=f"{setting.level} interval {display.count(low)} to {display.count(high)}",
        size=f"n = {display.plural(now, one, noun)}",
        change=words,
        measure=measure,
        moved=moved,
        last_year=year,
        picture=spark(points, label=f"{name} by month: {values}.") if len(points) > 1 else None,
    )


def _count_change(moved: Change, before: int, now: int, name: str) -> tuple[str, str]:
    """Return the change of a count; in percent where the earlier one is large enough."""
    figure = display.signed(now - before, decimals=0) if now != before else "0"
    if before < SMALL:
        return figure, f"on {name}; {'a clear' if moved.clear else 'no clear'} change"
    if now != before:
        figure += f" ({wording.relative(moved.value)})"
    return figure, _against(name, moved, wording.ratio_range(moved))


def _against(before: str, moved: Change, ends: str) -> Html:
    """Return what a change is measured against and what it allows, its range on one line."""
    allows = "interval" if moved.clear else "no clear change,"
    return join(f"on {before}; {allows} ", el("span", ends.strip("()"), class_="nw"))


def _money_cards(facts: Facts, about: str) -> list[Card]:
    """Return the cards of value won and of value per win."""
    setting, months = facts.setting, facts.months
    now = months.now
    level = setting.confidence_level
    size = (
        f"n = {display.count(now.amounts)} of "
        f"{display.plural(now.won, setting.terms.win, setting.terms.wins)} with an amount"
    )
    cards = [
        _money_card(
            facts,
            ("Value won", about, "value won", size),
            {month: _value(tally) for month, tally in months.tallies.items()},
            (
                money.total(now, confidence_level=level),
                money.total(months.before, confidence_level=level),
                money.total(months.last_year, confidence_level=level),
            ),
        )
    ]
    mean = money.mean(now, confidence_level=level)
    if mean is not None:
        name = f"Value per {setting.terms.win}"
        cards.append(
            _money_card(
                facts,
                (name, f"mean, {about}", name.lower(), size),
                {month: _mean(tally) for month, tally in months.tallies.items()},
                (
                    mean,
                    money.mean(months.before, confidence_level=level),
                    money.mean(months.last_year, confidence_level=level),
                ),
            )
        )
    return cards


def _money_card(
    facts: Facts,
    words: tuple[str, str, str, str],
    values: Mapping[pd.Period, float],
    figures: tuple[Estimate | None, Estimate | None, Estimate | None],
) -> Card:
    """Return a card of money, from its figure now, before and a year ago."""
    name, about, measure, size = words
    months, level = facts.months, facts.setting.level
    now, before, last_year = figures
    moved = money.ratio(before, now)
    change = _ratio_change(moved, months.before_name) or ("", "Too few amounts to compare")
    listed = ", ".join(
        f"{short_name(month)} {money.amount(None if math.isnan(value) else value)}"
        for month, value in list(values.items())[-6:]
    )
    points = [
        Point(short_name(month)[:3], value, immature=_open(month, facts.setting))
        for month, value in values.items()
    ]
    interval = (
        "an exact sum"
        if now is None
        else (f"{level} interval {money.brief(now.low)} to {money.brief(now.high)}")
    )
    return Card(
        name=name,
        about=about,
        value=money.brief(list(values.values())[-1]),
        interval=interval,
        size=size,
        change=change,
        measure=measure,
        moved=moved,
        last_year=_ratio_change(money.ratio(last_year, now), months.last_year_name),
        picture=spark(points, label=f"{name} by month: {listed}.") if len(points) > 1 else None,
    )


def _ratio_change(moved: Change | None, name: str) -> tuple[str, str] | None:
    if moved is None:
        return None
    return wording.relative(moved.value), _against(name, moved, wording.ratio_range(moved))


def _open(month: pd.Period, setting: Setting) -> bool:
    """Whether a month is in progress, so that its figure is not yet whole."""
    return setting.partial and month == setting.month


def _value(tally: Tally) -> float:
    return math.nan if tally.value is None else float(tally.value)


def _mean(tally: Tally) -> float:
    known = tally.value is not None and tally.amounts >= SMALL
    return float(tally.value) / tally.amounts if known and tally.value is not None else math.nan


def _window_card(window: Window, setting: Setting) -> list[Card]:
    """Return the card of the newest cohort that has been followed through the window."""
    complete = window.complete
    if not complete:
        return []
    now = complete[-1]
    cohort = setting.named(now.cohort)
    moved, words = None, ("", "No earlier complete month to compare with")
    if len(complete) > 1:
        before = setting.named(complete[-2].cohort)
        moved = changes.share_change(complete[-2].estimate, now.estimate)
        words = _share_change(moved, before)
    name = f"{capital(setting.terms.done)} within {window.days} days"
    return [
        Card(
            name=name,
            about=f"{cohort} {setting.terms.leads}, complete",
            value=display.percent(now.estimate.value),
            interval=_interval(now.estimate, setting),
            size=f"n = {_leads(now.entered, setting)}",
            change=words,
            measure=f"the {window.days}-day rate",
            moved=moved,
            picture=_rate_spark(
                [
                    (
                        row.cohort,
                        row.estimate if row.entered >= SMALL else UNKNOWN,
                        not row.complete,
                    )
                    for row in window.rows
                ],
                name,
            ),
        )
    ]


def _expected_card(cohorts: Cohorts, setting: Setting) -> list[Card]:
    """Return the card of the newest cohort that can be told, corrected for its age."""
    if not cohorts.told:
        return []
    row = cohorts.told[-1]
    moved, words = None, ("", "No earlier month to compare with")
    if len(cohorts.told) > 1:
        before = cohorts.told[-2]
        moved = changes.share_change(before.expected, row.expected)
        words = _share_change(
            moved,
            f"{wording.of(setting.named(before.cohort))} {display.percent(before.expected.value)}",
        )
    name = f"Expected by day {cohorts.horizon}"
    return [
        Card(
            name=name,
            about=(
                f"{setting.named(row.cohort)} {setting.terms.leads}, "
                f"{display.count(row.converted)} {setting.terms.done} so far"
            ),
            value=display.percent(row.expected.value),
            interval=_interval(row.expected, setting),
            size=f"n = {_leads(row.entered, setting)}",
            change=words,
            measure="the expected rate",
            moved=moved,
            picture=_rate_spark(
                [
                    (each.cohort, each.expected if each.told else UNKNOWN, each.immature)
                    for each in cohorts.told
                ],
                name,
            ),
            immature=row.immature,
        )
    ]


def _share_change(moved: Change | None, before: str) -> tuple[str, str]:
    if moved is None:
        return "", "Nothing to compare with"
    figure = f"{wording.points(moved.value)} points"
    return figure, _against(before, moved, wording.points_range(moved))


def _interval(estimate: Estimate, setting: Setting) -> str:
    ends = display.percent_range(estimate.low, estimate.high, words=True)
    return f"{setting.level} interval {ends}"


def _leads(number: int, setting: Setting) -> str:
    return display.plural(number, setting.terms.lead, setting.terms.leads)


def _rate_spark(rows: Sequence[tuple[pd.Period, Estimate, bool]], name: str) -> Html | None:
    if len(rows) < 2:
        return None
    points = [
        Point(short_name(cohort)[:3], *estimate, immature=immature)
        for cohort, estimate, immature in rows
    ]
    words = ", ".join(
        f"{short_name(cohort)} {display.percent(estimate.value)}{' (immature)' if immature else ''}"
        for cohort, estimate, immature in rows[-6:]
    )
    return spark(points, label=f"{name} by cohort: {words}.")
