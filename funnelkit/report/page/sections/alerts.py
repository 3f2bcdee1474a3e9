"""What left its usual level, after what the data themselves may have to do with it."""

from __future__ import annotations

import math

from funnelkit._core import display
from funnelkit.monitor import Alert, Alerts
from funnelkit.report.page import wording
from funnelkit.report.page.facts import Facts, Missing, Setting
from funnelkit.report.page.markup import Html, Part, el, prose
from funnelkit.report.page.section import DataTable, Section, needs
from funnelkit.report.page.terms import capital

_SHOWN = 6
_EYEBROW = "Alerts: what left its usual level"


def section(facts: Facts) -> Section:
    """Return the section of alerts."""
    view, setting = facts.alerts, facts.setting
    if isinstance(view, Missing):
        return Section(
            key="alerts",
            eyebrow=_EYEBROW,
            title="There is no usual level to hold the figures against yet",
            body=(needs(view.needs),),
        )
    return Section(
        key="alerts",
        eyebrow=_EYEBROW,
        title=title_of(view),
        lead=_lead(view, setting),
        body=tuple(_body(view)),
        tables=(_table(view),) if view.alerts else (),
    )


def title_of(view: Alerts) -> str:
    """Return what left its usual level first, or that nothing did."""
    if not view.alerts:
        return "Nothing left its usual level"
    first, more = view.alerts[0], len(view.alerts) - 1
    where = f" of {display.segment_name(first.segment)}" if first.segment else ""
    verb = {"fell": "fell", "rose": "rose", "below": "lies below its threshold"}[first.direction]
    text = f"{capital(display.one_line(first.metric.name + where))} {verb}"
    return f"{text}, and {display.plural(more, 'figure')} more moved" if more else text


def _lead(view: Alerts, setting: Setting) -> str:
    budget = f"1 in {round(1 / view.budget)}" if view.budget else "none"
    text = (
        f"{display.plural(view.watched, 'series', 'series')} are watched at once, each against its "
        f"own history, corrected for the age of the {setting.terms.leads}. Of reports in which "
        f"nothing changed, at most {budget} shows an alert."
    )
    if not view.alerts and (power := view.power()):
        text += f" {power}"
    return text


def _body(view: Alerts) -> list[Part]:
    parts: list[Part] = []
    harm = [sign.sentence for sign in view.data if sign.harm]
    if harm:
        parts.append(
            el(
                "div",
                el("p", el("b", "Data or world?"), " ", prose(" ".join(harm[:_SHOWN]))),
                class_="needs",
            )
        )
    if view.alerts:
        items = [_item(one.sentence()) for one in view.alerts[:_SHOWN]]
        parts.append(el("ol", items, class_="alerts"))
        if len(view.alerts) > _SHOWN:
            left = display.plural(len(view.alerts) - _SHOWN, "further alert")
            parts.append(el("p", f"{left} in the table.", class_="note"))
    return parts


def _item(sentence: str) -> Html:
    first, _, rest = sentence.partition(". ")
    return el("li", el("b", f"{first}." if rest else first), f" {rest}" if rest else "")


def _table(view: Alerts) -> DataTable:
    columns = ("Figure", "Segment", "Since", "Change (95 %)", "Usual", "Since then", "n")
    rows = [
        [
            one.metric.name,
            display.segment_name(one.segment) if one.segment else "all",
            str(one.since),
            _change(one),
            _level(one.usual, view, one.metric.name),
            _level(one.level, view, one.metric.name),
            display.count(one.n),
        ]
        for one in view.alerts
    ]
    return DataTable("alerts", "Worst first: data to check, falls, rises", columns, rows)


def _change(one: Alert) -> str:
    low, high = wording.relative(one.low), wording.relative(one.high)
    return f"{wording.relative(one.change)} ({low} to {high})"


def _level(value: float, view: Alerts, metric: str) -> str:
    if math.isnan(value):  # a speed
        return display.EN_DASH
    return display.percent(value) if metric in view.rates else f"{value:,.1f}"
