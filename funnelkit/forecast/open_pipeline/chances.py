"""Residual chances of the open records, on a grid of ages, as joint draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core.errors import EvidenceError
from funnelkit.counts.open_book import OpenBook
from funnelkit.counts.triangle import Segment

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_EXACT_AGES = 14
"""Ages in days below which none is merged with its neighbours: chances change fastest there."""
_MOST_AGES, _FEWEST_AGES = 64, 8
_BUDGET = 20_000_000


class Drawn(Protocol):
    """Joint draws of a model's rates, such as :class:`~funnelkit.model.ModelDraws`."""

    @property
    def n(self) -> int:
        """Number of draws."""

    def ever(self, stage: str, ages: ArrayLike) -> FloatArray:
        """Return the share ever won of records at a stage and age, ``(n, S, A)``."""

    def paces(self, periods: pd.PeriodIndex) -> FloatArray:
        """Return how quick months to come are in winning, ``(n, H)``."""


class Residual(Protocol):
    """What a model must answer about records that are open."""

    @property
    def by(self) -> tuple[str, ...]:
        """Names of the segment columns."""

    @property
    def segments(self) -> tuple[Segment, ...]:
        """One tuple of values for each segment."""

    def burst_ages(self, stage: str) -> IntArray:
        """Return ages whose records have a rate of their own."""

    def timing(self, stage: str, ages: ArrayLike, days: ArrayLike) -> FloatArray:
        """Return the share won within more days of those at a stage who will be, ``(A, D)``."""

    def chances(self, stage: str, ages: ArrayLike, days: ArrayLike) -> FloatArray:
        """Return the share won within more days of records at a stage and age, ``(S, A, D)``."""


@dataclass(frozen=True)
class Grid:
    """Ages at which chances are asked for, all stages in one axis of rows.

    Parameters
    ----------
    stages
        Stages that hold open records and that the model can answer for.
    ages
        For each of these stages, the ages of its rows.
    row_of
        Stage's position in the book -> row of each age, shape ``(n_ages + 1,)``; the last is that
        of records whose age is not known.
    unanswered
        Stage's position in the book -> why the model has no chance for it.
    """

    stages: tuple[str, ...]
    ages: tuple[IntArray, ...]
    row_of: dict[int, IntArray]
    unanswered: dict[int, str]

    def rows(self, stage: IntArray, age: IntArray) -> IntArray:
        """Return the row of each record's stage and age (by position); -1 where there is none."""
        found = np.full(len(stage), -1)
        for k, rows in self.row_of.items():
            here = stage == k
            found[here] = rows[age[here]]
        return found


@dataclass(frozen=True)
class Chances:
    """Residual chances of the rows of a grid.

    Parameters
    ----------
    grid
        The rows.
    ever
        Share ever won, joint draws, shape ``(n_draws, S, n_rows)``.
    timing
        Share of these won by the end of each month at the usual pace, shape ``(n_rows, H)``.
    """

    grid: Grid
    ever: FloatArray
    timing: FloatArray


def residual_chances(model: Residual, draws: Drawn, book: OpenBook, days: FloatArray) -> Chances:
    """Return the chances of a book's open records by the end of some days, and ever.

    Parameters
    ----------
    model
        Of the same segment columns as the book; a segment that it does not know has the mean of
        the others.
    draws
        Its rates.
    book
        Open records by age at their stage.
    days
        Days after ``as_of``, ascending, shape ``(H,)``.

    Raises
    ------
    EvidenceError
        If the model can answer for none of the stages that hold open records.
    """
    known = {one: i for i, one in enumerate(model.segments)}
    rows = np.array([known.get(one, -1) for one in book.segments], np.int64)
    size = draws.n * len(book.segments) * max(len(book.stages), 1)
    most = int(np.clip(_BUDGET // max(size, 1), _FEWEST_AGES, _MOST_AGES))
    names, ages, row_of, unanswered = [], [], {}, {}
    ever, timing = [], []
    start = 0
    for k, stage in enumerate(book.stages):
        held = book.n[:, k].sum(axis=0)
        if not held.any():
            continue
        own, places = merged_ages(held, most, apart=model.burst_ages(stage))
        try:
            drawn = np.asarray(draws.ever(stage, own))
            by_end = np.asarray(model.timing(stage, own, days))
        except EvidenceError as reason:
            unanswered[k] = str(reason)
            continue
        ever.append(_of_segments(drawn, rows))
        timing.append(by_end)
        names.append(stage)
        ages.append(own)
        row_of[k] = places + start
        start += len(own)
    if not ever and unanswered:
        raise EvidenceError(
            "`model` has no chance of a win for any stage that holds open records: "
            f"{next(iter(unanswered.values()))}"
        )
    grid = Grid(tuple(names), tuple(ages), row_of, unanswered)
    if not ever:
        none = np.zeros((draws.n, len(book.segments), 0))
        return Chances(grid, none, np.zeros((0, len(days))))
    return Chances(grid, np.concatenate(ever, axis=2), np.concatenate(timing))


def _of_segments(drawn: FloatArray, rows: IntArray) -> FloatArray:
    """Return the draws of some segments; those that are new have the mean of the others."""
    found = drawn[:, rows]
    if (rows < 0).any():
        found[:, rows < 0] = drawn.mean(axis=1, keepdims=True)
    return np.asarray(found)


def merged_ages(
    held: Sequence[int] | IntArray, most: int, *, apart: Sequence[int] | IntArray = ()
) -> tuple[IntArray, IntArray]:
    """Return the ages to ask for, and which of them stands for each age.

    Parameters
    ----------
    held
        Records of age 0, 1, …, and last those of unknown age.
    most
        The most ages to ask for, beside those that are kept apart.
    apart
        Ages that are merged with no other.

    Returns
    -------
    tuple of ndarray
        Ages, and for each entry of ``held`` the position of its age. Records of unknown age are
        taken to be as old as the middle one of the others at their stage, or new.

    Notes
    -----
    The first 14 days are kept apart; later ones are merged into runs that hold about as many
    records each, at the mean of their ages.

    Examples
    --------
    >>> ages, place = merged_ages([3, 0, 2, 5], 64)
    >>> ages.tolist(), place.tolist()
    ([0, 2], [0, 0, 1, 0])
    """
    counts = np.asarray(held, dtype=np.int64)
    own = np.array([age for age in apart if age < len(counts) - 1 and counts[age]], np.int64)
    known = counts[:-1].copy()
    known[own] = 0
    seen = np.flatnonzero(known)
    if not len(seen):
        ages = own if len(own) else np.zeros(1, np.int64)
        place = np.zeros(len(counts), np.int64)
        place[own] = np.arange(len(own))
        return ages, place
    if len(seen) > most:
        exact = seen[seen < _EXACT_AGES][: most // 2]
        later = seen[len(exact) :]
        parts = most - len(exact)
        upto = np.cumsum(known[later])
        group = np.minimum((upto - known[later]) * parts // upto[-1], parts - 1) + len(exact)
        run = np.concatenate([np.arange(len(exact)), np.unique(group, return_inverse=True)[1]])
        run[len(exact) :] += len(exact)
    else:
        run = np.arange(len(seen))
    weight = np.bincount(run, weights=known[seen])
    ages = np.rint(np.bincount(run, weights=known[seen] * seen) / weight).astype(np.int64)
    place = np.zeros(len(counts), np.int64)
    place[seen] = run
    place[own] = len(ages) + np.arange(len(own))
    middle = int(np.searchsorted(np.cumsum(known[seen]), known.sum() / 2))
    place[-1] = run[middle]
    return np.append(ages, own), place
