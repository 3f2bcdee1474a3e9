"""Rates against ranges as a table, and the ranges themselves with who says what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import ArgumentError
from funnelkit.table import cells
from funnelkit.table.grid import Column, Table

if TYPE_CHECKING:
    from funnelkit.rates import Benchmarked, Ranges


def benchmark(compared: Benchmarked | Ranges) -> Table:
    """Return a table of conversions against their ranges, or of ranges with who says what.

    Parameters
    ----------
    compared
        From :func:`funnelkit.rates.benchmark`, or from :func:`funnelkit.rates.published_ranges`.

    Returns
    -------
    Table
        One row per segment and conversion with rate, range, verdict and the won deals (and money)
        that closing the gap would have brought; who says what under it. No percentage of fewer
        than 20 records.

    Raises
    ------
    ArgumentError
        If ``compared`` is something else.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> counts = pd.DataFrame(
    ...     {"start": ["lead"], "target": ["won"], "entered": [1000], "converted": [50]}
    ... )
    >>> table = fk.table.benchmark(fk.rates.benchmark(counts))
    >>> cells = [cell.replace(chr(0x202F), " ").replace(chr(0x2013), "-") for cell in table.rows[0]]
    >>> cells[2:6]
    ['5.0 % (3.8-6.5)', '10.0 to 30.0 %', 'below', '50 (35-62)']
    """
    from funnelkit.rates import Benchmarked, Ranges

    if isinstance(compared, Ranges):
        return _of_ranges(compared)
    if not isinstance(compared, Benchmarked):
        raise ArgumentError(
            "`compared` must be what fk.rates.benchmark or fk.rates.published_ranges returns; got "
            f"{type(compared).__name__}."
        )
    records = compared.to_frame().to_dict("records")
    money = bool(np.isfinite(compared.mean_value).any())
    level = display.percent(compared.confidence_level, decimals=0)
    through = "" if compared.as_of is None else f" Data through {day_name(compared.as_of)}."
    note = (
        f"Rates are of those who entered the first stage, with the {level} interval in brackets. "
        "Won deals missed: what the same records would have brought at the low end of the range, "
        f"all else the same. Immature: more may still convert.{through}"
    )
    says = [
        f"{display.one_line(one.start)} to {display.one_line(one.target)}: {compared.who_says(k)}."
        for k, one in enumerate(compared.conversions)
    ]
    rows = [_row(record, compared, money=money) for record in records]
    return Table(
        summary=compared.summary(),
        columns=(
            Column("conversion", "left"),
            *cells.segment_columns(compared.by),
            Column("entered"),
            Column("rate"),
            Column("range"),
            Column("verdict", "left"),
            Column("won deals missed"),
            *([Column("worth")] if money else []),
        ),
        rows=cells.largest_first(rows, compared.entered.max(axis=1, initial=0)),
        notes=(note, *says),
    )


def _row(record: dict[Any, Any], compared: Benchmarked, *, money: bool) -> tuple[str, ...]:
    few = record["entered"] < display.FEWEST
    rate = display.EN_DASH
    if not few:
        rate = display.estimate(record["rate"], record["rate_low"], record["rate_high"])
    spans = {(one.start, one.target): span for one, span in _pairs(compared)}
    wholes = {
        (one.start, one.target)
        for one, whole in zip(compared.conversions, compared.whole, strict=True)
        if whole
    }
    missed = record["verdict"] in ("below", "not clearly below")
    missed = missed and (record["start"], record["target"]) not in wholes
    won = display.EN_DASH
    if missed and np.isfinite(record["won_gap"]):
        won = display.expected_between(*(record[f"won_gap{end}"] for end in ("", "_low", "_high")))
    value = record["gap_value"]
    worth = display.count(value) if missed and np.isfinite(value) else display.EN_DASH
    return (
        display.one_line(record["step"]),
        *cells.segment_cells(record, compared.by),
        display.count(record["entered"]),
        rate,
        spans[record["start"], record["target"]].said(),
        str(record["verdict"]),
        won,
        *([worth] if money else []),
    )


def _pairs(compared: Benchmarked) -> list[tuple[Any, Any]]:
    return list(zip(compared.conversions, compared.spans, strict=True))


def _of_ranges(ranges: Ranges) -> Table:
    rows = []
    for row in ranges.rows:
        way = f"{row.start} to {row.target}" if row.start else row.metric
        said = row.said()
        rows.append(
            (
                display.one_line(way),
                display.one_line(row.segment) if row.segment else "all",
                said[: said.index(" in ")] if row.segment else said[: said.index(" (")],
                display.one_line(row.denominator),
                display.one_line(row.source),
                display.one_line(row.note) if row.note else "",
            )
        )
    heads = ("what", "for", "range", "of", "source", "note")
    return Table(
        summary=ranges.summary(),
        columns=tuple(Column(head, "right" if head == "range" else "left") for head in heads),
        rows=tuple(rows),
    )
