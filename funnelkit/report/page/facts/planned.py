"""What the targets need, beside what the leads of late would bring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from funnelkit.plan.one_page.outlook import Outlook
    from funnelkit.plan.one_page.staffing import Staff

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A quarter or year of the targets.

    Parameters
    ----------
    name
        As tables write it.
    target
        New business to win in it.
    usual, usual_chance
        Expected with as many leads as of late, and the chance of the target then.
    planned, planned_chance
        The same with the leads of the plan.
    """

    name: str
    target: float
    usual: float
    usual_chance: float
    planned: float
    planned_chance: float

    @property
    def gap(self) -> float:
        """Expected with as many leads as of late, less the target."""
        return self.usual - self.target


@dataclass(frozen=True, eq=False, kw_only=True)
class Planned:
    """A plan for the targets of the months to come.

    Parameters
    ----------
    outlook
        What every view of the plan shows.
    late
        Leads of late by channel and month, the season included, shape ``(C, H)``.
    whole
        All months to come.
    stretches
        Quarters and years, as far as they lie in the plan.
    staff
        The people, where a team was named.
    """

    outlook: Outlook
    late: FloatArray
    whole: Stretch
    stretches: tuple[Stretch, ...]
    staff: Staff | None = None
