"""What holds the funnel back: each step beside its range, and what closing the gap is worth."""

from __future__ import annotations

import numpy as np

from funnelkit._core import display
from funnelkit.rates import Diagnosis
from funnelkit.rates.diagnosis.gaps import Gap
from funnelkit.rates.diagnosis.steps import Step
from funnelkit.report.page.facts import SMALL, Facts, Missing, Setting
from funnelkit.report.page.markup import Html, el, prose
from funnelkit.report.page.section import Section, needs
from funnelkit.report.page.terms import capital

_EYEBROW = "Bottlenecks, by what they are worth"


def section(facts: Facts) -> Section:
    """Return the section of bottlenecks."""
    view, setting = facts.diagnosis, facts.setting
    if isinstance(view, Missing):
        return Section(
            key="bottlenecks",
            eyebrow=_EYEBROW,
            title="The funnel has no steps to compare",
            body=(needs(view.needs),),
        )
    return Section(
        key="bottlenecks",
        eyebrow=_EYEBROW,
        title=title_of(view, setting),
        lead=_lead(view, setting),
        body=(_table(view, setting),),
        after=_after(view),
    )


def title_of(view: Diagnosis, setting: Setting) -> str:
    """Return the step whose gap is worth most, or that none is clear."""
    gap = view.bottleneck
    if gap is None:
        return "No step lies clearly below its range"
    name = f"{setting.terms.label(gap.start)} to {setting.terms.label(gap.target)}"
    wins = display.plural(round(gap.won), setting.terms.win, setting.terms.wins)
    return f"{capital(name)} costs most: about {wins} to its range"


def _lead(view: Diagnosis, setting: Setting) -> str:
    lift = view.lift
    text = (
        f"A tenth more at each of {display.plural(len(view.steps), 'step')} multiplies "
        f"{setting.terms.wins} by {lift.factor:.2f}, whichever step is lowest; so a step counts by "
        "how far it lies below its range, times what comes of those it would keep."
    )
    lowest = view.lowest
    gap = view.bottleneck
    if lowest is not None and gap is not None and lowest.start != gap.start:
        low = f"{setting.terms.label(lowest.start)} to {setting.terms.label(lowest.target)}"
        text += f" The lowest rate, {low}, is not the bottleneck."
    concerns = [one.sentence for one in view.concerns]
    return " ".join([text, *concerns[:2]])


def _table(view: Diagnosis, setting: Setting) -> Html:
    heads = ["Step", f"Rate ({setting.level})", "Records", f"{capital(setting.terms.wins)} to gain"]
    gaps = {gap.start: gap for gap in view.gaps}
    rows = [_row(step, gaps.get(step.start), setting) for step in view.steps]
    table = el(
        "table",
        el(
            "thead",
            el(
                "tr",
                [el("th", name, scope="col") for name in heads],
                el("th", "Beside its range", scope="col", class_="words"),
            ),
        ),
        el("tbody", rows),
        class_="data card-table",
    )
    label = "Steps of the funnel beside their published ranges"
    return el("div", table, class_="scroll", tabindex="0", role="region", aria_label=label)


def _row(step: Step, gap: Gap | None, setting: Setting) -> Html:
    terms = setting.terms
    name = el(
        "th",
        el("b", f"{capital(terms.label(step.start))} to {terms.label(step.target)}"),
        el("span", gap.against if gap is not None else "", class_="kind"),
        scope="row",
    )
    few = step.entered < SMALL
    rate = display.EN_DASH if few else display.estimate(step.rate, step.low, step.high)
    gain = display.EN_DASH
    if gap is not None and gap.clear and gap.won > 0:
        gain = f"{gap.won:,.0f}"
        if np.isfinite(gap.low) and np.isfinite(gap.high):
            gain += f" ({max(gap.low, 0.0):,.0f} to {gap.high:,.0f})"
    cells = [rate, display.count(step.entered), gain]
    return el(
        "tr",
        name,
        [el("td", cell) for cell in cells],
        el("td", _verdict(gap, few=few), class_="words"),
    )


def _verdict(gap: Gap | None, *, few: bool) -> str:
    if few:
        return "too few to tell"
    if gap is None or not gap.against:
        return "no published range"
    if gap.caveat:
        return gap.caveat
    if gap.clear and gap.won > 0:
        return "clearly below"
    return "not clearly below"


def _after(view: Diagnosis) -> Html | None:
    words = [view.left_out] if view.left_out else []
    words.append(
        "Published ranges come from trade surveys that disagree; a range spans them, or is the one "
        "given under `ranges` in funnel.yml. What is typical elsewhere need not be right here."
    )
    return el("p", prose(" ".join(words)), class_="note")
