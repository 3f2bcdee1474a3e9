"""What the experiment did to each metric, and who was followed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from funnelkit._core import display
from funnelkit.experiment import Comparison, Readout
from funnelkit.experiment.bayesian.answer import BayesianComparison
from funnelkit.report.page.charts.forest import Effect, forest
from funnelkit.report.page.charts.svg import bullet, figure, legend
from funnelkit.report.page.facts import SMALL, Missing
from funnelkit.report.page.markup import Html, el, prose
from funnelkit.report.page.section import DataTable, Section, needs
from funnelkit.report.page.terms import capital
from funnelkit.report.readout.facts import ReadoutFacts

MOST = 3
"""How many variants are told one by one where few words are wanted."""
_ROLES = {"primary": "decides", "secondary": "secondary", "guardrails": "guardrail"}


def section(facts: ReadoutFacts) -> Section:
    """Return the section of every metric with its effect."""
    view = facts.view
    word = "effect" if facts.design.randomised else "difference"
    eyebrow = f"The {word} on each metric"
    if isinstance(view, Missing):
        return Section(
            key="effects",
            eyebrow=eyebrow,
            title="No metric can be compared yet",
            body=(needs(view.needs),),
        )
    rows = _rows(facts, view)
    shares = [one for one in rows if one[1].unit == "share" and one[1].scale == "difference"]
    return Section(
        key="effects",
        eyebrow=eyebrow,
        title=title_of(facts, view),
        lead=_lead(view),
        body=tuple(_figures(shares, facts)),
        tables=(_table(rows),),
        after=el("p", prose(" ".join(_notes(view))), class_="note"),
    )


def title_of(facts: ReadoutFacts, view: Readout) -> str:
    """Return how far the primary metric differs, or that it does not clearly."""
    parts = []
    for one in map(facts.told, view.primary):
        name = display.one_line(one.treatment.name)
        low, high = (float(end) for end in one.confidence_interval())
        if math.isnan(one.effect):
            parts.append(f"{name} cannot be told from {display.one_line(one.control.name)}")
        elif low <= one.null <= high:
            parts.append(f"no clear difference with {name}")
        else:
            parts.append(f"{name}: {one.effect_text()}")
    more = [f"{len(parts) - MOST} more"] if len(parts) > MOST else []
    return capital("; ".join([*parts[:MOST], *more]))


def _rows(facts: ReadoutFacts, view: Readout) -> list[tuple[str, Comparison]]:
    return [
        (role, facts.told(one)) for family, role in _ROLES.items() for one in getattr(view, family)
    ]


def _lead(view: Readout) -> str:
    believed = [_believed(one) for one in view.bayesian.values()]
    more = display.plural(len(believed) - MOST, "further variant")
    sentences = [*believed[:MOST], *([f"{more} below."] if len(believed) > MOST else [])]
    sentences.append("Only the primary metric decides; the others say what came with it.")
    if len(view.secondary) > 1:
        sentences.append("P-values of several secondary metrics are adjusted by Holm's method.")
    if view.guardrails:
        sentences.append("A guardrail is there to hold: it decides only where it is broken.")
    return " ".join(sentences)


def _believed(one: BayesianComparison) -> str:
    """Return how likely a variant is better, and what is lost by either choice if it is wrong."""
    treatment, control = (display.one_line(arm.name) for arm in (one.treatment, one.control))
    losses = [_loss(loss) for loss in (one.loss_of_treatment, one.loss_of_control)]
    return (
        f"{capital(treatment)} is better with probability "
        f"{display.percent(one.probability_to_beat)}; taking it costs {losses[0]} points in "
        f"expectation, and staying with {control} {losses[1]}."
    )


def _loss(share: float) -> str:
    points = 100 * share
    return "less than 0.01" if points < 0.005 else f"{points:.2f}"


def _named(role: str, one: Comparison, *, several: bool) -> tuple[str, str]:
    treatment = f", {display.one_line(one.treatment.name)}" if several else ""
    return capital(display.one_line(one.metric)), f"{role}{treatment}"


def _figures(rows: Sequence[tuple[str, Comparison]], facts: ReadoutFacts) -> Iterator[Html]:
    """Yield what decides on a scale of its own, and the rest on another."""
    for decides in (True, False):
        kept = [(role, one) for role, one in rows if (role == "decides") is decides]
        if kept:
            yield _figure(kept, facts, decides=decides)


def _figure(rows: Sequence[tuple[str, Comparison]], facts: ReadoutFacts, *, decides: bool) -> Html:
    several = len(facts.design.treatments) > 1
    effects = []
    for role, one in rows:
        low, high = (100 * float(end) for end in one.confidence_interval())
        name, of = _named(role, one, several=several)
        effects.append(
            Effect(
                name=name,
                role=of,
                value=100 * one.effect,
                low=low,
                high=high,
                words=one.effect_text().replace(" points", ""),
                pvalue=_pvalue(one),
                decides=role == "decides",
                hollow=min(one.control.n, one.treatment.n) < SMALL,
            )
        )
    told = " ".join(f"{one.name}: {one.words} points, p {one.pvalue}." for one in effects)
    label = f"Differences from {display.one_line(facts.design.control)} in points: {told}"
    mark = bullet("estimate" if decides else "context")
    what = "decides" if decides else "told beside it, on a scale of its own"
    items = legend((mark, f"{what}, with {facts.level} interval"))
    caption = (
        f"Each variant less {display.one_line(facts.design.control)}, in points of the share that "
        "converted. The dotted line is no difference."
        if decides
        else None
    )
    return figure(items, forest(effects, label=label), caption=caption)


def _table(rows: Sequence[tuple[str, Comparison]]) -> DataTable:
    columns = ("Metric", "Role", "Control", "Variant", "Difference (interval)", "p")
    cells = [
        [
            capital(display.one_line(one.metric)),
            role,
            _arm(one, treatment=False),
            f"{display.one_line(one.treatment.name)} {_arm(one, treatment=True)}",
            one.effect_text(),
            _pvalue(one),
        ]
        for role, one in rows
    ]
    return DataTable("every metric", "Each metric in each variant", columns, cells)


def _arm(one: Comparison, *, treatment: bool) -> str:
    arm = one.treatment if treatment else one.control
    return f"{one.shown(arm.mean)} (n {display.count(arm.n)})"


def _pvalue(one: Comparison) -> str:
    if math.isnan(one.pvalue):
        return display.EN_DASH
    return display.pvalue(one.pvalue).removeprefix("p ").removeprefix("= ")


def _notes(view: Readout) -> list[str]:
    methods = dict.fromkeys(one.method.partition(", t with")[0] for one in view.comparisons)
    notes = dict.fromkeys(note for one in view.comparisons for note in one.notes)
    return [*notes, f"Tested by: {'; '.join(methods)}."]
