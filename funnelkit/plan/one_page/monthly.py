"""What each month of a plan needs and brings, as columns that tables and pages share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit.plan.one_page.outlook import PARTS, Outlook

if TYPE_CHECKING:
    from funnelkit.plan import Capacity

FloatArray = NDArray[np.float64]
Kind = Literal["leads", "records", "unit", "money", "difference", "chance", "people"]


@dataclass(frozen=True, eq=False, kw_only=True)
class MonthColumn:
    """One figure by month.

    Parameters
    ----------
    head
        What it is.
    values
        Shape ``(H,)``; NaN where there is none.
    kind
        How it is written.
    summed
        Whether the row of all months holds its sum; else its last value for a chance, and nothing
        for people.
    """

    head: str
    values: FloatArray
    kind: Kind
    summed: bool = True
    texts: tuple[str, ...] = ()

    @property
    def words(self) -> bool:
        """Whether it holds words in place of numbers."""
        return bool(self.texts)

    def said(self, k: int) -> str:
        """Return the figure of a month as it is written."""
        return self.texts[k] if self.texts else written(float(self.values[k]), self.kind)

    @property
    def whole(self) -> str:
        """The figure of all months together, as it is written."""
        if self.texts:
            return ""
        if self.kind == "chance":
            return written(float(self.values[-1]), self.kind)
        return written(float(np.nansum(self.values)), self.kind) if self.summed else ""


@dataclass(frozen=True, eq=False, kw_only=True)
class MonthRows:
    """All columns of a plan by month, and what a reader must know about them."""

    columns: tuple[MonthColumn, ...]
    notes: tuple[str, ...] = ()


def written(value: float, kind: Kind) -> str:
    """Return a figure of a plan as it is written."""
    if not np.isfinite(value):
        return display.EN_DASH
    if kind == "chance":
        return display.chance(value)
    if kind == "difference":
        return display.signed(value, decimals=0 if abs(value) >= 10 else 1)
    if kind in ("leads", "money"):
        return display.count(value)
    return display.expected(value)


def month_rows(
    shown: Outlook, *, capacity: Capacity | None = None, most_channels: int = 6
) -> MonthRows:
    """Return what each month of a plan needs and brings.

    Parameters
    ----------
    shown
        The plan.
    capacity
        People needed and there, where they were planned.
    most_channels
        Channels with a column of their own, the largest; the others share one.
    """
    checks.positive_whole("most_channels", most_channels)
    unit: Kind = "money" if shown.money else "unit"
    columns = [*_leads(shown, most_channels), *_stages(shown)]
    columns.append(MonthColumn(head="deals", values=shown.deals, kind="records"))
    if shown.money:
        heads = dict(zip(PARTS, ("in flight", "from new leads", "without a lead"), strict=True))
        columns += [
            MonthColumn(head=heads[name], values=part, kind=unit)
            for name, part in shown.parts.items()
            if part.any() or name == PARTS[1]
        ]
    columns += [
        MonthColumn(head="target", values=shown.target, kind=unit),
        MonthColumn(head="gap", values=shown.expected - shown.target, kind="difference"),
        MonthColumn(head="chance by then", values=shown.chances, kind="chance"),
    ]
    if np.isfinite(shown.plan.assumptions.costs).any():
        columns.append(MonthColumn(head="spend", values=shown.spend_by_month, kind="money"))
    notes: tuple[str, ...] = ()
    if capacity is not None:
        from funnelkit.plan.one_page.staffing import people_columns

        columns += people_columns(shown, capacity)
        notes = ("People: in full-time equivalents, those still in training by what they carry.",)
    return MonthRows(columns=tuple(columns), notes=notes)


def _leads(shown: Outlook, most: int) -> list[MonthColumn]:
    if len(shown.names) == 1:
        return [MonthColumn(head="leads", values=shown.leads[0], kind="leads")]
    order = np.argsort(-shown.leads.sum(axis=1), kind="stable")
    own = order if len(order) <= most else order[: most - 1]
    columns = [MonthColumn(head=shown.names[c], values=shown.leads[c], kind="leads") for c in own]
    if len(own) < len(order):
        rest = shown.leads[order[len(own) :]].sum(axis=0)
        columns.append(MonthColumn(head="other channels", values=rest, kind="leads"))
    return [*columns, MonthColumn(head="leads", values=shown.leads.sum(axis=0), kind="leads")]


def _stages(shown: Outlook) -> list[MonthColumn]:
    """Return the entries to each stage between the first and the win."""
    between = shown.plan.assumptions.stages[1:-1]
    return [
        MonthColumn(head=display.one_line(stage), values=shown.entries(stage), kind="records")
        for stage in between
    ]
