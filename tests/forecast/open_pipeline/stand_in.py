"""A model of the funnel that knows its chances beforehand, for forecasts whose answer is known."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np


@dataclass
class StandIn:
    """Each record at a stage has one chance ever, all of it on one day to come.

    Parameters
    ----------
    ever
        Stage -> chance of a win.
    day
        Days after ``as_of`` on which wins come.
    doubt
        Chances of the draws, in turn, over ``ever``.
    """

    stages: tuple[str, ...]
    ever: dict[str, float]
    as_of: dt.date
    day: float = 10.0
    doubt: tuple[float, ...] = (1.0,)
    by: tuple[str, ...] = ()
    segments: tuple[tuple[str | None, ...], ...] = ((),)
    rhythm: None = None
    currency: None = None
    spreads: dict[str, float] = field(default_factory=dict)

    def chances(self, stage, ages, days):
        shape = (len(self.segments), len(np.atleast_1d(ages)), 1)
        won = (np.atleast_1d(np.asarray(days, float)) >= self.day).astype(float)
        return np.ones(shape) * self.ever[stage] * won

    def sample_chances(self, n, stage, ages, days, *, rng):
        factors = np.resize(np.array(self.doubt), n)
        return factors[:, None, None, None] * self.chances(stage, ages, days)
