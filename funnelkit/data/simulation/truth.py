"""`Truth`: the rates, lags and amounts behind simulated leads, and what they imply at any age."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, unknown
from funnelkit._core.result import Result
from funnelkit.data.definition import Funnel
from funnelkit.data.simulation.lags import FloatArray, Lag, sum_happened_by

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Level:
    """One value of a segment and what it does.

    Parameters
    ----------
    share
        Share of the records, relative to the other values of the segment.
    odds
        Factor on the odds of every transition.
    pace
        Factor on every lag; above 1 is slower.
    value
        Factor on the amounts.
    cost
        Money spent for each record that enters (used for the first segment only).

    Raises
    ------
    ArgumentError
        If a factor is not above 0, or the cost is below 0.
    """

    share: float
    odds: float = 1.0
    pace: float = 1.0
    value: float = 1.0
    cost: float = 0.0

    def __post_init__(self) -> None:
        """Refuse factors that cannot be."""
        for name in ("share", "odds", "pace", "value"):
            if not 0 < getattr(self, name) < math.inf:
                raise ArgumentError(
                    f"`{name}` of a level must be above 0; got {getattr(self, name)!r}."
                )
        if not 0 <= self.cost < math.inf:
            raise ArgumentError(f"`cost` of a level must be at least 0; got {self.cost!r}.")


Levels = Mapping[str, Mapping[str, Level]]
Where = Mapping[str, str]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Truth(Result):
    """What the simulated leads were drawn from.

    A record that reaches stage ``k`` moves on with a rate, leaves by an exit, or stays for good;
    which of these is drawn first, its lag afterwards. The odds of moving on are those of
    ``rates`` times the ``odds`` of the record's levels times exp(``drift`` x months since the
    start of the window, by the month of entry). Leads of one account share a normal draw at each
    stage (a Gaussian copula), which leaves every rate as it is. A win that was reversed later
    counts as a win here.

    Parameters
    ----------
    funnel
        Definition of the export.
    as_of
        Last day of the simulated window.
    levels
        Segment -> value -> :class:`Level`.
    rates
        Share of those at each stage but the last who ever reach the next one, where all odds
        are 1.
    exits
        Exit -> for each stage but the last, its share of those who do not move on.
    lags
        Lag from each stage to the next.
    exit_lags
        Exit -> lag from each stage but the last to the exit.
    drift
        Change of the log odds of each transition by month of entry.
    expected
        Expected records that enter, by month.
    pace
        Factor on all hazards, by month; rates by age hold where it is 1.
    direct, direct_stage
        Share of the records that were never at the first stage, and the stage they start from.
    leads_per_account, account_correlation
        Mean leads of an account, and the correlation of the normal draws of two of them.
    owners
        Number of representatives.
    skipped, reopened, reversed_wins
        Shares of passed stages that were not recorded, of transitions before which the record
        was lost for a time, and of wins that are lost later.
    value_median, value_sd
        Median amount where all factors are 1, and standard deviation of its logarithm.
    costs
        Money spent, columns ``month``, the first segment's, ``cost``.
    dirt
        What was soiled: columns ``kind``, ``row`` (position in the export), ``id``, ``column``,
        ``clean`` (the value before).
    """

    funnel: Funnel
    as_of: dt.date
    levels: Levels
    rates: tuple[float, ...]
    exits: Mapping[str, tuple[float, ...]]
    lags: tuple[Lag, ...]
    exit_lags: Mapping[str, tuple[Lag, ...]]
    drift: tuple[float, ...]
    expected: pd.Series[float]
    pace: pd.Series[float]
    direct: float
    direct_stage: str
    leads_per_account: float
    account_correlation: float
    owners: int
    skipped: float
    reopened: float
    reversed_wins: float
    value_median: float
    value_sd: float
    costs: pd.DataFrame
    dirt: pd.DataFrame

    def __post_init__(self) -> None:
        """Make the mappings read-only."""
        levels = {name: MappingProxyType(dict(of)) for name, of in self.levels.items()}
        object.__setattr__(self, "levels", MappingProxyType(levels))
        for name in ("exits", "exit_lags"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def rate(
        self, start: str, target: str, *, segment: Where | None = None, cohort: str | None = None
    ) -> float:
        """Return the ultimate rate: the share of records at a stage that ever reach a target.

        Parameters
        ----------
        start, target
            A stage, and a later stage or an exit.
        segment
            Segment -> value; segments that are left out are averaged over.
        cohort
            Month of entry to the funnel, such as ``"2025-03"``; left out: all, by their sizes.

        Raises
        ------
        ArgumentError
            If a name is unknown, or the target does not lie behind the start.
        """
        weights, chances, _ = self._paths(start, target, segment, cohort)
        return float(sum((weights * chance).sum() for chance, _ in chances) / weights.sum())

    def rate_by_age(
        self,
        start: str,
        target: str,
        age: ArrayLike,
        *,
        segment: Where | None = None,
        cohort: str | None = None,
    ) -> FloatArray:
        """Return the share of records at a stage that reach a target by an age in calendar days.

        Parameters
        ----------
        start, target, segment, cohort
            As in :meth:`rate`.
        age
            Difference of dates, one or many; same day is 0.

        Returns
        -------
        ndarray
            Of the shape of ``age``.

        Raises
        ------
        ArgumentError
            As :meth:`rate`.

        Notes
        -----
        Entries are spread evenly over the day, so P(difference of dates ≤ a) = ∫₀¹ F(a + u) du
        with F of exact times, by an 8-point Gauss rule. Sums of lags are convolved on a grid of
        1/32 day.
        """
        weights, chances, paces = self._paths(start, target, segment, cohort)
        ages = np.asarray(age, float)
        nodes, gauss = np.polynomial.legendre.leggauss(8)
        times = np.maximum(ages[..., None] + (nodes + 1) / 2, 0.0)
        rate = np.zeros(ages.shape)
        for chance, lags in chances:
            happened_by = sum_happened_by(lags, float(times.max(initial=1.0) / paces.min()))
            for pace in np.unique(paces):
                mine = paces == pace
                by_age = happened_by(times / pace) @ (gauss / 2)
                rate += by_age * (weights[mine] * chance[mine]).sum()
        rate = np.where(ages >= 0, rate / weights.sum(), 0.0)
        return np.asarray(rate, float)

    def mean_value(self, *, stage: str | None = None, segment: Where | None = None) -> float:
        """Return the mean amount of the records that reach a stage, by default those won.

        Raises
        ------
        ArgumentError
            If the stage, a segment or a value is unknown.
        """
        reached = self.funnel.stage("stage", stage or self.funnel.won)
        cells = self._cells(segment)
        weights = self._reached(cells, None)[..., reached].sum(axis=1)
        means = self.value_median * math.exp(self.value_sd**2 / 2) * cells[:, 3]
        return float((weights * means).sum() / weights.sum())

    def to_frame(self) -> pd.DataFrame:
        """Return the ultimate rate of each transition by each value of each segment.

        Columns: ``segment``, ``value`` (both blank for all records), ``start``, ``target``,
        ``ultimate_rate``.
        """
        import pandas as pd

        cases: list[tuple[str, str]] = [("", "")]
        cases += [(name, value) for name, of in self.levels.items() for value in of]
        rows = [
            (name, value, start, target, self.rate(start, target, segment=segment))
            for name, value in cases
            for segment in [{name: value} if name else None]
            for start, target in itertools.pairwise(self.funnel.stages)
        ]
        return pd.DataFrame(rows, columns=["segment", "value", "start", "target", "ultimate_rate"])

    def summary(self) -> str:
        """Return the end-to-end rate in one sentence."""
        first, won = self.funnel.stages[0], self.funnel.won
        return (
            f"In truth {display.percent(self.rate(first, won))} of the records that enter {first} "
            f"ever reach {won}; about {display.count(float(self.expected.sum()))} records enter "
            f"up to {self.as_of.isoformat()}."
        )

    def _cells(self, segment: Where | None) -> FloatArray:
        """Return weight, log odds, pace and value factor of each combination of levels."""
        chosen = dict(segment or {})
        for name, value in chosen.items():
            if name not in self.levels:
                raise ArgumentError(f"`segment`: {unknown('segment', name, self.levels)}")
            if value not in self.levels[name]:
                raise ArgumentError(f"`segment`: {unknown(name, value, self.levels[name])}")
        axes = []
        for name, of in self.levels.items():
            total = sum(level.share for level in of.values())
            picked = [of[chosen[name]]] if name in chosen else list(of.values())
            axes.append(
                [
                    (each.share / total, math.log(each.odds), each.pace, each.value)
                    for each in picked
                ]
            )
        combined = [np.array(cell, float).reshape(-1, 4) for cell in itertools.product(*axes)]
        return np.array(
            [(of[:, 0].prod(), of[:, 1].sum(), of[:, 2].prod(), of[:, 3].prod()) for of in combined]
        )

    def _moving_on(self, cells: FloatArray) -> FloatArray:
        """Return the rate of each transition, shape ``(n_cells, n_months, n_transitions)``."""
        months = np.arange(len(self.expected))
        log_odds = special.logit(np.array(self.rates))[None, None, :]
        log_odds = log_odds + cells[:, 1, None, None]
        log_odds = log_odds + np.array(self.drift) * months[None, :, None]
        return np.asarray(special.expit(log_odds), float)

    def _reached(self, cells: FloatArray, cohort: str | None) -> FloatArray:
        """Return the expected records at each stage, shape ``(n_cells, n_months, n_stages)``."""
        rates = self._moving_on(cells)
        entries = self.expected.to_numpy(float)
        if cohort is not None:
            months = [str(month) for month in self.expected.index]
            if cohort not in months:
                raise ArgumentError(f"`cohort`: {unknown('month', cohort, months)}")
            entries = np.where(np.array(months) == cohort, entries, 0.0)
        entered = cells[:, 0, None] * entries
        first = self.funnel.stages.index(self.direct_stage)
        reached = [entered * (1 - self.direct)]
        for k in range(len(self.rates)):
            joined = entered * self.direct if k + 1 == first else 0.0
            reached.append(reached[-1] * rates[..., k] + joined)
        return np.stack(reached, axis=-1)

    def _paths(
        self, start: str, target: str, segment: Where | None, cohort: str | None
    ) -> tuple[FloatArray, list[tuple[FloatArray, tuple[Lag, ...]]], FloatArray]:
        """Return the weights of the cells, (chance by cell, lags) of each path, and the paces."""
        first = self.funnel.stage("start", start)
        self.funnel.step("target", target)
        stages = self.funnel.stages
        last = stages.index(target) if target in stages else len(stages)
        if last <= first or first == len(self.rates):
            raise ArgumentError(f"`target` must lie behind `{start}`; got {target!r}.")
        cells = self._cells(segment)
        rates = self._moving_on(cells)
        weights = self._reached(cells, cohort)[..., first]
        paths = []
        if target in stages:
            paths.append((rates[..., first:last].prod(axis=-1), self.lags[first:last]))
        else:
            for k in range(first, len(self.rates)):
                chance = rates[..., first:k].prod(axis=-1) * (1 - rates[..., k])
                lags = (*self.lags[first:k], self.exit_lags[target][k])
                paths.append((chance * self.exits[target][k], lags))
        return weights, paths, cells[:, 2]
