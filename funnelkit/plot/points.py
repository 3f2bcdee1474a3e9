"""What a row of rates shows, taken from the results and checked for what may be shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import period_label, period_name
from funnelkit._core.errors import ArgumentError
from funnelkit.lag import AdjustedRates
from funnelkit.lag.adjusting.result import IMMATURE_BELOW
from funnelkit.rates import CohortRates

if TYPE_CHECKING:
    from funnelkit.counts.triangle import Segment

MOST_ROWS = 40


@dataclass(frozen=True, kw_only=True)
class Point:
    """One cohort or segment.

    Parameters
    ----------
    name
        Its label.
    entered, converted
        Leads.
    rate, low, high
        What is estimated, with its interval; NaN where it is not known.
    seen
        Share converted so far, where that is something else.
    maturity
        Share of what is to come that is there to be seen; ``None`` where that is not known.
    youngest
        Age of the youngest lead in days, where maturity is not known.
    partial
        Whether only a part of the cohort is counted.
    lacks
        Why there is no rate; "" where there is one.
    """

    name: str
    entered: int
    converted: int
    rate: float = np.nan
    low: float = np.nan
    high: float = np.nan
    seen: float | None = None
    maturity: float | None = None
    youngest: int | None = None
    partial: bool = False
    lacks: str = ""

    @property
    def label(self) -> str:
        """Its name on the chart."""
        return f"{self.name} (part)" if self.partial else self.name

    @property
    def known(self) -> bool:
        """Whether there is a rate to show."""
        return not self.lacks and bool(np.isfinite(self.rate))

    @property
    def immature(self) -> bool:
        """Whether maturity is below nine tenths."""
        return self.maturity is not None and self.maturity < IMMATURE_BELOW

    @property
    def small(self) -> bool:
        """Whether it is a small group."""
        return self.entered < display.FEW

    @property
    def hollow(self) -> bool:
        """Whether its dot is hollow and its interval dashed."""
        return self.immature or self.small

    @property
    def said_rate(self) -> str:
        """The rate with its interval, or why there is none."""
        if not self.known:
            return self.lacks
        return display.estimate(self.rate, self.low, self.high)

    @property
    def said_seen(self) -> str:
        """The share so far."""
        if self.seen is None or self.entered < display.FEWEST:
            return ""
        return display.percent(self.seen)

    @property
    def said_maturity(self) -> str:
        """Maturity as a whole percentage, never rounded up to all."""
        if self.maturity is None or not self.entered:
            return ""
        return display.maturity(self.maturity)

    @property
    def said_youngest(self) -> str:
        """The age of the youngest lead."""
        if self.youngest is None or not self.entered:
            return ""
        return display.plural(self.youngest, "day")

    @property
    def said(self) -> str:
        """All of it in words."""
        words = f"{self.name}: {display.plural(self.entered, 'lead')}"
        if self.said_seen:
            words += f", {self.said_seen} so far"
        if not self.known:
            return f"{words}; {self.lacks}"
        between = display.percent_range(self.low, self.high, words=True)
        words += f", {display.percent(self.rate)} ({between})"
        words += " expected" if self.seen is not None else ""
        if self.maturity is not None:
            words += f", maturity {self.said_maturity}"
        elif self.youngest is not None:
            words += f", youngest lead {self.said_youngest} old"
        marks = [
            text
            for text, there in (
                ("immature", self.immature),
                ("few leads", self.small),
                ("only a part of the cohort", self.partial),
            )
            if there
        ]
        return f"{words} [{', '.join(marks)}]" if marks else words


@dataclass(frozen=True, kw_only=True)
class Group:
    """Points that stand together, under a name where there are several groups."""

    points: tuple[Point, ...]
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Everything that a chart of rows shows.

    Parameters
    ----------
    groups
        In the order of the chart.
    start, target
        Stages.
    expected
        Heading of the estimates, such as ``"expected by day 150"``; "" where nothing is expected.
    within
        How long conversions count, such as ``" within 150 days"``.
    reference
        Rate of all of them together.
    level
        Confidence level of the intervals.
    as_of
        Last complete day.
    cohorts, segments
        How many there are.
    left_out
        How many rows are not shown.
    history
        The cohorts with leads, as a sentence calls them, where there is one segment.
    """

    groups: tuple[Group, ...]
    start: str
    target: str
    expected: str
    within: str
    reference: float | None
    level: float
    as_of: dt.date
    cohorts: int
    segments: int
    left_out: int
    history: tuple[tuple[str, Point], ...]

    @property
    def height(self) -> int:
        """Lines that the chart has, with those of the groups' names."""
        return len(self.points) + sum(bool(group.name) for group in self.groups)

    @property
    def points(self) -> list[Point]:
        """All rows."""
        return [point for group in self.groups for point in group.points]


