"""`reverse`: from targets back to the leads that each month must bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import period_name
from funnelkit._core.errors import ArgumentError
from funnelkit.plan.backward.apportioning import apportioned, fewest
from funnelkit.plan.backward.asking import assumptions_of
from funnelkit.plan.backward.mixing import mix_of
from funnelkit.plan.backward.result import Plan
from funnelkit.plan.backward.shaping import course_of, shaped
from funnelkit.plan.chance.hitting import HitChance
from funnelkit.plan.chance.simulating import simulated

if TYPE_CHECKING:
    from funnelkit.data.records import Leads
    from funnelkit.model import FunnelModel
    from funnelkit.plan.basis.assumptions import Assumptions
    from funnelkit.plan.goals.targets import Targets

FloatArray = NDArray[np.float64]
After = Literal["same", "nothing"]
_SIDE_BY_SIDE = (0.5, 0.8, 0.9)
_HARDLY = 1e-3
"""Share of what a lead brings that is as good as nothing."""


def reverse(
    targets: Targets | float | Mapping[Any, float] | Any,
    model: FunnelModel | Assumptions | Sequence[float] | Mapping[str, Any],
    *,
    in_flight: Leads | None = None,
    mix: Mapping[str, float] | None = None,
    probability: float = 0.8,
    horizon: int | None = None,
    value: float | Mapping[str, float] | None = None,
    peak: float = 2.0,
    after: After = "same",
    fiscal_year_start: int = 1,
    rng: np.random.Generator | int = 0,
    **stating: Any,
) -> Plan:
    """Return the leads by channel and month that targets need, and how likely they do.

    Parameters
    ----------
    targets
        What is to be won: anything that :func:`targets_of` takes; one number is for all months
        together.
    model
        A :class:`~funnelkit.FunnelModel`, whose rates, lags and deal sizes are taken with their
        doubt (:func:`assume`); :class:`Assumptions`; or, as in a calculator, the rates of the
        steps, or of each channel (:func:`stated`).
    in_flight
        The leads that the model was fitted to; what is open of them counts towards the targets.
    mix
        Channel -> share of the leads. Default: as of late.
    probability
        Chance of the targets of all months together that the plan is to have.
    horizon
        Months of the plan. Default: up to the last target; for one number, those of the
        assumptions, twelve with a model, one for rates without a lag.
    value
        Mean value of a won deal, with stated rates. Default: deals are counted.
    peak
        Most leads of a month, over the leads a month that carry the largest target in the long
        run. It holds for the plan on mean rates; surer plans have more leads in the same
        proportions.
    after
        What comes after the plan: ``"same"``, targets as in its last twelve months, for which
        leads are planned in time; ``"nothing"``, so that the last months need few leads or none.
    fiscal_year_start
        Month in which fiscal quarters and years begin, where the targets do not say it.
    rng
        Generator or seed, of the simulated outcomes.
    **stating
        With a model: further arguments of :func:`assume`, such as ``costs``. With rates: of
        :func:`stated`, such as ``lag``.

    Returns
    -------
    Plan
        Whole leads; beside the plan asked for, those on mean rates and with a chance of 50, 80
        and 90 %.

    Raises
    ------
    ArgumentError
        If nothing can be planned: what is wrong, by how much, and what would make it feasible.

    Notes
    -----
    Targets, less what is expected of open records and of deals that never start as a lead, are
    taken back through lags and rates by a linear program
    (:func:`~funnelkit.plan.backward.shaping.shaped`). It gives the proportions of months and
    channels. The plan for a chance p is the smallest whole number of leads in these proportions
    with which all months together reach the targets with a chance of at least p
    (:class:`HitChance`), whole leads by the largest remainder. Where part of the targets cannot
    come any more, the chance is that of the rest.

    The doubt about a rate does not average out over leads, so that the plan on mean rates fails
    in about half of all cases.

    Examples
    --------
    The calculator's question, answered with its chance:

    >>> plan = reverse(1_000_000, [0.25, 0.40, 0.50, 0.20], value=25_000)
    >>> plan.option_table()[["plan", "leads", "probability"]].round(3)
       plan  leads  probability
    0  mean   4000        0.521
    1   P50   3967        0.500
    2   P80   4518        0.800
    3   P90   4825        0.900
    """
    asked = _probability(probability)
    if not peak > 0:
        raise ArgumentError(f"`peak` must be above 0; got {peak!r}.")
    checks.one_of("after", after, ("same", "nothing"))
    assumptions, goals = assumptions_of(
        targets,
        model,
        in_flight=in_flight,
        horizon=horizon,
        value=value,
        fiscal_year_start=fiscal_year_start,
        rng=rng,
        stating=stating,
    )
    way = _way(goals, assumptions, mix=mix, peak=peak, after=after)
    options = _options(way, goals, assumptions, asked)
    leads = options[_name(asked)]
    return Plan(
        assumptions=assumptions,
        targets=goals,
        probability=asked,
        leads=leads,
        outcomes=simulated(assumptions, leads, unit=goals.unit, rng=rng),
        options=options,
        shortfall=np.minimum(way.behind, goals.amount),
        missing=float(way.behind[-1]),
        notes=(*way.notes, *_said(way, goals, assumptions, leads, after)),
    )


class _Way(NamedTuple):
    """Proportions of the leads, ``(C, H)``, in the mean; how far targets stay behind, ``(H,)``."""

    shape: FloatArray
    spread: FloatArray  # proportions where the mean needs no lead
    behind: FloatArray
    most: float  # leads of an average month, in the mean
    barred: NDArray[np.bool_]  # months by which no lead that enters now is won, (H,)
    notes: tuple[str, ...]


def _way(
    goals: Targets,
    assumptions: Assumptions,
    *,
    mix: Mapping[str, float] | None,
    peak: float,
    after: After,
) -> _Way:
    """Return the proportions of channels and months that bring the targets on mean rates."""
    value = goals.unit == "value"
    worth = assumptions.sizes if value else np.ones(len(assumptions.channels))
    shares, notes = mix_of(mix, assumptions, worth)
    streams = assumptions.in_flight, assumptions.direct
    open_, direct = ((one.value if value else one.deals).mean(axis=0) for one in streams)
    without = np.cumsum(open_ + direct)
    parts = _parts(goals, assumptions, shares, mix)
    shape = np.zeros((len(shares), len(goals.amount)))
    spread, behind = np.zeros(shape.shape), np.zeros(len(goals.amount))
    most, barred = 0.0, np.ones(len(goals.amount), bool)
    for weights, amount in parts:
        part = amount.sum() / goals.total
        net = np.maximum(amount - direct * part, 0.0)
        course = course_of(
            assumptions,
            weights,
            worth,
            np.cumsum(amount) - without * part,
            goal=float(net.max()),
            after=float(net[-12:].mean()) if after == "same" else 0.0,
            peak=peak,
        )
        found = shaped(course, len(goals.amount))
        shape += weights[:, None] * found.leads
        useful = course.gains[:, len(goals.amount) - 1] > 0
        spread += part * weights[:, None] * np.where(useful, course.season, 0.0)
        behind += found.behind
        most += course.most
        by_end = (course.gains * course.season[:, None]).sum(axis=0)[: len(behind)]
        barred &= by_end < _HARDLY * course.ever
    behind = np.where(behind > 1e-9 * goals.total, behind, 0.0)
    return _Way(shape, spread, behind, most, barred, tuple(notes))


def _parts(
    goals: Targets,
    assumptions: Assumptions,
    shares: FloatArray,
    mix: Mapping[str, float] | None,
) -> list[tuple[FloatArray, FloatArray]]:
    """Return weights of channels and the targets that they carry together.

    One part, but where targets are by channel and no mix is asked for.
    """
    names = [one.name for one in assumptions.channels]
    if mix is not None or not goals.segments or not set(goals.segments) <= set(names):
        return [(shares, goals.amount)]
    return [
        (np.eye(len(names))[names.index(name)], amount)
        for name, amount in goals.segments.items()
        if amount.sum() > 0
    ]


def _options(
    way: _Way, goals: Targets, assumptions: Assumptions, asked: float
) -> dict[str, FloatArray]:
    """Return the plan on mean rates, and the smallest ones for some chances."""
    chance = HitChance(assumptions, goals.unit)
    target = goals.total - float(way.behind[-1])
    needed = int(np.ceil(way.shape.sum() * (1 - 1e-9) - 1e-3))
    shape = way.shape if needed else way.spread
    while 0 < _expected(apportioned(needed, shape), goals, assumptions) < target * (1 - 1e-9):
        needed += 1  # rounded to whole leads, it was a little less
    found = {"mean": apportioned(needed, shape)}
    known: dict[int, float] = {}

    def of(total: int) -> float:
        if total not in known:
            known[total] = chance.probability(apportioned(total, shape), target)
        return known[total]

    if not shape.any():
        none = np.zeros(shape.shape)
        return found | {_name(one): none for one in sorted({*_SIDE_BY_SIDE, asked})}
    about = max(needed, 1)
    for one in sorted({*_SIDE_BY_SIDE, asked}):
        total = fewest(of, one, about=about, known=known)
        found[_name(one)] = apportioned(total, shape)
        about = max(total, about)
    return found


def _expected(leads: FloatArray, goals: Targets, assumptions: Assumptions) -> float:
    """Return what is expected of some leads and without them; 0 without any lead."""
    value = goals.unit == "value"
    worth = assumptions.sizes if value else np.ones(len(leads))
    streams = assumptions.in_flight, assumptions.direct
    rest = sum(float((one.value if value else one.deals).mean(axis=0).sum()) for one in streams)
    new = float((leads * assumptions.yields.sum(axis=2) * worth[:, None]).sum())
    return new + rest if leads.any() else 0.0


def _name(probability: float) -> str:
    """Return the name of a plan of some chance: ``"P80"``, ``"P97.5"``."""
    return f"P{round(100 * probability, 6):g}"


def _probability(probability: float) -> float:
    known = isinstance(probability, (int, float, np.floating, np.integer))
    if known and not isinstance(probability, bool) and 0 < probability < 1:
        return float(probability)
    hint = ""
    if known and 1 < probability < 100:
        hint = f" Did you mean {probability / 100:g}?"
    elif probability == 1:
        hint = " No plan is sure; 0.99 is the next best."
    raise ArgumentError(f"`probability` must be between 0 and 1; got {probability!r}.{hint}")


def _said(
    way: _Way, goals: Targets, assumptions: Assumptions, leads: FloatArray, after: After
) -> list[str]:
    """Return what a reader of the plan must know."""
    notes = [*assumptions.notes, *goals.notes]
    late = np.minimum(way.behind, goals.amount)
    months = [period_name(one) for one in goals.periods]
    if late.any():
        at = np.flatnonzero(late)
        whole = float(late.sum())
        span = months[at[0]] if len(at) == 1 else f"{months[at[0]]} to {months[at[-1]]}"
        due = float(goals.amount[at].sum())
        text = f"{_amount(whole, goals)} of the {_amount(due, goals)} due in {span} cannot come in"
        if way.barred[at].all():
            text += " time any more, however many leads enter now: theirs would have had to "
        else:
            most = display.plural(way.most, "lead")
            text += f" time any more with {most} a month at most: more would have had to "
        text += "arrive already."
        if way.behind[-1] > 0:
            rest = goals.total - float(way.behind[-1])
            text += (
                f" {_amount(float(way.behind[-1]), goals)} cannot come by the end of "
                f"{months[-1]} at all; {_amount(rest, goals)} of {_amount(goals.total, goals)} "
                "can, and chances of plans side by side are for that."
            )
        else:
            text += " Later months make up for it."
        notes.append(text)
    if not leads.any() and not late.any():
        notes.append("What is there already is enough: no further lead is needed.")
    elif not way.shape.any() and leads.any():
        notes.append(
            "In the mean, what is there already is enough; leads are for the chance asked for."
        )
    if after == "same" and leads.any() and len(goals.amount) > 1:
        inside = (leads * assumptions.yields.sum(axis=2)).sum()
        beyond = 1 - inside / max((leads * assumptions.rates[:, None]).sum(), 1e-300)
        if beyond > 0.01:
            notes.append(
                f"{display.percent(beyond, decimals=0)} of the wins that these leads bring come "
                f"after {months[-1]}, where targets are taken to go on as before."
            )
    return notes


def _amount(amount: float, goals: Targets) -> str:
    if goals.unit == "count":
        return f"{display.expected(amount)} {'deal' if round(amount, 1) == 1 else 'deals'}"
    of = "" if goals.currency is None else f"{display.one_line(goals.currency)} "
    return f"{of}{display.count(amount)}"
