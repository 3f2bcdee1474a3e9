"""The funnel: of those who entered each stage, how many moved on, stayed or left."""

from __future__ import annotations

from funnelkit._core import display
from funnelkit.report.page import wording
from funnelkit.report.page.charts.bars import Bar, Part, bars
from funnelkit.report.page.charts.svg import figure, legend, swatch
from funnelkit.report.page.facts import SMALL, Cohorts, Facts, Flow, Missing, Stage
from funnelkit.report.page.markup import Html, el, prose
from funnelkit.report.page.section import DataTable, Section, needs
from funnelkit.report.page.terms import Terms, capital, plural_of

_EYEBROW = "Funnel"


def section(facts: Facts) -> Section:
    """Return the funnel section."""
    flow, terms = facts.flow, facts.setting.terms
    if isinstance(flow, Missing):
        return Section(
            key="funnel",
            eyebrow=_EYEBROW,
            title="No stage has been entered yet",
            body=(needs(flow.needs),),
        )
    body = _bare(flow, terms) if flow.bare else _figure(flow, facts)
    return Section(
        key="funnel",
        eyebrow=_EYEBROW,
        title=_bare_title(flow, terms) if flow.bare else title_of(flow, terms),
        lead=_lead(facts, flow),
        body=(body,),
        tables=(_table(flow, terms),),
    )


def title_of(flow: Flow, terms: Terms) -> str:
    """Return at which stage most wait or leave, as a fact about counts."""
    if not flow.stages[0].entered:
        return f"No {terms.lead} has entered yet"
    steps = [stage for stage in flow.stages[:-1] if stage.entered >= SMALL]
    if not steps:
        return f"Too few {terms.leads} yet to say where they stop"
    stopped = max(steps, key=lambda stage: stage.entered - stage.moved_on)
    following = flow.stages[flow.stages.index(stopped) + 1].name
    if stopped.entered == stopped.moved_on:
        return f"All {terms.leads} have moved on so far"
    if not stopped.moved_on:
        return f"None has gone on from {terms.label(stopped.name)} so far"
    moved = display.percent(stopped.rate.value, decimals=0)
    return (
        f"Most wait or leave at {terms.label(stopped.name)}: "
        f"{moved} have gone on to {terms.label(following)} so far"
    )


def _bare_title(flow: Flow, terms: Terms) -> str:
    first = flow.stages[0]
    one, many = terms.nouns(first.name)
    if first.entered < SMALL:
        return (
            f"{display.plural(first.entered, one, many)}, {display.count(flow.reached)} "
            f"{terms.done}; nothing in between is recorded"
        )
    return (
        f"{display.percent(flow.whole.value)} {terms.done} so far; "
        "where the others wait is not recorded"
    )


def _lead(facts: Facts, flow: Flow) -> str:
    setting, terms = facts.setting, facts.setting.terms
    first, last = flow.stages[0], flow.stages[-1]
    one, many = terms.nouns(first.name)
    words = [f"{display.plural(first.entered, one, many)} entered"]
    if isinstance(facts.cohorts, Cohorts) and first.name == terms.start:
        rows = facts.cohorts.rows
        ends = setting.stretch(rows[0].cohort, rows[-1].cohort)
        words.append(f"in {ends[0]}" if ends[0] == ends[1] else f"from {ends[0]} to {ends[1]}")
    verb = "has" if flow.reached < 2 else "have"
    number = display.count(flow.reached) if flow.reached else "none"
    reached = f"{number} of them {verb} reached {terms.label(last.name)}"
    if first.entered >= SMALL and flow.whole.known:
        reached += f", {wording.rate_in_words(flow.whole)} so far"
    sentences = [f"{' '.join(words)}; {reached}."]
    if flow.exits:
        left = sum(sum(stage.left.values()) for stage in flow.stages)
        ways = display.listed(terms.steps(flow.exits), last="or")
        waiting = sum(stage.still_there for stage in flow.stages[:-1])
        sentences.append(
            f"{display.count(left)} are {ways}, and {display.count(waiting)} are still on the way."
        )
    waits = [
        f"{wording.days(stage.median_days)} at {terms.label(stage.name)}"
        for stage in flow.stages[:-1]
        if stage.median_days is not None
    ]
    if waits:
        sentences.append(
            f"Those who moved on took a median of {display.listed(waits)}; "
            "the ones still waiting may take longer."
        )
    return " ".join(sentences)


