"""A slow, obvious mixture-cure likelihood: lead by lead, integrals by quadrature."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np
from scipy import integrate, optimize, stats

from tests.reference.leads import Lead

Cdf = Callable[[np.ndarray], np.ndarray]


def cdf(family: str, parameters: Sequence[float]) -> Cdf:
    """Return F of a family at (log scale, log shape, q), from SciPy's own distributions."""
    scale, *rest = parameters
    shape = np.exp(rest[0]) if rest else 1.0
    q = rest[1] if len(rest) > 1 else 0.0
    frozen = {
        "exponential": lambda: stats.expon(scale=np.exp(scale)),
        "weibull": lambda: stats.weibull_min(shape, scale=np.exp(scale)),
        "gamma": lambda: stats.gamma(shape, scale=np.exp(scale)),
        "log-normal": lambda: stats.lognorm(1 / shape, scale=np.exp(scale)),
        "log-logistic": lambda: stats.fisk(shape, scale=np.exp(scale)),
        # Stacy: (t / b)^c is gamma with shape a = 1 / q²
        "generalised gamma": lambda: stats.gengamma(
            1 / q**2, q * shape, scale=np.exp(scale) * (1 / q**2) ** (-1 / (q * shape))
        ),
    }[family]()
    return frozen.cdf


def by_age(f: Cdf, age: int) -> float:
    """Return the integral of F from age to age + 1; 0 before day 0."""
    if age < 0:
        return 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", integrate.IntegrationWarning)
        # u = v^4 takes the edge off where F rises like a root at 0
        value, _ = integrate.quad(
            lambda v: 4 * v**3 * f(age + v**4), 0, 1, epsabs=1e-13, epsrel=1e-12, limit=200
        )
    return float(value)


def by_ages(f: Cdf, last: int) -> list[float]:
    """Return the same for every age up to the last, by Simpson's rule on a fine grid."""
    v = np.linspace(0, 1, 401)
    days = np.arange(last + 1)[:, None] + v**4
    return integrate.simpson(4 * v**3 * f(days), x=v, axis=1).tolist()


def log_likelihood(leads: Sequence[Lead], rate: float, f: Cdf) -> float:
    """Return the log-likelihood of leads, each for itself."""
    # the last entry stands for age -1, by which nobody has converted
    share = [*by_ages(f, max(lead.followed for lead in leads)), 0.0]
    total = 0.0
    for lead in leads:
        if lead.outcome is None:
            chance = 1 - rate * share[lead.followed]
        elif lead.undated:
            chance = rate * share[lead.time]
        else:
            chance = rate * (share[lead.time] - share[lead.time - 1])
        if lead.late:
            chance /= 1 - rate * share[lead.late - 1]
        total += np.log(max(chance, 1e-300))
    return total


def fitted(
    leads: Sequence[Lead], family: str, start: Sequence[float]
) -> tuple[float, list[float], float]:
    """Return rate, latency parameters and log-likelihood at the top, by Nelder and Mead."""

    def minus(point: np.ndarray) -> float:
        rate = 1 / (1 + np.exp(-point[0]))
        return -log_likelihood(leads, rate, cdf(family, point[1:]))

    found = optimize.minimize(
        minus, np.asarray(start), method="Nelder-Mead",
        options={"xatol": 1e-6, "fatol": 1e-9, "maxiter": 4000},
    )  # fmt: skip
    return float(1 / (1 + np.exp(-found.x[0]))), found.x[1:].tolist(), float(-found.fun)
