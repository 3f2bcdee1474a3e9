"""The sentence of a look."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit.experiment.sequential.designs import Boundaries

if TYPE_CHECKING:
    from funnelkit.experiment.sequential.looked import LookRead


def sentence(look: LookRead, plan: Boundaries, *, last: bool) -> str:
    """Return which boundary applied, what the look showed, what to do, and what is spent."""
    ahead = len(plan.information)
    name = (
        f"Look {look.number} of {ahead}"
        if look.number <= ahead
        else (f"Look {look.number} ({ahead} were planned)")
    )
    share = display.percent(min(look.fraction, 9.99), decimals=0)
    boundary = look.upper if plan.alternative != "less" else look.lower
    if math.isinf(boundary):
        limit = "nothing was left to spend"
    else:
        limit = f"the boundary was z = {number(boundary)}"
    return (
        f"{name}: {share} of the information is in; {limit}; ours is {number(look.z)}: "
        f"{_advice(look, last=last)}. {_spent(look.spent, plan.alpha)}"
    )


def number(z: float) -> str:
    """Return a z with at most two decimals.

    Examples
    --------
    >>> number(3.357), number(2.1), number(0.0)
    ('3.36', '2.1', '0')
    """
    text = f"{z:.2f}".rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text.replace("-", display.MINUS)


def _advice(look: LookRead, *, last: bool) -> str:
    if look.crossed:
        side = "above" if look.crossed == "upper" else "below"
        return f"stop, the treatment is {side} control"
    if last:
        return "this is the end, and no boundary was crossed"
    if look.futile:
        return f"short of {number(look.futility)}, it may stop for futility (not binding)"
    return "go on"


def _spent(spent: float, alpha: float) -> str:
    if spent > alpha * (1 - 1e-6):
        return f"All of {alpha:g} is spent."
    told = f"{spent:.4f}" if spent >= 0.00005 else "Less than 0.0001"
    return f"{told} of {alpha:g} is spent."
