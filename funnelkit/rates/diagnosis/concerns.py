"""What looks better than it is: a rate that rose for want of volume, by mix, or by looser rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from funnelkit._core import display
from funnelkit._core.standard import standardised
from funnelkit.rates.diagnosis.moves import Move

Kind = Literal["volume fell", "easier mix", "looser qualification"]
Pair = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Concern:
    """A warning about one step, with what it rests on.

    Parameters
    ----------
    kind
        ``"volume fell"``, ``"easier mix"`` or ``"looser qualification"``.
    start, target
        The step whose rate rose.
    sentence
        What is to be said of it, with the numbers.
    evidence
        Name -> number.
    """

    kind: Kind
    start: str
    target: str
    sentence: str
    evidence: Mapping[str, float]


def concerns_of(
    moves: Sequence[Move], throughs: Mapping[Pair, Move], by: Sequence[str]
) -> tuple[Concern, ...]:
    """Return what is to be warned of between two periods.

    Parameters
    ----------
    moves
        Of each step, in order.
    throughs
        Of longer ways: from a stage to one that is not the next.
    by
        Segment columns whose mix may have moved; none: nothing is said of the mix.

    Notes
    -----
    Each needs intervals clear of zero. *Volume fell*: the rate rose, fewer entered a day, and
    not clearly more converted a day. *Easier mix*: the rate of all rose, the mix of segments alone
    raised it, and at the mix of before and after together it did not clearly rise, or by less than
    the mix did. *Looser qualification*: the rate of a step rose, that of a later one fell, and not
    clearly more came through both.
    """
    found: list[Concern | None] = [_volume(move) for move in moves]
    ways = [*moves, *_whole(moves, throughs)]
    found += [_mix(move, by) for move in ways if by]
    for k, upper in enumerate(moves):
        fallen = [lower for lower in moves[k + 1 :] if lower.fell]
        if upper.rose and fallen:
            worst = min(fallen, key=lambda move: move.change / max(move.rates[0], 1e-12))
            found.append(_looser(upper, worst, throughs.get((upper.start, worst.target))))
    return tuple(one for one in found if one is not None)


def _whole(moves: Sequence[Move], throughs: Mapping[Pair, Move]) -> list[Move]:
    """Return the way from the first stage to the last, where there are several steps."""
    if len(moves) < 2:
        return []
    way = throughs.get((moves[0].start, moves[-1].target))
    return [] if way is None else [way]


def _volume(move: Move) -> Concern | None:
    if not move.rose or move.partial:
        return None
    volume, converted = move.volume_interval, move.conversions_interval
    if volume.high >= 1 or converted.low > 1:
        return None
    sentence = (
        f"{move.name}: the rate rose {_rates(move)} as entries fell from "
        f"{display.count(move.entered[0])} to {display.count(move.entered[1])}, and "
        f"{display.count(move.converted[0])} converted before, {display.count(move.converted[1])} "
        "after: a higher rate of fewer is no win."
    )
    return _concern("volume fell", move, sentence, volume=move.volume, converted=move.conversions)


def _mix(move: Move, by: Sequence[str]) -> Concern | None:
    if not move.rose:
        return None
    design = [[worth / max(n, 1)] for worth, n in zip(move.worth, move.entered, strict=True)]
    parts = standardised(
        move.converted_by * np.array(design),
        move.entered_by * np.array(design),
        confidence_level=move.level,
    )
    by_rates = parts.rate_low > 0 and parts.rate >= parts.mix
    if parts.mix_low <= 0 or by_rates:
        return None
    sentence = (
        f"{move.name}: the rate rose {_rates(move)}, of which {_points(parts.mix)} points "
        f"({_points(parts.mix_low)} to {_points(parts.mix_high)}) by an easier mix of "
        f"{display.listed([display.one_line(name) for name in by])}; at the same mix "
        f"{_points(parts.rate)} ({_points(parts.rate_low)} to {_points(parts.rate_high)})."
    )
    return _concern(
        "easier mix",
        move,
        sentence,
        mix=parts.mix,
        mix_low=parts.mix_low,
        mix_high=parts.mix_high,
        rate=parts.rate,
        rate_low=parts.rate_low,
        rate_high=parts.rate_high,
    )


def _looser(upper: Move, lower: Move, through: Move | None) -> Concern | None:
    if through is not None and through.rose:
        return None
    sentence = (
        f"{upper.name} rose {_rates(upper)} while {lower.name} fell {_rates(lower)}: qualification "
        "may be looser, so that the pipeline looks healthy and closes less."
    )
    evidence = {"down": lower.change, "down_low": lower.low, "down_high": lower.high}
    if through is not None and through.judged:
        sentence += (
            f" From {display.one_line(upper.start)} to {display.one_line(lower.target)}: "
            f"{display.percent(through.rates[0])} before and {display.percent(through.rates[1])} "
            f"after ({_points(through.low)} to {_points(through.high)} points)."
        )
        evidence |= {
            "through": through.change,
            "through_low": through.low,
            "through_high": through.high,
        }
    return _concern("looser qualification", upper, sentence, **evidence)


def _concern(kind: Kind, move: Move, sentence: str, **evidence: float) -> Concern:
    numbers = {"change": move.change, "change_low": move.low, "change_high": move.high}
    return Concern(
        kind=kind,
        start=move.start,
        target=move.target,
        sentence=sentence,
        evidence=MappingProxyType(numbers | evidence),
    )


def _rates(move: Move) -> str:
    old, new = move.rates
    return (
        f"from {display.percent(old)} to {display.percent(new)} ({_points(move.low)} to "
        f"{_points(move.high)} points)"
    )


def _points(share: float) -> str:
    return display.signed(round(100 * share, 1) + 0.0)
