"""Forecasts of wins that look at nothing but the months of wins before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks
from funnelkit.forecast.result import Forecast
from funnelkit.forecast.rivals.known import Known
from funnelkit.forecast.rivals.past import What, past_of

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

FloatArray = NDArray[np.float64]
_YEAR = 12


def naive(
    leads: Leads | Known,
    periods: pd.PeriodIndex,
    *,
    what: What = "won deals",
    rng: int | np.random.Generator = 0,
    n_draws: int = 1000,
) -> Forecast:
    """Return the forecast that every month to come is like the last whole one.

    Parameters
    ----------
    leads
        The data, standing on their ``as_of``; as :class:`~funnelkit.forecast.rivals.known.Known`
        they are counted once for several forecasts.
    periods
        Months to come in a row, the first one that of the day after ``as_of``.
    what
        ``"won deals"`` or ``"bookings"``.
    rng
        Seed or generator of the draws.
    n_draws
        Number of joint draws.

    Returns
    -------
    Forecast
        One series. A draw adds up changes from month to month that were drawn, with their sign
        at random, from those that came.

    Raises
    ------
    ArgumentError
        If the periods are no such months, or money is asked of a funnel without.
    EvidenceError
        If not one whole month is known.

    References
    ----------
    Hyndman and Athanasopoulos (2021), Forecasting: principles and practice, 3rd ed., sections 5.2
    and 5.5 (bootstrapped residuals).

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> leads = fk.make_leads(2000, rng=1)
    >>> coming = pd.period_range("2026-07", periods=3, freq="M")
    >>> leads.count("won").tolist()[-3:], naive(leads, coming).expected.tolist()
    ([3, 5, 2], [[2.0, 2.0, 2.0]])
    """
    past = past_of(Known.of(leads), periods, what)
    size = checks.positive_whole("n_draws", n_draws)
    drawing = np.random.default_rng(rng)
    changes = np.diff(past.observed)
    if not len(changes):  # of counts chance is known, of money nothing
        alone = float(past.observed[-1])
        changes = np.array([alone if what == "bookings" else np.sqrt(2 * max(alone, 1.0))])
    steps = drawing.choice(changes, size=(size, past.horizon))
    steps *= drawing.choice([-1.0, 1.0], size=steps.shape)
    return past.forecast(
        past.rest(np.maximum(past.observed[-1] + np.cumsum(steps, axis=1), 0.0)),
        expected=past.rest(np.full(past.horizon, past.observed[-1])),
        method="the last month again",
        reason="The plainest forecast there is.",
    )


def seasonal_naive(
    leads: Leads | Known,
    periods: pd.PeriodIndex,
    *,
    what: What = "won deals",
    rng: int | np.random.Generator = 0,
    n_draws: int = 1000,
) -> Forecast:
    """Return the forecast that every month to come is like the same month of the year before.

    Parameters
    ----------
    leads, periods, what, rng, n_draws
        As in :func:`naive`.

    Returns
    -------
    Forecast
        One series. A draw adds a run of changes against the year before, as they came one after
        the other. With less than 13 months it is that of :func:`naive`, and says so.

    Raises
    ------
    ArgumentError, EvidenceError
        As :func:`naive`.

    References
    ----------
    Hyndman and Athanasopoulos (2021), Forecasting: principles and practice, 3rd ed., sections 5.2
    and 5.5. Runs of errors instead of single ones: Künsch (1989), Annals of Statistics 17,
    1217-1241.
    """
    known = Known.of(leads)
    past = past_of(known, periods, what)
    size = checks.positive_whole("n_draws", n_draws)
    gone, horizon = past.observed, past.horizon
    if len(gone) <= _YEAR:
        plain = naive(known, periods, what=what, rng=rng, n_draws=size)
        return past.forecast(
            plain.draws[:, 0] - np.eye(1, horizon) * past.so_far,
            expected=past.rest(np.full(horizon, gone[-1])),
            method="the last month again, for want of a year",
            reason="A whole year and a month must be known for the same month of the year before.",
        )
    drawing = np.random.default_rng(rng)
    changes = gone[_YEAR:] - gone[:-_YEAR]
    begin = drawing.integers(len(changes), size=(size, 1))
    runs = changes[(begin + np.arange(horizon)) % len(changes)]
    runs *= drawing.choice([-1.0, 1.0], size=(size, 1))
    drawn = np.zeros((size, horizon))
    for h in range(horizon):
        before = gone[len(gone) - _YEAR + h] if h < _YEAR else drawn[:, h - _YEAR]
        drawn[:, h] = np.maximum(before + runs[:, h], 0.0)
    return past.forecast(
        past.rest(drawn),
        expected=past.rest(gone[len(gone) - _YEAR + np.arange(horizon) % _YEAR]),
        method="the same month of the year before",
        reason="The plainest forecast that knows a season.",
    )


def ensemble_on_wins(
    leads: Leads | Known,
    periods: pd.PeriodIndex,
    *,
    what: What = "won deals",
    rng: int | np.random.Generator = 0,
    n_draws: int = 1000,
) -> Forecast:
    """Return the forecast of the ensemble of time-series methods on the months of wins.

    Parameters
    ----------
    leads, periods, what, rng, n_draws
        As in :func:`naive`.

    Returns
    -------
    Forecast
        One series, with the method that the ensemble names.

    Raises
    ------
    ArgumentError, EvidenceError
        As :func:`naive`.
    """
    from funnelkit.forecast.ensemble.forecasting import ahead

    past = past_of(Known.of(leads), periods, what)
    found = ahead(
        past.observed[None, :],
        horizon=past.horizon,
        season=_YEAR,
        n_draws=checks.positive_whole("n_draws", n_draws),
        rng=rng,
        lower=0.0,
    )
    return past.forecast(
        past.rest(found.draws[:, 0]),
        expected=past.rest(found.expected[0]),
        method=f"{found.methods[0]} on the months of wins",
        reason=found.reason,
    )
