"""Wins of open records drawn month by month: single deals one by one, all others by group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelkit.forecast.open_pipeline.chances import Chances
from funnelkit.forecast.open_pipeline.sizes_to_come import gamma_like
from funnelkit.forecast.open_pipeline.staleness import StaleChance

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_AT_ONCE = 4_000_000
_BANDS = 8


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

    def reached(self, shares: FloatArray, records: Records) -> FloatArray:
        """Return the share of records won by the end of each month and ever, in each draw.

        Parameters
        ----------
        shares
            By the model alone, shape ``(n_draws, N, H + 1)``.
        records
            The records.
        """
        found = self.stale.of(shares, records.stage, records.stale)
        found = found * self.together[:, records.segment, records.stage, None]
        return reached(found, self.paces[:, None])


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
    found = np.minimum(shares, 1.0)
    ever = found[..., -1:]
    left = 1 - np.divide(found[..., :-1], ever, out=np.zeros_like(found[..., :-1]), where=ever > 0)
    before = np.concatenate([np.ones_like(ever), left[..., :-1]], axis=-1)
    stay = np.divide(left, before, out=np.zeros_like(left), where=before > 0)
    still = np.cumprod(np.clip(stay, 0.0, 1.0) ** paces, axis=-1)
    return np.concatenate([ever * (1 - still), ever], axis=-1)


def month_shares(
    chances: Chances, records: Records, stale: StaleChance, paces: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the expected chance of a win in each month, and ever, of each record.

    Parameters
    ----------
    chances, records
        The records.
    stale
        The chance of stale records.
    paces
        Usual pace of each month, shape ``(H,)``.

    Returns
    -------
    tuple of ndarray
        Shapes ``(N, H)`` and ``(N,)``.
    """
    own = chances.mean[records.segment, records.row][None]
    found = reached(stale.mean.of(own, records.stage, records.stale), paces)[0]
    return np.diff(found[:, :-1], axis=1, prepend=0.0), found[:, -1]


def drawn_one_by_one(
    chances: Chances,
    records: Records,
    *,
    worlds: Worlds,
    shape: tuple[int, int, int],
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Return draws of the won deals and of their money, each deal won whole or not at all.

    Parameters
    ----------
    chances, records
        The deals, each with an amount.
    worlds
        What is shared by all deals of a draw.
    shape
        ``(n_draws, S, H)``.
    rng
        Generator.

    Returns
    -------
    tuple of ndarray
        Deals and money, each of that shape.
    """
    draws, segments, months = shape
    won, money = np.zeros(shape), np.zeros(shape)
    sets = np.arange(draws) % len(chances.drawn)
    step = max(1, _AT_ONCE // max(draws * months, 1))
    for start in range(0, len(records), step):
        part = slice(start, start + step)
        own = records.segment[part]
        shares = chances.drawn[:, own, records.row[part]][sets]
        reach = worlds.reached(shares, records.at(part))[..., :months]
        luck = rng.random((draws, len(own)))
        month = (luck[..., None] >= reach).sum(axis=2)
        of = np.eye(segments)[own]
        worth = of * records.amount[part][:, None]
        for h in range(months):
            here = (month == h).astype(float)
            won[:, :, h] += here @ of
            money[:, :, h] += here @ worth
    return won, money * worlds.ratios[:, None, None]


def drawn_by_group(
    chances: Chances,
    records: Records,
    *,
    worlds: Worlds,
    shape: tuple[int, int, int],
    rng: np.random.Generator,
    largest: float = 0.0,
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return draws of the wins of groups of records, and of the money of those with amounts.

    Parameters
    ----------
    chances, records
        The cells; where ``amount`` is known it is their mean.
    worlds
        What is shared by all records of a draw.
    shape
        ``(n_draws, S, H)``.
    rng
        Generator.
    largest
        No amount in a cell is larger.

    Returns
    -------
    tuple of ndarray
        Wins of cells without amounts, wins of all, and the money of those with amounts, each of
        shape ``(n_draws, S, H)``.

    Notes
    -----
    Binomial, month after month, among those that are left. The sum of w of n deals of mean m, none
    above ``largest``, has at most the variance w (1 - w / n) m (largest - m) (Bhatia and Davis
    2000, American Mathematical Monthly 107, 353-357), which it is given with m in place of
    (largest - m) where that is less, as for amounts that are spread exponentially.
    """
    draws, segments, months = shape
    unpriced = np.zeros(shape, np.int64)
    won, money = np.zeros(shape), np.zeros(shape)
    if not len(records):
        return unpriced, won, money
    order, starts = bands_of(records)
    n = records.n[order]
    held = np.add.reduceat(n, starts)
    first = order[starts]
    of = np.eye(segments)[records.segment[first]]
    known = np.where(np.isnan(records.amount), 0.0, records.amount)[order]
    mean = np.add.reduceat(n * known, starts) / held
    spread = mean * np.clip(largest - mean, 0.0, mean)
    blank = np.isnan(records.amount[first])
    shares = chances.drawn[:, records.segment[order], records.row[order]]
    shares = np.add.reduceat(shares * n[:, None], starts, axis=1) / held[:, None]
    shares = shares[np.arange(draws) % len(shares)]
    reaches = worlds.reached(shares, records.at(first))
    left = np.broadcast_to(held, (draws, len(held))).copy()
    before = np.zeros(left.shape)
    for h in range(months):
        reach = reaches[..., h]
        still = 1 - before
        share = np.divide(reach - before, still, out=np.zeros_like(before), where=still > 0)
        wins = rng.binomial(left, np.clip(share, 0.0, 1.0))
        left -= wins
        before = reach
        won[:, :, h] = wins @ of
        unpriced[:, :, h] = np.rint(wins[:, blank] @ of[blank])
        variance = (wins * (1 - wins / held)) @ (of * spread[:, None])
        money[:, :, h] = gamma_like(wins @ (of * mean[:, None]), variance, rng)
    return unpriced, won, money * worlds.ratios[:, None, None]


def bands_of(records: Records) -> tuple[IntArray, IntArray]:
    """Return the order of cells and where each band begins: cells that are drawn together.

    Cells of one segment, of one stage's neighbouring rows, stale or not, with amounts or without.
    Wins of a band have the mean of its cells exactly, and a variance a little larger.
    """
    blank = np.isnan(records.amount)
    order = np.lexsort([records.row, records.stage, blank, records.stale, records.segment])
    keys = np.stack([records.segment, records.stale, blank, records.stage])[:, order]
    begins = np.append(True, (np.diff(keys, axis=1) != 0).any(axis=0))
    group = np.cumsum(begins) - 1
    place = np.arange(len(order)) - np.flatnonzero(begins)[group]
    size = np.bincount(group)[group]
    band = place * _BANDS // np.maximum(size, _BANDS)
    starts = np.flatnonzero(np.append(True, (np.diff(group) != 0) | (np.diff(band) != 0)))
    return np.asarray(order, np.int64), starts


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
