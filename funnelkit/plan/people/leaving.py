"""What people may do instead: draws of who leaves, and of how much the others win."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from funnelkit.plan.people.role import Role
    from funnelkit.plan.people.supply import Group

FloatArray = NDArray[np.float64]


def drawn(
    role: Role, groups: Sequence[Group], ahead: int, *, n_draws: int, rng: np.random.Generator
) -> FloatArray:
    """Return draws of the quotas that one role wins in each month, shape ``(N, H)``.

    Parameters
    ----------
    role
        With attainment and attrition, each with its doubt.
    groups
        Who is there.
    ahead
        Months of the plan, H.
    n_draws
        Draws, N.
    rng
        Source of chance.

    Notes
    -----
    One draw has one attrition (beta) and one attainment (gamma), which hold for all months; given
    them, each person leaves or stays in each month served by chance of their own (binomial).
    """
    attrition = _shuffled(role.leaving.quantiles(_places(n_draws), kind="share"), rng)
    attained = _shuffled(role.attained.quantiles(_places(n_draws), kind="amount"), rng)
    base = role.attained.value
    factor = attained / base if base > 0 else np.ones(n_draws)
    won = np.zeros((n_draws, ahead))
    for one in groups:
        heads = np.full(n_draws, one.heads)
        each = one.share * one.there * role.ramped(one.served) * one.attainment
        for month in range(ahead):
            if month and one.risk[month] > one.risk[month - 1]:
                heads = rng.binomial(heads, 1 - attrition)
            won[:, month] += heads * each[month]
    return won * factor[:, None]


def _places(n_draws: int) -> FloatArray:
    return (np.arange(n_draws) + 0.5) / n_draws


def _shuffled(values: FloatArray, rng: np.random.Generator) -> FloatArray:
    return values[rng.permutation(len(values))]