def _figure(flow: Flow, facts: Facts) -> Html:
    terms = facts.setting.terms
    rows = [_bar(stage, flow, terms, last=stage is flow.stages[-1]) for stage in flow.stages]
    label = "Funnel. " + "; ".join(_spoken(stage, flow, terms) for stage in flow.stages) + "."
    items = [
        (swatch("moved"), "moved on to a later stage"),
        (swatch("immature"), "still there"),
    ]
    if flow.exits:
        items.append((swatch("left"), display.listed(terms.steps(flow.exits), last="or")))
    return figure(legend(*items), bars(rows, label=label), caption=_caption(flow, facts))


def _bar(stage: Stage, flow: Flow, terms: Terms, *, last: bool) -> Bar:
    name = capital(terms.label(stage.name))
    if last:
        return Bar(
            name, display.count(stage.entered), stage.entered, (Part(stage.entered, "moved", ""),)
        )
    following = terms.label(flow.stages[flow.stages.index(stage) + 1].name)
    moved = f"{display.count(stage.moved_on)} moved on towards {following}"
    if stage.entered >= SMALL and stage.rate.known:
        moved = f"{wording.rate(stage.rate)} on towards {following}"
    parts = [Part(stage.moved_on, "moved", moved)]
    if stage.still_there:
        parts.append(
            Part(stage.still_there, "waiting", f"{display.count(stage.still_there)} still there")
        )
    parts += [
        Part(number, "left", f"{display.count(number)} {terms.label(exit_)}")
        for exit_, number in stage.left.items()
        if number
    ]
    aside = (
        f"moved on after {wording.days(stage.median_days)} (median)"
        if stage.median_days is not None
        else "days not recorded"
    )
    return Bar(name, display.count(stage.entered), stage.entered, tuple(parts), aside)


def _spoken(stage: Stage, flow: Flow, terms: Terms) -> str:
    words = f"{terms.label(stage.name)}: {display.count(stage.entered)} entered"
    if stage is flow.stages[-1]:
        return words
    if stage.entered >= SMALL and stage.rate.known:
        words += f", {wording.rate(stage.rate)} moved on"
    else:
        words += f", {display.count(stage.moved_on)} moved on"
    for exit_, number in stage.left.items():
        words += f", {display.count(number)} {terms.label(exit_)}"
    return f"{words}, {display.count(stage.still_there)} still there"


def _caption(flow: Flow, facts: Facts) -> str:
    words = [
        (
            "Counts so far: young records have had little time to move on, so each share can still "
            f"rise. Brackets: {facts.setting.level} intervals."
        )
    ]
    if flow.decided is not None:
        label, decided, share = flow.decided
        if decided >= SMALL:
            words.append(
                f"{capital(label)}: {wording.rate(share)} of {display.count(decided)} decided."
            )
    filled = sum(stage.filled for stage in flow.stages)
    if filled:
        words.append(
            f"{display.plural(filled, 'stage entry', 'stage entries')} had no date and "
            "were filled in from a later stage; they are left out of the shares."
        )
    return " ".join(words)


def _bare(flow: Flow, terms: Terms) -> Html:
    first, last = flow.stages[0], flow.stages[-1]
    names = [plural_of(terms.lead), "qualified", "opportunity", terms.done]
    steps = [
        el("div", el("b", display.count(first.entered)), el("span", names[0]), class_="step"),
        *(el("div", el("b", "?"), el("span", name), class_="step unknown") for name in names[1:3]),
        el("div", el("b", display.count(flow.reached)), el("span", names[3]), class_="step"),
    ]
    words = (
        f"The export holds two dates, {terms.label(first.name)} and {terms.label(last.name)}. "
        "With the date of each stage between them, and the date on which "
        f"{terms.a_lead} was lost, stage rates, waiting times and losses would stand here."
    )
    return el(
        "div",
        el("div", steps, class_="steps", aria_hidden="true"),
        el("p", el("b", "This panel needs more."), " ", prose(words)),
        class_="needs beside",
    )


def _table(flow: Flow, terms: Terms) -> DataTable:
    columns = [
        "Stage",
        "Entered",
        "Filled in",
        "Moved on",
        "Share moved on",
        *(capital(terms.label(name)) for name in flow.exits),
        "Still there",
        "Median days",
    ]
    rows = []
    for stage in flow.stages:
        if stage is flow.stages[-1]:
            rest = [display.EN_DASH] * (len(columns) - 3)
        else:
            rest = [
                display.count(stage.moved_on),
                wording.rate(stage.rate) if stage.entered >= SMALL else display.EN_DASH,
                *(display.count(stage.left.get(name, 0)) for name in flow.exits),
                display.count(stage.still_there),
                display.EN_DASH if stage.median_days is None else f"{stage.median_days:g}",
            ]
        name = capital(terms.label(stage.name))
        rows.append([name, display.count(stage.entered), display.count(stage.filled), *rest])
    return DataTable("funnel stages", "What became of those who entered", tuple(columns), rows)
