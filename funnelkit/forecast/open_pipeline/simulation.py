"""What open records will bring: the one simulation that forecasts of all kinds and plans read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit.counts.open_book import OpenBook
from funnelkit.counts.triangle import Segment
from funnelkit.data.ledgers.exchange import checked_rates
from funnelkit.data.records import Leads
from funnelkit.forecast.open_pipeline.chances import Chances, Drawn, residual_chances
from funnelkit.forecast.open_pipeline.open_records import OpenRecords, open_records
from funnelkit.forecast.open_pipeline.outlook import Outlook, outlook_of
from funnelkit.forecast.open_pipeline.past_wins import amounts_of, changed_amounts, won_before
from funnelkit.forecast.open_pipeline.simulating import Wins, drawn_by_group, drawn_one_by_one
from funnelkit.forecast.open_pipeline.sizes_to_come import SizesToCome, sizes_to_come
from funnelkit.forecast.open_pipeline.staleness import (
    StalePast,
    known_limits,
    limit_days,
    no_past,
    stale_past,
)
from funnelkit.forecast.open_pipeline.worlds import Worlds, going_together, mean_shares

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.model import FunnelModel, ModelDraws

FloatArray = NDArray[np.float64]
LISTED = 2000
BEYOND = 0.99


class InFlight(NamedTuple):
    """Joint draws of what open records bring, by segment of the model and month, ``(n, S, H)``.

    ``value`` is 0 where no amount is known, neither of open nor of won deals.
    """

    deals: FloatArray
    value: FloatArray


@dataclass(frozen=True, eq=False, kw_only=True)
class OpenSimulation:
    """The simulation of open records, with all that went into it.

    Parameters
    ----------
    records
        Open records.
    segments
        Of the sizes: those of the model, and of open records that it does not know.
    chances
        Residual chances.
    worlds
        What all records of a draw share.
    one_by_one
        Which of the listed records are simulated one by one: those with an amount and a chance.
    single, grouped
        Their wins, and those of all others.
    sizes
        What deals without an amount bring, by ``segments``.
    stale
        What records that were stale before came to.
    n_stale
        Records that are stale.
    stale_days
        From how many days on they are, by segment and stage of the book.
    amounts
        How amounts change on the way to the win, as a sentence.
    past
        Past won deals.
    """

    records: OpenRecords
    segments: tuple[Segment, ...]
    chances: Chances
    worlds: Worlds
    one_by_one: NDArray[np.bool_]
    single: Wins
    grouped: Wins
    sizes: SizesToCome
    stale: StalePast
    stale_days: FloatArray
    n_stale: int
    amounts: str
    past: PastWins

    @property
    def book(self) -> OpenBook:
        """Open records, counted."""
        return self.records.book

    @property
    def own_sizes(self) -> SizesToCome:
        """Sizes of the segments of the open records."""
        return self.sizes.of([self.segments.index(one) for one in self.book.segments])

    @property
    def deals(self) -> FloatArray:
        """Draws of won deals, by segment of the book and month, shape ``(n, S, H)``."""
        return np.asarray(self.single.deals + self.grouped.deals)

    @property
    def money(self) -> FloatArray:
        """Draws of their money, of that shape."""
        return np.asarray(self.single.money + self.grouped.money)

    @property
    def won(self) -> pd.DataFrame:
        """Past won deals, as :meth:`Leads.list` returns them, with amounts in the one currency."""
        return self.past.table

    def listed_outlook(self) -> tuple[Outlook, FloatArray]:
        """Return what is expected of each listed record, and its chance if none were stale."""
        listed = self.records.single(self.chances.grid, self.stale_days)
        fresh = replace(listed, stale=np.zeros(len(listed), np.bool_))
        shares = mean_shares(self.chances, self.worlds, listed)
        alone = mean_shares(self.chances, self.worlds, fresh) if listed.stale.any() else shares
        ratio = float(self.worlds.ratios.mean())
        return outlook_of(
            replace(self.single, records=listed, shares=shares), ratio, self.own_sizes
        ), alone[:, -1]

    def of_model(self, segments: tuple[Segment, ...]) -> InFlight:
        """Return the draws by the segments of a model that knows all of those of the book."""
        place = [segments.index(one) for one in self.book.segments]
        found = []
        for own in (self.deals, self.money):
            whole = np.zeros((own.shape[0], len(segments), own.shape[2]))
            whole[:, place] = own
            found.append(whole)
        return InFlight(*found)


def in_flight(
    leads: Leads,
    model: FunnelModel,
    draws: ModelDraws,
    periods: pd.PeriodIndex,
    *,
    rng: np.random.Generator | int,
) -> InFlight:
    """Return what the open records bring by month, given joint draws of a model's rates.

    This is the simulation of :func:`funnelkit.forecast.pipeline`, and the part ``"in flight"`` of
    :func:`funnelkit.forecast.bookings`; plans (``funnelkit.plan.basis``) call it with the draws
    that their channels stand on, so that open and future records share what is not known.

    Parameters
    ----------
    leads
        The data that the model was fitted to.
    model
        Of :func:`funnelkit.fit_funnel`.
    draws
        ``model.sample(n, rng=…, months=…)``, with all months of ``periods``.
    periods
        Civil months to come without gaps, from ``model.first_month`` on.
    rng
        Generator or seed of chance and of the sizes of deals.

    Returns
    -------
    InFlight
        ``deals`` and ``value``, each of shape ``(draws.n, len(model.segments), len(periods))``.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> leads = fk.make_leads(2000, rng=1)
    >>> model = fk.fit_funnel(leads)
    >>> periods = pd.period_range(model.first_month, periods=3, freq="M")
    >>> draws = model.sample(100, rng=1, months=3)
    >>> in_flight(leads, model, draws, periods, rng=2).deals.shape
    (100, 1, 3)
    """
    return open_simulation(leads, model, draws, periods, rng=rng).of_model(model.segments)


def open_simulation(
    leads: Leads,
    model: FunnelModel,
    draws: Drawn,
    periods: pd.PeriodIndex,
    *,
    rng: np.random.Generator | int,
    listed: int = LISTED,
    beyond: float = BEYOND,
    exchange: Mapping[str, float] | None = None,
    currency: str | None = None,
) -> OpenSimulation:
    """Return the simulation of open records; see :func:`in_flight` and ``pipeline``."""
    seeds = np.random.default_rng(rng).spawn(6)
    won = PastWins(leads, exchange, currency)
    kept: dict[Any, Any] = model.kept if won.rates is None and _knows(model, leads) else {}
    records = open_records(
        leads,
        model.by,
        most=listed,
        exchange=exchange,
        currency=currency,
        book=kept.get("book"),
    )
    book = records.book
    chances = residual_chances(model, draws, book, ends_of(leads, periods))
    if ("limits", beyond) not in kept:
        kept["limits", beyond] = known_limits(leads, model, beyond=beyond, stages=book.stages)
    limits = kept["limits", beyond]
    stale_days = limit_days(book, limits, leads.funnel.apart)
    single = records.single(chances.grid, stale_days)
    priced = records.priced & (single.row >= 0)
    own = single.at(priced)
    grouped = records.grouped(chances.grid, stale_days)
    n_stale = int(single.at(records.priced).stale.sum() + (grouped.n * grouped.stale).sum())
    if n_stale and ("stale", beyond) not in kept:
        kept["stale", beyond] = stale_past(leads, model, limits, won=won.table, stages=book.stages)
    stale = kept["stale", beyond] if n_stale else no_past(book.stages)
    ratios, amounts = won.changed(draws.n, seeds[0])
    segments = tuple(dict.fromkeys((*model.segments, *book.segments)))
    sizes = sizes_to_come(won.amounts(model, segments), seeds[1])
    worlds = Worlds(
        stale=stale.chance(ends_of(leads, periods), draws.n, seeds[2], stages=book.stages),
        ratios=ratios,
        paces=draws.paces(periods),
        together=_together(model, book, chances, draws.n, seeds[3]),
    )
    shape = (draws.n, len(book.segments), len(book.stages), len(periods))
    one_by_one = drawn_one_by_one(chances, own, worlds=worlds, shape=shape, rng=seeds[4])
    others = drawn_by_group(
        chances,
        grouped,
        worlds=worlds,
        shape=shape,
        sizes=sizes.of([segments.index(one) for one in book.segments]),
        rng=seeds[5],
        largest=float(own.amount.min()) if len(own) else 0.0,
    )
    return OpenSimulation(
        records=records,
        segments=segments,
        chances=chances,
        worlds=worlds,
        one_by_one=priced,
        single=one_by_one,
        grouped=others,
        sizes=sizes,
        stale=stale,
        stale_days=stale_days,
        n_stale=n_stale,
        amounts=amounts,
        past=won,
    )


def ends_of(leads: Leads, periods: pd.PeriodIndex) -> FloatArray:
    """Return the days after ``as_of`` at the end of months, shape ``(H,)``."""
    import pandas as pd

    zero = pd.Timestamp(leads.as_of)
    return np.array([(one.end_time.normalize() - zero).days for one in periods], float)


class PastWins:
    """Past won deals, fetched when they are asked for."""

    def __init__(
        self, leads: Leads, exchange: Mapping[str, float] | None, currency: str | None
    ) -> None:
        self.leads = leads
        self.rates = checked_rates(exchange, currency)
        self._table: pd.DataFrame | None = None

    @property
    def table(self) -> pd.DataFrame:
        """The won records."""
        if self._table is None:
            self._table = won_before(self.leads, self.rates)
        return self._table

    def amounts(self, model: FunnelModel, segments: tuple[Segment, ...]) -> list[FloatArray]:
        """Return the amounts of each segment: those that the model knows, if they are these."""
        if self.rates is None and _knows(model, self.leads) and model.sizes is not None:
            own = dict(zip(model.sizes.segments, model.sizes.amounts, strict=True))
            return [np.asarray(own.get(one, np.zeros(0))) for one in segments]
        return amounts_of(self.table, self.leads, model.by, segments)

    def changed(self, n: int, rng: np.random.Generator) -> tuple[FloatArray, str]:
        """Return what amounts come to on the way to the win; see ``changed_amounts``."""
        return changed_amounts(self.leads, lambda: self.table, n, rng)


def _knows(model: FunnelModel, leads: Leads) -> bool:
    """Return whether a model was fitted to these very leads."""
    return hasattr(model, "knows") and model.knows(leads)


def _together(
    model: FunnelModel, book: OpenBook, chances: Chances, n: int, rng: np.random.Generator
) -> FloatArray:
    """Return draws of how records of one account go together, shape ``(n, S, K)``."""
    expected = np.zeros(book.n.shape[:2])
    ever = chances.ever.mean(axis=0)
    for k, rows in chances.grid.row_of.items():
        expected[:, k] = (ever[:, rows] * book.n[:, k]).sum(axis=1)
    spreads = np.array([model.spreads.get(stage, 1.0) for stage in book.stages])
    return going_together(expected, spreads, n, rng)
