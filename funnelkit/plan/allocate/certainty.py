"""`Certainty`: how surely leads reach each target, as margins with their slopes."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
_FAR = 1e-10
"""Below this chance the margin is that of a normal total."""
_ROOT = np.sqrt(2 * np.pi)
_KEPT = 64


class Chances(Protocol):
    """The chance of a total, and its gradient: what HitChance tells."""

    def probability(self, leads: FloatArray, target: float, *, until: int | None = None) -> float:
        """Return the chance of a target by the end of a month."""

    def both(
        self, leads: FloatArray, target: float, *, until: int | None = None
    ) -> tuple[float, FloatArray]:
        """Return the chance of a target by the end of a month, and its gradient, ``(C, H)``."""

    def moments(self, leads: FloatArray, until: int) -> tuple[FloatArray, FloatArray]:
        """Return mean and variance of the total in each draw."""


class Mixed:
    """The chance by one way of reckoning, its gradient by another that is smooth."""

    def __init__(self, exact: Chances, smooth: Chances) -> None:
        self.exact, self.smooth = exact, smooth

    def probability(self, leads: FloatArray, target: float, *, until: int | None = None) -> float:
        """Return the exact chance."""
        return self.exact.probability(leads, target, until=until)

    def both(
        self, leads: FloatArray, target: float, *, until: int | None = None
    ) -> tuple[float, FloatArray]:
        """Return the exact chance and the smooth gradient."""
        gradient = self.smooth.both(leads, target, until=until)[1]
        return self.exact.probability(leads, target, until=until), gradient

    def moments(self, leads: FloatArray, until: int) -> tuple[FloatArray, FloatArray]:
        """Return mean and variance of the total in each draw."""
        return self.smooth.moments(leads, until)


class Rule(NamedTuple):
    """A cumulative target by the end of month ``until - 1``, and how surely it is to be reached."""

    target: float
    until: int
    probability: float


class Certainty:
    """How surely leads reach each target.

    The margin of a target is the standard normal quantile of its chance, less that of what is
    asked: at least 0 where it is reached surely enough.

    Parameters
    ----------
    chances
        Of totals.
    rules
        What is asked.
    mean_slopes
        What a lead brings by the end of each month, in the mean, shape ``(H, C * H)``.

    Attributes
    ----------
    offsets
        What is added to the margins, by target: the difference to a more exact chance.
    """

    def __init__(self, chances: Chances, rules: tuple[Rule, ...], mean_slopes: FloatArray) -> None:
        self.chances = chances
        self.rules = rules
        self.mean_slopes = mean_slopes
        self.shape = (mean_slopes.shape[1] // mean_slopes.shape[0], mean_slopes.shape[0])
        self.evaluations = 0
        self.offsets = np.zeros(len(rules))
        self._known: dict[tuple[int, bytes], tuple[float, FloatArray]] = {}

    def probability(self, leads: FloatArray, place: int = -1) -> float:
        """Return the chance of one of the targets; the last is that of the horizon."""
        return self._both(leads, place)[0]

    def _both(self, leads: FloatArray, place: int) -> tuple[float, FloatArray]:
        """Return a chance and its gradient, flat, kept for when it is asked again."""
        flat = np.asarray(leads, float).ravel()
        key = (place % len(self.rules), flat.tobytes())
        if key not in self._known:
            if len(self._known) >= _KEPT:
                self._known.pop(next(iter(self._known)))
            self.evaluations += 1
            rule = self.rules[place]
            shaped = np.maximum(flat, 0.0).reshape(self.shape)
            chance, gradient = self.chances.both(shaped, rule.target, until=rule.until)
            self._known[key] = float(chance), np.asarray(gradient, float).ravel()
        return self._known[key]

    def margins(self, leads: FloatArray) -> FloatArray:
        """Return the margin of each target, shape ``(K,)``."""
        return np.array([self.margin_of(leads, place) for place in range(len(self.rules))])

    def margin_of(self, leads: FloatArray, place: int) -> float:
        """Return the margin of one target."""
        rule = self.rules[place]
        chance = self.probability(leads, place)
        if _FAR < chance < 1 - _FAR:
            quantile = float(special.ndtri(chance))
        else:
            quantile = self._far(leads, rule)[0]
            bound = float(special.ndtri(_FAR))
            quantile = min(quantile, bound) if chance <= _FAR else max(quantile, -bound)
        return quantile - float(special.ndtri(rule.probability)) + float(self.offsets[place])

    def corrected(self, leads: FloatArray, exact: Chances) -> bool:
        """Take over the margins of a more exact chance at some leads, as offsets from now on.

        Returns
        -------
        bool
            Whether the leads are sure enough by the exact chance.
        """
        shaped = np.maximum(leads, 0.0).reshape(self.shape)
        enough = True
        for place, rule in enumerate(self.rules):
            chance = exact.probability(shaped, rule.target, until=rule.until)
            enough = enough and chance >= rule.probability
            own = self.probability(leads, place)
            if all(_FAR < one < 1 - _FAR for one in (chance, own)):
                self.offsets[place] = float(special.ndtri(chance) - special.ndtri(own))
        return enough

    def margin(self, leads: FloatArray) -> float:
        """Return the least margin."""
        return float(self.margins(leads).min())

    def slope(self, leads: FloatArray, place: int) -> FloatArray:
        """Return how a margin changes with each lead, flat."""
        rule = self.rules[place]
        chance, gradient = self._both(leads, place)
        if not _FAR < chance < 1 - _FAR:
            return np.asarray(self.mean_slopes[rule.until - 1] / self._far(leads, rule)[1])
        density = np.exp(-(float(special.ndtri(chance)) ** 2) / 2) / _ROOT
        return np.asarray(gradient / density)

    def _far(self, leads: FloatArray, rule: Rule) -> tuple[float, float]:
        """Return the margin of a normal total of the same mean and variance, and its sd."""
        shaped = np.asarray(leads, float).reshape(self.shape)
        mean, variance = self.chances.moments(shaped, rule.until)
        sd = float(np.sqrt(max(variance.mean() + mean.var(), 1e-12)))
        return (float(mean.mean()) - rule.target) / sd, sd

    def expected(self, leads: FloatArray, until: int | None = None) -> float:
        """Return the mean of the total by the end of a month; of the horizon if none is named."""
        shaped = np.asarray(leads, float).reshape(self.shape)
        mean, _ = self.chances.moments(shaped, until or self.shape[1])
        return float(mean.mean())
