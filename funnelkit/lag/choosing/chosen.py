"""`ChosenFit`: the fit of the family that was chosen, with the doubt about the family."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from funnelkit._core import checks
from funnelkit._core.interval import Interval
from funnelkit.lag.choosing.evidence import Evidence, evidence_of
from funnelkit.lag.choosing.verdicts import lift_of
from funnelkit.lag.cure.profile import IntervalMethod
from funnelkit.lag.cure.result import CureFit

if TYPE_CHECKING:
    from collections.abc import Iterator

FloatArray = NDArray[np.float64]
MARGIN = 0.75
"""A family this far behind the best, in log-likelihood, still counts in full."""


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
        rates = np.array([fit.ultimate for fit, _ in self._plausible(0.95)])
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
        The profile likelihood over rate, pace and family: a rate is kept if some family supports
        it. The chosen family counts in full, and so does one at most .75 behind the best, as chance
        alone often puts the true one there; of another, the deviance that is allowed is less by
        twice what it is further behind, until it adds nothing. The generalised gamma counts only
        where it is chosen or the best: else the four simpler families within it stand for it.

        The margin is what keeps the coverage where it should be (benchmarks/lag_coverage.md):
        with none, 95 % intervals hold the truth in some 3 % fewer sets than with the
        family known.
        """
        level = checks.confidence(confidence_level)
        low, high = None, None
        for fit, part in self._plausible(level):
            ends = CureFit.confidence_interval(
                fit, ages, confidence_level=part, outcome=outcome, method=method
            )
            low = ends.low if low is None else np.minimum(low, ends.low)
            high = ends.high if high is None else np.maximum(high, ends.high)
        return Interval(np.asarray(low), np.asarray(high))

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

    def _plausible(self, level: float) -> Iterator[tuple[CureFit, float]]:
        """Yield the candidates that count at a level, each with the level of its own interval."""
        cut = special.chdtri(1, 1 - level)
        for fit, behind in zip(self.candidates, np.asarray(self.behind), strict=True):
            first = fit.family == self.family
            if fit.family == "generalised gamma" and behind > 0 and not first:
                continue
            left = cut - 2 * max(0.0, 0.0 if first else float(behind) - MARGIN)
            if left > 0:
                yield fit, float(special.chdtr(1, left))
