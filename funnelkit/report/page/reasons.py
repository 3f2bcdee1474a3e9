"""Why, and what to do: what the counts show about a change, and checks that follow from it.

No cause is invented: where the data do not show one, that is what is said. No action is invented
either: each check belongs to a finding.
"""

from __future__ import annotations

import re

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.report.page import changes, wording
from funnelkit.report.page.changes import Change
from funnelkit.report.page.facts import Cohorts, Facts, Segments
from funnelkit.report.page.sections.quality import in_order
from funnelkit.report.page.sections.segments import apart, brief_name


def why(facts: Facts, wins: Change | None, leads: Change | None) -> list[str]:
    """Return what the counts show about the change of wins, what they do not, and what is noted."""
    return [*_shown(facts, wins, leads), *_noted(facts)]


def _noted(facts: Facts) -> list[str]:
    """Return the dated changes of this month and the one before, without a claim about them."""
    setting = facts.setting
    noted = setting.changes_since((setting.month - 1).start_time.date())
    if noted is None:
        return []
    return [f"Noted for this time: {noted}. Whether that moved the figures, they do not show."]


def _shown(facts: Facts, wins: Change | None, leads: Change | None) -> list[str]:
    terms, months = facts.setting.terms, facts.months
    if wins is None or leads is None or months.before is None:
        return ["One month cannot show a change, so there is none to explain yet."]
    if months.before.won == months.now.won:
        return [f"As many {terms.wins} as in {months.before_name}: there is no change to explain."]
    if not wins.clear:
        chance = "is within what chance brings from one month to the next"
        return [
            f"The difference in {terms.wins} {chance}: it needs no cause, and the data offer none."
        ]
    sentences = [
        _own_and_older(facts),
        _volume(wins, leads, terms.leads),
        "The counts show where the change sits, not its cause.",
    ]
    return [" ".join(each for each in sentences if each)]


def what_to_do(facts: Facts, wins: Change | None) -> list[str]:
    """Return checks that follow from the findings."""
    checks = (_ask(facts, wins), _wait(facts), _look(facts), _settle(facts))
    words = [each for each in checks if each]
    return [" ".join(words)] if words else ["Nothing in these figures calls for a check."]


def _own_and_older(facts: Facts) -> str | None:
    """Return how the change splits into the month's own leads and all others, as counts."""
    setting, months, terms = facts.setting, facts.months, facts.setting.terms
    now, before = months.now, months.before
    if before is None or now.own is None or before.own is None:
        return None
    parts = []
    for name, then, count in (
        (f"its own {terms.leads}", before.own, now.own),
        ("all others", before.won - before.own, now.won - now.own),
    ):
        change = changes.count_change(then, count, confidence_level=setting.confidence_level)
        verdict = "" if change.clear else ", no clear change"
        parts.append(
            f"{display.count(count)} came from {name} "
            f"({display.count(then)} in {months.before_name}{verdict})"
        )
    whose = wording.of(setting.named(setting.month))
    return f"Of {whose} {terms.wins} {display.listed(parts)}."


def _volume(wins: Change, leads: Change, noun: str) -> str:
    """Return what the number of new leads has to do with it."""
    if leads.clear and leads.direction == wins.direction:
        return f"New {noun} moved the same way, so volume may be a part of it."
    if leads.clear:
        return f"New {noun} moved the other way, so volume is not behind it."
    if wins.low <= leads.high and leads.low <= wins.high:
        return f"New {noun} show no clear change either way; a part of it may be volume."
    return (
        f"The number of new {noun} shows no clear change, so volume alone does not account for it."
    )


def _ask(facts: Facts, wins: Change | None) -> str | None:
    setting, terms = facts.setting, facts.setting.terms
    month = setting.named(setting.month)
    if wins is None or not wins.clear:
        return None
    if wins.direction == "down":
        return (
            f"Ask what held {terms.wins} up in {month} before changing where {terms.leads} come "
            "from."
        )
    return f"Ask what brought the further {terms.wins} in {month} before planning on them."


def _wait(facts: Facts) -> str | None:
    cohorts, setting = facts.cohorts, facts.setting
    if not isinstance(cohorts, Cohorts) or cohorts.ready is None:
        return None
    if not cohorts.youngest.immature or cohorts.youngest.small:
        return None
    whose = wording.of(setting.named(cohorts.youngest.cohort))
    return (
        f"Judge {whose} {setting.terms.leads} from {day_name(cohorts.ready)} on, when nine tenths "
        f"of their {setting.terms.wins} should be in."
    )


def _look(facts: Facts) -> str | None:
    view = facts.segments
    if not isinstance(view, Segments):
        return None
    marked = [row for row in view.rows if apart(row, view.pooled.value)]
    if not marked:
        return None
    names = [brief_name(row) for row in marked[:2]]
    return f"Look into what sets {display.listed(names)} apart."


def _settle(facts: Facts) -> str | None:
    """Return the worst of the audit, in its own words, up to the details."""
    serious = [one for one in in_order(facts.quality.findings) if one.severity != "note"]
    serious.sort(key=lambda one: (one.severity != "error", -one.count))
    if not serious:
        return None
    first = re.split(r"[:;] ", serious[0].what)[0].rstrip(".")
    if len(serious) == 1:
        return f"Settle what the audit found: {first}."
    return f"Settle the {len(serious)} warnings of the audit, first this: {first}."
