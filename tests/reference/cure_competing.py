"""A slow, obvious likelihood of competing outcomes with a share that comes to none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import optimize

from tests.reference.cure import Cdf, by_age, by_ages, cdf
from tests.reference.leads import Lead


def log_likelihood(
    leads: Sequence[Lead], shares: Mapping[str, float], latencies: Mapping[str, Cdf], *, exact=False
) -> float:
    """Return the log-likelihood of leads, each for itself; `exact` takes quad for the integrals."""
    last = max(lead.followed for lead in leads)
    # the last entry stands for age -1, by which nobody is decided
    by = {
        name: [*([by_age(f, a) for a in range(last + 1)] if exact else by_ages(f, last)), 0.0]
        for name, f in latencies.items()
    }

    def undecided(age: int) -> float:
        return 1 - sum(shares[name] * by[name][age] for name in shares)

    total = 0.0
    for lead in leads:
        if lead.outcome is None:
            chance = undecided(lead.followed)
        elif lead.undated:
            chance = shares[lead.outcome] * by[lead.outcome][lead.time]
        else:
            mine = by[lead.outcome]
            chance = shares[lead.outcome] * (mine[lead.time] - mine[lead.time - 1])
        if lead.late:
            chance /= undecided(lead.late - 1)
        total += np.log(max(chance, 1e-300))
    return total


def fitted(
    leads: Sequence[Lead],
    families: Mapping[str, str],
    start: Mapping[str, Sequence[float]],
    *,
    held: Mapping[str, float] | None = None,
) -> tuple[dict[str, float], dict[str, list[float]], float]:
    """Return shares, latency parameters and log-likelihood at the top, by BFGS and differences.

    Shares are those of a softmax with 0 for the undecided; those in `held` stay.
    """
    held = held or {}
    free = [name for name in families if name not in held]
    sizes = [len(start[name]) for name in families]

    def read(point: np.ndarray) -> tuple[dict[str, float], dict[str, list[float]]]:
        odds = np.exp(np.clip(point[: len(free)], -40, 40))
        room = 1 - sum(held.values())
        shares = {**held, **dict(zip(free, room * odds / (1 + odds.sum()), strict=True))}
        cuts = np.cumsum(sizes)[:-1]
        parts = np.split(point[len(free) :], cuts)
        return shares, {name: p.tolist() for name, p in zip(families, parts, strict=True)}

    def minus(point: np.ndarray) -> float:
        shares, parameters = read(point)
        latencies = {name: cdf(families[name], parameters[name]) for name in families}
        return -log_likelihood(leads, shares, latencies)

    begin = np.concatenate([np.zeros(len(free)), *(np.asarray(start[name]) for name in families)])
    found = optimize.minimize(minus, begin, method="BFGS", jac="3-point", options={"gtol": 1e-6})
    return *read(found.x), float(-found.fun)
