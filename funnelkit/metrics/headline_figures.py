"""The headline metrics that are known: each by month, from leads, or from a table besides."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import EvidenceError
from funnelkit._core.interval import count_interval
from funnelkit._core.measure import Measure
from funnelkit.metrics.headline_asked import Asked, Known
from funnelkit.metrics.headline_tables import FROM_TABLES
from funnelkit.metrics.stage_roles import untold
from funnelkit.metrics.winning.converting import adjusted_conversion, qualification_rate
from funnelkit.metrics.winning.wins import opportunity_to_win

if TYPE_CHECKING:
    from funnelkit.data.records import Leads


def _lacks(asked: Asked, name: str) -> EvidenceError:
    return EvidenceError(untold(asked.leads.funnel, asked.part, name))


def _opportunities(asked: Asked) -> Measure:
    if asked.part.opportunity is None:
        raise _lacks(asked, "opportunity")
    return _entries(asked.part.opportunity, "new opportunities", asked.leads, asked.level)


def _entries(stage: str, name: str, leads: Leads, level: float) -> Measure:
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


def _adjusted(name: str, start: str, target: str, leads: Leads, level: float) -> Measure:
    found = adjusted_conversion(leads, (start, target), every="month", confidence_level=level)
    return replace(found, name=name)


def _qualified(asked: Asked) -> Measure:
    part, leads, level = asked.part, asked.leads, asked.level
    if part.lead is None or part.qualified is None:
        raise _lacks(asked, "qualified")
    try:
        return _adjusted("qualification rate", part.lead, part.qualified, leads, level)
    except EvidenceError:
        stage = part.qualified
        return qualification_rate(leads, qualified=stage, every="month", confidence_level=level)


def _decided(asked: Asked) -> Measure:
    if asked.part.opportunity is None:
        raise _lacks(asked, "opportunity")
    return opportunity_to_win(
        asked.leads,
        opportunity=asked.part.opportunity,
        every="month",
        confidence_level=asked.level,
    )


def _closing(asked: Asked) -> Measure:
    part = asked.part
    if part.lead is None:
        raise _lacks(asked, "lead")
    return _adjusted("close rate", part.lead, part.won, asked.leads, asked.level)


def _winning(asked: Asked) -> Measure:
    part = asked.part
    if part.opportunity is None:
        raise _lacks(asked, "opportunity")
    return _adjusted("win rate", part.opportunity, part.won, asked.leads, asked.level)


FROM_LEADS: dict[str, Known] = {
    "new_leads": Known(
        "leading",
        lambda asked: _entries(asked.leads.funnel.stages[0], "new leads", asked.leads, asked.level),
    ),
    "new_opportunities": Known("leading", _opportunities),
    "qualification_rate": Known("leading", _qualified, share=True, estimate=True),
    "won_deals": Known(
        "lagging",
        lambda asked: _entries(asked.part.won, "won deals", asked.leads, asked.level),
    ),
    "won_value": Known(
        "lagging", lambda asked: _money(asked.leads, "won value", asked.level, each=False)
    ),
    "mean_deal_size": Known(
        "lagging", lambda asked: _money(asked.leads, "mean deal size", asked.level, each=True)
    ),
    "close_rate": Known("lagging", _closing, share=True, estimate=True),
    "win_rate": Known("lagging", _winning, share=True, estimate=True),
    "opportunity_to_win": Known("lagging", _decided, share=True, estimate=True),
}
"""Name -> how it is worked out, of the metrics that need leads alone."""
HEADLINES_KNOWN: dict[str, Known] = FROM_LEADS | FROM_TABLES
HEADLINES = tuple(HEADLINES_KNOWN)
"""Names of the metrics that a scorecard can hold."""
