"""The back-test: what the page would have said in earlier months, and what then came."""

from __future__ import annotations

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.report.page import wording
from funnelkit.report.page.charts.dots import Heads, Row, dots
from funnelkit.report.page.charts.svg import bullet, figure, legend
from funnelkit.report.page.facts import Facts, Foretold, Missing, Setting, Tested, short_name
from funnelkit.report.page.markup import Html
from funnelkit.report.page.section import DataTable, Section, needs
from funnelkit.report.page.terms import capital

_EYEBROW = "The same method on earlier months"


def section(facts: Facts) -> Section:
    """Return the section of the back-test."""
    tested, setting = facts.tested, facts.setting
    if isinstance(tested, Missing):
        return Section(
            key="tested",
            eyebrow=_EYEBROW,
            title="There is no earlier month yet by which to judge the method",
            body=(needs(tested.needs),),
        )
    return Section(
        key="tested",
        eyebrow=_EYEBROW,
        title=title_of(tested),
        lead=_lead(tested, setting),
        body=(_figure(tested, setting),),
        tables=(_table(tested, setting),),
    )


def title_of(tested: Tested) -> str:
    """Return how far the method would have been off, and how far the rate so far."""
    ours, raw = _points(tested.off), f"{tested.raw_off:.1f}"
    if tested.off < tested.raw_off:
        return f"Expected rates would have been off by {ours}, rates so far by {raw}"
    return f"Rates so far would have been off by {_points(tested.raw_off)}, expected ones by {ours}"


def _lead(tested: Tested, setting: Setting) -> str:
    days = sorted({row.day for row in tested.rows})
    when = f"on {day_name(days[0])}"
    if len(days) > 1:
        when = f"at {len(days)} month ends from {day_name(days[0])} to {day_name(days[-1])}"
    leads = display.plural(tested.leads, setting.terms.lead, setting.terms.leads)
    within = f"share {setting.terms.done} within {wording.days(tested.horizon)}"
    forecasts = display.plural(tested.forecasts, "forecast")
    sentences = [
        (
            f"Standing {when} and knowing nothing of what came later, the method would have "
            f"foretold the {within} with a mean error of {_points(tested.off)}: {forecasts} of "
            f"months not yet complete, {leads}."
        )
    ]
    if tested.mature_off is not None:
        sentences.append(
            "Taking the average of the months complete by then for each would have been off by "
            f"{_points(tested.mature_off)}."
        )
    sentences.append(
        f"Of the {setting.level} intervals, {tested.held} of {tested.forecasts} held what came."
    )
    if tested.off >= tested.raw_off:
        sentences.append("Here the correction did not help: read expected rates with care.")
    return " ".join(sentences)


def _points(value: float) -> str:
    return f"{value:.1f} {'point' if f'{value:.1f}' == '1.0' else 'points'}"


def _figure(tested: Tested, setting: Setting) -> Html:
    rows = [_row(row) for row in tested.rows]
    heads = Heads(
        columns=("So far then", "Expected then", "Came"),
        widths=(96, 164, 118),
        strong=1,
    )
    by_day = f"by day {tested.horizon}"
    label = (
        f"Dot plot by month end: the share {setting.terms.done} {by_day} that was expected of the "
        "youngest cohort, and the share that came. "
        + " ".join(
            f"{day_name(row.day)}, {short_name(row.cohort)}: expected "
            f"{wording.rate(row.expected)}, came {display.percent(row.came)}."
            for row in tested.rows
        )
    )
    items = legend(
        (bullet("context"), f"came {by_day}"),
        (bullet("estimate"), f"expected on the day, with {setting.level} interval"),
    )
    caption = (
        "For each month end the youngest cohort that could be told, as known on that day. "
        f"{' '.join(tested.leaks)}"
    )
    return figure(items, dots(rows, heads, label=label), caption=caption.strip())


def _row(row: Foretold) -> Row:
    so_far, came = display.percent(row.so_far), display.percent(row.came)
    expected = wording.rate(row.expected)
    return Row(
        name=_name(row),
        size=f"n {display.count(row.entered)}",
        estimate=row.expected,
        seen=row.came,
        columns=(so_far, expected, came if row.held else f"{came} (outside)"),
        short=(f"{came} came", expected),
    )


def _name(row: Foretold) -> str:
    """Return the cohort, and the day where it is not the end of the same month."""
    name = short_name(row.cohort)
    if row.cohort.start_time.date() <= row.day <= row.cohort.end_time.date():
        return name
    day, month, _ = day_name(row.day).split(" ")
    return f"{name[:3]} on {day} {month[:3]}"


def _table(tested: Tested, setting: Setting) -> DataTable:
    terms = setting.terms
    columns = (
        "Day",
        "Cohort",
        capital(terms.leads),
        "Rate so far then",
        f"Expected by day {tested.horizon} ({setting.level})",
        "Came",
        "Interval",
    )
    rows = [
        [
            day_name(row.day),
            short_name(row.cohort),
            display.count(row.entered),
            display.percent(row.so_far),
            wording.rate(row.expected),
            display.percent(row.came),
            "held" if row.held else "did not hold",
        ]
        for row in tested.rows
    ]
    return DataTable("back-test", "Youngest cohort told on each day", columns, rows)
