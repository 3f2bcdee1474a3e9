"""The two sides of a review: what a plan expected of months that are over, and what came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit.counts.arrange import segments_of
from funnelkit.counts.came_since import ALREADY, LATER, NEW, OPEN, OTHER
from funnelkit.forecast.rolling.drivers import Drivers
from funnelkit.plan.actuals.remaining import residual_rate

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.model import FunnelModel
    from funnelkit.plan.actuals.record import PlanRecord

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
OUTSIDE = "not in the plan"
IN_FLIGHT, DIRECT, REOPENED = "in flight", "without a lead", "otherwise"
_STREAM_OF = {ALREADY: IN_FLIGHT, OPEN: IN_FLIGHT, LATER: DIRECT, OTHER: REOPENED}


@dataclass(frozen=True, eq=False, kw_only=True)
class Side:
    """What was expected of some months, or what came in them.

    Shapes: ``C`` channels, ``K`` months.

    Parameters
    ----------
    leads
        By channel and month of entry, shape ``(C, K)``.
    eventual
        How many of these are ever won.
    won, value
        How many of these are won in the K months, and their money.
    deals, money
        The same by channel and month of the win.
    streams
        Name -> deals and money by month of what comes without new leads, shape ``(2, K)``.
    """

    leads: FloatArray
    eventual: FloatArray
    won: FloatArray
    value: FloatArray
    deals: FloatArray
    money: FloatArray
    streams: dict[str, FloatArray]

    def drivers(self, cells: Sequence[str]) -> Drivers:
        """Return what stands behind the wins, by channel and month of entry."""
        return Drivers(
            cells=tuple(cells),
            entered=np.maximum(self.leads, self.eventual).ravel(),
            eventual=self.eventual.ravel(),
            won=self.won.ravel(),
        )


def expected_side(record: PlanRecord, channels: Sequence[str], over: int) -> Side:
    """Return what a plan expected of its first months; channels it has not are 0."""
    rows = [record.channels.index(name) if name in record.channels else -1 for name in channels]
    none = np.array(rows) < 0

    def of(values: FloatArray) -> FloatArray:
        """Return rows of the plan for the channels asked."""
        picked = np.asarray(values)[rows]
        picked[none] = 0.0
        return picked

    leads = of(record.leads[:, :over])
    eventual = leads * of(record.rates[:, :over])
    by_win = eventual[..., None] * of(record.within[:, :over, :over])
    sizes = of(record.sizes)
    deals = by_win.sum(axis=1)
    won = by_win.sum(axis=2)
    return Side(
        leads=leads,
        eventual=np.maximum(eventual, won),
        won=won,
        value=won * sizes[:, None],
        deals=deals,
        money=deals * sizes[:, None],
        streams={
            IN_FLIGHT: record.in_flight[:, :over],
            DIRECT: record.direct[:, :over],
            REOPENED: np.zeros((2, over)),
        },
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Placed:
    """Grouped counts with the places of their channel and months.

    Parameters
    ----------
    counts
        Of :func:`funnelkit.counts.came_since.came_since`.
    channels
        Names, those outside the plan last.
    channel, entered, won_in
        Position of each row's channel, month of entry and month of the win; -1 where there is none.
    """

    counts: pd.DataFrame
    channels: tuple[str, ...]
    channel: IntArray
    entered: IntArray
    won_in: IntArray

    @classmethod
    def of(
        cls, counts: pd.DataFrame, by: Sequence[str], own: Sequence[int], record: PlanRecord
    ) -> Placed:
        """Return the places of counts by some segment columns, of which ``own`` name channels."""
        segments = segments_of(counts, by)
        names = [channel_name([segment[k] for k in own]) for segment in segments]
        if not own and len(record.channels) == 1:
            names = [record.channels[0]] * len(names)
        is_new = (counts["origin"] == NEW).to_numpy()
        strange = any(
            name not in record.channels for name, new in zip(names, is_new, strict=True) if new
        )
        channels = (*record.channels, OUTSIDE) if strange else record.channels
        place = {name: c for c, name in enumerate(record.channels)}
        return cls(
            counts=counts,
            channels=channels,
            channel=np.array([place.get(name, len(place)) for name in names], np.int64),
            entered=_months(counts["entered"], record),
            won_in=_months(counts["won_in"], record),
        )


def channel_name(labels: Sequence[str | None]) -> str:
    """Return how a plan calls the channel of some segment values."""
    return display.segment_name(labels) if labels else "all"


def came_side(
    placed: Placed, record: PlanRecord, over: int, eventual_of: FloatArray | None
) -> Side:
    """Return what came in the months that are over.

    Parameters
    ----------
    placed
        Counts.
    record
        The plan.
    over
        Months that are over.
    eventual_of
        Share of each row's records that are won in the end, as a model says it; ``None``: by the
        plan's own rates and lags.
    """
    counts = placed.counts
    n = np.asarray(counts["n"], np.float64)
    money = np.asarray(counts["total"].astype(float).fillna(0.0), np.float64)
    in_time = (placed.won_in >= 0) & (placed.won_in < over)
    new = (counts["origin"] == NEW).to_numpy() & (placed.entered >= 0) & (placed.entered < over)
    shape = (len(placed.channels), over)

    def summed(values: FloatArray, which: NDArray[np.bool_], months: IntArray) -> FloatArray:
        found = np.zeros(shape)
        rows = np.flatnonzero(which)
        np.add.at(found, (placed.channel[rows], months[rows]), values[rows])
        return found

    leads = summed(n, new, placed.entered)
    won = summed(n, new & in_time, placed.entered)
    ever = np.asarray(counts["won"], np.float64)
    if eventual_of is None:
        by_now = summed(n * ever, new, placed.entered)
        eventual = by_now + (leads - by_now) * _residuals(record, placed.channels, over)
    else:
        eventual = summed(n * np.where(ever > 0, 1.0, eventual_of), new, placed.entered)
    streams = {}
    of = np.array([_STREAM_OF.get(origin, "") for origin in counts["origin"]], object)
    for name in (IN_FLIGHT, DIRECT, REOPENED):
        rows = np.flatnonzero((of == name) & in_time)
        both = np.zeros((2, over))
        np.add.at(both[0], placed.won_in[rows], n[rows])
        np.add.at(both[1], placed.won_in[rows], money[rows])
        streams[name] = both
    return Side(
        leads=leads,
        eventual=np.maximum(eventual, won),
        won=won,
        value=np.where(won > 0, summed(money, new & in_time, placed.entered), 0.0),
        deals=summed(n, new & in_time, placed.won_in),
        money=summed(money, new & in_time, placed.won_in),
        streams=streams,
    )


def maturities(record: PlanRecord, channels: Sequence[str], over: int) -> FloatArray:
    """Return the share of each month's wins that is due by the end of the months that are over.

    Shape ``(C, K)``, by the plan's lags; NaN for channels that it has not.
    """
    found = np.full((len(channels), over), np.nan)
    for c, name in enumerate(channels):
        if name in record.channels:
            row = record.within[record.channels.index(name)]
            found[c] = row[:over, :over].sum(axis=1)
    return np.asarray(np.minimum(found, 1.0))


def chances_of_rows(placed: Placed, model: FunnelModel, by: Sequence[str]) -> FloatArray:
    """Return the share of each row's records that a model still expects to be won; 0 if closed."""
    counts = placed.counts
    found = np.zeros(len(counts))
    segments = segments_of(counts, by)
    own = [by.index(name) for name in model.by]
    place = {segment: i for i, segment in enumerate(model.segments)}
    rows = np.array([place.get(tuple(one[k] for k in own), -1) for one in segments], np.int64)
    for k, stage in enumerate(model.stages[:-1]):
        here = np.flatnonzero((counts["stage"].to_numpy() == k) & (rows >= 0))
        if len(here):
            ages = np.maximum(counts["age"].to_numpy()[here], 0)
            chances = model.chances(stage, ages, [np.inf])[..., 0]
            found[here] = chances[rows[here], np.arange(len(here))]
    return found


def _residuals(record: PlanRecord, channels: Sequence[str], over: int) -> FloatArray:
    """Return the share still won of the leads of each month not won yet, by the plan itself."""
    matured = np.nan_to_num(maturities(record, channels, over), nan=1.0)
    rates = np.zeros((len(channels), over))
    rates[: len(record.channels)] = record.rates[:, :over]
    return residual_rate(rates, matured)


def _months(days: pd.Series[pd.Timestamp], record: PlanRecord) -> IntArray:
    """Return the position of each day's month in the plan; -1 outside of it."""
    import pandas as pd

    months = pd.DatetimeIndex(pd.to_datetime(days)).to_period("M")
    found = np.asarray(record.periods.get_indexer(months), np.int64)
    return np.where(pd.isna(months), -1, found)
