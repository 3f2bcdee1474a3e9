"""A model of the funnel that knows its chances beforehand, for forecasts whose answer is known."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from funnelkit._core.errors import EvidenceError


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
    silent
        Stage -> why there is no chance for it.
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
    silent: dict[str, str] = field(default_factory=dict)

    @property
    def first_month(self):
        return (pd.Timestamp(self.as_of) + pd.Timedelta(days=1)).to_period("M")

    def of_funnel(self, stages):
        return self.stages == stages

    def burst_ages(self, stage):
        return ()

    def timing(self, stage, ages, days):
        won = (np.atleast_1d(np.asarray(days, float)) >= self.day).astype(float)
        return np.tile(won, (len(np.atleast_1d(ages)), 1))

    def chances(self, stage, ages, days):
        shape = (len(self.segments), len(np.atleast_1d(ages)), 1)
        return np.ones(shape) * self.ever[stage] * self.timing(stage, ages, days)

    def sample(self, n, *, rng, months=0):
        return Draws(self, n)


@dataclass
class Draws:
    """Its draws: the doubt in turn, every month alike."""

    model: StandIn
    n: int

    def ever(self, stage, ages):
        if stage in self.model.silent:
            raise EvidenceError(self.model.silent[stage])
        shape = (self.n, len(self.model.segments), len(ages))
        doubt = np.resize(np.array(self.model.doubt), self.n)
        return np.ones(shape) * self.model.ever[stage] * doubt[:, None, None]

    def paces(self, periods):
        return np.ones((self.n, len(periods)))
