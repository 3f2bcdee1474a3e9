"""The stage table: what entered each stage, and what became of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import ArgumentError
from funnelkit.table import cells
from funnelkit.table.grid import Column, Table

if TYPE_CHECKING:
    from funnelkit.rates import StageRates


def flow(flow: StageRates) -> Table:
    """Return the stage table: entered, moved on, left, still there, median days.

    Parameters
    ----------
    flow
        From :func:`funnelkit.rates.flow`.

    Returns
    -------
    Table
        One row per segment and stage, the largest segment first. No percentage of fewer than
        20 leads.

    Raises
    ------
    ArgumentError
        If ``flow`` is something else.

    Examples
    --------
    >>> import datetime as dt
    >>> import funnelkit as fk
    >>> from funnelkit.counts.flows import Stays
    >>> stays = Stays(
    ...     stages=("opportunity", "won"),
    ...     exits=("lost",),
    ...     by=(),
    ...     segments=((),),
    ...     as_of=dt.date(2017, 12, 31),
    ...     entered=[[8800, 4238]],
    ...     filled=[[0, 0]],
    ...     moved_on=[[4238, 0]],
    ...     left={"lost": [[2473, 0]]},
    ...     still_there=[[2089, 4238]],
    ...     days=[[[0] * 9 + [4238], [0] * 10]],
    ... )
    >>> table = fk.table.flow(fk.rates.flow(stays))
    >>> [cell.replace(chr(0x202F), " ").replace(chr(0x2013), "-") for cell in table.rows[0]]
    ['opportunity', '8,800', '4,238', '48.2 % (47.1-49.2)', '2,473', '2,089', '9']
    """
    from funnelkit.rates import StageRates

    if not isinstance(flow, StageRates):
        raise ArgumentError(
            f"`flow` must be what fk.rates.flow returns; got {type(flow).__name__}."
        )
    shown = _Shown(flow)
    level = display.percent(flow.confidence_level, decimals=0)
    note = (
        f"Shares count what has happened so far and rise as open records move on; in brackets the "
        f"{level} interval. Median days: among those who moved on. Data through "
        f"{day_name(flow.stays.as_of)}."
    )
    filled = (
        "Filled in: no day of their own, known from a later stage; left out of the share that "
        "moved on."
    )
    records = flow.to_frame().to_dict("records")
    rows = [shown.row(record, k) for k, record in enumerate(records)]
    return Table(
        summary=flow.summary(),
        columns=shown.columns,
        rows=cells.largest_first(rows, flow.stays.entered[:, 0]),
        notes=(note, filled) if shown.filled else (note,),
    )


class _Shown:
    """The columns that a stage table has, and the cells of a row."""

    def __init__(self, flow: StageRates) -> None:
        self.stays = flow.stays
        self.filled = bool(flow.stays.filled.any())
        self.several = len(flow.stays.stages) > 2

    @property
    def columns(self) -> tuple[Column, ...]:
        first = display.one_line(self.stays.stages[0])
        return (
            Column("stage", "left"),
            *cells.segment_columns(self.stays.by),
            Column("entered"),
            *([Column("of these filled in")] if self.filled else []),
            Column("moved on"),
            Column("share moved on"),
            *(Column(display.one_line(name)) for name in self.stays.exits),
            Column("still there"),
            Column("median days"),
            *([Column(f"share of {first}")] if self.several else []),
        )

    def row(self, record: Mapping[Any, Any], k: int) -> tuple[str, ...]:
        """Return the cells of row ``k``; the last stage has nowhere to move on to."""
        last = record["stage"] == self.stays.stages[-1]
        left = [display.count(int(self.stays.left[name].flat[k])) for name in self.stays.exits]
        beyond = [
            display.count(record["moved_on"]),
            _share(record, "rate", "rate", of=record["entered"] - record["filled"]),
            *left,
            display.count(record["still_there"]),
            _days(record["median_days"]),
        ]
        return (
            display.one_line(record["stage"]),
            *cells.segment_cells(record, self.stays.by),
            display.count(record["entered"]),
            *([display.count(record["filled"])] if self.filled else []),
            *([""] * len(beyond) if last else beyond),
            *([self._of_first(record, k)] if self.several else []),
        )

    def _of_first(self, record: Mapping[Any, Any], k: int) -> str:
        if record["stage"] == self.stays.stages[0]:
            return ""
        segment = k // len(self.stays.stages)
        of = int(self.stays.entered[segment, 0])
        return _share(record, "cumulative_rate", "cumulative", of=of)


def _share(record: Mapping[Any, Any], rate: str, ends: str, *, of: int) -> str:
    if of < display.FEWEST:
        return display.EN_DASH
    return display.estimate(record[rate], record[f"{ends}_low"], record[f"{ends}_high"])


def _days(days: float) -> str:
    return f"{days:,.4g}" if math.isfinite(days) else display.EN_DASH
