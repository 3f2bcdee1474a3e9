"""Why, and what to do: what the counts show about a change, and checks that follow from it.

No cause is invented: where the data do not show one, that is what is said. No action is invented
either: each check belongs to a finding, by `playbook.yml`.
"""

from __future__ import annotations

from funnelkit._core import display
from funnelkit.report.page import changes, wording
from funnelkit.report.page.changes import Change
from funnelkit.report.page.facts import Facts
from funnelkit.report.page.findings import findings
from funnelkit.report.page.terms import capital
from funnelkit.report.playbook import default_playbook


def why(facts: Facts, wins: Change | None, leads: Change | None) -> list[str]:
    """Return what the counts show about the change of wins, what they do not, and what is noted."""
    return [*_shown(facts, wins, leads), *_noted(facts)]


def _noted(facts: Facts) -> list[str]:
    """Return the dated changes of this month and the one before, without a claim about them."""
    setting = facts.setting
    noted = setting.changes_since((setting.month - 1).start_time.date())
    if noted is None:
        return []
    return [f"Noted for this time: {noted}; whether that moved the figures, they do not show."]


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
    parts = [one for one in (_own_and_older(facts), _volume(wins, leads, terms.leads)) if one]
    shown = "the counts show where the change sits, not its cause"
    return [f"{capital('; '.join(parts))}: {shown}."]


def what_to_do(facts: Facts, wins: Change | None) -> list[str]:
    """Return the checks of the playbook that follow from the findings."""
    book = facts.playbook or default_playbook()
    checks = book.said(findings(facts, wins))
    return checks or ["Nothing in these figures calls for a check."]


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
    return f"of {whose} {terms.wins} {display.listed(parts)}"


def _volume(wins: Change, leads: Change, noun: str) -> str:
    """Return what the number of new leads has to do with it."""
    if leads.clear and leads.direction == wins.direction:
        return f"new {noun} moved the same way, so volume may be a part of it"
    if leads.clear:
        return f"new {noun} moved the other way, so volume is not behind it"
    if wins.low <= leads.high and leads.low <= wins.high:
        return f"new {noun} show no clear change either way, so volume may be a part of it"
    return (
        f"the number of new {noun} shows no clear change, so volume alone does not account for it"
    )
