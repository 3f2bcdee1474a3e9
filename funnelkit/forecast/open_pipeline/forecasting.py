"""`pipeline`: what today's open leads and deals will still bring, by month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import day_name, earlier, period_name
from funnelkit.counts.open_book import OpenBook
from funnelkit.counts.triangle import Segment
from funnelkit.data.ledgers.exchange import checked_rates
from funnelkit.data.records import Leads
from funnelkit.forecast.open_pipeline.asked import months_ahead, refuse_unusable
from funnelkit.forecast.open_pipeline.chances import Chances, residual_chances
from funnelkit.forecast.open_pipeline.listing_deals import listed_deals, plans_told
from funnelkit.forecast.open_pipeline.methods_beside import methods_of
from funnelkit.forecast.open_pipeline.open_records import open_records
from funnelkit.forecast.open_pipeline.outlook import outlook_of, sum_of
from funnelkit.forecast.open_pipeline.overriding import overridden
from funnelkit.forecast.open_pipeline.past_wins import (
    amounts_of,
    by_month,
    changed_amounts,
    won_before,
)
from funnelkit.forecast.open_pipeline.plans import plans_of, plans_then
from funnelkit.forecast.open_pipeline.result import BOOKED, WON, PipelineForecast
from funnelkit.forecast.open_pipeline.simulating import (
    Records,
    Worlds,
    drawn_by_group,
    drawn_one_by_one,
    going_together,
)
from funnelkit.forecast.open_pipeline.sizes_to_come import SizesToCome, sizes_to_come
from funnelkit.forecast.open_pipeline.staleness import limit_days, no_past, stale_past
from funnelkit.forecast.open_pipeline.weighting import stage_weights
from funnelkit.forecast.result import Unit
from funnelkit.metrics.cycle.stale import limits
from funnelkit.model import FunnelModel

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.forecast.rolling.overrides import Overrides

FloatArray = NDArray[np.float64]
METHOD = "residual chances by stage and age"
REASON = (
    "Each open record is won by the share of the past records that stood at its stage for as long, "
    "at today's rates, with losses competing."
)


def pipeline(
    leads: Leads,
    model: FunnelModel,
    horizon: int = 6,
    *,
    unit: Unit | None = None,
    overrides: Mapping[str, float] | pd.DataFrame | Overrides | None = None,
    listed: int = 2000,
    beyond: float = 0.99,
    close_date: str | None = None,
    exchange: Mapping[str, float] | None = None,
    currency: str | None = None,
    n_draws: int = 2000,
    rng: int | np.random.Generator = 0,
) -> PipelineForecast:
    """Return what today's open leads and deals will still bring, by month.

    Parameters
    ----------
    leads
        The data; their ``as_of`` is today.
    model
        Of :func:`funnelkit.fit_funnel`, of the same funnel, fitted on these leads or on what was
        known of them on an earlier day. Its segments are the series.
    horizon
        Months; the first is the month of the day after ``as_of``, and may have begun.
    unit
        What the forecast itself is in: ``"value"`` (default where the funnel has amounts) or
        ``"count"``. The other is :attr:`PipelineForecast.counts` or
        :attr:`PipelineForecast.value`, from the same draws.
    overrides
        What people expect of single deals: id -> value, a frame with ``deal`` and ``value``, or
        :func:`funnelkit.forecast.read_overrides`. They stand beside the forecast, never in it.
    listed
        How many deals are listed, and simulated, one by one: the largest amounts first, then
        those furthest on. All others are grouped by segment, stage and age.
    beyond
        A record is stale when it has stood at its stage for longer than this share of the deals
        ever won took from there to the win.
    close_date
        The column of ``keep`` with the planned close date; by default the one of that name.
    exchange, currency
        What one unit of each currency is worth in the one.
    n_draws
        Number of joint draws.
    rng
        Seed or generator.

    Returns
    -------
    PipelineForecast
        Won deals and their money by month; ``deals()`` lists the deals, ``methods()`` puts the
        classical pipeline and the CRM's own probability beside it.

    Raises
    ------
    ArgumentError
        If the model is of another funnel or knows the future, or another argument cannot be used.
    DataError
        If amounts stand in several currencies and there is no rate for one of them.
    EvidenceError
        If the model has no chance for any stage that holds open records, or money is asked for
        and the funnel has no amounts.

    Notes
    -----
    A record at a stage for a days is won within d more with the model's residual chance. Draws
    share the model's rates and timing, the pace of each civil month, the chance of stale records
    and the past sizes of deals, so that these doubts do not average out over deals and months;
    chance is drawn for each deal. Deals with an amount bring it whole or not at all, times what
    amounts came to in the past where their history is known. Others bring the amount of a past
    won deal of the segment; few of these borrow from all (see ``sizes_to_come``).

    Records that are stale have the chance of those that were stale within the last year, mixed
    with the model's where these were few (see ``staleness``).

    Only what is open today is in it; :func:`funnelkit.forecast.bookings` adds leads still to come.

    References
    ----------
    Meeker and Escobar (1998), Statistical Methods for Reliability Data, chapter 12 (predicting
    from units at risk); Rubin (1981), Annals of Statistics 9, 130-134 (Bayesian bootstrap).

    Examples
    --------
    >>> import funnelkit as fk
    >>> from funnelkit.model import fit_funnel
    >>> leads = fk.make_leads(2000, rng=1)
    >>> ahead = pipeline(leads, fit_funnel(leads), 3, n_draws=500)
    >>> [str(month) for month in ahead.periods], ahead.unit
    (['2026-07', '2026-08', '2026-09'], 'value')
    >>> deals = ahead.deals()
    >>> bool((deals["p_win"] >= deals["p_win_in_horizon"]).all())
    True
    """
    refuse_unusable(leads, model, horizon, listed=listed, unit=unit)
    checks.positive_whole("n_draws", n_draws)
    seeds = np.random.default_rng(rng).spawn(7)
    plans, unknown = plans_then(leads, plans_of(leads.funnel, close_date))
    records = open_records(leads, model.by, most=listed, exchange=exchange, currency=currency)
    book = records.book
    periods, days = months_ahead(leads, horizon)
    first = int(seeds[0].integers(2**31))
    chances = residual_chances(model, book, days, n_draws=n_draws, seed=first)
    won = won_before(leads, checked_rates(exchange, currency))
    found = limits(leads, book.stages, beyond=beyond)
    stale_days = limit_days(book, found, leads.funnel.apart)
    single = records.single(chances.grid, stale_days)
    grouped = records.grouped(chances.grid, stale_days)
    n_stale = int(single.at(records.priced).stale.sum() + (grouped.n * grouped.stale).sum())
    past = stale_past(leads, model, found, won=won) if n_stale else no_past(book.stages)
    ratios, amounts = changed_amounts(leads, won, n_draws, seeds[2])
    stale = past.chance(days, n_draws, seeds[1], stages=book.stages)
    worlds = Worlds(
        stale=stale,
        ratios=ratios,
        paces=_paces(model, periods, n_draws, seeds[3]),
        together=_together(model, book, chances, n_draws, seeds[6]),
    )
    sizes = sizes_to_come(amounts_of(won, leads, model.by, book.segments), seeds[4])
    shape = (n_draws, len(book.segments), horizon)
    kept = records.priced & (single.row >= 0)
    own = single.at(kept)
    counts, money = _drawn(chances, (own, grouped), worlds, sizes, shape=shape, rng=seeds[5])
    outlook = outlook_of(chances, single, worlds, sizes)
    parts = (outlook_of(chances, own, worlds, sizes), outlook_of(chances, grouped, worlds, sizes))
    weights = stage_weights(leads)
    told, odd = plans_told(leads, records.listed, plans)
    table = listed_deals(
        leads,
        records,
        outlook,
        periods,
        told=told,
        weights=weights,
        changed=bool((ratios != 1).any()),
    )
    table, said = overridden(table, overrides, leads.funnel.id)
    has_money = leads.funnel.value is not None
    expected = [sum_of(parts, len(book.segments), money=flag) for flag in (False, True)]
    beside = methods_of(
        weights,
        records,
        parts,
        periods,
        days,
        plans={k: told[k][kept] for k in ("planned_close", "crm_probability")},
    )
    gone, seen = by_month(won, leads, model.by, book.segments, periods[0], money=False)
    _, brought = by_month(won, leads, model.by, book.segments, periods[0], money=True)
    notes = [*_begun(periods, leads), *_new(model, book.segments)]
    notes += [*records.notes(chances.grid), *unknown, *odd]
    notes += [past.told(n_stale)] if n_stale else []
    if has_money:
        notes += [amounts, *_unpriced(book, sizes)]
    notes += said
    main: Unit = unit or ("value" if has_money else "count")
    in_money = main == "value"
    return PipelineForecast(
        what=BOOKED if in_money else WON,
        unit=main,
        by=book.by,
        segments=book.segments,
        periods=periods,
        draws=money if in_money else counts,
        expected=expected[in_money],
        gone=gone,
        observed=brought if in_money else seen,
        so_far=np.zeros(len(book.segments)),
        as_of=leads.as_of,
        method=METHOD,
        reason=REASON,
        n=int(book.n.sum()),
        currency=book.currency or currency or model.currency,
        notes=tuple(notes),
        count_draws=counts,
        money_draws=money if has_money else None,
        expected_counts=expected[0],
        expected_money=expected[1] if has_money else None,
        won_before=seen,
        money_before=brought if has_money else None,
        stale=past,
        weights=weights,
        table=table,
        beside=beside,
    )


def _paces(
    model: FunnelModel, periods: pd.PeriodIndex, n: int, rng: np.random.Generator
) -> FloatArray:
    """Return draws of how quick each month to come is in winning, shape ``(n, H)``."""
    if model.rhythm is None:
        return np.ones((n, len(periods)))
    return model.rhythm.sample_factors(n, periods, rng=rng)


def _together(
    model: FunnelModel, book: OpenBook, chances: Chances, n: int, rng: np.random.Generator
) -> FloatArray:
    """Return draws of how records of one account go together, shape ``(n, S, K)``."""
    expected = np.zeros(book.n.shape[:2])
    ever = chances.mean[..., -1]
    for k, rows in chances.grid.row_of.items():
        expected[:, k] = (ever[:, rows] * book.n[:, k]).sum(axis=1)
    spreads = np.array([model.spreads.get(stage, 1.0) for stage in book.stages])
    return going_together(expected, spreads, n, rng)


def _drawn(
    chances: Chances,
    parts: tuple[Records, Records],
    worlds: Worlds,
    sizes: SizesToCome,
    *,
    shape: tuple[int, int, int],
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """Return joint draws of won deals and money: of deals one by one, and of all others."""
    single, grouped = parts
    won, money = drawn_one_by_one(chances, single, worlds=worlds, shape=shape, rng=rng)
    largest = float(single.amount.min()) if len(single) else 0.0
    blank, others, theirs = drawn_by_group(
        chances, grouped, worlds=worlds, shape=shape, rng=rng, largest=largest
    )
    return won + others, money + theirs + sizes.sums(blank, rng)


def _begun(periods: pd.PeriodIndex, leads: Leads) -> list[str]:
    """Return that the first month has begun, if it has."""
    day = earlier(leads.as_of, -1)
    if periods[0].start_time.date() == day:
        return []
    return [f"{period_name(periods[0])} counts from {day_name(day)} on."]


def _new(model: FunnelModel, segments: Sequence[Segment]) -> list[str]:
    """Return which segments the model does not know."""
    new = [display.segment_name(one) for one in segments if one not in model.segments]
    if not new:
        return []
    names = display.listed(new[:5])
    return [f"The model does not know {names}; the mean of the other segments is taken."]


def _unpriced(book: OpenBook, sizes: SizesToCome) -> list[str]:
    """Return how records without an amount were valued."""
    blank = int((book.n - book.known + book.negative).sum())
    if not blank:
        return []
    has = "has" if blank == 1 else "have"
    text = f"{display.plural(blank, 'open record')} {has} no amount"
    if n := int(sizes.n.sum()):
        return [f"{text} and would bring that of one of {display.plural(n, 'past won deal')}."]
    return [f"{text}, and no past won deal has one: they count as 0."]
