"""Hazards of a movement from counts by cell: effects that shrink by estimated amounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, special, stats

from funnelkit.forecast.recurring_revenue.effects import Effects

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_POINTS = 32
_NEWTON = 40
_CLOSE = 1e-6
_WIDER = 1.4


@dataclass(frozen=True, eq=False, kw_only=True)
class Counts:
    """How often something happened, by cell.

    Parameters
    ----------
    events, exposed
        What happened, and how often it could have, shape ``(n_cells,)``.
    places
        Name of effects -> which of them each cell has, same shape.
    """

    events: FloatArray
    exposed: FloatArray
    places: Mapping[str, IntArray]


@dataclass(frozen=True, eq=False, kw_only=True)
class Peak:
    """The fit at one choice of the amounts: the top, its curvature and its likelihood."""

    roots: tuple[FloatArray, ...]
    top: FloatArray
    factor: FloatArray
    value: float
    evidence: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Hazards:
    """Joint draws of all effects of a hazard.

    Parameters
    ----------
    base
        Logit about which the effects lie.
    draws
        Name of effects -> draws, shape ``(n_draws, n_effects)``.
    amounts
        Name of effects -> likely standard deviations, means over what is likely.
    """

    base: float
    draws: Mapping[str, FloatArray]
    amounts: Mapping[str, tuple[float, ...]]

    def logit(self, name: str) -> FloatArray:
        """Return the draws of effects of one name, ``(n_draws, n)``; zeros where there are none."""
        found = self.draws.get(name)
        return np.zeros((len(self.draws["level"]), 1)) if found is None else found


def drawn_hazards(
    counts: Counts,
    effects: tuple[Effects, ...],
    *,
    base: float,
    n_draws: int,
    rng: np.random.Generator,
) -> Hazards:
    """Return joint draws of the effects, given counts that are binomial with logit-linear chances.

    Parameters
    ----------
    counts
        What happened by cell.
    effects
        What chances vary by; the first is the level.
    base
        Logit of the hazard about which the level lies beforehand.
    n_draws, rng
        Number of draws, and their generator.

    Notes
    -----
    Given the standard deviations of the effects, these are near normal about the top of their
    density (Laplace), and draws are then weighed by the density itself. The standard deviations
    have half-normal priors, and are weighed by importance: points from the prior, then points
    about what the first ones found.

    References
    ----------
    Efron (1988), JASA 83, 414-425, for logistic hazards in discrete time. Tierney and Kadane
    (1986), JASA 81, 82-86 (Laplace); Gelman (2006), Bayesian Analysis 1, 515-534 (half-normal
    priors); Cappé, Guillin, Marin and Robert (2004), JCGS 13, 907-929 (points in two rounds);
    Ionides (2008), JCGS 17, 295-311 (weights that are bounded).

    Examples
    --------
    No event in 1,000 months: the hazard has a bound, and is not 0.

    >>> from funnelkit.forecast.recurring_revenue.effects import level
    >>> none = Counts(
    ...     events=np.array([0.0]),
    ...     exposed=np.array([1000.0]),
    ...     places={"level": np.array([0])},
    ... )
    >>> rng = np.random.default_rng(1)
    >>> found = drawn_hazards(none, (level(1.5),), base=-3.5, n_draws=1000, rng=rng)
    >>> hazard = special.expit(found.base + found.draws["level"][:, 0])
    >>> bool(0 < hazard.min() < hazard.max() < 0.02)
    True
    """
    scales = np.array([scale for one in effects for scale in one.scales])
    problem = _Problem(counts, effects, base)
    scores, peaks, weights = _weighed(problem, scales, rng)
    n_sds = [len(one.scales) for one in effects]
    taken = rng.choice(len(peaks), n_draws, p=weights)
    normal = rng.standard_normal((n_draws, sum(one.total for one in effects)))
    found = {one.name: np.empty((n_draws, one.total)) for one in effects}
    likely = np.empty(n_draws)
    for k in np.unique(taken):
        mine = np.flatnonzero(taken == k)
        own, likely[mine] = problem.sampled(peaks[k], normal[mine])
        for name, values in own.items():
            found[name][mine] = values
    kept = _resampled(likely, rng)
    found = {name: values[kept] for name, values in found.items()}
    sds = weights @ _sds(scores, scales)
    ends = np.cumsum([0, *n_sds])
    amounts = {
        one.name: tuple(sds[a:b].tolist())
        for one, a, b in zip(effects, ends[:-1], ends[1:], strict=True)
    }
    return Hazards(base=base, draws=found, amounts=amounts)


class _Problem:
    """The likelihood of the effects, and their prior."""

    def __init__(self, counts: Counts, effects: tuple[Effects, ...], base: float) -> None:
        self.counts = counts
        self.effects = effects
        self.base = base
        sizes = [one.seen for one in effects]
        self.starts = np.cumsum([0, *sizes])
        self.places = [
            counts.places[one.name] + start
            for one, start in zip(effects, self.starts[:-1], strict=True)
        ]
        self.size = int(self.starts[-1])
        own = [counts.places[one.name] for one in effects]
        self.pairs = [
            (i, j, own[i] * sizes[j] + own[j])
            for i in range(len(effects))
            for j in range(i + 1, len(effects))
        ]

    def peak(self, sds: FloatArray, start: FloatArray | None = None) -> Peak:
        """Return the fit at given standard deviations of all effects in a row."""
        roots, at = [], 0
        for one in self.effects:
            roots.append(one.root(sds[at : at + len(one.scales)]))
            at += len(one.scales)
        spread = np.zeros((self.size, self.size))
        for one, root, begin in zip(self.effects, roots, self.starts[:-1], strict=True):
            spread[begin : begin + one.seen, begin : begin + one.seen] = root[
                : one.seen, : one.seen
            ]
        here = np.zeros(self.size) if start is None else start
        value = self._value(spread, here)
        for _ in range(_NEWTON):
            gradient, factor = self._slopes(spread, here)
            step = linalg.cho_solve((factor, True), gradient, check_finite=False)
            gain = float(gradient @ step)
            if gain < _CLOSE:
                break
            length = 1.0
            while length > 1e-4:
                there = here + length * step
                new = self._value(spread, there)
                if new >= value - 1e-12:
                    break
                length /= 2
            here, value = there, new
        _, factor = self._slopes(spread, here)
        evidence = value - float(np.log(np.diag(factor)).sum())
        return Peak(roots=tuple(roots), top=here, factor=factor, value=value, evidence=evidence)

    def sampled(self, peak: Peak, normal: FloatArray) -> tuple[dict[str, FloatArray], FloatArray]:
        """Return draws of the effects, and the log of how far each is too rare among them.

        Parameters
        ----------
        peak
            The fit.
        normal
            Standard normal numbers, shape ``(n, number of effects)``.

        Notes
        -----
        Effects to come are drawn given those seen, of which the data alone tell.
        """
        luck = normal[:, : self.size]
        about = linalg.solve_triangular(peak.factor.T, luck.T, lower=False, check_finite=False)
        scores = peak.top + about.T
        found, free = {}, self.size
        logits = np.full((len(normal), len(self.counts.events)), self.base)
        for one, root, begin, end in zip(
            self.effects, peak.roots, self.starts[:-1], self.starts[1:], strict=True
        ):
            more = one.total - one.seen
            own = np.concatenate([scores[:, begin:end], normal[:, free : free + more]], axis=1)
            free += more
            found[one.name] = own @ root.T
            logits += found[one.name][:, self.counts.places[one.name]]
        told = logits @ self.counts.events - np.logaddexp(0.0, logits) @ self.counts.exposed
        prior, proposed = (scores**2).sum(axis=1) / 2, (luck**2).sum(axis=1) / 2
        return found, told - prior - peak.value + proposed

    def _logits(self, spread: FloatArray, here: FloatArray) -> FloatArray:
        moved = spread @ here
        return np.asarray(self.base + sum(moved[place] for place in self.places))

    def _value(self, spread: FloatArray, here: FloatArray) -> float:
        logits = self._logits(spread, here)
        told = self.counts.events * logits - self.counts.exposed * np.logaddexp(0.0, logits)
        return float(told.sum() - here @ here / 2)

    def _slopes(self, spread: FloatArray, here: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the gradient, and the Cholesky factor of the curvature."""
        chance = special.expit(self._logits(spread, here))
        rest = self.counts.events - self.counts.exposed * chance
        worth = self.counts.exposed * chance * (1 - chance)
        slope, table = np.zeros(self.size), np.zeros((self.size, self.size))
        for mine in self.places:
            slope += np.bincount(mine, rest, self.size)
            table.flat[:: self.size + 1] += np.bincount(mine, worth, self.size)
        for i, j, both in self.pairs:
            one, other = (slice(self.starts[k], self.starts[k + 1]) for k in (i, j))
            shape = (self.effects[i].seen, self.effects[j].seen)
            cross = np.bincount(both, worth, shape[0] * shape[1]).reshape(shape)
            table[one, other], table[other, one] = cross, cross.T
        curvature = spread.T @ table @ spread + np.eye(self.size)
        factor = np.linalg.cholesky(curvature)
        return spread.T @ slope - here, np.asarray(factor, dtype=np.float64)


