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
        How far each stands behind the best, in log score, shape ``(n_candidates,)``; 0 for the
        chosen one.
    """

    candidates: tuple[CureFit, ...]
    behind: FloatArray

    @property
    def weights(self) -> FloatArray:
        """Weight of each candidate, e^(-behind) over their sum; they sum to 1."""
        return np.asarray(special.softmax(-np.asarray(self.behind)))

    @cached_property
    def apart(self) -> NDArray[np.bool_]:
        """Whether families that stand close to the best disagree with it, shape ``(S, C)``.

        They do where the eventual rate of either is outside the other's interval.
        """
        found = np.zeros(self.entered.shape, dtype=np.bool_)
        low, high = CureFit.confidence_interval(self)
        for fit, level in self._plausible(0.95):
            if level <= 0:
                continue
            other_low, other_high = fit.confidence_interval()
            found |= (fit.ultimate < low) | (fit.ultimate > high)
            found |= (self.ultimate < other_low) | (self.ultimate > other_high)
        return found

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
        it, with 2 (log score of the best family - log score of this one) + its own deviance at
        most the cut-off. The best family's interval is therefore never made narrower, and one
        that stands further behind than the cut-off adds nothing. The generalised gamma counts
        only where it is the best itself: else the four simpler families within it stand for it.
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
        """Yield the candidates that count at a level, each with the level of its own interval.

        The generalised gamma counts only where it is the best: else the four families in it that
        have a parameter less stand for it.
        """
        cut = special.chdtri(1, 1 - level)
        for fit, behind in zip(self.candidates, np.asarray(self.behind), strict=True):
            left = cut - 2 * float(behind)
            if left > 0 and (behind <= 0 or fit.family != "generalised gamma"):
                yield fit, float(special.chdtr(1, left))
