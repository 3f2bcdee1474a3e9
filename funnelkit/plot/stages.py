"""What became of those who entered each stage, over all segments, as the bars show it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import ArgumentError
from funnelkit.counts.flows import Stays
from funnelkit.rates import StageRates, flow


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage.

    Parameters
    ----------
    name
        Of the stage.
    entered, moved_on, still_there, filled
        Records.
    left
        (exit, records) in the funnel's order, without empty ones.
    rate, low, high
        Share that moved on, filled entries left out; NaN for the last stage.
    median_days
        Among those who moved on.
    following
        Name of the next stage; "" for the last.
    """

    name: str
    entered: int
    moved_on: int
    still_there: int
    filled: int
    left: tuple[tuple[str, int], ...]
    rate: float
    low: float
    high: float
    median_days: float
    following: str

    @property
    def rated(self) -> bool:
        """Whether there are enough records for a percentage."""
        return self.entered - self.filled >= display.FEWEST and bool(np.isfinite(self.rate))

    @property
    def said_rate(self) -> str:
        """How many moved on: a share with its interval, or a count where they are few."""
        if not self.rated:
            return display.count(self.moved_on)
        return display.estimate(self.rate, self.low, self.high)

    @property
    def said_days(self) -> str:
        """How long those who moved on took."""
        if not self.following or not self.moved_on:
            return ""
        if not np.isfinite(self.median_days):
            return "days not recorded"
        return f"moved on after {self.median_days:,.0f} days (median)"

    @property
    def said(self) -> str:
        """All of it in words."""
        words = f"{self.name}: {display.count(self.entered)} entered"
        if not self.following:
            return words
        parts = [f"{display.count(self.moved_on)} moved on"]
        if self.rated:
            between = display.percent_range(self.low, self.high, words=True)
            parts = [f"{parts[0]} to {self.following} ({display.percent(self.rate)}, {between})"]
        parts.append(f"{display.count(self.still_there)} still there")
        parts += [f"{display.count(number)} {name}" for name, number in self.left]
        return f"{words}, {', '.join(parts)}{f'; {self.said_days}' if self.said_days else ''}"


@dataclass(frozen=True, kw_only=True)
class Stages:
    """Everything that the bars show."""

    stages: tuple[Stage, ...]
    exits: tuple[str, ...]
    as_of: dt.date
    segments: int
    level: float


def stages_of(rates: StageRates | Stays) -> Stages:
    """Return the stages of a table, all segments together.

    Raises
    ------
    ArgumentError
        If it is something else.
    """
    if isinstance(rates, Stays):
        rates = flow(rates)
    if not isinstance(rates, StageRates):
        raise ArgumentError(
            f"`flow` must be what fk.rates.flow returns; got {type(rates).__name__}."
        )
    stays = rates.stays
    if len(stays.segments) > 1:
        rates = flow(_together(stays), confidence_level=rates.confidence_level, method=rates.method)
    names = [display.one_line(name) for name in stays.stages]
    low, high = (np.asarray(end) for end in rates.confidence_interval(rates.confidence_level))
    counts = rates.stays
    found = [
        Stage(
            name=name,
            entered=int(counts.entered[0, k]),
            moved_on=int(counts.moved_on[0, k]),
            still_there=int(counts.still_there[0, k]),
            filled=int(counts.filled[0, k]),
            left=tuple(
                (display.one_line(exit_), int(number[0, k]))
                for exit_, number in counts.left.items()
                if number[0, k]
            ),
            rate=float(rates.rate[0, k]),
            low=float(low[0, k]),
            high=float(high[0, k]),
            median_days=float(rates.median_days[0, k]),
            following=names[k + 1] if k + 1 < len(names) else "",
        )
        for k, name in enumerate(names)
    ]
    return Stages(
        stages=tuple(found),
        exits=tuple(display.one_line(name) for name in stays.exits),
        as_of=stays.as_of,
        segments=len(stays.segments),
        level=rates.confidence_level,
    )


def _together(stays: Stays) -> Stays:
    def total(counts: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(counts.sum(axis=0, keepdims=True))

    sums = stays.accounts
    return replace(
        stays,
        by=(),
        segments=((),),
        entered=total(stays.entered),
        filled=total(stays.filled),
        moved_on=total(stays.moved_on),
        left={name: total(counts) for name, counts in stays.left.items()},
        still_there=total(stays.still_there),
        days=total(stays.days),
        accounts=None if sums is None else sums.sum(axis=1, keepdims=True),
    )


def title(shown: Stages) -> str:
    """Return at which stage the most stop."""
    first = shown.stages[0]
    if not any(stage.entered for stage in shown.stages):
        return f"Nothing has entered {first.name} yet"
    steps = [stage for stage in shown.stages if stage.rated]
    if not steps:
        return "Too few records to say where they stop"
    stop = max(steps, key=lambda stage: stage.entered - stage.moved_on)
    if stop.entered == stop.moved_on:
        return "All have moved on so far"
    between = display.percent_range(stop.low, stop.high, words=True)
    moved = f"{display.percent(stop.rate)} ({between})"
    if len(shown.stages) == 2:
        return f"{moved} have gone on from {stop.name} to {stop.following} so far"
    return (
        f"More stop at {stop.name} than elsewhere: {moved} have gone on to {stop.following} so far"
    )


def caption(shown: Stages) -> str:
    """Return what the bars are."""
    text = (
        f"Records that entered each stage; data through {day_name(shown.as_of)}. Young ones have "
        f"had little time, so each share can still rise. Brackets: "
        f"{display.percent(shown.level, decimals=0)} intervals."
    )
    filled = sum(stage.filled for stage in shown.stages)
    if filled:
        text += (
            f" {display.plural(filled, 'entry', 'entries')} without a date of "
            f"{'its' if filled == 1 else 'their'} own, known from a later stage, "
            f"{'is' if filled == 1 else 'are'} left out of the shares."
        )
    if shown.segments > 1:
        text += f" All {shown.segments} segments together."
    return text


def words(shown: Stages) -> list[str]:
    """Return the view in words, a line for each stage."""
    return [title(shown), caption(shown), *(f"{stage.said}." for stage in shown.stages)]
