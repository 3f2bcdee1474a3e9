"""`diagnose`: the bottleneck by value, what a tenth more does, and what only looks better."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import UNITS, Unit, period_label
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.counts.flows import Stays
from funnelkit.counts.several import Triangles
from funnelkit.rates.businesses import ENTERED_AT
from funnelkit.rates.diagnosis import gaps
from funnelkit.rates.diagnosis.concerns import concerns_of
from funnelkit.rates.diagnosis.gaps import Gap
from funnelkit.rates.diagnosis.moves import Move, Side, labels_of, move_of, usual_sides
from funnelkit.rates.diagnosis.result import Diagnosis
from funnelkit.rates.diagnosis.steps import Step
from funnelkit.rates.ranges.comparison import (
    compared_with,
    mean_amount,
    mean_values,
    onward_share,
)
from funnelkit.rates.ranges.measured import Pair, of_triangle
from funnelkit.rates.ranges.sources import Source, source_of
from funnelkit.rates.stages import StageRates, flow

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

FloatArray = NDArray[np.float64]
Periods = str | Sequence[str]
REFERENCES = ("range", "before", "segments")


def diagnose(
    leads: Leads | StageRates | Stays,
    *,
    before: Periods | None = None,
    after: Periods | None = None,
    every: Unit = "quarter",
    within: int | None = None,
    by: str | Sequence[str] | None = None,
    reference: str | Mapping[str, float] | None = None,
    own: Mapping[Any, Any] | pd.DataFrame | None = None,
    stages: Mapping[str, str | None] | None = None,
    segment: str | None = None,
    value: float | None = None,
    confidence_level: float = 0.95,
) -> Diagnosis:
    """Return where the funnel loses most won deals, and which changes only look like progress.

    Parameters
    ----------
    leads
        The data. A stage table holds no ages: it gives the steps and their gaps, but compares no
        periods.
    before, after
        Labels of the periods to compare, such as ``"2026 Q1"``: of ``every``, by entry to each
        stage. Default: the latest two in a row in which every step was followed to the age by
        which 80 % of its conversions come.
    every
        Unit of the periods.
    within
        Days since entry up to which conversions count in the comparison of periods. Default, for
        each step: the age by which 95 % of its conversions have come, or as far as the youngest
        record of both periods has been followed.
    by
        Segment column or columns whose mix may have moved.
    reference
        What a step's rate is held against: ``"range"``, the low end of its published or own
        range; ``"before"``, its rate in the earlier period; ``"segments"``, its best segment of
        ``by``; or a mapping of a step's first stage to a rate. Default: the first of these that
        there is.
    own, stages, segment, value
        Ranges, names and the mean amount of a won deal, as in :func:`benchmark`.
    confidence_level
        Level of the intervals. Where periods are compared it holds for all steps together.

    Returns
    -------
    Diagnosis
        One row per step; the denominator of a rate is the records that entered the step.

    Raises
    ------
    ArgumentError
        If a period, a segment, a reference or an option cannot be used, or if the leads are of
        several businesses that are kept apart.
    EvidenceError
        If the reference that is asked for cannot be had.

    Notes
    -----
    *Bottleneck.* Won deals are entries times the product of the rates, so that a tenth more at
    any step brings a tenth more deals, and none is worth more than another (records that first
    appear later count for the later steps only); and a point more is worth most at the lowest
    rate, whatever can be done there. Neither finds a bottleneck. What
    does is how far a step is under a rate that is known to be possible: entered x (reference -
    rate) x the share of those who reach the target that is won. The step with the largest such
    gap is the bottleneck, if its interval stays clear of the reference; else there is none.

    *A tenth more* at each of n steps multiplies the won deals of those who enter the first stage
    by 1.1 to the power of n, exactly, unless a rate would exceed 1 (``lift`` says so).

    *Leakage*: records that left at a stage x what a record was worth as it entered there (rate x
    onward share). It is what was let go, not what could be had back.

    *Two periods* are compared over the same days since entry, so that the young one is not low
    because it is young. A window by which less than half of the conversions come is not judged.
    Levels are Bonferroni's over the steps. See
    :func:`~funnelkit.rates.diagnosis.concerns.concerns_of` for what is warned of. The intervals
    hold chance, not months that differ by themselves: see :mod:`funnelkit.monitor` for these.

    *Segments*: the best of several is partly the luckiest, and may have the easier records: see
    :func:`~funnelkit.rates.diagnosis.gaps.of_segments`.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890, method 10, for the change of a rate;
    Kitagawa (1955) for mix and rate; Przyborowski and Wilenski (1940) for volumes.

    Examples
    --------
    >>> import datetime as dt
    >>> stays = Stays(
    ...     stages=("lead", "mql", "won"),
    ...     exits=("lost",),
    ...     by=(),
    ...     segments=((),),
    ...     as_of=dt.date(2026, 6, 30),
    ...     entered=[[1000, 100, 20]],
    ...     filled=[[0, 0, 0]],
    ...     moved_on=[[100, 20, 0]],
    ...     left={"lost": [[900, 80, 0]]},
    ...     still_there=[[0, 0, 20]],
    ...     days=[[[100], [20], [0]]],
    ... )
    >>> found = diagnose(stays)
    >>> found.lift.said
    '1.1 to the power of 2 = 1.21'
    >>> found.bottleneck.start, round(found.bottleneck.won, 6)  # 1,000 x (.20 - .10) x .2
    ('lead', 20.0)
    """
    checks.confidence(confidence_level)
    checks.one_of("every", every, UNITS)
    if within is not None:
        checks.positive_whole("within", within)
    names = () if by is None else (by,) if isinstance(by, str) else tuple(by)
    data: Any = leads if hasattr(leads, "journeys") else None
    if data is None and (names or before is not None or after is not None or within is not None):
        raise ArgumentError(
            "`leads`: a stage table holds neither ages nor days, so that no periods can be "
            "compared; give the leads."
        )
    if (before is None) != (after is None):
        raise ArgumentError("`before` and `after` go together; one of them is missing.")
    if data is not None:
        for name in names:
            checks.member("by", "segment", name, (*data.funnel.segments, ENTERED_AT))
    mean_amount(value)
    wanted = _wanted(reference, names)
    table = _table(leads, confidence_level)
    chain = table.stays.stages
    counts = table if data is None else _counted(data, chain, "month", ()) or table
    source = replace(source_of(counts, by=None), won=chain[-1])
    business = replace(source, by=table.stays.by, apart=table.apart)
    amount = mean_values(leads, value, business, table.stays.segments)
    steps = _steps(table, source, amount, confidence_level)
    split = None if data is None else _counted(data, chain, every, names)
    level = 1 - (1 - confidence_level) / max(len(steps), 1)
    found, why = _moves(split, chain, (before, after), within=within, level=level)
    moves = tuple(found[pair] for pair in pairwise(chain) if pair in found)

    def by_range() -> list[Gap]:
        compared = compared_with(
            source,
            own,
            lambda segments: np.full(len(segments), amount[0]),
            stages=stages,
            segment=segment,
            confidence_level=confidence_level,
        )
        return gaps.of_ranges(steps, compared)

    used, against = _held_against(
        wanted, steps, by_range, (moves, why), _by_segment(split, steps, names, confidence_level)
    )
    return Diagnosis(
        steps=steps,
        gaps=tuple(against),
        reference=used,
        moves=moves,
        throughs=tuple(move for pair, move in found.items() if pair not in set(pairwise(chain))),
        concerns=concerns_of(moves, found, names),
        not_compared=why,
        left_out=table.stays.left_out().strip(),
        as_of=table.stays.as_of,
        confidence_level=confidence_level,
    )


def _table(leads: Any, level: float) -> StageRates:
    """Return the stage table of one business.

    Raises
    ------
    ArgumentError
        If there are several, or several segments.
    """
    if isinstance(leads, StageRates):
        table = leads
    elif isinstance(leads, Stays) or hasattr(leads, "journeys"):
        table = flow(leads, confidence_level=level)
    else:
        raise ArgumentError(
            f"`leads` must be leads, or what fk.rates.flow returns; got {type(leads).__name__}."
        )
    stays = table.stays
    if len(stays.segments) > 1 and table.apart:
        name, first = stays.by[0], stays.segments[0][0]
        shown = [
            f"{display.segment_name(one)} {display.count(number)}"
            for one, number in zip(stays.segments, stays.entered.max(axis=1), strict=True)
        ]
        raise ArgumentError(
            f"`leads` are of several businesses that are kept apart ({', '.join(shown[:6])}); "
            f"diagnose one, such as leads.only({name}={first!r}), or pool them with "
            f"leads.pooled({name!r})."
        )
    if len(stays.segments) > 1:
        raise ArgumentError(
            f"`leads`: a stage table of one segment is needed; this one has "
            f"{len(stays.segments)}. Give the leads, with `by`, or fk.rates.flow(leads)."
        )
    return table


def _wanted(reference: Any, names: tuple[str, ...]) -> Any:
    if reference is None or isinstance(reference, Mapping):
        return reference
    checks.one_of("reference", reference, REFERENCES)
    if reference == "segments" and not names:
        raise ArgumentError('`reference="segments"` needs `by`: the segments to choose from.')
    return reference


def _counted(leads: Leads, chain: Sequence[str], every: Unit, by: tuple[str, ...]) -> Triangles:
    """Return the triangles of every way from a stage to a later one; empty where nobody entered."""
    from funnelkit.counts.build import triangles

    try:
        return triangles(leads, list(combinations(chain, 2)), cohort=every, by=by)
    except EvidenceError as error:
        return Triangles(found={}, missing=dict.fromkeys(combinations(chain, 2), str(error)))


def _steps(
    table: StageRates, source: Source, amounts: FloatArray, level: float
) -> tuple[Step, ...]:
    """Return the steps, each with what it is worth."""
    stays, last = table.stays, table.stays.stages[-1]
    pairs = list(pairwise(stays.stages))
    ways = [(stage, last) for stage in stays.stages[:-1]]
    found = source.measure(list(dict.fromkeys([*pairs, *ways])), level)
    segments = found.segments or ((),)
    found = replace(found, segments=segments)
    steps = []
    for k, (start, target) in enumerate(pairs):
        one = found.conversions.get((start, target))
        share = onward_share(target, stays.stages, found, last)[0]
        blank = math.nan
        steps.append(
            Step(
                start=start,
                target=target,
                entered=0 if one is None else int(one.entered[0]),
                converted=0 if one is None else int(one.converted[0]),
                rate=blank if one is None else float(one.rate[0]),
                low=blank if one is None else float(one.low[0]),
                high=blank if one is None else float(one.high[0]),
                maturity=blank if one is None else float(one.maturity[0]),
                settled=one is not None and bool(one.settled[0]),
                left=int(sum(counts[0, k] for counts in stays.left.values())),
                still_there=int(stays.still_there[0, k]),
                onward=float(share[0]),
                mean_value=float(amounts[0]),
            )
        )
    return tuple(steps)


def _moves(
    counted: Triangles | None,
    chain: Sequence[str],
    given: tuple[Periods | None, Periods | None],
    *,
    within: int | None,
    level: float,
) -> tuple[dict[Pair, Move], str]:
    """Return every way on both sides, and why there is none."""
    if counted is None:
        return {}, "a stage table holds no ages"
    if not counted:
        return {}, "nobody has entered a stage on a known day"
    labels = labels_of(list(counted.values()))
    if given[0] is None or given[1] is None:
        steps = [counted[pair] for pair in pairwise(chain) if pair in counted]
        pair = usual_sides(steps, list(labels.values()))
        if pair is None:
            return {}, (
                "no two periods in a row were followed to the age by which 80 % of each step's "
                "conversions come; name `before` and `after`, or a shorter `every`"
            )
        names = {period: label for label, period in labels.items()}
        given = (names[pair[0]], names[pair[1]])
    sides = (_side("before", given[0], labels), _side("after", given[1], labels))
    if both := set(sides[0].periods) & set(sides[1].periods):
        raise ArgumentError(f"`before` and `after` share {period_label(min(both))}.")
    found = {
        (one.start, one.target): move_of(one, sides, within=within, level=level)
        for one in counted.values()
    }
    return found, ""


def _side(argument: str, given: Periods | None, labels: Mapping[str, pd.Period]) -> Side:
    wanted = [given] if isinstance(given, str) else [str(one) for one in given or ()]
    if not wanted:
        raise ArgumentError(f"`{argument}` must name at least one period; got none.")
    for label in wanted:
        checks.member(argument, "period", label, labels)
    named = wanted[0] if len(wanted) == 1 else f"{wanted[0]} to {wanted[-1]}"
    return Side(name=named, periods=tuple(labels[label] for label in dict.fromkeys(wanted)))


def _by_segment(
    split: Triangles | None, steps: Sequence[Step], names: tuple[str, ...], level: float
) -> Callable[[], list[Gap]] | None:
    """Return what makes the gaps to the best segments; ``None`` where there are none."""
    if split is None or not names:
        return None

    def by_segment() -> list[Gap]:
        found = {}
        for one in split.values():
            if (one.start, one.target) in {(step.start, step.target) for step in steps}:
                own = 1 - (1 - level) / max(one.n_segments - 1, 1)
                found[one.start, one.target] = of_triangle(one, confidence_level=own)
        return gaps.of_segments(steps, found)

    return by_segment


def _held_against(
    wanted: Any,
    steps: Sequence[Step],
    by_range: Callable[[], list[Gap]],
    compared: tuple[Sequence[Move], str],
    by_segment: Callable[[], list[Gap]] | None,
) -> tuple[str, list[Gap]]:
    """Return by what the gaps go, and the gaps."""
    moves, why = compared
    if isinstance(wanted, Mapping):
        return "targets", gaps.of_targets(steps, wanted)
    if wanted in (None, "range"):
        try:
            return "range", by_range()
        except EvidenceError:
            if wanted == "range":
                raise
    if wanted == "before" and not moves:
        raise EvidenceError(f'`reference="before"`: {why}.')
    if moves and wanted in (None, "before"):
        return "before", gaps.of_moves(steps, moves)
    if by_segment is not None:
        return "segments", by_segment()
    return "", gaps.of_ranges(steps, None)
