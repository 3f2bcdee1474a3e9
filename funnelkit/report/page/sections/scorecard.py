"""The scorecard: headline metrics beside their targets, with who answers for each."""

from __future__ import annotations

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.metrics.headlines import Line, Scorecard
from funnelkit.report.page.facts import SMALL, Facts, Setting
from funnelkit.report.page.markup import Html, el, prose
from funnelkit.report.page.section import Section, needs
from funnelkit.report.page.sections.by_channel import channel_table
from funnelkit.report.page.terms import capital

_VERDICTS = {
    "reached": "reached",
    "not reached": "not reached",
    "open": "cannot be told yet",
    "none": "",
}
_WIDEST = 0.5
"""Of a share whose interval is wider nothing is said: its leads are too young, or too few."""
_NAMING = (
    "Name the few that matter in funnel.yml, each with its target: `headline: [{metric: win_rate, "
    "target: 25 %, owner: Head of Sales, by: 2026-12-31}]`."
)


def section(facts: Facts) -> Section:
    """Return the section of headline metrics."""
    card, setting = facts.card, facts.setting
    if card is None or not card.lines:
        reasons = " ".join(card.missing) if card is not None else ""
        return Section(
            key="scorecard",
            eyebrow="Headline metrics",
            title="There is no headline metric to show yet",
            body=(needs(reasons or _NAMING),),
        )
    aimed = any(line.headline.target is not None for line in card.lines)
    return Section(
        key="scorecard",
        eyebrow="Headline metrics",
        title=title_of(card),
        lead=_lead(card, setting),
        body=(_table(card, setting), channel_table(facts.channels)),
        after=_after(card, aimed=aimed),
    )


def title_of(card: Scorecard) -> str:
    """Return how many targets are reached, and how many are clearly not."""
    aimed = [line for line in card.lines if line.headline.target is not None]
    if not aimed:
        return f"{capital(display.plural(len(card.lines), 'metric'))}, none of them with a target"
    reached = sum(line.verdict == "reached" for line in aimed)
    missed = sum(line.verdict == "not reached" for line in aimed)
    total = display.plural(len(aimed), "target")
    if reached == len(aimed):
        return f"All {total} reached" if len(aimed) > 1 else "The target is reached"
    open_ones = len(aimed) - reached - missed
    parts = [f"{reached} of {total} reached"]
    parts += [f"{missed} clearly missed"] if missed else []
    parts += [f"{open_ones} cannot be told yet"] if open_ones else []
    return ", ".join(parts)


def _lead(card: Scorecard, setting: Setting) -> str:
    month = setting.named(setting.month)
    part = " so far" if not card.whole else ""
    return (
        f"Leading metrics move before money does, lagging ones with it or after. Numbers and money "
        f"are of {month}{part}; rates are of the {setting.terms.leads} that entered in {month}, "
        "corrected for their age, and opportunity to win is of those that closed in it. A rate "
        "reaches or misses its target only where its whole interval does."
        + _of_tables(card, setting)
    )


def _of_tables(card: Scorecard, setting: Setting) -> str:
    """Return what is to be known of figures from tables of their own; "" where there are none."""
    kinds = list(dict.fromkeys(one for line in card.lines if (one := line.known.table)))
    if not kinds:
        return ""
    text = (
        f" Money and quotas of {display.listed(kinds)} stand as the tables have them, and are "
        "compared as they are; of costs, less is better."
    )
    if setting.restricted:
        text += (
            f" This page is of a part of the {setting.terms.leads}, and the tables are taken "
            "whole: they must be of that part too."
        )
    return text


def _table(card: Scorecard, setting: Setting) -> Html:
    aimed = any(line.headline.target is not None for line in card.lines)
    owned = any(line.headline.owner or line.headline.by for line in card.lines)
    before = setting.named(setting.month - 1)
    heads = ["Metric", capital(setting.named(setting.month)), f"{setting.level} interval", before]
    heads += ["Target"] if aimed else []
    words = ["Verdict"] if aimed else []
    words += ["Answers for it"] if owned else []
    rows = [_row(line, aimed=aimed, owned=owned) for line in card.lines]
    table = el(
        "table",
        el(
            "thead",
            el(
                "tr",
                [el("th", name, scope="col") for name in heads],
                [el("th", name, scope="col", class_="words") for name in words],
            ),
        ),
        el("tbody", rows),
        class_="data card-table",
    )
    return el(
        "div",
        table,
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label="Headline metrics beside their targets",
    )


def _row(line: Line, *, aimed: bool, owned: bool) -> Html:
    headline, now = line.headline, line.now
    people = now.unit == "share" and not line.known.estimate
    small = now.unit == "share" and not people and now.denominator[0, 0] < SMALL
    low, high = (
        float(np.asarray(end)[0, 0]) for end in now.confidence_interval(now.confidence_level)
    )
    known = np.isfinite(low) and np.isfinite(high) and not small and not people
    young = now.unit == "share" and not (small or people)
    young = young and not (known and high - low <= _WIDEST)
    known = known and not young
    if now.unit == "share" or line.known.percent:
        ends = display.percent_range(low, high, words=True) if known else display.EN_DASH
    else:
        ends = f"{line.shown(low)} to {line.shown(high)}" if known else display.EN_DASH
    figure = display.EN_DASH if small or young else _shown(line, now.value)
    if people and np.isfinite(now.value):  # of a handful of people the number says more
        figure = f"{now.numerator[0, 0]:.0f} of {now.denominator[0, 0]:.0f}"
    cells = [figure, ends, _shown(line, line.before)]
    words = []
    if aimed:
        target = headline.target
        cells.append("" if target is None else line.shown(target))
        few = small and target is not None
        words.append("too few to tell" if few else _VERDICTS[line.verdict])
    if owned:
        told = [headline.owner or "", f"by {day_name(headline.by)}" if headline.by else ""]
        words.append(", ".join(one for one in told if one))
    name = el(
        "th",
        el("b", capital(headline.spoken)),
        el("span", f"{line.kind}; {now.definition}", class_="kind"),
        scope="row",
    )
    written = [el("td", one, class_="words") for one in words]
    return el("tr", name, [el("td", cell) for cell in cells], written)


def _shown(line: Line, value: float) -> str:
    return line.shown(value) if np.isfinite(value) else display.EN_DASH


def _after(card: Scorecard, *, aimed: bool) -> Html | None:
    words = [*card.missing] if aimed else [_NAMING]
    return el("p", prose(" ".join(words)), class_="note") if words else None
