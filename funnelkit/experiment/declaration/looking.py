"""The planned looks of an experiment: when each fell due, and what the data showed then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from funnelkit.experiment.declaration.declared import Design, Spending
from funnelkit.experiment.sequential.designs import boundaries
from funnelkit.experiment.sequential.reading import analyse_looks
from funnelkit.experiment.sequential.spent import SpendingFunction, spending

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads
    from funnelkit.experiment.comparison import Comparison
    from funnelkit.experiment.sequential.looked import SequentialTest

    Seen = Callable[[dt.date | None, dt.date, str], tuple[float, Comparison]]
    """From a day on which things were known (``None``: now), the last day of entry and a treatment
    to the units followed for the whole horizon and the primary comparison."""

_GAMMA = -4.0
"""Of Hwang, Shih and DeCani's spending: near O'Brien and Fleming's."""
_NEW = 1.001
"""A look that brings not even a thousandth more information is no look of its own."""


def look_days(design: Design, leads: Leads, arm: str, start: str, within: int) -> list[dt.date]:
    """Return the day of each planned look that has fallen due by ``as_of``.

    A look falls due on the first day on which as many units as its share of the planned had been
    followed for the whole horizon.
    """
    from funnelkit.counts.build import triangle

    entered = triangle(leads, start, leads.funnel.won, cohort="day", by=arm)
    rows = [k for k, segment in enumerate(entered.segments) if segment[-1] in design.variants]
    by_day = entered.entered[rows].sum(axis=0)
    total = np.cumsum(by_day)
    found = []
    for fraction in design.looks:
        reached = np.flatnonzero(total >= fraction * (design.planned or np.inf))
        if not len(reached):
            break
        first: pd.Period = entered.cohorts[int(reached[0])]
        due = first.start_time.date() + dt.timedelta(days=within)
        if due > leads.as_of:
            break
        found.append(due)
    return found


def looked(
    design: Design, days: list[dt.date], seen: Seen, treatment: str
) -> SequentialTest | None:
    """Return the planned looks that have fallen due, read beside their boundaries.

    Parameters
    ----------
    design
        The declaration. Its alpha is shared evenly by several treatments.
    days
        Days of the looks.
    seen
        The primary comparison on earlier days.
    treatment
        Which one is compared with control.

    Returns
    -------
    SequentialTest or None
        ``None`` before the first look. Units that had entered by the stop and have matured since
        are its overrun.
    """
    planned = float(design.planned or 0)
    plan = boundaries(
        [fraction * planned for fraction in design.looks],
        planned=planned,
        alpha=design.alpha / len(design.treatments),
        alternative=design.alternative,
        spending=_spending(design.spending),
        futility=None if design.futility is None else _spending(design.futility),
    )
    looks: list[tuple[float, Comparison]] = []
    due: list[dt.date] = []
    for day in dict.fromkeys(days):
        n, found = seen(day, day, treatment)
        if not looks or n > looks[-1][0] * _NEW:
            looks.append((min(n, planned), found))
            due.append(day)
    if not looks:
        return None
    read = analyse_looks(looks, plan)
    if read.stopped_at is None:
        return read
    n, found = seen(None, due[read.stopped_at - 1], treatment)
    if n <= looks[read.stopped_at - 1][0] * _NEW:
        return read
    return analyse_looks(looks[: read.stopped_at], plan, overrun=(n, found))


def _spending(name: Spending) -> SpendingFunction:
    return spending(name, gamma=_GAMMA if name == "hwang-shih-decani" else None)
