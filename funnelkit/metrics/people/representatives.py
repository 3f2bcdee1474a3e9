"""Figures of representatives, side by side and by name, with the places they may have."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import share_interval
from funnelkit._core.measure import FloatArray, Measure, Measures, Segment
from funnelkit._core.result import Result, frozen

if TYPE_CHECKING:
    import pandas as pd

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class RepResults(Result):
    """Revenue, closed deals and win rates by representative.

    See :func:`funnelkit.metrics.rep_results`.

    Parameters
    ----------
    by, segments
        Columns of businesses kept apart, then of the representative; and the values of each line.
    periods
        Labels of the periods, or ``None``.
    won, lost, revenue, without_amount
        Deals won and lost, the money of the won ones, and those of them without an amount (blank
        or 0); by period of the close, shape ``(n_segments, n_periods)``.
    entered, converted, still_open, effective
        Records that entered ``start``, those won, those that may yet be, and how many independent
        ones they are worth; by period of entry, same shape.
    start
        Stage of the denominator of win rates.
    has_value, has_exits
        Whether the funnel names an amount, and ways out; without these nothing says what was lost.
    as_of
        Last complete day.
    currency
        Of the money, where it is known.
    notes
        What belongs with the figures.
    confidence_level
        Of the intervals.
    """

    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    periods: tuple[str, ...] | None
    won: FloatArray
    lost: FloatArray
    revenue: FloatArray
    without_amount: FloatArray
    entered: FloatArray
    converted: FloatArray
    still_open: FloatArray
    effective: FloatArray
    start: str
    has_value: bool
    has_exits: bool
    as_of: dt.date
    currency: str | None = None
    notes: tuple[str, ...] = ()
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name, value in vars(self).copy().items():
            if isinstance(value, np.ndarray):
                object.__setattr__(self, name, frozen(value, np.float64))

    @property
    def win_rate(self) -> Measure:
        """Won over entered, by representative and period of entry."""
        return self._measure(
            "win rate",
            f"won / {self.start} entered",
            "share",
            of=(self.converted, self.entered),
            words=("won", f"that entered {self.start}"),
            effective=self.effective,
        )

    @property
    def opportunity_to_win(self) -> Measure:
        """Won over won and lost, by representative and period of the close."""
        return self._measure(
            "opportunity-to-win",
            "won / (won + lost)",
            "share",
            of=(self.won, self.won + self.lost if self.has_exits else np.zeros_like(self.won)),
            words=("won", "closed deals"),
        )

    @property
    def closed_deals(self) -> Measure:
        """Deals won, by representative and period of the close."""
        return self._measure(
            "closed deals",
            "deals won / representative",
            "count",
            of=(self.won, np.ones_like(self.won)),
            words=("deals won", "representative"),
        )

    @property
    def revenue_by_rep(self) -> Measure:
        """Money of the deals won, by representative and period of the close."""
        return self._measure(
            "revenue",
            "money of deals won / representative",
            "money",
            of=(self.revenue, np.ones_like(self.revenue)),
            words=("revenue", "representative"),
            currency=self.currency,
        )

    @property
    def revenue_per_rep(self) -> Measure:
        """Money of the deals won over all representatives in the table, by business and period."""
        return self._team("revenue per rep", "money of deals won / representatives", self.revenue)

    @property
    def deals_per_rep(self) -> Measure:
        """Deals won over all representatives in the table, by business and period."""
        return self._team("closed deals per rep", "deals won / representatives", self.won)

    @property
    def measures(self) -> Measures:
        """All of these figures."""
        found = [self.win_rate, self.opportunity_to_win, self.closed_deals, self.deals_per_rep]
        money = [self.revenue_by_rep, self.revenue_per_rep] if self.has_value else []
        return Measures(measures=(*found, *money))

    def ranks(self) -> tuple[IntArray, IntArray]:
        """Return the best and the worst place that the win rate of each line may have.

        Returns
        -------
        tuple
            Two arrays of shape ``(n_segments, n_periods)``, among the representatives of the same
            business and period; 0 where nobody entered.

        Notes
        -----
        A place is as sure as intervals of the win rates that hold for all representatives at once
        (Bonferroni): the best place is one more than the number whose interval lies wholly above.
        Open records count either way, as if none were won for the lower end and all for the upper,
        so that who has closed more of them gains no place by it.

        References
        ----------
        Klein, Wright and Wieczorek (2020), Journal of the Royal Statistical Society A 183,
        589-606, on joint confidence regions for a ranking.
        """
        best = np.zeros(self.entered.shape, dtype=np.int64)
        worst = np.zeros(self.entered.shape, dtype=np.int64)
        for rows in self._businesses().values():
            for j in range(self.entered.shape[1]):
                some = [i for i in rows if self.entered[i, j] > 0]
                if not some:
                    continue
                level = 1 - (1 - self.confidence_level) / len(some)
                low = self._win_interval(level)[0][some, j]
                high = self._win_interval(level, self.still_open)[1][some, j]
                best[some, j] = 1 + (low[None, :] > high[:, None]).sum(axis=1)
                worst[some, j] = len(some) - (high[None, :] < low[:, None]).sum(axis=1)
        return best, worst

    def to_frame(self) -> pd.DataFrame:
        """Return one row per representative and period, by name and never by rank.

        Returns
        -------
        DataFrame
            ``period`` (where there are any), the businesses kept apart and the representative,
            ``entered``, ``converted``, ``open``, ``win_rate`` with its interval,
            ``rank_low`` and ``rank_high`` (the places that the win rate may have), ``won``,
            ``lost``, ``won_of_closed_rate`` with its interval, ``revenue_value`` and
            ``without_amount``.
        """
        closed = self.won + self.lost if self.has_exits else np.zeros_like(self.won)
        low, high = self._win_interval(self.confidence_level)
        least, most = share_interval(self.won, closed, confidence_level=self.confidence_level)
        best, worst = self.ranks()
        some, any_closed = self.entered > 0, closed > 0
        columns: dict[str, object] = {
            "entered": self.entered.astype(int),
            "converted": self.converted.astype(int),
            "open": self.still_open.astype(int),
            "win_rate": self.win_rate.values,
            "win_rate_low": np.where(some, low, np.nan),
            "win_rate_high": np.where(some, high, np.nan),
            "rank_low": np.where(some, best, np.nan),
            "rank_high": np.where(some, worst, np.nan),
            "won": self.won.astype(int),
            "lost": self.lost.astype(int),
            "won_of_closed_rate": self.opportunity_to_win.values,
            "won_of_closed_rate_low": np.where(any_closed, least, np.nan),
            "won_of_closed_rate_high": np.where(any_closed, most, np.nan),
        }
        if self.has_value:
            columns["revenue_value"] = self.revenue
            columns["without_amount"] = self.without_amount.astype(int)
        return long_frame(
            columns,
            shape=self.entered.shape,
            by=self.by,
            segments=self.segments,
            periods=self.periods,
            period="period",
        )

    def summary(self) -> str:
        """Return the totals of each business, and whether win rates can be told apart."""
        told = []
        for business, rows in self._businesses().items():
            lead = f"{display.segment_name(business)}: " if business else ""
            told.append(lead + self._told(rows))
        return " ".join([*told, *self.notes])

    def _told(self, rows: list[int]) -> str:
        won, people = self.won[rows].sum(), sum(self.segments[i][-1] is not None for i in rows)
        text = f"{display.plural(won, 'deal')} won by {display.plural(people, 'representative')}"
        if self.has_value:
            money = f"{self.revenue[rows].sum():,.0f}".replace("-", display.MINUS)
            text += f", worth {f'{self.currency} ' if self.currency else ''}{money}"
            if blank := self.without_amount[rows].sum():
                text += f" ({display.count(blank)} without an amount)"
        entered, converted = self.entered[rows].sum(), self.converted[rows].sum()
        if not entered:
            return f"{text}. Nobody entered {self.start}, so there is no win rate."
        text += (
            f". Win rate (won / {self.start} entered) {display.percent(converted / entered)} of "
            f"{display.count(entered)}"
        )
        still = self.still_open[rows].sum()
        text += f", {display.count(still)} still open." if still else "."
        if self.periods is not None:
            return text
        best, worst = self.ranks()
        some = [i for i in rows if best[i, 0] > 0]
        pairs = sum(best[i, 0] > 1 or worst[i, 0] < len(some) for i in some)
        if len(some) > 1 and not pairs:
            text += " Their intervals overlap, open deals counted either way, so nobody is ranked."
        elif len(some) > 1:
            text += (
                f" {display.count(pairs)} of {len(some)} can be told apart from at least one "
                "other; where intervals overlap nobody is ranked, and the places that each may "
                "have are in the table."
            )
        return text

    def _businesses(self) -> dict[Segment, list[int]]:
        found: dict[Segment, list[int]] = {}
        for i, segment in enumerate(self.segments):
            found.setdefault(segment[:-1], []).append(i)
        return found

    def _win_interval(self, level: float, more: Any = 0.0) -> tuple[FloatArray, FloatArray]:
        won = self.converted + more
        share = np.where(self.entered > 0, won / np.maximum(self.entered, 1), 0.0)
        low, high = share_interval(share * self.effective, self.effective, confidence_level=level)
        return np.asarray(low), np.asarray(high)

    def _measure(
        self,
        name: str,
        definition: str,
        unit: Any,
        *,
        of: tuple[FloatArray, FloatArray],
        words: tuple[str, str],
        **more: Any,
    ) -> Measure:
        return Measure(
            name=name,
            definition=definition,
            unit=unit,
            numerator=of[0],
            denominator=of[1],
            numerator_name=words[0],
            denominator_name=words[1],
            by=self.by,
            segments=self.segments,
            periods=self.periods,
            as_of=self.as_of,
            confidence_level=self.confidence_level,
            **more,
        )

    def _team(self, name: str, definition: str, values: FloatArray) -> Measure:
        parts = self._businesses()
        named = {
            key: [i for i in rows if self.segments[i][-1] is not None]
            for key, rows in parts.items()
        }
        money = values is self.revenue
        return Measure(
            name=name,
            definition=definition,
            unit="money" if money else "ratio",
            numerator=np.array([values[rows].sum(axis=0) for rows in named.values()]).reshape(
                len(named), values.shape[1]
            ),
            denominator=np.array(
                [np.full(values.shape[1], len(rows)) for rows in named.values()], dtype=float
            ).reshape(len(named), values.shape[1]),
            numerator_name="revenue" if money else "deals won",
            denominator_name="representatives",
            by=self.by[:-1],
            segments=tuple(named),
            periods=self.periods,
            currency=self.currency if money else None,
            as_of=self.as_of,
            notes=("Deals without an owner are in none.",),
            confidence_level=self.confidence_level,
        )
