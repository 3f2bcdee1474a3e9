"""What wins are worth: deals drawn from those won, with the doubt about their distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from funnelkit.model import FunnelModel

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_OWN = 20
"""Deals of other segments that a segment's own stand beside."""
_AT_ONCE = 2**22


def worth_of(counts: IntArray, model: FunnelModel, *, rng: np.random.Generator) -> FloatArray:
    """Return what numbers of won deals are worth.

    Parameters
    ----------
    counts
        Won deals, shape ``(n, S, H)``.
    model
        With ``sizes``.
    rng
        Generator.

    Returns
    -------
    ndarray
        Money, same shape.

    Notes
    -----
    Each deal's amount is drawn from those of its segment, or with probability 20 / (20 + own)
    from those of all segments, since few deals say little of the next. In each draw the deals
    that may be drawn are resampled first, so that the mean is in doubt as far as they leave it
    (the bootstrap).
    """
    sizes = model.sizes
    if sizes is None:
        return np.zeros(counts.shape)
    every = np.concatenate([np.asarray(part) for part in sizes.amounts])
    own = dict(zip(sizes.segments, sizes.amounts, strict=True))
    found = np.zeros(counts.shape)
    for i, segment in enumerate(model.segments):
        amounts = np.asarray(own.get(segment, np.zeros(0)))
        weight = len(amounts) / (len(amounts) + _OWN) if len(own) > 1 else 1.0
        pool = amounts if len(own) > 1 else every
        found[:, i] = _sums(counts[:, i], pool, every, weight, rng)
    return found


def _sums(
    counts: IntArray, own: FloatArray, every: FloatArray, weight: float, rng: np.random.Generator
) -> FloatArray:
    """Return sums of as many amounts as each count says, shape of the counts, ``(n, H)``."""
    n, ahead = counts.shape
    found = np.zeros((n, ahead))
    at_once = max(_AT_ONCE // max(int(counts.sum(axis=1).max(initial=1)), len(every), 1), 1)
    for begin in range(0, n, at_once):
        part = counts[begin : begin + at_once]
        picked = _resampled(every, len(part), rng)
        mine = _resampled(own, len(part), rng) if len(own) else picked
        draw = np.repeat(np.arange(len(part)), part.sum(axis=1))
        cell = np.repeat(np.arange(part.size), part.ravel())
        from_own = rng.random(len(draw)) < weight
        amount = np.where(
            from_own,
            mine[draw, rng.integers(mine.shape[1], size=len(draw))],
            picked[draw, rng.integers(picked.shape[1], size=len(draw))],
        )
        sums = np.bincount(cell, weights=amount, minlength=part.size)
        found[begin : begin + at_once] = sums.reshape(part.shape)
    return found


def _resampled(amounts: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
    """Return resamples of some amounts, shape ``(n, n_amounts)``."""
    return np.asarray(amounts[rng.integers(len(amounts), size=(n, len(amounts)))])
