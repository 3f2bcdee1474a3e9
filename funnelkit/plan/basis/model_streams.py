"""What a model's open records bring, and deals that never start as a lead: joint draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit.counts.build import moments
from funnelkit.forecast.money import chance
from funnelkit.forecast.money.created import entering
from funnelkit.forecast.open_pipeline.simulation import OpenSimulation
from funnelkit.forecast.open_pipeline.sizes_to_come import SizesToCome
from funnelkit.model.drawing import usual
from funnelkit.model.onward import won_within
from funnelkit.plan.basis.channel import Stream
from funnelkit.plan.basis.lag import DayLag
from funnelkit.plan.basis.model_timing import chained

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads
    from funnelkit.model import FunnelModel, ModelDraws

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Setting(NamedTuple):
    """What both streams are drawn from."""

    model: FunnelModel
    draws: ModelDraws
    sizes: SizesToCome
    periods: pd.PeriodIndex
    rng: np.random.Generator


def open_records(of: Setting, leads: Leads, opened: OpenSimulation) -> Stream:
    """Return what open records bring, with what the running month has brought already."""
    model = of.model
    deals = np.array(opened.deals.sum(axis=1), float)
    value = np.array(opened.money.sum(axis=1), float)
    if model.arrivals.running:
        deals[:, 0] += model.arrivals.won[:, -1].sum()
        value[:, 0] += _booked(leads, model)
    n = int(model.open.sum())
    return Stream(
        name="in flight",
        deals=deals,
        value=deals if model.sizes is None else value,
        reach=entries_of_open(model, of.periods),
        source=f"{display.plural(n, 'open record')}, as the model has them",
        n=float(n),
        date=model.as_of,
    )


def _booked(leads: Leads, model: FunnelModel) -> float:
    """Return the money won in the running month."""
    found = moments(leads, by=[name for name in model.by if name not in leads.funnel.apart])
    here = found.periods.asfreq("M") == model.arrivals.months[-1]
    return float(found.total[:, here].astype(float).sum())


def without_a_lead(of: Setting) -> Stream:
    """Return what records bring that enter the funnel after its first stage."""
    model, ahead = of.model, len(of.periods)
    counts = np.zeros((of.draws.n, len(model.segments), ahead), np.int64)
    pace = of.draws.paces(of.periods)
    entrants: dict[str, FloatArray] = {}
    points = [one for one in model.arrivals.points[1:] if one != model.stages[-1]]
    for point in points:
        entered, _ = entering(model, point, ahead, n=of.draws.n, rng=of.rng)
        monthly = np.diff(model.timing_of_entrants(point, of.periods), axis=1, prepend=0.0)
        shares = chance.at_pace(np.broadcast_to(monthly, (of.draws.n, *monthly.shape)), pace)
        expected = np.matmul(entered * of.draws.won_of_entrants(point, ahead), shares)
        counts += chance.arriving(expected, spread=model.spreads[point], rng=of.rng)
        came = entries_of_entrants(model, point, entered.mean(axis=0), of.periods)
        for stage, records in came.items():
            entrants[stage] = entrants.get(stage, np.zeros(ahead)) + records
    value = counts.astype(float)
    if model.sizes is not None:
        value = of.sizes.sums(counts, of.rng)
    past = int(sum(model.arrivals.of(point).sum() for point in points))
    listed = display.listed([display.one_line(point) for point in points])
    return Stream(
        name="without a lead",
        deals=counts.sum(axis=1).astype(float),
        value=value.sum(axis=1),
        reach=entrants,
        source=f"records that enter at {listed}, as they have so far" if points else "none so far",
        n=float(past),
        date=model.as_of,
    )


def entries_of_open(model: FunnelModel, periods: pd.PeriodIndex) -> dict[str, FloatArray]:
    """Return how many open records are expected to come to each later stage, by month.

    Returns
    -------
    dict
        Stage between the first and the win -> shape ``(H,)``.
    """
    _, ends = model.days_of(periods)
    rates = usual(model)
    found = {stage: np.zeros(len(periods)) for stage in model.stages[1:-1]}
    for k, stage in enumerate(model.stages[:-2]):
        known, unknown = model.standing[:, k, :-1], model.standing[:, k, -1]
        ages = np.flatnonzero(known.any(axis=0))
        if not len(ages):
            continue
        standing = known[:, ages].astype(float)
        standing = standing * (1 + unknown / np.maximum(standing.sum(axis=1), 1))[:, None]
        ever = rates.still_moving(stage, ages)[0] * standing
        following = model.stages[k + 1]
        curves = [None, *chained(model, following)]
        for stage_to, then in zip(model.stages[k + 1 : -1], curves, strict=False):
            when = won_within(model.steps[k].passed, then, ages, ends.astype(float))
            found[stage_to] += ever.sum(axis=0) @ np.diff(when, axis=1, prepend=0.0)
            ever = ever * rates.moving_on(stage_to)[0][:, None]
    return found


def entries_of_entrants(
    model: FunnelModel, point: str, entered: FloatArray, periods: pd.PeriodIndex
) -> dict[str, FloatArray]:
    """Return how many of those who enter at a stage come there and to each later one, by month.

    Parameters
    ----------
    model
        The model.
    point
        Stage at which they enter.
    entered
        Expected records by segment and month of entry, shape ``(S, H)``.
    periods
        Months.
    """
    rates = usual(model)
    found = {point: np.asarray(entered.sum(axis=0))}
    left = np.array(entered)
    for before, curve in zip(model.after(point), chained(model, point), strict=False):
        target = model.stages[model.stages.index(before) + 1]
        if target == model.stages[-1]:
            break
        left = left * rates.moving_on(before)[0][:, None]
        found[target] = left.sum(axis=0) @ DayLag(curve).within(periods, model.as_of)
    return found
