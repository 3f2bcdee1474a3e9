"""What the targets need: a plan from the model by which the page foretells the wins to come."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.dates import Unit, period_label
from funnelkit._core.display import segment_name
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.report.page.facts import Missing
from funnelkit.report.page.facts.coming import Coming
from funnelkit.report.page.facts.planned import Planned, Stretch

if TYPE_CHECKING:
    from funnelkit.data.ledgers import Ledger
    from funnelkit.data.records import Leads
    from funnelkit.model import FunnelModel
    from funnelkit.plan import Assumptions, HitChance, Plan
    from funnelkit.plan.one_page.staffing import Staff

FloatArray = NDArray[np.float64]
_RECENT = 6


def planned_view(
    leads: Leads,
    coming: Coming | Missing,
    *,
    targets: Path,
    team: Path | None = None,
    spend: Ledger | None = None,
) -> Planned | Missing:
    """Return the plan for the targets of the months to come.

    Parameters
    ----------
    leads
        As known at the end of the month.
    coming
        What is still to come, with the model that is read.
    targets
        File of the targets.
    team
        File of the people.
    spend
        What leads cost.
    """
    from funnelkit.plan import assume, read_targets, reverse

    if isinstance(coming, Missing):
        return coming
    model = coming.model
    if model is None:
        return Missing("It needs the model of what is still to come.")
    goals = read_targets(targets, fiscal_year_start=leads.funnel.calendar.fiscal_year_start)
    arrivals = model.arrivals
    first = arrivals.months[-1] if arrivals.running else arrivals.months[-1] + 1
    ahead = (goals.periods[-1] - first).n + 1
    if ahead < 1:
        return Missing(f"Its targets end with {goals.labels[-1]}: name those of months to come.")
    try:
        given = assume(model, in_flight=leads, horizon=ahead, costs=spend)
    except (ArgumentError, EvidenceError):
        given = assume(model, in_flight=leads, horizon=ahead)
    plan = reverse(goals, given)
    return beside_pace(plan, model, _staff(plan, team))


def leads_of_late(model: FunnelModel, given: Assumptions) -> FloatArray:
    """Return as many leads a month as in the last six whole ones, by the season, ``(C, H)``."""
    counts = model.arrivals.of(model.stages[0])
    whole = counts[:, :-1] if model.arrivals.running and counts.shape[1] > 1 else counts
    found = dict.fromkeys(given.names, 0.0)
    for segment, row in zip(model.arrivals.segments, whole, strict=True):
        name = segment_name(segment) if segment else "all"
        found[name if name in found else given.names[-1]] += float(row[-_RECENT:].mean())
    season = np.ones(len(given.periods)) if given.season is None else given.season
    return np.array(list(found.values()))[:, None] * season


def beside_pace(plan: Plan, model: FunnelModel, staff: Staff | None = None) -> Planned:
    """Return a plan beside what as many leads as of late would bring.

    Parameters
    ----------
    plan
        The plan.
    model
        The model that it was made from.
    staff
        The people, where there is a team.
    """
    from funnelkit.plan import HitChance
    from funnelkit.plan.one_page.outlook import outlook_of

    late = leads_of_late(model, plan.assumptions)
    chance = HitChance(plan.assumptions, plan.unit)
    months = len(plan.periods)
    return Planned(
        outlook=outlook_of(plan),
        late=late,
        whole=_stretch(plan, late, chance, (0, months), "all"),
        stretches=tuple(_stretches(plan, late, chance)),
        staff=staff,
    )


def _stretches(plan: Plan, late: FloatArray, chance: HitChance) -> Iterator[Stretch]:
    """Yield quarters, then years, where there is more than one month or year."""
    calendar = plan.targets.calendar
    every: Unit
    for every in ("quarter", "year"):
        of = calendar.periods(plan.periods.to_timestamp(), every)
        begins = np.flatnonzero(np.r_[True, of[1:] != of[:-1]])
        ends = np.r_[begins[1:], len(of)]
        for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
            if plan.targets.amount[begin:end].sum() > 0:
                yield _stretch(plan, late, chance, (begin, end), period_label(of[begin]))


def _stretch(
    plan: Plan, late: FloatArray, chance: HitChance, span: tuple[int, int], name: str
) -> Stretch:
    since, until = span
    target = float(plan.targets.amount[since:until].sum())
    part = {"since": since, "until": until}
    given = plan.assumptions
    worth = given.sizes if plan.unit == "value" else np.ones(len(given.channels))
    new = np.einsum("cm,cmh,c->h", late, given.yields, worth)
    usual = new + plan.in_flight + plan.direct
    return Stretch(
        name=name,
        target=target,
        usual=float(usual[since:until].sum()),
        usual_chance=chance.probability(late, target, **part),
        planned=float(plan.expected[since:until].sum()),
        planned_chance=chance.probability(plan.leads, target, **part),
    )


def _staff(plan: Plan, team: Path | None) -> Staff | None:
    if team is None:
        return None
    from funnelkit.plan import capacity
    from funnelkit.plan.one_page.staffing import Staff

    return Staff(capacity=capacity(team, plan))
