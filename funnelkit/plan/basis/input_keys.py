"""The numbers that assumptions hold, each by a name, and assumptions with others in their place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, numbered, unknown
from funnelkit.plan.basis.estimate import Estimate, Origin
from funnelkit.plan.basis.lag import LONGEST, of_mean

if TYPE_CHECKING:
    from funnelkit.plan.basis.assumptions import Assumptions
    from funnelkit.plan.basis.channel import Channel, Stream
    from funnelkit.plan.basis.estimate import Kind

FloatArray = NDArray[np.float64]
Part = Literal["rate", "size", "spread", "correlation", "cost", "lag", "stream"]
IN_FLIGHT, DIRECT = "in flight", "without a lead"
_FEWEST = 1.0
"""Records that a share is worth at least, beyond which its doubt is not stretched."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an input stands.

    Parameters
    ----------
    part
        What it is of.
    channel, step
        Its channel, and step of the funnel, by position; -1 where it has none.
    stream
        ``"in_flight"`` or ``"direct"``, where it is one of them.
    """

    part: Part
    channel: int = -1
    step: int = -1
    stream: str = ""

    @property
    def kind(self) -> Kind:
        """Whether it is a share or an amount."""
        return "share" if self.part in ("rate", "correlation") else "amount"


def places(assumptions: Assumptions) -> dict[str, Place]:
    """Return where each input stands, by its name."""
    found: dict[str, Place] = {}

    def put(key: str, place: Place) -> None:
        name, copy = key, 1
        while name in found:
            copy += 1
            name = f"{key} ({copy})"
        found[name] = place

    stages = assumptions.stages
    for c, channel in enumerate(assumptions.channels):
        for k, (start, target) in enumerate(pairwise(stages)):
            put(f"{channel.name}: {start} to {target}", Place(part="rate", channel=c, step=k))
        put(f"{channel.name}: lag in months", Place(part="lag", channel=c))
        if channel.size is not None:
            put(f"{channel.name}: deal size", Place(part="size", channel=c))
            put(f"{channel.name}: spread of deals", Place(part="spread", channel=c))
        if channel.cost is not None:
            put(f"{channel.name}: cost per lead", Place(part="cost", channel=c))
        put(f"{channel.name}: correlation of leads", Place(part="correlation", channel=c))
    put(IN_FLIGHT, Place(part="stream", stream="in_flight"))
    put(DIRECT, Place(part="stream", stream="direct"))
    return found


def estimates(assumptions: Assumptions) -> dict[str, Estimate]:
    """Return every input by its name."""
    return {key: _read(assumptions, place) for key, place in places(assumptions).items()}


def with_estimates(
    assumptions: Assumptions, given: Mapping[str, float | Estimate], *, word: str = "set"
) -> Assumptions:
    """Return assumptions with some inputs changed; see :meth:`Assumptions.with_inputs`.

    Parameters
    ----------
    assumptions
        What holds so far.
    given
        Input -> number, or estimate.
    word
        How the source of a changed number begins.
    """
    known = places(assumptions)
    wrong, wanted = [], []
    for key, value in given.items():
        if key not in known:
            wrong.append(unknown("input", display.one_line(str(key)), known))
            continue
        place = known[key]
        was = _read(assumptions, place)
        try:
            new = _asked(value, was, place, word)
        except ArgumentError as reason:
            wrong.append(f"`{display.one_line(key)}`: {reason}")
            continue
        if new != was:
            whole = isinstance(value, Estimate) and not _alike(new, was)
            wanted.append((place, new, whole))
    if wrong:
        raise ArgumentError(numbered(wrong))
    channels = list(assumptions.channels)
    streams: dict[str, Any] = {}
    for place, new, whole in wanted:
        if place.part == "stream":
            stream: Stream = getattr(assumptions, place.stream)
            streams[place.stream] = _restated(assumptions, stream, new)
        else:
            channels[place.channel] = _changed(channels[place.channel], place, new, whole=whole)
    return replace(assumptions, channels=tuple(channels), **streams) if wanted else assumptions


def _read(assumptions: Assumptions, place: Place) -> Estimate:
    """Return the estimate that stands at a place."""
    if place.part == "stream":
        stream: Stream = getattr(assumptions, place.stream)
        total = stream.totals(assumptions.unit)
        return Estimate(
            value=float(total.mean()),
            sd=float(total.std()) if np.ptp(total) > 0 else 0.0,
            source=stream.source,
            n=stream.n,
            date=stream.date,
        )
    channel = assumptions.channels[place.channel]
    if place.part == "rate":
        return channel.rates[place.step]
    if place.part == "size" and channel.size is not None:
        return channel.size
    if place.part == "cost" and channel.cost is not None:
        return channel.cost
    mean = channel.lag.mean_months
    value, sd = {
        "lag": (mean, channel.lag_sd * mean),
        "spread": (channel.size_cv, 0.0),
        "correlation": (channel.correlation, 0.0),
    }[place.part]
    origin = channel.origins.get(place.part, Origin())
    return Estimate(value=value, sd=sd, source=origin.source, n=origin.n, date=origin.date)


def in_proportion(was: Estimate, value: float, place: Place) -> Estimate:
    """Return an estimate with another value, its doubt in proportion, as far as a share can."""
    new = was.at(value)
    if place.kind == "share" and 0 < value < 1:
        most = math.sqrt(value * (1 - value) / (1 + _FEWEST))
        new = replace(new, sd=min(new.sd, most))
    return new


def marked(word: str, was: Estimate) -> str:
    """Return the source of a changed number: what it was, and where that came from.

    Examples
    --------
    >>> marked("set", Estimate(value=0.25))
    'set: was 0.25 (stated)'
    """
    if was.source.startswith(f"{word}: was "):
        return was.source
    return f"{word}: was {was.value:.7g} ({was.source})"


def _asked(value: float | Estimate, was: Estimate, place: Place, word: str) -> Estimate:
    """Return what is to stand at a place, or refuse it."""
    if isinstance(value, Estimate):
        new = value
    else:
        number = Estimate(value=value).value  # refuses what is no number
        if number == was.value:
            return was
        if number < 0:
            raise ArgumentError(f"must be at least 0; got {number:g}.")
        new = replace(in_proportion(was, number, place), source=marked(word, was))
    if new.value < 0:
        raise ArgumentError(f"must be at least 0; got {new.value:g}.")
    if place.part == "rate" and new.value > 1:
        hint = f" Did you mean {new.value / 100:g}?" if new.value <= 100 else ""
        raise ArgumentError(f"must be a share from 0 to 1; got {new.value:g}.{hint}")
    if place.part == "lag" and new.value > LONGEST:
        raise ArgumentError(f"must be from 0 to {LONGEST} months; got {new.value:g}.")
    if place.part == "correlation" and new.value >= 1:
        raise ArgumentError(f"must be below 1; got {new.value:g}.")
    if place.part in ("spread", "correlation") and new.sd:
        raise ArgumentError(f"is taken as known, without `sd`; got {new.sd:g}.")
    new.quantiles(np.array([0.5]), kind=place.kind)  # refuses a doubt that no share can have
    return new


def _alike(new: Estimate, was: Estimate) -> bool:
    """Whether one is in doubt as the other, in proportion."""
    apart = abs(new.sd * was.value - was.sd * new.value)
    return was.value > 0 and apart <= 1e-9 * was.value * new.value


def _changed(channel: Channel, place: Place, new: Estimate, *, whole: bool) -> Channel:
    """Return a channel with one input changed."""
    if place.part == "rate":
        rates = (*channel.rates[: place.step], new, *channel.rates[place.step + 1 :])
        return replace(channel, rates=rates, joint=None if whole else channel.joint)
    if place.part == "size":
        return replace(channel, size=new, size_joint=None if whole else channel.size_joint)
    if place.part == "cost":
        return replace(channel, cost=new)
    origin = Origin(source=new.source, n=new.n, date=new.date)
    origins = {**channel.origins, place.part: origin}
    if place.part == "spread":
        return replace(channel, size_cv=new.value, origins=origins)
    if place.part == "correlation":
        return replace(channel, correlation=new.value, origins=origins)
    was = channel.lag.mean_months
    factor = new.value / was if was else 1.0
    reach = {stage: of_mean(lag, lag.mean_months * factor) for stage, lag in channel.reach.items()}
    return replace(
        channel,
        lag=of_mean(channel.lag, new.value),
        lag_sd=new.sd / new.value if new.value else 0.0,
        reach=reach,
        origins=origins,
    )


def _restated(assumptions: Assumptions, stream: Stream, new: Estimate) -> Stream:
    """Return a stream whose total has another mean and doubt, over its months as before.

    Notes
    -----
    Totals keep their order among the draws: T becomes v + (T - mean) s / sd, at least 0. Where
    the total was known, it is drawn from a gamma distribution.
    """
    total = stream.totals(assumptions.unit)
    mean, sd = float(total.mean()), float(total.std())
    if sd > 1e-12 * mean:
        wanted = np.maximum(new.value + (total - mean) * (new.sd / sd), 0.0)
        wanted = wanted * (new.value / max(float(wanted.mean()), 1e-300))
    else:
        wanted = assumptions.drawn(new, stream.name, kind="amount")
    usual = float(np.average(assumptions.sizes, weights=assumptions.shares))
    return stream.with_totals(
        wanted, unit=assumptions.unit, size=usual, source=new.source, n=new.n, date=new.date
    )
