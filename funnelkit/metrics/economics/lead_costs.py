"""What it costs to bring in a lead (cost per lead), by channel and period."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from funnelkit._core import display
from funnelkit._core.dates import Unit, period_label
from funnelkit._core.errors import ArgumentError
from funnelkit._core.measure import Measure
from funnelkit.data.ledgers import Ledger, as_ledger
from funnelkit.data.records import Leads
from funnelkit.metrics import given
from funnelkit.metrics.economics.acquisition import columns_of, joined, spend_columns
from funnelkit.metrics.economics.matching import Key, costs_of, in_order, unmatched

if TYPE_CHECKING:
    import pandas as pd

_NAME = "cost per lead"
_DEFINITION = "cost of the period / leads that entered in it"


def cost_per_lead(
    spend: Ledger | pd.DataFrame | Mapping[str, float] | ArrayLike,
    leads: Leads | Mapping[str, float] | ArrayLike,
    *,
    channel: str | None = None,
    every: Unit = "month",
    currency: str | None = None,
) -> Measure:
    """Return what it costs to bring in a lead.

    Parameters
    ----------
    spend
        What :func:`funnelkit.read_spend` returns, a frame with its columns, or plain costs: one,
        several, or channel -> cost.
    leads
        The leads, by the day of their first stage; or plain counts in the form of the costs.
    channel
        Segment of the leads whose values are the channels of the spend; ``None`` for one figure
        over all of them.
    every
        ``"month"``, ``"quarter"`` or ``"year"``.
    currency
        Of plain costs.

    Returns
    -------
    Measure
        Money for each segment and period; the denominator is leads. No figure where nobody came,
        and none where the cost of a month is missing: that is never taken as 0.

    Raises
    ------
    ArgumentError
        If the arguments do not fit each other.
    EvidenceError
        If spend and leads have no period in common.

    Notes
    -----
    A cheap lead is no cheap customer: beside it stands :func:`funnelkit.metrics.cac`, and the rate
    at which the leads of each channel are won.

    Examples
    --------
    >>> cost_per_lead(12_000, 400).value
    30.0
    >>> cost_per_lead({"web": 900, "fair": 500}, {"web": 30, "fair": 0}).values.tolist()
    [[nan], [30.0]]
    """
    if isinstance(leads, Leads):
        ledger = as_ledger("spend", spend, argument="spend")  # type: ignore[arg-type]
        return _of_leads(ledger, leads, channel, every)
    if isinstance(spend, Ledger) or hasattr(spend, "columns"):
        raise ArgumentError(
            f"`leads` beside a table of spend must be Leads; got {type(leads).__name__}."
        )
    if isinstance(spend, Mapping) != isinstance(leads, Mapping):
        raise ArgumentError("`spend` and `leads` must both name channels, or neither.")
    if isinstance(spend, Mapping) and isinstance(leads, Mapping):
        return _by_name(spend, leads, currency)
    cost, came = given.numbers("spend", spend), given.counts("leads", leads)  # type: ignore[arg-type]
    given.alike(spend=cost, leads=came)
    return _measure(cost, came, periods=given.labels(None, cost.shape[1]), currency=currency)


def _by_name(
    spend: Mapping[str, float], leads: Mapping[str, float], currency: str | None
) -> Measure:
    """Return the cost per lead of channels that are named; not known where one has no cost."""
    costs: dict[Key, float] = {(str(name),): one for name, one in spend.items()}
    came: dict[Key, float] = {(str(name),): one for name, one in leads.items()}
    keys = in_order([*costs, *came])
    known = given.numbers("spend", [*costs.values()]) if costs else np.zeros((1, 0))
    counted = given.counts("leads", [*came.values()]) if came else np.zeros((1, 0))
    cost, number = dict(zip(costs, known[0], strict=True)), dict(zip(came, counted[0], strict=True))
    return _measure(
        np.array([[cost.get(key, np.nan)] for key in keys]).reshape(len(keys), 1),
        np.array([[number.get(key, 0.0)] for key in keys]).reshape(len(keys), 1),
        by=("channel",),
        segments=keys,
        currency=currency,
        notes=tuple(unmatched(list(costs), list(came), what="leads", channel="channel")),
    )


def _measure(cost: np.ndarray, came: np.ndarray, **more: object) -> Measure:
    return Measure(
        name=_NAME,
        definition="cost / leads",
        unit="money",
        numerator=cost,
        denominator=came,
        numerator_name="cost",
        denominator_name="leads",
        **more,  # type: ignore[arg-type]
    )


def _of_leads(ledger: Ledger, leads: Leads, channel: str | None, every: Unit) -> Measure:
    """Return the cost per lead that entered in each period."""
    from funnelkit.counts.build import flows

    by = columns_of(leads, channel)
    costs = costs_of(ledger, spend_columns(by, channel), freq=leads.funnel.calendar.freq(every))
    counted = flows(leads, every=every, by=by)
    keys = [tuple(segment[counted.by.index(name)] for name in by) for segment in counted.segments]
    came = counted.entries[:, 0].astype(float)
    notes = []
    if counted.partial:
        labels = [period_label(one) for one in sorted(counted.partial)]
        notes.append(f"Not wholly observed: {display.listed(labels[:6])}.")
    return joined(
        costs,
        by,
        {key: came[row] for row, key in enumerate(keys)},
        counted.periods,
        channel=channel,
        brought=[key for row, key in enumerate(keys) if came[row].any()],
        notes=notes,
        definition=_DEFINITION,
        as_of=leads.as_of,
        name=_NAME,
        of_what="leads",
    )
