"""`best_for`: the best that a fixed budget can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit._core import display
from funnelkit.plan.allocate import arranging
from funnelkit.plan.allocate.allocation import Allocation
from funnelkit.plan.allocate.allowed import Asked
from funnelkit.plan.allocate.certainty import Certainty, Rule
from funnelkit.plan.allocate.cutting import Solved, cheapest
from funnelkit.plan.allocate.limits import Ramp
from funnelkit.plan.allocate.optimising import Problem, allocated, problem_of
from funnelkit.plan.allocate.prices import Price
from funnelkit.plan.allocate.program import Program
from funnelkit.plan.allocate.relaxing import contradictions
from funnelkit.plan.allocate.surest import inside, most_certain

if TYPE_CHECKING:
    from funnelkit.data.records import Leads
    from funnelkit.model import FunnelModel
    from funnelkit.plan.basis.assumptions import Assumptions
    from funnelkit.plan.goals.targets import Targets

FloatArray = NDArray[np.float64]
_SURE = 0.999
_LEAST = 0.001
_CLOSE = 2e-4
_MOST_ROUNDS = 12
_ROOT = np.sqrt(2 * np.pi)


def best_for(
    budget: Any,
    targets: Targets | float | Mapping[Any, float] | Any,
    model: FunnelModel | Assumptions | Sequence[float] | Mapping[str, Any],
    *,
    ceilings: Any = None,
    floors: Any = None,
    ramp: float | Mapping[str, float | Ramp] | None = None,
    costs: Mapping[str, float] | None = None,
    cost_steps: Mapping[str, Any] | None = None,
    capacity: Any = None,
    steady: float = 0.5,
    in_flight: Leads | None = None,
    horizon: int | None = None,
    value: float | Mapping[str, float] | None = None,
    fiscal_year_start: int = 1,
    rng: np.random.Generator | int = 0,
    **stating: Any,
) -> Allocation:
    """Return the leads that make the targets of all months together as likely as a budget can.

    Parameters
    ----------
    budget
        Most money, as in :func:`optimise`: in all, one number a month, or by period.
    targets, model
        As in :func:`optimise`.
    ceilings, floors, ramp, costs, cost_steps, capacity, steady
        As in :func:`optimise`.
    in_flight, horizon, value, fiscal_year_start, rng, **stating
        As in :func:`optimise`.

    Returns
    -------
    Allocation
        With its chance (``hit``), what is expected (``expected``), and what more money would
        change. Nothing is credited for deals after the horizon. A chance of 99.9 % is the most
        that is sought: what is left of the budget then is not spent.

    Raises
    ------
    ArgumentError
        With every problem of the arguments; if limits contradict each other, the smallest change
        that mends it.

    Notes
    -----
    For a given chance, the least factor on the budget is found as in :func:`optimise`; it is
    convex in the normal quantile of the chance, which Newton's steps move until the factor is 1.

    Examples
    --------
    >>> import funnelkit as fk
    >>> rates = {"search": [0.02], "events": [0.01]}
    >>> simple = fk.plan.stated(rates, horizon=1, n_draws=50)
    >>> found = best_for(
    ...     150_000, 20, simple, costs={"search": 100, "events": 60}, ceilings={"search": 900}
    ... )
    >>> found.leads.tolist(), round(found.hit, 2)
    ([[900.0], [1000.0]], 0.95)
    """
    problem = problem_of(
        targets,
        model,
        probability=0.5,
        interim=None,
        asked=Asked(costs, cost_steps, ceilings, floors, ramp, budget, capacity),
        after_horizon=0.0,
        steady=steady,
        rng=rng,
        about={
            "in_flight": in_flight,
            "horizon": horizon,
            "value": value,
            "fiscal_year_start": fiscal_year_start,
            "stating": stating,
        },
    )
    budgets = problem.limits.budgets
    if not budgets or any(one.amount <= 0 for one in budgets):
        arranging.refuse(["`budget` must be above 0: without money there are no leads."])
    return _spent(problem)


def _spent(problem: Problem) -> Allocation:
    """Return the surest leads within the budgets."""
    program = problem.program()
    arranging.refuse(contradictions(program, problem.speech))
    certainty = problem.certainty
    leads, margin = most_certain(program, certainty, enough=np.inf)
    found = _by_budget(problem, float(special.ndtr(margin)))
    if found is not None and (
        problem.steady > 0 or certainty.margin(found[1].leads) > margin - 1e-4
    ):
        leads = found[1].leads
    solved = found[1] if found is not None else None
    whole = _whole(program, certainty, leads)
    chance = certainty.probability(whole)
    asked = _asked(problem, min(max(chance, _LEAST), _SURE))
    sure = chance >= _SURE - 1e-3
    status = (
        "the budget is not needed in full"
        if sure and float(program.spend(whole).sum()) < 0.99 * problem.limits.budgets[0].amount
        else "the surest found for the budget"
    )
    final = Solved(
        leads=whole,
        net=program.net(whole),
        bound=float("nan"),
        finished=solved is not None and solved.finished,
        planes=0 if solved is None else solved.planes,
        last=program.solve(),
        prices=np.zeros(1),
    )
    prices = () if found is None or sure else _prices(asked, found[0], found[1])
    return allocated(asked, program, certainty, final, whole, status=status, prices=prices)


def _asked(problem: Problem, probability: float) -> Problem:
    """Return the same question with another probability."""
    rule = problem.rules[-1]._replace(probability=probability)
    return replace(problem, rules=(*problem.rules[:-1], rule))


def _by_budget(problem: Problem, chance: float) -> tuple[Rule, Solved] | None:
    """Return the cheapest plan whose budget factor is 1, or just below, and its chance."""
    program = problem.program(by_budget=True)
    low, high = special.ndtri(_LEAST), special.ndtri(_SURE)
    place = float(np.clip(special.ndtri(np.clip(chance, _LEAST, _SURE)), low, high))
    best: tuple[Rule, Solved] | None = None
    for _ in range(_MOST_ROUNDS):
        asked = _asked(problem, float(special.ndtr(place)))
        certainty = asked.certainty
        start = inside(program, certainty)
        if start is None:
            high = place
            place = (low + high) / 2
            continue
        found = cheapest(program, certainty, start)
        factor, slope = found.net, float(found.prices[0])
        if factor <= 1:
            low = place
            if best is None or asked.rules[-1].probability > best[0].probability:
                best = (asked.rules[-1], found)
            if factor > 1 - _CLOSE or place >= special.ndtri(_SURE) - 1e-9:
                break
        else:
            high = place
        step = place + (1 - 0.4 * _CLOSE - factor) / slope if slope > 0 else high
        inner = low < step < high or (step >= high == special.ndtri(_SURE))
        place = min(step, high) if inner else (low + high) / 2
    return best


def _whole(program: Program, certainty: Certainty, leads: FloatArray) -> FloatArray:
    """Return whole leads within all limits, the surest next to a plan by its slope."""
    slope = certainty.slope(leads, 0)
    objective = np.zeros(program.size)
    objective[: program.leads] = -slope / (float(np.abs(slope).max()) or 1.0)
    for width in (1.0, 4.0):
        box = np.stack([np.floor(leads) - width + 1, np.ceil(leads) + width - 1], axis=1)
        box[:, 0] = np.maximum(box[:, 0], 0.0)
        found = program.whole(cuts=None, box=box, objective=objective)
        if found is not None:
            return found
    return np.floor(leads)


def _prices(problem: Problem, rule: Rule, found: Solved) -> tuple[Price, ...]:
    """Return what more money changes."""
    slope = float(found.prices[0])
    if slope <= 0:
        return ()
    quantile = float(special.ndtri(rule.probability))
    whole = float(sum(one.amount for one in problem.limits.budgets))
    change = float(np.exp(-(quantile**2) / 2) / _ROOT) / slope / whole
    more = 10.0 ** np.floor(np.log10(whole / 20))
    points = display.signed(100 * change * more, decimals=2)
    return (
        Price(
            kind="budget",
            of="all months",
            change=change,
            months=(),
            sentence=(
                f"{problem.speech.money(more)} more in the budget changes the chance by {points} "
                "points."
            ),
        ),
    )
