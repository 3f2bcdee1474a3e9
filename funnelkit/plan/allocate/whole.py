"""Whole leads that are as sure as asked, next to a plan in parts of leads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from funnelkit.plan.allocate.certainty import Certainty
from funnelkit.plan.allocate.program import Cuts, Program

FloatArray = NDArray[np.float64]
_MOST_TRIES, _MANY_TRIES = 8, 40
_FEW = 12
_MOST_MOVES = 20


def whole_leads(
    program: Program, certainty: Certainty, leads: FloatArray, *, wide: bool = False
) -> FloatArray | None:
    """Return whole leads, flat, cheap, within all limits, each target as sure as asked.

    Parameters
    ----------
    program, certainty
        Of the plan.
    leads
        In parts, flat, just sure enough.
    wide
        Whether to look further than next to the plan, which pays where leads are few.

    Returns
    -------
    ndarray or None
        ``None`` where no whole leads near these keep all limits.

    Notes
    -----
    A small integer program over the numbers next to the plan, with the plane of each target at
    the plan; where its answer falls short of a target, the plane of that answer joins in. Then
    leads that are not needed go, one by one.
    """
    for width in (np.inf,) if wide else (1.0, 3.0, np.inf):
        reach = np.maximum(width, 0.02 * leads) if width > 1 else np.full(len(leads), width)
        box = np.stack([np.floor(leads) - reach + 1, np.ceil(leads) + reach - 1], axis=1)
        box[:, 0] = np.maximum(box[:, 0], 0.0)
        found = _found(program, certainty, leads, box, wide=wide)
        if found is not None:
            return _trimmed(program, certainty, found)
    return None


def _found(
    program: Program, certainty: Certainty, leads: FloatArray, box: FloatArray, *, wide: bool
) -> FloatArray | None:
    """Return whole leads in a box that are sure enough, or ``None``."""
    cuts = Cuts(np.zeros((0, program.leads)), np.zeros(0))
    margins = certainty.margins(leads)
    for place in np.flatnonzero(margins < 1.0):
        cuts = _with_plane(cuts, certainty, leads, int(place), float(margins[place]))
    tries = _MANY_TRIES if wide else _MOST_TRIES
    for turn in range(tries):
        found = program.whole(cuts=cuts, box=box, gap=1e-6 if wide else 1e-4)
        if found is None:
            return None
        margins = certainty.margins(found)
        if margins.min() >= 0:
            return found
        for place in np.flatnonzero(margins < 0):
            # after some turns a little beyond the edge, so as not to creep along it
            own = float(margins[place]) * (1.05 if turn > tries // 2 else 1.0) - 1e-9
            cuts = _with_plane(cuts, certainty, found, int(place), own)
    return None


def _with_plane(
    cuts: Cuts, certainty: Certainty, at: FloatArray, place: int, margin: float
) -> Cuts:
    """Return cuts with the plane of a target at a point."""
    slope = certainty.slope(at, place)
    size = float(np.abs(slope).max()) or 1.0
    return cuts.with_one(slope / size, (float(slope @ at) - margin) / size)


def _trimmed(program: Program, certainty: Certainty, leads: FloatArray) -> FloatArray:
    """Return the same with leads gone, or exchanged where there are few places, while it pays."""
    moves: list[tuple[int, int | None]] = [(k, None) for k in range(program.leads)]
    if program.leads <= _FEW:
        moves += [(k, j) for k in range(program.leads) for j in range(program.leads) if j != k]
    for _ in range(_MOST_MOVES):
        step = _better(program, certainty, leads, moves)
        if step is None:
            break
        leads = step
    return leads


def _better(
    program: Program,
    certainty: Certainty,
    leads: FloatArray,
    moves: list[tuple[int, int | None]],
) -> FloatArray | None:
    """Return the first cheaper plan by one lead that is sure enough, or ``None``."""
    net = program.net(leads)
    floors = np.ceil(program.bounds()[: program.leads, 0] - 1e-9)
    margins = certainty.margins(leads)
    slopes = np.array([certainty.slope(leads, k) for k in range(len(certainty.rules))])
    for taken, given in moves:
        change = -slopes[:, taken] if given is None else slopes[:, given] - slopes[:, taken]
        near = float((margins + change).min())
        if leads[taken] - 1 < floors[taken] or near < -0.05 * float(np.abs(change).max()) - 1e-4:
            continue
        step = leads.copy()
        step[taken] -= 1
        if given is not None:
            step[given] += 1
        cheaper = program.net(step) < net - 1e-9 * abs(net)
        if cheaper and _allowed(program, step) and certainty.margin(step) >= 0:
            return step
    return None


def _allowed(program: Program, leads: FloatArray) -> bool:
    """Return whether leads keep all limits."""
    bounds = program.bounds()[: program.leads]
    within = (leads >= bounds[:, 0] - 1e-9) & (leads <= bounds[:, 1] + 1e-9)
    return bool(within.all()) and not program.broken(leads)
