"""The methods of a back-test: each a function of the leads as they stood, and what is to come."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError, EvidenceError, unknown
from funnelkit.forecast.result import Forecast
from funnelkit.forecast.rolling.outcomes import What

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

Forecaster = Callable[..., Forecast]
Method = str | Forecaster
OWN = "funnelkit"
NAIVE, SEASONAL = "naive", "seasonal naive"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What all methods of a back-test are asked for."""

    what: What
    by: tuple[str, ...]
    n_draws: int


def _own(
    leads: Leads, periods: pd.PeriodIndex, *, rng: np.random.Generator, asked: Asked
) -> Forecast:
    """Return the forecast of the one model of the funnel, fitted on that day.

    Raises
    ------
    EvidenceError
        If there is too little to fit, or money is asked for and no won deal has an amount.
    """
    from funnelkit.forecast.money.booked import bookings
    from funnelkit.model import fit_funnel

    split = [name for name in asked.by if name not in leads.funnel.apart]
    model = fit_funnel(leads, by=split or None)
    found = bookings(leads, model, horizon=len(periods), n_draws=asked.n_draws, rng=rng)
    if asked.what == "won deals":
        return found if found.deals is None else found.deals
    if found.unit != "value":
        raise EvidenceError("`leads`: no won deal has an amount, so there is no deal size.")
    return found


def _in_months(
    forecaster: Forecaster, leads: Leads, periods: pd.PeriodIndex, *, rng: np.random.Generator
) -> Forecast:
    """Return the forecast of a method that knows months only, added up to quarters or years.

    Raises
    ------
    ArgumentError
        If the first of these has begun.
    """
    import pandas as pd

    if periods.freqstr == "M":
        return forecaster(leads, periods, rng=rng)
    first, last = periods[0].asfreq("M", "start"), periods[-1].asfreq("M", "end")
    if first.start_time.date() <= leads.as_of:
        raise ArgumentError(
            f"`origins`: with periods other than months they must be ends of periods; got "
            f"{leads.as_of.isoformat()}, within {period_label(periods[0])}."
        )
    months = pd.period_range(first, last, freq="M")
    found = forecaster(leads, months, rng=rng)
    place = periods.get_indexer(months.asfreq(periods.freqstr))
    sums = np.zeros((len(months), len(periods)))
    sums[np.arange(len(months)), place] = 1.0
    return Forecast(
        what=found.what,
        unit=found.unit,
        by=found.by,
        segments=found.segments,
        periods=periods,
        draws=found.draws @ sums,
        expected=found.expected @ sums,
        gone=periods[:0],
        observed=np.zeros((len(found.segments), 0)),
        so_far=np.zeros(len(found.segments)),
        as_of=found.as_of,
        method=found.method,
        reason=found.reason,
        n=found.n,
        currency=found.currency,
        notes=found.notes,
    )


def _rival(
    name: str, leads: Leads, periods: pd.PeriodIndex, *, rng: np.random.Generator, asked: Asked
) -> Forecast:
    from funnelkit.forecast import rivals

    found: Forecast = getattr(rivals, name)(
        leads, periods, what=asked.what, n_draws=asked.n_draws, rng=rng
    )
    return found


KNOWN: dict[str, Forecaster] = {
    OWN: _own,
    "ensemble on wins": partial(_rival, "ensemble_on_wins"),
    "immature rate": partial(_rival, "immature_rates"),
    "stage-weighted": partial(_rival, "stage_weighted"),
    NAIVE: partial(_rival, "naive"),
    SEASONAL: partial(_rival, "seasonal_naive"),
}
USUAL: tuple[str, ...] = tuple(KNOWN)


def forecasters(
    methods: Method | Sequence[Method] | Mapping[str, Method] | None, asked: Asked
) -> dict[str, Forecaster]:
    """Return label -> a function of the leads, the periods and ``rng`` that forecasts.

    Raises
    ------
    ArgumentError
        If a name is unknown or stands twice, or something is neither a name nor a function.
    """
    labelled = _labelled(USUAL if methods is None else methods)
    if not labelled:
        raise ArgumentError("`methods` must hold at least one; got none.")
    return {label: _forecaster(method, asked) for label, method in labelled.items()}


def _labelled(methods: Method | Sequence[Method] | Mapping[str, Method]) -> dict[str, Method]:
    if isinstance(methods, Mapping):
        if odd := [label for label in methods if not isinstance(label, str) or not label.strip()]:
            raise ArgumentError(f"`methods`: labels must be texts; got {odd[0]!r}.")
        return dict(methods)
    alone = isinstance(methods, str) or callable(methods)
    if not alone and not isinstance(methods, Sequence):
        raise ArgumentError(f"`methods` must be names or functions; got {methods!r}.")
    given: list[Any] = [methods] if alone else list(methods)  # type: ignore[arg-type]
    names = [one if isinstance(one, str) else getattr(one, "__name__", "method") for one in given]
    if twice := [name for k, name in enumerate(names) if name in names[:k]]:
        raise ArgumentError(
            f"`methods` has `{twice[0]}` twice; give a mapping from label to method."
        )
    return dict(zip(names, given, strict=True))


def _forecaster(method: Method, asked: Asked) -> Forecaster:
    if isinstance(method, str):
        if method not in KNOWN:
            raise ArgumentError(f"`methods`: {unknown('method', method, KNOWN)}")
        return partial(_in_months, partial(KNOWN[method], asked=asked))
    if not callable(method):
        raise ArgumentError(
            "`methods` must be names or functions of (leads, periods, *, rng) that return a "
            f"Forecast; got {method!r}."
        )
    if not _takes_seed(method):
        raise ArgumentError(
            "`methods`: a function is called as (leads, periods, rng=…); "
            f"`{getattr(method, '__name__', method)}` cannot be. Add `*, rng` to its arguments."
        )
    return method


def _takes_seed(method: Callable[..., object]) -> bool:
    """Return whether a function can be called with leads, periods and a generator by name."""
    try:
        inspect.signature(method).bind(None, None, rng=None)
    except TypeError:
        return False
    except ValueError:  # built in, and tells nothing of itself
        return True
    return True


def checked(label: str, forecast: object, periods: pd.PeriodIndex, unit: str) -> Forecast:
    """Return what a method gave, if it is a forecast of the periods and the unit asked for.

    Raises
    ------
    ArgumentError
        With what was needed and what came.
    """
    if not isinstance(forecast, Forecast):
        raise ArgumentError(
            f"`methods`: `{label}` must return a Forecast; got {type(forecast).__name__}."
        )
    if forecast.unit != unit:
        raise ArgumentError(
            f'`methods`: `{label}` must forecast a "{unit}"; its forecast of '
            f'{display.one_line(forecast.what)} is a "{forecast.unit}".'
        )
    if not forecast.periods.equals(periods):
        raise ArgumentError(
            f"`methods`: `{label}` must forecast {periods[0]} to {periods[-1]}; got "
            f"{forecast.periods[0]} to {forecast.periods[-1]}."
        )
    if not np.isfinite(forecast.draws).all():
        raise ArgumentError(f"`methods`: `{label}` gave draws that are no numbers.")
    return forecast
