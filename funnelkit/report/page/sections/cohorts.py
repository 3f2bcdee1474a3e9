"""Cohorts at equal age: the heat map."""

from __future__ import annotations

from funnelkit._core import display
from funnelkit.report.page import wording
from funnelkit.report.page.changes import Change, share_change
from funnelkit.report.page.charts.heat import cuts_of, heat_table
from funnelkit.report.page.charts.svg import figure, swatch
from funnelkit.report.page.facts import (
    YOUNG,
    Cell,
    Facts,
    Heat,
    HeatRow,
    Missing,
    Setting,
    Window,
    short_name,
)
from funnelkit.report.page.markup import Html, el
from funnelkit.report.page.section import DataTable, Section, needs
from funnelkit.report.page.terms import capital

_EYEBROW = "Cohorts at equal age"
_SHOWN = 13
Pair = tuple[HeatRow, Cell]


def section(facts: Facts) -> Section:
    """Return the section of cohorts at equal age."""
    heat, setting = facts.heat, facts.setting
    if isinstance(heat, Missing):
        return Section(
            key="cohorts",
            eyebrow=_EYEBROW,
            title="No cohort is old enough to be compared",
            body=(needs(heat.needs),),
        )
    shown = Heat(ages=heat.ages, rows=heat.rows[-_SHOWN:])
    title, lead = finding(shown, facts)
    return Section(
        key="cohorts",
        eyebrow=_EYEBROW,
        title=title,
        lead=lead,
        body=(_figure(shown, setting, of=len(heat.rows)),),
        tables=(_table(heat, setting),),
    )


def finding(heat: Heat, facts: Facts) -> tuple[str, str]:
    """Return title and lead: the first against the newest full cohort, then the youngest."""
    setting, terms = facts.setting, facts.setting.terms
    age = _comparable(heat, facts.window)
    if age is None:
        return (
            "No two months can be compared yet at the same age",
            (
                f"Read down a column to compare months at the same age. So far no two of them have "
                f"been followed to {wording.days(heat.ages[0])} with every {terms.lead}."
            ),
        )
    mature = _mature(heat, age)
    first, last = mature[0], mature[-1]
    change = share_change(first[1].estimate, last[1].estimate)
    names = setting.stretch(first[0].cohort, last[0].cohort)
    within = wording.days(age)
    lead = [
        "Read down a column to compare months at the same age.",
        (
            f"Within {within}, {names[0]} reached {wording.rate_in_words(first[1].estimate)} and "
            f"{names[1]} {wording.rate_in_words(last[1].estimate)}: "
            f"{_apart(change)}."
        ),
        _young(heat, facts),
    ]
    if change is None or not change.clear:
        title = f"No clear change within {within}, from {names[0]} to {names[1]}"
    else:
        verb = "rose" if change.direction == "up" else "fell"
        title = f"{capital(terms.wins)} within {within} {verb} from {names[0]} to {names[1]}"
    return title, wording.sentence(*lead)


def _comparable(heat: Heat, window: Window | Missing) -> int | None:
    """Return the longest age, up to that of the headline, that two cohorts have reached."""
    able = [age for age in heat.ages if len(_mature(heat, age)) > 1]
    most = window.days if isinstance(window, Window) else 30
    return max((age for age in able if age <= most), default=min(able, default=None))


def _mature(heat: Heat, age: int) -> list[Pair]:
    return [(row, cell) for row, cell in heat.column(age) if cell.state == "mature"]


def _apart(change: Change | None) -> str:
    if change is None:
        return "they cannot be compared"
    low, high = wording.points_range(change).split(" to ")
    if not change.clear:
        return f"the difference may be chance ({low} to {high} points)"
    return f"a difference of {wording.points(change.value)} points ({low} to {high})"


def _young(heat: Heat, facts: Facts) -> str | None:
    """Return how the youngest, unfinished cohort compares with the one before at equal age."""
    setting, curve = facts.setting, facts.curve
    if len(heat.rows) < 2 or isinstance(curve, Missing):
        return None
    last, before = heat.rows[-1], heat.rows[-2]
    pairs = [
        (age, one, other)
        for age, one, other in zip(heat.ages, last.cells, before.cells, strict=True)
        if one.state == "immature" and other.state != "blank" and curve.share_by(age) >= YOUNG
    ]
    if not pairs:
        return None
    age, one, other = next((pair for pair in pairs if pair[0] >= 14), pairs[-1])
    change = share_change(other.estimate, one.estimate)
    name = setting.named(last.cohort)
    if change is None:
        return None
    relation = wording.change_of_share(change, setting.named(before.cohort))
    figure = f"{wording.of(name)} {age}-day figure, {wording.rate_in_words(one.estimate)}"
    return f"{figure}, is not final: it stands {relation}."


def _figure(heat: Heat, setting: Setting, *, of: int) -> Html:
    terms = setting.terms
    cuts = cuts_of(heat)
    low, high = (
        display.percent(cut, decimals=0 if cut * 100 % 1 < 1e-9 else 1)
        for cut in (cuts[0], cuts[-1])
    )
    low = low.removesuffix("%").rstrip(display.NARROW_SPACE)
    items = el(
        "p",
        el("span", [swatch(f"heat-{k}") for k in range(1, 7)], f"under {low} to {high} and over"),
        el("span", swatch("immature"), f"immature: not every {terms.lead} is that old"),
        el("span", swatch("none"), "fewer than 20 are that old"),
        class_="legend",
    )
    label = f"Heat map of the share {terms.done} by month of entry and age. " + " ".join(
        f"{short_name(row.cohort)}: "
        + ", ".join(
            f"{age} days {display.percent(cell.estimate.value)}"
            f"{' (immature)' if cell.state == 'immature' else ''}"
            for age, cell in zip(heat.ages, row.cells, strict=True)
            if cell.state != "blank"
        )
        + "."
        for row in heat.rows
    )
    table = heat_table(
        heat,
        head=f"{capital(terms.done)} within so many days of entry (%)",
        label=label,
        leads=capital(terms.leads),
    )
    caption = None
    if of > len(heat.rows):
        caption = f"The last {len(heat.rows)} of {of} cohorts; all of them are in the data table."
    return figure(items, table, caption=caption)


def _table(heat: Heat, setting: Setting) -> DataTable:
    terms = setting.terms
    rows = [
        [
            f"{short_name(row.cohort)}, {age} days",
            display.count(row.entered),
            display.count(cell.reached),
            display.percent(cell.estimate.value),
            display.percent_range(cell.estimate.low, cell.estimate.high, words=True),
            cell.state,
        ]
        for row in heat.rows
        for age, cell in zip(heat.ages, row.cells, strict=True)
        if cell.state != "blank"
    ]
    columns = (
        "Cohort and age",
        capital(terms.leads),
        "Have reached it",
        f"Share {terms.done}",
        f"{setting.level} interval",
        "Status",
    )
    name = f"share {terms.done} by cohort and age"
    return DataTable(
        name, f"Share of {terms.leads} {terms.done} within the given days", columns, rows
    )
