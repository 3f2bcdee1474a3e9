"""Power and size of a test of two rates by the normal law, one the exact inverse of the other."""

from __future__ import annotations

import math
from typing import Literal

from scipy import special

ClosedForm = Literal["score", "pooled", "unpooled", "simple", "arcsine"]
CLOSED_FORMS: tuple[ClosedForm, ...] = ("score", "pooled", "unpooled", "simple", "arcsine")


def power_of_rates(
    form: ClosedForm, control: float, treatment: float, n: tuple[float, float], tail: float
) -> float:
    """Return the chance to find a difference of two rates on its side.

    Parameters
    ----------
    form
        How the test takes its variance.
    control, treatment
        Rates.
    n
        Independent units of both.
    tail
        Level on that side.
    """
    (n0, n1), z = n, _upper(tail)
    each = 1 / n0 + 1 / n1
    if form == "arcsine":
        gap = 2 * abs(math.asin(math.sqrt(treatment)) - math.asin(math.sqrt(control)))
        return float(special.ndtr(gap / math.sqrt(each) - z))
    own = control * (1 - control) / n0 + treatment * (1 - treatment) / n1
    if form == "simple":
        tested = control * (1 - control) * each
    elif form == "unpooled":
        tested = own
    else:
        mean = (n0 * control + n1 * treatment) / (n0 + n1)
        tested = mean * (1 - mean) * each
        if form == "score":
            tested *= (n0 + n1) / max(n0 + n1 - 1, 1e-9)
    gap = abs(treatment - control) - z * math.sqrt(tested)
    return float(special.ndtr(gap / math.sqrt(own)))


def size_of_rates(
    form: ClosedForm,
    control: float,
    treatment: float,
    *,
    ratio: float,
    power: float,
    tail: float,
) -> float:
    """Return the units of control, not rounded, at which the power is reached.

    Parameters
    ----------
    form, control, treatment, tail
        As in :func:`power_of_rates`.
    ratio
        Units of treatment for one of control.
    power
        To be reached.
    """
    z, y = _upper(tail), _upper(1 - power)
    each = 1 + 1 / ratio
    if form == "arcsine":
        gap = 2 * abs(math.asin(math.sqrt(treatment)) - math.asin(math.sqrt(control)))
        return each * (z + y) ** 2 / gap**2
    own = control * (1 - control) + treatment * (1 - treatment) / ratio
    if form == "simple":
        tested = control * (1 - control) * each
    elif form == "unpooled":
        tested = own
    else:
        mean = (control + ratio * treatment) / (1 + ratio)
        tested = mean * (1 - mean) * each
    gap = abs(treatment - control)

    def needed(factor: float) -> float:
        return ((z * math.sqrt(tested * factor) + y * math.sqrt(own)) / gap) ** 2

    found = needed(1.0)
    if form != "score":
        return found
    from scipy import optimize

    def lack(n: float) -> float:
        total = (1 + ratio) * n
        return needed(total / (total - 1)) - n

    low = max(found, (1 + 1e-6) / (1 + ratio))
    high = 2 * low + 10
    return float(optimize.brentq(lack, low, high, xtol=1e-12, rtol=1e-14))


def _upper(tail: float) -> float:
    return float(-special.ndtri(tail))
