"""Return on what was spent (ROI), by channel or campaign."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import Unit, period_label
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.measure import Measure, single
from funnelkit.data.ledgers import Ledger, as_ledger
from funnelkit.data.records import Leads
from funnelkit.metrics.economics.matching import (
    Costs,
    Key,
    aligned,
    costs_of,
    gaps_told,
    in_order,
    unmatched,
)

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.counts.moments import Moments

FloatArray = NDArray[np.float64]
_NAME = "return on investment"


def roi(
    spend: Ledger | pd.DataFrame | Mapping[str, float] | ArrayLike,
    revenue: Leads | Mapping[str, float] | ArrayLike,
    *,
    by: str | None = None,
    segment: str | None = None,
    every: Unit | None = None,
    margin: float = 1.0,
    currency: str | None = None,
) -> Measure:
    """Return what spending brought beyond its cost, for each unit of money spent.

    Parameters
    ----------
    spend
        What :func:`funnelkit.read_spend` returns, a frame with its columns, or plain costs: one,
        several, or name -> cost.
    revenue
        The leads, whose won money counts; or plain amounts in the form of the costs.
    by
        Column of the spend: ``"channel"`` or ``"campaign"``; ``None`` for one figure over all.
    segment
        Segment of the leads that holds the same names; by default the one called as ``by``.
    every
        ``None``: all that was spent against all money won of it so far, in the months of the
        spend. ``"month"``, ``"quarter"`` or ``"year"``: cost of the period against money won in
        it, much of which the spend of earlier periods brought.
    margin
        Share of the revenue that is left after the cost of what was sold. At 1 the return is on
        revenue, which flatters; the definition says which.
    currency
        Of plain amounts.

    Returns
    -------
    Measure
        A ratio, from -1 (nothing came back) upwards; the denominator is the cost. No figure where
        that is not known, 0 or below.

    Raises
    ------
    ArgumentError
        If the arguments do not fit each other, or the funnel has no ``value``.
    EvidenceError
        If spend and leads have no period in common.

    Notes
    -----
    Money is counted where the deal's segment says it came from, whole: what other channels did
    for it is not seen.

    Examples
    --------
    >>> roi(10_000, 35_000).value
    2.5
    >>> roi({"web": 100, "fair": 50}, {"web": 80}, margin=0.5).values.tolist()
    [[-1.0], [-0.6]]
    """
    share = _share(margin)
    if isinstance(revenue, Leads):
        ledger = as_ledger("spend", spend, argument="spend")  # type: ignore[arg-type]
        return _of_leads(ledger, revenue, by=by, segment=segment, every=every, margin=share)
    if isinstance(spend, Ledger) or hasattr(spend, "columns"):
        raise ArgumentError(
            f"`revenue` beside a table of spend must be Leads; got {type(revenue).__name__}."
        )
    if isinstance(spend, Mapping) != isinstance(revenue, Mapping):
        raise ArgumentError("`spend` and `revenue` must both name channels, or neither.")
    notes: list[str] = []
    if isinstance(spend, Mapping) and isinstance(revenue, Mapping):
        costs: dict[Key, float] = {(str(name),): one for name, one in spend.items()}
        won: dict[Key, float] = {(str(name),): one for name, one in revenue.items()}
        segments = in_order([*costs, *won])
        cost = _numbers("spend", [costs.get(key, np.nan) for key in segments]).T
        money = _numbers("revenue", [won.get(key, 0.0) for key in segments]).T
        notes = unmatched(list(costs), list(won), what="revenue", channel="channel")
        return _measure(
            cost, money, share, by=("channel",), segments=segments, currency=currency, notes=notes
        )
    cost, money = _numbers("spend", spend), _numbers("revenue", revenue)
    if cost.shape != money.shape:
        raise ArgumentError(
            f"`spend` and `revenue` must be equally many; got {cost.size} and {money.size}."
        )
    labels = tuple(str(number) for number in range(1, cost.size + 1)) if cost.size > 1 else None
    return _measure(cost, money, share, periods=labels, currency=currency, notes=notes)


def _of_leads(
    ledger: Ledger,
    leads: Leads,
    *,
    by: str | None,
    segment: str | None,
    every: Unit | None,
    margin: float,
) -> Measure:
    """Return the return on the spend of what leads won."""
    from funnelkit.counts.build import flows, moments

    name = _segment_of(leads, by, segment)
    apart = tuple(one for one in leads.funnel.apart if one != name)
    columns = apart if name is None else (*apart, name)
    places = tuple(str(by) if one == name else one for one in columns)
    unit: Unit = every or "month"
    costs = costs_of(ledger, places, freq=leads.funnel.calendar.freq(unit))
    won = moments(leads, every=unit, by=columns)
    shared = costs.periods.intersection(won.periods)
    if not len(shared):
        raise EvidenceError(
            f"spend ({period_label(costs.periods[0])} to {period_label(costs.periods[-1])}) and "
            f"wins ({period_label(won.periods[0])} to {period_label(won.periods[-1])}) have no "
            "period in common."
        )
    came = flows(leads, every=unit, by=columns)
    brought = [
        _key(one, came.by, columns)
        for one, number in zip(came.segments, came.entries.sum(axis=(1, 2)), strict=True)
        if number
    ]
    keys = [_key(one, won.by, columns) for one in won.segments]
    segments = in_order([*costs.amounts, *brought, *keys]) if columns else ((),)
    money = {key: won.total[row] for row, key in enumerate(keys)}
    nothing = np.full(len(won.periods), Decimal(0), dtype=object)
    amounts = np.stack([money.get(key, nothing) for key in segments])
    place = costs.periods.get_indexer(shared)
    missing = np.full(len(shared), np.nan)
    cost = np.stack(
        [costs.amounts[key][place] if key in costs.amounts else missing for key in segments]
    )
    notes = _told(
        costs, won, brought=brought, columns=columns, by=by, every=every, as_of=leads.as_of
    )
    labels = tuple(period_label(period) for period in shared)
    exact = aligned(shared, won.periods, amounts)
    if every is None:
        spent = np.where(np.isfinite(cost).any(axis=1), np.nansum(cost, axis=1), np.nan)
        cost, exact = spent[:, None], exact.sum(axis=1)[:, None]
        notes.append(f"Spent and won from {labels[0]} to {labels[-1]}.")
    if ledger.currency is not None:
        notes.append(f"The spend is in {ledger.currency}, and the money won is taken to be.")
    return _measure(
        cost,
        exact.astype(float),
        margin,
        by=columns,
        segments=segments,
        periods=labels if every else None,
        currency=ledger.currency,
        notes=notes,
        as_of=leads.as_of,
    )


def _told(
    costs: Costs,
    won: Moments,
    *,
    brought: list[Key],
    columns: tuple[str, ...],
    by: str | None,
    every: Unit | None,
    as_of: dt.date,
) -> list[str]:
    """Return the sentences that belong with the figure."""
    notes = []
    if columns:
        notes += unmatched(list(costs.amounts), brought, what="leads", channel=columns[-1])
    notes += gaps_told(costs, pooled=by is None or every is None)
    unknown_money = int((won.n - won.known).sum())
    if unknown_money:
        notes.append(
            f"{display.plural(unknown_money, 'won deal')} of {display.count(won.n.sum())} "
            f"{'has' if unknown_money == 1 else 'have'} no amount and count for nothing, so that "
            "the return is too low."
        )
    if every is None:
        notes.append(f"Deals that are open on {as_of.isoformat()} may still add to it.")
    return notes


def _measure(cost: FloatArray, money: FloatArray, margin: float, **more: Any) -> Measure:
    """Return the return, without a figure where the cost is not above 0."""
    below = int((cost <= 0).sum())
    if below:
        note = (
            f"{display.plural(below, 'cost')} of 0 or less, of which no return can be told; "
            "credits are more than was spent."
        )
        more["notes"] = [*more.get("notes", ()), note]
    on = "revenue" if margin == 1 else f"{display.percent(margin, decimals=0)} margin"
    more["notes"] = tuple(more.get("notes", ()))
    return Measure(
        name=_NAME,
        definition=f"(money won on {on} - cost) / cost",
        unit="ratio",
        numerator=money * margin - cost,
        denominator=np.where(np.isnan(cost), 1.0, np.maximum(cost, 0.0)),
        numerator_name="return beyond the cost",
        denominator_name="cost above 0",
        **more,
    )


def _segment_of(leads: Leads, by: str | None, segment: str | None) -> str | None:
    if by is None:
        if segment is not None:
            raise ArgumentError('`segment` needs `by`: "channel" or "campaign".')
        return None
    checks.one_of("by", by, ("channel", "campaign"))
    name = by if segment is None else segment
    argument = "by" if segment is None else "segment"
    return checks.member(argument, "segment", name, leads.funnel.groups)


def _key(segment: tuple[str | None, ...], order: tuple[str, ...], columns: tuple[str, ...]) -> Key:
    return tuple(segment[order.index(name)] for name in columns)


def _share(margin: Any) -> float:
    number = isinstance(margin, (int, float)) and not isinstance(margin, bool)
    if not number or not np.isfinite(margin) or margin > 1:
        raise ArgumentError(f"`margin` must be a share of at most 1; got {margin!r}.")
    return float(margin)


def _numbers(argument: str, values: Any) -> FloatArray:
    try:
        numbers = single(values)
    except (TypeError, ValueError):
        raise ArgumentError(f"`{argument}` must be a number or numbers; got {values!r}.") from None
    if numbers.ndim != 2 or np.isinf(numbers).any():
        raise ArgumentError(f"`{argument}` must be finite numbers in one row.")
    return numbers
