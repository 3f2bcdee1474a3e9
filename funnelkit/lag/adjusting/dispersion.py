"""`overdispersion`: how much more cohorts differ than leads that convert one by one would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Segment, Triangle
from funnelkit.lag.adjusting.cells import curves_of, last_age, positions
from funnelkit.lag.base import LagFit

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
FEWEST = 5.0
"""Least expected number, of converted and of others, in a group."""


def overdispersion(triangle: Triangle, fit: LagFit) -> Overdispersion:
    """Return how much more the totals of cohorts vary than a binomial share does.

    Parameters
    ----------
    triangle
        Counts.
    fit
        Timing, of the same target, with every segment and cohort of the triangle.

    Returns
    -------
    Overdispersion
        ``factor`` is by how much variances of pooled rates are too small; at least 1.

    Raises
    ------
    ArgumentError
        If the fit is of another target, or lacks a segment or cohort of the triangle.

    Notes
    -----
    Under the pooled model each segment has one rate for all its cohorts: converted / Σ maturity.
    Neighbouring cohorts of a segment are merged until 5 conversions, and 5 leads without one, are
    expected. The factor is Pearson's Σ (x - e)² / (e (1 - e / n)) over the number of groups less
    that of segments. Counts by day cannot show it: each is too small. It belongs to rates that
    are shared by cohorts, not to those of models in which every cohort has a rate of its own.

    References
    ----------
    McCullagh and Nelder (1989), Generalized Linear Models, 2nd ed., section 4.5.

    Examples
    --------
    Two cohorts of 100, followed to the end: 20 and 40 where 30 are expected; 2 x 10² / 21.

    >>> import datetime as dt
    >>> import pandas as pd
    >>> from funnelkit.lag import fit_kaplan_meier
    >>> counts = Triangle(
    ...     start="lead",
    ...     target="won",
    ...     cohorts=pd.period_range("2026-01", periods=2, freq="M"),
    ...     as_of=dt.date(2026, 4, 30),
    ...     entered=[[100, 100]],
    ...     events={"won": [[[20, 0], [40, 0]]]},
    ...     censored=[[[0, 80], [0, 60]]],
    ...     followed=[[[0, 100], [0, 100]]],
    ... )
    >>> round(overdispersion(counts, fit_kaplan_meier(counts)).factor, 2)
    9.52
    """
    cells = positions(triangle, fit)
    last = last_age(triangle, fit)
    maturity = curves_of(triangle, fit, cells).reshape(*triangle.entered.shape, -1)
    followed = triangle.followed
    mature = (followed[..., : last + 1] * maturity).sum(axis=-1)
    mature = mature + followed[..., last + 1 :].sum(axis=-1)
    converted = triangle.by_age(triangle.target)[..., : last + 1].sum(axis=-1)
    kept = np.ones(mature.shape, bool)
    if triangle.late is not None:
        kept = triangle.late.sum(axis=-1) == 0
    rows: list[tuple[int, int, int, float, float, float]] = []
    for i in range(triangle.n_segments):
        mine = np.flatnonzero(kept[i] & (triangle.entered[i] > 0))
        whole = float(mature[i, mine].sum())
        if whole <= 0:
            continue
        rate = float(converted[i, mine].sum()) / whole
        rows += [
            (i, *group)
            for group in _merged(
                mine,
                np.asarray(triangle.entered[i, mine], float),
                np.asarray(converted[i, mine], float),
                rate * mature[i, mine],
            )
        ]
    return Overdispersion(
        start=triangle.start,
        target=triangle.target,
        by=triangle.by,
        segments=triangle.segments,
        cohorts=triangle.cohorts,
        group=np.array([row[:3] for row in rows], np.int64).reshape(-1, 3),
        entered=np.array([row[3] for row in rows]),
        converted=np.array([row[4] for row in rows]),
        expected=np.array([row[5] for row in rows]),
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Overdispersion(Result):
    """How much totals of cohorts vary beside a binomial share of one rate per segment.

    Parameters
    ----------
    start, target, by, segments, cohorts
        As in the triangle.
    group
        Segment, first and last cohort of each group, as positions, shape ``(n_groups, 3)``.
    entered, converted, expected
        Leads, conversions, and those expected at the pooled rate, shape ``(n_groups,)``.
    """

    start: str
    target: str
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    cohorts: pd.PeriodIndex
    group: NDArray[np.int64]
    entered: FloatArray
    converted: FloatArray
    expected: FloatArray

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        object.__setattr__(self, "group", frozen(self.group, np.int64))
        for name in ("entered", "converted", "expected"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def statistic(self) -> float:
        """Pearson's χ²."""
        share = self.expected / np.maximum(self.entered, 1.0)
        variance = self.expected * (1 - share)
        apart = np.where(variance > 0, (self.converted - self.expected) ** 2, 0.0)
        return float((apart / np.where(variance > 0, variance, 1.0)).sum())

    @property
    def df(self) -> int:
        """Groups less segments."""
        return len(self.group) - len(np.unique(self.group[:, 0]))

    @property
    def factor(self) -> float:
        """χ² / df, at least 1; 1 where there is nothing to compare."""
        return max(self.statistic / self.df, 1.0) if self.df else 1.0

    @property
    def pvalue(self) -> float:
        """Probability of as large a χ² if all cohorts of a segment have one rate."""
        from scipy import stats

        return float(stats.chi2.sf(self.statistic, self.df)) if self.df else 1.0

    def to_frame(self) -> pd.DataFrame:
        """Return one row per group: cohorts, segment, ``entered``, ``converted``, ``expected``."""
        import pandas as pd

        frame = pd.DataFrame(
            {
                "first_cohort": [period_label(self.cohorts[j]) for j in self.group[:, 1]],
                "last_cohort": [period_label(self.cohorts[j]) for j in self.group[:, 2]],
            }
        )
        for k, name in enumerate(self.by):
            frame[name] = [self.segments[i][k] for i in self.group[:, 0]]
        return frame.assign(
            entered=self.entered.astype(np.int64),
            converted=np.round(self.converted).astype(np.int64),
            expected=self.expected,
        )

    def summary(self) -> str:
        """Return the factor in a sentence."""
        if not self.df:
            return "Too few conversions to tell how much cohorts differ from each other."
        groups = display.plural(len(self.group), "group")
        return (
            f"Over {groups} of cohorts with {display.plural(self.entered.sum(), 'lead')} that "
            f"entered {self.start}, conversions to {self.target} vary {self.factor:.1f} times as "
            "much as chance alone would make them, in variance."
        )


def _merged(
    cohorts: NDArray[np.int64], entered: FloatArray, converted: FloatArray, expected: FloatArray
) -> list[tuple[int, int, float, float, float]]:
    """Return neighbours merged until enough is expected; a short rest joins the last group."""
    groups: list[tuple[int, int, float, float, float]] = []
    numbers = np.stack([entered, converted, expected], axis=1)
    first, sums = int(cohorts[0]), np.zeros(3)
    for j, more in zip(cohorts.tolist(), numbers, strict=True):
        sums = sums + more
        if min(sums[2], sums[0] - sums[2]) >= FEWEST:
            groups.append((first, j, float(sums[0]), float(sums[1]), float(sums[2])))
            first, sums = j + 1, np.zeros(3)
    if sums[0] > 0:
        if groups:
            first, _, *before = groups.pop()
            sums = sums + before
        last = int(cohorts[-1])
        groups.append((first, last, float(sums[0]), float(sums[1]), float(sums[2])))
    return groups
