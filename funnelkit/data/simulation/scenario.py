"""What is simulated where nothing else is said, and the checks of what is said."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict

import numpy as np

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError
from funnelkit.data.definition import Funnel
from funnelkit.data.simulation.lags import FloatArray, Lag
from funnelkit.data.simulation.truth import Level, Levels

if TYPE_CHECKING:
    import pandas as pd

_RATES = (0.40, 0.45, 0.60, 0.28)
_LAGS = (
    Lag("lognormal", 3, 1.3),
    Lag("weibull", 9, 0.8),
    Lag("lognormal", 10, 0.9),
    Lag("weibull", 55, 1.4),
)
_EXIT_LAGS = (
    Lag("lognormal", 12, 1.0),
    Lag("lognormal", 20, 1.0),
    Lag("weibull", 30, 1.1),
    Lag("weibull", 60, 1.3),
)
_EXITS = {"lost": (0.05, 0.10, 0.35, 0.90), "disqualified": (0.60, 0.60, 0.45, 0.03)}
_LEAVING = 0.8
_MONTHS_OF_YEAR = (0.6, 0.4, 0.6, 0.0, 0.0, -0.2, -0.8, -1.0, 0.6, 0.8, 0.4, -1.4)
_LEVELS: Levels = {
    "source": {
        "Organic search": Level(share=0.26, cost=15),
        "Paid search": Level(share=0.22, odds=0.85, cost=90),
        "Outbound": Level(share=0.20, odds=0.7, pace=1.15, cost=60),
        "Webinar": Level(share=0.14, odds=1.1, cost=55),
        "Event": Level(share=0.10, odds=1.05, pace=1.1, cost=140),
        "Referral": Level(share=0.08, odds=1.5, pace=0.85, cost=20),
    },
    "region": {
        "Americas": Level(share=0.45),
        "EMEA": Level(share=0.38, odds=1.1, pace=1.1, value=0.9),
        "APAC": Level(share=0.17, odds=0.85, pace=1.2, value=0.8),
    },
    "size": {
        "small": Level(share=0.55, pace=0.9),
        "mid-market": Level(share=0.33, odds=1.1, value=3),
        "enterprise": Level(share=0.12, odds=0.95, pace=1.5, value=9),
    },
}
_OTHER_LEVELS = {
    "A": Level(share=0.5),
    "B": Level(share=0.3, odds=1.2),
    "C": Level(share=0.2, odds=0.8, pace=1.2),
}


class Settings(TypedDict, total=False):
    """What may be set of a simulation; see :func:`funnelkit.data.simulate.simulate_frame`."""

    levels: Levels | None
    rates: Sequence[float] | None
    exits: Mapping[str, Sequence[float]] | None
    lags: Sequence[Lag] | None
    exit_lags: Mapping[str, Sequence[Lag]] | None
    drift: float | Mapping[str, float]
    growth: float
    seasonality: float
    weekend: float
    pace_sd: float
    leads_per_account: float
    account_correlation: float
    owners: int
    direct: float
    direct_stage: str | None
    skipped: float
    reopened: float
    reversed_wins: float
    value_median: float
    value_sd: float
    times: Literal["date", "clock"]


_RANGES = {
    "growth": (-0.9, 1.0),
    "seasonality": (0.0, 0.7),
    "weekend": (0.0, 10.0),
    "pace_sd": (0.0, 2.0),
    "leads_per_account": (1.0, 1000.0),
    "account_correlation": (0.0, 0.99),
    "direct": (0.0, 1.0),
    "skipped": (0.0, 1.0),
    "reopened": (0.0, 1.0),
    "reversed_wins": (0.0, 1.0),
    "value_median": (0.01, 1e12),
    "value_sd": (0.0, 5.0),
}


def check_ranges(settings: Mapping[str, object]) -> None:
    """Check the plain numbers of a simulation.

    Raises
    ------
    ArgumentError
        For the first number that is out of its range.
    """
    for name, (low, high) in _RANGES.items():
        value = settings[name]
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not low <= value <= high:  # type: ignore[operator]
            raise ArgumentError(f"`{name}` must lie from {low:g} to {high:g}; got {value!r}.")


@dataclass(frozen=True, kw_only=True)
class Window:
    """The days of a simulation and how entries spread over them.

    Parameters
    ----------
    first_day, as_of
        First and last day.
    day_shares
        Share of the entries on each day, shape ``(n_days,)``.
    days
        The days.
    """

    first_day: dt.date
    as_of: dt.date
    day_shares: FloatArray
    days: pd.DatetimeIndex

    @property
    def months(self) -> pd.PeriodIndex:
        """Calendar months that the window touches."""
        return self.days.to_period("M").unique()

    @property
    def month_starts(self) -> FloatArray:
        """First instant of each month and the end of the window, in days since the first day."""
        codes = np.asarray(self.days.to_period("M").asi8)
        starts = np.flatnonzero(np.diff(codes, prepend=codes[0] - 1))
        return np.append(starts, len(codes)).astype(float)

    def expected(self, n: int) -> pd.Series[float]:
        """Return the expected entries by month."""
        import pandas as pd

        shares = np.add.reduceat(self.day_shares, self.month_starts[:-1].astype(int))
        return pd.Series(n * shares, index=self.months, name="expected")


def window(
    start: dt.date, months: int, *, growth: float, seasonality: float, weekend: float
) -> Window:
    """Return the window of so many months, with growth, the season and the week."""
    import pandas as pd

    after = pd.Timestamp(start) + pd.DateOffset(months=months)
    days = pd.date_range(start, after, inclusive="left")
    passed = np.arange(len(days)) / (365.25 / 12)
    season = 1 + seasonality / 1.4 * np.array(_MONTHS_OF_YEAR)[days.month.to_numpy() - 1]
    weekday = np.where(days.day_of_week.to_numpy() < 5, 1.0, weekend)
    weights = (1 + growth) ** passed * season * weekday
    if not weights.sum() > 0:
        weights = np.ones(len(days))
    return Window(
        first_day=start,
        as_of=days[-1].date(),
        day_shares=weights / weights.sum(),
        days=days,
    )


def levels_of(funnel: Funnel, levels: Levels | None) -> dict[str, dict[str, Level]]:
    """Return the levels of each of the funnel's segments.

    Raises
    ------
    ArgumentError
        If levels are given for a segment that the funnel does not have, or none are given.
    """
    for name, of in (levels or {}).items():
        checks.member("levels", "segment", name, funnel.segments)
        if not of:
            raise ArgumentError(f"`levels`: `{name}` needs at least one value.")
    known = {**_LEVELS, **(levels or {})}
    return {name: dict(known.get(name, _OTHER_LEVELS)) for name in funnel.segments}


def rates_of(rates: Sequence[float] | None, transitions: int) -> tuple[float, ...]:
    """Return the rate of each transition.

    Raises
    ------
    ArgumentError
        If their number is wrong, or one is not between 0 and 1.
    """
    if rates is None:
        return (*[0.55] * (transitions - len(_RATES)), *_RATES)[-transitions:]
    found = _each("rates", rates, transitions)
    if not all(0 < rate < 1 for rate in found):
        raise ArgumentError(f"`rates` must lie between 0 and 1; got {list(found)}.")
    return found


def exits_of(
    funnel: Funnel, exits: Mapping[str, Sequence[float]] | None, transitions: int
) -> dict[str, tuple[float, ...]]:
    """Return, by exit, its share of those who do not move on from each stage.

    Raises
    ------
    ArgumentError
        If an exit is unknown, numbers are missing, or shares do not fit into 1.
    """
    for name in exits or {}:
        checks.member("exits", "exit", name, funnel.exits)
    if exits is not None:
        given = {name: exits.get(name, (0.0,) * transitions) for name in funnel.exits}
    elif set(funnel.exits) == set(_EXITS) and transitions == len(_RATES):
        given = {name: _EXITS[name] for name in funnel.exits}
    else:
        equal = (_LEAVING / max(1, len(funnel.exits)),) * transitions
        given = dict.fromkeys(funnel.exits, equal)
    found = {name: _each("exits", shares, transitions) for name, shares in given.items()}
    totals = [math.fsum(shares) for shares in zip(*found.values(), strict=True)]
    if any(total > 1 + 1e-12 for total in totals) or any(min(of) < 0 for of in found.values()):
        raise ArgumentError(
            "`exits` must be shares of those who do not move on, at most 1 in all at each "
            f"stage; got {found}."
        )
    return found


def lags_of(argument: str, lags: Sequence[Lag] | None, transitions: int) -> tuple[Lag, ...]:
    """Return the lag of each transition, to the next stage or to an exit.

    Raises
    ------
    ArgumentError
        If their number is wrong, or one is no :class:`Lag`.
    """
    usual = _LAGS if argument == "lags" else _EXIT_LAGS
    if lags is None:
        return (*[Lag("weibull", 10, 1.0)] * (transitions - len(usual)), *usual)[-transitions:]
    if len(lags) != transitions or not all(isinstance(lag, Lag) for lag in lags):
        raise ArgumentError(f"`{argument}` needs {transitions} lags; got {list(lags)}.")
    return tuple(lags)


def exit_lags_of(
    funnel: Funnel, exit_lags: Mapping[str, Sequence[Lag]] | None, transitions: int
) -> dict[str, tuple[Lag, ...]]:
    """Return the lags from each stage but the last to each exit.

    Raises
    ------
    ArgumentError
        If an exit is unknown, or as :func:`lags_of`.
    """
    given = exit_lags or {}
    for name in given:
        checks.member("exit_lags", "exit", name, funnel.exits)
    return {name: lags_of("exit_lags", given.get(name), transitions) for name in funnel.exits}


def pace_of(
    expected: pd.Series[float], pace_sd: float, rng: np.random.Generator
) -> pd.Series[float]:
    """Return a factor on all hazards for each month."""
    import pandas as pd

    factors = np.exp(rng.normal(0, pace_sd, len(expected))) if pace_sd else 1.0
    return pd.Series(factors, index=expected.index, name="pace")


def drift_of(
    funnel: Funnel, drift: float | Mapping[str, float], transitions: int
) -> tuple[float, ...]:
    """Return the monthly change of the log odds of each transition.

    Raises
    ------
    ArgumentError
        If a stage is unknown, or is the last one.
    """
    by_stage = drift if isinstance(drift, Mapping) else {funnel.stages[0]: drift}
    for name in by_stage:
        checks.member("drift", "stage", name, funnel.stages[:-1])
    return _each("drift", [by_stage.get(name, 0.0) for name in funnel.stages[:-1]], transitions)


def direct_stage_of(funnel: Funnel, direct_stage: str | None) -> str:
    """Return the stage at which records appear that never were at the first one.

    Raises
    ------
    ArgumentError
        If it is unknown, or the first one.
    """
    name = direct_stage or funnel.stages[max(1, len(funnel.stages) - 2)]
    if funnel.stage("direct_stage", name) == 0:
        raise ArgumentError(
            f"`direct_stage` must be one of {list(funnel.stages[1:])}; got {name!r}, the first."
        )
    return name


def costs_of(
    levels: Mapping[str, Mapping[str, Level]],
    expected: pd.Series[float],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return the money spent by month and first segment, near its level's cost per record."""
    import pandas as pd

    if not levels:
        return pd.DataFrame({"month": pd.Series(dtype=str), "cost": pd.Series(dtype=float)})
    name, of = next(iter(levels.items()))
    total = sum(level.share for level in of.values())
    per_month = np.array([level.cost * level.share / total for level in of.values()])
    spent = np.outer(expected.to_numpy(), per_month)
    spent *= np.exp(rng.normal(0, 0.08, spent.shape))
    return pd.DataFrame(
        {
            "month": np.repeat(expected.index.astype(str), len(of)),
            name: np.tile(list(of), len(expected)),
            "cost": spent.ravel().round(2),
        }
    )


def _each(argument: str, values: Sequence[float], transitions: int) -> tuple[float, ...]:
    numbers = tuple(float(value) for value in values)
    if len(numbers) != transitions or not all(math.isfinite(number) for number in numbers):
        raise ArgumentError(
            f"`{argument}` needs {transitions} numbers, one for each stage but the last; "
            f"got {list(values)}."
        )
    return numbers
