"""The tail of a chain ladder: what comes after the last age at which any cohort is complete."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.errors import ArgumentError, EvidenceError

FloatArray = NDArray[np.float64]
_FEWEST = 3
_MOST = 1e-9


@dataclass(frozen=True, kw_only=True)
class Tail:
    """What comes after the last bin.

    Parameters
    ----------
    factor
        Eventual conversions over those by the last bin.
    decay
        How fast what is still missing shrinks, per day; ``None`` where it is not known when the
        tail comes.
    """

    factor: float = 1.0
    decay: float | None = None

    def share(self, days: FloatArray) -> FloatArray:
        """Return the share of all eventual conversions that has come ``days`` after the last bin.

        It is 1 at infinity, and without ``decay`` that of the last bin at any other time.
        """
        missing = 1 - 1 / self.factor
        if self.decay is None:
            left = np.where(np.isinf(days), 0.0, 1.0)
        else:
            left = np.exp(-self.decay * days)
        return np.asarray(1 - missing * left)


def wanted(tail: float | str | None) -> float | str | None:
    """Return the tail as it was asked for, checked.

    Raises
    ------
    ArgumentError
        If it is neither ``None``, nor a factor of at least 1, nor ``"exponential"``.
    """
    if tail is None or (isinstance(tail, str) and tail == "exponential"):
        return tail
    number = isinstance(tail, (int, float)) and not isinstance(tail, bool)
    if isinstance(tail, str) or not number or not 1 <= tail < np.inf:
        raise ArgumentError(
            "`tail` must be None (rates within the horizon), a factor of at least 1, or "
            f'"exponential" (fitted to the link ratios); got {tail!r}.'
        )
    return float(tail)


def exponential(ratios: FloatArray, volume: FloatArray, *, days: int) -> Tail:
    """Return the tail along which link ratios go on falling as they did.

    Parameters
    ----------
    ratios, volume
        Link ratios and Σ C behind each.
    days
        Days in a bin.

    Raises
    ------
    EvidenceError
        If fewer than three ratios are above 1, or they do not fall.

    Notes
    -----
    log(f - 1) = a + b k by least squares over the later half of the ratios (at least three of
    those above 1), each weighted by the conversions behind it, Σ C · (f - 1); the factor is the
    product of 1 + exp(a + b k) over all bins to come. Conversions that rest on few leads at high
    ages decide it: it is an assumption about what nobody has seen yet.
    """
    periods = np.arange(len(ratios))
    usable = np.flatnonzero((ratios > 1) & (volume > 0))
    if len(usable) < _FEWEST:
        raise EvidenceError(
            f'`tail="exponential"` needs {_FEWEST} link ratios above 1; there are {len(usable)}. '
            "Give a factor, or None for rates within the horizon."
        )
    late = usable[usable >= len(ratios) // 2]
    late = late if len(late) >= _FEWEST else usable[-_FEWEST:]
    log = np.log(ratios[late] - 1)
    weight = volume[late] * (ratios[late] - 1)
    centre = np.average(periods[late], weights=weight)
    away = periods[late] - centre
    slope = float((weight * away * log).sum() / (weight * away**2).sum())
    level = float(np.average(log, weights=weight))
    if not slope < 0:
        raise EvidenceError(
            '`tail="exponential"`: the link ratios do not fall with age, so that they give no '
            "end. Give a factor, or None for rates within the horizon."
        )
    ahead = int(min(np.ceil((np.log(_MOST) - level) / slope - len(ratios) + centre), 100_000))
    to_come = np.arange(len(ratios), len(ratios) + max(ahead, 1))
    factor = float(np.prod(1 + np.exp(level + slope * (to_come - centre))))
    return Tail(factor=factor, decay=-slope / days)
