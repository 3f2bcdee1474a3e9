"""What leads followed for part of the horizon tell: curves by day, and leads they are worth."""

from __future__ import annotations

from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.lag import LagFit

FloatArray = NDArray[np.float64]
Immature = Literal["left out", "kaplan-meier"]
IMMATURE: tuple[Immature, ...] = ("left out", "kaplan-meier")


@runtime_checkable
class Family(Protocol):
    """A law of times in days, such as a frozen distribution of SciPy."""

    def cdf(self, x: Any) -> Any:
        """Return the share that has come by each time."""


Lag = LagFit | Family | ArrayLike
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)


def maturity_by_day(lag: Lag, horizon: int, *, argument: str = "lag") -> FloatArray:
    """Return the share of the conversions within the horizon that have come by each age.

    Parameters
    ----------
    lag
        A fit of :mod:`funnelkit.lag` with one curve; a law of times in days with ``cdf``; or the
        maturity at age 0, 1, 2 … days, which stays at its last value.
    horizon
        Days.
    argument
        Name in the errors.

    Returns
    -------
    ndarray
        Shape ``(horizon + 1,)``, non-decreasing, 1 at the end.

    Raises
    ------
    ArgumentError
        If there are several curves, the shares fall or leave 0 to 1, or none has come by the
        horizon.
    EvidenceError
        If the fit ends before the horizon.

    Notes
    -----
    Ages are differences of dates: of a law F, the share by age a is the mean of F from a to a + 1
    (a lead enters at any hour of its day).
    """
    ages = np.arange(horizon + 1)
    if isinstance(lag, LagFit):
        by_age = _rates(lag, horizon, argument)
    elif isinstance(lag, Family):
        times = ages[:, None] + (_NODES + 1) / 2
        by_age = np.asarray(lag.cdf(times), float) @ (_WEIGHTS / 2)
    else:
        by_age = _given(lag, horizon, argument)
    wrong = not np.isfinite(by_age).all() or (np.diff(by_age) < -1e-9).any()
    if wrong or by_age[0] < -1e-9 or by_age[-1] > 1 + 1e-9:
        raise ArgumentError(
            f"`{argument}` must rise from 0 to at most 1 with age, and never fall; got "
            f"{np.array2string(by_age[:6], precision=3)} … {by_age[-1]:.3g}."
        )
    if not by_age[-1] > 0:
        raise ArgumentError(f"`{argument}` must have conversions within {horizon} days; got none.")
    return np.asarray(np.maximum.accumulate(np.clip(by_age, 0, None)) / by_age[-1])


def rate_of(lag: Lag | None, horizon: int) -> float:
    """Return the rate of a fit within the horizon.

    Raises
    ------
    ArgumentError
        If there is no fit.
    """
    if not isinstance(lag, LagFit):
        raise ArgumentError(
            "`control_rate` must be given, unless `lag` is a fit of fk.lag, whose rate within the "
            "horizon is taken."
        )
    return float(_rates(lag, horizon, "lag")[-1])


def _rates(fit: LagFit, horizon: int, argument: str) -> FloatArray:
    if fit.horizon is not None and fit.horizon < horizon:
        raise EvidenceError(
            f"`horizon` must be at most {fit.horizon} days, that of the fit: nothing is known "
            f"beyond it; got {horizon}."
        )
    rates = np.asarray(fit.rate_at(np.arange(horizon + 1)), float)
    rows = rates.reshape(-1, horizon + 1)
    if np.allclose(rows, rows[:1], rtol=0, atol=1e-12):
        return np.asarray(rows[0])
    pooled = getattr(fit, "pooled", None)
    if isinstance(pooled, LagFit):
        return _rates(pooled, horizon, argument)
    raise ArgumentError(
        f"`{argument}` must have one curve; this fit has several. Fit the triangle without `by`, "
        "or pooled over cohorts."
    )


def _given(lag: ArrayLike, horizon: int, argument: str) -> FloatArray:
    try:
        shares = np.asarray(lag, float)
    except (TypeError, ValueError):
        shares = np.zeros((0, 0))
    if shares.ndim != 1 or not len(shares):
        raise ArgumentError(
            f"`{argument}` must be a fit of fk.lag, a law of times such as scipy.stats.expon("
            "scale=20), or the maturity at age 0, 1, 2 … days; got "
            f"{type(lag).__name__}."
        )
    if len(shares) <= horizon and shares[-1] < 1 - 1e-9:
        raise ArgumentError(
            f"`{argument}` must tell the maturity up to the horizon, {horizon} days, or up to 1; "
            f"got {len(shares)} days, up to {shares[-1]:.3g}."
        )
    return shares[np.minimum(np.arange(horizon + 1), len(shares) - 1)]


def matured(entered: FloatArray, day: int, horizon: int) -> float:
    """Return the leads that have been followed for the horizon by the end of a day.

    Parameters
    ----------
    entered
        Leads entered by the end of each day; later none enter.
    day
        Counted from 0.
    horizon
        Days.
    """
    return float(entered[min(day - horizon, len(entered) - 1)]) if day >= horizon else 0.0


def worth(entered: FloatArray, day: int, maturity: FloatArray, rate: float) -> float:
    """Return how many fully followed leads tell as much as all leads by Kaplan-Meier.

    Parameters
    ----------
    entered
        Leads entered by the end of each day; later none enter.
    day
        Counted from 0.
    maturity
        By age up to the horizon.
    rate
        Share that converts within the horizon.

    Notes
    -----
    Greenwood's variance of the estimate at the horizon, Σ q / ((1 - q) Y) · S², with its expected
    numbers: q the share of the open that converts at an age, Y those at risk there, (leads that are
    that old) · S. The answer is rate · (1 - rate) over it: all leads where all are followed,
    none where nobody has reached an age at which leads still convert.
    """
    converted = rate * maturity
    before = np.concatenate([[0.0], converted[:-1]])
    hazard = (converted - before) / (1 - before)
    ages = np.flatnonzero(hazard > 1e-15)
    place = np.minimum(day - ages, len(entered) - 1)
    old = np.where(place >= 0, entered[np.maximum(place, 0)], 0.0)
    if (old < 1).any():
        return 0.0
    terms = hazard[ages] / ((1 - hazard[ages]) * (1 - before[ages]) * old)
    return float(rate * (1 - rate) / ((1 - rate) ** 2 * terms.sum()))
