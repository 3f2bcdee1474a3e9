"""`Known`: the counts that the simple forecasts of one day share, each made once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.counts import build
from funnelkit.counts.opened import open_book
from funnelkit.counts.pipeline import closings
from funnelkit.counts.triangle import IntArray, Triangle

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

FloatArray = NDArray[np.float64]
_POINT = "entered_at"


@dataclass(frozen=True)
class DealSizes:
    """Number of won deals with an amount, their mean and standard deviation, and the currency."""

    n: int
    mean: float
    sd: float
    currency: str | None

    def worth(self, wins: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return the money of so many wins, shape as given, the first axis being the draws.

        The mean is in doubt, alike for all months of a draw; sums of deals follow a gamma
        distribution of their mean and variance.
        """
        if self.mean <= 0 or self.sd <= 0:
            return np.asarray(wins * max(self.mean, 0.0))
        doubt = (self.sd / self.mean) ** 2 / self.n
        level = rng.gamma(1 / doubt, doubt, size=(len(wins), *[1] * (wins.ndim - 1)))
        scale = self.sd**2 / self.mean
        return np.asarray(level * scale * rng.standard_gamma(wins * self.mean / scale))


@dataclass(frozen=True, kw_only=True)
class Passage:
    """Records that reached a stage, and those of them that are won by now.

    Parameters
    ----------
    months
        Months of entry to the stage, shape ``(n_months,)``.
    entered, won
        Records, and those won by now, shape ``(n_months,)``.
    ages
        Those won on a known day, by days from the stage to the win.
    """

    months: pd.PeriodIndex
    entered: IntArray
    won: IntArray
    ages: IntArray

    @property
    def mean_days(self) -> float:
        """Mean days from the stage to the win, of those won by now; 0 where there is none."""
        return float(self.ages @ np.arange(len(self.ages))) / max(float(self.ages.sum()), 1.0)


@dataclass(frozen=True, eq=False)
class Known:
    """Leads as they stand, with what the simple forecasts count in them."""

    leads: Leads

    @classmethod
    def of(cls, leads: Leads | Known) -> Known:
        """Return what is known of the leads; of what is known already, itself."""
        return leads if isinstance(leads, Known) else cls(leads)

    @cached_property
    def wins(self) -> pd.Series[float]:
        """Wins by month, from the first entry of any record to the month of ``as_of``."""
        import pandas as pd

        counted = build.flows(self.leads)
        entries = counted.entries[:, counted.steps.index(self.leads.funnel.won)].sum(axis=0)
        return pd.Series(entries.astype(float), index=counted.periods)

    @cached_property
    def money(self) -> pd.Series[float]:
        """Money won by month; wins without an amount count as the mean of the others."""
        import pandas as pd

        found = build.moments(self.leads)
        total = pd.Series(found.total.sum(axis=0).astype(float), index=found.periods)
        blank = pd.Series((found.n - found.known).sum(axis=0), index=found.periods)
        worth = total + blank * self.sizes.mean
        return worth.reindex(self.wins.index, fill_value=0.0)

    @cached_property
    def sizes(self) -> DealSizes:
        """Number, mean and standard deviation of the amounts of won deals.

        Raises
        ------
        ArgumentError
            If the funnel has no money.
        EvidenceError
            If no won deal has an amount.
        """
        leads = self.leads
        if leads.funnel.value is None:
            raise ArgumentError("`leads`: the funnel has no `value` column, so there is no money.")
        closed = closings(leads, leads.funnel.stages[-2], money=True)
        known = int(closed.known[:, 0].sum())
        if not known:
            raise EvidenceError(
                "`leads`: no won deal has an amount, so there is no mean deal size."
            )
        mean = float(sum(closed.total[:, 0].ravel().tolist())) / known
        spread = float(closed.squares[:, 0].sum()) / known - mean**2
        return DealSizes(known, mean, math.sqrt(max(spread, 0.0)), closed.currency)

    @cached_property
    def reached(self) -> Mapping[str, Passage]:
        """Stage -> what became of all records that reached it by an entry of their own."""
        return {name: passage for name, (passage, _) in self._passages.items()}

    @cached_property
    def entered(self) -> Mapping[str, Passage]:
        """Stage -> what became of the records that first appeared there."""
        return {name: own for name, (_, own) in self._passages.items() if own is not None}

    @cached_property
    def standing(self) -> Mapping[str, IntArray]:
        """Stage -> open records by days there; those whose days are not known come last."""
        book = open_book(self.leads, money=False)
        return dict(zip(book.stages, book.n.sum(axis=0), strict=True))

    @cached_property
    def _passages(self) -> Mapping[str, tuple[Passage, Passage | None]]:
        *stages, won = self.leads.funnel.stages
        pairs = [(name, won) for name in stages]
        try:
            counted = build.triangles(self.leads, pairs, by=_POINT)
        except EvidenceError:
            return {}
        found: dict[str, tuple[Passage, Passage | None]] = {}
        for (name, _), one in counted.items():
            place = one.by.index(_POINT)
            every = list(range(one.n_segments))
            own = [i for i in every if one.segments[i][place] == name]
            found[name] = (_passage(one, every), _passage(one, own) if own else None)
        return found


def _passage(counts: Triangle, rows: list[int]) -> Passage:
    """Return the counts of some segments of a triangle, whose target is the win."""
    return Passage(
        months=counts.cohorts,
        entered=counts.entered[rows].sum(axis=0),
        won=counts.converted[rows].sum(axis=0),
        ages=counts.events[counts.target][rows].sum(axis=(0, 1)),
    )
