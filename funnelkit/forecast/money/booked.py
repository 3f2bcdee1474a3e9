"""`bookings`: what open and future records will bring, from one simulation of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError
from funnelkit.forecast.money import chance
from funnelkit.forecast.money.created import entering
from funnelkit.forecast.money.result import PARTS, BookingsForecast
from funnelkit.forecast.open_pipeline.simulation import open_simulation
from funnelkit.forecast.open_pipeline.sizes_to_come import SizesToCome
from funnelkit.forecast.result import Forecast

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads
    from funnelkit.model import FunnelModel

FloatArray = NDArray[np.float64]


def bookings(
    leads: Leads,
    model: FunnelModel,
    *,
    horizon: int = 12,
    n_draws: int = 2000,
    rng: np.random.Generator | int = 0,
) -> BookingsForecast:
    """Return the deals that will be won by month, and what they are worth.

    Parameters
    ----------
    leads
        The data that the model was fitted to.
    model
        Of :func:`~funnelkit.fit_funnel`; its segments are the series.
    horizon
        Civil months. The month of ``as_of`` is the first of them where it is not over, with what
        it has brought so far.
    n_draws
        Number of joint draws.
    rng
        Generator or seed; the same seed gives the same forecast.

    Returns
    -------
    BookingsForecast
        Money by month and segment (won deals where no amount is known), with the deals beside it,
        what it is made of, and the chance of any target.

    Raises
    ------
    ArgumentError
        If the model is of other leads, or a number cannot be used.

    Notes
    -----
    One simulation. In each draw, the rates of all steps are drawn once and hold for open records
    and for those still to enter, in all months, so that what is not known of them does not
    average out; rates wander on as they have so far. Months are quick or slow for all. On top
    comes chance, larger where records of one account go together.

    Open records: the simulation of :func:`~funnelkit.forecast.pipeline`, which the same seed
    repeats. Records to come: a forecast of entries at each point of entry, times the rate, spread
    over months by the days to the win. Each of them brings the amount of a won deal of its segment;
    few of these borrow from all, and what is not known of them is shared with the open ones.

    Examples
    --------
    >>> import funnelkit as fk
    >>> leads = fk.make_leads(4000, rng=1)
    >>> forecast = bookings(leads, fk.fit_funnel(leads), horizon=3, n_draws=200)
    >>> [str(month) for month in forecast.periods]
    ['2026-07', '2026-08', '2026-09']
    >>> bool(0 <= forecast.probability(1_000_000, until="2026-08") <= 1)
    True
    """
    import pandas as pd

    checks.positive_whole("horizon", horizon)
    checks.positive_whole("n_draws", n_draws)
    if leads.as_of != model.as_of or not model.of_funnel(leads.funnel.stages):
        raise ArgumentError(
            f"`model` must be fitted to these leads: it is as of {model.as_of.isoformat()} with "
            f"{' -> '.join(model.stages)}; `leads` are as of {leads.as_of.isoformat()}."
        )
    seeds = np.random.default_rng(rng).spawn(3)
    arrivals = model.arrivals
    periods = pd.period_range(model.first_month, periods=horizon, freq="M")
    draws = model.sample(n_draws, rng=seeds[0], months=horizon)
    opened = open_simulation(leads, model, draws, periods, rng=seeds[1])
    today = opened.of_model(model.segments)
    counts: dict[str, FloatArray] = {
        "won": _so_far(model, n_draws, horizon),
        "in flight": today.deals,
    }
    methods = []
    for name in PARTS[2:]:
        counts[name] = np.zeros((n_draws, len(model.segments), horizon))
    pace = draws.paces(periods)
    for point in arrivals.points:
        if point == model.stages[-1]:
            continue  # recorded as won and nothing else: in no rate
        entered, method = entering(model, point, horizon, n=n_draws, rng=seeds[2])
        by_end = model.timing_of_entrants(point, periods)
        shares = chance.at_pace(np.diff(by_end, axis=1, prepend=0.0)[None], pace)
        wins = entered * draws.won_of_entrants(point, horizon)
        expected = np.matmul(wins, shares)
        part = PARTS[2] if point == model.stages[0] else PARTS[3]
        counts[part] = counts[part] + chance.arriving(
            expected, spread=model.spreads[point], rng=seeds[2]
        )
        methods.append(method)
    said = f"open records and records to come ({methods[0]}), by one simulation of the funnel"
    made = _Made(periods, counts, today.value, opened.sizes, said)
    return _assembled(leads, model, made, seeds[2])


def _so_far(model: FunnelModel, n: int, horizon: int) -> FloatArray:
    """Return what the running month has brought already, shape ``(n, S, H)``."""
    found = np.zeros((n, len(model.segments), horizon))
    if model.arrivals.running:
        found[:, : len(model.arrivals.segments), 0] = model.arrivals.won[:, -1]
    return found


class _Made(NamedTuple):
    """Won deals by part, shape ``(n, S, H)`` each, in which months, and how.

    ``today`` is the money of those in flight; ``sizes`` what any other deal brings.
    """

    periods: pd.PeriodIndex
    counts: dict[str, FloatArray]
    today: FloatArray
    sizes: SizesToCome
    method: str


def _assembled(
    leads: Leads, model: FunnelModel, made: _Made, rng: np.random.Generator
) -> BookingsForecast:
    """Return the result from won deals by part."""
    periods, counts, today, sizes, said = made
    arrivals = model.arrivals
    whole = len(arrivals.months) - arrivals.running
    observed = np.zeros((len(model.segments), whole))
    observed[: len(arrivals.segments)] = arrivals.won[:, :whole]
    won = np.asarray(sum(counts.values()))
    so_far = counts["won"][0, :, 0].astype(float)
    shared: dict[str, Any] = {
        "by": model.by,
        "segments": model.segments,
        "periods": periods,
        "gone": arrivals.months[:whole],
        "as_of": model.as_of,
        "method": said,
        "reason": "open records tell of the next months what a series of wins does not know yet",
        "n": model.n,
        "notes": model.notes,
    }
    deals = Forecast(
        what="won deals",
        unit="count",
        draws=won,
        expected=won.mean(axis=0),
        observed=observed,
        so_far=so_far,
        **shared,
    )
    parts = {name: one.sum(axis=1) for name, one in counts.items()}
    if model.sizes is None:
        return BookingsForecast(
            what="won deals",
            unit="count",
            draws=won,
            expected=won.mean(axis=0),
            observed=observed,
            so_far=so_far,
            deals=deals,
            parts=parts,
            deal_parts=parts,
            **shared,
        )
    known, booked = _booked(leads, model, whole)
    values = {"won": np.zeros(won.shape), "in flight": today}
    values["won"][..., 0] = booked
    for name in PARTS[2:]:
        values[name] = sizes.sums(counts[name].astype(np.int64), rng)
    money = np.asarray(sum(values.values()))
    return BookingsForecast(
        what="bookings",
        unit="value",
        draws=money,
        expected=money.mean(axis=0),
        observed=known,
        so_far=booked,
        deals=deals,
        parts={name: one.sum(axis=1) for name, one in values.items()},
        deal_parts=parts,
        currency=model.currency,
        **shared,
    )


def _booked(leads: Leads, model: FunnelModel, whole: int) -> tuple[FloatArray, FloatArray]:
    """Return the money won in each whole month gone by, and in the running one."""
    from funnelkit.counts.build import moments

    found = moments(leads, by=[name for name in model.by if name not in leads.funnel.apart])
    months = model.arrivals.months
    total = np.zeros((len(model.segments), len(months)))
    place = months.get_indexer(found.periods.asfreq("M"))
    for i, segment in enumerate(found.segments):
        row = model.segments.index(segment)
        total[row, place[place >= 0]] += found.total[i, place >= 0].astype(float)
    running = total[:, -1] if model.arrivals.running else np.zeros(len(total))
    return total[:, :whole], running
