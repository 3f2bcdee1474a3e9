"""How large deals to come are: past won deals resampled, those of a segment before all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_SETS = 200
_VALUES, _LARGEST = 1000, 200
_MANY = 1000
_STEPS = 2**14
"""A power of two, so that the step of a number is exact."""
_STRENGTH = (1.0, 200.0)


@dataclass(frozen=True)
class SizesToCome:
    """Past amounts of each segment with weights, joint draws of which are the doubt about them.

    Parameters
    ----------
    values
        For each segment, amounts; none where no won deal has one.
    weights
        For each segment, shares of each amount, shape ``(n_sets, n_values)``, rows summing to 1.
    own
        Share of a segment's own deals in its sizes, shape ``(S,)``; the rest is from all deals.
    n
        Won deals with an amount, by segment.
    """

    values: tuple[FloatArray, ...]
    weights: tuple[FloatArray, ...]
    own: FloatArray
    n: IntArray

    @property
    def mean(self) -> FloatArray:
        """Expected size of a deal, shape ``(S,)``; NaN where no won deal has an amount."""
        return np.array(
            [
                float((weights @ values).mean()) if len(values) else np.nan
                for values, weights in zip(self.values, self.weights, strict=True)
            ]
        )

    def of(self, rows: Sequence[int]) -> SizesToCome:
        """Return the sizes of some of the segments, of the same draws."""
        return SizesToCome(
            tuple(self.values[i] for i in rows),
            tuple(self.weights[i] for i in rows),
            self.own[list(rows)],
            self.n[list(rows)],
        )

    def sums(self, wins: IntArray, rng: np.random.Generator) -> FloatArray:
        """Return what so many won deals bring.

        Parameters
        ----------
        wins
            Shape ``(n_draws, S, H)``; draw ``i`` takes set ``i % n_sets`` of the weights.
        rng
            Generator.

        Returns
        -------
        ndarray
            Sums of as many sizes drawn one by one, of the shape of ``wins``; above 1,000 deals by
            a gamma distribution of the same mean and variance. 0 where no size is known.
        """
        out = np.zeros(wins.shape)
        for s, (values, weights) in enumerate(zip(self.values, self.weights, strict=True)):
            if not len(values):
                continue
            for j in range(min(len(weights), len(wins))):
                part = slice(j, None, len(weights))
                own = wins[part, s]
                if own.any():
                    out[part, s] = _summed(own, values, weights[j], rng)
        return out


def sizes_to_come(amounts: Sequence[FloatArray], rng: np.random.Generator) -> SizesToCome:
    """Return the sizes of deals to come by segment, from the amounts of past won deals.

    Parameters
    ----------
    amounts
        Known amounts of won deals, one array per segment.
    rng
        Generator.

    Notes
    -----
    The doubt is that of the Bayesian bootstrap (Rubin 1981): weights of the past deals from a flat
    Dirichlet distribution. A segment's own n deals have the share n / (n + k) of its sizes, the
    deals of all segments the rest, with Bühlmann's k: the variance of log sizes within segments
    over that between them, from 1 to 200. With more than 1,000 deals the smaller ones are
    merged with their neighbours, at their mean.

    References
    ----------
    Rubin (1981), Annals of Statistics 9, 130-134; Bühlmann (1967), ASTIN Bulletin 4, 199-207.

    Examples
    --------
    >>> sizes = sizes_to_come([np.array([5.0, 5.0]), np.array([])], np.random.default_rng(1))
    >>> sizes.mean.round(6).tolist(), sizes.own.round(2).tolist()
    ([5.0, 5.0], [0.67, 0.0])
    """
    parts = [np.sort(part[np.isfinite(part) & (part > 0)]) for part in amounts]
    n = np.array([len(part) for part in parts], dtype=np.int64)
    whole = np.sort(np.concatenate(parts)) if parts else np.zeros(0)
    strength = credibility_strength(parts)
    own = n / (n + strength) if len(parts) > 1 else np.ones(len(parts))
    shared, alike = merged(whole)
    common = _dirichlet(alike, rng)
    values, weights = [], []
    for part, share in zip(parts, own, strict=True):
        if share >= 1 or not len(whole):
            mine, times = merged(part)
            values.append(mine)
            weights.append(_dirichlet(times, rng))
            continue
        mine, times = merged(part)
        values.append(np.concatenate([mine, shared]))
        weights.append(np.hstack([share * _dirichlet(times, rng), (1 - share) * common]))
    return SizesToCome(tuple(values), tuple(weights), np.asarray(own, float), n)


def credibility_strength(parts: Sequence[FloatArray]) -> float:
    """Return how many deals of its own weigh as much as what all segments share.

    Examples
    --------
    Two segments that differ by nothing but chance share all they can:

    >>> credibility_strength([np.array([1.0, 2.0]), np.array([1.0, 2.0])])
    200.0
    """
    logs = [np.log(part) for part in parts if len(part)]
    n = np.array([len(part) for part in logs], float)
    if len(logs) < 2 or n.sum() <= len(logs):
        return _STRENGTH[0] if len(logs) < 2 else 20.0
    means = np.array([part.mean() for part in logs])
    within = sum(float(((part - part.mean()) ** 2).sum()) for part in logs) / (n.sum() - len(n))
    centre = float((n * means).sum() / n.sum())
    scale = n.sum() - (n**2).sum() / n.sum()
    between = (float((n * (means - centre) ** 2).sum()) - (len(n) - 1) * within) / scale
    if between <= 0:
        return _STRENGTH[1]
    return float(np.clip(within / between, *_STRENGTH))


def merged(values: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return at most 1,000 sorted amounts and how many deals each stands for; the sum is kept.

    Examples
    --------
    >>> merged(np.array([1.0, 2.0]))
    (array([1., 2.]), array([1, 1]))
    """
    if len(values) <= _VALUES:
        return values, np.ones(len(values), np.int64)
    small, large = values[:-_LARGEST], values[-_LARGEST:]
    group = np.arange(len(small)) * (_VALUES - _LARGEST) // len(small)
    times = np.bincount(group)
    means = np.bincount(group, weights=small) / times
    found = np.concatenate([times, np.ones(_LARGEST, np.int64)])
    return np.concatenate([means, large]), found.astype(np.int64)


