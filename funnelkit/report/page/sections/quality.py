"""Data quality: what the audit found, what was done about it, and where every row went."""

from __future__ import annotations

from funnelkit._core import display
from funnelkit._core.dates import day_name, period_name
from funnelkit.data.control.tying import TieOut, figure
from funnelkit.data.finding import share_shown
from funnelkit.report.page.facts import Facts, Finding, Quality, Setting
from funnelkit.report.page.markup import Html, el, prose
from funnelkit.report.page.section import DataTable, Section
from funnelkit.report.page.terms import capital

_MOST_FILES = 4
_ORDER = {"error": 0, "warning": 1, "note": 2}
_SIGNS = {"error": "\u2716", "warning": "\u25b2", "note": "\u25cb"}  # told by shape, not by colour


def section(facts: Facts) -> Section:
    """Return the section of data quality."""
    quality, setting = facts.quality, facts.setting
    return Section(
        key="quality",
        eyebrow="Data quality",
        title=title_of(quality, facts),
        lead=_lead(quality),
        body=(el("div", _findings(quality), _rows(quality, setting), class_="audit-panel"),),
        tables=(_totals(facts.tied),) if facts.tied else (),
    )


def _totals(tied: TieOut) -> DataTable:
    """Return the CRM's own totals beside ours."""
    columns = ("Figure", "Period", "CRM", "Ours", "Difference", "Why")
    rows = [
        [
            tie.total.what,
            tie.total.period,
            figure(tie.total.number),
            figure(tie.ours) if tie.ours is not None else "not known yet",
            figure(tie.difference) if tie.compared else display.EN_DASH,
            tie.why or display.EN_DASH,
        ]
        for tie in tied.ties
    ]
    return DataTable("control totals", "The CRM's own totals beside ours", columns, rows)


def in_order(findings: tuple[Finding, ...]) -> list[Finding]:
    """Return findings with errors first, then warnings, then notes."""
    return sorted(findings, key=lambda one: _ORDER.get(one.severity, len(_ORDER)))


def title_of(quality: Quality, facts: Facts) -> str:
    """Return what is not in the figures, or that nothing is missing from them."""
    terms = facts.setting.terms
    parts = []
    if quality.aside:
        parts.append(f"{display.plural(quality.aside, 'row')} set aside")
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
    kinds = [(kind, sum(one.severity == kind for one in quality.findings)) for kind in _ORDER]
    found = display.listed([display.plural(number, kind) for kind, number in kinds if number])
    return f"The audit has {found}; what follows from each stands beside it."


def _findings(quality: Quality) -> Html | None:
    if not quality.findings:
        return None
    rows = [
        el(
            "tr",
            el("th", prose(one.what), _kind(one), scope="row"),
            el("td", display.count(one.count), class_="number"),
            el("td", share_shown(one.share), class_="number share"),
            el("td", prose(one.remedy), _examples(one)),
        )
        for one in in_order(quality.findings)
    ]
    heads = ("Found", "How many", "Share", "What follows")
    return el(
        "table",
        el("caption", "What the audit found, and what follows from it", class_="unseen"),
        el("thead", el("tr", [el("th", head, scope="col") for head in heads])),
        el("tbody", rows),
        class_="audit",
    )


def _kind(one: Finding) -> Html:
    """Return a finding's severity, by sign and word, and its rule."""
    sign = el("b", f"{_SIGNS.get(one.severity, '')} {one.severity}".strip())
    return el("span", sign, f" \u00b7 {one.rule}", class_=f"kind is-{one.severity}")


def _examples(one: Finding) -> Html | None:
    if not one.examples:
        return None
    return el("span", f"For example {', '.join(one.examples)}", class_="kind")


def _rows(quality: Quality, setting: Setting) -> Html:
    files = _by_file(quality.accounting)
    if len(files) > _MOST_FILES:
        together: dict[str, int] = {}
        for reason, rows in (part for parts in files.values() for part in parts):
            together[reason] = together.get(reason, 0) + rows
        files = {f"{len(files)} files": list(together.items())}
    sentences = [
        f"{file}: {display.plural(sum(rows for _, rows in parts), 'row')} read = "
        + " + ".join(f"{display.count(rows)} {reason}" for reason, rows in parts)
        + "."
        for file, parts in {**files, **_by_file(quality.beside)}.items()
        if parts
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
    words = prose(" ".join([*sentences, f"{rates}."]))
    return el("p", el("b", "Every row is accounted for."), " ", words, class_="rows")


def _by_file(accounting: tuple[tuple[str, str, int], ...]) -> dict[str, list[tuple[str, int]]]:
    files: dict[str, list[tuple[str, int]]] = {}
    for file, reason, rows in accounting:
        files.setdefault(file, []).append((reason, rows))
    return files
