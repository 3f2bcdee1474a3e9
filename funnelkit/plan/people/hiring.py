"""The fewest hires that meet demand, as late as ramps and lead times allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.result import frozen
from funnelkit.plan.people.programme import Need, fewest, rows_of

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


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
    latest: bool = True,
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
    latest
        Whether the latest starts are looked for, beside the fewest hires.

    Notes
    -----
    Integer programmes, one after the other, each held to what the ones before have reached: least
    shortfall of the months that are to be met (as a share of what is asked), fewest hires, least
    shortfall of the other months, and latest starts (fewest months of service within the plan).
    Where hires cannot ramp within the plan, the last month is to be met by them as if they had.
    Roles that share no need are solved apart. The search ends after a number of steps rather than
    a time, so that it finds the same everywhere; where the latest starts are not proven by then,
    the best that were found are taken.
    """
    firsts = [one for one in earliest if one is not None and one < ahead]
    starts = np.arange(min(firsts, default=0), ahead)
    hires = np.zeros((len(curves), len(starts)), np.int64)
    complete = True
    for roles, own in _apart(needs, earliest):
        cells = [
            (role, int(start))
            for role in roles
            for start in starts
            if (first := earliest[role]) is not None and start >= first
        ]
        shares = {
            ramped: np.array(
                [
                    grown(np.ones(1) if ramped else curves[role], attrition[role], start, ahead)
                    for role, start in cells
                ]
            ).reshape(len(cells), ahead)
            for ramped in (False, True)
        }
        must, may = [], []
        for need in own:
            begin = _ramped_from(need, curves, earliest)
            rows = rows_of(need, cells, shares, begin, strict=strict)
            must += rows[0]
            may += rows[1]
        if cells and must:
            late = np.array([ahead - start for _, start in cells], float) if latest else None
            found, proven = fewest(must, may, late, most=most)
            complete = complete and proven
            for (role, start), number in zip(cells, found, strict=True):
                hires[role, start - starts[0]] = int(number)
    return Hiring(starts=starts, hires=hires, complete=complete)


def _apart(
    needs: Sequence[Need], earliest: Sequence[int | None]
) -> list[tuple[list[int], list[Need]]]:
    """Return roles that share needs, with these, so that each lot can be solved by itself."""
    lots: list[tuple[set[int], list[Need]]] = []
    for need in needs:
        roles = {
            role
            for role, first in enumerate(earliest)
            if first is not None and need.each[role].any()
        }
        joined: tuple[set[int], list[Need]] = (roles, [need])
        rest = []
        for one in lots:
            if one[0] & joined[0]:
                joined = (one[0] | joined[0], [*one[1], *joined[1]])
            else:
                rest.append(one)
        lots = [*rest, joined] if roles else rest
    return [(sorted(roles), own) for roles, own in lots]


def _ramped_from(need: Need, curves: Sequence[FloatArray], earliest: Sequence[int | None]) -> int:
    """Return the first month in which hires who add to a need can have ramped."""
    found = [
        max(first + len(curves[role]) - 1, 0)
        for role, first in enumerate(earliest)
        if first is not None and need.each[role].any()
    ]
    return min(found, default=0)
