"""`backtest`: stand on earlier dates, predict, and score against what then came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from funnelkit._core import checks, display
from funnelkit._core.dates import UNITS, Unit
from funnelkit.lag.rolling import dates as standing
from funnelkit.lag.rolling import methods as known
from funnelkit.lag.rolling.methods import Method
from funnelkit.lag.rolling.result import Backtest
from funnelkit.lag.rolling.tally import NOBODY, Tally

if TYPE_CHECKING:
    from funnelkit.data.records import Leads


def backtest(
    leads: Leads,
    start: str,
    target: str,
    *,
    by: str | Sequence[str] | None = None,
    cohort: Unit = "month",
    every: Unit = "month",
    dates: Sequence[dt.date | str] | int | None = None,
    horizon: int | None = None,
    methods: Sequence[Method] | Mapping[str, Method] = known.USUAL,
    confidence_level: float = 0.95,
    least: int = display.FEWEST,
) -> Backtest:
    """Return what methods would have said on earlier dates, scored against what then came.

    Parameters
    ----------
    leads
        The data.
    start, target
        Stages, the target after the start.
    by
        Segment column or columns.
    cohort
        Unit of the period of entry to ``start``.
    every
        Unit of the periods at whose ends to stand.
    dates
        Days on which to stand, or how many ends of periods; default: the latest 12 after which
        every cohort has been followed to the horizon, and on which some had been already.
    horizon
        Days after entry within which conversions are predicted. Default: the first full 30 days
        by which 98 % of the conversions have come that come within a third of the history.
    methods
        Names, or label -> name or function of (triangle, horizon) that returns a fit of that
        triangle. ``"adjusted"``: the adjusted rates of a product-limit fit (Kaplan-Meier, or
        Aalen-Johansen where leads leave); ``"shrunken"``: those of :func:`fit_shrunken` on the
        same timing; ``"weibull"`` and the other families of :func:`fit_cure`: the adjusted rates
        of that fit (:func:`fit_cure_competing` where leads leave); ``"raw"``: the rate so far,
        taken as final; ``"mature"``: the average of the cohorts that are fully followed by then;
        ``"chain ladder"``: :func:`fit_chain_ladder` with Mack's standard error; ``"choose"``: the
        adjusted rates of the fit that :func:`choose` takes. The first one is the one the summary
        tells of; the raw rate is always among them.
    confidence_level
        Level of the intervals.
    least
        Cohorts of fewer leads are not scored.

    Returns
    -------
    Backtest
        One forecast per date, segment, cohort and method; the denominator is the leads that
        entered ``start``. The same call gives the same result: nothing is drawn at random.

    Raises
    ------
    EvidenceError
        If the history is too short, or no cohort is left to score; the message says what is
        needed.
    ArgumentError
        If an argument cannot be used.

    Notes
    -----
    On each date the leads are as ``leads.at`` gives them; what cannot be rewound is in
    :attr:`Backtest.leaks`. A cohort is predicted where some of its leads are younger than the
    horizon, and scored where all of them have been followed to it by ``as_of``. The forecast of a
    cohort with x conversions so far is x plus a beta-binomial number among its leads that are
    still open: the beta distribution carries the doubt about the rate, the binomial part the
    chance of each lead, so that intervals are those of what is to be observed. Each forecast
    keeps back 1 in 10,000, spread evenly over all counts, for the log score only.

    References
    ----------
    Gneiting and Raftery (2007), JASA 102, 359-378 (proper scores); Tashman (2000), International
    Journal of Forecasting 16, 437-450 (rolling origins).

    Examples
    --------
    Of 40 leads a day, 4 convert after 3 days and 4 after 12. What the raw rate lacks on the last
    day of a month is the later conversions of its last days.

    >>> import funnelkit as fk, pandas as pd
    >>> days = pd.date_range("2026-01-01", "2026-04-30").repeat(40)
    >>> lags = pd.Series(([3] * 4 + [12] * 4 + [None] * 32) * 120)
    >>> export = pd.DataFrame(
    ...     {"id": range(4800), "lead": days, "won": days + pd.to_timedelta(lags, "D")}
    ... )
    >>> leads = fk.from_frame(export, fk.Funnel(["lead", "won"], id="id"), as_of="2026-04-30")
    >>> found = backtest(leads, "lead", "won", horizon=14, methods=["adjusted"])
    >>> print(found.summary())
    One to three months ago this method would have been off by 0.0 points on average in the rate
    within 14 days, the raw rate by 5.0 (3 cohort forecasts on 3 dates of 3,600 leads; dates
    rewound).
    """
    from funnelkit.counts.build import triangle

    checks.one_of("every", every, UNITS)
    checks.confidence(confidence_level)
    checks.positive_whole("least", least)
    predictors = known.predictors(methods)
    today = triangle(leads, start, target, cohort=cohort, by=by)
    days = standing.horizon_of(today, horizon)
    chosen = standing.chosen(
        today, dates, horizon=days, every=every, calendar=leads.funnel.calendar, least=least
    )
    tally = Tally(
        today=today, horizon=days, least=least, level=confidence_level, predictors=predictors
    )
    first = today.as_of - dt.timedelta(days=today.n_ages - 1)
    if leads.recorded_from is not None:
        first = max(first, leads.recorded_from)
    tally.left_out[NOBODY] += sum(day < first for day in chosen)
    known_days: list[dt.date | str] = [day for day in chosen if day >= first]
    for counts in triangle(leads, start, target, cohort=cohort, by=by, as_of=known_days):
        tally.add(counts)
    return tally.result(leads)
