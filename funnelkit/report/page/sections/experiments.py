"""Experiments that run: what to do about each, how sure, and what to beware of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from funnelkit._core import display
from funnelkit.experiment import Comparison, Readout
from funnelkit.report.page.facts import Facts, Missing
from funnelkit.report.page.markup import Html, Part, el, prose
from funnelkit.report.page.section import Section, needs
from funnelkit.report.page.terms import capital

_EYEBROW = "Experiments"
_VERDICTS = {
    "adopt": "take {treatment}",
    "keep control": "keep what there is",
    "weigh": "weigh {treatment}",
    "go on": "not decided yet",
    "not told": "no difference told",
    "not to be trusted": "not to be trusted yet",
}


def section(facts: Facts) -> Section:
    """Return the section of experiments; blank where funnel.yml names none."""
    views = facts.experiments
    if not views:
        return Section(key="experiments", eyebrow=_EYEBROW, title="")
    return Section(
        key="experiments",
        eyebrow=_EYEBROW,
        title=title_of(views),
        lead=_lead(views),
        body=tuple(_body(views)),
    )


def title_of(views: Sequence[tuple[str, Readout | Missing]]) -> str:
    """Return the verdict of the only experiment, or how many are decided."""
    told = [view for _, view in views if isinstance(view, Readout)]
    if len(views) == 1:
        name, view = views[0]
        verdict = verdict_of(view) if isinstance(view, Readout) else "too early to read"
        return f"{capital(display.one_line(name))}: {verdict}"
    decided = sum(one.decision.kind in ("adopt", "keep control", "weigh") for one in told)
    if not decided:
        return f"{capital(display.plural(len(views), 'experiment'))}, none of them decided"
    return f"{decided} of {display.plural(len(views), 'experiment')} decided"


def verdict_of(view: Readout) -> str:
    """Return in a few words what to do about an experiment."""
    treatment = display.one_line(view.decision.treatment or "")
    return _VERDICTS[view.decision.kind].format(treatment=treatment)


def _lead(views: Sequence[tuple[str, Readout | Missing]]) -> str:
    told = [view for _, view in views if isinstance(view, Readout)]
    if not told:
        return ""
    text = (
        "A conversion counts up to the same age in every variant, and a record once it has been "
        "followed for so long. Interval and p-value come from one test."
    )
    if any(not one.design.randomised for one in told):
        text += " Where chance did not choose the variant, a difference is no effect."
    return text


def _body(views: Sequence[tuple[str, Readout | Missing]]) -> Iterator[Part]:
    for name, view in views:
        if len(views) > 1:
            verdict = verdict_of(view) if isinstance(view, Readout) else "too early to read"
            yield el("h3", f"{capital(display.one_line(name))}: {verdict}")
        if isinstance(view, Missing):
            yield needs(view.needs)
            continue
        yield el("p", prose(" ".join(view.decision.sentences)), class_="lead")
        yield _table(view)
        yield el("p", prose(" ".join(_notes(view))), class_="note")


def _notes(view: Readout) -> list[str]:
    """Return what belongs with the table: guards, more or faster, and how it was tested."""
    notes = [guard.summary() for guard in view.guards if guard.level != "ok"]
    notes += view.findings
    if view.guards.level == "ok":
        notes.append("The guards found nothing: split, maturity, mix and outliers are in order.")
    methods = dict.fromkeys(one.method.partition(", t with")[0] for one in view.comparisons)
    return [*notes, f"Tested by: {'; '.join(methods)}."]


def _table(view: Readout) -> Html:
    heads = ["Metric", "Control", "Variant", "Difference (interval)", "p"]
    roles = (
        ("decides", view.primary),
        ("secondary", view.secondary),
        ("guardrail", view.guardrails),
    )
    rows = [_row(role, one) for role, family in roles for one in family]
    table = el(
        "table",
        el("thead", el("tr", [el("th", head, scope="col") for head in heads])),
        el("tbody", rows),
        class_="data card-table",
    )
    label = f"Metrics of {display.one_line(view.design.name)} by variant"
    return el("div", table, class_="scroll", tabindex="0", role="region", aria_label=label)


def _row(role: str, one: Comparison) -> Html:
    name = el(
        "th",
        el("b", capital(display.one_line(one.metric))),
        el("span", role, class_="kind"),
        scope="row",
    )
    cells = [
        f"{one.shown(arm.mean)} of {display.count(arm.n)}"
        if one.unit == "share"
        else f"{one.shown(arm.mean)} (n {display.count(arm.n)})"
        for arm in (one.control, one.treatment)
    ]
    cells[1] = f"{display.one_line(one.treatment.name)} {cells[1]}"
    cells += [one.effect_text(), _pvalue(one)]
    return el("tr", name, [el("td", cell) for cell in cells])


def _pvalue(one: Comparison) -> str:
    if math.isnan(one.pvalue):
        return display.EN_DASH
    return display.pvalue(one.pvalue).removeprefix("p ").removeprefix("= ")
