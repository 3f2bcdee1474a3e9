"""Who could convert in which month: shares of the eventual conversions by civil month."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit.counts.triangle import Triangle

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_LEAST = 1e-10
"""Share still to come below which everything has come."""
_ROUNDS = 6
_FLOOR = 1e-7
"""Least share of a cell's leads that may convert in a month, so that no count is impossible."""


class Expected(NamedTuple):
    """Shares of the eventual conversions of each cell by month, summed over its leads.

    Parameters
    ----------
    leads
        Σ over the leads of the share that comes in each month, shape ``(n_cells, n_months)``.
    slopes
        Its derivatives by the log factors, shape ``(n_cells, n_months, n_months)``.
    """

    leads: FloatArray
    slopes: FloatArray


@dataclass(frozen=True, eq=False)
class Entries:
    """How many leads of each cell entered on which day, and their ages at the ends of months.

    A cell is a segment and a cohort, in the order of ``entered.ravel()``. A row is a day of entry
    under one curve of timing; cells that share a curve share rows.

    Parameters
    ----------
    months
        Civil months from that of the first entry to that of ``as_of``.
    weights
        Leads of each cell in each row, a sparse matrix of shape ``(n_cells, n_rows)``.
    curve
        Curve of each row, as the position of a cell that has it.
    ages
        Age at the end of each month, negative before entry, shape ``(n_rows, n_months)``.
    """

    months: pd.PeriodIndex
    weights: Any
    curve: IntArray
    ages: IntArray

    def hazards(self, maturity: FloatArray) -> FloatArray:
        """Return what each month adds to -log(1 - G), shape ``(n_rows, n_months)``.

        Parameters
        ----------
        maturity
            G of each cell at ages 0, 1, ..., shape ``(n_cells, n_ages)``; it stays at the last.
        """
        ages = np.clip(self.ages, 0, maturity.shape[1] - 1)
        share = np.where(self.ages >= 0, maturity[self.curve[:, None], ages], 0.0)
        total = -np.log(np.maximum(1 - share, _LEAST))
        return np.asarray(np.maximum(np.diff(total, axis=1, prepend=0.0), 0.0))


