"""`Evidence`: the figures behind a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.frames import long_frame
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Segment
from funnelkit.lag.base import Verdict
from funnelkit.lag.choosing.follow_up import MallerZhou, maller_zhou
from funnelkit.lag.verdicts import WIDE, least_certain

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.lag.cure.result import CureFit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Evidence(Result):
    """Why a fit says measured, extrapolated or bound only.

    Shapes: ``(n_segments, n_cohorts)``.

    Parameters
    ----------
    by, segments, cohorts
        Of the fit.
    entered
        Leads.
    converted
        Conversions behind each rate; rates that are shared repeat them.
    seen
        F(max age): share of the eventual conversions that comes within the time followed.
    lift
        Factor by which an end of the 95 % interval moves because the pace (and, after
        :func:`choose`, the family) is not known.
    low, high
        The 95 % interval.
    families
        Families that were compared.
    apart
        Whether families that fit about as well disagree by more than their intervals; never,
        where one family was fitted alone.
    converged
        Whether the fit ended at a top.
    maller_zhou
        The statistic of Maller and Zhou, one for each pace.
    latency_of
        Which pace each cell has.
    verdicts
        What follows, by :func:`~funnelkit.lag.verdicts.verdict_of`.
    """

    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    cohorts: pd.PeriodIndex
    entered: IntArray
    converted: IntArray
    seen: FloatArray
    lift: FloatArray
    low: FloatArray
    high: FloatArray
    families: tuple[str, ...]
    apart: NDArray[np.bool_]
    converged: bool
    maller_zhou: tuple[MallerZhou, ...]
    latency_of: IntArray
    verdicts: NDArray[np.str_]

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("entered", "converted", "latency_of"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))
        for name in ("seen", "lift", "low", "high"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def verdict(self) -> Verdict:
        """The least certain of the verdicts of the cells with leads."""
        return least_certain(self.verdicts[self.entered > 0])

    @property
    def open_ended(self) -> NDArray[np.bool_]:
        """Whether follow-up sets no upper bound."""
        return np.asarray(self.high >= 1)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment and cohort.

        Returns
        -------
        DataFrame
            ``cohort``, the segment columns, ``entered``, ``converted``, ``seen``, ``lift``,
            ``low``, ``high``, ``apart``, ``maller_zhou_alpha``, ``maller_zhou_q`` and ``verdict``.
        """
        alpha, q = (
            np.array([getattr(one, name) for one in self.maller_zhou])[self.latency_of]
            for name in ("alpha", "q")
        )
        return long_frame(
            {
                "entered": self.entered,
                "converted": self.converted,
                "seen": self.seen,
                "lift": self.lift,
                "low": self.low,
                "high": self.high,
                "apart": self.apart,
                "maller_zhou_alpha": alpha,
                "maller_zhou_q": q,
                "verdict": self.verdicts,
            },
            shape=self.entered.shape,
            by=self.by,
            segments=self.segments,
            periods=self.cohorts,
        )

    def summary(self) -> str:
        """Return the verdict with the figures that decided it, for its least certain rate."""
        cells = (self.verdicts == self.verdict) & (self.entered > 0)
        leads = display.plural(self.entered.sum(), "lead")
        if not cells.any():
            return f"There is nothing to judge: {leads}."
        at = np.unravel_index(int(np.argmax(np.where(cells, self.lift, -1.0))), cells.shape)
        within = display.maturity(float(self.seen[at]))
        pace = (
            "no upper bound"
            if self.open_ended[at]
            else f"an end {self.lift[at]:.2f} times as far out as with a known pace (a rate is "
            f"shown up to {WIDE:g})"
        )
        reasons = [
            display.plural(self.converted[at], "conversion"),
            f"{within} of what is to come within the time followed",
            pace,
        ]
        if len(self.families) > 1:
            agree = "disagree" if self.apart[at] else "agree"
            reasons.append(f"curves that fit about as well {agree}")
        if not self.converged:
            reasons.append("no top of the likelihood")
        return f"{self.verdict.capitalize()}, by {leads}: {display.listed(reasons)}."


def evidence_of(fit: CureFit, *, families: Sequence[str]) -> Evidence:
    """Return the figures behind the verdicts of a mixture-cure fit.

    Parameters
    ----------
    fit
        The fit.
    families
        Families that it compares.
    """
    counts = np.zeros(int(fit.rate_of.max()) + 1, dtype=np.int64)
    np.add.at(counts, fit.rate_of, fit.converted)
    likelihood = fit.solution.likelihood
    followed = np.zeros(likelihood.dated.shape)
    np.add.at(followed, fit.latency_of, fit.followed)
    low, high = fit.confidence_interval()
    return Evidence(
        by=fit.by,
        segments=fit.segments,
        cohorts=fit.cohorts,
        entered=fit.entered,
        converted=counts[fit.rate_of],
        seen=fit.seen,
        lift=fit.lift,
        low=np.asarray(low),
        high=np.asarray(high),
        families=tuple(families),
        apart=fit.apart,
        converged=fit.converged,
        maller_zhou=tuple(
            maller_zhou(came, on)
            for came, on in zip(likelihood.dated + likelihood.undated, followed, strict=True)
        ),
        latency_of=fit.latency_of,
        verdicts=fit.verdicts,
    )
