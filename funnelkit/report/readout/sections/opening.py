"""The top of the readout: what to do, how sure that is, and what to beware of."""

from __future__ import annotations

import math

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.experiment import Comparison, Readout
from funnelkit.report.page.charts.svg import swatch
from funnelkit.report.page.facts import Missing
from funnelkit.report.page.markup import Html, join
from funnelkit.report.page.section import Opening
from funnelkit.report.page.sections.experiments import verdict_of
from funnelkit.report.page.terms import capital
from funnelkit.report.readout.facts import ReadoutFacts
from funnelkit.report.readout.sections.effects import MOST


def opening(facts: ReadoutFacts) -> Opening:
    """Return the top of the page."""
    name = display.one_line(facts.design.name)
    return Opening(
        report=f"Experiment readout, {day_name(facts.as_of)}",
        title=title_of(facts),
        about="Simulated data" if facts.simulated else facts.title or name,
        meta=_meta(facts),
        story=_story(facts),
        reading=_reading(facts),
    )


def title_of(facts: ReadoutFacts) -> str:
    """Return the verdict."""
    name = capital(display.one_line(facts.design.name))
    if isinstance(facts.view, Missing):
        return f"{name}: too early to read"
    return f"{name}: {verdict_of(facts.view)}"


def _story(facts: ReadoutFacts) -> list[tuple[str, list[str]]]:
    view = facts.view
    if isinstance(view, Missing):
        return [("What is missing", [view.needs])]
    primary = list(view.primary)
    found = [_found(facts.told(one)) for one in primary[:MOST]]
    if len(primary) > MOST:
        found.append(f"{capital(display.plural(len(primary) - MOST, 'further variant'))} below.")
    do = " ".join(view.decision.sentences)
    story = [("What to do", [do]), ("What was found", found)]
    raised = [guard.summary() for guard in view.guards if guard.level != "ok"]
    beware = [words for words in raised if words not in do]
    beware += [_young(view)] if _young(view) else []
    if not facts.design.randomised:
        beware.append("Chance did not choose the variant: a difference is no effect.")
    nothing = "Nothing beyond that." if raised else "The guards found nothing."
    story.append(("What to beware of", beware or [nothing]))
    return story


def _found(one: Comparison) -> str:
    """Return what each arm shows and how far they are apart; how it was tested stands below."""
    arms = []
    for arm in (one.treatment, one.control):
        of = f"{display.count(arm.n)} {one.units}"
        if arm.converted is not None and not arm.converted % 1:
            of = f"{display.count(arm.converted)} of {of}"
        arms.append(f"{display.one_line(arm.name)} {one.shown(arm.mean)} ({of})")
    words = f"{capital(display.one_line(one.metric))}: {' against '.join(arms)}"
    if math.isnan(one.effect):
        return f"{words}; no {one.word} can be told."
    test = "no test" if math.isnan(one.pvalue) else display.pvalue(one.pvalue)
    return f"{words}; {one.effect_text()}, {test}."


def _young(view: Readout) -> str:
    young = int(view.arms["young"].sum())
    if not young:
        return ""
    units = view.design.units
    number = display.plural(young, units.removesuffix("s"), units)
    verb = "is" if young == 1 else "are"
    return f"{number} {verb} too young to count yet: entered less than the horizon ago."


def _meta(facts: ReadoutFacts) -> list[tuple[str, str]]:
    design = facts.design
    rows = [
        ("Experiment", display.one_line(design.name)),
        ("Variants", display.listed([display.one_line(one) for one in design.variants])),
        ("Assigned by", design.unit),
        ("Decided by", capital(design.primary.called(facts.start, design.within))),
        ("Data through", day_name(facts.as_of)),
    ]
    if isinstance(facts.view, Readout):
        followed = int(facts.view.arms["followed"].sum())
        rows.append((f"{capital(design.units)} followed", display.count(followed)))
    return rows


def _reading(facts: ReadoutFacts) -> Html:
    return join(
        "A conversion counts up to the same age in every variant, and a record once it has been "
        f"followed for so long. Figures in brackets are {facts.level} intervals; interval and "
        "p-value come from one test. ",
        swatch("immature"),
        " Hatched, hollow or dashed means immature: not yet fully observed.",
    )
