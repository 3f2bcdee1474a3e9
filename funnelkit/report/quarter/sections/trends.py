"""The quarter beside the one before and the same a year ago, and the quarters in a row."""

from __future__ import annotations

import math

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.report.page import wording
from funnelkit.report.page.changes import Change
from funnelkit.report.page.charts.svg import bullet, figure, legend
from funnelkit.report.page.charts.trend import Mark, Panel, trends
from funnelkit.report.page.markup import Html, el, join, prose
from funnelkit.report.page.section import DataTable, Section
from funnelkit.report.page.terms import capital
from funnelkit.report.planning.cells import open_table
from funnelkit.report.quarter.facts import Figure, QuarterlyFacts, Trend

_NAMED = 3
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six")


def section(facts: QuarterlyFacts) -> Section:
    """Return the quarter and the trends."""
    return Section(
        key="trends",
        eyebrow="The quarter, and the quarters before",
        title=title_of(facts),
        lead=_lead(facts),
        body=(_table(facts), _notes(facts), *_charts(facts)),
        tables=(_data(facts),),
    )


def _charts(facts: QuarterlyFacts) -> tuple[Html, ...]:
    """Return the quarters in a row, where there are several."""
    if len(facts.trends[0].figures) < 2:
        return ()
    drawn = trends(_panels(facts), label=_label(facts))
    shown = figure(_legend(facts), drawn, caption=_caption(facts))
    return el("h3", "Quarter by quarter"), shown


def title_of(facts: QuarterlyFacts) -> str:
    """Return what moved clearly from the quarter before, and what did not."""
    moved = [(one, one.change(one.before)) for one in facts.trends]
    compared = [(one, change) for one, change in moved if change is not None]
    if not compared:
        return f"{facts.label} stands alone: there is nothing yet to compare it with"
    groups: dict[str, list[str]] = {"up": [], "down": [], "unclear": []}
    for one, change in compared:
        groups[change.direction].append(one.measure)
    parts = [f"{display.listed(groups[way])} {way}" for way in ("up", "down") if groups[way]]
    unclear = groups["unclear"]
    if len(unclear) > _NAMED:
        which = "the other" if parts else "any of the"
        parts.append(f"no clear change in {which} {_NUMBERS[len(unclear)]} figures")
    elif unclear:
        parts.append(f"no clear change in {display.listed(unclear, last='or')}")
    return capital("; ".join(parts))


def told(one: Trend, earlier: Figure | None) -> str:
    """Return how a metric differs from an earlier quarter; blank where that is not known."""
    change = one.change(earlier)
    if change is None or earlier is None:
        return ""
    if not change.clear:
        return f"no clear change on {earlier.label} ({_ends(one, change)})"
    return f"{change.direction} by {_size(one, change)} on {earlier.label} ({_ends(one, change)})"


def _size(one: Trend, change: Change) -> str:
    value = abs(change.value)
    if one.kind == "share":
        return f"{100 * value:.1f} points"
    if one.kind == "days":
        return display.plural(value, "day")
    return wording.whole_percent(value)


def _ends(one: Trend, change: Change) -> str:
    if one.kind == "share":
        return wording.points_range(change)
    if one.kind == "days":
        return " to ".join(display.signed(end, decimals=0) for end in (change.low, change.high))
    return wording.ratio_range(change).strip("()")


def _lead(facts: QuarterlyFacts) -> str:
    """Return the figures that moved clearly, or the first where none did."""
    said = []
    for one in facts.trends:
        words = [text for text in (told(one, one.before), told(one, one.year_ago)) if text]
        clear = [text for text in words if not text.startswith("no")]
        if clear:
            said.append(
                f"{capital(one.measure)}: {one.said(one.now.estimate.value)}, {'; '.join(clear)}."
            )
    compared = any(one.change(each) for one in facts.trends for each in (one.before, one.year_ago))
    if not said:
        return "" if not compared else "What differs from the quarter before may be chance alone."
    return " ".join(said[:_NAMED])


def _table(facts: QuarterlyFacts) -> Html:
    """Return each metric of the quarter with its interval, its records and both changes."""
    heads = ["Metric", facts.label + (" so far" if facts.partial else ""), "Records"]
    first = facts.trends[0]
    heads += [f"On {one.label}" for one in (first.before, first.year_ago) if one]
    rows = [
        [
            join(one.name, el("span", one.about, class_="kind")),
            _value(one),
            join(display.count(one.now.n), el("span", one.of, class_="kind")),
            *(_against(one, each) for each in (one.before, one.year_ago) if each),
        ]
        for one in facts.trends
    ]
    return open_table(heads, rows, label=f"The metrics of {facts.label}")


