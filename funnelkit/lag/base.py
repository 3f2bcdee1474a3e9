"""`LagFit`: what every fit of timing answers, whatever its method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks
from funnelkit._core.interval import Interval
from funnelkit.counts.triangle import Segment

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Verdict = Literal["measured", "extrapolated", "bound only"]


def outcome_position(outcomes: tuple[str, ...], outcome: str | None) -> int:
    """Return where an outcome stands; the target, which is the first, by default.

    Raises
    ------
    ArgumentError
        If there is no such outcome.
    """
    if outcome is None:
        return 0
    return outcomes.index(checks.member("outcome", "outcome", outcome, outcomes))


@runtime_checkable
class LagFit(Protocol):
    """Fitted timing of one transition: rates by age, and how far the data carry them.

    Shapes: ``S = len(segments)``, ``C = len(cohorts)``, ``A = len(ages)``. A fit that pools
    cohorts (or segments) repeats its curve along that axis.
    """

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Segments, in the triangle's order."""

    @property
    def cohorts(self) -> pd.PeriodIndex:
        """Cohorts, in the triangle's order."""

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The target, then the exits."""

    @property
    def horizon(self) -> int | None:
        """Age in days up to which rates are known; ``None`` for a fit with a tail."""

    @property
    def ultimate(self) -> FloatArray:
        """Rate of the target by the horizon, or ever, shape ``(S, C)``."""

    @property
    def verdict(self) -> Verdict:
        """Whether follow-up is long enough for the fit as a whole."""

    @property
    def verdicts(self) -> NDArray[np.str_]:
        """Verdict of each rate, shape ``(S, C)``."""

    def rate_at(self, ages: ArrayLike, *, outcome: str | None = None) -> FloatArray:
        """Return the share with an outcome by each age, shape ``(S, C, A)``.

        Non-decreasing in age; over all outcomes the rates sum to at most 1.
        """

    def maturity(self, ages: ArrayLike) -> FloatArray:
        """Return ``rate_at(ages) / ultimate``, shape ``(S, C, A)``."""

    def conditional(
        self, age: ArrayLike, horizon: int | None = None, *, outcome: str | None = None
    ) -> FloatArray:
        """Return P(outcome within ``horizon`` more days | open at ``age``), shape ``(S, C, A)``."""

    def sample(
        self,
        n: int,
        *,
        rng: np.random.Generator | int,
        outcome: str | None = None,
        ages: ArrayLike | None = None,
    ) -> FloatArray:
        """Return joint draws of the rate surface, shape ``(n, S, C, n_ages)``.

        The same seed gives the target and the exits of the same draws.
        """

    def confidence_interval(
        self,
        ages: ArrayLike | None = None,
        *,
        confidence_level: float = 0.95,
        outcome: str | None = None,
    ) -> Interval:
        """Return the interval of ``rate_at(ages)``, by default of ``ultimate``."""
