"""`benchmark`: each conversion against its range, and what closing the gap is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.counts.triangle import Segment
from funnelkit.rates.ranges.matching import TRADE_STAGES, Matched, matched
from funnelkit.rates.ranges.measured import Pair
from funnelkit.rates.ranges.own import own_ranges
from funnelkit.rates.ranges.published import Range, applying, known_segment, packaged
from funnelkit.rates.ranges.result import Benchmarked
from funnelkit.rates.ranges.sources import Found, Source, source_of

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.counts.flows import Stays
    from funnelkit.counts.several import Triangles
    from funnelkit.counts.triangle import Triangle
    from funnelkit.data.records import Leads
    from funnelkit.lag import AdjustedRates
    from funnelkit.rates.cohorts import CohortRates
    from funnelkit.rates.labelled import LabelledRate
    from funnelkit.rates.stages import StageRates

FloatArray = NDArray[np.float64]


def benchmark(
    rates: Leads
    | StageRates
    | Stays
    | Triangle
    | Triangles
    | CohortRates
    | AdjustedRates
    | LabelledRate
    | pd.DataFrame,
    own: Mapping[Any, Any] | pd.DataFrame | None = None,
    *,
    stages: Mapping[str, str | None] | None = None,
    segment: str | None = None,
    by: str | Sequence[str] | None = None,
    value: float | None = None,
    confidence_level: float = 0.95,
) -> Benchmarked:
    """Return each conversion against its published range, and what closing the gap is worth.

    Parameters
    ----------
    rates
        Leads, whose rates are corrected for the age of the records; or triangles, which are as
        well; or a stage table or one of its rates, rates of cohorts, as they stand or adjusted
        (:func:`funnelkit.lag.adjust`), or a table with ``start``, ``target``, ``entered``,
        ``converted`` and, where some are still ``open``, how many.
    own
        The user's ranges, which stand in place of published ones: a mapping such as
        ``{"lead -> mql": (0.2, 0.4)}`` (of the funnel's stages or of the trade's), or a frame with
        ``start``, ``target``, ``low``, ``high`` and, if wanted, ``typical``, ``segment``,
        ``source`` and ``note``.
    stages
        Which stage is which: ``{"Qualified": "sql"}``, ``None`` for one that is none of them.
        Others go by their name (``visitor``, ``lead``, ``mql``, ``sql``, ``opportunity``, ``won``
        and usual synonyms); those that are not matched are listed.
    segment
        Market, industry or kind of page whose ranges are wanted, such as ``"enterprise"``;
        default: the ranges that hold for all, and all there are where none does.
    by
        Segment column or columns of leads or of a table.
    value
        Mean amount of a won deal, for the worth in money; default: that of the won deals with an
        amount, where the funnel has ``value``.
    confidence_level
        Level of the intervals.

    Returns
    -------
    Benchmarked
        One row per segment and conversion; the denominator is the records that entered its start.

    Raises
    ------
    ArgumentError
        If stages, ranges, a segment or an option cannot be used; all wrong ranges at once.
    EvidenceError
        If nothing can be compared; the message lists why.

    Notes
    -----
    Where sources disagree, the range runs from the lowest low to the highest high, and an average
    counts as a range of one point: ``sources`` has who says what. The published figures do not fit
    each other either: the steps from lead to won multiply to between 0.1 and 5.8 %, and 10 to 30 %
    are published for the whole way.

    A rate is *below* only where its interval ends under the range and it is known not to rise
    much any more (see :func:`~funnelkit.rates.ranges.measured.of_triangle`), or where it would
    stay under it even if every open record converted. Where its interval reaches the range it is
    *not clearly below*; a rate that may still rise into it is *immature*.

    Closing the gap means that the rate comes to the range's low end: entered x (low - rate) x the
    share of those who reach the target that is won in the end. That is what the same records
    would have brought, all else the same; a looser rule of qualification raises the rate and
    brings nothing. Won deals are known where the counts hold the way to the win: the last stage
    of leads and stage tables, else the stage that is matched to ``won``. The interval adds the
    distances of rate and onward share in squares, and is 0 at its low end where the rate's
    interval reaches the range; the mean amount is taken as it is. Rates below range are ranked by
    how far below they are (1 - rate / low) and by won deals; conversions that hold others, such
    as lead to won, are compared but not ranked.

    References
    ----------
    Wilson (1927), JASA 22, 209-212; Zou and Donner (2008), Statistics in Medicine 27, 1693-1702
    (distances in squares). The ranges: see :func:`published_ranges`.

    Examples
    --------
    Of 1,000 SQLs 300 became opportunities, 60 of 300 were won: 40 to 80 % is published for the
    first; at 40 % there would have been 100 more opportunities, and 20 more won deals.

    >>> import pandas as pd
    >>> counts = pd.DataFrame(
    ...     {
    ...         "start": ["SQL", "opportunity"],
    ...         "target": ["opportunity", "won"],
    ...         "entered": [1000, 300],
    ...         "converted": [300, 60],
    ...     }
    ... )
    >>> found = benchmark(counts, value=5_000)
    >>> found.verdict[0].tolist(), found.won_gap[0].round(6).tolist()
    (['below', 'within'], [20.0, 0.0])
    >>> round(float(found.value_gap[0, 0]), 6)
    100000.0
    """
    checks.confidence(confidence_level)
    mean_amount(value)
    source = source_of(rates, by=by)

    def amounts(segments: Sequence[Segment]) -> FloatArray:
        return mean_values(rates, value, source, segments)

    return compared_with(
        source, own, amounts, stages=stages, segment=segment, confidence_level=confidence_level
    )


def compared_with(
    source: Source,
    own: Mapping[Any, Any] | pd.DataFrame | None,
    amounts: Callable[[Sequence[Segment]], FloatArray],
    *,
    stages: Mapping[str, str | None] | None,
    segment: str | None,
    confidence_level: float,
) -> Benchmarked:
    """Return the conversions of a source against their ranges; see :func:`benchmark`.

    Parameters
    ----------
    source
        What can be measured.
    own, stages, segment, confidence_level
        As in :func:`benchmark`.
    amounts
        Returns the mean amount of a won deal for each segment.
    """
    match = matched(source.stages, stages)
    mine = tuple(_in_trade(row, match) for row in own_ranges(own))
    rows = (*mine, *packaged())
    name = known_segment(segment, rows)
    wanted = _pairs(source, match, rows, name)
    if not wanted:
        raise _nothing([*_unmatched(source, match, wanted), *_unused(mine, match, wanted)])
    won = source.won or next((s for s in source.stages if match.name(s) == "won"), "")
    onward = _onward(source, [pair for pair, _ in wanted], won)
    found = source.measure(
        list(dict.fromkeys([*(pair for pair, _ in wanted), *onward])), confidence_level
    )
    compared = [(pair, ranges) for pair, ranges in wanted if pair in found.conversions]
    left_out = [
        *_unmatched(source, match, wanted),
        *_missing(found.missing, wanted),
        *_unused(mine, match, wanted),
    ]
    if not compared:
        raise _nothing(left_out)
    conversions = [found.conversions[pair] for pair, _ in compared]
    ways = [onward_share(pair[1], source.stages, found, won) for pair, _ in compared]
    return Benchmarked(
        by=source.by,
        segments=found.segments,
        apart=source.apart,
        as_of=source.as_of,
        won=won,
        conversions=tuple(conversions),
        sources=tuple(ranges for _, ranges in compared),
        whole=tuple(_holds_others(pair, compared, source.stages) for pair, _ in compared),
        onward=tuple(ways),
        mean_value=amounts(found.segments),
        market=name,
        left_out=tuple(left_out),
        confidence_level=confidence_level,
    )


def _nothing(left_out: Sequence[str]) -> EvidenceError:
    return EvidenceError(
        f"`rates`: nothing can be compared with a range. {' '.join(left_out)} Say which stage "
        "is which with `stages`, such as {'Qualified': 'sql'}, or give `own` ranges."
    )


def _in_trade(row: Range, match: Matched) -> Range:
    """Return a range of the user's with the names of the trade for stages that have one."""
    from dataclasses import replace

    def name(stage: str) -> str:
        if stage in match.stages:
            return match.name(stage)
        if stage and stage not in TRADE_STAGES:
            return match.name(checks.member("own", "stage", stage, (*match.stages, *TRADE_STAGES)))
        return stage

    return replace(row, start=name(row.start), target=name(row.target))


