"""Whether to trust it: the guards, what was declared, and how each number is made."""

from __future__ import annotations

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.experiment.guards.result import Guard
from funnelkit.report.page.facts import Missing
from funnelkit.report.page.markup import Html, el, prose
from funnelkit.report.page.section import Section
from funnelkit.report.page.terms import capital
from funnelkit.report.readout.facts import ReadoutFacts

_SIGNS = {"warning": "\u2716", "note": "\u25b2", "ok": "\u25cb"}  # told by shape, not by colour


def guards(facts: ReadoutFacts) -> Section:
    """Return the section of what may be wrong with it."""
    view = facts.view
    if isinstance(view, Missing):
        return Section(key="guards", eyebrow="Guards", title="")
    odd = [one for one in view.guards if one.level != "ok"]
    unchecked = [one for one in view.guards if not one.checked]
    title = "The guards found nothing: split, maturity, mix and outliers are in order"
    if odd:
        title = f"{capital(display.plural(len(odd), 'guard'))} found something to explain"
    elif unchecked:
        title = "What could be checked is in order"
    rows = [
        el(
            "tr",
            el("th", capital(one.name), _kind(one), scope="row"),
            el("td", prose(one.summary())),
        )
        for one in view.guards
    ]
    table = el(
        "table",
        el("caption", "What was checked, and what was found", class_="unseen"),
        el("thead", el("tr", [el("th", head, scope="col") for head in ("Checked", "Found")])),
        el("tbody", rows),
        class_="audit",
    )
    return Section(
        key="guards",
        eyebrow="Guards",
        title=title,
        lead="A guard that warns comes before any result: it says that the comparison is not fair.",
        body=(el("div", table, class_="audit-panel"),),
    )


def _kind(one: Guard) -> Html:
    word = one.level if one.checked else "not checked"
    sign = el("b", f"{_SIGNS[one.level]} {word}")
    return el("span", sign, class_=f"kind is-{'note' if one.level == 'ok' else 'warning'}")


def declared(facts: ReadoutFacts) -> Section:
    """Return the section of what was declared before anybody looked."""
    design = facts.design
    entries = [
        el("div", el("dt", name), el("dd", words)) for name, words in declaration(facts) if words
    ]
    return Section(
        key="declared",
        eyebrow="Declared beforehand",
        title=capital(
            f"{design.primary.called(facts.start, design.within)} decides, and nothing else"
        ),
        body=(el("dl", entries, class_="definitions"),),
    )


def declaration(facts: ReadoutFacts) -> list[tuple[str, str]]:
    """Return each part of the declaration by its name."""
    design = facts.design
    arms = [
        f"{display.one_line(name)} {display.percent(share, decimals=0)}"
        for name, share in zip(design.variants, design.split, strict=True)
    ]
    first = day_name(design.starts) if design.starts else "the first entry"
    last = day_name(design.ends) if design.ends else "the end of the data"
    looks = f"{len(design.looks)}, {design.spending} spending" if design.several_looks else "one"
    return [
        ("Variants", f"{display.listed(arms)}; {display.one_line(design.control)} is control."),
        ("Assigned", f"By {design.unit}, {'at random' if design.randomised else 'not at random'}."),
        ("Entries", f"From {first} to {last}."),
        ("Primary metric", f"{capital(design.primary.called(facts.start, design.within))}."),
        ("Secondary metrics", _metrics(facts, "secondary")),
        ("Guardrails", _metrics(facts, "guardrails")),
        ("Level", f"{100 * design.alpha:g}{display.NARROW_SPACE}%, {design.alternative}."),
        ("Looks", f"{capital(looks)}."),
        ("Planned", f"{display.count(design.planned)} {design.units}." if design.planned else ""),
    ]


def _metrics(facts: ReadoutFacts, role: str) -> str:
    names = [one.called(facts.start, facts.design.within) for one in getattr(facts.design, role)]
    return f"{capital('; '.join(names))}." if names else "None."


def definitions(facts: ReadoutFacts) -> Section:
    """Return the closing section."""
    entries = [el("div", el("dt", name), el("dd", prose(words))) for name, words in defined(facts)]
    return Section(
        key="definitions",
        eyebrow="Definitions",
        title="How each number is made",
        body=(el("dl", entries, class_="definitions"), el("footer", _footer(facts))),
    )


def defined(facts: ReadoutFacts) -> list[tuple[str, str]]:
    """Return each name with its definition."""
    design = facts.design
    within = display.plural(design.within, "day")
    share = (
        f"{capital(design.units)} that converted within {within} of entry, of those followed for "
        f"{within}. Younger records stand in no share."
    )
    effect = (
        "The variant less control. Interval and p-value come from one test: p is below alpha "
        "exactly when the interval at 1 less alpha excludes no difference."
    )
    unit = (
        f"What was assigned is the {design.unit}; where several records share one, the interval "
        "allows for records that belong together."
    )
    interval = (
        f"{facts.level}: under repetition so many of them hold the truth. With planned looks the "
        "interval of the primary metric holds at all looks together."
    )
    guard = (
        "A check of the comparison itself: the split, records in both variants, unequal maturity, "
        "groups that turn it round, something else that changed, single deals that carry it. A "
        "note at p below .01, a warning below .001."
    )
    chance = "With a flat prior on both rates: a reading aid beside the test, not part of it."
    return [
        ("Share", share),
        ("Effect" if design.randomised else "Difference", effect),
        ("Unit", unit),
        ("Interval", interval),
        ("Guard", guard),
        ("Probability to be better", chance),
    ]


def _footer(facts: ReadoutFacts) -> str:
    return f"As known at the end of {day_name(facts.as_of)}. Made by funnelkit."
