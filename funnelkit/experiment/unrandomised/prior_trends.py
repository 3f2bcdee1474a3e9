"""Whether two groups moved alike before the change: the gap between them by period."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from funnelkit.experiment.comparison import Scale
from funnelkit.experiment.unrandomised.contrasts import Contrast, contrast
from funnelkit.experiment.unrandomised.readings import Reading

FloatArray = NDArray[np.float64]
Pair = tuple[Reading, Reading]


@dataclass(frozen=True, kw_only=True)
class PriorTrend:
    """How the gap between two groups moved before the change; see :func:`prior_trend`.

    Parameters
    ----------
    periods
        Periods before the change, at least 2.
    pvalue
        Of a gap that stayed the same in all of them.
    slope, low, high
        By how much the gap moved from one period to the next, with its interval: points of a
        share, units of a mean, or of the logarithm of an odds ratio.
    placebo, placebo_low, placebo_high, placebo_pvalue
        The difference in differences from the period before the last to the last one, in which
        nothing was changed.
    """

    periods: int
    pvalue: float
    slope: float
    low: float
    high: float
    placebo: float
    placebo_low: float
    placebo_high: float
    placebo_pvalue: float


def prior_trend(past: Sequence[Pair], *, scale: Scale, confidence_level: float) -> PriorTrend:
    """Return how the gap between two groups moved over the periods before the change.

    Parameters
    ----------
    past
        At least two periods, evenly spaced, oldest first: comparison and treated.
    scale
        Of the gap: a difference or an odds ratio.
    confidence_level
        Of the intervals.

    Notes
    -----
    Gaps are weighted by the inverse of their variance. That they are all the same is tested by
    chi-squared (Cochran's Q, one degree of freedom less than periods), the slope by least squares.
    Rates enter variances as (x + 1) / (n + 2), logits with one half added, so that a group without
    conversions is not held for certain.

    References
    ----------
    Cochran (1954), Biometrics 10, 101-129. Roth (2022), American Economic Review: Insights 4,
    305-322: such a test finds only large trends, and one that it lets pass may still be there.
    """
    gaps, variances = (
        np.array(values) for values in zip(*(_gap(pair, scale) for pair in past), strict=True)
    )
    weights = 1 / np.maximum(variances, 1e-300)
    time = np.arange(len(past), dtype=float)
    mean = float(weights @ gaps / weights.sum())
    unlike = float(weights @ (gaps - mean) ** 2)
    centred = time - weights @ time / weights.sum()
    spread = float(weights @ centred**2)
    slope = float(weights @ (centred * gaps)) / spread
    half = float(stats.norm.isf((1 - confidence_level) / 2)) / math.sqrt(spread)
    placebo = two_changes(past[-2], past[-1], scale=scale)
    low, high = placebo.bounds(confidence_level)
    return PriorTrend(
        periods=len(past),
        pvalue=float(stats.chi2.sf(unlike, len(past) - 1)),
        slope=slope,
        low=slope - half,
        high=slope + half,
        placebo=placebo.estimate,
        placebo_low=low,
        placebo_high=high,
        placebo_pvalue=placebo.pvalue,
    )


def two_changes(before: Pair, after: Pair, *, scale: Scale) -> Contrast:
    """Return the change of the treated group less that of the comparison group, two-sided."""
    return contrast([*before, *after], WEIGHTS, scale=scale)


WEIGHTS = (1.0, -1.0, -1.0, 1.0)
"""Of comparison and treated before, then after."""


def _gap(pair: Pair, scale: Scale) -> tuple[float, float]:
    """Return the treated group less the comparison, and its variance."""
    comparison, treated = pair
    if comparison.converted is None or treated.converted is None:
        variance = sum((one.sd or 0.0) ** 2 / one.n for one in pair)
        return treated.mean - comparison.mean, variance
    x = np.array([comparison.converted, treated.converted])
    n = np.array([comparison.n, treated.n])
    if scale == "odds ratio":
        logit = np.log((x + 0.5) / (n - x + 0.5))
        return float(logit[1] - logit[0]), float((1 / (x + 0.5) + 1 / (n - x + 0.5)).sum())
    safe = (x + 1) / (n + 2)
    return treated.mean - comparison.mean, float((safe * (1 - safe) / n).sum())
