"""Exact tests and intervals that fix the number of entries only: score, Barnard, Boschloo."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit.experiment.comparison import Scale
from funnelkit.experiment.proportions.conditional import Margins, log_choose
from funnelkit.experiment.proportions.nuisance import IntArray, Outcomes
from funnelkit.experiment.proportions.scores import (
    Pair,
    crossings,
    ends,
    observed,
    position,
    statistic_of,
)

FloatArray = NDArray[np.float64]
Side = Literal["greater", "less", "both"]
"""On which an outcome is extreme."""
_TIE = 1e-7
"""Statistics that differ by less are taken for equal, as ties are: the safe side."""
_OUTWARD, _INWARD, _INWARD_BOTH = 0.5, 0.1, 0.005
"""Steps of the search for an end, in half-widths of the score interval.

The p-value of both sides in one is the more ragged, and is searched in finer ones.
"""
_CLOSE = 1e-8


class Ordering(ABC):
    """Outcomes ordered by how far they lie from a null hypothesis, and their largest chance.

    Parameters
    ----------
    pair
        Whole numbers.
    scale
        Scale of the position.
    """

    def __init__(self, pair: Pair, scale: Scale) -> None:
        self.pair, self.scale = pair, scale
        self.n1, self.n2 = int(pair.n1), int(pair.n2)
        self.outcomes = Outcomes(self.n1, self.n2, scale)
        self.first = np.arange(self.n1 + 1.0)
        self._null: dict[Side, float] = {}

    def chance(self, place: float, *, side: Side, against: float | None = None) -> float:
        """Return the p-value at a position: the largest chance of what is as extreme.

        Where ``against`` is given, only the side of it on which the p-value lies is right.
        """
        high, low = self.extremes(place, side)
        return self.outcomes.largest(place, high, low, against=against)

    def null_chance(self, side: Side) -> float:
        """Return the p-value of no effect, found once."""
        if side not in self._null:
            self._null[side] = self.chance(0.0, side=side)
        return self._null[side]

    @abstractmethod
    def start(self, alpha: float, *, lower: bool) -> tuple[float, bool]:
        """Return where to look for an end, and whether all beyond it is rejected for certain."""

    @abstractmethod
    def extremes(self, place: float, side: Side) -> tuple[IntArray | None, IntArray | None]:
        """Return the outcomes as extreme as what came, for each number of control.

        Fewest conversions of treatment as far above, and most as far below, where the side asks for
        them.
        """


class ByScore(Ordering):
    """Outcomes by the score statistic, which grows with treatment and falls with control.

    References
    ----------
    Chan and Zhang (1999), Biometrics 55, 1202-1209; of both sides in one, Agresti and Min (2001),
    Biometrics 57, 963-971. That the statistic grows: Chan (2003), Biometrical Journal 45, 1.
    """

    def __init__(self, pair: Pair, scale: Scale) -> None:
        super().__init__(pair, scale)
        self.statistic = statistic_of(scale, pair.n1, pair.n2)

    def at(self, place: float) -> float:
        """Return the statistic of what came."""
        return float(self.statistic(self.pair.x1, self.pair.x2, place))

    def start(self, alpha: float, *, lower: bool) -> tuple[float, bool]:
        """Return the limit of the score interval, on either side of which the end may lie."""
        z = float(special.ndtri(alpha))
        (place,) = crossings(
            lambda places: self.statistic(self.pair.x1, self.pair.x2, places),
            ends(self.scale),
            (-z if lower else z,),
        )
        return place, False

    def extremes(self, place: float, side: Side) -> tuple[IntArray | None, IntArray | None]:
        """Return the outcomes with as large or as small a statistic."""
        came = self.at(place)
        reach = abs(came) if side == "both" else came if side == "greater" else -came
        reach -= _TIE * max(1.0, abs(reach)) if math.isfinite(reach) else 0.0
        high = low = None
        if side != "less":
            high = self._first(lambda x2: self.statistic(self.first, x2, place) >= reach)
        if side != "greater":
            low = self._first(lambda x2: self.statistic(self.first, x2, place) > -reach) - 1
        return high, low

    def _first(self, reached: Callable[[FloatArray], NDArray[np.bool_]]) -> IntArray:
        """Return the least number of treatment that reaches, by halving; one more than all if none.

        Invariant: below ``low`` none reaches, from ``high`` on all do.
        """
        low, high = np.zeros(self.n1 + 1, int), np.full(self.n1 + 1, self.n2 + 1)
        while (low < high).any():
            middle = (low + high) // 2
            done = reached(np.minimum(middle, self.n2).astype(float)) | (middle > self.n2)
            high = np.where(done & (low < high), middle, high)
            low = np.where(~done & (low < high), middle + 1, low)
        return low


class ByFisher(Ordering):
    """Outcomes by the p-value of Fisher's test at an odds ratio (Boschloo's test).

    References
    ----------
    Boschloo (1970), Statistica Neerlandica 24, 1-9.
    """

    def __init__(self, pair: Pair, scale: Scale) -> None:
        super().__init__(pair, scale)
        self.margins = Margins(pair)
        # The table is as wide as treatment is large, so that the smaller arm had better be it.
        turned = Pair(x1=pair.x2, n1=pair.n2, x2=pair.x1, n2=pair.n1)
        self.turned = ByFisher(turned, scale) if pair.n2 > pair.n1 else None

    def chance(self, place: float, *, side: Side, against: float | None = None) -> float:
        """Return the p-value at a position: the largest chance of what is as extreme."""
        if self.turned is None:
            return super().chance(place, side=side, against=against)
        other: Side = "less" if side == "greater" else "greater"
        return self.turned.chance(-place, side=other, against=against)

    def start(self, alpha: float, *, lower: bool) -> tuple[float, bool]:
        """Return the limit of Fisher's interval, than which this one is never wider."""
        return self.margins.end(alpha, upper=lower), True

    def extremes(self, place: float, side: Side) -> tuple[IntArray | None, IntArray | None]:
        """Return the outcomes with as small a p-value of this side, which is not ``"both"``."""
        reach = float(self.margins.tail(np.array(place), upper=side == "greater")) * (1 + _TIE)
        if side == "greater":
            high = _tails(self.n1, self.n2, place) <= reach
            return np.where(high.any(axis=1), high.argmax(axis=1), self.n2 + 1), None
        # Fewer of treatment at an odds ratio are more non-conversions at its inverse.
        low = _tails(self.n1, self.n2, -place)[::-1, ::-1] <= reach
        return None, np.where(low.any(axis=1), self.n2 - low[:, ::-1].argmax(axis=1), -1)


