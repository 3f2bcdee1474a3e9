"""The cheapest plan that is sure enough: supporting planes of the chance, one after another."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from funnelkit.plan.allocate.certainty import Certainty
from funnelkit.plan.allocate.program import Cuts, Found, Program

FloatArray = NDArray[np.float64]
_EDGE = 2e-5
"""How far within the edge of what is sure enough a plan on it may lie, in standard normals."""
_NEAR = 2e-3
"""The same on the way there."""
_GAP = 2e-4
_MOST_PLANES = 150
_MOST_STEPS = 25


@dataclass(frozen=True, eq=False, kw_only=True)
class Solved:
    """Leads as cheap as they were found, before they are whole.

    Parameters
    ----------
    leads
        Flat, by channel and then month.
    net
        What was made least.
    bound
        No plan is cheaper than this by the planes.
    finished
        Whether the gap closed; else a limit stopped the search.
    planes
        How many were needed.
    last
        The linear program at the end, with its prices.
    prices
        What one more standard normal of certainty costs, by target, shape ``(K,)``.
    """

    leads: FloatArray
    net: float
    bound: float
    finished: bool
    planes: int
    last: Found
    prices: FloatArray

    @property
    def gap(self) -> float:
        """How far above the bound, as a share."""
        return max(self.net - self.bound, 0.0) / max(abs(self.net), 1e-9)


@dataclass
class _Planes:
    """Planes so far, and the targets they are of."""

    cuts: Cuts
    rules: list[int] = field(default_factory=list)
    sizes: list[float] = field(default_factory=list)

    def add(self, certainty: Certainty, at: FloatArray, place: int, margin: float) -> None:
        """Add the plane of a target at a point where its margin is known."""
        slope = certainty.slope(at, place)
        size = float(np.abs(slope).max())
        if size > 0:
            self.cuts = self.cuts.with_one(slope / size, (float(slope @ at) - margin) / size)
            self.rules.append(place)
            self.sizes.append(size)

    def prices(self, found: Found, count: int) -> FloatArray:
        """Return what one more standard normal of certainty costs, by target."""
        prices = np.zeros(count)
        for place, size, price in zip(self.rules, self.sizes, found.cuts, strict=False):
            prices[place] -= price / size
        return prices


def edge(
    certainty: Certainty,
    inside: FloatArray,
    outside: FloatArray,
    *,
    width: float = _EDGE,
    place: int | None = None,
) -> FloatArray:
    """Return the point between two plans that is just sure enough, by regula falsi (Illinois).

    Its margin, that of one target or the least of all, is from 0 to ``width``.
    """

    def margin(leads: FloatArray) -> float:
        return certainty.margin_of(leads, place) if place is not None else certainty.margin(leads)

    low, high = 0.0, 1.0
    at_low, at_high = margin(inside), margin(outside)
    if at_low <= width:
        return inside
    best, kept = 0.0, 0
    for _ in range(40):
        share = low + (high - low) * (at_low - width / 2) / (at_low - at_high)
        share = min(max(share, low + 1e-3 * (high - low)), high - 1e-3 * (high - low))
        found = margin(inside + share * (outside - inside))
        if found >= 0:
            best = share
            if found <= width:
                break
            low, at_low = share, found
            at_high = at_high / 2 if kept > 0 else at_high
            kept = 1
        else:
            high, at_high = share, found
            at_low = (at_low - width / 2) / 2 + width / 2 if kept < 0 else at_low
            kept = -1
    return inside + best * (outside - inside)


def cheapest(program: Program, certainty: Certainty, inside: FloatArray) -> Solved:
    """Return the cheapest plan that is sure enough, from one that is surer than asked.

    Notes
    -----
    The method of supporting hyperplanes (Veinott 1967): the linear program gives a plan that is
    too cheap to be sure enough; on the way from it to a plan that is surer than asked lies one
    that is just sure enough, and the plane that touches there cuts the former off. Where the set
    of plans that are sure enough is convex, the program's value is a bound from below; chance of
    single deals bends it slightly the other way, so that steps along the edge follow
    (:func:`polished`), and a bound above what they find is lowered to it.

    References
    ----------
    Veinott (1967), The supporting hyperplane method for unimodal programming, Operations Research
    15, 147-152.
    """
    planes = _Planes(Cuts(np.zeros((0, program.leads)), np.zeros(0)))
    best, net = inside, program.net(inside)
    at, bound, last, finished = inside, -np.inf, None, False
    for place in range(len(certainty.rules)):
        point = _scaled_to_edge(certainty, inside, place)
        if not point.any():
            continue
        planes.add(certainty, point, place, float(certainty.margins(point)[place]))
    for _ in range(_MOST_PLANES):
        found = program.solve(cuts=planes.cuts)
        if found.x is None:
            break
        last, bound = found, max(bound, found.value)
        outside = found.x[: program.leads]
        margins = certainty.margins(outside)
        if margins.min() >= -_EDGE / 4:
            best, net, finished = outside, program.net(outside), True
            break
        near = net - bound > 10 * _GAP * max(abs(net), 1e-9)
        width, point = _NEAR if near else _EDGE, outside
        for place in np.flatnonzero(margins < 0).tolist():
            own = edge(certainty, at, outside, width=width, place=place)
            planes.add(certainty, own, place, certainty.margin_of(own, place))
            if np.abs(own - outside).max() >= np.abs(point - outside).max():
                point = own
        cost = program.net(point)
        if cost < net and certainty.margin(point) >= 0:
            best, net = point, cost
        if net - bound <= _GAP * max(abs(net), 1e-9):
            finished = True
            break
        at = point + 0.3 * (inside - point)
    best, net = polished(program, certainty, best, inside)
    final = program.solve(cuts=planes.cuts) if last is None else last
    return Solved(
        leads=best,
        net=net,
        bound=min(bound, net),
        finished=finished,
        planes=len(planes.rules),
        last=final,
        prices=planes.prices(final, len(certainty.rules)),
    )


def polished(
    program: Program, certainty: Certainty, leads: FloatArray, inside: FloatArray
) -> tuple[FloatArray, float]:
    """Return a plan that steps along the edge do not make cheaper, and what it costs.

    Each step is a linear program with the plane of each target at the plan itself, within a box
    that shrinks when a step fails.
    """
    net = program.net(leads)
    reach = 0.05
    scale = np.maximum(leads, max(float(leads.mean()), 1.0))
    for _ in range(_MOST_STEPS):
        planes = _Planes(Cuts(np.zeros((0, program.leads)), np.zeros(0)))
        margins = certainty.margins(leads)
        for place in np.flatnonzero(margins < 1.0):
            planes.add(certainty, leads, int(place), float(margins[place]))
        box = np.stack([leads - reach * scale, leads + reach * scale], axis=1)
        found = program.solve(cuts=planes.cuts, box=box)
        if found.x is None or found.value > net * (1 - 2e-5):
            break
        step = found.x[: program.leads]
        if certainty.margin(step) < 0:
            step = edge(certainty, inside, step)
        cost = program.net(step)
        if cost < net - 1e-6 * abs(net):
            leads, net = step, cost
        else:
            reach /= 4
            if reach < 1e-4:
                break
    return leads, net


def _scaled_to_edge(certainty: Certainty, inside: FloatArray, place: int) -> FloatArray:
    """Return a plan near the edge of one target: fewer of the same leads."""
    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        if certainty.margins(inside * middle)[place] >= 0:
            high = middle
        else:
            low = middle
    return inside * high
