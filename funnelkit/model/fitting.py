"""`fit_funnel`: the one model of a funnel, from one set of counts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce
from itertools import pairwise
from operator import add
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import Unit
from funnelkit._core.errors import DataError, EvidenceError
from funnelkit.counts.build import undated_stages
from funnelkit.data.journeys import group_names
from funnelkit.data.subsets import entered_on
from funnelkit.lag import StageLags, fit_competing, fit_stages
from funnelkit.lag.transitions.result import Pair
from funnelkit.lag.transitions.stage_fits import fit_pairs
from funnelkit.model.arrivals import arrivals_of, daily_entries
from funnelkit.model.bursts import burst_days, bursts_of
from funnelkit.model.onward import one_after_another
from funnelkit.model.result import FunnelModel
from funnelkit.model.rhythm import rhythm_of
from funnelkit.model.steps import Step, curve, design_effect, fitted_step, readable

if TYPE_CHECKING:
    from funnelkit.counts.open_book import OpenBook
    from funnelkit.counts.triangle import Triangle
    from funnelkit.data.records import Leads
    from funnelkit.metrics.economics.sizes import DealSizes

FloatArray = NDArray[np.float64]
_WORTH = 50
"""Wins that count as much as the product of the steps, where the rate to the win is told."""


def fit_funnel(
    leads: Leads, *, by: str | Sequence[str] | None = None, cohort: Unit = "month"
) -> FunnelModel:
    """Return the one model of a funnel: rates and days of every step, sizes, entries, open records.

    Parameters
    ----------
    leads
        The data.
    by
        Segment column or columns. Each segment has rates and deal sizes of its own, which borrow
        strength from the others by an estimated amount; days are shared.
    cohort
        Unit of the cohorts whose rates are followed.

    Returns
    -------
    FunnelModel
        What forecasts, plans and alerts are read from.

    Raises
    ------
    EvidenceError
        If nobody has made one of the transitions yet, with their names.
    ArgumentError
        If a segment or unit is unknown.

    Notes
    -----
    Each step has one rate per cohort of entry, a random walk about a line, whose amounts are
    estimated (:func:`~funnelkit.lag.fit_shrunken`, held to be steady unless the counts speak
    against it; the win with a pace of each month), on Aalen-Johansen timing with exits competing,
    read as far as one more conversion would move the rate by at most a fifth. So a drift is seen
    at the step where it happens, while the leads behind it are still young.

    Days are read as far as there are counts, and as far again, up to a year more, by families of
    days, as far as the counts support them: where follow-up is short, many are yet to move on.

    A stage that no record entered on a day, since nothing but the current status tells of it, is
    left out, and so it says in the notes: who has passed through it is not known.

    A day on which far more records entered than usual, as by an import, is left out of rates, days
    and entries: its records have a rate of their own (see ``FunnelModel.bursts``).

    Records on their way are won by the steps one after the other. The product of the steps is
    corrected by the rate to the win as seen directly, within the same days, on the scale of
    logarithms and by the weight W / (W + 50) with W wins: they differ as a record that is likely
    to pass one stage often is at the next.

    Examples
    --------
    >>> import funnelkit as fk
    >>> model = fit_funnel(fk.make_leads(4000, rng=1))
    >>> model.stages
    ('lead', 'mql', 'sql', 'opportunity', 'won')
    >>> model.chances("opportunity", [10, 100], [30]).shape  # segments, ages, days
    (1, 2, 1)
    """
    found = daily_entries(leads, group_names(leads.funnel, by))
    days = burst_days(found)
    apart = [day for day, _ in days]
    usual = entered_on(leads, apart, others=True) if apart else leads
    left_out = undated_stages(leads)
    stages = tuple(name for name in leads.funnel.stages if name not in left_out)
    curves = fit_pairs(usual, _needed(stages), by=by, cohort=cohort)
    _refuse_unfitted(curves, stages)
    steps = tuple(
        fitted_step(curves.triangles[start, target], pace=target == stages[-1])
        for start, target in pairwise(stages)
    )
    bursts = bursts_of(entered_on(leads, apart), days, steps[0]) if apart else ()
    shapes, ratios = _to_the_win(curves, steps)
    arrivals = arrivals_of(found, stages, apart)
    book, whole = _book(leads, by)
    sizes = _sizes(leads, by)
    first = leads.funnel.calendar.fiscal_year_start
    segments = tuple(dict.fromkeys((*arrivals.segments, *book.segments)))
    return FunnelModel(
        stages=stages,
        exits=leads.funnel.exits,
        by=arrivals.by,
        segments=segments,
        as_of=leads.as_of,
        steps=steps,
        curves=curves,
        fit_lags=partial(fit_stages, usual, by=by, cohort=cohort),
        shapes=MappingProxyType(shapes),
        ratios=MappingProxyType(ratios),
        points=MappingProxyType(_points(usual, arrivals.points, steps, ratios, cohort)),
        left_out=left_out,
        bursts=bursts,
        notes=(*_notes(left_out), *(one.told for one in bursts)),
        spreads=MappingProxyType(
            {
                name: design_effect(curves.triangles[name, stages[-1]].collapse(segments=True))
                for name in stages[:-1]
            }
        ),
        arrivals=arrivals,
        book=book,
        sizes=sizes,
        rhythm=None if steps[-1].pace is None else rhythm_of(steps[-1].pace, first=first),
        currency=None if sizes is None else sizes.currency,
        leads=leads,
        kept={"book": book} if whole else {},
    )


def _notes(left_out: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is said of stages that are left out."""
    if not left_out:
        return ()
    are = "is" if len(left_out) == 1 else "are"
    told = (
        f"Nothing but the current status tells of {display.listed(list(left_out))}, which {are} "
        "left out: records there count as standing at the stage before."
    )
    return (told,)


