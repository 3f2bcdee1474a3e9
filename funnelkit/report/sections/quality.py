"""Data quality: what the audit found, what was done about it, and where every row went."""

from __future__ import annotations

from funnelkit._core import display
from funnelkit._core.dates import day_name, period_name
from funnelkit.report.facts import Facts, Finding, Quality, Setting
from funnelkit.report.markup import Html, el, join, prose
from funnelkit.report.section import Section
from funnelkit.report.terms import capital

KEPT = ("kept as a record", "joined to a record of an earlier file")
_ORDER = {"error": 0, "warning": 1, "note": 2}


def section(facts: Facts) -> Section:
    """Return the section of data quality."""
    quality, setting = facts.quality, facts.setting
    return Section(
        key="quality",
        eyebrow="Data quality",
        title=title_of(quality, facts),
        lead=_lead(quality),
        body=(el("div", _findings(quality), _rows(quality, setting), class_="audit-panel"),),
    )


def in_order(findings: tuple[Finding, ...]) -> list[Finding]:
    """Return findings with errors first, then warnings, then notes."""
    return sorted(findings, key=lambda one: _ORDER.get(one.severity, len(_ORDER)))


def title_of(quality: Quality, facts: Facts) -> str:
    """Return what is not in the figures, or that nothing is missing from them."""
    terms = facts.setting.terms
    aside = sum(rows for _, reason, rows in quality.accounting if reason not in KEPT)
    parts = []
    if aside:
        parts.append(f"{display.plural(aside, 'row')} set aside")
    if quality.left_out:
        parts.append(
            f"{display.plural(quality.left_out, f'early {terms.lead}', f'early {terms.leads}')} "
            "left out of rates"
        )
    if facts.months.blank_amounts:
        parts.append("no usable amounts")
    if parts:
        return capital(display.listed(parts))
    if quality.findings:
        return (
            f"Every row is in the figures; {display.plural(len(quality.findings), 'thing')} to know"
        )
    return "Every row is in the figures, and the audit found nothing"


def _lead(quality: Quality) -> str:
    if not quality.findings:
        return "No rule of the audit was broken."
    grave = sum(one.severity == "error" for one in quality.findings)
    words = f"The audit raised {display.plural(len(quality.findings), 'point')}"
    return f"{words}, {grave} of them grave." if grave else f"{words}, none of them grave."


def _findings(quality: Quality) -> Html | None:
    if not quality.findings:
        return None
    rows = [
        el(
            "tr",
            el("th", prose(one.what), scope="row"),
            el("td", display.count(one.count), class_="number"),
            el("td", prose(one.remedy)),
        )
        for one in in_order(quality.findings)
    ]
    return el(
        "table",
        el("caption", "What the audit found, and what follows from it", class_="unseen"),
        el(
            "thead",
            el(
                "tr",
                el("th", "Found", scope="col"),
                el("th", "Rows", scope="col"),
                el("th", "What follows", scope="col"),
            ),
        ),
        el("tbody", rows),
        class_="audit",
    )


def _rows(quality: Quality, setting: Setting) -> Html:
    files: dict[str, list[tuple[str, int]]] = {}
    for file, reason, rows in quality.accounting:
        files.setdefault(file, []).append((reason, rows))
    sentences = [
        f"{file}: {display.plural(sum(rows for _, rows in parts), 'row')} read = "
        + " + ".join(f"{display.count(rows)} {reason}" for reason, rows in parts)
        + "."
        for file, parts in files.items()
    ]
    terms = setting.terms
    rates = (
        f"In rates: {display.plural(quality.in_rates, terms.lead, terms.leads)} "
        f"known by {day_name(setting.as_of)}"
    )
    if quality.left_out and quality.rates_from is not None:
        rates += (
            f"; {display.plural(quality.left_out, terms.lead, terms.leads)} from before "
            f"{period_name(quality.rates_from)} count among entries and {terms.wins}, "
            "but in no rate"
        )
    notes = [el("li", prose(note)) for note in quality.notes]
    return join(
        el(
            "p",
            el("b", "Every row is accounted for."),
            " ",
            prose(" ".join([*sentences, f"{rates}."])),
            class_="rows",
        ),
        el("ul", notes, class_="notes") if notes else None,
    )
