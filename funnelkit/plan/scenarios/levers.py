"""Every number of a plan that can be turned: its inputs, shares won, leads and the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit.plan.basis.estimate import Estimate
from funnelkit.plan.basis.input_keys import Place, places
from funnelkit.plan.scenarios.situation import Situation, under

if TYPE_CHECKING:
    from funnelkit._core.interval import Interval
    from funnelkit.plan.basis.assumptions import Assumptions
    from funnelkit.plan.basis.channel import Channel
    from funnelkit.plan.basis.estimate import Kind

FloatArray = NDArray[np.float64]
LEADS, TARGET = "leads", "target"
Part = Literal["rate", "size", "spread", "correlation", "cost", "lag", "stream", "won", "plan"]
_WORDS: Mapping[Part, str] = {
    "size": "the deal size of {}",
    "spread": "the spread of deals of {}",
    "correlation": "the correlation of leads of {}",
    "cost": "the cost per lead of {}",
    "lag": "the lag of {}",
}
_STREAMS = {"in_flight": "what is in flight", "direct": "what comes without a lead"}


@dataclass(frozen=True, eq=False, kw_only=True)
class Lever:
    """One number of a plan.

    Parameters
    ----------
    key
        Its name.
    words
        The same in a sentence.
    part
        What it is of.
    kind
        Whether it is a share, at most 1, or an amount.
    value
        What it is expected to be.
    low, high
        Between which it lies in 80 of 100 cases; ``value`` where it is taken as known.
    channel
        Its channel by position; -1 where it has none.
    step
        Its step by position; -1 where it has none.
    """

    key: str
    words: str
    part: Part
    kind: Kind
    value: float
    low: float
    high: float
    channel: int = -1
    step: int = -1

    @property
    def doubted(self) -> bool:
        """Whether it is in doubt."""
        return self.high - self.low > 1e-9 * abs(self.value)

    def said(self, number: float, of: Assumptions) -> str:
        """Return a number of this lever in words."""
        if self.part in ("rate", "won"):
            return display.percent(number, decimals=1 if number >= 0.0995 else 2)
        if self.part in ("spread", "correlation"):
            return f"{number:.3g}"
        if self.part == "lag":
            return f"{number:.1f} months"
        if self.part in ("size", "cost"):
            return of.money(number)
        if self.key == LEADS or self.key.endswith(f": {LEADS}"):
            return display.count(number)
        return of.amount(number)


def levers_of(situation: Situation) -> dict[str, Lever]:
    """Return every number that can be turned, by its name."""
    assumptions = situation.assumptions
    stands, ends = assumptions.inputs(), assumptions.intervals(0.8)
    found = {
        key: _input(assumptions, key, at, stands[key].value, ends[key])
        for key, at in places(assumptions).items()
    }
    for c, channel in enumerate(assumptions.channels):
        whole = _won(situation, c)
        if whole.key not in found or channel.joint is not None:
            found[whole.key] = whole
        key = f"{channel.name}: {LEADS}"
        _known(
            found,
            key,
            f"the number of leads of {_name(channel)}",
            situation.leads[c].sum(),
            channel=c,
        )
    _known(found, LEADS, "the number of leads", situation.leads.sum())
    _known(found, TARGET, "the target", situation.target)
    return found


def lever_of(situation: Situation, key: str) -> Lever:
    """Return one number that can be turned.

    Raises
    ------
    ArgumentError
        If there is none of that name; with the closest one.
    """
    known = levers_of(situation)
    return known[checks.member("key", "input", key, known)]


def doubtful(situation: Situation) -> tuple[list[Lever], list[Lever]]:
    """Return the inputs that are in doubt, each part of doubt once, and those taken as known.

    Rates of a channel whose share won was drawn jointly by a model are no inputs of their own:
    their doubt is that of the share won.
    """
    channels = situation.assumptions.channels
    doubted, known = [], []
    for one in levers_of(situation).values():
        if one.part == "plan":
            continue
        joint = one.channel >= 0 and channels[one.channel].joint is not None
        if one.part in ("rate", "won") and joint != (one.part == "won"):
            continue
        if one.doubted:
            doubted.append(one)
        elif one.value:
            known.append(one)
    return doubted, known


def drawn(situation: Situation, lever: Lever) -> FloatArray:
    """Return the draws of an input, shape ``(N,)``."""
    given, c = situation.assumptions, lever.channel
    if lever.part == "stream":
        stream = given.in_flight if lever.key == given.in_flight.name else given.direct
        found = stream.totals(situation.unit)
    elif lever.part == "won":
        found = given.rate_draws[:, c] @ _weights(situation.leads[c])
    elif lever.part == "size":
        found = given.size_draws[:, c]
    elif lever.part == "lag":
        found = np.asarray(given.stretches[c, given.stretch_of[:, c]] * lever.value)
    elif lever.part == "rate":
        name = f"{given.names[c]} step {lever.step}"
        found = given.drawn(given.channels[c].rates[lever.step], name, kind="share")
    else:
        stands = given.inputs().get(lever.key, Estimate(value=lever.value))
        found = given.drawn(stands, cost_key(given.names[c]), kind=lever.kind)
    return found


def cost_key(name: str) -> str:
    """Return by what the draws of a channel's cost per lead are ordered."""
    return f"{name} cost"


