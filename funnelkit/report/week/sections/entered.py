"""New leads: how many came, how that stands to the weeks before, and where they came from."""

from __future__ import annotations

from funnelkit._core import display
from funnelkit.report.page import wording
from funnelkit.report.page.charts.svg import figure
from funnelkit.report.page.section import DataTable, Section
from funnelkit.report.page.terms import capital, readable
from funnelkit.report.week.charts import columns
from funnelkit.report.week.facts import Entries, Span, WeekFacts
from funnelkit.report.week.sections.headline import against, short

_EYEBROW = "Leads"


def section(facts: WeekFacts) -> Section:
    """Return the section of new leads."""
    entries, span = facts.entries, facts.span
    counts = entries.stages[span.terms.start]
    weeks = [short(one.start_time.date()) for one in entries.periods]
    said = ", ".join(f"{week} {n}" for week, n in zip(weeks, counts, strict=True))
    chart = columns(weeks, counts, label=f"New {span.lead[1]} by week: {said}.")
    tables = (steps_table(entries, span), *segments_tables(entries, span))
    return Section(
        key="leads",
        eyebrow=_EYEBROW,
        title=title_of(entries, span),
        lead=_lead(entries, span),
        body=(figure(None, chart, caption=_caption(counts, span)),),
        tables=tables,
    )


def title_of(entries: Entries, span: Span) -> str:
    """Return how many came, and whether that is clearly more or fewer than usual."""
    counts, terms = entries.stages[span.terms.start], span.terms
    some = wording.some(counts[-1], f"new {span.lead[0]}", f"new {span.lead[1]}")
    if len(counts) < 2:
        return f"{capital(some)}; no earlier week to compare with"
    change = against(entries, terms.start, span)
    usual = display.expected(sum(counts[:-1]) / (len(counts) - 1))
    if change.direction == "unclear":
        return f"{capital(some)}, no clear change on the usual {usual}"
    way = "more" if change.direction == "up" else "fewer"
    return f"{capital(some)}, clearly {way} than the usual {usual}"


def _caption(counts: tuple[int, ...], span: Span) -> str:
    earlier = counts[:-1]
    text = f"New {span.lead[1]} by week."
    if not earlier:
        return text
    mean = display.expected(sum(earlier) / len(earlier))
    return f"{text} The dotted line is the mean of the {len(earlier)} before, {mean}."


def _lead(entries: Entries, span: Span) -> str:
    told = []
    for step in span.terms.stages[1:-1]:
        counts = entries.stages[step]
        one, several = span.terms.nouns(step)
        words = wording.some(counts[-1], f"new {one}", f"new {several}")
        if len(counts) > 1:
            words += f" ({display.expected(sum(counts[:-1]) / (len(counts) - 1))} usually)"
        told.append(words)
    text = f"Further on: {display.listed(told)}. " if told else ""
    if span.partial:
        text += f"The week is {wording.days(span.length)} old, and so are those it is set beside. "
    return text + _segments_told(entries, span)


def _segments_told(entries: Entries, span: Span) -> str:
    """Return the segment that most leads of the week came from."""
    if not entries.segments or not entries.stages[span.terms.start][-1]:
        return ""
    name, counts = max(entries.segments.items(), key=lambda one: one[1][-1])
    whole = entries.stages[span.terms.start][-1]
    column = readable(entries.column or "")
    return f"Most came from {name}, by {column}: {display.count(counts[-1])} of {whole}."


def steps_table(entries: Entries, span: Span) -> DataTable:
    """Return the entries to each stage in the period and before."""
    rows = [
        [capital(span.terms.label(step)), *_row(counts)] for step, counts in entries.stages.items()
    ]
    name = f"entries to each stage, {span.named()}"
    return DataTable(name, "First entries to each stage and exit", _heads("Stage", entries), rows)


def segments_tables(entries: Entries, span: Span) -> list[DataTable]:
    """Return the new leads by segment, where there is one."""
    if not entries.segments or entries.column is None:
        return []
    rows = [[name, *_row(counts)] for name, counts in entries.segments.items()]
    column = readable(entries.column)
    name = f"new {span.lead[1]} by {column}"
    return [DataTable(name, capital(name), _heads(capital(column), entries), rows)]


def _heads(first: str, entries: Entries) -> tuple[str, ...]:
    weeks = len(entries.periods) - 1
    return (first, "Now", "Before", f"Mean of the {weeks} before" if weeks else "Mean before")


def _row(counts: tuple[int, ...]) -> list[str]:
    earlier = counts[:-1]
    dash = display.EN_DASH
    mean = display.expected(sum(earlier) / len(earlier)) if earlier else dash
    before = display.count(earlier[-1]) if earlier else dash
    return [display.count(counts[-1]), before, mean]
