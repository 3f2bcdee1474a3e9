"""Which part of the leads comes from each channel: as asked for, or as of late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, numbered, unknown

if TYPE_CHECKING:
    from funnelkit.plan.basis.assumptions import Assumptions
    from funnelkit.plan.basis.channel import Channel

FloatArray = NDArray[np.float64]


def mix_of(
    mix: Mapping[str, float] | None, assumptions: Assumptions, worth: FloatArray
) -> tuple[FloatArray, list[str]]:
    """Return the share of each channel among leads, shape ``(C,)``, and what is to be said of it.

    Parameters
    ----------
    mix
        Channel -> share; those that are not named get none. Default: that of the assumptions.
    assumptions
        With the channels.
    worth
        What a deal of each channel counts, shape ``(C,)``.

    Raises
    ------
    ArgumentError
        With every problem: unknown channels, shares that are none or do not add up to 1, leads of
        channels that bring nothing.
    """
    names = [one.name for one in assumptions.channels]
    brings = assumptions.rates * worth > 0
    if not brings.any():
        raise ArgumentError(
            "No channel brings anything, however many leads it has: "
            f"{'; '.join(_reason(one) for one in assumptions.channels)}. State a rate (or a deal "
            "size) above 0 for one of them."
        )
    if mix is None:
        return _of_late(assumptions, brings)
    if not isinstance(mix, Mapping):
        raise ArgumentError(
            f"`mix` must map channels to shares, such as {{{names[0]!r}: 1.0}}; got {mix!r:.80}."
        )
    wrong = [f"`mix`: {unknown('channel', str(one), names)}" for one in mix if one not in names]
    odd = {name: share for name, share in mix.items() if not _is_share(share)}
    wrong += [
        f"`mix` must hold shares from 0 to 1; got {share!r} for {display.one_line(name)!r}."
        for name, share in odd.items()
    ]
    shares = np.array([0.0 if name in odd else float(mix.get(name, 0.0)) for name in names])
    if not wrong and abs(shares.sum() - 1) > 1e-6:
        over = shares.sum() - 1
        wrong.append(
            f"`mix` must add up to 1; its shares are {shares.sum():g} together, {abs(over):g} too "
            f"{'much' if over > 0 else 'little'}. In the same proportions: "
            f"{_scaled(dict(zip(names, shares, strict=True)))}."
        )
    wrong += [
        f"`mix` gives {display.percent(share)} of the leads to {display.one_line(channel.name)!r}, "
        f"which brings nothing: {_reason(channel)}. Leave it out, or state a rate above 0."
        for share, channel, good in zip(shares, assumptions.channels, brings, strict=True)
        if share > 0 and not good
    ]
    if wrong:
        raise ArgumentError(numbered(wrong))
    return shares, []


def _of_late(assumptions: Assumptions, brings: NDArray[np.bool_]) -> tuple[FloatArray, list[str]]:
    """Return the mix of the assumptions, without channels that bring nothing."""
    size = len(assumptions.channels)
    shares = np.ones(size) if assumptions.mix is None else np.array(assumptions.mix, float)
    kept = np.where(brings, shares, 0.0)
    if kept.sum() <= 0:
        kept = brings.astype(float)
    dropped = [
        display.one_line(channel.name)
        for channel, share, good in zip(assumptions.channels, shares, brings, strict=True)
        if share > 0 and not good
    ]
    notes = []
    if dropped:
        notes.append(
            f"No leads are planned for {display.listed(dropped)}: of its leads none would be won "
            "as assumed."
        )
    return kept / kept.sum(), notes


def _reason(channel: Channel) -> str:
    """Return why a channel brings nothing."""
    name = display.one_line(channel.name)
    zero = [str(k) for k, rate in enumerate(channel.rates, 1) if rate.value == 0]
    if zero:
        return f"{name!r} has rate 0 at step {display.listed(zero)} of {len(channel.rates)}"
    if channel.ratio == 0:
        return f"none of the leads of {name!r} were won"
    return f"a deal of {name!r} is worth 0"


def _is_share(share: object) -> bool:
    known = isinstance(share, (int, float, np.integer, np.floating))
    return known and not isinstance(share, bool) and 0 <= float(share) <= 1  # type: ignore[arg-type]


def _scaled(shares: Mapping[str, float]) -> str:
    """Return shares that add up to 1, as one would write them."""
    whole = sum(shares.values())
    if whole <= 0:
        return f"{{{next(iter(shares))!r}: 1.0}}"
    return repr({name: round(share / whole, 4) for name, share in shares.items() if share > 0})
