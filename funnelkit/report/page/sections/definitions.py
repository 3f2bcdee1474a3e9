"""Definitions: how each number on the page is made."""

from __future__ import annotations

import datetime as dt

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.report.page import wording
from funnelkit.report.page.facts import (
    FEW,
    MATURE,
    SMALL,
    YOUNG,
    Cohorts,
    Facts,
    Segments,
    Tested,
    Window,
)
from funnelkit.report.page.markup import Html, el, prose
from funnelkit.report.page.section import Section
from funnelkit.report.page.terms import capital, readable

Entry = tuple[str, str]
_BY = "\u00f7"
_MOST_FILES = 4


def section(facts: Facts) -> Section:
    """Return the closing section."""
    entries = [el("div", el("dt", name), el("dd", prose(words))) for name, words in defined(facts)]
    return Section(
        key="definitions",
        eyebrow="Definitions",
        title="How each number is made",
        body=(el("dl", entries, class_="definitions"), _footer(facts)),
    )


def defined(facts: Facts) -> list[Entry]:
    """Return each name with its definition."""
    entries = [_lead(facts), _win(facts), _so_far(facts)]
    if isinstance(facts.window, Window):
        entries.append(_window(facts.window, facts))
    if isinstance(facts.cohorts, Cohorts):
        entries += _model(facts.cohorts, facts)
    entries.append(_interval(facts))
    if facts.months.no_money is None:
        entries.append(_value(facts))
    entries.append(_immature(facts))
    if isinstance(facts.tested, Tested):
        entries.append(_tested(facts.tested, facts))
    if isinstance(facts.segments, Segments):
        entries.append(_segment(facts.segments))
    return [*entries, _calendar(facts)]


def _lead(facts: Facts) -> Entry:
    terms = facts.setting.terms
    words = (
        f"A record with a date of {terms.label(terms.start)}; that date is its entry, and the "
        "month of entry its cohort. Age is counted in whole calendar days, the same day being 0. "
        "The first entry to a stage counts."
    )
    return capital(terms.lead), words


def _win(facts: Facts) -> Entry:
    terms = facts.setting.terms
    words = (
        f"A record that reached {terms.label(terms.target)}, on the day it did. Counts by month "
        f"hold every {terms.win}, those of early {terms.leads} too."
    )
    return capital(terms.win), words


def _so_far(facts: Facts) -> Entry:
    terms = facts.setting.terms
    by = f" and by day {facts.cohorts.horizon}" if isinstance(facts.cohorts, Cohorts) else ""
    words = (
        f"{capital(terms.leads)} {terms.done} by {day_name(facts.setting.as_of)}{by} {_BY} "
        f"{terms.leads} that entered in the cohort. Low for young cohorts by construction."
    )
    return f"{capital(terms.done)} so far", words


def _window(window: Window, facts: Facts) -> Entry:
    terms = facts.setting.terms
    words = (
        f"{capital(terms.leads)} {terms.done} at an age of at most {window.days} days {_BY} "
        f"{terms.leads} that entered, for cohorts of which every {terms.lead} is that old."
    )
    return f"{capital(terms.done)} within {window.days} days", words


def _model(cohorts: Cohorts, facts: Facts) -> list[Entry]:
    setting, terms = facts.setting, facts.setting.terms
    day = f"day {cohorts.horizon}"
    first, last = setting.stretch(cohorts.rows[0].cohort, cohorts.rows[-1].cohort)
    share = f"estimate of the share {terms.done} by each age"
    if terms.exits:
        exits = display.listed(terms.steps(terms.exits), last="or")
        curve = f"Aalen\u2013Johansen {share}: records that are {exits} can no longer convert."
    else:
        curve = (
            f"Kaplan\u2013Meier {share}. No exit is recorded, so never cannot be told from not yet."
        )
    reach = (
        f"How far the rates reach: the last full 30 days to which at least {SMALL} {terms.leads}, "
        "and one in a hundred, have been followed, or the first by which 98 % of what is known has "
        "come, unless told otherwise. Nothing is claimed beyond."
    )
    curve_of = "Lag curve" if cohorts.family is None else f"{capital(cohorts.family)} curve"
    maturity = (
        f"{curve_of} at the age of {terms.a_lead} {_BY} the same at {day}, averaged over the "
        f"cohort: the share of the {terms.wins} by {day} that should have been seen."
    )
    if cohorts.family is not None:
        maturity += (
            " That family fits best, and on earlier months its curve served clearly better than "
            "the observed one."
        )
    expected = (
        f"{capital(terms.done)} so far {_BY} mean maturity. It takes the cohort to keep to the "
        f"pooled pace. Below a maturity of {wording.whole_percent(YOUNG)} nothing is said."
    )
    return [
        ("Lag curve", f"{curve} Pooled over {wording.ranged(first, last)}."),
        (capital(day), reach),
        ("Maturity", maturity),
        (f"Expected by {day}", expected),
    ]


