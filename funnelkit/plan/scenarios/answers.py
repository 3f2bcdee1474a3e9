"""What may be asked of a plan: a chance, leads, what is expected, or what it costs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.plan.scenarios.situation import Situation

FloatArray = NDArray[np.float64]
Output = Literal["probability", "leads", "value", "cost"]
OUTPUTS: tuple[Output, ...] = ("probability", "leads", "value", "cost")


def answer(situation: Situation, output: Output) -> float:
    """Return what is asked of a plan; infinite where no number of leads is enough.

    Raises
    ------
    ArgumentError
        If the cost is asked for, and the cost of a lead is not known.
    """
    by_output: dict[Output, Callable[[], float]] = {
        "probability": situation.hit,
        "value": situation.brings,
        "leads": lambda: _needed(situation, lambda leads: float(leads.sum())),
        "cost": lambda: _needed(situation, situation.spend),
    }
    if output == "cost":
        refuse_unknown_costs(situation)
    return by_output[output]()


def answer_said(situation: Situation, output: Output, number: float) -> str:
    """Return an answer in words."""
    if math.isinf(number):
        return "beyond any number of leads"
    if output == "probability":
        return display.chance(number)
    if output == "leads":
        return display.count(number)
    if output == "cost":
        return situation.assumptions.money(number)
    return amount_said(situation, number)


def amount_said(situation: Situation, number: float) -> str:
    """Return money, or deals, as sentences write it."""
    if situation.unit == "value":
        return situation.assumptions.money(number)
    return f"{display.expected(number)} deals"


def refuse_unknown_costs(situation: Situation) -> None:
    """Refuse a question about cost where the cost of leads is not known.

    Raises
    ------
    ArgumentError
        With the channels that have none.
    """
    used = situation.pattern.sum(axis=1) > 0
    channels = situation.assumptions.channels
    bare = [one.name for one, some in zip(channels, used, strict=True) if some and one.cost is None]
    if bare:
        names = display.listed([f"`{display.one_line(name)}`" for name in bare])
        raise ArgumentError(
            f"The cost of a lead is not known of {names}: state it (`cost`, or `costs=` of "
            "`assume`)."
        )


def _needed(situation: Situation, counted: Callable[[FloatArray], float]) -> float:
    """Return leads or cost of what is needed; infinite where nothing is enough."""
    scale = situation.scale
    return math.inf if math.isnan(scale) else counted(situation.at(scale))
