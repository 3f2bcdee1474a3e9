"""What it costs to win a customer (CAC), by channel and period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import Unit, period_label
from funnelkit._core.errors import ArgumentError, EvidenceError, unknown
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

    from funnelkit.lag import AdjustedRates
    from funnelkit.lag.base import LagFit

Basis = Literal["won", "cohort"]
FloatArray = NDArray[np.float64]
_NAME = "customer acquisition cost"
_DEFINITIONS = {
    "plain": "cost of sales and marketing / customers won",
    "won": "cost of the period / customers won in the same period, whenever their leads came",
    "cohort": "cost of the period / customers that the leads of the period have become so far",
    "adjusted": "cost of the period / customers that the leads of the period come to, by their "
    "own conversions and the timing of the fit",
}


def cac(
    spend: Ledger | pd.DataFrame | Mapping[str, float] | ArrayLike,
    customers: Leads | AdjustedRates | Mapping[str, float] | ArrayLike,
    *,
    channel: str | None = None,
    every: Unit = "month",
    basis: Basis = "won",
    fit: LagFit | None = None,
    periods: Sequence[str] | None = None,
    currency: str | None = None,
    confidence_level: float = 0.95,
) -> Measure:
    """Return what it costs to win a customer.

    Parameters
    ----------
    spend
        What :func:`funnelkit.read_spend` returns, a frame with its columns, or plain costs: one,
        several, or channel -> cost. Which costs belong to it (salaries, tools, fairs) is yours to
        decide, and to keep.
    customers
        The leads; their adjusted rates, of :func:`funnelkit.lag.adjust`; or plain counts in the
        form of the costs.
    channel
        Segment of the leads whose values are the channels of the spend; ``None`` for one figure
        over all of them.
    every
        ``"month"``, ``"quarter"`` or ``"year"``.
    basis
        Whom the cost of a period is divided by. ``"won"``: customers won in it, which earlier
        spending brought where sales take long, so that growing spend looks dear and shrinking
        spend cheap. ``"cohort"``: customers that the leads of the period become, which young
        periods do not know yet; with ``fit`` they are what they come to.
    fit
        Timing from the first stage to the win, split by ``channel`` where that is given.
    periods
        Labels of plain numbers, where there are several.
    currency
        Of plain costs.
    confidence_level
        Level of the interval, which there is with a fit or adjusted rates.

    Returns
    -------
    Measure
        Money for each segment and period; the denominator is customers. No figure where nobody
        was won, and none where the cost of a month is missing: that is never taken as 0.

    Raises
    ------
    ArgumentError
        If the arguments do not fit each other.
    EvidenceError
        If spend and leads have no period in common.

    Notes
    -----
    Where the funnel keeps businesses apart, the spend must tell them apart too, in a column of
    the same name.

    Examples
    --------
    >>> cac(12_000, 30).value, cac(50_000, 100).value
    (400.0, 500.0)
    """
    checks.one_of("basis", basis, ("won", "cohort"))
    checks.confidence(confidence_level)
    if isinstance(spend, Mapping):
        return _by_name(spend, customers, currency)
    if not isinstance(spend, Ledger) and not hasattr(spend, "columns"):
        return _plain(spend, customers, periods, currency)
    ledger = as_ledger("spend", spend, argument="spend")  # type: ignore[arg-type]
    if isinstance(customers, Leads):
        if fit is None:
            return _of_leads(ledger, customers, channel, every, basis)
        if basis != "cohort":
            raise ArgumentError(
                '`fit` tells what leads come to; use it with basis="cohort", or leave it out.'
            )
        rates = _adjusted(customers, channel, every, fit, confidence_level)
        return _of_rates(ledger, rates, channel, confidence_level)
    if _is_rates(customers):
        return _of_rates(ledger, customers, channel, customers.confidence_level)
    raise ArgumentError(
        "`customers` beside a table of spend must be Leads, or their adjusted rates; got "
        f"{type(customers).__name__}."
    )


def _is_rates(customers: Any) -> TypeGuard[AdjustedRates]:
    return hasattr(customers, "adjusted") and hasattr(customers, "cohorts")


def _by_name(spend: Mapping[str, float], customers: Any, currency: str | None) -> Measure:
    """Return the cost per customer of channels that are named."""
    if not isinstance(customers, Mapping):
        raise ArgumentError(
            "`customers` must name channels as `spend` does, such as "
            f'{{"web": 30}}; got {type(customers).__name__}.'
        )
    keys = in_order([(str(name),) for name in (*spend, *customers)])
    both: dict[Key, float] = {(str(name),): cost for name, cost in spend.items()}
    won: dict[Key, float] = {(str(name),): number for name, number in customers.items()}
    found = _plain(
        [both.get(key, np.nan) for key in keys], [won.get(key, 0) for key in keys], None, currency
    )
    return replace(
        found,
        numerator=found.numerator.T,
        denominator=found.denominator.T,
        by=("channel",),
        segments=keys,
        periods=None,
        notes=tuple(unmatched(list(both), list(won), what="customers", channel="channel")),
    )


def _plain(
    spend: Any, customers: Any, periods: Sequence[str] | None, currency: str | None
) -> Measure:
    cost, won = _numbers("spend", spend), _numbers("customers", customers)
    if cost.shape != won.shape:
        raise ArgumentError(
            f"`spend` and `customers` must be equally many; got {cost.size} and {won.size}."
        )
    if (won < 0).any():
        raise ArgumentError("`customers` must not be negative.")
    if periods is None and cost.size > 1:
        periods = [str(number) for number in range(1, cost.size + 1)]
    if periods is not None and len(periods) != cost.size:
        raise ArgumentError(
            f"`periods` must name each of the {cost.size} figures; got {len(periods)}."
        )
    return Measure(
        name=_NAME,
        definition=_DEFINITIONS["plain"],
        unit="money",
        numerator=cost,
        denominator=won,
        numerator_name="cost",
        denominator_name="new customers",
        periods=None if periods is None else tuple(map(str, periods)),
        currency=currency,
    )


def _numbers(argument: str, values: Any) -> FloatArray:
    try:
        numbers = single(values)
    except (TypeError, ValueError):
        raise ArgumentError(f"`{argument}` must be a number or numbers; got {values!r}.") from None
    if numbers.ndim != 2 or np.isinf(numbers).any():
        raise ArgumentError(f"`{argument}` must be finite numbers in one row.")
    return numbers


def _of_leads(
    ledger: Ledger, leads: Leads, channel: str | None, every: Unit, basis: Basis
) -> Measure:
    """Return the cost per customer of leads, won in the period or of its cohort so far."""
    from funnelkit.counts.build import flows, triangle

    by = columns_of(leads, channel)
    freq = leads.funnel.calendar.freq(every)
    costs = costs_of(ledger, spend_columns(by, channel), freq=freq)
    if basis == "won":
        counted = flows(leads, every=every, by=by)
        own, segments, order = counted.periods, counted.segments, counted.by
        won = counted.entries[:, counted.steps.index(leads.funnel.won)]
        came = counted.entries.sum(axis=(1, 2))
        partial = counted.partial
        undated = int(counted.undated[:, counted.steps.index(leads.funnel.won)].sum())
    else:
        first = leads.funnel.stages[0]
        tri = triangle(leads, first, leads.funnel.won, cohort=every, by=by)
        own, segments, order = tri.cohorts, tri.segments, tri.by
        won = tri.by_age(tri.target).sum(axis=-1)
        came = tri.entered.sum(axis=-1)
        partial, undated = tri.partial, 0
    keys = [tuple(segment[order.index(name)] for name in by) for segment in segments]
    notes = [_lag_note(basis)]
    if partial:
        labels = [period_label(one) for one in sorted(partial)]
        notes.append(f"Not wholly observed: {display.listed(labels[:6])}.")
    if undated:
        notes.append(
            f"{display.plural(undated, 'customer')} without a known day of the win "
            f"{'is' if undated == 1 else 'are'} in no period."
        )
    return joined(
        costs,
        by,
        {key: won[row].astype(float) for row, key in enumerate(keys)},
        own,
        channel=channel,
        brought=[key for row, key in enumerate(keys) if came[row]],
        notes=notes,
        definition=_DEFINITIONS[basis],
        as_of=leads.as_of,
    )


def _of_rates(
    ledger: Ledger, rates: AdjustedRates, channel: str | None, confidence_level: float
) -> Measure:
    """Return the cost per customer that the leads of each cohort come to."""
    if channel is not None and channel not in rates.by:
        raise ArgumentError(f"`channel`: {unknown('segment', channel, rates.by)}")
    if channel is None and len(rates.by) == 1:
        channel = rates.by[0]
    freq = rates.cohorts.freqstr
    costs = costs_of(ledger, spend_columns(rates.by, channel), freq=freq)
    low, high = (np.asarray(end) for end in rates.confidence_interval(confidence_level))
    expected = np.where(rates.entered > 0, rates.adjusted * rates.entered, 0.0)
    ends = [np.where(rates.entered > 0, end * rates.entered, 0.0) for end in (low, high)]
    keys: list[Key] = [tuple(segment) for segment in rates.segments]
    young = [
        period_label(period) for j, period in enumerate(rates.cohorts) if rates.immature[:, j].any()
    ]
    notes = []
    if young:
        notes.append(
            f"{display.plural(len(young), 'young period')}, {young[0]} the first: part of what "
            f"{'its' if len(young) == 1 else 'their'} leads come to is foretold by the fit."
        )
    if rates.horizon is not None:
        notes.append(f"Customers within {display.plural(rates.horizon, 'day')}.")
    return joined(
        costs,
        rates.by,
        {key: expected[row] for row, key in enumerate(keys)},
        rates.cohorts,
        channel=channel,
        brought=[key for row, key in enumerate(keys) if rates.entered[row].any()],
        notes=notes,
        definition=_DEFINITIONS["adjusted"],
        as_of=rates.as_of,
        ends=[{key: end[row] for row, key in enumerate(keys)} for end in ends],
        confidence_level=confidence_level,
    )


def joined(
    costs: Costs,
    by: Sequence[str],
    won: dict[Key, FloatArray],
    own: pd.PeriodIndex,
    *,
    channel: str | None,
    brought: Sequence[Key],
    notes: Sequence[str],
    definition: str,
    as_of: Any,
    ends: Sequence[dict[Key, FloatArray]] = (),
    confidence_level: float = 0.95,
    name: str = _NAME,
    of_what: str = "customers",
) -> Measure:
    """Return the costs over the customers, or over whatever they brought, segment by segment."""
    shared = costs.periods.intersection(own)
    if not len(shared):
        raise EvidenceError(
            f"spend ({period_label(costs.periods[0])} to {period_label(costs.periods[-1])}) and "
            f"leads ({period_label(own[0])} to {period_label(own[-1])}) have no period in common."
        )
    told = [*notes]
    if by:
        segments = in_order([*costs.amounts, *brought])
        told += unmatched(
            list(costs.amounts), list(brought), what="leads", channel=channel or by[0]
        )
    else:
        segments = ((),)
    told += gaps_told(costs, pooled=channel is None and "channel" not in costs.columns)
    outside = len(costs.periods) - len(shared)
    if outside:
        told.append(
            f"{display.plural(outside, 'period')} of spend before the first lead or after "
            f"{as_of.isoformat()} left out."
        )
    blank = np.zeros(len(own))
    place = costs.periods.get_indexer(shared)
    unknown_cost = np.full(len(shared), np.nan)
    cost = np.stack(
        [costs.amounts[key][place] if key in costs.amounts else unknown_cost for key in segments]
    )

    def stacked(values: dict[Key, FloatArray]) -> FloatArray:
        return aligned(shared, own, np.stack([values.get(key, blank) for key in segments]))

    customers = stacked(won)
    low = high = None
    if ends:
        fewest, most = (stacked(end) for end in ends)
        dear, cheap = (
            np.where(part > 0, cost / np.where(part > 0, part, 1.0), np.nan)
            for part in (fewest, most)
        )
        some = customers > 0
        low = np.where(some, np.minimum(dear, cheap), np.nan)
        high = np.where(some, np.maximum(dear, cheap), np.nan)
    return Measure(
        name=name,
        definition=definition,
        unit="money",
        numerator=cost,
        denominator=customers,
        numerator_name="cost",
        denominator_name=of_what,
        by=tuple(by),
        segments=segments,
        periods=tuple(period_label(period) for period in shared),
        low=low,
        high=high,
        currency=costs.currency,
        notes=tuple(told),
        as_of=as_of,
        confidence_level=confidence_level,
    )


def columns_of(leads: Leads, channel: str | None) -> tuple[str, ...]:
    """Return the segments to split leads by: businesses kept apart, then the channel."""
    funnel = leads.funnel
    if channel is not None:
        checks.member("channel", "segment", channel, funnel.groups)
    apart = tuple(name for name in funnel.apart if name != channel)
    return apart if channel is None else (*apart, channel)


def spend_columns(by: Sequence[str], channel: str | None) -> tuple[str, ...]:
    """Return the columns of the spend that stand for segments of the leads."""
    return tuple("channel" if name == channel else name for name in by)


def _adjusted(
    leads: Leads, channel: str | None, every: Unit, fit: LagFit, confidence_level: float
) -> AdjustedRates:
    from funnelkit.counts.build import triangle
    from funnelkit.lag import adjust

    by = columns_of(leads, channel)
    tri = triangle(leads, leads.funnel.stages[0], leads.funnel.won, cohort=every, by=by)
    return adjust(tri, fit, confidence_level=confidence_level)


def _lag_note(basis: Basis) -> str:
    if basis == "won":
        return (
            "Whom a month wins, the spend of months before may have brought; for the leads that "
            'the month itself brought use basis="cohort".'
        )
    return (
        "Young periods have customers still to come, so that their figures are too high as yet; "
        "with `fit` they are what their leads come to."
    )
