"""Counts of a change: of rates of cohorts, adjusted ones, or a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.counts.triangle import Segment

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Periods = str | Sequence[str]
_COUNTS = ("entered", "converted", "maturity")


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Counts by segment and period, shape ``(n_segments, n_periods)``.

    ``doubt`` is the standard deviation of the mature leads: of their log, times them.
    """

    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    periods: tuple[str, ...]
    entered: FloatArray
    converted: FloatArray
    mature: FloatArray
    doubt: FloatArray
    has_maturity: bool


def cells_of(rates: Any, by: str | Sequence[str] | None, period: str) -> Cells:
    """Return the counts of a table, or of a result."""
    if hasattr(rates, "columns") and hasattr(rates, "groupby"):
        return _of_table(rates, by, period)
    if not hasattr(rates, "cohorts") or not hasattr(rates, "converted"):
        raise ArgumentError(
            "`rates` must be rates of cohorts, adjusted ones, or a table; got "
            f"{type(rates).__name__}."
        )
    if not rates.by:
        raise ArgumentError(
            "`rates` must be split by the segments whose mix may have moved, such as "
            'fk.triangle(leads, start, target, by="source").'
        )
    if by is not None and (by if isinstance(by, str) else tuple(by)) not in (rates.by, rates.by[0]):
        raise ArgumentError(f"`by` is for tables; these rates are split by {list(rates.by)}.")
    apart = [name for name in getattr(rates, "apart", ()) if name in rates.by]
    kinds = {tuple(one[rates.by.index(name)] for name in apart) for one in rates.segments}
    if len(kinds) > 1:
        raise ArgumentError(
            f"`rates` keep {display.plural(len(kinds), 'business', 'businesses')} of "
            f"{display.listed(apart)} apart, whose rates have no sum; choose one with "
            "`leads.only(…)`, or pool them with `leads.pooled()`."
        )
    mature = getattr(rates, "mature_leads", None)
    return Cells(
        by=rates.by,
        segments=rates.segments,
        periods=tuple(one if isinstance(one, str) else period_label(one) for one in rates.cohorts),
        entered=rates.entered.astype(float),
        converted=rates.converted.astype(float),
        mature=(rates.entered if mature is None else mature).astype(float),
        doubt=_doubt(rates),
        has_maturity=mature is not None,
    )


def _of_table(table: pd.DataFrame, by: str | Sequence[str] | None, period: str) -> Cells:
    """Return the counts of a table, each cell once."""
    import pandas as pd

    names = (by,) if isinstance(by, str) else tuple(by or ())
    if not names:
        raise ArgumentError("`by` must name the columns of the segments; got none.")
    columns = [str(name) for name in table.columns]
    for name in (period, *names, *_COUNTS[:2]):
        checks.member("rates", "column", name, columns)
    has_maturity = "maturity" in columns
    numbers = table[[name for name in _COUNTS if name in columns]]
    numbers = numbers.apply(pd.to_numeric, errors="coerce")
    if problems := _wrong(numbers):
        raise DataError(problems)
    parts = table[[period, *names]].astype(object).where(table[[period, *names]].notna(), None)
    sums = pd.DataFrame(
        {
            "entered": numbers["entered"],
            "converted": numbers["converted"],
            "mature": numbers["entered"] * (numbers["maturity"] if has_maturity else 1.0),
        }
    )
    keys = [tuple(row) for row in parts[list(names)].itertuples(index=False)]
    labels = [str(label) for label in parts[period]]
    segments, periods = tuple(dict.fromkeys(keys)), tuple(dict.fromkeys(labels))
    place = ([segments.index(key) for key in keys], [periods.index(label) for label in labels])
    cubes = np.zeros((3, len(segments), len(periods)))
    for k, column in enumerate(("entered", "converted", "mature")):
        np.add.at(cubes[k], place, sums[column].to_numpy(float))
    return Cells(
        by=names,
        segments=segments,
        periods=periods,
        entered=cubes[0],
        converted=cubes[1],
        mature=cubes[2],
        doubt=np.zeros_like(cubes[2]),
        has_maturity=has_maturity,
    )


def _doubt(rates: Any) -> FloatArray:
    """Return the standard deviation of the mature leads of adjusted rates; 0 of others."""
    timing, pace = getattr(rates, "timing_sd", None), getattr(rates, "pace_sd", None)
    if timing is None or pace is None:
        return np.zeros(rates.entered.shape)
    return np.asarray(rates.mature_leads * np.hypot(timing, pace))


def _wrong(numbers: pd.DataFrame) -> list[str]:
    """Return what is wrong with counts."""
    tests = {
        f"`{name}` must hold numbers from 0 on": ~(numbers[name] >= 0) for name in numbers.columns
    }
    for name in _COUNTS[:2]:
        tests[f"`{name}` must hold whole numbers"] = numbers[name].mod(1) > 0
    tests["`converted` must not exceed `entered`"] = numbers["converted"] > numbers["entered"]
    if "maturity" in numbers:
        tests["`maturity` must not exceed 1"] = numbers["maturity"] > 1 + 1e-9
    return [
        f"{words}; {display.plural(int(bad.sum()), 'row')} {'does' if bad.sum() == 1 else 'do'} "
        f"not comply, such as row {int(np.flatnonzero(bad)[0])}."
        for words, bad in tests.items()
        if bad.any()
    ]


def side_of(cells: Cells, argument: str, given: Periods) -> tuple[FloatArray, ...]:
    """Return entered, converted and mature leads of some periods, by segment."""
    labels = [given] if isinstance(given, str) else [str(one) for one in given]
    if not labels:
        raise ArgumentError(f"`{argument}` must name at least one period; got none.")
    for label in labels:
        checks.member(argument, "period", label, cells.periods)
    chosen = [cells.periods.index(label) for label in dict.fromkeys(labels)]
    found = (cells.entered, cells.converted, cells.mature, cells.doubt)
    return tuple(values[:, chosen].sum(axis=1) for values in found)
