"""Tables beside a plan: scenarios side by side, and people by month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import day_name, period_label
from funnelkit._core.errors import ArgumentError
from funnelkit.plan.one_page.compared import scenario_rows
from funnelkit.plan.one_page.staffing import Staff, requisition_words
from funnelkit.table.grid import Column, Table

if TYPE_CHECKING:
    from funnelkit.plan import Capacity, ScenarioComparison


def scenarios(scenarios: ScenarioComparison) -> Table:
    """Return scenarios as rows: the chance of the planned leads, and what would be needed.

    Parameters
    ----------
    scenarios
        From :func:`funnelkit.plan.compare_scenarios`.

    Returns
    -------
    Table
        The plan itself first; leads needed are for the chance that was asked.

    Raises
    ------
    ArgumentError
        If it is something else.

    Examples
    --------
    >>> import funnelkit as fk
    >>> plan = fk.plan.reverse(1_000_000, [0.25, 0.4, 0.5, 0.2], value=25_000)
    >>> compared = fk.plan.compare_scenarios(plan, {"worse": {"inputs": {"all: lead to mql": 0.2}}})
    >>> [column.head for column in fk.table.scenarios(compared).columns][:3]
    ['scenario', 'target', 'chance of it']
    """
    from funnelkit.plan import ScenarioComparison

    if not isinstance(scenarios, ScenarioComparison):
        raise ArgumentError(
            "`scenarios` must be what fk.plan.compare_scenarios returns; got "
            f"{type(scenarios).__name__}."
        )
    heads, rows = scenario_rows(scenarios)
    told = zip(scenarios.names, scenarios.descriptions, strict=True)
    notes = [
        f"{display.one_line(name)}: {display.one_line(words)}" for name, words in told if words
    ]
    unit = f"Money in {display.one_line(scenarios.currency)}." if scenarios.currency else ""
    return Table(
        summary=scenarios.summary(),
        columns=tuple(Column(head, "right" if k else "left") for k, head in enumerate(heads)),
        rows=tuple(tuple(row) for row in rows),
        notes=tuple(note for note in (unit, *notes) if note),
    )


def headcount(capacity: Capacity) -> Table:
    """Return people by month: asked, there, with the hires, and what to open.

    Parameters
    ----------
    capacity
        From :func:`funnelkit.plan.capacity`.

    Returns
    -------
    Table
        One row per month; people in ramped full-time equivalents, by role. Under it the
        requisitions with their dates.

    Raises
    ------
    ArgumentError
        If it is something else.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> rep = fk.plan.Role(name="executive", people=8, quota=75_000, attainment=0.8)
    >>> months = pd.period_range("2027-01", periods=12, freq="M")
    >>> found = fk.plan.capacity(fk.plan.Team(roles=[rep]), 600_000.0, periods=months)
    >>> fk.table.headcount(found).rows[0][:4]
    ('2027-01', '10', '8.0', '10')
    """
    from funnelkit.plan import Capacity

    if not isinstance(capacity, Capacity):
        raise ArgumentError(
            f"`capacity` must be what fk.plan.capacity returns; got {type(capacity).__name__}."
        )
    staff = Staff(capacity=capacity)
    opened = capacity.to_open
    columns, lines = [Column("month", "left")], []
    for r, role in enumerate(capacity.roles):
        name = display.one_line(role)
        columns += [Column(f"{name} needed"), Column("there"), Column("with the hires")]
        needed = capacity.ramped_heads_needed[r]
        lines += [needed, capacity.ramped_heads[r], staff.after.ramped_heads[r]]
    columns += [Column("hires to open"), Column("what binds", "left")]
    rows = []
    for k, month in enumerate(capacity.periods):
        cells = [display.expected(float(line[k])) for line in lines]
        number = int(opened[:, k].sum())
        cells += [display.count(number) if number else "", capacity.binding[k]]
        rows.append((period_label(month), *cells))
    return Table(
        summary=capacity.summary(),
        columns=tuple(columns),
        rows=tuple(rows),
        notes=_notes(capacity),
    )


def _notes(capacity: Capacity) -> tuple[str, ...]:
    text = (
        f"Known to {day_name(capacity.as_of)}. Full-time people, those in training by how far they "
        "have ramped, less those who are expected to leave."
    )
    if np.isfinite(capacity.total_cost):
        unit = f"{display.one_line(capacity.currency)} " if capacity.currency else ""
        text += f" They cost {unit}{display.count(capacity.total_cost)}."
    return (text, *(f"{requisition_words(one)}." for one in capacity.requisitions))
