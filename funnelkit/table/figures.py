"""Metrics with what they divide by what, as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.measure import Measure, Measures
from funnelkit.table import cells
from funnelkit.table.grid import Column, Table


def metrics(metrics: Measure | Measures | Sequence[Measure]) -> Table:
    """Return metrics as rows: the figure with its interval, its two counts, its definition.

    Parameters
    ----------
    metrics
        One or several figures of :mod:`funnelkit.metrics`; different segments or periods of one
        figure are rows of their own.

    Returns
    -------
    Table
        In the order given. No percentage of fewer than 20, whose counts are shown.

    Raises
    ------
    ArgumentError
        If ``metrics`` is something else, or the figures are not split by the same segments.

    Examples
    --------
    >>> from funnelkit._core.measure import Measure
    >>> close = Measure(
    ...     name="opportunity-to-win",
    ...     definition="won / (won + lost)",
    ...     unit="share",
    ...     numerator=[[191]],
    ...     denominator=[[587]],
    ...     numerator_name="won deals",
    ...     denominator_name="closed deals",
    ... )
    >>> import funnelkit as fk
    >>> row = fk.table.metrics(close).rows[0]
    >>> [cell.replace(chr(0x202F), " ").replace(chr(0x2013), "-") for cell in row[:2]]
    ['opportunity-to-win', '32.5 % (28.9-36.4)']
    """
    given = [metrics] if isinstance(metrics, Measure) else list(metrics)
    odd = [type(one).__name__ for one in given if not isinstance(one, Measure)]
    if odd or not given:
        raise ArgumentError(
            f"`metrics` must be figures of fk.metrics; got {odd[0] if odd else 'none'}."
        )
    by = given[0].by
    if other := [one.name for one in given if one.by != by]:
        raise ArgumentError(
            f"`metrics` must be split by the same segments; {other[0]} is not by {list(by)}."
        )
    dated = any(one.periods is not None for one in given)
    rows = [row for one in given for row in _rows(one, dated=dated)]
    notes = dict.fromkeys(note for one in given for note in one.notes)
    level = display.percent(given[0].confidence_level, decimals=0)
    return Table(
        summary=given[0].summary() if len(given) == 1 else _several(given),
        columns=(
            Column("metric", "left"),
            *cells.segment_columns(by),
            *([Column("period", "left")] if dated else []),
            Column("figure"),
            Column("from"),
            Column("what is divided by what", "left"),
        ),
        rows=tuple(rows),
        notes=(f"In brackets the {level} interval, where there is one.", *notes),
    )


def _several(given: Sequence[Measure]) -> str:
    known = sum(bool(math.isfinite(value)) for one in given for value in one.values.flat)
    total = sum(one.values.size for one in given)
    said = f"{display.count(known)} of {display.plural(total, 'figure')} can be told"
    return f"{display.plural(len(given), 'metric')}: {said}."


def _rows(one: Measure, *, dated: bool) -> list[tuple[str, ...]]:
    low, high = one.confidence_interval(one.confidence_level)
    found = []
    for i, segment in enumerate(one.segments):
        for j in range(one.values.shape[1]):
            ends: tuple[Any, Any] = (low[i, j], high[i, j])  # type: ignore[index]
            found.append(
                (
                    display.one_line(one.name),
                    *(display.one_line(display.segment_name([value])) for value in segment),
                    *([one.periods[j] if one.periods else "all"] if dated else []),
                    _figure(one, i, j, ends),
                    _counts(one, i, j),
                    display.one_line(one.definition),
                )
            )
    return found


def _figure(one: Measure, i: int, j: int, ends: tuple[Any, Any]) -> str:
    value, (low, high) = float(one.values[i, j]), (float(end) for end in ends)
    few = one.unit == "share" and one.denominator[i, j] < display.FEWEST
    if few or not math.isfinite(value):
        return display.EN_DASH
    if not (math.isfinite(low) and math.isfinite(high)):
        return one.shown(value)
    if one.unit == "share":
        return display.estimate(value, low, high)
    return f"{one.shown(value)} ({one.shown(low)} to {one.shown(high)})"


def _counts(one: Measure, i: int, j: int) -> str:
    if math.isnan(one.numerator[i, j]):
        return f"{_number(one.denominator[i, j])} {display.one_line(one.denominator_name)}"
    word = "of" if one.unit == "share" else "/"
    return f"{_number(one.numerator[i, j])} {word} {_number(one.denominator[i, j])}"


def _number(value: float) -> str:
    return display.count(value) if float(value).is_integer() else f"{value:,.1f}"
