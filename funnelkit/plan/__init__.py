"""Plans backward from a goal: leads by channel and month, people, money and a probability.

Names are imported on first use: views of a plan need none of what makes one.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from funnelkit.plan.backward.result import Plan
    from funnelkit.plan.backward.reversing import reverse
    from funnelkit.plan.basis.assuming import assume
    from funnelkit.plan.basis.assumptions import Assumptions
    from funnelkit.plan.basis.channel import Channel, Stream
    from funnelkit.plan.basis.estimate import Estimate
    from funnelkit.plan.basis.lag import DayLag, MonthLag
    from funnelkit.plan.basis.stating import stated
    from funnelkit.plan.chance.hitting import HitChance
    from funnelkit.plan.chance.outcomes import Outcomes
    from funnelkit.plan.chance.simulating import simulated
    from funnelkit.plan.goals.reading import read_targets
    from funnelkit.plan.goals.taking import targets_of
    from funnelkit.plan.goals.targets import Targets

_HOMES = {
    "Assumptions": "basis.assumptions",
    "Channel": "basis.channel",
    "DayLag": "basis.lag",
    "Estimate": "basis.estimate",
    "HitChance": "chance.hitting",
    "MonthLag": "basis.lag",
    "Outcomes": "chance.outcomes",
    "Plan": "backward.result",
    "Stream": "basis.channel",
    "Targets": "goals.targets",
    "assume": "basis.assuming",
    "read_targets": "goals.reading",
    "reverse": "backward.reversing",
    "simulated": "chance.simulating",
    "stated": "basis.stating",
    "targets_of": "goals.taking",
}

__all__ = [
    "Assumptions",
    "Channel",
    "DayLag",
    "Estimate",
    "HitChance",
    "MonthLag",
    "Outcomes",
    "Plan",
    "Stream",
    "Targets",
    "assume",
    "read_targets",
    "reverse",
    "simulated",
    "stated",
    "targets_of",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
