"""What it would be worth to know a number before the leads are chosen: the mathematics."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import interpolate, special, stats

FloatArray = NDArray[np.float64]
_SCALES = 61
_INNER_KNOTS = 5
_FEW_LEVELS = 12
_PLACEBOS = 5
_PLACEBO_SEED = 8_191_127
_SIGNALS = 101
_NODES = 11
_ROWS_A_COLUMN = 5
_RIDGE = 1e-10
_TINY = 1e-12


@dataclass(frozen=True, eq=False, kw_only=True)
class Choice:
    """The choice of leads as multiples ``s`` of a plan's, under draws of all that is in doubt.

    Given draw d, what comes by the end is normal with mean ``fixed + s * brought`` and variance
    ``s * var_each + s² * var_shared``, each of shape ``(N,)``; the leads cost ``s * cost``.

    Parameters
    ----------
    fixed, brought, var_each, var_shared
        As above.
    cost
        Of the plan's leads, shape ``(N,)``; or their number, where money is not known.
    target
        That is to be met.
    """

    fixed: FloatArray
    brought: FloatArray
    var_each: FloatArray
    var_shared: FloatArray
    cost: FloatArray
    target: float

    @cached_property
    def scales(self) -> FloatArray:
        """Multiples of the plan's leads to choose from, with none and the plan itself."""
        needed = (self.target - self.fixed) / np.maximum(self.brought, _TINY)
        low, high = np.quantile(np.clip(needed, 0.0, 1e6), [0.001, 0.999])
        noise = np.sqrt(self.var_each + self.var_shared) / np.maximum(self.brought, _TINY)
        room = 3 * float(np.quantile(noise, 0.9)) * math.sqrt(max(high, 1.0))
        ends = max(0.0, min(float(low), 1.0) - room), min(max(float(high), 1.0) * 1.3 + room, 100)
        return np.unique(np.concatenate([np.linspace(*ends, _SCALES), [0.0, 1.0]]))

    @cached_property
    def _standing(self) -> tuple[FloatArray, FloatArray]:
        """Gap to the target, and standard deviation, by draw and scale, ``(N, S)`` each."""
        s = self.scales
        gap = self.target - self.fixed[:, None] - s * self.brought[:, None]
        variance = s * self.var_each[:, None] + s**2 * self.var_shared[:, None]
        return gap, np.sqrt(np.maximum(variance, _TINY * max(self.target, 1.0) ** 2))

    @cached_property
    def chances(self) -> FloatArray:
        """Chance to meet the target, by draw and scale, shape ``(N, S)``."""
        gap, sd = self._standing
        return np.asarray(special.ndtr(-gap / sd))

    @cached_property
    def short(self) -> FloatArray:
        """Expected shortfall, by draw and scale, shape ``(N, S)``."""
        gap, sd = self._standing
        z = gap / sd
        return np.asarray(gap * special.ndtr(z) + sd * _density(z))

    @cached_property
    def price(self) -> float:
        """Cost of one short of the target that makes the plan's own leads the best choice."""
        gap = self.target - self.fixed - self.brought
        sd = np.sqrt(np.maximum(self.var_each + self.var_shared, _TINY * max(self.target, 1) ** 2))
        z = gap / sd
        fall = self.brought * special.ndtr(z)
        fall = fall - _density(z) * (self.var_each + 2 * self.var_shared) / (2 * sd)
        saved = float(fall.mean())
        return float(self.cost.mean()) / saved if saved > 0 else math.inf

    @cached_property
    def losses(self) -> FloatArray:
        """Cost of leads and of the expected shortfall, by draw and scale, shape ``(N, S)``."""
        return np.asarray(self.cost[:, None] * self.scales + self.price * self.short)

    @cached_property
    def least(self) -> float:
        """Expected loss of the best choice, if nothing more is learned."""
        return float(self._lowest(self.losses.mean(axis=0)[None])[0])

    def of_everything(self) -> float:
        """Return what it is worth to know all inputs, but not what chance will bring."""
        return self.least - float(self._lowest(self.losses).mean())

    def of_learning(
        self, inputs: FloatArray, rest: FloatArray | None = None, *, doubt_left: float = 0.0
    ) -> float:
        """Return what it is worth to know an input before choosing, or to know it better.

        Parameters
        ----------
        inputs
            The draws of the input, shape ``(N,)``.
        rest
            What comes that does not go with the input, shape ``(N,)``; see :class:`Curve`.
        doubt_left
            Standard deviation that is left of each part of doubt; 0 where it becomes known.
        """
        return self._worth(Curve(inputs, self.losses, rest), doubt_left)

    def learned(
        self, inputs: FloatArray, rest: FloatArray | None, *, doubt_left: float, probability: float
    ) -> tuple[float, float, float]:
        """Return what it is worth to know an input, to know it better, and the expected scale.

        The scale is that of planning with the same probability, whatever the input is.
        """
        both = Curve(inputs, np.hstack([self.losses, self.chances]), rest)
        losses, chances = (
            both.part(slice(0, len(self.scales))),
            both.part(slice(len(self.scales), None)),
        )
        scale = float(self._scales_for(chances.after(0.0), probability).mean())
        return self._worth(losses, 0.0), self._worth(losses, doubt_left), scale

    def scale_for(self, probability: float) -> float:
        """Return the scale that meets the target with a probability; the last one if none does."""
        return float(self._scales_for(self.chances.mean(axis=0)[None], probability)[0])

    def _worth(self, curve: Curve, doubt_left: float) -> float:
        return max(self.least - float(self._lowest(curve.after(doubt_left)).mean()), 0.0)

    def _lowest(self, losses: FloatArray) -> FloatArray:
        """Return the least loss of each row, by the parabola through the three lowest scales."""
        rows = np.arange(len(losses))
        middle = np.clip(losses.argmin(axis=1), 1, len(self.scales) - 2)
        x0, x1, x2 = (self.scales[middle + k] for k in (-1, 0, 1))
        y0, y1, y2 = (losses[rows, middle + k] for k in (-1, 0, 1))
        left, right = (y1 - y0) / (x1 - x0), (y2 - y1) / (x2 - x1)
        bend = (right - left) / (x2 - x0)
        slope = (left * (x2 - x1) + right * (x1 - x0)) / (x2 - x0)
        dip = np.where(bend > 0, slope**2 / (4 * np.where(bend > 0, bend, 1.0)), 0.0)
        inside = np.abs(slope) <= 2 * bend * np.maximum(x2 - x1, x1 - x0)
        lowest = np.minimum(np.minimum(y0, y1), y2)
        return np.asarray(np.where(inside, np.minimum(y1 - dip, lowest), lowest))

    def placebo(self, inputs: list[FloatArray]) -> float:
        """Return what numbers without any bearing would seem worth beside some inputs."""
        rng = np.random.default_rng(_PLACEBO_SEED)
        blind = [rng.permutation(len(self.fixed)).astype(float) for _ in range(_PLACEBOS)]
        every = [*inputs, *blind]
        rest = rests(self.fixed + self.brought, every, [False] * len(every))[len(inputs) :]
        return float(np.mean([self.of_learning(*pair) for pair in zip(blind, rest, strict=True)]))

    def _scales_for(self, chances: FloatArray, probability: float) -> FloatArray:
        """Return where each row of chances first reaches a probability: the last scale if not."""
        rising = special.ndtri(np.clip(np.maximum.accumulate(chances, axis=1), _TINY, 1 - _TINY))
        wanted = special.ndtri(probability)
        after = np.argmax(rising >= wanted, axis=1)
        reached = rising[:, -1] >= wanted
        before = np.maximum(after - 1, 0)
        rows = np.arange(len(rising))
        low, high = rising[rows, before], rising[rows, after]
        share = np.where(after > 0, (wanted - low) / np.maximum(high - low, _TINY), 1.0)
        found = self.scales[before] + share * (self.scales[after] - self.scales[before])
        return np.asarray(np.where(reached, found, self.scales[-1]))


