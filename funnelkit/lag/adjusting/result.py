"""`adjust`: what each cohort comes to, by its own conversions and a fit's timing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks
from funnelkit.counts.triangle import Triangle
from funnelkit.lag.adjusting import exposure
from funnelkit.lag.adjusting.adjusted_rates import IMMATURE_BELOW, AdjustedRates
from funnelkit.lag.adjusting.cells import Cells, curves_of, last_age, positions
from funnelkit.lag.adjusting.pace import Pace, fit_pace
from funnelkit.lag.adjusting.shrunken import ShrunkenFit
from funnelkit.lag.adjusting.timing import mean_maturities
from funnelkit.lag.base import LagFit

__all__ = ["IMMATURE_BELOW", "AdjustedRates", "adjust"]

FloatArray = NDArray[np.float64]


def adjust(triangle: Triangle, fit: LagFit, *, confidence_level: float = 0.95) -> AdjustedRates:
    """Return what each cohort's rate comes to once its leads are as old as the horizon.

    Parameters
    ----------
    triangle
        Counts of the cohorts to adjust; ``triangle.collapse(cohorts=True)`` for one rate per
        segment.
    fit
        Timing, of the same target, with every segment and cohort of the triangle. One that is
        pooled over cohorts says most about young cohorts: these have little pace of their own.
        With a :class:`ShrunkenFit` the rates are the fit's, with their intervals.
    confidence_level
        Level of the intervals in :meth:`AdjustedRates.to_frame`.

    Returns
    -------
    AdjustedRates
        One rate per segment and cohort; the denominator is the leads that entered ``start``.

    Raises
    ------
    ArgumentError
        If the fit is of another target, or lacks a segment or cohort of the triangle.

    Notes
    -----
    With m(i) the maturity of lead i at its age on ``as_of`` (at the horizon, if it is older), a
    cohort with x conversions by the horizon comes to x / Σ m(i): its own conversions, not the
    average's; at most what it comes to if all leads that are still open convert.

    Its interval holds three doubts. Chance: Wilson's interval for x of the leads that entered,
    divided by the mean maturity; the conversions so far are a binomial share of all leads.
    (Wilson's interval on Σ m(i) leads, which is common, is nearly the same for small rates, but
    covers 75 to 90 % instead of 95 % where rates are large and leads young.) Timing: the spread
    of the mean maturity over draws of the fit. Pace: how far months of another pace (see
    :func:`fit_pace`) would have moved it; a quick month takes from those to come, so that old
    cohorts hardly move. The three are added in squares on the logit scale; the interval is never
    inside Wilson's, and stays in [0, 1]. Without counts by civil month pace is held at the
    usual one (``holds_fixed`` says so). As every cohort has a rate of its own, cohorts that
    differ by more than chance need no further allowance. Where the funnel has accounts, the
    number of leads is the effective one.

    References
    ----------
    Chapelle (2014), KDD, 1097-1105 (conversions still to come); Mack (1993), ASTIN Bulletin 23,
    213-225 (a cohort's own development); Wilson (1927), JASA 22, 209-212; Zou and Donner (2008),
    Statistics in Medicine 27, 1693-1702 (distances added in squares).

    Examples
    --------
    Two daily cohorts of 40 leads. Of the first, 8 convert on day 0 and 8 on day 1; the second is
    0 days old, and 4 have converted: 0.15 of all by day 0, 0.3625 by day 1.

    >>> import datetime as dt
    >>> import pandas as pd
    >>> from funnelkit.lag import fit_kaplan_meier
    >>> triangle = Triangle(
    ...     start="lead",
    ...     target="won",
    ...     cohorts=pd.period_range("2026-01-01", periods=2, freq="D"),
    ...     as_of=dt.date(2026, 1, 2),
    ...     entered=[[40, 40]],
    ...     events={"won": [[[8, 8], [4, 0]]]},
    ...     censored=[[[0, 24], [36, 0]]],
    ...     followed=[[[0, 40], [40, 0]]],
    ... )
    >>> rates = adjust(triangle, fit_kaplan_meier(triangle))
    >>> rates.maturity.round(4).tolist()  # 0.15 / 0.3625
    [[1.0, 0.4138]]
    >>> rates.adjusted.round(4).tolist()  # 4 / (40 x 0.4138)
    [[0.4, 0.2417]]
    """
    checks.confidence(confidence_level)
    where = positions(triangle, fit)
    cells = np.ix_(*where)
    last = last_age(triangle, fit)
    shape = fit.maturity(np.arange(last + 1))[cells]
    followed, events = triangle.followed, triangle.by_age(triangle.target)
    full = followed[..., last + 1 :].sum(axis=-1)
    mature_leads = (followed[..., : last + 1] * shape).sum(axis=-1) + full
    shrunken = fit if isinstance(fit, ShrunkenFit) else None
    timing = fit if shrunken is None else shrunken.timing
    pace = fit_pace(triangle, fit) if shrunken is None else shrunken.pace
    means = mean_maturities(triangle, fit, where) if shrunken is None else None
    return AdjustedRates(
        start=triangle.start,
        target=triangle.target,
        by=triangle.by,
        segments=triangle.segments,
        cohorts=triangle.cohorts,
        partial=triangle.partial,
        as_of=triangle.as_of,
        horizon=timing.horizon,
        confidence_level=confidence_level,
        entered=triangle.entered,
        converted=events[..., : last + 1].sum(axis=-1),
        later=events[..., last + 1 :].sum(axis=-1),
        undecided=triangle.censored[..., : fit.horizon].sum(axis=-1),
        late=0 * triangle.entered if triangle.late is None else triangle.late.sum(axis=-1),
        mature_leads=mature_leads,
        ultimate=np.asarray(fit.ultimate)[cells],
        timing_sd=0 * mature_leads if means is None else _spread_of_logs(means),
        pace_sd=_moved_by_pace(triangle, fit, where, pace),
        pace=pace,
        accounts=None if triangle.accounts is None else triangle.accounts.up_to(last),
        shrunken=shrunken,
        cells=where,
    )


def _spread_of_logs(means: FloatArray) -> FloatArray:
    """Return half the distance of the quantiles of logs that are two standard deviations apart."""
    low, high = np.quantile(np.log(np.maximum(means, 1e-6)), (0.1587, 0.8413), axis=0)
    return np.asarray((high - low) / 2)


def _moved_by_pace(triangle: Triangle, fit: LagFit, cells: Cells, pace: Pace | None) -> FloatArray:
    """Return the standard deviation of each cell's log maturity if months differ in pace."""
    if pace is None:
        return np.zeros(triangle.entered.shape)
    maturity = curves_of(triangle, fit, cells)
    entries = exposure.entries(triangle, maturity)
    shares = exposure.Shares(entries, entries.hazards(maturity))
    found = shares.expected(np.zeros(shares.size[1]))
    total = found.leads.sum(axis=1)[:, None]
    slopes = found.slopes.sum(axis=1) / np.where(total > 0, total, 1.0)
    moved = pace.predictive_sd * np.sqrt((slopes**2).sum(axis=1))
    return np.asarray(moved.reshape(triangle.entered.shape))
