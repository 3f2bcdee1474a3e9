"""Plans that are surer than asked, and the surest there is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit.plan.allocate.certainty import Certainty
from funnelkit.plan.allocate.program import Cuts, Program

FloatArray = NDArray[np.float64]
_CLEAR = 0.05
_FACTORS = (1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
_MOST_STEPS = 40


def on_average(program: Program, certainty: Certainty, factor: float = 1.0) -> FloatArray | None:
    """Return the cheapest leads whose mean is each target times a factor, flat."""
    slopes, levels = [], []
    for rule in certainty.rules:
        slope = certainty.mean_slopes[rule.until - 1]
        scale = float(np.abs(slope).max())
        if scale == 0:
            return None
        base = certainty.expected(np.zeros(program.leads), rule.until)
        slopes.append(slope / scale)
        levels.append((rule.target * factor - base) / scale)
    found = program.solve(cuts=Cuts(np.array(slopes), np.array(levels)))
    return None if found.x is None else found.x[: program.leads]


def inside(program: Program, certainty: Certainty) -> FloatArray | None:
    """Return leads within the limits that are surer than asked; ``None`` where there are none."""
    best, margin = None, -np.inf
    for factor in _FACTORS:
        leads = on_average(program, certainty, factor)
        if leads is None:
            break
        margin = certainty.margin(leads)
        best = leads
        if margin >= _CLEAR:
            return leads
    surest, margin = most_certain(program, certainty, start=best)
    return surest if margin >= 0 else None


def most_certain(
    program: Program,
    certainty: Certainty,
    *,
    start: FloatArray | None = None,
    enough: float = 0.3,
) -> tuple[FloatArray, float]:
    """Return the surest leads within the limits, and their margin.

    Notes
    -----
    Steps along the slope of the least margin, each a linear program in a box that shrinks when a
    step fails; it stops where the margin is ``enough``. Leads never take deals away, so that
    without limits on sums all ceilings are the surest plan, and the first step finds it.
    """
    mean = np.zeros(program.size)
    mean[: program.leads] = -certainty.mean_slopes[-1]
    bounds = program.bounds()[: program.leads]
    if np.isfinite(bounds[:, 1]).all():
        found = program.solve(objective=mean - 1e-9 * mean.min() * (program.objective > 0))
        if found.x is not None:
            most = found.x[: program.leads]
            if start is None or certainty.margin(most) > certainty.margin(start):
                start = most
    if start is None:
        found = program.solve()
        start = bounds[:, 0] if found.x is None else found.x[: program.leads]
    leads, margin, reach = start, certainty.margin(start), 0.5
    for _ in range(_MOST_STEPS):
        if margin >= enough:
            break
        step = _step(program, certainty, leads, reach)
        if step is None:
            break
        gained = certainty.margin(step) - margin
        if gained > 1e-5:
            leads, margin = step, margin + gained
        else:
            reach /= 3
            if reach < 1e-3:
                break
    return leads, margin


def _step(
    program: Program, certainty: Certainty, leads: FloatArray, reach: float
) -> FloatArray | None:
    """Return leads in a box with a larger least margin, or ``None``."""
    margins = certainty.margins(leads)
    worst = int(np.argmin(margins))
    slope = certainty.slope(leads, worst)
    size = float(np.abs(slope).max())
    if size == 0:
        return None
    scale = max(float(leads.mean()), 1.0)
    bounds = program.bounds()[: program.leads]
    ends = np.where(np.isfinite(bounds[:, 1]), bounds[:, 1], np.maximum(2 * leads, scale))
    width = reach * np.maximum(ends, scale)
    box = np.stack([leads - width, leads + width], axis=1)
    slopes, levels = [], []
    for place, own in enumerate(margins):
        if place != worst and own < 2.0:
            other = certainty.slope(leads, place)
            high = float(np.abs(other).max()) or 1.0
            slopes.append(other / high)
            levels.append((float(other @ leads) - 0.5 * (own - margins[worst])) / high)
    objective = np.zeros(program.size)
    objective[: program.leads] = -slope / size
    cuts = Cuts(np.array(slopes), np.array(levels)) if slopes else None
    found = program.solve(objective=objective, cuts=cuts, box=box)
    if found.x is None or float(slope @ (found.x[: program.leads] - leads)) < 1e-5:
        return None
    return found.x[: program.leads]


def chance_of(margin: float, probability: float) -> float:
    """Return the chance that a margin means, over what is asked."""
    return float(special.ndtr(margin + special.ndtri(probability)))
