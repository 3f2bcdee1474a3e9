"""Ages in bins, and what each cohort has come to by the end of those that are complete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.counts.triangle import Triangle
from funnelkit.lag.nonparametric.product_limit import Curves

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Every = Literal["day", "week", "month"]
_DAYS = {"day": 1, "week": 7, "month": 30}
_ENOUGH = 4


@dataclass(frozen=True, eq=False, kw_only=True)
class Bins:
    """Ages in bins, and how far each segment and cohort is through them.

    Parameters
    ----------
    days
        Days in a bin; the last may have fewer.
    ends
        Last age of each bin, shape ``(n_bins,)``.
    position
        Last bin that is complete for every lead of a segment and cohort, shape ``(S, C)``; -1
        where none is, or where nobody entered.
    """

    days: int
    ends: IntArray
    position: IntArray

    @property
    def horizon(self) -> int:
        """Last age of the last bin."""
        return int(self.ends[-1])

    def cumulative(self, by_age: IntArray) -> FloatArray:
        """Return counts by the end of each complete bin, NaN beyond, shape ``(S, C, n_bins)``."""
        found = np.cumsum(by_age, axis=-1)[..., self.ends].astype(float)
        known = np.arange(len(self.ends)) <= self.position[..., None]
        return np.where(known, found, np.nan)

    def spread(self, by_age: IntArray, at_risk: IntArray) -> FloatArray:
        """Return which share of each bin's conversions has come by each age in it.

        Parameters
        ----------
        by_age
            Leads of all segments and cohorts with each outcome, shape ``(n_outcomes, n_ages)``.
        at_risk
            Leads undecided and under observation, shape ``(n_ages,)``.

        Returns
        -------
        ndarray
            Shape ``(n_outcomes, horizon + 1)``: as the product-limit curve of all leads has it,
            evenly where that has nothing in a bin.
        """
        last = self.horizon + 1
        curves = Curves(events=by_age[:, :last], at_risk=at_risk[:last]).rates
        steps = np.diff(curves, axis=-1, prepend=0.0)
        found = np.empty_like(steps)
        first = 0
        for end in self.ends:
            part = steps[:, first : end + 1]
            total = part.sum(axis=1, keepdims=True)
            even = np.full_like(part, 1 / part.shape[1])
            found[:, first : end + 1] = np.cumsum(
                np.where(total > 0, part / np.where(total > 0, total, 1.0), even), axis=1
            )
            first = int(end) + 1
        return np.minimum(found, 1.0)

    def daily(self, by_bin: FloatArray, spread: FloatArray) -> FloatArray:
        """Return values by age from those at the end of each bin.

        Parameters
        ----------
        by_bin
            Shape ``(..., n_bins)``; 0 before the first bin.
        spread
            As :meth:`spread` returns it, for one outcome, shape ``(horizon + 1,)``.
        """
        bin_of = np.searchsorted(self.ends, np.arange(self.horizon + 1))
        before = np.concatenate([np.zeros_like(by_bin[..., :1]), by_bin[..., :-1]], axis=-1)
        start, end = before[..., bin_of], by_bin[..., bin_of]
        return np.asarray(start + (end - start) * spread)


def youngest(triangle: Triangle) -> IntArray:
    """Return the age of the youngest lead of each segment and cohort; -1 where there is none."""
    found = np.argmax(triangle.followed > 0, axis=-1)
    return np.asarray(np.where(triangle.entered > 0, found, -1), np.int64)


def bins_of(triangle: Triangle, *, every: Every | int | None, horizon: int | None) -> Bins:
    """Return the bins into which ages fall, and how far each segment and cohort is.

    Raises
    ------
    EvidenceError
        If no cohort is through its first bin, or none as far as the horizon.
    ArgumentError
        If ``every`` or ``horizon`` cannot be used.
    """
    ages = youngest(triangle)
    reach = int(ages.max(initial=-1)) + 1
    days = _days(every, reach)
    if reach < days:
        raise EvidenceError(
            f"`triangle`: no cohort has {days} days behind all of its leads; the one that is "
            f"furthest has {max(reach, 0)}. Give a smaller `every`, in days."
        )
    if horizon is not None:
        last = checks.positive_whole("horizon", horizon)
        if last + 1 > reach:
            raise EvidenceError(
                f"`horizon` must be at most {reach - 1}, the last day to which all leads of some "
                f"cohort are followed; got {last}."
            )
        ends = np.append(np.arange(days - 1, last, days), last)
    else:
        ends = np.arange(days - 1, reach, days)
    position = np.searchsorted(ends, ages, side="right") - 1
    return Bins(days=days, ends=ends.astype(np.int64), position=position.astype(np.int64))


def _days(every: Every | int | None, reach: int) -> int:
    """Return the days in a bin: those asked for, or the longest of which there are enough."""
    if every is None:
        fitting = [days for days in _DAYS.values() if reach >= _ENOUGH * days]
        return max(fitting, default=1)
    if isinstance(every, str):
        return _DAYS[checks.one_of("every", every, get_args(Every))]
    if isinstance(every, bool) or not isinstance(every, int) or every < 1:
        raise ArgumentError(
            '`every` must be "day", "week", "month" (30 days) or a whole number of days; got '
            f"{every!r}."
        )
    return every
