"""The top of the page: its headline, what happened, and what the page covers."""

from __future__ import annotations

from funnelkit._core import display
from funnelkit._core.dates import day_name, period_name
from funnelkit.report.page import changes, money, wording
from funnelkit.report.page.changes import Change
from funnelkit.report.page.charts.svg import swatch
from funnelkit.report.page.facts import SMALL, CohortRow, Cohorts, Facts, Setting, short_name
from funnelkit.report.page.markup import Html, join
from funnelkit.report.page.reasons import what_to_do, why
from funnelkit.report.page.section import Opening
from funnelkit.report.page.terms import capital
from funnelkit.report.page.working_days import working_days

_MOST_UNTIED = 2
_SENTENCES = 5


def opening(facts: Facts) -> Opening:
    """Return the top of the page."""
    setting = facts.setting
    route = _route(setting)
    happened, reasons = what_happened(facts), why(facts, *moved(facts))
    checks = what_to_do(facts, moved(facts)[0])
    room = max(_SENTENCES - len(happened) - len(reasons), 1)
    return Opening(
        report=f"Monthly funnel report, {period_name(setting.month)}",
        title=headline(facts),
        about=setting.title or ("Simulated data" if setting.simulated else route),
        meta=_meta(facts),
        story=(
            ("What happened", happened),
            ("Why", reasons),
            ("What to do", checks[:room]),
        ),
        further=checks[room:],
        reading=_reading(setting),
        tied=tied_words(facts),
    )


def tied_words(facts: Facts) -> str:
    """Return whether the figures tie with the CRM's own totals; blank where none were given."""
    tied = facts.tied
    if tied is None:
        return ""
    if tied.all_tie:
        return tied.summary()
    off = tied.differing
    told = "; ".join(tie.sentence() for tie in off[:_MOST_UNTIED])
    more = f"; {display.plural(len(off) - _MOST_UNTIED, 'more')}" if len(off) > _MOST_UNTIED else ""
    n = len(tied.compared)
    not_so = "This one does not" if len(off) == 1 else "These do not"
    return (
        f"{n - len(off)} of {display.plural(n, 'control total')} "
        f"{'ties' if n - len(off) == 1 else 'tie'}. {not_so}: {told}{more}."
    )


def headline(facts: Facts) -> str:
    """Return the finding of the month: wins and new leads against the month before."""
    setting, terms, now = facts.setting, facts.setting.terms, facts.months.now
    month = setting.named(setting.month) + (" so far" if setting.partial else "")
    if not now.entered and not now.won:
        return f"No new {terms.leads} and no {terms.wins} in {month}"
    wins, leads = moved(facts)
    if wins is None or leads is None:
        entered = wording.some(now.entered, f"new {terms.lead}", f"new {terms.leads}")
        won = wording.some(now.won, terms.win, terms.wins)
        return f"{capital(entered)} and {won} in {month}"
    return capital(_compared(facts, month, wins, leads))


def _compared(facts: Facts, month: str, wins: Change, leads: Change) -> str:
    terms, months = facts.setting.terms, facts.months
    won, new = terms.wins, f"new {terms.leads}"
    if not wins.clear and not leads.clear:
        return f"no clear change in {month}, neither in {won} nor in {new}"
    before = months.before or months.now
    wins_went = _went(wins, before.won, months.now.won)
    leads_went = _went(leads, before.entered, months.now.entered)
    if not leads.clear:
        return f"{won} {wins_went} in {month}; no clear change in {new}"
    if not wins.clear:
        return f"{new} {leads_went} in {month}; no clear change in {won}"
    if wins_went == leads_went:
        return f"{won} and {new} {wins_went} in {month}"
    link = "and" if wins.direction == leads.direction else "while"
    return f"{won} {wins_went} in {month}, {link} {new} {leads_went}"


def moved(facts: Facts) -> tuple[Change | None, Change | None]:
    """Return the change of wins and of new leads against the month before."""
    before, now = facts.months.before, facts.months.now
    if before is None:
        return None, None
    level = facts.setting.confidence_level
    return (
        changes.count_change(before.won, now.won, confidence_level=level),
        changes.count_change(before.entered, now.entered, confidence_level=level),
    )


def what_happened(facts: Facts) -> list[str]:
    """Return the month's counts and money, and how far they are known: a sentence each."""
    sentences = [_counts(facts)]
    if facts.setting.partial:
        sentences.append(_so_far(facts))
    elif isinstance(facts.cohorts, Cohorts) and facts.cohorts.told:
        sentences.append(_newest(facts.cohorts, facts.setting))
    return sentences


