"""What changed since last month: the wins of two months of leads, split into what moved them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import display
from funnelkit.report.page import wording
from funnelkit.report.page.charts.bridge import Step, bridge
from funnelkit.report.page.charts.svg import figure, legend, swatch
from funnelkit.report.page.facts import SMALL, Facts, Missing, Setting
from funnelkit.report.page.facts.moved import Moved
from funnelkit.report.page.markup import Html
from funnelkit.report.page.section import DataTable, Section, needs
from funnelkit.report.page.terms import capital, readable

if TYPE_CHECKING:
    from funnelkit.monitor import Change

_ORDER = ("volume", "mix", "rate", "maturity")


def section(facts: Facts) -> Section:
    """Return the section of what moved the wins."""
    view, setting = facts.moved, facts.setting
    if isinstance(view, Missing):
        return Section(
            key="moved",
            eyebrow="What changed since the month before",
            title="What moved the wins cannot be told apart",
            body=(needs(view.needs),),
        )
    return Section(
        key="moved",
        eyebrow="What changed since the month before, and what it is made of",
        title=title_of(view, setting),
        lead=_lead(view, setting),
        body=(_figure(view, setting),),
        tables=(_table(view, setting),),
    )


def title_of(view: Moved, setting: Setting) -> str:
    """Return what is left of the change once volume, mix and age are allowed for."""
    then, now = setting.named(view.before), setting.named(view.now)
    low, high = rate_ends(view)
    effect = view.change.effects["rate"]
    if low <= 0 <= high:
        return f"Like for like, {now} converts no clearly different than {then}"
    way = "better" if effect > 0 else "worse"
    points = f"{abs(100 * effect):.1f} points"
    return f"Like for like, {now} converts {way} than {then}, by {points}"


def rate_ends(view: Moved) -> tuple[float, float]:
    """Return the interval of how far the rates themselves moved that of all."""
    low, high = view.change.rate_interval(view.change.confidence_level)
    return float(np.asarray(low)), float(np.asarray(high))


def _lead(view: Moved, setting: Setting) -> str:
    change = view.change
    then, now = setting.named(view.before), setting.named(view.now)
    low, high = rate_ends(view)
    moved = (
        f"At the same mix of {readable(view.column)} and the same age the rates themselves moved "
        f"that of all by {wording.points(change.effects['rate'])} points "
        f"({wording.points(low)} to {wording.points(high)})."
    )
    sentences = [_so_far(then, change, 0, setting), _so_far(now, change, 1, setting), moved]
    if change.reversal:
        way = "rose" if change.effects["rate"] > 0 else "fell"
        sentences.append(
            f"Within the groups the rates {way} while the rate of all went the other way: the mix "
            "moved."
        )
    else:
        sentences.append("The counts show where the change sits, not its cause.")
    return " ".join(sentences)


def _so_far(month: str, change: Change, side: int, setting: Setting) -> str:
    entered, converted = int(change.entered[side].sum()), int(change.converted[side].sum())
    leads = display.plural(entered, setting.terms.lead, setting.terms.leads)
    return f"{capital(month)}: {display.count(converted)} of {leads} {setting.terms.done} so far."


def _names(view: Moved, setting: Setting) -> dict[str, str]:
    return {
        "volume": f"Number of {setting.terms.leads}",
        "mix": f"Mix of {readable(view.column)}",
        "rate": "The rates themselves",
        "maturity": f"Age of the {setting.terms.leads}",
    }


def _steps(view: Moved, setting: Setting) -> list[Step]:
    effects, names = view.change.conversions, _names(view, setting)
    before, after = (float(each) for each in view.change.converted.sum(axis=1))
    steps = [Step(capital(setting.named(view.before)), 0, before, _wins(before, setting), True)]
    at = before
    for name in _ORDER:
        if name in effects:
            steps.append(Step(names[name], at, at + effects[name], _signed(effects[name])))
            at += effects[name]
    steps.append(Step(capital(setting.named(view.now)), 0, after, _wins(after, setting), True))
    return steps


def _wins(number: float, setting: Setting) -> str:
    return wording.some(number, setting.terms.win, setting.terms.wins)


def _signed(value: float) -> str:
    return display.signed(round(value, 1) + 0.0)


def _figure(view: Moved, setting: Setting) -> Html:
    steps = _steps(view, setting)
    said = "; ".join(f"{step.name} {step.words}" for step in steps)
    label = (
        f"Bridge from the {setting.terms.wins} of {setting.named(view.before)} to those of "
        f"{setting.named(view.now)}: {said}."
    )
    items = legend(
        (swatch("total"), f"{setting.terms.wins} so far, by month of entry"),
        (swatch("fall"), "fewer"),
        (swatch("rise"), "more"),
    )
    caption = (
        f"Within {wording.days(view.horizon)} of entry. The steps add up exactly. Age: younger "
        f"{setting.terms.leads} have had less time; that part comes by waiting."
    )
    return figure(items, bridge(steps, label=label), caption=caption)


def _table(view: Moved, setting: Setting) -> DataTable:
    change = view.change
    then, now = setting.named(view.before), setting.named(view.now)
    effects = [name for name in ("mix", "rate", "maturity") if name in change.effects]
    heads = {"mix": "By its share", "rate": "By its rate", "maturity": "By age"}
    columns = (
        capital(readable(view.column)),
        f"Entered in {then}",
        f"Entered in {now}",
        f"Rate of {then}",
        f"Rate of {now}",
        *(f"{heads[name]}, points" for name in effects),
    )
    frame = change.to_frame()
    frame = frame.assign(size=frame["entered_before"] + frame["entered_after"])
    rows = [
        [
            display.segment_name([row[view.column] if isinstance(row[view.column], str) else None]),
            display.count(row["entered_before"]),
            display.count(row["entered_after"]),
            _rate(row["rate_before"], row["entered_before"]),
            _rate(row["rate_after"], row["entered_after"]),
            *(wording.points(row[f"{name}_effect"]) for name in effects),
        ]
        for row in frame.sort_values("size", ascending=False, kind="stable").to_dict("records")
    ]
    name = f"what moved it, by {readable(view.column)}"
    caption = (
        f"Rates corrected for age; no rate of fewer than {SMALL}. Points of the rate of all; "
        "their sum is its change."
    )
    return DataTable(name, caption, columns, rows)


def _rate(rate: float, entered: int) -> str:
    known = entered >= SMALL and np.isfinite(rate)
    return display.percent(rate) if known else display.EN_DASH
