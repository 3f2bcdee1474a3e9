"""The leads of each month that bring targets in the mean: not below 0, smooth, and in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from funnelkit._core.errors import FunnelError

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan.basis.assumptions import Assumptions

FloatArray = NDArray[np.float64]
_BEYOND = 24
"""Months after the plan's end that leads are planned for, where targets go on."""
_ROUGH = 0.6
"""A change of leads from month to month by one costs as much as so many leads."""
_LATE = 0.5
"""What comes a month late costs as much as so many times the leads that bring it."""
_SLACK = 1e-9


@dataclass(frozen=True, eq=False)
class Course:
    """What one lead of a mix of channels brings, and what is needed of leads.

    Parameters
    ----------
    gains
        What the leads of each month bring by the end of each month, of one lead, shape
        ``(H, H + E)``; ``E`` months beyond the plan.
    need
        What leads must have brought by the end of each month, shape ``(H + E,)``; at most 0 where
        nothing is needed.
    onward
        What leads that enter after the plan bring by the end of each month, shape ``(H + E,)``.
    season
        Leads of a month over those of an average one, shape ``(H,)``.
    most
        Most leads of an average month.
    goes_on
        Leads of an average month after the plan.
    ever
        What a lead brings in the end.
    """

    gains: FloatArray
    need: FloatArray
    onward: FloatArray
    season: FloatArray
    most: float
    goes_on: float
    ever: float


@dataclass(frozen=True, eq=False)
class Shape:
    """Leads by month in the mean, shape ``(H,)``, and how far they stay behind, ``(H,)``."""

    leads: FloatArray
    behind: FloatArray


def shaped(course: Course, months: int) -> Shape:
    """Return leads by month that bring what is needed, in time as far as can be, and smoothly.

    Parameters
    ----------
    course
        What is needed, and what a lead brings.
    months
        Of the plan.

    Returns
    -------
    Shape
        Leads of at least 0; what is still missing by the end of each month however they are
        spread.

    Raises
    ------
    FunnelError
        If the linear program fails.

    Notes
    -----
    To divide the target of each month by the lag, month after month, is ill-posed: the answer
    swings between thousands and less than nothing. Here all months together bring what is needed
    of them exactly, less what even the most leads in all months leave missing, with the least of
    Σ leads + 0.6 Σ |changes of leads from month to month| + 0.5 Σ leads for what comes a month
    late; changes are relative to the season, and what is late is cumulative need less cumulative
    sums. Leads beyond the plan go on at a level that carries the targets. A linear program, solved
    by HiGHS.

    References
    ----------
    Hansen (2010), Discrete Inverse Problems, chapters 1 and 4, on what is ill-posed and on
    smoothness; Huangfu and Hall (2018), Mathematical Programming Computation 10, 119-142.
    """
    gains = course.gains * course.season[:, None]
    need = course.need - course.onward
    behind = np.maximum(need - course.most * gains.sum(axis=0), 0.0)
    asked = need - behind
    useful = gains[:, -1] > 0
    if not useful.any() or asked[months - 1] <= _SLACK * max(float(np.abs(need).max()), 1.0):
        return Shape(np.zeros(months), behind[:months])
    unit = course.most  # leads in parts of the most, and amounts in parts of the last one
    amount = float(asked[months - 1])
    program = _Program(
        gains * unit / amount,
        asked / amount,
        course.season,
        course.goes_on / unit,
        _LATE * amount / (course.ever * unit),
    )
    leads = np.where(useful, np.maximum(_least(program), 0.0), 0.0) * course.season * unit
    return Shape(leads, behind[:months])


class _Program(NamedTuple):
    """A linear program of levels of an average month, in parts of the most."""

    gains: FloatArray
    asked: FloatArray
    season: FloatArray
    end: float
    late: float


