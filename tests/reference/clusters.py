"""Slow and obvious: R's random numbers, and CR2 by whole matrices."""

import numpy as np
from scipy import linalg, special

_BIG = 134217728


def r_normal(seed: int, size: int) -> np.ndarray:
    """R's set.seed(seed); rnorm(size): Mersenne Twister, inversion (R manual, ?RNGkind)."""
    state = seed
    for _ in range(50):
        state = (69069 * state + 1) % 2**32
    words = []
    for _ in range(625):
        state = (69069 * state + 1) % 2**32
        words.append(state)
    twister = np.random.MT19937()
    twister.state = {
        "bit_generator": "MT19937",
        "state": {"key": np.array(words[1:], np.uint32), "pos": 624},
    }
    raw = twister.random_raw(2 * size).astype(float) * 2.3283064365386963e-10
    first, second = raw[::2], raw[1::2]
    return special.ndtri((np.floor(_BIG * first) + second) / _BIG)


def cr2(
    X: np.ndarray, y: np.ndarray, codes: np.ndarray, contrast: np.ndarray
) -> tuple[float, float]:
    """Variance of a contrast by CR2, and its degrees of freedom, from n x n matrices."""
    n = len(y)
    bread = np.linalg.inv(X.T @ X)
    hat = X @ bread @ X.T
    left = np.eye(n) - hat
    residuals = left @ y
    columns = []
    for group in np.unique(codes):
        rows = np.flatnonzero(codes == group)
        own = left[np.ix_(rows, rows)]
        values, vectors = np.linalg.eigh(own)
        root = [1 / np.sqrt(v) if v > 1e-9 else 0.0 for v in values]
        adjust = vectors @ np.diag(root) @ vectors.T
        weights = np.zeros(n)
        weights[rows] = adjust @ X[rows] @ bread @ contrast
        columns.append(weights)
    G = np.column_stack(columns)
    variance = float(((G.T @ residuals) ** 2).sum())
    omega = G.T @ left @ left.T @ G
    eigenvalues = linalg.eigvalsh(omega)
    return variance, float(eigenvalues.sum() ** 2 / (eigenvalues**2).sum())


def lead_rows(x: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One row per lead from account sums: outcomes, and the account of each."""
    outcomes = [np.r_[np.ones(int(k)), np.zeros(int(m - k))] for k, m in zip(x, n, strict=True)]
    return np.concatenate(outcomes), np.repeat(np.arange(len(n)), np.asarray(n, int))
