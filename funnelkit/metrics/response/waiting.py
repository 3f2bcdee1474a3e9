"""The product limit in minutes: how long answers take when some have not come yet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from funnelkit._core.interval import Interval

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Waiting:
    """Kaplan-Meier of waiting times.

    Parameters
    ----------
    minutes
        How long each lead waited, until its answer or until the last moment known; shape ``(n,)``.
    answered
        Whether it was answered then; shape ``(n,)``.

    Notes
    -----
    With d(t) answered of n(t) still waiting at t, the share still waiting is the product of
    1 - d/n up to t; an answer at the same minute as the end of follow-up comes first. The interval
    is that of log(-log S), with Greenwood's variance; that of a quantile is where the band of S
    crosses it (Brookmeyer and Crowley 1982, Biometrics 38, 29-41).

    Examples
    --------
    >>> wait = Waiting(minutes=[5, 10, 20, 60], answered=[True, True, False, True])
    >>> wait.quantile(0.5), round(float(wait.share_by(10)), 6)
    (10.0, 0.5)
    """

    minutes: FloatArray
    answered: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Take what is given as arrays."""
        object.__setattr__(self, "minutes", np.asarray(self.minutes, dtype=float))
        object.__setattr__(self, "answered", np.asarray(self.answered, dtype=bool))

    @cached_property
    def times(self) -> FloatArray:
        """Distinct minutes at which an answer came, in order."""
        return np.unique(self.minutes[self.answered])

    @cached_property
    def events(self) -> FloatArray:
        """Answers at each of the times."""
        return np.unique(self.minutes[self.answered], return_counts=True)[1].astype(float)

    @cached_property
    def at_risk(self) -> FloatArray:
        """Leads still waiting and followed at each of the times."""
        before = np.searchsorted(np.sort(self.minutes), self.times, side="left")
        return (len(self.minutes) - before).astype(float)

    @cached_property
    def waiting(self) -> FloatArray:
        """Share still waiting after each of the times."""
        return np.asarray(
            np.cumprod((self.at_risk - self.events) / np.maximum(self.at_risk, 1)), float
        )

    @cached_property
    def _spread(self) -> FloatArray:
        """Standard error of log(-log S) after each of the times; NaN where S is 0."""
        left = self.at_risk - self.events
        sums = np.cumsum(self.events / (self.at_risk * np.maximum(left, 1)))
        inside = self.waiting > 0
        log = np.log(np.where(inside, self.waiting, 0.5))
        return np.where(inside, np.sqrt(sums) / -log, np.nan)

    def _band(self, confidence_level: float) -> tuple[FloatArray, FloatArray]:
        z = stats.norm.isf((1 - confidence_level) / 2)
        inside = self.waiting > 0
        log = np.log(np.where(inside, self.waiting, 0.5))
        reach = np.minimum(np.where(inside, z * self._spread, 0.0), 500.0)
        low, high = (np.exp(log * np.exp(sign * reach)) for sign in (1, -1))
        return np.where(inside, low, 0.0), np.where(inside, high, np.nan)

    def share_by(self, minutes: ArrayLike) -> FloatArray:
        """Return the share answered by some minutes; NaN past the end of follow-up."""
        wanted = np.asarray(minutes, dtype=float)
        place = np.searchsorted(self.times, wanted, side="right") - 1
        share = np.where(place < 0, 0.0, 1 - np.append(self.waiting, 1.0)[place])
        return np.where(self._followed(wanted), share, np.nan)

    def share_interval(self, minutes: ArrayLike, confidence_level: float = 0.95) -> Interval:
        """Return the interval of the share answered by some minutes; NaN past follow-up."""
        wanted = np.asarray(minutes, dtype=float)
        place = np.searchsorted(self.times, wanted, side="right") - 1
        tail = (1 - confidence_level) / 2
        bound = tail ** (1 / max(len(self.minutes), 1))
        low, high = self._band(confidence_level)
        low, high = 1 - high, 1 - low
        low = np.where(np.isnan(low), bound, low)  # everybody was answered
        known = self._followed(wanted)
        found = [
            np.where(place < 0, none, np.append(end, none)[place])
            for end, none in ((low, 0.0), (high, 1 - bound))
        ]
        return Interval(*(np.where(known, end, np.nan) for end in found))

    def _followed(self, wanted: FloatArray) -> NDArray[np.bool_]:
        if not len(self.minutes):
            return np.zeros(wanted.shape, dtype=bool)
        done = len(self.waiting) > 0 and self.waiting[-1] <= 0
        return np.asarray((wanted <= self.minutes.max()) | done)

    def quantile(self, share: float) -> float:
        """Return the first minute by which a share of the leads is answered; NaN if never."""
        return self._crossing(self.waiting, 1 - share)

    def quantile_interval(self, share: float, confidence_level: float = 0.95) -> Interval:
        """Return the interval of :meth:`quantile`; an end that is not reached is NaN."""
        low, high = self._band(confidence_level)
        high = np.where(np.isnan(high), 1.0, high)
        return Interval(self._crossing(low, 1 - share), self._crossing(high, 1 - share))

    def _crossing(self, curve: FloatArray, level: float) -> float:
        reached = curve <= level + 1e-12
        return float(self.times[np.argmax(reached)]) if reached.any() else float("nan")
