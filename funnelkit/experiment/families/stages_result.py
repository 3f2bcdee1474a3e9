"""`StageComparisons`: every stage of a funnel in two arms, tested from the entry on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit.experiment.comparison import Comparisons

if TYPE_CHECKING:
    import pandas as pd

Counts = tuple[int, ...]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class StageComparisons(Comparisons):
    """Cumulative rates of several stages in two arms, and which of them hold up together.

    See :func:`compare_stages`. What is tested is the share of those who *entered* that reached a
    stage; the rates from step to step are there to read, without a test.

    Parameters
    ----------
    stages
        The entry, then the stages that are compared.
    metrics
        What the rate of each compared stage is called, in their order.
    control_counts, treatment_counts
        Units of each arm that reached each of ``stages``.
    alpha
        Level at which stages are called significant.
    draws
        Number of permutations behind the adjusted p-values; 0 where none were drawn.
    """

    stages: tuple[str, ...]
    metrics: tuple[str, ...]
    control_counts: Counts
    treatment_counts: Counts
    alpha: float = 0.05
    draws: int = 0

    @property
    def significant(self) -> tuple[bool, ...]:
        """Whether each stage is significant after adjustment, in their order."""
        return tuple(p < self.alpha for p in self._adjusted)

    @property
    def monte_carlo_errors(self) -> tuple[float, ...]:
        """Standard error of each adjusted p-value that comes from chance draws; 0 without draws."""
        if not self.draws:
            return tuple(0.0 for _ in self.comparisons)
        return tuple(math.sqrt(p * (1 - p) / self.draws) for p in self._adjusted)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per stage.

        Returns
        -------
        DataFrame
            The columns of :meth:`Comparisons.to_frame` with ``stage`` first, ``significant``
            (after adjustment) and, to read and not to test,
            ``control_step_rate_descriptive`` and ``treatment_step_rate_descriptive``: reached
            this stage over reached the one before, within each arm (NaN where nobody did).
            ``monte_carlo_error`` stands beside ``adjusted_pvalue`` where that was drawn.
        """
        frame = super().to_frame()
        places = [self._place(one.metric) for one in self.comparisons]
        frame.insert(0, "stage", [self.stages[place] for place in places])
        after = list(frame.columns).index("adjusted_pvalue") + 1
        if self.draws:
            frame.insert(after, "monte_carlo_error", list(self.monte_carlo_errors))
            after += 1
        frame.insert(after, "significant", list(self.significant))
        for name, counts in (
            ("control", self.control_counts),
            ("treatment", self.treatment_counts),
        ):
            steps = [_step(counts, place) for place in places]
            frame[f"{name}_step_rate_descriptive"] = steps
        return frame

    def summary(self) -> str:
        """Return which stages differ after adjustment, and what each shows."""
        if not self.comparisons:
            return "No stages to compare."
        one = self.comparisons[0]
        kept = [
            self.stages[self._place(each.metric)]
            for each, sure in zip(self.comparisons, self.significant, strict=True)
            if sure
        ]
        found = f"an {one.word}" if one.word[0] in "aeiou" else f"a {one.word}"
        head = f"No stage shows {found} that holds up"
        if kept:
            head = f"{found[:1].upper()}{found[1:]} on {display.listed(kept)} holds up"
        parts = [
            f"{self.stages[self._place(each.metric)]} {each.effect_text()}, "
            f"adjusted {display.pvalue(adjusted)}"
            for each, adjusted in zip(self.comparisons, self._adjusted, strict=True)
        ]
        of = (
            f"{display.count(one.treatment.n)} {one.units} of "
            f"{display.one_line(one.treatment.name)} against {display.count(one.control.n)} of "
            f"{display.one_line(one.control.name)}"
        )
        return " ".join([f"{head} ({self.adjustment}; {of}): {'; '.join(parts)}.", *self.notes])

    @property
    def _adjusted(self) -> tuple[float, ...]:
        return self.adjusted or tuple(one.pvalue for one in self.comparisons)

    def _place(self, metric: str) -> int:
        return self.metrics.index(metric) + 1


def _step(counts: Counts, place: int) -> float:
    """Return the share of those at the stage before who reached this one; NaN of nobody."""
    before = counts[place - 1]
    return counts[place] / before if before else math.nan
