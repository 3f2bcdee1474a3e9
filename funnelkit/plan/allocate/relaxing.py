"""Why no plan keeps all limits, by how much, and the smallest changes that would let one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from funnelkit._core import display
from funnelkit._core.dates import period_label, period_name
from funnelkit.plan.allocate.certainty import Certainty, Rule
from funnelkit.plan.allocate.prices import Speech
from funnelkit.plan.allocate.program import Program
from funnelkit.plan.allocate.surest import most_certain

FloatArray = NDArray[np.float64]
_MOST = 64.0
_STEPS = 10


def contradictions(program: Program, speech: Speech) -> list[str]:
    """Return the smallest change of the limits that lets any leads keep them; none if some do.

    Notes
    -----
    An elastic linear program: each limit on sums, and each floor, may be broken at a price; the
    least sum of breaks, each as a share of its limit, is found.
    """
    if program.solve().x is not None:
        return []
    kinds = [k for k, row in enumerate(program.rows) if row.kind]
    floors = np.flatnonzero(program.limits.floors.ravel() > 0)
    size, extra = program.size, len(kinds) + len(floors)
    slack = np.zeros((len(program.rows), extra))
    scales = np.ones(extra)
    for place, k in enumerate(kinds):
        slack[k, place] = -1
        scales[place] = max(abs(program.right[k]), 1.0)
    under = np.zeros((len(floors), size + extra))
    for place, k in enumerate(floors.tolist()):
        under[place, k] = under[place, size + len(kinds) + place] = -1
        scales[len(kinds) + place] = max(program.limits.floors.ravel()[k], 1.0)
    matrix = sparse.vstack(
        [sparse.hstack([program.matrix, slack]), sparse.csr_matrix(under)], format="csr"
    )
    right = np.concatenate([program.right, -program.limits.floors.ravel()[floors]])
    bounds = np.zeros((size + extra, 2))
    bounds[:, 1] = np.inf
    bounds[: program.leads, 1] = program.limits.ceilings.ravel()
    cost = np.concatenate([1e-9 * program.objective, 1 / scales])
    done = optimize.linprog(cost, A_ub=matrix, b_ub=right, bounds=bounds, method="highs-ds")
    if done.x is None:
        return ["The limits contradict each other, and no change of sums or floors mends it."]
    broken = done.x[size:]
    said = []
    for place, k in enumerate(kinds):
        if broken[place] > 1e-6 * scales[place]:
            said.append(_row_said(program, k, float(broken[place]), speech))
    months = program.shape[1]
    for place, k in enumerate(floors.tolist()):
        by = broken[len(kinds) + place]
        if by > 1e-6 * scales[len(kinds) + place]:
            c, m = divmod(k, months)
            floor = program.limits.floors[c, m]
            said.append(
                f"lower the floor of {display.one_line(program.limits.channels[c])} in "
                f"{period_label(program.limits.periods[m])} from {display.count(floor)} to "
                f"{display.count(np.floor(floor - by))}"
            )
    shown = said[:6] + ([f"and {len(said) - 6} more"] if len(said) > 6 else [])
    return [
        f"No leads keep all limits at once. The smallest change that lets some: {'; '.join(shown)}."
    ]


def _row_said(program: Program, k: int, by: float, speech: Speech) -> str:
    """Return what one limit on sums would have to be."""
    row, most = program.rows[k], float(program.right[k])
    if row.kind == "budget":
        return f"raise the {row.label} by {speech.money(np.ceil(by))} to {_up(speech, most + by)}"
    if row.kind == "capacity":
        load = program.limits.loads[row.place]
        already = float(load.already[row.month])
        needed = already + most + by
        short = display.expected(by)
        coming = f" ({display.expected(already)} come without new leads)" if already > 0 else ""
        return f"raise the {row.label} by {short} to {display.expected(needed)}{coming}"
    return f"allow the {row.label} {display.count(np.ceil(by))} leads more"


def _up(speech: Speech, amount: float) -> str:
    return speech.money(np.ceil(amount))


def out_of_reach(program: Program, certainty: Certainty, speech: Speech) -> list[str]:
    """Return how far the surest plan stays behind, and single changes that would make one do."""
    leads, _ = most_certain(program, certainty)
    margins = certainty.margins(leads)
    worst = int(np.argmin(margins))
    rule = certainty.rules[worst]
    chance = certainty.probability(leads, worst)
    expected = certainty.expected(leads, rule.until)
    end = period_name(program.limits.periods[rule.until - 1])
    asked = f"{display.chance(rule.probability)} was asked for"
    text = (
        f"The limits allow at most {speech.target(expected)} in the mean by the end of {end}, and "
        f"{display.a_chance(chance)} of the target of {speech.target(rule.target)}; {asked}."
    )
    ways = _ways(program, certainty, leads, rule, speech)
    if ways:
        text += f" Any one of these would do: {'; '.join(ways)}."
    return [text]


def _ways(
    program: Program, certainty: Certainty, leads: FloatArray, rule: Rule, speech: Speech
) -> list[str]:
    """Return single changes, each of which makes a plan possible."""
    ways = []
    lower = _target_at(certainty, leads, rule)
    if lower > 0:
        ways.append(f"lower the target to {speech.target(lower)}")
    chance = certainty.probability(leads, certainty.rules.index(rule))
    if chance >= 0.005:
        ways.append(f"ask for {display.percent(np.floor(1000 * chance) / 1000)}")
    return ways + _wider(program, certainty, speech)


def _wider(program: Program, certainty: Certainty, speech: Speech) -> list[str]:
    """Return single limits that could be wider, each with the least that would do."""
    limits = program.limits
    finite = [k for k in range(program.shape[0]) if np.isfinite(limits.ceilings[k]).any()]
    ways: list[tuple[Callable[[float], Program], Callable[[float], str]]] = [
        (partial(_with_ceilings, program, (k,)), partial(_ceiling_said, program, k)) for k in finite
    ]
    if len(finite) > 1:
        ways.append(
            (
                partial(_with_ceilings, program, tuple(finite)),
                lambda factor: f"raise all ceilings by {_percent_up(factor)}",
            )
        )
    if limits.budgets:
        ways.append((partial(_with_budgets, program), partial(_budget_said, program, speech)))
    if limits.loads:
        ways.append(
            (
                partial(_with_loads, program),
                lambda factor: f"raise the capacity by {_percent_up(factor)}",
            )
        )
    said = []
    for changed, words in ways:
        factor = _least_factor(certainty, changed)
        if factor is not None:
            said.append(words(factor))
    if limits.ramps:
        free = replace(program, limits=replace(limits, ramps={}))
        if most_certain(free, certainty, enough=0.0)[1] >= 0:
            said.append("let leads grow faster")
    return said


def _target_at(certainty: Certainty, leads: FloatArray, rule: Rule) -> float:
    """Return the largest target that some leads bring as surely as asked, rounded down."""
    shaped = np.maximum(leads, 0.0).reshape(certainty.shape)
    low, high = 0.0, rule.target
    for _ in range(24):
        middle = (low + high) / 2
        chance = certainty.chances.both(shaped, middle, until=rule.until)[0]
        low, high = (middle, high) if chance >= rule.probability else (low, middle)
    if low <= 0:
        return 0.0
    digits = 10 ** max(int(np.floor(np.log10(low))) - 2, 0)
    return float(np.floor(low / digits) * digits)


def _least_factor(certainty: Certainty, changed: Callable[[float], Program]) -> float | None:
    """Return the least factor on a limit that makes a plan possible, within one per cent."""

    def enough(factor: float) -> bool:
        return most_certain(changed(factor), certainty, enough=0.0)[1] >= 0

    high = 2.0
    while not enough(high):
        high *= 4
        if high > _MOST:
            return None
    low = 1.0 if high == 2.0 else high / 4
    for _ in range(_STEPS):
        if high / low < 1.005:
            break
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _with_ceilings(program: Program, places: tuple[int, ...], factor: float) -> Program:
    """Return a program whose ceilings of some channels are multiplied."""
    ceilings = program.limits.ceilings.copy()
    ceilings[list(places)] *= factor
    return replace(program, limits=replace(program.limits, ceilings=ceilings))


def _with_budgets(program: Program, factor: float) -> Program:
    """Return a program whose budgets are multiplied."""
    budgets = tuple(one._replace(amount=one.amount * factor) for one in program.limits.budgets)
    return replace(program, limits=replace(program.limits, budgets=budgets))


def _with_loads(program: Program, factor: float) -> Program:
    """Return a program whose capacity is multiplied."""
    loads = tuple(one._replace(most=one.most * factor) for one in program.limits.loads)
    return replace(program, limits=replace(program.limits, loads=loads))


def _ceiling_said(program: Program, place: int, factor: float) -> str:
    """Return a raised ceiling in words: as a number where all months have the same."""
    name = display.one_line(program.limits.channels[place])
    own = program.limits.ceilings[place]
    if np.isfinite(own).all() and (own == own[0]).all():
        return (
            f"raise the ceiling of {name} from {display.count(own[0])} to "
            f"{display.count(np.ceil(own[0] * factor))} a month"
        )
    return f"raise the ceilings of {name} by {_percent_up(factor)}"


def _budget_said(program: Program, speech: Speech, factor: float) -> str:
    """Return raised budgets in words."""
    budgets = program.limits.budgets
    if len(budgets) == 1:
        most = budgets[0].amount
        return (
            f"raise the budget of {budgets[0].label} from {speech.money(most)} to "
            f"{speech.money(np.ceil(most * factor))}"
        )
    return f"raise all budgets by {_percent_up(factor)}"


def _percent_up(factor: float) -> str:
    return display.percent(np.ceil(1000 * (factor - 1)) / 1000, decimals=1)
