"""`pipeline`: what today's open leads and deals will still bring, by month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.dates import day_name, earlier, period_name
from funnelkit.counts.open_book import OpenBook
from funnelkit.counts.triangle import Segment
from funnelkit.data.records import Leads
from funnelkit.forecast.open_pipeline.asked import months_ahead, months_ahead_of, refuse_unusable
from funnelkit.forecast.open_pipeline.listing_deals import listed_deals, plans_told
from funnelkit.forecast.open_pipeline.methods_beside import methods_of
from funnelkit.forecast.open_pipeline.outlook import outlook_of, sum_of
from funnelkit.forecast.open_pipeline.overriding import overridden
from funnelkit.forecast.open_pipeline.past_wins import by_month
from funnelkit.forecast.open_pipeline.plans import plans_of, plans_then
from funnelkit.forecast.open_pipeline.result import BOOKED, WON, PipelineForecast
from funnelkit.forecast.open_pipeline.simulation import open_simulation
from funnelkit.forecast.open_pipeline.sizes_to_come import SizesToCome
from funnelkit.forecast.open_pipeline.stages_told import stages_told
from funnelkit.forecast.open_pipeline.weighting import stage_weights
from funnelkit.forecast.result import Unit
from funnelkit.model import FunnelModel

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.forecast.rolling.overrides import Overrides

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

    Only what is open today is in it; :func:`funnelkit.forecast.bookings` adds leads still to come
    to this very simulation: with the same seed, draws and horizon its part in flight is this one.

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
    seeds = np.random.default_rng(rng).spawn(2)
    plans, unknown = plans_then(leads, plans_of(leads.funnel, close_date))
    periods, days = months_ahead(leads, horizon)
    months = months_ahead_of(model, periods)
    run = open_simulation(
        leads,
        model,
        model.sample(n_draws, rng=seeds[0], months=months),
        periods,
        rng=seeds[1],
        listed=listed,
        beyond=beyond,
        exchange=exchange,
        currency=currency,
    )
    records, book, sizes = run.records, run.book, run.own_sizes
    ratio = float(run.worlds.ratios.mean())
    parts = (outlook_of(run.single, ratio, sizes), outlook_of(run.grouped, ratio, sizes))
    outlook, fresh = run.listed_outlook()
    weights = stage_weights(leads)
    told, odd = plans_told(leads, records.listed, plans)
    table = listed_deals(
        leads,
        records,
        outlook,
        periods,
        fresh=fresh,
        told=told,
        weights=weights,
        changed=bool((run.worlds.ratios != 1).any()),
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
        plans={k: told[k][run.one_by_one] for k in ("planned_close", "crm_probability")},
    )
    won = run.won
    gone, seen = by_month(won, leads, model.by, book.segments, periods[0], money=False)
    _, brought = by_month(won, leads, model.by, book.segments, periods[0], money=True)
    notes = [*_begun(periods, leads), *_new(model, book.segments)]
    notes += [*records.notes(run.chances.grid), *unknown, *odd]
    notes += [run.stale.told(run.n_stale)] if run.n_stale else []
    if has_money:
        notes += [run.amounts, *_unpriced(book, sizes)]
    notes += said
    counts, money = run.deals, run.money
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
        stale=run.stale,
        weights=weights,
        table=table,
        beside=beside,
        stages=stages_told(run, parts, weights, has_money=has_money),
    )


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
