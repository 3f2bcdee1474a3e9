"""The single methods an ensemble is made of, each from one series to its numbers ahead."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelkit.forecast.ensemble.seasonality import LEAST, seasonal_terms

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Adjusted:
    """One series without its seasons, and the seasons of the steps ahead.

    Parameters
    ----------
    values
        Series as it is, shape ``(T,)``.
    level
        Without its seasons, shape ``(T,)``.
    seasons
        Factor, or addend, of each step ahead, shape ``(H,)``.
    multiplies
        Whether seasons are factors (no value is below 0).
    logarithms
        Whether logarithms can be taken (every value is above 0).
    cycle
        Periods to a season; 1 where there are fewer than two seasons.
    """

    values: FloatArray
    level: FloatArray
    seasons: FloatArray
    multiplies: bool
    logarithms: bool
    cycle: int

    def back(self, ahead: FloatArray) -> FloatArray:
        """Return numbers ahead with their seasons again."""
        return ahead * self.seasons if self.multiplies else ahead + self.seasons


def adjust(values: FloatArray, horizon: int, season: int) -> Adjusted:
    """Return a series without its seasons; factors where no value is below 0."""
    size, least = len(values), float(values.min())
    multiplies, logarithms = least >= 0, least > 0
    cycle = season if season > 1 and size >= 2 * season else 1
    terms = np.zeros(1)
    if cycle > 1:
        given = np.log(values) if logarithms else values
        terms = seasonal_terms(given, cycle, relative=multiplies and not logarithms)
    if multiplies:
        terms = np.exp(terms) if logarithms else np.maximum(1 + terms, LEAST)
    gone, ahead = terms[np.arange(size) % cycle], terms[(size + np.arange(horizon)) % cycle]
    return Adjusted(
        values=values,
        level=values / gone if multiplies else values - gone,
        seasons=ahead,
        multiplies=multiplies,
        logarithms=logarithms,
        cycle=cycle,
    )


# --- methods on a level without seasons ------------------------------------------------------


def theta(level: FloatArray, horizon: int) -> FloatArray:
    """Return the dynamic optimised Theta forecast.

    Notes
    -----
    Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler (2016), Models for optimising the theta
    method and their relationship to state space models, Int. J. Forecasting 32, section 3.
    """
    from statsforecast.theta import auto_theta, forecast_theta

    fit = auto_theta(level, 1, model="DOTM")
    return np.asarray(forecast_theta(fit, horizon)["mean"], dtype=np.float64)


def damped(level: FloatArray, horizon: int) -> FloatArray:
    """Return the forecast of exponential smoothing with a damped trend, ETS(A,Ad,N).

    Notes
    -----
    Hyndman, Koehler, Ord and Snyder (2008), Forecasting with Exponential Smoothing, chapter 2.
    """
    from statsforecast.ets import ets_f, forecast_ets

    return np.asarray(forecast_ets(ets_f(level, 1, model="AAN", damped=True), horizon)["mean"])


def simple(level: FloatArray, horizon: int) -> FloatArray:
    """Return the forecast of simple exponential smoothing, ETS(A,N,N)."""
    from statsforecast.ets import ets_f, forecast_ets

    return np.asarray(forecast_ets(ets_f(level, 1, model="ANN", damped=False), horizon)["mean"])


def seasonal_theta(given: Adjusted, horizon: int) -> FloatArray:
    """Return the Theta forecast of logarithms, with the library's own test of seasons."""
    from statsforecast.theta import auto_theta, forecast_theta

    logs = np.log(given.values)
    fit = auto_theta(logs, given.cycle, model="DOTM", decomposition_type="additive")
    return np.exp(np.asarray(forecast_theta(fit, horizon)["mean"], dtype=np.float64))


Member = Callable[[Adjusted, int], FloatArray]


def _of(method: Callable[[FloatArray, int], FloatArray]) -> Member:
    return lambda given, horizon: given.back(method(given.level, horizon))


def _of_logs(method: Callable[[FloatArray, int], FloatArray]) -> Member:
    return lambda given, horizon: given.back(np.exp(method(np.log(given.level), horizon)))


MEMBERS: dict[str, Member] = {
    "Theta": _of(theta),
    "damped trend": _of(damped),
    "simple smoothing": _of(simple),
}
OF_LOGS: dict[str, Member] = {
    "Theta of logs": _of_logs(theta),
    "damped trend of logs": _of_logs(damped),
    "Theta of logs with tested seasons": seasonal_theta,
}


def run(given: Adjusted, horizon: int) -> dict[str, FloatArray]:
    """Return the numbers ahead of every method that could be fitted, shape ``(H,)`` each."""
    chosen = MEMBERS | OF_LOGS if given.logarithms else MEMBERS
    found = {}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for name, member in chosen.items():
            ahead = _tried(member, given, horizon)
            if ahead is not None and np.isfinite(ahead).all():
                found[name] = ahead
    return found


def _tried(member: Member, given: Adjusted, horizon: int) -> FloatArray | None:
    """Return a method's numbers, or None where the library cannot fit it."""
    try:
        return member(given, horizon)
    except (ValueError, NotImplementedError, ArithmeticError, np.linalg.LinAlgError):
        return None
