"""Values of two arms cut off at a quantile of both together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.averages.given import is_number

FloatArray = NDArray[np.float64]


def quantiles_of(winsorise_at: float | tuple[float, float]) -> tuple[float, float]:
    """Return the lower and the upper quantile to cut off at.

    Raises
    ------
    ArgumentError
        If it is no quantile above one half, or no pair of quantiles around it.
    """
    ends = winsorise_at if isinstance(winsorise_at, tuple) else (0.0, winsorise_at)
    if len(ends) == 2 and all(map(is_number, ends)):
        low, high = float(ends[0]), float(ends[1])
        if 0 <= low < 0.5 < high <= 1:
            return low, high
        if 1 < high <= 100:
            hint = f" Did you mean {high / 100:g}?"
            raise ArgumentError(_need(winsorise_at) + hint)
    raise ArgumentError(_need(winsorise_at))


def winsorised(
    control: FloatArray, treatment: FloatArray, at: tuple[float, float], units: str
) -> tuple[FloatArray, FloatArray, str]:
    """Return the values of both arms, cut off, and a sentence that says how many were.

    Parameters
    ----------
    control, treatment
        One value for each unit.
    at
        Lower and upper quantile of all values together.
    units
        What they are counted in.

    Raises
    ------
    ArgumentError
        If nothing would be left to compare: more zeros than the quantile leaves room for.
    """
    pooled = np.concatenate([control, treatment])
    low, high = (float(end) for end in np.quantile(pooled, at, method="inverted_cdf"))
    if at[0] == 0:
        low = float(pooled.min())
    if low == high and pooled.min() < pooled.max():
        share = float((pooled > high).mean())
        raise ArgumentError(
            f"`winsorise_at`: the {at[1]:g} quantile of all values is {high:g}, so that every "
            f"value would become {high:g}; only {display.percent(share)} are above. Take a "
            "higher one."
        )
    cut = [int(((values < low) | (values > high)).sum()) for values in (control, treatment)]
    ends = f"at {high:,.6g}" if at[0] == 0 else f"below {low:,.6g} and above {high:,.6g}"
    said = (
        f"Values are cut off {ends}, for {display.count(cut[1])} of "
        f"{display.count(treatment.size)} against {display.count(cut[0])} of "
        f"{display.count(control.size)} {units}: the means are of what is left."
    )
    return np.clip(control, low, high), np.clip(treatment, low, high), said


def _need(got: object) -> str:
    return (
        "`winsorise_at` must be an upper quantile such as 0.99, or a lower and an upper one such "
        f"as (0.01, 0.99); got {got!r}."
    )
