"""`Assumptions`: all that a plan stands on, with joint draws of what it may be instead."""

from __future__ import annotations

import datetime as dt
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Result
from funnelkit.plan.basis.channel import Channel, Stream

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan.basis.estimate import Estimate, Kind

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_NODES = 9
"""Factors on all times of a channel whose lag is in doubt."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Assumptions(Result):
    """All that a plan stands on.

    Shapes: ``N = n_draws`` joint draws, ``C = len(channels)``, ``H = len(periods)`` months.

    Parameters
    ----------
    stages
        Of the funnel, in order; leads enter the first, deals are won at the last.
    periods
        Civil months of the plan, without gaps; the first may have begun.
    as_of
        Last day that is known.
    channels
        Where leads come from.
    in_flight
        Records that are open on ``as_of``, and what the running month has brought already.
    direct
        Deals that never start as a lead.
    n_draws
        Joint draws of what is in doubt.
    currency
        Of money, where it is known.
    mix
        Share of each channel among leads of late, shape ``(C,)``; what a plan takes unasked.
    season
        Leads of each month over those of an average one, shape ``(H,)``.
    notes
        What a reader must know.
    """

    stages: tuple[str, ...]
    periods: pd.PeriodIndex
    as_of: dt.date
    channels: tuple[Channel, ...]
    in_flight: Stream
    direct: Stream
    n_draws: int = 2000
    currency: str | None = None
    mix: FloatArray | None = None
    season: FloatArray | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse parts that do not fit each other."""
        wrong = []
        names = [one.name for one in self.channels]
        if not names:
            wrong.append("there is no channel")
        if len(set(names)) < len(names):
            wrong.append("two channels bear one name")
        shape = (self.n_draws, len(self.periods))
        wrong += [
            f"{one.name} is of shape {one.deals.shape}, not {shape}"
            for one in (self.in_flight, self.direct)
            if one.deals.shape != shape
        ]
        steps = len(self.stages) - 1
        wrong += [
            f"{one.name} has {display.plural(len(one.rates), 'rate')} for {steps} steps"
            for one in self.channels
            if len(one.rates) != steps
        ]
        if wrong:
            raise ArgumentError(f"Assumptions do not fit each other: {'; '.join(wrong)}.")

    @property
    def rates(self) -> FloatArray:
        """Expected share ever won of the leads of each channel, shape ``(C,)``."""
        return np.array([one.win_rate for one in self.channels])

    @cached_property
    def rate_draws(self) -> FloatArray:
        """Joint draws of the share ever won, by channel and month of entry, ``(N, C, H)``."""
        found = np.empty((self.n_draws, len(self.channels), len(self.periods)))
        for c, channel in enumerate(self.channels):
            if channel.joint is not None:
                found[:, c] = channel.win_rate * channel.joint
                continue
            product = np.full(self.n_draws, channel.ratio)
            for step, rate in enumerate(channel.rates):
                product *= self.drawn(rate, f"{channel.name} step {step}", kind="share")
            found[:, c] = product[:, None]
        return np.clip(found, 0.0, 1.0)

    @cached_property
    def size_draws(self) -> FloatArray:
        """Joint draws of the mean value of a deal, shape ``(N, C)``; 1 where deals are counted."""
        found = np.ones((self.n_draws, len(self.channels)))
        for c, channel in enumerate(self.channels):
            if channel.size is not None:
                found[:, c] = self.drawn(channel.size, f"{channel.name} size", kind="amount")
        return found

    @cached_property
    def stretches(self) -> FloatArray:
        """Factors on the lag of each channel, shape ``(C, G)``, each as likely as the others."""
        places = (np.arange(_NODES) + 0.5) / _NODES
        standard = stats.norm.ppf(places)
        standard = standard / standard.std()
        spread = np.array([one.lag_sd for one in self.channels])
        found = np.exp(np.sqrt(np.log1p(spread**2))[:, None] * standard)
        return np.asarray(found / found.mean(axis=1, keepdims=True))

    @cached_property
    def stretch_of(self) -> IntArray:
        """Which factor each draw has, shape ``(N, C)``."""
        columns = [
            np.minimum((self._strata(f"{one.name} lag") * _NODES).astype(np.int64), _NODES - 1)
            for one in self.channels
        ]
        return np.stack(columns, axis=1)

    @cached_property
    def within(self) -> FloatArray:
        """Share of the won that is won in each month, shape ``(G, C, H, H)``.

        By factor on the lag, channel, month of entry and month of the win.
        """
        return np.stack(
            [
                np.stack(
                    [
                        channel.lag.within(self.periods, self.as_of, stretch=float(factor))
                        for channel, factor in zip(self.channels, row, strict=True)
                    ]
                )
                for row in self.stretches.T
            ]
        )

    @property
    def yields(self) -> FloatArray:
        """Expected deals of one lead, by channel, month of entry and month of the win.

        Shape ``(C, H, H)``.
        """
        return np.asarray(self.rates[:, None, None] * self.within.mean(axis=0))

    @property
    def sizes(self) -> FloatArray:
        """Mean value of a deal by channel, shape ``(C,)``; 1 where deals are counted."""
        return np.array([1.0 if one.size is None else one.size.value for one in self.channels])

    @property
    def costs(self) -> FloatArray:
        """Cost of a lead by channel, shape ``(C,)``; NaN where it is not known."""
        return np.array([np.nan if one.cost is None else one.cost.value for one in self.channels])

    def drawn(self, estimate: Estimate, key: str, *, kind: Kind) -> FloatArray:
        """Return draws of one number, shape ``(N,)``.

        One of each of N equal parts of its distribution, in an order of the key's own.
        """
        return estimate.quantiles(self._strata(key), kind=kind)

    def _strata(self, key: str) -> FloatArray:
        """Return (i + ½) / N in an order of the key's own."""
        rng = np.random.default_rng(zlib.crc32(key.encode()))
        return (rng.permutation(self.n_draws) + 0.5) / self.n_draws
