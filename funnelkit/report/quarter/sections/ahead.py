"""The plan of the quarters to come: pace of late, what the targets take, people, assumptions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from funnelkit.report.page.facts import Coming, Missing
from funnelkit.report.page.markup import el, prose
from funnelkit.report.page.section import Section, needs
from funnelkit.report.page.sections import coming as coming_section
from funnelkit.report.page.sections.planned import PACE_NOTE, lead_of, table_of
from funnelkit.report.page.sections.planned import title_of as pace_title
from funnelkit.report.planning.facts import PlanFacts
from funnelkit.report.planning.sections import assumed
from funnelkit.report.planning.sections import options as options_section
from funnelkit.report.planning.sections import people as people_section
from funnelkit.report.quarter.facts import QuarterlyFacts

_NOTHING = Section(key="", eyebrow="", title="")
_EXAMPLE = (
    "Targets and people are those of the demonstration, not anybody's. In funnel.yml `targets` and "
    "`team` name your own."
)


def pace(facts: QuarterlyFacts) -> Section:
    """Return the targets of each quarter beside what the leads of late would bring."""
    view = facts.ahead
    eyebrow = "The quarters to come"
    if isinstance(view, Missing):
        return Section(
            key="plan",
            eyebrow=eyebrow,
            title="The quarters to come cannot be planned yet",
            body=(needs(view.needs),),
        )
    note = f"{_EXAMPLE} {PACE_NOTE}" if view.example else PACE_NOTE
    return Section(
        key="plan",
        eyebrow=eyebrow,
        title=pace_title(view.pace),
        lead=lead_of(view.pace),
        body=(table_of(view.pace), el("p", prose(note), class_="note")),
    )


def of_plan(make: Callable[[PlanFacts], Section]) -> Callable[[QuarterlyFacts], Section]:
    """Return a section of the page of a plan as one of the review; blank without a plan."""

    def section(facts: QuarterlyFacts) -> Section:
        return _NOTHING if isinstance(facts.ahead, Missing) else make(facts.ahead.plan)

    return section


def options(facts: QuarterlyFacts) -> Section:
    """Return the plans by their chance; on paper they do not begin a page, as they do in a plan."""
    if isinstance(facts.ahead, Missing):
        return _NOTHING
    return replace(options_section.section(facts.ahead.plan), key="chances")


def people(facts: QuarterlyFacts) -> Section:
    """Return the people of the plan and whom to hire, or what that would need."""
    view = facts.ahead
    if isinstance(view, Missing):
        return _NOTHING
    if view.plan.board.staff is None:
        words = (
            "It needs the people: name a YAML of roles, heads, quotas, ramp and hiring time as "
            "`team` in funnel.yml."
        )
        return Section(
            key="people",
            eyebrow="People",
            title="Whether the people suffice for this plan is not known",
            body=(needs(words),),
        )
    return people_section.section(view.plan)


def assumptions(facts: QuarterlyFacts) -> Section:
    """Return every number that the plan stands on."""
    if isinstance(facts.ahead, Missing):
        return _NOTHING
    lead = (
        "Value, 80\u202f% interval, source, records behind it and their last day. `funnelkit plan` "
        "writes them to a file, to be changed and fed back."
    )
    return replace(assumed.section(facts.ahead.plan), lead=lead)


def coming(facts: QuarterlyFacts) -> Section:
    """Return the wins to come at today's pace, where there is no plan."""
    if facts.coming is None:
        return _NOTHING
    if isinstance(facts.coming, Coming):
        return coming_section.of_view(facts.coming, facts.setting)
    terms = facts.setting.terms
    return Section(
        key="coming",
        eyebrow="Still to come",
        title=f"There is too little yet to say what {terms.wins} are to come",
        body=(needs(facts.coming.needs),),
    )
