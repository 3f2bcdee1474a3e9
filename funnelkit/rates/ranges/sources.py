"""Where conversions come from: leads, triangles, stage tables, cohorts, or a table of counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit.counts.flows import Stays
from funnelkit.counts.several import Triangles
from funnelkit.counts.triangle import Segment, Triangle
from funnelkit.lag import AdjustedRates
from funnelkit.rates.cohorts import CohortRates
from funnelkit.rates.labelled import LabelledRate
from funnelkit.rates.ranges import measured
from funnelkit.rates.ranges.measured import Conversion, Pair
from funnelkit.rates.stages import StageRates, flow

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

_COUNTS = ("entered", "converted", "open")
_MOST = 2**53
"""Larger numbers are not whole in a table that was read as floats."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Source:
    """What can be measured, and how.

    Parameters
    ----------
    stages
        Those that it knows, in order.
    pairs
        Conversions that it can tell; ``None``: any two of its stages.
    measure
        Returns the conversions that are there, and why others are not.
    by, apart
        Segment columns, and those whose values are businesses of their own.
    as_of
        Last complete day, where it is known.
    won
        The stage that is the win, where that is known.
    """

    stages: tuple[str, ...]
    pairs: tuple[Pair, ...] | None
    measure: Callable[[Sequence[Pair], float], Found]
    by: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    as_of: dt.date | None = None
    won: str = ""


@dataclass(frozen=True, kw_only=True)
class Found:
    """Conversions on the same segments, and why others are missing."""

    segments: tuple[Segment, ...]
    conversions: Mapping[Pair, Conversion]
    missing: Mapping[Pair, str] = field(default_factory=dict)


def source_of(given: Any, *, by: str | Sequence[str] | None) -> Source:
    """Return what can be measured in what was given.

    Raises
    ------
    ArgumentError
        If it is none of the kinds that can be read, or ``by`` does not go with it.
    DataError
        If the counts of a table cannot be.
    """
    if isinstance(given, Stays):
        given = flow(given)
    if hasattr(given, "columns") and hasattr(given, "groupby"):
        return _of_table(given, by)
    if isinstance(given, (StageRates, CohortRates, AdjustedRates, LabelledRate)):
        _refuse_by(by)
        return _of_stages(given) if isinstance(given, StageRates) else _of_one(given)
    if isinstance(given, (Triangle, Triangles)):
        _refuse_by(by)
        return _of_triangles([given] if isinstance(given, Triangle) else list(given.values()))
    if hasattr(given, "funnel") and hasattr(given, "journeys"):
        return _of_leads(given, () if by is None else (by,) if isinstance(by, str) else tuple(by))
    raise ArgumentError(
        "`rates` must be leads, triangles, what fk.rates.flow, fk.rates.cohort or fk.lag.adjust "
        "returns, or a table with `start`, `target`, `entered` and `converted`; got "
        f"{type(given).__name__}."
    )


def _refuse_by(by: str | Sequence[str] | None) -> None:
    if by is not None:
        raise ArgumentError(
            "`by` is for leads and tables; these counts have segments of their own."
        )


def _of_leads(leads: Leads, by: tuple[str, ...]) -> Source:
    def measure(pairs: Sequence[Pair], level: float) -> Found:
        from funnelkit.counts.build import triangles

        try:
            counted = triangles(leads, list(pairs), by=by)
        except EvidenceError as error:
            return Found(segments=(), conversions={}, missing=dict.fromkeys(pairs, str(error)))
        missing = {(key[0], key[1]): why for key, why in counted.missing.items()}
        return _aligned(counted.values(), missing, level)

    funnel = leads.funnel
    return Source(
        stages=funnel.stages,
        pairs=None,
        measure=measure,
        by=(*(name for name in funnel.apart if name not in by), *by),
        apart=funnel.apart,
        as_of=leads.as_of,
        won=funnel.stages[-1],
    )


def _of_triangles(triangles: Sequence[Triangle]) -> Source:
    if not triangles:
        raise ArgumentError("`rates` holds no triangle.")
    if len({one.by for one in triangles}) > 1:
        raise ArgumentError("`rates` must be triangles of one segmentation; these are of several.")
    known = {(one.start, one.target): one for one in triangles}
    corrected = cache(measured.of_triangle)  # a diagnosis asks twice for most

    def measure(pairs: Sequence[Pair], level: float) -> Found:
        found = [known[pair] for pair in pairs if pair in known]
        return _aligned(found, {}, level, corrected)

    return Source(
        stages=_in_order(list(known)),
        pairs=tuple(known),
        measure=measure,
        by=triangles[0].by,
        apart=triangles[0].apart,
        as_of=triangles[0].as_of,
    )


def _of_stages(table: StageRates) -> Source:
    stages = table.stays.stages
    last = stages[-1]

    def measure(pairs: Sequence[Pair], level: float) -> Found:
        own = replace(table, confidence_level=level)
        found: dict[Pair, Conversion] = {}
        missing: dict[Pair, str] = {}
        for pair in pairs:
            try:
                found[pair] = measured.of_stages(own, *pair)
            except EvidenceError as error:
                missing[pair] = str(error)
        return Found(segments=table.stays.segments, conversions=found, missing=missing)

    return Source(
        stages=stages,
        pairs=(*pairwise(stages), *((stage, last) for stage in stages[:-2])),
        measure=measure,
        by=table.stays.by,
        apart=table.apart,
        as_of=table.stays.as_of,
        won=last,
    )