def _dirichlet(times: IntArray, rng: np.random.Generator) -> FloatArray:
    """Return draws of weights, shape ``(n_sets, n_values)``."""
    if not len(times):
        return np.zeros((_SETS, 0))
    drawn = rng.gamma(times.astype(float), size=(_SETS, len(times)))
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True))


def _summed(
    wins: IntArray, values: FloatArray, weights: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Return sums of so many drawn values."""
    flat = wins.ravel()
    out = np.zeros(len(flat))
    many = flat > _MANY
    few = np.where(many, 0, flat)
    picked = _picked(np.cumsum(weights), rng.random(int(few.sum())))
    out += np.bincount(
        np.repeat(np.arange(len(flat)), few), weights=values[picked], minlength=len(flat)
    )
    if many.any():
        mean = float(weights @ values)
        spread = max(float(weights @ values**2) - mean**2, 0.0)
        times = flat[many].astype(np.float64)
        out[many] = gamma_like(times * mean, times * spread, rng)
    return out.reshape(wins.shape)


def gamma_like(mean: FloatArray, variance: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return draws above 0 with these means and variances; the mean itself where there is none."""
    shape = np.divide(mean**2, variance, out=np.zeros_like(mean), where=variance > 0)
    scale = np.divide(variance, mean, out=np.zeros_like(mean), where=mean > 0)
    return np.asarray(np.where(shape > 0, rng.gamma(shape, scale), mean))


def _picked(cumulative: FloatArray, drawn: FloatArray) -> NDArray[np.intp]:
    """Return where shares of the last cumulative weight fall.

    Of many, most are told by a table of equal steps: those of a step that lies within one weight.
    """
    if len(drawn) < _STEPS:
        found = np.searchsorted(cumulative, drawn * cumulative[-1], side="right")
        return np.asarray(np.minimum(found, len(cumulative) - 1))
    ends = np.arange(_STEPS + 1) / _STEPS * cumulative[-1]
    table = np.searchsorted(cumulative, ends, side="right")
    step = (drawn * _STEPS).astype(np.intp)
    found = table[step]
    unsure = np.flatnonzero((table[1:] != table[:-1])[step])
    found[unsure] = np.searchsorted(cumulative, drawn[unsure] * cumulative[-1], side="right")
    return np.asarray(np.minimum(found, len(cumulative) - 1))