@lru_cache(maxsize=4)
def _tails(n1: int, n2: int, place: float) -> FloatArray:
    """Return P(treatment at least so many, given both) of every outcome, at an odds ratio.

    Shape ``(n1 + 1, n2 + 1)``; sums along the diagonals of one total, which a skewed table makes
    columns.
    """
    k = np.arange(n2 + 1)
    logs = log_choose(n2, k.astype(float)) + k * place
    own = log_choose(n1, np.arange(n1 + 1.0))
    total = np.arange(n1 + n2 + 1)
    rest = total[:, None] - k[None, :]
    known = (rest >= 0) & (rest <= n1)
    table = np.where(known, logs[None, :] + own[np.clip(rest, 0, n1)], -np.inf)
    chances = np.exp(table - table.max(axis=1, keepdims=True))
    above = chances[:, ::-1].cumsum(axis=1)[:, ::-1] / chances.sum(axis=1, keepdims=True)
    first = np.arange(n1 + 1)
    return np.asarray(above[first[:, None] + k[None, :], k[None, :]])


def limit(ordering: Ordering, alpha: float, *, lower: bool, both: bool) -> float:
    """Return the position of one end of the interval: the outermost that is not rejected.

    Parameters
    ----------
    ordering
        Of the outcomes.
    alpha
        Level of the test that is inverted.
    lower
        Which end.
    both
        Whether one two-sided test is inverted, or that of the side alone.

    Notes
    -----
    The p-value jumps where outcomes change places, and need not grow steadily towards the
    estimate. So the search goes outwards from the score limit until the p-value is far below
    alpha, comes back in small steps to the first position that is not rejected, and halves the last
    step. The test of no effect has the last word on which side of the end that lies.
    """
    sign = -1.0 if lower else 1.0
    last = ends(ordering.scale)[0 if lower else 1]
    side: Side = "both" if both else ("greater" if lower else "less")
    start, sure = ordering.start(alpha / 2 if both else alpha, lower=lower)
    if start == last:
        return last
    centre = position(observed(ordering.pair, ordering.scale), ordering.scale)
    width = abs(start - centre) if abs(centre) < abs(last) or abs(last) == 1 else 1.0

    step = width * (_INWARD_BOTH if both else _INWARD)

    def kept(place: float, target: float = alpha) -> bool:
        return ordering.chance(place, side=side, against=target) > target

    outer = start
    while not sure and kept(outer, alpha / 4):
        outer += sign * _OUTWARD * width
        if sign * (outer - last) >= 0:
            if kept(last - sign * _CLOSE):
                return last
            outer = last
            break
    inner = outer - sign * step
    while not kept(inner):
        outer, inner = inner, inner - sign * step
    while abs(outer - inner) > _CLOSE:
        middle = (outer + inner) / 2
        if kept(middle):
            inner = middle
        else:
            outer = middle
    if ordering.null_chance(side) > alpha:
        return min(outer, 0.0) if lower else max(outer, 0.0)
    beyond = outer < 0 < centre if lower else centre < 0 < outer
    return math.copysign(_CLOSE, centre) if beyond else outer
