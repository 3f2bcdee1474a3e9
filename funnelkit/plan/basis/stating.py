"""`stated`: assumptions that somebody states, from a calculator's four rates to many channels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, numbered
from funnelkit.plan.basis.assumptions import Assumptions
from funnelkit.plan.basis.channel import Channel
from funnelkit.plan.basis.stated_parts import Reader
from funnelkit.plan.basis.stated_streams import stated_stream

if TYPE_CHECKING:
    import pandas as pd

_STAGES: dict[int, tuple[str, ...]] = {
    1: ("lead", "won"),
    2: ("lead", "opportunity", "won"),
    3: ("lead", "mql", "opportunity", "won"),
    4: ("lead", "mql", "sql", "opportunity", "won"),
}
FloatArray = NDArray[np.float64]
_NO_DATE = "2001-01"
_KEYS = ("rates", "value", "lag", "lag_doubt", "doubt", "correlation", "cost", "reach")


def stated(
    rates: Any,
    *,
    value: Any = None,
    lag: Any = None,
    doubt: float = 0.0,
    lag_doubt: float = 0.0,
    correlation: float = 0.0,
    cost: Any = None,
    in_flight: Any = None,
    direct: Any = None,
    horizon: int | None = None,
    periods: Any = None,
    as_of: dt.date | str | None = None,
    stages: Sequence[str] | None = None,
    mix: Mapping[str, float] | Sequence[float] | None = None,
    season: Sequence[float] | None = None,
    currency: str | None = None,
    n_draws: int = 2000,
) -> Assumptions:
    """Return what a plan stands on, as somebody states it.

    Parameters
    ----------
    rates
        Rates of the steps in order, for one channel ``"all"``; or a mapping from the names of
        channels to rates, to mappings with ``"rates"`` and any of ``"value"``, ``"lag"``,
        ``"lag_doubt"``, ``"doubt"``, ``"correlation"``, ``"cost"`` and ``"reach"`` (stage -> lag),
        or to :class:`Channel`. A rate is a share from 0 to 1, a pair (converted, entered), or an
        :class:`Estimate`; a channel of one step may be a single one.
    value
        Mean value of a won deal; or a mapping with ``"mean"``, ``"cv"`` (standard deviation of
        single deals over the mean) and ``"sd"`` (doubt of the mean). Default: deals are counted.
    lag
        When those who are won are: ``None``, in the month of entry; a list of shares by months
        after it; a pair ``(mean, sd)`` of a gamma distribution in months, or a mapping with
        ``"mean"``, ``"sd"`` and ``"months"``, the last month after entry to which it is cut.
    doubt
        Standard deviation of the share ever won over its mean, as far as rates are plain numbers.
    lag_doubt
        Standard deviation of a factor on all times.
    correlation
        Correlation of the outcomes of two leads of one month and channel.
    cost
        Of one lead; ``(mean, sd)`` where it is in doubt.
    in_flight, direct
        What open records bring, and deals that never start as a lead: money where deals have a
        value, deals otherwise. A total (evenly over the months), a pair ``(mean, sd)``, a list
        with one of these for each month, a mapping from months, or a :class:`Stream`.
    horizon, periods
        Number of months; or the months, a PeriodIndex, or the first of them. Default: one month
        where nothing has a lag, else twelve; without a name they are called 2001-01 and so on.
    as_of
        Last day that is known. Default: the day before the first month.
    stages
        Names of the stages, one more than rates.
    mix
        Share of each channel among leads, by name or in order. Default: all alike.
    season
        Leads of each month over those of an average one.
    currency
        Of money.
    n_draws
        Joint draws of what is in doubt.

    Raises
    ------
    ArgumentError
        With every problem at once.

    Notes
    -----
    With a ``doubt`` d and several steps, all logits are in doubt alike:
    Π (1 + ((1 - r) s)²) = 1 + d². Times from entry are gamma
    distributed and entries spread evenly over their month; the shares of the months that are kept
    are brought back to a sum of 1. What is in doubt is so apart from all else: channel from
    channel, step from step.

    Examples
    --------
    The calculator's four rates:

    >>> plan_on = stated([0.25, 0.40, 0.50, 0.20], value=25_000)
    >>> plan_on.rates.round(6).tolist(), plan_on.names, plan_on.unit
    ([0.01], ('all',), 'value')

    >>> stated([25, 0.4], value=-1)
    Traceback (most recent call last):
    ...
    funnelkit._core.errors.ArgumentError: 2 problems:
      1. `rates` must be from 0 to 1; got 25. Did you mean 0.25?
      2. `value` must be at least 0; got -1.
    """
    problems: list[str] = []
    shared = {
        "value": value,
        "lag": lag,
        "lag_doubt": lag_doubt,
        "doubt": doubt,
        "correlation": correlation,
        "cost": cost,
    }
    by_name = isinstance(rates, Mapping)
    given = rates if by_name else {"all": rates}
    channels = [
        _channel(str(name), one, shared, problems, said=by_name) for name, one in given.items()
    ]
    if not channels:
        problems.append("`rates` must hold a channel at least; got none.")
    if len({one.name for one in channels if one}) < len([one for one in channels if one]):
        problems.append("`rates` has two channels of one name.")
    good = [one for one in channels if one is not None]
    names = _stages(stages, good, problems)
    reader = Reader(problems)
    months = _periods(periods, horizon, good, as_of, reader)
    draws = reader.whole("n_draws", n_draws)
    labels = [display.one_line(str(name)) for name in given]
    share = _shares(mix, labels, reader)
    streams = []
    if months is not None:
        weights = share if len(good) == len(channels) else None
        size = _usual_size(good, weights)
        streams = [
            stated_stream(
                one,
                name,
                argument=argument,
                periods=months,
                n_draws=draws or 1,
                size=size,
                reader=reader,
            )
            for one, name, argument in (
                (in_flight, "in flight", "in_flight"),
                (direct, "without a lead", "direct"),
            )
        ]
    if problems or months is None:
        raise ArgumentError(numbered(problems))
    known = _day_before(months) if as_of is None else checks.day("as_of", as_of)
    return Assumptions(
        stages=names,
        periods=months,
        as_of=known,
        channels=tuple(good),
        in_flight=streams[0],
        direct=streams[1],
        n_draws=n_draws,
        currency=currency,
        mix=share,
        season=None if season is None else np.asarray(season, float),
    )


def _usual_size(channels: list[Channel], share: FloatArray | None) -> float | None:
    """Return the mean value of a deal over the channels; ``None`` where deals are counted."""
    sizes = [one.size.value for one in channels if one.size is not None]
    if not sizes or len(sizes) < len(channels):
        return None
    return float(np.average(sizes, weights=share))


def _channel(
    name: str, given: Any, shared: Mapping[str, Any], problems: list[str], *, said: bool
) -> Channel | None:
    """Return one channel; ``None`` where something is wrong with it."""
    if isinstance(given, Channel):
        return replace(given, name=display.one_line(name)) if said else given
    reader = Reader(problems, name if said else "")
    before = len(problems)
    parts = dict(shared)
    if isinstance(given, Mapping):
        reader.keys("rates", given, _KEYS)
        parts |= {key: given[key] for key in _KEYS if key in given}
        if "rates" not in given:
            reader.wrong("rates", "must be given.")
            return None
    else:
        parts["rates"] = given
    doubt = reader.number("doubt", parts["doubt"])
    found = reader.rates(parts["rates"], doubt or 0.0)
    size, cv = reader.size(parts["value"])
    lag_sd = reader.number("lag_doubt", parts["lag_doubt"])
    correlation = reader.number("correlation", parts["correlation"], high=0.999)
    lag = reader.lag(parts["lag"])
    cost = reader.cost(parts["cost"])
    of = parts.get("reach") or {}
    reach = {str(stage): reader.lag(one, f"reach {stage}") for stage, one in of.items()}
    if len(problems) > before:
        return None
    return Channel(
        name=display.one_line(name),
        rates=found,
        lag=lag,
        lag_sd=lag_sd or 0.0,
        size=size,
        size_cv=cv,
        correlation=correlation or 0.0,
        cost=cost,
        reach=reach,
    )


def _stages(
    given: Sequence[str] | None, channels: list[Channel], problems: list[str]
) -> tuple[str, ...]:
    """Return the names of the stages."""
    steps = {len(one.rates) for one in channels}
    if len(steps) > 1:
        listed = ", ".join(f"{display.one_line(one.name)}: {len(one.rates)}" for one in channels)
        problems.append(f"`rates` must have as many steps in every channel; got {listed}.")
    n = max(steps, default=0)
    if given is None:
        middle = tuple(f"stage {k}" for k in range(2, n + 1))
        return _STAGES.get(n, ("lead", *middle, "won"))
    names = (given,) if isinstance(given, str) else tuple(str(one) for one in given)
    if n and (len(names) != n + 1 or len(set(names)) < len(names)):
        problems.append(
            f"`stages` must be {n + 1} different names for {display.plural(n, 'rate')}; got "
            f"{list(names)!r}."
        )
    return names


def _periods(
    given: Any,
    horizon: int | None,
    channels: list[Channel],
    as_of: dt.date | str | None,
    reader: Reader,
) -> pd.PeriodIndex | None:
    """Return the months of the plan; ``None`` where they cannot be told."""
    import pandas as pd

    ahead = None if horizon is None else reader.whole("horizon", horizon)
    if horizon is not None and ahead is None:
        return None
    if ahead is None:
        ahead = 1 if all(one.lag.mean_months == 0 for one in channels) else 12
    try:
        if isinstance(given, pd.PeriodIndex):
            return given
        if given is not None and not isinstance(given, (str, pd.Period, dt.date)):
            return pd.PeriodIndex(list(given), freq="M")
        first = given
        if first is None and as_of is not None:
            first = pd.Period(checks.day("as_of", as_of) + dt.timedelta(days=1), freq="M")
        return pd.period_range(
            pd.Period(_NO_DATE if first is None else first, freq="M"), periods=ahead, freq="M"
        )
    except (TypeError, ValueError) as reason:
        if isinstance(reason, ArgumentError):
            raise
        reader.wrong("periods", f"must be months such as 2027-01; got {given!r}.")
        return None


def _day_before(months: pd.PeriodIndex) -> dt.date:
    day: dt.date = (months[0].start_time - dt.timedelta(days=1)).date()
    return day


def _shares(given: Any, names: list[str], reader: Reader) -> FloatArray | None:
    """Return the share of each channel among leads."""
    if given is None:
        return np.full(len(names), 1 / max(len(names), 1))
    if isinstance(given, Mapping):
        reader.keys("mix", given, names)
        given = [given.get(name, 0.0) for name in names]
    found = [reader.number("mix", one) for one in given]
    if len(found) != len(names) or any(one is None for one in found) or not any(found):
        reader.wrong("mix", f"must be a share for each of {', '.join(names)}; got {given!r}.")
        return None
    shares = np.array([one or 0.0 for one in found])
    return np.asarray(shares / shares.sum())