class Curve:
    """What draws come to on average, given an input: a regression on its normal scores.

    Parameters
    ----------
    inputs
        Draws of the input, shape ``(N,)``.
    outcomes
        What each draw comes to, by choice, shape ``(N, S)``.
    rest
        A number that is independent of the input and tells of the outcome, shape ``(N,)``: what
        it explains is taken out, and leaves less noise.

    Notes
    -----
    Cubic B-splines with 5 inner knots at equal parts of the draws, of input and rest; the mean of
    each level where there are 12 or fewer, with straight lines between them.
    """

    def __init__(
        self, inputs: FloatArray, outcomes: FloatArray, rest: FloatArray | None = None
    ) -> None:
        self._basis = Basis(inputs)
        here = self._basis.at(self._basis.scores)
        if rest is None:
            self._weights = _fitted(here, outcomes)
            return
        beside = Basis(rest)
        there = beside.at(beside.scores)[:, 1:]
        weights = _fitted(np.hstack([here, there]), outcomes)
        # a basis sums to 1, so that its weights carry the mean of the rest
        self._weights = weights[: here.shape[1]] + there.mean(axis=0) @ weights[here.shape[1] :]

    def part(self, choices: slice) -> Curve:
        """Return the same of some of the choices."""
        found = copy.copy(self)
        found._weights = self._weights[:, choices]
        return found

    def after(self, doubt_left: float) -> FloatArray:
        """Return expected outcomes by what may be learned and by choice, shape ``(., S)``."""
        if doubt_left == 0:
            return np.asarray(self._basis.at(self._basis.scores) @ self._weights)
        told = math.sqrt(1 - doubt_left**2)
        signals = special.ndtri((np.arange(_SIGNALS) + 0.5) / _SIGNALS)
        nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
        places = told * signals[:, None] + doubt_left * nodes
        basis = self._basis.at(places.ravel()).reshape(*places.shape, -1)
        return np.asarray(np.einsum("snk,n->sk", basis, weights / weights.sum()) @ self._weights)


