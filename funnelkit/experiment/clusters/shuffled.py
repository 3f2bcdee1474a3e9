"""Permutation of whole accounts: p-values and intervals from the same arrangements."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.result import frozen
from funnelkit.experiment.clusters.arms import SideBySide
from funnelkit.experiment.comparison import Alternative

FloatArray = NDArray[np.float64]
EXACT = 20
"""All arrangements are gone through where they are at most so many times the draws."""
_CELLS = 2_000_000
_LEFT = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True)
class Shuffled:
    """Every arrangement, or draws of them, as the effect at which each is as extreme as the data.

    Parameters
    ----------
    shifts
        Sorted. Where the effect is δ, the arrangements that show at least as much as was seen are
        those with a shift of at most δ, and those that show at most as much, of at least δ; shape
        ``(n_arrangements,)`` without those that equal the data.
    same
        Arrangements that equal the data: as extreme at any δ. Of draws, one more: the data.
    exact
        Whether all arrangements are in.
    ratios
        The same for a ratio of treatment to control: sides c and d of c r >= d, shape
        ``(2, n_arrangements)``.
    """

    shifts: FloatArray
    same: int
    exact: bool
    ratios: FloatArray

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        object.__setattr__(self, "shifts", frozen(np.sort(self.shifts), np.float64))
        object.__setattr__(self, "ratios", frozen(self.ratios, np.float64))

    @property
    def total(self) -> int:
        """Arrangements, the data among them."""
        return int(self.shifts.size) + self.same

    def pvalue(self, alternative: Alternative) -> float:
        """Return the p-value of no effect; two-sided, twice the smaller of the two tails."""
        above = (np.searchsorted(self.shifts, 0.0, "right") + self.same) / self.total
        below = (self.shifts.size - np.searchsorted(self.shifts, 0.0, "left") + self.same) / (
            self.total
        )
        if alternative == "two-sided":
            return float(min(1.0, 2 * min(above, below)))
        return float(above if alternative == "greater" else below)

    def error(self, pvalue: float) -> float:
        """Return the standard error that draws leave in a p-value; 0 where there are none."""
        if self.exact:
            return 0.0
        return math.sqrt(pvalue * (1 - pvalue) / self.total)

    def bounds(self, level: float, alternative: Alternative) -> tuple[float, float]:
        """Return the effects that the test at 1 - level does not reject; infinite where all are."""
        missing = self._least(level, alternative)
        if missing <= 0:
            return -math.inf, math.inf
        return float(self.shifts[missing - 1]), float(self.shifts[-missing])

    def relative_bounds(self, level: float, alternative: Alternative) -> tuple[float, float]:
        """Return the ratios between the outermost that the test does not reject, from 0 on."""
        missing = self._least(level, alternative)
        if missing <= 0:
            return 0.0, math.inf
        c, d = self.ratios
        low = _first(c, d, missing)
        upper = _first(d, c, missing)
        high = 1 / upper if upper > 0 else math.inf
        return (low, high) if low <= high else (0.0, math.inf)

    def _least(self, level: float, alternative: Alternative) -> int:
        """Return how many arrangements beside the data a tail needs in order not to reject."""
        tail = (1 - level) / 2 if alternative == "two-sided" else 1 - level
        return math.ceil(tail * self.total - _LEFT) - self.same


def arrangements(pair: SideBySide) -> int:
    """Return the number of ways to choose the accounts of the treatment."""
    return math.comb(pair.either, pair.accounts[1])


def shuffled(pair: SideBySide, *, draws: int, rng: np.random.Generator) -> Shuffled:
    """Return all arrangements of the accounts where they are few, or else draws of them.

    Notes
    -----
    An effect δ is taken to add δ per lead. Under it the leads of the treated accounts had shown
    x - δ n in control, and an arrangement π that treats other accounts would have shown the
    difference A - δ B + δ, with A that of x as it is, and B that of n of the truly treated
    accounts. It is at least the A_0 that was seen where δ >= (A_0 - A) / (1 - B), as B <= 1: the
    p-value of one side rises with δ, and its interval ends at one of these ratios.
    """
    treated = pair.inside[1]
    x, n = pair.x.sum(axis=0), pair.n.sum(axis=0)
    columns = np.column_stack([n, x * ~treated, x * treated, n * treated])
    exact = arrangements(pair) <= EXACT * draws
    chosen = _all(pair.either, pair.accounts[1]) if exact else _drawn(pair, draws, rng)
    sums = np.concatenate([block @ columns for block in chosen])
    every = columns.sum(axis=0)
    top, rest = sums, every - sums
    share = top[:, 1:] / top[:, :1] - rest[:, 1:] / rest[:, :1]
    control, treatment = pair.x.sum(axis=1) / pair.n.sum(axis=1)
    seen = treatment - control
    width = 1 - share[:, 2]
    equal = width < _LEFT
    gap = seen - share[:, 0] - share[:, 1]
    gap = np.where(np.abs(gap) <= _LEFT * max(abs(control), abs(treatment), 1e-300), 0.0, gap)
    sides = np.stack([control + share[:, 0], treatment - share[:, 1]])[:, ~equal]
    flat = gap[~equal] == 0
    sides[1, flat] = sides[0, flat]
    return Shuffled(
        shifts=gap[~equal] / width[~equal],
        same=int(equal.sum()) + (0 if exact else 1),
        exact=exact,
        ratios=sides,
    )


def _all(size: int, taken: int) -> Iterator[FloatArray]:
    """Yield all arrangements, some at a time: 1 for treated accounts, 0 for others."""
    every = itertools.combinations(range(size), taken)
    step = max(_CELLS // size, 1)
    while (flat := np.fromiter(_chained(every, step), np.intp)).size:
        part = flat.reshape(-1, taken)
        block = np.zeros((len(part), size))
        np.put_along_axis(block, part, 1.0, axis=1)
        yield block


def _chained(every: Iterator[tuple[int, ...]], step: int) -> Iterator[int]:
    return itertools.chain.from_iterable(itertools.islice(every, step))


def _drawn(pair: SideBySide, draws: int, rng: np.random.Generator) -> Iterator[FloatArray]:
    """Yield draws of arrangements, some at a time."""
    size, taken = pair.either, pair.accounts[1]
    step = max(_CELLS // size, 1)
    for start in range(0, draws, step):
        block = np.zeros((min(step, draws - start), size))
        block[:, :taken] = 1.0
        yield rng.permuted(block, axis=1)


def _first(c: FloatArray, d: FloatArray, missing: int) -> float:
    """Return the least ratio r >= 0 at which so many of the conditions c r >= d hold."""
    always = int(((c == 0) & (d <= 0)).sum())
    rising, falling = c > 0, c < 0
    starts = np.sort(np.maximum(d[rising] / c[rising], 0.0))
    ends = np.sort(d[falling] / c[falling])
    places = np.concatenate([[0.0], starts])
    holding = (
        always
        + np.searchsorted(starts, places, "right")
        + ends.size
        - np.searchsorted(ends, places, "left")
    )
    enough = np.flatnonzero(holding >= missing)
    return float(places[enough[0]]) if enough.size else math.inf
