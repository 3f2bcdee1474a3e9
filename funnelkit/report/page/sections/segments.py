"""Rates by segment, largest first: which groups lie clearly apart from all together."""

from __future__ import annotations

from funnelkit._core import display
from funnelkit.report.page import wording
from funnelkit.report.page.changes import UNKNOWN
from funnelkit.report.page.charts.dots import Heads, Row, dots
from funnelkit.report.page.charts.svg import bullet, figure, legend
from funnelkit.report.page.facts import FEW, SMALL, Facts, Missing, Segment, Segments, Setting
from funnelkit.report.page.markup import Html
from funnelkit.report.page.section import DataTable, Section, needs
from funnelkit.report.page.terms import capital, plural_of, readable

_SHOWN = 15
_NAMES = 2
_LONGEST = 40


def section(facts: Facts) -> Section:
    """Return the section of rates by segment."""
    view, setting = facts.segments, facts.setting
    if isinstance(view, Missing):
        return Section(
            key="segments",
            eyebrow="Rates by segment",
            title="The rates cannot be split",
            body=(needs(view.needs),),
        )
    return Section(
        key="segments",
        eyebrow=f"Rates by {readable(view.column)}, largest first",
        title=title_of(view),
        lead=_lead(view, setting),
        body=(_figure(view, setting),),
        tables=(_table(view, setting),),
    )


def apart(segment: Segment, pooled: float) -> str | None:
    """Return whether a group lies clearly ``"above"`` or ``"below"`` all together, or neither."""
    if segment.entered < SMALL or not segment.expected.known:
        return None
    if segment.expected.low > pooled:
        return "above"
    return "below" if segment.expected.high < pooled else None


def title_of(view: Segments) -> str:
    """Return which groups lie clearly apart."""
    whole = display.percent(view.pooled.value)
    parts = []
    for side in ("above", "below"):
        names = [brief_name(row) for row in view.rows if apart(row, view.pooled.value) == side]
        if names:
            listed = (
                names
                if len(names) <= _NAMES + 1
                else [*names[:_NAMES], f"{len(names) - _NAMES} more"]
            )
            verb = "lies" if len(names) == 1 else "lie"
            parts.append(f"{display.listed(listed)} {verb} {side} the {whole} of all")
    if not parts:
        return f"No {readable(view.column)} lies clearly apart from the {whole} of all"
    if len(parts) > 1:
        parts[1] = (
            parts[1]
            .replace(f" lie below the {whole} of all", " below")
            .replace(f" lies below the {whole} of all", " below")
        )
    return capital("; ".join(parts))


def _lead(view: Segments, setting: Setting) -> str:
    terms = setting.terms
    marked = [row for row in view.rows if apart(row, view.pooled.value)]
    sentences = []
    if marked:
        named = [f"{brief_name(row)} {wording.rate_in_words(row.expected)}" for row in marked[:3]]
        sentences.append(
            f"Expected to be {terms.done} by day {view.horizon}: {display.listed(named)}; "
            f"all together {wording.rate_in_words(view.pooled)}."
        )
        sentences.append(
            "The data show that these groups differ, not why: look at what they are made of "
            "before moving money between them."
        )
    else:
        sentences.append(
            f"All together are expected to reach {wording.rate_in_words(view.pooled)} by day "
            f"{view.horizon}; every group's interval covers that, so an order by rate would "
            "be an order of chance."
        )
    tested = sum(row.entered >= SMALL for row in view.rows)
    if tested >= 5:
        sentences.append(
            f"By chance alone about one group in {round(1 / (1 - setting.confidence_level))} would "
            "lie apart."
        )
    return " ".join(sentences)


def _figure(view: Segments, setting: Setting) -> Html:
    shown = view.rows[:_SHOWN]
    whole = display.percent(view.pooled.value)
    heads = Heads(
        columns=(f"Expected by day {view.horizon}",),
        widths=(176,),
        strong=0,
        size=capital(setting.terms.leads),
        reference=view.pooled.value,
        reference_name="all",
        capped=False,
    )
    rows = [_row(row, view, setting) for row in shown]
    label = (
        f"Dot and interval plot of the share expected to be {setting.terms.done} by day "
        f"{view.horizon}, by {readable(view.column)}, largest first. "
        + "; ".join(_spoken(row, setting) for row in shown)
        + f". All together {wording.rate(view.pooled)}."
    )
    items = legend(
        (bullet("estimate"), f"interval wholly above or below the {whole} of all"),
        (bullet("context"), "it is not"),
        (bullet("hollow"), f"fewer than {FEW} {setting.terms.leads}"),
    )
    caption = f"Lines: {setting.level} intervals."
    if len(view.rows) > len(shown):
        caption += f" The {len(shown)} largest of {len(view.rows)}; the data table has all."
    return figure(items, dots(rows, heads, label=label), caption=caption)


def _row(row: Segment, view: Segments, setting: Setting) -> Row:
    size = display.count(row.entered)
    aside = f"n {size}"
    if row.entered < SMALL:
        words = f"{row.converted} {setting.terms.done}; too few for a rate"
        return Row(_name(row), size, UNKNOWN, (words,), (aside, words), hollow=True, apart=False)
    words = wording.rate(row.expected)
    return Row(
        name=_name(row),
        size=size,
        estimate=row.expected,
        columns=(words,),
        short=(aside, words),
        hollow=row.entered < FEW,
        apart=apart(row, view.pooled.value) is not None,
    )


def _spoken(row: Segment, setting: Setting) -> str:
    leads = display.plural(row.entered, setting.terms.lead, setting.terms.leads)
    if row.entered < SMALL:
        return f"{_name(row)} {row.converted} of {leads}, too few for a rate"
    return f"{_name(row)} {wording.rate(row.expected)}, {leads}"


def _name(row: Segment) -> str:
    return display.segment_name([row.value])


def brief_name(row: Segment) -> str:
    """Return the name of a group as a sentence can hold it: at most 40 signs."""
    name = _name(row)
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1].rstrip()}\u2026"


def _table(view: Segments, setting: Setting) -> DataTable:
    terms = setting.terms
    columns = (
        capital(readable(view.column)),
        capital(terms.leads),
        f"{capital(terms.done)} so far",
        f"Expected by day {view.horizon} ({setting.level})",
        "Against all",
    )
    rows = [
        [
            _name(row),
            display.count(row.entered),
            display.count(row.converted),
            display.EN_DASH if row.entered < SMALL else wording.rate(row.expected),
            apart(row, view.pooled.value) or "not clearly apart",
        ]
        for row in view.rows
    ]
    name = f"rates by {readable(view.column)}"
    return DataTable(name, f"All {plural_of(terms.lead)} in rates", columns, rows)
