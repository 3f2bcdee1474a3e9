"""`with_overrides`: a second forecast, in which people's word on single deals stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError
from funnelkit.forecast.result import Forecast
from funnelkit.forecast.rolling.overrides import Overrides
from funnelkit.forecast.rolling.single_deals import (
    SingleDeals,
    rebuilt,
    refuse_counts,
    rows_of,
    single_deals,
    without,
)

if TYPE_CHECKING:
    import pandas as pd

_NAMED = 5


def with_overrides(
    forecast: Forecast,
    overrides: Overrides,
    deals: pd.DataFrame,
    *,
    id: str | None = None,  # noqa: A002
    rng: int | np.random.Generator = 0,
) -> Forecast:
    """Return a second forecast, in which what people say of single deals stands.

    The plain forecast is not changed: show both, and keep both (``remember(…, label="adjusted")``).

    Parameters
    ----------
    forecast
        Of money.
    overrides
        Of :func:`read_overrides`.
    deals
        The open deals that are in the forecast, such as ``pipeline(…).deals()``.
    id
        Column of the id; default: ``id``, ``deal`` or the like, else the first one.
    rng
        Seed or generator of which deals with a probability are won.

    Returns
    -------
    Forecast
        Draws of the plain one without these deals, and with them as people say. What was left out
        stands in ``notes``.

    Raises
    ------
    ArgumentError
        If the forecast is not of money, or the table lacks a column.
    DataError
        If a deal stands in the table twice, or a number cannot be.

    Notes
    -----
    What the model expects of these deals is taken out of all periods and draws of their series
    alike. In their place each brings its value with its probability, in the period that was said,
    else in its probable month, else in the first period. A deal that is said to be won after the
    last period brings nothing in these.
    """
    refuse_counts(forecast)
    if not isinstance(overrides, Overrides):
        raise ArgumentError(
            f"`overrides` must be those of read_overrides(…); got {type(overrides).__name__}."
        )
    own = single_deals(deals, id=id, by=forecast.by, in_horizon=True)
    rows = rows_of(forecast, own)
    place = {name: k for k, name in enumerate(own.ids)}
    known = [k for k, name in enumerate(overrides.deals) if name in place]
    at = np.array([place[overrides.deals[k]] for k in known], np.int64)
    left = without(forecast, rows[at], own.expected[at])[:, None]
    draws = forecast.draws * left
    expected = forecast.expected * left
    generator = np.random.default_rng(rng)
    outside = []
    for k, where in zip(known, at.tolist(), strict=True):
        won = generator.random(len(draws)) < overrides.probabilities[k]
        month = _place(forecast, overrides, k, own, where)
        if month is None:
            outside.append(overrides.deals[k])
            continue
        draws[:, rows[where], month] += overrides.values[k] * won
        expected[rows[where], month] += overrides.expected[k]
    unknown = [name for name in overrides.deals if name not in place]
    return rebuilt(
        forecast,
        draws,
        expected,
        method=f"{forecast.method}, with {display.plural(len(known), 'override')}",
        reason="What people expect of single deals stands in place of what the model expects.",
        notes=[
            *_told(unknown, "not among the open deals, and left out"),
            *_told(outside, "said to be won outside these periods, and bring nothing in them"),
        ],
    )


def _told(names: list[str], why: str) -> list[str]:
    if not names:
        return []
    shown = [display.one_line(one)[:40] for one in names[:_NAMED]]
    more = len(names) - len(shown)
    shown += [f"{more} more"] if more else []
    is_ = "is" if len(names) == 1 else "are"
    return [f"{display.plural(len(names), 'override')} ({display.listed(shown)}) {is_} {why}."]


def _place(
    forecast: Forecast, overrides: Overrides, k: int, own: SingleDeals, where: int
) -> int | None:
    """Return the period in which a deal comes; ``None`` where that lies outside."""
    said = overrides.periods[k]
    if said is not None:
        for place, period in enumerate(forecast.periods):
            if period.start_time <= said.end_time and period.end_time >= said.end_time:
                return place
        return None
    labels = [period_label(one) for one in forecast.periods]
    month = own.month[where]
    return labels.index(month) if month in labels else 0
