"""One period of one or two groups, as it is given: counts of a rate, or moments of a mean."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.comparison import Arm

Given = tuple[float, float] | tuple[float, float, float]
"""(converted, entered) of a rate, or (n, mean, sd) of a mean."""
Groups = Mapping[str, Given] | Sequence[Given]
"""The comparison group and the treated one, in this order."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One group in one period.

    Parameters
    ----------
    n
        Units.
    mean
        Rate, or mean per unit.
    converted
        Of a rate.
    sd
        Of a mean.
    """

    n: float
    mean: float
    converted: float | None = None
    sd: float | None = None

    @property
    def is_rate(self) -> bool:
        """Whether it is a rate."""
        return self.converted is not None

    def arm(self, name: str) -> Arm:
        """Return it as the arm of a comparison."""
        return Arm(name=name, n=self.n, mean=self.mean, converted=self.converted, sd=self.sd)


def reading(argument: str, given: Any) -> Reading:
    """Return one group in one period.

    Raises
    ------
    ArgumentError
        If it is neither (converted, entered) nor (n, mean, sd), or cannot be.
    """
    try:
        values = [float(value) for value in given]
    except (TypeError, ValueError):
        values = []
    if len(values) not in (2, 3) or isinstance(given, (str, Mapping)):
        raise ArgumentError(
            f"`{argument}` must be (converted, entered) of a rate, or (n, mean, sd) of a mean; got "
            f"{given!r}."
        )
    return _rate(argument, *values) if len(values) == 2 else _mean(argument, *values)


def two_groups(
    argument: str, given: Groups, names: tuple[str, str] | None
) -> tuple[tuple[str, str] | None, tuple[Reading, Reading]]:
    """Return the names, where they are given, and the two groups of one period.

    Raises
    ------
    ArgumentError
        If there are not two groups of one kind, or their names are others than before.
    """
    groups: dict[Any, Any]
    if isinstance(given, Mapping):
        groups = dict(given)
    else:
        try:
            groups = dict(enumerate(given))
        except TypeError:
            groups = {}
    if len(groups) != 2:
        raise ArgumentError(
            f"`{argument}` must hold the comparison group and the treated one; got {given!r}."
        )
    if isinstance(given, Mapping):
        if names is not None and set(names) != {str(name) for name in groups}:
            raise ArgumentError(
                f"`{argument}` must hold the groups `{names[0]}` and `{names[1]}`; got "
                f"{', '.join(f'`{name}`' for name in groups)}."
            )
        by_name = {str(name): value for name, value in groups.items()}
        first, second = names or tuple(by_name)
        names = (first, second)
        values = [by_name[first], by_name[second]]
    else:
        values = list(groups.values())
    found = tuple(reading(argument, value) for value in values)
    if found[0].is_rate != found[1].is_rate:
        raise ArgumentError(f"`{argument}` must hold two rates or two means, not one of each.")
    return names, (found[0], found[1])


def _rate(argument: str, converted: float, entered: float) -> Reading:
    if not (math.isfinite(entered) and entered > 0):
        raise ArgumentError(
            f"`{argument}`: nobody entered ({converted:g}, {entered:g}); a rate needs somebody."
        )
    if not 0 <= converted <= entered:
        raise ArgumentError(
            f"`{argument}`: {converted:g} converted of {entered:g} that entered cannot be; give "
            "(converted, entered), as counts."
        )
    if 0 < converted < 1 < entered:
        raise ArgumentError(
            f"`{argument}` must be (converted, entered); {converted:g} looks like a rate. Did you "
            f"mean ({round(converted * entered):g}, {entered:g})?"
        )
    return Reading(n=entered, mean=converted / entered, converted=converted)


def _mean(argument: str, n: float, mean: float, sd: float) -> Reading:
    if not (np.isfinite([n, mean, sd]).all() and n >= 2 and sd >= 0):
        raise ArgumentError(
            f"`{argument}` must be (n, mean, sd) with n of at least 2 and sd from 0 on; got "
            f"({n:g}, {mean:g}, {sd:g})."
        )
    return Reading(n=n, mean=mean, sd=sd)
