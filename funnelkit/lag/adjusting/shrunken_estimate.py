"""What a fit with shrunken rates found: rates, their doubt, and what they kept of their own."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, special

from funnelkit._core.interval import Interval
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Segment, Triangle
from funnelkit.lag.adjusting import mixture
from funnelkit.lag.adjusting.cells import Cells, last_age
from funnelkit.lag.adjusting.effects import Joint
from funnelkit.lag.adjusting.noise import own_interval
from funnelkit.lag.adjusting.pace import Pace
from funnelkit.lag.adjusting.penalised import Peak
from funnelkit.lag.base import LagFit, Verdict
from funnelkit.lag.verdicts import least_certain, lift_of, verdict_of

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_DRAWS = 1000
_AT_ONCE = 4_000_000


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ShrunkenEstimate(Result):
    """Eventual rates with borrowed strength, on another fit's timing.

    Shapes: ``S = len(segments)``, ``C = len(cohorts)``; cells are ``S x C`` in a row.

    Parameters
    ----------
    triangle
        Counts behind the rates.
    timing
        The fit whose timing is taken.
    cells
        Where the triangle's segments and cohorts stand in it.
    amounts
        What varies by an estimated amount: of ``"segments"``, ``"cohorts"`` (a step of the walk),
        ``"interaction"`` and ``"pace"``.
    sds, weights
        Likely standard deviations, ``(n_points, n_amounts)``, and how likely they are.
    logits, spreads
        Logits of the rates and their standard deviations at each point, ``(n_points, n_cells)``.
    shifts
        What draws of the timing add to the logits, ``(n_draws, n_cells)``.
    kept
        How much each cell kept of its own, ``(n_cells,)``.
    counted
        Effective number of leads that tell of each rate, ``(S, C)``.
    joint, peaks
        The likelihood, and the fit at each point.
    pace
        Pace of the civil months; ``None`` where it is held at the usual one.
    """

    triangle: Triangle
    timing: LagFit
    cells: Cells
    amounts: tuple[str, ...]
    sds: FloatArray
    weights: FloatArray
    logits: FloatArray
    spreads: FloatArray
    shifts: FloatArray
    kept: FloatArray
    counted: FloatArray
    joint: Joint
    peaks: tuple[Peak, ...]
    pace: Pace | None = None
    _ends: dict[float, Interval] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        names = ("sds", "weights", "logits", "spreads", "shifts", "kept", "counted")
        for name in names:
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def start(self) -> str:
        """Stage from which the clock runs."""
        return self.triangle.start

    @property
    def target(self) -> str:
        """Stage whose rate this is."""
        return self.triangle.target

    @property
    def by(self) -> tuple[str, ...]:
        """Names of the segment columns."""
        return self.triangle.by

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Segments, in the triangle's order."""
        return self.triangle.segments

    @property
    def cohorts(self) -> pd.PeriodIndex:
        """Cohorts, in the triangle's order."""
        return self.triangle.cohorts

    @property
    def as_of(self) -> dt.date:
        """Last complete day."""
        return self.triangle.as_of

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The target, then the exits that the timing knows."""
        return self.timing.outcomes

    @property
    def horizon(self) -> int | None:
        """Age in days up to which the timing is known; ``None`` with a tail."""
        return self.timing.horizon

    @property
    def n(self) -> int:
        """Leads behind the fit."""
        return self.triangle.n

    @property
    def entered(self) -> IntArray:
        """Leads, shape ``(S, C)``."""
        return self.triangle.entered

    @property
    def followed(self) -> IntArray:
        """Leads by age at ``as_of``, shape ``(S, C, n_ages)``."""
        return self.triangle.followed

    @cached_property
    def converted(self) -> IntArray:
        """Leads that converted by the horizon so far, shape ``(S, C)``."""
        last = last_age(self.triangle, self.timing)
        return np.asarray(self.triangle.by_age(self.target)[..., : last + 1].sum(axis=-1))

    @cached_property
    def ultimate(self) -> FloatArray:
        """Rate by the horizon, or ever, shape ``(S, C)``: the median of what is likely."""
        return self._shaped(special.expit(self._quantile(0.5)))

    @cached_property
    def shrinkage(self) -> FloatArray:
        """How much each cell kept of its own, from 0 (pooled) to 1 (its own), shape ``(S, C)``.

        The information of its own conversions over that of all that is known of its logit, timing
        and pace given: how far its rate moves with its own conversions.
        """
        return self._shaped(self.kept)

    @cached_property
    def own(self) -> FloatArray:
        """Converted / Σ maturity of each cell, at most 1; 0 without leads, shape ``(S, C)``."""
        mature = self._mature * self.entered
        return np.asarray(np.minimum(self.converted / np.maximum(mature, 1.0), 1.0))

    def maturity(self, ages: ArrayLike) -> FloatArray:
        """Return the timing's maturity by each age, shape ``(S, C, n_ages)``.

        Raises
        ------
        FunnelError
            If an age cannot be used with the timing.
        """
        return np.asarray(self.timing.maturity(ages)[np.ix_(*self.cells)])

    @cached_property
    def verdicts(self) -> NDArray[np.str_]:
        """Verdict of each rate, shape ``(S, C)``.

        ``"bound only"`` where doubt about the timing moves an end of the interval by more than a
        factor of 2, or with fewer than 5 conversions behind it; else ``"measured"`` where 90 % of
        what is to come has come by the last age that is followed anywhere, and
        ``"extrapolated"`` where less has. A cell without a conversion of its own has a rate, from
        the others: the rule is that of :func:`~funnelkit.lag.verdicts.verdict_of`.
        """
        ends = np.stack(
            [
                self._shaped(special.expit(self._quantile(tail, timing=timing)))
                for timing in (False, True)
                for tail in (0.025, 0.975)
            ]
        )
        return verdict_of(
            converted=self.converted.sum(),
            lift=lift_of(low=ends[2], high=ends[3], known_low=ends[0], known_high=ends[1]),
            seen=self.maturity([last_age(self.triangle, self.timing)])[..., 0],
            told=self.converted.sum(),
        )

    @property
    def verdict(self) -> Verdict:
        """The least certain of the verdicts of the cells with leads."""
        return least_certain(self.verdicts[self.entered > 0])

    @cached_property
    def _mature(self) -> FloatArray:
        last = last_age(self.triangle, self.timing)
        shape = self.maturity(np.arange(last + 1))
        mature = (self.followed[..., : last + 1] * shape).sum(axis=-1)
        mature = mature + self.followed[..., last + 1 :].sum(axis=-1)
        return np.asarray(mature / np.maximum(self.entered, 1))

    def _shaped(self, values: FloatArray) -> FloatArray:
        return np.asarray(values.reshape(len(self.segments), len(self.cohorts)))

    def _quantile(self, share: float, *, timing: bool = True) -> FloatArray:
        """Return a quantile of the logits of the rates, shape ``(n_cells,)``."""
        if not timing:
            return mixture.quantile(share, self.logits, self.spreads, self.weights)
        n_draws = len(self.shifts)
        means = (self.logits[:, None] + self.shifts).reshape(-1, self.logits.shape[1])
        sds = np.repeat(self.spreads, n_draws, axis=0)
        return mixture.quantile(share, means, sds, np.repeat(self.weights, n_draws) / n_draws)

    def _interval(self, tail: float, level: float) -> Interval:
        low, high = (
            self._shaped(special.expit(self._quantile(share))) for share in (tail, 1 - tail)
        )
        if self.entered.size == 1 and self.counted.any():
            share = self.converted / np.maximum(self.entered, 1)
            own = own_interval(
                share * self.counted, self.counted, self._mature, confidence_level=level
            )
            low, high = np.minimum(low, own.low), np.maximum(high, own.high)
        return Interval(low, high)

    def _draws(self, n: int, rng: np.random.Generator) -> tuple[FloatArray, NDArray[np.int64]]:
        """Return draws of the rates, ``(n, S, C)``, and which draw of the timing they go with."""
        at = rng.choice(len(self.weights), n, p=self.weights)
        of = rng.integers(len(self.shifts), size=n)
        noise = rng.standard_normal((n, self.joint.size))
        logits = np.zeros((n, self.logits.shape[1]))
        for k in np.unique(at):
            mine = at == k
            moved = linalg.solve_triangular(
                self.peaks[k].factor.T, noise[mine].T, lower=False, check_finite=False
            )
            n_effects = self.joint.design.matrix.shape[1]
            logits[mine] = self.logits[k] + (self.joint.design.matrix @ moved[:n_effects]).T
        rates = special.expit(logits + self.shifts[of])
        return rates.reshape(n, len(self.segments), len(self.cohorts)), of
