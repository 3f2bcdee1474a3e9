"""A slow, obvious mixture-cure regression: lead by lead, top by a general optimiser."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy import optimize

from tests.reference.cure import by_ages, cdf
from tests.reference.leads import Lead

Columns = Callable[[Lead], Sequence[float]]


def log_likelihood(
    leads: Sequence[Lead],
    point: np.ndarray,
    *,
    family: str,
    rate: Columns,
    scale: Columns,
) -> float:
    """Return the log-likelihood at (coefficients of the rate, of the scale, shape parameters)."""
    n_rate, n_scale = len(rate(leads[0])), len(scale(leads[0]))
    b, g, shape = np.split(np.asarray(point, float), [n_rate, n_rate + n_scale])
    last = max(lead.followed for lead in leads)
    curves: dict[float, list[float]] = {}
    total = 0.0
    for lead in leads:
        p = 1 / (1 + np.exp(-float(np.dot(rate(lead), b))))
        at = float(np.dot(scale(lead), g))
        if at not in curves:
            # the last entry stands for age -1, by which nobody has converted
            curves[at] = [*by_ages(cdf(family, [at, *shape]), last), 0.0]
        share = curves[at]
        if lead.outcome is None:
            chance = 1 - p * share[lead.followed]
        elif lead.undated:
            chance = p * share[lead.time]
        else:
            chance = p * (share[lead.time] - share[lead.time - 1])
        if lead.late:
            chance /= 1 - p * share[lead.late - 1]
        total += np.log(max(chance, 1e-300))
    return total


def top(
    leads: Sequence[Lead],
    start: Sequence[float],
    *,
    family: str,
    rate: Columns,
    scale: Columns,
) -> tuple[np.ndarray, float]:
    """Return the coefficients at the top, and the log-likelihood there."""

    def minus(point: np.ndarray) -> float:
        return -log_likelihood(leads, point, family=family, rate=rate, scale=scale)

    found = optimize.minimize(
        minus, np.asarray(start, float), method="BFGS", options={"gtol": 1e-3}
    )
    return found.x, float(-found.fun)


def times_log_likelihood(
    times: np.ndarray,
    event: np.ndarray,
    entry: np.ndarray,
    *,
    rate: np.ndarray,
    density: Callable[[np.ndarray], np.ndarray],
    share: Callable[[np.ndarray], np.ndarray],
) -> float:
    """Return the log-likelihood of exact times, for rates and curves of each unit."""
    came = np.log(rate * density(times))
    not_yet = np.log(1 - rate * share(times))
    before = np.where(entry > 0, np.log(1 - rate * share(np.maximum(entry, 1e-12))), 0.0)
    return float((np.where(event, came, not_yet) - before).sum())
