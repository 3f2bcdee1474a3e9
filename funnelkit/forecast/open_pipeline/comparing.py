"""`compare_pipeline_methods`: what each way to value the open pipeline would have said before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.data.records import Leads
from funnelkit.forecast.open_pipeline.categories import category_wins
from funnelkit.forecast.open_pipeline.compared import PipelineComparison
from funnelkit.forecast.open_pipeline.forecasting import pipeline
from funnelkit.forecast.open_pipeline.methods_beside import CRM, FORECAST, WEIGHTED
from funnelkit.forecast.open_pipeline.past_wins import numbers, won_before
from funnelkit.forecast.open_pipeline.result import PipelineForecast
from funnelkit.model import FunnelModel, fit_funnel

if TYPE_CHECKING:
    import pandas as pd

_USUAL = 6
WHOLE = "stage weights, whole pipeline"


def compare_pipeline_methods(
    leads: Leads,
    origins: Sequence[dt.date | str] | int = _USUAL,
    *,
    horizon: int = 3,
    fit: Callable[[Leads], FunnelModel] = fit_funnel,
    close_date: str | None = None,
    n_draws: int = 1000,
    rng: int | np.random.Generator = 0,
) -> PipelineComparison:
    """Return what each way to value the open pipeline would have said, beside what came.

    Parameters
    ----------
    leads
        The data; they are rewound to each origin (:meth:`Leads.at`).
    origins
        Days, each with a whole ``horizon`` known after it; or how many ends of months, one after
        the other, the last one ``horizon`` months before ``as_of``.
    horizon
        Months.
    fit
        What fits the model to the leads of each day.
    close_date
        As in :func:`funnelkit.forecast.pipeline`.
    n_draws, rng
        Of each forecast.

    Returns
    -------
    PipelineComparison
        One row per origin and method.

    Raises
    ------
    ArgumentError
        If an origin or another argument cannot be used; every such origin at once.
    EvidenceError
        If the model cannot be fitted on any of the days, with the reason of the first.

    Notes
    -----
    What came: records that had entered by the origin and were won within the months after it, and
    their money. Methods: the residual chances; the stage-weighted pipeline with each deal in the
    month of its planned close (known only with its history) or after the mean days; the whole of
    it, as dashboards show it; and, where their history is known, the CRM's probability and its
    forecast categories. Amounts are as exported where their history is not known, which
    flatters all methods alike.

    Examples
    --------
    >>> import funnelkit as fk
    >>> found = compare_pipeline_methods(fk.make_leads(2000, rng=1), 1, n_draws=200)
    >>> found.to_frame()["method"].tolist()
    ['residual chances', 'stage weights', 'stage weights, whole pipeline']
    """
    if not isinstance(leads, Leads):
        raise ArgumentError(f"`leads` must be Leads; got {type(leads).__name__}.")
    checks.positive_whole("horizon", horizon)
    days = _origins(leads, origins, horizon)
    won = won_before(leads, None)
    rows: list[dict[str, Any]] = []
    skipped: list[str] = []
    parts: list[pd.DataFrame] = []
    for day, seed in zip(days, np.random.default_rng(rng).spawn(len(days)), strict=True):
        then = leads.at(day)
        try:
            said = pipeline(
                then, fit(then), horizon, close_date=close_date, n_draws=n_draws, rng=seed
            )
        except EvidenceError as reason:
            skipped.append(f"{day.isoformat()}: {reason}")
            continue
        came = _came(leads, won, day, said)
        rows += _rows(day, said, came)
        parts.append(category_wins(said, won, leads.funnel.id, leads.funnel.won))
    if not rows:
        raise EvidenceError(f"`origins`: there is no forecast on any day; {skipped[0]}")
    import pandas as pd

    return PipelineComparison(
        rows=pd.DataFrame(rows),
        wins=pd.concat(parts, ignore_index=True),
        horizon=horizon,
        skipped=tuple(skipped),
        has_money=leads.funnel.value is not None,
        as_of=leads.as_of,
    )


def _origins(leads: Leads, given: Sequence[dt.date | str] | int, horizon: int) -> list[dt.date]:
    """Return the days to forecast from, in order."""
    import pandas as pd

    after = pd.Timestamp(leads.as_of) + pd.Timedelta(days=1)
    last = (after.to_period("M") - 1 - horizon).end_time.date()  # its months are over
    if isinstance(given, int) and not isinstance(given, bool):
        n = checks.positive_whole("origins", given)
        ends = [pd.Period(last, "M") - k for k in range(n)]
        return sorted(one.end_time.date() for one in ends)
    if isinstance(given, (str, dt.date)) or not isinstance(given, Sequence) or not given:
        raise ArgumentError(
            '`origins` must be days such as ["2026-03-31"], or a number of ends of months; got '
            f"{given!r}."
        )
    days = sorted({checks.day("origins", one) for one in given})
    late = [
        day.isoformat()
        for day in days
        if (pd.Timestamp(day) + pd.Timedelta(days=1)).to_period("M") + horizon
        > after.to_period("M")
    ]
    if late:
        raise ArgumentError(
            f"`origins`: {', '.join(late[:5])} {'is' if len(late) == 1 else 'are'} too late for "
            f"{horizon} whole months up to {leads.as_of.isoformat()}; the last that will do is "
            f"{last.isoformat()}."
        )
    return days


def _came(
    leads: Leads, won: pd.DataFrame, day: dt.date, said: PipelineForecast
) -> tuple[float, float]:
    """Return how many of the records that had entered by a day were won after it, and for what."""
    import pandas as pd

    stages = [pd.to_datetime(won[name]) for name in leads.funnel.stages]
    first = pd.concat(stages, axis=1).min(axis=1)
    start, end = pd.Timestamp(day), said.periods[-1].end_time
    inside = (first <= start) & (stages[-1] > start) & (stages[-1] <= end)
    if leads.funnel.value is None:
        return float(inside.sum()), float("nan")
    worth = numbers(won[leads.funnel.value])[inside.to_numpy(bool)]
    return float(inside.sum()), float(np.nansum(np.maximum(worth, 0)))


def _rows(day: dt.date, said: PipelineForecast, came: tuple[float, float]) -> list[dict[str, Any]]:
    """Return one row per method."""
    table = said.methods()
    found = []
    named = [(name, name) for name in (FORECAST, WEIGHTED, CRM)]
    for name, method in [*named[:2], (WHOLE, WEIGHTED), *named[2:]]:
        own = table[table["method"] == method]
        if not len(own):
            continue
        if name != WHOLE:
            own = own[own["period"] != "later"]
        found.append(_row(day, name, (own["won"].sum(), own["total_value"].sum()), came))
    for name, value in said.committed().items():
        found.append(_row(day, name, (float("nan"), value), came))
    low = said.counts.confidence_interval(0.8, per="all", cumulative=True)
    found[0] |= {
        "won_low": float(np.asarray(low.low)[-1]),
        "won_high": float(np.asarray(low.high)[-1]),
    }
    if said.money_draws is not None:
        band = said.value.confidence_interval(0.8, per="all", cumulative=True)
        found[0] |= {
            "value_low": float(np.asarray(band.low)[-1]),
            "value_high": float(np.asarray(band.high)[-1]),
        }
    return found


def _row(
    day: dt.date, name: str, said: tuple[float, float], came: tuple[float, float]
) -> dict[str, Any]:
    nan = float("nan")
    return {
        "origin": day,
        "method": name,
        "won_expected": float(said[0]),
        "won": came[0],
        "expected_value": float(said[1]),
        "total_value": came[1],
        "won_low": nan,
        "won_high": nan,
        "value_low": nan,
        "value_high": nan,
    }