def _of_one(rates: CohortRates | AdjustedRates | LabelledRate) -> Source:
    """Return a source of the one conversion that rates of cohorts, or a labelled rate, tell."""
    pair = (rates.start, rates.target)
    if isinstance(rates, LabelledRate):
        measured.of_labelled(rates)  # says so where it leads from no stage to another

    def measure(pairs: Sequence[Pair], level: float) -> Found:
        own = replace(rates, confidence_level=level)
        if pair not in pairs:
            return Found(segments=rates.segments, conversions={})
        if isinstance(own, CohortRates):
            one = measured.of_cohorts(own)
        elif isinstance(own, LabelledRate):
            one = measured.of_labelled(own)
        else:
            one = measured.of_adjusted(own)
        return Found(segments=rates.segments, conversions={pair: one})

    return Source(
        stages=pair,
        pairs=(pair,),
        measure=measure,
        by=rates.by,
        apart=() if isinstance(rates, AdjustedRates) else rates.apart,
        as_of=rates.as_of,
    )


def _of_table(table: pd.DataFrame, by: str | Sequence[str] | None) -> Source:
    """Return a source over a table of counts, one row per conversion and segment."""
    import pandas as pd

    names = () if by is None else (by,) if isinstance(by, str) else tuple(by)
    columns = [str(name) for name in table.columns]
    for name in ("start", "target", *_COUNTS[:2], *names):
        checks.member("rates", "column", name, columns)
    if not len(table):
        raise ArgumentError("`rates` holds no row.")
    counts = table[[name for name in _COUNTS if name in columns]].apply(
        pd.to_numeric, errors="coerce"
    )
    if "open" not in counts:
        counts["open"] = 0
    problems = _wrong(counts)
    for name in ("start", "target"):
        if blank := int(table[name].isna().sum()):
            problems.append(f"`{name}` is blank in {display.plural(blank, 'row')}; name the stage.")
    if problems:
        raise DataError(problems)
    labels = table[["start", "target", *names]].astype(object)
    labels = labels.where(labels.notna(), None)
    pairs = [(str(row[0]), str(row[1])) for row in labels.itertuples(index=False)]
    keys = [tuple(row[2:]) for row in labels.itertuples(index=False)]
    segments = tuple(dict.fromkeys(keys))
    known = {pair: np.zeros((3, len(segments)), np.int64) for pair in pairs}
    for pair, key, row in zip(pairs, keys, counts.to_numpy(np.int64), strict=True):
        known[pair][:, segments.index(key)] += [
            row[counts.columns.get_loc(name)] for name in _COUNTS
        ]

    def measure(wanted: Sequence[Pair], level: float) -> Found:
        found = {
            pair: measured.of_counts(
                pair,
                segments,
                (known[pair][0], known[pair][1], known[pair][2]),
                confidence_level=level,
            )
            for pair in wanted
            if pair in known
        }
        return Found(segments=segments, conversions=found)

    return Source(stages=_in_order(list(known)), pairs=tuple(known), measure=measure, by=names)


def _wrong(counts: pd.DataFrame) -> list[str]:
    """Return what is wrong with a table of counts."""
    tests = {
        f"`{name}` must hold whole numbers from 0 on": ~counts[name].between(0, _MOST)
        | (counts[name].mod(1) > 0)
        for name in counts.columns
    }
    more = counts["converted"] + counts["open"] > counts["entered"]
    tests["`converted` and `open` together must not exceed `entered`"] = more
    return [
        f"{words}; {display.plural(int(bad.sum()), 'row')} {'does' if bad.sum() == 1 else 'do'} "
        f"not comply, such as row {int(np.flatnonzero(bad)[0])}."
        for words, bad in tests.items()
        if bad.any()
    ]


def _aligned(
    triangles: Any,
    missing: Mapping[Pair, str],
    level: float,
    corrected: Callable[..., Conversion] = measured.of_triangle,
) -> Found:
    found: dict[Pair, Conversion] = {}
    missing = dict(missing)
    for one in triangles:
        pair = (one.start, one.target)
        try:
            found[pair] = corrected(one, confidence_level=level)
        except EvidenceError as error:
            missing[pair] = str(error)
    segments = tuple(dict.fromkeys(name for each in found.values() for name in each.segments))
    return Found(
        segments=segments,
        conversions=MappingProxyType({pair: each.on(segments) for pair, each in found.items()}),
        missing=MappingProxyType(missing),
    )


def _in_order(pairs: Sequence[Pair]) -> tuple[str, ...]:
    """Return the stages of some pairs, each start before its target where that can be."""
    left = list(dict.fromkeys(stage for pair in pairs for stage in pair))
    found: list[str] = []
    while left:
        free = [one for one in left if not any(t == one and s in left for s, t in pairs)]
        nearest = (free or left)[0]
        found.append(nearest)
        left.remove(nearest)
    return tuple(found)
