"""How likely a count is: scores of counts, and the counts at which a score is reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

FloatArray = NDArray[np.float64]
Kind = Literal["p", "u", "individuals"]
Tails = Literal["exact", "normal"]
_FARTHEST = 12.0
_HALVINGS = 80


@dataclass(frozen=True, kw_only=True)
class Law:
    """What a converted count of each period is expected to be; all of shape ``(n_periods,)``.

    Parameters
    ----------
    kind
        ``"p"``: some of the entered; ``"u"``: events for so many entered; ``"individuals"``:
        values, which are taken to be normal.
    entered
        Leads that could convert; unused but for ``"p"``.
    mean, variance
        Of the count, with all that is in doubt.
    chance
        Variance that chance alone would give.
    tails
        ``"exact"`` binomial or Poisson tails, or those of the normal distribution.

    Notes
    -----
    A count that varies more than chance alone would make it is taken as if fewer leads had
    brought it: entered and converted times chance / variance. Mean and variance then agree, and
    the count stays between its bounds. The tails are those of the incomplete beta and gamma
    functions, which are defined between whole numbers too.
    """

    kind: Kind
    entered: FloatArray
    mean: FloatArray
    variance: FloatArray
    chance: FloatArray
    tails: Tails = "exact"

    @property
    def exact(self) -> bool:
        """Whether tails are those of counts."""
        return self.tails == "exact" and self.kind != "individuals"

    @property
    def worth(self) -> FloatArray:
        """Independent leads that each is worth, at most 1."""
        safe = np.where(self.variance > 0, self.variance, 1.0)
        return np.asarray(np.clip(np.where(self.variance > 0, self.chance / safe, 1.0), 1e-9, 1.0))

    def scores(self, converted: ArrayLike) -> FloatArray:
        """Return normal scores of counts, with half of the chance of the count itself."""
        return self._score(np.asarray(converted, float), 0.0)

    def tail_scores(self, converted: ArrayLike) -> FloatArray:
        """Return scores by the chance of a count so far off or farther: never too far off."""
        x = np.asarray(converted, float)
        low, high = self._score(x, 1.0), self._score(x, -1.0)
        return np.where(low < 0, low, np.where(high > 0, high, 0.0))

    def low_counts(self, score: ArrayLike, *, tail: bool) -> FloatArray:
        """Return the count at which a low score is reached; below 0 where none does."""
        return self._found(lambda x: self._score(x, 1.0 if tail else 0.0), score)

    def high_counts(self, score: ArrayLike, *, tail: bool) -> FloatArray:
        """Return the count at which a high score is reached."""
        return self._found(lambda x: self._score(x, -1.0 if tail else 0.0), score)

    def _score(self, x: FloatArray, part: float) -> FloatArray:
        """Return scores of P(X < x) and a share (1 + part) / 2 of P(X = x)."""
        if not self.exact:
            spread = np.sqrt(np.where(self.variance > 0, self.variance, 1.0))
            return np.asarray((x - self.mean) / spread)
        worth = self.worth
        y = worth * x - 0.5 + part * worth / 2
        below = self._below(y, worth)
        above = self._above(y, worth)
        with np.errstate(divide="ignore"):
            found = np.where(below < 0.5, special.ndtri(below), -special.ndtri(above))
        return np.asarray(np.clip(found, -_FARTHEST, _FARTHEST))

    def _below(self, y: FloatArray, worth: FloatArray) -> FloatArray:
        """Return P(Y <= y)."""
        shape = np.maximum(y + 1, 1e-12)
        if self.kind == "u":
            found = special.gammaincc(shape, np.maximum(worth * self.mean, 1e-300))
        else:
            rest = np.maximum(worth * self.entered - y, 1e-12)
            found = special.betainc(rest, shape, 1 - self._share)
        return np.where(y <= -1, 0.0, found)

    def _above(self, y: FloatArray, worth: FloatArray) -> FloatArray:
        """Return P(Y > y)."""
        shape = np.maximum(y + 1, 1e-12)
        if self.kind == "u":
            found = special.gammainc(shape, np.maximum(worth * self.mean, 1e-300))
        else:
            rest = np.maximum(worth * self.entered - y, 1e-12)
            found = special.betainc(shape, rest, self._share)
        return np.where(y <= -1, 1.0, found)

    @property
    def _share(self) -> FloatArray:
        return np.asarray(np.clip(self.mean / np.maximum(self.entered, 1e-12), 0.0, 1.0))

    def _found(self, score_of: Callable[[FloatArray], FloatArray], score: ArrayLike) -> FloatArray:
        wanted = np.broadcast_to(np.asarray(score, float), self.mean.shape)
        if not self.exact:
            return np.asarray(self.mean + wanted * np.sqrt(self.variance))
        low = np.full(self.mean.shape, -1.0)
        far = self.mean + 60 * np.sqrt(self.variance + 1) + 60
        high = np.minimum(far, self.entered + 1) if self.kind == "p" else far
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            under = score_of(middle) < wanted
            low, high = np.where(under, middle, low), np.where(under, high, middle)
        return np.asarray((low + high) / 2)