def turned(situation: Situation, lever: Lever, number: float | Estimate) -> Situation:
    """Return the situation with one number changed; a number keeps the doubt in proportion.

    Raises
    ------
    ArgumentError
        If the number cannot be.
    """
    if lever.part == "plan":
        return _replanned(situation, lever, number)
    given = situation.assumptions
    if lever.part != "won" or isinstance(number, Estimate):
        changed = under(situation, given.with_inputs({lever.key: number}))
        return _same_chance(situation, changed) if lever.part == "cost" else changed
    channel = given.channels[lever.channel]
    if not 0 <= number <= 1:
        raise ArgumentError(f"`{lever.key}` must be a share from 0 to 1; got {number:g}.")
    if not channel.win_rate:
        raise ArgumentError(f"`{lever.key}` is 0: change one of its steps.")
    factor = number / channel.win_rate
    raised = replace(channel, ratio=channel.ratio * factor)
    return under(situation, _with_channel(given, lever.channel, raised))


def held(situation: Situation, lever: Lever, number: float) -> Situation:
    """Return the situation with one input known to be so much, and all others as they are."""
    given = situation.assumptions
    if lever.part != "won":
        return turned(situation, lever, Estimate(value=number))
    channel = given.channels[lever.channel]
    if channel.joint is None:
        return turned(situation, lever, number)
    draws = drawn(situation, lever)
    level = np.divide(number, draws, out=np.ones(len(draws)), where=draws > 0)
    changed = replace(channel, joint=channel.joint * level[:, None])
    return under(situation, _with_channel(given, lever.channel, changed))


def _input(assumptions: Assumptions, key: str, at: Place, value: float, ends: Interval) -> Lever:
    name = _name(assumptions.channels[at.channel]) if at.channel >= 0 else ""
    if at.part == "rate":
        start, end = assumptions.stages[at.step : at.step + 2]
        words = f"the rate from {_said(start)} to {_said(end)} of {name}"
    else:
        words = _STREAMS[at.stream] if at.part == "stream" else _WORDS[at.part].format(name)
    return Lever(
        key=key,
        words=words,
        part=at.part,
        kind=at.kind,
        value=value,
        low=float(ends.low),
        high=float(ends.high),
        channel=at.channel,
        step=at.step,
    )


def _won(situation: Situation, c: int) -> Lever:
    """Return the share ever won of a channel's leads."""
    assumptions = situation.assumptions
    channel = assumptions.channels[c]
    first, last = assumptions.stages[0], assumptions.stages[-1]
    draws = assumptions.rate_draws[:, c] @ _weights(situation.leads[c])
    ends: list[float] = np.quantile(draws, [0.1, 0.9]).tolist()
    return Lever(
        key=f"{channel.name}: {first} to {last}",
        words=f"the share of leads of {_name(channel)} that is won",
        part="won",
        kind="share",
        value=channel.win_rate,
        low=ends[0],
        high=ends[1],
        channel=c,
    )


def _known(
    found: dict[str, Lever], key: str, words: str, value: float, *, channel: int = -1
) -> None:
    """Add a number of the plan itself, unless a channel or stage has taken its name."""
    number = float(value)
    found.setdefault(
        key,
        Lever(key=key, words=words, part="plan", kind="amount", value=number, low=number,
              high=number, channel=channel),
    )  # fmt: skip


def _replanned(situation: Situation, lever: Lever, number: float | Estimate) -> Situation:
    if isinstance(number, Estimate):
        raise ArgumentError(f"`{lever.key}` is decided, not estimated: give a number.")
    if not number >= 0 or not np.isfinite(number):
        raise ArgumentError(f"`{lever.key}` must be a number of at least 0; got {number!r}.")
    if lever.key == TARGET:
        return replace(situation, target=float(number))
    leads = np.array(situation.leads)
    rows = slice(None) if lever.channel < 0 else slice(lever.channel, lever.channel + 1)
    planned = leads[rows].sum()
    if planned:
        leads[rows] *= number / planned
    else:
        leads[rows] = number / leads[rows].size
    found = replace(situation, leads=leads)
    found.__dict__["chance"] = situation.chance
    return found


def _same_chance(before: Situation, after: Situation) -> Situation:
    """Return a situation that takes over what does not depend on the cost of leads."""
    if after is not before:
        after.__dict__.update(chance=before.chance, scale=before.scale)
    return after


def _with_channel(given: Assumptions, c: int, channel: Channel) -> Assumptions:
    return replace(given, channels=(*given.channels[:c], channel, *given.channels[c + 1 :]))


def _weights(leads: FloatArray) -> FloatArray:
    return leads / leads.sum() if leads.sum() else np.full(len(leads), 1 / len(leads))


def _name(channel: Channel) -> str:
    return _said(channel.name)


def _said(name: str) -> str:
    return display.one_line(name)
