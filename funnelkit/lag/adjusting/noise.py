"""Chance, timing and pace together: intervals of a cohort's rate, and of what is still to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from funnelkit._core.interval import Interval, share_interval
from funnelkit.lag.adjusting.timing import SEED

if TYPE_CHECKING:
    from funnelkit.lag.adjusting.adjusted_rates import AdjustedRates

FloatArray = NDArray[np.float64]
_EDGE = 1e-9
_DRAWS = 2000


def own_interval(
    seen: FloatArray, worth: FloatArray, maturity: FloatArray, *, confidence_level: float
) -> Interval:
    """Return Wilson's interval of the share seen, divided by the mean maturity, at most 1.

    Parameters
    ----------
    seen
        Conversions so far.
    worth
        Effective number of leads.
    maturity
        Mean maturity of the leads.
    confidence_level
        Two-sided level.
    """
    low, high = share_interval(seen, worth, confidence_level=confidence_level)
    mean = np.maximum(maturity, _EDGE)
    return Interval(np.minimum(low / mean, 1.0), np.minimum(high / mean, 1.0))


def widened(
    interval: Interval, centre: FloatArray, sd: FloatArray, *, confidence_level: float
) -> Interval:
    """Return an interval of rates with more doubt in it.

    Parameters
    ----------
    interval
        Interval that leaves the doubt out.
    centre
        Rate about which it lies.
    sd
        Further standard deviation of the log of the rate.
    confidence_level
        Two-sided level.

    Returns
    -------
    Interval
        Inside [0, 1], and never inside the one that was given.

    Notes
    -----
    On the logit scale, distances from the centre are added in squares: d' = √(d² + z² s²), with
    s = sd / (1 - centre).

    References
    ----------
    Zou and Donner (2008), Statistics in Medicine 27, 1693-1702 (intervals from the distances of
    others).
    """
    low, high = (np.asarray(end, float) for end in interval)
    middle = np.clip(centre, low + _EDGE, np.maximum(high - _EDGE, low + _EDGE))
    middle = np.clip(middle, _EDGE, 1 - _EDGE)
    more = stats.norm.isf((1 - confidence_level) / 2) * sd / (1 - middle)
    at = special.logit(middle)
    ends = []
    for end, sign in ((low, -1.0), (high, 1.0)):
        apart = at - special.logit(np.clip(end, _EDGE**2, 1 - 1e-15))
        moved = special.expit(at + sign * np.hypot(apart, more))
        ends.append(np.where((end <= 0) | (end >= 1), end, moved))
    return Interval(np.minimum(ends[0], low), np.maximum(ends[1], high))


def chance_of_more(rates: AdjustedRates, rate: FloatArray, maturity: FloatArray) -> FloatArray:
    """Return the share of the undecided leads that still convert by the horizon, from 0 to 1.

    Parameters
    ----------
    rates
        For the leads that entered, converted and are undecided.
    rate, maturity
        Rate by the horizon and mean maturity, of any shape that ends with that of the cells.

    Notes
    -----
    p (1 - m) n of what is undecided when p m n have converted; of what is undecided, where leads
    came under observation late and those who converted before that are not counted.
    """
    entered, undecided = rates.entered, rates.undecided
    more = rate * (1 - maturity) * entered
    open_to = undecided + rates.converted - rate * maturity * entered
    open_to = np.where(rates.late > 0, undecided, open_to)
    share = np.where(open_to > more, more / np.where(open_to > more, open_to, 1.0), 1.0)
    return np.asarray(np.where(more > 0, np.clip(share, 0.0, 1.0), 0.0))


def more_interval(rates: AdjustedRates, confidence_level: float) -> Interval:
    """Return quantiles of the conversions still to come: see `AdjustedRates.more_interval`."""
    rng = np.random.default_rng(SEED)
    if rates.shrunken is None:
        drawn, maturity = _own_draws(rates, rng)
    else:
        rows, columns = np.ix_(*rates.cells)
        drawn, maturity = (
            found[:, rows, columns] for found in rates.shrunken.sample_rates(_DRAWS, rng=rng)
        )
    share = chance_of_more(rates, drawn, maturity)
    came = rng.binomial(rates.undecided, share)
    tail = (1 - confidence_level) / 2
    low, high = np.quantile(came, (tail, 1 - tail), axis=0, method="inverted_cdf")
    return Interval(np.asarray(low, float), np.asarray(high, float))


def _own_draws(rates: AdjustedRates, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return draws of the rates and of the mean maturities that go with them."""
    size = (_DRAWS, *rates.entered.shape)
    sd = np.hypot(rates.timing_sd, rates.pace_sd)
    mean = np.clip(rates.maturity, _EDGE, 1 - _EDGE)
    moved = special.expit(special.logit(mean) + rng.standard_normal(size) * sd / (1 - mean))
    maturity = np.where(rates.maturity >= 1 - _EDGE, 1.0, np.maximum(moved, _EDGE))
    worth = rates.worth
    seen = rates.converted * worth / np.maximum(rates.entered, 1)
    share = rng.beta(np.broadcast_to(seen + 0.5, size), worth - seen + 0.5)
    return np.minimum(share / maturity, rates.most), maturity
