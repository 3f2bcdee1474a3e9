"""Cohorts as a table: converted so far, maturity, and what is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import ArgumentError
from funnelkit.table import cells
from funnelkit.table.grid import Column, Table

if TYPE_CHECKING:
    from funnelkit.lag import AdjustedRates


def cohorts(adjusted: AdjustedRates) -> Table:
    """Return a table of cohorts: entered, converted so far, maturity, and the expected rate.

    Parameters
    ----------
    adjusted
        From :func:`funnelkit.lag.adjust`.

    Returns
    -------
    Table
        One row per segment and cohort, the largest segment first; the last column says in
        words which ones are immature, or have no rate of their own. No percentage of fewer than
        20 leads.

    Raises
    ------
    ArgumentError
        If ``adjusted`` is something else.

    Examples
    --------
    >>> import datetime as dt
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> triangle = fk.Triangle(
    ...     start="lead",
    ...     target="won",
    ...     cohorts=pd.period_range("2026-01-01", periods=2, freq="D"),
    ...     as_of=dt.date(2026, 1, 2),
    ...     entered=[[400, 400]],
    ...     events={"won": [[[80, 80], [50, 0]]]},
    ...     censored=[[[0, 240], [350, 0]]],
    ...     followed=[[[0, 400], [400, 0]]],
    ... )
    >>> fit = fk.lag.fit_kaplan_meier(triangle)
    >>> table = fk.table.cohorts(fk.lag.adjust(triangle, fit))
    >>> [column.head for column in table.columns]
    ['cohort', 'entered lead', 'won so far', 'share so far', 'maturity', 'expected by day 1',
    'status']
    >>> table.rows[1][-1], table.rows[0][-1]
    ('immature', 'mature')
    """
    from funnelkit.lag.adjusting.result import IMMATURE_BELOW, AdjustedRates

    if not isinstance(adjusted, AdjustedRates):
        raise ArgumentError(
            f"`adjusted` must be what fk.lag.adjust returns; got {type(adjusted).__name__}."
        )
    start, target = display.one_line(adjusted.start), display.one_line(adjusted.target)
    by_day = "expected" if adjusted.horizon is None else f"expected by day {adjusted.horizon}"
    dated = len(adjusted.cohorts) > 1 or not adjusted.by
    columns = (
        *([Column("cohort", "left")] if dated else []),
        *cells.segment_columns(adjusted.by),
        Column(f"entered {start}"),
        Column(f"{target} so far"),
        Column("share so far"),
        Column("maturity"),
        Column(by_day),
        Column("status", "left"),
    )
    frame = adjusted.to_frame()
    late = np.ravel(adjusted.late > 0)
    records = zip(frame.to_dict("records"), late, strict=True)
    rows = [
        (*([str(row["cohort"])] if dated else []), *_row(row, adjusted.by, late=bool(is_late)))
        for row, is_late in records
    ]
    level = display.percent(adjusted.confidence_level, decimals=0)
    shares = (
        f"Shares are of those who entered {start}. Expected: converted so far, corrected for the "
        f"age of the leads; in brackets the {level} interval. Data through "
        f"{day_name(adjusted.as_of)}."
    )
    immature = (
        "Immature: maturity, the share of what is to come that is there to be seen, is below "
        f"{display.percent(IMMATURE_BELOW, decimals=0)}."
    )
    return Table(
        summary=adjusted.summary(),
        columns=columns,
        rows=cells.largest_first(rows, adjusted.entered.sum(axis=1)),
        notes=(shares, immature),
    )


def _row(row: dict[Any, Any], by: tuple[str, ...], *, late: bool) -> tuple[str, ...]:
    entered = int(row["entered"])
    enough = entered >= display.FEWEST
    own = enough and row["basis"] == "own"
    expected = (row["adjusted"], row["adjusted_low"], row["adjusted_high"])
    return (
        *cells.segment_cells(row, by),
        display.count(entered),
        display.count(row["converted"]),
        display.percent(row["rate"]) if enough else display.EN_DASH,
        display.maturity(row["maturity"]) if entered else display.EN_DASH,
        display.estimate(*expected) if own else display.EN_DASH,
        _status(row, late=late),
    )


def _status(row: dict[Any, Any], *, late: bool) -> str:
    if not row["entered"]:
        return "no leads"
    words = ["immature" if row["immature"] else "mature"]
    if row["partial"]:
        words.append("only a part of the cohort")
    if row["entered"] < display.FEWEST:
        words.append(f"fewer than {display.FEWEST} leads")
    elif row["basis"] != "own":
        words.append("observed only late" if late else "too young for a rate of its own")
    elif row["entered"] < display.FEW:
        words.append("few leads")
    return ", ".join(words)
