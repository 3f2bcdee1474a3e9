"""`choose` where leads leave: a family of lags for the target and for each exit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.interval import Interval
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Triangle
from funnelkit.lag.base import Verdict
from funnelkit.lag.choosing.competing_candidates import searched
from funnelkit.lag.choosing.competing_chosen import MARGIN, ChosenCompetingFit
from funnelkit.lag.competing.result import CompetingCureFit
from funnelkit.lag.cure.families import FamilyName
from funnelkit.lag.cure.grouped import Axis

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_NAMED = 3
"""Candidates as good as the best that a summary names."""


def chosen_of(
    triangle: Triangle,
    families: Sequence[FamilyName],
    *,
    rates: Axis | Sequence[Axis],
    latency: Literal["shared", "segments"],
    starts: int,
) -> CompetingChoice:
    """Return the families of lags with the best AIC, one for each outcome.

    Parameters
    ----------
    triangle, families, rates, latency, starts
        As in :func:`choose`.

    Raises
    ------
    EvidenceError, ArgumentError
        As :func:`fit_cure_competing`.
    """
    fits = searched(triangle, families, rates=rates, latency=latency, starts=starts)
    aic = np.array([fit.aic for fit in fits])
    sound = np.array([fit.converged for fit in fits])
    scores = np.where(sound | ~sound.any(), -aic / 2, -np.inf)
    behind = scores.max() - scores
    return CompetingChoice(fit=ChosenCompetingFit.of(fits, behind, int(np.argmin(behind))), aic=aic)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CompetingChoice(Result):
    """Candidates for the families of lags where leads leave, and those that were chosen.

    Parameters
    ----------
    fit
        The chosen fit, with intervals over all candidates: the :class:`LagFit` to go on with.
    aic
        Akaike's criterion of each candidate; smaller is better.
    """

    fit: ChosenCompetingFit
    aic: FloatArray

    def __post_init__(self) -> None:
        """Copy and freeze the array."""
        object.__setattr__(self, "aic", frozen(self.aic, np.float64))

    @property
    def criterion(self) -> Literal["aic"]:
        """What decided: AIC, as no leads are held out where outcomes compete."""
        return "aic"

    @property
    def candidates(self) -> tuple[CompetingCureFit, ...]:
        """All fits, each with a family for each outcome."""
        return self.fit.candidates

    @property
    def families(self) -> Mapping[str, FamilyName]:
        """Outcome -> chosen family, for outcomes with events."""
        return MappingProxyType(_families(self.fit))

    @property
    def verdict(self) -> Verdict:
        """Verdict of the target's share by the chosen fit, in the light of the others."""
        return self.fit.verdict

    @property
    def ultimate(self) -> FloatArray:
        """Share that reaches the target in the end, ``(n_segments, n_cohorts)``."""
        return self.fit.ultimate

    def confidence_interval(self, *, confidence_level: float = 0.95) -> Interval:
        """Return the interval of ``ultimate`` over all candidates.

        See :meth:`ChosenCompetingFit.confidence_interval`.
        """
        return self.fit.confidence_interval(confidence_level=confidence_level)

    def to_frame(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row per candidate, the best first.

        Returns
        -------
        DataFrame
            ``family`` (of each outcome, such as "won: log-normal, lost: weibull"), ``aic``,
            ``delta_aic`` (to the smallest), ``weight`` (in draws), then of the target
            ``ultimate``, ``low``, ``high`` (its own interval; all three are means over the leads
            where there are several rates) and ``median_days``, ``undecided`` (share that never
            comes to any outcome), ``verdict`` (of the target), ``converged`` and ``chosen``.
        """
        import pandas as pd

        checks.confidence(confidence_level)
        rows = []
        for k, fit in enumerate(self.candidates):
            low, high = fit.confidence_interval(confidence_level=confidence_level)
            rows.append(
                {
                    "family": ", ".join(f"{key}: {name}" for key, name in _families(fit).items()),
                    "aic": self.aic[k],
                    "delta_aic": self.aic[k] - self.aic.min(),
                    "weight": self.fit.weights[k],
                    "ultimate": _mean(fit, fit.ultimate),
                    "low": _mean(fit, low),
                    "high": _mean(fit, high),
                    "median_days": _mean(fit, fit.median_days()),
                    "undecided": _mean(fit, fit.undecided),
                    "verdict": fit.verdict,
                    "converged": fit.converged,
                    "chosen": k == self.fit.chosen,
                }
            )
        order = np.argsort(self.aic, kind="stable")
        return pd.DataFrame([rows[k] for k in order])

    def summary(self) -> str:
        """Return which families were chosen, how clearly, and what the fit says."""
        behind = self.fit.behind
        near = [
            _words(self.candidates[k])
            for k in np.argsort(behind, kind="stable")
            if k != self.fit.chosen and behind[k] <= MARGIN
        ]
        number = len(self.candidates)
        text = (
            f"Of {display.plural(number, 'set')} of lag curves, {_words(self.fit)} has the best AIC"
        )
        if 0 < len(near) <= _NAMED:
            listed = "; ".join(near)
            text += f" (as good: {listed})"
        elif near:
            text += f" ({len(near)} others are as good)"
        return f"{text}. {self.fit.summary()}"


def _families(fit: CompetingCureFit) -> dict[str, FamilyName]:
    """Return outcome -> family, of outcomes with events."""
    return {name: fit.families[name] for name in fit.outcomes if fit.reached[name].any()}


def _words(fit: CompetingCureFit) -> str:
    """Return the families of a fit as one says them."""
    by: dict[FamilyName, list[str]] = {}
    for outcome, family in _families(fit).items():
        by.setdefault(family, []).append(outcome)
    return display.listed([f"{name} for {display.listed(keys)}" for name, keys in by.items()])


def _mean(fit: CompetingCureFit, values: FloatArray | float) -> float:
    """Return the mean over the leads."""
    return float(np.average(np.asarray(values), weights=np.maximum(fit.entered, 1e-9)))
