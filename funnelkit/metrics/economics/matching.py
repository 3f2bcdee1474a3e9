"""Spend beside what it brought: by channel and period, a cost that is missing never taken as 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.measure import Segment
from funnelkit.data.ledgers import Ledger
from funnelkit.data.rules.names import name_key
from funnelkit.data.rules.reading import is_mail

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Key = tuple[str | None, ...]
_SHOWN = 6


@dataclass(frozen=True, eq=False, kw_only=True)
class Costs:
    """Costs by segment and period.

    Parameters
    ----------
    columns
        Columns of the ledger that they are split by.
    periods
        Periods without gaps, from the first to the last that has a row.
    amounts
        Segment -> cost of each period; NaN where a month of the period has no row.
    total
        Cost of each period over all rows; NaN where a month has no row at all.
    gaps
        Channels (with the other columns) that lack a month between their first and their last,
        which others have; each with the first of these.
    currency
        Of the amounts.
    """

    columns: tuple[str, ...]
    periods: pd.PeriodIndex
    amounts: dict[Key, FloatArray]
    total: FloatArray
    gaps: dict[Key, str]
    currency: str | None


def costs_of(spend: Ledger, columns: Sequence[str], *, freq: str, figure: str = "amount") -> Costs:
    """Return the costs of a ledger, or its visitors, by some of its columns and by period.

    Parameters
    ----------
    spend
        Costs by month.
    columns
        What to split them by.
    freq
        Frequency of the periods, such as ``"M"`` or ``"Q-JAN"``.
    figure
        Column to add up.

    Raises
    ------
    ArgumentError
        If the ledger has no such column, or the periods are shorter than a month.
    EvidenceError
        If it has no row.
    """
    import pandas as pd

    if freq[:1] not in ("M", "Q", "Y", "A"):
        raise ArgumentError(
            f'`every` must be "month", "quarter" or "year": {spend.kind} is told by month.'
        )
    frame = spend.frame
    for column in columns:
        if column not in frame.columns:
            raise ArgumentError(
                f"`{spend.kind}` has no column `{column}`, by which the figures are split. "
                f"Read it with `keep=[{column!r}]`."
            )
    if frame.empty:
        raise EvidenceError(f"`{spend.kind}` has no row that can be used.")
    months = pd.period_range(frame["month"].min(), frame["month"].max(), freq="M")
    of_month = months.asfreq(freq)
    periods = of_month.unique()
    place = periods.get_indexer(of_month)
    whole = np.array([_months_in(period) for period in periods])
    at = months.get_indexer(pd.PeriodIndex(frame["month"]))
    amounts = [one if isinstance(one, Decimal) else Decimal(int(one)) for one in frame[figure]]
    sums = _summed(frame, columns, at, amounts)
    every_month = _summed(frame, (), at, amounts)[()]

    def by_period(held: dict[int, Decimal]) -> FloatArray:
        cost = [Decimal(0)] * len(periods)
        seen = np.zeros(len(periods), dtype=np.int64)
        for j, amount in held.items():
            cost[place[j]] += amount
            seen[place[j]] += 1
        return np.where(seen == whole, np.array([float(one) for one in cost]), np.nan)

    channels = sums
    if "channel" in frame.columns and "channel" not in columns:
        channels = _summed(frame, (*columns, "channel"), at, amounts)
    lacking = {
        key: months[min(inner)]
        for key, own in channels.items()
        if (inner := {j for j in every_month if min(own) < j < max(own)} - set(own))
    }
    return Costs(
        columns=tuple(columns),
        periods=periods,
        amounts={key: by_period(own) for key, own in sums.items()},
        total=by_period(every_month),
        gaps={key: period_label(month) for key, month in lacking.items()},
        currency=spend.currency,
    )


def aligned(periods: pd.PeriodIndex, own: pd.PeriodIndex, values: NDArray[Any]) -> NDArray[Any]:
    """Return values of some periods at the places of others, 0 where there are none.

    Parameters
    ----------
    periods
        Where they are to stand.
    own
        Where they stand now, the last axis of ``values``.
    values
        The values.
    """
    place = own.get_indexer(periods)
    out = np.zeros((*values.shape[:-1], len(periods)), dtype=values.dtype)
    out[..., place >= 0] = values[..., place[place >= 0]]
    return out


def unmatched(
    costs: Sequence[Key], brought: Sequence[Key], *, what: str, channel: str
) -> list[str]:
    """Return sentences on channels that stand on one side only.

    Parameters
    ----------
    costs
        Segments with a cost.
    brought
        Segments that brought something.
    what
        What they brought, such as ``"leads"``.
    channel
        Column that names them.
    """
    notes = []
    without_cost = [key for key in brought if key not in costs]
    without_leads = [key for key in costs if key not in brought]
    if without_cost:
        notes.append(
            f"No cost is known for {_named(without_cost)}, so there is no figure: a cost that is "
            "missing is not 0."
        )
    if without_leads:
        notes.append(f"Spend without {what}: {_named(without_leads)}.")
    alike = [
        f"{_name(one)} and {_name(other)}"
        for one in without_leads
        for other in without_cost
        if one
        and other
        and None not in (*one, *other)
        and [name_key(str(part)) for part in one] == [name_key(str(part)) for part in other]
    ]
    if alike:
        notes.append(
            f"Is that one `{channel}` written in two ways: {display.listed(alike[:_SHOWN])}?"
        )
    return notes


def gaps_told(costs: Costs, *, pooled: bool) -> list[str]:
    """Return a sentence on channels whose cost is missing in some months."""
    if not costs.gaps:
        return []
    named = [f"{_name(key)} (first {month})" for key, month in costs.gaps.items()]
    tail = ", so that the total is too low there" if pooled else ""
    return [f"Months without a cost: {_listed(named)}{tail}."]


def in_order(keys: Sequence[Key]) -> tuple[Segment, ...]:
    """Return segments sorted, blank ones last."""
    return tuple(sorted(set(keys), key=lambda key: [(one is None, one or "") for one in key]))


def _summed(
    frame: pd.DataFrame, columns: Sequence[str], at: NDArray[Any], amounts: Sequence[Decimal]
) -> dict[Key, dict[int, Decimal]]:
    """Return exact sums by the values of some columns and by the position of the month."""
    keys: list[Key] = [()] * len(frame)
    if columns:
        keys = [tuple(one) for one in frame[list(columns)].itertuples(index=False)]
    sums: dict[Key, dict[int, Decimal]] = {}
    for key, j, amount in zip(keys, map(int, at), amounts, strict=True):
        own = sums.setdefault(key, {})
        own[j] = own.get(j, Decimal(0)) + amount
    return sums


def _months_in(period: pd.Period) -> int:
    first = period.asfreq("M", how="start")
    return int((period.asfreq("M", how="end") - first).n) + 1


def _named(keys: Sequence[Key]) -> str:
    return _listed([_name(key) for key in keys])


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    shown = list(names[:_SHOWN])
    return display.listed([*shown, f"{more} more"] if more > 0 else shown)


def _name(key: Key) -> str:
    """Return a segment's name, without mail addresses."""
    parts = [None if one is None else "(a mail address)" if is_mail(one) else one for one in key]
    return display.segment_name(parts)
