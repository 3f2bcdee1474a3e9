"""`ChosenCompetingFit`: the chosen fit with competing exits, with the doubt about the families."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from funnelkit._core import checks
from funnelkit._core.interval import Interval
from funnelkit.lag.choosing.chosen import ChosenFit
from funnelkit.lag.competing.outcome import OutcomeFit
from funnelkit.lag.competing.result import CompetingCureFit
from funnelkit.lag.cure.families import FamilyName
from funnelkit.lag.cure.profile import IntervalMethod
from funnelkit.lag.verdicts import lift_of

FloatArray = NDArray[np.float64]
MARGIN = 0.75
"""Families this far behind the best, in log-likelihood, still count in full."""
_GENERAL: FamilyName = "generalised gamma"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ChosenCompetingFit(CompetingCureFit):
    """A fit with competing exits whose intervals and draws carry the doubt about the families.

    Estimates, rates by age and parameters are those of the chosen families; intervals, draws and
    verdicts are over all candidates, as far as the counts support them.

    Parameters
    ----------
    candidates
        Fits of the same counts, each with a family for each outcome.
    behind
        How far each stands behind the best, in log-likelihood less the number of parameters,
        shape ``(n_candidates,)``.
    chosen
        Position of the chosen one.
    """

    candidates: tuple[CompetingCureFit, ...]
    behind: FloatArray
    chosen: int

    @classmethod
    def of(
        cls, candidates: Sequence[CompetingCureFit], behind: FloatArray, chosen: int
    ) -> ChosenCompetingFit:
        """Return the chosen one of several fits, beside the others."""
        best = candidates[chosen]
        return cls(
            **{field.name: getattr(best, field.name) for field in fields(CompetingCureFit)},
            candidates=tuple(candidates),
            behind=behind,
            chosen=chosen,
        )

    @cached_property
    def weights(self) -> FloatArray:
        """Weight of each candidate in draws; they sum to 1.

        The chosen one has the product of its families' weights: see :meth:`beside`. The rest goes
        to the best ones with other families, by the weights of these.
        """
        found, product = np.zeros(len(self.candidates)), 1.0
        for outcome in self.outcomes:
            places, weights = self.beside(outcome)
            found[places[1:]] += weights[1:]
            product *= float(weights[0])
        total = float(found.sum())
        found *= (1 - product) / total if total > 0 else 0.0
        found[self.chosen] = 1 - float(found.sum())
        return found

    def beside(self, outcome: str) -> tuple[list[int], FloatArray]:
        """Return the best candidate with each family of an outcome, and the families' weights.

        The chosen one is the first; weights are e^(-behind) over their sum. Whatever the other
        outcomes' families, one candidate stands for each family, so that none counts twice.
        """
        best = {self.families[outcome]: self.chosen}
        if self.reached[outcome].any():
            for k in np.argsort(self.behind, kind="stable").tolist():
                best.setdefault(self.candidates[k].families[outcome], k)
        places = list(best.values())
        return places, np.asarray(special.softmax(-np.asarray(self.behind)[places]))

    def apart_of(self, outcome: str) -> NDArray[np.bool_]:
        """Return whether families that count disagree about an outcome's share, shape ``(S, C)``.

        They do where the share by one of them is outside the chosen one's own interval.

        Raises
        ------
        ArgumentError
            If the outcome is unknown.
        """
        return self._view(outcome).apart

    def sample(
        self,
        n: int,
        *,
        rng: np.random.Generator | int,
        outcome: str | None = None,
        ages: ArrayLike | None = None,
    ) -> FloatArray:
        """Return joint draws of an outcome's rates, each from a candidate drawn by its weight.

        Parameters and shape are those of :meth:`CompetingCureFit.sample`; the same seed gives the
        target and the exits of the same draws.
        """
        generator = np.random.default_rng(rng)
        checks.positive_whole("n", n)
        drawn = generator.choice(len(self.candidates), size=n, p=self.weights)
        found: FloatArray | None = None
        for k in np.unique(drawn):
            mine = np.flatnonzero(drawn == k)
            part = self.candidates[k].sample(len(mine), rng=generator, outcome=outcome, ages=ages)
            found = np.empty((n, *part.shape[1:])) if found is None else found
            found[mine] = part
        return np.asarray(found)

    def undecided_interval(
        self, *, confidence_level: float = 0.95, method: IntervalMethod = "calibrated"
    ) -> Interval:
        """Return the interval of the share that is never decided, whatever the families.

        Parameters and errors are those of :meth:`CompetingCureFit.undecided_interval`. A share is
        kept if some candidate supports it: those at most .75 behind the best count in full; of
        another, the deviance that is allowed is less by twice what it is further behind, until it
        adds nothing.
        """
        level = checks.confidence(confidence_level)
        parts = self._levels(level).items()
        ends = [
            self.candidates[k].undecided_interval(confidence_level=part, method=method)
            for k, part in parts
        ]
        return _joined(ends)

    def confidence_interval(
        self,
        ages: ArrayLike | None = None,
        *,
        confidence_level: float = 0.95,
        outcome: str | None = None,
        method: IntervalMethod = "calibrated",
    ) -> Interval:
        """Return the interval of an outcome's share, or of ``rate_at(ages)``, whatever the family.

        Parameters
        ----------
        ages, confidence_level, outcome, method
            As in :meth:`CompetingCureFit.confidence_interval`.

        Returns
        -------
        Interval
            Inside [0, 1], of the shape there.

        Raises
        ------
        ArgumentError
            If the level, the method, an age or the outcome cannot be used.

        Notes
        -----
        As in :meth:`ChosenFit.confidence_interval`, over the families of this outcome, for each of
        which the best candidate stands: see :meth:`beside`.
        """
        return self._view(outcome).confidence_interval(
            ages, confidence_level=confidence_level, method=method
        )

    @cached_property
    def _views(self) -> dict[str, OutcomeFit]:
        """Outcome -> what the candidates say of it."""
        found: dict[str, OutcomeFit] = {}
        for name, view in self.candidates[self.chosen]._views.items():
            places, _ = self.beside(name)
            given = {field.name: getattr(view, field.name) for field in fields(OutcomeFit)}
            given["target_fit"] = found.get(self.target)
            found[name] = ChosenOutcome(
                **given,
                candidates=tuple(self.candidates[k]._view(name) for k in places),
                behind=np.asarray(self.behind)[places],
                whole=self,
            )
        return found

    def _levels(self, level: float) -> dict[int, float]:
        """Return position -> level of its own interval, of the candidates that count at a level."""
        cut = float(special.chdtri(1, 1 - level))
        found = {}
        for k, (fit, behind) in enumerate(zip(self.candidates, self.behind, strict=True)):
            wide = any(
                name == _GENERAL and self.families[outcome] != _GENERAL
                for outcome, name in fit.families.items()
            )
            if k != self.chosen and wide and behind > 0:
                continue
            left = cut - 2 * (0.0 if k == self.chosen else max(0.0, float(behind) - MARGIN))
            if left > 0:
                found[k] = float(special.chdtr(1, left))
        return found


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ChosenOutcome(ChosenFit, OutcomeFit):
    """One outcome of a chosen fit with competing exits, over the families that it may have.

    Parameters
    ----------
    whole
        The fit of all outcomes.
    """

    whole: ChosenCompetingFit

    @cached_property
    def lift(self) -> FloatArray:
        """What not knowing pace and family multiplies or divides an interval's end by.

        Leads that go together are left aside, as in :attr:`CureFit.lift`.
        """
        alone = tuple(
            replace(fit, accounts=None, target_fit=None)
            for fit in self.candidates
            if isinstance(fit, OutcomeFit)
        )
        fit = replace(self, accounts=None, target_fit=None, candidates=alone)
        low, high = fit.confidence_interval()
        known_low, known_high = (end[self.rate_of] for end in self.solution.known(0.95))
        return lift_of(low=low, high=high, known_low=known_low, known_high=known_high)

    def sample(
        self,
        n: int,
        *,
        rng: np.random.Generator | int,
        outcome: str | None = None,
        ages: ArrayLike | None = None,
    ) -> FloatArray:
        """Return joint draws of the outcome's rates over all candidates."""
        self._check_outcome(outcome)
        return self.whole.sample(n, rng=rng, outcome=self.target, ages=ages)


def _joined(intervals: Sequence[Interval]) -> Interval:
    """Return the least interval that holds all."""
    lows, highs = zip(*intervals, strict=True)
    return Interval(np.min(lows, axis=0), np.max(highs, axis=0))
