"""What a comparison of arms with unequal maturity says."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit.experiment.comparison import Comparison

if TYPE_CHECKING:
    from funnelkit.experiment.lagged.result import LaggedComparison

UNEQUAL = 0.05
"""Maturities that are further apart make raw rates unfit to be compared."""


def finding(found: LaggedComparison) -> str:
    """Return which of more, faster, both or neither the data support."""
    more = "More" if found.eventual.effect > 1 else "Fewer"
    faster = "Faster" if found.pace.effect < 1 else "Slower"
    rates, times = _rates(found), _times(found)
    alike = "" if math.isnan(found.pace.effect) else ", with no sign of another pace"
    joint = display.pvalue(found.joint_pvalue)
    said = {
        "both": f"{more} and {faster.lower()}: {rates}; {times}.",
        "more": f"{more}{alike}: {rates}; {times}.",
        "faster": f"{faster}, with no sign of another rate in the end: {rates}; {times}.",
        "either": (
            f"The arms differ, but the data do not tell more from faster ({joint}): {rates}; "
            f"{times}."
        ),
        "neither": f"Neither more nor faster can be told ({joint}): {rates}; {times}.",
        "unknown": "More cannot be told from faster.",
    }
    return said[found.verdict]


def of_maturity(found: LaggedComparison) -> str:
    """Return how long the arms have been followed, and what that does to raw rates."""
    control, treatment = found.shown_names
    old, young = found.median_days
    first, second = (display.maturity(share) for share in found.maturity)
    days = display.plural(found.horizon, "day")
    followed = (
        f"half of {treatment}'s {found.matured.units} are at least {display.plural(young, 'day')} "
        f"old and half of {control}'s {display.plural(old, 'day')}, so that they have had "
        f"time for {second} and {first} of what comes within {days}"
    )
    if abs(found.maturity[1] - found.maturity[0]) <= UNEQUAL:
        return f"The arms are about equally mature: {followed}."
    raw = [display.percent(share) for share in found.raw_rates]
    return (
        f"The arms are not equally mature: {followed}; their raw rates so far, {raw[1]} and "
        f"{raw[0]}, are not to be compared."
    )


def _rates(found: LaggedComparison) -> str:
    one = found.eventual
    if math.isnan(one.effect):
        return "eventual rates cannot be told"
    rates = [display.percent(arm.mean) for arm in (one.treatment, one.control)]
    target = display.one_line(found.counts.target)
    return f"in the end {rates[0]} against {rates[1]} reach {target} ({_told(one)})"


def _times(found: LaggedComparison) -> str:
    one = found.pace
    if math.isnan(one.effect):
        return "the pace cannot be compared"
    days = [_days(arm.mean) for arm in (one.treatment, one.control)]
    return f"half of these within {days[0]} against {days[1]} ({_told(one, 'time ratio')})"


def _told(one: Comparison, name: str = "odds ratio") -> str:
    """Return a ratio with its interval and p-value, also where it has no upper limit."""
    low, high = (float(end) for end in one.confidence_interval())
    between = f"{low:.2f} to {high:.2f}"
    if math.isinf(high):
        between = f"at least {low:.2f}" if low > 0 else "without limits"
    ratio = (
        f"{name} {one.effect:.2f} ({between})"
        if math.isfinite(one.effect)
        else (f"{name} {between}")
    )
    return f"{ratio}, {display.pvalue(one.pvalue)}"


def _days(value: float) -> str:
    return "a day" if value < 1 else display.plural(value, "day")
