"""Curves, variances and adjusted rates, one lead and one day after the other, as the books say."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tests.reference.leads import Lead


def at_risk(leads: Sequence[Lead], day: int) -> int:
    """Return the leads under observation and undecided at the start of a day."""
    return sum(lead.late <= day <= lead.time for lead in leads)


def events(leads: Sequence[Lead], day: int, outcome: str | None = None) -> int:
    """Return the leads with an outcome (default: any) on a day."""
    return sum(
        lead.outcome is not None and lead.time == day and outcome in (None, lead.outcome)
        for lead in leads
    )


def undecided(leads: Sequence[Lead], day: int) -> float:
    """Return the product-limit share without any outcome after a day."""
    share = 1.0
    for j in range(day + 1):
        n = at_risk(leads, j)
        if n:
            share *= 1 - events(leads, j) / n
    return share


def rate(leads: Sequence[Lead], day: int, outcome: str = "won") -> float:
    """Return the cumulative incidence of an outcome by a day."""
    total = 0.0
    for j in range(day + 1):
        n = at_risk(leads, j)
        if n:
            total += undecided(leads, j - 1) * events(leads, j, outcome) / n
    return total


def greenwood(leads: Sequence[Lead], day: int) -> float:
    """Return Greenwood's variance of the share without any outcome after a day."""
    total = 0.0
    for j in range(day + 1):
        n, d = at_risk(leads, j), events(leads, j)
        if d:
            if n == d:
                return 0.0
            total += d / (n * (n - d))
    return undecided(leads, day) ** 2 * total


def marubini_valsecchi(leads: Sequence[Lead], day: int, outcome: str = "won") -> float:
    """Return the variance of a cumulative incidence (Marubini and Valsecchi 1995, p. 341)."""
    final, total = rate(leads, day, outcome), 0.0
    for j in range(day + 1):
        n, d, k = at_risk(leads, j), events(leads, j), events(leads, j, outcome)
        if not d:
            continue
        ahead = final - rate(leads, j, outcome)
        before = undecided(leads, j - 1)
        if n > d:
            total += ahead**2 * d / (n * (n - d))
        total += before**2 * (n - k) * k / n**3 - 2 * ahead * before * k / n**2
    return total


def log_log(share: float, variance: float, z: float) -> tuple[float, float]:
    """Return the interval of a rate by way of log(-log(1 - rate))."""
    centre = math.log(-math.log(1 - share))
    half = z * math.sqrt(variance) / ((1 - share) * abs(math.log(1 - share)))
    return tuple(1 - math.exp(-math.exp(centre + side * half)) for side in (-1, 1))


def adjusted(leads: Sequence[Lead], cohort: int, horizon: int) -> tuple[float, float]:
    """Return Σ maturity and the adjusted rate of a cohort, all cohorts sharing one curve."""
    final = rate(leads, horizon)
    own = [lead for lead in leads if lead.cohort == cohort]
    maturity = sum(rate(leads, min(lead.followed, horizon)) / final for lead in own)
    won = sum(lead.outcome == "won" and lead.time <= horizon for lead in own)
    still = sum(lead.outcome is None and lead.followed < horizon for lead in own)
    adjusted_rate = won / maturity if maturity else 0.0
    return maturity, min(adjusted_rate, (won + still) / len(own))
