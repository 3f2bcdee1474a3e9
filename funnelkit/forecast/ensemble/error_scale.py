"""How large the error of each step is: from simple smoothing at every origin, and from refits.

Two sources, both by rolling origins within the series itself. Simple smoothing is cheap, so its
errors are known for every origin and every step: they tell how fast errors grow. The ensemble is
refitted at two earlier origins: its errors there tell how its own compare. How much each counts
was estimated once, by likelihood, on 861 pieces of real monthly series of other sources than those
the accuracy is reported on (employment, hospital visits, arrivals and departures, offences, the
series of the M1 competition).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelkit.forecast.ensemble import members, scales
from funnelkit.forecast.ensemble.combination import FEWEST, combined

FloatArray = NDArray[np.float64]

ORIGINS = (0.25, 0.75)  # refits so many horizons before the end
WEIGHTS = np.linspace(0.02, 0.98, 25)  # smoothing weights tried
CYCLES, LEAST_RECENT = 5, 60  # the latest cycles, or points, whose errors tell of those to come
WARM = 3  # first errors of smoothing, which still find the level
FARTHEST = 20.0  # an error of a refit counts at most so many times its expected size

# log scale = LEVEL + THEORY log(theory) + SEEN log(seen) + REFITS log(ratio of the refits)
#           + CYCLE log(change from cycle to cycle beside the size of errors).
# All found by likelihood, with the degrees of freedom of error_paths.py.
LEVEL, THEORY, SEEN, REFITS, CYCLE = -0.221, 0.376, 0.417, 0.499, 0.335
LEAST_CHANGE, MOST_CHANGE = 0.2, 8.0


@dataclass(frozen=True, eq=False, kw_only=True)
class ErrorScale:
    """Size of the errors ahead of one series, on its scale.

    Parameters
    ----------
    scale
        Scale the errors are on.
    steps
        Scale of a t-distribution for each step, shape ``(H,)``.
    weight
        Smoothing weight: the share of a surprise that lasts.
    """

    scale: scales.Scale
    steps: FloatArray
    weight: float


def error_scale(values: FloatArray, horizon: int, season: int) -> ErrorScale:
    """Return the size of the errors of each step ahead of a series of six points or more.

    Parameters
    ----------
    values
        One series without gaps, shape ``(T,)``.
    horizon
        Steps ahead.
    season
        Periods to a cycle.

    Returns
    -------
    ErrorScale
        On the scale of `scales.scale_of`.
    """
    scale = scales.scale_of(values)
    level = scales.onto(scale, members.adjust(values, horizon, season).level)
    level = level[-max(CYCLES * season, LEAST_RECENT) :]
    weight, one, levels = smoothed(level)
    sigma = float(np.sqrt(np.mean(one[WARM:] ** 2)))
    steps = np.arange(1, horizon + 1)
    theory = np.sqrt(1 + weight**2 * (steps - 1))
    if sigma <= 0:
        return ErrorScale(scale=scale, steps=np.zeros(horizon), weight=weight)
    seen = _seen(level, levels, sigma, theory)
    ratio = _refits(values, horizon, season, scale, sigma * np.sqrt(theory * seen))
    logs = LEVEL + THEORY * np.log(theory) + SEEN * np.log(seen) + REFITS * np.log(ratio)
    logs += CYCLE * np.log(_change(scales.onto(scale, values), season, sigma))
    return ErrorScale(scale=scale, steps=sigma * np.exp(logs), weight=weight)


def few_points(values: FloatArray, horizon: int) -> ErrorScale:
    """Return the size of the errors of a series of one to five points, not all 0.

    The spread of the points is doubtful, so it is not taken for less than about a third of the
    level, and for one point two thirds (on the scale of logarithms; as much on the others).
    """
    scale = scales.scale_of(values)
    given = scales.onto(scale, values)
    size = len(values)
    typical = {"log": 1.0, "root": 0.5, "plain": 1.0}[scale]
    unit = 1.0 if scale == "log" else max(float(np.abs(given).mean()), 0.5)
    spread = float(given.std(ddof=1)) if size > 1 else 0.0
    least = typical * unit * (0.67 if size == 1 else 0.33)
    steps = np.sqrt(1 + 1 / size + 0.1 * np.arange(horizon))
    return ErrorScale(scale=scale, steps=max(spread, least) * steps, weight=0.3)


def smoothed(level: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Return the weight of simple smoothing with the least squares, its errors and its levels.

    Examples
    --------
    >>> weight, errors, levels = smoothed(np.array([1.0, 1, 1, 1, 5, 5, 5, 5]))
    >>> round(weight, 2), errors[4].round(1)
    (0.98, np.float64(4.0))
    """
    at = np.full(len(WEIGHTS), level[: min(len(level), 4)].mean())
    errors, levels = np.empty((2, len(level), len(WEIGHTS)))
    for t, value in enumerate(level):
        errors[t] = value - at
        at = at + WEIGHTS * errors[t]
        levels[t] = at
    best = int(np.argmin((errors[WARM:] ** 2).mean(axis=0)))
    return float(WEIGHTS[best]), errors[:, best], levels[:, best]


def _change(given: FloatArray, season: int, sigma: float) -> float:
    """Return the mean change from one cycle to the next beside the size of errors, within bounds.

    A year where there are no cycles, and half of a short series.
    """
    lag = min(season if season > 1 else 12, len(given) // 2)
    change = float(np.abs(given[lag:] - given[:-lag]).mean()) / sigma
    return float(np.clip(change, LEAST_CHANGE, MOST_CHANGE))


def _seen(level: FloatArray, levels: FloatArray, sigma: float, theory: FloatArray) -> FloatArray:
    """Return the root mean square error of smoothing for each step, beside one step's, (H,)."""
    found = np.empty(len(theory))
    size = len(level)
    last = 1.0
    for h in range(1, len(theory) + 1):
        if size > h + WARM + 1:
            errors = level[WARM + h :] - levels[WARM:-h]
            last = max(last, float(np.sqrt(np.mean(errors**2))) / sigma)
        elif h > 1:
            last = last * theory[h - 1] / theory[h - 2]
        found[h - 1] = last
    return found


def _refits(
    values: FloatArray, horizon: int, season: int, scale: scales.Scale, usual: FloatArray
) -> float:
    """Return the root mean square error of refits beside the usual size; 1 where none fits in."""
    size = len(values)
    given = scales.onto(scale, values)
    found = []
    for share in ORIGINS:
        ahead = min(max(round(share * horizon), 1), size // 3)
        if ahead < 1 or size - ahead < FEWEST:
            continue
        was = combined(values[:-ahead], ahead, season).expected
        apart = (given[-ahead:] - scales.onto(scale, was)) / usual[:ahead]
        found.append(np.minimum(apart**2, FARTHEST**2))
    return float(np.sqrt(np.concatenate(found).mean() + 0.05)) if found else 1.0
