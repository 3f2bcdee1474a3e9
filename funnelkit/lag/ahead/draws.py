"""Draws of how many open leads convert: the fit's doubt, the months' pace, and chance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit.counts.triangle import Triangle
from funnelkit.lag.ahead.chances import Cells, drawn_chances, lookup
from funnelkit.lag.ahead.past import Past
from funnelkit.lag.ahead.windows import Window
from funnelkit.lag.base import LagFit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_AT_ONCE = 2**22
"""Numbers held at once."""


class Groups(NamedTuple):
    """Open leads by segment, cohort and age, only where there are any.

    Parameters
    ----------
    segment, cohort, age
        Positions in the triangle, in ascending order, shape ``(n,)``.
    leads
        How many they are, at least 1.
    """

    segment: IntArray
    cohort: IntArray
    age: IntArray
    leads: IntArray

    @classmethod
    def of(cls, counts: IntArray) -> Groups:
        """Return the groups of a cube ``(n_segments, n_cohorts, n_ages)``."""
        segment, cohort, age = np.nonzero(counts)
        return cls(segment, cohort, age, counts[segment, cohort, age])

    def totals(self, values: NDArray[np.generic], shape: tuple[int, int]) -> NDArray[np.generic]:
        """Return sums over ages of ``(n, n_groups, k)``, ``(n, n_segments, n_cohorts, k)``."""
        out = np.zeros((values.shape[0], shape[0] * shape[1], values.shape[-1]), values.dtype)
        cell = self.segment * shape[1] + self.cohort
        if len(cell):
            starts = np.flatnonzero(np.diff(cell, prepend=-1))
            out[:, cell[starts]] = np.add.reduceat(values, starts, axis=1)
        return out.reshape(values.shape[0], *shape, -1)


class Paces(NamedTuple):
    """Draws of the pace of months.

    Parameters
    ----------
    to_come
        Factor on the hazard in each month to come, shape ``(n, n_months)``.
    gone
        Log factor of each month gone by, as unknown as that of a month to come, shape
        ``(n, n_months)``.
    past
        What these have done to the fit; ``None`` where its own draws hold that.
    """

    to_come: FloatArray
    gone: FloatArray
    past: Past | None

    def moved(self, part: slice, groups: Groups, ages: FloatArray) -> FloatArray | None:
        """Return the factor on the rates of each group at its ages, for some of the draws."""
        if self.past is None:
            return None
        of = self.past.group[groups.segment, groups.cohort]
        return self.past.moved(self.gone[part], of, ages)


def design_effects(triangle: Triangle) -> FloatArray:
    """Return by how much leads of one account that go together widen a count, ``(n_segments,)``.

    1 without accounts; else the design effect of the share of each segment that has converted.
    """
    if triangle.accounts is None:
        return np.ones(triangle.n_segments)
    sums = triangle.accounts.up_to().summed(1)
    converted = triangle.converted.sum(axis=1, keepdims=True)
    entered = triangle.entered.sum(axis=1, keepdims=True)
    worth = sums.effective(converted, entered)
    return np.asarray(np.where(worth > 0, entered / np.where(worth > 0, worth, 1.0), 1.0)[:, 0])


def drawn_counts(
    triangle: Triangle,
    fit: LagFit,
    groups: Groups,
    cells: Cells,
    days: Window,
    *,
    paces: Paces | None,
    n: int,
    rng: np.random.Generator,
) -> IntArray:
    """Return draws of the conversions to come, ``(n, n_segments, n_cohorts, n_horizons)``.

    Parameters
    ----------
    triangle
        Where the leads are counted.
    fit
        Timing.
    groups, cells
        The open leads, by their position in the triangle and in the fit.
    days
        Pieces of the days to come.
    paces
        Draws of the pace of months; ``None`` takes them alike.
    n, rng
        Number of draws and their source.

    Notes
    -----
    In each draw, all leads share one draw of the fit and one factor in each month. Given these,
    each group's conversions are binomial. With a design effect D above 1, the chances of a
    segment and cohort are multiplied by a gamma factor of mean 1 and variance
    (D - 1) Σ q (1 - q) / (Σ q)², summed over its leads' chances q ever, so that counts vary D
    times as much as if leads were independent.
    """
    at = lookup(cells.age, days, last=fit.horizon)
    surface = len(fit.segments) * len(fit.cohorts) * len(at.ages)
    size = max(1, _AT_ONCE // max(surface, at.place.size, 1))
    effects = design_effects(triangle)
    shape = (triangle.n_segments, triangle.n_cohorts)
    found = np.zeros((n, *shape, len(days.stops)), np.int64)
    for first in range(0, n if len(groups.leads) else 0, size):
        part = slice(first, min(first + size, n))
        chances = drawn_chances(
            fit,
            cells,
            at,
            days,
            factors=None if paces is None else paces.to_come[part],
            moved=None if paces is None else paces.moved(part, groups, at.ages[at.place]),
            seed=int(rng.integers(2**63)),
            n=part.stop - first,
        )
        if (effects > 1).any():
            chances = _going_together(chances, groups, effects, shape, rng)
        found[part] = groups.totals(_happened(chances, groups.leads, rng), shape)
    return found


def _happened(chances: FloatArray, leads: IntArray, rng: np.random.Generator) -> IntArray:
    """Return how many of each group convert by each horizon, each horizon within the next."""
    happened = np.zeros(chances.shape, np.int64)
    before, chance_before = np.zeros(chances.shape[:-1], np.int64), np.zeros(chances.shape[:-1])
    for k in range(chances.shape[-1]):
        still = 1 - chance_before
        gain = (chances[..., k] - chance_before) / np.where(still > 0, still, 1.0)
        before = before + rng.binomial(leads - before, np.clip(gain, 0.0, 1.0))
        happened[..., k], chance_before = before, chances[..., k]
    return happened


def _going_together(
    chances: FloatArray,
    groups: Groups,
    effects: FloatArray,
    shape: tuple[int, int],
    rng: np.random.Generator,
) -> FloatArray:
    """Return chances that vary with the accounts of each segment and cohort."""
    ever = chances[..., -1]
    sums = np.stack([groups.leads * ever, groups.leads * ever * (1 - ever)], axis=-1)
    mean, variance = np.moveaxis(groups.totals(sums, shape), -1, 0)
    extra = (effects[:, None] - 1) * variance / np.maximum(mean, 1e-12) ** 2
    some = extra > 0
    worth = 1 / np.where(some, extra, 1.0)
    factor = np.where(some, rng.gamma(worth) / worth, 1.0)
    return np.minimum(chances * factor[:, groups.segment, groups.cohort, None], 1.0)
