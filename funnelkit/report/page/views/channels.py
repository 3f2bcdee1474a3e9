"""What each channel cost and brought, over the months with a known cost among the last twelve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.measure import Measure
from funnelkit.metrics import cac, cost_per_lead, roi
from funnelkit.report.page.facts import Setting
from funnelkit.report.page.facts.channels import Channel, Channels

if TYPE_CHECKING:
    from funnelkit.data.ledgers import Ledger
    from funnelkit.data.records import Leads

_MONTHS = 12
FloatArray = NDArray[np.float64]


def channels_view(
    leads: Leads, setting: Setting, tables: Mapping[str, Ledger], channel: str | None
) -> Channels | None:
    """Return the channels; nothing without a table of spend, or a segment that names them."""
    column = channel or ("channel" if "channel" in leads.funnel.groups else None)
    if "spend" not in tables or column is None:
        return None
    spend = tables["spend"]
    try:
        came = cost_per_lead(spend, leads, channel=column)
        won = cac(spend, leads, channel=column)
    except (ArgumentError, EvidenceError):  # told on the scorecard, metric by metric
        return None
    labels = came.periods or ()
    last = period_label(setting.month)
    if last not in labels:
        return None
    place = labels.index(last)
    span = slice(max(0, place + 1 - _MONTHS), place + 1)
    money = _money(spend, leads, column)
    rows = []
    for segment in came.segments:
        cost = _row(came, segment, came.numerator)[span]
        known = np.isfinite(cost)
        counted = known if known.any() else ~known
        spent = float(cost[known].sum()) if known.any() else float("nan")
        beyond = float("nan") if money is None else _within(money, segment, labels[span], known)
        rows.append(
            Channel(
                name=segment[0],
                months=int(known.sum()),
                cost=spent,
                leads=float(_row(came, segment, came.denominator)[span][counted].sum()),
                customers=float(_row(won, segment, won.denominator)[span][counted].sum()),
                returned=beyond / spent if spent > 0 else float("nan"),
            )
        )
    rows.sort(key=lambda row: (not row.months, -row.leads, row.name is None, row.name or ""))
    return Channels(
        column=column,
        first=labels[span][0],
        last=last,
        rows=tuple(rows),
        currency=spend.currency,
        valued=money is not None,
        notes=came.notes,
    )


def _money(spend: Ledger, leads: Leads, column: str) -> Measure | None:
    try:
        return roi(spend, leads, by="channel", segment=column, every="month")
    except (ArgumentError, EvidenceError):
        return None


def _row(measure: Measure, segment: tuple[Any, ...], values: FloatArray) -> FloatArray:
    if segment not in measure.segments:
        return np.zeros(values.shape[1])
    found: FloatArray = values[measure.segments.index(segment)]
    return found


def _within(
    measure: Measure, segment: tuple[Any, ...], labels: tuple[str, ...], known: NDArray[Any]
) -> float:
    """Return the money beyond the cost, over the months with a known cost."""
    own = dict(zip(measure.periods or (), _row(measure, segment, measure.numerator), strict=True))
    parts = [own.get(label, float("nan")) for label, has in zip(labels, known, strict=True) if has]
    return float(sum(parts)) if parts else float("nan")
