"""What all open records of a draw share, and how many of them are won by each month then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelkit.forecast.open_pipeline.chances import Chances
from funnelkit.forecast.open_pipeline.staleness import StaleChance

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
AT_ONCE = 4_000_000
"""Numbers held in memory at a time."""
_LEAST = 1e-300
_NEVER = -700.0
"""Logarithm of a share of 0."""


@dataclass(frozen=True)
class Records:
    """Open records in cells, or one by one.

    Parameters
    ----------
    segment, stage, age, row
        Position of the segment and the stage, days at the stage (-1 where not known), and the row
        of the chances (-1 where there is none), shape ``(N,)``.
    n
        Records in each.
    stale
        Whether they are older, at their stage, than almost every deal won.
    amount
        Mean amount of its own; NaN where none is known.
    """

    segment: IntArray
    stage: IntArray
    age: IntArray
    row: IntArray
    n: IntArray
    stale: NDArray[np.bool_]
    amount: FloatArray

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.n)

    def at(self, kept: NDArray[Any] | slice) -> Records:
        """Return some of the cells."""
        return Records(
            *(
                np.asarray(getattr(self, name)[kept])
                for name in ("segment", "stage", "age", "row", "n", "stale", "amount")
            )
        )


@dataclass(frozen=True)
class Worlds:
    """What all records of a draw share, beside the rates of the model.

    Parameters
    ----------
    stale
        The chance of stale records.
    ratios
        What each known amount is multiplied by, shape ``(n_draws,)``.
    paces
        Factor on the hazard of winning in each month, shape ``(n_draws, H)``.
    together
        Factor on the chances of each segment and stage, shape ``(n_draws, S, K)``, of mean 1:
        records of one account go together.
    """

    stale: StaleChance
    ratios: FloatArray
    paces: FloatArray
    together: FloatArray

    def reach(self, chances: Chances, records: Records) -> FloatArray:
        """Return the share of each of some records won by the end of each month, and ever.

        Parameters
        ----------
        chances
            By the model alone.
        records
            The records.

        Returns
        -------
        ndarray
            Shape ``(n_draws, N, H + 1)``.
        """
        ever = chances.ever[:, records.segment, records.row]
        when = chances.timing[records.row]
        found = np.empty((*ever.shape, when.shape[1] + 1))
        usual = np.flatnonzero(~records.stale)
        if len(usual):
            factor = self.together[:, records.segment[usual], records.stage[usual]]
            found[:, usual] = paced(
                np.minimum(ever[:, usual] * factor, 1.0), when[usual], self.paces
            )
        old = np.flatnonzero(records.stale)
        if len(old):
            shares = ever[:, old, None] * np.append(when[old], np.ones((len(old), 1)), axis=1)
            found[:, old] = self.of_shares(shares, records.at(old))
        return found

    def of_shares(self, shares: FloatArray, records: Records) -> FloatArray:
        """Return the same from shares by the model alone, shape ``(n_draws, N, H + 1)``."""
        found = self.stale.of(shares, records.stage, records.stale)
        found = found * self.together[:, records.segment, records.stage, None]
        return reached(found, self.paces[:, None])


def paced(ever: FloatArray, timing: FloatArray, paces: FloatArray) -> FloatArray:
    """Return the share won by the end of each month, and ever, with the pace of each month.

    Parameters
    ----------
    ever
        Share ever won, shape ``(n_draws, N)``.
    timing
        Share of these won by the end of each month, every month alike, shape ``(N, H)``.
    paces
        Factor on the hazard of those who will be won, shape ``(n_draws, H)``.

    Returns
    -------
    ndarray
        Shape ``(n_draws, N, H + 1)``: a quick month takes from those to come.

    Examples
    --------
    Of those who are won ever half are won in the first month; at twice the pace three quarters:

    >>> paced(np.array([[0.4]]), np.array([[0.5, 1.0]]), np.array([[2.0, 1.0]])).round(2).tolist()
    [[[0.3, 0.4, 0.4]]]
    """
    left = 1 - timing
    before = np.concatenate([np.ones((len(timing), 1)), left[:, :-1]], axis=1)
    stay = np.divide(left, before, out=np.zeros_like(left), where=before > 0)
    with np.errstate(divide="ignore"):
        logs = np.maximum(np.log(stay), _NEVER)
    found = np.empty((*ever.shape, timing.shape[1] + 1))
    found[..., -1] = ever
    still = np.zeros(ever.shape)
    for h in range(timing.shape[1]):
        still += paces[:, h, None] * logs[:, h]
        found[..., h] = -ever * np.expm1(still)
    return found


def reached(shares: FloatArray, paces: FloatArray) -> FloatArray:
    """Return the share won by the end of each month, and ever, with the pace of each month.

    Parameters
    ----------
    shares
        Cumulative by month and last ever, shape ``(..., H + 1)``, every month alike.
    paces
        Factor on the hazard of those who will be won, in each month, shape ``(..., H)``.

    Examples
    --------
    Of those who are won ever half are won in the first month; at twice the pace three quarters:

    >>> reached(np.array([0.2, 0.4, 0.4]), np.array([2.0, 1.0])).round(2).tolist()
    [0.3, 0.4, 0.4]
    """
    ever = np.minimum(shares[..., -1], 1.0)
    least = np.maximum(ever, _LEAST)
    found = np.empty(shares.shape)
    found[..., -1] = ever
    still, before = np.ones(ever.shape), np.ones(ever.shape)
    for h in range(shares.shape[-1] - 1):
        left = np.clip(1 - shares[..., h] / least, 0.0, 1.0)
        still = still * np.minimum(left / np.maximum(before, _LEAST), 1.0) ** paces[..., h]
        found[..., h] = ever * (1 - still)
        before = left
    return found


def going_together(
    expected: FloatArray, spreads: FloatArray, n: int, rng: np.random.Generator
) -> FloatArray:
    """Return factors on chances that make the variance of wins so much larger.

    Parameters
    ----------
    expected
        Wins expected ever of all open records, shape ``(S, K)``.
    spreads
        By how much the variance of the wins of each stage is larger than by chance, ``(K,)``.
    n, rng
        Number of draws, and generator.

    Returns
    -------
    ndarray
        Shape ``(n, S, K)``: gamma, of mean 1 and variance (D - 1) / expected wins.
    """
    extra = np.broadcast_to(np.maximum(spreads - 1, 0.0), expected.shape)
    size = np.divide(expected, extra, out=np.full(expected.shape, np.inf), where=extra > 1e-9)
    found = np.ones((n, *expected.shape))
    wide = np.isfinite(size) & (expected > 0)
    sizes = np.maximum(size[wide], 0.05)
    found[:, wide] = rng.gamma(sizes, 1 / sizes, size=(n, len(sizes)))
    return found


def batches(records: Records, most: int) -> Iterator[tuple[IntArray, IntArray, Records]]:
    """Return records with alike chances together, some at a time.

    Parameters
    ----------
    records
        One by one.
    most
        The most kinds at a time.

    Returns
    -------
    iterator of tuple
        Positions of the records, for each of these the place of its kind, and the kinds.
    """
    keys = np.stack([records.segment, records.stage, records.row, records.stale])
    _, first, kind = np.unique(keys, axis=1, return_index=True, return_inverse=True)
    kind = np.asarray(kind).reshape(-1)
    order = np.argsort(kind, kind="stable")
    for start in range(0, len(first), most):
        here = order[(kind[order] >= start) & (kind[order] < start + most)]
        yield here, kind[here] - start, records.at(first[start : start + most])


def mean_shares(chances: Chances, worlds: Worlds, records: Records) -> FloatArray:
    """Return the chance of each record by the end of each month, and ever: the mean over draws.

    Shape ``(N, H + 1)``; NaN where the model has no chance.
    """
    months = chances.timing.shape[1]
    found = np.full((len(records), months + 1), np.nan)
    answered = np.flatnonzero(records.row >= 0)
    most = max(1, AT_ONCE // (len(chances.ever) * (months + 1)))
    for here, kind, kinds in batches(records.at(answered), most):
        found[answered[here]] = worlds.reach(chances, kinds).mean(axis=0)[kind]
    return found