def _value(one: Trend) -> Html:
    now = one.now
    if not now.estimate.known:
        return join("too young", el("span", "or too few to tell", class_="kind"))
    tag = el("span", "immature", class_="tag") if now.immature else None
    return join(
        el("b", one.said(now.estimate.value)),
        tag,
        el("span", one.between(now.estimate), class_="kind"),
    )


def _against(one: Trend, earlier: Figure) -> Html:
    change = one.change(earlier)
    if change is None:
        return Html(display.EN_DASH)
    sign = "+" if change.value > 0 else display.MINUS if change.value < 0 else ""
    clear = "clear" if change.clear else "no clear change"
    return join(
        f"{sign}{_size(one, change)}", el("span", f"{_ends(one, change)}; {clear}", class_="kind")
    )


def _notes(facts: QuarterlyFacts) -> Html:
    level = facts.setting.level
    words = [f"Under each figure its {level} interval, and under each change that of the change."]
    short = [one.label for trend in facts.trends for one in trend.figures if one.short]
    if short:
        wins, leads = facts.setting.terms.wins, facts.setting.terms.leads
        words.append(
            f"Up to {max(short)} the data lack {wins} of {leads} from before they begin: those "
            f"quarters are not compared in {wins} and bookings."
        )
    if facts.partial:
        words.append(
            f"{facts.label} is not over: counts and sums up to {day_name(facts.until)} are not "
            "compared with whole quarters."
        )
    words += facts.missing
    return el("p", prose(" ".join(words)), class_="note")


def _legend(facts: QuarterlyFacts) -> Html:
    items = [(bullet("estimate"), facts.label), (bullet("context"), "earlier quarters")]
    if any(one.immature or one.short for trend in facts.trends for one in trend.figures):
        items.append((bullet("hollow"), "hollow, dashed: immature, or not all in the data"))
    return legend(*items)


def _caption(facts: QuarterlyFacts) -> str:
    fiscal = facts.setting.calendar.fiscal_year_start != 1
    words = f"Dots with {facts.setting.level} intervals, each panel on a scale from 0."
    return f"{words} Quarters are those of the fiscal year." if fiscal else words


def _panels(facts: QuarterlyFacts) -> list[Panel]:
    return [
        Panel(
            name=one.name,
            about=one.about,
            marks=tuple(_mark(one, k) for k in range(len(one.figures))),
        )
        for one in facts.trends
    ]


def _mark(trend: Trend, k: int) -> Mark:
    one = trend.figures[k]
    year, _, quarter = one.label.partition(" ")
    begins = k == 0 or trend.figures[k - 1].label.partition(" ")[0] != year
    value, low, high = one.estimate
    return Mark(
        period=quarter,
        year=year if begins else "",
        value=value,
        low=low,
        high=high,
        words=trend.said(value).removesuffix(" days").removesuffix(" day"),
        hollow=one.immature or one.short,
    )


def _label(facts: QuarterlyFacts) -> str:
    lines = []
    for trend in facts.trends:
        values = ", ".join(
            f"{one.label} {trend.said(one.estimate.value)}{_state(one)}" for one in trend.figures
        )
        lines.append(f"{trend.name}: {values}")
    return f"Metrics by quarter. {'. '.join(lines)}."


def _state(one: Figure) -> str:
    if one.immature:
        return " (immature)"
    return " (not all in the data)" if one.short else ""


def _data(facts: QuarterlyFacts) -> DataTable:
    quarters = [one.label for one in facts.trends[0].figures]
    rows = [
        [label, *(_cell(trend, k) for trend in facts.trends)] for k, label in enumerate(quarters)
    ]
    return DataTable(
        name="metrics by quarter",
        caption=f"Each with its {facts.setting.level} interval",
        columns=("Quarter", *(trend.name for trend in facts.trends)),
        rows=rows,
    )


def _cell(trend: Trend, k: int) -> str:
    one = trend.figures[k]
    if not math.isfinite(one.estimate.value):
        return display.EN_DASH
    between = trend.between(one.estimate)
    text = trend.said(one.estimate.value) + (f" ({between})" if between else "")
    return text + (" immature" if one.immature else "")
