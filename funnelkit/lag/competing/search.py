"""The search for the most likely latencies of competing outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from funnelkit.lag.competing.likelihood import CompetingLikelihood
from funnelkit.lag.competing.solution import CompetingSolution
from funnelkit.lag.cure.latency import Family
from funnelkit.lag.cure.likelihood import Cells, Likelihood
from funnelkit.lag.cure.search import ACCURATE, Box, Top, best, climb, polished, starts_from

FloatArray = NDArray[np.float64]
_REACH = 18.0
"""The log scale may exceed that of the longest time by this, e^18 = 6.6e7."""
_SHIFTS = (0.0, 1.0, -1.0)
"""From where the latencies of one segment are looked for, about the pooled log scales."""


def solved(
    likelihood: CompetingLikelihood,
    parts: Sequence[CompetingLikelihood],
    *,
    days: FloatArray,
    climbs: int,
) -> CompetingSolution:
    """Return the top of a likelihood.

    Parameters
    ----------
    likelihood
        What to maximise.
    parts
        The same of the leads behind each latency alone; one where all share it.
    days
        Time at the middle of each column, in days.
    climbs
        From how many starts to climb.

    Notes
    -----
    First one latency for each outcome; where segments have their own, each segment from there,
    and at last all together.
    """
    whole = pooled(likelihood)
    boxes = [_box(family, days) for family in likelihood.families]
    box = _joined(boxes)
    top = _settled(whole, best(whole, _points(whole, boxes, days), box, climbs=climbs), box)
    if len(parts) == 1:
        return CompetingSolution(likelihood=whole, box=box, top=top)
    used = likelihood.used
    theta, inverse = np.zeros(used.shape), np.zeros((used.sum(), used.sum()))
    lower, upper = np.zeros(used.shape), np.zeros(used.shape)
    fewest = len(_SHIFTS)
    place = np.cumsum(used).reshape(used.shape) - 1
    for k, part in enumerate(parts):
        mine = slice(k, None, len(parts))
        guess = np.eye(len(top.theta)) / max(float(part.converted.sum()), 1.0)
        shifts = [_shifted(part, top.theta, by) for by in _SHIFTS]
        tops = [climb(part.value, start, box, guess) for start in shifts]
        found = tops[int(np.argmax([one.value for one in tops]))]
        fewest = min(fewest, sum(one.value > found.value - 0.01 for one in tops))
        theta[mine] = part.spread(found.theta)
        lower[mine], upper[mine] = part.spread(box.lower), part.spread(box.upper)
        where = place[mine][used[mine]]
        inverse[np.ix_(where, where)] = found.inverse
    joint = Box(lower[used], upper[used])
    together = polished(likelihood, climb(likelihood.value, theta[used], joint, inverse), joint)
    return CompetingSolution(
        likelihood=likelihood,
        box=joint,
        top=replace(together, n_starts=len(_SHIFTS), n_agreeing=fewest),
    )


def _settled(likelihood: CompetingLikelihood, top: Top, box: Box) -> Top:
    """Return a top, climbed once more where the search ended short of it."""
    if top.slope(box) < ACCURATE:
        return top
    higher = climb(likelihood.value, top.theta, box, top.inverse, close=1e-13)
    higher = polished(likelihood, higher, box)
    return replace(higher, n_starts=top.n_starts, n_agreeing=top.n_agreeing)


def pooled(likelihood: CompetingLikelihood) -> CompetingLikelihood:
    """Return the likelihood with one latency for each outcome."""
    n_outcomes = len(likelihood.families)
    each = len(likelihood.dated) // n_outcomes

    def total(rows: FloatArray) -> FloatArray:
        return np.asarray(rows.reshape(n_outcomes, each, -1).sum(axis=1))

    cells = likelihood.cells
    return replace(
        likelihood,
        dated=total(likelihood.dated),
        undated=total(likelihood.undated),
        cells=cells._replace(latency=cells.latency // each),
    )


def _points(
    likelihood: CompetingLikelihood, boxes: Sequence[Box], days: FloatArray
) -> list[FloatArray]:
    """Return points to begin from: each outcome's own fit, and what lies about it."""
    grids, tops = [], []
    for a in range(len(likelihood.families)):
        came = likelihood.dated[a] + likelihood.undated[a]
        alone = _alone(likelihood, a)
        grids.append(starts_from(alone, days[came > 0], came[came > 0]))
        if len(likelihood.families) > 1:
            tops.append(best(alone, grids[a], boxes[a], climbs=1).theta)
    if len(grids) == 1:
        return grids[0]
    longest = max(len(grid) for grid in grids)
    points = [np.concatenate(tops)]
    points += [
        np.concatenate([grid[j * len(grid) // longest] for grid in grids]) for j in range(longest)
    ]
    for a, grid in enumerate(grids):
        points += [np.concatenate([*tops[:a], point, *tops[a + 1 :]]) for point in grid]
    return points


def _alone(likelihood: CompetingLikelihood, outcome: int) -> Likelihood:
    """Return a likelihood of one outcome beside those still undecided, all groups as one."""
    cells, size = likelihood.cells, likelihood.n_outcomes
    weight: FloatArray = np.zeros(likelihood.dated.shape[1])
    np.add.at(weight, cells.column[::size], cells.weight[::size])
    columns = np.flatnonzero(weight)
    none = np.zeros_like(columns)
    came = likelihood.dated[[outcome]] + likelihood.undated[[outcome]]
    return Likelihood(
        family=likelihood.families[outcome],
        clock=likelihood.clock,
        converted=np.array([came.sum()]),
        dated=likelihood.dated[[outcome]],
        undated=likelihood.undated[[outcome]],
        cells=Cells(none, none, columns, weight[columns]),
    )


def _box(family: Family, days: FloatArray) -> Box:
    """Return where the parameters of one latency are looked for."""
    return Box(
        np.array([np.log(max(float(days.min()), 1e-300)) - 8.0, *family.lower]),
        np.array([np.log(float(days.max())) + _REACH, *family.upper]),
    )


def _joined(boxes: Sequence[Box]) -> Box:
    """Return the box of several latencies in a row."""
    return Box(
        np.concatenate([box.lower for box in boxes]), np.concatenate([box.upper for box in boxes])
    )


def _shifted(likelihood: CompetingLikelihood, theta: FloatArray, by: float) -> FloatArray:
    """Return latency parameters with other log scales."""
    moved = likelihood.spread(theta)
    moved[:, 0] += by
    return np.asarray(moved[likelihood.used])