class Basis:
    """Splines of the normal scores of some draws; they sum to 1 everywhere."""

    def __init__(self, draws: FloatArray) -> None:
        ranks = stats.rankdata(draws)
        self.scores = np.asarray(special.ndtri((ranks - 0.5) / len(ranks)))
        levels = np.unique(self.scores)
        few = len(levels) <= _FEW_LEVELS
        self._degree = 0 if len(levels) == 1 else 1 if few else 3
        inner = np.quantile(self.scores, np.linspace(0, 1, _INNER_KNOTS + 2))
        knots = levels if few else inner
        again = self._degree
        self._knots = np.concatenate([[knots[0]] * again, knots, [knots[-1]] * again])

    def at(self, places: FloatArray) -> FloatArray:
        """Return the basis at some places, shape ``(len(places), K)``."""
        if self._degree == 0:
            return np.ones((len(places), 1))
        inside = np.clip(places, self._knots[0], self._knots[-1])
        found = interpolate.BSpline.design_matrix(inside, self._knots, self._degree)
        return np.asarray(found.toarray())


def rests(total: FloatArray, inputs: list[FloatArray], together: list[bool]) -> list[FloatArray]:
    """Return, for each input, what the inputs bring that are independent of it, by draw.

    Parameters
    ----------
    total
        What comes in all, shape ``(N,)``.
    inputs
        Draws of each input, shape ``(N,)``.
    together
        Whether an input depends on others that do.

    Notes
    -----
    A regression of the total on polynomials of all inputs' normal scores at once tells the part of
    each; those of the other inputs are summed up, and of one that depends on others, those of the
    inputs that do not. (The total less the own part would not do: how far it spreads depends on
    the input, where parts are multiplied.)
    """
    if not inputs:
        return []
    degree = 3 if len(total) > _ROWS_A_COLUMN * 3 * len(inputs) else 1
    scores = [Basis(one).scores for one in inputs]
    columns = [np.stack([one**k for k in range(1, degree + 1)], axis=1) for one in scores]
    whole = np.hstack([np.ones((len(total), 1)), *columns])
    weights = _fitted(whole, total[:, None])[1:, 0].reshape(len(inputs), degree)
    parts = [one @ own for one, own in zip(columns, weights, strict=True)]
    every = np.sum(parts, axis=0)
    shared = sum((one for one, some in zip(parts, together, strict=True) if some), start=0.0)
    return [every - (shared if some else own) for own, some in zip(parts, together, strict=True)]


def _fitted(basis: FloatArray, outcomes: FloatArray) -> FloatArray:
    """Return least squares weights, shape ``(K, S)``."""
    square = basis.T @ basis
    square[np.diag_indices_from(square)] += _RIDGE * np.trace(square) / len(square)
    return np.asarray(np.linalg.solve(square, basis.T @ outcomes))


def _density(z: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi))
