"""What a page has found that a check can follow from, and what the check is told of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.experiment import Readout
from funnelkit.monitor import Alerts
from funnelkit.rates import Diagnosis
from funnelkit.report.page import wording
from funnelkit.report.page.changes import Change
from funnelkit.report.page.facts import Cohorts, Facts, Moved, Segments
from funnelkit.report.page.facts.restated import Restated
from funnelkit.report.page.sections.experiments import verdict_of
from funnelkit.report.page.sections.moved import rate_ends
from funnelkit.report.page.sections.quality import in_order
from funnelkit.report.page.sections.segments import apart, brief_name

Told = Mapping[str, str] | None
"""What stands in the braces of a check; ``None`` where the finding is not there."""

_GROUPS = 2
_DECIDED = ("adopt", "keep control", "weigh")


def findings(facts: Facts, wins: Change | None) -> dict[str, dict[str, str]]:
    """Return each finding that is there, with what its check may be told.

    Parameters
    ----------
    facts
        Everything that the page says.
    wins
        The change of wins against what the month is compared with; ``None``: there is none.
    """
    terms = facts.setting.terms
    common = {
        "month": facts.setting.named(facts.setting.month),
        "lead": terms.lead,
        "leads": terms.leads,
        "win": terms.win,
        "wins": terms.wins,
    }
    found = {name: look(facts) for name, look in _LOOKS.items()}
    if wins is not None and wins.clear:
        found["wins_fell" if wins.direction == "down" else "wins_rose"] = {}
    return {name: {**common, **told} for name, told in found.items() if told is not None}


def _errors(facts: Facts) -> Told:
    number, first = _audited(facts, "error")
    return {"errors": display.plural(number, "error"), "first": first} if number else None


def _warnings(facts: Facts) -> Told:
    number, first = _audited(facts, "warning")
    return {"warnings": display.plural(number, "warning"), "first": first} if number else None


def _audited(facts: Facts, severity: str) -> tuple[int, str]:
    """Return how many findings of the audit are of a severity, and the largest, up to details."""
    found = [one for one in in_order(facts.quality.findings) if one.severity == severity]
    if not found:
        return 0, ""
    largest = max(found, key=lambda one: one.count)
    return len(found), re.split(r"[:;] ", largest.what)[0].rstrip(".")


def _totals(facts: Facts) -> Told:
    if facts.tied is None or not (off := len(facts.tied.differing)):
        return None
    verb = "differs" if off == 1 else "differ"
    return {"totals": display.plural(off, "control total"), "differ": verb}


def _rates_fell(facts: Facts) -> Told:
    view = facts.moved
    if not isinstance(view, Moved) or rate_ends(view)[1] >= 0:
        return None
    return {"before": facts.setting.named(view.before)}


def _alert(facts: Facts) -> Told:
    view = facts.alerts
    if not isinstance(view, Alerts) or not view.alerts:
        return None
    first = view.alerts[0]
    where = f" of {display.segment_name(first.segment)}" if first.segment else ""
    return {"figure": display.one_line(first.metric.name + where)}


def _young(facts: Facts) -> Told:
    cohorts, setting = facts.cohorts, facts.setting
    if not isinstance(cohorts, Cohorts) or cohorts.ready is None:
        return None
    if not cohorts.youngest.immature or cohorts.youngest.small:
        return None
    return {"cohort": setting.named(cohorts.youngest.cohort), "ready": day_name(cohorts.ready)}


def _apart(facts: Facts) -> Told:
    view = facts.segments
    if not isinstance(view, Segments):
        return None
    marked = [row for row in view.rows if apart(row, view.pooled.value)]
    names = [brief_name(row) for row in marked[:_GROUPS]]
    return {"groups": display.listed(names)} if names else None


def _bottleneck(facts: Facts) -> Told:
    view, terms = facts.diagnosis, facts.setting.terms
    if not isinstance(view, Diagnosis) or (gap := view.bottleneck) is None:
        return None
    return {
        "step": f"{terms.label(gap.start)} to {terms.label(gap.target)}",
        "gain": wording.some(round(gap.won), terms.win, terms.wins),
    }


def _missed(facts: Facts) -> Told:
    lines = () if facts.card is None else facts.card.lines
    missed = [line.headline for line in lines if line.verdict == "not reached"]
    if not missed:
        return None
    owner = missed[0].owner
    return {
        "metric": missed[0].spoken,
        "owner": display.one_line(owner) if owner else "whoever answers for it",
    }


def _decided(facts: Facts) -> Told:
    for name, view in facts.experiments:
        if isinstance(view, Readout) and view.decision.kind in _DECIDED:
            return {"experiment": display.one_line(name), "verdict": verdict_of(view)}
    return None


def _restated(facts: Facts) -> Told:
    view = facts.restated
    if not isinstance(view, Restated) or not (moved := len(view.moved)):
        return None
    return {"figures": display.plural(moved, "figure")}


_LOOKS: dict[str, Callable[[Facts], Told]] = {
    "audit_errors": _errors,
    "totals_differ": _totals,
    "rates_fell": _rates_fell,
    "alert": _alert,
    "young_cohort": _young,
    "segment_apart": _apart,
    "bottleneck": _bottleneck,
    "target_missed": _missed,
    "experiment_decided": _decided,
    "restated": _restated,
    "audit_warnings": _warnings,
}
