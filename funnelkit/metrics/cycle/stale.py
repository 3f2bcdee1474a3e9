"""How old a deal gets at a stage before it is won: the limit beyond which open ones are stale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.counts.triangle import Segment, Triangle
from funnelkit.data.records import Leads

FEWEST = 20
"""With fewer wins behind it, there is no limit."""
_SURE = 0.95


@dataclass(frozen=True, kw_only=True)
class Limit:
    """The age beyond which a deal at a stage is stale.

    Parameters
    ----------
    business
        Values of the segments that are kept apart.
    stage
        The stage; ages count from entry to it.
    wins
        Wins behind the limit.
    days
        The limit; NaN with fewer than 20 wins.
    longest
        The longest that any deal took from the stage to its win; NaN without a win.
    """

    business: Segment
    stage: str
    wins: int
    days: float
    longest: float


def limits(leads: Leads, stages: Sequence[str], *, beyond: float) -> list[Limit]:
    """Return the limit of each stage and business.

    Parameters
    ----------
    leads
        The data.
    stages
        Stages but the last.
    beyond
        Share of the wins that an open deal has to be older than; 1: than any.

    Raises
    ------
    ArgumentError
        If the share is not above 0.5 and at most 1.

    Notes
    -----
    The quantile ``beyond`` of the days from the stage to the win, by the cumulative incidence of
    the win (exits competing, open deals censored), so that young funnels do not take their youth
    for speed. A quantile of few wins is uncertain: it is taken where an order statistic bounds it
    from above with 95 % confidence. Of 99 %, that is the longest of all with fewer than 473 wins
    (and with fewer than 299 not even that is a bound of this confidence).

    References
    ----------
    Hahn and Meeker (1991), Statistical Intervals, section 5.2 (bounds of quantiles by order
    statistics).
    """
    from funnelkit.counts.build import triangles

    _refuse(beyond)
    by = leads.funnel.apart
    pairs = [(stage, leads.funnel.won) for stage in stages]
    try:
        every = triangles(leads, pairs, cohort="year", by=by or None)
    except EvidenceError:
        return []
    counts = [every[pair] for pair in pairs if pair in every]
    return limits_of([one.collapse(cohorts=True) for one in counts], beyond=beyond)


def limits_of(counts: Sequence[Triangle], *, beyond: float) -> list[Limit]:
    """Return the limits from the counts of each stage to the win, one segment for each business.

    Parameters
    ----------
    counts
        Of a single cohort each.
    beyond
        As in :func:`limits`.
    """
    _refuse(beyond)
    return [limit for one in counts for limit in _of_stage(one, beyond)]


def _refuse(beyond: float) -> None:
    if not 0.5 < beyond <= 1:
        raise ArgumentError(f"`beyond` must be above 0.5 and at most 1; got {beyond!r}.")


def _of_stage(counts: Triangle, beyond: float) -> list[Limit]:
    from funnelkit.lag import fit_competing

    maturity = fit_competing(counts)
    shape = maturity.maturity(np.arange(maturity.horizon + 1))[:, 0]
    won = counts.by_age(counts.target)[:, 0]
    found = []
    for i, segment in enumerate(counts.segments):
        wins = int(won[i].sum())
        ages = np.flatnonzero(won[i])
        longest = float(ages[-1]) if wins else float("nan")
        days = float("nan")
        if wins >= FEWEST:
            level = bound_level(wins, beyond)
            days = longest if level >= 1 else float(np.argmax(shape[i] >= level - 1e-12))
        found.append(
            Limit(business=segment, stage=counts.start, wins=wins, days=days, longest=longest)
        )
    return found


def bound_level(n: int, share: float) -> float:
    """Return the share of ``n`` values below the order statistic that bounds a quantile; 1: all.

    Examples
    --------
    >>> bound_level(100, 0.99), round(bound_level(4238, 0.99), 4)
    (1.0, 0.9927)
    """
    rank = float(stats.binom.ppf(_SURE, n, share)) + 1
    return min(rank / n, 1.0)
