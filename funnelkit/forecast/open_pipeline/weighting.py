"""The classical pipeline: amounts times the past share won from each stage, and the CRM's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.errors import EvidenceError
from funnelkit._core.result import Result
from funnelkit.counts.pipeline import closings
from funnelkit.counts.triangle import Segment
from funnelkit.data.records import Leads

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class StageWeights(Result):
    """Past share of the records that entered each stage and were won, of those that closed.

    Shapes: ``(n_businesses, K)``, businesses being values of the columns kept apart.

    Parameters
    ----------
    stages
        Stages but the last.
    apart, businesses
        Columns kept apart, and one tuple of values for each business.
    won, closed
        Records that entered the stage, and of these were won, or were won or left. In a funnel
        without exits ``closed`` holds all that entered: nothing else tells who will not be won.
    days
        Mean days from entry to the win; NaN where none was seen.
    """

    stages: tuple[str, ...]
    apart: tuple[str, ...]
    businesses: tuple[Segment, ...]
    won: IntArray
    closed: IntArray
    days: FloatArray

    @property
    def share(self) -> FloatArray:
        """Share won; NaN where nothing has closed."""
        blank = np.full(self.won.shape, np.nan)
        return np.asarray(np.divide(self.won, self.closed, out=blank, where=self.closed > 0))

    def rows(self, by: Sequence[str], segments: Sequence[Segment]) -> IntArray:
        """Return the business of each segment; -1 where it has no past."""
        places = [list(by).index(name) for name in self.apart]
        known = {one: i for i, one in enumerate(self.businesses)}
        own = [tuple(segment[place] for place in places) for segment in segments]
        return np.array([known.get(one, -1) for one in own], np.int64)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per business and stage.

        Returns
        -------
        DataFrame
            The columns kept apart, ``stage``, ``won``, ``closed``, ``stage_weight`` and
            ``mean_days``.
        """
        import pandas as pd

        rows = [
            {
                **dict(zip(self.apart, business, strict=True)),
                "stage": stage,
                "won": int(self.won[i, k]),
                "closed": int(self.closed[i, k]),
                "stage_weight": float(self.share[i, k]),
                "mean_days": float(self.days[i, k]),
            }
            for i, business in enumerate(self.businesses)
            for k, stage in enumerate(self.stages)
        ]
        columns = [*self.apart, "stage", "won", "closed", "stage_weight", "mean_days"]
        return pd.DataFrame(rows, columns=columns)

    def summary(self) -> str:
        """Return the weight of each stage."""
        parts = []
        for i, business in enumerate(self.businesses):
            own = [
                f"{stage} {self.share[i, k]:.2f} ({self.won[i, k]:,} of {self.closed[i, k]:,})"
                for k, stage in enumerate(self.stages)
                if self.closed[i, k]
            ]
            name = f"{', '.join(one or '(blank)' for one in business)}: " if business else ""
            parts.append(f"{name}Share won by stage: {', '.join(own) or 'not known'}.")
        return " ".join(parts)


def stage_weights(leads: Leads) -> StageWeights:
    """Return the weight of each stage, as sales teams reckon it.

    Parameters
    ----------
    leads
        The data.

    Notes
    -----
    Won over closed, of the records that entered the stage by an entry of their own. Losses that
    are quicker or slower than wins bias it, and so does growth; it knows no age and no month.
    Stages that only the current status tells of have no weight.

    Examples
    --------
    >>> import funnelkit as fk
    >>> weights = stage_weights(fk.make_leads(3000, rng=1))
    >>> list(weights.to_frame())
    ['stage', 'won', 'closed', 'stage_weight', 'mean_days']
    """
    stages = leads.funnel.stages[:-1]
    apart = leads.funnel.apart
    businesses: tuple[Segment, ...] = ()
    parts: list[tuple[int, Segment, tuple[int, int, float]]] = []
    for k, stage in enumerate(stages):
        try:
            found = closings(leads, stage, by=apart or None)
            entered = _entered(leads, stage) if not leads.funnel.exits else {}
        except EvidenceError:
            continue
        for i, business in enumerate(found.segments):
            won = int(found.n[i, 0].sum()) + int(found.undated[i, 0])
            closed = int(found.n[i].sum()) + int(found.undated[i].sum())
            dated = int(found.dated[i, 0].sum())
            days = float(found.days[i, 0].sum()) / dated if dated else float("nan")
            parts.append((k, business, (won, entered.get(business, closed), days)))
            businesses = (*businesses, business) if business not in businesses else businesses
    shape = (len(businesses), len(stages))
    won_of, closed_of = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    days_of = np.full(shape, np.nan)
    for k, business, own in parts:
        cell = (businesses.index(business), k)
        won_of[cell], closed_of[cell], days_of[cell] = own
    return StageWeights(
        stages=stages,
        apart=apart,
        businesses=businesses,
        won=won_of,
        closed=closed_of,
        days=days_of,
    )


def _entered(leads: Leads, stage: str) -> dict[Segment, int]:
    from funnelkit.counts.pipeline import passages

    found = passages(leads, stage, leads.funnel.won)
    return {one: int(found.entered[i].sum()) for i, one in enumerate(found.segments)}
