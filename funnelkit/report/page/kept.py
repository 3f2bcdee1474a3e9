"""The figures of a page that its manifest keeps, for later reports and for the index of all."""

from __future__ import annotations

from funnelkit.report.page.cards import cards_of
from funnelkit.report.page.facts import Cohorts, Facts, Restated
from funnelkit.report.page.markup import plain
from funnelkit.report.page.section import Section


def figures_of(facts: Facts) -> dict[str, object]:
    """Return the counts and the money of the month, and the expected rate of its leads."""
    setting, now = facts.setting, facts.months.now
    money = now.value is not None and facts.months.no_money is None
    figures: dict[str, object] = {
        "route": [setting.terms.start, setting.terms.target],
        "won": now.won,
        "entered": now.entered,
        "value": float(now.value) if now.value is not None and money else None,
    }
    if isinstance(facts.cohorts, Cohorts):
        row = facts.cohorts.youngest
        if row.told and row.cohort == setting.month:
            figures |= {"horizon": facts.cohorts.horizon, "expected": list(row.expected)}
    return figures


def past_of(facts: Facts) -> dict[str, str]:
    """Return the hash of each earlier report whose figures are counted again, by its name."""
    if not isinstance(facts.restated, Restated):
        return {}
    return {f"report of {one.month}": one.fingerprint for one in facts.restated.reports}


def cards_kept(facts: Facts) -> list[dict[str, object]]:
    """Return the headline figures as their cards have them."""
    return [
        {
            "measure": card.measure,
            "name": card.name,
            "value": plain(card.value),
            "interval": plain(card.interval),
            "immature": card.immature,
        }
        for card in cards_of(facts)
    ]


def cards_shown(section: Section) -> list[dict[str, object]]:
    """Return the headline figures as the cards of a section show them."""
    from funnelkit.report.delivery.digest import cards_in

    return [
        {"measure": card.name, "name": card.name, "value": card.value, "interval": card.interval}
        for card in cards_in(section.html())
    ]
