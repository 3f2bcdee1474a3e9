"""What accounts did in each month, and what they could have done: counts and sizes of movements."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelkit.forecast.recurring_revenue.effects import UNKNOWN
from funnelkit.forecast.recurring_revenue.hazards import Counts

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BEFORE = -1
"""Month in which accounts began that paid before the table does."""
_CLASSES = 4


@dataclass(frozen=True, eq=False, kw_only=True)
class Sizes:
    """What movements of one kind left of an account, relative to what it paid.

    Parameters
    ----------
    before, after
        What each paid, shape ``(n_movements,)``.
    """

    before: FloatArray
    after: FloatArray

    def __len__(self) -> int:
        """Return the number of movements."""
        return len(self.before)


@dataclass(frozen=True, eq=False, kw_only=True)
class Exposure:
    """What happened and what could have, from a table of accounts by months.

    Parameters
    ----------
    counts
        Movement -> events and exposures by cell. Those that stay and do not expand may contract:
        each kind is counted among those that did none of the kinds before it.
    sizes
        ``"expansion"``, ``"contraction"``, ``"reactivation"`` -> relative sizes.
    new
        Amounts, segments and months of first payments after the table begins, shape
        ``(3, n_new)``.
    edges
        Between classes of size.
    began
        Month in which each account began to pay the last time, :data:`BEFORE` where it did before
        the table, shape ``(n_accounts,)``.
    ended
        Month in which it last ceased to pay, or -1.
    last
        What it pays, or paid last; 0 where it never did.
    paying
        Whether it pays in the last month.
    oldest, longest
        Highest age, and longest absence, that were at risk.
    """

    counts: dict[str, Counts]
    sizes: dict[str, Sizes]
    new: IntArray
    edges: FloatArray
    began: IntArray
    ended: IntArray
    last: IntArray
    paying: NDArray[np.bool_]
    oldest: int
    longest: int


def exposure(amounts: IntArray, rows: IntArray, *, whole: bool) -> Exposure:
    """Return what happened and what could have.

    Parameters
    ----------
    amounts
        What each account pays in each month, shape ``(n_accounts, n_months)``.
    rows
        Segment of each account.
    whole
        Whether the first month is the beginning of the history: ages are then known.

    Examples
    --------
    Two accounts over three months: one stays, the other leaves at age 2.

    >>> paid = np.array([[10, 10, 10], [10, 10, 0]])
    >>> found = exposure(paid, np.array([0, 0]), whole=True)
    >>> churn = found.counts["churn"]
    >>> churn.places["age"].tolist(), churn.exposed.tolist(), churn.events.tolist()
    ([1, 2], [2.0, 2.0], [0.0, 1.0])
    """
    n_accounts, n_months = amounts.shape
    positive = amounts[amounts > 0].astype(float)
    edges = _edges(positive)
    began = np.full(n_accounts, BEFORE, dtype=np.int64)
    ended = np.full(n_accounts, -1, dtype=np.int64)
    last = amounts[:, 0].astype(np.int64)
    paying = amounts[:, 0] > 0
    if whole:
        began[paying] = 0
    fresh: list[IntArray] = []
    at_risk: dict[str, list[IntArray]] = {
        name: [] for name in ("churn", "expansion", "contraction", "reactivation")
    }
    moved: dict[str, list[FloatArray]] = {
        name: [] for name in ("expansion", "contraction", "reactivation")
    }
    for month in range(1, n_months):
        now = amounts[:, month].astype(np.int64)
        age = np.where(began == BEFORE, UNKNOWN, month - began)
        size = np.searchsorted(edges, last.astype(float), side="right")
        stays = paying & (now > 0)
        up, down = stays & (now > last), stays & (now < last)
        gone = paying & (now == 0)
        away = ~paying & (last > 0)
        back = away & (now > 0)
        for name, could, did, clock in (
            ("churn", paying, gone, age),
            ("expansion", stays, up, age),
            ("contraction", stays & ~up, down, age),
            ("reactivation", away, back, month - ended),
        ):
            at_risk[name].append(
                np.stack(
                    [clock[could], rows[could], size[could], 0 * size[could] + month, did[could]]
                )
            )
        for name, did in (("expansion", up), ("contraction", down), ("reactivation", back)):
            moved[name].append(np.stack([last[did], now[did]]).astype(float))
        first = ~paying & (last == 0) & (now > 0)
        fresh.append(_stacked(now[first], rows[first], month))
        began[back | first] = month
        ended[gone] = month
        paying = now > 0
        last = np.where(paying, now, last)
    ages = np.concatenate([part[0] for part in at_risk["churn"]] or [np.zeros(0, np.int64)])
    absences = np.concatenate(
        [part[0] for part in at_risk["reactivation"]] or [np.zeros(0, np.int64)]
    )
    return Exposure(
        counts={name: _counted(parts) for name, parts in at_risk.items()},
        sizes={
            name: Sizes(before=both[0], after=both[1])
            for name, parts in moved.items()
            for both in [np.concatenate([np.zeros((2, 0)), *parts], axis=1)]
        },
        new=np.concatenate([np.zeros((3, 0), np.int64), *fresh], axis=1),
        edges=edges,
        began=began,
        ended=ended,
        last=last,
        paying=paying,
        oldest=int(ages.max(initial=0)),
        longest=int(absences.max(initial=0)),
    )


def _edges(positive: FloatArray) -> FloatArray:
    """Return what divides payments into classes of about as many; fewer where many are equal."""
    if not len(positive):
        return np.zeros(0)
    shares = np.arange(1, _CLASSES) / _CLASSES
    found = np.unique(np.quantile(positive, shares, method="inverted_cdf"))
    return np.asarray(found[found > positive.min()])


def _stacked(paid: IntArray, rows: IntArray, month: int) -> IntArray:
    return np.stack([paid, rows, np.full(len(rows), month)]).astype(np.int64)


def _counted(parts: list[IntArray]) -> Counts:
    """Return events and exposures by cell: clock, segment, class of size and month."""
    rows = np.concatenate([np.zeros((5, 0), np.int64), *parts], axis=1)
    cells, index = np.unique(rows[:4], axis=1, return_inverse=True)
    flat = index.reshape(-1)
    return Counts(
        events=np.bincount(flat, rows[4], cells.shape[1]).astype(float),
        exposed=np.bincount(flat, minlength=cells.shape[1]).astype(float),
        places={
            "level": np.zeros(cells.shape[1], np.int64),
            "age": cells[0],
            "segment": cells[1],
            "size": cells[2],
            "month": cells[3] - 1,
        },
    )
