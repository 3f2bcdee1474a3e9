"""`Assumptions`: all that a plan stands on, with joint draws of what it may be instead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from funnelkit._core import checks, display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import Interval
from funnelkit._core.result import Result, frozen
from funnelkit.plan.basis.channel import Channel, Stream
from funnelkit.plan.basis.estimate import strata
from funnelkit.plan.basis.input_keys import estimates, places, with_estimates

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan.basis.channel import Unit
    from funnelkit.plan.basis.estimate import Estimate, Kind

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_NODES = 51
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
        Leads of each whole month over those of an average one, shape ``(H,)``.
    by
        Segment columns whose values are the channels; empty where these are no segments.
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
    by: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse parts that do not fit each other."""
        for name in ("mix", "season"):
            found = getattr(self, name)
            if found is not None:
                object.__setattr__(self, name, frozen(found, np.float64))
        wrong = [*self._wrong_months(), *self._wrong_channels(), *self._wrong_shapes()]
        if wrong:
            raise ArgumentError(f"Assumptions do not fit each other: {'; '.join(wrong)}.")

    def _wrong_months(self) -> Iterator[str]:
        """Return what is wrong with the periods."""
        if len(self.periods) == 0 or not str(self.periods.freqstr).startswith("M"):
            yield "the periods are not civil months"
        elif (np.diff(self.periods.asi8) != 1).any():
            yield "the periods have gaps, or are out of order"
        elif self.periods[0].end_time.date() <= self.as_of:
            first = period_label(self.periods[0])
            yield f"{first}, the first period, is over on {self.as_of.isoformat()}"

    def _wrong_channels(self) -> Iterator[str]:
        """Return what is wrong with the names of channels and their steps."""
        if not self.channels:
            yield "there is no channel"
        if len(set(self.names)) < len(self.names):
            yield "two channels bear one name"
        steps = len(self.stages) - 1
        for one in self.channels:
            if len(one.rates) != steps:
                yield f"{one.name} has {display.plural(len(one.rates), 'rate')} for {steps} steps"

    def _wrong_shapes(self) -> Iterator[str]:
        """Return which arrays are not of the shape of the plan."""
        shape = (self.n_draws, len(self.periods))
        for stream in (self.in_flight, self.direct):
            if stream.deals.shape != shape:
                yield f"{stream.name} is of shape {stream.deals.shape}, not {shape}"
        for one in self.channels:
            for name, wanted in (("joint", shape), ("size_joint", shape[:1])):
                own = getattr(one, name)
                if own is not None and own.shape != wanted:
                    yield f"`{name}` of {one.name} is of shape {own.shape}, not {wanted}"
        for name, length in (("mix", len(self.channels)), ("season", len(self.periods))):
            found = getattr(self, name)
            if found is not None and (found.shape != (length,) or not (found >= 0).all()):
                yield f"`{name}` must be {length} numbers of at least 0"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the channels."""
        return tuple(one.name for one in self.channels)

    @property
    def unit(self) -> Unit:
        """``"value"`` where all channels have a deal size, else ``"count"``."""
        return "count" if any(one.size is None for one in self.channels) else "value"

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
            if channel.size is not None and channel.size_joint is not None:
                found[:, c] = channel.size.value * channel.size_joint
            elif channel.size is not None:
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
            np.minimum(
                (strata(self.n_draws, one.timing or f"{one.name} lag") * _NODES).astype(np.int64),
                _NODES - 1,
            )
            for one in self.channels
        ]
        return np.stack(columns, axis=1)

    @cached_property
    def within(self) -> FloatArray:
        """Share of the won that is won in each month, shape ``(G, C, H, H)``.

        By factor on the lag, channel, month of entry and month of the win.
        """
        known: dict[tuple[int, float], FloatArray] = {}
        rows = []
        for row in self.stretches.T:
            of_row = []
            for channel, factor in zip(self.channels, row, strict=True):
                key = (id(channel.lag), float(factor))  # channels of a model share one lag
                if key not in known:
                    known[key] = channel.lag.within(self.periods, self.as_of, stretch=float(factor))
                of_row.append(known[key])
            rows.append(np.stack(of_row))
        return np.stack(rows)

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
    def shares(self) -> FloatArray:
        """Share of each channel among leads, shape ``(C,)``: ``mix``, or all alike."""
        if self.mix is None or not self.mix.sum():
            return np.full(len(self.channels), 1 / len(self.channels))
        return np.asarray(self.mix / self.mix.sum())

    @property
    def costs(self) -> FloatArray:
        """Cost of a lead by channel, shape ``(C,)``; NaN where it is not known."""
        return np.array([np.nan if one.cost is None else one.cost.value for one in self.channels])

    def inputs(self) -> dict[str, Estimate]:
        """Return every number that the plan stands on, by its name.

        Returns
        -------
        dict
            For each channel ``"{channel}: {stage} to {next stage}"``, ``"{channel}: lag in
            months"`` (mean time to the win), ``"{channel}: deal size"``, ``"{channel}: spread of
            deals"`` (standard deviation of single deals over their mean), ``"{channel}: cost per
            lead"`` and ``"{channel}: correlation of leads"``; and the totals ``"in flight"`` and
            ``"without a lead"`` (money, or deals where deals are counted).

        Examples
        --------
        >>> import funnelkit as fk
        >>> plan_on = fk.plan.stated({"inbound": [0.25, 0.40]}, value=25_000)
        >>> [key for key in plan_on.inputs()][:2]
        ['inbound: lead to opportunity', 'inbound: opportunity to won']
        """
        return estimates(self)

    def with_inputs(self, given: Mapping[str, float | Estimate]) -> Assumptions:
        """Return the same with some inputs changed.

        Parameters
        ----------
        given
            Name of an input, as in :meth:`inputs`, -> a number, which keeps its relative doubt, or
            an :class:`Estimate` with a doubt of its own.

        Raises
        ------
        ArgumentError
            With every problem at once: names that are not known, numbers that cannot be.

        Notes
        -----
        A number scales: joint draws of a model stay, and so does how rates go on from month to
        month. An estimate of a rate that differs from what stands there drops the channel's joint
        draws: all its rates are then drawn by their own doubts; an estimate of a deal size those of
        the size. An estimate in doubt in the same proportion is a number in this. The lag's number
        stretches all times of its channel; the totals of ``"in flight"`` and ``"without a lead"``
        scale all months.

        Examples
        --------
        >>> import funnelkit as fk
        >>> plan_on = fk.plan.stated({"inbound": [0.25, 0.40]}, value=25_000)
        >>> plan_on.with_inputs({"inbound: opportunity to won": 0.5}).rates.tolist()
        [0.125]
        """
        return with_estimates(self, given)

    def with_channels(self, *channels: Channel, mix: FloatArray | None = None) -> Assumptions:
        """Return the same with further channels, such as those of :func:`~funnelkit.plan.like`.

        Parameters
        ----------
        channels
            With names of their own, and as many steps as the others.
        mix
            Shares of all channels; default: none for the new ones.
        """
        shares = np.concatenate([self.shares, np.zeros(len(channels))]) if mix is None else mix
        return replace(self, channels=(*self.channels, *channels), mix=shares)

    def to_frame(self, *, confidence_level: float = 0.8) -> pd.DataFrame:
        """Return one row per input: the ledger of what is assumed.

        Parameters
        ----------
        confidence_level
            Of ``low`` and ``high``.

        Returns
        -------
        DataFrame
            ``input``, ``value``, ``low``, ``high``, ``source``, ``n`` (records behind it) and
            ``date`` (their last day).
        """
        import pandas as pd

        ends = self.intervals(confidence_level)
        rows = [
            (key, one.value, *ends[key], one.source, one.n, one.date)
            for key, one in self.inputs().items()
        ]
        names = ["input", "value", "low", "high", "source", "n", "date"]
        return pd.DataFrame(rows, columns=names)

    def ends(self, key: str, *, confidence_level: float = 0.8) -> Interval:
        """Return the interval of one input, by its name.

        Raises
        ------
        ArgumentError
            If the name is not known; with the closest one.
        """
        found = self.intervals(confidence_level)
        return found[checks.member("key", "input", key, found)]

    def intervals(self, confidence_level: float = 0.8) -> dict[str, Interval]:
        """Return the interval of every input, by its name; those of totals from their draws."""
        tail = (1 - checks.confidence(confidence_level)) / 2
        of, found = self.inputs(), {}
        for key, place in places(self).items():
            if place.part == "stream":
                drawn = getattr(self, place.stream).totals(self.unit)
                low, high = np.quantile(drawn, [tail, 1 - tail])
                found[key] = Interval(float(low), float(high))
            else:
                found[key] = of[key].interval(confidence_level, kind=place.kind)
        return found

    def summary(self) -> str:
        """Return what a lead brings, and what comes without new ones."""
        first, last = self.periods[0], self.periods[-1]
        share = self.shares
        parts = []
        for c in np.argsort(-share, kind="stable")[:3]:
            one = self.channels[c]
            text = f"{display.percent(one.win_rate)} of {display.one_line(one.name)} leads"
            if one.size is not None:
                text += f" (worth {self.money(one.size.value)} each)"
            parts.append(text)
        more = len(self.channels) - len(parts)
        rest = f"; {display.plural(more, 'further channel')}" if more else ""
        open_, direct = (
            self.amount(float(one.totals(self.unit).mean()))
            for one in (self.in_flight, self.direct)
        )
        behind = sum(one.rates[0].n or 0.0 for one in self.channels)
        known = f", from {display.plural(behind, 'lead')}" if behind else ""
        return (
            f"{period_label(first)} to {period_label(last)}, as known on {self.as_of.isoformat()}"
            f"{known}: won are {display.listed(parts)}{rest}. Without new leads, what is in flight "
            f"brings {open_} and deals that never were a lead {direct}."
        )

    def amount(self, value: float) -> str:
        """Return an amount of the plan's unit in words."""
        return self.money(value) if self.unit == "value" else f"{display.expected(value)} deals"

    def money(self, value: float) -> str:
        """Return money in words."""
        of = "" if self.currency is None else f"{display.one_line(self.currency)} "
        return f"{of}{display.count(value)}"

    def drawn(self, estimate: Estimate, key: str, *, kind: Kind) -> FloatArray:
        """Return draws of one number, shape ``(N,)``.

        One of each of N equal parts of its distribution, in an order of the key's own.
        """
        return estimate.quantiles(strata(self.n_draws, key), kind=kind)
