"""`Limits`: what leads may cost and how many there may be, as numbers by channel and month."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Ramp:
    """How fast the leads of a channel may grow from one month to the next.

    Parameters
    ----------
    growth
        Share by which a month may be above the one before: 0.25 is a quarter more.
    step
        Leads that may come on top, whatever the month before had.
    before
        Leads of the last month before the plan; ``None``: the first month is free.

    Raises
    ------
    ArgumentError
        If a number is below 0, or none at all.

    Notes
    -----
    Leads of a month are at most ``(1 + growth) x leads of the month before + step``.

    Examples
    --------
    >>> Ramp(growth=0.25, before=400)
    Ramp(growth=0.25, step=0.0, before=400)
    """

    growth: float = 0.0
    step: float = 0.0
    before: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is no limit."""
        for name in ("growth", "step", "before"):
            found = getattr(self, name)
            if found is None and name == "before":
                continue
            known = isinstance(found, (int, float, np.integer, np.floating))
            if not known or isinstance(found, bool) or not (math.isfinite(found) and found >= 0):
                raise ArgumentError(f"`{name}` of a ramp must be at least 0; got {found!r}.")


class Budget(NamedTuple):
    """Money for some months together: its name, the months (1 or 0, shape ``(H,)``), how much."""

    label: str
    months: FloatArray
    amount: float


class Load(NamedTuple):
    """What people can carry.

    ``of_lead`` is what a lead brings of it, ``(H, C * H)`` by month and lead; ``already`` what
    comes without new leads and ``most`` what can be carried, ``(H,)`` each; infinite: no limit.
    """

    what: str
    of_lead: FloatArray
    already: FloatArray
    most: FloatArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Limits:
    """What leads may cost, and how many there may be.

    Shapes: ``C`` channels, ``H`` months.

    Parameters
    ----------
    channels, periods
        Names, and months.
    floors, ceilings
        Least and most leads, shape ``(C, H)``; infinite where there is no ceiling.
    steps
        Of each channel: up to how many leads of a month, and what each of them costs; rising, the
        last up to infinity.
    ramps
        By place of the channel.
    budgets, loads
        Money and capacity.
    course
        Course of an even year: leads of each month over those of an average one, shape ``(C, H)``.
    """

    channels: tuple[str, ...]
    periods: pd.PeriodIndex
    floors: FloatArray
    ceilings: FloatArray
    steps: tuple[tuple[tuple[float, float], ...], ...]
    ramps: dict[int, Ramp]
    budgets: tuple[Budget, ...]
    loads: tuple[Load, ...]
    course: FloatArray
