"""What each step falls short of, and what closing the gap is worth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, numbered
from funnelkit.rates.diagnosis.moves import Move
from funnelkit.rates.diagnosis.steps import Step
from funnelkit.rates.ranges.measured import Conversion
from funnelkit.rates.ranges.result import Benchmarked

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Gap:
    """How far a step is under what it is held against.

    Parameters
    ----------
    start, target
        The step.
    against
        What it is held against, in words; "" where there is nothing.
    reference
        The rate it is held against; NaN where there is none.
    won, low, high
        Won deals that closing the gap would have brought, with an interval; NaN where not known.
    clear
        Whether the interval of the rate, or of the difference, stays clear of the reference.
    caveat
        Why nothing is said; "" where something is.
    """

    start: str
    target: str
    against: str = ""
    reference: float = math.nan
    won: float = math.nan
    low: float = math.nan
    high: float = math.nan
    clear: bool = False
    caveat: str = ""


def of_ranges(steps: Sequence[Step], found: Benchmarked | None) -> list[Gap]:
    """Return the gaps to the low ends of the ranges."""
    known = {}
    if found is not None:
        low, high = (np.asarray(end) for end in found.won_interval())
        for k, one in enumerate(found.conversions):
            verdict = str(found.verdict[0, k])
            known[one.start, one.target] = Gap(
                start=one.start,
                target=one.target,
                against=f"the low end of its range, {found.spans[k].said()}",
                reference=found.spans[k].low,
                won=float(found.won_gap[0, k]),
                low=float(low[0, k]),
                high=float(high[0, k]),
                clear=verdict == "below",
                caveat=verdict if verdict in ("immature", "too few", "no rate") else "",
            )
    blank = "no range is published"
    return [
        known.get((one.start, one.target), Gap(start=one.start, target=one.target, caveat=blank))
        for one in steps
    ]


def of_targets(steps: Sequence[Step], targets: Mapping[str, Any]) -> list[Gap]:
    """Return the gaps to rates that the user names, by the stage at which a step starts.

    Raises
    ------
    ArgumentError
        With every problem: an unknown stage, a rate that is no share.
    """
    problems = []
    for stage, rate in targets.items():
        try:
            checks.member("reference", "stage", stage, [one.start for one in steps])
        except ArgumentError as error:
            problems.append(str(error))
        if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 < rate <= 1:
            problems.append(f"`reference`: a rate lies between 0 and 1; got {rate!r}.")
    if problems:
        raise ArgumentError(numbered(problems))
    gaps = []
    for one in steps:
        if one.start in targets:
            gaps.append(_to(one, float(targets[one.start]), "your reference"))
        else:
            gaps.append(Gap(start=one.start, target=one.target, caveat="no reference is named"))
    return gaps


def of_moves(steps: Sequence[Step], moves: Sequence[Move]) -> list[Gap]:
    """Return the gaps of the later period to the earlier one, each step at equal ages."""
    known = {(move.start, move.target): move for move in moves}
    gaps = []
    for one in steps:
        move = known.get((one.start, one.target))
        if move is None or not move.judged:
            why = "the two periods cannot be compared"
            gaps.append(Gap(start=one.start, target=one.target, caveat=why))
            continue
        factor = move.entered[1] * one.onward
        gaps.append(
            Gap(
                start=one.start,
                target=one.target,
                against=f"its rate in {move.before}",
                reference=move.rates[0],
                won=factor * max(-move.change, 0.0),
                low=factor * max(-move.high, 0.0),
                high=factor * max(-move.low, 0.0),
                clear=move.high < 0,
            )
        )
    return gaps


def of_segments(
    steps: Sequence[Step], conversions: Mapping[tuple[str, str], Conversion]
) -> list[Gap]:
    """Return the gaps of all others to the best segment of each step.

    Parameters
    ----------
    steps
        The steps.
    conversions
        Of each step by segment, with intervals at a level that allows for choosing the best.

    Notes
    -----
    The best of several segments is partly the luckiest: each rate is first drawn to the mean of all
    by the estimated share of chance in their spread, rate + (1 - B)(own - rate) with
    B = v / (v + τ²), and the best of these is the reference. Only settled segments of at least
    100 records are in the choice.
    """
    gaps = []
    for one in steps:
        found = conversions.get((one.start, one.target))
        blank = Gap(start=one.start, target=one.target)
        if found is None:
            gaps.append(replace(blank, caveat="there is no rate by segment"))
            continue
        gaps.append(_best(one, found, blank))
    return gaps


def shrunken(rates: FloatArray, leads: FloatArray) -> FloatArray:
    """Return rates drawn to their mean by the share of chance in their spread.

    Parameters
    ----------
    rates
        Of each segment.
    leads
        How many leads each rests on.

    References
    ----------
    DerSimonian and Laird (1986), Controlled Clinical Trials 7, 177-188, eq. 9, for τ²; Morris
    (1983), JASA 78, 47-55, for the shrinkage.

    Examples
    --------
    Two segments that differ by no more than chance are taken to be alike:

    >>> shrunken(np.array([0.28, 0.32]), np.array([100.0, 100.0])).round(6).tolist()
    [0.3, 0.3]
    """
    mean = float((rates * leads).sum() / leads.sum())
    variance = max(mean * (1 - mean), 1e-12) / leads
    weight = 1 / variance
    spread = float((weight * (rates - mean) ** 2).sum()) - (len(rates) - 1)
    between = max(spread / float(weight.sum() - (weight**2).sum() / weight.sum()), 0.0)
    return np.asarray(mean + between / (between + variance) * (rates - mean))


def _best(step: Step, found: Conversion, blank: Gap) -> Gap:
    fit = found.settled & (found.entered >= display.FEW) & np.isfinite(found.rate)
    rows = np.flatnonzero(fit)
    if len(rows) < 2:
        return replace(
            blank, caveat=f"fewer than two settled segments of {display.FEW} records or more"
        )
    leads = found.entered[rows].astype(float)
    drawn = shrunken(found.rate[rows], leads)
    best = int(np.argmax(drawn))
    row = rows[best]
    rest = np.delete(rows, best)
    weight = found.entered[rest] / found.entered[rest].sum()
    rate = float((weight * found.rate[rest]).sum())
    low, high = (
        rate + sign * float(np.linalg.norm(weight * (end[rest] - found.rate[rest])))
        for sign, end in ((-1, found.low), (1, found.high))
    )
    change = float(found.rate[row]) - rate
    least = change - float(np.hypot(found.rate[row] - found.low[row], high - rate))
    most = change + float(np.hypot(found.high[row] - found.rate[row], rate - low))
    factor = float(found.entered[rest].sum()) * step.onward
    gain = max(float(drawn[best]) - rate, 0.0)
    return replace(
        blank,
        against=f"the best segment, {display.segment_name(found.segments[row])}",
        reference=float(drawn[best]),
        won=factor * gain,
        low=factor * min(max(least, 0.0), gain),
        high=factor * max(most, gain),
        clear=least > 0,
    )


def _to(step: Step, reference: float, against: str) -> Gap:
    """Return the gap to a rate that is held to be known."""
    blank = Gap(start=step.start, target=step.target, against=against, reference=reference)
    if not step.enough:
        return replace(blank, caveat="too few")
    if not step.settled:
        return replace(blank, caveat="immature")
    factor = step.entered * step.onward
    return replace(
        blank,
        won=factor * max(reference - step.rate, 0.0),
        low=factor * max(reference - step.high, 0.0),
        high=factor * max(reference - step.low, 0.0),
        clear=step.high < reference,
    )
