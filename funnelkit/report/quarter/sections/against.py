"""The last plan against what came, what made the gap, and what the rest of it now needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import day_name, period_name
from funnelkit.plan.actuals.review import EFFECT_WORDS
from funnelkit.report.page.charts.bridge import Step, bridge
from funnelkit.report.page.charts.svg import figure, legend, swatch
from funnelkit.report.page.facts import Missing, short_name
from funnelkit.report.page.markup import Html, Part, el, prose
from funnelkit.report.page.section import DataTable, Section, needs
from funnelkit.report.page.terms import capital
from funnelkit.report.planning.cells import open_table
from funnelkit.report.quarter.facts import Against, QuarterlyFacts

if TYPE_CHECKING:
    import pandas as pd

_EYEBROW = "Plan against actual"
_WORDS = {
    "volume": ("more leads came", "fewer leads came"),
    "rate": ("more of them are won", "fewer of them are won"),
    "lag": ("wins came sooner", "wins came later"),
    "deal size": ("larger deals", "smaller deals"),
    "in flight": ("open deals brought more", "open deals brought less"),
    "without a lead": ("deals without a lead: more", "deals without a lead: less"),
    "otherwise": ("lost records won after all", "lost records won after all"),
    "planned above the target": ("planned above the target", "planned below the target"),
}


def section(facts: QuarterlyFacts) -> Section:
    """Return the last plan against what came, or what that would need."""
    view = facts.against
    if isinstance(view, Missing):
        return Section(
            key="against",
            eyebrow=_EYEBROW,
            title="There is no plan yet to hold against what came",
            body=(needs(view.needs),),
        )
    return Section(
        key="against",
        eyebrow=_EYEBROW,
        title=title_of(view),
        lead=_lead(view),
        body=(
            figure(_legend(), _bridge(view), caption=_caption(view)),
            el("h3", "Month by month"),
            _months(view),
            *_rest(view),
        ),
        tables=(_channels(view), *_ahead(view)),
    )


def title_of(view: Against) -> str:
    """Return what came beside the target of the months that are over."""
    review = view.review
    came, target = float(review.actual.sum()), float(review.target.sum())
    part = f"{display.percent(came / target, decimals=0)} of " if target > 0 else ""
    return f"{short(view, came)} came in {span_of(view)}, {part}the target"


def span_of(view: Against) -> str:
    """Return the months that are compared."""
    first, last = (period_name(view.review.periods[k]) for k in (0, -1))
    return first if first == last else f"{first} to {last}"


def short(view: Against, value: float) -> str:
    """Return a number in the unit of the plan, as a headline has it."""
    record = view.review.record
    if record.unit == "count":
        return f"{display.expected(value)} deals"
    of = f"{display.one_line(record.currency)} " if record.currency else ""
    return f"{of}{display.brief(value)}"


def causes(view: Against, *, most: int = 3) -> list[str]:
    """Return what made the gap, the largest first, those that matter."""
    effects = view.review.effects
    scale = max((abs(one) for one in effects.values()), default=0.0)
    ordered = sorted(effects.items(), key=lambda one: -abs(one[1]))
    return [
        f"{_signed(view, effect)} as {_sentence(name, effect)}"
        for name, effect in ordered[:most]
        if abs(effect) >= 0.05 * scale and abs(effect) > 0.01
    ]


def _sentence(name: str, effect: float) -> str:
    return EFFECT_WORDS[name][effect < 0]


def _lead(view: Against) -> str:
    review = view.review
    expected = float(review.expected.sum())
    came, planned = (float(side.leads.sum()) for side in (review.came, review.planned))
    text = (
        f"The plan expected {short(view, expected)}, with "
        f"{display.plural(planned, 'lead')}; {display.count(came)} came. "
    )
    found = causes(view)
    if found:
        text += f"The largest parts of the difference of {_signed(view, review.gap)}: "
        text += f"{display.listed(found)}. "
    return text + _made(view)


def _made(view: Against) -> str:
    day = day_name(view.made)
    if view.kept:
        return f"The plan is the one of {day}, as it was kept."
    return (
        f"No plan was kept, so it is the one that would have been made from what was known on {day}"
        ", with a chance of 80\u202f%; `plans` in funnel.yml names the folder of those that are."
    )


def _signed(view: Against, value: float) -> str:
    if view.review.record.unit == "count":
        return display.signed(value)
    sign = "+" if value > 0 else display.MINUS if value < 0 else ""
    return f"{sign}{display.brief(abs(value))}"


def _bridge(view: Against) -> Html:
    steps, at = [], 0.0
    lines = list(view.review.bridge().itertuples(index=False))
    for k, (name, value) in enumerate(lines):
        if k in (0, len(lines) - 1):
            words = short(view, value)
            steps.append(Step(capital(name), 0, float(value), words, True))
            at = float(value) if not k else at
        elif abs(value) > 0:
            pair = _WORDS.get(name, (name, name))
            steps.append(
                Step(capital(pair[value < 0]), at, at + value, _signed(view, float(value)))
            )
            at += float(value)
    said = "; ".join(f"{step.name} {step.words}" for step in steps)
    return bridge(steps, label=f"From the target of {span_of(view)} to what came: {said}.")


def _legend() -> Html:
    return legend(
        (swatch("total"), "target, and what came"),
        (swatch("fall"), "less"),
        (swatch("rise"), "more"),
    )


def _caption(view: Against) -> str:
    review = view.review
    text = "The steps add up exactly; they say where the difference sits, not its cause."
    young = int((review.immature & (review.came.leads > 0)).any(axis=0).sum())
    if young:
        how = "the model of today" if review.by_model else "the plan's own rates and lags"
        text += (
            f" Leads of {display.plural(young, 'month')} are immature: how many of them are won is "
            f"expected by {how}."
        )
    return " ".join([text, *(display.one_line(note) for note in review.notes)])


def _months(view: Against) -> Html:
    review = view.review
    write = display.expected if review.record.unit == "count" else display.count
    decimals = 1 if review.record.unit == "count" else 0
    planned, came = (side.leads.sum(axis=0) for side in (review.planned, review.came))
    columns = [review.target, review.expected, review.actual]
    rows = [
        [
            short_name(month),
            *(write(float(one[k])) for one in columns),
            display.signed(float(review.actual[k] - review.target[k]), decimals=decimals),
            display.count(float(planned[k])),
            display.count(float(came[k])),
        ]
        for k, month in enumerate(review.periods)
    ]
    if len(rows) > 1:
        sums = [float(one.sum()) for one in columns]
        gap = display.signed(sums[2] - sums[0], decimals=decimals)
        leads = (display.count(float(one.sum())) for one in (planned, came))
        rows.append(["All", *(write(one) for one in sums), gap, *leads])
    heads = ["Month", "Target", "Expected", "Came", "Against the target", "Leads planned", "Leads"]
    return open_table(heads, rows, label="Plan and actual by month")


def _rest(view: Against) -> tuple[Part, ...]:
    """Return what the months of the plan that are left must bring now."""
    ahead = view.review.ahead
    if ahead is None:
        return ()
    table = view.review.months_ahead()
    then, now = float(table["leads_then"].sum()), float(table["leads_now"].sum())
    months = len(table)
    first, last = (period_name(ahead.periods[k]) for k in (0, -1))
    stretch = first if first == last else f"{first} to {last}"
    rest = short(view, float(ahead.targets.total))
    words = (
        f"With what was missed, or gained, {stretch} must bring {rest}. For "
        f"{display.a_chance(ahead.probability)} that takes {display.count(now / months)} leads a "
        f"month, where {display.count(then / months)} were planned."
    )
    return el("h3", "What the rest of this plan now needs"), el("p", prose(words), class_="lead")


def _channels(view: Against) -> DataTable:
    frame = view.review.cohorts()
    rows = []
    for name, part in frame.groupby("channel", sort=False):
        leads, planned = float(part["leads"].sum()), float(part["leads_planned"].sum())
        rows.append(
            [
                display.one_line(str(name)),
                display.count(planned),
                display.count(leads),
                _rate(part, "rate_planned", "leads_planned"),
                _rate(part, "rate", "leads")
                + (" immature" if bool((part["immature"] & (part["leads"] > 0)).any()) else ""),
                display.count(float(part["won"].sum())),
            ]
        )
    return DataTable(
        name="plan and actual by channel",
        caption="Leads of the months that are over; won: those of them that are won so far",
        columns=("Channel", "Leads planned", "Leads", "Rate planned", "Rate", "Won"),
        rows=rows,
    )


def _rate(part: pd.DataFrame, rate: str, leads: str) -> str:
    n = np.asarray(part[leads], float)
    if n.sum() < display.FEWEST:
        return display.EN_DASH
    return display.percent(float(np.nansum(np.asarray(part[rate], float) * n) / n.sum()))


def _ahead(view: Against) -> tuple[DataTable, ...]:
    if view.review.ahead is None:
        return ()
    frame = view.review.months_ahead()
    write = display.expected if view.review.record.unit == "count" else display.count
    rows = [
        [
            str(row["period"]),
            *(write(float(row[name])) for name in ("target_then", "target_now")),
            *(display.count(float(row[name])) for name in ("leads_then", "leads_now")),
        ]
        for row in frame.to_dict("records")
    ]
    heads = ("Month", "Target then", "Target now", "Leads then", "Leads now")
    caption = "As planned then, and with what was missed or gained"
    return (DataTable("the rest of this plan", caption, heads, rows),)
