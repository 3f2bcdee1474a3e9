"""What a customer is worth (CLV), against what it costs to win one, and when that is paid back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.measure import Measure, single
from funnelkit.data.ledgers import Ledger

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]


def clv(
    value: ArrayLike,
    *,
    frequency: ArrayLike = 1.0,
    lifespan: ArrayLike | None = None,
    churn: ArrayLike | None = None,
    margin: ArrayLike | None = None,
    currency: str | None = None,
) -> Measure:
    """Return what a customer brings over its life: value x frequency x lifespan.

    Parameters
    ----------
    value
        Revenue of one purchase; below 0 a loss.
    frequency
        Purchases in a unit of time: a month or a year.
    lifespan
        How long a customer stays, in the same unit.
    churn
        In place of ``lifespan``: share of customers that leave in a unit of time, which makes the
        lifespan 1 / churn. Where nobody leaves there is no figure.
    margin
        Share of the revenue that is left after the cost of what was sold. With it the figure is
        on margin; without, on revenue, and the name says so.
    currency
        Of ``value``.

    Returns
    -------
    Measure
        Money for each customer; the denominator is 1 customer. Several values give one segment
        each, in the order given.

    Raises
    ------
    ArgumentError
        If neither or both of ``lifespan`` and ``churn`` are given, or a number cannot be.

    Notes
    -----
    The future is not discounted, and customers are taken to leave at one rate at every age. The
    first years of contracts flatter, and the last ones pay; beside the figure look at
    :func:`logo_retention`.

    Examples
    --------
    >>> clv(500, frequency=4, lifespan=3).value
    6000.0
    >>> clv(100, churn=0.05, margin=0.8).value
    1600.0
    """
    if (lifespan is None) == (churn is None):
        raise ArgumentError("give one of `lifespan` and `churn`.")
    numbers = {
        "value": _numbers("value", value, low=-np.inf),
        "frequency": _numbers("frequency", frequency),
        "margin": _numbers("margin", 1.0 if margin is None else margin, low=-np.inf, high=1.0),
    }
    ends = None
    if lifespan is not None:
        numbers["lifespan"] = _numbers("lifespan", lifespan)
    else:
        ends = _numbers("churn", churn, high=1.0)
        numbers["lifespan"] = 1 / np.where(ends > 0, ends, np.nan)
    try:
        worth = np.prod(np.broadcast_arrays(*numbers.values()), axis=0)
    except ValueError:
        sizes = display.listed([f"`{name}` {one.size}" for name, one in numbers.items()])
        raise ArgumentError(f"the numbers must be equally many; got {sizes}.") from None
    on = "revenue" if margin is None else "margin"
    factors = "value x frequency x lifespan" + ("" if margin is None else " x margin")
    span = "" if lifespan is not None else ", the lifespan being 1 / churn"
    several = worth.size > 1
    return Measure(
        name=f"customer lifetime value on {on}",
        definition=f"{factors}{span}; not discounted",
        unit="money",
        numerator=np.nan_to_num(worth)[:, None],
        denominator=np.isfinite(worth).astype(float)[:, None],
        numerator_name=f"{on} over its life",
        denominator_name="customer" if ends is None else "customer that ever leaves",
        by=("case",) if several else (),
        segments=tuple((str(k + 1),) for k in range(worth.size)) if several else ((),),
        currency=currency,
    )


def subscription_clv(
    subscriptions: Ledger | pd.DataFrame,
    *,
    months: int = 12,
    margin: float | None = None,
    by: str | None = None,
    as_of: dt.date | str | None = None,
) -> Measure:
    """Return what a subscriber brings over its life, from the last months of a table.

    Parameters
    ----------
    subscriptions
        As :func:`funnelkit.read_subscriptions` returns them, or a frame with its columns.
    months
        How many months, up to the last one, the figure is taken from.
    margin
        Share of the revenue that is left after the cost of what was sold.
    by
        Column to split by; each account counts under its value in its first row.
    as_of
        Last day on which the table is complete. Where rows have a start and an end it must be
        given.

    Returns
    -------
    Measure
        Money for each account: revenue of the accounts in the months over the accounts that left
        in them. No figure where none left.

    Raises
    ------
    ArgumentError
        If there is no such column, ``months`` is no whole number or longer than the table, or
        the margin is above 1.
    EvidenceError
        If no month is complete, or months lack between others.

    Notes
    -----
    Average revenue per account and month is Σ revenue / Σ accounts at the beginning of each
    month, and churn is Σ accounts that left / the same sum; so that value / churn = Σ revenue /
    Σ accounts that left, with the revenue that accounts had at the beginning of each month.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame(
    ...     {
    ...         "account": ["a", "b", "a", "b", "a"],
    ...         "month": ["2026-01"] * 2 + ["2026-02"] * 2 + ["2026-03"],
    ...         "mrr": [100, 50, 100, 50, 100],
    ...     }
    ... )
    >>> subscription_clv(rows, months=2).value  # 75 a month, 1 of 4 leaves: x 4
    300.0
    """
    from funnelkit.metrics.recurring.subscribed import book_of, money

    span = checks.positive_whole("months", months)
    share = None if margin is None else float(_numbers("margin", margin, low=-np.inf, high=1.0)[0])
    book = book_of(subscriptions, by=by, as_of=as_of)
    if span >= len(book.months):
        raise ArgumentError(
            f"`months` must be less than the {display.plural(len(book.months), 'month')} of the "
            f"table; got {span}."
        )
    before, after = book.amounts[:, -span - 1 : -1], book.amounts[:, -span:]
    revenue = money(book.summed(before)).astype(float).sum(axis=1)
    left = book.summed(((before > 0) & (after == 0)).astype(np.int64)).sum(axis=1)
    on = "revenue" if share is None else "margin"
    factor = "" if share is None else ", times the margin"
    return Measure(
        name=f"customer lifetime value on {on}",
        definition="average revenue per account and month / share of accounts that leave in a "
        f"month, over {display.plural(span, 'month')}{factor}; not discounted",
        unit="money",
        numerator=(revenue * (1.0 if share is None else share))[:, None],
        denominator=left[:, None],
        numerator_name=f"{on} of the accounts",
        denominator_name="accounts that left",
        by=book.by,
        segments=book.segments,
        currency=book.currency,
        notes=book.notes,
        as_of=book.as_of,
    )


def clv_to_cac(value: Measure | ArrayLike, cost: Measure | ArrayLike) -> Measure:
    """Return what a customer brings for each unit of money that it costs to win.

    Parameters
    ----------
    value, cost
        What :func:`clv` and :func:`cac` return, or plain numbers; measures of the same segments
        and periods, or one of them a single figure for all.

    Returns
    -------
    Measure
        A ratio; the denominator is the cost of winning a customer. No figure where that is not
        known, 0 or below.

    Raises
    ------
    ArgumentError
        If they do not fit each other: segments, periods or currencies.

    Examples
    --------
    >>> clv_to_cac(clv(500, frequency=4, lifespan=3), 1_500).value
    4.0
    """
    over, under, frame = _fitting({"value": value, "cost": cost})
    return Measure(
        name="CLV to CAC",
        definition="customer lifetime value / customer acquisition cost",
        unit="ratio",
        numerator=over,
        denominator=_positive(under, frame),
        numerator_name="lifetime value",
        denominator_name="acquisition cost above 0",
        **frame,
    )


def payback(
    cost: Measure | ArrayLike, revenue: Measure | ArrayLike, *, margin: float = 1.0
) -> Measure:
    """Return after how many months a customer has paid back what it cost to win.

    Parameters
    ----------
    cost
        What :func:`cac` returns, or plain numbers.
    revenue
        Of a customer and month: what :func:`account_revenue` returns, or plain numbers; measures
        of the same segments and periods, or one of them a single figure for all.
    margin
        Share of the revenue that is left after the cost of what was sold. At 1 the figure is on
        revenue, which flatters; its definition says which.

    Returns
    -------
    Measure
        Months; the denominator is the revenue or margin of a month. No figure where that is 0 or
        below: it is never paid back.

    Raises
    ------
    ArgumentError
        If they do not fit each other, or the margin is above 1.

    Examples
    --------
    >>> payback(400, 100, margin=0.8).value
    5.0
    """
    share = float(_numbers("margin", margin, low=-np.inf, high=1.0)[0])
    over, under, frame = _fitting({"cost": cost, "revenue": revenue})
    on = "revenue" if share == 1 else "margin"
    return Measure(
        name="payback",
        definition=f"customer acquisition cost / {on} of a customer and month",
        unit="months",
        numerator=over,
        denominator=_positive(under * share, frame),
        numerator_name="acquisition cost",
        denominator_name=f"{on} a month above 0",
        **frame,
    )


def _numbers(argument: str, values: Any, *, low: float = 0.0, high: float = np.inf) -> FloatArray:
    """Return finite numbers within a range, shape ``(n,)``."""
    try:
        numbers: FloatArray = single(values)[0]
    except (TypeError, ValueError):
        numbers = np.array([np.nan])
    if numbers.ndim != 1 or not (np.isfinite(numbers) & (numbers >= low) & (numbers <= high)).all():
        least = "" if low == -np.inf else f" of at least {low:g}"
        most = "" if high == np.inf else f" of at most {high:g}"
        both = " and" if least and most else ""
        raise ArgumentError(f"`{argument}` must be a number{least}{both}{most}; got {values!r}.")
    return numbers


def _fitting(given: dict[str, Any]) -> tuple[FloatArray, FloatArray, dict[str, Any]]:
    """Return two figures of one shape, and the segments and periods that they share."""
    parts = {
        name: one if isinstance(one, Measure) else _as_measure(name, one)
        for name, one in given.items()
    }
    first, second = parts.values()
    lead = first if first.values.size >= second.values.size else second
    other = second if lead is first else first
    same = (lead.segments, lead.periods) == (other.segments, other.periods)
    if not same and other.values.size != 1:
        raise ArgumentError(
            f"`{'` and `'.join(parts)}` must be of the same segments and periods, or one of them a "
            f"single figure; got {_extent(first)} and {_extent(second)}. Take some with `.only(…)`."
        )
    codes = {one.currency for one in parts.values() if one.currency is not None}
    if len(codes) > 1:
        raise ArgumentError(
            f"`{'` and `'.join(parts)}` stand in several currencies "
            f"({display.listed(sorted(codes))}); bring them into one, with `exchange` where the "
            "tables are read."
        )
    frame = {
        "by": lead.by,
        "segments": lead.segments,
        "periods": lead.periods,
        "currency": next(iter(codes), None),
        "notes": tuple(dict.fromkeys((*first.notes, *second.notes))),
        "as_of": lead.as_of,
    }
    shape = lead.values.shape
    return np.broadcast_to(first.values, shape), np.broadcast_to(second.values, shape), frame


def _as_measure(argument: str, values: Any) -> Measure:
    numbers = _numbers(argument, values, low=-np.inf)
    labels: Sequence[str] = [str(number) for number in range(1, numbers.size + 1)]
    return Measure(
        name=argument,
        definition=argument,
        unit="money",
        numerator=numbers[None, :],
        denominator=np.ones((1, numbers.size)),
        numerator_name=argument,
        denominator_name="customer",
        periods=tuple(labels) if numbers.size > 1 else None,
    )


def _positive(values: FloatArray, frame: dict[str, Any]) -> FloatArray:
    """Return a denominator, 0 where it is not above 0 or not known; and say so."""
    below = int((values < 0).sum())
    if below:
        note = (
            f"{display.plural(below, 'figure')} below 0 to divide by; there is none for "
            f"{'it' if below == 1 else 'them'}."
        )
        frame["notes"] = (*frame["notes"], note)
    return np.where(values > 0, values, 0.0)


def _extent(measure: Measure) -> str:
    periods = 1 if measure.periods is None else len(measure.periods)
    return (
        f"{display.plural(len(measure.segments), 'segment')} by {display.plural(periods, 'period')}"
    )
