"""What the page's method would have said in earlier months, beside what then came."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit.report.page.changes import Estimate

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.lag.base import Verdict
    from funnelkit.lag.cure.families import FamilyName


@dataclass(frozen=True, eq=False, kw_only=True)
class Ever:
    """Share that converts ever, by the family of curves that fits best.

    Parameters
    ----------
    family
        Name of the family; of the target's, where leads leave by exits.
    estimate
        The share and its interval over all families; with a bound only, its high end counts.
    verdict
        How far the data carry it.
    """

    family: FamilyName
    estimate: Estimate
    verdict: Verdict


@dataclass(frozen=True, eq=False, kw_only=True)
class Foretold:
    """One cohort as it was expected on an earlier day, and what it came to.

    Parameters
    ----------
    day
        The day on which to stand.
    cohort, entered
        The youngest cohort told on that day, and its leads by then.
    so_far
        Share that had converted by then.
    expected
        Share expected by the horizon.
    came
        Share that then converted by the horizon.
    """

    day: dt.date
    cohort: pd.Period
    entered: int
    so_far: float
    expected: Estimate
    came: float

    @property
    def held(self) -> bool:
        """Whether what came lies in the interval."""
        return self.expected.low <= self.came <= self.expected.high


@dataclass(frozen=True, eq=False, kw_only=True)
class Tested:
    """Forecasts of earlier days, scored.

    Parameters
    ----------
    rows
        One for each day, in order of time.
    horizon
        Age in days up to which conversions were foretold.
    off, raw_off, mature_off
        Mean absolute error in points of the rate: of the page's method, of the rate so far taken
        as final, and of the average of the months that were complete on the day (``None`` where
        there was none).
    forecasts, held
        Forecasts of cohorts on all days, and how many intervals held what came.
    leads
        Leads behind them, each counted once.
    leaks
        What could not be taken back to the day, in sentences.
    """

    rows: tuple[Foretold, ...]
    horizon: int
    off: float
    raw_off: float
    mature_off: float | None
    forecasts: int
    held: int
    leads: int
    leaks: tuple[str, ...] = ()