@dataclass(frozen=True, eq=False)
class Shares:
    """The months in which leads convert, given how fast each month is.

    Parameters
    ----------
    entries
        Who entered when.
    hazards
        As :meth:`Entries.hazards` returns them.

    Notes
    -----
    With h[d, j] what month j adds to the cumulative hazard of those who entered on day d and
    convert at all, and exp(b_j) the month's factor, the share that has come by the end of month
    m is F[d, m] = 1 - exp(-Σ_{j<=m} exp(b_j) h[d, j]). A quick month takes from those to come,
    so that the sum over all months hardly depends on b once leads are old.
    """

    entries: Entries
    hazards: FloatArray

    @property
    def size(self) -> tuple[int, int]:
        """Number of cells and of months."""
        return self.entries.weights.shape[0], self.hazards.shape[1]

    def still(self, log_factors: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return exp(b) h, and 1 - F, both of shape ``(n_rows, n_months)``."""
        moved = self.hazards * np.exp(np.clip(log_factors, -20.0, 20.0))
        return moved, np.exp(-np.cumsum(moved, axis=1))

    def expected(self, log_factors: FloatArray) -> Expected:
        """Return the shares by month and their slopes."""
        n_cells, n_months = self.size
        moved, still = self.still(log_factors)
        weights = self.entries.weights
        by = np.asarray(weights @ (1 - still))
        # ∂F[d, m] / ∂b_k = (1 - F[d, m]) exp(b_k) h[d, k] for k <= m
        m, k = np.tril_indices(n_months)
        slopes = np.zeros((n_cells, n_months, n_months))
        slopes[:, m, k] = weights @ (still[:, m] * moved[:, k])
        return Expected(
            leads=np.diff(by, axis=1, prepend=0.0),
            slopes=np.diff(slopes, axis=1, prepend=np.zeros((n_cells, 1, n_months))),
        )

    def usual(self) -> FloatArray:
        """Return the shares by month where all are alike, ``(n_cells, n_months)``."""
        came = 1 - np.exp(-np.cumsum(self.hazards, axis=1))
        return np.diff(np.asarray(self.entries.weights @ came), axis=1, prepend=0.0)

    def bend(self, log_factors: FloatArray, pull: FloatArray) -> FloatArray:
        """Return Σ pull[cell, m] ∂² leads[cell, m] / ∂b ∂b', shape ``(n_months, n_months)``.

        Parameters
        ----------
        log_factors
            b.
        pull
            Weights of the second derivatives, shape ``(n_cells, n_months)``.
        """
        moved, still = self.still(log_factors)
        of_rows = np.asarray(self.entries.weights.T @ pull)
        # of F rather than of its increments, then summed over the months from k on
        of_rows = of_rows - np.concatenate([of_rows[:, 1:], 0 * of_rows[:, :1]], axis=1)
        later = np.cumsum((of_rows * still)[:, ::-1], axis=1)[:, ::-1]
        crossed = moved.T @ (moved * later)
        upper = np.triu(crossed) + np.triu(crossed, 1).T
        return np.asarray(np.diag((moved * later).sum(axis=0)) - upper)


def entries(triangle: Triangle, maturity: FloatArray) -> Entries:
    """Return who entered when, without cells whose leads came under observation late.

    Parameters
    ----------
    triangle
        Counts: a lead followed for f days entered on ``as_of`` - f.
    maturity
        G of each cell, shape ``(n_cells, n_ages)``, to see which cells share a curve.
    """
    from scipy import sparse

    followed = triangle.followed.reshape(-1, triangle.n_ages)
    if triangle.late is not None:
        followed = np.where(triangle.late.any(axis=-1).reshape(-1, 1), 0, followed)
    _, first, curve_of = np.unique(maturity, axis=0, return_index=True, return_inverse=True)
    cell, age = np.nonzero(followed)
    key, row = np.unique(curve_of.ravel()[cell] * triangle.n_ages + age, return_inverse=True)
    curve, row_age = np.divmod(key, triangle.n_ages)
    months, since = _months(triangle.as_of, int(row_age.max(initial=0)))
    return Entries(
        months=months,
        weights=sparse.csr_array(
            (followed[cell, age].astype(float), (cell, row.ravel())),
            shape=(len(followed), len(key)),
        ),
        curve=np.asarray(first[curve], np.int64),
        ages=row_age[:, None] - since,
    )


def came(triangle: Triangle, months: pd.PeriodIndex, horizon: int | None) -> FloatArray | None:
    """Return dated conversions by the horizon per cell and month; ``None`` if not counted so.

    Conversions after the horizon are taken from the months in which leads were older than that,
    in proportion to the days that they spent so.
    """
    calendar = triangle.calendar
    if calendar is None:
        return None
    found = np.zeros((triangle.entered.size, len(months)))
    counts = np.asarray(calendar.converted, float).reshape(len(found), -1)
    at = months.get_indexer(calendar.months)
    found[:, at[at >= 0]] = counts[:, at >= 0]
    if horizon is None or horizon >= triangle.n_ages - 1:
        return found
    dated = triangle.events[triangle.target].reshape(len(found), -1)
    later = dated[:, horizon + 1 :].sum(axis=1)
    _, since = _months(triangle.as_of, triangle.n_ages - 1)
    followed = triangle.followed.reshape(len(found), -1)
    past = np.maximum(np.arange(triangle.n_ages)[:, None] - since - horizon, 0)
    days = np.diff(followed @ past, axis=1, prepend=0.0)[:, -len(months) :]
    for _ in range(_ROUNDS):
        open_to = np.where(found > 0, days, 0.0)
        taken = later[:, None] * open_to / np.maximum(open_to.sum(axis=1, keepdims=True), 1e-12)
        taken = np.minimum(taken, found)
        found, later = found - taken, later - taken.sum(axis=1)
    return found


def floored(leads: FloatArray, entered: FloatArray) -> FloatArray:
    """Return shares by month that are nowhere quite 0, so that no count is impossible."""
    return np.asarray(np.maximum(leads, _FLOOR * np.maximum(entered, 1.0)[:, None]))


def _months(as_of: dt.date, oldest: int) -> tuple[pd.PeriodIndex, IntArray]:
    """Return the months from the first entry on, and the days from the end of each to as_of."""
    import pandas as pd

    last = pd.Period(as_of, "M")
    months = pd.period_range(pd.Period(as_of - dt.timedelta(days=oldest), "M"), last, freq="M")
    ends = [min(month.end_time.date(), as_of) for month in months]
    return months, np.array([(as_of - end).days for end in ends], np.int64)
