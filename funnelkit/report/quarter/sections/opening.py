"""The top of the quarterly review: what happened, against the plan, what to do next."""

from __future__ import annotations

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import day_name, period_name
from funnelkit.report.page.charts.svg import swatch
from funnelkit.report.page.facts import Missing
from funnelkit.report.page.markup import Html, join
from funnelkit.report.page.section import Opening
from funnelkit.report.page.terms import capital
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
            ("What happened", [" ".join(_happened(facts)), *_noted(facts)]),
            ("Against the plan", [_against(facts)]),
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


def _to_do(facts: QuarterlyFacts) -> str:
    """Return what the plan asks for: leads, people, and what cannot come any more."""
    view = facts.ahead
    if isinstance(view, Missing):
        return f"The quarters to come are not planned. {view.needs}"
    shown, board = view.plan.outlook, view.plan.board
    asked = display.a_chance(shown.plan.probability)
    goal = f"{shown.short(board.goal)} by {period_name(shown.plan.periods[-1])}"
    if not shown.leads.any():
        return f"{goal} needs no further leads for {asked}."
    a_month = float(shown.leads.sum(axis=0).mean())
    late = float(view.pace.late.sum(axis=0).mean())
    take = f"For {asked} of {goal}: {display.count(a_month)} leads a month"
    words = [f"{take}, where {display.count(late)} came of late."]
    if late and a_month <= _ENOUGH * late:
        words = [f"As many leads as of late, {display.count(late)} a month, suffice for {goal}."]
    staff = board.staff
    if staff is not None:
        words.append(_people(view))
    if (np.asarray(shown.plan.shortfall) > 0).any():
        most = float(np.asarray(shown.plan.shortfall).max())
        words.append(f"Up to {shown.short(most)} of the first months can no longer come in time.")
    return " ".join(words)


def _people(view: Ahead) -> str:
    staff = view.plan.board.staff
    if staff is None or not staff.capacity.requisitions:
        return "Nobody has to be hired for it."
    first = min(staff.capacity.requisitions, key=lambda one: one.open_by)
    number = sum(one.number for one in staff.capacity.requisitions)
    people = display.plural(number, "requisition")
    text = (
        f"Open {people}, the first by {day_name(first.open_by)} ({display.one_line(first.role)})."
    )
    if view.plan.board.people_limit:
        text += f" With these people the chance is {display.chance(view.plan.board.hit)}."
    return text


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
        swatch("immature"),
        " Hollow or dashed means immature: not yet fully observed.",
    )