def _pairs(
    source: Source, match: Matched, rows: Sequence[Range], segment: str
) -> list[tuple[Pair, tuple[Range, ...]]]:
    """Return the conversions that have a range, with their ranges, the funnel's order kept."""
    stages = source.stages
    pairs = source.pairs
    if pairs is None:
        pairs = tuple((a, b) for k, a in enumerate(stages) for b in stages[k + 1 :])
    found = []
    for start, target in pairs:
        names = (match.name(start), match.name(target))
        ranges = applying([row for row in rows if (row.start, row.target) == names], segment)
        if ranges:
            found.append(((start, target), ranges))
    return sorted(found, key=lambda one: (_length(one[0], stages) > 1, stages.index(one[0][0])))


def _length(pair: Pair, stages: Sequence[str]) -> int:
    return stages.index(pair[1]) - stages.index(pair[0])


def _holds_others(
    pair: Pair, compared: Sequence[tuple[Pair, tuple[Range, ...]]], stages: Sequence[str]
) -> bool:
    """Return whether another conversion that is compared lies within this one."""
    first, last = (stages.index(stage) for stage in pair)
    inside = [one for one, _ in compared if one != pair]
    return any(first <= stages.index(a) and stages.index(b) <= last for a, b in inside)


def _onward(source: Source, pairs: Sequence[Pair], won: str) -> list[Pair]:
    """Return the ways to the win that are needed to count won deals."""
    if not won:
        return []
    ways = [(target, won) for _, target in pairs if target != won]
    if source.pairs is not None:
        known = set(source.pairs)
        steps = [step for step in pairwise(source.stages) if step in known]
        return [*(way for way in ways if way in known), *steps]
    return ways


