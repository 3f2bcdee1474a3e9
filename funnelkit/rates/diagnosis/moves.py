"""Two periods compared, step by step, each over the same days since entry."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display, shapley
from funnelkit._core.clusters import ClusterSums
from funnelkit._core.dates import period_label
from funnelkit._core.interval import Interval, count_ratio_interval, share_difference_interval
from funnelkit.counts.triangle import Segment, Triangle
from funnelkit.lag import fit_competing
from funnelkit.rates.ranges.measured import horizon_of

if TYPE_CHECKING:
    import pandas as pd

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
Pair = tuple[str, str]
NEARLY_ALL = 0.95
"""The window ends where this share of the conversions has come, if both sides are that old."""
ENOUGH = 0.5
"""A window by which less than this has come says too little of the rate."""
COMFORTABLE = 0.8
"""What a window holds of each step in periods that are chosen for the user."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Move:
    """One conversion before and after.

    Parameters
    ----------
    start, target
        Stages.
    before, after
        Names of the two periods.
    within
        Days since entry up to which conversions count on both sides.
    coverage
        Share of the conversions that come by then, over all cohorts.
    entered, converted
        Before and after.
    days
        Length of the two periods.
    worth
        Effective numbers of records, where those of an account go together.
    segments, entered_by, converted_by
        The same by segment, counts of shape ``(2, n_segments)``.
    level
        Confidence level of the intervals, which allows for the number of steps.
    lacks
        Why the two cannot be compared; "" where they can.
    partial
        Whether only a part of a period is counted, so that volumes cannot be compared.
    """

    start: str
    target: str
    before: str
    after: str
    within: int
    coverage: float
    entered: tuple[int, int]
    converted: tuple[int, int]
    days: tuple[int, int]
    worth: tuple[float, float]
    segments: tuple[Segment, ...]
    entered_by: IntArray
    converted_by: IntArray
    level: float
    lacks: str = ""
    partial: bool = False

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return f"{display.one_line(self.start)} to {display.one_line(self.target)}"

    @property
    def judged(self) -> bool:
        """Whether the two sides can be compared."""
        return not self.lacks

    @property
    def rates(self) -> tuple[float, float]:
        """Converted over entered; NaN where nobody entered."""
        first, second = (
            x / n if n else math.nan for x, n in zip(self.converted, self.entered, strict=True)
        )
        return first, second

    @property
    def change(self) -> float:
        """Rate after less rate before."""
        return self.rates[1] - self.rates[0]

    @property
    def interval(self) -> Interval:
        """Newcombe's interval of ``change``."""
        first, second = (
            (rate * n, n) if n > 0 else (0.0, 0.0)
            for rate, n in zip(self.rates, self.worth, strict=True)
        )
        return share_difference_interval(first, second, confidence_level=self.level)

    @property
    def low(self) -> float:
        """Low end of the interval."""
        return float(self.interval.low)

    @property
    def high(self) -> float:
        """High end of the interval."""
        return float(self.interval.high)

    @property
    def rose(self) -> bool:
        """Whether the rate clearly rose."""
        return self.judged and self.low > 0

    @property
    def fell(self) -> bool:
        """Whether the rate clearly fell."""
        return self.judged and self.high < 0

    @property
    def volume(self) -> float:
        """Records that entered a day, after over before."""
        return self._a_day(self.entered)

    @property
    def volume_interval(self) -> Interval:
        """Interval of ``volume``, as of two Poisson counts."""
        return self._ratio(self.entered)

    @property
    def conversions(self) -> float:
        """Records that converted a day, after over before."""
        return self._a_day(self.converted)

    @property
    def conversions_interval(self) -> Interval:
        """Interval of ``conversions``, as of two Poisson counts."""
        return self._ratio(self.converted)

    @property
    def effects(self) -> Mapping[str, float]:
        """What volume and rate did to the number of conversions; they add up to its change."""
        old, new = (0.0 if math.isnan(rate) else rate for rate in self.rates)
        if not self.entered[0]:
            old = new
        if not self.entered[1]:
            new = old
        factors = {
            "volume": (np.array([float(self.entered[0])]), np.array([float(self.entered[1])])),
            "rate": (np.array([old]), np.array([new])),
        }
        return {name: float(part[0]) for name, part in shapley.effects(factors).items()}

    @property
    def verdict(self) -> str:
        """What the rate did, and whether more converted."""
        if self.lacks:
            return self.lacks
        if not self.rose and not self.fell:
            return "no clear change of the rate"
        if self.partial:
            return f"rate {'rose' if self.rose else 'fell'}; part of a period"
        low, high = (float(end) for end in self.conversions_interval)
        more = "more" if low > 1 else "fewer" if high < 1 else "no clear change in how many"
        return f"rate {'rose' if self.rose else 'fell'}, {more} converted a day"

    def _a_day(self, counts: tuple[int, int]) -> float:
        first, second = (n / max(d, 1) for n, d in zip(counts, self.days, strict=True))
        return second / first if first else math.nan

    def _ratio(self, counts: tuple[int, int]) -> Interval:
        low, high = count_ratio_interval(counts[1], counts[0], confidence_level=self.level)
        scale = self.days[0] / max(self.days[1], 1)
        return Interval(float(low) * scale, float(high) * scale)


