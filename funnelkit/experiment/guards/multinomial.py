"""Counts of several arms against the shares they should have: exact, or by chi-squared."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from funnelkit.experiment.guards.associations import gamma_tail

FloatArray = NDArray[np.float64]
_OUTCOMES = 50_000
"""Outcomes that are listed one by one for an exact p-value, at most."""
_EXACT = 1000
"""Units up to which the p-value is exact where there are no more outcomes than that."""
_FEW = 5.0
"""Units expected in an arm below which chi-squared with its usual spread is too coarse."""


def split_test(counts: FloatArray, shares: FloatArray) -> tuple[float, float, str]:
    """Return chi-squared, p-value and name of the test of counts against intended shares."""
    total = float(counts.sum())
    expected = total * shares
    statistic = float(((counts - expected) ** 2 / expected).sum())
    size = len(counts)
    whole = bool((counts % 1 == 0).all())
    few = bool(expected.min() < _FEW)
    outcomes = math.comb(int(total) + size - 1, size - 1) if whole and total < 1e6 else math.inf
    if outcomes <= _OUTCOMES and (few or total <= _EXACT):
        found = _exact(tuple(int(k) for k in counts), tuple(float(share) for share in shares))
        return statistic, found, "exact multinomial test"
    if few:
        room = float((1 / shares).sum()) - size**2 - 2 * size + 2
        return statistic, gamma_tail(statistic, size - 1, 2 * (size - 1) + room / total), "χ² test"
    return statistic, float(stats.chi2.sf(statistic, size - 1)), "χ² test"


@lru_cache(maxsize=4096)
def _exact(counts: tuple[int, ...], shares: tuple[float, ...]) -> float:
    """Return the probability of all outcomes that are no likelier than the one that came."""
    total = sum(counts)
    logs = _log_probabilities(total, shares)
    own = special.gammaln(total + 1) + sum(
        special.xlogy(k, share) - special.gammaln(k + 1)
        for k, share in zip(counts, shares, strict=True)
    )
    return float(min(np.exp(logs[logs <= own + 1e-7]).sum(), 1.0))


@lru_cache(maxsize=256)
def _log_probabilities(total: int, shares: tuple[float, ...]) -> FloatArray:
    """Return the log-probability of every way to spread a total over the arms."""
    heads = np.zeros((1, 0), int)
    for _ in shares[:-1]:
        left = total - heads.sum(axis=1)
        repeats = np.repeat(np.arange(len(heads)), left + 1)
        first = np.concatenate([[0], np.cumsum(left + 1)[:-1]])
        nexts = np.arange(len(repeats)) - first[repeats]
        heads = np.column_stack([heads[repeats], nexts])
    ways = np.column_stack([heads, total - heads.sum(axis=1)])
    logs = special.gammaln(total + 1) + (
        special.xlogy(ways, np.array(shares)) - special.gammaln(ways + 1)
    ).sum(axis=1)
    return np.asarray(logs)
