"""The headline metrics that are known: each by month, from leads alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import EvidenceError
from funnelkit._core.interval import count_interval
from funnelkit._core.measure import Measure
from funnelkit.metrics.stage_roles import Roles
from funnelkit.metrics.winning.converting import adjusted_conversion, qualification_rate
from funnelkit.metrics.winning.wins import opportunity_to_win

if TYPE_CHECKING:
    from funnelkit.data.records import Leads

Kind = Literal["leading", "lagging"]


@dataclass(frozen=True)
class Known:
    """How a headline metric is worked out, and what it is.

    Parameters
    ----------
    kind
        Leading or lagging.
    make
        Returns its figures by month, of the leads, their stages' roles and the level.
    share
        Whether it is a share of the month's entries or closes.
    """

    kind: Kind
    make: Callable[[Leads, Roles, float], Measure]
    share: bool = False


def _entries(stage: str | None, name: str, leads: Leads, level: float) -> Measure:
    if stage is None:
        raise EvidenceError("no stage of the funnel plays that part.")
    counts = leads.count(stage, every="month")
    values = np.asarray(counts.to_numpy(float)[None, :], dtype=np.float64)
    low, high = count_interval(values, confidence_level=level)
    return Measure(
        name=name,
        definition=f"first entries to {stage} in the month",
        unit="count",
        numerator=values,
        denominator=np.ones_like(values),
        numerator_name="entries",
        denominator_name="month",
        periods=tuple(period_label(each) for each in counts.index),
        low=np.asarray(low),
        high=np.asarray(high),
        as_of=leads.as_of,
        confidence_level=level,
    )


def _money(leads: Leads, name: str, level: float, *, each: bool) -> Measure:
    from funnelkit.counts.build import moments

    if leads.funnel.value is None:
        raise EvidenceError("the funnel names no `value`.")
    found = moments(leads, every="month")
    if not found.usable:
        raise EvidenceError(found.summary())
    total = np.array([[float(one) for one in row] for row in found.total])
    known = found.known.astype(float)
    if total.shape[0] != 1:
        raise EvidenceError("businesses are kept apart; choose one.")
    unknown_amounts = int(found.n.sum() - found.known.sum())
    note = f"{display.plural(unknown_amounts, 'won record')} without an amount left out."
    return Measure(
        name=name,
        definition="money won / won records with an amount" if each else "money won in the month",
        unit="money",
        numerator=total,
        denominator=known if each else np.ones_like(total),
        numerator_name="money won",
        denominator_name="won records with an amount" if each else "month",
        periods=tuple(period_label(one) for one in found.periods),
        notes=(note,) if unknown_amounts else (),
        as_of=leads.as_of,
        confidence_level=level,
    )


def _adjusted(name: str, start: str | None, target: str, leads: Leads, level: float) -> Measure:
    if start is None or start == target:
        raise EvidenceError("no stage of the funnel plays that part.")
    found = adjusted_conversion(leads, (start, target), every="month", confidence_level=level)
    return replace(found, name=name)


def _qualified(leads: Leads, part: Roles, level: float) -> Measure:
    if part.lead is None or part.qualified is None:
        raise EvidenceError("no stage of the funnel plays that part.")
    try:
        return _adjusted("qualification rate", part.lead, part.qualified, leads, level)
    except EvidenceError:
        stage = part.qualified
        return qualification_rate(leads, qualified=stage, every="month", confidence_level=level)


def _decided(leads: Leads, part: Roles, level: float) -> Measure:
    if part.opportunity is None:
        raise EvidenceError("no stage of the funnel plays that part.")
    start = part.opportunity
    return opportunity_to_win(leads, opportunity=start, every="month", confidence_level=level)


HEADLINES_KNOWN: dict[str, Known] = {
    "new_leads": Known(
        "leading",
        lambda leads, _, level: _entries(leads.funnel.stages[0], "new leads", leads, level),
    ),
    "new_opportunities": Known(
        "leading",
        lambda leads, part, level: _entries(part.opportunity, "new opportunities", leads, level),
    ),
    "qualification_rate": Known("leading", _qualified, share=True),
    "won_deals": Known(
        "lagging", lambda leads, part, level: _entries(part.won, "won deals", leads, level)
    ),
    "won_value": Known(
        "lagging", lambda leads, _, level: _money(leads, "won value", level, each=False)
    ),
    "mean_deal_size": Known(
        "lagging", lambda leads, _, level: _money(leads, "mean deal size", level, each=True)
    ),
    "close_rate": Known(
        "lagging",
        lambda leads, part, level: _adjusted("close rate", part.lead, part.won, leads, level),
        share=True,
    ),
    "win_rate": Known(
        "lagging",
        lambda leads, part, level: _adjusted("win rate", part.opportunity, part.won, leads, level),
        share=True,
    ),
    "opportunity_to_win": Known("lagging", _decided, share=True),
}
HEADLINES = tuple(HEADLINES_KNOWN)
"""Names of the metrics that a scorecard can hold."""
