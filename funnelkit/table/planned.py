"""A plan as a table: each month's leads, stages, deals, bookings, target, chance, cost, people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.plan.one_page.monthly import MonthRows, month_rows
from funnelkit.plan.one_page.outlook import Outlook, outlook_of
from funnelkit.table.grid import Column, Table

if TYPE_CHECKING:
    from funnelkit.plan import Allocation, Capacity, Plan

FloatArray = NDArray[np.float64]


def plan(
    plan: Plan | Allocation, *, capacity: Capacity | None = None, most_channels: int = 6
) -> Table:
    """Return a plan as rows: what each month must bring, and what it is expected to bring.

    Parameters
    ----------
    plan
        From :func:`funnelkit.plan.reverse` or :func:`funnelkit.plan.optimise`.
    capacity
        From :func:`funnelkit.plan.capacity`; adds people needed, people there, and requisitions
        to open.
    most_channels
        Channels that have a column of their own, the largest ones; the others share one.

    Returns
    -------
    Table
        One row per month and one for all of them: leads by channel, entries to each stage (of the
        planned leads and of those open today), deals, bookings in flight, from new leads and
        without a lead, target, gap, the chance of the targets up to then, and spend.

    Raises
    ------
    ArgumentError
        If an argument is something else.

    Examples
    --------
    >>> import funnelkit as fk
    >>> plan = fk.plan.reverse(1_000_000, [0.25, 0.4, 0.5, 0.2], value=25_000, probability=0.9)
    >>> fk.table.plan(plan).columns[0].head
    'month'
    """
    shown = outlook_of(plan)
    rows = month_rows(shown, capacity=capacity, most_channels=most_channels)
    return Table(
        summary=f"{shown.finding()}.",
        columns=(
            Column("month", "left"),
            *(Column(column.head, "left" if column.words else "right") for column in rows.columns),
        ),
        rows=tuple(_cells(rows, shown)),
        notes=_notes(shown, rows),
    )


def _cells(rows: MonthRows, shown: Outlook) -> list[tuple[str, ...]]:
    found = [
        (label, *(column.said(k) for column in rows.columns))
        for k, label in enumerate(shown.labels)
    ]
    return [*found, ("all", *(column.whole for column in rows.columns))]


def _notes(shown: Outlook, rows: MonthRows) -> tuple[str, ...]:
    unit = f" Money in {shown.currency}." if shown.currency else ""
    text = (
        f"Known to {day_name(shown.plan.assumptions.as_of)}. Stages and deals count the planned "
        "leads and those open today. Gap: expected less target. Chance: of all targets up to the "
        f"end of the month, in sum.{unit}"
    )
    return (text, *rows.notes, *(display.one_line(note) for note in shown.plan.notes))


def plan_options(plan: Plan | Allocation) -> Table:
    """Return the plan on mean rates beside those with a chance of their own, one row each.

    Parameters
    ----------
    plan
        From :func:`funnelkit.plan.reverse` or :func:`funnelkit.plan.optimise`.

    Returns
    -------
    Table
        Leads, spend, what is expected and the true chance of the goal: the plan on mean rates is
        about a coin toss, and its row says so.

    Raises
    ------
    ArgumentError
        If ``plan`` is something else.

    Examples
    --------
    >>> import funnelkit as fk
    >>> plan = fk.plan.reverse(1_000_000, [0.25, 0.4, 0.5, 0.2], value=25_000, probability=0.9)
    >>> [row[1] for row in fk.table.plan_options(plan).rows]
    ['4,000', '3,967', '4,518', '4,825']
    """
    shown = outlook_of(plan)
    names = list(shown.plan.channels)
    split = len(names) if 1 < len(names) <= 6 else 0
    spend = bool(np.isfinite(shown.plan.assumptions.costs).any())
    rows = []
    for option in shown.options():
        cells = [option.name, display.count(option.leads.sum())]
        cells += [display.count(one) for one in option.leads.sum(axis=1)[:split]]
        cells += [shown.paid(option.spend)] if spend else []
        rows.append((*cells, display.chance(option.chance)))
    return Table(
        summary=_options_summary(shown),
        columns=(
            Column("plan", "left"),
            Column("leads"),
            *(Column(name) for name in shown.names[:split]),
            *([Column("spend")] if spend else []),
            Column("chance of the goal" if shown.plan.missing == 0 else "chance of what can come"),
        ),
        rows=tuple(rows),
        notes=(_MEAN,) if shown.plan.missing == 0 else (_MEAN, f"Chances are of {shown.meant}."),
    )


_MEAN = (
    "mean: rates, deal sizes and months taken as they are expected; what is not known of them, and "
    "chance, leave it at about even odds."
)


def _options_summary(shown: Outlook) -> str:
    asked = display.percent(shown.plan.probability, decimals=0)
    leads = display.plural(float(shown.leads.sum()), "lead")
    goal = shown.number(float(shown.target.sum()))
    if shown.plan.missing > 0:
        rest = shown.number(shown.plan.reachable)
        return (
            f"Of {goal} in {shown.span}, {rest} can still come; with a probability of {asked} that "
            f"needs {leads}."
        )
    return f"{goal} in {shown.span} with a probability of {asked} needs {leads}."
