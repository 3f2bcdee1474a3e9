"""The plan of the quarters to come: leads by channel and month, hires, cost and chance."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.report.page.facts import Missing
from funnelkit.report.page.views.planned import beside_pace
from funnelkit.report.planning.asked import PlanParameters
from funnelkit.report.planning.making import drawn_up
from funnelkit.report.quarter.facts import Ahead

if TYPE_CHECKING:
    from funnelkit.model import FunnelModel
    from funnelkit.plan import Targets, Team
    from funnelkit.report.planning.making import Source


def planned_ahead(
    source: Source, goals: Targets | None, model: FunnelModel, *, probability: float = 0.8
) -> Ahead | Missing:
    """Return the plan of the months to come, or why there is none.

    Parameters
    ----------
    source
        The leads as known on the day of the review, and what goes with them.
    goals
        Targets; ``None``: those of the demonstration.
    model
        Fitted to these leads.
    probability
        Chance of the targets that is asked for.

    Raises
    ------
    DefinitionError
        With every problem of the file of the team.
    """
    settings = PlanParameters(probability=probability)
    try:
        try:
            plan = drawn_up(settings, source, goals, model, thorough=False)
        except (ArgumentError, EvidenceError):
            if source.spend is None:
                raise
            plan = drawn_up(settings, replace(source, spend=None), goals, model, thorough=False)
    except (ArgumentError, EvidenceError) as error:
        return Missing(str(error))
    pace = beside_pace(plan.plan, model, plan.board.staff)
    return Ahead(plan=plan, pace=pace, example=goals is None)


def example_team() -> Team:
    """Return the people of the demonstration: sellers with a quota, callers with hours for leads.

    Examples
    --------
    >>> [role.name for role in example_team().roles]
    ['account executive', 'SDR']
    """
    from funnelkit.plan import Role, Team

    sellers = Role(
        name="account executive", people=22, quota=160_000, attainment=0.85,
        ramp=[0, 0.25, 0.5, 0.75], attrition=0.0125, lead_time_days=60, salary=110_000,
    )  # fmt: skip
    callers = Role(
        name="SDR", people=12, hours={"lead": 0.75}, ramp=[0.25, 0.5, 0.75], salary=60_000
    )
    return Team(roles=[sellers, callers])
