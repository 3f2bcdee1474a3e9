"""`QuarterlyFacts`: everything that the quarterly review says."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit.report.page import changes, money
from funnelkit.report.page.changes import Change, Estimate
from funnelkit.report.page.facts import Coming, Missing, Planned, Setting

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan import PlanReview
    from funnelkit.report.planning.facts import PlanFacts
    from funnelkit.report.playbook import Playbook

Kind = Literal["count", "money", "share", "days"]
_YEAR = 4


@dataclass(frozen=True, eq=False, kw_only=True)
class Figure:
    """One metric in one quarter.

    Parameters
    ----------
    quarter
        The fiscal quarter.
    estimate
        The figure with its interval; unknown where nothing can be told yet.
    n
        Records behind it.
    immature
        Whether it may still move: the quarter is not over, or its leads are young.
    short
        Whether wins are missing in it of leads from before the data begin.
    """

    quarter: pd.Period
    estimate: Estimate
    n: int
    immature: bool = False
    short: bool = False

    @property
    def label(self) -> str:
        """The quarter as tables write it."""
        return period_label(self.quarter)


@dataclass(frozen=True, eq=False, kw_only=True)
class Trend:
    """One metric over the quarters, the review's own quarter last.

    Parameters
    ----------
    key
        ``"leads"``, ``"wins"``, ``"bookings"``, ``"conversion"``, ``"win rate"`` or ``"cycle"``.
    name, measure
        What a heading and a sentence call it.
    about
        What it counts, in one line.
    of
        What ``n`` counts.
    kind
        Its unit.
    figures
        In order of time, without gaps.
    confidence_level
        Of the intervals.
    """

    key: str
    name: str
    measure: str
    about: str
    of: str
    kind: Kind
    figures: tuple[Figure, ...]
    confidence_level: float

    @property
    def now(self) -> Figure:
        """The review's own quarter."""
        return self.figures[-1]

    @property
    def before(self) -> Figure | None:
        """The quarter before it; ``None`` where the data begin later."""
        return self.figures[-2] if len(self.figures) > 1 else None

    @property
    def year_ago(self) -> Figure | None:
        """The same quarter of the year before; ``None`` where the data begin later."""
        return self.figures[-1 - _YEAR] if len(self.figures) > _YEAR else None

    def change(self, earlier: Figure | None) -> Change | None:
        """Return how the quarter differs from an earlier one; ``None`` where that is not known.

        Counts and sums of a quarter that is not over, or that lacks wins, are not compared.
        """
        now = self.now
        if earlier is None or not (now.estimate.known and earlier.estimate.known):
            return None
        if earlier.short or (self.kind in ("count", "money") and now.immature):
            return None
        found: Change | None
        if self.kind == "count":
            found = changes.count_change(
                round(earlier.estimate.value), round(now.estimate.value),
                confidence_level=self.confidence_level,
            )  # fmt: skip
        elif self.kind == "money":
            found = money.ratio(earlier.estimate, now.estimate)
        else:
            found = changes.share_change(earlier.estimate, now.estimate)
        return found if found is not None and not math.isnan(found.low + found.high) else None

    def said(self, value: float) -> str:
        """Return a figure as it is written: ``10.1 %``, ``1,303``, ``71 days``."""
        if not math.isfinite(value):
            return display.EN_DASH
        if self.kind == "share":
            return display.percent(value)
        if self.kind == "money":
            return display.brief(value)
        return display.plural(value, "day") if self.kind == "days" else display.count(value)

    def between(self, estimate: Estimate) -> str:
        """Return the interval of a figure in words; blank where it has none."""
        if not (math.isfinite(estimate.low) and math.isfinite(estimate.high)):
            return ""
        if self.kind == "share":
            return display.percent_range(estimate.low, estimate.high, words=True)
        write = display.brief if self.kind == "money" else display.count
        return f"{write(estimate.low)} to {write(estimate.high)}"


@dataclass(frozen=True, eq=False, kw_only=True)
class Against:
    """The last plan against what came.

    Parameters
    ----------
    review
        The comparison, of the months of the plan that are over.
    kept
        Whether the plan was kept in a file; else it is the one that would have been made.
    made
        Day on which it knew the world.
    source
        Name of the file; blank where there is none.
    """

    review: PlanReview
    kept: bool
    made: dt.date
    source: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Ahead:
    """The plan of the quarters to come.

    Parameters
    ----------
    plan
        What the page of a plan says.
    pace
        The same beside what as many leads as of late would bring.
    example
        Whether targets and team are those of the demonstration.
    """

    plan: PlanFacts
    pace: Planned
    example: bool = False


@dataclass(frozen=True, eq=False, kw_only=True)
class QuarterlyFacts:
    """Everything that the quarterly review says.

    Parameters
    ----------
    setting
        Names, the last day that is known, and the calendar.
    quarter
        The quarter of the review.
    until
        Last day of it that is known.
    trends
        Metrics over the quarters; those that the data cannot fill are absent.
    missing
        Why some are absent, each as a sentence.
    against
        The last plan against what came.
    ahead
        The plan of the quarters to come.
    coming
        Wins to come at today's pace, where nothing can be planned.
    playbook
        What to check about what is found; ``None``: the one that comes with the package.
    """

    setting: Setting
    quarter: pd.Period
    until: dt.date
    trends: tuple[Trend, ...]
    missing: tuple[str, ...]
    against: Against | Missing
    ahead: Ahead | Missing
    coming: Coming | Missing | None = None
    playbook: Playbook | None = None

    @property
    def label(self) -> str:
        """The quarter as tables and sentences write it."""
        return period_label(self.quarter)

    @property
    def partial(self) -> bool:
        """Whether the data end before the quarter does."""
        return bool(self.until < self.quarter.end_time.date())

    def trend(self, key: str) -> Trend | None:
        """Return the metric of a key; ``None`` where the data cannot fill it."""
        return next((one for one in self.trends if one.key == key), None)
