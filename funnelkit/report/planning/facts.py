"""`PlanFacts`: everything that the page of a plan says."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from funnelkit.report.page.terms import Terms

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan import (
        Allocation,
        Board,
        Capacity,
        Coverage,
        InformationValue,
        Plan,
        PlanReview,
        ScenarioComparison,
        Tornado,
    )
    from funnelkit.plan.one_page.outlook import Outlook


@dataclass(frozen=True, eq=False, kw_only=True)
class PlanFacts:
    """Everything that the page of a plan says.

    Parameters
    ----------
    board
        The plan on one page.
    ledger
        Every assumption with value, interval, source, records and date.
    terms
        Names of stages.
    title
        Name of the business.
    files
        What was read.
    simulated
        Whether the data are.
    by
        Segment columns whose values are the channels.
    capacity
        People by month, where a team was given.
    allocation
        The cheapest leads, where costs are known.
    scenarios
        Named scenarios, where some were given.
    tornado
        What each input does to the chance of the goal.
    information
        Which number is worth measuring better.
    review
        The last plan against what came, where one was given.
    coverage
        Pipeline that is there and that is still to create.
    """

    board: Board
    ledger: pd.DataFrame
    terms: Terms
    title: str | None = None
    files: tuple[str, ...] = ()
    simulated: bool = False
    by: tuple[str, ...] = ()
    capacity: Capacity | None = None
    allocation: Allocation | None = None
    scenarios: ScenarioComparison | None = None
    tornado: Tornado | None = None
    information: InformationValue | None = None
    review: PlanReview | None = None
    coverage: Coverage | None = None

    @property
    def outlook(self) -> Outlook:
        """What every view of the plan shows."""
        return self.board.outlook

    @property
    def plan(self) -> Plan:
        """The plan itself."""
        return self.board.outlook.plan

    def figures(self) -> dict[str, float | None]:
        """Return the figures of the page by name; ``None`` where one is not known."""
        frame = self.board.to_frame()
        return {
            str(name).replace(" ", "_"): float(value) if np.isfinite(value) else None
            for name, value in zip(frame["figure"], frame["value"], strict=True)
        }

    @property
    def as_of(self) -> dt.date:
        """Last day that is known."""
        return self.plan.assumptions.as_of