def _so_far(facts: Facts) -> str:
    """Return up to which working day a month in progress is known, and how it stood a year ago."""
    setting, months = facts.setting, facts.months
    number = working_days(setting.first_day, setting.as_of, setting.calendar.holidays)
    words = f"The data end on {day_name(setting.as_of)}"
    if months.before:
        words += f", so {setting.named(setting.month)} is compared with {months.before_name}"
    elif number:
        words += f", after {display.plural(number, 'working day')}"
    then = months.last_year
    if then is None:
        return f"{words}."
    level = setting.confidence_level
    told = [
        f"{wording.some(before, one, many)}, "
        f"{wording.change_of_count(_change(before, now, level), percent=before >= SMALL)}"
        for before, now, one, many in (
            (then.won, months.now.won, setting.terms.win, setting.terms.wins),
            (
                then.entered,
                months.now.entered,
                f"new {setting.terms.lead}",
                f"new {setting.terms.leads}",
            ),
        )
    ]
    return f"{words}; {months.last_year_name} had brought {display.listed(told)}."


def _change(before: int, now: int, level: float) -> Change:
    return changes.count_change(before, now, confidence_level=level)


def _worth(facts: Facts) -> str:
    """Return what the wins of the month are worth, in brackets; blank where that is not known."""
    months = facts.months
    if months.now.value is None or months.no_money is not None or not months.now.amounts:
        return ""
    total, blank = money.amount(months.now.value), months.now.won - months.now.amounts
    return f" worth {total}" + (f" ({display.count(blank)} without an amount)" if blank else "")


def _counts(facts: Facts) -> str:
    terms, months = facts.setting.terms, facts.months
    now, before = months.now, months.before
    month = facts.setting.named(facts.setting.month)
    won = wording.some(now.won, terms.win, terms.wins) + _worth(facts)
    entered = wording.some(now.entered, f"new {terms.lead}", f"new {terms.leads}")
    wins, leads = moved(facts)
    if before is None or wins is None or leads is None:
        return f"{month} brought {won} and {entered}; there is no earlier month to set against it."
    against = (
        _against(before.won, wins, f" in {months.before_name}"),
        _against(before.entered, leads, ""),
    )
    return f"{month} brought {won}{against[0]}, and {entered}{against[1]}."


def _against(before: int, change: Change, where: str) -> str:
    """Return a count beside the earlier one, and what the difference allows."""
    if not before and not change.value:
        return f", as{where}" if where else ", as before"
    earlier = display.count(before) if before else "none"
    words = wording.change_of_count(change, percent=before >= SMALL)
    return f" against {earlier}{where}, {words}"


def _newest(cohorts: Cohorts, setting: Setting) -> str:
    """Return how the newest cohort stands of which something can be said."""
    row, terms = cohorts.told[-1], setting.terms
    whose = f"{wording.of(setting.named(row.cohort))} {terms.leads}"
    early = ""
    if row is not cohorts.youngest:
        early = _too_early(cohorts.youngest, setting)
    elif cohorts.average_age is not None:
        whose += f", {wording.days(cohorts.average_age)} old on average,"
    words = f"of {whose} {display.percent(row.rate.value)} are {terms.done} so far"
    words = f"{early}; {words}" if early else capital(words)
    if not row.immature:
        return f"{words} ({display.percent_range(*row.rate[1:], words=True)})."
    ends = display.percent_range(row.expected.low, row.expected.high, words=True)
    soon = f"about {display.percent(row.expected.value)} should be by day {cohorts.horizon}"
    return f"{words}, and at the usual pace {soon} ({ends})."


def _too_early(row: CohortRow, setting: Setting) -> str:
    why = "few" if row.small else "young"
    whose = wording.of(setting.named(row.cohort))
    return f"{whose} {setting.terms.leads} are too {why} to judge"


def _went(change: Change, before: int, now: int) -> str:
    """Return a clear change as a verb: in percent where the earlier count is large enough."""
    verb = "rose" if change.direction == "up" else "fell"
    if not before:
        return f"{verb} from none"
    if before < SMALL:
        return f"{verb} from {display.count(before)} to {display.count(now)}"
    return f"{verb} by {abs(100 * change.value):,.0f}{display.NARROW_SPACE}%"


def _meta(facts: Facts) -> list[tuple[str, str]]:
    setting, terms = facts.setting, facts.setting.terms
    last = setting.as_of if setting.partial else setting.last_day
    rows = [
        ("Funnel", _route(setting)),
        ("Period", f"{setting.first_day.day} to {day_name(last)}"),
    ]
    if setting.fiscal_quarter:
        rows.append(("Fiscal quarter", setting.fiscal_quarter))
    rows.append(("Data through", day_name(setting.as_of)))
    if isinstance(facts.cohorts, Cohorts):
        ends = [short_name(row.cohort) for row in (facts.cohorts.rows[0], facts.cohorts.rows[-1])]
        rows.append(("Cohorts", wording.ranged(*ends)))
    rows.append((f"{capital(terms.leads)} in rates", display.count(facts.quality.in_rates)))
    return rows


def _route(setting: Setting) -> str:
    terms = setting.terms
    return f"{capital(terms.label(terms.start))} to {terms.label(terms.target)}"


def _reading(setting: Setting) -> Html:
    terms = setting.terms
    return join(
        f"A rate is {terms.leads} {terms.done} \u00f7 {terms.leads} entered, by month of entry. "
        f"Figures in brackets are {setting.level} intervals: what they cover may be chance. ",
        swatch("immature"),
        " Hatched, hollow or dashed means immature: not yet fully observed.",
    )
