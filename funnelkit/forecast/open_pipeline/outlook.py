"""Expected wins of open records, one by one or by band: by month, ever, and their worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelkit.forecast.open_pipeline.simulating import Wins
from funnelkit.forecast.open_pipeline.sizes_to_come import SizesToCome
from funnelkit.forecast.open_pipeline.worlds import Records

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
    worth
        Expected amount of a record if it is won; NaN where nothing tells it.
    """

    records: Records
    months: FloatArray
    ever: FloatArray
    worth: FloatArray

    @property
    def within(self) -> FloatArray:
        """Chance of a win within the horizon, shape ``(N,)``."""
        return np.asarray(self.months.sum(axis=1))

    def sums(self, size: int, *, money: bool) -> FloatArray:
        """Return expected wins, or their money, by segment and month, shape ``(size, H)``."""
        found = np.zeros((size, self.months.shape[1]))
        np.add.at(found, self.records.segment, self._expected(self.months, money=money))
        return found

    def by_stage(self, size: int, *, money: bool) -> FloatArray:
        """Return expected wins, or their money, by stage, within the horizon and ever.

        Shape ``(size, 2)``.
        """
        found = np.zeros((size, 2))
        both = np.stack([self.within, self.ever], axis=1)
        np.add.at(found, self.records.stage, self._expected(both, money=money))
        return found

    def _expected(self, shares: FloatArray, *, money: bool) -> FloatArray:
        wins = np.nan_to_num(shares) * self.records.n[:, None]
        return wins * np.nan_to_num(self.worth)[:, None] if money else wins


def outlook_of(wins: Wins, ratio: float, sizes: SizesToCome) -> Outlook:
    """Return what is expected of records that were simulated.

    Parameters
    ----------
    wins
        The simulation.
    ratio
        What a known amount is multiplied by, on average.
    sizes
        What deals without an amount bring, by segment.
    """
    own = wins.records.amount * ratio
    return Outlook(
        records=wins.records,
        months=np.diff(wins.shares[:, :-1], axis=1, prepend=0.0),
        ever=wins.shares[:, -1],
        worth=np.where(np.isnan(own), sizes.mean[wins.records.segment], own),
    )


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
