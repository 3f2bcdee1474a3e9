"""`Triangle`: counts by segment, cohort and age, an exact statistic for every lag model."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.clusters import ClusterSums
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError, DataError, unknown
from funnelkit._core.result import Result, frozen, frozen_mapping
from funnelkit.counts.calendar import CalendarCounts

if TYPE_CHECKING:
    import pandas as pd

IntArray = NDArray[np.int64]
Segment = tuple[str | None, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class AccountSums:
    """Sums over accounts, for intervals that respect that leads of one account go together.

    An account is counted anew in each segment and cohort. With ``N`` its leads in the cell and
    ``X(t)`` those converted by age ``t``:

    Parameters
    ----------
    accounts, nn
        Number of accounts and Σ N², shape ``(n_segments, n_cohorts)``.
    xn, xx
        Increments by age of Σ X(t)·N and Σ X(t)², shape ``(n_segments, n_cohorts, n_ages)``;
        a running sum over ages gives the sum at an age.
    """

    accounts: IntArray
    nn: IntArray
    xn: IntArray
    xx: IntArray

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("accounts", "nn", "xn", "xx"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))

    def up_to(self, age: int | None = None) -> ClusterSums:
        """Return the sums with X converted by an age (default: by any), per segment and cohort."""
        end = None if age is None else age + 1
        return ClusterSums(
            accounts=self.accounts,
            nn=self.nn,
            xn=self.xn[..., :end].sum(axis=-1),
            xx=self.xx[..., :end].sum(axis=-1),
        )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Triangle(Result):
    """Counts of one start -> target transition by segment, cohort and age in days.

    Every lead is counted once: ``entered = Σ events + Σ undated + Σ censored`` for each segment
    and cohort. Arrays are read-only; ``+`` adds two triangles of the same shape of question, and
    :meth:`collapse` sums over segments or cohorts, both exactly.

    Parameters
    ----------
    start, target
        Stages between which the clock runs.
    exits
        Names of the exits that compete with the target.
    by
        Names of the segment columns; empty for one segment.
    segments
        One tuple of values for each segment, in the order of ``by``; ``None`` is blank.
    cohorts
        Period in which a lead entered ``start``, shape ``(n_cohorts,)``.
    as_of
        Last day on which the data are complete.
    entered
        Leads that entered, shape ``(n_segments, n_cohorts)``.
    events
        Outcome (the target or an exit) -> leads whose outcome is dated, by age at it, shape
        ``(n_segments, n_cohorts, n_ages)``; index ``a`` is age ``a`` in calendar days.
    undated
        Outcome -> leads whose outcome came at an age that was not observed, by the age up to
        which it must have come; same shape. Outcomes without any may be absent.
    censored
        Leads still open at the end of ``as_of``, by age; same shape.
    followed
        Leads by age at ``as_of``, whatever became of them; same shape. Sums to ``entered``.
    late
        Leads that came under observation only at an age above 0 (delayed entry), by that age;
        same shape; ``None`` where there is none.
    partial
        Cohorts of which only a part is counted: those that straddle ``recorded_from`` or
        ``as_of``.
    accounts
        Sums over accounts for the target, where the funnel has ``account``.
    calendar
        Dated conversions of the target by calendar month; ``None`` where it is not known.
    apart
        Columns of ``by`` whose values are businesses of their own, of which no sentence makes one.

    Raises
    ------
    DataError
        If counts are negative or do not add up; the message names the cells.
    """

    start: str
    target: str
    exits: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    segments: tuple[Segment, ...] = ((),)
    cohorts: pd.PeriodIndex
    as_of: dt.date
    entered: IntArray
    events: Mapping[str, IntArray]
    undated: Mapping[str, IntArray] = field(default_factory=dict)
    censored: IntArray
    followed: IntArray
    late: IntArray | None = None
    partial: frozenset[pd.Period] = frozenset()
    accounts: AccountSums | None = None
    calendar: CalendarCounts | None = None
    apart: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Freeze the arrays and hold the law of the rows."""
        for name in ("entered", "censored", "followed"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))
        for name in ("events", "undated"):
            object.__setattr__(self, name, frozen_mapping(getattr(self, name), np.int64))
        if self.late is not None:
            object.__setattr__(self, "late", frozen(self.late, np.int64))
        if problems := self._problems():
            raise DataError(problems)

    def _problems(self) -> list[str]:
        shape = (len(self.segments), len(self.cohorts))
        if self.entered.shape != shape:
            return [f"`entered` must have shape {shape}; got {self.entered.shape}."]
        outcomes = set(self.outcomes)
        if self.target not in self.events or not {*self.events, *self.undated} <= outcomes:
            allowed, got = sorted(outcomes), sorted({*self.events, *self.undated})
            return [f"`events` must hold `{self.target}` and only {allowed}; got {got}."]
        cubes = {
            "censored": self.censored,
            "followed": self.followed,
            **{f"events[{name!r}]": cube for name, cube in self.events.items()},
            **{f"undated[{name!r}]": cube for name, cube in self.undated.items()},
            **({} if self.late is None else {"late": self.late}),
        }
        full = (*shape, self.censored.shape[-1])
        problems = [
            f"`{name}` must have shape {full}; got {cube.shape}."
            for name, cube in cubes.items()
            if cube.shape != full
        ]
        if problems:
            return problems
        problems += [
            f"`{name}` holds {(cube < 0).sum()} negative counts; a count is at least 0."
            for name, cube in {"entered": self.entered, **cubes}.items()
            if (cube < 0).any()
        ]
        accounted = sum(
            (cube.sum(axis=2) for cube in (*self.events.values(), *self.undated.values())),
            self.censored.sum(axis=2),
        )
        problems += self._unequal("Σ events + Σ undated + Σ censored", accounted)
        problems += self._unequal("Σ followed", self.followed.sum(axis=2))
        if self.calendar is not None:
            came = self.events[self.target].sum(axis=2)
            by_month = self.calendar.converted.sum(axis=2)
            problems += self._unequal("Σ calendar", by_month, f"events[{self.target!r}]", came)
        return problems

    def _unequal(
        self, words: str, total: IntArray, name: str = "entered", expected: IntArray | None = None
    ) -> list[str]:
        """Return where a sum is not what it must be, with the first cell as an example."""
        expected = self.entered if expected is None else expected
        if total.shape != expected.shape:
            return [f"`{words}` must have shape {expected.shape}; got {total.shape}."]
        wrong = np.argwhere(total != expected)
        if not len(wrong):
            return []
        i, j = (int(k) for k in wrong[0])
        example = f"segment {self.segments[i]}, cohort {period_label(self.cohorts[j])}"
        told = f"{name} ≠ {words} in {len(wrong)} of {expected.size} cells, such as {example}"
        return [f"{told}: {expected[i, j]} ≠ {total[i, j]}."]

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The target, then the exits."""
        return (self.target, *self.exits)

    @property
    def n_segments(self) -> int:
        """Number of segments."""
        return len(self.segments)

    @property
    def n_cohorts(self) -> int:
        """Number of cohorts."""
        return len(self.cohorts)

    @property
    def n_ages(self) -> int:
        """Number of ages, from day 0 to the oldest lead's age."""
        return int(self.censored.shape[-1])

    @property
    def n(self) -> int:
        """Leads that entered."""
        return int(self.entered.sum())

    @property
    def converted(self) -> IntArray:
        """Leads that reached the target, dated or not, shape ``(n_segments, n_cohorts)``."""
        return self.reached(self.target)

    @property
    def open(self) -> IntArray:
        """Leads still open at the end of ``as_of``, shape ``(n_segments, n_cohorts)``."""
        return np.asarray(self.censored.sum(axis=2))

    def reached(self, outcome: str) -> IntArray:
        """Return the leads with an outcome, dated or not, shape ``(n_segments, n_cohorts)``.

        Raises
        ------
        ArgumentError
            If there is no such outcome.
        """
        return np.asarray(self.by_age(outcome).sum(axis=2))

    def by_age(self, outcome: str) -> IntArray:
        """Return the leads with an outcome by age, undated ones at the age that bounds them.

        Returns
        -------
        ndarray
            Shape ``(n_segments, n_cohorts, n_ages)``.

        Raises
        ------
        ArgumentError
            If there is no such outcome.
        """
        if outcome not in self.outcomes:
            raise ArgumentError(f"`outcome`: {unknown('outcome', outcome, self.outcomes)}")
        none = np.zeros_like(self.censored)
        return np.asarray(self.events.get(outcome, none) + self.undated.get(outcome, none))

    @cached_property
    def at_risk(self) -> IntArray:
        """Leads under observation and undecided at the start of each age.

        Shape ``(n_segments, n_cohorts, n_ages)``. A lead censored at age ``a`` is at risk at age
        ``a``: what happened on that day is known.
        """
        gone = self.censored + sum(self.by_age(outcome) for outcome in self.outcomes)
        left_before = np.cumsum(gone, axis=2) - gone
        at_risk = self.entered[..., None] - left_before
        if self.late is not None:
            at_risk = at_risk - (self.late.sum(axis=2, keepdims=True) - np.cumsum(self.late, 2))
        return frozen(at_risk, np.int64)

    def __add__(self, other: Triangle) -> Triangle:
        """Return the counts of two disjoint sets of leads under the same question."""
        from funnelkit.counts.reshape import added

        return added(self, other)

    def collapse(self, *, segments: bool = False, cohorts: bool = False) -> Triangle:
        """Return the triangle summed over segments, over cohorts, or both.

        Parameters
        ----------
        segments
            Sum over all segments into one.
        cohorts
            Sum over all cohorts into one, which bears the first cohort's period.

        Returns
        -------
        Triangle
            Sums over accounts are added as they are: an account in two cells counts as two.
        """
        axes = tuple(axis for axis, wanted in enumerate((segments, cohorts)) if wanted)
        if not axes:
            return self

        def total(cube: Any) -> Any:
            return None if cube is None else cube.sum(axis=axes, keepdims=True)

        sums = self.accounts
        return replace(
            self,
            by=() if segments else self.by,
            segments=((),) if segments else self.segments,
            cohorts=self.cohorts[:1] if cohorts else self.cohorts,
            entered=total(self.entered),
            events={name: total(cube) for name, cube in self.events.items()},
            undated={name: total(cube) for name, cube in self.undated.items()},
            censored=total(self.censored),
            followed=total(self.followed),
            late=total(self.late),
            accounts=None
            if sums is None
            else AccountSums(
                accounts=total(sums.accounts),
                nn=total(sums.nn),
                xn=total(sums.xn),
                xx=total(sums.xx),
            ),
            calendar=None if self.calendar is None else self.calendar.total(axes),
        )

    def select(
        self,
        *,
        first: str | pd.Period | None = None,
        last: str | pd.Period | None = None,
        segment: str | Sequence[str | None] | None = None,
    ) -> Triangle:
        """Return some of the cohorts, some of the segments, or both.

        Parameters
        ----------
        first, last
            First and last cohort to keep, as a period or its text such as ``"2026-01"``.
        segment
            One segment to keep: its value, or its values in the order of ``by``.

        Raises
        ------
        ArgumentError
            If no cohort or segment is left.
        """
        from funnelkit.counts.reshape import selected

        return selected(self, first=first, last=last, segment=segment)

    @classmethod
    def from_frame(
        cls,
        counts: pd.DataFrame,
        *,
        start: str,
        target: str,
        as_of: dt.date | str,
        exits: Sequence[str] = (),
        by: Sequence[str] = (),
    ) -> Triangle:
        """Return a triangle from counts computed anywhere else.

        Parameters
        ----------
        counts
            One row per group with ``cohort`` (a period, or a day that lies in it together with a
            column ``followed``), the columns of ``by``, ``age`` (days), ``outcome`` (the target,
            an exit, or blank for leads still open), ``n`` (leads) and, where leads differ in it,
            ``followed`` (age at ``as_of``; default: that of the cohort's single day) and
            ``undated`` (true where the age is only an upper bound).
        start, target, exits
            Stages and exits as in :class:`Triangle`.
        as_of
            Last complete day.
        by
            Segment columns.

        Raises
        ------
        DataError
            If columns are missing, counts are negative or not whole, or an outcome is unknown.
        """
        from funnelkit.counts.reshape import from_counts

        return from_counts(
            counts, start=start, target=target, as_of=as_of, exits=tuple(exits), by=tuple(by)
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment, cohort, age and outcome with its count ``n``.

        Columns: ``cohort``, those of ``by``, ``age``, ``outcome`` (blank for leads still open),
        ``undated`` and ``n``; rows with ``n = 0`` are left out.
        """
        from funnelkit.counts.reshape import to_counts

        return to_counts(self)

    def summary(self) -> str:
        """Return what the triangle holds in one sentence."""
        outcomes = ", ".join(
            f"{display.count(self.reached(name).sum())} {name}" for name in self.outcomes
        )
        return (
            f"{display.plural(self.n, 'record')} entered {self.start} in "
            f"{display.plural(self.n_cohorts, 'cohort')}"
            + (f" and {display.plural(self.n_segments, 'segment')}" if self.by else "")
            + f": {outcomes}, {display.count(self.open.sum())} still open on "
            f"{self.as_of.isoformat()}."
        )