def _interval(facts: Facts) -> Entry:
    words = (
        f"{facts.setting.level}. Shares so far and shares of stages: Wilson; expected shares: "
        f"Wilson {_BY} mean maturity, wider by the doubt about the timing and by how much the pace "
        "has been found to swing from month to month. Shares by age: log(\u2212log) with "
        "Greenwood\u2019s variance. Differences of shares: square-and-add (Newcombe). Counts: "
        "exact Poisson; their changes: ratio of two Poisson counts. These hold chance in the "
        "records, not swings from month to month."
    )
    return "Interval", words


def _value(facts: Facts) -> Entry:
    terms = facts.setting.terms
    words = (
        f"Exact sum of the known amounts of {terms.wins}, by the month of the {terms.win}; blank "
        "and 0 are unknown. Its interval holds chance in the number and in the size of "
        f"{terms.wins}, on the scale of logarithms."
    )
    return "Value won", words


def _immature(facts: Facts) -> Entry:
    terms = facts.setting.terms
    words = (
        "Hatched, hollow or dashed, everywhere. Cohorts: maturity below "
        f"{wording.whole_percent(MATURE)}. Heat map: not every {terms.lead} has reached the age. "
        f"Lag curve: fewer than one {terms.lead} in ten has been followed that long. Groups: fewer "
        f"than {FEW} {terms.leads} (small rather than young). Of fewer than {SMALL} no share is "
        "told."
    )
    return "Immature", words


def _tested(view: Tested, facts: Facts) -> Entry:
    terms = facts.setting.terms
    words = (
        "The data taken back to the ends of earlier months, expected shares made as on this page, "
        f"and set beside the share {terms.done} by day {view.horizon} of cohorts that have come to "
        "that age since. Off by: mean absolute difference in points. Intervals are those of the "
        "share to be observed: they hold the chance of each record too."
    )
    return "Earlier months", words


def _segment(view: Segments) -> Entry:
    words = (
        "As exported. A group is called above or below when its whole interval is above or below "
        "the share of all together, in which it is contained."
    )
    return capital(readable(view.column)), words


def _calendar(facts: Facts) -> Entry:
    calendar = facts.setting.calendar
    year = "the fiscal year is the calendar year"
    if calendar.fiscal_year_start != 1:
        _, month, _ = day_name(dt.date(2000, calendar.fiscal_year_start, 1)).split(" ")
        year = (
            f"the fiscal year starts in {month} and bears the number of the year in which it ends"
        )
    weeks = calendar.week_start.capitalize()
    return "Calendar", f"Calendar months; {year}. Weeks start on {weeks}."


def _footer(facts: Facts) -> Html:
    setting = facts.setting
    files = list(setting.files[:_MOST_FILES])
    if len(setting.files) > _MOST_FILES:
        files.append(f"{len(setting.files) - _MOST_FILES} more")
    words = [
        f"Source: {display.listed(files)}." if files and not setting.simulated else None,
        "The data are simulated." if setting.simulated else None,
        f"All figures as known at the end of {day_name(setting.as_of)}.",
        "Made with funnelkit.",
    ]
    return el("footer", el("p", prose(wording.sentence(*words))))
