"""`Burst`: many records that entered on one day, as an import does, with a rate of their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import EvidenceError

if TYPE_CHECKING:
    from funnelkit.counts.daily import Daily
    from funnelkit.data.records import Leads
    from funnelkit.model.steps import Step

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
FEWEST = 25
"""Records of one day below which nothing is a burst."""
_SHARE = 0.5
"""Share of the entries of a usual month that one day must bring."""
_RARE = 4
"""Months for each such day; where they are more frequent, they are how records come."""
_DIFFERENT = 2.0
"""Standard deviation of a burst's rate about that of others, on the scale of logits."""
_LOGITS = np.linspace(-12.0, 6.0, 181)


@dataclass(frozen=True, eq=False, kw_only=True)
class Burst:
    """Records that entered the first stage on one day, far more than usual.

    Parameters
    ----------
    day
        The day.
    entered, moved_on
        Records, and how many of them have moved on to the next stage.
    usual
        What share of a usual month's entries they are.
    weights
        How likely each rate of moving on is, on a grid of logits.
    """

    day: dt.date
    entered: int
    moved_on: int
    usual: float
    weights: FloatArray

    @property
    def rate(self) -> float:
        """Share that ever moves on, the mean of what is likely."""
        return float(self.weights @ special.expit(_LOGITS))

    def sample(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return draws of the share that ever moves on, shape ``(n,)``."""
        at = rng.choice(len(_LOGITS), n, p=self.weights)
        near = rng.uniform(-0.5, 0.5, n) * (_LOGITS[1] - _LOGITS[0])
        return np.asarray(special.expit(_LOGITS[at] + near))

    @property
    def told(self) -> str:
        """A sentence on it."""
        return (
            f"{display.count(self.entered)} records entered on {day_name(self.day)} alone, "
            f"{self.usual:.1f} times those of a usual month: they have a rate of their own, and no "
            "such day is expected again."
        )


def burst_days(found: Daily) -> list[tuple[dt.date, float]]:
    """Return the days on which far more records entered the first stage than usual.

    Parameters
    ----------
    found
        Entries by day.

    Returns
    -------
    list of tuple
        Each day, and its entries over those of the median month of the year around it, that day
        left out. None where such days are more than one in four months, or bring more than half
        of all records: then that is how records come.
    """
    by_day = found.entries[:, 0].sum(axis=0)
    months = found.days.to_period("M")
    position = months.asi8 - months.asi8[0]
    monthly = np.bincount(position, weights=by_day)
    days = []
    for place in np.flatnonzero(by_day >= FEWEST):
        own = monthly.copy()
        own[position[place]] -= by_day[place]
        first = max(min(position[place] - 6, len(own) - 12), 0)
        usual = float(np.median(own[first : first + 12]))
        if usual > 0 and by_day[place] >= _SHARE * usual:
            days.append((place, by_day[place] / usual))
    rare = len(days) * _RARE <= len(monthly)
    few = by_day[[place for place, _ in days]].sum() * 2 <= by_day.sum()
    if not days or not rare or not few:
        return []
    return [(found.days[int(place)].date(), float(times)) for place, times in days]


def bursts_of(leads: Leads, days: Sequence[tuple[dt.date, float]], step: Step) -> tuple[Burst, ...]:
    """Return the bursts of some days, each with the rate that its records have shown.

    Parameters
    ----------
    leads
        The records that entered on these days.
    days
        The days, and how many times a usual month's entries each has.
    step
        The transition from the first stage, of all other records.

    Notes
    -----
    With n records of one age, of which x have moved on, x is binomial with chance p M, M being
    the share that moves on by that age of those who ever do. The logit of p is normal about that
    of the other records' latest rate, with standard deviation 2.
    """
    from funnelkit.counts.build import triangles

    latest = step.ever(step.levels.ultimate[:, -1].mean(), step.tail.seen)
    usual = float(special.logit(np.clip(latest, 1e-4, 1 - 1e-4)))
    prior = -0.5 * ((_LOGITS - usual) / _DIFFERENT) ** 2
    try:
        counts = triangles(leads, [(step.start, step.target)], cohort="day")[
            step.start, step.target
        ]
    except (EvidenceError, KeyError):
        counts = None
    found = []
    for day, times in days:
        n = x = 0
        if counts is not None:
            place = [i for i, one in enumerate(counts.cohorts) if one.start_time.date() == day]
            n = int(counts.entered[:, place].sum())
            x = int(counts.converted[:, place].sum())
        age = min((leads.as_of - day).days, len(step.passed) - 1)
        chance = np.clip(special.expit(_LOGITS) * step.passed[age], 1e-12, 1 - 1e-12)
        likely = prior + x * np.log(chance) + (n - x) * np.log1p(-chance)
        weights = np.exp(likely - likely.max())
        found.append(
            Burst(day=day, entered=n, moved_on=x, usual=times, weights=weights / weights.sum())
        )
    return tuple(found)
