"""The limits of a plan, read from what a planner says, with every problem at once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import unknown
from funnelkit.plan.allocate.by_month import Reader
from funnelkit.plan.allocate.limits import Budget, Limits, Load, Ramp
from funnelkit.plan.backward.stages import stage_entries

if TYPE_CHECKING:
    from funnelkit.plan.basis.assumptions import Assumptions

FloatArray = NDArray[np.float64]
Steps = tuple[tuple[float, float], ...]
_PART = 1e-9
"""Leads are whole: so are the least and the most of them, but for rounding."""


class Asked(NamedTuple):
    """Limits as a planner gives them; see :func:`funnelkit.plan.optimise`."""

    costs: Any = None
    cost_steps: Any = None
    ceilings: Any = None
    floors: Any = None
    ramp: Any = None
    budget: Any = None
    capacity: Any = None


def limits_of(assumptions: Assumptions, asked: Asked, problems: list[str]) -> Limits:
    """Return the limits as numbers; what is wrong with them is added to the problems."""
    names = tuple(one.name for one in assumptions.channels)
    reader = Reader(names, assumptions.periods, problems)
    ceilings = reader.grid("ceilings", asked.ceilings, default=math.inf)
    floors = reader.grid("floors", asked.floors, default=0.0)
    steps, most = _steps(reader, assumptions, asked)
    ceilings = np.minimum(ceilings, most[:, None])
    _compare(reader, floors, ceilings)
    floors, ceilings = np.ceil(floors - _PART) + 0.0, np.floor(ceilings + _PART)
    return Limits(
        channels=names,
        periods=assumptions.periods,
        floors=np.minimum(floors, ceilings),
        ceilings=ceilings,
        steps=steps,
        ramps=_ramps(reader, asked.ramp),
        budgets=_budgets(reader, asked.budget),
        loads=_loads(reader, assumptions, asked.capacity),
        course=_course(assumptions, ceilings),
    )


def _compare(reader: Reader, floors: FloatArray, ceilings: FloatArray) -> None:
    """Name the floors above their ceilings, by channel."""
    for place, name in enumerate(reader.channels):
        over = np.flatnonzero(floors[place] > ceilings[place])
        if len(over):
            shown = reader.listed(
                f"{floors[place, k]:,.10g} above {ceilings[place, k]:,.10g} in "
                f"{period_label(reader.periods[k])}"
                for k in over.tolist()
            )
            reader.problems.append(
                f"`floors` of {display.one_line(name)!r} lie above its ceilings: {shown}. Lower "
                "the floor or raise the ceiling."
            )


def _steps(
    reader: Reader, assumptions: Assumptions, asked: Asked
) -> tuple[tuple[Steps, ...], FloatArray]:
    """Return the steps of cost of each channel, and the most leads that they speak of."""
    costs = _costs(reader, assumptions, asked.costs)
    found: list[Steps] = [((math.inf, float(cost)),) for cost in costs]
    most = np.full(len(costs), math.inf)
    stepped: set[int] = set()
    if asked.cost_steps is not None and not isinstance(asked.cost_steps, Mapping):
        reader.problems.append(
            "`cost_steps` must map channels to steps such as [(500, 90), (None, 120)]; got "
            f"{asked.cost_steps!r:.60}."
        )
    elif asked.cost_steps is not None:
        for name, given in asked.cost_steps.items():
            place = reader.channel("cost_steps", name)
            if place is None:
                continue
            stepped.add(place)
            read = _stairs(reader, display.one_line(str(name)), given)
            if read:
                most[place] = read[-1][0]
                found[place] = (*read[:-1], (math.inf, read[-1][1]))
    unpriced = [
        name for k, name in enumerate(reader.channels) if math.isnan(costs[k]) and k not in stepped
    ]
    if unpriced:
        shown = display.listed([repr(display.one_line(name)) for name in unpriced[:5]])
        reader.problems.append(
            f"The cost of a lead is not known for {display.plural(len(unpriced), 'channel')}: "
            f"{shown}. Give `costs={{{unpriced[0]!r}: …}}`; a cost of 1 for every channel finds "
            "the fewest leads."
        )
    clean = tuple(((math.inf, 1.0),) if math.isnan(one[0][1]) else one for one in found)
    return clean, most


def _costs(reader: Reader, assumptions: Assumptions, given: Any) -> FloatArray:
    """Return the cost of a lead of each channel, shape ``(C,)``; NaN where it is not known."""
    costs = assumptions.costs.copy()
    if given is None:
        return costs
    if not isinstance(given, Mapping):
        reader.problems.append(
            f"`costs` must map channels to the cost of a lead; got {given!r:.60}."
        )
        return costs
    for name, cost in given.items():
        place = reader.channel("costs", name)
        if place is not None and _money(reader, f"`costs` of {str(name)!r:.60}", cost):
            costs[place] = float(cost)
    return costs


def _money(reader: Reader, what: str, cost: Any) -> bool:
    """Return whether a cost can be one; if not, say so."""
    known = isinstance(cost, (int, float, np.integer, np.floating)) and not isinstance(cost, bool)
    if known and math.isfinite(cost) and cost >= 0:
        return True
    reader.problems.append(f"{what} must be a number of at least 0; got {cost!r:.40}.")
    return False


def _stairs(reader: Reader, name: str, given: Any) -> Steps:
    """Return steps of rising cost, or nothing where they cannot be."""
    what = f"`cost_steps` of {name!r}"
    try:
        pairs = [(math.inf if up_to is None else float(up_to), cost) for up_to, cost in given]
    except (TypeError, ValueError):
        pairs = []
    if not pairs:
        reader.problems.append(
            f"{what} must be pairs of 'up to this many leads a month' and the cost of each, such "
            f"as [(500, 90), (None, 120)]; got {given!r:.60}."
        )
        return ()
    if not all(_money(reader, f"{what}: a cost", cost) for _, cost in pairs):
        return ()
    ends = [up_to for up_to, _ in pairs]
    costs = [float(cost) for _, cost in pairs]
    if not ends[0] > 0 or any(not a < b for a, b in itertools.pairwise(ends)):
        reader.problems.append(f"{what}: the numbers of leads must rise from above 0; got {ends}.")
        return ()
    if any(a > b for a, b in itertools.pairwise(costs)):
        reader.problems.append(
            f"{what}: cost must not fall with volume; got {costs}. Discounts for volume make a "
            "plan that is best at one end or the other: compare plans with floors instead."
        )
        return ()
    return tuple(zip(ends, costs, strict=True))


def _ramps(reader: Reader, given: Any) -> dict[int, Ramp]:
    """Return the limits on growth by place of the channel."""
    if given is None:
        return {}
    by_name = given if isinstance(given, Mapping) else dict.fromkeys(reader.channels, given)
    found = {}
    for name, one in by_name.items():
        place = reader.channel("ramp", name)
        if place is None or one is None:
            continue
        known = isinstance(one, (int, float, np.integer, np.floating)) and not isinstance(one, bool)
        if isinstance(one, Ramp):
            found[place] = one
        elif known and math.isfinite(one) and one >= 0:
            found[place] = Ramp(growth=float(one))
        else:
            reader.problems.append(
                f"`ramp` of {display.one_line(str(name))!r} must be the share by which a month may "
                f"be above the one before (0.25: a quarter more), or a Ramp; got {one!r:.60}."
            )
    return found


def _budgets(reader: Reader, given: Any) -> tuple[Budget, ...]:
    """Return what may be spent in some months together."""
    size = len(reader.periods)
    if given is None:
        return ()
    if isinstance(given, Mapping) or hasattr(given, "items"):
        found = []
        for key, amount in given.items():
            places = list(range(size)) if key == "total" else reader.covered("`budget`", key)
            if places is None or not _money(reader, f"`budget` of {key!s:.20}", amount):
                continue
            months = np.zeros(size)
            months[places] = 1
            label = "all months" if key == "total" else str(key)
            found.append(Budget(label, months, float(amount)))
        return tuple(found)
    if isinstance(given, (int, float, np.integer, np.floating)):
        if not _money(reader, "`budget`", given):
            return ()
        return (Budget("all months", np.ones(size), float(given)),)
    amounts = reader.months("`budget`", given, default=math.inf)
    return tuple(
        Budget(period_label(reader.periods[k]), np.eye(size)[k], float(amounts[k]))
        for k in range(size)
        if math.isfinite(amounts[k])
    )


def _loads(reader: Reader, assumptions: Assumptions, given: Any) -> tuple[Load, ...]:
    """Return what people can carry, by stage, in deals or in money."""
    if given is None:
        return ()
    stages = assumptions.stages
    if hasattr(given, "deals_at_most") or hasattr(given, "value_at_most"):
        wanted = {
            "deals": getattr(given, "deals_at_most", None),
            "value": getattr(given, "value_at_most", None),
            stages[0]: getattr(given, "leads_at_most", None),
        }
        months = getattr(given, "periods", None)
        if months is not None and list(months) != list(reader.periods):
            reader.problems.append(
                f"`capacity` is of {period_label(months[0])} to {period_label(months[-1])}, and "
                f"the plan of {reader.span}: give one for the months of the plan."
            )
            return ()
    elif isinstance(given, Mapping):
        wanted = dict(given)
    else:
        wanted = {"deals": given}
    found = []
    for what, values in wanted.items():
        if values is None:
            continue
        known = ("deals", "value", *stages)
        if what not in known:
            said = unknown("stage", display.one_line(str(what)), known)
            reader.problems.append(f"`capacity`: {said}")
            continue
        most = reader.months(f"`capacity` of {what}", values, default=math.inf)
        of_lead, already = _carried(assumptions, what)
        found.append(Load(str(what), of_lead, already, most))
    return tuple(found)


def _carried(assumptions: Assumptions, what: str) -> tuple[FloatArray, FloatArray]:
    """Return what a lead brings by month, ``(H, C * H)``, and what comes anyway, ``(H,)``."""
    months = len(assumptions.periods)
    streams = (assumptions.in_flight, assumptions.direct)
    if what in {"deals", "value", assumptions.stages[-1]}:
        of_lead = assumptions.yields
        if what == "value":
            of_lead = of_lead * assumptions.sizes[:, None, None]
            already = sum(one.value.mean(axis=0) for one in streams)
        else:
            already = sum(one.deals.mean(axis=0) for one in streams)
    else:
        of_lead = np.zeros((len(assumptions.channels), months, months))
        for month, one in enumerate(np.eye(months)):
            leads = np.tile(one, (len(assumptions.channels), 1))
            of_lead[:, month] = stage_entries(assumptions, leads)[what]
        already = sum(np.asarray(one.reach.get(what, np.zeros(months)), float) for one in streams)
    return of_lead.transpose(2, 0, 1).reshape(months, -1), np.asarray(already, float)


def _course(assumptions: Assumptions, ceilings: FloatArray) -> FloatArray:
    """Return the course of an even year by channel: by the season, as far as ceilings follow."""
    channels, months = ceilings.shape
    season = np.ones(months) if assumptions.season is None else np.asarray(assumptions.season)
    course = np.tile(season / max(float(season.mean()), 1e-9), (channels, 1))
    for own, most in zip(course, ceilings, strict=True):
        if np.isfinite(most).all():
            own[:] = np.minimum(own, most / max(float(most.mean()), 1e-9))
        else:
            own[most == 0] = 0.0
    return course
