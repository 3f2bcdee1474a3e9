"""Restated: how the figures of earlier reports have moved since, and why."""

from __future__ import annotations

from collections.abc import Iterator

from funnelkit._core import display
from funnelkit._core.dates import day_name, period_name
from funnelkit.report.page import money, wording
from funnelkit.report.page.facts import Facts, Missing, Setting, short_name
from funnelkit.report.page.facts.restated import Counted, Issued, Recount, Reread, Restated
from funnelkit.report.page.markup import Html, el, prose
from funnelkit.report.page.section import DataTable, Section, needs
from funnelkit.report.page.terms import capital

_EYEBROW = "Restated: figures of earlier reports"
_SHOWN = 8


def section(facts: Facts) -> Section:
    """Return the section of restated figures; blank where funnel.yml names no earlier reports."""
    view, setting = facts.restated, facts.setting
    if view is None:
        return Section(key="restated", eyebrow=_EYEBROW, title="")
    if isinstance(view, Missing):
        return Section(
            key="restated",
            eyebrow=_EYEBROW,
            title="There is no earlier report yet to hold against today",
            body=(needs(view.needs),),
        )
    return Section(
        key="restated",
        eyebrow=_EYEBROW,
        title=title_of(view),
        lead=_lead(view),
        body=tuple(_body(view, setting)),
        tables=(_table(view, setting),),
    )


def title_of(view: Restated) -> str:
    """Return how many figures have moved."""
    moved, number = len(view.moved), len(view.counts)
    of = f"{display.plural(number, 'figure')} of earlier reports"
    if not moved:
        return f"None of {of} has moved since"
    return f"{moved} of {of} {'has' if moved == 1 else 'have'} moved since"


def _lead(view: Restated) -> str:
    first, last = view.reports[0].month, view.reports[-1].month
    span = period_name(first) if first == last else f"{period_name(first)} to {period_name(last)}"
    which = "report" if first == last else "reports"
    sentences = [f"What the {which} on {span} said, beside the same figures of today's data."]
    if changed := sorted({name for one in view.reports for name in one.changed}):
        verb = "has" if len(changed) == 1 else "have"
        files = display.listed([display.one_line(name) for name in changed])
        sentences.append(f"Since the first of them {files} {verb} been exported anew.")
    if view.rates:
        held, number = sum(one.held for one in view.rates), len(view.rates)
        sentences.append(
            f"Of {display.plural(number, 'expected rate')} {held} {'lies' if held == 1 else 'lie'} "
            "today in the interval given then."
        )
    return " ".join(sentences)


def _body(view: Restated, setting: Setting) -> Iterator[Html]:
    moved = view.moved[-_SHOWN:]
    if not moved:
        return
    rows = [
        el(
            "tr",
            el("th", _named(one, setting), scope="row"),
            el("td", _shown(one.figure, one.said)),
            el("td", _shown(one.figure, one.now)),
            el("td", _signed(one.figure, one.now - one.said)),
            el("td", prose(_why(one)), class_="words"),
        )
        for one in moved
    ]
    heads = [el("th", name, scope="col") for name in ("Figure", "Said then", "Today", "Change")]
    table = el(
        "table",
        el("thead", el("tr", heads, el("th", "Why", scope="col", class_="words"))),
        el("tbody", rows),
        class_="data card-table",
    )
    label = "Figures of earlier reports that have moved since"
    yield el("div", table, class_="scroll", tabindex="0", role="region", aria_label=label)


def _why(one: Recount) -> str:
    """Return what moved a figure: the records, the definition, or what came after its data."""
    parts = []
    if abs(one.by_records) > abs(one.by_time) * 1e-9 and _moved(one.by_records):
        figure = _signed(one.figure, one.by_records)
        parts.append(f"{figure}: {_of_records(one)}")
    if _moved(one.by_time):
        figure = _signed(one.figure, one.by_time)
        way = "came after" if one.by_time > 0 else "was undone after"
        parts.append(f"{figure}: {way} {day_name(one.issued.as_of)}, where its data ended")
    return capital("; ".join(parts)) + "."


def _moved(number: float) -> bool:
    return abs(number) >= 0.005


def _of_records(one: Recount) -> str:
    issued = one.issued
    if not issued.defined:
        return "the funnel is defined otherwise in funnel.yml today"
    if not issued.changed:
        return "read otherwise today, from the same export"
    what = "records or amounts" if one.figure == "value" else "records"
    return f"{what} added, removed or dated anew in the export, net"


def _named(one: Recount, setting: Setting) -> str:
    return f"{_called(one.figure, setting)}, {short_name(one.issued.month)}"


def _called(figure: Counted, setting: Setting) -> str:
    names = {
        "won": capital(setting.terms.wins),
        "entered": f"New {setting.terms.leads}",
        "value": "Value won",
    }
    return names[figure]


def _shown(figure: Counted, number: float) -> str:
    return money.brief(number) if figure == "value" else display.count(number)


def _signed(figure: Counted, number: float) -> str:
    if not _moved(number):
        return "0"
    if figure != "value":
        return display.signed(number, decimals=0)
    sign = "+" if number > 0 else display.MINUS
    return f"{sign}{money.brief(abs(number))}"


def _table(view: Restated, setting: Setting) -> DataTable:
    columns = ("Report", "Data through", "Figure", "Said then", "Today", "Change")
    rows = [
        [
            *_of(one.issued),
            _called(one.figure, setting),
            _shown(one.figure, one.said),
            _shown(one.figure, one.now),
            _signed(one.figure, one.now - one.said) if one.moved else "0",
        ]
        for one in view.counts
    ]
    rows += [_rate_row(one) for one in view.rates]
    caption = "Counts of the month of each report; rates of its leads, with their intervals"
    return DataTable("figures of earlier reports", caption, columns, rows)


def _of(issued: Issued) -> list[str]:
    return [short_name(issued.month), day_name(issued.as_of)]


def _rate_row(one: Reread) -> list[str]:
    then, now = one.issued.expected, one.now
    return [
        *_of(one.issued),
        f"Expected by day {one.issued.horizon}",
        wording.rate(then),
        wording.rate(now),
        f"{wording.points(now.value - then.value)} points",
    ]
