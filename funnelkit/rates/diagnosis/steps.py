"""The steps of a funnel, and what each of them is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from funnelkit._core import display

LIFT = Decimal("0.1")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step, from a stage to the next.

    Parameters
    ----------
    start, target
        Stages.
    entered, converted
        Records that entered ``start``, and those of them that have reached ``target``.
    rate, low, high
        Corrected for the age of the records where that is known, with its interval.
    maturity
        Share of what is to come that is there to be seen; NaN where it is not known.
    settled
        Whether the rate is known not to rise much any more.
    left
        Records that left the funnel from ``start`` by any exit so far.
    still_there
        Records that stand at ``start`` still.
    onward
        Share of those who reach ``target`` that is won.
    mean_value
        Mean amount of a won deal; NaN where it is not known.
    """

    start: str
    target: str
    entered: int
    converted: int
    rate: float
    low: float
    high: float
    maturity: float
    settled: bool
    left: int
    still_there: int
    onward: float
    mean_value: float

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return f"{display.one_line(self.start)} to {display.one_line(self.target)}"

    @property
    def enough(self) -> bool:
        """Whether there are enough records for a rate."""
        return self.entered >= display.FEWEST and math.isfinite(self.rate)

    @property
    def worth(self) -> float:
        """Won deals that one record which enters ``start`` comes to."""
        return self.rate * self.onward

    @property
    def leaked(self) -> float:
        """Won deals that the records which left would have been, had they been like the others."""
        return self.left * self.worth

    @property
    def capped(self) -> bool:
        """Whether the rate times 1.1 is more than all."""
        return self.rate * float(1 + LIFT) > 1

    @property
    def point(self) -> float:
        """Won deals that one percentage point more brings; NaN where there is no such point."""
        return self.entered * 0.01 * self.onward if self.rate + 0.01 <= 1 else math.nan

    @property
    def lifted(self) -> float:
        """Won deals that a rate times 1.1 brings; at most those of a rate of 1."""
        return self.entered * self.onward * (min(self.rate * float(1 + LIFT), 1.0) - self.rate)


@dataclass(frozen=True, kw_only=True)
class Lift:
    """What a tenth more at each step does to the won deals.

    Parameters
    ----------
    steps
        Steps with a rate.

    Examples
    --------
    >>> lift = Lift(steps=(("lead", "mql", 0.4), ("mql", "won", 0.2)))
    >>> lift.factor, lift.said
    (1.21, '1.1 to the power of 2 = 1.21')
    >>> Lift(steps=(("lead", "mql", 0.95), ("mql", "won", 0.2))).factor
    1.1579
    """

    steps: tuple[tuple[str, str, float], ...]

    @cached_property
    def exact(self) -> Decimal:
        """1.1 to the power of the number of steps: the factor where no rate is capped."""
        return (1 + LIFT) ** len(self.steps)

    @property
    def capped(self) -> tuple[str, ...]:
        """Starts of steps whose rate times 1.1 would be more than all."""
        return tuple(start for start, _, rate in self.steps if rate * float(1 + LIFT) > 1)

    @property
    def factor(self) -> float:
        """By what the won deals of those who enter the first stage are multiplied."""
        if not self.capped:
            return float(self.exact)
        rates = [rate for _, _, rate in self.steps]
        return round(math.prod(min(float(1 + LIFT), 1 / rate) for rate in rates), 4)

    @property
    def said(self) -> str:
        """The factor as a power."""
        if self.capped:
            names = display.listed([f"`{display.one_line(name)}`" for name in self.capped])
            return f"{self.factor:g}, as the rate of {names} cannot exceed 1"
        return f"1.1 to the power of {len(self.steps)} = {self.exact.normalize():f}"


def lift_of(steps: Sequence[Step]) -> Lift:
    """Return what a tenth more does over the steps that have a rate above 0."""
    found = [(one.start, one.target, one.rate) for one in steps if one.enough and one.rate > 0]
    return Lift(steps=tuple(found))
