"""The top of the quarterly review: what happened, against the plan, what to do next."""

from __future__ import annotations

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import day_name, period_name
from funnelkit.report.page.charts.svg import bullet
from funnelkit.report.page.facts import Missing
from funnelkit.report.page.markup import Html, join
from funnelkit.report.page.section import Opening
from funnelkit.report.page.terms import capital
from funnelkit.report.playbook import default_playbook
from funnelkit.report.quarter.facts import Ahead, QuarterlyFacts, Trend
from funnelkit.report.quarter.sections.against import causes, short, span_of
from funnelkit.report.quarter.sections.trends import told

_ENOUGH = 1.05


def opening(facts: QuarterlyFacts) -> Opening:
    """Return the top of the page."""
    setting = facts.setting
    return Opening(
        report=f"Quarterly review, {facts.label}",
        title=headline(facts),
        about="Simulated data" if setting.simulated else setting.title or _route(facts),
        meta=_meta(facts),
        story=(
            ("What happened", [" ".join(_happened(facts)), _against(facts), *_noted(facts)]),
            ("The quarters to come", [_to_come(facts)]),
            ("What to do", [_to_do(facts)]),
        ),
        reading=_reading(facts),
    )


def headline(facts: QuarterlyFacts) -> str:
    """Return how the quarter went, and what the targets of the next ones take."""
    went = _went(facts)
    if isinstance(facts.ahead, Missing):
        return went
    return f"{went}; {_takes(facts.ahead)}"


def _went(facts: QuarterlyFacts) -> str:
    """Return the direction of the wins against the quarter before."""
    wins, terms = facts.trend("wins"), facts.setting.terms
    quarter = facts.label + (" so far" if facts.partial else "")
    if wins is None or not wins.now.n:
        return f"No {terms.wins} in {quarter}"
    change = wins.change(wins.before)
    number = display.plural(wins.now.n, terms.win, terms.wins)
    if change is None:
        return f"{number} in {quarter}"
    if not change.clear:
        return f"{capital(terms.wins)} as before in {quarter}" if abs(change.value) < 0.005 else (
            f"No clear change in {terms.wins} in {quarter}"
        )  # fmt: skip
    way = "rose" if change.direction == "up" else "fell"
    return f"{capital(terms.wins)} {way} by {100 * abs(change.value):.0f}\u202f% in {quarter}"


def _takes(view: Ahead) -> str:
    """Return how many leads the targets take, beside those of late."""
    if not view.plan.outlook.leads.any():
        return "the targets need no further leads"
    ratio = times_of_late(view)
    if ratio is None:
        return f"the targets take {display.plural(view.plan.board.leads, 'lead')}"
    if ratio <= _ENOUGH:
        return "as many leads as of late suffice for the targets"
    return f"the targets take {ratio:.1f} times the leads of late"


def times_of_late(view: Ahead) -> float | None:
    """Return the leads of the plan over as many months at the pace of late; ``None``: unknown."""
    late = float(view.pace.late.sum())
    return float(view.plan.outlook.leads.sum()) / late if late > 0 else None


def _happened(facts: QuarterlyFacts) -> list[str]:
    return [
        words
        for key in ("leads", "conversion", "wins", "bookings")
        if (words := _sentence(facts.trend(key)))
    ]


def _sentence(one: Trend | None) -> str:
    """Return a metric with its interval, and how it differs from the quarter before."""
    if one is None or not one.now.estimate.known:
        return ""
    now = one.now
    aged = ", for its age" if now.immature and one.kind == "share" else ""
    text = f"{capital(one.measure)}{aged}: {one.said(now.estimate.value)}"
    if one.between(now.estimate) and one.kind in ("share", "money"):
        text += f" ({one.between(now.estimate)})"
    found = told(one, one.before)
    return f"{text}, {found.split(' (')[0]}." if found else f"{text}."


def _noted(facts: QuarterlyFacts) -> list[str]:
    """Return the dated changes of the quarter, without a claim about them."""
    noted = facts.setting.changes_since(facts.quarter.start_time.date())
    if noted is None:
        return []
    return [f"Noted for this time: {noted}. Whether that moved the figures, they do not show."]


def _against(facts: QuarterlyFacts) -> str:
    view = facts.against
    if isinstance(view, Missing):
        return "No plan is there to hold against what came; the section below says what it needs."
    review = view.review
    came, target = float(review.actual.sum()), float(review.target.sum())
    expected = float(review.expected.sum())
    text = (
        f"{short(view, came)} came in {span_of(view)}, where the target was "
        f"{short(view, target)} and the plan expected {short(view, expected)}."
    )
    found = causes(view, most=2)
    return f"{text} Most of the difference: {display.listed(found)}." if found else text