def _least(program: _Program) -> FloatArray:
    """Return the levels, shape ``(H,)``."""
    gains, asked, season = program.gains, program.asked, program.season
    months, ends = gains.shape
    # levels, sizes of their changes (the last one leads to the level beyond the plan), lateness
    changes = months if ends > months else months - 1
    steps = sparse.lil_array((changes, months))
    aims = np.zeros(changes)
    for k in range(changes):
        steps[k, k] = -1.0
        if k + 1 < months:
            steps[k, k + 1] = 1.0
        else:
            aims[k] = -program.end
    size, none = -sparse.eye_array(changes), sparse.csr_array((changes, ends))
    rows: Any = sparse.block_array(
        [[-gains.T, None, -sparse.eye_array(ends)], [steps, size, none], [-steps, size, none]]
    )
    whole = sparse.csr_array(
        np.concatenate([gains[:, months - 1], np.zeros(changes + ends)])[None, :]
    )
    costs = [season, np.full(changes, _ROUGH), np.full(ends, program.late)]
    found = optimize.linprog(
        np.concatenate(costs),
        A_ub=rows,
        b_ub=np.concatenate([-asked, aims, -aims]),
        A_eq=whole,
        b_eq=[asked[months - 1]],
        bounds=[(0.0, 1.0)] * months + [(0.0, None)] * (changes + ends),
        method="highs",
    )
    if found.x is None:
        raise FunnelError(
            "The leads of a plan could not be found: HiGHS says "
            f"{str(found.message).splitlines()[0]!r}."
        )
    return np.asarray(found.x[:months])


def course_of(
    assumptions: Assumptions,
    weights: FloatArray,
    worth: FloatArray,
    need: FloatArray,
    *,
    goal: float,
    after: float,
    peak: float,
) -> Course:
    """Return what a mix of channels brings and what is needed of it.

    Parameters
    ----------
    assumptions
        What a lead brings, and when.
    weights
        Share of each channel among leads, shape ``(C,)``.
    worth
        What a deal of each channel counts, shape ``(C,)``.
    need
        What leads must have brought by the end of each month, shape ``(H,)``.
    goal
        Largest target of a month.
    after
        Target of a month after the plan's end; 0 where there is none.
    peak
        Most leads of a month, over those that carry the largest target in the long run.
    """
    months = len(assumptions.periods)
    ever = float(weights @ (assumptions.rates * worth))
    season = np.ones(months) if assumptions.season is None else np.array(assumptions.season, float)
    season = season * np.concatenate([[_left(assumptions)], np.ones(months - 1)])
    within = np.einsum("c,cmh->mh", weights * worth, assumptions.yields)
    gains = np.cumsum(within, axis=1)
    onward = np.zeros(months)
    level = after / ever if ever > 0 else 0.0
    if after > 0 and level > 0:
        beyond = _beyond(assumptions, weights * assumptions.rates * worth)
        gains = np.hstack([gains, gains[:, -1:] + np.cumsum(beyond[:months], axis=1)])
        later = np.cumsum(beyond[months:].sum(axis=0)) * level
        onward = np.concatenate([onward, later])
        need = np.concatenate([need, need[-1] + after * np.arange(1, len(later) + 1)])
    most = peak * max(goal, after) / ever if ever > 0 else 0.0
    return Course(gains, need, onward, season, most, level, ever)


def _beyond(assumptions: Assumptions, worth: FloatArray) -> FloatArray:
    """Return what a lead brings in each month after the plan, shape ``(H + E, E)``."""
    import pandas as pd

    months = len(assumptions.periods)
    longer = pd.period_range(assumptions.periods[0], periods=months + _BEYOND, freq="M")
    within = np.stack([one.lag.within(longer, assumptions.as_of) for one in assumptions.channels])
    return np.asarray(np.einsum("c,cmh->mh", worth, within)[:, months:])


def _left(assumptions: Assumptions) -> float:
    """Return the share of the first month that is still to come."""
    first: pd.Period = assumptions.periods[0]
    begin, end = first.start_time.date(), first.end_time.date()
    whole = (end - begin).days + 1
    left = (end - max(assumptions.as_of, begin)).days + (assumptions.as_of < begin)
    return float(np.clip(left / whole, 0.0, 1.0))
