"""The fewest hires that meet demand, as late as ramps and lead times allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from funnelkit._core.result import frozen

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_SLACK = 1e-7
_SECONDS = 20.0


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


@dataclass(frozen=True, eq=False, kw_only=True)
class Hiring:
    """A hiring plan.

    Parameters
    ----------
    starts
        Months in which hires may start, the first one of the plan being 0; some may be before it.
    hires
        Hires by role and start, whole numbers, shape ``(R, len(starts))``.
    complete
        Whether it was found to be the smallest; else a limit of time stopped the search.
    """

    starts: IntArray
    hires: IntArray
    complete: bool

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        object.__setattr__(self, "starts", frozen(self.starts, np.int64))
        object.__setattr__(self, "hires", frozen(self.hires, np.int64))

    def within(self, ahead: int) -> IntArray:
        """Return the hires that start in each month of the plan, shape ``(R, H)``."""
        found = np.zeros((len(self.hires), ahead), np.int64)
        inside = (self.starts >= 0) & (self.starts < ahead)
        found[:, self.starts[inside]] = self.hires[:, inside]
        return found


def grown(curve: FloatArray, attrition: float, start: int, ahead: int) -> FloatArray:
    """Return what is expected of one hire in each month, as a share of a ramped person, ``(H,)``.

    Parameters
    ----------
    curve
        Share by months served before, 1 at last.
    attrition
        Share who leave in a month served.
    start
        Month of the start.
    ahead
        Months of the plan.
    """
    served = np.arange(ahead) - start
    share = curve[np.clip(served, 0, len(curve) - 1)]
    return np.where(served >= 0, share * (1 - attrition) ** np.maximum(served, 0), 0.0)


def hiring_plan(
    needs: Sequence[Need],
    *,
    curves: Sequence[FloatArray],
    attrition: FloatArray,
    earliest: Sequence[int | None],
    ahead: int,
    strict: bool = False,
    most: int | None = None,
) -> Hiring:
    """Return the fewest hires that meet the needs, as late as ramps and lead times allow.

    Parameters
    ----------
    needs
        What is short.
    curves
        Ramp of each role, from the first month served on, 1 at last.
    attrition
        Share who leave in a month served, of each role, shape ``(R,)``.
    earliest
        First month in which a hire of each role can start, below 0 where it is before the plan;
        ``None``: none can be hired.
    ahead
        Months of the plan, H.
    strict
        Whether each month is to be met in which a hire can help at all, by people still in ramp
        too; else the months from which hires can have ramped.
    most
        Hires of a role that can start in one month.

    Notes
    -----
    Integer programmes, one after the other, each held to what the ones before have reached: least
    shortfall of the months that are to be met (as a share of what is asked), fewest hires, least
    shortfall of the other months, and latest starts (fewest months of service within the plan).
    Where hires cannot ramp within the plan, the last month is to be met by them as if they had.
    """
    firsts = [one for one in earliest if one is not None and one < ahead]
    starts = np.arange(min(firsts, default=0), ahead)
    cells = [
        (role, int(start))
        for role, first in enumerate(earliest)
        for start in starts
        if first is not None and start >= first
    ]
    nobody = np.zeros((len(curves), len(starts)), np.int64)
    shares = {
        ramped: np.array(
            [
                grown(np.ones(1) if ramped else curves[role], attrition[role], start, ahead)
                for role, start in cells
            ]
        ).reshape(len(cells), ahead)
        for ramped in (False, True)
    }
    rows = [
        _Rows.of(need, cells, shares, _ramped_from(need, curves, earliest), strict=strict)
        for need in needs
    ]
    must, may = ([one for of in rows for one in getattr(of, name)] for name in ("must", "may"))
    if not cells or not must:
        return Hiring(starts=starts, hires=nobody, complete=True)
    solver = _Programme([*must, *may], len(cells), np.inf if most is None else float(most))
    each = np.ones(len(cells))
    late = np.array([ahead - start for _, start in cells], float)
    first_short = np.concatenate([np.ones(len(must)), np.zeros(len(may))])
    found = solver.least_short(first_short)
    found = solver.least_hires(each, found)
    if may:
        found = solver.least_short(1 - first_short, found)
    found = solver.least_hires(late, found)
    if found is not None:
        for (role, start), number in zip(cells, np.round(found), strict=True):
            nobody[role, start - starts[0]] = int(number)
    return Hiring(starts=starts, hires=nobody, complete=solver.complete)


def _ramped_from(need: Need, curves: Sequence[FloatArray], earliest: Sequence[int | None]) -> int:
    """Return the first month in which hires who add to a need can have ramped."""
    found = [
        max(first + len(curves[role]) - 1, 0)
        for role, first in enumerate(earliest)
        if first is not None and need.each[role].any()
    ]
    return min(found, default=0)


@dataclass(frozen=True, eq=False, kw_only=True)
class _Rows:
    """What each hire adds to each month that is short, and how short it is, as shares."""

    must: list[tuple[FloatArray, float]]
    may: list[tuple[FloatArray, float]]

    @classmethod
    def of(
        cls,
        need: Need,
        cells: Sequence[tuple[int, int]],
        shares: Mapping[bool, FloatArray],
        ramped_from: int,
        *,
        strict: bool,
    ) -> _Rows:
        """Return the months that are to be met, and the others that are short."""
        ahead = len(need.short)
        scale = np.maximum(need.scale, 1e-300)
        roles = np.array([role for role, _ in cells], np.int64)

        def adds(m: int, *, ramped: bool = False) -> FloatArray:
            found: FloatArray = shares[ramped][:, m] * need.each[roles, m] / scale[m]
            return found

        short = [m for m in range(ahead) if need.short[m] > _SLACK * scale[m]]
        must = [
            (adds(m), float(need.short[m] / scale[m])) for m in short if strict or m >= ramped_from
        ]
        may = [
            (adds(m), float(need.short[m] / scale[m]))
            for m in short
            if not strict and m < ramped_from
        ]
        last = ahead - 1
        if not strict and ramped_from >= ahead and last in short:
            must.append((adds(last, ramped=True), float(need.short[last] / scale[last])))
        return cls(must=must, may=may)


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
        self.complete = True

    def least_short(
        self, weights: FloatArray, before: FloatArray | None = None
    ) -> FloatArray | None:
        """Return hires of the least shortfall, and hold it from now on."""
        cost = np.concatenate([np.zeros(self._cells), weights])
        found = self._least(cost)
        if found is None:
            return before
        self._hold(cost, float(cost @ found) + _SLACK)
        return found[: self._cells]

    def least_hires(self, weights: FloatArray, before: FloatArray | None) -> FloatArray | None:
        """Return hires of the least weighted number, and hold it from now on."""
        cost = np.concatenate([weights, np.zeros(len(self._whole) - self._cells)])
        found = self._least(cost)
        if found is None:
            return before
        hires = np.round(found[: self._cells])
        self._hold(cost, float(weights @ hires) + 0.5)
        return hires

    def _least(self, cost: FloatArray) -> FloatArray | None:
        """Return the solution of least cost; ``None`` where a limit of time came first."""
        found = optimize.milp(
            cost,
            integrality=self._whole,
            bounds=optimize.Bounds(0.0, self._most),
            constraints=optimize.LinearConstraint(
                np.vstack(self._matrix), np.concatenate(self._low), np.concatenate(self._high)
            ),
            options={"mip_rel_gap": 0.0, "time_limit": _SECONDS},
        )
        self.complete = self.complete and found.status == 0
        return None if found.x is None else np.asarray(found.x, np.float64)

    def _hold(self, cost: FloatArray, most: float) -> None:
        self._matrix.append(cost[None, :])
        self._low.append(np.array([-np.inf]))
        self._high.append(np.array([most]))
