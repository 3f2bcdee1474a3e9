"""`optimise`: the cheapest leads by channel and month that are sure enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit.plan.allocate import arranging
from funnelkit.plan.allocate.allocation import Allocation
from funnelkit.plan.allocate.allowed import Asked, limits_of
from funnelkit.plan.allocate.by_month import Reader
from funnelkit.plan.allocate.certainty import Certainty, Mixed, Rule
from funnelkit.plan.allocate.cutting import Solved, cheapest
from funnelkit.plan.allocate.limits import Limits, Ramp
from funnelkit.plan.allocate.prices import Price, Speech, prices_of
from funnelkit.plan.allocate.program import Cuts, Program
from funnelkit.plan.allocate.relaxing import contradictions, out_of_reach
from funnelkit.plan.allocate.surest import inside, on_average
from funnelkit.plan.allocate.whole import whole_leads
from funnelkit.plan.backward.asking import assumptions_of
from funnelkit.plan.chance.cohorts import distinct_draws
from funnelkit.plan.chance.hitting import HitChance

if TYPE_CHECKING:
    from funnelkit.data.records import Leads
    from funnelkit.model import FunnelModel
    from funnelkit.plan.basis.assumptions import Assumptions
    from funnelkit.plan.goals.targets import Targets

FloatArray = NDArray[np.float64]
_ROUNDS = 4
_TINY = 2000
"""Draws times leads' places up to which whole leads are sought by the exact chance."""
_MOVED = 2e-3
"""Standard normals by which the exact chance may differ before the search begins anew."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Problem:
    """One question, as numbers: what is to be reached, by what, within which limits."""

    assumptions: Assumptions
    targets: Targets
    rules: tuple[Rule, ...]
    limits: Limits
    after_horizon: float
    steady: float
    rng: np.random.Generator | int

    def program(self, *, by_budget: bool = False) -> Program:
        """Return what leads cost and which are allowed."""
        within = self.assumptions.within.mean(axis=0).sum(axis=-1)
        return Program(self.limits, within, self.after_horizon, self.steady, by_budget)

    @property
    def certainty(self) -> Certainty:
        """How surely leads reach the targets."""
        return arranging.certainty_of(self.assumptions, self.targets, self.rules)

    @property
    def speech(self) -> Speech:
        """How amounts are said."""
        currency = self.targets.currency or self.assumptions.currency
        return Speech(None if currency is None else display.one_line(currency), self.targets.unit)


def optimise(
    targets: Targets | float | Mapping[Any, float] | Any,
    model: FunnelModel | Assumptions | Sequence[float] | Mapping[str, Any],
    *,
    probability: float = 0.8,
    interim: Mapping[Any, float] | None = None,
    ceilings: Any = None,
    floors: Any = None,
    ramp: float | Mapping[str, float | Ramp] | None = None,
    budget: Any = None,
    costs: Mapping[str, float] | None = None,
    cost_steps: Mapping[str, Any] | None = None,
    capacity: Any = None,
    after_horizon: float = 0.5,
    steady: float = 0.5,
    in_flight: Leads | None = None,
    horizon: int | None = None,
    value: float | Mapping[str, float] | None = None,
    fiscal_year_start: int = 1,
    rng: np.random.Generator | int = 0,
    **stating: Any,
) -> Allocation:
    """Return the cheapest leads by channel and month that reach a target surely enough.

    Parameters
    ----------
    targets
        What :func:`~funnelkit.plan.targets_of` takes: one number for all months, a mapping of
        months, a file.
    model
        What a lead brings and costs, and when: a :class:`~funnelkit.FunnelModel`,
        :class:`Assumptions`, or stated rates, as in :func:`reverse`.
    probability
        Least chance that all months together bring the targets of all months together.
    interim
        Month -> least chance that the months up to its end bring their targets together.
    ceilings, floors
        Most and least leads of a month: a mapping of channels to one number, to one number a
        month, or to a mapping of months; or arrays of shape ``(C,)`` or ``(C, H)``. What is not
        named has no ceiling, and 0 as its floor.
    ramp
        Channel -> share by which a month may be above the one before (0.25: a quarter more), or a
        :class:`Ramp`, which also knows the month before the plan. One number holds for all
        channels.
    budget
        Most money: one number for all months together; one number a month; or a mapping of
        months, quarters, years or ``"total"`` to money.
    costs
        Channel -> cost of a lead, in place of that of the assumptions.
    cost_steps
        Channel -> rising cost with the leads of a month: ``[(500, 90), (None, 120)]`` is 90 each
        for the first 500, and 120 for each beyond. A last step with a number is a ceiling.
    capacity
        What people can carry in a month, in the mean: a Capacity; or a mapping of ``"deals"``,
        ``"value"`` or a stage to one number or one a month. Open records and deals without a lead
        count against it.
    after_horizon
        Share, 0 to 1, of the cost of a lead's deals after the horizon that is credited. 0 charges
        this plan with the whole lead, 1 with the share of its deals that are won within the plan.
    steady
        Least share that each month should have of an average month of its channel, by the season;
        0 lets months be empty. It gives way where a limit stands against it.
    in_flight, horizon, value, fiscal_year_start, **stating
        As in :func:`reverse`.
    rng
        Of the simulation that the plan carries; with Assumptions, the leads do not depend on it.

    Returns
    -------
    Allocation
        The plan with its cost, its chance, the gap to a bound, and the price of each limit.

    Raises
    ------
    ArgumentError
        With every problem of the arguments; if limits contradict each other: the smallest change
        that mends it; if the target is out of reach: how far, and what would bring it in reach.

    Notes
    -----
    The least of ``sum of cost(leads) x (1 - after_horizon x share won after the horizon)`` over
    leads within the limits for which P(total >= target) is at least ``probability``. The chance
    and its gradient are those of HitChance: doubts of rates, sizes and lags, chance of cohorts and
    of single deals. The least is found by supporting hyperplanes on the normal quantile of the
    chance, each a linear program solved by HiGHS, then steps along the edge, then a small integer
    program for whole leads. ``bound`` is the value of the last linear program. It is a bound where
    the set of plans that are sure enough is convex, as it is where doubts of rates prevail; chance
    of single deals bends it by a fraction of a per cent.

    The last months bring this plan little, and cost alone would leave them empty, and the first
    months of the next plan with them. Therefore half of what later deals cost is credited, and no
    month has less than half of an average one, unless ``after_horizon`` and ``steady`` say
    otherwise. With a full credit, the month of a lead would not matter, and leads would drift
    towards the end. Equal plans are told apart by a small charge on changes from month to month.

    References
    ----------
    Veinott (1967), The supporting hyperplane method for unimodal programming, Operations Research
    15, 147-152. Prékopa (1995), Stochastic Programming, chapter 10.

    Examples
    --------
    A deal costs 5,000 by search and 6,000 by events; search has a ceiling:

    >>> import funnelkit as fk
    >>> rates = {"search": [0.02], "events": [0.01]}
    >>> simple = fk.plan.stated(rates, horizon=1, n_draws=50)
    >>> found = optimise(
    ...     20,
    ...     simple,
    ...     costs={"search": 100, "events": 60},
    ...     ceilings={"search": 900},
    ... )
    >>> found.leads.tolist(), found.cost
    ([[900.0], [560.0]], 123600.0)
    >>> print(found.prices[-1].sentence)
    The ceiling of search binds in January 2001: ten more leads in that month would save up to 201.
    """
    problem = problem_of(
        targets,
        model,
        probability=probability,
        interim=interim,
        asked=Asked(costs, cost_steps, ceilings, floors, ramp, budget, capacity),
        after_horizon=after_horizon,
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
    return solved(problem)


def problem_of(
    targets: Any,
    model: Any,
    *,
    probability: float,
    interim: Any,
    asked: Asked,
    after_horizon: float,
    steady: float,
    rng: np.random.Generator | int,
    about: Mapping[str, Any],
) -> Problem:
    """Return the question as numbers, or refuse it with all that is wrong."""
    known, goals = assumptions_of(targets, model, rng=rng, **about)
    problems: list[str] = []
    chance = arranging.share("probability", probability, problems)
    for name, value in (("after_horizon", after_horizon), ("steady", steady)):
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not 0 <= value <= 1:
            problems.append(f"`{name}` must be from 0 to 1; got {value!r:.40}.")
    limits = limits_of(known, asked, problems)
    names = tuple(one.name for one in known.channels)
    rules = arranging.rules_of(goals, chance, interim, Reader(names, known.periods, problems))
    problems += arranging.unusable(known, goals)
    arranging.refuse(problems)
    return Problem(
        assumptions=known,
        targets=goals,
        rules=rules,
        limits=limits,
        after_horizon=float(after_horizon),
        steady=float(steady),
        rng=rng,
    )


def solved(problem: Problem) -> Allocation:
    """Return the cheapest leads, or refuse what cannot be done."""
    program, certainty = problem.program(), problem.certainty
    arranging.refuse(contradictions(program, problem.speech))
    start = inside(program, certainty)
    if start is None:
        arranging.refuse(out_of_reach(program, certainty, problem.speech))
    found, leads = _surely(problem, program, certainty, np.asarray(start))
    return allocated(problem, program, certainty, found, leads)


def _surely(
    problem: Problem, program: Program, certainty: Certainty, start: FloatArray
) -> tuple[Solved, FloatArray | None]:
    """Return the cheapest leads, in parts and whole, that are sure enough by the exact chance.

    The search goes by three cumulants, which are quick and smooth. Where deals are few, it is
    moved by their difference to the exact chance at what it found, and so are whole leads.
    """
    exact = HitChance(problem.assumptions, problem.targets.unit)
    found = cheapest(program, certainty, start)
    few = arranging.few(certainty, found.leads)
    for _ in range(_ROUNDS if few else 0):
        before = certainty.offsets.copy()
        certainty.corrected(found.leads, exact)
        if np.abs(certainty.offsets - before).max() < _MOVED:
            break
        again = inside(program, certainty)
        if again is None:
            arranging.refuse(out_of_reach(program, certainty, problem.speech))
        found = cheapest(program, certainty, np.asarray(again))
    if few and distinct_draws(problem.assumptions) * program.leads <= _TINY:
        own = Certainty(Mixed(exact, certainty.chances), certainty.rules, certainty.mean_slopes)
        leads = whole_leads(program, own, found.leads, wide=True)
        if leads is not None:
            return found, leads
    leads = whole_leads(program, certainty, found.leads)
    best = leads
    for _ in range(_ROUNDS):
        if leads is None or certainty.corrected(leads, exact):
            return found, leads
        certainty.offsets -= 1e-6
        leads = whole_leads(program, certainty, found.leads)
        best = leads if leads is not None else best
    return found, best


def allocated(
    problem: Problem,
    program: Program,
    certainty: Certainty,
    found: Solved,
    leads: FloatArray | None,
    *,
    status: str | None = None,
    prices: tuple[Price, ...] | None = None,
) -> Allocation:
    """Return the allocation of whole leads; of :func:`best_for` with its own status and prices."""
    notes: list[str] = []
    finished = found.finished
    cheap = status is None
    if leads is None:
        leads, finished = np.ceil(found.leads), False
        broken = [row.label for row in program.broken(leads)]
        notes.append(
            "No whole leads near the plan were found that keep all limits; leads are rounded up"
            + (f", which breaks: {', '.join(broken[:3])}." if broken else ".")
        )
    shaped = leads.reshape(program.shape)
    spend = program.spend(shaped)
    net = float((spend * program.charged).sum())
    mean = mean_leads(program, certainty)
    options = {f"P{100 * problem.rules[-1].probability:g}": shaped}
    if mean is not None:
        options = {"mean": mean} | options
    plan = arranging.plan_of(
        arranging.priced(problem.assumptions, problem.limits, shaped, spend),
        problem.targets,
        problem.rules[-1].probability,
        shaped,
        options=options,
        rng=problem.rng,
    )
    least = program.net(shaped)
    gap = max(least - found.bound, 0.0) / max(least, 1e-9) if cheap else float("nan")
    labels = [str(problem.assumptions.periods[rule.until - 1]) for rule in problem.rules]
    return Allocation(
        plan=plan,
        spend=spend,
        credit=float(spend.sum()) - net,
        bound=found.bound if cheap else float("nan"),
        gap=gap,
        finished=finished,
        status=status or status_of(finished=finished, gap=gap, any_leads=bool(leads.any())),
        prices=prices_of(program, certainty, found, problem.speech) if prices is None else prices,
        mean_leads=mean,
        mean_spend=float("nan") if mean is None else float(program.spend(mean).sum()),
        interim={
            label: certainty.probability(leads, place) for place, label in enumerate(labels[:-1])
        },
        floors=problem.limits.floors,
        ceilings=problem.limits.ceilings,
        notes=tuple(notes),
    )


def status_of(*, finished: bool, gap: float, any_leads: bool) -> str:
    """Return in words how good a plan is."""
    if not any_leads:
        return "no lead is needed"
    if not np.isfinite(gap):
        return "stopped by a limit of the solver: not shown to be cheapest"
    share = display.percent(max(gap, 1e-4), decimals=2)
    if finished:
        return f"within {share} of the least cost that can be"
    return f"stopped by a limit of the solver, {share} above the bound: not shown to be cheapest"


def mean_leads(program: Program, certainty: Certainty) -> FloatArray | None:
    """Return the cheapest whole leads on mean rates, shape ``(C, H)``, or ``None``."""
    whole = Certainty(certainty.chances, certainty.rules[-1:], certainty.mean_slopes)
    parts = on_average(program, whole)
    if parts is None:
        return None
    rule = whole.rules[0]
    slope = whole.mean_slopes[rule.until - 1]
    level = rule.target - whole.expected(np.zeros(program.leads), rule.until)
    scale = float(np.abs(slope).max())
    cuts = Cuts(slope[None] / scale, np.array([level / scale]))
    box = np.stack([np.maximum(np.floor(parts), 0.0), np.ceil(parts)], axis=1)
    found = program.whole(cuts=cuts, box=box)
    if found is None:
        found = np.minimum(np.ceil(parts), program.bounds()[: program.leads, 1])
    return np.asarray(found).reshape(program.shape)
