"""Monthly chances of each movement in each draw, from the draws of its hazard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit.forecast.recurring_revenue.effects import (
    UNKNOWN,
    Effects,
    by_age,
    by_month,
    by_segment,
    by_size,
    level,
)
from funnelkit.forecast.recurring_revenue.exposure import BEFORE, Exposure
from funnelkit.forecast.recurring_revenue.hazards import Hazards, drawn_hazards

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
MONTHLY = {"churn": 0.02, "expansion": 0.02, "contraction": 0.01, "reactivation": 0.01}
"""About what a hazard lies where nothing is known of it."""
SPREAD = 1.5
"""Standard deviation of its logit beforehand."""


def fitted(
    seen: Exposure,
    *,
    n_months: int,
    horizon: int,
    n_segments: int,
    n_draws: int,
    rng: np.random.Generator,
) -> dict[str, Hazards]:
    """Return draws of the hazard of each movement.

    Parameters
    ----------
    seen
        What happened and what could have.
    n_months, horizon
        Months of the table, and to come.
    n_segments
        Number of segments.
    n_draws, rng
        Number of draws, and their generator.
    """
    months = n_months - 1
    until = n_months + horizon
    n_classes = len(seen.edges) + 1
    found = {}
    for name, monthly in MONTHLY.items():
        back = name == "reactivation"
        effects: list[Effects] = [level(SPREAD)]
        oldest = seen.longest if back else seen.oldest
        effects.append(by_age(oldest, until, renewals=not back))
        if n_segments > 1:
            effects.append(by_segment(n_segments))
        if n_classes > 1 and not back:
            effects.append(by_size(n_classes))
        effects.append(by_month(months, horizon, season=not back))
        found[name] = drawn_hazards(
            seen.counts[name],
            tuple(effects),
            base=float(special.logit(monthly)),
            n_draws=n_draws,
            rng=rng,
        )
    return found


@dataclass(frozen=True, eq=False, kw_only=True)
class DrawnChances:
    """Monthly chances in each draw.

    Parameters
    ----------
    hazards
        Movement -> draws of its effects.
    start
        Position of the first month to come.
    n_classes
        Number of classes of size.
    """

    hazards: Mapping[str, Hazards]
    start: int
    n_classes: int

    def paying(self, draws: slice, month: int, began: IntArray, segment: IntArray) -> FloatArray:
        """Return chances of churn, expansion and contraction; see :class:`Chances`."""
        age = np.where(began == BEFORE, UNKNOWN, self.start + month - began)
        logits = np.stack(
            [
                self._logits(name, draws, month, age, segment)[:, :, None]
                + self._sizes(name, draws)
                for name in ("churn", "expansion", "contraction")
            ]
        )
        return np.asarray(special.expit(logits))

    def away(self, draws: slice, month: int, ended: IntArray, segment: IntArray) -> FloatArray:
        """Return chances to return, shape ``(n_draws, n_groups)``."""
        absence = self.start + month - ended
        return np.asarray(
            special.expit(self._logits("reactivation", draws, month, absence, segment))
        )

    def _logits(
        self, name: str, draws: slice, month: int, clock: IntArray, segment: IntArray
    ) -> FloatArray:
        own = self.hazards[name].draws
        shift = own["level"][draws] + own["month"][draws, self.start - 1 + month][:, None]
        found = self.hazards[name].base + shift + own["age"][draws][:, clock]
        if "segment" in own:
            found = found + own["segment"][draws][:, segment]
        return np.asarray(found)

    def _sizes(self, name: str, draws: slice) -> FloatArray:
        """Return the effects of classes of size, shape ``(n_draws, 1, n_classes)``."""
        own = self.hazards[name].draws
        if "size" in own:
            return own["size"][draws][:, None, :]
        return np.zeros((1, 1, self.n_classes))
