"""The integer programmes of a hiring plan: fewest hires, and of these the latest starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

FloatArray = NDArray[np.float64]
Row = tuple[FloatArray, float]
"""What each hire adds to a month that is short, and how short it is, as shares of what is asked."""
_SLACK = 1e-6
"""A shortfall of a smaller share of what is asked is none."""
_LEAST = 1e-6
"""A hire who adds a smaller share of what is asked in a month is no help to it."""
_STEPS, _LATE_STEPS = 5_000, 500
"""Limits of the search, in nodes of its tree."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Need:
    """What is short by month, and what a hire of each role would add to it.

    Parameters
    ----------
    short
        What demand asks beyond what those who are there can do, shape ``(H,)``; below 0: to spare.
    scale
        What demand asks in all, shape ``(H,)``, by which shortfalls are compared.
    each
        What one ramped hire of each role adds in each month, shape ``(R, H)``.
    """

    short: FloatArray
    scale: FloatArray
    each: FloatArray


def rows_of(
    need: Need,
    cells: Sequence[tuple[int, int]],
    shares: Mapping[bool, FloatArray],
    ramped_from: int,
    *,
    strict: bool,
) -> tuple[list[Row], list[Row]]:
    """Return the months that are to be met, and the others that are short.

    Parameters
    ----------
    need
        What is short.
    cells
        Role and month of the start of each possible hire.
    shares
        What each of them does in each month, as a share of a ramped person, shape
        ``(n_cells, H)``; under ``True`` as if they had ramped.
    ramped_from
        First month in which hires can have ramped.
    strict
        Whether the months before are to be met too.
    """
    ahead = len(need.short)
    scale = np.maximum(need.scale, 1e-300)
    roles = np.array([role for role, _ in cells], np.int64)

    def adds(m: int, *, ramped: bool = False) -> FloatArray:
        found = shares[ramped][:, m] * need.each[roles, m] / scale[m]
        return np.where(found < _LEAST, 0.0, found)

    short = [m for m in range(ahead) if need.short[m] > _SLACK * scale[m]]
    must = [(adds(m), float(need.short[m] / scale[m])) for m in short if strict or m >= ramped_from]
    may = [
        (adds(m), float(need.short[m] / scale[m])) for m in short if not strict and m < ramped_from
    ]
    last = ahead - 1
    if not strict and ramped_from >= ahead and last in short:
        must.append((adds(last, ramped=True), float(need.short[last] / scale[last])))
    return must, may


def fewest(
    must: Sequence[Row], may: Sequence[Row], late: FloatArray | None, *, most: int | None
) -> tuple[FloatArray, bool]:
    """Return whole numbers of hires, and whether they are proven to be the fewest.

    Parameters
    ----------
    must, may
        Months that are to be met, and others in which a shortfall is to be small.
    late
        Months of service of a hire, of which the fewest are looked for at last; ``None``: not.
    most
        Hires of a role that can start in one month.
    """
    cells = len(must[0][0])
    solver = _Programme([*must, *may], cells, np.inf if most is None else float(most))
    first = np.concatenate([np.ones(len(must)), np.zeros(len(may))])
    found = solver.least_short(first, np.zeros(cells))
    proven = solver.proven
    found = solver.least_hires(np.ones(cells), found)
    proven = proven and solver.proven
    if late is not None:
        if may:
            found = solver.least_short(1 - first, found, steps=_LATE_STEPS)
        found = solver.least_hires(late, found, steps=_LATE_STEPS)
    return np.round(found), proven


class _Programme:
    """Hires and shortfalls, with rows @ hires + shortfall >= short, and what is held."""

    def __init__(self, rows: Sequence[tuple[FloatArray, float]], cells: int, most: float) -> None:
        left = np.array([row for row, _ in rows]).reshape(len(rows), cells)
        right = np.array([short for _, short in rows])
        self._matrix = [np.hstack([left, np.eye(len(rows))])]
        self._low, self._high = [right - _SLACK], [np.full(len(rows), np.inf)]
        self._whole = np.concatenate([np.ones(cells), np.zeros(len(rows))])
        self._most = np.concatenate([np.full(cells, most), np.full(len(rows), np.inf)])
        self._cells = cells
        self.proven = True

    def least_short(
        self, weights: FloatArray, before: FloatArray, *, steps: int = _STEPS
    ) -> FloatArray:
        """Return hires of the least shortfall, and hold it from now on."""
        cost = np.concatenate([np.zeros(self._cells), weights])
        found = self._least(cost, steps)
        if found is None:
            return before
        self._hold(cost, float(cost @ found) + _SLACK)
        return found[: self._cells]

    def least_hires(
        self, weights: FloatArray, before: FloatArray, *, steps: int = _STEPS
    ) -> FloatArray:
        """Return hires of the least weighted number, and hold it from now on."""
        cost = np.concatenate([weights, np.zeros(len(self._whole) - self._cells)])
        found = self._least(cost, steps)
        if found is None:
            return before
        hires = np.round(found[: self._cells])
        self._hold(cost, float(weights @ hires) + 0.5)
        return hires

    def _least(self, cost: FloatArray, steps: int) -> FloatArray | None:
        """Return the solution of least cost; ``None`` where the limit of steps came first."""
        found = optimize.milp(
            cost,
            integrality=self._whole,
            bounds=optimize.Bounds(0.0, self._most),
            constraints=optimize.LinearConstraint(
                np.vstack(self._matrix), np.concatenate(self._low), np.concatenate(self._high)
            ),
            options={"mip_rel_gap": 0.0, "node_limit": steps},
        )
        self.proven = found.status == 0
        return None if found.x is None else np.asarray(found.x, np.float64)

    def _hold(self, cost: FloatArray, most: float) -> None:
        self._matrix.append(cost[None, :])
        self._low.append(np.array([-np.inf]))
        self._high.append(np.array([most]))
