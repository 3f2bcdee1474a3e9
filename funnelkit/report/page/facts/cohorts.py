"""Rates by cohort, by age and by segment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from funnelkit.report.page.changes import UNKNOWN, Estimate
from funnelkit.report.page.facts.setting import MATURE, SMALL, WIDEST, YOUNG

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.lag.cure.families import FamilyName
    from funnelkit.report.page.facts.tested import Ever

State = Literal["mature", "immature", "blank"]


@dataclass(frozen=True, eq=False, kw_only=True)
class CohortRow:
    """One cohort, as seen and as expected.

    Parameters
    ----------
    rate
        Share converted so far.
    maturity
        Share of the conversions expected by the horizon that should have been seen.
    expected
        Share expected by the horizon.
    """

    cohort: pd.Period
    entered: int
    converted: int
    rate: Estimate
    maturity: float
    expected: Estimate
    partial: bool = False

    @property
    def immature(self) -> bool:
        """Whether maturity is below nine tenths."""
        return not self.maturity >= MATURE

    @property
    def small(self) -> bool:
        """Whether it has too few leads for a percentage."""
        return self.entered < SMALL

    @property
    def told(self) -> bool:
        """Whether enough of it has been seen to say what it will come to."""
        if not self.expected.known or self.small or self.maturity < YOUNG:
            return False
        return self.expected.high - self.expected.low <= WIDEST


@dataclass(frozen=True, eq=False, kw_only=True)
class Earlier:
    """What was expected of a cohort on an earlier day, and what is expected of it now.

    Both by the same age, ``horizon``, each from what was known on its day.
    """

    day: dt.date
    cohort: pd.Period
    horizon: int
    then: Estimate
    now: Estimate


@dataclass(frozen=True, eq=False, kw_only=True)
class Cohorts:
    """Rates by cohort.

    Parameters
    ----------
    rows
        In order of time.
    horizon
        Age in days up to which rates are told.
    pooled
        Share converted by the horizon, all cohorts together.
    ready
        First day on which the youngest cohort is no longer immature, at the usual pace.
    earlier
        What was expected of the youngest cohort of a month ago, then and now.
    average_age
        Mean age of the youngest cohort's leads, in days.
    family
        Family of the curve that tells maturity; ``None``: the observed curve.
    """

    rows: tuple[CohortRow, ...]
    horizon: int
    pooled: Estimate
    ready: dt.date | None = None
    earlier: Earlier | None = None
    average_age: float | None = None
    family: FamilyName | None = None

    @property
    def entered(self) -> int:
        """Leads in rates."""
        return sum(row.entered for row in self.rows)

    @property
    def converted(self) -> int:
        """Of these, converted so far."""
        return sum(row.converted for row in self.rows)

    @property
    def youngest(self) -> CohortRow:
        """The last cohort."""
        return self.rows[-1]

    @property
    def told(self) -> tuple[CohortRow, ...]:
        """The cohorts of which it can be said what they will come to."""
        return tuple(row for row in self.rows if row.told)


@dataclass(frozen=True, eq=False, kw_only=True)
class WindowRow:
    """Share of a cohort converted within a window of days.

    ``complete``: every lead of the cohort has been followed through the window. Where it has
    not, the estimate is that of the cohort's curve.
    """

    cohort: pd.Period
    entered: int
    estimate: Estimate
    complete: bool


@dataclass(frozen=True, eq=False, kw_only=True)
class Window:
    """Share converted within a fixed number of days, by cohort."""

    days: int
    rows: tuple[WindowRow, ...]

    @property
    def complete(self) -> tuple[WindowRow, ...]:
        """Cohorts of which every lead has been followed through the window."""
        return tuple(row for row in self.rows if row.complete and row.entered >= SMALL)


@dataclass(frozen=True, eq=False, kw_only=True)
class Cell:
    """Share of a cohort converted by an age, and how many of its leads have reached it."""

    reached: int
    estimate: Estimate = UNKNOWN
    state: State = "blank"


@dataclass(frozen=True, eq=False, kw_only=True)
class HeatRow:
    """One cohort at each age."""

    cohort: pd.Period
    entered: int
    cells: tuple[Cell, ...]
    partial: bool = False


@dataclass(frozen=True, eq=False, kw_only=True)
class Heat:
    """Cohorts at equal age."""

    ages: tuple[int, ...]
    rows: tuple[HeatRow, ...]

    def column(self, age: int) -> list[tuple[HeatRow, Cell]]:
        """Return the rows with their cell at an age."""
        at = self.ages.index(age)
        return [(row, row.cells[at]) for row in self.rows]


@dataclass(frozen=True, eq=False, kw_only=True)
class Line:
    """The curve of one cohort, drawn beside the pooled one.

    Parameters
    ----------
    ages, rates
        The curve, as far as at least 20 leads are followed.
    sure_to
        Age to which every lead has been followed; beyond, the line is immature.
    mark
        Age at which the cohort is compared with all together, and its estimate there.
    """

    cohort: pd.Period
    ages: tuple[int, ...]
    rates: tuple[float, ...]
    sure_to: int
    mark: tuple[int, Estimate]

    @property
    def young(self) -> bool:
        """Whether most of the line is immature."""
        return self.sure_to * 2 < self.ages[-1]


@dataclass(frozen=True, eq=False, kw_only=True)
class Alike:
    """Whether the cohorts convert alike, as p-values of tests that they do.

    ``level``: that as many convert at each age (log-rank); ``pace``: that they are as quick,
    however many convert.
    """

    level: float
    pace: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Curve:
    """Share converted by age, all cohorts together.

    Parameters
    ----------
    ages, rate, low, high
        The curve and its band, from age 0 to the horizon.
    followed
        Leads that have been followed to each age.
    half_day
        Age by which half of what is seen by the horizon has come.
    sparse_from
        First age to which fewer than one lead in ten has been followed.
    ever
        Share that converts ever by the best family of curves, where one can be fit.
    alike
        Whether one curve holds for all cohorts, where there are several to compare.
    """

    ages: tuple[int, ...]
    rate: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    followed: tuple[int, ...]
    half_day: int | None = None
    sparse_from: int | None = None
    others: tuple[Line, ...] = ()
    ever: Ever | None = None
    alike: Alike | None = None

    def share_by(self, age: int) -> float:
        """Return the share of what comes by the last age that has come by an earlier one."""
        last = self.rate[-1]
        return self.rate[self.ages.index(age)] / last if last else 0.0

    def at(self, age: int) -> Estimate:
        """Return the share converted by an age."""
        k = self.ages.index(age)
        return Estimate(self.rate[k], self.low[k], self.high[k])


@dataclass(frozen=True, eq=False, kw_only=True)
class Segment:
    """One group of leads."""

    value: str | None
    entered: int
    converted: int
    expected: Estimate


@dataclass(frozen=True, eq=False, kw_only=True)
class Segments:
    """Rates by the values of one column."""

    column: str
    rows: tuple[Segment, ...]
    pooled: Estimate
    horizon: int
