"""Plans backward from a goal: leads by channel and month, people, money and a probability.

Names are imported on first use: views of a plan need none of what makes one.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from funnelkit.plan.actuals.comparing import compare_to_actual
    from funnelkit.plan.actuals.covered import Coverage
    from funnelkit.plan.actuals.covering import coverage
    from funnelkit.plan.actuals.keeping import read_plan, remember_plan
    from funnelkit.plan.actuals.record import PlanRecord
    from funnelkit.plan.actuals.remaining import residual_rate
    from funnelkit.plan.actuals.review import PlanReview
    from funnelkit.plan.allocate.allocation import Allocation
    from funnelkit.plan.allocate.budgeting import best_for
    from funnelkit.plan.allocate.cost_by_chance import CostCurve, cost_curve
    from funnelkit.plan.allocate.limits import Ramp
    from funnelkit.plan.allocate.optimising import optimise
    from funnelkit.plan.backward.result import Plan
    from funnelkit.plan.backward.reversing import reverse
    from funnelkit.plan.basis.assuming import assume
    from funnelkit.plan.basis.assumptions import Assumptions
    from funnelkit.plan.basis.channel import Channel, Stream
    from funnelkit.plan.basis.estimate import Estimate
    from funnelkit.plan.basis.lag import DayLag, MonthLag, PacedLag
    from funnelkit.plan.basis.ledger_reading import read_assumptions
    from funnelkit.plan.basis.ledger_writing import write_assumptions
    from funnelkit.plan.basis.priors import like
    from funnelkit.plan.basis.stating import stated
    from funnelkit.plan.chance.hitting import HitChance
    from funnelkit.plan.chance.outcomes import Outcomes
    from funnelkit.plan.chance.simulating import simulated
    from funnelkit.plan.goals.reading import read_targets
    from funnelkit.plan.goals.taking import targets_of
    from funnelkit.plan.goals.targets import Targets
    from funnelkit.plan.one_page.boarding import Board, board
    from funnelkit.plan.people.capacity_result import Capacity
    from funnelkit.plan.people.erlang import ServiceLevel, agents_needed, service_level
    from funnelkit.plan.people.planning import capacity
    from funnelkit.plan.people.reading import read_team, team_yaml
    from funnelkit.plan.people.requisition import Requisition
    from funnelkit.plan.people.response import Response
    from funnelkit.plan.people.role import People, Role
    from funnelkit.plan.people.team import Team
    from funnelkit.plan.scenarios.breaking_even import BreakEven, break_even
    from funnelkit.plan.scenarios.comparing import ScenarioComparison, compare_scenarios
    from funnelkit.plan.scenarios.information import InformationValue, value_of_information
    from funnelkit.plan.scenarios.reading import read_scenarios
    from funnelkit.plan.scenarios.scenario import Scenario
    from funnelkit.plan.scenarios.seeking import GoalSeek, goal_seek
    from funnelkit.plan.scenarios.swings import Tornado, tornado
    from funnelkit.plan.scenarios.writing import write_scenarios

_HOMES = {
    "Allocation": "allocate.allocation",
    "Assumptions": "basis.assumptions",
    "Board": "one_page.boarding",
    "BreakEven": "scenarios.breaking_even",
    "Capacity": "people.capacity_result",
    "Channel": "basis.channel",
    "CostCurve": "allocate.cost_by_chance",
    "Coverage": "actuals.covered",
    "DayLag": "basis.lag",
    "Estimate": "basis.estimate",
    "GoalSeek": "scenarios.seeking",
    "HitChance": "chance.hitting",
    "InformationValue": "scenarios.information",
    "MonthLag": "basis.lag",
    "Outcomes": "chance.outcomes",
    "PacedLag": "basis.lag",
    "People": "people.role",
    "Plan": "backward.result",
    "PlanRecord": "actuals.record",
    "PlanReview": "actuals.review",
    "Ramp": "allocate.limits",
    "Requisition": "people.requisition",
    "Response": "people.response",
    "Role": "people.role",
    "Scenario": "scenarios.scenario",
    "ScenarioComparison": "scenarios.comparing",
    "ServiceLevel": "people.erlang",
    "Stream": "basis.channel",
    "Targets": "goals.targets",
    "Team": "people.team",
    "Tornado": "scenarios.swings",
    "agents_needed": "people.erlang",
    "assume": "basis.assuming",
    "best_for": "allocate.budgeting",
    "board": "one_page.boarding",
    "break_even": "scenarios.breaking_even",
    "capacity": "people.planning",
    "compare_scenarios": "scenarios.comparing",
    "compare_to_actual": "actuals.comparing",
    "cost_curve": "allocate.cost_by_chance",
    "coverage": "actuals.covering",
    "goal_seek": "scenarios.seeking",
    "like": "basis.priors",
    "optimise": "allocate.optimising",
    "read_assumptions": "basis.ledger_reading",
    "read_plan": "actuals.keeping",
    "read_scenarios": "scenarios.reading",
    "read_targets": "goals.reading",
    "read_team": "people.reading",
    "remember_plan": "actuals.keeping",
    "residual_rate": "actuals.remaining",
    "reverse": "backward.reversing",
    "service_level": "people.erlang",
    "simulated": "chance.simulating",
    "stated": "basis.stating",
    "targets_of": "goals.taking",
    "team_yaml": "people.reading",
    "tornado": "scenarios.swings",
    "value_of_information": "scenarios.information",
    "write_assumptions": "basis.ledger_writing",
    "write_scenarios": "scenarios.writing",
}

__all__ = [
    "Allocation",
    "Assumptions",
    "Board",
    "BreakEven",
    "Capacity",
    "Channel",
    "CostCurve",
    "Coverage",
    "DayLag",
    "Estimate",
    "GoalSeek",
    "HitChance",
    "InformationValue",
    "MonthLag",
    "Outcomes",
    "PacedLag",
    "People",
    "Plan",
    "PlanRecord",
    "PlanReview",
    "Ramp",
    "Requisition",
    "Response",
    "Role",
    "Scenario",
    "ScenarioComparison",
    "ServiceLevel",
    "Stream",
    "Targets",
    "Team",
    "Tornado",
    "agents_needed",
    "assume",
    "best_for",
    "board",
    "break_even",
    "capacity",
    "compare_scenarios",
    "compare_to_actual",
    "cost_curve",
    "coverage",
    "goal_seek",
    "like",
    "optimise",
    "read_assumptions",
    "read_plan",
    "read_scenarios",
    "read_targets",
    "read_team",
    "remember_plan",
    "residual_rate",
    "reverse",
    "service_level",
    "simulated",
    "stated",
    "targets_of",
    "team_yaml",
    "tornado",
    "value_of_information",
    "write_assumptions",
    "write_scenarios",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
