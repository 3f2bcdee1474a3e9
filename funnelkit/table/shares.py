"""Rates as a table: of cohorts, of periods, or of one labelled figure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import ArgumentError
from funnelkit.table import cells, steps
from funnelkit.table.grid import Column, Table

if TYPE_CHECKING:
    from funnelkit.rates import CohortRates, LabelledRate, PeriodRates, StageRates


def rates(rates: CohortRates | PeriodRates | LabelledRate | StageRates) -> Table:
    """Return a table of rates, each with its interval and its denominator.

    Parameters
    ----------
    rates
        From :func:`funnelkit.rates.cohort`, :func:`funnelkit.rates.period`, or a labelled rate
        such as ``fk.rates.flow(leads).win_rate``; a stage table is passed on to :func:`flow`.

    Returns
    -------
    Table
        One row per segment and cohort or period, the largest segment first. No percentage of
        fewer than 20 leads.

    Raises
    ------
    ArgumentError
        If ``rates`` is something else.

    Examples
    --------
    >>> import datetime as dt
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> from funnelkit.counts.flows import Flows
    >>> flows = Flows(
    ...     steps=("lead", "won"),
    ...     by=(),
    ...     segments=((),),
    ...     periods=pd.period_range("2018-04", periods=2, freq="M"),
    ...     as_of=dt.date(2018, 5, 31),
    ...     entries=[[[1352, 1303], [207, 122]]],
    ...     undated=[[0, 0]],
    ...     partial=frozenset(),
    ... )
    >>> table = fk.table.rates(fk.rates.period(flows, "lead", "won"))
    >>> [cell.replace(chr(0x202F), " ").replace(chr(0x2013), "-") for cell in table.rows[1]]
    ['2018-05', '1,303', '122', '9.4 % (7.7-11.3)', '']
    """
    from funnelkit.rates import CohortRates, LabelledRate, PeriodRates, StageRates

    if isinstance(rates, CohortRates):
        return _of_cohorts(rates)
    if isinstance(rates, PeriodRates):
        return _of_periods(rates)
    if isinstance(rates, LabelledRate):
        return _of_label(rates)
    if isinstance(rates, StageRates):
        return steps.flow(rates)
    raise ArgumentError(
        "`rates` must be what fk.rates.cohort, fk.rates.period or fk.rates.flow returns; "
        f"got {type(rates).__name__}."
    )


def _of_cohorts(rates: CohortRates) -> Table:
    start, target = display.one_line(rates.start), display.one_line(rates.target)
    window = rates.within is not None
    within = f" within {display.plural(rates.within or 0, 'day')}" if window else " so far"
    dated = len(rates.cohorts) > 1 or not rates.by
    columns = (
        *([Column("cohort", "left")] if dated else []),
        *cells.segment_columns(rates.by),
        Column(f"entered {start}"),
        Column(f"{target}{within}"),
        Column("share"),
        Column("followed that long" if window else "youngest lead"),
        Column("status", "left"),
    )

    def row(cells_: dict[Any, Any]) -> tuple[str, ...]:
        entered = int(cells_["entered"])
        known = cells.enough(cells_) and math.isfinite(cells_["rate"])
        followed = display.plural(cells_["followed_days"], "day")
        if window:
            followed = display.maturity(cells_["maturity"])
        return (
            *([str(cells_["cohort"])] if dated else []),
            *cells.segment_cells(cells_, rates.by),
            display.count(entered),
            display.count(cells_["converted"]),
            _share(cells_) if known else display.EN_DASH,
            followed if entered else display.EN_DASH,
            _status(cells_, window=window, known=known),
        )

    rows = [row(each) for each in rates.to_frame().to_dict("records")]
    shown = cells.largest_first(rows, rates.entered.sum(axis=1))
    notes = [f"Shares are of those who entered {start}; {_brackets(rates)}."]
    if window:
        notes.append("Immature: not every lead has been followed that long; there is no share yet.")
    else:
        notes.append("So far: young cohorts have had less time, and stand lower for that alone.")
    return Table(summary=rates.summary(), columns=columns, rows=shown, notes=tuple(notes))


def _of_periods(rates: PeriodRates) -> Table:
    start, target = display.one_line(rates.start), display.one_line(rates.target)
    columns = (
        Column("period", "left"),
        *cells.segment_columns(rates.by),
        Column(f"entries to {start}"),
        Column(f"entries to {target}"),
        Column("ratio"),
        Column("status", "left"),
    )
    rows = [
        (
            str(row["period"]),
            *cells.segment_cells(row, rates.by),
            display.count(row["entered"]),
            display.count(row["converted"]),
            _share(row) if cells.enough(row) else display.EN_DASH,
            "period not wholly observed" if row["partial"] else _few(row),
        )
        for row in rates.to_frame().to_dict("records")
    ]
    note = (
        f"Ratio: entries to {target} over entries to {start} in the same period; not the same "
        f"leads, so it may exceed {display.percent(1, decimals=0)}; {_brackets(rates)}."
    )
    shown = cells.largest_first(rows, rates.entered.sum(axis=1))
    return Table(summary=rates.summary(), columns=columns, rows=shown, notes=(note,))


def _of_label(rate: LabelledRate) -> Table:
    columns = (
        Column(rate.name, "left"),
        *cells.segment_columns(rate.by),
        Column("denominator"),
        Column("numerator"),
        Column("share"),
        Column("status", "left"),
    )
    label = display.one_line(rate.label)
    rows = [
        (
            label,
            *cells.segment_cells(row, rate.by),
            display.count(row["entered"]),
            display.count(row["converted"]),
            _share(row) if cells.enough(row) else display.EN_DASH,
            f"{display.count(still)} still open" if still else _few(row),
        )
        for row, still in zip(rate.to_frame().to_dict("records"), rate.still_open, strict=True)
    ]
    return Table(
        summary=rate.summary(),
        columns=columns,
        rows=cells.largest_first(rows, rate.bases),
        notes=(f"Shares have their interval beside them; {_brackets(rate)}.",),
    )


def _share(row: dict[Any, Any]) -> str:
    return display.estimate(row["rate"], row["rate_low"], row["rate_high"])


def _few(row: dict[Any, Any]) -> str:
    if cells.enough(row):
        return "few leads" if row["entered"] < display.FEW else ""
    return f"fewer than {display.FEWEST} leads" if row["entered"] else "no leads"


def _status(row: dict[Any, Any], *, window: bool, known: bool) -> str:
    words = []
    if window and row["entered"]:
        words.append("mature" if row["mature"] else "immature")
    if row["partial"]:
        words.append("only a part of the cohort")
    if not cells.enough(row) or known:
        words.append(_few(row))
    elif not window or row["mature"]:
        words.append("observed only late")
    return ", ".join(word for word in words if word)


def _brackets(rates: CohortRates | PeriodRates | LabelledRate) -> str:
    level = display.percent(rates.confidence_level, decimals=0)
    return f"in brackets the {level} interval; data through {day_name(rates.as_of)}"
