"""What is still to come: wins by month, where they come from, and how earlier months went."""

from __future__ import annotations

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import day_name, period_label, period_name
from funnelkit.forecast.adding_up import Parts
from funnelkit.forecast.prospect import Prospect, prospect_of
from funnelkit.forecast.result import Forecast
from funnelkit.report.page.charts.coming import coming, coming_legend
from funnelkit.report.page.charts.svg import figure
from funnelkit.report.page.charts.waterfall import waterfall_chart
from funnelkit.report.page.facts import Facts, Missing, Setting, short_name
from funnelkit.report.page.facts.coming import Coming, Said
from funnelkit.report.page.markup import Html, el, prose
from funnelkit.report.page.money import brief
from funnelkit.report.page.section import DataTable, Section, needs
from funnelkit.report.page.terms import capital

_EYEBROW = "Still to come"
_INNER = 0.5
_SHOWN = 9


def section(facts: Facts) -> Section:
    """Return the section of what is to come; blank where the report is of another stage."""
    setting = facts.setting
    if setting.terms.target != setting.terms.stages[-1]:
        return Section(key="coming", eyebrow=_EYEBROW, title="")
    view = facts.coming()
    if isinstance(view, Missing):
        return Section(
            key="coming",
            eyebrow=_EYEBROW,
            title=f"There is too little yet to say what {setting.terms.wins} are to come",
            body=(needs(view.needs),),
        )
    return of_view(view, setting)


def of_view(view: Coming, setting: Setting) -> Section:
    """Return the section of what is to come, once it is known."""
    shown = prospect_of(_deals(view), levels=(_INNER, setting.confidence_level), history=_SHOWN)
    return Section(
        key="coming",
        eyebrow=_EYEBROW,
        title=title_of(view, setting),
        lead=_lead(view, setting),
        body=(_figure(shown, view, setting), _waterfall(view, setting)),
        tables=(_table(shown, setting),),
        after=_check(view.past, setting),
    )


def title_of(view: Coming, setting: Setting) -> str:
    """Return how many wins are to come, and how many of them from what is open."""
    deals = _deals(view)
    wins = display.plural(round(float(deals.total.sum())), setting.terms.win, setting.terms.wins)
    part = float(view.forecast.deal_parts["in flight"].sum(axis=1).mean())
    until = period_name(deals.periods[-1]).split(" ")[0]
    return f"About {wins} to come by {until}, {display.count(part)} from what is open today"


def _lead(view: Coming, setting: Setting) -> str:
    terms, deals = setting.terms, _deals(view)
    total = _summed(deals, setting)
    first = period_name(deals.periods[0]).split(" ")[0]
    parts = {name: one.sum(axis=1).mean() for name, one in view.forecast.deal_parts.items()}
    text = (
        f"{capital(display.plural(view.open, 'record'))} {'is' if view.open == 1 else 'are'} open "
        f"at the end of {day_name(setting.as_of)}. With those still to come, "
        f"{period_name(deals.periods[0])} to {period_name(deals.periods[-1])} should bring about "
        f"{total} {terms.wins}, {_monthly(deals, 0, setting)} of them in {first}"
    )
    if view.forecast.unit == "value":
        text += f", worth {_money(view, setting)}"
    leads, _ = reversed(terms.nouns(terms.stages[0]))
    text += (
        f". Of these, {display.count(parts['in flight'])} are open today and "
        f"{display.count(parts['not yet created'])} come from {leads} still to enter"
    )
    if parts["without a lead"] >= 0.5:
        text += f"; {display.count(parts['without a lead'])} never were {leads}"
    return f"{text}."


def _deals(view: Coming) -> Forecast:
    return view.forecast if view.forecast.deals is None else view.forecast.deals


def _summed(deals: Forecast, setting: Setting) -> str:
    low, high = deals.confidence_interval(setting.confidence_level, per="all", cumulative=True)
    ends = (display.count(float(np.asarray(end)[-1])) for end in (low, high))
    return f"{display.count(float(deals.total.sum()))} ({' to '.join(ends)})"


