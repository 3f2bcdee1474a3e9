"""What a forecast of wins rested on, and the same as it came: the two sides of a miss."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError
from funnelkit.data.followed_up import LATER, NEW, OPEN, OTHER, followed_up
from funnelkit.forecast.money.created import entering
from funnelkit.forecast.money.result import BookingsForecast
from funnelkit.forecast.rolling.drivers import Drivers

if TYPE_CHECKING:
    from funnelkit.data.records import Leads
    from funnelkit.model import FunnelModel

FloatArray = NDArray[np.float64]
CELLS = (OPEN, NEW, LATER)
_DRAWS = 500


def drivers_ahead(
    forecast: BookingsForecast,
    model: FunnelModel,
    *,
    periods: int = 1,
    rng: int | np.random.Generator = 0,
) -> Drivers:
    """Return what a forecast of bookings rests on, for :func:`explain_miss`.

    Parameters
    ----------
    forecast
        Of :func:`funnelkit.forecast.bookings`, made on the last day of a month.
    model
        The model it was made with.
    periods
        How many of its months, from the first on.
    rng
        Seed or generator of the entries to come.

    Returns
    -------
    Drivers
        By cell: records in flight, not yet created, and without a lead. Wins and money are the
        forecast's own means; ``eventual`` is by the model's rates.

    Raises
    ------
    ArgumentError
        If the forecast is another one, has fewer months, or was made within a month.
    """
    if not isinstance(forecast, BookingsForecast):
        raise ArgumentError(
            f"`forecast` must be that of bookings(…); got {type(forecast).__name__}."
        )
    checks.positive_whole("periods", periods)
    if periods > len(forecast.periods):
        raise ArgumentError(
            f"`periods` must be at most {len(forecast.periods)}, as are forecast; got {periods}."
        )
    if forecast.as_of != model.as_of:
        raise ArgumentError(
            f"`model` must be the one of the forecast, as of {forecast.as_of.isoformat()}; it is "
            f"as of {model.as_of.isoformat()}."
        )
    if forecast.periods[0].start_time.date() <= forecast.as_of:
        raise ArgumentError(
            "`forecast` must be made on the last day of a month, so that its first month has not "
            f"begun; it is as of {forecast.as_of.isoformat()}."
        )
    generator = np.random.default_rng(rng)
    entered, eventual = np.zeros(len(CELLS)), np.zeros(len(CELLS))
    for k, stage in enumerate(model.stages[:-1]):
        standing = model.standing[:, k].astype(float)
        entered[0] += standing.sum()
        ages = np.flatnonzero(standing[:, :-1].any(axis=0))
        if not len(ages):
            continue
        chances = model.chances(stage, ages, [np.inf])[..., 0]
        known = standing[:, ages]
        spread = 1 + standing[:, -1] / np.maximum(known.sum(axis=1), 1)  # days not known
        eventual[0] += float((chances * known * spread[:, None]).sum())
    draws = model.sample(_DRAWS, rng=generator, months=periods)
    for point in model.arrivals.points:
        if point == model.stages[-1]:
            continue
        come, _ = entering(model, point, periods, n=_DRAWS, rng=generator)
        cell = CELLS.index(NEW if point == model.stages[0] else LATER)
        entered[cell] += float(come.mean(axis=0).sum())
        eventual[cell] += float((come * draws.won_of_entrants(point, periods)).mean(axis=0).sum())
    won = _means(forecast.deal_parts, periods)
    value = _means(forecast.parts, periods) if forecast.unit == "value" else None
    eventual = np.maximum(eventual, won)
    return Drivers(
        cells=CELLS,
        entered=np.maximum(entered, eventual),
        eventual=eventual,
        won=won,
        value=None if value is None else np.where(won > 0, value, 0.0),
    )


def drivers_came(
    leads: Leads, model: FunnelModel, *, since: dt.date | str, periods: int = 1
) -> Drivers:
    """Return the same as it came, for :func:`explain_miss`.

    Parameters
    ----------
    leads
        As they are now.
    model
        Fitted to them: it tells how many of the records that are still open will be won.
    since
        The day on which the forecast was made, the last one of a month.
    periods
        Months that it was of; they must be over.

    Returns
    -------
    Drivers
        By the cells of :func:`drivers_ahead`; ``eventual`` is the records won by now, and the
        model's chance of those that are still open. Wins that are in none of them (of records
        that were lost on that day, or are known as won and nothing else) are a cell of their own,
        so that all wins of the months are in it.

    Raises
    ------
    ArgumentError
        If the day is no end of a month, the months are not over, or the model is of other leads.
    """
    import pandas as pd

    day = leads.earlier("since", since)
    checks.positive_whole("periods", periods)
    first = pd.Period(day, freq="M") + 1
    if first.start_time.date() != day + dt.timedelta(days=1):
        raise ArgumentError(f"`since` must be the last day of a month; got {day.isoformat()}.")
    until = (first + periods - 1).end_time.date()
    if until > leads.as_of:
        raise ArgumentError(
            f"`periods`: {periods} from {first} end on {until.isoformat()}, and the leads are "
            f"known up to {leads.as_of.isoformat()}."
        )
    if model.as_of != leads.as_of or not model.of_funnel(leads.funnel.stages):
        raise ArgumentError(
            f"`model` must be fitted to these leads, as of {leads.as_of.isoformat()}; it is as of "
            f"{model.as_of.isoformat()}."
        )
    counts = followed_up(leads, day, until, by=model.by)
    n = counts["n"].to_numpy(float)
    cells = (*CELLS, OTHER) if (counts["origin"] == OTHER).any() else CELLS
    cell = np.array([cells.index(one) for one in counts["origin"]], dtype=np.int64)
    ever = np.where(counts["won"].to_numpy(bool), 1.0, 0.0)
    rows = counts[[f"by_{i}" for i in range(len(model.by))]].to_numpy(object).tolist()
    place = {segment: i for i, segment in enumerate(model.segments)}
    stands = _standing(leads.funnel.stages, model.stages)[counts["stage"].to_numpy()]
    for k, stage in enumerate(model.stages[:-1]):
        here = np.flatnonzero(stands == k)
        if not len(here):
            continue
        ages = np.maximum(counts["age"].to_numpy()[here], 0)
        chances = model.chances(stage, ages, [np.inf])[..., 0]
        own = [place[tuple(value or None for value in rows[i])] for i in here]
        ever[here] = chances[own, np.arange(len(here))]
    in_time = counts["in_time"].to_numpy(bool)
    won = _summed(cells, cell, n * in_time)
    money = counts["total"].astype(float).fillna(0.0).to_numpy()
    return Drivers(
        cells=cells,
        entered=_summed(cells, cell, n),
        eventual=np.maximum(_summed(cells, cell, n * ever), won),
        won=won,
        value=_summed(cells, cell, money * in_time) if leads.funnel.value is not None else None,
    )


def _standing(stages: tuple[str, ...], known: tuple[str, ...]) -> NDArray[np.int64]:
    """Return for each stage of the funnel, and -1, the place of the last one that is known."""
    places = [known.index(name) if name in known else -1 for name in stages]
    return np.append(np.maximum.accumulate(places), -1)


def _means(parts: Mapping[str, FloatArray], periods: int) -> FloatArray:
    """Return the mean of each cell over some months."""
    return np.array([float(parts[name][:, :periods].sum(axis=1).mean()) for name in CELLS])


def _summed(cells: tuple[str, ...], cell: NDArray[np.int64], values: FloatArray) -> FloatArray:
    return np.asarray(np.bincount(cell, weights=values, minlength=len(cells)), np.float64)
