"""Residual chances of the open records, on a grid of ages: as expected and as joint draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core.errors import EvidenceError
from funnelkit.counts.open_book import OpenBook
from funnelkit.counts.triangle import Segment

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_EXACT_AGES = 14
"""Ages in days below which none is merged with its neighbours: chances change fastest there."""
_MOST_AGES, _FEWEST_AGES = 64, 8
_BUDGET = 20_000_000
_FEWEST_DRAWS = 100


class Residual(Protocol):
    """What a model must answer about records that are open."""

    @property
    def stages(self) -> tuple[str, ...]:
        """Stages in order."""

    @property
    def by(self) -> tuple[str, ...]:
        """Names of the segment columns."""

    @property
    def segments(self) -> tuple[Segment, ...]:
        """One tuple of values for each segment."""

    def chances(self, stage: str, ages: ArrayLike, days: ArrayLike) -> FloatArray:
        """Return the share won within more days of records at a stage and age, ``(S, A, D)``."""

    def sample_chances(
        self,
        n: int,
        stage: str,
        ages: ArrayLike,
        days: ArrayLike,
        *,
        rng: np.random.Generator | int,
    ) -> FloatArray:
        """Return joint draws of it, ``(n, S, A, D)``; the same seed gives the same world."""


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
    """Share won by the end of each month and ever, shape ``(n_sets, S, n_rows, H + 1)``.

    Parameters
    ----------
    grid
        The rows.
    drawn
        Joint draws of the model's parameters; draw ``i`` of a forecast uses set ``i % n_sets``.
    """

    grid: Grid
    drawn: FloatArray

    @property
    def mean(self) -> FloatArray:
        """Mean over the draws, shape ``(S, n_rows, H + 1)``."""
        return np.asarray(self.drawn.mean(axis=0))


def residual_chances(
    model: Residual, book: OpenBook, days: FloatArray, *, n_draws: int, seed: int
) -> Chances:
    """Return the chances of a book's open records by the end of some days, and ever.

    Parameters
    ----------
    model
        Of the same segment columns as the book; a segment that it does not know has the mean of
        the others.
    book
        Open records by age at their stage.
    days
        Days after ``as_of``, ascending, shape ``(H,)``.
    n_draws, seed
        Of the forecast; with many segments fewer sets of parameters are drawn, at least 100.

    Raises
    ------
    EvidenceError
        If the model can answer for none of the stages that hold open records.
    """
    known = {one: i for i, one in enumerate(model.segments)}
    rows = np.array([known.get(one, -1) for one in book.segments], np.int64)
    size = len(book.segments) * max(len(book.stages), 1) * (len(days) + 1)
    most = int(np.clip(_BUDGET // (_FEWEST_DRAWS * size), _FEWEST_AGES, _MOST_AGES))
    ends = np.append(days, np.inf)
    names, ages, row_of, parts, unanswered = [], [], {}, [], {}
    start = 0
    for k, stage in enumerate(book.stages):
        held = book.n[:, k].sum(axis=0)
        if not held.any():
            continue
        own, places = merged_ages(held, most)
        n = int(np.clip(_BUDGET // (size * most), _FEWEST_DRAWS, n_draws))
        try:
            drawn = model.sample_chances(min(n, n_draws), stage, own, ends, rng=seed)
        except EvidenceError as reason:
            unanswered[k] = str(reason)
            continue
        parts.append(_of_segments(np.asarray(drawn), rows))
        names.append(stage)
        ages.append(own)
        row_of[k] = places + start
        start += len(own)
    if not parts and unanswered:
        raise EvidenceError(
            "`model` has no chance of a win for any stage that holds open records: "
            f"{next(iter(unanswered.values()))}"
        )
    grid = Grid(tuple(names), tuple(ages), row_of, unanswered)
    empty = np.zeros((1, len(book.segments), 0, len(ends)))
    return Chances(grid, np.concatenate(parts, axis=2) if parts else empty)


def _of_segments(drawn: FloatArray, rows: IntArray) -> FloatArray:
    """Return the draws of some segments; those that are new have the mean of the others."""
    found = drawn[:, rows]
    if (rows < 0).any():
        found[:, rows < 0] = drawn.mean(axis=1, keepdims=True)
    return np.asarray(found)


def merged_ages(held: Sequence[int] | IntArray, most: int) -> tuple[IntArray, IntArray]:
    """Return the ages to ask for, and which of them stands for each age.

    Parameters
    ----------
    held
        Records of age 0, 1, …, and last those of unknown age.
    most
        The most ages to ask for.

    Returns
    -------
    tuple of ndarray
        Ages, ascending; for each entry of ``held`` the position of its age. Records of unknown
        age are taken to be as old as the middle one of the others at their stage, or new.

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
    known = counts[:-1]
    seen = np.flatnonzero(known)
    if not len(seen):
        return np.zeros(1, np.int64), np.zeros(len(counts), np.int64)
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
    middle = int(np.searchsorted(np.cumsum(known[seen]), known.sum() / 2))
    place[-1] = run[middle]
    return ages, place