def onward_share(
    stage: str, stages: Sequence[str], found: Found, won: str
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the share of those at a stage that is won, with its interval; NaN where unknown.

    Directly where that was counted, else as the product of the steps, their relative distances
    added in squares. Without a stage that is the win (""), nothing is known.
    """
    ones = np.ones(len(found.segments))
    if stage == won:
        return ones, ones, ones
    steps = list(pairwise(stages[stages.index(stage) : stages.index(won) + 1] if won else ()))
    if (stage, won) in found.conversions:
        steps = [(stage, won)]
    if not steps or any(step not in found.conversions for step in steps):
        return ones * np.nan, ones * np.nan, ones * np.nan
    parts = [found.conversions[step] for step in steps]
    share = np.prod([part.rate for part in parts], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        down = np.sqrt(sum((1 - part.low / part.rate) ** 2 for part in parts))
        up = np.sqrt(sum((part.high / part.rate - 1) ** 2 for part in parts))
    if len(parts) == 1:
        return share, parts[0].low, parts[0].high
    low = np.where(share > 0, np.clip(share * (1 - down), 0, 1), 0.0)
    high = np.where(share > 0, np.clip(share * (1 + up), 0, 1), 1.0)
    return share, np.where(np.isnan(share), np.nan, low), np.where(np.isnan(share), np.nan, high)


def _unmatched(
    source: Source, match: Matched, wanted: Sequence[tuple[Pair, tuple[Range, ...]]]
) -> list[str]:
    """Return which stages and steps have nothing to be compared with, and why."""
    told = [f"`{display.one_line(stage)}` {reason}." for stage, reason in match.reasons.items()]
    covered = [pair for pair, _ in wanted]
    for start, target in pairwise(source.stages):
        if start in match.reasons or target in match.reasons or (start, target) in covered:
            continue
        if source.pairs is not None and (start, target) not in source.pairs:
            continue
        told.append(
            f"No range is published from {display.one_line(start)} to {display.one_line(target)}."
        )
    return told


def _missing(
    missing: Mapping[Pair, str], wanted: Sequence[tuple[Pair, tuple[Range, ...]]]
) -> list[str]:
    return [
        f"{display.one_line(pair[0])} to {display.one_line(pair[1])}: {missing[pair].rstrip('.')}."
        for pair, _ in wanted
        if pair in missing
    ]


def _unused(
    mine: Sequence[Range], match: Matched, wanted: Sequence[tuple[Pair, tuple[Range, ...]]]
) -> list[str]:
    """Return which ranges of the user's these counts have no rate for."""
    covered = {(match.name(start), match.name(target)) for (start, target), _ in wanted}
    return [
        f"Your range from {display.one_line(row.start)} to {display.one_line(row.target)} has no "
        "rate here."
        for row in mine
        if row.start and (row.start, row.target) not in covered
    ]


def mean_amount(value: float | None) -> float:
    """Return the mean amount of a deal, a number above 0; NaN for none.

    Raises
    ------
    ArgumentError
        For anything else.
    """
    if value is None:
        return np.nan
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not np.isfinite(value) or value <= 0:
        raise ArgumentError(f"`value` must be the mean amount of a deal; got {value!r}.")
    return float(value)


def mean_values(
    given: Any, value: float | None, source: Source, segments: Sequence[Segment]
) -> FloatArray:
    """Return the mean amount of a won deal for each segment: that of its business."""
    if value is not None:
        return np.full(len(segments), mean_amount(value))
    funnel = getattr(given, "funnel", None)
    if funnel is None or funnel.value is None:
        return np.full(len(segments), np.nan)
    from funnelkit.counts.build import moments

    money = moments(given, by=source.apart)
    means: dict[Segment, float] = {}
    for k, business in enumerate(money.segments):
        known = int(money.known[k].sum())
        total = float(sum(money.total[k].tolist()))
        means[business] = total / known if known and total > 0 else np.nan
    places = [source.by.index(name) for name in source.apart]
    return np.array([means.get(tuple(one[k] for k in places), np.nan) for one in segments])