@dataclass(frozen=True, kw_only=True)
class Side:
    """The periods of one side."""

    name: str
    periods: tuple[pd.Period, ...]

    @property
    def days(self) -> int:
        """How many days they have."""
        return sum((one.end_time - one.start_time).days + 1 for one in self.periods)


def move_of(
    triangle: Triangle, sides: tuple[Side, Side], *, within: int | None, level: float
) -> Move:
    """Return one conversion on two sides, counted up to the same age.

    Parameters
    ----------
    triangle
        Counts by segment, cohort and age.
    sides
        Before and after.
    within
        Days; default: the age by which 95 % of the conversions have come, or as far as the
        youngest record of the two sides has been followed.
    level
        Of the intervals.
    """
    places = [
        [k for k, cohort in enumerate(triangle.cohorts) if cohort in side.periods] for side in sides
    ]
    chosen = [k for side in places for k in side]
    entered = np.stack([triangle.entered[:, rows].sum(axis=1) for rows in places])
    followed = triangle.followed[:, chosen].sum(axis=(0, 1))
    youngest = int(np.argmax(followed > 0)) if followed.any() else 0
    shape = coming(triangle)
    wanted = within if within is not None else int(np.argmax(shape >= NEARLY_ALL))
    window = wanted if within is not None else min(wanted, youngest)
    events = triangle.by_age(triangle.target)[..., : window + 1].sum(axis=-1)
    converted = np.stack([events[:, rows].sum(axis=1) for rows in places])
    coverage = float(shape[min(window, len(shape) - 1)])
    late = triangle.late is not None and bool(triangle.late[:, chosen].any())
    totals = entered.sum(axis=1)
    return Move(
        start=triangle.start,
        target=triangle.target,
        before=sides[0].name,
        after=sides[1].name,
        within=window,
        coverage=coverage,
        entered=(int(totals[0]), int(totals[1])),
        converted=(int(converted[0].sum()), int(converted[1].sum())),
        days=(sides[0].days, sides[1].days),
        partial=any(triangle.cohorts[k] in triangle.partial for k in chosen),
        worth=_worth(triangle, places, window, level),
        segments=triangle.segments,
        entered_by=entered,
        converted_by=converted,
        level=level,
        lacks=_lacks(
            totals,
            young=window > youngest,
            early=within is None and coverage < ENOUGH,
            late=late,
        ),
    )


def coming(triangle: Triangle) -> FloatArray:
    """Return the share of the conversions that comes by each age, over all cohorts."""
    whole = triangle.collapse(segments=True, cohorts=True)
    fit = fit_competing(whole, horizon=horizon_of(whole))
    shape = np.ones(triangle.n_ages)
    if not whole.converted.any():
        shape[:-1] = 0.0
        return shape
    ages = np.arange(min(fit.horizon, triangle.n_ages - 1) + 1)
    shape[ages] = np.asarray(fit.maturity(ages))[0, 0]
    return shape


def usual_sides(
    steps: Sequence[Triangle], cohorts: Sequence[pd.Period]
) -> tuple[pd.Period, pd.Period] | None:
    """Return the latest two periods in a row in which each step was followed long enough.

    Long enough is the age by which 80 % of its conversions have come.
    """
    wanted = [int(np.argmax(coming(one) >= COMFORTABLE)) for one in steps]
    for before, after in reversed(list(pairwise(cohorts))):
        fits = [
            _followed(one, period) >= days and period not in one.partial
            for one, days in zip(steps, wanted, strict=True)
            for period in (before, after)
        ]
        if all(fits):
            return before, after
    return None


def labels_of(triangles: Sequence[Triangle]) -> dict[str, pd.Period]:
    """Return the cohorts of some triangles by their labels, in order."""
    found = sorted({cohort for one in triangles for cohort in one.cohorts})
    return {period_label(cohort): cohort for cohort in found}


def _followed(triangle: Triangle, period: pd.Period) -> int:
    """Return the age of the youngest record of a cohort; -1 where nobody entered."""
    rows = [k for k, cohort in enumerate(triangle.cohorts) if cohort == period]
    followed = triangle.followed[:, rows].sum(axis=(0, 1))
    return int(np.argmax(followed > 0)) if followed.any() else -1


def _worth(
    triangle: Triangle, places: Sequence[Sequence[int]], window: int, level: float
) -> tuple[float, float]:
    """Return how many independent records each side is worth."""
    if triangle.accounts is None:
        first, second = (float(triangle.entered[:, rows].sum()) for rows in places)
        return first, second
    sums: ClusterSums = triangle.accounts.up_to(window)
    events = triangle.by_age(triangle.target)[..., : window + 1].sum(axis=-1)
    found = []
    for rows in places:
        where = np.zeros(triangle.entered.shape, bool)
        where[:, list(rows)] = True
        side = sums.summed((0, 1), where=where)
        totals = (events[where].sum(), triangle.entered[where].sum())
        worth = side.effective([[totals[0]]], [[totals[1]]], confidence_level=level)
        found.append(float(worth[0, 0]))
    return found[0], found[1]


def _lacks(totals: IntArray, *, young: bool, early: bool, late: bool) -> str:
    if late:
        return "records observed only late"
    if totals.min() < display.FEWEST:
        return f"fewer than {display.FEWEST} records"
    if young:
        return "records too young for the window"
    if early:
        share = display.percent(ENOUGH, decimals=0)
        return f"immature: less than {share} of the conversions come so early"
    return ""
