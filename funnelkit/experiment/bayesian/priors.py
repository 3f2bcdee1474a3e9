"""Counts and priors of the arms, checked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.bayesian.posteriors import Posterior

Counts = tuple[float, float]
"""(converted, entered)."""
_SURPRISE = 3.0


def counts_of(argument: str, given: Any) -> Counts:
    """Return (converted, entered) of one arm.

    Raises
    ------
    ArgumentError
        If they are no such counts; a rate in the place of a count gets a hint.
    """
    converted, entered = _pair(argument, given, "(converted, entered), such as (28, 180)")
    if entered <= 0:
        raise ArgumentError(f"`{argument}` has nobody in it; got {converted:g} of {entered:g}.")
    if converted < 0 or converted > entered:
        hint = " Did you mean the other way around?" if 0 <= entered < converted else ""
        raise ArgumentError(
            f"`{argument}` must have converted from 0 to entered; got {converted:g} of "
            f"{entered:g}.{hint}"
        )
    if 0 < converted < 1 <= entered:
        raise ArgumentError(
            f"`{argument}` must hold counts; got {converted:g} of {entered:g}. Did you mean "
            f"({round(converted * entered)}, {entered:g})?"
        )
    return converted, entered


def prior_of(
    name: str, prior: Any, history: Any, discount: float | None
) -> tuple[Posterior, Counts | None]:
    """Return the prior of an arm, and the history that is in it.

    Raises
    ------
    ArgumentError
        If one of the three cannot be used.
    """
    own = prior.get(name, (1.0, 1.0)) if isinstance(prior, Mapping) else prior
    a, b = _pair("prior", own, "(a, b) of a beta distribution, such as (1, 1)")
    if min(a, b) <= 0:
        raise ArgumentError(f"`prior` must have both numbers above 0; got ({a:g}, {b:g}).")
    past = history.get(name) if isinstance(history, Mapping) else history
    if history is None:
        if discount is not None:
            raise ArgumentError("`discount` is of `history`, and there is none.")
        return Posterior(a=a, b=b), None
    if discount is None:
        raise ArgumentError(
            "`history` needs `discount`, how much of a lead each earlier lead counts: 1 if nothing "
            "has changed since, 0.1 if it is a rough guide."
        )
    number = isinstance(discount, (int, float, np.number)) and not isinstance(discount, bool)
    if not number or not 0 <= discount <= 1:
        hint = f" Did you mean {discount / 100:g}?" if number and 1 < discount <= 100 else ""
        raise ArgumentError(f"`discount` must be from 0 to 1; got {discount!r}.{hint}")
    if past is None:
        return Posterior(a=a, b=b), None
    converted, entered = counts_of("history", past)
    return (
        Posterior(a=a + discount * converted, b=b + discount * (entered - converted)),
        (converted, entered),
    )


def known_names(argument: str, given: Any, names: Sequence[str]) -> None:
    """Check that a mapping by arm names arms.

    Raises
    ------
    ArgumentError
        If it names another.
    """
    if isinstance(given, Mapping):
        for name in given:
            checks.member(argument, "variant", str(name), names)


def surprises(name: str, prior: Posterior, counts: Counts) -> list[str]:
    """Return what must be said of a prior that outweighs or contradicts its data."""
    converted, entered = counts
    weight = prior.a + prior.b
    found = []
    if weight > max(entered, 2.0):
        found.append(
            f"The prior of {display.one_line(name)} weighs as much as {display.count(weight)} "
            f"leads, more than its {display.count(entered)}."
        )
    spread = math.sqrt(prior.sd**2 + prior.mean * (1 - prior.mean) / entered)
    if weight > 10 and abs(converted / entered - prior.mean) > _SURPRISE * spread:
        found.append(
            f"What came of {display.one_line(name)} ({display.percent(converted / entered)}) is "
            f"far from its prior ({display.percent(prior.mean)}): look at what has changed."
        )
    return found


def _pair(argument: str, given: Any, wanted: str) -> tuple[float, float]:
    """Return two finite numbers."""
    values = list(given) if isinstance(given, (Sequence, np.ndarray)) else []
    if (
        isinstance(given, (str, bytes))
        or len(values) != 2
        or any(
            isinstance(one, bool)
            or not isinstance(one, (int, float, np.number))
            or not math.isfinite(one)
            for one in values
        )
    ):
        raise ArgumentError(f"`{argument}` must be {wanted}; got {given!r:.60}.")
    return float(values[0]), float(values[1])
