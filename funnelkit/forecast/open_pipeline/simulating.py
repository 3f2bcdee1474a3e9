"""Wins of open records drawn month by month: single deals one by one, all others by group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelkit.forecast.open_pipeline.chances import Chances
from funnelkit.forecast.open_pipeline.sizes_to_come import SizesToCome, gamma_like
from funnelkit.forecast.open_pipeline.worlds import AT_ONCE, Records, Worlds, batches

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_BANDS, _BANDS_IN_ALL = 4, 80


@dataclass(frozen=True)
class Wins:
    """Joint draws of wins and their money, and what is expected of each record.

    Parameters
    ----------
    deals, money
        By segment and month, shape ``(n_draws, S, H)``.
    stage_deals, stage_money
        Of all months, by the stage that records stand at, shape ``(n_draws, K)``.
    records
        The records, or bands of them.
    shares
        Chance of each by the end of each month, and ever: the mean over what all records of a
        draw share, shape ``(N, H + 1)``.
    """

    deals: FloatArray
    money: FloatArray
    stage_deals: FloatArray
    stage_money: FloatArray
    records: Records
    shares: FloatArray


def drawn_one_by_one(
    chances: Chances,
    records: Records,
    *,
    worlds: Worlds,
    shape: tuple[int, int, int, int],
    rng: np.random.Generator,
) -> Wins:
    """Return draws of the won deals and of their money, each deal won whole or not at all.

    Parameters
    ----------
    chances, records
        The deals, each with an amount.
    worlds
        What is shared by all deals of a draw.
    shape
        ``(n_draws, S, K, H)``.
    rng
        Generator.
    """
    draws, segments, stages, months = shape
    deals, money = (np.zeros(draws * segments * months) for _ in range(2))
    of_stage, worth_of_stage = (np.zeros(draws * stages) for _ in range(2))
    shares = np.zeros((len(records), months + 1))
    most = max(1, AT_ONCE // (draws * (months + 1)))
    for here, kind, kinds in batches(records, most):
        reach = worlds.reach(chances, kinds)
        shares[here] = reach.mean(axis=0)[kind]
        step = max(1, AT_ONCE // draws)
        for start in range(0, len(here), step):
            part, own = here[start : start + step], kind[start : start + step]
            luck = rng.random((draws, len(part)))
            draw, deal = np.nonzero(luck < reach[:, own, months - 1])
            won = luck[draw, deal]
            month = np.zeros(len(draw), np.int64)
            for h in range(months - 1):
                month += won >= reach[draw, own[deal], h]
            amount = records.amount[part][deal]
            cell = (draw * segments + records.segment[part][deal]) * months + month
            stage = draw * stages + records.stage[part][deal]
            deals += np.bincount(cell, minlength=len(deals))
            money += np.bincount(cell, weights=amount, minlength=len(money))
            of_stage += np.bincount(stage, minlength=len(of_stage))
            worth_of_stage += np.bincount(stage, weights=amount, minlength=len(of_stage))
    return Wins(
        deals=deals.reshape(draws, segments, months),
        money=money.reshape(draws, segments, months) * worlds.ratios[:, None, None],
        stage_deals=of_stage.reshape(draws, stages),
        stage_money=worth_of_stage.reshape(draws, stages) * worlds.ratios[:, None],
        records=records,
        shares=shares,
    )


def drawn_by_group(
    chances: Chances,
    records: Records,
    *,
    worlds: Worlds,
    shape: tuple[int, int, int, int],
    sizes: SizesToCome | None,
    rng: np.random.Generator,
    largest: float = 0.0,
) -> Wins:
    """Return draws of the wins of groups of records, and of their money.

    Parameters
    ----------
    chances, records
        The cells; where ``amount`` is known it is their mean.
    worlds
        What is shared by all records of a draw.
    shape
        ``(n_draws, S, K, H)``.
    sizes
        What deals without an amount bring, by segment; ``None``: nothing.
    rng
        Generator.
    largest
        No amount in a cell is larger.

    Notes
    -----
    Multinomial over the months. The sum of w of n deals of mean m, none above ``largest``, has at
    most the variance w (1 - w / n) m (largest - m) (Bhatia and Davis 2000, American Mathematical
    Monthly 107, 353-357), which it is given with m in place of (largest - m) where that is less,
    as for amounts that are spread exponentially.
    """
    draws, segments, stages, months = shape
    deals, money = (np.zeros((draws, segments, months)) for _ in range(2))
    of_stage, worth_of_stage = (np.zeros((draws, stages)) for _ in range(2))
    order, starts = bands_of(records)
    bands = _banded(records, order, starts)
    found = np.zeros((len(bands), months + 1))
    worth = np.where(np.isnan(bands.amount), 0.0, bands.amount)
    spread = worth * np.clip(largest - worth, 0.0, worth)
    stops = np.append(starts[1:], len(order))
    for s in np.unique(bands.segment):
        here = np.flatnonzero(bands.segment == s)
        shares = np.stack(
            [_shares(chances, records.at(order[starts[b] : stops[b]])) for b in here], axis=1
        )
        reach = worlds.of_shares(shares, bands.at(here))
        found[here] = reach.mean(axis=0)
        monthly = np.diff(reach, axis=2, prepend=0.0)
        monthly[..., -1] = np.maximum(1 - reach[..., -2], 0.0)
        monthly = np.clip(monthly, 0.0, None)
        wins = rng.multinomial(bands.n[here], monthly / monthly.sum(axis=2, keepdims=True))
        wins = wins[..., :-1]
        own = np.zeros((draws, stages, months))
        blank = np.zeros((draws, stages, months), np.int64)
        value, variance = np.zeros(own.shape), np.zeros(own.shape)
        for i, b in enumerate(here):
            k = bands.stage[b]
            own[:, k] += wins[:, i]
            if np.isnan(bands.amount[b]):
                blank[:, k] += wins[:, i]
                continue
            value[:, k] += wins[:, i] * worth[b]
            variance[:, k] += wins[:, i] * (1 - wins[:, i] / bands.n[b]) * spread[b]
        brought = gamma_like(value, variance, rng) * worlds.ratios[:, None, None]
        if sizes is not None and blank.any():
            flat = blank.reshape(draws, 1, stages * months)
            brought += sizes.of([int(s)]).sums(flat, rng).reshape(own.shape)
        deals[:, s], money[:, s] = own.sum(axis=1), brought.sum(axis=1)
        of_stage += own.sum(axis=2)
        worth_of_stage += brought.sum(axis=2)
    return Wins(
        deals=deals,
        money=money,
        stage_deals=of_stage,
        stage_money=worth_of_stage,
        records=bands,
        shares=found,
    )


def bands_of(records: Records) -> tuple[IntArray, IntArray]:
    """Return the order of cells and where each band begins: cells that are drawn together.

    Cells of one segment, of one stage's neighbouring rows, stale or not, with amounts or without:
    at most 4 bands of each, fewer where there are many segments. Wins of a band have the mean of
    its cells exactly, and a variance a little larger.
    """
    if not len(records):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    blank = np.isnan(records.amount)
    order = np.lexsort([records.row, records.stage, blank, records.stale, records.segment])
    keys = np.stack([records.segment, records.stale, blank, records.stage])[:, order]
    begins = np.append(True, (np.diff(keys, axis=1) != 0).any(axis=0))
    group = np.cumsum(begins) - 1
    most = int(np.clip(_BANDS_IN_ALL // (group[-1] + 1), 1, _BANDS))
    place = np.arange(len(order)) - np.flatnonzero(begins)[group]
    size = np.bincount(group)[group]
    band = place * most // np.maximum(size, most)
    starts = np.flatnonzero(np.append(True, (np.diff(group) != 0) | (np.diff(band) != 0)))
    return np.asarray(order, np.int64), starts


def _banded(records: Records, order: IntArray, starts: IntArray) -> Records:
    """Return the bands as records: their number, and the mean of their amounts."""
    if not len(records):
        return records
    first, n = order[starts], records.n[order]
    held = np.add.reduceat(n, starts)
    return Records(
        segment=records.segment[first],
        stage=records.stage[first],
        age=records.age[first],
        row=records.row[first],
        n=held,
        stale=records.stale[first],
        amount=np.add.reduceat(n * records.amount[order], starts) / held,
    )


def _shares(chances: Chances, cells: Records) -> FloatArray:
    """Return the mean share of a band's records won by each month and ever, ``(n, H + 1)``."""
    when = np.append(chances.timing[cells.row], np.ones((len(cells), 1)), axis=1)
    weight = cells.n / cells.n.sum()
    ever = chances.ever[:, cells.segment[0], cells.row]
    return np.asarray(ever @ (when * weight[:, None]))
