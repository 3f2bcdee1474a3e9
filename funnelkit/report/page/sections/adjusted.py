"""Rates by cohort: as seen so far, and as expected once every lead has had its time."""

from __future__ import annotations

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.report.page import wording
from funnelkit.report.page.changes import UNKNOWN, share_change
from funnelkit.report.page.charts.dots import Heads, Row, dots
from funnelkit.report.page.charts.svg import bullet, figure, legend
from funnelkit.report.page.facts import (
    MATURE,
    SMALL,
    CohortRow,
    Cohorts,
    Facts,
    Missing,
    Setting,
    short_name,
)
from funnelkit.report.page.markup import Html, el, prose
from funnelkit.report.page.section import DataTable, Section, needs
from funnelkit.report.page.terms import capital

_EYEBROW = "Rates by cohort, as seen and as expected"
_SHOWN = 13


def section(facts: Facts) -> Section:
    """Return the section of rates by cohort."""
    cohorts, setting = facts.cohorts, facts.setting
    if isinstance(cohorts, Missing):
        return Section(
            key="adjusted",
            eyebrow=_EYEBROW,
            title="Nothing can be expected yet",
            body=(needs(cohorts.needs),),
        )
    return Section(
        key="adjusted",
        eyebrow=_EYEBROW,
        title=title_of(cohorts, setting),
        lead=_lead(cohorts, setting),
        body=(_figure(cohorts, setting),),
        tables=(_table(cohorts, setting),),
        after=_check(cohorts, setting),
    )


def title_of(cohorts: Cohorts, setting: Setting) -> str:
    """Return how the newest cohort stands of which something can be said, with its limit."""
    terms, youngest = setting.terms, cohorts.youngest
    if not cohorts.pooled.value > 0:
        most = display.percent(cohorts.pooled.high)
        return f"No {terms.win} yet: at most {most} by day {cohorts.horizon}"
    if not cohorts.told:
        leads = display.plural(cohorts.entered, terms.lead, terms.leads)
        return f"{leads} are too few or too young to say what they will come to"
    row = cohorts.told[-1]
    if row is not youngest:
        why = "small" if youngest.small else "young"
        early = f"{setting.named(youngest.cohort)} is too {why} to tell"
        expected = display.percent(row.expected.value)
        return f"{early}; expect about {expected} from {setting.named(row.cohort)}"
    return _told_title(row, cohorts, setting)


def _told_title(row: CohortRow, cohorts: Cohorts, setting: Setting) -> str:
    name, expected = setting.named(row.cohort), display.percent(row.expected.value)
    if not row.converted:
        most = display.percent(row.expected.high)
        return f"{name} has no {setting.terms.win} yet, and at most {most} may come"
    if row.immature:
        so_far = display.percent(row.rate.value)
        return f"{name} stands at {so_far}, but is young: expect about {expected}"
    change = share_change(cohorts.pooled, row.expected)
    if change is None or not change.clear or len(cohorts.told) == 1:
        return f"{name} is expected to reach {expected}"
    word = "above" if change.direction == "up" else "below"
    return f"{name} is expected to reach {expected}, {word} all months together"


def _lead(cohorts: Cohorts, setting: Setting) -> str:
    terms, youngest = setting.terms, cohorts.youngest
    if not cohorts.pooled.value > 0:
        return _nothing_yet(cohorts, setting)
    sentences = []
    if not youngest.told:
        sentences.append(_too_early(youngest, cohorts, setting))
    if cohorts.told:
        row = cohorts.told[-1]
        name = setting.named(row.cohort)
        sentences.append(
            f"Of the {terms.wins} to be expected from {name} by day {cohorts.horizon}, about "
            f"{wording.whole_percent(row.maturity)} should have been seen by now; corrected for "
            f"that, {name} comes to {wording.rate_in_words(row.expected)}."
        )
        sentences += _compared(cohorts, setting)
    if youngest.immature and not youngest.small and cohorts.ready is not None:
        whose = wording.of(setting.named(youngest.cohort))
        sentences.append(
            f"From {day_name(cohorts.ready)} on, nine tenths of {whose} {terms.wins} should be in."
        )
    return " ".join(sentences)


def _nothing_yet(cohorts: Cohorts, setting: Setting) -> str:
    leads = display.plural(cohorts.entered, setting.terms.lead, setting.terms.leads)
    most = display.percent(cohorts.pooled.high)
    return (
        f"None of {leads} is {setting.terms.done} so far, so nothing is known of the pace. With so "
        f"many followed, a share of up to {most} by day {cohorts.horizon} cannot be ruled out."
    )


def _too_early(row: CohortRow, cohorts: Cohorts, setting: Setting) -> str:
    """Return why nothing is said of a cohort."""
    terms, name = setting.terms, setting.named(row.cohort)
    if row.small:
        return (
            f"{name} has {display.plural(row.entered, terms.lead, terms.leads)}, "
            f"{display.count(row.converted)} of them {terms.done}: a share is told from {SMALL} on."
        )
    seen = wording.whole_percent(row.maturity)
    return (
        f"Only about {seen} of {wording.of(name)} {terms.wins} by day {cohorts.horizon} can have "
        "been seen, too little to go by."
    )


