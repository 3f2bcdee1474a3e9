"""What a change is made of, segment by segment, as a table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.table import cells
from funnelkit.table.grid import Column, Table

if TYPE_CHECKING:
    from funnelkit.monitor import Change

_HEADS = {"mix": "by its share", "rate": "by its rate", "maturity": "by the age of its leads"}


def change(change: Change) -> Table:
    """Return the effects of a change by segment, in points of the rate of all.

    Parameters
    ----------
    change
        From :func:`funnelkit.monitor.decompose`.

    Returns
    -------
    Table
        One row per segment, the largest first, and their sum; the effects add up exactly.

    Raises
    ------
    ArgumentError
        If ``change`` is something else.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> counts = pd.DataFrame(
    ...     {
    ...         "cohort": ["2026-01", "2026-01", "2026-02", "2026-02"],
    ...         "source": ["webinar", "ads", "webinar", "ads"],
    ...         "entered": [500, 500, 200, 800],
    ...         "converted": [100, 25, 40, 40],
    ...     }
    ... )
    >>> change = fk.monitor.decompose(counts, "2026-01", "2026-02", by="source")
    >>> fk.table.change(change).rows[-1][-2].replace(chr(0x2212), "-")
    '-4.5'
    """
    from funnelkit.monitor import Change

    if not isinstance(change, Change):
        raise ArgumentError(
            f"`change` must be what fk.monitor.decompose returns; got {type(change).__name__}."
        )
    frame = change.to_frame()
    frame = frame.assign(size=frame["entered_before"] + frame["entered_after"])
    frame = frame.sort_values("size", ascending=False, kind="stable")
    effects = list(change.effects)
    rows = [
        (
            *cells.segment_cells(row, change.by),
            display.count(row["entered_before"]),
            display.count(row["entered_after"]),
            _rate(row["rate_before"], row["entered_before"]),
            _rate(row["rate_after"], row["entered_after"]),
            *(_points(row[f"{name}_effect"]) for name in effects),
        )
        for row in frame.to_dict("records")
    ]
    old, new = change.rates
    rows.append(
        (
            "all",
            *[""] * (len(change.by) - 1),
            display.count(change.entered[0].sum()),
            display.count(change.entered[1].sum()),
            display.percent(old),
            display.percent(new),
            *(_points(change.effects[name]) for name in effects),
        )
    )
    note = (
        "Effects in points of the rate of all; they add up to its change exactly. A share counts "
        "against the rate of all, so a segment that grew is to blame only if it converts worse."
    )
    if change.has_maturity:
        note += " Rates of segments are corrected for the age of their leads; that of all is not."
    return Table(
        summary=change.summary(),
        columns=(
            *cells.segment_columns(change.by),
            Column(f"entered {display.one_line(change.before)}"),
            Column(f"entered {display.one_line(change.after)}"),
            Column("rate before"),
            Column("rate after"),
            *(Column(_HEADS[name]) for name in effects),
        ),
        rows=tuple(rows),
        notes=(note,),
    )


def _rate(rate: float, entered: int) -> str:
    if entered < display.FEWEST or not math.isfinite(rate):
        return display.EN_DASH
    return display.percent(rate)


def _points(share: float) -> str:
    return display.signed(round(100 * float(share), 1) + 0.0)
