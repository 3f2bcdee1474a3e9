"""Definitions: how each number of the review is made, and what it was made from."""

from __future__ import annotations

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.report.page.facts import MATURE, SMALL, Missing
from funnelkit.report.page.markup import el, prose
from funnelkit.report.page.section import Section
from funnelkit.report.page.terms import capital
from funnelkit.report.planning.sections.assumed import notes_of, terms_of
from funnelkit.report.quarter.facts import QuarterlyFacts

_MOST_FILES = 4


def section(facts: QuarterlyFacts) -> Section:
    """Return the closing section."""
    entries = [el("div", el("dt", name), el("dd", prose(words))) for name, words in defined(facts)]
    notes = [] if isinstance(facts.ahead, Missing) else notes_of(facts.ahead.plan)
    return Section(
        key="definitions",
        eyebrow="Definitions",
        title="How each number is made",
        body=(
            el("dl", entries, class_="definitions"),
            [el("p", prose(words), class_="note") for words in notes],
            el("footer", _footer(facts)),
        ),
    )


def defined(facts: QuarterlyFacts) -> list[tuple[str, str]]:
    """Return each name with its definition."""
    terms, level = facts.setting.terms, facts.setting.level
    counts = (
        f"Records by the quarter in which they entered {terms.label(terms.start)}, and in which "
        f"they reached {terms.label(terms.target)}. {level} Poisson interval."
    )
    immature = (
        f"A quarter that is not over; {terms.leads} of which less than "
        f"{display.percent(MATURE, decimals=0)} of what is to come has been seen. No percentage of "
        f"fewer than {SMALL} is shown."
    )
    found = [("Quarter", _quarter(facts)), (f"New {terms.leads}, {terms.wins}", counts)]
    about = _metrics(facts)
    found += [(one.name, about[one.key]) for one in facts.trends if one.key in about]
    found += [("Immature", immature), ("Change", _CHANGE.format(level=level))]
    if not isinstance(facts.against, Missing):
        found.append(("Plan against actual", _AGAINST))
    return found + ([] if isinstance(facts.ahead, Missing) else terms_of(facts.ahead.plan))


_CHANGE = (
    "With its {level} interval: of two counts exact, of two rates from their own intervals "
    "(square-and-add), of two sums on the scale of logarithms. Clear: clear of zero."
)
_AGAINST = (
    "What came less what the plan expected, split so that the parts add up: leads, the share of "
    "them ever won, when they are won (Shapley values), and the size of deals last; what was open "
    "and what never was a lead are parts of their own."
)


def _metrics(facts: QuarterlyFacts) -> dict[str, str]:
    """Return how the metrics of the quarters are made, by key."""
    terms = facts.setting.terms
    return {
        "bookings": (
            f"Sum of the amounts of the {terms.wins} of the quarter; blank and 0 are unknown. The "
            "interval holds chance in the number of deals and in their size (a compound Poisson "
            "sum)."
        ),
        "conversion": (
            f"Converted by the age named, of the {terms.leads} that entered in the quarter: "
            "converted so far \u00f7 \u03a3 of the share that is due at the age of each. Exits "
            "compete."
        ),
        "win rate": "The same of the opportunities that entered in the quarter, from that day on.",
        "cycle": (
            f"First day by which half of those {terms.done} in the end are, those still open "
            "counted (Aalen-Johansen). A young quarter takes the rest of its shape from all "
            "quarters, and has no interval."
        ),
    }


def _quarter(facts: QuarterlyFacts) -> str:
    calendar = facts.setting.calendar
    if calendar.fiscal_year_start == 1:
        return "Of the calendar year."
    first = facts.quarter.start_time.date()
    return (
        f"Of the fiscal year, by `calendar` in funnel.yml: {facts.label} begins on "
        f"{day_name(first)}. A fiscal year bears the number of the year in which it ends."
    )


def _footer(facts: QuarterlyFacts) -> str:
    setting = facts.setting
    names = [display.one_line(name) for name in setting.files[:_MOST_FILES]]
    more = len(setting.files) - len(names)
    files = ", ".join([*names, *([f"{more} more"] if more > 0 else [])])
    files = "simulated leads" if setting.simulated else files
    part = " Only a part of the records (`where`, `exclude`)." if setting.restricted else ""
    return (
        f"Made by funnelkit from {files or 'leads'}, as known at the end of "
        f"{day_name(setting.as_of)}; {capital(setting.terms.lead)} to "
        f"{setting.terms.label(setting.terms.target)}.{part}"
    )
