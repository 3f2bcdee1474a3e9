"""`ChosenFit`: the fit of the family that was chosen, with the doubt about the family."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from funnelkit._core import checks
from funnelkit._core.interval import Interval
from funnelkit.lag.choosing.averaging import SignedRoots
from funnelkit.lag.choosing.evidence import Evidence, evidence_of
from funnelkit.lag.cure.profile import IntervalMethod
from funnelkit.lag.cure.result import CureFit
from funnelkit.lag.cure.unified import upper_root
from funnelkit.lag.verdicts import lift_of

FloatArray = NDArray[np.float64]
MARGIN = 0.75
"""A family at most this far behind the best, in log-likelihood, is about as good."""
LEAST = 0.01
"""Families of less weight are left out of intervals."""
NEAR = 2.0
"""A rate of 1 is near where it is within so many half-widths of a two-sided interval."""
_BASE, _NEAR_BASE = 0.95, (0.6, 0.97)
"""Level at which ends are looked for, and between which levels others are taken from them."""
_WIDEST = "generalised gamma"


class _Ends(NamedTuple):
    """Signed roots of the families, and where the widest of their intervals stands instead."""

    roots: SignedRoots
    edge: NDArray[np.bool_]
    widest: Interval

    def between(self, low: FloatArray, high: FloatArray) -> Interval:
        """Return the interval between two ends, or the widest where they cannot be told."""
        return Interval(
            np.where(self.edge, self.widest.low, low), np.where(self.edge, self.widest.high, high)
        )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ChosenFit(CureFit):
    """A mixture-cure fit whose intervals and draws also carry the doubt about the family.

    Estimates, rates by age and parameters are those of the chosen family; intervals and draws
    are over all candidates, as far as the counts support them.

    Parameters
    ----------
    candidates
        Fits of all families.
    behind
        How far each stands behind the best, in log-likelihood less the number of parameters,
        shape ``(n_candidates,)``.
    """

    candidates: tuple[CureFit, ...]
    behind: FloatArray

    @property
    def weights(self) -> FloatArray:
        """Weight of each candidate, e^(-behind) over their sum; they sum to 1."""
        return np.asarray(special.softmax(-np.asarray(self.behind)))

    @cached_property
    def apart(self) -> NDArray[np.bool_]:
        """Whether families that count disagree with the chosen one, shape ``(S, C)``.

        They do where their eventual rate is outside its own interval.
        """
        low, high = CureFit.confidence_interval(self)
        rates = np.array([fit.ultimate for fit in self._counting()[0]])
        return np.asarray(((rates < low) | (rates > high)).any(axis=0))

    @property
    def evidence(self) -> Evidence:
        """The figures behind the verdicts, with what the other families say."""
        return evidence_of(self, families=[fit.family for fit in self.candidates])

    @cached_property
    def lift(self) -> FloatArray:
        """What not knowing pace and family multiplies or divides an interval's end by."""
        low, high = self.confidence_interval()
        known_low, known_high = (end[self.rate_of] for end in self.solution.known(0.95))
        return lift_of(low=low, high=high, known_low=known_low, known_high=known_high)

    def confidence_interval(
        self,
        ages: ArrayLike | None = None,
        *,
        confidence_level: float = 0.95,
        outcome: str | None = None,
        method: IntervalMethod = "calibrated",
    ) -> Interval:
        """Return the interval of ``ultimate``, or of ``rate_at(ages)``, whatever the family.

        Parameters
        ----------
        ages, confidence_level, outcome, method
            As in :meth:`CureFit.confidence_interval`.

        Returns
        -------
        Interval
            Inside [0, 1], of the shape there.

        Notes
        -----
        The ends at which the tail areas of the families, averaged with their weights, are what
        the level asks for: with z the signed root of a family's deviance, scaled to be the normal
        quantile at the ends of its own interval, the upper end u solves Σ w Φ(-z(u)) = tail. Each
        z is taken from the intervals at two levels, 95 % and 80 % for levels about these.

        Families of weight below .01 are left out; the generalised gamma counts only where it is
        chosen or the best, else the four simpler families within it stand for it. Where some
        family has an estimate of 0, the interval is that from the lowest end to the highest.

        References
        ----------
        Fletcher and Turek (2012), J. Agricultural, Biological and Environmental Statistics 17,
        38-51 (model-averaged profile likelihood intervals).
        """
        level = checks.confidence(confidence_level)
        tail = (1 - level) / 2
        ends = self._ends(level, ages, outcome=outcome, method=method)
        return ends.between(*ends.roots.averaged(tail, tail))

    def unified_interval(self, *, confidence_level: float = 0.95) -> Interval:
        """Return the interval of ``ultimate`` whose upper end knows that no rate passes 1.

        Parameters, shape and errors are those of :meth:`CureFit.unified_interval`.

        Notes
        -----
        Where 1 is near, the upper end is that of one likelihood, the families' averaged with their
        weights, so that a family that fits worse draws it up only as far as its weight allows:
        averaged tail areas would leave hardly any misses above. Where there is no upper end, all
        of the error is the lower one's, as a bound on one side has it. Elsewhere it is
        :meth:`confidence_interval`. The family that foretells best may be one of small weight that
        says far more than the others: then its estimate lies above the upper end, and the verdict
        is "bound only". How often the ends hold the truth is in benchmarks/lag_coverage.md.
        """
        level = checks.confidence(confidence_level)
        fits, _ = self._counting()
        if len(fits) == 1:
            return CureFit.unified_interval(fits[0], confidence_level=level)
        error, two_sided = 1 - level, float(special.ndtri((1 + level) / 2))
        ends = self._ends(level)
        far = ends.roots.reach(np.array([_reach(fit, level) for fit in fits]))
        near = far < NEAR * two_sided
        root = upper_root(far, level)
        shared = ends.roots.upper_end(np.where(near & np.isfinite(root), root, two_sided))
        open_ended = near & (np.isinf(root) | (shared >= 1))
        lower = np.where(open_ended, error, error / 2)
        low, high = ends.roots.averaged(lower, error / 2)
        return ends.between(low, np.where(open_ended, 1.0, np.where(near, shared, high)))

    def _ends(
        self,
        level: float,
        ages: ArrayLike | None = None,
        *,
        outcome: str | None = None,
        method: IntervalMethod = "calibrated",
    ) -> _Ends:
        """Return what the intervals of the families that count say of an interval over them."""
        fits, weights = self._counting()
        base = _BASE if _NEAR_BASE[0] <= level <= _NEAR_BASE[1] and len(fits) > 1 else level
        inner = max(1 - 4 * (1 - base), base / 2)
        outer_ends, inner_ends = (
            [
                CureFit.confidence_interval(
                    fit, ages, confidence_level=each, outcome=outcome, method=method
                )
                for fit in fits
            ]
            for each in (base, inner)
        )
        lows, highs = (np.array([ends[side] for ends in outer_ends]) for side in (0, 1))
        estimates = np.array(
            [fit.ultimate if ages is None else CureFit.rate_at(fit, ages) for fit in fits]
        )
        wide, near = (float(special.ndtri((1 + each) / 2)) for each in (base, inner))
        inner_lows, inner_highs = (np.array([ends[side] for ends in inner_ends]) for side in (0, 1))
        points = np.stack([lows, inner_lows, estimates, inner_highs, highs], axis=-1)
        scores = np.broadcast_to([-wide, -near, 0.0, near, wide], points.shape).copy()
        self._at_one(fits, points, scores, level=base, method=method, ultimate=ages is None)
        edge = np.asarray((estimates <= 0).any(axis=0) | (len(fits) == 1))
        return _Ends(
            SignedRoots(weights, np.maximum.accumulate(points, axis=-1), scores),
            edge,
            Interval(lows.min(axis=0), highs.max(axis=0)),
        )

    def _at_one(
        self,
        fits: list[CureFit],
        points: FloatArray,
        scores: FloatArray,
        *,
        level: float,
        method: IntervalMethod,
        ultimate: bool,
    ) -> None:
        """Set the signed roots at a share of 1, where an interval has no end below."""
        for k, fit in enumerate(fits):
            design = fit._design(level)
            for cell in map(tuple, np.argwhere(points[k, ..., 4] >= 1)):
                r = int(fit.rate_of[cell[:2]])
                first = 3 + int(points[(k, *cell, 3)] < 1)
                known = float(scores[(k, *cell, first - 1)])
                if ultimate and 0 < fit.solution.rates[r] < 1:
                    cut = fit.solution.cuts(r, level, method=method, inflation=float(design[r]))[1]
                    root = fit.solution.root_at_one(r, level, cut)
                    known = max(known, min(root, float(scores[(k, *cell, first)])))
                scores[(k, *cell)][first:] = known

    def sample(
        self,
        n: int,
        *,
        rng: np.random.Generator | int,
        outcome: str | None = None,
        ages: ArrayLike | None = None,
    ) -> FloatArray:
        """Return joint draws of the rate surface, each from a family drawn by its weight.

        Parameters and shape are those of :meth:`CureFit.sample`.
        """
        generator = np.random.default_rng(rng)
        checks.positive_whole("n", n)
        family = generator.choice(len(self.candidates), size=n, p=self.weights)
        found: FloatArray | None = None
        for k, fit in enumerate(self.candidates):
            mine = np.flatnonzero(family == k)
            if not len(mine):
                continue
            drawn = CureFit.sample(fit, len(mine), rng=generator, outcome=outcome, ages=ages)
            found = np.empty((n, *drawn.shape[1:])) if found is None else found
            found[mine] = drawn
        return np.asarray(found)

    def _counting(self) -> tuple[list[CureFit], FloatArray]:
        """Return the candidates that count in intervals, and their weights."""
        kept = [
            k
            for k, fit in enumerate(self.candidates)
            if fit.family == self.family
            or (self.weights[k] >= LEAST and not (fit.family == _WIDEST and self.behind[k] > 0))
        ]
        weights = self.weights[kept]
        return [self.candidates[k] for k in kept], weights / weights.sum()


def _reach(fit: CureFit, level: float) -> FloatArray:
    """Return how far a rate of 1 is from the data by one family, shape ``(S, C)``."""
    design = fit._design(level)
    found = [
        fit.solution.reach(r, level, inflation=float(design[r]))
        for r in range(len(fit.solution.rates))
    ]
    return np.asarray(found)[fit.rate_of]
