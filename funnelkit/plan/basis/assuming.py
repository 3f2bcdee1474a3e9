"""`assume`: what a plan stands on, read off a fitted model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, numbered
from funnelkit.data.ledgers.ledger import Ledger
from funnelkit.data.records import Leads
from funnelkit.forecast.open_pipeline.simulation import open_simulation
from funnelkit.model import FunnelModel
from funnelkit.plan.basis.assumptions import Assumptions
from funnelkit.plan.basis.channel import Channel, Stream
from funnelkit.plan.basis.model_arrivals import recent, season_of
from funnelkit.plan.basis.model_costs import costs_by_channel
from funnelkit.plan.basis.model_rates import ChannelRates, correlations_of, rates_of
from funnelkit.plan.basis.model_sizes import Worth, amounts_to_come, sizes_of
from funnelkit.plan.basis.model_streams import Setting, open_records, without_a_lead
from funnelkit.plan.basis.model_timing import lag_of, reach_of
from funnelkit.plan.basis.priors import like
from funnelkit.plan.basis.stated_parts import Reader
from funnelkit.plan.basis.stated_streams import stated_stream

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan.basis.estimate import Estimate

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_LIKE = ("like", "give_or_take", "worth", "counts", "value", "lag", "cost")


def assume(
    model: FunnelModel,
    *,
    in_flight: Leads | Stream | float | tuple[float, float] | None = None,
    horizon: int = 12,
    by: str | Sequence[str] | None = None,
    costs: Mapping[str, Any] | Ledger | None = None,
    priors: Mapping[str, Any] | None = None,
    n_draws: int = 2000,
    rng: np.random.Generator | int = 0,
) -> Assumptions:
    """Return what a plan stands on, read off a fitted model, which is not fitted again.

    Parameters
    ----------
    model
        Of :func:`~funnelkit.fit_funnel`; its segments are the channels.
    in_flight
        The leads that the model was fitted to: what is open among them, and what the running
        month has brought already. Or what is stated instead: a total, ``(mean, sd)``, or a
        :class:`~funnelkit.plan.Stream`. ``None``: nothing is in flight, as from a cold start.
    horizon
        Months of the plan. The month of ``as_of`` is the first of them where it is not over.
    by
        Some of the model's segment columns: segments that share them are one channel. Default:
        each segment is one.
    costs
        Channel -> cost of a lead: a number, ``(mean, sd)`` or an
        :class:`~funnelkit.plan.Estimate`; or what :func:`~funnelkit.read_spend` returns.
    priors
        Channels without history: name -> a :class:`~funnelkit.plan.Channel`, or a mapping with
        ``"like"``, the channel it is like, and what else :func:`~funnelkit.plan.like` takes.
    n_draws
        Joint draws of what is in doubt.
    rng
        Generator or seed; the same seed gives the same assumptions.

    Returns
    -------
    Assumptions
        Rates, lags, deal sizes, open records and deals without a lead, all from one set of joint
        draws.

    Raises
    ------
    ArgumentError
        If an argument cannot be used; costs with every problem at once.

    Notes
    -----
    What is not known is one set of draws: draw d of the rates goes with draw d of what is in
    flight, of the deals without a lead, and of the sizes of deals.

    Rates are those of leads that enter now, the mean of the model's last six cohorts, with the
    walk that goes on from month to month in the draws; the product of the steps is corrected by
    the share won seen directly. Cohorts that differ beside the walk, and records of one account,
    are in the correlation of leads (``model_rates.correlations_of``). The lag is that of all
    segments together, its doubt that of its conversions and of the pace of months
    (``model_timing.lag_of``), shared by all channels. A deal's size borrows from all as in
    :func:`~funnelkit.forecast.bookings`. Open records are the simulation of
    :func:`~funnelkit.forecast.pipeline`, with their own amounts. Months of the year from two
    years of arrivals on.

    Examples
    --------
    >>> import funnelkit as fk
    >>> leads = fk.make_leads(1000, rng=1)
    >>> plan_on = assume(fk.fit_funnel(leads), in_flight=leads, horizon=6, n_draws=100)
    >>> plan_on.names, [str(month) for month in plan_on.periods[:2]]
    (('all',), ['2026-07', '2026-08'])
    """
    import pandas as pd

    _refuse(model, in_flight, horizon, n_draws)
    generator = np.random.default_rng(rng)
    periods = pd.period_range(model.first_month, periods=horizon, freq="M")
    names, groups = _channels(model, by)
    priced, unpriced = costs_by_channel(costs, model, names, groups)
    draws = model.sample(n_draws, rng=generator, months=horizon)
    weights = recent(model)
    share = np.array([weights[group].sum() for group in groups])
    rates = rates_of(model, draws, groups, weights, horizon)
    leads = in_flight if isinstance(in_flight, Leads) else None
    opened = None
    if leads is not None:
        opened = open_simulation(leads, model, draws, periods, rng=generator)
        to_come = opened.sizes.of(range(len(model.segments)))
    else:
        to_come = amounts_to_come(model, generator)
    wins = weights * draws.won_from(model.stages[0]).mean(axis=0)
    sizes = sizes_of(model, to_come, groups, wins, n_draws)
    of = Setting(model, draws, to_come, periods, generator)
    if leads is not None and opened is not None:
        open_ = open_records(of, leads, opened)
    else:
        open_ = _stated(in_flight, periods, n_draws, size=_usual_size(sizes, share))
    season, shows = season_of(model, periods)
    notes = _notes(model, shows=shows, alone=in_flight is None)
    found = Assumptions(
        stages=model.stages,
        periods=periods,
        as_of=model.as_of,
        channels=_channels_of(model, names, rates=rates, sizes=sizes, share=share, priced=priced),
        in_flight=open_,
        direct=without_a_lead(of),
        n_draws=n_draws,
        currency=model.currency,
        mix=share / share.sum() if share.sum() else None,
        season=season,
        by=tuple(model.by),
        notes=(*notes, *unpriced, *model.notes),
    )
    return _with_priors(found, priors)


def _channels_of(
    model: FunnelModel,
    names: list[str],
    *,
    rates: list[ChannelRates],
    sizes: list[Worth],
    share: FloatArray,
    priced: Mapping[str, Estimate],
) -> tuple[Channel, ...]:
    """Return the channels; days are those of all together."""
    lag, lag_sd, timing = lag_of(model)
    reach = reach_of(model)
    together, why = correlations_of(model, [one.steps for one in rates], share)
    return tuple(
        Channel(
            name=name,
            rates=rates[c].steps,
            lag=lag,
            lag_sd=lag_sd,
            timing="of the model",
            size=sizes[c].mean,
            size_cv=sizes[c].cv,
            correlation=together[c],
            cost=priced.get(name),
            ratio=rates[c].ratio,
            reach=reach,
            joint=rates[c].joint,
            size_joint=sizes[c].joint,
            origins={"lag": timing, "correlation": why, "spread": sizes[c].origin},
        )
        for c, name in enumerate(names)
    )


def _usual_size(sizes: list[Worth], share: FloatArray) -> float | None:
    """Return the mean value of a deal over the channels; ``None`` where deals are counted."""
    means = [one.mean.value for one in sizes if one.mean is not None]
    if len(means) < len(sizes):
        return None
    return float(np.average(means, weights=share if share.sum() else None))


def _refuse(model: object, in_flight: object, horizon: int, n_draws: int) -> None:
    """Refuse arguments that do not fit."""
    if not isinstance(model, FunnelModel):
        raise ArgumentError(
            f"`model` must be what fk.fit_funnel returns; got {type(model).__name__}. Rates that "
            "are stated go to fk.plan.stated."
        )
    checks.positive_whole("horizon", horizon)
    checks.positive_whole("n_draws", n_draws)
    if isinstance(in_flight, Leads) and (
        in_flight.as_of != model.as_of or not model.of_funnel(in_flight.funnel.stages)
    ):
        raise ArgumentError(
            f"`in_flight` must be the leads that `model` was fitted to, as of "
            f"{model.as_of.isoformat()} with {' -> '.join(model.stages)}; got leads as of "
            f"{in_flight.as_of.isoformat()} with {' -> '.join(in_flight.funnel.stages)}."
        )


def _channels(
    model: FunnelModel, by: str | Sequence[str] | None
) -> tuple[list[str], list[IntArray]]:
    """Return names of the channels, and the positions of their segments."""
    columns = model.by if by is None else ((by,) if isinstance(by, str) else tuple(by))
    for name in columns:
        checks.member("by", "segment column of the model", name, model.by)
    place = [model.by.index(name) for name in columns]
    kept: dict[tuple[str | None, ...], list[int]] = {}
    for i, segment in enumerate(model.segments):
        kept.setdefault(tuple(segment[p] for p in place), []).append(i)
    names: list[str] = []
    for labels in kept:
        said = display.segment_name(labels) if labels else "all"
        name, copy = said, 1
        while name in names:
            copy += 1
            name = f"{said} ({copy})"
        names.append(name)
    return names, [np.array(one, np.int64) for one in kept.values()]


def _with_priors(found: Assumptions, priors: Mapping[str, Any] | None) -> Assumptions:
    """Return assumptions with channels that have no history of their own."""
    problems: list[str] = []
    channels = []
    for name, one in (priors or {}).items():
        said = display.one_line(str(name))
        if isinstance(one, Channel):
            channels.append(replace(one, name=str(name)))
            continue
        if not isinstance(one, Mapping):
            problems.append(
                f"`priors`: {said!r} must be a channel, or a mapping with what fk.plan.like takes; "
                f"got {one!r}."
            )
            continue
        try:
            for key in one:
                checks.one_of(f"priors {said}", str(key), _LIKE)
            given = {key: value for key, value in one.items() if key != "like"}
            channels.append(like(found, one.get("like"), name=str(name), **given))
        except ArgumentError as reason:
            problems.append(f"`priors` {said!r}: {reason}")
    if problems:
        raise ArgumentError(numbered(problems))
    return found.with_channels(*channels) if channels else found


def _stated(given: Any, periods: pd.PeriodIndex, n_draws: int, *, size: float | None) -> Stream:
    """Return what is stated of open records in place of the model's."""
    problems: list[str] = []
    found = stated_stream(
        given,
        "in flight",
        argument="in_flight",
        periods=periods,
        n_draws=n_draws,
        size=size,
        reader=Reader(problems),
    )
    if problems:
        raise ArgumentError(numbered(problems))
    return found


def _notes(model: FunnelModel, *, shows: bool, alone: bool) -> list[str]:
    """Return what a reader must know."""
    walks = [model.walk(stage) for stage in model.stages[:-1]]
    wander = (
        "Rates wander on from month to month as they have so far "
        f"(logits by {display.listed([f'{walk:.3f}' for walk in walks])} a month); that is in the "
        "draws of the rates. How cohorts differ beside it is in the correlation of leads."
    )
    notes = [wander]
    if model.rhythm is not None:
        notes.append(
            "Months are quick or slow for all that is in flight; new leads take the usual pace of "
            "a month by its place in the quarter, and the rest is in the doubt of their lag."
        )
    if not shows:
        notes.append("Leads are spread evenly over months: the year does not show in their counts.")
    if alone and model.open.any():
        open_ = display.plural(int(model.open.sum()), "record")
        notes.append(f"What is open is not counted ({open_}): give the leads as `in_flight`.")
    recorded = 0
    if model.stages[-1] in model.arrivals.points[1:]:
        recorded = int(model.arrivals.of(model.stages[-1]).sum())
    if recorded:
        notes.append(
            f"{display.plural(recorded, 'deal')} recorded as won and nothing else are in no rate, "
            "and none like them is expected."
        )
    return notes