def _compared(cohorts: Cohorts, setting: Setting) -> list[str]:
    """Return how the newest cohort told lies to the one before and to the earliest shown."""
    row, others = cohorts.told[-1], cohorts.told[:-1]
    if not others:
        return []
    earliest = others[max(1 - _SHOWN, -len(others))]
    chosen = [others[-1]] if earliest is others[-1] else [others[-1], earliest]
    pairs = [
        (change, setting.named(each.cohort))
        for each in chosen
        if (change := share_change(each.expected, row.expected)) is not None
    ]
    if len(pairs) > 1 and not any(change.clear for change, _ in pairs):
        both = [f"{name} ({wording.points_range(change)} points)" for change, name in pairs]
        return [f"That is not clearly apart from {display.listed(both, last='or')}."]
    return [f"That is {display.listed([wording.change_of_share(*pair) for pair in pairs])}."]


def _figure(cohorts: Cohorts, setting: Setting) -> Html:
    shown = cohorts.rows[-_SHOWN:]
    by_day = f"expected by day {cohorts.horizon}"
    rows = [_row(row, setting) for row in shown]
    heads = Heads(
        columns=(f"{capital(setting.terms.done)} so far", capital(by_day), "Maturity"),
        widths=(100, 164, 94),
        strong=1,
        reference=cohorts.pooled.value,
        reference_name="all months",
    )
    label = (
        f"Dot plot by cohort of the share {setting.terms.done} so far and {by_day}. "
        + " ".join(_spoken(row, setting) for row in shown)
        + f" All months together {wording.rate(cohorts.pooled)}."
    )
    items = legend(
        (bullet("context"), f"{setting.terms.done} so far"),
        (bullet("estimate"), f"{by_day}, with {setting.level} interval"),
        (bullet("hollow"), f"immature: maturity below {wording.whole_percent(MATURE)}"),
    )
    captions = []
    if len(cohorts.rows) > len(shown):
        captions.append(
            f"The last {len(shown)} of {len(cohorts.rows)} cohorts; the data table has all."
        )
    if noted := setting.changes_since(shown[0].cohort.start_time.date()):
        captions.append(f"Dated changes: {noted}.")
    return figure(items, dots(rows, heads, label=label), caption=" ".join(captions) or None)


def _row(row: CohortRow, setting: Setting) -> Row:
    name = short_name(row.cohort) + (" (part)" if row.partial else "")
    size = f"n {display.count(row.entered)}"
    if row.small:
        words = f"{display.count(row.converted)} {setting.terms.done}"
        few = "too few for a rate"
        return Row(name, size, UNKNOWN, (words, few, ""), (size, f"{words}, {few}"), hollow=True)
    so_far = display.percent(row.rate.value)
    unknown = "too young to tell" if row.immature else "none yet"
    if not row.rate.known:
        unknown = "not known"
    expected = wording.rate(row.expected) if row.told else unknown
    return Row(
        name=name,
        size=size,
        estimate=row.expected if row.told else UNKNOWN,
        seen=row.rate.value,
        columns=(so_far, expected, wording.whole_percent(row.maturity)),
        short=(f"{so_far} so far", expected),
        hollow=row.immature,
    )


def _spoken(row: CohortRow, setting: Setting) -> str:
    name = short_name(row.cohort)
    if row.small:
        return f"{name}: {row.converted} of {row.entered}, too few for a rate."
    return (
        f"{name}: {display.percent(row.rate.value)} of {display.count(row.entered)} "
        f"{setting.terms.leads} so far, "
        f"{wording.rate(row.expected) if row.told else 'nothing'} expected, "
        f"maturity {wording.whole_percent(row.maturity)}{', immature' if row.immature else ''}."
    )


def _check(cohorts: Cohorts, setting: Setting) -> Html | None:
    """Return what was expected a month ago beside what is expected now."""
    if cohorts.earlier is None:
        return None
    then, now = cohorts.earlier.then, cohorts.earlier.now
    inside = then.low <= now.value <= then.high
    verdict = (
        "The first figure\u2019s interval held."
        if inside
        else "That is outside the first figure\u2019s interval: the youngest cohort can move by "
        "more than its interval says."
    )
    words = (
        f"Seen in the same way on {day_name(cohorts.earlier.day)}, "
        f"{setting.named(cohorts.earlier.cohort)} was expected to reach "
        f"{wording.rate_in_words(then)} by day {cohorts.earlier.horizon}. Now that is "
        f"{wording.rate_in_words(now)}. {verdict}"
    )
    return el("aside", el("b", "A check on ourselves."), " ", prose(words), class_="check")


def _table(cohorts: Cohorts, setting: Setting) -> DataTable:
    terms = setting.terms
    columns = (
        "Cohort",
        capital(terms.leads),
        f"{capital(terms.done)} so far",
        f"Rate so far ({setting.level})",
        "Maturity",
        f"Expected by day {cohorts.horizon} ({setting.level})",
        "Status",
    )
    rows = [
        [
            short_name(row.cohort) + (" (part)" if row.partial else ""),
            display.count(row.entered),
            display.count(row.converted),
            display.EN_DASH if row.small else wording.rate(row.rate),
            display.percent(row.maturity),
            wording.rate(row.expected) if row.told else display.EN_DASH,
            ("immature" if row.told else "too young or too few") if row.immature else "mature",
        ]
        for row in cohorts.rows
    ]
    return DataTable("rates by cohort", "Rates by month of entry", columns, rows)