def groups_of(rates: AdjustedRates | CohortRates, *, most: int = MOST_ROWS) -> Rows:
    """Return at most so many rows of a result, the largest segment first.

    Raises
    ------
    ArgumentError
        If it is neither adjusted nor cohort rates.
    """
    if isinstance(rates, AdjustedRates):
        points, expected = _adjusted(rates), "expected"
        if rates.horizon is not None:
            expected = f"expected by day {rates.horizon}"
        within, reference = _within(rates.horizon), _together(rates)
    elif isinstance(rates, CohortRates):
        points, expected = _seen(rates), ""
        within, reference = _within(rates.within) or " so far", None
    else:
        raise ArgumentError(
            "`rates` must be what fk.lag.adjust or fk.rates.cohort returns; "
            f"got {type(rates).__name__}."
        )
    n_cohorts = len(rates.cohorts)
    order = np.argsort(-rates.entered.sum(axis=1), kind="stable")[:most]
    first = max(0, n_cohorts - max(1, most // len(order)))
    groups = _grouped(rates.segments, points, [int(i) for i in order], first)
    return Rows(
        groups=groups,
        start=display.one_line(rates.start),
        target=display.one_line(rates.target),
        expected=expected,
        within=within,
        reference=reference if rates.entered.size > 1 else None,
        level=rates.confidence_level,
        as_of=rates.as_of,
        cohorts=n_cohorts,
        segments=len(rates.segments),
        left_out=rates.entered.size - sum(len(group.points) for group in groups),
        history=_history(rates, points),
    )


def _grouped(
    segments: Sequence[Segment], points: list[list[Point]], order: Sequence[int], first: int
) -> tuple[Group, ...]:
    names = [display.segment_name(segments[i]) if segments[i] else "" for i in order]
    if len(points[0]) == 1 and names[0]:  # one cohort: the segments are the rows
        rows = [replace(points[i][0], name=name) for i, name in zip(order, names, strict=True)]
        return (Group(points=tuple(rows)),)
    return tuple(
        Group(points=tuple(points[i][first:]), name=name)
        for i, name in zip(order, names, strict=True)
    )


def _adjusted(rates: AdjustedRates) -> list[list[Point]]:
    low, high = (np.asarray(end) for end in rates.confidence_interval(rates.confidence_level))
    rate, adjusted, maturity, own = rates.rate, rates.adjusted, rates.maturity, rates.own

    def point(i: int, j: int) -> Point:
        entered = int(rates.entered[i, j])
        lacks = _too_few(entered)
        if not lacks and not own[i, j]:
            late = rates.late[i, j] > 0
            lacks = "observed only late: no rate" if late else "too young for a rate"
        return Point(
            name=period_label(rates.cohorts[j]),
            entered=entered,
            converted=int(rates.converted[i, j]),
            rate=float(adjusted[i, j]),
            low=float(low[i, j]),
            high=float(high[i, j]),
            seen=float(rate[i, j]),
            maturity=float(maturity[i, j]),
            partial=rates.cohorts[j] in rates.partial,
            lacks=lacks,
        )

    return _cells(rates.entered.shape, point)


def _seen(rates: CohortRates) -> list[list[Point]]:
    low, high = (np.asarray(end) for end in rates.confidence_interval(rates.confidence_level))
    rate, maturity = rates.rate, rates.maturity

    def point(i: int, j: int) -> Point:
        entered = int(rates.entered[i, j])
        lacks = _too_few(entered)
        if not lacks and not np.isfinite(rate[i, j]):
            late = rates.late[i, j] > 0
            lacks = "observed only late: no rate" if late else "too young for a rate"
        return Point(
            name=rates.cohorts[j],
            entered=entered,
            converted=int(rates.converted[i, j]),
            rate=float(rate[i, j]),
            low=float(low[i, j]),
            high=float(high[i, j]),
            maturity=None if rates.within is None else float(maturity[i, j]),
            youngest=int(rates.followed_days[i, j]) if rates.within is None else None,
            partial=bool(rates.partial[j]),
            lacks=lacks,
        )

    return _cells(rates.entered.shape, point)


def _cells(shape: tuple[int, ...], point: Callable[[int, int], Point]) -> list[list[Point]]:
    return [[point(i, j) for j in range(shape[1])] for i in range(shape[0])]


def _too_few(entered: int) -> str:
    if entered >= display.FEWEST:
        return ""
    return f"fewer than {display.FEWEST} leads" if entered else "no leads"


def _within(days: int | None) -> str:
    return "" if days is None else f" within {display.plural(days, 'day')}"


def _together(rates: AdjustedRates) -> float | None:
    """Return converted over mature leads of all that have a basis of their own."""
    leads = float(rates.mature_leads[rates.own].sum())
    return min(float(rates.converted[rates.own].sum()) / leads, 1.0) if leads > 0 else None


def _history(
    rates: AdjustedRates | CohortRates, points: list[list[Point]]
) -> tuple[tuple[str, Point], ...]:
    if len(points) > 1:
        return ()
    names = [
        str(cohort) if isinstance(cohort, str) else period_name(cohort) for cohort in rates.cohorts
    ]
    pairs = zip(names, points[0], strict=True)
    return tuple((name, point) for name, point in pairs if point.entered)
