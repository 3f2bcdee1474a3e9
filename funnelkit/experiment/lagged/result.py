"""`LaggedComparison`: two arms as if all their leads had had the same time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from funnelkit._core import display
from funnelkit._core.result import Result
from funnelkit.counts.triangle import Triangle
from funnelkit.experiment.comparison import Comparison, Comparisons
from funnelkit.experiment.lagged import wording

if TYPE_CHECKING:
    import pandas as pd

Verdict = Literal["more", "faster", "both", "neither", "either", "unknown"]
"""What differs: the eventual rate, the pace, both, neither, one of them, or nothing is known."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LaggedComparison(Result):
    """Two arms whose leads have been followed for different times; see :func:`compare_lagged`.

    Parameters
    ----------
    counts
        What was compared: two segments, control and treatment, each with a single cohort.
    names
        What the arms are called.
    horizon
        Days after entry within which rates are compared.
    chosen
        Whether the horizon was chosen from the follow-up of the leads.
    matured
        (a) Rate within the horizon, treatment less control.
    hazard
        (b) Daily odds ratio of converting among leads still open, by the log-rank test.
    incidence
        (b) Where exits compete: the same among all that have not converted, those that left
        included, by Gray's test; ``None`` without exits.
    waiting
        (c) Mean days without conversion within the horizon, treatment less control.
    eventual
        (d) Odds ratio of the eventual rate: "more".
    pace
        (d) Ratio of the times to conversion among those who convert: "faster" is below 1.
    joint_pvalue
        Of one eventual rate and one pace for both arms.
    raw_rates
        Converted so far over entered, which do not compare where maturity differs.
    maturity
        Of what comes within the horizon, the share that each arm's leads have had time for.
    median_days
        Age of the middle lead of each arm.
    together
        Share of the treatment's leads that entered in a cohort in which control's did too.
    alpha
        Level of the verdict.
    notes
        Sentences that belong with the result.
    """

    counts: Triangle
    names: tuple[str, str]
    horizon: int
    chosen: bool
    matured: Comparison
    hazard: Comparison
    incidence: Comparison | None = None
    waiting: Comparison
    eventual: Comparison
    pace: Comparison
    joint_pvalue: float
    raw_rates: tuple[float, float]
    maturity: tuple[float, float]
    median_days: tuple[int, int]
    together: float
    alpha: float = 0.05
    notes: tuple[str, ...] = field(default=())

    @property
    def comparisons(self) -> Comparisons:
        """All of them, the matured rate first, which is the one to decide on."""
        return Comparisons(comparisons=tuple(self._asked.values()))

    @property
    def _asked(self) -> dict[str, Comparison]:
        """Question -> answer."""
        between = {} if self.incidence is None else {"incidence": self.incidence}
        return {
            "matured rate": self.matured,
            "hazard": self.hazard,
            **between,
            "waiting time": self.waiting,
            "eventual rate": self.eventual,
            "pace": self.pace,
        }

    @property
    def verdict(self) -> Verdict:
        """What the data support: ``"more"``, ``"faster"``, ``"both"`` or ``"neither"``.

        ``"more"`` is another eventual rate, ``"faster"`` another pace, whichever way they go.
        ``"either"``: the arms differ, by this model or within the horizon, but not clearly in one
        of the two. ``"unknown"``: no model of eventual rates could be fitted.

        Notes
        -----
        A closed test: a difference of rate, or of pace, is called only where the likelihood
        ratio refuses it by itself and also refuses that both are alike. The chance of calling more
        or faster where there is none is then at most alpha.

        References
        ----------
        Marcus, Peritz and Gabriel (1976), Biometrika 63, 655-660.
        """
        if math.isnan(self.joint_pvalue):
            return "unknown"
        if not self.joint_pvalue < self.alpha:
            return "either" if self.matured.pvalue < self.alpha else "neither"
        more, faster = (one.pvalue < self.alpha for one in (self.eventual, self.pace))
        if more and faster:
            return "both"
        return "more" if more else "faster" if faster else "either"

    @property
    def finding(self) -> str:
        """One sentence: more, faster, both or neither."""
        return wording.finding(self)

    @property
    def maturity_text(self) -> str:
        """One sentence: how unequal the maturity of the arms is."""
        return wording.of_maturity(self)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per comparison, in the columns of :meth:`Comparisons.to_frame`.

        Returns
        -------
        DataFrame
            With ``question`` first: ``"matured rate"``, ``"hazard"``, ``"incidence"`` (where exits
            compete), ``"waiting time"``, ``"eventual rate"``, ``"pace"``. The means are rates,
            days of waiting, eventual rates and median days.
        """
        frame = self.comparisons.to_frame()
        frame.insert(0, "question", list(self._asked))
        return frame

    def summary(self) -> str:
        """Return the matured rates, more or faster, and how unequal the maturity is."""
        parts = [self.matured.summary(), self.finding, self.maturity_text, *self.notes]
        return " ".join(part for part in parts if part)

    @property
    def shown_names(self) -> tuple[str, str]:
        """Names of the arms on one line each."""
        return display.one_line(self.names[0]), display.one_line(self.names[1])
