"""Data quality in brief, and how each number of the page is made."""

from __future__ import annotations

from funnelkit._core import display
from funnelkit.data.accounting import KEPT
from funnelkit.report.page.facts import Quality
from funnelkit.report.page.markup import Html, el, prose
from funnelkit.report.page.section import Section
from funnelkit.report.page.sections.quality import in_order
from funnelkit.report.page.terms import capital
from funnelkit.report.week.facts import Span, WeekFacts
from funnelkit.report.week.talking import LARGEST, SILENT, SOON

_MOST = 4


def quality(facts: WeekFacts) -> Section:
    """Return errors and warnings of the audit, the worst first; blank where it found none."""
    return quality_section(facts.quality)


def quality_section(view: Quality) -> Section:
    """Return the section of data quality."""
    serious = [one for one in in_order(view.findings) if one.severity != "note"]
    if not serious:
        return Section(key="quality", eyebrow="Data quality", title="")
    shown = [
        el("li", el("b", f"{capital(one.severity)}: "), prose(one.what), " ", prose(one.remedy))
        for one in serious[:_MOST]
    ]
    rest = len(serious) - len(shown)
    kept = sum(rows for _, reason, rows in view.accounting if reason == KEPT)
    lead = f"{display.plural(kept, 'row')} kept, {display.count(view.aside)} set aside."
    if rest > 0:
        lead += f" The first {_MOST} are here; `funnelkit audit` tells all."
    return Section(
        key="quality",
        eyebrow="Data quality",
        title=f"The audit has {display.plural(len(serious), 'thing')} to settle",
        lead=lead,
        body=(el("ul", shown, class_="alerts"),),
    )


def definitions(facts: WeekFacts) -> Section:
    """Return the closing section."""
    return definitions_section(defined(facts.span))


def definitions_section(entries: list[tuple[str, str]]) -> Section:
    """Return definitions as a section."""
    listed = [el("div", el("dt", name), el("dd", prose(words))) for name, words in entries]
    footer: Html = el("footer", "Made with funnelkit.")
    return Section(
        key="definitions",
        eyebrow="Definitions",
        title="How each number is made",
        body=(el("dl", listed, class_="definitions"), footer),
    )


def defined(span: Span) -> list[tuple[str, str]]:
    """Return each term of the weekly page with its meaning."""
    one, several = span.deal
    stage = span.terms.label(span.stage)
    percent = f"99{display.NARROW_SPACE}%"
    pipeline = (
        f"Every {one} that has come to {stage} and was neither won nor lost, with its amount of "
        f"the day; {several} without an amount count as 0."
    )
    movement = (
        "Start + new + reopened + raised \u2212 lowered \u2212 lost \u2212 won = end, "
        "exactly. What is won counts with the amount it was won for; what is lost, with that of "
        "the first day. What came and was closed within the week is in two lines."
    )
    slipped = (
        "Open on both days, with a later planned close date at the end; brought forward: with an "
        "earlier one. It stays in the pipeline, so it is no line of the movement."
    )
    talk = (
        "Open, and past its planned close date; slipped or lowered in the week; planned to close "
        f"within {SOON} days; without an activity for {SILENT} days; at its stage for longer than "
        f"{percent} of those won took from there; or one of the {LARGEST} largest. By amount."
    )
    chance = (
        "Share of the past deals of its stage and age that were won in the end, losses competing, "
        "at today\u2019s rates. It says nothing of the deal itself."
    )
    target = (
        "Won in the fiscal quarter that runs, and what is still expected of it: from what is "
        "open, and from leads still to come. The chance is the share of joint draws that reach "
        "the target; doubt about rates does not average out in it."
    )
    usual = (
        "Mean of the weeks before, at most 12, of as many days as are known of this one. A change "
        "is clear where the exact interval of two Poisson counts leaves no change out."
    )
    return [
        ("Open pipeline", pipeline),
        ("Movement", movement),
        ("Slipped", slipped),
        ("To talk about", talk),
        ("Chance to be won", chance),
        ("Age", "Calendar days since the first day of the record; the same day is 0."),
        ("Target", target),
        ("Usual", usual),
    ]