def _needed(stages: tuple[str, ...]) -> list[Pair]:
    """Return the pairs of stages that a model stands on: each with the next, and with the win."""
    return list(dict.fromkeys([*pairwise(stages), *((name, stages[-1]) for name in stages[:-1])]))


def _refuse_unfitted(curves: StageLags, stages: tuple[str, ...]) -> None:
    """Refuse a funnel of which a step, or the way from a stage to the win, has no counts."""
    wanted = _needed(stages)
    lacking = {pair: curves.unfitted[pair] for pair in wanted if pair not in curves.fits}
    for pair in pairwise(stages):
        if pair not in lacking and not curves.triangles[pair].converted.any():
            lacking[pair] = (
                f"none of {display.count(curves.triangles[pair].n)} records has made it yet"
            )
    if lacking:
        said = [f"`{a}` to `{b}`: {reason}" for (a, b), reason in lacking.items()]
        raise EvidenceError(
            "`leads`: a model of the whole funnel needs every transition; "
            f"{display.listed(said)}. Leave a stage that is not used out of the funnel, or wait."
        )


def _book(leads: Leads, by: str | Sequence[str] | None) -> tuple[OpenBook, bool]:
    """Return the open records, and whether their money is in it, where there is any."""
    from funnelkit.counts.opened import open_book

    if leads.funnel.value is None:
        return open_book(leads, by=by, money=False), True
    try:
        return open_book(leads, by=by), True
    except DataError:  # several currencies: rates and days can be told all the same
        return open_book(leads, by=by, money=False), False


def _to_the_win(
    curves: StageLags, steps: tuple[Step, ...]
) -> tuple[dict[str, FloatArray], dict[str, float]]:
    """Return, for each stage, when those who are won are, and the direct rate over the steps'."""
    last = curves.stages[-1]
    shapes: dict[str, FloatArray] = {last: np.ones(1)}
    ratios = {last: 1.0}
    for k in range(len(steps) - 1, -1, -1):
        stage = steps[k].start
        if k == len(steps) - 1:
            shapes[stage], ratios[stage] = steps[k].passed, 1.0
            continue
        counts = curves.triangles[stage, last].collapse(segments=True)
        shapes[stage], ratios[stage] = _direct(counts, steps[k:])
    return shapes, ratios


def _direct(counts: Triangle, steps: tuple[Step, ...]) -> tuple[FloatArray, float]:
    """Return the days from a stage to the win, and the rate over the product of the steps."""
    chain, rate = _chained(steps)
    wins = int(counts.converted.sum())
    if not wins:
        return chain, 1.0
    fit = fit_competing(counts, horizon=readable(counts))
    direct = float(np.asarray(fit.ultimate)[0, 0])
    seen = float(chain[min(fit.horizon, len(chain) - 1)])
    if direct <= 0 or rate * seen <= 0:
        return chain, 1.0
    ratio = (direct / (rate * seen)) ** (wins / (wins + _WORTH))
    if wins < _WORTH:
        return chain, float(ratio)
    # what comes later than the direct counts tell is told by the steps
    return np.concatenate([curve(fit) * seen, chain[fit.horizon + 1 :]]), float(ratio)


def _chained(steps: tuple[Step, ...]) -> tuple[FloatArray, float]:
    """Return the share won by each day of those who are, and the product of the steps' rates."""
    length = sum(len(step.passed) for step in steps)
    chain = np.ones(length)
    rate = 1.0
    for k, step in enumerate(steps):
        padded = np.ones(length)
        padded[: len(step.passed)] = step.passed
        chain = one_after_another(chain, padded) if k else padded
        rate *= step.usual
    return chain, rate


def _points(
    leads: Leads,
    points: tuple[str, ...],
    steps: tuple[Step, ...],
    ratios: dict[str, float],
    cohort: Unit,
) -> dict[str, float]:
    """Return for records that enter at each stage their rate to the win over that of all there."""
    from funnelkit.counts.build import triangles
    from funnelkit.data.definition import ENTERED_AT

    starts = [step.start for step in steps]
    last = steps[-1].target
    found = {points[0]: 1.0}
    later = [name for name in points[1:] if name != last]
    if not later:
        return found
    counted = triangles(leads, [(name, last) for name in later], cohort=cohort, by=ENTERED_AT)
    for name in later:
        if (name, last) not in counted:
            continue
        counts = counted[name, last]
        own = [one for one in counts.segments if one[counts.by.index(ENTERED_AT)] == name]
        if not own:
            continue
        parts = [counts.select(segment=one).collapse(segments=True) for one in own]
        there = reduce(add, parts)
        _, ratio = _direct(there, steps[starts.index(name) :])
        found[name] = ratio / ratios[name]
    return found


def _sizes(leads: Leads, by: str | Sequence[str] | None) -> DealSizes | None:
    """Return the amounts of won deals; ``None`` where there are none."""
    if leads.funnel.value is None:
        return None
    from funnelkit.metrics.economics.sizes import deal_sizes

    found = deal_sizes(leads, by=by, rng=0, draws=200)
    return found if any(len(part) for part in found.amounts) else None
