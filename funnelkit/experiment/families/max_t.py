"""The distribution of the largest statistic over the stages when chance alone chose the arm."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def step_down(
    control: IntArray,
    treatment: IntArray,
    *,
    sign: int,
    draws: int,
    rng: np.random.Generator,
) -> FloatArray:
    """Return step-down max-T p-values of the stages after the entry.

    Parameters
    ----------
    control, treatment
        Units that reached the entry and each stage, never rising; shape ``(n_stages + 1,)``.
    sign
        1 or -1: statistics that count are those above or below 0; 0: either side.
    draws
        Number of permutations.
    rng
        Source of the draws.

    Returns
    -------
    ndarray
        Shape ``(n_stages,)``; (1 + draws at least as large) / (1 + draws), so never 0.

    Notes
    -----
    Shuffling the arms over the units leaves the pooled counts of the *furthest* stage reached as
    they are, and deals them to the treatment by the multivariate hypergeometric law; running sums
    from the end of the funnel make these the cumulative counts. Each statistic is that of the
    score test. Given the pooled counts, it is the difference over a constant.

    References
    ----------
    Westfall and Young (1993), Resampling-Based Multiple Testing, algorithm 4.1 (step-down max-T);
    Phipson and Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9, 39
    (one is added).
    """
    pooled = control + treatment
    furthest = pooled - np.append(pooled[1:], 0)
    size = int(treatment[0])
    dealt = rng.multivariate_hypergeometric(furthest, size, size=draws, method="marginals")
    reached = np.cumsum(dealt[:, ::-1], axis=1)[:, ::-1][:, 1:]
    observed = _away(treatment[1:], pooled, size, sign)
    drawn = _away(reached, pooled, size, sign)
    order = np.argsort(-observed, kind="stable")
    largest = np.maximum.accumulate(drawn[:, order][:, ::-1], axis=1)[:, ::-1]
    beyond = (largest >= observed[order] - 1e-9).sum(axis=0)
    found = np.empty(len(observed))
    found[order] = np.maximum.accumulate((1 + beyond) / (1 + draws))
    return found


def _away(reached: IntArray, pooled: IntArray, size: int, sign: int) -> FloatArray:
    """Return how far the treatment's counts are from their mean, in standard deviations."""
    n = float(pooled[0])
    share = pooled[1:] / n
    expected = size * share
    variance = size * (n - size) / max(n - 1, 1.0) * share * (1 - share)
    away = np.where(variance > 0, (reached - expected) / np.sqrt(np.maximum(variance, 1e-300)), 0)
    return np.asarray(np.abs(away) if sign == 0 else sign * away)
