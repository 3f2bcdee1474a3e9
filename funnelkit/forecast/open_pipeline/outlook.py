"""Expected wins of open records, one by one or by cell: by month, ever, and their worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelkit.forecast.open_pipeline.chances import Chances
from funnelkit.forecast.open_pipeline.simulating import Records, Worlds, month_shares
from funnelkit.forecast.open_pipeline.sizes_to_come import SizesToCome
from funnelkit.forecast.open_pipeline.staleness import StaleChance

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Outlook:
    """What is expected of records; shapes start with ``N``, NaN where the model has no chance.

    Parameters
    ----------
    records
        The records.
    months, ever
        Chance of a win in each month, ``(N, H)``, and ever, ``(N,)``.
    fresh
        Chance ever, if none were stale, ``(N,)``.
    worth
        Expected amount of a record if it is won; NaN where nothing tells it.
    """

    records: Records
    months: FloatArray
    ever: FloatArray
    fresh: FloatArray
    worth: FloatArray

    @property
    def within(self) -> FloatArray:
        """Chance of a win within the horizon, shape ``(N,)``."""
        return np.asarray(self.months.sum(axis=1))

    def sums(self, size: int, *, money: bool) -> FloatArray:
        """Return expected wins, or their money, by segment and month, shape ``(size, H)``."""
        shares = np.nan_to_num(self.months) * self.records.n[:, None]
        if money:
            shares = shares * np.nan_to_num(self.worth)[:, None]
        found = np.zeros((size, self.months.shape[1]))
        np.add.at(found, self.records.segment, shares)
        return found


def outlook_of(chances: Chances, records: Records, worlds: Worlds, sizes: SizesToCome) -> Outlook:
    """Return what is expected of records, means over the draws of what all records share."""
    paces = np.median(worlds.paces, axis=0)
    answered = records.row >= 0
    known = records.at(answered)
    months = np.full((len(records), worlds.paces.shape[1]), np.nan)
    ever, fresh = np.full(len(records), np.nan), np.full(len(records), np.nan)
    months[answered], ever[answered] = month_shares(chances, known, worlds.stale, paces)
    none = StaleChance(
        hazard=np.zeros((1, worlds.stale.hazard.shape[1])),
        weight=np.zeros_like(worlds.stale.weight),
        days=worlds.stale.days,
    )
    fresh[answered] = month_shares(chances, known, none, paces)[1]
    own = records.amount * worlds.ratios.mean()
    worth = np.where(np.isnan(own), sizes.mean[records.segment], own)
    return Outlook(records=records, months=months, ever=ever, fresh=fresh, worth=worth)


def sum_of(parts: tuple[Outlook, Outlook], size: int, *, money: bool) -> FloatArray:
    """Return expected wins, or their money, of several parts, shape ``(size, H)``."""
    return np.asarray(sum(part.sums(size, money=money) for part in parts))


def after_all(parts: tuple[Outlook, Outlook], *, money: bool) -> float:
    """Return expected wins, or their money, after the last month."""
    total = 0.0
    for part in parts:
        later = np.nan_to_num(part.ever - part.within) * part.records.n
        total += float((later * np.nan_to_num(part.worth) if money else later).sum())
    return total
