"""The quarter beside its target: what is won, what is expected, and how likely the target is."""

from __future__ import annotations

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.report.page import money
from funnelkit.report.page.charts.svg import figure, legend, swatch
from funnelkit.report.page.facts import Missing
from funnelkit.report.page.markup import Html
from funnelkit.report.page.section import DataTable, Section, needs
from funnelkit.report.page.terms import capital
from funnelkit.report.week.aiming import NO_TARGET
from funnelkit.report.week.charts import Aim, aimed
from funnelkit.report.week.facts import Ahead, Span, WeekFacts

_EYEBROW = "Forecast against target"
_LEAST = 0.005
_PARTS = {
    "in flight": "open today",
    "not yet created": "from leads still to come",
    "without a lead": "without a lead",
}


def section(facts: WeekFacts) -> Section:
    """Return the section of the target."""
    view, span = facts.ahead(), facts.span
    if isinstance(view, Missing):
        return Section(
            key="target",
            eyebrow=_EYEBROW,
            title=f"There is too little yet to say what {span.terms.wins} are to come",
            body=(needs(view.needs),),
        )
    return Section(
        key="target",
        eyebrow=_EYEBROW,
        title=title_of(view, span),
        lead=_lead(view, span),
        body=(_figure(view, span), *([needs(view.lacking)] if view.lacking else [])),
        tables=(_table(view, span),),
    )


def title_of(view: Ahead, span: Span) -> str:
    """Return whether the target is reached, or how likely it is."""
    if view.target is None:
        amount = _amount(view.expected, view, span)
        why = "no target is named" if view.lacking == NO_TARGET else "no target is compared"
        return f"About {amount} to be won in {view.name}; {why}"
    if view.won >= view.target:
        return f"The target of {view.name} is reached"
    return f"The target of {view.name} has {display.a_chance(view.chance or 0.0)}"


def sentence(view: Ahead, span: Span) -> str:
    """Return the quarter in a sentence: won, expected, target and chance."""
    won, expected = _plain(view.won, view), _amount(view.expected, view, span)
    ends = f"({_plain(view.low, view)} to {_plain(view.high, view)})"
    told = f"{view.name}: {won} won so far, about {expected} {ends} by {day_name(view.last_day)}"
    if view.target is None:
        named = view.lacking != NO_TARGET
        return f"{told}. {view.lacking if named else 'No target is named, so none is compared.'}"
    target = _amount(view.target, view, span)
    if view.won >= view.target:
        return f"{told}, with the target of {target} already reached."
    return f"{told}. The target of {target} has {display.a_chance(view.chance or 0.0)}."


def _lead(view: Ahead, span: Span) -> str:
    parts = [
        f"{_amount(value, view, span)} {_PARTS[name]}"
        for name, value in view.parts.items()
        if value >= max(0.5, _LEAST * view.expected)
    ]
    more = f" Still expected: {display.listed(parts)}." if parts else ""
    return f"{sentence(view, span)}{more}"


def _figure(view: Ahead, span: Span) -> Html:
    words = (
        f"Won {_plain(view.won, view)}",
        f"Expected {_ranged(view)}",
        "" if view.target is None else f"Target {_plain(view.target, view)}",
    )
    aim = Aim(
        won=view.won, expected=view.expected, low=view.low, high=view.high, target=view.target,
        words=words,
    )  # fmt: skip
    marks = [(swatch("total"), "won"), (swatch("rise"), "still expected")]
    if view.target is not None:
        marks.append((swatch("goal"), "target"))
    caption = (
        f"The quarter to {day_name(view.last_day)}, with the {span.level} interval of its total. "
        "Rates are as they are today; months differ in pace as they have so far."
    )
    if view.notes:
        caption += f" {' '.join(view.notes)}"
    return figure(legend(*marks), aimed(aim, label="; ".join(one for one in words if one)),
                  caption=caption)  # fmt: skip


def _table(view: Ahead, span: Span) -> DataTable:
    rows = [["Won so far", _plain(view.won, view)]]
    rows += [[capital(_PARTS[name]), _plain(value, view)] for name, value in view.parts.items()]
    rows.append([f"Expected in all ({span.level})", _ranged(view)])
    if view.target is not None and view.chance is not None:
        rows.append(["Target", _plain(view.target, view)])
        rows.append(["Chance of the target", display.chance(view.chance)])
    what = "money" if view.unit == "value" else span.terms.wins
    return DataTable(f"{view.name} beside its target", f"In {what}", ("Part", view.name), rows)


def _ranged(view: Ahead) -> str:
    ends = f"{_plain(view.low, view)} to {_plain(view.high, view)}"
    return f"{_plain(view.expected, view)} ({ends})"


def _plain(value: float, view: Ahead) -> str:
    return money.brief(value) if view.unit == "value" else display.expected(value)


def _amount(value: float, view: Ahead, span: Span) -> str:
    if view.unit == "value":
        return money.brief(value)
    whole = display.expected(value)
    return f"{whole} {span.terms.win if whole == '1' else span.terms.wins}"
