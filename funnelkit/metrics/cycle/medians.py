"""Ages by which half have won, or have left a stage, with intervals from draws of the curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit.counts.triangle import Triangle
from funnelkit.lag import NonparametricFit, fit_competing

FloatArray = NDArray[np.float64]
_DRAWS = 300
_SEED = 0
_SLACK = 1e-12


class Halves(NamedTuple):
    """Days with their interval, and which curves are not followed to the end.

    Shapes ``(n_segments, n_cohorts)``; NaN where there is no such day.
    """

    days: FloatArray
    low: FloatArray
    high: FloatArray
    young: NDArray[np.bool_]


def half_of_target(triangle: Triangle, *, by_cohort: bool, confidence_level: float) -> Halves:
    """Return the first age at which the incidence of the target reaches half of its last value.

    Parameters
    ----------
    triangle
        Counts.
    by_cohort
        Whether each cohort has a curve of its own.
    confidence_level
        Of the intervals.
    """
    fit = fit_competing(triangle, pool=() if by_cohort else ("cohorts",))
    days = fit.median_days()
    young = (fit.verdicts == "bound only") & (triangle.reached(triangle.target) > 0)
    low, high = np.full(days.shape, np.nan), np.full(days.shape, np.nan)
    for i in range(triangle.n_segments):
        drawn = _one(fit, triangle, i, by_cohort=by_cohort).sample(_DRAWS, rng=_SEED)[:, 0]
        reached = drawn >= drawn[..., -1:] / 2 - _SLACK
        low[i], high[i] = _middle(np.argmax(reached, axis=-1).astype(float), confidence_level)
    blank = np.isnan(days) | (young if by_cohort else False)
    low, high = np.minimum(low, days), np.maximum(high, days)
    return Halves(days, np.where(blank, np.nan, low), np.where(blank, np.nan, high), young)


def half_of_all(triangle: Triangle, *, confidence_level: float) -> Halves:
    """Return the first age by which half have had any outcome.

    Parameters
    ----------
    triangle
        Counts, cohorts taken together.
    confidence_level
        Of the intervals, on records as if each was there on its own; an upper end that the curve
        does not reach is infinite.
    """
    merged = _merged(triangle)
    fit = fit_competing(merged)
    days = _first(fit.rate_at(np.arange(fit.horizon + 1)))
    low, high = np.full(days.shape, np.nan), np.full(days.shape, np.nan)
    for i in range(merged.n_segments):
        first = _first(_one(fit, merged, i).sample(_DRAWS, rng=_SEED)[:, 0])
        low[i], high[i] = _middle(np.where(np.isnan(first), np.inf, first), confidence_level)
    known = np.isfinite(days)
    low, high = np.minimum(low, days), np.maximum(high, days)
    return Halves(days, np.where(known, low, np.nan), np.where(known, high, np.nan), ~known)


def _merged(triangle: Triangle) -> Triangle:
    """Return the counts with all outcomes as one."""

    def total(cubes: Mapping[str, NDArray[np.int64]]) -> dict[str, NDArray[np.int64]]:
        none = np.zeros_like(triangle.censored)
        return {triangle.target: np.asarray(sum(cubes.values(), none))}

    return replace(
        triangle,
        exits=(),
        events=total(triangle.events),
        undated=total(triangle.undated),
        accounts=None,
        calendar=None,
    )


def _one(
    fit: NonparametricFit, triangle: Triangle, segment: int, *, by_cohort: bool = False
) -> NonparametricFit:
    """Return the fit of one segment, so that its draws take little memory."""
    if triangle.n_segments == 1:
        return fit
    own = triangle.select(segment=triangle.segments[segment])
    if not own.n:
        return fit_competing(triangle.collapse(segments=True, cohorts=not by_cohort))
    return fit_competing(own, pool=() if by_cohort else ("cohorts",))


def _first(rates: FloatArray) -> FloatArray:
    """Return the first age at which a rate reaches one half; NaN where it does not."""
    reached = rates >= 0.5 - _SLACK
    return np.where(reached.any(axis=-1), np.argmax(reached, axis=-1).astype(float), np.nan)


def _middle(drawn: FloatArray, confidence_level: float) -> tuple[FloatArray, FloatArray]:
    tail = (1 - confidence_level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0, method="inverted_cdf")
    return np.asarray(low), np.asarray(high)
