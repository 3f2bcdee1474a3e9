"""What is open, how much of it is won in a period, and how soon what is created is won."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.counts.came_since import ALREADY, came_since
from funnelkit.counts.opened import open_book

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.counts.open_book import OpenBook
    from funnelkit.data.records import Leads
    from funnelkit.forecast.result import Unit
    from funnelkit.model import FunnelModel

FloatArray = NDArray[np.float64]
RECENT = 6
"""Full months whose mean is what is created as usual."""
_DRAWS = 400


class Now(NamedTuple):
    """What is open and won, and what created pipeline brings.

    ``worth`` is what is open, ``wins`` what of it is expected to be won in the period, ``won`` what
    is won in it already, ``yields`` the share of what is created in each month that is won in the
    period, ``usual`` what is created in a month as of late.
    """

    worth: float
    wins: float
    won: float
    yields: FloatArray
    usual: float
    currency: str | None
    notes: tuple[str, ...]


def pipeline_now(
    leads: Leads,
    model: FunnelModel,
    *,
    stage: str,
    period: pd.PeriodIndex,
    months: pd.PeriodIndex,
    unit: Unit,
    exchange: Mapping[str, float] | None = None,
    currency: str | None = None,
) -> Now:
    """Return what is open at a stage or after it, and what comes of it.

    Parameters
    ----------
    leads, model
        The model is fitted to the leads.
    stage
        Where the pipeline begins.
    period
        Months of the target.
    months
        Months from the first day that is not known to the end of the period.
    unit
        Money, or deals.
    exchange, currency
        What one unit of each currency is worth in the one.
    """
    book = open_book(
        leads, by=model.by, money=unit == "value", exchange=exchange, currency=currency
    )
    worth, notes = _worth(book, model.stages.index(stage), unit)
    _, ends = model.days_of(months)
    before = (period[0].start_time.date() - model.as_of).days - 1
    days = np.array([max(before, 0), ends[-1]], float)
    shares = _shares(book, model, days)
    place = [model.segments.index(segment) for segment in book.segments]
    wins = float((worth * shares[place]).sum())
    recent = leads.count(stage, every="month")
    full = recent[[one.end_time.date() <= leads.as_of for one in recent.index]]
    count = float(full.to_numpy(float)[-RECENT:].mean()) if len(full) else np.nan
    n = book.n[:, model.stages.index(stage) :].sum()
    each = float(worth.sum() / n) if n else np.nan
    won = 0.0
    if period[0].start_time.date() <= leads.as_of:
        came = came_since(
            leads,
            leads.as_of,
            begin=period[0].start_time.date(),
            until=leads.as_of,
            exchange=exchange,
            currency=currency,
        ).counts
        rows = came[came["origin"] == ALREADY]
        won = float(rows["total" if unit == "value" else "n"].astype(float).sum())
    return Now(
        worth=float(worth.sum()),
        wins=wins,
        won=won,
        yields=_yields(leads, model, stage, period, months),
        usual=count * each if unit == "value" else count,
        currency=book.currency,
        notes=(*book.notes, *notes),
    )


def _worth(book: OpenBook, first: int, unit: Unit) -> tuple[FloatArray, list[str]]:
    """Return what is open by segment, stage and age; records without an amount at the mean."""
    inside = np.arange(book.n.shape[1]) >= first
    n = np.where(inside[None, :, None], book.n, 0).astype(float)
    if unit == "count":
        return n, []
    total = np.where(inside[None, :, None], np.asarray(book.total, float), 0.0)
    known = np.where(inside[None, :, None], book.known, 0).astype(float)
    if not known.sum():
        raise ArgumentError(
            "`leads`: no open record has an amount, so that there is no pipeline in money; give "
            'targets in deals: unit="count".'
        )
    blank = n - known
    found = np.maximum(total, 0.0) + blank * float(total.sum() / known.sum())
    if not blank.sum():
        return found, []
    many = display.plural(float(blank.sum()), "open record")
    return found, [f"{many} without an amount, taken at the mean of the others."]


def _shares(book: OpenBook, model: FunnelModel, days: FloatArray) -> FloatArray:
    """Return the share of each open cell that is won between two days, by model segment.

    Records whose age is not known are taken as the others at their stage.
    """
    found = np.zeros((len(model.segments), *book.n.shape[1:]))
    for k, stage in enumerate(model.stages[:-1]):
        counts = book.n[:, k, :-1].sum(axis=0)
        ages = np.flatnonzero(counts)
        if not book.n[:, k].any():
            continue
        if len(ages):
            chances = model.chances(stage, ages, days)
            found[:, k, ages] = chances[..., 1] - chances[..., 0]
            found[:, k, -1] = found[:, k, ages] @ counts[ages] / counts[ages].sum()
        else:
            chances = model.chances(stage, [0], days)
            found[:, k, -1] = (chances[..., 1] - chances[..., 0])[:, 0]
    return np.maximum(found, 0.0)


def _yields(
    leads: Leads,
    model: FunnelModel,
    stage: str,
    period: pd.PeriodIndex,
    months: pd.PeriodIndex,
) -> FloatArray:
    """Return the share of those who enter a stage in each month that is won in the period."""
    ever = np.asarray(model.sample(_DRAWS, rng=0).won_from(stage)).mean(axis=0)
    weights = np.ones(len(model.segments))
    if len(model.by) == 1:
        frame: Any = leads.count(stage, every="month", by=model.by[0])
        of_late = frame[frame["period"].isin(frame["period"].drop_duplicates().nlargest(12))]
        sums = of_late.groupby("series", dropna=False)["value"].sum()
        named = {None if str(name) in ("", "nan") else str(name): n for name, n in sums.items()}
        weights = np.array([float(named.get(one[0], 0.0)) for one in model.segments])
    elif model.by:
        weights = np.asarray(model.open.sum(axis=1), float)
    rate = float(ever @ weights / weights.sum()) if weights.sum() else float(ever.mean())
    by_end = model.timing_of_entrants(stage, months)
    first = max(int(period[0].ordinal - months[0].ordinal), 0)
    earlier = by_end[:, first - 1] if first else np.zeros(len(months))
    return np.asarray(rate * np.maximum(by_end[:, -1] - earlier, 0.0))
