"""`DecisionDate`: when a test can decide, and what it can find week by week until then."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit._core.result import Result, frozen
from funnelkit.experiment.sizing.sized import Sizing

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DecisionDate(Result):
    """The day by which a test can decide; see :func:`funnelkit.experiment.when_decidable`.

    Parameters
    ----------
    date
        Last complete day with which the test has its power; ``None``: never, at this inflow.
    start, end
        First and last day on which leads enter; ``end`` is ``None`` where entry goes on.
    horizon
        Days after entry up to which a conversion counts.
    needed
        The size of the test with fully followed leads.
    immature
        Whether leads not followed for the horizon are left out, or count by Kaplan-Meier.
    weeks
        Last day of each week of the test, counted in sevens from the start.
    entered, matured, worth
        Leads of all arms by then: entered, followed for the horizon, and how many fully followed
        ones all of them are worth; shape ``(n_weeks,)``.
    detectable
        Smallest effect found with the power, treatment less control; NaN where there is none.
    power
        Chance to find the effect with the data of each week.
    possible
        Where there is no date: sentences on what would make it possible.
    notes
        Sentences that belong with the result.
    """

    date: dt.date | None
    start: dt.date
    end: dt.date | None
    horizon: int
    needed: Sizing
    immature: str
    weeks: tuple[dt.date, ...]
    entered: FloatArray
    matured: FloatArray
    worth: FloatArray
    detectable: FloatArray
    power: FloatArray
    possible: tuple[str, ...] = field(default=())
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("entered", "matured", "worth", "detectable", "power"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def days_to_decide(self) -> int:
        """Days from the first to the deciding one, both counted; 0 where there is no date."""
        return 0 if self.date is None else (self.date - self.start).days + 1

    def to_frame(self) -> pd.DataFrame:
        """Return one row per week of the test.

        Returns
        -------
        DataFrame
            ``week`` from 1, ``ends``, ``entered``, ``matured``, ``worth``, ``detectable_absolute``,
            ``detectable_relative``, ``power`` for the effect that is to be found.
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "week": np.arange(1, len(self.weeks) + 1),
                "ends": list(self.weeks),
                "entered": self.entered,
                "matured": self.matured,
                "worth": self.worth,
                "detectable_absolute": self.detectable,
                "detectable_relative": self.detectable / self.needed.control,
                "power": self.power,
            }
        )

    def summary(self) -> str:
        """Return the date and what it rests on, or what would make one possible."""
        plan = self.needed
        effect = f"{display.signed(100 * plan.effect)} points on {display.percent(plan.control)}"
        sure = display.percent(plan.power, decimals=0)
        size = f"{display.count(plan.total)} {plan.units}"
        days = display.plural(self.horizon, "day")
        counted = f"followed for {days}"
        if self.date is None:
            head = f"Never at this inflow: {effect} with a chance of {sure} takes {size} {counted}."
            return " ".join([head, *self.possible, *self.notes])
        went = int(np.searchsorted(np.array(self.weeks, dtype="datetime64[D]"), self._day()))
        entered = self.entered[min(went, len(self.entered) - 1)]
        head = (
            f"{effect} can be decided on data through {day_name(self.date)}, "
            f"{display.plural(math.ceil(self.days_to_decide / 7), 'week')} after the start, with a "
            f"chance of {sure}: it takes {size} {counted}, and about {display.count(entered)} will "
            "have entered by then."
        )
        way = "Younger leads are left out."
        if self.immature != "left out":
            way = "Younger leads count for what they tell by Kaplan-Meier."
        return " ".join([head, way, *self.notes])

    def _day(self) -> np.datetime64:
        return np.datetime64(self.date, "D")
