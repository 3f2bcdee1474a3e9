"""`backtest`: stand on earlier days, forecast, and score against what then came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import checks
from funnelkit.data.blinding import OPEN_AMOUNTS, OpenAmounts
from funnelkit.forecast.rolling import methods as known
from funnelkit.forecast.rolling import origins as standing
from funnelkit.forecast.rolling.methods import Asked, Method
from funnelkit.forecast.rolling.outcomes import Step, What, outcomes
from funnelkit.forecast.rolling.result import ForecastBacktest
from funnelkit.forecast.rolling.tally import Tally

if TYPE_CHECKING:
    from funnelkit.data.records import Leads

STEPS: tuple[Step, ...] = ("month", "quarter", "year")


def backtest(
    leads: Leads,
    *,
    horizon: int = 6,
    origins: Sequence[dt.date | str] | int | None = None,
    by: str | Sequence[str] | None = None,
    what: What = "won deals",
    methods: Method | Sequence[Method] | Mapping[str, Method] | None = None,
    step: Step = "month",
    season: int | None = None,
    open_amounts: OpenAmounts = "blank",
    n_draws: int = 1000,
    rng: int | np.random.Generator = 0,
) -> ForecastBacktest:
    """Return what methods would have forecast on earlier days, scored against what then came.

    Parameters
    ----------
    leads
        The data.
    horizon
        Periods that each origin looks ahead.
    origins
        Last known days on which to stand, or how many ends of periods, the latest; default: the
        latest 12 after which the whole horizon has been seen, and before which at least 6 whole
        periods have been since the first win.
    by
        Segment column or columns. The sum over all segments is scored, and each of them where the
        method splits by them.
    what
        ``"won deals"``, a count, or ``"bookings"``, their money.
    methods
        Names, or label -> name or function of ``(leads, periods, *, rng)`` that returns a
        :class:`~funnelkit.forecast.Forecast` of these periods, the leads being as known on the
        origin. ``"funnelkit"``: :func:`funnelkit.forecast.bookings` with a model fitted on that
        day; ``"ensemble on wins"``: time-series methods on the wins alone; ``"immature rate"``:
        the raw rate of recent leads; ``"stage-weighted"``: the open records weighted by stage;
        ``"naive"``: the last period again; ``"seasonal naive"``: that of a year before. Default:
        all of them.
    step
        Unit of the periods: ``"month"``, ``"quarter"`` or ``"year"``. The named methods forecast
        months, which are added up.
    season
        Periods of the season whose naive forecast scales the errors of the MASE. Default: a year,
        where more than that has gone by before the first origin, else 1.
    open_amounts
        What the methods see in place of the amount of a record that was open on the origin, of
        which only the final one is known: ``"blank"``, nothing, so that a method has to put the
        mean of deals closed by then there; ``"mean"``, that mean itself; ``"exported"``, the
        final amount, which leaks.
    n_draws
        Joint draws of the named methods.
    rng
        Seed or generator. Each method and origin has its own stream, so that a further method or
        origin changes nothing in the others.

    Returns
    -------
    ForecastBacktest
        Each forecast beside what came, with ``chosen`` and ``reason``.

    Raises
    ------
    EvidenceError
        If the history is too short, or no method could forecast.
    ArgumentError
        If an argument cannot be used, or a method returns something else than was asked for.

    Notes
    -----
    On each origin the leads are as ``leads.at`` gives them; what cannot be rewound is in
    :attr:`ForecastBacktest.leaks`. What came is counted on the leads as they are now. If the
    origin lies within a period, that one is the first to come, whole. A method that finds too
    little evidence on a day (an ``EvidenceError``) gives no forecast there, which ``left_out``
    counts; other errors are raised. A segment that a forecast by segments does not know is
    forecast to bring nothing.

    References
    ----------
    Tashman (2000), International Journal of Forecasting 16, 437-450 (rolling origins); Gneiting
    and Raftery (2007), JASA 102, 359-378 (proper scores).

    Examples
    --------
    Ten wins a month, and a method that always says 8 to 12:

    >>> import funnelkit as fk, numpy as np, pandas as pd
    >>> days = pd.date_range("2025-01-01", periods=18, freq="MS").repeat(10)
    >>> export = pd.DataFrame({"id": range(180), "lead": days, "won": days})
    >>> leads = fk.from_frame(export, fk.Funnel(["lead", "won"], id="id"), as_of="2026-06-30")
    >>> def steady(leads, periods, *, rng):
    ...     draws = np.tile(np.arange(8.0, 13.0)[:, None, None], (1, 1, len(periods)))
    ...     return fk.forecast.Forecast(
    ...         what="won deals",
    ...         unit="count",
    ...         by=(),
    ...         segments=((),),
    ...         periods=periods,
    ...         draws=draws,
    ...         expected=draws.mean(axis=0),
    ...         gone=periods[:0],
    ...         observed=np.zeros((1, 0)),
    ...         so_far=np.zeros(1),
    ...         as_of=leads.as_of,
    ...         method="steady",
    ...         reason="an example",
    ...         n=1,
    ...     )
    >>> found = backtest(leads, horizon=2, methods=[steady])
    >>> found.scores()[["target", "n", "bias", "crps", "coverage_80"]]
       target   n  bias  crps  coverage_80
    0  period  22   0.0   0.4          1.0
    1   total  11   0.0   0.8          1.0
    """
    checks.positive_whole("horizon", horizon)
    checks.one_of("step", step, STEPS)
    checks.one_of("open_amounts", open_amounts, OPEN_AMOUNTS)
    if season is not None:
        checks.positive_whole("season", season)
    came = outcomes(leads, what=what, step=step, by=by)
    asked = Asked(what=came.what, by=came.by, n_draws=checks.positive_whole("n_draws", n_draws))
    forecasters = known.forecasters(methods, asked)
    days = standing.origins_of(came, origins, horizon=horizon, calendar=leads.funnel.calendar)
    tally = Tally(
        came=came,
        horizon=horizon,
        forecasters=forecasters,
        calendar=leads.funnel.calendar,
        open_amounts=open_amounts,
        season=season,
        wanted=origins if isinstance(origins, int) else None,
        seed=int(np.random.default_rng(rng).integers(2**62)),
    )
    for day in days:
        tally.add(leads, day)
    return tally.result(leads.funnel)