def _to_come(facts: QuarterlyFacts) -> str:
    """Return what the plan takes: leads, people, and what cannot come any more."""
    view = facts.ahead
    if isinstance(view, Missing):
        return f"They are not planned. {view.needs}"
    shown, board = view.plan.outlook, view.plan.board
    asked, goal = display.a_chance(shown.plan.probability), _goal(view)
    if not shown.leads.any():
        return f"{goal} needs no further leads for {asked}."
    needed, late = _a_month(view)
    pace = display.chance(view.pace.whole.usual_chance)
    takes = f"{capital(asked)} of {goal} takes {display.count(needed)} leads a month"
    words = [f"{takes}; {display.count(late)} came of late, and with them the chance is {pace}."]
    if board.staff is not None:
        words.append(f"With the people and {_hires(view)} it is {display.chance(board.hit)}.")
    if (np.asarray(shown.plan.shortfall) > 0).any():
        most = float(np.asarray(shown.plan.shortfall).max())
        words.append(f"Up to {shown.short(most)} of the first months can no longer come in time.")
    return " ".join(words)


def _goal(view: Ahead) -> str:
    shown = view.plan.outlook
    return f"{shown.short(view.plan.board.goal)} by {period_name(shown.plan.periods[-1])}"


def _a_month(view: Ahead) -> tuple[float, float]:
    """Return the leads a month that the plan needs, and those of late."""
    needed = float(view.plan.outlook.leads.sum(axis=0).mean())
    return needed, float(view.pace.late.sum(axis=0).mean())


def _hires(view: Ahead) -> str:
    number = round(view.plan.board.staff.hires) if view.plan.board.staff is not None else 0
    return display.plural(number, "hire") if number else "no hire"


def _to_do(facts: QuarterlyFacts) -> str:
    """Return the checks of the playbook that follow from the findings."""
    book = facts.playbook or default_playbook()
    checks = book.said(findings(facts))
    return " ".join(checks) if checks else "Nothing in these figures calls for a check."


def findings(facts: QuarterlyFacts) -> dict[str, dict[str, str]]:
    """Return what the playbook may have a check for: finding -> what stands in its braces."""
    terms = facts.setting.terms
    common = {
        "month": facts.label,
        "lead": terms.lead,
        "leads": terms.leads,
        "win": terms.win,
        "wins": terms.wins,
    }
    found: dict[str, dict[str, str]] = {}
    wins = facts.trend("wins")
    change = None if wins is None else wins.change(wins.before)
    if change is not None and change.clear:
        found["wins_rose" if change.direction == "up" else "wins_fell"] = {}
    if isinstance(facts.ahead, Ahead):
        found |= _of_plan(facts.ahead)
    return {name: {**common, **told_of_it} for name, told_of_it in found.items()}


def _of_plan(view: Ahead) -> dict[str, dict[str, str]]:
    """Return whether the targets take more leads than come, and people who are not there."""
    found: dict[str, dict[str, str]] = {}
    needed, late = _a_month(view)
    if needed > _ENOUGH * late:
        leads = {"needed": display.count(needed), "late": display.count(late)}
        found["plan_short"] = {**leads, "goal": _goal(view)}
    staff = view.plan.board.staff
    if staff is not None and staff.capacity.requisitions:
        first = min(staff.capacity.requisitions, key=lambda one: one.open_by)
        number = sum(one.number for one in staff.capacity.requisitions)
        found["plan_hires"] = {
            "requisitions": display.plural(number, "requisition"),
            "first": day_name(first.open_by),
            "role": display.one_line(first.role),
        }
    return found


def _meta(facts: QuarterlyFacts) -> list[tuple[str, str]]:
    setting = facts.setting
    first = facts.quarter.start_time.date()
    rows = [
        ("Funnel", _route(facts)),
        ("Quarter", f"{day_name(first)} to {day_name(facts.until)}"),
        ("Data through", day_name(setting.as_of)),
    ]
    if not isinstance(facts.ahead, Missing):
        rows.append(("Planned", facts.ahead.plan.outlook.span))
    return rows


def _route(facts: QuarterlyFacts) -> str:
    terms = facts.setting.terms
    return f"{capital(terms.label(terms.start))} to {terms.label(terms.target)}"


def _reading(facts: QuarterlyFacts) -> Html:
    terms = facts.setting.terms
    return join(
        f"Rates are of the {terms.leads} that entered in a quarter, corrected for their age. "
        f"Figures in brackets are {facts.setting.level} intervals: what they cover may be chance. ",
        bullet("hollow"),
        " Hollow or dashed means immature: not yet fully observed.",
    )