def _resampled(likely: FloatArray, rng: np.random.Generator) -> IntArray:
    """Return which draws are kept, and how often, by the logs of their weights."""
    weights = special.softmax(likely)
    weights = np.minimum(weights, len(weights) ** -0.5)
    ends = np.cumsum(weights / weights.sum())
    even = (np.arange(len(weights)) + rng.random()) / len(weights)
    kept = np.minimum(np.searchsorted(ends, even, side="right"), len(weights) - 1)
    return np.asarray(rng.permutation(kept))


def _sds(scores: FloatArray, scales: FloatArray) -> FloatArray:
    """Return half-normal standard deviations at standard normal scores."""
    return np.asarray(scales * special.ndtri((1 + special.ndtr(scores)) / 2))


def _weighed(
    problem: _Problem, scales: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, list[Peak], FloatArray]:
    """Return points of the standard deviations, the fits there, and how likely each is."""
    size = len(scales)
    if not size:
        return np.zeros((1, 0)), [problem.peak(np.zeros(0))], np.ones(1)
    first = np.clip(special.ndtri(_spread_out(size, _POINTS, rng)), -4.0, 4.0)
    peaks = _peaks(problem, _sds(first, scales))
    likely = special.softmax([one.evidence for one in peaks])
    centre = likely @ first
    apart = first - centre
    # A few points may hold all the weight: what they say of the spread is mixed with the prior's.
    trust = 1 / (likely**2).sum() / _POINTS
    own = (likely[:, None] * apart).T @ apart
    width = own + (1 - trust) * 0.1 * np.eye(size) + 0.02 * np.eye(size)
    near = stats.multivariate_normal(centre, _WIDER * width, seed=rng)
    second = np.clip(np.reshape(near.rvs(_POINTS), (_POINTS, size)), -4.0, 4.0)
    peaks += _peaks(problem, _sds(second, scales))
    scores = np.concatenate([first, second])
    prior = stats.norm.logpdf(scores).sum(axis=1)
    proposed = np.logaddexp(prior, np.atleast_1d(near.logpdf(scores))) - np.log(2)
    weights = special.softmax(np.array([one.evidence for one in peaks]) + prior - proposed)
    return scores, peaks, np.asarray(weights / weights.sum())


def _peaks(problem: _Problem, sds: FloatArray) -> list[Peak]:
    found: list[Peak] = []
    for row in sds:
        found.append(problem.peak(row, found[-1].top if found else None))
    return found


def _spread_out(size: int, number: int, rng: np.random.Generator) -> FloatArray:
    """Return points that fill the unit cube evenly: a Latin hypercube."""
    columns = [rng.permutation(number) for _ in range(size)]
    return np.asarray((np.stack(columns, axis=1) + rng.random((number, size))) / number)
