"""From leads and targets to `PlanFacts`: assumptions, plan, people, scenarios, what matters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit.report.page.terms import Terms
from funnelkit.report.planning.asked import PlanParameters
from funnelkit.report.planning.facts import PlanFacts

if TYPE_CHECKING:
    from funnelkit.data.ledgers import Ledger
    from funnelkit.data.records import Leads
    from funnelkit.model import FunnelModel
    from funnelkit.plan import (
        Allocation,
        Assumptions,
        Board,
        BreakEven,
        Capacity,
        Coverage,
        InformationValue,
        Plan,
        PlanReview,
        ScenarioComparison,
        Targets,
        Team,
        Tornado,
    )
    from funnelkit.report.config import Config

_RECENT = 6
_CHANNELS = 5
_DEMO_MONTHS = 12


@dataclass(frozen=True, eq=False, kw_only=True)
class Source:
    """The leads that a plan is made from, and what goes with them."""

    leads: Leads
    column: str | None
    spend: Ledger | None = None
    title: str | None = None
    simulated: bool = False
    team: str | Path | Team | None = None


def made(settings: PlanParameters, setup: Config | None) -> PlanFacts:
    """Return everything that the page of a plan says.

    Parameters
    ----------
    settings
        What was asked.
    setup
        The configuration; ``None``: simulated leads.
    """
    from funnelkit.model import fit_funnel

    source = _source(settings, setup)
    goals = _targets(settings, setup, source.leads)
    return drawn_up(settings, source, goals, fit_funnel(source.leads, by=source.column))


def drawn_up(
    settings: PlanParameters,
    source: Source,
    goals: Targets | None,
    model: FunnelModel,
    *,
    thorough: bool = True,
) -> PlanFacts:
    """Return everything that the page of a plan says, from a model that is fitted already.

    Parameters
    ----------
    settings
        What was asked.
    source
        The leads, and what goes with them.
    goals
        Targets; ``None``: those of the demonstration.
    model
        Fitted to these leads, by the column of `source`.
    thorough
        Whether to tell what each input does to the chance of the goal, which number is worth
        measuring better, and where the odds are even; these take longer than the plan.
    """
    from funnelkit.plan import reverse

    given = assumed(source, model, _horizon(model, goals))
    if settings.assumptions is not None:
        from funnelkit.plan import read_assumptions

        given = read_assumptions(settings.assumptions, given)
    goal: Any = demo_goal(given) if goals is None else goals
    found = _cheapest(settings, goal, given)
    plan = reverse(goal, given, probability=settings.probability) if found is None else found.plan
    people = _people(source, plan)
    limits = _limits(plan) if thorough else []
    return PlanFacts(
        board=_board(settings, plan, people, model, limits),
        ledger=plan.assumptions.to_frame(),
        terms=_terms(source.leads),
        title=source.title,
        files=tuple(source.leads.rows.names),
        simulated=source.simulated,
        by=() if source.column is None else (source.column,),
        capacity=people,
        allocation=found,
        scenarios=_scenarios(settings, plan),
        tornado=_tornado(plan) if thorough else None,
        information=_information(plan) if thorough else None,
        coverage=_coverage(plan, model, source.leads),
        review=_review(settings, source.leads, model),
    )


def assumed(source: Source, model: FunnelModel, horizon: int) -> Assumptions:
    """Return what the plan stands on: the model, what is in flight, and the costs of leads."""
    from funnelkit.plan import assume

    costs = source.spend if source.column is not None else None
    return assume(model, in_flight=source.leads, horizon=horizon, costs=costs)


def _source(settings: PlanParameters, setup: Config | None) -> Source:
    from funnelkit.report.page.gather import of_one_business

    team: str | Path | None = settings.team
    if setup is None:
        from funnelkit.report.example import make_example

        leads, spend, title, channel = make_example(), None, None, None
    else:
        team = team or setup.team
        leads = setup.read(data=settings.data, join=settings.join)
        spend = setup.tables.read().get("spend")
        title, channel = setup.title, setup.tables.channel
    leads = of_one_business(leads)
    if settings.month is not None:
        leads = _known_at(leads, settings.month)
    column = settings.segment or channel or next(iter(leads.funnel.segments), None)
    if column is not None:
        checks.member("segment", "column", column, leads.funnel.groups)
    return Source(
        leads=leads,
        column=column,
        spend=spend,
        title=title,
        simulated=leads.truth is not None,
        team=team,
    )


def _known_at(leads: Leads, month: str) -> Leads:
    import pandas as pd

    end = pd.Period(month, freq="M").end_time.date()
    if end > leads.as_of:
        raise EvidenceError(
            f"`month` must have ended in the data, which end on {leads.as_of.isoformat()}; got "
            f"{month}."
        )
    return leads if end == leads.as_of else leads.at(end)


def _targets(settings: PlanParameters, setup: Config | None, leads: Leads) -> Targets | None:
    """Return the targets; ``None`` where the data are simulated and none were given."""
    path = settings.targets
    if path is None and setup is not None and setup.targets is not None:
        path = str(setup.targets)
    return None if path is None else targets_in(path, leads)


def targets_in(path: str | Path, leads: Leads) -> Targets:
    """Return the targets of a file, by the calendar of the leads.

    Raises
    ------
    DataError
        With everything that is wrong, and the name of the file.
    """
    from funnelkit.plan import read_targets

    try:
        return read_targets(path, fiscal_year_start=leads.funnel.calendar.fiscal_year_start)
    except DataError as error:
        raise DataError([f"{Path(path).name}: {words}" for words in error.problems]) from None


def _horizon(model: FunnelModel, goals: Targets | None) -> int:
    """Return the months up to the last target."""
    if goals is None:
        return _DEMO_MONTHS
    arrivals = model.arrivals
    first = arrivals.months[-1] if arrivals.running else arrivals.months[-1] + 1
    ahead = (goals.periods[-1] - first).n + 1
    if ahead < 1:
        raise ArgumentError(
            f"`targets` end with {goals.labels[-1]}, and the data are known up to "
            f"{model.as_of.isoformat()}: give targets of months to come, or name an earlier month "
            "to plan from as `month`."
        )
    return int(ahead)


def demo_goal(given: Assumptions) -> float:
    """Return a goal for simulated data: half more than what comes without further leads."""
    money = given.unit == "value"
    parts = (given.in_flight, given.direct)
    there = sum(float((one.value if money else one.deals).sum(axis=1).mean()) for one in parts)
    step = 10.0 ** np.floor(np.log10(max(there, 1.0)))
    return float(np.ceil(2.5 * there / step) * step)


def recent_of(model: FunnelModel, plan: Plan) -> dict[str, float]:
    """Return channel -> leads a month in the last six whole months."""
    counts = model.arrivals.of(model.stages[0])
    whole = counts[:, :-1] if model.arrivals.running and counts.shape[1] > 1 else counts
    monthly = whole[:, -_RECENT:].mean(axis=1)
    found: dict[str, float] = dict.fromkeys(plan.channels, 0.0)
    from funnelkit._core.display import segment_name

    for segment, number in zip(model.arrivals.segments, monthly, strict=True):
        name = segment_name(segment) if segment else "all"
        if name in found:
            found[name] += float(number)
    return found


def _cheapest(settings: PlanParameters, goal: Any, given: Assumptions) -> Allocation | None:
    """Return the cheapest leads within limits, where limits were given."""
    if settings.limits is None:
        return None
    from funnelkit.plan import optimise
    from funnelkit.report.planning.limited import read_limits

    told = read_limits(settings.limits)
    return optimise(goal, given, probability=settings.probability, **told)


def _people(source: Source, plan: Plan) -> Capacity | None:
    if source.team is None:
        return None
    from funnelkit.plan import capacity

    return capacity(source.team, plan)


def _board(
    settings: PlanParameters,
    plan: Plan,
    people: Capacity | None,
    model: FunnelModel,
    limits: list[BreakEven],
) -> Board:
    from funnelkit.plan import board

    return board(
        plan,
        capacity=people,
        margin=settings.margin,
        contract_months=settings.contract_months,
        recent=recent_of(model, plan),
        limits=limits,
    )


def _limits(plan: Plan) -> list[BreakEven]:
    """Return how far the numbers that matter may go before the odds are even."""
    from funnelkit.plan import break_even

    if not plan.leads.any() or plan.hit <= 0.5:
        return []
    stages = plan.assumptions.stages
    order = np.argsort(-plan.leads.sum(axis=1), kind="stable")[:_CHANNELS]
    keys = ["leads", *(f"{plan.channels[c]}: {stages[0]} to {stages[-1]}" for c in order)]
    keys += [
        name
        for name in ("in flight", "without a lead")
        if plan.assumptions.inputs()[name].value > 0
    ]
    return [break_even(plan, key) for key in keys]


def _terms(leads: Leads) -> Terms:
    funnel = leads.funnel
    return Terms(funnel.stages[0], funnel.won, funnel.stages, funnel.exits)


def _scenarios(settings: PlanParameters, plan: Plan) -> ScenarioComparison | None:
    if settings.scenarios is None:
        return None
    from funnelkit.plan import compare_scenarios, read_scenarios

    return compare_scenarios(plan, read_scenarios(settings.scenarios))


def _tornado(plan: Plan) -> Tornado:
    from funnelkit.plan import tornado

    return tornado(plan)


def _information(plan: Plan) -> InformationValue | None:
    """Return which number is worth measuring better, where all leads have a cost."""
    from funnelkit.plan import value_of_information

    costs = plan.assumptions.costs[plan.leads.sum(axis=1) > 0]
    if not len(costs) or not np.isfinite(costs).all():
        return None
    try:
        return value_of_information(plan)
    except (ArgumentError, EvidenceError):
        return None


def _coverage(plan: Plan, model: FunnelModel, leads: Leads) -> Coverage | None:
    """Return the pipeline that the first quarter of the plan needs."""
    from funnelkit.plan import coverage

    calendar = plan.targets.calendar
    quarter = calendar.periods(plan.periods[:1].to_timestamp(), "quarter")[0]
    year = f"FY{quarter.qyear}" if calendar.fiscal_year_start != 1 else f"{quarter.qyear}"
    try:
        return coverage(plan.targets, model, leads=leads, period=f"{year}-Q{quarter.quarter}")
    except (ArgumentError, EvidenceError):
        return None


def _review(settings: PlanParameters, leads: Leads, model: FunnelModel) -> PlanReview | None:
    if settings.last is None:
        return None
    from funnelkit.plan import compare_to_actual, read_plan

    return compare_to_actual(read_plan(settings.last), leads, model=model)
