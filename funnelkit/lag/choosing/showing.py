"""What is shown of a rate: the estimate with its interval, or a bound in its place.

Reports, tables and the coverage study (benchmarks/lag_coverage.py) all take it from here.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.interval import Interval

FloatArray = NDArray[np.float64]


class Shown(NamedTuple):
    """What is shown of rates, three arrays of one shape.

    Parameters
    ----------
    rate
        The estimate; not a number where there is a bound only.
    low, high
        The interval, or the bound: ``[low, 1]``, at least; ``[0, high]``, at most; or both.
    """

    rate: FloatArray
    low: FloatArray
    high: FloatArray


class Bounded(Protocol):
    """A fit with verdicts and intervals of its eventual rates, shape ``(S, C)``."""

    @property
    def ultimate(self) -> FloatArray:
        """Eventual rates."""

    @property
    def verdicts(self) -> NDArray[np.str_]:
        """Verdict of each."""

    def unified_interval(self, *, confidence_level: float = 0.95) -> Interval:
        """Return their interval, whose upper end knows that no rate passes 1."""


def shown_of(fit: Bounded, confidence_level: float) -> Shown:
    """Return what is shown of each eventual rate of a fit.

    Parameters
    ----------
    fit
        Any fit with verdicts.
    confidence_level
        Two-sided level.

    Notes
    -----
    With "bound only" the rate is left out. If follow-up sets no upper bound either, the upper end
    is 1, and what is shown is "at least". Whether there is one is settled by the interval itself,
    so that it holds what it says whichever is shown (Feldman and Cousins 1998, who show what goes
    wrong where one side or two are chosen after looking): see benchmarks/lag_coverage.md. An
    estimate that is shown is never outside of its ends.

    References
    ----------
    Feldman and Cousins (1998), Physical Review D 57, 3873-3889, sections III and IV.
    """
    level = checks.confidence(confidence_level)
    low, high = (np.asarray(end) for end in fit.unified_interval(confidence_level=level))
    rate = np.where(fit.verdicts == "bound only", np.nan, fit.ultimate)
    return Shown(rate, np.fmin(low, rate), np.fmax(high, rate))


def bound_in_words(low: float, high: float) -> str:
    """Return a bound as one says it.

    Examples
    --------
    >>> bound_in_words(0.0, 0.031) == f"at most 3.1{display.NARROW_SPACE}%"
    True
    >>> bound_in_words(0.0, 1.0)
    'any share'
    """
    if high >= 1:
        return f"at least {display.percent(low)}" if low > 0 else "any share"
    if low <= 0:
        return f"at most {display.percent(high)}"
    return f"between {display.percent_range(low, high, words=True).replace(' to ', ' and ')}"