def _monthly(deals: Forecast, k: int, setting: Setting) -> str:
    low, high = deals.confidence_interval(setting.confidence_level, per="all")
    ends = (display.count(float(np.asarray(end)[k])) for end in (low, high))
    return f"{display.expected(float(deals.total[k]))} ({' to '.join(ends)})"


def _money(view: Coming, setting: Setting) -> str:
    low, high = view.forecast.confidence_interval(
        setting.confidence_level, per="all", cumulative=True
    )
    of = f"{display.one_line(view.forecast.currency)} " if view.forecast.currency else ""
    value, *ends = (
        brief(float(each))
        for each in (view.forecast.total.sum(), np.asarray(low)[-1], np.asarray(high)[-1])
    )
    return f"{of}{value} ({' to '.join(ends)})"


def _figure(shown: Prospect, view: Coming, setting: Setting) -> Html:
    wins = setting.terms.wins
    caption = (
        f"{capital(wins)} per month, expected ones with their bands. Rates are as they are today "
        "and may wander on as they have so far; months differ in pace as they have, too."
    )
    if view.forecast.notes:
        caption += f" {' '.join(view.forecast.notes)}"
    return figure(coming_legend(shown), coming(shown), caption=caption)


def _waterfall(view: Coming, setting: Setting) -> Html:
    forecast, wins = view.forecast, setting.terms.wins
    steps = forecast.waterfall(confidence_level=setting.confidence_level)
    parts = Parts(steps, wins, "count")
    caption = (
        f"Where the {wins} of these {len(forecast.periods)} months come from. The steps add up to "
        "the total exactly; intervals do not, since parts are in doubt together."
    )
    return figure(None, waterfall_chart(parts), caption=caption)


def _table(shown: Prospect, setting: Setting) -> DataTable:
    wins = setting.terms.wins
    inner, outer = shown.bands[0], shown.bands[-1]
    dash = display.EN_DASH
    rows = [
        [name, shown.bare(float(value)), dash, dash, dash]
        for name, value in zip(shown.gone, shown.seen, strict=True)
    ]
    rows += [
        [
            name,
            dash,
            f"{shown.expected[k]:.1f}",
            shown.between(k, inner),
            shown.between(k, outer),
        ]
        for k, name in enumerate(shown.labels)
    ]
    return DataTable(
        name=f"{wins} to come",
        caption=f"{capital(wins)} by month, and those expected after {day_name(setting.as_of)}",
        columns=(
            "Month",
            "Came",
            "Expected",
            f"{display.percent(inner.level, decimals=0)} band",
            f"{display.percent(outer.level, decimals=0)} band",
        ),
        rows=rows,
    )


def _check(past: tuple[Said, ...], setting: Setting) -> Html | None:
    """Return what was foretold of earlier months, misses first of all."""
    if not past:
        return None
    missed = [one for one in past if not one.held]
    if not missed:
        verdict = "All of them came within their interval."
        if len(past) == 1:
            verdict = "It came within its interval."
    else:
        names = display.listed([short_name(one.month) for one in missed])
        verdict = f"{names} {'was' if len(missed) == 1 else 'were'} outside its interval."
        if len(missed) > 1:
            verdict = f"{names} were outside their intervals."
    words = (
        "Each of the last months as it would have been foretold on its eve, from what was known "
        f"then. {verdict}"
    )
    heads = ("Month", f"Expected ({setting.level})", "Came", "Difference")
    ordered = [*missed, *(one for one in past if one.held)]
    rows = [
        el(
            "tr",
            el("th", period_label(one.month), scope="row"),
            [el("td", cell) for cell in _cells(one)],
        )
        for one in ordered
    ]
    table = el(
        "table",
        el("thead", el("tr", [el("th", name, scope="col") for name in heads])),
        el("tbody", rows),
        class_="data",
    )
    label = "Earlier months as they were foretold, and what came"
    return el(
        "aside",
        el("p", el("b", "A check on ourselves."), " ", prose(words)),
        el("div", table, class_="scroll", tabindex="0", role="region", aria_label=label),
        class_="check",
    )


def _cells(one: Said) -> list[str]:
    value, low, high = one.expected
    return [
        f"{display.expected(value)} ({display.count(low)} to {display.count(high)})",
        display.count(one.came),
        display.signed(one.came - value, decimals=0),
    ]
