"""Money won, with intervals that hold chance in the number of wins and in their size."""

from __future__ import annotations

import math
from decimal import Decimal

from scipy import stats

from funnelkit._core import display
from funnelkit.report.page.changes import Change, Estimate
from funnelkit.report.page.facts import SMALL, Tally


def amount(value: Decimal | float | None) -> str:
    """Return an amount in full.

    Examples
    --------
    >>> amount(Decimal("10005534"))
    '10,005,534'
    """
    return display.EN_DASH if value is None else display.count(float(value))


def brief(value: Decimal | float | None) -> str:
    r"""Return an amount for a card: long ones in millions.

    Examples
    --------
    >>> brief(Decimal("10005534")), brief(Decimal("98765"))
    ('10.01\u202fM', '98,765')
    """
    return display.EN_DASH if value is None else display.brief(float(value))


def total(tally: Tally | None, *, confidence_level: float) -> Estimate | None:
    """Return the total with its interval; ``None`` for fewer than 20 known amounts.

    Number and size of wins are both random: a compound Poisson sum has variance Σx², taken here
    on the scale of logarithms so that the interval stays above 0.
    """
    if tally is None or tally.value is None or tally.squares is None or tally.amounts < SMALL:
        return None
    spread = math.sqrt(tally.squares) / float(tally.value)
    return _around(float(tally.value), spread, confidence_level)


def mean(tally: Tally | None, *, confidence_level: float) -> Estimate | None:
    """Return the mean amount with its interval; ``None`` for fewer than 20 known amounts."""
    if tally is None or tally.value is None or tally.squares is None or tally.amounts < SMALL:
        return None
    value = float(tally.value) / tally.amounts
    variance = max(tally.squares / tally.amounts - value**2, 0.0) / (tally.amounts - 1)
    return _around(value, math.sqrt(variance) / value, confidence_level)


def ratio(before: Estimate | None, now: Estimate | None) -> Change | None:
    """Return the relative change between two positive figures, from their own intervals."""
    if before is None or now is None:
        return None
    value = now.value / before.value
    down = math.hypot(math.log(now.value / now.low), math.log(before.high / before.value))
    up = math.hypot(math.log(now.high / now.value), math.log(before.value / before.low))
    return Change(value - 1, value * math.exp(-down) - 1, value * math.exp(up) - 1, "ratio")


def _around(value: float, spread: float, confidence_level: float) -> Estimate:
    reach = float(stats.norm.isf((1 - confidence_level) / 2)) * spread
    return Estimate(value, value * math.exp(-reach), value * math.exp(reach))
